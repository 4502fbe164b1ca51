"""Who may know the answer to a question, with how much they are asked already (rules 2.5 and 3.11)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.moments import initials
from discussions.models import (
    AnswerRequest,
    Claim,
    Space,
    SpaceMembership,
    SpacePreset,
    Topic,
    TopicKind,
    visible_space_ids,
)
from discussions.queries.rows import Row
from members.directory import EXPERT, facet_value
from members.models import DirectoryEntry, DirectoryFacet, Member, QuestionBudget, Role, RoleName
from members.queries.photos import photo_url

SUGGESTED: Final = 5
MONTH: Final = timedelta(days=30)
_HELPS: Final = "helps_topics"
#: How many people who know a topic are looked at, and how many answers of earlier questions.
_CANDIDATES: Final = 300
_ANSWERS: Final = 200


@dataclass(frozen=True, slots=True)
class KnowingRow(Row):
    """Somebody who may know, why, and their load; `ask_url` is '' where this reader does not ask."""

    display_name: str
    url: str
    initials: str
    photo_url: str
    headline: str
    reason: str
    load: str
    ask_url: str
    is_asked: bool


@dataclass(slots=True)
class _Candidate:
    score: int = 0
    reasons: list[str] = field(default_factory=list)


def people_who_know(topic: Topic, reader: Member, *, may_ask: bool) -> list[KnowingRow]:
    """Five at most: experts first, then who said to help with it, then who answered such questions before.

    Only people who can read the topic, whom the reader may see, who do not pause and whose month has room. Whoever is
    asked less comes first among equals. Eleven queries at most, each bounded; the page loads it as a panel.
    """
    names = list(topic.tags.names())
    found: dict[int, _Candidate] = {}
    if names:
        _by_profile(reader, names, found)
        _by_answers(topic, reader, names, found)
    found.pop(reader.pk, None)
    if topic.author_id is not None:
        found.pop(topic.author_id, None)
    ids = _readers(topic.space, list(found))
    load = _loads(ids, reader)
    budgets = dict(QuestionBudget.objects.filter(member__in=ids).values_list("member", "per_month"))
    asked = set(AnswerRequest.objects.filter(topic=topic, member__in=ids).values_list("member", flat=True))
    free = [pk for pk in ids if pk in asked or load.all_requests[pk] < budgets.get(pk, 1 << 30)]
    free.sort(key=lambda pk: (-found[pk].score, load.requests[pk] + load.claims[pk], pk))
    people = (
        Member.objects.visible_to(reader).select_related("photo").in_bulk(free[: SUGGESTED * 4])
        if free
        else {}
    )
    chosen = [people[pk] for pk in free if pk in people and people[pk].paused_until is None][:SUGGESTED]
    return [
        KnowingRow(
            display_name=member.display_name,
            url=member.get_absolute_url(),
            initials=initials(member.display_name),
            photo_url=photo_url(member),
            headline=member.headline,
            reason="; ".join(found[member.pk].reasons[:2]),
            load=load.sentence(member.pk),
            ask_url=reverse("answer_request", args=[topic.pk, member.handle])
            if may_ask and member.pk not in asked
            else "",
            is_asked=member.pk in asked,
        )
        for member in chosen
    ]


def _by_profile(reader: Member, names: list[str], found: dict[int, _Candidate]) -> None:
    values = {facet_value(name): name for name in names}
    facets = {
        row.pk: row for row in DirectoryFacet.objects.filter(key__in=(EXPERT, _HELPS), value__in=list(values))
    }
    if not facets:
        return
    fitting = DirectoryEntry.objects.visible_to(reader).filter(facets__overlap=list(facets))
    for pk, ids in fitting.values_list("pk", "facets")[:_CANDIDATES]:
        candidate = found.setdefault(pk, _Candidate())
        # The stronger of both is said once for each topic.
        said = sorted((facets[one].key != EXPERT, facets[one].label) for one in ids if one in facets)
        topics: set[str] = set()
        for is_help, label in said:
            if label.casefold() in topics:
                continue
            topics.add(label.casefold())
            words = _("can help with {topic}") if is_help else _("expert in {topic}")
            candidate.score += 2 if is_help else 5
            candidate.reasons.append(words.format(topic=label))


def _by_answers(topic: Topic, reader: Member, names: list[str], found: dict[int, _Candidate]) -> None:
    """Whose answers about the same tags were accepted, in the same space: what all its readers could see."""
    authors = (
        Topic.objects.visible_to(reader)
        .filter(
            space=topic.space_id,
            kind=TopicKind.QUESTION,
            accepted_post__author__isnull=False,
            tagged_topics__tag__name__in=names,
        )
        .order_by("-pk")
        .values_list("pk", "accepted_post__author")[:_ANSWERS]
    )
    for pk, count in Counter(author for _topic, author in set(authors)).items():
        candidate = found.setdefault(pk, _Candidate())
        candidate.score += min(count, 4)
        candidate.reasons.append(
            ngettext("answered {count} such question", "answered {count} such questions", count).format(
                count=count
            )
        )


def _readers(space: Space, ids: list[int]) -> list[int]:
    """Those who can read the space without being asked in: nobody is sent to a closed door."""
    if not ids or space.preset in (SpacePreset.OPEN, SpacePreset.READ_ONLY):
        return ids
    listed = set(SpaceMembership.objects.filter(space=space, member__in=ids).values_list("member", flat=True))
    if space.preset == SpacePreset.EXPERTS:
        listed |= set(
            Role.objects.current()
            .filter(role=RoleName.EXPERT, member__in=ids)
            .values_list("member", flat=True)
        )
    return [pk for pk in ids if pk in listed]


@dataclass(frozen=True, slots=True)
class _Load:
    """How often each was asked in the last 30 days, and how many questions each says to be answering now.

    What is said, and what orders people, counts the questions that the reader may see; the budget counts them all.
    """

    all_requests: Counter[int]
    requests: Counter[int]
    claims: Counter[int]

    def sentence(self, member_id: int) -> str:
        requests, claims = self.requests[member_id], self.claims[member_id]
        parts = []
        if requests:
            parts.append(
                ngettext("asked {count} time this month", "asked {count} times this month", requests).format(
                    count=requests
                )
            )
        if claims:
            parts.append(
                ngettext("answering {count} question now", "answering {count} questions now", claims).format(
                    count=claims
                )
            )
        return ", ".join(parts) or _("not asked this month")


def _loads(ids: Iterable[int], reader: Member) -> _Load:
    chosen = list(ids)
    if not chosen:
        return _Load(Counter(), Counter(), Counter())
    month, here = timezone.now() - MONTH, Q(topic__space__in=visible_space_ids(reader))
    requests = AnswerRequest.objects.filter(member__in=chosen, created_at__gt=month)
    counted = list(
        requests.values_list("member").annotate(all=Count("pk"), here=Count("pk", filter=here)).order_by()
    )
    claims = Claim.objects.current().filter(here, member__in=chosen)
    return _Load(
        Counter({pk: count for pk, count, _here in counted}),
        Counter({pk: count for pk, _all, count in counted}),
        Counter(dict(claims.values_list("member").annotate(n=Count("pk")).order_by())),
    )
