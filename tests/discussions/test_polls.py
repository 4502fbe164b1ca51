"""Polls: asking, voting, closing, what was done with it, and who learns what (rules 4.1 to 4.4)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Module, Notice, SearchEntry
from community.core.verbs import Verb
from discussions.actions.follow import follow
from discussions.actions.poll import (
    PollRules,
    close_poll,
    delete_poll,
    edit_poll,
    extend_poll,
    tend_polls,
    write_outcome,
)
from discussions.actions.poll import (
    vote_in_poll as vote_in_poll_once,
)
from discussions.actions.rearrange import merge_topics, move_topic
from discussions.models import (
    Ballot,
    Electorate,
    FollowLevel,
    Poll,
    PollKind,
    ResultsShown,
    Secrecy,
    VotePer,
    Voter,
)
from discussions.queries.notices import open_notices
from discussions.queries.poll import poll_page, promised_polls
from members.actions.module import switch_module
from members.actions.profile import start_employment
from members.models import Member
from tests.factories import (
    dispatch_activity,
    make_member,
    make_organisation,
    make_poll,
    make_space,
    make_topic,
)

pytestmark = pytest.mark.django_db


def option_ids(poll):
    return list(poll.options.values_list("pk", flat=True))


def fresh(poll):
    return Poll.objects.with_place().get(pk=poll.pk)


def vote_in_poll(poll, *, by, **ballot):
    """As with each request, by a member who is loaded for it."""
    return vote_in_poll_once(poll, by=Member.objects.get(pk=by.pk), **ballot)


def of(poll, reader):
    reader = Member.objects.get(pk=reader.pk)
    return poll_page(fresh(poll), reader)


# --- rule 4.1: asking -------------------------------------------------------------------------------------------


def test_a_poll_is_asked_in_a_space_and_in_a_topic(member):
    space = make_space()
    topic = make_topic(space=space, by=member)
    alone, inside = make_poll(place=space, by=member), make_poll(place=topic, by=member)
    assert (alone.place, inside.place) == (space, space)
    assert set(Poll.objects.visible_to(member)) == {alone, inside}
    row = Activity.objects.get(verb=Verb.POLL_CREATED, target_id=inside.pk)
    assert row.data == {"topic_id": topic.pk, "kind": "single"}
    assert SearchEntry.objects.filter(target_type="poll", target_id=alone.pk, space_id=space.pk).exists()


def test_a_topic_takes_polls_of_its_author_and_of_moderators(member, other_member, moderator):
    topic = make_topic(by=member)
    with pytest.raises(Refused):
        make_poll(place=topic, by=other_member)
    make_poll(place=topic, by=moderator)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"options": ["One"]}, "options"),
        ({"options": ["One", "one"]}, "options"),
        ({"options": [str(n) for n in range(21)]}, "options"),
        ({"closes_at": timedelta(days=-1)}, "closes_at"),
        ({"closes_at": timedelta(days=400)}, "closes_at"),
        ({"secrecy": Secrecy.ANONYMOUS, "may_change": False}, "results"),
        ({"secrecy": Secrecy.ANONYMOUS, "results": ResultsShown.AT_CLOSE}, "may_change"),
        ({"kind": PollKind.DATE}, "options"),
        ({"dots": 0}, "dots"),
        ({"most_choices": 4}, "most_choices"),
        ({"outcome_days": 0}, "outcome_days"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(change, field):
    with pytest.raises(Invalid) as refused:
        make_poll(**change)
    assert field in refused.value.fields


def test_the_database_itself_refuses_an_anonymous_poll_that_shows_itself_early():
    poll = make_poll()
    for change in ({"secrecy": "anonymous"}, {"secrecy": "anonymous", "results": "at_close"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Poll.objects.filter(pk=poll.pk).update(**change)


def test_everything_can_be_put_right_until_somebody_votes(member, other_member):
    poll = make_poll(by=member)
    rules = PollRules(kind=PollKind.MULTIPLE, closes_at=poll.closes_at)
    edit_poll(poll, by=member, title="Better", options=["X", "Y"], rules=rules)
    poll = fresh(poll)
    assert (poll.title, poll.kind, [option.label for option in poll.options.all()]) == (
        "Better",
        "multiple",
        ["X", "Y"],
    )
    with pytest.raises(Refused):
        edit_poll(poll, by=other_member, title="No", options=["X", "Y"], rules=rules)
    vote_in_poll(poll, by=other_member, marks={option_ids(poll)[0]: 1})
    with pytest.raises(Conflict):
        edit_poll(poll, by=member, title="Twisted", options=["X", "Y"], rules=rules)
    extend_poll(poll, by=member, closes_at=poll.closes_at + timedelta(days=1))
    with pytest.raises(Invalid):
        extend_poll(poll, by=member, closes_at=poll.closes_at - timedelta(days=1))


# --- rule 4.1: voting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "weights", "stored"),
    [
        (PollKind.SINGLE, [0, 1, 0], [1]),
        (PollKind.MULTIPLE, [1, 1, 0], [1, 1]),
        (PollKind.RANKED, [3, 1, 0], [1, 2]),
        (PollKind.DOTS, [5, 3, 0], [5, 3]),
        (PollKind.SCORE, [5, 0, None], [5, 0]),
    ],
)
def test_each_kind_takes_its_ballot(member, kind, weights, stored):
    poll = make_poll(kind=kind)
    options = option_ids(poll)
    keeps_zero = kind == PollKind.SCORE
    marks = {
        option: weight
        for option, weight in zip(options, weights, strict=True)
        if weight is not None and (weight or keeps_zero)
    }
    voter = vote_in_poll(poll, by=member, marks=marks)
    assert voter.ballot.weights == stored
    assert of(poll, member).results.votes == 1


@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        (PollKind.SINGLE, [1, 1, 0]),
        (PollKind.SINGLE, [2, 0, 0]),
        (PollKind.SINGLE, [0, 0, 0]),
        (PollKind.RANKED, [1, 1, 0]),
        (PollKind.DOTS, [5, 4, 0]),
        (PollKind.DOTS, [-1, 4, 0]),
        (PollKind.SCORE, [6, 0, 0]),
        (PollKind.DATE, [3, 0, 0]),
    ],
)
def test_a_ballot_that_cannot_be_counted_is_refused(member, kind, weights):
    days = [timezone.now() + timedelta(days=day) for day in (3, 4, 5)]
    poll = make_poll(kind=kind, **({"options": days} if kind == PollKind.DATE else {}))
    marks = {option: w for option, w in zip(option_ids(poll), weights, strict=True) if w}
    with pytest.raises(Invalid):
        vote_in_poll(poll, by=member, marks=marks)
    with pytest.raises(Invalid):
        vote_in_poll(poll, by=member, marks={2_000_000_000: 1})
    assert not Voter.objects.exists()


def test_more_information_is_asked_for_where_that_is_offered(member, other_member):
    poll = make_poll(can_need_information=True, quorum=2)
    vote_in_poll(poll, by=member, needs_information=True)
    vote_in_poll(poll, by=other_member, marks={option_ids(poll)[0]: 1})
    results = of(poll, member).results
    # It is a vote and counts for the quorum, and chooses nothing.
    assert (results.votes, results.need_information, results.is_quorate) == (2, 1, True)
    assert results.rows[0].share == 100
    with pytest.raises(Invalid):
        vote_in_poll(make_poll(), by=member, needs_information=True)


def test_a_vote_is_changed_where_the_poll_allows_it(member):
    changing, settled = make_poll(), make_poll(may_change=False)
    for poll in (changing, settled):
        vote_in_poll(poll, by=member, marks={option_ids(poll)[0]: 1})
    vote_in_poll(changing, by=member, marks={option_ids(changing)[1]: 1})
    assert [row.value for row in of(changing, member).results.rows] == [0, 1, 0]
    with pytest.raises(Conflict):
        vote_in_poll(settled, by=member, marks={option_ids(settled)[1]: 1})
    assert [row.value for row in of(settled, member).results.rows] == [1, 0, 0]


def test_a_company_has_one_vote(member, other_member):
    company = make_organisation()
    for person in (member, other_member):
        start_employment(person, company, by=None, title="Buyer", from_date=timezone.now().date())
    alone = make_member()
    poll = make_poll(vote_per=VotePer.COMPANY)
    with pytest.raises(Refused, match="Say on your profile where you work"):
        vote_in_poll(poll, by=alone, marks={option_ids(poll)[0]: 1})
    vote_in_poll(poll, by=member, marks={option_ids(poll)[0]: 1})
    with pytest.raises(Refused, match="A colleague of yours"):
        vote_in_poll(poll, by=other_member, marks={option_ids(poll)[1]: 1})
    with pytest.raises(IntegrityError), transaction.atomic():
        Voter.objects.create(
            poll=poll, member=other_member, organisation=company, is_for_company=True,
            ballot=Ballot.objects.create(poll=poll, option_ids=[1], weights=[1]), voted_at=timezone.now(),
        )  # fmt: skip


def test_only_the_listed_vote_where_the_poll_says_so(member, other_member):
    space = make_space(members=[member])
    poll = make_poll(place=space, electorate=Electorate.LISTED)
    vote_in_poll(poll, by=member, marks={option_ids(poll)[0]: 1})
    with pytest.raises(Refused, match="listed"):
        vote_in_poll(poll, by=other_member, marks={option_ids(poll)[0]: 1})


def test_nobody_votes_where_they_cannot_read_or_after_the_end(member):
    hidden = make_poll(place=make_space(preset="private"))
    with pytest.raises(Refused):
        vote_in_poll(hidden, by=member, marks={option_ids(hidden)[0]: 1})
    over = make_poll()
    Poll.objects.filter(pk=over.pk).update(
        created_at=timezone.now() - timedelta(days=2), closes_at=timezone.now() - timedelta(seconds=1)
    )
    with pytest.raises(Refused, match="closed"):
        vote_in_poll(over, by=member, marks={option_ids(over)[0]: 1})


def test_the_quorum_decides_whether_there_is_a_result(member, other_member):
    poll = make_poll(quorum=2)
    vote_in_poll(poll, by=member, marks={option_ids(poll)[0]: 1})
    first = of(poll, member).results
    assert (first.is_quorate, first.winners) == (False, [])
    assert "1 of the 2 votes it takes" in first.finding
    vote_in_poll(poll, by=other_member, marks={option_ids(poll)[0]: 1})
    assert of(poll, member).results.winners == [option_ids(poll)[0]]


# --- rule 4.2: one rule -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "before", "after", "closed"),
    [
        (ResultsShown.ALWAYS, True, True, True),
        (ResultsShown.AFTER_VOTING, False, True, True),
        (ResultsShown.AT_CLOSE, False, False, True),
        (ResultsShown.MANAGERS, False, False, False),
    ],
)
def test_results_are_shown_when_the_poll_says(member, other_member, manager, results, before, after, closed):
    poll = make_poll(results=results)
    vote_in_poll(poll, by=other_member, marks={option_ids(poll)[0]: 1})
    assert (of(poll, member).results is not None) == before
    vote_in_poll(poll, by=member, marks={option_ids(poll)[0]: 1})
    assert (of(poll, member).results is not None) == after
    assert (of(poll, manager).results is not None) == (results in {"always", "managers"})
    close_poll(poll, by=None)
    assert (of(poll, member).results is not None) == closed
    assert of(poll, manager).results is not None


# --- rule 4.4: what was done with it ----------------------------------------------------------------------------


def test_a_closed_poll_owes_an_answer_and_voters_are_told(member, other_member, manager, executive):
    poll = make_poll(by=member, outcome_days=10)
    vote_in_poll(poll, by=other_member, marks={option_ids(poll)[0]: 1})
    with pytest.raises(Refused):
        write_outcome(poll, by=member, words="Too early.")
    poll = close_poll(poll, by=member)
    assert poll.outcome_due_at - poll.closed_at == timedelta(days=10)
    for reader in (manager, executive):
        assert [row.title for row in promised_polls(reader)] == [poll.title]
    dispatch_activity()
    with pytest.raises(Refused):
        write_outcome(poll, by=other_member, words="Not mine.")
    write_outcome(poll, by=member, words="We moved it to Tuesday.")
    dispatch_activity()
    told = {notice.key: notice for notice in Notice.objects.filter(member=other_member)}
    assert told[f"poll-outcome:{poll.pk}"].title == f"What came of it: {poll.title}"
    assert promised_polls(manager) == []
    assert Activity.objects.get(verb=Verb.POLL_OUTCOME_WRITTEN).data["in_time"] is True
    assert of(poll, other_member).outcome == "We moved it to Tuesday."
    # Told once: a correction is silent.
    write_outcome(poll, by=member, words="We moved it to Tuesday at ten.")
    assert Activity.objects.filter(verb=Verb.POLL_OUTCOME_WRITTEN).count() == 1


def test_the_clock_reminds_closes_and_calls_in_promises(member, other_member):
    space = make_space()
    for person in (member, other_member):
        follow(space, FollowLevel.EVERYTHING, by=person)
    poll = make_poll(place=space, closes_at=timedelta(days=5))
    dispatch_activity()
    assert set(Notice.objects.values_list("member", flat=True)) == {member.pk, other_member.pk}
    Notice.objects.update(read_at=timezone.now())
    vote_in_poll(poll, by=member, marks={option_ids(poll)[0]: 1})
    Poll.objects.filter(pk=poll.pk).update(
        created_at=timezone.now() - timedelta(days=4), closes_at=timezone.now() + timedelta(hours=20)
    )
    assert (tend_polls(), tend_polls()) == (1, 0)
    dispatch_activity()
    waiting = Notice.objects.filter(read_at__isnull=True)
    assert [(row.member_id, row.title) for row in waiting] == [
        (other_member.pk, f"Closes soon: {poll.title}")
    ]
    past = timezone.now() - timedelta(days=6)
    Poll.objects.filter(pk=poll.pk).update(created_at=past, closes_at=past + timedelta(days=5))
    assert (tend_polls(), tend_polls()) == (1, 0)
    dispatch_activity()
    poll = fresh(poll)
    assert poll.closed_at == poll.closes_at
    told = Notice.objects.filter(read_at__isnull=True, key=f"poll:{poll.pk}")
    assert [(row.member_id, row.title) for row in told] == [(member.pk, f"Closed: {poll.title}")]
    Poll.objects.filter(pk=poll.pk).update(outcome_due_at=timezone.now() - timedelta(hours=1))
    assert (tend_polls(), tend_polls()) == (1, 0)
    dispatch_activity()
    assert Notice.objects.get(member=poll.author).title == f"Your answer is due: {poll.title}"


def test_a_poll_is_taken_away_by_its_author_before_votes_and_by_moderators(member, other_member, moderator):
    empty, voted = make_poll(by=member), make_poll(by=member)
    delete_poll(empty, by=member)
    vote_in_poll(voted, by=other_member, marks={option_ids(voted)[0]: 1})
    with pytest.raises(Refused):
        delete_poll(voted, by=member)
    delete_poll(voted, by=moderator)
    assert not Poll.objects.visible_to(member).exists()
    assert not SearchEntry.objects.filter(target_type="poll").exists()


# --- rule 15.6: off ---------------------------------------------------------------------------------------------


def test_without_polls_there_is_none_and_no_trace(client_as, member, administrator):
    topic = make_topic(by=member)
    follow(topic, FollowLevel.EVERYTHING, by=administrator)
    poll = make_poll(place=topic, by=member)
    dispatch_activity()
    client = client_as(member)
    page = client.get(topic.get_absolute_url()).content.decode()
    assert poll.title in page
    switch_module(Module.POLLS, by=administrator, is_on=False)
    dispatch_activity()
    assert not Notice.objects.filter(key__startswith="poll").exists()
    for address in ("/polls/", poll.get_absolute_url(), "/polls/promises/", "/polls/new/?topic=1"):
        assert client.get(address).status_code == 404
    for address in (
        topic.get_absolute_url(),
        topic.space.get_absolute_url(),
        "/me/notices/",
        "/search/?q=One",
    ):
        page = client.get(address).content.decode().lower()
        assert "poll" not in page.replace("poll:", ""), address
    assert tend_polls() == 0
    with pytest.raises(Refused):
        make_poll(by=Member.objects.get(pk=member.pk))
    switch_module(Module.POLLS, by=administrator, is_on=True)
    assert client.get(poll.get_absolute_url()).status_code == 200


# --- polls and their topics -------------------------------------------------------------------------------------


def test_a_poll_goes_where_its_topic_goes(member, moderator):
    """Rule 3.2: who reads the new place reads it, and nobody else; the search and the notices say so too."""
    open_space, closed = make_space(), make_space(preset="private", members=[moderator])
    topic = make_topic(space=open_space, by=member)
    poll = make_poll(place=topic, by=member)
    follow(topic, FollowLevel.EVERYTHING, by=moderator)
    dispatch_activity()
    move_topic(topic, closed, by=Member.objects.get(pk=moderator.pk))
    assert SearchEntry.objects.get(target_type="poll", target_id=poll.pk).space_id == closed.pk
    assert not Poll.objects.visible_to(Member.objects.get(pk=member.pk)).exists()
    assert Poll.objects.visible_to(Member.objects.get(pk=moderator.pk)).exists()
    other = make_topic(space=closed, by=Member.objects.get(pk=moderator.pk))
    merge_topics(topic, other, by=Member.objects.get(pk=moderator.pk))
    assert fresh(poll).topic == other
    assert Poll.objects.visible_to(Member.objects.get(pk=moderator.pk)).exists()


def test_notices_of_a_poll_are_not_open_to_who_lost_its_topic(member, other_member, moderator):
    topic = make_topic(by=member)
    make_poll(place=topic, by=member)
    follow(topic, FollowLevel.EVERYTHING, by=other_member)
    poll = make_poll(place=topic, by=member)
    dispatch_activity()
    assert open_notices(Member.objects.get(pk=other_member.pk)).filter(key=f"poll:{poll.pk}").exists()
    move_topic(topic, make_space(preset="private", members=[moderator]), by=moderator)
    assert not open_notices(Member.objects.get(pk=other_member.pk)).filter(key=f"poll:{poll.pk}").exists()
