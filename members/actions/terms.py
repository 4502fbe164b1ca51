"""Terms of use and house rules: written as drafts, published in versions, accepted by each member (rule 1.10)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import MAX_SOURCE, clean_line, clean_source
from community.core.verbs import Verb
from members.models import Member, Terms, TermsAcceptance, TermsKind
from members.permissions import can_publish_terms


@transaction.atomic
def draft_terms(
    kind: TermsKind, *, by: Member, body: str, change_note: str = "", at: datetime | None = None
) -> Terms:
    """Begin the next version. Raises `Invalid` without a text, `Conflict` where its draft is there already."""
    require(can_publish_terms(by))
    source, note = _clean(body, change_note)
    numbers = Terms.objects.filter(kind=kind)
    if numbers.filter(published_at__isnull=True).exists():
        raise Conflict(_("There is a draft of the next version already. Change that one, then publish it."))
    version = (numbers.aggregate(newest=Max("version"))["newest"] or 0) + 1
    # Two who begin at once: the second finds the number taken.
    row, created = Terms.objects.get_or_create(
        kind=kind, version=version, defaults={"body": source, "change_note": note}
    )
    if not created:
        raise Conflict(_("Somebody began the next version a moment ago. Change that one, then publish it."))
    _record(Verb.TERMS_DRAFTED, row, by, at=at)
    return row


@transaction.atomic
def edit_terms(terms: Terms, *, by: Member, body: str, change_note: str) -> Terms:
    """Change a draft. What was published is never changed: raises `Conflict`, and the next version is written."""
    require(can_publish_terms(by))
    source, note = _clean(body, change_note)
    row = _locked_draft(terms)
    row.body, row.change_note = source, note
    row.save(update_fields=["body", "change_note"])
    _record(Verb.TERMS_DRAFTED, row, by)
    return row


@transaction.atomic
def publish_terms(terms: Terms, *, by: Member | None, at: datetime | None = None) -> Terms:
    """Put a draft in force: from now on every member is asked to accept it before anything else.

    From the second version on it says in a sentence what is new. `by` is None for the demo only.
    """
    if by is not None:
        require(can_publish_terms(by))
    row = _locked_draft(terms)
    if row.version > 1 and not row.change_note:
        sentence = _("Say in a sentence what is new: it is the first thing that members read.")
        raise Invalid(sentence, fields={"change_note": [sentence]})
    row.published_at, row.published_by = at or timezone.now(), by
    row.save(update_fields=["published_at", "published_by"])
    _record(Verb.TERMS_PUBLISHED, row, by, at=at)
    return row


def terms_to_accept(member: Member) -> list[Terms]:
    """What is in force and not accepted by this member yet; empty where nothing was published. One query."""
    if member.is_machine:
        return []
    return list(Terms.objects.owed_by(member.pk))


@transaction.atomic
def accept_terms(
    member: Member, terms: Sequence[Terms], *, by: Member, at: datetime | None = None
) -> list[TermsAcceptance]:
    """Accept the versions that were shown; accepting again changes nothing.

    Only for oneself (`Refused`). Raises `Conflict` where a newer version came in force meanwhile: nobody has read it.
    """
    if by.pk != member.pk:
        raise Refused(_("Everybody accepts the terms for themselves."))
    in_force = {row.pk for row in Terms.objects.in_force()}
    if any(row.pk not in in_force for row in terms):
        raise Conflict(_("A newer version came in force a moment ago. Read it, then accept."))
    made = []
    for row in terms:
        acceptance, created = TermsAcceptance.objects.get_or_create(
            member=member, terms=row, defaults={"accepted_at": at or timezone.now()}
        )
        if created:
            record(
                Verb.TERMS_ACCEPTED,
                by=by,
                target=row,
                audience=Audience.MEMBER,
                counterpart_id=member.pk,
                at=at,
                kind=row.kind,
                version=row.version,
            )
            made.append(acceptance)
    member.__dict__.pop("owes_terms_since", None)
    member.__dict__.pop("_owes_terms_since", None)
    return made


def _locked_draft(terms: Terms) -> Terms:
    row = Terms.objects.select_for_update().get(pk=terms.pk)
    if row.published_at is not None:
        raise Conflict(
            _("This version is published, and what was accepted is never changed. Write the next version.")
        )
    return row


def _clean(body: str, change_note: str) -> tuple[str, str]:
    source = clean_source(body).strip()
    if not source:
        sentence = _("The terms have no text yet.")
        raise Invalid(sentence, fields={"body": [sentence]})
    if len(source) > MAX_SOURCE:
        sentence = _("The text has {length} characters; {limit} are the most.").format(
            length=len(source), limit=MAX_SOURCE
        )
        raise Invalid(sentence, fields={"body": [sentence]})
    return source, clean_line(change_note)[:300]


def _record(verb: Verb, row: Terms, by: Member | None, at: datetime | None = None) -> None:
    audience = Audience.COMMUNITY if verb == Verb.TERMS_PUBLISHED else Audience.STAFF
    record(verb, by=by, target=row, audience=audience, at=at, kind=row.kind, version=row.version)
