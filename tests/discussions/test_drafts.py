"""Drafts: kept while somebody types, never overwritten by another window, gone when sent, there again after sign-in."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Invalid
from community.core.text import Prose, SourceFormat
from discussions.actions.draft import (
    MOST_DRAFTS,
    DraftConflict,
    drop_draft,
    forget_drafts,
    save_draft,
)
from discussions.actions.message import send_message
from discussions.models import Conversation, Draft, Post, Topic
from discussions.queries.writing import draft_rows
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

JSON = {"headers": {"accept": "application/json"}}


def keep(browser, key, body, sequence=0, writer="", **more):
    sent = {"draft_key": key, "body": body, "draft_sequence": sequence, "draft_writer": writer, **more}
    return browser.post(reverse("draft_keep"), sent, **JSON)


# --- the action ---------------------------------------------------------------------------------------------------


def test_each_save_counts_on(member):
    first = save_draft("reply:7", {"body": "One"}, 0, by=member)
    assert (first.sequence, first.words) == (1, {"body": "One"})
    second = save_draft("reply:7", {"body": "One two"}, 1, by=member)
    assert (second.pk, second.sequence) == (first.pk, 2)


def test_another_window_overwrites_nothing(member):
    save_draft("reply:7", {"body": "Mine"}, 0, by=member, writer="a")
    with pytest.raises(DraftConflict) as caught:
        save_draft("reply:7", {"body": "Theirs"}, 0, by=member, writer="b")
    assert caught.value.draft.words == {"body": "Mine"}
    assert Draft.objects.get().words == {"body": "Mine"}


def test_a_window_is_never_in_conflict_with_itself(member):
    save_draft("reply:7", {"body": "One"}, 0, by=member, writer="a")
    # The answer to the first was lost on the way.
    assert save_draft("reply:7", {"body": "One two"}, 0, by=member, writer="a").sequence == 2
    assert save_draft("reply:7", {"body": "One two"}, 0, by=member, writer="b").sequence == 2, (
        "the same words"
    )


def test_nothing_left_keeps_nothing(member):
    assert save_draft("reply:7", {"body": "  ", "body_format": "html"}, 0, by=member) is None
    save_draft("reply:7", {"body": "One"}, 0, by=member)
    assert save_draft("reply:7", {"body": ""}, 1, by=member) is None
    assert not Draft.objects.exists()


def test_a_draft_is_one_member_s(member, other_member):
    save_draft("reply:7", {"body": "Mine"}, 0, by=member)
    assert save_draft("reply:7", {"body": "Other"}, 0, by=other_member).sequence == 1
    assert drop_draft("reply:7", by=other_member)
    assert not drop_draft("reply:7", by=other_member)
    assert Draft.objects.get().member == member


@pytest.mark.parametrize(
    "key", ["", "reply", "reply:", "reply:7:8:9", "../etc", "reply:7\n", "x" * 200, "Reply:7"]
)
def test_a_key_that_is_none_of_ours_is_refused(member, key):
    if key == "reply:":
        key = "reply:/"
    with pytest.raises(Invalid):
        save_draft(key, {"body": "One"}, 0, by=member)


def test_what_no_form_sends_is_refused(member):
    for words in ({"BODY": "x"}, {"body": "x" * 150_001}, {f"f{chr(97 + n)}": "x" for n in range(21)}):
        with pytest.raises(Invalid):
            save_draft("reply:7", words, 0, by=member)
    # Too long for a post, and kept all the same.
    assert save_draft("reply:7", {"body": "x" * 60_000}, 0, by=member) is not None


def test_so_many_and_no_more(member):
    now = timezone.now()
    Draft.objects.bulk_create(
        Draft(member=member, key=f"reply:{n}", words={"body": "x"}, updated_at=now)
        for n in range(MOST_DRAFTS)
    )
    with pytest.raises(Invalid, match="200 drafts"):
        save_draft("reply:9999", {"body": "One"}, 0, by=member)
    assert save_draft("reply:1", {"body": "Changed"}, 1, by=member).sequence == 2


def test_a_draft_goes_after_ninety_days(member, time_machine):
    save_draft("reply:7", {"body": "One"}, 0, by=member)
    time_machine.move_to(timezone.now() + timedelta(days=89))
    assert forget_drafts() == 0
    time_machine.move_to(timezone.now() + timedelta(days=2))
    assert forget_drafts() == 1


# --- the pages ----------------------------------------------------------------------------------------------------


def test_the_script_keeps_and_is_told(web, member):
    topic = make_topic(by=member)
    answer = keep(web, f"reply:{topic.pk}", "Half a thought", writer="w")
    assert (answer.status_code, answer.json()["sequence"]) == (200, 1)
    assert "notifies" in answer.json()["advice"]
    assert "Half a thought" in web.get(topic.get_absolute_url()).content.decode()


def test_without_script_a_button_keeps_and_comes_back(web):
    topic = make_topic()
    answer = web.post(
        reverse("draft_keep"),
        {"draft_key": f"reply:{topic.pk}", "draft_sequence": "0", "body": "Half a thought"},
        follow=True,
    )
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"{topic.get_absolute_url()}#write", 302)]
    assert "Your words are kept" in page
    assert "Half a thought" in page
    assert "Your draft, kept just now." in page


def test_two_windows_get_both_texts(web, member):
    topic = make_topic()
    keep(web, f"reply:{topic.pk}", "From the first", writer="a")
    answer = keep(web, f"reply:{topic.pk}", "From the second", writer="b")
    assert answer.status_code == 409
    assert answer.json()["words"]["body"] == "From the first"
    plain = web.post(
        reverse("draft_keep"),
        {"draft_key": f"reply:{topic.pk}", "draft_sequence": "0", "body": "From the second"},
    )
    assert plain.status_code == 409
    page = plain.content.decode()
    assert "From the first" in page
    assert "From the second" in page
    assert Draft.objects.get().words["body"] == "From the first"


def test_a_draft_is_dropped_when_it_is_sent(web, member):
    topic = make_topic()
    key = f"reply:{topic.pk}"
    keep(web, key, "Done", writer="a")
    web.post(reverse("post_create", args=[topic.pk]), {"body": "Done.", "draft_sequence": "1"})
    assert Post.objects.filter(topic=topic, number=2).exists()
    assert not Draft.objects.exists()


def test_what_another_window_wrote_stays_when_this_one_is_sent(web):
    topic = make_topic()
    key = f"reply:{topic.pk}"
    keep(web, key, "Long words of the other window", writer="a")
    web.post(reverse("post_create", args=[topic.pk]), {"body": "Short.", "draft_sequence": "0"})
    assert Draft.objects.get().words["body"] == "Long words of the other window"


def test_what_is_refused_leaves_the_draft(web):
    topic = make_topic()
    keep(web, f"reply:{topic.pk}", "Words", writer="a")
    answer = web.post(reverse("post_create", args=[topic.pk]), {"body": "x" * 50_001, "draft_sequence": "1"})
    assert answer.status_code == 422
    assert Draft.objects.count() == 1


def test_a_new_topic_comes_back_whole(web):
    space = make_space()
    keep(
        web,
        f"topic:new:{space.slug}",
        "The **body**",
        title="A title",
        kind="question",
        tags="one",
        space=space.slug,
    )
    page = web.get(f"{reverse('topic_create')}?space={space.slug}").content.decode()
    assert 'value="A title"' in page
    assert "The **body**" in page
    answer = web.post(
        f"{reverse('topic_create')}?space={space.slug}",
        {"space": space.slug, "kind": "question", "title": "A title", "body": "B", "draft_sequence": "1"},
    )
    assert answer.status_code == 302
    assert Topic.objects.filter(title="A title").exists()
    assert not Draft.objects.exists()


def test_an_edit_in_two_windows_shows_what_it_would_change(web, member):
    post = make_post(by=member, body="One two three")
    address = reverse("post_edit", args=[post.pk])
    assert web.post(address, {"body": "One TWO three", "version": "1"}).status_code == 302
    answer = web.post(address, {"body": "One two four", "version": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "One two four" in page, "what was typed is there"
    assert "<del>" in page
    assert "TWO" in page
    assert 'name="version" value="2"' in page
    assert web.post(address, {"body": "One two four", "version": "2"}).status_code == 302


def test_the_list_names_only_what_one_may_see(web, member):
    hidden = make_topic(space=make_space(preset="private"), title="zqhiddenqz")
    shown = make_topic(title="Shown")
    for topic in (hidden, shown):
        save_draft(f"reply:{topic.pk}", {"body": "Words"}, 0, by=member)
    save_draft("topic:new:", {"title": "Mine", "body": "**x**"}, 0, by=member)
    page = web.get(reverse("draft_list")).content.decode()
    assert "zqhiddenqz" not in page
    assert "Shown" in page
    assert "Mine" in page
    assert web.post(reverse("draft_drop"), {"draft_key": "topic:new:"}).status_code == 302
    assert Draft.objects.count() == 2


def test_the_list_asks_as_often_for_many(member, django_assert_max_num_queries):
    for _number in range(4):
        save_draft(f"reply:{make_topic().pk}", {"body": "Words"}, 0, by=member)
    member.is_admitted  # noqa: B018 - roles are loaded with a request
    list(draft_rows(member))
    with django_assert_max_num_queries(3):
        draft_rows(member)


# --- signed out ---------------------------------------------------------------------------------------------------


def test_words_sent_while_signed_out_come_back_after_sign_in(client, member):
    topic = make_topic()
    sent = {"body": "Typed for an hour", "draft_key": f"reply:{topic.pk}", "typed_by": str(member.pk)}
    answer = client.post(reverse("post_create", args=[topic.pk]), sent)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next={topic.get_absolute_url()}"
    client.force_login(member)
    page = client.get(topic.get_absolute_url()).content.decode()
    assert "Typed for an hour" in page
    assert Draft.objects.get().member == member


def test_words_of_one_member_are_nobody_else_s(client, member, other_member):
    topic = make_topic()
    sent = {"body": "Typed", "draft_key": f"reply:{topic.pk}", "typed_by": str(member.pk)}
    client.post(reverse("post_create", args=[topic.pk]), sent)
    client.force_login(other_member)
    assert "Typed" not in client.get(topic.get_absolute_url()).content.decode()
    assert not Draft.objects.exists()


def test_both_are_kept_where_another_window_was_quicker(client, member):
    topic = make_topic()
    key = f"reply:{topic.pk}"
    save_draft(key, {"body": "First"}, 0, by=member, writer="a")
    client.post(
        reverse("post_create", args=[topic.pk]),
        {"body": "Second", "draft_key": key, "typed_by": str(member.pk), "draft_sequence": "0"},
    )
    client.force_login(member)
    client.get("/")
    assert Draft.objects.get().words["body"] == "First\n\nSecond"


def test_a_stranger_fills_no_sessions(client, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"keep_words": "1/h/ip"}
    sent = {"body": "Typed", "draft_key": "reply:1", "typed_by": "1"}
    client.post(reverse("post_create", args=[1]), sent)
    assert "typed" in client.session
    client.cookies.clear()
    client.post(reverse("post_create", args=[1]), sent)
    assert "typed" not in client.session


def test_a_draft_is_no_way_to_look_into_a_room(web):
    hidden = make_topic(
        space=make_space(preset="private"), by=make_member("Ann Insider", role="manager"), title="zqq"
    )
    answer = keep(web, f"reply:{hidden.pk}", "Words @ann")
    assert answer.json()["advice"].strip() == ""
    assert web.get(reverse("mention_list"), {"key": f"reply:{hidden.pk}", "q": "ann"}).json() == {
        "people": []
    }


# --- messages -----------------------------------------------------------------------------------------------------


def test_a_message_is_kept_and_dropped_like_a_reply(web, member):
    other = make_member("Ann Lee", handle="ann-lee")
    keep(web, "message:new", "Dear Ann", to="ann-lee")
    page = web.get(reverse("conversation_create")).content.decode()
    assert "Dear Ann" in page
    assert 'value="ann-lee"' in page
    sent = {"to": "ann-lee", "body": "Dear Ann", "draft_sequence": "1"}
    answer = web.post(reverse("conversation_create"), sent)
    assert answer.status_code == 302
    assert not Draft.objects.exists()
    conversation = Conversation.objects.get()
    send_message(conversation, by=other, prose=Prose("Yes", SourceFormat.MARKDOWN))
    key = f"message:{conversation.pk}"
    keep(web, key, "And one more thing")
    assert "And one more thing" in web.get(answer["Location"]).content.decode()
    assert "A message" in web.get(reverse("draft_list")).content.decode()
