"""Keeping what is being typed, so that nothing typed is ever lost (rule 3.5). Private matters: no activity."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.text import MAX_SOURCE, clean_source
from discussions.models import Draft
from members.models import Member

#: A draft that nobody has changed for so long is swept.
LIFETIME: Final = timedelta(days=90)
#: So many forms with words in them nobody has; a program might.
MOST_DRAFTS: Final = 200
_MOST_FIELDS: Final = 20
_KEY: Final = re.compile(r"[a-z]{1,20}(?::[\w-]{0,70}){1,2}")
_FIELD: Final = re.compile(r"[a-z_]{1,40}")


class DraftConflict(Conflict):
    """Another window has saved meanwhile; `draft` is what it wrote. Neither text is changed."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            _("Another window has written here too. Both texts are kept; choose what becomes of them.")
        )
        self.draft = draft


@transaction.atomic
def save_draft(
    key: str, words: Mapping[str, str], sequence: int, *, by: Member, writer: str = ""
) -> Draft | None:
    """Keep the fields of one form; None where nothing is left in them, and then nothing is kept.

    `sequence` is that of the save this one started from, 0 for the first. Raises `DraftConflict` where another window
    has saved since with other words, and `Invalid` for what is no draft of ours.
    """
    if not _KEY.fullmatch(key) or len(key) > 100:
        raise Invalid(_("This form keeps no draft."))
    kept = _clean(words)
    draft = Draft.objects.select_for_update().filter(member=by, key=key).first()
    if draft is None:
        return _start(key, kept, sequence, by, writer)
    if draft.words == kept:
        return draft
    if draft.sequence != sequence and not (writer and writer == draft.writer):
        raise DraftConflict(draft)
    if not has_words(kept):
        draft.delete()
        return None
    draft.sequence = max(draft.sequence, sequence) + 1
    draft.words, draft.writer, draft.updated_at = kept, writer[:40], timezone.now()
    draft.save(update_fields=["sequence", "words", "writer", "updated_at"])
    return draft


def drop_draft(key: str, *, by: Member) -> bool:
    """Forget what was kept for this form, because it was sent or is not wanted any more. One statement."""
    deleted, _by_model = Draft.objects.filter(member=by, key=key).delete()
    return bool(deleted)


@shared_task(name="discussions.forget_drafts")
def forget_drafts() -> int:
    """Sweep what nobody has changed for 90 days. Safe to run twice; returns how many."""
    deleted, _by_model = Draft.objects.filter(updated_at__lt=timezone.now() - LIFETIME).delete()
    return deleted


def has_words(words: Mapping[str, str]) -> bool:
    """Whether anything was typed: the format of an empty text and the space of no topic say nothing."""
    return any(
        words.get(name, "").strip() for name in ("body", "title", "reason", "about", "options", "words")
    )


def _start(key: str, words: dict[str, str], sequence: int, by: Member, writer: str) -> Draft | None:
    if not has_words(words):
        return None
    if Draft.objects.filter(member=by).count() >= MOST_DRAFTS:
        raise Invalid(
            _("You have {most} drafts, and no more are kept. Send or drop some of them first.").format(
                most=MOST_DRAFTS
            )
        )
    try:
        # A row of its own: two windows may begin in the same moment.
        with transaction.atomic():
            return Draft.objects.create(
                member=by,
                key=key,
                sequence=sequence + 1,
                writer=writer[:40],
                words=words,
                updated_at=timezone.now(),
            )
    except IntegrityError as error:
        raise DraftConflict(Draft.objects.get(member=by, key=key)) from error


def _clean(words: Mapping[str, str]) -> dict[str, str]:
    """Raises `Invalid` for what no form of ours sends. A text that is too long for a post is kept all the same."""
    if len(words) > _MOST_FIELDS or any(not _FIELD.fullmatch(name) for name in words):
        raise Invalid(_("This form keeps no draft."))
    if sum(len(value) for value in words.values()) > 3 * MAX_SOURCE:
        raise Invalid(
            _(
                "This is too long to be kept here. Keep a copy on your device, and split it into several posts."
            )
        )
    return {name: clean_source(value) for name, value in words.items()}
