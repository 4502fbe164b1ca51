"""What the operators of a search ask, as conditions in SQL over what the reader may know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.models import Module, SearchKind
from community.core.search_words import CONTENTS, STATES, Asked, read_day
from discussions.models import Space, TopicKind
from members.models import Member

#: What `kind:` takes, and what stands on the chips. Ideas and events will join them.
KINDS: Final = {
    "topic": gettext_lazy("Topics"),
    "reply": gettext_lazy("Replies"),
    "file": gettext_lazy("Files"),
    "poll": gettext_lazy("Polls"),
    "person": gettext_lazy("People"),
    "message": gettext_lazy("My messages"),
    "resource": gettext_lazy("Library"),
}
ENTRY_KINDS: Final = {
    "topic": SearchKind.TOPIC,
    "reply": SearchKind.POST,
    "file": SearchKind.FILE,
    "poll": SearchKind.POLL,
    "resource": SearchKind.RESOURCE,
}
#: Rule 15.6: what is not known where its module is switched off.
_MODULES: Final = {"poll": Module.POLLS, "resource": Module.LIBRARY}

# Who gets as far as the wide windows asks for something rare: there the ids and times only filter (`+ 0` is in no
# index), because listing half a million of them would cost more than the finds.
WIDE: Final = 2
# Of topics alone, which are one entry in twenty, a window is as narrow as one of twenty times fewer entries.
WIDE_FOR_FEW: Final = 3


def kinds_in_use(user: Member) -> dict[str, Any]:
    """What `kind:` takes in this community, with its words."""
    return {kind: label for kind, label in KINDS.items() if kind not in _MODULES or user.uses(_MODULES[kind])}


@dataclass(slots=True)
class Narrowing:
    """Conditions on `entry` in SQL, their parameters, and the sentences for what could not be used.

    `conditions` look at the entry's own columns; `asked` ask other tables, of hits that are found already.
    """

    spaces: list[int]
    conditions: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    # What is asked of topics, where topics of some tag alone are meant: conditions on `topic`.
    topics: list[str] = field(default_factory=list)
    is_of_topics: bool = False
    # Of what `has:` asks for; and the days that bound the search, where there are some.
    contents: list[str] = field(default_factory=list)
    before: datetime | None = None
    after: datetime | None = None
    # Topics and files alone: one entry in twenty. And those of chosen spaces alone.
    is_sparse: bool = False
    is_of_spaces: bool = False

    @property
    def wide(self) -> int:
        """The first window whose entries are too many to be read one by one."""
        return WIDE_FOR_FEW if self.is_sparse else WIDE


# Where an entry stands: the row itself says its space, its author and its time; for the rest its own table is asked.
_POST: Final = """(CASE entry.kind
    WHEN 'post' THEN entry.target_id
    WHEN 'topic' THEN (SELECT id FROM discussions_post WHERE topic_id = entry.target_id AND number = 1)
    WHEN 'file' THEN (SELECT post_id FROM discussions_attachment WHERE id = entry.target_id) END)"""
_TOPIC: Final = f"""(CASE entry.kind
    WHEN 'topic' THEN entry.target_id
    WHEN 'poll' THEN (SELECT topic_id FROM discussions_poll WHERE id = entry.target_id)
    ELSE (SELECT topic_id FROM discussions_post WHERE id = {_POST}) END)"""  # noqa: S608
# Asked of each hit as a value and not with EXISTS: that would be joined, with all topics, or all posts with a link,
# read for each window.
_ANSWERED: Final = "topic.kind = 'question' AND topic.accepted_post_id IS NOT NULL"
_UNANSWERED: Final = "topic.kind = 'question' AND topic.accepted_post_id IS NULL"
_OF_KINDS: Final = "topic.kind = ANY(%(topic_kinds)s)"
_OF_TOPIC: Final = """(SELECT {condition}
    FROM discussions_topic AS topic WHERE entry.kind = 'topic' AND topic.id = entry.target_id)"""
_IN_HTML: Final = "(SELECT post.html ~ '{part}' FROM discussions_post AS post WHERE post.id = {post})"
_FILE: Final = """EXISTS (SELECT FROM discussions_attachment AS file
    WHERE file.post_id = {post} AND file.width {is_picture})"""

_HAS: Final = {
    "image": "({})".format(
        " OR ".join((_FILE.format(post=_POST, is_picture="> 0"), _IN_HTML.format(post=_POST, part="<img ")))
    ),
    "attachment": _FILE.format(post=_POST, is_picture="= 0"),
    "link": _IN_HTML.format(post=_POST, part='<a href="http'),
}
# The posts with such contents, the newest first. Where they are few, the search begins at them. The conditions are
# written as those of the indexes `post_with_picture` and `post_with_link` are.
HOLDERS: Final = {
    "image": """
        (SELECT id FROM discussions_post WHERE html ~ '<img ' ORDER BY id DESC LIMIT %(limit)s)
        UNION (SELECT post_id FROM discussions_attachment WHERE width > 0 AND post_id IS NOT NULL LIMIT %(limit)s)""",
    "attachment": """
        SELECT post_id FROM discussions_attachment WHERE width = 0 AND post_id IS NOT NULL LIMIT %(limit)s""",
    "link": """SELECT id FROM discussions_post WHERE html ~ '<a href="http' ORDER BY id DESC LIMIT %(limit)s""",
}
# What only a question can be or have.
_STATES: Final = {
    ("is", "answered"): _ANSWERED,
    ("has", "answer"): _ANSWERED,
    ("is", "unanswered"): _UNANSWERED,
}


def narrow(user: Member, asked: Asked, spaces: Sequence[Space]) -> Narrowing:
    """Resolve each operator. What the reader may not know is answered as what there is not: with the same sentence."""
    found = Narrowing([space.pk for space in spaces])
    values: dict[str, list[str]] = {}
    for operator in asked.operators:
        values.setdefault(operator.name, []).append(operator.value)
    _narrow_spaces(found, values.get("in", []), spaces)
    _narrow_authors(found, values.get("from", []), user)
    _narrow_tags(found, values.get("tag", []))
    _narrow_kinds(found, values.get("kind", []), kinds_in_use(user))
    _narrow_days(found, values)
    for name, choice in (("is", STATES), ("has", CONTENTS)):
        for value in map(str.lower, values.get(name, [])):
            if (name, value) in _STATES:
                condition = _STATES[name, value]
                found.conditions.append("entry.kind = 'topic'")
                found.asked.append(_OF_TOPIC.format(condition=condition))
                # Which is what the index of open questions holds; it alone is read where nothing else is asked.
                if _OF_KINDS in found.topics and TopicKind.QUESTION in found.parameters["topic_kinds"]:
                    found.topics.remove(_OF_KINDS)
                found.topics.append(condition)
                found.is_sparse = found.is_of_topics = True
            elif name == "has" and value in _HAS:
                found.asked.append(_HAS[value])
                found.contents.append(value)
            else:
                found.problems.append(
                    _("“{name}:” takes one of these: {choice}.").format(name=name, choice=", ".join(choice))
                )
    return found


def _narrow_spaces(found: Narrowing, wanted: Sequence[str], spaces: Sequence[Space]) -> None:
    chosen: set[int] = set()
    for value in wanted:
        fitting = {
            space.pk for space in spaces if value.casefold() in {space.slug.casefold(), space.name.casefold()}
        }
        if not fitting:
            found.problems.append(_("There is no space “{name}” that you can read.").format(name=value))
        chosen |= fitting
    if chosen:
        found.spaces = sorted(chosen)
        found.is_of_spaces = True


def _narrow_authors(found: Narrowing, wanted: Sequence[str], user: Member) -> None:
    handles = {value.removeprefix("@").lower() for value in wanted}
    if not handles:
        return
    if "me" in handles:
        handles = handles - {"me"} | {user.handle}
    shown = dict(Member.objects.visible_to(user).filter(handle__in=handles).values_list("handle", "pk"))
    found.problems += [
        _("Nobody here has the handle “{handle}”.").format(handle=handle)
        for handle in sorted(handles - set(shown))
    ]
    if shown:
        found.conditions.append("entry.author_id = ANY(%(authors)s)")
        found.parameters["authors"] = sorted(shown.values())


def _narrow_tags(found: Narrowing, wanted: Sequence[str]) -> None:
    """All of them. A tag that only hidden topics carry and one that nobody uses both find nothing."""
    for number, value in enumerate(wanted):
        is_meant = f"(tag.slug = lower(%(tag{number})s) OR lower(tag.name) = lower(%(tag{number})s))"
        found.asked.append(
            f"""EXISTS (SELECT FROM discussions_taggedtopic AS tagged
                JOIN discussions_tag AS tag ON tag.id = tagged.tag_id
                WHERE tagged.content_object_id = {_TOPIC} AND {is_meant})"""
        )
        found.topics.append(
            f"""topic.id IN (SELECT tagged.content_object_id FROM discussions_taggedtopic AS tagged
                WHERE tagged.tag_id IN (SELECT tag.id FROM discussions_tag AS tag WHERE {is_meant}))"""  # noqa: S608
        )
        found.parameters[f"tag{number}"] = value.removeprefix("#")


def _narrow_kinds(found: Narrowing, wanted: Sequence[str], known: dict[str, Any]) -> None:
    entries, topics = [], []
    off = sorted(str(ENTRY_KINDS[kind]) for kind in ENTRY_KINDS if kind not in known)
    if off:
        found.conditions.append("entry.kind <> ALL(%(kinds_off)s)")
        found.parameters["kinds_off"] = off
    for value in map(str.lower, wanted):
        if value in known:
            found.kinds.append(value)
            if value in ENTRY_KINDS:
                entries.append(str(ENTRY_KINDS[value]))
        elif value in TopicKind.values:
            found.kinds.append("topic")
            topics.append(value)
        else:
            choice = ", ".join([*known, *TopicKind.values])
            found.problems.append(_("“kind:” takes one of these: {choice}.").format(choice=choice))
    if entries or topics:
        kinds = sorted({*entries, *([str(SearchKind.TOPIC)] if topics else [])})
        # Of one kind the index gives the newest first; an array of one would have to be sorted.
        found.conditions.append("entry.kind = %(kind)s" if len(kinds) == 1 else "entry.kind = ANY(%(kinds)s)")
        found.parameters |= {"kind": kinds[0], "kinds": kinds}
        found.is_sparse = str(SearchKind.POST) not in entries
        found.is_of_topics = kinds == [str(SearchKind.TOPIC)]
    if topics and SearchKind.TOPIC not in entries:
        found.asked.append(f"(entry.kind <> 'topic' OR {_OF_TOPIC.format(condition=_OF_KINDS)})")
        found.topics.append(_OF_KINDS)
        found.parameters["topic_kinds"] = topics


def _narrow_days(found: Narrowing, values: dict[str, list[str]]) -> None:
    zone = timezone.get_current_timezone()
    for name in ("before", "after"):
        for value in values.get(name, []):
            span = read_day(value)
            if span is None:
                found.problems.append(
                    _("“{name}:{value}” is no day: write it as 2026-03-09, 2026-03 or 2026.").format(
                        name=name, value=value
                    )
                )
                continue
            day = span[0].replace(tzinfo=zone)
            # Of several, the one that leaves the least.
            if name == "before":
                found.before = day if found.before is None else min(found.before, day)
            else:
                found.after = day if found.after is None else max(found.after, day)
    if found.before is not None:
        found.conditions.append("entry.occurred_at < %(before)s")
        found.parameters["before"] = found.before
    if found.after is not None:
        found.conditions.append("entry.occurred_at >= %(after)s")
        found.parameters["after"] = found.after
