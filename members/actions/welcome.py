"""Welcoming a newcomer in three steps, each done or skipped (rule 1.11). What is said in them is facts and a topic."""

from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Refused
from community.core.models import Audience
from community.core.permissions import require
from community.core.verbs import Verb
from members.models import Member, Welcome
from members.permissions import is_admitted

#: The steps in their order, and the column that says when each was taken.
STEPS: Final = {"knows": "knows_at", "looks_for": "looks_for_at", "introduces": "introduced_at"}


@transaction.atomic
def take_step(
    member: Member, step: str, *, by: Member, is_skipped: bool = False, topic_id: int | None = None
) -> Welcome:
    """Note that a step was taken or skipped; taking it again changes nothing. With the last one the welcome is over.

    Only for oneself (`Refused`). Members who came before there was a welcome may go through it as well.
    """
    require(is_admitted(by))
    if by.pk != member.pk:
        raise Refused(_("Everybody goes through their own welcome."))
    Welcome.objects.get_or_create(member=member)
    welcome = Welcome.objects.select_for_update().get(member=member)
    now, column = timezone.now(), STEPS[step]
    if getattr(welcome, column) is None:
        setattr(welcome, column, now)
        if is_skipped:
            welcome.skipped = [*welcome.skipped, step]
    if topic_id is not None:
        welcome.topic_id = topic_id
    welcome.shown_at = welcome.shown_at or now
    if welcome.finished_at is None and all(getattr(welcome, one) is not None for one in STEPS.values()):
        welcome.finished_at = now
        record(
            Verb.WELCOME_FINISHED,
            by=by,
            target=member,
            audience=Audience.MEMBER,
            counterpart_id=member.pk,
            skipped=welcome.skipped,
        )
    welcome.save()
    return welcome


def lead_to_welcome(member: Member) -> bool:
    """Whether to lead somebody there now: newcomers, once. Whoever goes elsewhere is not led there again."""
    waiting = Welcome.objects.filter(member=member, shown_at__isnull=True, finished_at__isnull=True)
    return bool(waiting.update(shown_at=Now()))


def next_step(welcome: Welcome | None) -> str:
    """The first step that was neither taken nor skipped; '' when there is none left."""
    if welcome is None:
        return next(iter(STEPS))
    return next((step for step, column in STEPS.items() if getattr(welcome, column) is None), "")
