"""The pages of the conversation: status, fragment, and one sentence a reader sees."""

import uuid

import pytest
from django.urls import reverse

from community.core.text import Prose, SourceFormat
from discussions.actions.post import create_post, delete_post
from discussions.actions.topic import close_topic
from discussions.models import Follow, Post, ReadState, SpacePreset, Topic, TopicKind
from tests.factories import make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def space(manager):
    return make_space(name="Pricing")


@pytest.fixture
def topic(space, member):
    return make_topic(space=space, by=member, title="Pricing pilots")


def fill(topic, by, count):
    for number in range(count):
        make_post(topic=topic, by=by, body=f"Reply {number}")


def test_home_shows_what_moved_and_why(web, member, other_member, topic):
    Follow.objects.create(
        member=member, topic=topic, level="everything", reason="started", created_at=topic.created_at
    )
    make_post(topic=topic, by=other_member)
    response = web.get(reverse("home"))
    assert response.status_code == 200
    assert b"1 new" in response.content
    assert b"because you started this" in response.content


def test_home_of_an_empty_community_offers_the_first_step(web):
    response = web.get(reverse("home"))
    assert b"Nothing has been written yet" in response.content
    assert reverse("topic_create").encode() in response.content


def test_space_list_names_visible_spaces_only(web, space):
    make_space(name="Boardroom", preset=SpacePreset.PRIVATE)
    response = web.get(reverse("space_list"))
    assert b"Pricing" in response.content
    assert b"Boardroom" not in response.content


def test_space_show_puts_pinned_topics_on_top(web, space, member, topic):
    newer = make_topic(space=space, by=member, title="Newer than the pin")
    Topic.objects.filter(pk=topic.pk).update(pinned_at=topic.created_at)
    html = web.get(reverse("space_show", args=[space.slug])).content.decode()
    assert html.index("Pricing pilots") < html.index(newer.title)


def test_space_show_of_an_invisible_space_is_not_there(web):
    hidden = make_space(name="Hidden", preset=SpacePreset.HIDDEN)
    assert web.get(reverse("space_show", args=[hidden.slug])).status_code == 404


def test_space_show_pages_by_key_without_loss_or_double(web, space, member):
    for number in range(65):
        make_topic(space=space, by=member, title=f"Numbered {number:03}")
    seen: list[str] = []
    url = reverse("space_show", args=[space.slug])
    while url:
        response = web.get(url)
        seen += [row.title for row in response.context["topics"]]
        url = response.context["older_url"]
    assert sorted(seen) == [f"Numbered {number:03}" for number in range(65)]


def test_topic_show_opens_at_the_first_unread_and_marks_it_read(client_as, member, other_member, topic):
    reader = client_as(other_member)
    reader.get(reverse("topic_show", args=[topic.pk]))
    assert ReadState.objects.get(member=other_member, topic=topic).last_read_number == 1
    fill(topic, member, 44)
    response = reader.get(reverse("topic_show", args=[topic.pk]))
    assert b"New since your visit" in response.content
    assert [row.number for row in response.context["posts"]][0] == 1
    assert ReadState.objects.get(member=other_member, topic=topic).last_read_number == 20
    response = reader.get(reverse("topic_show", args=[topic.pk]))
    assert [row.number for row in response.context["posts"]][0] == 21
    reader.get(reverse("topic_show", args=[topic.pk]) + "?page=3")
    assert ReadState.objects.get(member=other_member, topic=topic).last_read_number == 45


def test_reading_an_earlier_page_again_takes_nothing_back(web, member, topic):
    fill(topic, member, 30)
    url = reverse("topic_show", args=[topic.pk])
    web.get(url + "?page=2")
    web.get(url + "?page=1")
    assert ReadState.objects.get(member=member, topic=topic).last_read_number == 31


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "1e3", ""])
def test_topic_show_takes_any_page_number(web, topic, page):
    assert web.get(reverse("topic_show", args=[topic.pk]), {"page": page}).status_code == 200


def test_a_deleted_post_leaves_its_number_and_nothing_else(web, member, other_member, topic):
    post = make_post(topic=topic, by=member, body="A word to be forgotten")
    make_post(topic=topic, by=other_member)
    delete_post(post, by=member)
    response = web.get(reverse("topic_show", args=[topic.pk]))
    assert b"Post 2 was deleted." in response.content
    assert b"to be forgotten" not in response.content
    assert [row.number for row in response.context["posts"]] == [1, 2, 3]


def test_post_create_comes_back_to_the_reply(web, topic):
    response = web.post(reverse("post_create", args=[topic.pk]), {"body": "A **bold** reply"})
    assert response.status_code == 302
    assert response["Location"].endswith("?page=1#post-2")
    assert Post.objects.get(topic=topic, number=2).html == "<p>A <strong>bold</strong> reply</p>\n"


def test_post_create_with_the_same_key_makes_one_reply(web, topic):
    data = {"body": "Once", "idempotency_key": uuid.uuid4().hex}
    first = web.post(reverse("post_create", args=[topic.pk]), data)
    second = web.post(reverse("post_create", args=[topic.pk]), data)
    assert first["Location"] == second["Location"]
    assert topic.posts.count() == 2


def test_an_empty_reply_comes_back_with_a_sentence(web, topic):
    response = web.post(reverse("post_create", args=[topic.pk]), {"body": "  \n "})
    assert response.status_code == 422
    assert b"There is nothing here yet." in response.content


def test_a_reply_that_is_too_long_keeps_every_word(web, topic):
    body = "word " * 11_000
    response = web.post(reverse("post_create", args=[topic.pk]), {"body": body})
    assert response.status_code == 422
    assert b"50,000 are the most" in response.content
    assert body.strip().encode() in response.content


def test_a_reply_to_a_closed_topic_is_refused_in_words(web, moderator, topic):
    close_topic(topic, by=moderator, reason="Settled")
    response = web.post(reverse("post_create", args=[topic.pk]), {"body": "Late"})
    assert response.status_code == 403
    assert b"This topic is closed (Settled)" in response.content


def test_reply_to_names_the_post_that_is_answered(web, other_member, topic):
    make_post(topic=topic, by=other_member)
    web.post(reverse("post_create", args=[topic.pk]), {"body": "To you", "reply_to": "2"})
    assert Post.objects.get(topic=topic, number=3).reply_to.number == 2
    response = web.get(reverse("topic_show", args=[topic.pk]))
    assert b"In reply to" in response.content


def test_reply_to_a_number_that_is_not_there_is_not_found(web, topic):
    response = web.post(reverse("post_create", args=[topic.pk]), {"body": "To whom", "reply_to": "7"})
    assert response.status_code == 404


def test_topic_create_in_the_space_of_the_address(web, space):
    url = reverse("topic_create") + f"?space={space.slug}"
    assert b"All members can read this." in web.get(url).content
    response = web.post(
        url,
        {
            "space": space.slug,
            "kind": "question",
            "title": "How do you price?",
            "body": "Tell me.",
            "tags": "pilots, Pilots, B2B",
        },
    )
    topic = Topic.objects.get()
    assert response["Location"] == topic.get_absolute_url()
    assert (topic.kind, topic.highest_number) == (TopicKind.QUESTION, 1)
    assert sorted(topic.tags.names()) == ["B2B", "pilots"]


def test_topic_create_keeps_what_was_typed_when_the_title_is_missing(web, space):
    response = web.post(
        reverse("topic_create"),
        {"space": space.slug, "kind": "discussion", "title": " ", "body": "Kept words"},
    )
    assert response.status_code == 422
    assert b"Kept words" in response.content


def test_topic_create_offers_no_space_that_may_not_be_written_in(web, space):
    make_space(name="Announcements", preset=SpacePreset.READ_ONLY)
    response = web.get(reverse("topic_create"))
    assert b">Announcements</option>" not in response.content
    assert b">Pricing</option>" in response.content


def test_topic_create_in_an_invisible_space_is_no_choice(web):
    hidden = make_space(name="Hidden", preset=SpacePreset.HIDDEN)
    response = web.post(
        reverse("topic_create"), {"space": hidden.slug, "kind": "discussion", "title": "In", "body": "x"}
    )
    assert response.status_code == 422
    assert not Topic.objects.exists()


def test_topic_edit_by_somebody_else_is_refused(client_as, other_member, topic):
    response = client_as(other_member).get(reverse("topic_edit", args=[topic.pk]))
    assert response.status_code == 403
    assert b"The author and the moderators can change this title" in response.content


def test_topic_edit_keeps_the_old_title_in_the_history(web, topic):
    web.post(reverse("topic_edit", args=[topic.pk]), {"title": "Pricing pilots, again", "tags": ""})
    first = Post.objects.get(topic=topic, number=1)
    response = web.get(reverse("post_history", args=[first.pk]))
    assert b"Pricing pilots, again" in response.content
    assert b"<del>" in response.content


def test_thank_answers_htmx_with_the_one_post(web, other_member, topic):
    post = make_post(topic=topic, by=other_member)
    response = web.post(reverse("post_thank", args=[post.pk]), headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b"1 thanks" in response.content
    assert b"<html" not in response.content
    response = web.post(reverse("post_unthank", args=[post.pk]))
    assert response.status_code == 302
    assert Post.objects.get(pk=post.pk).thanks_count == 0


def test_thanking_oneself_is_refused_as_a_fragment(web, member, topic):
    post = make_post(topic=topic, by=member)
    response = web.post(reverse("post_thank", args=[post.pk]), headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert b"Thanks go to somebody else" in response.content
    assert b"<html" not in response.content


def test_accepting_an_answer_shows_on_the_page(web, member, other_member, space):
    question = make_topic(space=space, by=member, kind=TopicKind.QUESTION)
    answer = make_post(topic=question, by=other_member)
    web.post(reverse("answer_accept", args=[answer.pk]))
    response = web.get(reverse("topic_show", args=[question.pk]))
    assert b"Accepted answer" in response.content
    web.post(reverse("answer_unaccept", args=[answer.pk]))
    assert Topic.objects.get(pk=question.pk).accepted_post is None


def test_post_edit_meanwhile_saved_by_somebody_else_keeps_both(client_as, member, moderator, topic):
    post = make_post(topic=topic, by=member, body="First words")
    author, other = client_as(member), client_as(moderator)
    url = reverse("post_edit", args=[post.pk])
    assert author.post(url, {"body": "Words of the author", "version": "1"}).status_code == 302
    response = other.post(url, {"body": "Words of the moderator", "version": "1"})
    assert response.status_code == 409
    assert b"Somebody saved this post while you were writing" in response.content
    assert b"Words of the moderator" in response.content
    assert Post.objects.get(pk=post.pk).source == "Words of the author"


def test_follow_levels_are_set_and_taken_back(web, member, topic):
    url = reverse("topic_follow", args=[topic.pk])
    web.post(url, {"level": "mute"})
    assert Follow.objects.get(member=member, topic=topic).level == "mute"
    web.post(url, {"level": "mute"})
    assert not Follow.objects.filter(member=member, topic=topic).exists()
    assert web.post(url, {"level": "loud"}).status_code == 422


def test_tag_show_lists_topics_and_hides_tags_of_hidden_ones(web, space, member, manager):
    make_topic(space=space, by=member, title="Seen", tags=["pilots"])
    hidden = make_space(name="Hidden", preset=SpacePreset.HIDDEN, members=[manager])
    make_topic(space=hidden, by=manager, title="Unseen", tags=["pilots", "codename"])
    response = web.get(reverse("tag_show", args=["pilots"]))
    assert b"Seen" in response.content
    assert b"Unseen" not in response.content
    assert web.get(reverse("tag_show", args=["codename"])).status_code == 404


def test_post_show_leads_to_the_place_in_the_topic(web, member, topic):
    fill(topic, member, 30)
    post = Post.objects.get(topic=topic, number=27)
    assert web.get(reverse("post_show", args=[post.pk]))["Location"] == f"/topics/{topic.pk}/?page=2#post-27"


def test_member_posts_show_only_what_the_reader_may_read(web, member, other_member, space, manager):
    topic = make_topic(space=space, by=other_member, title="Open words")
    hidden = make_space(name="Hidden", preset=SpacePreset.HIDDEN, members=[other_member])
    create_post(
        make_topic(space=hidden, by=other_member, title="Closed words"),
        by=other_member,
        prose=Prose("Secret", SourceFormat.MARKDOWN),
    )
    response = web.get(reverse("member_posts", args=[other_member.handle]))
    assert topic.title.encode() in response.content
    assert b"Closed words" not in response.content
