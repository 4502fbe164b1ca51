"""Spaces, topics and posts over the API: the rules of the pages, and nothing more open than a page."""

import json
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from community.core.models import Activity, IdempotencyKey, Scope
from community.core.verbs import Verb
from discussions.actions.post import accept_answer, delete_post
from discussions.actions.space import remove_space_member
from discussions.models import Follow, Post, SpacePreset, Tag, Topic, TopicKind
from members.actions.member import deactivate_member
from members.actions.role import end_role
from members.models import Role, RoleName
from tests.api import Program
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

SECRET = "hornbeam-quarrel"
HIDDEN = (SpacePreset.PRIVATE, SpacePreset.HIDDEN, SpacePreset.EXPERTS, SpacePreset.CONFIDENTIAL)


@pytest.fixture
def program(member):
    return Program(member)


@pytest.fixture
def space():
    return make_space("Pricing")


def draft(space, **values):
    return {"space": space.pk, "title": "A pilot", "body": "What do *you* charge?"} | values


def ids(answer):
    return [row["id"] for row in answer.json()["results"]]


# --- Who may come in --------------------------------------------------------------------------------------------


def test_strangers_are_asked_who_they_are(space):
    answer = Program(None).get("topics/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"detail", "fields"}


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp4",
        "trf_" + "a" * 43,
        "Bearer trf_" + "a" * 43,
        "Bearer a b",
    ],
)
def test_a_wrong_token_is_nobody(header):
    answer = Client(headers={"Authorization": header}).get("/api/v1/topics/")
    assert answer.status_code == 401
    assert "token" in answer.json()["detail"]


def test_a_token_reaches_no_further_than_its_member(member, manager, program):
    assert program.get("topics/").status_code == 200
    deactivate_member(member, by=manager, reason="left")
    assert program.get("topics/").status_code == 401


def test_who_is_no_member_any_more_reads_nothing(member, administrator, program):
    end_role(Role.objects.get(member=member), by=administrator)
    answer = program.get("topics/")
    assert answer.status_code == 403
    assert "application" in answer.json()["detail"]


def test_an_applicant_with_a_session_reads_nothing(applicant, client_as):
    assert client_as(applicant).get("/api/v1/topics/").status_code == 403


def test_a_reading_token_changes_nothing(member, space):
    reader = Program(member, Scope.READ)
    topic = make_topic(space=space, by=member)
    post = make_post(topic=topic, by=member)
    assert reader.get(f"topics/{topic.pk}/").status_code == 200
    before = Activity.objects.count()
    for answer in (
        reader.post("topics/", draft(space)),
        reader.patch(f"topics/{topic.pk}/", {"title": "Other"}),
        reader.post(f"topics/{topic.pk}/follow/", {"level": "mute"}),
        reader.post(f"topics/{topic.pk}/posts/", {"body": "No"}),
        reader.patch(f"posts/{post.pk}/", {"body": "No", "version": 1}),
        reader.delete(f"posts/{post.pk}/"),
    ):
        assert answer.status_code == 403
        assert "only read" in answer.json()["detail"]
    assert Activity.objects.count() == before


def test_a_session_needs_its_csrf_token(member, space):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member)
    body = json.dumps(draft(space))
    assert browser.get("/api/v1/topics/").status_code == 200
    answer = browser.post("/api/v1/topics/", body, content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]
    page = browser.get(reverse("profile_edit")).content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = browser.post(
        "/api/v1/topics/", body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 201


def test_a_foreign_site_gets_no_answer_to_read(member, space):
    answer = Program(member).send("GET", "topics/", None, Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in answer


# --- What is not open is not there ------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", HIDDEN)
def test_a_hidden_room_is_not_there(member, program, preset):
    room = make_space(SECRET, preset=preset, purpose=SECRET)
    topic = make_topic(space=room, title=SECRET, body=SECRET, tags=[SECRET], kind=TopicKind.QUESTION)
    post = make_post(topic=topic, body=SECRET)
    here = make_topic(by=member)
    requests = [
        ("GET", f"spaces/{room.pk}/", None),
        ("GET", f"topics/?space={room.pk}", None),
        ("POST", "topics/", draft(room)),
        ("GET", f"topics/{topic.pk}/", None),
        ("PATCH", f"topics/{topic.pk}/", {"title": "Mine now"}),
        ("POST", f"topics/{topic.pk}/close/", {"reason": "Because"}),
        ("POST", f"topics/{topic.pk}/reopen/", None),
        ("POST", f"topics/{topic.pk}/follow/", {"level": "everything"}),
        ("GET", f"topics/{topic.pk}/posts/", None),
        ("POST", f"topics/{topic.pk}/posts/", {"body": "Hello"}),
        ("POST", f"topics/{here.pk}/posts/", {"body": "Hello", "reply_to": post.pk}),
        ("GET", f"posts/{post.pk}/", None),
        ("PATCH", f"posts/{post.pk}/", {"body": "Mine", "version": 1}),
        ("DELETE", f"posts/{post.pk}/", None),
        *[
            ("POST", f"posts/{post.pk}/{verb}/", None)
            for verb in ("restore", "thank", "unthank", "accept", "unaccept")
        ],
    ]
    before = Activity.objects.count()
    for method, path, body in requests:
        answer = program.send(method, path, body)
        nowhere = program.send(method, path.replace(str(room.pk), "987654"), body)
        assert answer.status_code == 404, (method, path)
        assert SECRET not in answer.content.decode() + str(answer.headers)
        if "987654" in path:
            assert answer.content == nowhere.content
    assert Activity.objects.count() == before


@pytest.mark.parametrize("preset", HIDDEN)
def test_lists_are_the_same_with_and_without_a_hidden_room(member, program, preset):
    make_topic(tags=["pricing"], kind=TopicKind.QUESTION)
    addresses = [
        "spaces/",
        "spaces/?limit=1",
        "topics/",
        "topics/?limit=1",
        "topics/?tag=pricing",
        f"topics/?tag={SECRET}",
        "topics/?kind=question&answered=false",
        "topics/?answered=true",
    ]
    before = [program.get(address).content for address in addresses]
    room = make_space(SECRET, preset=preset)
    topic = make_topic(space=room, title=SECRET, tags=["pricing", SECRET], kind=TopicKind.QUESTION)
    accept_answer(make_post(topic=topic), by=topic.author)
    assert [program.get(address).content for address in addresses] == before


def test_a_place_lost_is_lost_with_the_next_request(member, manager, program):
    room = make_space(preset=SpacePreset.PRIVATE, members=[member, manager])
    topic = make_topic(space=room, by=member)
    assert program.get(f"topics/{topic.pk}/").status_code == 200
    remove_space_member(room, member, by=manager)
    assert program.get(f"topics/{topic.pk}/").status_code == 404
    assert program.post(f"topics/{topic.pk}/posts/", {"body": "Still here"}).status_code == 404


@pytest.mark.parametrize("name", ["0", "-1", "a", "1.0", "9223372036854775808", "9" * 60, "%00", "1%20"])
def test_an_impossible_id_is_not_there(program, name):
    for path in (
        f"spaces/{name}/",
        f"topics/{name}/",
        f"topics/{name}/posts/",
        f"posts/{name}/",
        f"members/{name}/",
    ):
        answer = program.get(path)
        assert answer.status_code in {400, 404}, path
        assert set(answer.json()) == {"detail", "fields"}


# --- Spaces -----------------------------------------------------------------------------------------------------


def test_spaces_come_in_their_order_page_by_page(member, program):
    rooms = [make_space(f"Room {number}") for number in range(5)]
    answer = program.get("spaces/?limit=2")
    assert ids(answer) == [rooms[0].pk, rooms[1].pk]
    answer = program.get(answer.json()["next"])
    assert ids(answer) == [rooms[2].pk, rooms[3].pk]
    answer = program.get(answer.json()["next"])
    assert ids(answer) == [rooms[4].pk]
    assert answer.json()["next"] is None


def test_a_space_shows_exactly_this(program, space):
    row = program.get(f"spaces/{space.pk}/").json()
    assert row == {
        "id": space.pk,
        "url": f"http://testserver{space.get_absolute_url()}",
        "slug": space.slug,
        "name": "Pricing",
        "purpose": "",
        "preset": "open",
        "topic_kinds": ["discussion", "question", "introduction", "session", "announcement"],
        "position": 100,
        "archived_at": None,
    }


# --- Topics -----------------------------------------------------------------------------------------------------


def test_topics_are_filtered(program, space):
    talk = make_topic(space=space, tags=["Pricing"])
    question = make_topic(kind=TopicKind.QUESTION)
    answered = make_topic(kind=TopicKind.QUESTION)
    accept_answer(make_post(topic=answered), by=answered.author)
    assert ids(program.get("topics/")) == [answered.pk, question.pk, talk.pk]
    assert ids(program.get(f"topics/?space={space.pk}")) == [talk.pk]
    assert ids(program.get("topics/?kind=question")) == [answered.pk, question.pk]
    assert ids(program.get("topics/?tag=pricing")) == [talk.pk]
    assert ids(program.get("topics/?answered=true")) == [answered.pk]
    assert ids(program.get("topics/?answered=false")) == [question.pk]
    assert program.get("topics/?space=987654").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("spase=1", "spase"),
        ("space=a", "space"),
        ("space=0", "space"),
        ("space=9223372036854775808", "space"),
        ("kind=poem", "kind"),
        ("answered=perhaps", "answered"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=a!b", "cursor"),
        ("offset=5", "offset"),
        ("format=xml", "format"),
    ],
)
def test_a_parameter_that_is_not_as_described_is_refused(program, query, field):
    answer = program.get(f"topics/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_a_cursor_of_another_list_leads_nowhere(program, space):
    make_space()
    make_topic()
    cursor = program.get("spaces/?limit=1").json()["next"].split("cursor=")[1].split("&")[0]
    assert program.get(f"topics/?cursor={cursor}").status_code == 404


def test_parameters_that_no_list_takes_are_refused_elsewhere_too(program, space):
    topic = make_topic(space=space)
    assert program.get(f"topics/{topic.pk}/?limit=5").status_code == 400
    assert program.post("topics/?space=1", draft(space)).status_code == 400


def test_a_topic_is_started(member, program, space):
    answer = program.post("topics/", draft(space, kind="question", tags=["Pilots", "pilots", "B2B"]))
    assert answer.status_code == 201
    row = answer.json()
    topic = Topic.objects.get()
    assert answer["Location"] == f"/api/v1/topics/{topic.pk}/"
    assert program.get(answer["Location"]).json() == row
    assert (topic.author, topic.kind, topic.title) == (member, "question", "A pilot")
    assert sorted(tag["name"] for tag in row["tags"]) == ["B2B", "Pilots"]
    assert row["author"]["display_name"] == "Mira Member"
    assert row["post_count"] == 1
    post = topic.posts.get()
    assert post.html == "<p>What do <em>you</em> charge?</p>\n"
    assert Activity.objects.filter(verb=Verb.TOPIC_CREATED, target_id=topic.pk, actor=member).count() == 1


def test_only_what_is_named_can_be_sent(member, program, space):
    forbidden = [field.name for model in (Topic, Post) for field in model._meta.get_fields()]
    taken = {"space", "kind", "title", "tags"}
    for name in sorted(set(forbidden) - taken):
        answer = program.post("topics/", draft(space, **{name: 1}))
        assert answer.status_code == 400, name
        assert name in answer.json()["fields"]
    assert not Topic.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \u200b"}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"title": 5}, "title"),
        ({"title": ["a"]}, "title"),
        ({"title": None}, "title"),
        ({"body": "a" * 50_001}, "body"),
        ({"body": " \n"}, "body"),
        ({"body_format": "rst"}, "body_format"),
        ({"kind": "poem"}, "kind"),
        ({"kind": ["question"]}, "kind"),
        ({"space": "1"}, "space"),
        ({"space": 1.5}, "space"),
        ({"space": True}, "space"),
        ({"space": 0}, "space"),
        ({"space": 2**63}, "space"),
        ({"tags": "pricing"}, "tags"),
        ({"tags": ["a", "b", "c", "d", "e", "f"]}, "tags"),
        ({"tags": ["a,b"]}, "tags"),
        ({"tags": ["a" * 41]}, "tags"),
        ({"tags": [["a"]]}, "tags"),
        ({"tags": {"a": 1}}, "tags"),
    ],
)
def test_a_field_that_is_not_as_described_is_refused(program, space, change, field):
    answer = program.post("topics/", draft(space) | change)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Topic.objects.exists()


def test_the_actions_sentences_come_through(member, program):
    closed_kind = make_space(topic_kinds=[TopicKind.QUESTION])
    answer = program.post("topics/", draft(closed_kind))
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["kind"]
    notices = make_space(preset=SpacePreset.READ_ONLY)
    answer = program.post("topics/", draft(notices))
    assert answer.status_code == 403
    assert "read-only" in answer.json()["detail"]
    topic = make_topic(by=member)
    answer = program.post(f"topics/{topic.pk}/reopen/")
    assert answer.status_code == 403
    post = topic.posts.get()
    answer = program.patch(f"posts/{post.pk}/", {"body": "New", "version": 7})
    assert answer.status_code == 409
    assert "Compare" in answer.json()["detail"]


def test_a_topic_is_changed_in_part(member, program):
    topic = make_topic(by=member, title="Old", tags=["one"])
    assert program.patch(f"topics/{topic.pk}/", {"title": "New"}).json()["title"] == "New"
    assert [tag["name"] for tag in program.get(f"topics/{topic.pk}/").json()["tags"]] == ["one"]
    answer = program.patch(f"topics/{topic.pk}/", {"tags": ["two", "three"]})
    assert sorted(tag["name"] for tag in answer.json()["tags"]) == ["three", "two"]
    assert answer.json()["title"] == "New"
    assert program.patch(f"topics/{topic.pk}/", {}).status_code == 200
    assert program.patch(f"topics/{topic.pk}/", {"tags": []}).json()["tags"] == []
    others = make_topic()
    assert program.patch(f"topics/{others.pk}/", {"title": "Mine"}).status_code == 403


def test_a_moderator_closes_and_reopens(member, moderator, program):
    topic = make_topic(by=member)
    assert program.post(f"topics/{topic.pk}/close/", {"reason": "Done"}).status_code == 403
    moderating = Program(moderator)
    assert moderating.post(f"topics/{topic.pk}/close/", {}).status_code == 400
    answer = moderating.post(f"topics/{topic.pk}/close/", {"reason": "Done here."})
    assert (answer.status_code, answer.json()["close_reason"]) == (200, "Done here.")
    assert answer.json()["closed_at"].endswith("Z")
    assert moderating.post(f"topics/{topic.pk}/close/", {"reason": "Again"}).status_code == 409
    assert program.post(f"topics/{topic.pk}/posts/", {"body": "But"}).status_code == 403
    answer = moderating.post(f"topics/{topic.pk}/reopen/")
    assert (answer.status_code, answer.json()["closed_at"]) == (200, None)


def test_following_is_said_in_one_word(member, program):
    topic = make_topic()
    for level in ("everything", "highlights", "mute"):
        assert program.post(f"topics/{topic.pk}/follow/", {"level": level}).json() == {"level": level}
        assert Follow.objects.get(member=member, topic=topic).level == level
    assert program.post(f"topics/{topic.pk}/follow/", {"level": None}).json() == {"level": None}
    assert not Follow.objects.filter(member=member, topic=topic).exists()
    assert program.post(f"topics/{topic.pk}/follow/", {"level": "loud"}).status_code == 400
    assert program.post(f"topics/{topic.pk}/follow/", {}).status_code == 400


# --- Posts ------------------------------------------------------------------------------------------------------


def test_posts_come_by_number(member, moderator, program):
    topic = make_topic()
    posts = [make_post(topic=topic) for _number in range(4)]
    delete_post(posts[1], by=moderator)
    answer = program.get(f"topics/{topic.pk}/posts/?limit=2")
    assert [row["number"] for row in answer.json()["results"]] == [1, 2]
    answer = program.get(answer.json()["next"])
    assert [row["number"] for row in answer.json()["results"]] == [4, 5]
    assert answer.json()["next"] is None


def test_a_reply_is_written_and_read(member, program):
    topic = make_topic()
    other = make_post(topic=topic)
    answer = program.post(
        f"topics/{topic.pk}/posts/", {"body": "<p>Yes</p>", "body_format": "html", "reply_to": other.pk}
    )
    assert answer.status_code == 201
    row = answer.json()
    assert program.get(answer["Location"]).json() == row
    assert (row["number"], row["reply_to"], row["html"]) == (3, other.pk, "<p>Yes</p>")
    assert row["author"]["id"] == member.pk
    answer = program.post(f"topics/{topic.pk}/posts/", {"body": "And"})
    assert answer.json()["reply_to"] == topic.posts.get(number=1).pk


def test_a_reply_answers_only_what_is_there_and_here(program, moderator):
    topic, elsewhere = make_topic(), make_post()
    gone = make_post(topic=topic)
    delete_post(gone, by=moderator)
    for target in (elsewhere.pk, gone.pk, 987654):
        assert (
            program.post(f"topics/{topic.pk}/posts/", {"body": "Yes", "reply_to": target}).status_code == 404
        )
    assert topic.posts.count() == 2


def test_a_post_is_changed_deleted_and_restored(member, other_member, program):
    post = make_post(by=member)
    path = f"posts/{post.pk}/"
    answer = program.patch(path, {"body": "Better", "version": 1})
    assert (answer.status_code, answer.json()["version"], answer.json()["body"]) == (200, 2, "Better")
    assert program.patch(path, {"body": "Better"}).status_code == 400
    assert Program(other_member).patch(path, {"body": "Mine", "version": 2}).status_code == 403
    assert Program(other_member).delete(path).status_code == 403
    answer = program.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert program.get(path).status_code == 404
    assert program.delete(path).status_code == 404
    assert Program(other_member).post(f"{path}restore/").status_code == 403
    assert program.post(f"{path}restore/").json()["body"] == "Better"
    assert program.post(f"{path}restore/").status_code in {403, 409}


def test_thanks_are_counted_once(member, program):
    post, own = make_post(), make_post(by=member)
    for _twice in range(2):
        assert program.post(f"posts/{post.pk}/thank/").json()["thanks_count"] == 1
    assert program.post(f"posts/{own.pk}/thank/").status_code == 403
    for _twice in range(2):
        assert program.post(f"posts/{post.pk}/unthank/").json()["thanks_count"] == 0


def test_the_asker_accepts(member, other_member, program):
    topic = make_topic(by=member, kind=TopicKind.QUESTION)
    post = make_post(topic=topic, by=other_member)
    assert Program(other_member).post(f"posts/{post.pk}/accept/").status_code == 403
    assert program.post(f"posts/{post.pk}/accept/").json()["accepted_post"] == post.pk
    assert program.get(f"posts/{post.pk}/").json()["is_accepted"] is True
    assert program.post(f"posts/{post.pk}/unaccept/").json()["accepted_post"] is None
    assert program.post(f"posts/{post.pk}/unaccept/").status_code == 409


def test_what_takes_no_body_refuses_one(member, program):
    post = make_post()
    assert program.post(f"posts/{post.pk}/thank/", {"member": 5}).status_code == 400
    assert program.post(f"posts/{post.pk}/thank/", {}).status_code == 200


# --- Keys -------------------------------------------------------------------------------------------------------


def test_the_same_key_makes_one_topic_and_one_post(member, program, space):
    first = program.post("topics/", draft(space), Idempotency_Key="a-key-of-mine")
    again = program.post("topics/", draft(space), Idempotency_Key="a-key-of-mine")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Topic.objects.count() == 1
    path = f"topics/{first.json()['id']}/posts/"
    answers = [program.post(path, {"body": "Yes"}, Idempotency_Key="another-key") for _twice in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Post.objects.filter(number=2).count() == 1
    assert program.post(path, {"body": "No"}, Idempotency_Key="another-key").status_code == 409
    assert program.post("topics/", draft(space), Idempotency_Key="another-key").status_code == 409


def test_a_key_belongs_to_its_member(member, other_member, space):
    for person in (member, other_member):
        assert (
            Program(person).post("topics/", draft(space), Idempotency_Key="the-same-key").status_code == 201
        )
    assert Topic.objects.count() == 2


@pytest.mark.parametrize("key", ["", "short", "a" * 65, "with space in it", "ümlaut-in-key", "x" * 1_000_000])
def test_a_malformed_key_is_refused(program, space, key):
    answer = program.post("topics/", draft(space), Idempotency_Key=key)
    assert answer.status_code in {400, 422}
    assert not Topic.objects.exists()
    assert not IdempotencyKey.objects.exists()


# --- Cost -------------------------------------------------------------------------------------------------------


def queries_of(program, path):
    program.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert program.get(path).status_code == 200
    return len(captured), " ".join(query["sql"] for query in captured)


def test_lists_cost_the_same_with_2_and_with_20_rows(member, program, space):
    topic = make_topic(space=space, tags=["one"])
    make_post(topic=topic)
    make_topic(space=space, tags=["two"])
    paths = ("spaces/", "topics/?limit=100", f"topics/{topic.pk}/posts/?limit=100", "members/?limit=100")
    few = [queries_of(program, path)[0] for path in paths]
    for number in range(18):
        make_topic(tags=[f"tag {number}", "one"])
        make_post(topic=topic)
    many = [queries_of(program, path) for path in paths]
    assert [count for count, _statements in many] == few
    assert few == [3, 5, 5, 3]
    for _count, statements in many:
        assert "OFFSET" not in statements.upper()
        assert "COUNT(" not in statements.upper()


# --- Together ---------------------------------------------------------------------------------------------------


def together(calls):
    """All at once, each in a thread and connection of its own; the answers in order."""
    answers = [None] * len(calls)
    barrier = Barrier(len(calls))

    def run(place):
        barrier.wait()
        try:
            answers[place] = calls[place]()
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_everything_at_once_leaves_counts_that_are_true():
    asker, room = make_member(), make_space()
    topic = make_topic(space=room, by=asker, kind=TopicKind.QUESTION)
    post = make_post(topic=topic)
    programs = [Program(make_member()) for _number in range(4)]
    asking, moderating = Program(asker), Program(make_member(role=RoleName.MODERATOR))
    answers = together(
        [
            *[lambda p=p: p.post(f"topics/{topic.pk}/posts/", {"body": "Yes"}) for p in programs],
            *[lambda p=p: p.post(f"posts/{post.pk}/thank/") for p in programs],
            *[
                lambda: asking.post("topics/", draft(room, tags=["new"]), Idempotency_Key="same-key")
                for _n in range(3)
            ],
            *[lambda p=p: p.post("topics/", draft(room, tags=["new", "newer"])) for p in programs],
            lambda: asking.post(f"posts/{post.pk}/accept/"),
            lambda: moderating.post(f"posts/{post.pk}/accept/"),
            lambda: moderating.patch(f"topics/{topic.pk}/", {"tags": ["new", "other"]}),
            lambda: asking.patch(f"topics/{topic.pk}/", {"tags": ["other", "new"]}),
        ]
    )
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 201}, [answer.content for answer in answers if answer.status_code > 201]
    topic.refresh_from_db()
    post.refresh_from_db()
    assert sorted(topic.posts.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert (topic.highest_number, topic.post_count) == (6, 6)
    assert post.thanks_count == 4
    assert topic.accepted_post == post
    assert Topic.objects.filter(author=asker).count() == 2
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["new", "newer", "other"]


@pytest.mark.django_db(transaction=True)
def test_of_two_edits_of_one_version_one_wins():
    author = make_member()
    post = make_post(by=author)
    programs = [Program(author) for _number in range(6)]
    answers = together(
        [
            lambda p=p, n=n: p.patch(f"posts/{post.pk}/", {"body": f"Version of {n}", "version": 1})
            for n, p in enumerate(programs)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]


@pytest.mark.django_db(transaction=True)
def test_closing_and_deleting_at_once_is_no_error():
    moderators = [Program(make_member(role=RoleName.MODERATOR)) for _number in range(6)]
    topic = make_topic()
    posts = [make_post(topic=topic) for _number in range(3)]
    answers = together(
        [
            *[lambda p=p: p.post(f"topics/{topic.pk}/close/", {"reason": "Done"}) for p in moderators[:2]],
            *[lambda p=p: p.delete(f"posts/{posts[0].pk}/") for p in moderators],
            *[lambda p=p: p.delete(f"posts/{posts[1].pk}/") for p in moderators[:3]],
        ]
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 403, 404, 409}
    topic.refresh_from_db()
    assert topic.post_count == topic.posts.present().count() == 2
    assert Activity.objects.filter(verb=Verb.POST_DELETED).count() == 2
