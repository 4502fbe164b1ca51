"""People somebody might want to know, each with the reason why (rule 2.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from community.core.moments import initials
from community.core.places import open_space_ids
from community.core.verbs import Verb
from members.directory import COMPANY, COMPANY_KIND, EXPERT
from members.models import DirectoryEntry, DirectoryFacet, DismissedSuggestion, Member, Tie, TieKind
from members.queries.photos import photo_url

SUGGESTED: Final = 5
#: How many people with a common topic are looked at, and how far back in what has happened.
_CANDIDATES: Final = 400
_ACTS: Final = 300
_BACK: Final = timedelta(days=180)
# A topic that half of all people have in common with somebody is no reason to meet.
_MOST_PEOPLE: Final = 3_000
_HELPS, _LOOKS = "helps_topics", "looks_topics"

# Whom the reader thanked by accepting an answer, and who replied to the reader, in the spaces that the reader may see
# now. Rows without an actor have no name.
_MET: Final = f"""
    SELECT other, verb, kind, max(at) FROM (
        (SELECT counterpart_id AS other, verb, '' AS kind, occurred_at AS at FROM core_activity
         WHERE actor_id = %(reader)s AND occurred_at >= %(since)s AND verb = '{Verb.ANSWER_ACCEPTED}'
           AND space_id = ANY(%(spaces)s)
         ORDER BY occurred_at DESC LIMIT {_ACTS})
        UNION ALL
        (SELECT actor_id, verb, data ->> 'kind', occurred_at FROM core_activity
         WHERE counterpart_id = %(reader)s AND occurred_at >= %(since)s AND verb = '{Verb.POST_CREATED}'
           AND space_id = ANY(%(spaces)s)
         ORDER BY occurred_at DESC LIMIT {_ACTS})
    ) AS met
    WHERE other IS NOT NULL AND other <> %(reader)s
    GROUP BY other, verb, kind
"""  # noqa: S608 - verbs and numbers of this module


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A person with the sentence that says why they are shown."""

    handle: str
    display_name: str
    url: str
    initials: str
    photo_url: str
    headline: str
    reason: str
    dismiss_url: str


@dataclass(slots=True)
class _Candidate:
    score: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, score: int, reason: str) -> None:
        self.score += score
        self.reasons.append(reason)


def suggestions(reader: Member) -> list[SuggestionRow]:
    """Five at most, the most telling first; nobody blocked, muted, followed, dismissed, or of the same company.

    Eight queries with that for the spaces, each bounded.
    """
    mine = DirectoryEntry.objects.visible_to(reader).filter(pk=reader.pk).first()
    if mine is None:
        return []
    facets = DirectoryFacet.objects.filter(pk__in=mine.facets)
    own = {(row.key, row.value): row for row in facets}
    found: dict[int, _Candidate] = {}
    _by_what_happened(reader, found)
    entries = _by_topic(reader, own, found)
    same_company = {row.pk for row in own.values() if row.key == COMPANY}
    ties = Tie.objects.filter(member=reader, kind__in=(TieKind.FOLLOW, TieKind.MUTE)).values_list(
        "other", flat=True
    )
    dismissed = DismissedSuggestion.objects.filter(member=reader).values_list("other", flat=True)
    left_out = {*ties.union(dismissed), reader.pk}
    best = sorted(
        (
            (-one.score, pk)
            for pk, one in found.items()
            if pk not in left_out and same_company.isdisjoint(entries.get(pk, ()))
        )
    )
    people = (
        Member.objects.visible_to(reader)
        .select_related("photo")
        .in_bulk([pk for _score, pk in best[: SUGGESTED * 4]])
    )
    chosen = [people[pk] for _score, pk in best if pk in people][:SUGGESTED]
    return [
        SuggestionRow(
            handle=member.handle,
            display_name=member.display_name,
            url=member.get_absolute_url(),
            initials=initials(member.display_name),
            photo_url=photo_url(member),
            headline=member.headline,
            reason=_sentence(found[member.pk].reasons),
            dismiss_url=reverse("suggestion_dismiss", args=[member.handle]),
        )
        for member in chosen
    ]


def _by_what_happened(reader: Member, found: dict[int, _Candidate]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _MET,
            {"reader": reader.pk, "since": timezone.now() - _BACK, "spaces": open_space_ids(reader)},
        )
        rows = cursor.fetchall()
    # The acceptance says more than the reply that was accepted, and one of them is enough.
    rows.sort(key=lambda row: (row[1] != Verb.ANSWER_ACCEPTED, row[2] != "question"))
    for other, verb, kind, at in rows:
        if other in found:
            continue
        found[other] = _Candidate()
        if verb == Verb.ANSWER_ACCEPTED or kind == "question":
            found[other].add(8, _("answered your question in {month}").format(month=_month(at)))
        else:
            found[other].add(3, _("replied to you in {month}").format(month=_month(at)))


def _by_topic(
    reader: Member, own: Mapping[tuple[str, str], DirectoryFacet], found: dict[int, _Candidate]
) -> dict[int, list[int]]:
    """Score those who have a topic in common. Returns the facets of everybody who was looked at."""
    values = {value for key, value in own if key in {_HELPS, _LOOKS, EXPERT}}
    theirs = {
        row.pk: row
        for row in DirectoryFacet.objects.filter(
            key__in=(_HELPS, _LOOKS, EXPERT), value__in=values, people__lt=_MOST_PEOPLE
        )
    }
    kinds = {row.pk for (key, _value), row in own.items() if key == COMPANY_KIND}
    visible = DirectoryEntry.objects.visible_to(reader).exclude(pk=reader.pk)
    entries = dict(visible.filter(pk__in=found).values_list("pk", "facets")) if found else {}
    if theirs:
        common = visible.filter(facets__overlap=list(theirs)).values_list("pk", "facets")
        entries |= dict(common[:_CANDIDATES])
    for pk, ids in entries.items():
        held: dict[str, dict[str, str]] = {}
        for row in (theirs[one] for one in ids if one in theirs):
            held.setdefault(row.key, {})[row.value] = row.label
        candidate = found.setdefault(pk, _Candidate())
        _score(candidate, held, own)
        if candidate.reasons and not kinds.isdisjoint(ids):
            candidate.add(1, _("works at the same kind of company"))
        if not candidate.reasons:
            del found[pk]
    return entries


def _score(
    candidate: _Candidate,
    held: Mapping[str, Mapping[str, str]],
    own: Mapping[tuple[str, str], DirectoryFacet],
) -> None:
    can = {**held.get(_HELPS, {}), **held.get(EXPERT, {})}
    helped = [label for value, label in can.items() if (_LOOKS, value) in own]
    wanted = [label for value, label in held.get(_LOOKS, {}).items() if _knows(own, value)]
    both = [label for value, label in can.items() if _knows(own, value)]
    if helped:
        candidate.add(
            5 * len(helped), _("can help with {topics}, which you look for").format(topics=_list(helped))
        )
    if wanted:
        candidate.add(
            3 * len(wanted), _("looks for {topics}, which you can help with").format(topics=_list(wanted))
        )
    if both:
        candidate.add(2 * len(both), _("both in {topics}").format(topics=_list(both)))


def _knows(own: Mapping[tuple[str, str], DirectoryFacet], value: str) -> bool:
    return (_HELPS, value) in own or (EXPERT, value) in own


def _list(labels: Iterable[str]) -> str:
    return ", ".join(list(labels)[:2])


def _sentence(reasons: list[str]) -> str:
    text = "; ".join(reasons[:2])
    return text[:1].upper() + text[1:]


def _month(at: datetime) -> str:
    return str(MONTHS[timezone.localtime(at).month])
