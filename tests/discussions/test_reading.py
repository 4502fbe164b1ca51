"""Following, reacting, marking, keeping lists and being at a question: outcome, refusal and activity of each act."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Delivery, Notice, NoticePreference, NoticeReason
from community.core.verbs import Verb
from discussions.actions.answering import (
    claim_question,
    nudge_askers,
    release_question,
    request_answer,
)
from discussions.actions.bookmark import bookmark_post, delete_bookmark, edit_bookmark, remind_of_bookmarks
from discussions.actions.follow import follow, follow_by_itself, unfollow
from discussions.actions.maintenance import repair_counters
from discussions.actions.post import (
    accept_answer,
    delete_post,
    react_to_post,
    restore_post,
    thank_post,
    unreact_to_post,
)
from discussions.actions.saved_view import MOST_VIEWS, delete_view, edit_view, save_view
from discussions.models import (
    Bookmark,
    Claim,
    Follow,
    FollowLevel,
    FollowReason,
    Post,
    ReactionKind,
    ReadState,
    SavedView,
    Tag,
    Topic,
)
from members.actions.expertise import grant_expertise, set_question_budget
from members.actions.profile import start_employment
from tests.factories import (
    dispatch_activity,
    make_member,
    make_organisation,
    make_post,
    make_space,
    make_topic,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic(member):
    return make_topic(by=member, title="Pricing pilots")


@pytest.fixture
def question(other_member):
    return make_topic(by=other_member, kind="question", title="What do you charge?", tags=["Pricing"])


def verbs():
    return list(Activity.objects.order_by("pk").values_list("verb", flat=True))


# --- following --------------------------------------------------------------------------------------------------


def test_following_keeps_the_level_and_the_reason(member, topic):
    follow(topic, FollowLevel.HIGHLIGHTS, by=member)
    follow(topic.space, FollowLevel.MUTE, by=member)
    tag = Tag.objects.create(name="pilots", slug="pilots")
    follow(tag, FollowLevel.EVERYTHING, FollowReason.ASKED, by=member)
    held = Follow.objects.filter(member=member).order_by("pk").values_list("level", "reason")
    assert list(held) == [("highlights", "chosen"), ("mute", "chosen"), ("everything", "asked")]
    follow(topic, FollowLevel.EVERYTHING, by=member)
    assert Follow.objects.get(member=member, topic=topic).level == "everything"
    for thing in (topic, topic.space, tag):
        unfollow(thing, by=member)
    assert not Follow.objects.filter(member=member).exists()


def test_what_cannot_be_seen_cannot_be_followed(member):
    hidden = make_topic(space=make_space(preset="private"))
    for thing in (hidden, hidden.space):
        with pytest.raises(Refused):
            follow(thing, FollowLevel.EVERYTHING, by=member)


def test_taking_part_follows_by_itself_and_never_overrules_the_member(member, other_member, topic):
    follow(topic, FollowLevel.MUTE, by=other_member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    dispatch_activity()
    held = dict(Follow.objects.filter(topic=topic).values_list("member", "reason"))
    assert held == {topic.author_id: "started", other_member.pk: "chosen"}
    assert Follow.objects.get(topic=topic, member=other_member).level == "mute"


def test_who_was_mentioned_follows_the_highlights(member, topic):
    follow_by_itself(topic.pk, [member.pk], FollowReason.MENTIONED, FollowLevel.HIGHLIGHTS)
    assert Follow.objects.get(member=member, topic=topic).reason == "mentioned"


# --- reactions --------------------------------------------------------------------------------------------------


def test_each_reaction_is_counted_once_in_its_column(member, topic, other_member):
    post = make_post(topic=topic, by=other_member)
    for kind in ReactionKind:
        react_to_post(post, kind, by=member)
        react_to_post(post, kind, by=member)
    post.refresh_from_db()
    assert [getattr(post, kind.counter) for kind in ReactionKind] == [1, 1, 1, 1]
    assert verbs().count(Verb.POST_REACTED) == 3
    unreact_to_post(post, ReactionKind.AGREE, by=member)
    unreact_to_post(post, ReactionKind.AGREE, by=member)
    post.refresh_from_db()
    assert post.agree_count == 0
    assert verbs().count(Verb.POST_UNREACTED) == 1
    dispatch_activity()
    assert not any(repair_counters().values())
    with pytest.raises(Refused):
        react_to_post(post, ReactionKind.ME_TOO, by=other_member)


def test_the_night_mends_reactions_that_drifted(member, topic, other_member):
    post = make_post(topic=topic, by=other_member)
    react_to_post(post, ReactionKind.INSIGHTFUL, by=member)
    Post.objects.filter(pk=post.pk).update(insightful_count=9)
    assert repair_counters()["reactions"] == 1
    post.refresh_from_db()
    assert post.insightful_count == 1


def test_useful_are_distinct_people_and_their_companies_not_clicks(other_member, topic):
    one, two, three = make_member(), make_member(), make_member()
    company = make_organisation()
    for person in (one, two):
        start_employment(person, company, by=None, title="Head", from_date=timezone.now().date())
    first, second = make_post(topic=topic, by=other_member), make_post(topic=topic, by=other_member)
    for post in (first, second):
        for person in (one, two, three):
            thank_post(post, by=person)
            react_to_post(post, ReactionKind.INSIGHTFUL, by=person)
    # To agree says something of the reader.
    react_to_post(first, ReactionKind.AGREE, by=make_member())
    dispatch_activity()
    topic.refresh_from_db()
    assert (topic.useful_people, topic.useful_companies, topic.usefulness) == (3, 1, 4)
    delete_post(first, by=other_member)
    delete_post(second, by=other_member)
    dispatch_activity()
    topic.refresh_from_db()
    assert topic.usefulness == 0
    restore_post(first, by=other_member)
    dispatch_activity()
    topic.refresh_from_db()
    assert topic.usefulness == 4
    assert repair_counters()["usefulness"] == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_leave_the_counters_exact(topic, other_member):
    post = make_post(topic=topic, by=other_member)
    people = [make_member() for _person in range(20)]
    ready, faults = Barrier(len(people)), []

    def write(person):
        try:
            ready.wait(30)
            make_post(topic=topic, by=person)
            for kind in ReactionKind:
                react_to_post(post, kind, by=person)
        except BaseException as error:  # noqa: BLE001 - shown below
            faults.append(error)
        finally:
            connection.close()

    threads = [Thread(target=write, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    post.refresh_from_db()
    topic.refresh_from_db()
    assert [getattr(post, kind.counter) for kind in ReactionKind] == [20, 20, 20, 20]
    assert list(topic.posts.order_by("number").values_list("number", flat=True)) == list(range(1, 23))
    assert (topic.highest_number, topic.last_number, topic.post_count) == (22, 22, 22)
    dispatch_activity()
    topic.refresh_from_db()
    assert topic.useful_people == 20
    assert not any(repair_counters().values())


# --- bookmarks --------------------------------------------------------------------------------------------------


def due(bookmark):
    Bookmark.objects.filter(pk=bookmark.pk).update(remind_at=timezone.now() - timedelta(minutes=1))


def test_a_reminder_comes_once(member, topic):
    bookmark = bookmark_post(topic.posts.get(), by=member, note="Ask Bo", remind_at=soon())
    assert remind_of_bookmarks() == 0
    due(bookmark)
    assert remind_of_bookmarks() == 1
    assert remind_of_bookmarks() == 0
    notice = Notice.objects.get(member=member)
    assert (notice.reason, notice.title) == ("reminder", topic.title)


def test_if_nobody_has_answered(member, other_member, question):
    asked = bookmark_post(question.posts.get(), by=member, remind_at=soon(), unless_answered=True)
    make_post(topic=question, by=member)
    due(asked)
    # One's own words are no answer.
    assert remind_of_bookmarks() == 1
    edit_bookmark(asked, by=member, note="", remind_at=soon(), unless_answered=True)
    make_post(topic=question, by=other_member)
    due(asked)
    assert remind_of_bookmarks() == 0
    assert Bookmark.objects.get(pk=asked.pk).reminded_at is not None


def test_no_reminder_of_what_one_may_not_see_any_more(member, topic, moderator):
    bookmark = bookmark_post(topic.posts.get(), by=member, remind_at=soon())
    type(topic.space).objects.filter(pk=topic.space_id).update(preset="private")
    due(bookmark)
    assert remind_of_bookmarks() == 0
    assert not Notice.objects.filter(member=member).exists()


def test_marking_twice_keeps_the_first_and_past_times_are_refused(member, other_member, topic):
    post = topic.posts.get()
    first = bookmark_post(post, by=member, note="Mine")
    assert bookmark_post(post, by=member, note="Again") == first
    assert Bookmark.objects.get().note == "Mine"
    with pytest.raises(Invalid):
        edit_bookmark(
            first,
            by=member,
            note="",
            remind_at=timezone.now() - timedelta(hours=1),
            unless_answered=False,
        )
    with pytest.raises(Bookmark.DoesNotExist):
        edit_bookmark(first, by=other_member, note="Not mine", remind_at=None, unless_answered=False)
    delete_bookmark(post, by=other_member)
    assert Bookmark.objects.count() == 1
    delete_bookmark(post, by=member)
    delete_bookmark(post, by=member)
    assert Bookmark.objects.count() == 0


def soon():
    return timezone.now() + timedelta(hours=1)


# --- kept lists -------------------------------------------------------------------------------------------------


def test_a_list_is_kept_in_one_form_renamed_and_forgotten(member, other_member):
    view = save_view(by=member, name=" Open  ones ", query="unanswered=1&list=latest&nonsense=7&kind=poem")
    assert (view.name, view.query, view.is_digest) == ("Open ones", "list=latest&unanswered=1", False)
    view = edit_view(view, by=member, name="Open", is_digest=True)
    assert SavedView.objects.get().is_digest
    with pytest.raises(SavedView.DoesNotExist):
        edit_view(view, by=other_member, name="Theirs", is_digest=True)
    delete_view(view, by=other_member)
    assert SavedView.objects.exists()
    delete_view(view, by=member)
    assert not SavedView.objects.exists()


def test_a_name_is_taken_once_and_twenty_are_enough(member):
    save_view(by=member, name="One", query="")
    with pytest.raises(Conflict):
        save_view(by=member, name="One", query="list=latest")
    with pytest.raises(Invalid):
        save_view(by=member, name="  ", query="list=latest")
    for number in range(MOST_VIEWS - 1):
        save_view(by=member, name=f"List {number}", query="list=latest")
    with pytest.raises(Conflict):
        save_view(by=member, name="One too many", query="list=latest")


# --- being at a question ----------------------------------------------------------------------------------------


def test_one_person_is_answering_at_a_time(member, question):
    claim = claim_question(question, by=member)
    assert claim.expires_at - claim.created_at == timedelta(hours=48)
    with pytest.raises(Conflict, match=member.display_name):
        claim_question(question, by=make_member())
    # Saying it again begins the two days anew.
    assert claim_question(question, by=member).pk == claim.pk
    release_question(question, by=make_member())
    assert Claim.objects.exists()
    release_question(question, by=member)
    assert not Claim.objects.exists()
    assert verbs()[-1] == Verb.QUESTION_RELEASED


def test_a_claim_runs_out_after_two_days_and_ends_with_the_answer(member, question):
    claim_question(question, by=member, at=timezone.now() - timedelta(hours=49))
    assert not Claim.objects.current().exists()
    other = make_member()
    claim_question(question, by=other)
    dispatch_activity()
    assert Follow.objects.get(member=other, topic=question).reason == "answering"
    make_post(topic=question, by=other)
    dispatch_activity()
    assert not Claim.objects.exists()


def test_only_open_questions_of_others_are_claimed(member, other_member, topic, question):
    with pytest.raises(Refused):
        claim_question(topic, by=other_member)
    with pytest.raises(Refused):
        claim_question(question, by=other_member)
    accept_answer(make_post(topic=question, by=make_member()), by=other_member)
    with pytest.raises(Refused):
        claim_question(question, by=member)
    hidden = make_topic(space=make_space(preset="private"), kind="question")
    with pytest.raises(Refused):
        claim_question(hidden, by=member)


def test_whoever_is_asked_hears_of_it_and_follows(member, other_member, question):
    request_answer(question, member, by=other_member)
    request_answer(question, member, by=other_member)
    assert verbs().count(Verb.ANSWER_REQUESTED) == 1
    dispatch_activity()
    assert Notice.objects.get(member=member).reason == "asked"
    assert Follow.objects.get(member=member, topic=question).reason == "asked"


def test_a_months_questions_are_no_more_than_the_expert_takes(manager, other_member, question):
    expert = make_member(role="expert")
    grant_expertise(expert, topic="pricing", by=manager, evidence="Ten years of it.")
    set_question_budget(expert, 1, by=expert)
    request_answer(question, expert, by=other_member)
    second = make_topic(space=question.space, by=other_member, kind="question")
    with pytest.raises(Refused, match="takes no more"):
        request_answer(second, expert, by=other_member)


def test_who_cannot_read_the_question_is_not_asked(member, other_member):
    space = make_space(preset="private", members=[other_member])
    question = make_topic(space=space, by=other_member, kind="question")
    with pytest.raises(Refused):
        request_answer(question, member, by=other_member)
    with pytest.raises(Refused):
        request_answer(question, other_member, by=member)


def test_an_asker_asks_three_people_by_name(other_member, question):
    for _person in range(3):
        request_answer(question, make_member(), by=other_member)
    with pytest.raises(Conflict):
        request_answer(question, make_member(), by=other_member)


def test_the_asker_is_nudged_once_after_seven_days(member, other_member):
    long_ago = timezone.now() - timedelta(days=8)
    question = make_topic(by=other_member, kind="question", at=long_ago)
    make_topic(by=other_member, kind="question", at=long_ago, title="Nobody replied")
    make_topic(by=other_member, kind="discussion", at=long_ago)
    assert nudge_askers() == 0
    make_post(topic=question, by=member)
    assert nudge_askers() == 1
    assert nudge_askers() == 0
    notice = Notice.objects.get(member=other_member)
    assert question.title in notice.title
    # Not an answer to them: at once by mail only for those who chose that (rule 9.1).
    assert notice.reason == NoticeReason.NUDGED
    assert NoticePreference(member=other_member).delivery(notice.reason) == Delivery.DIGEST
    assert Topic.objects.get(pk=question.pk).nudged_at is not None


def test_a_nudge_is_not_for_what_is_answered_or_months_old(member, other_member):
    for days in (8, 60):
        question = make_topic(by=other_member, kind="question", at=timezone.now() - timedelta(days=days))
        reply = make_post(topic=question, by=member)
        if days == 8:
            accept_answer(reply, by=other_member)
    assert nudge_askers() == 0
    assert not ReadState.objects.filter(member=make_member()).exists()
