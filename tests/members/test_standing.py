"""Pausing, leaving, coming back; suspension, its reason to the letter, and the one appeal to somebody else."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.mail import send_mail
from community.core.models import Activity, Mail
from community.core.tokens import create_token
from community.core.verbs import Verb
from members.actions import standing
from members.actions.introduction import create_introduction
from members.actions.role import grant_role
from members.backends import MemberBackend
from members.models import Appeal, ApplicationState, Member, Pause, Role, RoleName, Suspension
from tests.factories import PASSWORD, dispatch_activity, make_application, make_member, make_topic

pytestmark = pytest.mark.django_db

REASON = "You called two members liars,\nand went on after being asked to stop. <b>Not</b> here."


def again(member: Member) -> Member:
    loaded = MemberBackend().get_user(member.pk)
    assert loaded is not None
    return loaded


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


def suspend(member: Member, *, by: Member | None = None, days: float = 7) -> Suspension:
    by = by or make_member(role=RoleName.MODERATOR)
    return standing.suspend_member(member, by=by, reason=REASON, until=in_days(days))


def verbs(member: Member) -> list[str]:
    return list(
        Activity.objects.filter(counterpart_id=member.pk).order_by("id").values_list("verb", flat=True)
    )


def mails(address: str | None) -> list[Mail]:
    dispatch_activity()
    return list(Mail.objects.filter(address=address).order_by("id"))


# --- pausing ---


def test_a_pause_has_a_date_and_ends_by_itself(member):
    pause = standing.pause_member(member, by=member, until=in_days(30))
    assert again(member).paused_until == pause.until_at
    assert again(member).is_admitted
    Pause.objects.update(from_at=in_days(-9), until_at=in_days(-1))
    assert again(member).paused_until is None
    standing.pause_member(member, by=member, until=in_days(3))
    assert Pause.objects.filter(member=member).count() == 2


def test_pausing_again_moves_the_day(member):
    standing.pause_member(member, by=member, until=in_days(30))
    standing.pause_member(member, by=member, until=in_days(60))
    assert Pause.objects.count() == 1
    assert verbs(member)[-2:] == [Verb.MEMBER_PAUSED, Verb.MEMBER_PAUSED]


@pytest.mark.parametrize("days", [-1, 400])
def test_a_pause_beyond_a_year_or_in_the_past_is_refused(member, days):
    with pytest.raises(Invalid):
        standing.pause_member(member, by=member, until=in_days(days))


def test_nobody_pauses_or_resumes_somebody_else(member, manager):
    with pytest.raises(Refused):
        standing.pause_member(member, by=manager, until=in_days(3))
    standing.pause_member(member, by=member, until=in_days(3))
    with pytest.raises(Refused):
        standing.resume_member(member, by=manager)


def test_coming_back_early(member):
    standing.pause_member(member, by=member, until=in_days(30))
    standing.resume_member(again(member), by=again(member))
    assert again(member).paused_until is None
    assert verbs(member)[-1] == Verb.MEMBER_RESUMED
    with pytest.raises(Conflict):
        standing.resume_member(again(member), by=again(member))


def test_the_pages_of_a_pause(member, client_as):
    web = client_as(member)
    day = in_days(10).date().isoformat()
    assert web.post(reverse("member_pause"), {"until": day}).status_code == 302
    home = web.get(reverse("home")).content.decode()
    assert "no mail and no requests reach you" in home
    assert web.post(reverse("member_resume")).status_code == 302
    assert "no mail and no requests reach you" not in web.get(reverse("home")).content.decode()
    refused = web.post(reverse("member_pause"), {"until": "2001-02-03"})
    assert refused.status_code == 422
    assert "2001-02-03" in refused.content.decode()


def test_whoever_pauses_is_asked_for_nothing_by_mail(member, other_member):
    third = make_member()
    standing.pause_member(other_member, by=other_member, until=in_days(9))
    create_introduction(member, other_member, by=third, reason="Both are in pricing.")
    assert [one.kind for one in mails(member.email)] == ["introduction.asked"]
    assert mails(other_member.email) == []


# --- suspension ---


def test_a_suspended_member_has_no_roles_until_the_clock_of_the_database_says_so(member):
    suspend(member)
    assert (again(member).is_suspended, again(member).is_admitted, again(member).roles) == (
        True,
        False,
        frozenset(),
    )
    assert again(member).held_roles == {RoleName.MEMBER}
    Suspension.objects.update(from_at=in_days(-9), until_at=in_days(-1))
    assert (again(member).is_suspended, again(member).is_admitted) == (False, True)
    # One that is over is not in the way of the next.
    suspend(member)
    assert again(member).is_suspended


def test_a_signed_in_request_needs_one_query_for_roles_and_standing(member):
    suspend(member)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        loaded = again(member)
        assert (loaded.is_suspended, loaded.is_admitted, loaded.paused_until) == (True, False, None)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("who", "whom", "allowed"),
    [
        ("moderator", "member", True),
        ("moderator", "moderator", True),
        ("moderator", "manager", False),
        ("manager", "moderator", True),
        ("manager", "administrator", False),
        ("administrator", "member", False),
        ("executive", "member", False),
        ("expert", "member", False),
        ("steward", "member", False),
        ("member", "applicant", False),
    ],
)
def test_who_suspends_whom(who, whom, allowed):
    by, member = make_member(role=who), make_member(role=whom)
    if allowed:
        suspend(member, by=by)
        assert again(member).is_suspended
    else:
        with pytest.raises(Refused):
            suspend(member, by=by)


def test_nobody_suspends_themselves_or_twice(moderator, member):
    with pytest.raises(Refused):
        suspend(moderator, by=moderator)
    suspend(member)
    with pytest.raises(Conflict):
        suspend(member)


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 2001])
def test_a_suspension_has_a_reason(member, moderator, reason):
    with pytest.raises(Invalid):
        standing.suspend_member(member, by=moderator, reason=reason, until=in_days(3))


def test_the_mail_says_the_reason_to_the_letter_once(member):
    suspend(member)
    (told,) = mails(member.email)
    assert REASON in told.body
    assert "http://testserver/me/suspension/" in told.body
    Activity.objects.update(dispatched_at=None)
    assert len(mails(member.email)) == 1
    send_mail(told.pk)
    assert REASON in mail.outbox[-1].body


def test_whoever_is_suspended_sees_their_page_and_nothing_else(member, client_as):
    topic = make_topic()
    web = client_as(member)
    suspend(member)
    for address in (
        "/",
        topic.get_absolute_url(),
        reverse("member_list"),
        reverse("profile_edit"),
        "/admin/",
    ):
        assert web.get(address).headers.get("Location") == reverse("suspension_show"), address
    assert web.post(reverse("topic_follow", args=[topic.pk]), {"level": "mute"}).status_code == 403
    page = web.get(reverse("suspension_show")).content.decode()
    assert "You called two members liars,<br>and went on" in page
    assert "&lt;b&gt;Not&lt;/b&gt;" in page
    assert topic.title not in page


def test_sessions_end_and_signing_in_leads_to_the_page():
    member = make_member(email="sus@example.org", password=PASSWORD)
    before = Client()
    before.post(reverse("account_login"), {"login": "sus@example.org", "password": PASSWORD})
    assert before.get("/").status_code == 200
    suspend(member)
    assert before.get(reverse("member_list")).headers["Location"].startswith(reverse("account_login"))
    after = Client()
    after.post(reverse("account_login"), {"login": "sus@example.org", "password": PASSWORD})
    assert after.get("/").headers["Location"] == reverse("suspension_show")


def test_tokens_are_refused_while_it_lasts_and_hold_again_after(member):
    secret = create_token(member, by=member, name="A program").secret
    ask = Client(headers={"authorization": f"Bearer {secret}"})
    assert ask.get(reverse("api_space_list")).status_code == 200
    suspension = suspend(member)
    refused = ask.get(reverse("api_space_list"))
    assert refused.status_code == 403
    assert "suspended" in refused.json()["detail"]
    standing.lift_suspension(suspension, by=make_member(role=RoleName.MANAGER))
    assert ask.get(reverse("api_space_list")).status_code == 200


def test_lifting(member, moderator):
    suspension = suspend(member, by=moderator)
    with pytest.raises(Refused):
        standing.lift_suspension(suspension, by=member)
    standing.lift_suspension(suspension, by=moderator)
    assert again(member).is_admitted
    assert [one.kind for one in mails(member.email)] == ["member.suspended", "suspension.lifted"]
    with pytest.raises(Conflict):
        standing.lift_suspension(suspension, by=moderator)


# --- the appeal ---


def test_one_appeal_kept_when_refused_and_decided_by_somebody_else(member, moderator, manager):
    suspension = suspend(member, by=moderator)
    appeal = standing.appeal_suspension(suspension, by=again(member), words="It was irony.")
    assert [one.kind for one in mails(manager.email)] == ["appeal.made"]
    assert mails(moderator.email) == []
    with pytest.raises(Refused, match="somebody else"):
        standing.decide_appeal(appeal, by=moderator, is_granted=False, reason="No.")
    with pytest.raises(Invalid):
        standing.decide_appeal(appeal, by=manager, is_granted=False, reason=" ")
    standing.decide_appeal(appeal, by=manager, is_granted=False, reason="It was not read as irony.")
    assert again(member).is_suspended
    with pytest.raises(Conflict):
        standing.decide_appeal(appeal, by=manager, is_granted=True, reason="Well.")
    with pytest.raises(Conflict):
        standing.appeal_suspension(suspension, by=again(member), words="Again.")
    kept = Appeal.objects.get()
    assert (kept.words, kept.is_granted, kept.reason) == ("It was irony.", False, "It was not read as irony.")
    told = mails(member.email)[-1]
    assert told.kind == "appeal.decided"
    assert "It was not read as irony." in told.body


def test_a_granted_appeal_ends_it_with_one_mail(member, moderator, manager):
    suspension = suspend(member, by=moderator)
    appeal = standing.appeal_suspension(suspension, by=again(member), words="It was irony.")
    standing.decide_appeal(appeal, by=manager, is_granted=True, reason="So it was.")
    assert again(member).is_admitted
    assert [one.kind for one in mails(member.email)] == ["member.suspended", "appeal.decided"]
    assert verbs(member)[-2:] == [Verb.APPEAL_DECIDED, Verb.SUSPENSION_LIFTED]


def test_where_the_only_manager_suspended_an_administrator_decides(member, manager, administrator):
    suspension = suspend(member, by=manager)
    appeal = standing.appeal_suspension(suspension, by=again(member), words="It was irony.")
    assert [one.kind for one in mails(administrator.email)] == ["appeal.made"]
    standing.decide_appeal(appeal, by=administrator, is_granted=True, reason="So it was.")
    assert again(member).is_admitted


def test_an_appeal_is_ones_own_and_only_while_it_lasts(member, other_member):
    suspension = suspend(member)
    with pytest.raises(Refused):
        standing.appeal_suspension(suspension, by=other_member, words="Let them in.")
    Suspension.objects.update(from_at=in_days(-9), until_at=in_days(-1))
    with pytest.raises(Conflict):
        standing.appeal_suspension(suspension, by=again(member), words="Late.")


def test_the_page_takes_the_appeal_and_shows_its_answer(member, client_as, manager):
    suspend(member)
    web = client_as(member)
    empty = web.post(reverse("suspension_appeal"), {"words": ""})
    assert empty.status_code == 422
    assert web.post(reverse("suspension_appeal"), {"words": "It was irony."}).status_code == 302
    page = web.get(reverse("suspension_show")).content.decode()
    assert "It was irony." in page
    assert "Somebody else than who suspended you decides" in page
    assert "Send the appeal" not in page
    assert web.post(reverse("suspension_appeal"), {"words": "Again."}).status_code == 409
    standing.decide_appeal(Appeal.objects.get(), by=manager, is_granted=False, reason="It was not.")
    assert "It was not." in web.get(reverse("suspension_show")).content.decode()


# --- leaving and coming back ---


def test_leaving_ends_roles_sessions_and_tokens_and_keeps_the_account(member):
    secret = create_token(member, by=member, name="A program").secret
    standing.pause_member(member, by=member, until=in_days(9))
    standing.leave_community(again(member), by=again(member))
    gone = again(member)
    assert (gone.has_left, gone.is_admitted, gone.paused_until) == (True, False, None)
    assert Role.objects.filter(member=member).count() == 1
    assert (
        Client(headers={"authorization": f"Bearer {secret}"}).get(reverse("api_space_list")).status_code
        == 401
    )
    assert verbs(member)[-1] == Verb.MEMBER_LEFT
    assert [one.kind for one in mails(member.email)] == ["member.left"]
    with pytest.raises(Conflict):
        standing.leave_community(gone, by=gone)


def test_an_applicant_who_leaves_is_not_reviewed_any_more():
    application = make_application()
    member = application.member
    standing.leave_community(member, by=member)
    application.refresh_from_db()
    assert application.state == ApplicationState.WITHDRAWN
    assert again(member).has_left


def test_whoever_came_back_another_way_can_leave_again(member, manager):
    standing.leave_community(member, by=member)
    grant_role(member, RoleName.MEMBER, by=manager)
    assert again(member).is_admitted
    standing.leave_community(again(member), by=again(member))
    assert again(member).has_left


def test_nobody_makes_somebody_else_leave(member, manager):
    with pytest.raises(Refused):
        standing.leave_community(member, by=manager)


def test_the_last_administrator_stays(administrator):
    with pytest.raises(Invalid):
        standing.leave_community(administrator, by=administrator)
    make_member(role=RoleName.ADMINISTRATOR)
    standing.leave_community(administrator, by=administrator)


def test_whoever_is_suspended_may_leave_and_finds_the_suspension_when_back(member):
    suspend(member)
    standing.leave_community(again(member), by=again(member))
    standing.return_to_community(again(member), by=again(member))
    assert again(member).is_suspended


def test_coming_back_within_thirty_days_is_at_once_and_without_offices():
    member = make_member(also=[RoleName.MODERATOR])
    standing.leave_community(member, by=member)
    back = standing.return_to_community(again(member), by=again(member))
    assert (back.is_admitted, again(member).roles) == (True, {RoleName.MEMBER})
    assert verbs(member)[-1] == Verb.MEMBER_RETURNED
    with pytest.raises(Conflict):
        standing.return_to_community(again(member), by=again(member))


def test_later_the_way_back_goes_through_the_gate(member):
    standing.leave_community(member, by=member)
    Member.objects.filter(pk=member.pk).update(left_at=in_days(-31))
    back = standing.return_to_community(again(member), by=again(member))
    assert (back.is_admitted, again(member).roles, back.has_left) == (False, {RoleName.APPLICANT}, False)


def test_the_pages_of_leaving(client_as):
    member = make_member(email="gone@example.org", password=PASSWORD)
    web = Client()
    web.post(reverse("account_login"), {"login": "gone@example.org", "password": PASSWORD})
    page = web.get(reverse("member_leave")).content.decode()
    assert reverse("member_pause") in page
    assert "erased" in page
    # Step-up: the password is asked for again.
    asked = web.post(reverse("member_leave"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert again(member).is_admitted
    web.post(asked.headers["Location"], {"password": PASSWORD})
    assert again(member).has_left
    assert web.get(reverse("member_list")).headers["Location"].startswith(reverse("account_login"))
    web = Client()
    web.post(reverse("account_login"), {"login": "gone@example.org", "password": PASSWORD})
    assert web.get("/").headers["Location"] == reverse("member_left")
    assert web.get(reverse("member_list")).headers["Location"] == reverse("member_left")
    assert "You left on" in web.get(reverse("member_left")).content.decode()
    assert web.post(reverse("member_return")).status_code == 302
    assert web.get("/").status_code == 200


# --- the first sign-in ---


def test_the_first_sign_in_is_noted_once(manager):
    member = make_member(email="first@example.org", password=PASSWORD)
    assert member.claimed_at is None
    for _time in range(2):
        Client().post(reverse("account_login"), {"login": "first@example.org", "password": PASSWORD})
    assert again(member).claimed_at is not None
    assert verbs(member).count(Verb.MEMBER_CLAIMED) == 1
