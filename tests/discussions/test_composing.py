"""Beside the writer: names, whom it reaches, what was said before; quotations; what was deleted; what edits changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Refused
from community.core.models import Activity
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions.actions.follow import follow
from discussions.actions.maintenance import render_old_posts
from discussions.actions.post import accept_answer, create_post, delete_post, edit_post, restore_post
from discussions.mentions import link_mentions, mentioned_handles
from discussions.models import FollowLevel, FollowReason, Mention, Post, forget_visible_spaces
from discussions.queries.writing import advice, bin_rows, joined, mention_rows, similar_topics
from members.actions.tie import block_member, mute_member
from members.models import Member
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def prose(source):
    return Prose(source, SourceFormat.MARKDOWN)


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "handles"),
    [
        ("<p>Hi @ann, and @Bob.</p>", ["ann", "bob"]),
        ("<p>@ann @ann (@c.d-e_f)</p>", ["ann", "c.d-e_f"]),
        ("<p>ann@example.org /@ann @@ann</p>", []),
        ('<p><code>@ann</code> <a href="/x/">@bob</a></p><pre>@cee</pre>', []),
        ('<p>@ann<a href="/@bob/">x</a> @cee</p>', ["ann", "cee"]),
        ("<p>@" + "a" * 41 + "</p>", []),
    ],
)
def test_what_names_somebody(html, handles):
    assert mentioned_handles(html) == handles


def test_names_become_links_once():
    html = link_mentions("<p>@ann @nobody @Ann <code>@ann</code></p>", ["ann"])
    assert html == (
        '<p><a href="/members/ann/">@ann</a> @nobody <a href="/members/ann/">@Ann</a> <code>@ann</code></p>'
    )
    assert link_mentions(html, ["ann"]) == html


def test_who_is_named_is_kept_and_told(member):
    ann = make_member("Ann", handle="ann-lee")
    post = make_post(by=member, body="What do you think, @ann-lee?")
    assert list(Mention.objects.values_list("post", "member")) == [(post.pk, ann.pk)]
    assert '<a href="/members/ann-lee/">@ann-lee</a>' in post.html
    assert Activity.objects.get(verb=Verb.POST_CREATED).data["mentioned_ids"] == [ann.pk]


def test_who_cannot_read_it_is_not_named(member):
    ann = make_member("Ann", handle="ann-lee")
    gone = make_member("Gone", handle="gone", role="applicant")
    space = make_space(preset="private", members=[member])
    topic = make_topic(space=space, by=member, body="@ann-lee @gone @mia-" + gone.handle)
    assert not Mention.objects.exists()
    assert "<a " not in Post.objects.get(topic=topic).html
    assert ann.pk not in Activity.objects.get(verb=Verb.TOPIC_CREATED).data["mentioned_ids"]


def test_blocks_and_mutes_are_kept(member):
    blocking, blocked, muting = (make_member(handle=name) for name in ("blocking", "blocked", "muting"))
    block_member(member, by=blocking)
    block_member(blocked, by=member)
    mute_member(member, by=muting)
    make_post(by=member, body="@blocking @blocked @muting")
    assert [row.member for row in Mention.objects.all()] == [muting]
    assert Activity.objects.get(verb=Verb.POST_CREATED).data["mentioned_ids"] == []


def test_an_edit_tells_only_who_is_new(member):
    ann, bob = make_member(handle="ann"), make_member(handle="bob")
    post = make_post(by=member, body="@ann")
    edit_post(post, by=member, prose=prose("@ann @bob"), version=1)
    assert Activity.objects.get(verb=Verb.POST_EDITED).data["mentioned_ids"] == [bob.pk]
    post.refresh_from_db()
    edit_post(post, by=member, prose=prose("@bob"), version=2)
    assert list(Mention.objects.values_list("member", flat=True)) == [bob.pk]
    assert ann.pk


def test_names_stay_links_when_posts_are_rendered_again(member):
    make_member(handle="ann")
    post = make_post(by=member, body="@ann")
    Post.objects.filter(pk=post.pk).update(renderer_version=0, html="old")
    assert render_old_posts() == 1
    post.refresh_from_db()
    assert '<a href="/members/ann/">@ann</a>' in post.html


def test_a_post_without_names_costs_no_query_more(member):
    topic = make_topic()

    def count(body):
        with CaptureQueriesContext(connection, ) as captured:  # fmt: skip
            create_post(topic, by=member, prose=prose(body))
        return len(captured)

    count("warm")
    plain = count("Nobody here")
    make_member(handle="ann")
    assert count("Dear @ann") <= plain + 2
    assert plain <= 25


def test_those_who_can_be_named_are_found(member, django_assert_max_num_queries):
    topic = make_topic(by=make_member("Zoe Annan", handle="zoe"))
    for name, handle in (
        ("Ann Lee", "ann-lee"),
        ("Annika B", "annika"),
        ("Blocked Ann", "ann-b"),
        ("Muted Ann", "ann-m"),
    ):
        make_member(name, handle=handle)
    block_member(Member.objects.get(handle="ann-b"), by=member)
    mute_member(Member.objects.get(handle="ann-m"), by=member)
    member.is_admitted  # noqa: B018
    with django_assert_max_num_queries(4):
        found = mention_rows(member, f"reply:{topic.pk}", "Ann")
    assert [row.handle for row in found] == ["zoe", "ann-lee", "annika"], "who wrote here comes first"
    assert mention_rows(member, f"reply:{topic.pk}", "") == []
    assert mention_rows(member, "nothing", "ann") == []


def test_names_of_an_edit_and_of_a_new_topic(member):
    make_member("Ann Lee", handle="ann-lee")
    post, space = make_post(by=member), make_space()
    forget_visible_spaces(member)
    assert mention_rows(member, f"edit:{post.pk}", "ann-l")
    assert mention_rows(member, f"topic:new:{space.slug}", "lee")
    closed = make_space(preset="private")
    assert mention_rows(member, f"topic:new:{closed.slug}", "lee") == []


# --- what a writer is told ------------------------------------------------------------------------------------------


def lines(user, key, **words):
    return [line.name for line in advice(user, key, words).lines]


def test_how_many_are_told(member):
    topic = make_topic()
    follower, named, muting = make_member(), make_member(handle="ann"), make_member(handle="quiet")
    follow(topic, FollowLevel.EVERYTHING, FollowReason.CHOSEN, by=follower)
    follow(topic.space, FollowLevel.EVERYTHING, FollowReason.CHOSEN, by=make_member())
    follow(topic, FollowLevel.MUTE, FollowReason.CHOSEN, by=muting)
    # Who started it, who follows it, who follows the space, who is named; not who has muted it.
    assert lines(member, f"reply:{topic.pk}", body="@ann @quiet") == ["This notifies 4 people."]
    assert lines(member, f"reply:{topic.pk}", body="Nobody") == ["This notifies 3 people."]
    assert lines(member, f"topic:new:{topic.space.slug}", body="x", space=topic.space.slug) == [
        "This notifies 1 person."
    ]
    assert named


def test_who_writes_most_is_told_so(member):
    topic = make_topic()
    for _post in range(6):
        make_post(topic=topic, by=member)
    said = lines(member, f"reply:{topic.pk}", body="And more")
    assert any("6 of the 7 posts" in line for line in said)


def test_two_who_answer_each_other_are_shown_the_messages(member):
    topic, other = make_topic(), make_member("Ann Lee", handle="ann-lee")
    for _turn in range(3):
        make_post(topic=topic, by=member)
        make_post(topic=topic, by=other)
    shown = advice(member, f"reply:{topic.pk}", {"body": "x"}).lines
    assert [line.url for line in shown if line.url] == [f"{reverse('conversation_create')}?to=ann-lee"]
    make_post(topic=topic, by=make_member())
    assert not [line for line in advice(member, f"reply:{topic.pk}", {"body": "x"}).lines if line.url]


def test_advice_costs_the_same_for_many(member):
    topic = make_topic()

    def count():
        advice(member, f"reply:{topic.pk}", {"body": "@ann"})
        with CaptureQueriesContext(connection) as captured:
            advice(member, f"reply:{topic.pk}", {"body": "@ann"})
        return len(captured)

    few = count()
    for _number in range(8):
        follow(topic, FollowLevel.EVERYTHING, FollowReason.CHOSEN, by=make_member())
        make_post(topic=topic)
    assert count() == few <= 8


# --- said before ----------------------------------------------------------------------------------------------------


def test_similar_topics_come_with_their_answers(member):
    topic = make_topic(kind="question", title="How do you price a pilot?", body="We wonder.")
    answer = make_post(topic=topic)
    accept_answer(answer, by=topic.author)
    make_topic(title="Gardening", body="Pilot, in passing.")
    make_topic(space=make_space(preset="private"), title="Pricing pilots in secret")
    forget_visible_spaces(member)
    (row,) = similar_topics(member, "Pricing of pilots")
    assert (row.title, row.answer_url) == (topic.title, reverse("post_show", args=[answer.pk]))
    for nothing in ("", "a", "  ", "the of and", "& | ! ( ) : * '", "zzzz"):
        assert similar_topics(member, nothing) == []


def test_the_form_shows_them_without_script(web):
    make_topic(title="How do you price a pilot?")
    web.post(
        reverse("draft_keep"), {"draft_key": "topic:new:", "draft_sequence": "0", "title": "Price of a pilot"}
    )
    assert "How do you price a pilot?" in web.get(reverse("topic_create")).content.decode()


# --- quotations -----------------------------------------------------------------------------------------------------


def test_a_quote_without_script(web, member):
    author = make_member("Ann *Lee*")
    post = make_post(by=author, body="It **works** if [you] try.\n\nSecond line")
    page = web.get(post.topic.get_absolute_url()).content.decode()
    address = f"{post.topic.get_absolute_url()}?page=1&amp;quote={post.number}#write"
    assert address in page
    page = web.get(post.topic.get_absolute_url(), {"page": 1, "quote": post.number}).content.decode()
    assert f"&gt; [Ann \\*Lee\\*, {post.number}:](/posts/{post.pk}/)" in page
    assert "It works if \\[you\\] try. Second line" in page
    assert f'name="reply_to" value="{post.number}"' in page


def test_a_quote_comes_below_the_draft(web):
    post = make_post(body="Quoted words")
    key = f"reply:{post.topic_id}"
    web.post(reverse("draft_keep"), {"draft_key": key, "draft_sequence": "0", "body": "My words"})
    page = web.get(post.topic.get_absolute_url(), {"quote": post.number}).content.decode()
    assert page.index("My words\n\n&gt; [") < page.index("&gt; Quoted words")


def test_nothing_of_what_is_not_there_is_quoted(web, member):
    post = make_post(by=member, body="zqgoneqz")
    delete_post(post, by=member)
    for number in (post.number, 99, 10**30):
        assert "zqgoneqz" not in web.get(post.topic.get_absolute_url(), {"quote": number}).content.decode()


def test_two_texts_become_one():
    html = Prose("<p>b</p>", SourceFormat.HTML)
    assert joined(prose("a"), prose("b")) == prose("a\n\nb")
    assert joined(prose(""), html) == html
    assert joined(prose("*a*"), html) == Prose("<p><em>a</em></p>\n<p>b</p>", SourceFormat.HTML)


# --- deleting and coming back ---------------------------------------------------------------------------------------


def test_a_slip_is_undone_where_it_happened(web, member, time_machine):
    post = make_post(by=member)
    time_machine.move_to(timezone.now(), tick=False)
    answer = web.post(reverse("post_delete", args=[post.pk]), headers={"HX-Request": "true"})
    assert ">Undo</button>" in answer.content.decode()
    time_machine.move_to(timezone.now() + timedelta(seconds=11), tick=False)
    page = web.get(post.topic.get_absolute_url()).content.decode()
    assert ">Undo</button>" not in page
    assert ">Restore</button>" in page


def test_the_bin_holds_what_i_deleted_for_thirty_days(web, member, moderator, time_machine):
    topic = make_topic()
    mine, taken = (make_post(topic=topic, by=member, body=word) for word in ("zqmineqz", "zqtakenqz"))
    other = make_post(topic=topic, by=moderator)
    delete_post(mine, by=member)
    delete_post(other, by=moderator)
    delete_post(taken, by=moderator)
    page = web.get(reverse("post_bin")).content.decode()
    assert "zqmineqz" in page
    assert "brought back for 30 days" in page
    assert "zqtakenqz" not in page
    time_machine.move_to(timezone.now() + timedelta(days=31))
    assert bin_rows(member) == []
    mine.refresh_from_db()
    with pytest.raises(Refused, match="30 days"):
        restore_post(mine, by=member)
    assert restore_post(mine, by=moderator).deleted_at is None


def test_the_bin_shows_nothing_of_a_room_that_closed(web, member):
    space = make_space()
    topic = make_topic(space=space, title="zqroomqz")
    delete_post(make_post(topic=topic, by=member, body="zqwordsqz"), by=member)
    space.preset = "private"
    space.save()
    assert "zq" not in web.get(reverse("post_bin")).content.decode()


# --- versions -------------------------------------------------------------------------------------------------------


def test_versions_say_word_by_word_what_changed(web, member):
    post = make_post(by=member, body="One two three", at=timezone.now() - timedelta(minutes=6))
    edit_post(post, by=member, prose=prose("One 2 three"), version=1)
    page = web.get(reverse("post_history", args=[post.pk])).content.decode()
    assert "removed </span> two</del>" in page
    assert "added </span> 2</ins>" in page


def test_versions_of_rich_text_are_words_and_no_tags(web, member):
    post = make_post(by=member, body="One", at=timezone.now() - timedelta(minutes=6))
    edit_post(post, by=member, prose=Prose("<p>One</p><p><b>Two</b></p>", SourceFormat.HTML), version=1)
    page = web.get(reverse("post_history", args=[post.pk])).content.decode()
    assert "&lt;p&gt;" not in page
    assert "Two</ins>" in page


def test_versions_name_nobody_whom_the_post_does_not_name(web, member):
    post = make_post(by=make_member("Zqauthorqz"), body="One", at=timezone.now() - timedelta(minutes=6))
    edit_post(post, by=post.author, prose=prose("Two"), version=1)
    Post.objects.filter(pk=post.pk).update(author=None)
    assert "Zqauthorqz" not in web.get(reverse("post_history", args=[post.pk])).content.decode()
