"""The directory's entries: written anew by whatever changes what stands in them, and all of them once a night."""

import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from celery import shared_task
from django.conf.locale import LANG_INFO
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from community.core.broker import enqueue
from community.core.statements import Blank, OneOf, Statement
from members.directory import COMPANY, COMPANY_KIND, EXPERT, NEW, NEW_DAYS, facet_value, fold, lexemes_of
from members.models import (
    DirectoryEntry,
    DirectoryFacet,
    Employment,
    Expertise,
    Fact,
    FactKind,
    Member,
    Organisation,
    Visibility,
)

logger = logging.getLogger(__name__)

BATCH: Final = 500
#: How long a rebuild holds a worker at a time.
REBUILD_SECONDS: Final = 60.0
# Neither says who somebody is: a link is no word, and a birthday is for the one day.
_NOT_FOUND_BY: Final = frozenset({FactKind.LINK, FactKind.LINKS, FactKind.DAY, FactKind.NUMBER})

# One round trip whatever the number of rows, and no write where nothing has changed.
_WRITE: Final = """
    INSERT INTO members_directoryentry AS entry
        (member_id, sort_name, headline, place, helps, expert_in, facets, vector, joined_at)
    SELECT member_id, sort_name, headline, place, helps, expert_in, facets, array_to_tsvector(lexemes), joined_at
    FROM jsonb_to_recordset(%s::jsonb) AS row (
        member_id bigint, sort_name text, headline text, place text, helps text, expert_in text,
        facets bigint[], lexemes text[], joined_at timestamptz
    )
    ORDER BY member_id
    ON CONFLICT (member_id) DO UPDATE SET
        sort_name = excluded.sort_name, headline = excluded.headline, place = excluded.place,
        helps = excluded.helps, expert_in = excluded.expert_in, facets = excluded.facets, vector = excluded.vector,
        joined_at = excluded.joined_at
    WHERE (entry.sort_name, entry.headline, entry.place, entry.helps, entry.expert_in, entry.facets, entry.vector,
           entry.joined_at)
        IS DISTINCT FROM (excluded.sort_name, excluded.headline, excluded.place, excluded.helps, excluded.expert_in,
                          excluded.facets, excluded.vector, excluded.joined_at)
"""

# Ordered, so that two counts at the same time wait for each other instead of locking each other out.
_COUNT: Final = """
    WITH truth AS (
        SELECT facet_id AS id, count(*) AS people
        FROM members_directoryentry, unnest(facets) AS facet_id GROUP BY facet_id
    ),
    drifted AS (
        SELECT facet.id, coalesce(truth.people, 0) AS people
        FROM members_directoryfacet AS facet LEFT JOIN truth USING (id)
        WHERE facet.key NOT IN ('', %(new)s) AND facet.people <> coalesce(truth.people, 0)
        ORDER BY facet.id FOR UPDATE OF facet
    )
    UPDATE members_directoryfacet AS facet SET people = drifted.people FROM drifted WHERE facet.id = drifted.id
"""
_COUNT_ALL: Final = """
    INSERT INTO members_directoryfacet (key, value, label, people)
    SELECT '', '', '', count(*) FROM members_directoryentry
    UNION ALL
    SELECT %(new)s, '', '', count(*) FROM members_directoryentry
    WHERE joined_at >= now() - %(days)s * interval '1 day'
    ON CONFLICT (key, value) DO UPDATE SET people = excluded.people
"""


@dataclass(slots=True)
class _Draft:
    """What is known of one person before it becomes an entry."""

    member_id: int
    display_name: str
    headline: str
    joined_at: datetime
    place: str = ""
    helps: str = ""
    expert_in: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    # (key, value) with the label that people read.
    facets: dict[tuple[str, str], str] = field(default_factory=dict)

    def add_facet(self, key: str, label: str, *, value: str = "") -> None:
        value = value or facet_value(label)
        if value:
            self.facets.setdefault((key, value), label[:120])


@transaction.atomic
def refresh_directory_entry(*member_ids: int) -> None:
    """Rule 2.3: write the entries of these people anew, or take them out, in the transaction of what has changed.

    Holds nothing but what all members may see. A fixed number of statements, however many people.
    """
    ids = sorted(set(member_ids))
    # Whoever changes the same person waits here: the entry is made of what was committed last.
    _LOCKED(ids=ids)
    drafts = _drafts(ids)
    _write(drafts)
    unlisted = set(ids) - {draft.member_id for draft in drafts}
    if unlisted:
        DirectoryEntry.objects.filter(pk__in=unlisted).delete()


@shared_task(name="members.refresh_company")
def refresh_company(organisation_id: int) -> int:
    """After a company's name has changed: the words its people are found by. Returns how many people."""
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None:
        return 0
    DirectoryFacet.objects.filter(key=COMPANY, value=organisation.slug).update(label=organisation.name)
    current = Employment.objects.current().filter(organisation=organisation).order_by("member")
    return _in_batches(list(current.values_list("member_id", flat=True)))


@shared_task(name="members.refresh_field")
def refresh_field(field_id: int) -> int:
    """After a field of the profile became a facet, or was retired: whoever said something. Returns how many people."""
    said = Fact.objects.filter(field=field_id, visibility=Visibility.MEMBERS).order_by("member")
    return _in_batches(list(said.values_list("member_id", flat=True)))


@shared_task(name="members.tend_directory")
def tend_directory() -> dict[str, int]:
    """Every few minutes: people who came or went without an action (a role that ran out, an import), and the counts.

    Bounded: what is left over is there at the next run. Safe to run twice.
    """
    listed = _listed()
    missing = listed.filter(~Exists(DirectoryEntry.objects.filter(pk=OuterRef("pk")))).order_by("pk")
    stale = DirectoryEntry.objects.filter(~Exists(listed.filter(pk=OuterRef("pk")))).order_by("pk")
    changed = [
        *missing.values_list("pk", flat=True)[: 40 * BATCH],
        *stale.values_list("pk", flat=True)[: 40 * BATCH],
    ]
    return {"refreshed": _in_batches(changed), "counts": count_directory()}


@shared_task(name="members.rebuild_directory")
def rebuild_directory(after: int = 0, seconds: float = REBUILD_SECONDS) -> int:
    """Every entry anew, in batches that each commit by themselves; what is right already is not written.

    After `seconds` it goes on in a job of its own behind the last member, so that it may take as long as it takes.
    Returns how many people were looked at. Safe to run twice and to interrupt.
    """
    done, last, over = 0, after, time.monotonic() + seconds
    people = Member.objects.order_by("pk")
    while batch := list(people.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        refresh_directory_entry(*batch)
        done, last = done + len(batch), batch[-1]
        if time.monotonic() > over:
            enqueue(rebuild_directory, [last])
            return done
    count_directory()
    return done


@transaction.atomic
def count_directory() -> int:
    """Bring the counts of the whole directory up to date. Returns how many had changed."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2min'")
        cursor.execute(_COUNT, {"new": NEW})
        changed = int(cursor.rowcount)
        cursor.execute(_COUNT_ALL, {"new": NEW, "days": NEW_DAYS})
    return changed


def _in_batches(ids: Sequence[int]) -> int:
    for start in range(0, len(ids), BATCH):
        refresh_directory_entry(*ids[start : start + BATCH])
    return len(ids)


def _listed() -> Any:
    """Everybody whom members can find: the same people as `Member.objects.visible_to`, whoever asks."""
    return Member.objects.active().people().admitted()


def _drafts(ids: Sequence[int]) -> list[_Draft]:
    """Read as tuples: at night this goes through everybody, and instances would be half of its time."""
    drafts = {
        pk: _Draft(pk, name, headline, joined_at, texts=[name, handle, headline])
        for pk, name, handle, headline, joined_at in _PEOPLE(ids=ids)
    }
    if not (listed := list(drafts)):
        return []
    for member_id, title, name, slug, kind in _JOBS(ids=listed):
        drafts[member_id].texts += [name, title]
        drafts[member_id].add_facet(COMPANY, name, value=slug)
        drafts[member_id].add_facet(COMPANY_KIND, kind)
    for member_id, topic in _LABELS(ids=listed):
        drafts[member_id].texts.append(topic)
        drafts[member_id].expert_in.append(topic)
        drafts[member_id].add_facet(EXPERT, topic)
    for member_id, values, key, kind, is_facet in _FACTS(ids=listed):
        _add_fact(drafts[member_id], values, key=key, kind=kind, is_facet=is_facet)
    return list(drafts.values())


# What an entry is made of. Every action on a person asks for it, and so each is compiled once.
_LOCKED: Final = Statement(
    lambda: (
        Member.objects.select_for_update(of=("self",), no_key=True)
        .filter(OneOf("pk", Blank("ids")))
        .order_by("pk")
        .values_list("pk")
    )
)
_PEOPLE: Final = Statement(
    lambda: (
        _listed()
        .filter(OneOf("pk", Blank("ids")))
        .values_list("pk", "display_name", "handle", "headline", "joined_at")
    )
)
_JOBS: Final = Statement(
    lambda: (
        Employment.objects.current()
        .filter(OneOf("member", Blank("ids")))
        .values_list("member_id", "title", "organisation__name", "organisation__slug", "organisation__kind")
    )
)
_LABELS: Final = Statement(
    lambda: (
        Expertise.objects.current()
        .filter(OneOf("member", Blank("ids")))
        .order_by("topic")
        .values_list("member_id", "topic")
    )
)
_FACTS: Final = Statement(
    lambda: (
        Fact.objects.filter(
            OneOf("member", Blank("ids")), visibility=Visibility.MEMBERS, field__retired_at__isnull=True
        )
        .order_by("field__position", "field_id")
        .values_list("member_id", "values", "field__key", "field__kind", "field__is_facet")
    )
)
_FACETS: Final = Statement(
    lambda: DirectoryFacet.objects.filter(
        OneOf("key", Blank("keys")), OneOf("value", Blank("values"))
    ).values_list("key", "value", "pk")
)


def _add_fact(draft: _Draft, said: Sequence[str], *, key: str, kind: str, is_facet: bool) -> None:
    is_languages = kind == FactKind.LANGUAGES
    values = [_language(value) for value in said] if is_languages else said
    if is_languages:
        draft.texts += [*values, *(str(LANG_INFO.get(code, {}).get("name", "")) for code in said)]
    elif kind not in _NOT_FOUND_BY:
        draft.texts += values
    if is_facet:
        for code, label in zip(said, values, strict=True):
            draft.add_facet(key, label, value=code if is_languages else "")
    if key == "place":
        draft.place = values[0][:120]
    elif key == "helps_topics":
        draft.helps = ", ".join(values)[:300]


def _language(code: str) -> str:
    """The name of a language in itself, as its speakers look for it."""
    return str(LANG_INFO.get(code, {}).get("name_local", code)).capitalize()


def _write(drafts: Sequence[_Draft]) -> None:
    if not drafts:
        return
    ids = _facet_ids({pair: label for draft in drafts for pair, label in draft.facets.items()})
    rows = [
        {
            "member_id": draft.member_id,
            "sort_name": fold(draft.display_name)[:80],
            "headline": draft.headline,
            "place": draft.place,
            "helps": draft.helps,
            "expert_in": ", ".join(draft.expert_in)[:300],
            "facets": sorted(ids[pair] for pair in draft.facets),
            "lexemes": lexemes_of(draft.texts),
            "joined_at": draft.joined_at.isoformat(),
        }
        for draft in drafts
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [json.dumps(rows, ensure_ascii=False)])


def _facet_ids(labels: dict[tuple[str, str], str]) -> dict[tuple[str, str], int]:
    """The row of each facet, made where it is new. Only what is missing is inserted, so that no ids are burnt."""
    found = _known(labels) if labels else {}
    missing = sorted(set(labels) - set(found))
    if missing:
        DirectoryFacet.objects.bulk_create(
            [DirectoryFacet(key=key, value=value, label=labels[key, value]) for key, value in missing],
            ignore_conflicts=True,
        )
        found |= _known(missing)
    return found


def _known(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    keys, values = {key for key, _value in pairs}, {value for _key, value in pairs}
    return {(key, value): pk for key, value, pk in _FACETS(keys=list(keys), values=list(values))}
