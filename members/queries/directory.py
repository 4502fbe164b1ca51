"""The directory as members read it: who fits a search, what to narrow it by and how many that would leave."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Q, TextField, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.core.http import address_of, whole_number
from community.core.keyset import read_time_key, split_page, time_key, with_query
from community.core.moments import Clock, Moment, initials
from community.core.statements import Blank, OneOf, Statement
from members.directory import COMPANY, EXPERT, FACET, NEW, NEW_DAYS, DirectorySearch, fold
from members.models import DirectoryEntry, FactKind, Member, SavedSearch
from members.models.directory import DirectoryEntryQuerySet, sees_everybody
from members.queries.facts import language_name
from members.queries.photos import photo_address

PEOPLE_PER_PAGE: Final = 30
#: How many people are counted through; beyond that a count says "and more".
COUNTED: Final = 1_000
VALUES_PER_FACET: Final = 8
VALUES_PER_PAGE: Final = 60
#: So many facets of a search are counted without their own values; what else is chosen keeps its values only.
_RECOUNTED: Final = 4
#: How many people each of those counts is taken from: one search asks for up to four, beside that of who fits.
_RECOUNTED_PEOPLE: Final = 300
#: Nor from a facet alone that so many have: the index would hand out all of them before the first is counted.
_RECOUNTED_FROM: Final = 5_000


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
    all_url: str


@dataclass(frozen=True, slots=True)
class FacetPage:
    """All values of one facet, in their own order. `hidden`: what else is asked; `after`: the key of the next page."""

    key: str
    title: str
    url: str
    find: str
    options: list[FacetOption]
    hidden: list[tuple[str, str]]
    after: str
    back_url: str


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

    search: DirectorySearch
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


@dataclass(frozen=True, slots=True)
class Resolved:
    """A search with the ids and labels of its values, and how large the directory was when it was last counted."""

    search: DirectorySearch
    keys: Sequence[FacetKey]
    ids: Mapping[str, Sequence[int]]
    labels: Mapping[str, Mapping[str, str]]
    people: Mapping[str, int]
    """Of each facet of the search how many have one of its values, at most, as of last night."""
    everybody: int
    newcomers: int

    def is_counted_without(self, key: str) -> bool:
        """Whether the values of `key` are counted among those who fit everything else."""
        rest = self.search.with_facet(key, ())
        if rest.words or rest.is_new or len(rest.facets) != 1:
            return True
        return self.people.get(next(iter(rest.facets)), 0) <= _RECOUNTED_FROM


# The profile asks in the first person, the directory speaks of others.
_TITLES: Final = {"helps_topics": gettext_lazy("Can help with"), "looks_topics": gettext_lazy("Looks for")}

_VALUES: Final = """
    SELECT id, key, value, label, people, NULL AS kind, false, 0 AS position FROM members_directoryfacet
    WHERE (key, value) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    UNION ALL
    SELECT id, key, '', label, 0, kind, is_built_in, position FROM members_factfield
    WHERE is_facet AND retired_at IS NULL
    ORDER BY position, id
"""


def resolve(search: DirectorySearch) -> Resolved:
    """The facets of this community, in the order of the page, and the values of a search among them. One query."""
    pairs = [("", ""), (NEW, "")]
    pairs += [(key, value) for key, values in search.facets.items() for value in values]
    keys = [FacetKey(COMPANY, _("Company")), FacetKey(EXPERT, _("Expert in"))]
    ids: dict[str, list[int]] = {}
    labels: dict[str, dict[str, str]] = {}
    having: dict[str, int] = {}
    totals = {"": 0, NEW: 0}
    with connection.cursor() as cursor:
        cursor.execute(_VALUES, [[key for key, _value in pairs], [value for _key, value in pairs]])
        for pk, key, value, label, people, kind, is_built_in, _position in cursor.fetchall():
            if kind is not None:
                title = _TITLES.get(key) or (_(label) if is_built_in else label)
                keys.append(FacetKey(key, str(title), kind, is_built_in))
            elif key in totals:
                totals[key] = people
            else:
                ids.setdefault(key, []).append(pk)
                labels.setdefault(key, {})[value] = label
                having[key] = having.get(key, 0) + people
    known = {one.key for one in keys}
    facets = {key: values for key, values in search.facets.items() if key in known}
    return Resolved(replace(search, facets=facets), keys, ids, labels, having, totals[""], totals[NEW])


def fitting(reader: Member, resolved: Resolved) -> DirectoryEntryQuerySet:
    """The entries this reader's search finds, for what is asked rarely; a page reads them by `_Shape`."""
    return DirectoryEntry.objects.visible_to(reader).matching(resolved.search, resolved.ids)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What decides the SQL of a search: all else is filled in. So each shape is compiled once in a process."""

    sees_everybody: bool
    has_words: bool
    facets: int
    is_new: bool

    def entries(self) -> DirectoryEntryQuerySet:
        found = DirectoryEntry.objects.all()
        if not self.sees_everybody:
            found = found.not_blocked(Blank("reader"))
        words = Blank("words", TextField()) if self.has_words else None
        return found.fitting(
            words, [Blank(f"facet_{number}", _IDS) for number in range(self.facets)], is_new=self.is_new
        )


_IDS: Final = ArrayField(BigIntegerField())


def _shape(reader: Member, search: DirectorySearch) -> _Shape:
    return _Shape(sees_everybody(reader), bool(search.words), len(search.facets), search.is_new)


def _blanks(reader: Member, search: DirectorySearch, resolved: Resolved) -> dict[str, Any]:
    values: dict[str, Any] = {"reader": reader.pk, "words": search.tsquery}
    for number, key in enumerate(search.facets):
        values[f"facet_{number}"] = list(resolved.ids.get(key, ()))
    return values


def directory_page(reader: Member, wanted: DirectorySearch, *, after: str | None) -> DirectoryPage:
    """Five queries: values, counts, entries, people, saved searches."""
    resolved = resolve(wanted)
    search = resolved.search
    counts = counts_of(reader, resolved)
    rows, key = people_of(reader, resolved, after=after, is_small=counts.total <= COUNTED)
    path = reverse("member_list")
    return DirectoryPage(
        search=search,
        members=rows,
        groups=[
            _group(one, resolved, counts) for one in resolved.keys if _has_options(one, resolved, counts)
        ],
        chips=_chips(resolved, path),
        found_label="" if search.is_empty else _found_label(counts.total),
        new_label=_count_label(counts.newcomers, is_more=counts.is_more),
        next_url=f"{with_query(path, after=key)}&{search.query()}".rstrip("&") if key else "",
        saved=[
            SavedSearchRow(
                name=name, url=f"{path}?{query}", delete_url=reverse("saved_search_delete", args=[pk])
            )
            for pk, name, query in _SAVED(reader=reader.pk)
        ],
    )


_SAVED: Final = Statement(
    lambda: (
        SavedSearch.objects.filter(member=Blank("reader")).order_by("name").values_list("pk", "name", "query")
    )
)


# --- who --------------------------------------------------------------------------------------------------------


def people_of(
    reader: Member, resolved: Resolved, *, after: str | None, is_small: bool
) -> tuple[list[MemberRow], str]:
    """A page of those who fit, and the key of the next one; '' at the end. Two queries.

    `is_small`: few fit. Then all of them are found and sorted, because the index of the order would be walked past
    everybody who does not fit.
    """
    search = resolved.search
    is_narrow = is_small and not search.is_empty and not search.is_newest_first
    at, name, last = _cursor(search, after)
    statement = _list_statement(
        _shape(reader, search), search.is_newest_first, is_narrow=is_narrow, is_first=last is None
    )
    blanks = _blanks(reader, search, resolved)
    found, has_more = split_page(statement(at=at, name=name, last=last, **blanks), PEOPLE_PER_PAGE)
    people = {row[0]: row for row in _PEOPLE(ids=[row[0] for row in found])} if found else {}
    now = timezone.now()
    clock, base = Clock(now), address_of("member_show")
    rows = [
        _member_row(people[entry[0]], entry, clock, base, now=now) for entry in found if entry[0] in people
    ]
    if not has_more:
        return rows, ""
    pk, sort_name, *_shown, joined_at = found[-1]
    return rows, time_key(joined_at, pk) if search.is_newest_first else f"{pk}-{sort_name}"


@cache
def _list_statement(shape: _Shape, is_newest_first: bool, *, is_narrow: bool, is_first: bool) -> Statement:
    entries = shape.entries()
    at, name, last = Blank("at", DateTimeField()), Blank("name", TextField()), Blank("last")
    if is_newest_first:
        if not is_first:
            entries = entries.filter(joined_at__lte=at).filter(Q(joined_at__lt=at) | Q(pk__lt=last))
        entries = entries.order_by("-joined_at", "-pk")
    else:
        if not is_first:
            entries = entries.filter(sort_name__gte=name).filter(Q(sort_name__gt=name) | Q(pk__gt=last))
        # An expression is in no index.
        entries = entries.order_by(Concat("sort_name", Value("")) if is_narrow else "sort_name", "pk")
    columns = ("pk", "sort_name", "headline", "place", "helps", "expert_in", "joined_at")
    return Statement(lambda: entries.values_list(*columns)[: PEOPLE_PER_PAGE + 1])


# Asked again of the tables themselves: an entry that lags behind shows nobody who may not be seen. Blocks are left
# out by the statement that found the entries.
_PEOPLE: Final = Statement(
    lambda: (
        Member.objects.active()
        .people()
        .admitted()
        .filter(OneOf("pk", Blank("ids", _IDS)))
        .values_list("pk", "display_name", "handle", "photo__name")
    )
)


def _cursor(search: DirectorySearch, after: str | None) -> tuple[datetime | None, str, int | None]:
    """The last row of the page before; nothing where `after` is none of ours."""
    if search.is_newest_first:
        at, pk = read_time_key(after) or (None, None)
        return at, "", pk
    number, dash, name = (after or "").partition("-")
    return None, name, whole_number(number) if dash else None


def _member_row(
    person: Sequence[Any], entry: Sequence[Any], clock: Clock, base: str, *, now: datetime
) -> MemberRow:
    _pk, display_name, handle, photo = person
    _entry_pk, _sort_name, headline, place, helps, expert_in, joined_at = entry
    is_new = joined_at >= now - timedelta(days=NEW_DAYS)
    return MemberRow(
        display_name=display_name,
        url=f"{base}{handle}/",
        initials=initials(display_name),
        photo_url=photo_address(photo) if photo else "",
        headline=headline,
        place=place,
        helps=helps,
        expert_in=expert_in,
        new_label=_("new") if is_new else "",
        joined=clock.moment(joined_at),
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
    uncounted: frozenset[str] = frozenset()
    """Chosen keys that are not counted again: their values stand there without a count."""

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
# Of each wanted facet what most people have, as of last night.
_OFFERED: Final = """
    FROM unnest(%s::text[]) AS wanted (key)
    CROSS JOIN LATERAL (
        SELECT * FROM members_directoryfacet AS facet
        WHERE facet.key = wanted.key AND facet.people > 0
        ORDER BY facet.people DESC LIMIT %s
    ) AS offered
"""
_COUNT_ALL: Final = f"SELECT offered.key, offered.value, offered.label, offered.people {_OFFERED}"
_UNCOUNTED: Final = f"""
    SELECT 0, offered.key, offered.value, offered.label, 0,
           row_number() OVER (PARTITION BY offered.key ORDER BY offered.people DESC, offered.label) {_OFFERED}
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


@cache
def _set_of(shape: _Shape, limit: int) -> tuple[str, tuple[Any, ...]]:
    entries = shape.entries().order_by().values_list("facets", "joined_at")[:limit]
    statement, values = entries.query.sql_with_params()
    return statement, tuple(values)


def _count_sets(reader: Member, resolved: Resolved, keys: Sequence[str]) -> Counts:
    """Facets that are not chosen are counted among those who fit; a chosen one among those who fit the others."""
    search = resolved.search
    chosen = [key for key in keys if key in search.facets]
    counted_again = [key for key in chosen if resolved.is_counted_without(key)][:_RECOUNTED]
    uncounted = frozenset(chosen) - frozenset(counted_again)
    sets: list[tuple[str, list[str]]] = [("", [key for key in keys if key not in search.facets])]
    sets += [(key, [key]) for key in counted_again]
    withs, counts = [], []
    parameters: list[Any] = []
    ending: list[Any] = []
    for number, (key, _counted) in enumerate(sets):
        narrowed = search.with_facet(key, ()) if key else search
        statement, values = _set_of(_shape(reader, narrowed), _counted_of(key) + 1)
        blanks = _blanks(reader, narrowed, resolved)
        withs.append(f"set_{number} AS MATERIALIZED ({statement})")
        parameters += [blanks[value.name] if isinstance(value, Blank) else value for value in values]
    for number, (_key, counted) in enumerate(sets):
        counts.append(_COUNT_SET.format(number=number))
        ending.append(list(counted))
        counts.append(f"SELECT {number}, '', '', '', count(*), 0 FROM set_{number}")  # noqa: S608 - a number
    counts.append(
        f"SELECT 0, '{NEW}', '', '', count(*), 0 FROM set_0 WHERE joined_at >= now() - {NEW_DAYS} * interval '1 day'"  # noqa: S608
    )
    counts.append(_UNCOUNTED)
    ending += [sorted(uncounted), VALUES_PER_FACET]
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
    more = frozenset(key for key, people in totals.items() if people > _counted_of(key))
    return Counts(by_key, totals[""], newcomers, more, uncounted)


def _counted_of(key: str) -> int:
    """How many people the set without the values of `key` is counted through; '': the set of those who fit."""
    return _RECOUNTED_PEOPLE if key else COUNTED


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
    counted = {value: (label, people) for value, label, people in counts.by_key.get(one.key, ())}
    known = resolved.labels.get(one.key, {})
    # The most frequent ones, and what was chosen even where nobody is left of it.
    offered = dict.fromkeys([*counted, *chosen])
    options = [
        FacetOption(
            key=one.key,
            value=value,
            label=one.label(value, counted[value][0] if value in counted else known.get(value, value)),
            count_label=_option_count(one.key, counted.get(value, ("", 0))[1], resolved, counts),
            is_checked=value in chosen,
        )
        for value in offered
    ]
    return FacetGroup(
        one.key,
        one.title,
        options,
        chosen_label=str(len(chosen)) if chosen else "",
        all_url=_address(reverse("facet_list", args=[one.key]), resolved.search)
        if len(options) >= VALUES_PER_FACET
        else "",
    )


# By the order of the values, which an index carries; what is written in the box is looked for anywhere in them.
_PAGE_OF_VALUES: Final = """
    SELECT facet.value, facet.label, {people}
    FROM members_directoryfacet AS facet {counts}
    WHERE facet.key = %(key)s AND facet.value > %(after)s AND {is_offered}
        AND (%(find)s = '' OR facet.value LIKE %(find)s OR lower(facet.label) LIKE %(find)s)
    ORDER BY facet.value LIMIT %(limit)s
"""
# Signs that mean something to LIKE.
_WILD: Final = re.compile(r"([\\%_])")
_OF_ALL: Final = _PAGE_OF_VALUES.format(
    people="facet.people, 0", counts="", is_offered="(facet.people > 0 OR facet.value = ANY(%(chosen)s))"
)
_OF_THOSE: Final = _PAGE_OF_VALUES.format(
    people="coalesce(counted.people, 0), size.people",
    counts="""LEFT JOIN (
        SELECT id, count(*) AS people FROM narrowed, unnest(narrowed.facets) AS id GROUP BY id
    ) AS counted USING (id) CROSS JOIN (SELECT count(*) AS people FROM narrowed) AS size""",
    # Beyond the first thousand nobody has looked: a value that they lack may still be there.
    is_offered="""(counted.people > 0 OR facet.value = ANY(%(chosen)s)
        OR size.people > %(counted)s AND facet.people > 0)""",
)


def facet_page(
    reader: Member, wanted: DirectorySearch, key: str, *, find: str, after: str
) -> FacetPage | None:
    """Every value of a facet, counted among those who fit all else; None where there is no such facet. Two queries."""
    resolved = resolve(wanted)
    one = next((one for one in resolved.keys if one.key == key), None)
    if one is None:
        return None
    search = resolved.search
    chosen = search.facets.get(key, ())
    found, is_more = _values_of(reader, resolved, key, find=fold(find), after=after)
    found, has_more = split_page(found, VALUES_PER_PAGE)
    options = [
        FacetOption(
            key=key,
            value=value,
            label=one.label(value, label),
            count_label=_count_label(people, is_more=is_more) if people or not is_more else "",
            is_checked=value in chosen,
        )
        for value, label, people in found
    ]
    shown = {(FACET, f"{key}:{value}") for value, _label, _people in found}
    return FacetPage(
        key=key,
        title=one.title,
        url=reverse("facet_list", args=[key]),
        find=find,
        options=options,
        hidden=[pair for pair in search.pairs() if pair not in shown],
        after=found[-1][0] if has_more else "",
        back_url=_address(reverse("member_list"), search),
    )


def _values_of(
    reader: Member, resolved: Resolved, key: str, *, find: str, after: str
) -> tuple[list[tuple[str, str, int]], bool]:
    """A page of values and one more, each with its people; and whether they were counted only in part."""
    search = resolved.search.with_facet(key, ())
    blanks: dict[str, Any] = {
        "key": key,
        "after": after,
        "find": "%" + _WILD.sub(r"\\\1", find) + "%" if find else "",
        "chosen": list(resolved.search.facets.get(key, ())),
        "limit": VALUES_PER_PAGE + 1,
        "counted": COUNTED,
    }
    statement = _OF_ALL
    if not search.is_empty or resolved.everybody <= COUNTED:
        narrowed, values = _set_of(_shape(reader, search), COUNTED + 1)
        given = _blanks(reader, search, resolved)
        # The statement of the set counts its parameters, this one names them.
        places = [f"set_{number}" for number in range(len(values))]
        blanks |= {
            place: given[value.name] if isinstance(value, Blank) else value
            for place, value in zip(places, values, strict=True)
        }
        head, *rest = narrowed.split("%s")
        named = head + "".join(f"%({place})s{text}" for place, text in zip(places, rest, strict=True))
        statement = f"WITH narrowed AS MATERIALIZED ({named}) {_OF_THOSE}"
    with connection.cursor() as cursor:
        cursor.execute(statement, blanks)
        rows = cursor.fetchall()
    return [row[:3] for row in rows], any(size > COUNTED for *_row, size in rows)


def _option_count(key: str, people: int, resolved: Resolved, counts: Counts) -> str:
    """'' where nothing can be said: the facet was not counted again, or nobody of the first thousand has the value."""
    is_more = counts.is_partly(key, resolved.search)
    if key in counts.uncounted or (is_more and not people):
        return ""
    return _count_label(people, is_more=is_more)


def _chips(resolved: Resolved, path: str) -> list[Chip]:
    search = resolved.search
    chips = []
    for one in resolved.keys:
        known = resolved.labels.get(one.key, {})
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
