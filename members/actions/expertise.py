"""Expert labels: granted on evidence, reviewed each year, ended; and how much the expert wants to be asked."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.directory import refresh_directory_entry
from members.actions.role import end_role, grant_role
from members.models import Expertise, Member, QuestionBudget, Role, RoleName
from members.permissions import can_manage_experts, can_set_question_budget

#: Rule 2.5: looked at again each year.
REVIEWED_EVERY: Final = timedelta(days=365)
MOST_QUESTIONS: Final = 99


@transaction.atomic
def grant_expertise(
    member: Member, *, topic: str, evidence: str, by: Member, at: datetime | None = None
) -> Expertise:
    """Rule 2.5. The first label grants the role of an expert. `at` is when it was granted; now, if not given.

    Raises `Invalid` without topic or evidence and for who is not a member, `Conflict` where the label is held already.
    """
    require(can_manage_experts(by, member))
    topic, evidence = clean_line(topic).lower(), clean_line(evidence)
    problems = {}
    if not topic or len(topic) > 60:
        problems["topic"] = [_("Name the topic in 60 characters at most, as its tag is named.")]
    if not evidence or len(evidence) > 500:
        problems["evidence"] = [_("Say in 500 characters at most what shows it: posts, work, a talk.")]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    member = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if not member.is_admitted or member.is_machine:
        raise Invalid(_("Only a member can be recognised as an expert."))
    current = Expertise.objects.current().filter(member=member)
    if current.filter(topic=topic).exists():
        raise Conflict(_("{name} holds this label already.").format(name=member.display_name))
    row = Expertise.objects.create(
        member=member,
        topic=topic,
        evidence=evidence,
        granted_by=by,
        from_at=at or timezone.now(),
        review_due=(at or timezone.now()) + REVIEWED_EVERY,
    )
    if RoleName.EXPERT not in member.roles:
        grant_role(member, RoleName.EXPERT, by=by, at=at)
    _told(Verb.EXPERTISE_GRANTED, row, by, at=at)
    return row


@transaction.atomic
def review_expertise(row: Expertise, *, by: Member, evidence: str = "") -> Expertise:
    """It still holds; the next look is due in a year. New evidence takes the place of the old one."""
    require(can_manage_experts(by, row.member))
    row = _locked(row)
    now = timezone.now()
    row.reviewed_at, row.review_due = now, now + REVIEWED_EVERY
    row.evidence = clean_line(evidence)[:500] or row.evidence
    row.save(update_fields=["reviewed_at", "review_due", "evidence"])
    _told(Verb.EXPERTISE_REVIEWED, row, by)
    return row


@transaction.atomic
def end_expertise(row: Expertise, *, by: Member) -> Expertise:
    """End a label; with the last one the role of an expert ends."""
    require(can_manage_experts(by, row.member))
    row = _locked(row)
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])
    if not Expertise.objects.current().filter(member=row.member).exists():
        role = Role.objects.current().filter(member=row.member, role=RoleName.EXPERT).order_by("pk").last()
        if role is not None:
            end_role(role, by=by)
    _told(Verb.EXPERTISE_ENDED, row, by)
    return row


@transaction.atomic
def set_question_budget(member: Member, per_month: int | None, *, by: Member) -> Member:
    """How many questions a month the expert wants to be asked; None for as many as come. It is theirs to say."""
    require(can_set_question_budget(by, member))
    if per_month is None:
        QuestionBudget.objects.filter(member=member).delete()
        return member
    if not 0 <= per_month <= MOST_QUESTIONS:
        sentence = _("Write a number from 0 to {most}.").format(most=MOST_QUESTIONS)
        raise Invalid(sentence, fields={"per_month": [sentence]})
    QuestionBudget.objects.update_or_create(member=member, defaults={"per_month": per_month})
    record(
        Verb.PROFILE_EDITED,
        by=by,
        target=member,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        fields=["questions"],
    )
    return member


def _locked(row: Expertise) -> Expertise:
    Member.objects.select_for_update(no_key=True).get(pk=row.member_id)
    row = Expertise.objects.select_related("member").get(pk=row.pk)
    if row.ended_at is not None:
        raise Conflict(_("This label has ended already."))
    return row


def _told(verb: Verb, row: Expertise, by: Member, *, at: datetime | None = None) -> None:
    refresh_directory_entry(row.member_id)
    record(
        verb,
        by=by,
        target=row.member,
        audience=Audience.COMMUNITY,
        counterpart_id=row.member_id,
        at=at,
        topic=row.topic,
    )
