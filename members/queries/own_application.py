"""How an application stands, as its applicant reads it. Notes, judgements and reviewers' names are not read here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.core.moments import Clock, Moment
from members.models import (
    Answer,
    Application,
    ApplicationState,
    ApplicationStep,
    Member,
    Skip,
    VouchRequest,
)
from members.questions import asked


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the history. `words` are those that were written for the applicant, or by them."""

    label: str
    at: Moment
    words: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class AnswerRow:
    label: str
    text: str
    may_fill: bool


@dataclass(frozen=True, slots=True)
class OwnApplication:
    state: str
    title: str
    next_sentence: str
    due: Moment | None
    due_day: str
    is_late: bool
    tier_name: str
    question: str
    reason: str
    steps: list[StepRow]
    answers: list[AnswerRow]
    vouches_needed: int
    vouch_requests: list[str]
    place_sentence: str
    is_draft: bool
    may_withdraw: bool
    may_begin_again: bool


def newest_application(member: Member) -> Application | None:
    """The one that is under way, otherwise the one before. One query."""
    return (
        Application.objects.filter(member=member)
        .select_related("tier", "member", "invitation")
        .order_by("-created_at", "-pk")
        .first()
    )


def own_application(application: Application, *, place_sentence: str = "") -> OwnApplication:
    """Rule 1.3: the state, what comes next, and every step with exactly the words written for the applicant.

    Three queries.
    """
    now = timezone.now()
    clock = Clock(now)
    state = ApplicationState(application.state)
    steps = list(ApplicationStep.objects.filter(application=application))
    last = steps[-1] if steps else None
    is_waiting = state in (ApplicationState.SUBMITTED, ApplicationState.IN_REVIEW)
    due_at = application.due_at if is_waiting else None
    is_late = due_at is not None and due_at < now
    needed = _vouches_needed(application)
    return OwnApplication(
        state=application.state,
        title=str(_titles()[state]),
        next_sentence=_next(state, is_late=is_late),
        due=None if due_at is None else clock.moment(due_at),
        due_day="" if due_at is None else due_day(due_at),
        is_late=is_late,
        tier_name=application.tier.name,
        question=last.words if last and state == ApplicationState.MORE_ASKED else "",
        reason=last.words if last and not application.is_open else "",
        steps=[_step_row(step, clock, application.member_id) for step in steps],
        answers=_answers(application),
        vouches_needed=needed,
        vouch_requests=list(
            VouchRequest.objects.filter(application=application)
            .order_by("pk")
            .values_list("email", flat=True)
        )
        if needed
        else [],
        place_sentence=place_sentence,
        is_draft=state == ApplicationState.DRAFT,
        may_withdraw=application.is_open,
        may_begin_again=state in (ApplicationState.DECLINED, ApplicationState.WITHDRAWN),
    )


def due_day(due_at: datetime) -> str:
    """The last day of a promise, in the reader's zone. What is due at midnight is due on the day that ends then."""
    last = timezone.localtime(due_at - timedelta(seconds=1))
    return date_format(last, "j F Y")


def _vouches_needed(application: Application) -> int:
    invitation = application.invitation
    is_spared = invitation is not None and Skip.VOUCHES in invitation.skips
    with_reviewers = (ApplicationState.SUBMITTED, ApplicationState.IN_REVIEW, ApplicationState.MORE_ASKED)
    return 0 if is_spared or application.state not in with_reviewers else application.tier.vouches_needed


def _answers(application: Application) -> list[AnswerRow]:
    rows = list(
        Answer.objects.filter(application=application)
        .select_related("question")
        .order_by("question__position", "question")
    )
    if application.state == ApplicationState.DRAFT:
        kept = {
            row.pk
            for row in asked((row.question for row in rows), {row.question_id: row.text for row in rows})
        }
        rows = [row for row in rows if row.question_id in kept]
    return [AnswerRow(row.question.label, row.text, row.may_fill) for row in rows]


def _step_row(step: ApplicationStep, clock: Clock, member_id: int) -> StepRow:
    """Who decided stays inside: to the applicant it is the community that speaks."""
    is_own = step.by_id == member_id
    state = ApplicationState(step.state)
    own = {
        ApplicationState.DRAFT: _("You began"),
        ApplicationState.SUBMITTED: _("You answered") if step.words else _("You sent it"),
        ApplicationState.IN_REVIEW: _("You answered"),
        ApplicationState.WITHDRAWN: _("You withdrew it"),
    }
    others = {
        ApplicationState.DRAFT: _("It was begun"),
        ApplicationState.SUBMITTED: _("It arrived"),
        ApplicationState.IN_REVIEW: _("A community manager began to read it"),
        ApplicationState.MORE_ASKED: _("A community manager asked you something"),
        ApplicationState.WAITLISTED: _("It was put on the waitlist"),
        ApplicationState.ACCEPTED: _("It was accepted"),
        ApplicationState.DECLINED: _("It was declined"),
        ApplicationState.WITHDRAWN: _("It was withdrawn"),
    }
    label = own.get(state, others[state]) if is_own else others[state]
    return StepRow(label, clock.moment(step.at), step.words, is_own)


def _titles() -> dict[ApplicationState, str]:
    return {
        ApplicationState.DRAFT: _("Your application is not sent yet"),
        ApplicationState.SUBMITTED: _("We have your application"),
        ApplicationState.IN_REVIEW: _("Your application is being read"),
        ApplicationState.MORE_ASKED: _("There is a question for you"),
        ApplicationState.WAITLISTED: _("You are on the waitlist"),
        ApplicationState.ACCEPTED: _("You are in"),
        ApplicationState.DECLINED: _("Your application was declined"),
        ApplicationState.WITHDRAWN: _("You have withdrawn your application"),
    }


def _next(state: ApplicationState, *, is_late: bool) -> str:
    """What happens next, and who has to do it."""
    if is_late:
        return _("The day of your answer has passed. That is our delay; you need not do anything.")
    return {
        ApplicationState.DRAFT: _("Nobody else can see it until you send it."),
        ApplicationState.SUBMITTED: _("A community manager reads it next. You need not do anything."),
        ApplicationState.IN_REVIEW: _("A community manager goes through it, criterion by criterion."),
        ApplicationState.MORE_ASKED: _("It goes on as soon as you have answered."),
        ApplicationState.WAITLISTED: _(
            "All places are taken at the moment. When it is your turn you are let in, and a mail tells you."
        ),
        ApplicationState.ACCEPTED: _("Everything inside is open to you now."),
        ApplicationState.DECLINED: _("This is what the community managers wrote to you."),
        ApplicationState.WITHDRAWN: _("Nobody works on it any more."),
    }[state]
