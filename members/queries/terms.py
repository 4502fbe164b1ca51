"""Page-shaped reads of the terms: what is in force, one version with what it changed, what somebody has to accept."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from community.core.diff import DiffPart, diff_words
from community.core.moments import Moment, moment
from community.core.text import SourceFormat, render
from members.models import Member, Terms, TermsAcceptance, TermsKind


@dataclass(frozen=True, slots=True)
class TermsRow:
    """A version in a list."""

    label: str
    version: int
    url: str
    published: Moment
    change_note: str


@dataclass(frozen=True, slots=True)
class TermsPage:
    """One version to be read, and what it changed. `changes` is empty for the first one."""

    pk: int
    label: str
    version: int
    html: SafeString
    published: Moment
    change_note: str
    url: str
    newest_url: str
    earlier_version: int
    changes: list[list[DiffPart]]
    versions: list[TermsRow]


def terms_in_force() -> list[TermsRow]:
    """The newest version of each kind. One query."""
    now = timezone.now()
    rows = {row.kind: row for row in Terms.objects.in_force()}
    return [_row(rows[kind], now) for kind in TermsKind.values if kind in rows]


def terms_page(terms: Terms) -> TermsPage:
    """A published version beside the one before it. One query."""
    now = timezone.now()
    published = Terms.objects.filter(kind=terms.kind, published_at__isnull=False)
    versions = list(published.order_by("-version"))
    earlier = next((row for row in versions if row.version < terms.version), None)
    return _page(terms, earlier, versions, now=now)


def terms_to_read(member: Member, owed: list[Terms]) -> list[TermsPage]:
    """What somebody is asked to accept, each beside the version that they accepted last. Two queries."""
    now = timezone.now()
    accepted = TermsAcceptance.objects.filter(member=member).select_related("terms")
    known: dict[str, Terms] = {}
    for row in accepted.order_by("terms__version"):
        known[row.terms.kind] = row.terms
    return [_page(row, known.get(row.kind), [], now=now) for row in owed]


def _page(terms: Terms, earlier: Terms | None, versions: list[Terms], *, now: datetime) -> TermsPage:
    newest = versions[0] if versions else terms
    return TermsPage(
        pk=terms.pk,
        label=str(terms.get_kind_display()),
        version=terms.version,
        html=_html(terms.body),
        published=moment(terms.published_at or terms.created_at, now),
        change_note=terms.change_note,
        url=terms.get_absolute_url(),
        newest_url="" if newest.pk == terms.pk else newest.get_absolute_url(),
        earlier_version=0 if earlier is None else earlier.version,
        changes=[] if earlier is None else _only_changes(_changes(earlier.body, terms.body)),
        versions=[_row(row, now) for row in versions],
    )


def _row(terms: Terms, now: datetime) -> TermsRow:
    return TermsRow(
        label=str(terms.get_kind_display()),
        version=terms.version,
        url=reverse("terms_show", args=[terms.kind, terms.version]),
        published=moment(terms.published_at or terms.created_at, now),
        change_note=terms.change_note,
    )


def _only_changes(rows: list[list[DiffPart]]) -> list[list[DiffPart]]:
    return [row for row in rows if any(part.kind != "same" for part in row)]


# What is published never changes, and strangers may ask for it as often as they like.
@lru_cache(maxsize=16)
def _html(source: str) -> SafeString:
    # Rendered and sanitised, as posts are.
    return mark_safe(render(source, SourceFormat.MARKDOWN).html)  # noqa: S308


@lru_cache(maxsize=16)
def _changes(before: str, after: str) -> list[list[DiffPart]]:
    return diff_words(before, after)
