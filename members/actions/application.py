"""What applicants do: ask for a link, begin, save, send, answer, withdraw; and the one way from state to state.

What reviewers do stands in `review.py`, taking a place in `admission.py`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final
from uuid import uuid4

from allauth.account.models import EmailAddress
from celery import shared_task
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid, Refused
from community.core.mail import queue_mail
from community.core.models import Activity, Audience
from community.core.permissions import require
from community.core.text import clean_line, required_words
from community.core.verbs import Verb
from members.actions.domain import blocked_sentence, domain_policy
from members.actions.gate import default_tier
from members.actions.member import free_handle, normal_email
from members.models import (
    DECIDED_STATES,
    OPEN_STATES,
    Answer,
    Application,
    ApplicationState,
    ApplicationStep,
    DomainPolicy,
    Member,
    Question,
    QuestionKind,
    Role,
    RoleName,
    Skip,
    Tier,
    VouchRequest,
)
from members.permissions import can_write_application
from members.questions import asked, clean_answer, problem_with, too_long
from members.schedule import due_after, due_again

#: How long a mailed link opens a draft.
LINK_LIFETIME: Final = timedelta(days=7)
#: A draft that nobody touched for so long is forgotten.
DRAFT_LIFETIME: Final = timedelta(days=60)
NAME_LENGTH: Final = 80
WORDS_LENGTH: Final = 5000
VOUCH_REQUESTS: Final = 10
#: What stands where a name belongs until the applicant has said theirs.
NO_NAME: Final = "—"

_LINK_SALT: Final = "members.application.link"

# Rule 1.3: where an application can go from where it is.
_WAYS: Final[Mapping[str, frozenset[str]]] = {
    ApplicationState.DRAFT: frozenset({ApplicationState.SUBMITTED, ApplicationState.WITHDRAWN}),
    ApplicationState.SUBMITTED: frozenset(
        {
            ApplicationState.IN_REVIEW,
            ApplicationState.MORE_ASKED,
            ApplicationState.WAITLISTED,
            ApplicationState.WITHDRAWN,
            *DECIDED_STATES,
        }
    ),
    ApplicationState.IN_REVIEW: frozenset(
        {
            ApplicationState.SUBMITTED,
            ApplicationState.MORE_ASKED,
            ApplicationState.WAITLISTED,
            ApplicationState.WITHDRAWN,
            *DECIDED_STATES,
        }
    ),
    ApplicationState.MORE_ASKED: frozenset(
        {
            ApplicationState.SUBMITTED,
            ApplicationState.IN_REVIEW,
            ApplicationState.WAITLISTED,
            ApplicationState.WITHDRAWN,
            *DECIDED_STATES,
        }
    ),
    ApplicationState.WAITLISTED: frozenset(
        {ApplicationState.IN_REVIEW, ApplicationState.WITHDRAWN, *DECIDED_STATES}
    ),
    ApplicationState.ACCEPTED: frozenset(),
    ApplicationState.DECLINED: frozenset(),
    ApplicationState.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Given:
    """What was written under one question, and whether it may stand in the profile too."""

    text: str
    may_fill: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What a mailed link says: whose address it went to, and which tier was asked for (0: none)."""

    address: str
    tier_id: int


# --- from state to state ----------------------------------------------------------------------------------------


def move_to(
    application: Application,
    state: ApplicationState,
    *,
    by: Member | None,
    words: str = "",
    at: datetime | None = None,
) -> ApplicationStep:
    """Rule 1.3: set the state with its moments, and note the step. `words` reach the applicant to the letter.

    The caller holds the lock of the application's row, has asked who may, and records the activity. `by` is None for
    the system. The due clock starts when it is sent, stands still while more is asked and goes on with what was left.
    Raises `Conflict` where there is no such way from where it is.
    """
    now = at or timezone.now()
    if state not in _WAYS[application.state]:
        raise Conflict(_not_from(application))
    if application.state == ApplicationState.MORE_ASKED and application.asked_at and application.due_at:
        application.due_at = due_again(application.due_at, stopped=application.asked_at, resumed=now)
        application.asked_at = None
    if state == ApplicationState.SUBMITTED and application.submitted_at is None:
        application.submitted_at = now
        application.due_at = due_after(now, application.tier.decide_within_days)
    if state == ApplicationState.MORE_ASKED:
        application.asked_at = now
    if state == ApplicationState.WAITLISTED:
        application.waitlisted_at = application.waitlisted_at or now
    if state in DECIDED_STATES:
        application.decided_at = now
    application.state = state
    application.save(
        update_fields=["state", "submitted_at", "due_at", "asked_at", "waitlisted_at", "decided_at"]
    )
    return ApplicationStep.objects.create(application=application, state=state, by=by, at=now, words=words)


def _not_from(application: Application) -> str:
    label = ApplicationState(application.state).label
    if not application.is_open:
        return _("This application is closed: {state}.").format(state=label)
    return _("That does not follow from where this application is: {state}.").format(state=label)


def lock_application(application: Application) -> Application:
    """The row as it is now, held until the end of the transaction; its member and tier are loaded."""
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("member", "tier", "invitation").get(pk=application.pk)


def close_applications(member: Member, *, but: Application | None, words: str) -> None:
    """Withdraw what is still open of somebody who came in by another way, so that nobody reviews it any more."""
    left = Application.objects.open().filter(member=member).select_related("member", "tier")
    if but is not None:
        left = left.exclude(pk=but.pk)
    for application in left.select_for_update(of=("self",), no_key=True):
        _withdraw(application, by=None, words=words)


def _withdraw(application: Application, *, by: Member | None, words: str = "") -> None:
    move_to(application, ApplicationState.WITHDRAWN, by=by, words=words)
    record(
        Verb.APPLICATION_WITHDRAWN,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
    )


# --- the way in -------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_link(email: str, tier: Tier) -> None:
    """Mail a link to begin or to go on. Whoever asks learns nothing: a mail goes out to every address.

    The same reads and one mail for each: to a member it says to sign in, to an applicant to go on, to everybody else
    to begin. Raises `Invalid` for what is no address or one whose domain may not apply; that depends on the address
    as it was typed and never on who has it.
    """
    address = normal_email(email)
    _refuse_blocked(address)
    holder = _holder_of(address)
    token = make_link(address, tier)
    if holder is None:
        template = "begin"
    elif _is_only_applicant(holder):
        template = "resume" if holder.has_open_application else "begin"  # type: ignore[attr-defined]
    else:
        template = "has_account"
    _mail_link(template, address=address, token=token, member=holder)


def make_link(address: str, tier: Tier | None) -> str:
    """The token of a mailed link. It opens applications alone, never the account of a member.

    `tier` is what was asked for; None where somebody only goes on with what they began.
    """
    said = {"a": address, "t": 0 if tier is None else tier.pk}
    return signing.dumps(said, salt=_LINK_SALT, compress=False)


def read_link(token: str) -> Link | None:
    """What a token says; None for one that is made up, damaged or older than `LINK_LIFETIME`. Asks no table."""
    try:
        said = signing.loads(token, salt=_LINK_SALT, max_age=LINK_LIFETIME)
    except signing.BadSignature:
        return None
    return Link(address=said["a"], tier_id=said["t"])


@transaction.atomic
def start_application(
    email: str, tier: Tier | None = None, *, name: str = "", at: datetime | None = None
) -> Application:
    """Whoever has shown that the address is theirs begins, or goes on with what they began. Safe to call twice.

    What is under way keeps its tier: the draft says itself where it goes (`save_answers`).

    Makes the account, which holds no role but applicant and no password, and the draft. Raises `Conflict` where the
    address belongs to an account that is or was more than an applicant's, or where the tier takes nobody.
    """
    address = normal_email(email)
    _refuse_blocked(address)
    holder = _holder_of(address)
    if holder is not None and not _is_only_applicant(holder):
        raise Conflict(_("This address has an account here already. Sign in with it."))
    now = at or timezone.now()
    member = holder or open_account(address, name=name, at=now, claimed_at=at)
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    # A second link opened at the same moment waited for the lock, and finds what the first has made.
    there = Application.objects.open().filter(member=member).select_related("member", "tier").first()
    if there is not None:
        return there
    tier = tier or default_tier()
    if tier.closed_at is not None:
        raise Conflict(_("This tier takes no applications now. Begin again and choose another one."))
    return open_draft(member, tier, at=at)


def open_draft(member: Member, tier: Tier, *, at: datetime | None = None) -> Application:
    """The draft of an applicant, with its first step and its activity. The caller's transaction holds their row."""
    now = at or timezone.now()
    application = Application.objects.create(member=member, tier=tier, created_at=now, edited_at=now)
    ApplicationStep.objects.create(application=application, state=ApplicationState.DRAFT, by=member, at=now)
    record(
        Verb.APPLICATION_STARTED,
        by=member,
        target=application,
        audience=Audience.STAFF,
        at=at,
        counterpart_id=member.pk,
        tier=tier.pk,
    )
    return application


def open_account(address: str, *, name: str, at: datetime, claimed_at: datetime | None) -> Member:
    """An account of somebody who only asks to come in. Who joined is said when they are let in."""
    name = clean_line(name)[:NAME_LENGTH]
    member, is_new = Member.objects.get_or_create(
        email=address,
        defaults={
            # The address must not shine through: others will see the handle one day.
            "handle": free_handle(name) if name else f"applicant-{token_hex(6)}",
            "display_name": name or NO_NAME,
            "joined_at": at,
            # Signing in notes it (`claim_member`); a generated history has nobody who does.
            "claimed_at": claimed_at,
            # No password: they sign in by code or link.
            "password": "!" + token_hex(20),
        },
    )
    if is_new:
        EmailAddress.objects.create(user=member, email=address, primary=True, verified=True)
        Role.objects.create(member=member, role=RoleName.APPLICANT, from_at=at)
    account: Member = member
    return account


def _refuse_blocked(address: str) -> None:
    rule = domain_policy(address)
    if rule is not None and rule.policy == DomainPolicy.BLOCK:
        sentence = blocked_sentence(rule)
        raise Invalid(sentence, fields={"email": [sentence]})


def _holder_of(address: str) -> "Member | None":
    """Whose address it is, with every role they ever held; one query, whatever comes of it."""
    ever = Role.objects.filter(member=OuterRef("pk")).values("role").distinct()
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email=address, verified=True)
    open_ones = Application.objects.open().filter(member=OuterRef("pk"))
    holder: Member | None = (
        Member.objects.filter(Q(email=address) | Exists(confirmed))
        .annotate(roles_ever=ArraySubquery(ever), has_open_application=Exists(open_ones))
        .first()
    )
    return holder


def _is_only_applicant(holder: Member) -> bool:
    """Links open no account that is or was more: whoever had one signs in."""
    ever: list[str] = holder.roles_ever  # type: ignore[attr-defined]
    return holder.deactivated_at is None and set(ever) == {RoleName.APPLICANT.value}


def _mail_link(template: str, *, address: str, token: str, member: Member | None) -> None:
    queue_mail(
        f"application.{template}",
        key=f"application.{template}:{uuid4()}",
        address=address,
        template=f"members/mail/application_{template}.txt",
        words={
            "link": settings.SITE_URL + reverse("application_confirm", args=[token]),
            "sign_in_link": settings.SITE_URL + reverse("account_login"),
            "days": LINK_LIFETIME.days,
        },
        member=member,
    )


# --- the draft --------------------------------------------------------------------------------------------------


@transaction.atomic
def save_answers(
    application: Application,
    answers: Mapping[int, Given],
    *,
    by: Member,
    name: str | None = None,
    tier: Tier | None = None,
) -> Application:
    """Keep what was typed, by the id of each question; questions that are not named stay as they are.

    A draft may be wrong and incomplete: only its lengths are looked at. With another `tier` the draft goes there from
    now on; what only the first one asked stays until it is sent. Raises `Invalid` with `answer_<id>` or `name` for
    what is too long, `Conflict` once it was sent or where the tier takes nobody.
    """
    require(can_write_application(by, application))
    application = lock_application(application)
    if application.state != ApplicationState.DRAFT:
        raise Conflict(_("This application was sent already, so its answers stay as they are."))
    questions = {question.pk: question for question in questions_of(application)}
    given = {
        pk: Given(clean_answer(questions[pk], answer.text), answer.may_fill)
        for pk, answer in answers.items()
        if pk in questions
    }
    complaints = {
        f"answer_{pk}": [sentence]
        for pk, answer in given.items()
        if (sentence := too_long(questions[pk], answer.text)) is not None
    }
    clean_name = None if name is None else clean_line(name)
    if clean_name is not None and len(clean_name) > NAME_LENGTH:
        sentence = _("This has {length} characters; {limit} are the most.").format(
            length=len(clean_name), limit=NAME_LENGTH
        )
        complaints["name"] = [sentence]
    if complaints:
        raise Invalid(_("Something is too long. Nothing was saved yet."), fields=complaints)
    _write_answers(application, questions, given)
    if clean_name:
        _rename(application.member, clean_name)
    if tier is not None and tier != application.tier:
        if tier.closed_at is not None:
            raise Conflict(_("{tier} takes no applications now. Choose another one.").format(tier=tier.name))
        application.tier = tier
    application.edited_at = timezone.now()
    application.save(update_fields=["edited_at", "company_name", "tier"])
    return application


def _write_answers(
    application: Application, questions: Mapping[int, Question], given: Mapping[int, Given]
) -> None:
    there = {answer.question_id: answer for answer in application.answers.all()}
    for pk, answer in given.items():
        may_fill = answer.may_fill and bool(questions[pk].fills)
        row = there.get(pk)
        if not answer.text:
            if row is not None:
                row.delete()
        elif row is None:
            Answer.objects.create(
                application=application, question_id=pk, text=answer.text, may_fill=may_fill
            )
        elif (row.text, row.may_fill) != (answer.text, may_fill):
            row.text, row.may_fill = answer.text, may_fill
            row.save(update_fields=["text", "may_fill"])
        if questions[pk].kind == QuestionKind.COMPANY:
            application.company_name = answer.text


def _rename(member: Member, name: str) -> None:
    """The name, and with it the handle, which nobody has seen yet."""
    if member.display_name == name:
        return
    has_been_more = Role.objects.filter(member=member).exclude(role=RoleName.APPLICANT).exists()
    member.display_name = name
    if not has_been_more:
        member.handle = free_handle(name)
    member.save(update_fields=["display_name", "handle"])


def questions_of(application: Application) -> list[Question]:
    """Those that this application may be asked, in their order; which of them are, the answers say. One query."""
    return list(Question.objects.in_force().of_tier(application.tier))


@transaction.atomic
def send_resume_link(application: Application, *, by: Member) -> bool:
    """Mail the link with which to go on later; once a day. Returns whether one was written."""
    require(can_write_application(by, application))
    if application.state != ApplicationState.DRAFT:
        raise Conflict(_("This application was sent already. Sign in to see how it stands."))
    member = application.member
    if member.email is None:
        return False
    token = make_link(member.email, None)
    mail = queue_mail(
        "application.saved",
        key=f"application.saved:{application.pk}:{timezone.now():%Y-%m-%d}",
        address=member.email,
        template="members/mail/application_saved.txt",
        words={
            "name": member.display_name,
            "link": settings.SITE_URL + reverse("application_confirm", args=[token]),
            "days": LINK_LIFETIME.days,
            "draft_days": DRAFT_LIFETIME.days,
        },
        member=member,
    )
    return mail is not None


# --- sent -------------------------------------------------------------------------------------------------------


@transaction.atomic
def submit_application(application: Application, *, by: Member, at: datetime | None = None) -> Application:
    """Send what was saved; the due clock starts. Sending twice changes nothing.

    Raises `Invalid` with `answer_<id>` or `name` for what is missing or no answer, `Refused` for an address whose
    domain has been blocked meanwhile.
    """
    require(can_write_application(by, application))
    application = lock_application(application)
    if application.submitted_at is not None and application.is_open:
        return application
    if application.state != ApplicationState.DRAFT:
        raise Conflict(_not_from(application))
    member = application.member
    rule = domain_policy(member.email) if member.email else None
    if rule is not None and rule.policy == DomainPolicy.BLOCK and application.invitation_id is None:
        raise Refused(blocked_sentence(rule))
    _check_answers(application)
    if application.organisation_id is None and rule is not None:
        application.organisation = rule.organisation
        if rule.policy == DomainPolicy.ACCEPT and rule.tier is not None:
            application.tier = rule.tier
        application.save(update_fields=["organisation", "tier"])
    move_to(application, ApplicationState.SUBMITTED, by=by, at=at)
    assert application.due_at is not None
    record(
        Verb.APPLICATION_SUBMITTED,
        by=by,
        target=application,
        audience=Audience.STAFF,
        at=at,
        counterpart_id=member.pk,
        tier=application.tier_id,
        due_at=application.due_at.isoformat(),
    )
    return application


def _check_answers(application: Application) -> None:
    """Everything that is asked is answered. Answers to what is not asked (any more) are no part of what is sent."""
    answers = {answer.question_id: answer.text for answer in application.answers.all()}
    complaints: dict[str, list[str]] = {}
    if application.member.display_name == NO_NAME:
        complaints["name"] = [_("Write the name people know you by.")]
    spared = application.invitation is not None and Skip.QUESTIONS in application.invitation.skips
    questions = asked(questions_of(application), answers)
    for question in questions:
        text = answers.get(question.pk, "")
        sentence = None if spared and not text else problem_with(question, text)
        if sentence is not None:
            complaints[f"answer_{question.pk}"] = [sentence]
    if complaints:
        raise Invalid(
            _("A few answers are still missing or need another look. What you wrote is saved."),
            fields=complaints,
        )
    application.answers.exclude(question__in=questions).delete()


@transaction.atomic
def withdraw_application(application: Application, *, by: Member) -> Application:
    """Rule 1.3: the applicant thinks better of it. Raises `Conflict` once it is closed."""
    require(can_write_application(by, application))
    application = lock_application(application)
    _withdraw(application, by=by)
    return application


@transaction.atomic
def answer_reviewer(application: Application, words: str, *, by: Member) -> ApplicationStep:
    """Answer what the reviewers asked; it goes back to whoever had it, and the due clock goes on.

    Raises `Invalid` for an empty or overlong answer, `Conflict` where nothing is asked.
    """
    require(can_write_application(by, application))
    text = required_words(words, field="words", longest=WORDS_LENGTH, missing=_("Write your answer first."))
    application = lock_application(application)
    if application.state != ApplicationState.MORE_ASKED:
        raise Conflict(_("Nothing is asked of you at the moment. What you wrote before has arrived."))
    back = ApplicationState.IN_REVIEW if application.owner_id else ApplicationState.SUBMITTED
    step = move_to(application, back, by=by, words=text)
    record(
        Verb.APPLICATION_ANSWERED,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
    )
    return step


@transaction.atomic
def ask_for_vouch(application: Application, email: str, *, by: Member) -> VouchRequest:
    """Rule 1.6: name somebody by address. Whether that is a member shows neither here nor in the time it takes.

    The mail is written when the activity is dispatched, and only to members. Raises `Invalid` for one's own address
    or what is none, `Conflict` for one named already or too many.
    """
    require(can_write_application(by, application))
    address = normal_email(email)
    application = lock_application(application)
    if application.state not in OPEN_STATES or application.state == ApplicationState.DRAFT:
        raise Conflict(_("Vouches are asked for between sending an application and its decision."))
    if address == application.member.email:
        raise _invalid("email", _("That is your own address. Name somebody who knows you."))
    named = set(VouchRequest.objects.filter(application=application).values_list("email", flat=True))
    if address in named:
        raise _invalid("email", _("You have named this person already."))
    if len(named) >= VOUCH_REQUESTS:
        raise Conflict(_("You can name {limit} people, and you have.").format(limit=VOUCH_REQUESTS))
    request = VouchRequest.objects.create(application=application, email=address)
    record(
        Verb.VOUCH_ASKED,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
        request_id=request.pk,
    )
    return request


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})


# --- forgetting -------------------------------------------------------------------------------------------------


@shared_task(name="members.forget_drafts")
def forget_drafts() -> int:
    """Delete drafts untouched for `DRAFT_LIFETIME`, with the accounts that never were more. Returns how many drafts.

    Nothing of theirs stays: what somebody began and never sent is nobody's business.
    """
    before = timezone.now() - DRAFT_LIFETIME
    stale = Application.objects.filter(state=ApplicationState.DRAFT, edited_at__lt=before)
    return sum(_forget_draft(pk) for pk in stale.values_list("pk", flat=True)[:1000])


@transaction.atomic
def _forget_draft(pk: int) -> bool:
    application = (
        Application.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=pk, state=ApplicationState.DRAFT)
        .first()
    )
    if application is None:
        return False
    member = application.member
    Activity.objects.filter(target_type="application", target_id=pk).delete()
    application.delete()
    has_been_more = Role.objects.filter(member=member).exclude(role=RoleName.APPLICANT).exists()
    if not has_been_more and not Application.objects.filter(member=member).exists():
        _forget_account(member)
    return True


def _forget_account(member: Member) -> None:
    """Somebody who never was more than this. Where something else still names them, the account stays."""
    with suppress(ProtectedError), transaction.atomic():
        own = Q(actor=member) | Q(counterpart=member) | Q(target_type="member", target_id=member.pk)
        Activity.objects.filter(own).delete()
        member.delete()
