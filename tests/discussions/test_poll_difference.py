"""Rule 4.2 and 4.3: two copies of a community in which people voted otherwise answer the same, byte for byte.

The same people vote at the same moment in both copies, with the same numbers in every row; only what they chose
differs. Whoever may not know it must not be able to tell the copies apart, by whatever they ask.
"""

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client

from community.core.letters import letter_for
from community.core.models import Mail
from discussions.actions.digest import claim_digests, plan_digests
from discussions.actions.follow import follow
from discussions.actions.poll import close_poll, tend_polls, vote_in_poll, write_outcome
from discussions.models import Ballot, FollowLevel, Poll, ResultsShown, Secrecy
from members.models import Member
from tests.discussions.test_poll_secrecy import option_ids
from tests.factories import dispatch_activity, make_member, make_poll
from tests.routes import routes
from tests.settings import forget_cache
from tests.test_access_matrix import values as open_values
from tests.test_secret_sweep import normal
from tests.world import ROLES, make_open_world, undone

pytestmark = pytest.mark.django_db

# The pages on which a poll, its voters or anything counted of them could stand. The others are asked before and after
# votes by tests/discussions/test_poll_secrecy.py, and all that they could read is compared below, row by row.
NAMED = re.compile(
    r"poll|promise|activity_changelist|search$|search_suggest|notice_list|moderation_statistics|^home$|admin:index"
    r"|^(api_)?(topic|space)_(show|live|figures)$|^member_show$"
)
CHANGES = re.compile(r"_(add|delete)$|_vote$|_close$")
STAFF = {"moderator", "manager", "administrator", "member"}
VOTERS = 6
# What the copies chose, by the number of the voter; the last one, who reads as well, chose the same.
COPIES = ((0, 0, 0, 1, 1, 2, 1), (2, 2, 1, 2, 0, 0, 1))
# The same number of votes for each option, by other people.
EXCHANGED = ((0, 0, 0, 1, 1, 2, 1), (2, 1, 1, 0, 0, 0, 1))
EXCHANGED_BY_ALL = ((0, 0, 0, 1, 1, 2, 1), (1, 0, 1, 2, 1, 0, 0))


@contextmanager
def copy_of_the_world():
    """Everything that happens inside is taken back, the numbers that rows were given included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences")
        sequences = cursor.fetchall()
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        for schema, name, value in sequences:
            cursor.execute(
                "SELECT setval(%s::regclass, %s, %s)",
                [f'{schema}."{name}"', value or 1, value is not None],
            )


def rows_beside_ballots():
    """Every row of the database but the ballots, as text: what no copy keeps, no page of it can tell.

    Without the moment by the database's own clock, which nobody can hold.
    """
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table == Ballot._meta.db_table:
                continue
            cursor.execute(
                f"SELECT (to_jsonb(row) - '{{ballot_id,recorded_at}}'::text[])::text FROM \"{table}\" AS row ORDER BY 1"
            )
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


def letters():
    """Subject, words and addresses of every mail that would be sent now, without what is signed for each."""
    found = []
    for mail in Mail.objects.order_by("pk"):
        letter = letter_for(mail)
        if letter is not None and not isinstance(letter, datetime):
            words = f"{mail.address} {letter.subject} {letter.text} {letter.html} {letter.headers}"
            found.append(re.sub(r"(/mail/\w+/)[\w:.-]+", r"\1", words))
    return found


class Stage:
    """A world with polls, readers who are signed in, and voters."""

    def __init__(self):
        self.world = make_open_world()
        room = self.world.rooms["open"]
        self.places = [room.topic, room.space]
        self.voters = [make_member(f"Voter {number}") for number in range(VOTERS)]
        # Readers beyond the roles: who asked the polls, and who voted in them.
        self.asker = make_member("Anna Asker")
        self.voted = make_member("Viola Voted")
        self.polls = []
        self.urns = []
        # Chosen last, so that a role that was taken away is gone.
        self.clients = {role: self.world.client(role) for role in ROLES}
        for name, reader in (("asker", self.asker), ("voted", self.voted)):
            client = Client(raise_request_exception=False)
            client.force_login(reader)
            self.clients[name] = client
        for reader in (*self.world.cast.values(), self.asker, self.voted):
            if (
                reader.pk != self.world.cast["deactivated"].pk
                and reader.pk != self.world.cast["applicant"].pk
            ):
                follow(room.topic, FollowLevel.EVERYTHING, by=Member.objects.get(pk=reader.pk))
        dispatch_activity()

    def ask(self, copies, *, closed=False, voters=VOTERS, reader_votes=True, **rules):
        poll = make_poll(
            place=self.places[len(self.polls) % 2], by=self._asker(), options=["One", "Two", "Three"], **rules
        )
        people = [*self.voters[:voters], *([self.voted] if reader_votes else [])]
        self.polls.append((poll, people, copies, closed))
        return poll

    def _asker(self):
        # Polls in a topic are asked by its author.
        return self.asker if len(self.polls) % 2 else self.world.writer

    def vote(self, copy):
        for poll, people, copies, closed in self.polls:
            options = option_ids(poll)
            chosen = [*copies[copy][: len(people) - 1], copies[copy][-1]]
            for person, choice in zip(people, chosen, strict=True):
                vote_in_poll(poll, by=Member.objects.get(pk=person.pk), marks={options[choice]: 1})
            if closed:
                close_poll(poll, by=None)
                if closed == "answered":
                    write_outcome(poll, by=self._author(poll), words="We take the largest hall.")
        dispatch_activity()
        tend_polls()
        dispatch_activity()

    def _author(self, poll):
        return Member.objects.get(pk=poll.author_id)

    def ballots(self):
        """What lies in the urns, without the random key of a row and its place."""
        rows = Ballot.objects.values_list("poll", "option_ids", "weights", "needs_information")
        return sorted(map(str, rows.annotate(times=Sum("count"))))

    def addresses(self, reader):
        filled = open_values(self.world)
        found = [
            route.address(filled)
            for route in routes()
            if NAMED.search(route.name) and not CHANGES.search(route.name)
        ]
        for poll, *_rest in self.polls:
            number = poll.pk
            found += [f"/polls/{number}/", f"/api/v1/polls/{number}/"]
            found += [
                f"/polls/{number}/edit/",
                f"/polls/{number}/outcome/",
            ]
            found += [f"/admin/discussions/poll/{number}/{page}/" for page in ("change", "history")]
        found += ["/polls/?show=open", "/polls/?show=closed", f"/polls/?space={self.places[1].slug}"]
        found += [
            "/search/?q=One",
            "/search/?q=kind:poll",
            "/api/v1/search/?q=One",
            "/api/v1/polls/?open=true",
        ]
        found += ["/admin/core/activity/?target_type=poll", "/admin/core/activity/?q=Voter"]
        found += ["/admin/discussions/poll/?state=promised", "/admin/discussions/poll/?o=1.2.3"]
        # The administration sends all others to its entrance, whatever they ask for.
        beside = ("/accounts/", "/mail/", *(() if reader in STAFF else ("/admin/",)))
        return [address for address in dict.fromkeys(found) if not address.startswith(beside)]

    def writes(self):
        """A second vote and a change that are refused say nothing either; the table to take along is as the page."""
        for poll, *_rest in self.polls:
            option = option_ids(poll)[2]
            vote = {"choice": str(option)}
            yield f"/polls/{poll.pk}/vote/", vote, None
            yield f"/polls/{poll.pk}/edit/", {"title": "Another question", "kind": "single"}, None
            yield f"/polls/{poll.pk}/delete/", {}, None
            yield f"/polls/{poll.pk}/export/", {}, None
            if poll.results != ResultsShown.AFTER_VOTING:
                yield f"/api/v1/polls/{poll.pk}/vote/", {"marks": [{"option": option}]}, "application/json"

    def read(self, readers):
        answers = {}
        for name in readers:
            client = self.clients[name]
            for address in self.addresses(name):
                with undone():
                    forget_cache()
                    answers[name, address] = normal(client.get(address), address)
            for address, body, kind in self.writes():
                with undone():
                    forget_cache()
                    sent = client.post(address, body, **({"content_type": kind} if kind else {}))
                    answers[name, f"POST {address} {kind}"] = normal(sent, address)
                    # What the next page would say of this one is undone with it.
                    client.cookies.pop("messages", None)
        return answers


def differences(stage, readers):
    """Which answers, rows and letters tell the two copies apart."""
    told = []
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        for copy in (0, 1):
            with copy_of_the_world():
                stage.vote(copy)
                stage.urns.append(stage.ballots())
                known = {("rows", table): rows for table, rows in rows_beside_ballots().items()}
                known |= stage.read(readers)
                now = datetime.now(UTC)
                clock.move_to(now + timedelta(days=1))
                plan_digests()
                claim_digests()
                known["letters", ""] = letters()
                clock.move_to(now)
                told.append(known)
    assert told[0]["letters", ""], "somebody is written to"
    return {key for key in told[0] if told[0][key] != told[1][key]} | (told[0].keys() ^ told[1].keys())


EVERYBODY = (*ROLES, "asker", "voted")
DEGREES = (Secrecy.OPEN, Secrecy.SUMS, Secrecy.ANONYMOUS)


def test_nobody_tells_apart_what_is_hidden_from_all():
    """Before the close, before one's own vote, and of an anonymous poll of fewer than five for ever."""
    stage = Stage()
    for secrecy in DEGREES:
        stage.ask(COPIES, secrecy=secrecy, results=ResultsShown.AT_CLOSE, may_change=False)
    for secrecy in (Secrecy.OPEN, Secrecy.SUMS):
        stage.ask(COPIES, secrecy=secrecy, results=ResultsShown.AFTER_VOTING, reader_votes=False, quorum=5)
    few = {"secrecy": Secrecy.ANONYMOUS, "results": ResultsShown.AT_CLOSE, "may_change": False}
    stage.ask(COPIES, closed=True, voters=3, **few)
    stage.ask(COPIES, closed="answered", voters=3, **few)
    assert differences(stage, EVERYBODY) == set()


def test_only_managers_tell_apart_what_managers_alone_may_know():
    stage = Stage()
    for secrecy in DEGREES:
        rules = {"secrecy": secrecy, "results": ResultsShown.MANAGERS, "may_change": False}
        stage.ask(COPIES, **rules)
        stage.ask(COPIES, closed=True if secrecy == Secrecy.OPEN else "answered", **rules)
    assert differences(stage, [name for name in EVERYBODY if name != "manager"]) == set()


def test_nobody_tells_apart_who_chose_what_where_sums_are_shown():
    """Rule 4.3: the same sums of other people's choices, while they are shown to everybody, managers included."""
    stage = Stage()
    stage.ask(EXCHANGED, secrecy=Secrecy.SUMS, results=ResultsShown.ALWAYS, may_change=False)
    stage.ask(EXCHANGED, secrecy=Secrecy.SUMS, results=ResultsShown.AT_CLOSE, may_change=False, closed=True)
    anonymous = {"secrecy": Secrecy.ANONYMOUS, "may_change": False}
    stage.ask(EXCHANGED_BY_ALL, results=ResultsShown.AT_CLOSE, closed=True, **anonymous)
    stage.ask(EXCHANGED_BY_ALL, results=ResultsShown.MANAGERS, closed="answered", **anonymous)
    assert differences(stage, EVERYBODY) == set()
    # Neither do the ballots: with every other row the same, there is nothing to join them by.
    assert stage.urns[0] == stage.urns[1]
    assert len(stage.urns[0]) == 3 * len(stage.polls)


def test_the_control_what_is_shown_is_told_apart():
    """Where results are shown to all, every reader inside meets the difference: the comparison is not blind."""
    stage = Stage()
    poll = stage.ask(COPIES, secrecy=Secrecy.OPEN, results=ResultsShown.ALWAYS, may_change=False)
    found = differences(stage, ["member", "stranger"])
    assert ("member", f"/polls/{poll.pk}/") in found
    assert ("member", f"/api/v1/polls/{poll.pk}/") in found
    assert ("member", f"/topics/{stage.places[0].pk}/") in found
    assert not [key for key in found if key[0] in {"stranger", "rows", "letters"}]
    assert Poll.objects.filter(pk=poll.pk).exists()
