"""Which facts of whom a reader sees: the one way for page, API, vCard, export and mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.conf.locale import LANG_INFO
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from members.models import Fact, FactKind, FactSource, Member, Visibility


class SeenBy(StrEnum):
    """Whom the preview of one's own profile takes for its reader."""

    MEMBER = "member"
    FOLLOWED_BACK = "followed_back"
    MANAGER = "manager"


# Rule 2.2: managers see no more than other members do.
_OPEN_FOR: Final = {
    SeenBy.MEMBER: (Visibility.MEMBERS,),
    SeenBy.FOLLOWED_BACK: (Visibility.MEMBERS, Visibility.FOLLOWED_BACK),
    SeenBy.MANAGER: (Visibility.MEMBERS,),
}


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A fact that the reader may see. `values` as stored, `words` as people read them."""

    key: str
    label: str
    kind: FactKind
    values: Sequence[str]
    words: Sequence[str]
    visibility: Visibility
    source: FactSource
    confirmed_at: datetime


def facts_for(member: Member, reader: object, as_seen_by: SeenBy | None = None) -> list[ShownFact]:
    """Rule 2.2. In the order of the fields, one query.

    With `as_seen_by` the reader, who must be the member, sees the own profile as somebody else does.
    """
    return facts_of([member.pk], reader, as_seen_by).get(member.pk, [])


def facts_of(
    member_ids: Iterable[int], reader: object, as_seen_by: SeenBy | None = None
) -> dict[int, list[ShownFact]]:
    """The same for many people, by id. One query, whatever their number.

    The people themselves must have been found through `Member.objects.visible_to(reader)`.
    """
    rows = Fact.objects.filter(member__in=list(member_ids)).visible_to(reader)
    if as_seen_by is not None:
        rows = rows.filter(member=getattr(reader, "pk", None)).seen_by(*_OPEN_FOR[as_seen_by])
    found: dict[int, list[ShownFact]] = {}
    for fact in rows.select_related("field").order_by("field__position", "field_id"):
        found.setdefault(fact.member_id, []).append(_shown(fact))
    return found


def _shown(fact: Fact) -> ShownFact:
    kind = FactKind(fact.field.kind)
    return ShownFact(
        key=fact.field.key,
        label=fact.field.title,
        kind=kind,
        values=tuple(fact.values),
        words=tuple(words_of(kind, value, is_ours=fact.field.is_built_in) for value in fact.values),
        visibility=Visibility(fact.visibility),
        source=FactSource(fact.source),
        confirmed_at=fact.confirmed_at,
    )


def words_of(kind: FactKind, value: str, *, is_ours: bool = False) -> str:
    """A stored value as people read it."""
    match kind:
        case FactKind.LANGUAGES:
            return language_name(value)
        case FactKind.DAY:
            month, _dash, day = value.partition("-")
            return _("{day} {month}").format(day=int(day), month=MONTHS[int(month)])
        case FactKind.CHOICE | FactKind.CHOICES if is_ours:
            return _(value)
    return value


def language_name(code: str) -> str:
    """The name of a language in the reader's own."""
    info = LANG_INFO.get(code)
    return code if info is None else _(str(info["name"]))
