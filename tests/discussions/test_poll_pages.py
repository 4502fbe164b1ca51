"""The pages of polls and their JSON: what a reader sees, sends and gets back."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Refused
from community.core.models import Activity, ModuleSwitch
from community.core.verbs import Verb
from discussions.actions.poll import close_poll, export_results, vote_in_poll, write_outcome
from discussions.models import Draft, Poll, PollKind, ResultsShown, Voter
from members.actions.profile import start_employment
from members.models import Member
from tests.factories import make_member, make_organisation, make_poll, make_space, make_topic

pytestmark = pytest.mark.django_db


def option_ids(poll):
    return list(poll.options.values_list("pk", flat=True))


def vote(poll, by, marks):
    return vote_in_poll(poll, by=Member.objects.get(pk=by.pk), marks=marks)


def draft(**change):
    closes_at = timezone.now() + timedelta(days=3)
    return {
        "title": "Which hall?",
        "about": "",
        "kind": "single",
        "options": "North\nSouth",
        "closes_at": closes_at.strftime("%Y-%m-%dT%H:%M"),
        "electorate": "readers",
        "vote_per": "member",
        "secrecy": "sums",
        "results": "after_voting",
        "may_change": "on",
        "quorum": "0",
        "most_choices": "0",
        "dots": "8",
        "outcome_days": "14",
    } | change


def test_the_list_leads_to_every_place_where_one_may_ask(client_as, member):
    open_space, read_only = make_space(), make_space(preset="read_only")
    page = client_as(member).get("/polls/").text
    assert f"/polls/new/?space={open_space.slug}" in page
    assert f"/polls/new/?space={read_only.slug}" not in page
    assert "Ask a poll" in client_as(member).get(f"/polls/?space={open_space.slug}").text
    assert "Ask a poll" not in client_as(member).get(f"/polls/?space={read_only.slug}").text


def test_a_poll_is_asked_on_a_page(client_as, member):
    space, client = make_space(), client_as(member)
    page = client.get(f"/polls/new/?space={space.slug}").content.decode()
    assert "Whoever votes is owed an answer" in page
    answer = client.post(f"/polls/new/?space={space.slug}", draft())
    poll = Poll.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, poll.get_absolute_url())
    assert [option.label for option in poll.options.all()] == ["North", "South"]


def test_a_draft_that_cannot_be_taken_comes_back_as_it_was_typed(client_as, member):
    space, client = make_space(), client_as(member)
    answer = client.post(f"/polls/new/?space={space.slug}", draft(secrecy="anonymous", options="Only one"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A poll has 2 to 20 options." in page
    assert "Only one" in page
    answer = client.post(f"/polls/new/?space={space.slug}", draft(kind="date"))
    assert "is no day with an hour" in answer.content.decode()
    answer = client.post(
        f"/polls/new/?space={space.slug}", draft(kind="date", options="2027-03-09 14:00\n2027-03-10T09:30")
    )
    assert answer.status_code == 302
    assert Poll.objects.get().options.filter(label="", starts_at__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("kind", "sent", "weights"),
    [
        (PollKind.SINGLE, {"choice": 0}, [1]),
        (PollKind.MULTIPLE, {"choices": [0, 2]}, [1, 1]),
        (PollKind.RANKED, {0: "2", 1: "1", 2: ""}, [1, 2]),
        (PollKind.DOTS, {0: "5", 1: "0", 2: "3"}, [5, 3]),
        (PollKind.SCORE, {0: "0", 1: "", 2: "5"}, [0, 5]),
        (PollKind.DATE, {0: "2", 1: "1", 2: ""}, [2, 1]),
    ],
)
def test_each_kind_is_voted_in_with_one_form(client_as, member, kind, sent, weights):
    days = [timezone.now() + timedelta(days=day) for day in (3, 4, 5)]
    poll = make_poll(kind=kind, **({"options": days} if kind == PollKind.DATE else {}))
    options, client = option_ids(poll), client_as(member)
    assert "<form" in client.get(poll.get_absolute_url()).content.decode()
    body = {}
    for name, value in sent.items():
        if name == "choice":
            body[name] = options[value]
        elif name == "choices":
            body[name] = [options[number] for number in value]
        else:
            body[f"option_{options[name]}"] = value
    answer = client.post(f"{poll.get_absolute_url()}vote/", body)
    assert answer.status_code == 302, answer.content.decode()
    assert Voter.objects.get().ballot.weights == weights
    page = client.get(poll.get_absolute_url()).content.decode()
    assert "As a table" in page
    assert "Change my vote" in page


def test_a_ballot_that_cannot_be_counted_comes_back(client_as, member):
    poll = make_poll(kind=PollKind.DOTS)
    options, client = option_ids(poll), client_as(member)
    body = {f"option_{options[0]}": "6", f"option_{options[1]}": "5"}
    answer = client.post(f"{poll.get_absolute_url()}vote/", body)
    assert answer.status_code == 422
    assert "You have 8 dots, and spread 11." in answer.content.decode()
    assert 'value="6"' in answer.content.decode()


def test_a_poll_stands_in_its_topic_with_its_ballot(client_as, member):
    topic = make_topic()
    poll = make_poll(place=topic, by=topic.author, title="Which hall")
    page = client_as(member).get(topic.get_absolute_url()).content.decode()
    assert f'id="poll-{poll.pk}"' in page
    assert f'action="/polls/{poll.pk}/vote/"' in page
    assert "Results are shown after you have voted" in page


def test_a_topic_without_polls_asks_for_none(client_as, member):
    topic, client = make_topic(), client_as(member)
    client.get(topic.get_absolute_url())
    with CaptureQueriesContext(connection) as queries:
        client.get(topic.get_absolute_url())
    # The one query for the topic says whether there are any.
    assert sum("discussions_poll" in query["sql"] for query in queries) == 1


def test_a_poll_costs_the_same_however_many_vote_and_a_list_however_long(client_as, member):
    client = client_as(member)

    def cost(address):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    space = make_space()
    poll = make_poll(place=space, results="always", kind=PollKind.RANKED)
    make_poll(place=space)
    vote(poll, make_member(), {option_ids(poll)[0]: 1})
    first = (cost(poll.get_absolute_url()), cost("/polls/"))
    for number in range(18):
        make_poll(place=space)
        order = option_ids(poll)[number % 3 :]
        vote(poll, make_member(), {option: place for place, option in enumerate(order, start=1)})
    assert (cost(poll.get_absolute_url()), cost("/polls/")) == first


def test_lists_of_polls(client_as, member):
    space, other = make_space(), make_space()
    running, over = make_poll(place=space, title="Running one"), make_poll(place=space, title="Ended one")
    make_poll(place=other, title="Elsewhere")
    close_poll(over, by=None)
    client = client_as(member)
    pages = {
        query: client.get(f"/polls/?space={space.slug}{query}").content.decode()
        for query in ("", "&show=open", "&show=closed")
    }
    assert ["Running one" in page for page in pages.values()] == [True, True, False]
    assert ["Ended one" in page for page in pages.values()] == [True, False, True]
    assert not any("Elsewhere" in page for page in pages.values())
    assert client.get("/polls/?space=nowhere").status_code == 404
    assert running.pk


def test_older_polls_follow_by_key(client_as, member):
    space = make_space()
    for number in range(23):
        make_poll(place=space, title=f"Numbered {number:02}")
    client = client_as(member)
    first = client.get(f"/polls/?space={space.slug}")
    assert "Numbered 22" in first.content.decode()
    assert "Numbered 02" not in first.content.decode()
    older = client.get(f"/polls/{first.context['older_url']}").content.decode()
    assert "Numbered 02" in older


def test_the_end_of_a_poll_on_its_pages(client_as, member, executive):
    poll = make_poll(by=member, title="Which hall", options=["North", "South"])
    vote(poll, make_member(), {option_ids(poll)[0]: 1})
    client = client_as(member)
    edited = client.post(f"{poll.get_absolute_url()}edit/", draft(options="A\nB"))
    assert edited.status_code == 422
    assert "Somebody has voted by now" in edited.content.decode()
    later = (poll.closes_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert (
        client.post(f"{poll.get_absolute_url()}edit/", {"only": "end", "closes_at": later}).status_code == 302
    )
    assert client.post(f"{poll.get_absolute_url()}close/").status_code == 302
    page = client.get(poll.get_absolute_url()).content.decode()
    assert "What is done with it is not said yet." in page
    assert "“North” is first: 1 of 1" in page
    promises = client_as(executive).get("/polls/promises/").content.decode()
    assert "Which hall" in promises
    assert client.post(f"{poll.get_absolute_url()}outcome/", {"words": ""}).status_code == 422
    client.post(f"{poll.get_absolute_url()}outcome/", {"words": "North it is.\n\nBooked."})
    assert "North it is." in client.get(poll.get_absolute_url()).content.decode()
    assert "Which hall" not in client_as(executive).get("/polls/promises/").content.decode()


def test_hostile_words_stay_words(client_as, member):
    poll = make_poll(title="<script>alert(1)</script>", options=["<b>x", "\u202eevil"], about="<img src=x>")
    page = client_as(member).get(poll.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


# --- the API ----------------------------------------------------------------------------------------------------


def send(client, method, address, body=None):
    return getattr(client, method)(address, body, content_type="application/json")


def test_a_poll_over_the_api(client_as, member):
    space, client = make_space(), client_as(member)
    body = {
        "space": space.pk,
        "kind": "dots",
        "title": "Where to?",
        "options": ["North", "South"],
        "closes_at": (timezone.now() + timedelta(days=3)).isoformat(),
    }
    made = send(client, "post", "/api/v1/polls/", body)
    assert made.status_code == 201, made.json()
    shown, address = made.json(), f"/api/v1/polls/{made.json()['id']}/"
    assert made["Location"].endswith(address)
    assert (shown["results"], shown["has_voted"]) == (None, False)
    assert "after you have voted" in shown["why_no_results"]
    north, south = (option["id"] for option in shown["options"])
    marks = [{"option": north, "weight": 5}, {"option": south, "weight": 3}]
    voted = send(client, "post", f"{address}vote/", {"marks": marks}).json()
    assert voted["results"]["votes"] == 1
    assert [row["value"] for row in voted["results"]["options"]] == [5, 3]
    assert voted["results"]["winners"] == [north]
    assert send(client, "post", f"{address}vote/", {"marks": marks}).status_code == 409
    assert send(client, "post", f"{address}vote/", {"marks": [marks[0], marks[0]]}).status_code == 409
    assert send(client, "post", f"{address}outcome/", {"words": "Early."}).status_code == 403
    assert send(client, "post", f"{address}close/").json()["outcome_due_at"] is not None
    assert send(client, "post", f"{address}close/").status_code == 409
    assert send(client, "post", f"{address}outcome/", {"words": "North."}).json()["outcome"] == "North."
    listed = client.get(f"/api/v1/polls/?space={space.pk}&open=false").json()["results"]
    assert [poll["title"] for poll in listed] == ["Where to?"]
    assert "results" not in listed[0]


def test_the_api_takes_dates_and_a_topic_and_refuses_what_does_not_fit(client_as, member):
    topic, client = make_topic(by=member), client_as(member)
    closes_at = (timezone.now() + timedelta(days=3)).isoformat()
    body = {"topic": topic.pk, "kind": "date", "title": "When?", "closes_at": closes_at}
    dates = ["2027-03-09T14:00:00Z", "2027-03-10T09:30:00Z"]
    made = send(client, "post", "/api/v1/polls/", body | {"dates": dates})
    assert made.status_code == 201
    assert [option["starts_at"] for option in made.json()["options"]] == dates
    assert send(client, "post", "/api/v1/polls/", body).status_code == 409
    assert send(client, "post", "/api/v1/polls/", {**body, "space": topic.space_id}).status_code == 409
    assert (
        send(client, "post", "/api/v1/polls/", {"title": "No place", "closes_at": closes_at}).status_code
        == 409
    )
    later = (timezone.now() + timedelta(days=9)).isoformat()
    address = f"/api/v1/polls/{made.json()['id']}/"
    assert send(client, "patch", address, {"closes_at": later}).status_code == 200
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_a_hidden_poll_is_not_there(client_as, member):
    poll = make_poll(place=make_space(preset="private"))
    client = client_as(member)
    for address in (f"/api/v1/polls/{poll.pk}/", poll.get_absolute_url()):
        assert client.get(address).status_code == 404


# --- modules ----------------------------------------------------------------------------------------------------


def test_an_administrator_switches_a_module(client_as, administrator, manager):
    client = client_as(administrator)
    assert "Polls" in client.get("/modules/").content.decode()
    assert client.post("/modules/polls/switch/", {"on": "no"}).status_code == 302
    assert not ModuleSwitch.objects.get(name="polls").is_on
    assert client.get("/polls/").status_code == 404
    assert client.post("/modules/polls/switch/", {"on": "yes"}).status_code == 302
    assert client.get("/polls/").status_code == 200
    assert client_as(manager).post("/modules/polls/switch/", {"on": "no"}).status_code == 403
    assert client.post("/modules/nothing/switch/", {"on": "no"}).status_code == 404


def test_an_outcome_is_corrected_without_telling_again(client_as, member):
    poll = make_poll(by=member)
    close_poll(poll, by=None)
    write_outcome(Poll.objects.with_place().get(pk=poll.pk), by=member, words="First words.")
    page = client_as(member).get(f"{poll.get_absolute_url()}outcome/").content.decode()
    assert "First words." in page


# --- the results as a table to take along -----------------------------------------------------------------------


def exported(client, poll):
    answer = client.post(f"/polls/{poll.pk}/export/")
    assert answer.status_code == 200, answer.content
    assert f"poll-{poll.pk}.csv" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_results_are_exported_to_whom_they_are_shown_and_to_nobody_else(client_as, member, manager):
    poll = make_poll(options=["=1+1", "South"], results=ResultsShown.MANAGERS)
    vote(poll, make_member(), {option_ids(poll)[0]: 1})
    refused = client_as(member).post(f"/polls/{poll.pk}/export/")
    assert refused.status_code == 403
    assert "Community managers read the results" in refused.content.decode()
    assert "Download the results" not in client_as(member).get(f"/polls/{poll.pk}/").content.decode()
    with pytest.raises(Refused):
        export_results(poll, by=member)
    assert not Activity.objects.filter(verb=Verb.POLL_EXPORTED).exists()
    client = client_as(manager)
    assert "Download the results" in client.get(f"/polls/{poll.pk}/").content.decode()
    rows = exported(client, poll)
    # No cell becomes a formula, and options stand in the order of the poll.
    assert [row[:2] for row in rows] == [
        ["Option", "Value"],
        ["'=1+1", "1"],
        ["South", "0"],
        ["Votes in all", "1"],
    ]
    activity = Activity.objects.get(verb=Verb.POLL_EXPORTED)
    assert (activity.actor, activity.audience, activity.data) == (manager, "staff", {"topic_id": None})


def test_an_export_names_whom_the_page_names(client_as, manager):
    voter = make_member("Zora Zunft")
    anonymous = {"results": ResultsShown.AT_CLOSE, "may_change": False}
    for secrecy, rules, is_named in (
        ("open", {}, True),
        ("sums", {}, False),
        ("anonymous", anonymous, False),
    ):
        poll = make_poll(secrecy=secrecy, **rules)
        for person in [voter, *(make_member() for _number in range(4))]:
            vote(poll, person, {option_ids(poll)[0]: 1})
        close_poll(poll, by=None)
        rows = exported(client_as(manager), poll)
        assert ("Zora Zunft" in str(rows)) == is_named
        assert rows[1][:2] == ["One", "5"]


def test_an_anonymous_poll_of_fewer_than_five_is_not_exported(client_as, manager):
    poll = make_poll(secrecy="anonymous", results=ResultsShown.AT_CLOSE, may_change=False)
    for _number in range(4):
        vote(poll, make_member(), {option_ids(poll)[0]: 1})
    close_poll(poll, by=None)
    answer = client_as(manager).post(f"/polls/{poll.pk}/export/")
    assert answer.status_code == 403
    assert "from 5 votes on" in answer.content.decode()


def test_companies_and_pairs_stand_in_columns(client_as, manager):
    company = make_organisation("Large")
    poll = make_poll(kind=PollKind.RANKED, options=["A", "B", "C"])
    a, b, c = option_ids(poll)
    for _number in range(5):
        person = make_member()
        start_employment(person, company, by=None, title="Buyer", from_date=timezone.now().date())
        vote(poll, person, {c: 1, a: 2, b: 3})
    close_poll(poll, by=None)
    header, *rows = exported(client_as(manager), poll)
    assert header == [
        "Option", "Value", "Result", "More", "Preferred to A", "Preferred to B", "Preferred to C", "Large (5)",
    ]  # fmt: skip
    assert [[row[0], *row[4:]] for row in rows[:3]] == [
        ["A", "–", "5", "0", "0"],
        ["B", "0", "–", "0", "0"],
        ["C", "5", "5", "–", "5"],
    ]


def test_who_has_a_password_is_asked_for_it_before_an_export(client, manager):
    poll = make_poll()
    close_poll(poll, by=None)
    manager.set_password("a long password of no use")
    manager.save()
    client.force_login(manager)
    answer = client.post(f"/polls/{poll.pk}/export/")
    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer["Location"]


# --- nothing typed is lost (rule 3.5) ---------------------------------------------------------------------------


def keep(client, key, sequence=0, **words):
    sent = {"draft_key": key, "draft_sequence": sequence, **words}
    return client.post("/drafts/keep/", sent, headers={"Accept": "application/json"})


def test_what_is_typed_about_a_poll_is_kept_until_it_is_asked(client_as, member):
    space, client = make_space(), client_as(member)
    key, address = f"poll:space:{space.slug}", f"/polls/new/?space={space.slug}"
    assert f'data-key="{key}"' in client.get(address).content.decode()
    keep(
        client, key, title="Which hall?", about="We are forty people.", options="North\nSouth", kind="ranked"
    )
    page = client.get(address).content.decode()
    assert "We are forty people." in page
    assert "North\nSouth" in page
    listed = client.get("/drafts/").content.decode()
    assert f'href="{address}"' in listed
    assert "Which hall?" in listed
    assert "We are forty people." in listed
    # A refusal keeps everything that was typed, and the draft with it.
    refused = client.post(address, draft(about="We are forty people.", options="Only one", draft_key=key))
    assert refused.status_code == 422
    assert "We are forty people." in refused.content.decode()
    assert Draft.objects.filter(member=member, key=key).exists()
    client.post(address, draft(about="We are forty people.", draft_key=key, draft_sequence=1))
    assert Poll.objects.get().about == "We are forty people."
    assert not Draft.objects.exists()


def test_what_is_typed_about_the_outcome_is_kept_until_it_is_said(client_as):
    poll = make_poll()
    close_poll(poll, by=None)
    client, key, address = client_as(poll.author), f"outcome:{poll.pk}", f"/polls/{poll.pk}/outcome/"
    keep(client, key, words="We take the")
    assert "We take the" in client.get(address).content.decode()
    assert f'href="{address}"' in client.get("/drafts/").content.decode()
    # Another window has kept other words since: sending this one leaves them there.
    assert (
        client.post(address, {"words": "The north hall.", "draft_key": key, "draft_sequence": 0}).status_code
        == 302
    )
    assert Draft.objects.get().words == {"words": "We take the"}
    client.post(address, {"words": "We take the", "draft_key": key, "draft_sequence": 0})
    assert not Draft.objects.exists()


def test_a_change_of_a_poll_is_kept_and_two_windows_are_both_shown(client_as):
    poll = make_poll(about="Forty people.")
    client, key = client_as(poll.author), f"pollchange:{poll.pk}"
    keep(client, key, title=poll.title, about="Fifty people.")
    assert "Fifty people." in client.get(f"/polls/{poll.pk}/edit/").content.decode()
    both = client.post("/drafts/keep/", {"draft_key": key, "draft_sequence": 0, "about": "Sixty people."})
    assert both.status_code == 409
    for words in ("Fifty people.", "Sixty people."):
        assert words in both.content.decode()
    assert client.get(f"/polls/{poll.pk}/edit/?only=end").status_code == 200
