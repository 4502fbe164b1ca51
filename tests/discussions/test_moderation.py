"""The queue of moderation: reports, decisions by one of two, what they do, what is undone, and who may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Notice, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions.actions.case import release_case, report_member, report_post, report_topic, take_case
from discussions.actions.moderation import Terms, acts_of, answer_case, rule_case, undo_ruling
from discussions.actions.post import restore_post
from discussions.actions.steward import name_steward
from discussions.models import (
    Case,
    CaseKind,
    CaseState,
    Post,
    Report,
    ReportReason,
    Ruling,
    RulingAct,
    StewardPower,
    Topic,
)
from members.actions.standing import appeal_sanction, decide_appeal
from members.models import Appeal, Member, RoleName, Sanction, Suspension
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

WHY = Terms(words="Please leave the address out.")


def words(text):
    return Prose(text, SourceFormat.MARKDOWN)


def fresh(member):
    """As the next request sees them."""
    return Member.objects.with_current_roles().get(pk=member.pk)


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def post(space, other_member):
    topic = make_topic(space=space, by=make_member("Olga Opener"), title="Pilots")
    return make_post(topic=topic, by=other_member, body="Ring me under 0123 456.")


@pytest.fixture
def guardian(space):
    member = make_member("Greta Guardian")
    name_steward(space, member, by=None)
    return member


def reported(post, by, reason=ReportReason.ADVERTISING):
    return report_post(post, by=by, reason=reason).case


# --- reports ----------------------------------------------------------------------------------------------------


def test_a_report_waits_with_a_due_time_and_says_nothing_of_who_reported(post, member):
    case = reported(post, member)
    assert case.kind == CaseKind.POST
    assert case.state == CaseState.OPEN
    assert not case.is_hidden
    assert timedelta(hours=23) < case.due_at - timezone.now() <= timedelta(hours=24)
    assert case.context[0]["text"] == "Ring me under 0123 456."
    opened = Activity.objects.get(verb=Verb.CASE_OPENED)
    assert opened.data["reason"] == "advertising"
    post.refresh_from_db()
    assert post.deleted_at is None


@pytest.mark.parametrize("reason", [ReportReason.ABUSE, ReportReason.PERSONAL_DATA])
def test_personal_data_and_abuse_hide_at_once_and_are_due_sooner(post, member, reason):
    before = post.topic.post_count
    case = reported(post, member, reason)
    case.refresh_from_db()
    assert case.is_hidden
    assert case.due_at - timezone.now() <= timedelta(hours=4)
    post.refresh_from_db()
    assert post.hidden_at
    assert post.deleted_at
    assert not SearchEntry.objects.filter(target_type="post", target_id=post.pk).exists()
    assert Topic.objects.get(pk=post.topic_id).post_count == before - 0 == 1 or before
    with pytest.raises(Refused):
        restore_post(post, by=post.author)


def test_further_reports_join_the_one_row_and_its_most_urgent_reason_stands(post, member):
    case = reported(post, member)
    again = reported(post, make_member(), ReportReason.ABUSE)
    assert again.pk == case.pk
    assert Case.objects.count() == 1
    case.refresh_from_db()
    assert (case.report_count, case.reason, case.is_hidden) == (2, "abuse", True)
    with pytest.raises(Conflict):
        reported(post, member)
    with pytest.raises(Refused):
        reported(post, post.author)


def test_the_first_post_stands_for_its_topic_which_is_hidden_with_all_in_it(post, member):
    first = post.topic.posts.get(number=1)
    case = report_post(first, by=member, reason=ReportReason.ABUSE).case
    assert (case.kind, case.target_id) == (CaseKind.TOPIC, post.topic_id)
    assert not Topic.objects.visible_to(member).filter(pk=post.topic_id).exists()
    assert not Post.objects.visible_to(member).filter(pk=post.pk).exists()
    assert not SearchEntry.objects.filter(target_id__in=[post.pk, post.topic_id]).exists()


def test_who_cried_wolf_three_times_goes_on_reporting_and_hides_nothing_at_once(space, member, moderator):
    topic = make_topic(space=space)
    for _turn in range(3):
        case = reported(make_post(topic=topic), member, ReportReason.ABUSE)
        rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    assert not reported(make_post(topic=topic), member, ReportReason.ABUSE).is_hidden


@pytest.mark.django_db(transaction=True)
def test_reports_in_the_same_moment_are_one_row(space):
    post = make_post(topic=make_topic(space=space))
    people = [make_member() for _number in range(8)]

    def report(person):
        try:
            return report_post(post, by=person, reason=ReportReason.ABUSE).case_id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(report, people))
    assert len(ids) == 1
    assert Case.objects.get().report_count == 8
    assert Report.objects.count() == 8


# --- deciding ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_the_second_is_told_and_nothing_is_decided_twice(space):
    post = make_post(topic=make_topic(space=space))
    case = report_post(post, by=make_member(), reason=ReportReason.OTHER).case
    people = [make_member(f"Mo {number}", role=RoleName.MODERATOR) for number in range(6)]
    acts = [RulingAct.KEEP, RulingAct.HIDE] * 3

    def decide(pair):
        person, act = pair
        try:
            rule_case(case, act, by=person, version=1, terms=WHY)
        except Conflict as error:
            return error.sentence
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(decide, zip(people, acts, strict=True)))
    assert answers.count("") == 1
    assert Ruling.objects.count() == 1
    assert all("has decided this already" in answer for answer in answers if answer)
    assert Activity.objects.filter(verb=Verb.CASE_RULED).count() == 1


def test_a_case_that_changed_since_it_was_read_is_not_decided(post, member, moderator):
    case = reported(post, member)
    reported(post, make_member())
    with pytest.raises(Conflict, match="Read it again"):
        rule_case(case, RulingAct.KEEP, by=moderator, version=1)
    assert not Ruling.objects.exists()


def test_taking_it_names_the_owner_and_another_one_is_told(post, member, moderator, manager):
    case = take_case(reported(post, member), by=moderator)
    assert case.owner == moderator
    with pytest.raises(Conflict, match=moderator.display_name):
        take_case(case, by=manager)
    assert release_case(case, by=manager).owner is None
    assert take_case(case, by=manager).owner == manager


def test_hidden_by_a_report_and_kept_it_comes_back_to_its_number(post, member, moderator):
    case = reported(post, member, ReportReason.ABUSE)
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    post.refresh_from_db()
    assert post.hidden_at is None
    assert post.deleted_at is None
    assert post.number == 2
    assert SearchEntry.objects.filter(target_type="post", target_id=post.pk).exists()
    with pytest.raises(Conflict, match="has decided this already: Keep"):
        rule_case(case, RulingAct.HIDE, by=moderator, version=None, terms=WHY)


def test_returned_to_its_author_edited_sent_again_and_kept(post, member, moderator):
    case = reported(post, member)
    with pytest.raises(Invalid, match="need to know why"):
        rule_case(case, RulingAct.RETURN, by=moderator, version=None)
    case = rule_case(case, RulingAct.RETURN, by=moderator, version=None, terms=WHY)
    dispatch_activity()
    assert case.state == CaseState.RETURNED
    assert case.returned_words == WHY.words
    assert Case.objects.of_author(post.author).get() == case
    post.refresh_from_db()
    assert post.hidden_at
    assert post.source == "Ring me under 0123 456."
    with pytest.raises(Refused):
        answer_case(case, by=member, prose=words("Mine now."), version=case.version)
    case = answer_case(case, by=post.author, prose=words("Write to me here."), version=case.version)
    assert case.state == CaseState.OPEN
    assert case.owner == moderator
    rule_case(case, RulingAct.KEEP, by=moderator, version=case.version)
    post.refresh_from_db()
    assert (post.source, post.hidden_at, post.deleted_at) == ("Write to me here.", None, None)
    # What had to go is in no history that readers open; the decision keeps it.
    assert not post.revisions.exists()
    assert Ruling.objects.earliest("pk").data["returned"]["source"] == "Ring me under 0123 456."


def test_edited_by_the_moderator_its_author_is_told_and_undo_brings_the_words_back(post, member, moderator):
    case = reported(post, member)
    with pytest.raises(Invalid, match="Change the words"):
        rule_case(case, RulingAct.EDIT, by=moderator, version=None, terms=WHY)
    terms = Terms(words="Your number is nobody's business.", prose=words("Ring me."))
    case = rule_case(case, RulingAct.EDIT, by=moderator, version=None, terms=terms)
    post.refresh_from_db()
    assert post.source == "Ring me."
    case = undo_ruling(case, by=moderator, version=case.version)
    post.refresh_from_db()
    assert post.source == "Ring me under 0123 456."
    assert case.state == CaseState.OPEN


@pytest.mark.parametrize(
    "act", [RulingAct.HIDE, RulingAct.RETURN, RulingAct.WARN, RulingAct.QUIET, RulingAct.SUSPEND]
)
def test_every_decision_that_takes_away_is_undone(post, member, moderator, act):
    terms = Terms(words="That was too much.", until=timezone.now() + timedelta(days=2))
    case = rule_case(reported(post, member), act, by=moderator, version=None, terms=terms)
    post.refresh_from_db()
    assert post.hidden_at is not None
    if act == RulingAct.QUIET:
        with pytest.raises(Refused, match="quiet here"):
            make_post(topic=post.topic, by=fresh(post.author))
    case = undo_ruling(case, by=moderator, version=case.version)
    post.refresh_from_db()
    assert post.hidden_at is None
    assert post.deleted_at is None
    assert not Sanction.objects.current().exists()
    assert not Suspension.objects.current().exists()
    assert Ruling.objects.get().undone_by == moderator
    rule_case(case, RulingAct.KEEP, by=moderator, version=case.version)


def test_a_topic_is_moved_by_a_decision_and_moved_back_by_undoing_it(post, member, moderator):
    other = make_space("Elsewhere")
    case = report_topic(post.topic, by=member, reason=ReportReason.OTHER).case
    case = rule_case(case, RulingAct.MOVE, by=moderator, version=None, terms=Terms(space=other))
    assert Topic.objects.get(pk=post.topic_id).space == other
    undo_ruling(case, by=moderator, version=None)
    assert Topic.objects.get(pk=post.topic_id).space_id == post.topic.space_id


# --- who may ----------------------------------------------------------------------------------------------------


def test_a_steward_decides_inside_and_is_refused_outside(post, member, guardian):
    inside = reported(post, member)
    outside = reported(make_post(), member)
    rule_case(inside, RulingAct.HIDE, by=fresh(guardian), version=None, terms=WHY)
    assert list(Case.objects.visible_to(fresh(guardian))) == [inside]
    with pytest.raises(Refused, match="outside"):
        rule_case(outside, RulingAct.HIDE, by=fresh(guardian), version=None, terms=WHY)


def test_a_steward_has_the_powers_that_were_given_and_no_more(post, member, space):
    steward = make_member()
    name_steward(space, steward, by=None, powers=[StewardPower.QUEUE])
    case = reported(post, member)
    soon = Terms(words="Calm down.", until=timezone.now() + timedelta(hours=24))
    with pytest.raises(Refused, match="not given"):
        rule_case(case, RulingAct.QUIET, by=fresh(steward), version=None, terms=soon)
    name_steward(space, steward, by=None, powers=[StewardPower.QUEUE, StewardPower.QUIET])
    late = Terms(words="Calm down.", until=timezone.now() + timedelta(days=3))
    with pytest.raises(Invalid, match="24 hours"):
        rule_case(case, RulingAct.QUIET, by=fresh(steward), version=None, terms=late)
    with pytest.raises(Refused, match="suspend"):
        rule_case(case, RulingAct.SUSPEND, by=fresh(steward), version=None, terms=late)
    rule_case(case, RulingAct.QUIET, by=fresh(steward), version=None, terms=soon)
    assert fresh(post.author).is_quiet_in(space.pk)
    assert not fresh(post.author).is_quiet_in(make_space().pk)


def test_nobody_decides_about_themselves(space, moderator, member):
    post = make_post(topic=make_topic(space=space), by=moderator)
    case = reported(post, member)
    with pytest.raises(Refused, match="yourself"):
        rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    assert case not in Case.objects.visible_to(moderator)


def test_an_appeal_is_decided_by_another_person_and_the_database_says_so_too(
    post, member, moderator, manager
):
    terms = Terms(words="Calm down.", until=timezone.now() + timedelta(days=2))
    rule_case(reported(post, member), RulingAct.QUIET, by=moderator, version=None, terms=terms)
    author = fresh(post.author)
    sanction = Sanction.objects.get()
    appeal_sanction(sanction, by=author, words="It was irony.")
    with pytest.raises(Conflict):
        appeal_sanction(sanction, by=author, words="Again.")
    dispatch_activity()
    case = Case.objects.get(kind=CaseKind.APPEAL)
    assert acts_of(case) == [RulingAct.GRANT, RulingAct.REFUSE]
    with pytest.raises(Refused, match="imposed this yourself"):
        rule_case(case, RulingAct.REFUSE, by=moderator, version=None, terms=WHY)
    with pytest.raises(Exception, match="appeal_decided_by_another"), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT here")
        try:
            cursor.execute(
                "UPDATE members_appeal SET decided_at = now(), decided_by_id = %s, is_granted = true, reason = 'x'",
                [moderator.pk],
            )
        finally:
            cursor.execute("ROLLBACK TO here")
    rule_case(case, RulingAct.GRANT, by=manager, version=None, terms=WHY)
    assert Appeal.objects.get().decided_by == manager
    assert not fresh(post.author).is_quiet_in(post.topic.space_id)
    with pytest.raises(Conflict):
        decide_appeal(Appeal.objects.get(), by=manager, is_granted=False, reason="No.")
    dispatch_activity()
    assert Notice.objects.filter(member=author, target_type="sanction").exists()


def test_a_profile_is_reported_and_its_owner_sees_nothing_of_it(member, other_member, moderator):
    case = report_member(other_member, by=member, reason=ReportReason.OTHER, words="Not a real person").case
    assert case.about == other_member
    assert case not in Case.objects.of_author(other_member)
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)


def test_reverse_of_addresses():
    assert reverse("case_list")
