"""The rows of which pages are made: loaded, with ready-made words and addresses, so that templates only print."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from community.core.diff import DiffPart


class Row:
    """Rows answer by name in templates without the detour of an exception, which is Django's first try."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True, slots=True)
class Link(Row):
    """A name and where it leads."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Level(Row):
    """One of the choices of a follow, and whether it is the present one."""

    value: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class PageLink(Row):
    """A page of a thread; without address it stands for a gap."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pages(Row):
    links: list[PageLink]
    previous_url: str
    next_url: str
    latest_url: str


@dataclass(frozen=True, slots=True)
class PostRow(Row):
    """One post as its reader sees it, with the acts open to this reader."""

    anchor: str
    number: int
    url: str
    author_name: str
    author_url: str
    author_initials: str
    headline: str
    when_relative: str
    when_iso: str
    when_exact: str
    html: SafeString | str
    author_photo: str = ""
    expert_label: str = ""
    is_first_new: bool = False
    is_accepted: bool = False
    deleted_note: str = ""
    reply_to_number: int = 0
    reply_to_name: str = ""
    reply_to_url: str = ""
    notes: bool = False
    edited_label: str = ""
    history_url: str = ""
    imported_label: str = ""
    thank_url: str = ""
    thanked: bool = False
    thanks_label: str = ""
    reply_url: str = ""
    has_menu: bool = False
    accept_url: str = ""
    accept_label: str = ""
    edit_url: str = ""
    delete_url: str = ""
    restore_url: str = ""
    moved_url: str = ""
    restore_label: str = ""
    quote_url: str = ""
    permanent_url: str = ""
    react_url: str = ""
    report_url: str = ""
    said_insightful: bool = False
    said_agree: bool = False
    said_me_too: bool = False
    reactions_label: str = ""
    bookmark_url: str = ""
    bookmarked: bool = False
    replies_url: str = ""
    replies_label: str = ""


@dataclass(slots=True)
class TopicPage(Row):
    """One page of a thread: 20 numbers of it, whatever of them is still there."""

    id: int
    title: str
    url: str
    is_question: bool
    is_answered: bool
    accepted_url: str
    closed_reason: str
    space_name: str
    space_url: str
    tags: list[Link]
    readable_by: str
    people_count_label: str
    follow_level: str
    follow_levels: list[Level]
    follow_url: str
    can_reply: bool
    why_not: str
    reply_post_url: str
    edit_url: str
    close_url: str
    reopen_url: str
    first_new_url: str
    posts: list[PostRow]
    pages: Pages | None
    read_up_to: int
    similar: list[Link] = field(default_factory=list)
    is_announcement: bool = False
    session_url: str = ""
    is_pinned: bool = False
    pin_reason: str = ""
    pin_url: str = ""
    unpin_url: str = ""
    replies_url: str = ""
    replies_label: str = ""
    settle_links: list[Link] = field(default_factory=list)
    follow_reason: str = ""
    unfollow_url: str = ""
    answering_label: str = ""
    claim_url: str = ""
    release_url: str = ""
    experts_url: str = ""
    live_url: str = ""
    poll_url: str = ""
    resources_url: str = ""
    has_resources: bool = False


@dataclass(frozen=True, slots=True)
class TopicRow(Row):
    """A topic in a list."""

    url: str
    title: str
    is_question: bool
    answered: bool
    pinned: bool
    closed: bool
    kind_label: str
    space_name: str
    space_url: str
    author_name: str
    last_poster_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    replies_label: str
    tags_text: str
    new_label: str
    reason: str
    answering_label: str = ""
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class SpaceRow(Row):
    name: str
    url: str
    purpose: str
    preset_label: str
    topics_label: str
    when_relative: str
    when_iso: str
    when_exact: str


@dataclass(frozen=True, slots=True)
class SpacePage(Row):
    name: str
    slug: str
    purpose: str
    preset_label: str
    readable_by: str
    url: str
    write_url: str
    why_not: str
    topics: list[TopicRow]
    older_url: str
    settle_url: str = ""
    figures_url: str = ""
    stand_in_url: str = ""


@dataclass(frozen=True, slots=True)
class MemberPostRow(Row):
    """A contribution in the list on a person's page."""

    topic_title: str
    url: str
    space_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class RevisionRow(Row):
    version: int
    editor_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    reason: str
    paragraphs: list[list[DiffPart]]


@dataclass(frozen=True, slots=True)
class ReplyRow(Row):
    """An answer to a post, under it."""

    number: int
    url: str
    author_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    html: SafeString
