"""The lists with reasons and chips, following with its undo, marks, kept lists, replies, and what came since."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from discussions.actions.answering import claim_question, request_answer
from discussions.actions.bookmark import bookmark_post
from discussions.actions.follow import follow
from discussions.actions.maintenance import refresh_usefulness
from discussions.actions.post import accept_answer, thank_post
from discussions.actions.saved_view import save_view
from discussions.actions.topic import mark_read
from discussions.filters import TopicFilter, read_query
from discussions.models import (
    Bookmark,
    Follow,
    FollowLevel,
    Reaction,
    SavedView,
    Tag,
    Topic,
    forget_visible_spaces,
)
from members.actions.expertise import grant_expertise, set_question_budget
from members.actions.fact import FactChange, set_facts
from members.actions.tie import block_member
from tests.api import Program
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

LIST = 8
HTMX = {"HTTP_HX_REQUEST": "true"}


def rows(web, **query):
    response = web.get(reverse("topic_list"), query)
    assert response.status_code == 200
    return [(row.title, row.reason) for row in response.context["topics"]]


def titles(web, **query):
    return [title for title, _reason in rows(web, **query)]


def everything(thing, member):
    forget_visible_spaces(member)
    follow(thing, FollowLevel.EVERYTHING, by=member)


def useful(topic, *people):
    post = topic.posts.get(number=1)
    for person in people:
        thank_post(post, by=person)
    refresh_usefulness(topic.pk)


# --- the four lists ---------------------------------------------------------------------------------------------


def test_for_you_says_why_each_topic_is_there(web, member, manager):
    spaced, tagged, known = make_space("Procurement"), make_topic(tags=["Energy"]), make_space()
    mine = make_topic(by=member, title="Mine")
    make_post(topic=mine)
    dispatch_activity()
    everything(spaced, member)
    make_topic(space=spaced, title="In the space")
    everything(Tag.objects.get(name="Energy"), member)
    make_topic(title="Under the tag", tags=["Energy"])
    grant_expertise(member, topic="pricing", by=manager, evidence="Ten years.")
    make_topic(space=known, title="What do you charge?", kind="question", tags=["Pricing"])
    make_topic(title="Nothing to do with it")
    assert dict(rows(web)) == {
        "What do you charge?": "because you know Pricing",
        "Under the tag": "because you follow #Energy",
        tagged.title: "because you follow #Energy",
        "In the space": "because you follow Procurement",
        "Mine": "because you started this",
    }


def test_what_was_read_or_muted_is_not_for_you(web, member):
    space = make_space()
    everything(space, member)
    read, muted, tagged = (make_topic(space=space, tags=tags) for tags in ([], [], ["Noise"]))
    mark_read(read, member, 1)
    follow(muted, FollowLevel.MUTE, by=member)
    follow(tagged.tags.get(), FollowLevel.MUTE, by=member)
    assert titles(web) == []
    assert "You have read everything you follow" in web.get("/topics/").content.decode()
    # A topic that one follows oneself is stronger than the mute of its tag.
    everything(tagged, member)
    assert titles(web) == [tagged.title]


def test_highlights_of_a_space_are_what_several_people_found_useful(web, member):
    space = make_space()
    follow(space, FollowLevel.HIGHLIGHTS, by=member)
    make_topic(space=space, title="Small talk")
    useful(make_topic(space=space, title="Much thanked"), make_member(), make_member(), make_member())
    assert titles(web) == ["Much thanked"]


def test_old_topics_of_a_space_do_not_flood_who_begins_to_follow_it(web, member):
    space = make_space()
    make_topic(space=space, title="Of last year", at=timezone.now() - timedelta(days=300))
    make_topic(space=space, title="Of this week")
    everything(space, member)
    assert titles(web) == ["Of this week"]


def test_unanswered_and_most_useful_say_why(web, member, other_member):
    quiet = make_topic(kind="question", title="Quiet", by=other_member)
    busy = make_topic(kind="question", title="Busy", by=other_member)
    done = make_topic(kind="question", title="Done", by=other_member)
    make_post(topic=busy)
    accept_answer(make_post(topic=done), by=other_member)
    useful(done, make_member(), make_member())
    useful(quiet, make_member())
    assert rows(web, list="unanswered") == [
        ("Busy", "1 reply, not accepted"),
        ("Quiet", "nobody has replied yet"),
    ]
    assert rows(web, list="useful") == [
        ("Done", "useful to 2 people"),
        ("Quiet", "useful to 1 person"),
    ]


def test_chips_narrow_each_list_in_the_address(web, member):
    space = make_space("Pricing", slug="pricing")
    wanted = make_topic(space=space, title="Wanted", kind="question", tags=["Energy"])
    make_topic(space=space, title="Without the tag", kind="question")
    make_topic(title="Elsewhere", kind="question", tags=["Energy"])
    make_topic(space=space, title="No question", tags=["Energy"])
    chips = {"list": "latest", "space": "pricing", "tag": "energy", "kind": "question"}
    assert titles(web, **chips) == ["Wanted"]
    assert titles(web, **chips, unanswered="1") == ["Wanted"]
    assert titles(web, **chips, unread="1") == []
    mark_read(wanted, member, 1)
    make_post(topic=wanted)
    assert titles(web, **chips, unread="1") == ["Wanted"]
    assert titles(web, list="latest", space="nowhere") == []
    # What is none of ours is as good as not there.
    assert len(titles(web, list="poems", kind="poem", unread="yes")) == len(titles(web))


@pytest.mark.parametrize("which", ["latest", "unanswered", "useful", "for-you"])
def test_each_list_goes_on_where_it_stopped(web, member, which):
    space = make_space()
    everything(space, member)
    fan = make_member()
    for number in range(33):
        topic = make_topic(space=space, kind="question", title=f"Question {number:02}")
        useful(topic, fan)
    first = web.get(reverse("topic_list"), {"list": which})
    rest = web.get(first.context["page"].older_url)
    both = [row.title for row in (*first.context["topics"], *rest.context["topics"])]
    assert sorted(both) == [f"Question {number:02}" for number in range(33)]
    assert len(first.context["topics"]) == 30
    assert rest.context["page"].older_url == ""


@pytest.mark.parametrize("which", ["latest", "unanswered", "useful", "for-you"])
def test_a_list_asks_as_often_for_many_rows_as_for_few(web, member, which):
    space, fan = make_space(), make_member()
    everything(space, member)

    def fill(count):
        for _topic in range(count):
            useful(make_topic(space=space, kind="question", tags=["one", "two"]), fan)

    def count():
        web.get(reverse("topic_list"), {"list": which})
        with CaptureQueriesContext(connection) as captured:
            web.get(reverse("topic_list"), {"list": which})
        return len(captured)

    fill(2)
    few = count()
    fill(18)
    assert count() == few <= LIST


def test_a_damaged_cursor_is_the_beginning(web):
    make_topic(title="Here")
    for before in ("x", "1-", "-1", "9999999999999999999-1", "1-1-1", "'"):
        assert titles(web, list="latest", before=before)[:1] in (["Here"], [])
        assert web.get(reverse("topic_list"), {"list": "useful", "before": before}).status_code == 200


def test_a_filter_has_one_form():
    assert TopicFilter().query() == ""
    wanted = TopicFilter("latest", space="pricing", tag="a b", kind="question", unread=True, unanswered=True)
    assert read_query(wanted.query()) == wanted
    assert wanted.is_narrowed
    assert not TopicFilter("useful").is_narrowed


def test_rooms_one_may_not_see_are_in_no_list_whatever_one_follows(web, member):
    hidden = make_topic(space=make_space(preset="private"), kind="question", title="Secret", tags=["Hush"])
    useful(hidden, make_member(role="moderator"))
    for thing in ({"topic": hidden}, {"space": hidden.space}, {"tag": hidden.tags.get()}):
        Follow.objects.create(
            member=member, level="everything", reason="chosen", created_at=hidden.created_at, **thing
        )
    set_facts(member, {"helps_topics": FactChange(["Hush"])}, by=member)
    for which in ("for-you", "latest", "unanswered", "useful"):
        assert titles(web, list=which) == []
        assert titles(web, list=which, space=hidden.space.slug, tag="hush") == []


# --- home -------------------------------------------------------------------------------------------------------


def test_home_says_since_when_how_many_moved(web, member, other_member):
    topic = make_topic(by=member)
    make_post(topic=topic, by=other_member, at=timezone.now() - timedelta(days=1, hours=1))
    dispatch_activity()
    page = web.get("/").content.decode()
    assert "Since yesterday" in page or "Since " in page
    assert "1 thread you follow has moved" in page
    assert "#post-2" in page


def test_home_asks_whoever_knows_first(web, member, other_member):
    make_topic(by=other_member, kind="question", title="About boats")
    make_topic(by=other_member, kind="question", title="About pricing", tags=["Pricing"])
    make_topic(by=other_member, kind="question", title="About trains")
    set_facts(member, {"helps_topics": FactChange(["pricing"])}, by=member)
    questions = web.get("/").context["questions"]
    assert [row.title for row in questions] == ["About pricing", "About trains", "About boats"]
    assert questions[0].reason == "matches what you know"


# --- following --------------------------------------------------------------------------------------------------


def test_a_reason_has_its_undo_beside_it(web, member, other_member):
    topic = make_topic(by=member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    undo = web.get("/topics/").context["topics"][0].undo_url
    assert undo == reverse("topic_unfollow", args=[topic.pk])
    assert "Because you started this." in web.get(topic.get_absolute_url()).content.decode()
    answer = web.post(undo, **HTMX)
    assert "do not follow" in answer.content.decode()
    assert titles(web) == []


def test_spaces_and_tags_are_followed_from_their_pages(web, member):
    topic = make_topic(tags=["Energy"])
    for name, thing in (("space", topic.space), ("tag", topic.tags.get())):
        page = web.get(thing.get_absolute_url()).content.decode()
        assert reverse(f"{name}_follow", args=[thing.slug]) in page
        assert web.post(reverse(f"{name}_follow", args=[thing.slug]), {"level": "loud"}).status_code == 422
        answer = web.post(reverse(f"{name}_follow", args=[thing.slug]), {"level": "everything"})
        assert answer.status_code == 302
        assert "Because you chose to follow this." in web.get(thing.get_absolute_url()).content.decode()
        web.post(reverse(f"{name}_unfollow", args=[thing.slug]))
    assert not Follow.objects.filter(member=member).exists()


# --- posts ------------------------------------------------------------------------------------------------------


def test_a_reaction_sent_again_is_taken_back(web, member, other_member):
    post = make_post(by=other_member)
    url = reverse("post_react", args=[post.pk])
    assert "1 insightful" in web.post(url, {"kind": "insightful"}, **HTMX).content.decode()
    assert "1 insightful" not in web.post(url, {"kind": "insightful"}, **HTMX).content.decode()
    assert not Reaction.objects.exists()
    assert web.post(url, {"kind": "boo"}).status_code == 422


def test_replies_to_a_post_are_read_under_it(web, other_member):
    topic = make_topic()
    asked = make_post(topic=topic, by=other_member, body="Which region?")
    make_post(topic=topic, body="Something else.")
    make_post(topic=topic, reply_to=asked, body="The north.")
    page = web.get(topic.get_absolute_url()).content.decode()
    url = reverse("post_replies", args=[asked.pk])
    assert page.count(f'hx-get="{url}"') == 1
    assert page.count('class="replies"') == 1
    for answer in (web.get(url), web.get(url, **HTMX)):
        assert "The north." in answer.content.decode()
        assert "Something else." not in answer.content.decode()


def test_the_line_of_what_is_new_stands_above_what_is_left_of_it(web, member):
    topic = make_topic()
    for _reply in range(3):
        make_post(topic=topic)
    mark_read(topic, member, 1)
    # Post 2 was moved to another topic.
    topic.posts.filter(number=2).update(topic=make_topic(), number=9)
    page = web.get(topic.get_absolute_url()).content.decode()
    assert page.count("New since your visit") == 1
    assert page.index("New since your visit") < page.index('id="post-3"')


def test_deep_in_a_long_thread_a_post_has_its_address(web, member):
    topic = make_topic()
    post = make_post(topic=topic)
    topic.posts.filter(pk=post.pk).update(number=4987)
    Topic.objects.filter(pk=topic.pk).update(highest_number=5000, last_number=5000)
    answer = web.get(reverse("post_show", args=[post.pk]))
    assert answer["Location"] == f"{topic.get_absolute_url()}?page=250#post-4987"
    assert 'id="post-4987"' in web.get(answer["Location"]).content.decode()


# --- bookmarks --------------------------------------------------------------------------------------------------


def test_a_post_is_marked_found_again_and_let_go(web, member):
    post = make_post(body="Keep this.")
    create, delete = (reverse(name, args=[post.pk]) for name in ("bookmark_create", "bookmark_delete"))
    assert "Bookmarked" in web.post(create, **HTMX).content.decode()
    bookmark = Bookmark.objects.get(member=member)
    page = web.get(reverse("bookmark_list")).content.decode()
    assert "Keep this." in page
    edit = reverse("bookmark_edit", args=[bookmark.pk])
    assert edit in page
    friday = timezone.localdate() + timedelta(days=5)
    web.post(edit, {"note": "Ask Bo", "remind_on": friday.isoformat(), "unless_answered": "on"})
    page = web.get(reverse("bookmark_list")).content.decode()
    assert "Ask Bo" in page
    assert "if nobody has answered by then" in page
    assert "Bookmarked" not in web.post(delete, **HTMX).content.decode()
    assert "Nothing is marked" in web.get(reverse("bookmark_list")).content.decode()


def test_a_day_that_is_past_keeps_what_was_typed(web, member):
    bookmark = bookmark_post(make_post(), by=member)
    answer = web.post(
        reverse("bookmark_edit", args=[bookmark.pk]), {"note": "Ask Bo", "remind_on": "2020-01-01"}
    )
    assert answer.status_code == 422
    assert "That time is past" in answer.content.decode()
    assert "Ask Bo" in answer.content.decode()


def test_marks_of_closed_rooms_are_not_shown(web, member):
    post = make_post(topic=make_topic(space=make_space(preset="private"), title="Secret"))
    Bookmark.objects.create(member=member, post=post)
    assert b"Secret" not in web.get(reverse("bookmark_list")).content
    assert web.post(reverse("bookmark_create", args=[post.pk])).status_code == 404


# --- kept lists -------------------------------------------------------------------------------------------------


def test_a_list_is_kept_beside_the_lists(web, member):
    web.post(
        reverse("saved_view_create"), {"name": "Open ones", "query": "list=unanswered", "is_digest": "on"}
    )
    view = SavedView.objects.get(member=member)
    page = web.get("/topics/?list=unanswered").content.decode()
    assert "Open ones" in page
    assert "in the digest" in page
    again = web.post(reverse("saved_view_create"), {"name": "Open ones", "query": "list=latest"})
    assert again.status_code == 422
    assert "You keep a list of this name" in again.content.decode()
    web.post(reverse("saved_view_edit", args=[view.pk]), {"name": "Questions"})
    view.refresh_from_db()
    assert (view.name, view.is_digest) == ("Questions", False)
    web.post(reverse("saved_view_delete", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_somebody_elses_list_is_not_there(web, other_member):
    view = save_view(by=other_member, name="Theirs", query="")
    assert web.get(reverse("saved_view_edit", args=[view.pk])).status_code == 404
    assert web.post(reverse("saved_view_delete", args=[view.pk])).status_code == 404


# --- who answers ------------------------------------------------------------------------------------------------


def test_a_claim_is_seen_on_the_page_and_in_the_list(web, member, other_member):
    question = make_topic(kind="question", by=other_member)
    web.post(reverse("question_claim", args=[question.pk]))
    assert "You are answering this." in web.get(question.get_absolute_url()).content.decode()
    assert "Mira Member is answering" in web.get("/topics/?list=unanswered").content.decode()
    web.post(reverse("question_release", args=[question.pk]))
    claim_question(question, by=make_member("Ann Lee"))
    page = web.get(question.get_absolute_url()).content.decode()
    assert "Ann Lee is answering this." in page
    assert "I am answering this" not in page
    assert web.post(reverse("question_claim", args=[question.pk])).status_code == 409


def test_who_may_know_is_shown_with_the_load(web, member, manager):
    question = make_topic(kind="question", by=member, tags=["Pricing"])
    expert = make_member("Edda Expert")
    grant_expertise(expert, topic="pricing", by=manager, evidence="Ten years.")
    helper = make_member("Hanna Helper")
    set_facts(helper, {"helps_topics": FactChange(["pricing"])}, by=helper)
    request_answer(make_topic(kind="question", by=manager), expert, by=manager)
    url = reverse("topic_experts", args=[question.pk])
    people = web.get(url, **HTMX).context["people"]
    assert [(one.display_name, one.reason, one.load) for one in people] == [
        ("Edda Expert", "expert in pricing", "asked 1 time this month"),
        ("Hanna Helper", "can help with pricing", "not asked this month"),
    ]
    assert web.post(people[0].ask_url).status_code == 302
    assert web.get(url).context["people"][0].is_asked
    # Somebody else sees who may know, and does not ask in the asker's name.
    other = make_topic(kind="question", tags=["Pricing"])
    assert not any(
        one.ask_url for one in web.get(reverse("topic_experts", args=[other.pk])).context["people"]
    )


def test_who_takes_no_more_is_blocked_or_cannot_read_is_not_suggested(web, member, manager):
    question = make_topic(
        kind="question", by=member, tags=["Pricing"], space=make_space(preset="private", members=[member])
    )
    expert = make_member("Edda Expert", role="expert")
    grant_expertise(expert, topic="pricing", by=manager, evidence="Ten years.")
    url = reverse("topic_experts", args=[question.pk])
    assert web.get(url).context["people"] == []
    question = make_topic(kind="question", by=member, tags=["Pricing"])
    url = reverse("topic_experts", args=[question.pk])
    assert len(web.get(url).context["people"]) == 1
    set_question_budget(expert, 0, by=expert)
    assert web.get(url).context["people"] == []
    set_question_budget(expert, None, by=expert)
    block_member(expert, by=member)
    assert web.get(url).context["people"] == []


# --- what came since --------------------------------------------------------------------------------------------


def test_new_replies_of_others_are_counted_while_one_reads(web, member):
    topic = make_topic()
    url = reverse("topic_live", args=[topic.pk])
    assert web.get(url, {"after": 1}).status_code == 204
    make_post(topic=topic, by=member)
    new = make_post(topic=topic)
    cache.clear()
    answer = web.get(url, {"after": 1})
    assert "1 new reply" in answer.content.decode()
    assert reverse("post_show", args=[new.pk]) in answer.content.decode()
    assert web.get(url, {"after": 1}, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304
    # Nobody has read it by that.
    assert 'id="new"' not in answer.content.decode()


def test_new_topics_are_counted_beside_the_list(web, member):
    since = int((timezone.now() - timedelta(minutes=5)).timestamp())
    url = reverse("topic_list_live")
    assert web.get(url, {"after": since}).status_code == 204
    make_topic(by=member)
    make_topic()
    make_topic(space=make_space(preset="private"))
    assert "1 topic moved" in web.get(url, {"after": since}).content.decode()
    for nonsense in ("", "x", "99999999999999", "-1"):
        assert web.get(url, {"after": nonsense}).status_code == 204


def test_a_closed_room_says_nothing_of_what_comes(web):
    topic = make_topic(space=make_space(preset="private"))
    moderator = make_member(role="moderator")
    assert web.get(reverse("topic_live", args=[topic.pk]), {"after": 0}).status_code == 404
    # Not even when somebody else's visit left the number in the cache.
    cache.set(f"topic:last:{topic.pk}", (topic.space_id, 7), 60)
    assert web.get(reverse("topic_live", args=[topic.pk]), {"after": 0}).status_code == 404
    assert moderator.pk


def test_asking_what_came_costs_little(web, member):
    topic = make_topic()
    url = reverse("topic_live", args=[topic.pk])
    web.get(url, {"after": 1})
    with CaptureQueriesContext(connection) as captured:
        web.get(url, {"after": 1})
    assert len(captured) <= 4


# --- the API ----------------------------------------------------------------------------------------------------


def test_the_api_follows_reacts_marks_keeps_and_claims(member, other_member):
    program = Program(member)
    question = make_topic(kind="question", by=other_member)
    post = question.posts.get()
    assert program.post(f"spaces/{question.space_id}/follow/", {"level": "everything"}).status_code == 200
    assert [row["because"] for row in program.get("topics/for-you/").json()["results"]] == [
        f"because you follow {question.space.name}"
    ]
    assert program.post(f"posts/{post.pk}/react/", {"kind": "me_too"}).json()["me_too_count"] == 1
    assert program.post(f"posts/{post.pk}/unreact/", {"kind": "me_too"}).json()["me_too_count"] == 0
    mark = program.post("bookmarks/", {"post": post.pk, "note": "Later"})
    assert mark.status_code == 201
    assert program.get("bookmarks/").json()["results"][0]["note"] == "Later"
    kept = program.post("views/", {"name": "Open", "list": "unanswered", "is_digest": True})
    assert kept.json()["query"] == "list=unanswered"
    assert program.patch(f"views/{kept.json()['id']}/", {"name": "Opened"}).json()["name"] == "Opened"
    assert program.delete(f"views/{kept.json()['id']}/").status_code == 204
    claim = program.post(f"topics/{question.pk}/claim/")
    assert claim.json()["member"]["id"] == member.pk
    assert program.post(f"topics/{question.pk}/release/").status_code == 204
    useful(question, make_member())
    assert [row["id"] for row in program.get("topics/useful/").json()["results"]] == [question.pk]
    asking = Program(other_member)
    asked = asking.post(f"topics/{question.pk}/ask/", {"member": member.pk})
    assert asked.json()["member"] == member.pk
