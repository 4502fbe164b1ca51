"""What reviewers do with an application: take it, ask, note, judge each criterion, decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line, clean_source, required_words
from community.core.verbs import Verb
from members.actions.application import lock_application, move_to
from members.actions.organisation import create_organisation
from members.actions.place import lock_tier
from members.actions.waitlist import let_in_or_wait
from members.models import (
    WITH_REVIEWERS,
    Application,
    ApplicationNote,
    ApplicationState,
    Assessment,
    Criterion,
    Member,
    Organisation,
    OrganisationKind,
    ReviewDecision,
    Skip,
    Tier,
    Verdict,
    Vouch,
)
from members.permissions import can_review_application, can_review_applications

LONGEST_WORDS: Final = 5000
LONGEST_REASON: Final = 500
_UNDECIDED: Final = (*WITH_REVIEWERS, ApplicationState.MORE_ASKED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reviewer says of one criterion. Anything but "met" needs a reason."""

    criterion: Criterion
    verdict: Verdict
    reason: str = ""


# --- taking, asking, noting -------------------------------------------------------------------------------------


@transaction.atomic
def take_application(
    application: Application, *, by: Member, instead_of: Member | None = None
) -> Application:
    """Become the owner, who decides in time. Taking one's own again changes nothing.

    Raises `Conflict` where somebody else owns it than `instead_of`, whom the asker saw on the page.
    """
    application = _lock(application, by=by, states=_UNDECIDED)
    if application.owner_id == by.pk:
        return application
    if application.owner is not None and application.owner != instead_of:
        raise Conflict(
            _("{name} has taken this application. Ask them, or take it over on its page.").format(
                name=application.owner.display_name
            )
        )
    _take(application, by=by)
    return application


@transaction.atomic
def ask_applicant(application: Application, words: str, *, by: Member) -> Application:
    """Rule 1.3: ask for more; the clock stands still until the answer comes. The applicant reads the words as they are.

    The same question sent twice is one. Raises `Invalid` without words, `Conflict` where a question is open.
    """
    words = required_words(
        words,
        field="words",
        longest=LONGEST_WORDS,
        missing=_("Write what you would like to know. The applicant reads it as it is."),
    )
    application = _lock(application, by=by, states=_UNDECIDED)
    if application.state == ApplicationState.MORE_ASKED:
        last = application.steps.order_by("-at", "-pk").first()
        if last is not None and last.by_id == by.pk and last.words == words:
            return application
        raise Conflict(_("The applicant has been asked already. Wait for the answer, or decide without it."))
    if application.owner_id is None:
        _take(application, by=by)
    step = move_to(application, ApplicationState.MORE_ASKED, by=by, words=words)
    record(
        Verb.APPLICATION_ASKED,
        by=by,
        target=application,
        audience=Audience.MEMBER,
        counterpart_id=application.member_id,
        step=step.pk,
    )
    return application


@transaction.atomic
def note_application(application: Application, text: str, *, by: Member) -> ApplicationNote:
    """A word between reviewers, on an application in whatever state. Sent twice in a row it stands there once."""
    application = _lock(application, by=by)
    return _note(application, text, by=by)


@transaction.atomic
def ask_second_reviewer(application: Application, reason: str, *, by: Member) -> Application:
    """Rule 1.4: an edge case, for which two have to agree. The reason becomes a note. Switching it on twice is once."""
    application = _lock(application, by=by, states=_UNDECIDED)
    if application.needs_second_reviewer:
        return application
    _note(application, reason, by=by)
    application.needs_second_reviewer = True
    application.save(update_fields=["needs_second_reviewer"])
    return application


@transaction.atomic
def waive_vouches(application: Application, reason: str, *, by: Member) -> Application:
    """Rule 1.6: go without the vouches that the tier asks for, as a criterion can be waived. The reason becomes a note.

    Raises `Invalid` without a reason.
    """
    application = _lock(application, by=by, states=_UNDECIDED)
    reason = _reason(reason, field="reason")
    if application.vouch_waiver:
        return application
    _note(application, _("Without vouches: {reason}").format(reason=reason), by=by)
    application.vouch_waiver = reason
    application.save(update_fields=["vouch_waiver"])
    return application


@transaction.atomic
def settle_company(application: Application, name: str, *, by: Member) -> Application:
    """Which company the applicant belongs to, by its name; one that is not there yet is added. Without a name: none.

    What the applicant wrote stays beside it. Raises `Invalid` for an overlong name.
    """
    application = _lock(application, by=by, states=_UNDECIDED)
    name = clean_line(name)
    if len(name) > 120:
        sentence = _("The name of a company has at most 120 characters.")
        raise Invalid(sentence, fields={"company": [sentence]})
    organisation = Organisation.objects.filter(name__iexact=name).first() if name else None
    if name and organisation is None:
        organisation = create_organisation(by=by, name=name, kind=OrganisationKind.CUSTOMER)
    application.organisation = organisation
    application.save(update_fields=["organisation"])
    return application


# --- judging ----------------------------------------------------------------------------------------------------


@transaction.atomic
def assess_application(
    application: Application, judgements: Sequence[Judgement], *, by: Member
) -> Application:
    """Rule 1.4: this reviewer on one criterion or several; what was said before about the same one is replaced.

    Whoever had given a decision and changes a judgement has to decide again. Raises `Invalid` where a reason is
    missing, `Conflict` for a criterion that is not in force for the tier.
    """
    application = _lock(application, by=by, states=_UNDECIDED)
    _assess(application, judgements, by=by)
    return application


def _assess(application: Application, judgements: Sequence[Judgement], *, by: Member) -> None:
    in_force = set(criteria_of(application.tier))
    missing: dict[str, list[str]] = {}
    cleaned: list[Judgement] = []
    for judgement in judgements:
        if judgement.criterion not in in_force:
            raise Conflict(_("The criteria were changed meanwhile. Reload the page and look at them again."))
        reason = clean_line(judgement.reason)[:LONGEST_REASON]
        if judgement.verdict != Verdict.MET and not reason:
            sentence = _("Say why: “{criterion}” is {verdict}.").format(
                criterion=judgement.criterion.name, verdict=judgement.verdict.label
            )
            missing[f"reason_{judgement.criterion.pk}"] = [sentence]
        cleaned.append(Judgement(judgement.criterion, judgement.verdict, reason))
    if missing:
        raise Invalid(_("A criterion that is not met or waived needs a reason."), fields=missing)
    before = {
        row.criterion_id: row for row in Assessment.objects.filter(application=application, reviewer=by)
    }
    changed = [
        judgement
        for judgement in cleaned
        for row in [before.get(judgement.criterion.pk)]
        if row is None or (row.verdict, row.reason) != (judgement.verdict, judgement.reason)
    ]
    if not changed:
        return
    if application.owner_id is None:
        _take(application, by=by)
    for judgement in changed:
        Assessment.objects.update_or_create(
            application=application,
            criterion=judgement.criterion,
            reviewer=by,
            defaults={"verdict": judgement.verdict, "reason": judgement.reason, "at": timezone.now()},
        )
        record(
            Verb.APPLICATION_ASSESSED,
            by=by,
            target=application,
            audience=Audience.STAFF,
            counterpart_id=application.member_id,
            criterion_id=judgement.criterion.pk,
            verdict=str(judgement.verdict),
        )
    ReviewDecision.objects.filter(application=application, reviewer=by).delete()


def criteria_of(tier: Tier) -> list[Criterion]:
    """What is asked of everybody and of this tier, in the order of the public page."""
    return list(Criterion.objects.in_force().of_tier(tier))


# --- deciding ---------------------------------------------------------------------------------------------------


@transaction.atomic
def decide_application(
    application: Application,
    *,
    by: Member,
    accepts: bool,
    words: str,
    judgements: Sequence[Judgement] = (),
) -> Application:
    """Rule 1.4: the decision of one reviewer, which follows from the criteria and may bring the last judgements along.

    It takes effect when as many agree as are needed; until then, and where two disagree, the application stays with
    the reviewers. Accepting into a tier or company that is full puts the applicant on the waitlist. The applicant
    reads the words of the decision that took effect, as they are. Sent twice it is decided once.

    Raises `Invalid` where a criterion is not judged, is not met for an acceptance, where vouches are missing, or a
    decline has no words; `Conflict` where somebody else has decided or it is not to be decided.
    """
    require(can_review_application(by, application))
    words = clean_source(words).strip()
    if not accepts or len(words) > LONGEST_WORDS:
        words = required_words(
            words,
            field="words",
            longest=LONGEST_WORDS,
            missing=_("Write why. The applicant reads exactly these words."),
        )
    # The tier first, then the application: the order of everybody who gives places.
    tier = lock_tier(application.tier)
    if _has_decided(application, by=by, accepts=accepts):
        return lock_application(application)
    states = _UNDECIDED if accepts else (*_UNDECIDED, ApplicationState.WAITLISTED)
    application = _lock(application, by=by, states=states)
    _assess(application, judgements, by=by)
    not_met = _check_criteria(application, by=by, accepts=accepts)
    if accepts:
        _check_vouches(application)
    if application.owner_id is None:
        _take(application, by=by)
    _give_decision(application, by=by, accepts=accepts, words=words)
    agreeing = ReviewDecision.objects.filter(application=application, accepts=accepts).count()
    if agreeing < reviewers_needed(application):
        return application
    is_in_time = _is_in_time(application)
    if not accepts:
        _decline(application, by=by, words=words, is_in_time=is_in_time, not_met=not_met)
        return application
    let_in_or_wait(application, tier=tier, by=by, words=words, is_in_time=is_in_time)
    return application


def reviewers_needed(application: Application) -> int:
    return 2 if application.needs_second_reviewer else application.tier.reviewers_needed


def vouches_missing(application: Application, *, counted: int | None = None) -> int:
    """How many vouches without a conflict are missing; none where they are waived or spared by the invitation.

    `counted` is how many there are, from whoever has read them already.
    """
    invitation = application.invitation
    is_spared = bool(application.vouch_waiver) or (
        invitation is not None and Skip.VOUCHES in invitation.skips
    )
    if is_spared or not application.tier.vouches_needed:
        return 0
    if counted is None:
        counted = Vouch.objects.filter(application=application, conflict="").count()
    return max(0, application.tier.vouches_needed - counted)


def _has_decided(application: Application, *, by: Member, accepts: bool) -> bool:
    """Whether the same reviewer said the same before and it took effect: the form was sent twice."""
    taken_effect = (
        (ApplicationState.ACCEPTED, ApplicationState.WAITLISTED) if accepts else (ApplicationState.DECLINED,)
    )
    return (
        Application.objects.filter(pk=application.pk, state__in=taken_effect)
        .filter(decisions__reviewer=by, decisions__accepts=accepts)
        .exists()
    )


def _check_criteria(application: Application, *, by: Member, accepts: bool) -> list[int]:
    """Every criterion in force was judged by this reviewer; returns those that are not met."""
    judged = {
        row.criterion_id: row for row in Assessment.objects.filter(application=application, reviewer=by)
    }
    criteria = criteria_of(application.tier)
    sentence = _("Judge this one too before you decide.")
    unjudged = {f"verdict_{row.pk}": [sentence] for row in criteria if row.pk not in judged}
    if unjudged:
        raise Invalid(_("Each criterion is judged before the decision."), fields=unjudged)
    not_met = [row for row in criteria if judged[row.pk].verdict == Verdict.NOT_MET]
    if accepts and not_met:
        sentence = _("This is not met. Waive it with a reason, or decline.")
        raise Invalid(
            _("Somebody is accepted where every criterion is met or waived."),
            fields={f"verdict_{row.pk}": [sentence] for row in not_met},
        )
    return [row.pk for row in not_met]


def _check_vouches(application: Application) -> None:
    missing = vouches_missing(application)
    if missing:
        raise Invalid(
            _(
                "{tier} asks for {needed} vouches without a conflict of interest, and {missing} are missing. "
                "Wait for them, or waive them with a reason."
            ).format(tier=application.tier.name, needed=application.tier.vouches_needed, missing=missing)
        )


def _give_decision(application: Application, *, by: Member, accepts: bool, words: str) -> None:
    before = ReviewDecision.objects.filter(application=application, reviewer=by).first()
    if before is not None and (before.accepts, before.words) == (accepts, words):
        return
    ReviewDecision.objects.update_or_create(
        application=application,
        reviewer=by,
        defaults={"accepts": accepts, "words": words, "at": timezone.now()},
    )
    record(
        Verb.APPLICATION_REVIEWED,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
        accepts=accepts,
    )


def _is_in_time(application: Application) -> bool:
    """Rule 1.5. The clock stands still while the applicant is asked, and stopped with the waitlist."""
    stopped_at = application.waitlisted_at or application.asked_at or timezone.now()
    return application.due_at is not None and stopped_at <= application.due_at


def _decline(
    application: Application, *, by: Member, words: str, is_in_time: bool, not_met: list[int]
) -> None:
    step = move_to(application, ApplicationState.DECLINED, by=by, words=words)
    record(
        Verb.APPLICATION_DECLINED,
        by=by,
        target=application,
        audience=Audience.MEMBER,
        counterpart_id=application.member_id,
        organisation_id=application.organisation_id,
        tier=application.tier_id,
        in_time=is_in_time,
        not_met=not_met,
        step=step.pk,
    )


# --- what they share --------------------------------------------------------------------------------------------


def _lock(
    application: Application, *, by: Member, states: Sequence[ApplicationState] | None = None
) -> Application:
    """The row as it is now, for somebody who may review it. Raises `Conflict` with what happened to it meanwhile."""
    require(can_review_applications(by))
    require(can_review_application(by, application))
    locked = lock_application(application)
    if states is not None and locked.state not in states:
        raise Conflict(_what_happened(locked))
    return locked


def _what_happened(application: Application) -> str:
    state = ApplicationState(application.state)
    last = application.steps.select_related("by").order_by("-at", "-pk").first()
    name = last.by.display_name if last is not None and last.by is not None else _("the waitlist")
    sentences = {
        ApplicationState.DRAFT: _("The applicant has not sent this application yet."),
        ApplicationState.WITHDRAWN: _("The applicant has withdrawn this application."),
        ApplicationState.ACCEPTED: _("This application is accepted already, by {name}."),
        ApplicationState.DECLINED: _("This application is declined already, by {name}."),
        ApplicationState.WAITLISTED: _("This applicant is on the waitlist already, by {name}."),
    }
    sentence = sentences.get(state, _("This application is in another state now. Reload the page."))
    return sentence.format(name=name)


def _take(application: Application, *, by: Member) -> None:
    application.owner = by
    application.save(update_fields=["owner"])
    if application.state == ApplicationState.SUBMITTED:
        move_to(application, ApplicationState.IN_REVIEW, by=by)
    record(
        Verb.APPLICATION_TAKEN,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
    )


def _note(application: Application, text: str, *, by: Member) -> ApplicationNote:
    text = required_words(
        text,
        field="note",
        longest=LONGEST_WORDS,
        missing=_("There is nothing here yet. Write the note first."),
    )
    last = application.notes.order_by("-at", "-pk").first()
    if last is not None and last.by_id == by.pk and last.text == text:
        return last
    note = ApplicationNote.objects.create(application=application, by=by, text=text)
    record(
        Verb.APPLICATION_NOTED,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
    )
    return note


def _reason(text: str, *, field: str) -> str:
    line = clean_line(text)
    if not line:
        sentence = _("Say why in a sentence. Other reviewers read it.")
        raise Invalid(sentence, fields={field: [sentence]})
    return line[:LONGEST_REASON]
