"""Spaces, topics, posts and tags in the admin: only what one sees, and every act through its action."""

import pytest

from community.core.models import Activity
from community.core.verbs import Verb
from discussions.actions.post import delete_post
from discussions.actions.topic import close_topic
from discussions.models import Space, SpaceMembership, Tag
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

SPACES = "/admin/discussions/space/"
LISTED = "/admin/discussions/spacemembership/"
TOPICS = "/admin/discussions/topic/"
POSTS = "/admin/discussions/post/"
TAGS = "/admin/discussions/tag/"
SECRET = "Quarterly layoffs"


def act(client, path, action, *rows, **words):
    return client.post(path, {"action": action, "_selected_action": [row.pk for row in rows], **words})


def latest() -> Activity:
    activity = Activity.objects.order_by("id").last()
    assert activity is not None
    return activity


# --- who sees what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "open_to_them"),
    [
        ("moderator", {TOPICS, POSTS, TAGS}),
        ("manager", {SPACES, LISTED, TOPICS, POSTS, TAGS}),
        ("administrator", {SPACES, LISTED}),
        ("steward", set()),
        ("executive", set()),
        ("member", set()),
    ],
)
def test_each_role_opens_its_own_lists(sign_in, role, open_to_them):
    client = sign_in(role)
    answers = {path: client.get(path).status_code for path in (SPACES, LISTED, TOPICS, POSTS, TAGS)}
    assert {path for path, status in answers.items() if status == 200} == open_to_them
    assert set(answers.values()) <= {200, 302, 403}


@pytest.mark.parametrize("role", ["moderator", "manager", "administrator"])
def test_a_confidential_room_is_not_there_for_staff_who_are_not_listed(sign_in, role):
    space = make_space(SECRET, preset="confidential")
    topic = make_topic(space=space, title=SECRET)
    reply = make_post(topic=topic)
    client = sign_in(role)
    lists = [
        "/admin/", SPACES, LISTED, TOPICS, POSTS, TAGS, "/admin/core/activity/", f"{SPACES}?q=quarterly",
        f"{TOPICS}?q=quarterly", f"{POSTS}?space={space.pk}", f"{LISTED}add/",
    ]  # fmt: skip
    for path in lists:
        assert SECRET not in client.get(path).content.decode(), path
    for path in (
        f"{SPACES}{space.pk}/change/",
        f"{TOPICS}{topic.pk}/change/",
        f"{POSTS}{reply.pk}/change/",
        f"{TOPICS}{topic.pk}/history/",
    ):
        assert client.get(path).status_code in {403, 404}, path
    act(client, POSTS, "delete", reply, confirmed=1)
    act(client, TOPICS, "close", topic, confirmed=1, reason="because")
    reply.refresh_from_db()
    topic.refresh_from_db()
    assert reply.deleted_at is None
    assert topic.closed_at is None


def test_nobody_is_listed_in_a_room_that_one_does_not_see(client_as, manager, member):
    space = make_space(SECRET, preset="confidential")
    client_as(manager).post(f"{LISTED}add/", {"space": space.pk, "member": member.pk})
    assert not SpaceMembership.objects.filter(space=space, member=member).exists()


# --- spaces -----------------------------------------------------------------------------------------------------

FIELDS = {"name": "Pricing", "purpose": "How we set prices", "preset": "private", "topic_kinds": ["question"]}


def test_a_space_is_opened_by_the_action(client_as, manager):
    assert client_as(manager).post(f"{SPACES}add/", FIELDS)["Location"] == SPACES
    space = Space.objects.get(name="Pricing")
    assert (space.slug, space.preset, space.topic_kinds) == ("pricing", "private", ["question"])
    assert space.memberships.get().member_id == manager.pk
    assert latest().verb == Verb.SPACE_CREATED


def test_a_space_is_changed_by_the_action(client_as, manager):
    space = make_space("Prices", members=[manager])
    client_as(manager).post(f"{SPACES}{space.pk}/change/", FIELDS)
    space.refresh_from_db()
    assert (space.name, space.preset) == ("Pricing", "private")
    activity = latest()
    assert activity.verb == Verb.SPACE_EDITED
    assert set(activity.data["fields"]) == {"name", "purpose", "preset", "topic_kinds"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "\u200b"}, "Say in a few words what belongs here."),
        ({"topic_kinds": []}, "This field is required."),
        ({"preset": "public"}, "Select a valid choice."),
        ({"name": "taken"}, "There is a space with this address already."),
    ],
)
def test_a_refused_space_is_said_and_nothing_typed_is_lost(client_as, manager, change, sentence):
    make_space("Taken", slug="taken")
    response = client_as(manager).post(f"{SPACES}add/", {**FIELDS, **change})
    page = response.content.decode()
    assert sentence in page
    assert 'value="How we set prices"' in page
    assert Space.objects.count() == 1


def test_people_are_listed_and_taken_off_by_actions(client_as, manager, member):
    space = make_space("Circle", preset="private", members=[manager])
    client = client_as(manager)
    client.post(f"{LISTED}add/", {"space": space.pk, "member": member.pk})
    row = SpaceMembership.objects.get(space=space, member=member)
    assert row.added_by_id == manager.pk
    assert latest().verb == Verb.SPACE_MEMBER_ADDED
    act(client, LISTED, "take_off", row, confirmed=1)
    assert not SpaceMembership.objects.filter(pk=row.pk).exists()
    assert latest().verb == Verb.SPACE_MEMBER_REMOVED


def test_people_to_list_are_found_by_name(client_as, manager, member):
    answer = client_as(manager).get(
        "/admin/autocomplete/",
        {"term": "mira", "app_label": "discussions", "model_name": "spacemembership", "field_name": "member"},
    )
    assert [row["text"] for row in answer.json()["results"]] == ["Mira Member"]


# --- topics -----------------------------------------------------------------------------------------------------


def test_a_topic_is_closed_with_a_reason_and_opened_again(client_as, moderator):
    topic = make_topic()
    client = client_as(moderator)
    page = client.get(f"{TOPICS}{topic.pk}/change/").content.decode()
    assert 'value="close"' in page
    assert 'value="reopen"' not in page
    assert "This field is required" in act(client, TOPICS, "close", topic, confirmed=1).content.decode()
    act(client, TOPICS, "close", topic, reason="answered elsewhere", confirmed=1)
    topic.refresh_from_db()
    assert (topic.closed_by_id, topic.close_reason) == (moderator.pk, "answered elsewhere")
    act(client, TOPICS, "reopen", topic, confirmed=1)
    topic.refresh_from_db()
    assert topic.closed_at is None


def test_of_several_topics_only_the_refused_stay_chosen(client_as, moderator):
    closed, open_one = make_topic(), make_topic()
    close_topic(closed, by=moderator, reason="done")
    response = act(client_as(moderator), TOPICS, "close", closed, open_one, reason="tidying up", confirmed=1)
    page = response.content.decode()
    assert "This topic is closed already." in page
    assert "Done for 1." in page
    assert 'value="tidying up"' in page
    assert f'name="_selected_action" value="{open_one.pk}"' not in page


def test_topics_are_found_by_words_and_by_author(client_as, moderator):
    author = make_member("Wilma Writer", handle="wilma")
    wanted, other = make_topic(by=author, title="Anchoring in tenders"), make_topic(title="Something else")
    client = client_as(moderator)
    for words in ("tender", "@wilma", "@Wilma"):
        page = client.get(TOPICS, {"q": words}).content.decode()
        assert wanted.title in page
        assert other.title not in page


def test_posts_are_found_by_author(client_as, moderator):
    author = make_member("Wilma Writer", handle="wilma")
    wanted, other = make_post(by=author), make_post()
    page = client_as(moderator).get(POSTS, {"q": "@wilma"}).content.decode()
    assert f"/{wanted.pk}/change/" in page
    assert f"/{other.pk}/change/" not in page
    assert "/change/" not in client_as(moderator).get(POSTS, {"q": "@nobody"}).content.decode()


def test_chosen_rows_only_never_all_that_match(client_as, moderator):
    topics = [make_topic() for _number in range(3)]
    act(client_as(moderator), TOPICS, "close", topics[0], reason="x", confirmed=1, select_across=1)
    for topic in topics:
        topic.refresh_from_db()
    assert [topic.closed_at is not None for topic in topics] == [True, False, False]


# --- posts ------------------------------------------------------------------------------------------------------


def test_a_post_is_deleted_and_brought_back(client_as, moderator):
    post = make_post(body="Words to be looked at")
    client = client_as(moderator)
    page = client.get(f"{POSTS}{post.pk}/change/").content.decode()
    assert "Words to be looked at" in page
    assert 'value="delete"' in page
    act(client, POSTS, "delete", post, confirmed=1)
    post.refresh_from_db()
    assert post.deleted_by_id == moderator.pk
    assert f"/{post.pk}/change/" in client.get(f"{POSTS}?state=deleted").content.decode()
    act(client, POSTS, "restore", post, confirmed=1)
    post.refresh_from_db()
    assert post.deleted_at is None


def test_the_first_post_stays(client_as, moderator):
    first = make_topic().posts.get()
    client = client_as(moderator)
    assert 'value="delete"' not in client.get(f"{POSTS}{first.pk}/change/").content.decode()
    response = act(client, POSTS, "delete", first, confirmed=1)
    assert "A moderator can close the topic instead." in response.content.decode()


def test_posts_are_deleted_one_by_one(client_as, moderator):
    posts = [make_post(), make_post()]
    client = client_as(moderator)
    assert '<option value="delete"' not in client.get(POSTS).content.decode()
    act(client, POSTS, "delete", *posts, confirmed=1)
    for post in posts:
        post.refresh_from_db()
        assert post.deleted_at is None


def test_words_are_read_and_never_changed(client_as, manager):
    post = make_post(body="As it was written")
    client = client_as(manager)
    page = client.get(f"{POSTS}{post.pk}/change/").content.decode()
    assert "<textarea" not in page
    assert client.post(f"{POSTS}{post.pk}/change/", {"source": "As I like it"}).status_code == 403
    assert client.post(f"{POSTS}{post.pk}/delete/", {"post": "yes"}).status_code == 403
    post.refresh_from_db()
    assert post.source == "As it was written"


@pytest.mark.parametrize("path", [SPACES, LISTED, TOPICS, POSTS, TAGS])
def test_a_list_costs_the_same_for_two_rows_and_for_twenty(
    client_as, manager, path, django_assert_max_num_queries
):
    def grow(count):
        for _number in range(count):
            space = make_space(preset="private", members=[manager])
            make_post(topic=make_topic(space=space, tags=[f"tag {_number} {count}"]))

    client = client_as(manager)
    grow(2)
    with django_assert_max_num_queries(12) as few:
        assert client.get(path).status_code == 200
    grow(18)
    with django_assert_max_num_queries(12) as many:
        assert client.get(path).status_code == 200
    assert len(few.captured_queries) == len(many.captured_queries)


def test_no_list_counts_its_table(client_as, manager, monkeypatch):
    """A list says "more than" and goes on by id."""
    monkeypatch.setattr("community.core.admin.COUNTED_ROWS", 60)
    topic = make_topic()
    posts = [make_post(topic=topic) for _number in range(70)]
    client = client_as(manager)
    page = client.get(f"{POSTS}?p=2").content.decode()
    assert "more than 60" in page
    # Newest first: the last of the sixty that are counted is the eleventh reply from the beginning.
    older = f"?id__lt={posts[10].pk}"
    assert f'href="{older}"' in page
    assert f"/{posts[9].pk}/change/" in client.get(POSTS + older).content.decode()


# --- tags -------------------------------------------------------------------------------------------------------


def test_a_tag_is_described_by_the_action_and_keeps_its_name(client_as, moderator):
    make_topic(tags=["pricing"])
    tag = Tag.objects.get()
    client_as(moderator).post(
        f"{TAGS}{tag.pk}/change/", {"description": "What things cost", "name": "prices"}
    )
    tag.refresh_from_db()
    assert (tag.name, tag.description) == ("pricing", "What things cost")
    assert latest().verb == Verb.TAG_EDITED


def test_deleted_posts_of_a_deleted_room_do_not_come_back(client_as, moderator):
    post = make_post()
    delete_post(post, by=moderator)
    assert f"/{post.pk}/change/" not in client_as(moderator).get(f"{POSTS}?state=present").content.decode()
