"""The page of results: finds with their words marked, people and messages beside them, and the chips."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from community.core.keyset import with_query
from community.core.models import SearchKind
from community.core.moments import moment
from community.core.search import note_miss
from community.core.search_words import Asked, Operator, read_search
from community.search.finding import CLOSE_MARK, OPEN_MARK, RESULTS, find_entries
from community.search.narrowing import kinds_in_use, narrow
from discussions.models import Attachment, Poll, Post, Resource, Space, Topic, visible_spaces
from discussions.queries.messages import FoundMessage, found_messages
from members.directory import DirectorySearch
from members.models import Member
from members.queries.directory import MemberRow, directory_page


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One find, with the found words marked."""

    title: str
    title_html: SafeString
    url: str
    kind_label: str
    space_name: str
    author_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    snippet: SafeString
    # The same without marks, and what kind of entry it is: for programs.
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that narrows the search: `is_on`, and the address leads to the search without it."""

    label: str
    url: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found of one kind, and what could not be read of the question."""

    rows: list[SearchRow] = field(default_factory=list)
    people: list[MemberRow] = field(default_factory=list)
    messages: list[FoundMessage] = field(default_factory=list)
    more_people_url: str = ""
    more_messages_url: str = ""
    has_more: bool = False
    problems: tuple[str, ...] = ()
    chips: list[Chip] = field(default_factory=list)
    topic_title: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.rows or self.people or self.messages)


def search_page(user: Member, typed: str, *, page: int, topic_id: int | None = None) -> SearchPage:
    """Rule 3.16: topics, replies and files that hold the words, exact phrases first, in the spaces this person may see.

    The last word also matches as a beginning, so that results come while typing. `kind:person` asks the members'
    directory, `kind:message` one's own messages. Pages are counted from 1. `topic_id` looks inside one topic.
    """
    asked = read_search(typed)
    spaces = {space.pk: space for space in visible_spaces(user)}
    topic = None if topic_id is None else Topic.objects.visible_to(user).filter(pk=topic_id).first()
    if not (asked.words or asked.operators):
        return SearchPage(problems=asked.problems, topic_title=topic.title if topic else "")
    narrowing = narrow(user, asked, list(spaces.values()))
    kinds = set(narrowing.kinds)
    others = kinds & {"person", "message"}
    people = _people(user, asked.words) if "person" in others and asked.words else []
    found: list[tuple[str, int, str, str]] = []
    is_whole = True
    asks_entries = bool(kinds - others) or not others
    if spaces and asks_entries and (topic is not None or topic_id is None):
        found, is_whole = find_entries(
            asked.words,
            narrowing,
            skip=(page - 1) * RESULTS,
            topic_id=topic_id,
        )
    has_more, found = len(found) > RESULTS, found[:RESULTS]
    problems = [*asked.problems, *narrowing.problems]
    if not is_whole:
        problems.append(
            _("This would take long, so only the newest were looked through. Add a word or an operator.")
        )
    result = SearchPage(
        rows=_rows(user, found, spaces),
        people=people,
        messages=found_messages(user, asked.words, limit=RESULTS) if "message" in others else [],
        more_people_url=with_query(reverse("member_list"), q=asked.words) if people else "",
        more_messages_url=with_query(reverse("conversation_list"), q=asked.words)
        if "message" in others
        else "",
        has_more=has_more,
        problems=tuple(problems),
        chips=_chips(asked, kinds_in_use(user)),
        topic_title=topic.title if topic else "",
    )
    if result.is_empty and page == 1 and asked.words and not asked.operators and topic_id is None:
        note_miss(asked.words)
    return result


def _people(user: Member, words: str) -> list[MemberRow]:
    """As the directory finds them, with what it may show to this reader."""
    return directory_page(user, DirectorySearch(words=words), after=None).members[:RESULTS]


def _rows(
    user: Member, found: Sequence[tuple[str, int, str, str]], spaces: dict[int, Space]
) -> list[SearchRow]:
    """Asked again through the one resolver: an entry that lags behind shows nothing that may not be seen."""
    ids: dict[str, list[int]] = {kind: [] for kind in SearchKind.values}
    for kind, target_id, _title, _headline in found:
        ids[kind].append(target_id)
    readable = Post.objects.visible_to(user).select_related("topic", "author")
    kept = Resource.objects.visible_to(user).published().select_related("owner")
    resources = kept.in_bulk(ids["resource"]) if ids["resource"] else {}
    by_topic = (
        {post.topic_id: post for post in readable.filter(topic__in=ids["topic"], number=1)}
        if ids["topic"]
        else {}
    )
    by_post = readable.in_bulk(ids["post"]) if ids["post"] else {}
    files = (
        Attachment.objects.visible_to(user)
        .filter(message_id__isnull=True, uploader__isnull=True)
        .select_related("post__topic", "post__author", "resource__owner")
        .in_bulk(ids["file"])
        if ids["file"]
        else {}
    )
    by_file = {pk: file.post or file.resource for pk, file in files.items()}
    places: dict[str, dict[int, Any]] = {
        "topic": by_topic,
        "post": by_post,
        "file": by_file,
        "resource": resources,
    }
    now = timezone.now()
    rows = []
    polls = Poll.objects.visible_to(user).with_place().in_bulk(ids["poll"]) if ids["poll"] else {}
    for kind, target_id, title, headline in found:
        post = places[kind].get(target_id) if kind in places else None
        if isinstance(post, Resource):
            rows.append(_resource_row(post, kind, title, headline, spaces, now))
        elif post is not None:
            rows.append(_search_row(post, kind, title, headline, spaces, now))
        elif kind == SearchKind.POLL and target_id in polls:
            rows.append(_poll_row(polls[target_id], title, headline, now))
    return rows


def _poll_row(poll: Poll, title: str, headline: str, now: datetime) -> SearchRow:
    """What was asked and what was done with it; nothing of a result is in the index (rule 4.2)."""
    when = moment(poll.created_at, now)
    return SearchRow(
        title=poll.title,
        title_html=_marked(title) if _unmarked(title) == poll.title else SafeString(escape(poll.title)),
        url=poll.get_absolute_url(),
        kind_label=_("Poll"),
        space_name=poll.place.name,
        author_name=poll.author.display_name if poll.author else _("A former member"),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
        text=_unmarked(headline),
        kind=str(SearchKind.POLL),
    )


def _resource_row(
    resource: Resource, kind: str, title: str, headline: str, spaces: dict[int, Space], now: datetime
) -> SearchRow:
    """A resource, or a file that stands in one."""
    when = moment(resource.published_at or resource.created_at, now)
    is_file = kind == SearchKind.FILE
    plain = _unmarked(title) if is_file else resource.title
    return SearchRow(
        title=plain,
        title_html=_marked(title) if _unmarked(title) == plain else SafeString(escape(plain)),
        url=resource.get_absolute_url(),
        kind_label=_("File") if is_file else str(resource.get_kind_display()),
        space_name=spaces[resource.space_id].name,
        author_name=resource.owner.display_name,
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
        text=_unmarked(headline),
        kind=kind,
    )


def _search_row(
    post: Post, kind: str, title: str, headline: str, spaces: dict[int, Space], now: datetime
) -> SearchRow:
    when = moment(post.created_at, now)
    is_topic = kind == SearchKind.TOPIC
    labels = {SearchKind.POST: _("Reply"), SearchKind.FILE: _("File")}
    # The topic itself knows its title best; an entry of a reply keeps the one it was written under.
    plain = _unmarked(title) if kind == SearchKind.FILE else post.topic.title
    marked = _marked(title) if _unmarked(title) == plain else SafeString(escape(plain))
    return SearchRow(
        title=plain,
        title_html=marked,
        url=post.topic.get_absolute_url() if is_topic else post.get_absolute_url(),
        kind_label=str(post.topic.get_kind_display()) if is_topic else labels[SearchKind(kind)],
        space_name=spaces[post.topic.space_id].name,
        author_name=post.author.display_name if post.author else _("A former member"),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
        text=_unmarked(headline),
        kind=kind,
    )


def _unmarked(text: str) -> str:
    return text.replace(OPEN_MARK, "").replace(CLOSE_MARK, "")


def _marked(headline: str) -> SafeString:
    """Escape first, then turn the two marks into elements: nothing of what somebody wrote becomes HTML."""
    safe = escape(headline).replace(OPEN_MARK, "<mark>").replace(CLOSE_MARK, "</mark>")
    return mark_safe(safe)  # noqa: S308


def _chips(asked: Asked, known: dict[str, Any]) -> list[Chip]:
    """What narrows the search now, then what often helps next."""
    path = reverse("search")
    chips = [
        Chip(
            operator.typed,
            with_query(path, q=asked.without(operator)) if asked.without(operator) else path,
            True,
        )
        for operator in asked.operators
    ]
    kinds = {operator.value.lower() for operator in asked.operators if operator.name == "kind"}
    if not kinds:
        chips += [
            Chip(str(label), with_query(path, q=asked.with_operator(Operator("kind", value))), False)
            for value, label in known.items()
        ]
        if not any(operator.name == "is" for operator in asked.operators):
            unanswered = Operator("is", "unanswered")
            chips.append(Chip(_("Unanswered"), with_query(path, q=asked.with_operator(unanswered)), False))
    return chips
