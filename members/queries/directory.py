"""The directory as members read it: who fits a search, what to narrow it by and how many that would leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.http import address_of, whole_number
from community.core.keyset import read_time_key, split_page, time_key, with_query
from community.core.moments import Clock, Moment, initials
from members.directory import COMPANY, EXPERT, NEW, NEW_DAYS, DirectorySearch
from members.models import DirectoryEntry, DirectoryFacet, FactField, FactKind, Member, SavedSearch
from members.models.directory import DirectoryEntryQuerySet
from members.queries.facts import language_name
from members.queries.photos import photo_url

PEOPLE_PER_PAGE: Final = 30
#: How many people are counted through; beyond that a count says "and more".
COUNTED: Final = 5_000
VALUES_PER_FACET: Final = 8
#: So many facets of a search are counted without their own values; what else is chosen keeps its values only.
_RECOUNTED: Final = 4


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person in the directory; empty what is not said or not for all members."""

    display_name: str
    url: str
    initials: str
    photo_url: str
    headline: str
    place: str
    helps: str
    expert_in: str
    new_label: str
    joined: Moment


@dataclass(frozen=True, slots=True)
class FacetOption:
    """One value to narrow by."""

    key: str
    value: str
    label: str
    count_label: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class FacetGroup:
    key: str
    title: str
    options: list[FacetOption]
    chosen_label: str


@dataclass(frozen=True, slots=True)
class Chip:
    """Something the search is narrowed by, and the address without it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class SavedSearchRow:
    name: str
    url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """One page of the directory for one reader. `found_label` is '' where nothing was asked for."""

    members: list[MemberRow]
    groups: list[FacetGroup]
    chips: list[Chip]
    found_label: str
    new_label: str
    next_url: str
    saved: list[SavedSearchRow]


@dataclass(frozen=True, slots=True)
class FacetKey:
    """Something there is to narrow by: the name in the address, the title, and how its values are said."""

    key: str
    title: str
    kind: str = ""
    is_built_in: bool = False

    def label(self, value: str, label: str) -> str:
        if self.kind == FactKind.LANGUAGES:
            return language_name(value)
        return _(label) if self.is_built_in and self.kind in {FactKind.CHOICE, FactKind.CHOICES} else label


def facet_keys() -> list[FacetKey]:
    """The facets of this community, in the order of the page. One query."""
    fields = FactField.objects.filter(is_facet=True, retired_at__isnull=True).order_by("position", "pk")
    return [
        FacetKey(COMPANY, _("Company")),
        FacetKey(EXPERT, _("Expert in")),
        *(FacetKey(row.key, row.title, row.kind, row.is_built_in) for row in fields),
    ]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A search with the rows of its values, and how large the directory was when it was last counted."""

    search: DirectorySearch
    keys: Sequence[FacetKey]
    rows: Mapping[str, Sequence[DirectoryFacet]]
    everybody: int
    newcomers: int

    @property
    def ids(self) -> dict[str, list[int]]:
        return {key: [row.pk for row in rows] for key, rows in self.rows.items()}


def resolve(search: DirectorySearch, keys: Sequence[FacetKey]) -> Resolved:
    """Look the values of a search up. One query."""
    wanted = Q(key__in=("", NEW), value="")
    for key, values in search.facets.items():
        wanted |= Q(key=key, value__in=values)
    rows: dict[str, list[DirectoryFacet]] = {}
    totals = {"": 0, NEW: 0}
    for row in DirectoryFacet.objects.filter(wanted).order_by("pk"):
        if row.key in totals and not row.value:
            totals[row.key] = row.people
        else:
            rows.setdefault(row.key, []).append(row)
    return Resolved(search, keys, rows, totals[""], totals[NEW])


def fitting(reader: Member, resolved: Resolved, *, without: str = "") -> DirectoryEntryQuerySet:
    """The entries this reader's search finds; `without` leaves one facet out of it."""
    search = resolved.search.with_facet(without, ()) if without else resolved.search
    return DirectoryEntry.objects.visible_to(reader).matching(search, resolved.ids)


def directory_page(
    reader: Member, search: DirectorySearch, keys: Sequence[FacetKey], *, after: str | None
) -> DirectoryPage:
    """Six queries at most: values, counts, entries, people, saved searches."""
    resolved = resolve(search, keys)
    counts = counts_of(reader, resolved)
    rows, key = people_of(reader, resolved, after=after, is_small=counts.total <= COUNTED)
    path = reverse("member_list")
    return DirectoryPage(
        members=rows,
        groups=[_group(one, resolved, counts) for one in keys if _has_options(one, resolved, counts)],
        chips=_chips(resolved, path),
        found_label="" if search.is_empty else _found_label(counts.total),
        new_label=_count_label(counts.newcomers, is_more=counts.is_more),
        next_url=f"{with_query(path, after=key)}&{search.query()}".rstrip("&") if key else "",
        saved=[
            SavedSearchRow(
                name=one.name,
                url=f"{path}?{one.query}",
                delete_url=reverse("saved_search_delete", args=[one.pk]),
            )
            for one in SavedSearch.objects.filter(member=reader).order_by("name")
        ],
    )


# --- who --------------------------------------------------------------------------------------------------------


def people_of(
    reader: Member, resolved: Resolved, *, after: str | None, is_small: bool
) -> tuple[list[MemberRow], str]:
    search = resolved.search
    entries = _behind(fitting(reader, resolved), search, after)
    if is_small and not search.is_empty and not search.is_newest_first:
        # Few fit: find them all and sort them. The index of the order would be walked past everybody who does not.
        entries = entries.order_by(Concat("sort_name", Value("")), "pk")
    else:
        entries = entries.in_order(search)
    found, has_more = split_page(
        list(entries.defer("vector", "facets")[: PEOPLE_PER_PAGE + 1]), PEOPLE_PER_PAGE
    )
    # Asked again through the one resolver: an entry that lags behind shows nobody who may not be seen.
    people = (
        Member.objects.visible_to(reader).select_related("photo").in_bulk([entry.pk for entry in found])
        if found
        else {}
    )
    now = timezone.now()
    clock, base = Clock(now), address_of("member_show")
    rows = [
        _member_row(people[entry.pk], entry, clock, base, now=now) for entry in found if entry.pk in people
    ]
    if not has_more:
        return rows, ""
    last = found[-1]
    is_newest = search.is_newest_first
    return rows, time_key(last.joined_at, last.pk) if is_newest else f"{last.pk}-{last.sort_name}"


def _behind(
    entries: DirectoryEntryQuerySet, search: DirectorySearch, after: str | None
) -> DirectoryEntryQuerySet:
    """Those after the last row of the page before; from the beginning where `after` is none of ours."""
    if search.is_newest_first:
        cursor = read_time_key(after)
        if cursor is None:
            return entries
        at, pk = cursor
        return entries.filter(joined_at__lte=at).filter(Q(joined_at__lt=at) | Q(pk__lt=pk))
    number, dash, name = (after or "").partition("-")
    last = whole_number(number)
    if not dash or last is None:
        return entries
    return entries.filter(sort_name__gte=name).filter(Q(sort_name__gt=name) | Q(pk__gt=last))


def _member_row(
    member: Member, entry: DirectoryEntry, clock: Clock, base: str, *, now: datetime
) -> MemberRow:
    is_new = entry.joined_at >= now - timedelta(days=NEW_DAYS)
    return MemberRow(
        display_name=member.display_name,
        url=f"{base}{member.handle}/",
        initials=initials(member.display_name),
        photo_url=photo_url(member),
        headline=entry.headline,
        place=entry.place,
        helps=entry.helps,
        expert_in=entry.expert_in,
        new_label=_("new") if is_new else "",
        joined=clock.moment(entry.joined_at),
    )


# --- how many ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """The most frequent values of each facet with their people, and how many fit in all."""

    by_key: Mapping[str, Sequence[tuple[str, str, int]]]
    total: int
    newcomers: int
    more: frozenset[str]
    """Keys that were counted through only in part; '' for all that are not chosen."""

    @property
    def is_more(self) -> bool:
        return "" in self.more

    def is_partly(self, key: str, search: DirectorySearch) -> bool:
        return (key if key in search.facets else "") in self.more


# Of a set: how many there are of each value, the most frequent of each facet and those that were chosen.
_COUNT_SET: Final = """
    SELECT {number} AS number, facet.key, facet.value, facet.label, counted.people,
           row_number() OVER (PARTITION BY facet.key ORDER BY counted.people DESC, facet.label) AS place
    FROM (SELECT id, count(*) AS people FROM set_{number}, unnest(set_{number}.facets) AS id GROUP BY id) AS counted
    JOIN members_directoryfacet AS facet USING (id)
    WHERE facet.key = ANY(%s)
"""
_COUNT_ALL: Final = """
    SELECT facet.key, facet.value, facet.label, facet.people
    FROM unnest(%s::text[]) AS wanted (key)
    CROSS JOIN LATERAL (
        SELECT * FROM members_directoryfacet AS facet
        WHERE facet.key = wanted.key AND facet.people > 0
        ORDER BY facet.people DESC LIMIT %s
    ) AS facet
"""


def counts_of(reader: Member, resolved: Resolved) -> Counts:
    """One query. What the night has counted where everybody is asked for and they are many."""
    keys = [one.key for one in resolved.keys]
    if resolved.search.is_empty and resolved.everybody > COUNTED:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT_ALL, [keys, VALUES_PER_FACET])
            found = cursor.fetchall()
        by_key: dict[str, list[tuple[str, str, int]]] = {}
        for key, value, label, people in found:
            by_key.setdefault(key, []).append((value, label, people))
        return Counts(by_key, resolved.everybody, resolved.newcomers, frozenset())
    return _count_sets(reader, resolved, keys)


def _count_sets(reader: Member, resolved: Resolved, keys: Sequence[str]) -> Counts:
    """Facets that are not chosen are counted among those who fit; a chosen one among those who fit the others."""
    chosen = [key for key in keys if key in resolved.search.facets][:_RECOUNTED]
    sets: list[tuple[str, list[str]]] = [("", [key for key in keys if key not in resolved.search.facets])]
    sets += [(key, [key]) for key in chosen]
    withs, counts = [], []
    parameters: list[Any] = []
    ending: list[Any] = []
    for number, (key, _counted) in enumerate(sets):
        entries = fitting(reader, resolved, without=key).values_list("facets", "joined_at").order_by()
        if entries.query.is_empty():
            entries = DirectoryEntry.objects.filter(pk__lt=0).values_list("facets", "joined_at")
        statement, values = entries[: COUNTED + 1].query.sql_with_params()
        withs.append(f"set_{number} AS MATERIALIZED ({statement})")
        parameters += values
    for number, (_key, counted) in enumerate(sets):
        counts.append(_COUNT_SET.format(number=number))
        ending.append(list(counted))
        counts.append(f"SELECT {number}, '', '', '', count(*), 0 FROM set_{number}")  # noqa: S608 - a number
    counts.append(
        f"SELECT 0, '{NEW}', '', '', count(*), 0 FROM set_0 WHERE joined_at >= now() - {NEW_DAYS} * interval '1 day'"  # noqa: S608
    )
    values_chosen = [value for values in resolved.search.facets.values() for value in values]
    query = (
        f"WITH {', '.join(withs)} SELECT number, key, value, label, people FROM ("  # noqa: S608
        f"{' UNION ALL '.join(counts)}) AS counted WHERE place <= %s OR value = ANY(%s) ORDER BY number, place"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*parameters, *ending, VALUES_PER_FACET, values_chosen])
        found = cursor.fetchall()
    by_key: dict[str, list[tuple[str, str, int]]] = {}
    totals: dict[str, int] = {}
    newcomers = 0
    for number, key, value, label, people in found:
        if value:
            by_key.setdefault(key, []).append((value, label, people))
        elif key == NEW:
            newcomers = people
        else:
            totals[sets[number][0]] = people
    more = frozenset(key for key, people in totals.items() if people > COUNTED)
    return Counts(by_key, totals[""], newcomers, more)


def _count_label(people: int, *, is_more: bool) -> str:
    return f"{people:,}+" if is_more else f"{people:,}"


def _found_label(total: int) -> str:
    if total > COUNTED:
        return _("More than {count} people").format(count=f"{COUNTED:,}")
    return ngettext("{count} person", "{count} people", total).format(count=f"{total:,}")


# --- what to narrow by ------------------------------------------------------------------------------------------


def _has_options(one: FacetKey, resolved: Resolved, counts: Counts) -> bool:
    return bool(counts.by_key.get(one.key) or resolved.search.facets.get(one.key))


def _group(one: FacetKey, resolved: Resolved, counts: Counts) -> FacetGroup:
    chosen = resolved.search.facets.get(one.key, ())
    is_more = counts.is_partly(one.key, resolved.search)
    counted = {value: (label, people) for value, label, people in counts.by_key.get(one.key, ())}
    known = {row.value: row.label for row in resolved.rows.get(one.key, ())}
    # The most frequent ones, and what was chosen even where nobody is left of it.
    offered = dict.fromkeys([*counted, *chosen])
    options = [
        FacetOption(
            key=one.key,
            value=value,
            label=one.label(value, counted[value][0] if value in counted else known.get(value, value)),
            count_label=_count_label(counted.get(value, ("", 0))[1], is_more=is_more),
            is_checked=value in chosen,
        )
        for value in offered
    ]
    return FacetGroup(one.key, one.title, options, chosen_label=str(len(chosen)) if chosen else "")


def _chips(resolved: Resolved, path: str) -> list[Chip]:
    search = resolved.search
    chips = []
    for one in resolved.keys:
        known = {row.value: row.label for row in resolved.rows.get(one.key, ())}
        for value in search.facets.get(one.key, ()):
            others = [other for other in search.facets[one.key] if other != value]
            chips.append(
                Chip(
                    label=f"{one.title}: {one.label(value, known.get(value, value))}",
                    url=_address(path, search.with_facet(one.key, others)),
                )
            )
    return chips


def _address(path: str, search: DirectorySearch) -> str:
    query = search.query()
    return f"{path}?{query}" if query else path
