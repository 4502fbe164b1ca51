"""What stands beside a writer: the draft that was kept, whom the words will reach, and what was said already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.http import MAX_ID, whole_number
from community.core.keyset import with_query
from community.core.models import SearchKind
from community.core.moments import Clock, initials
from community.core.search import CONFIG
from community.core.statements import Blank, Statement
from community.core.text import Prose, SourceFormat, excerpt, plain_text, render
from discussions.actions.submission import judge_words
from discussions.mentions import mentioned_members
from discussions.models import (
    Draft,
    Follow,
    FollowLevel,
    Post,
    SessionQuestion,
    Space,
    TaggedTopic,
    Topic,
    TopicKind,
    visible_space_ids,
    visible_spaces,
)
from discussions.models.reader import readers_of
from discussions.permissions import IN_BIN_FOR
from discussions.queries.rows import Link, Row
from members.models import Member, Tie, TieKind

#: From so many posts on it is fair to say who writes most of them.
MANY_POSTS: Final = 6
#: So many posts of two people in a row are a conversation between two.
EXCHANGE: Final = 6
SIMILAR: Final = 4
# Of a frequent word only the newest topics are ranked: among entries of this age, counted in entries.
_SIMILAR_WINDOW: Final = 200_000
_SIMILAR_CANDIDATES: Final = 400
SUGGESTED: Final = 6
BIN_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class Writing(Row):
    """What a form with prose carries so that its words are kept (templates/discussions/_writing.html)."""

    key: str
    sequence: int
    member_id: int
    saved_label: str
    is_restored: bool


@dataclass(frozen=True, slots=True)
class DraftRow(Row):
    """A draft in the list of one's own."""

    id: int
    title: str
    url: str
    excerpt: str
    when_relative: str
    when_iso: str
    when_exact: str


@dataclass(frozen=True, slots=True)
class SimilarRow(Row):
    """A topic that says something like it, and where its answer stands."""

    title: str
    url: str
    space_name: str
    answer_url: str
    replies_label: str


@dataclass(frozen=True, slots=True)
class Advice(Row):
    """Rule 3.6: sentences about what is being written, each with a link where one helps."""

    lines: list[Link] = field(default_factory=list)
    similar: list[SimilarRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MentionRow(Row):
    """Somebody who can be named."""

    handle: str
    name: str
    headline: str
    initials: str


@dataclass(frozen=True, slots=True)
class BinRow(Row):
    """A post of one's own that was deleted."""

    title: str
    url: str
    restore_url: str
    excerpt: str
    when_relative: str
    when_iso: str
    when_exact: str
    days_left_label: str


# --- drafts -----------------------------------------------------------------------------------------------------


_DRAFT_COLUMNS: Final = tuple(field.attname for field in Draft._meta.concrete_fields)
_DRAFT: Final = Statement(
    lambda: Draft.objects.filter(member=Blank("reader"), key=Blank("key", TextField())).values_list(
        *_DRAFT_COLUMNS
    )
)


def draft_of(user: Member, key: str) -> Draft | None:
    """Every thread that somebody opens asks for it. One query."""
    found = _DRAFT(reader=user.pk, key=key)
    return Draft.from_db("default", _DRAFT_COLUMNS, found[0]) if found else None


def stray_draft(user: Member, number: int | None) -> Draft | None:
    """A topic that the member was writing for a space that is closed to them by now: the words are theirs."""
    if number is None:
        return None
    draft = Draft.objects.filter(member=user, pk=number, key__startswith=_NEW_TOPIC).first()
    return draft if draft is not None and _is_stray(user, draft.key) else None


def _is_stray(user: Member, key: str) -> bool:
    slug = key.removeprefix(_NEW_TOPIC) if key.startswith(_NEW_TOPIC) else ""
    return bool(slug) and slug not in {space.slug for space in visible_spaces(user)}


def writing(user: Member, key: str, draft: Draft | None) -> Writing:
    """What the form of this key carries. No query."""
    saved = Clock(timezone.now()).moment(draft.updated_at).relative if draft else ""
    return Writing(
        key=key,
        sequence=draft.sequence if draft else 0,
        member_id=user.pk,
        saved_label=_("Your draft, kept {when}.").format(when=saved) if saved else "",
        is_restored=draft is not None,
    )


def prose_of(words: Mapping[str, str]) -> Prose:
    """The body that a draft keeps."""
    is_html = words.get("body_format") == SourceFormat.HTML
    return Prose(words.get("body", ""), SourceFormat.HTML if is_html else SourceFormat.MARKDOWN)


def _text_of(words: Mapping[str, str]) -> Prose:
    """What a draft is recognised by: its body, or the plain text of a form that has none."""
    plain = next(filter(None, (words.get(name, "") for name in ("words", "about", "options"))), "")
    return prose_of(words) if words.get("body") else Prose(plain, SourceFormat.MARKDOWN)


def address_of_draft(key: str) -> str:
    """Where the form of this key stands; the list of drafts where it is no key of ours."""
    kind, _colon, rest = key.partition(":")
    number = whole_number(rest, highest=MAX_ID)
    if kind == "topic" and rest.startswith("new"):
        return with_query(reverse("topic_create"), space=rest.partition(":")[2])
    if kind == "poll":
        place, _colon, name = rest.partition(":")
        return with_query(reverse("poll_create"), **{"topic" if place == "topic" else "space": name})
    if number is not None and kind in _FORMS:
        view, anchor = _FORMS[kind]
        return f"{reverse(view, args=[number])}{anchor}"
    fresh = {"message:new": "conversation_create", "resource:new": "resource_create"}
    return reverse(fresh.get(key, "draft_list"))


_NEW_TOPIC: Final = "topic:new:"
_FORMS: Final = {
    "reply": ("topic_show", "#write"),
    "edit": ("post_edit", ""),
    "message": ("conversation_show", "#write"),
    "rewrite": ("message_edit", ""),
    "ask": ("session_show", "#write"),
    "answer": ("question_answer", ""),
    "resource": ("resource_edit", ""),
    "pollchange": ("poll_edit", ""),
    "outcome": ("poll_outcome", ""),
}


def draft_rows(user: Member) -> list[DraftRow]:
    """My drafts, the latest first. Three queries; titles and addresses only of what I may still see."""
    drafts = list(Draft.objects.filter(member=user).order_by("-updated_at", "-pk"))
    ids: dict[str, set[int]] = {"reply": set(), "ask": set(), "edit": set()}
    for draft in drafts:
        kind, _colon, rest = draft.key.partition(":")
        number = whole_number(rest, highest=MAX_ID)
        if kind in ids and number is not None:
            ids[kind].add(number)
    topics = Topic.objects.visible_to(user).filter(pk__in=ids["reply"] | ids["ask"])
    titles = {
        f"{kind}:{pk}": title for pk, title in topics.values_list("pk", "title") for kind in ("reply", "ask")
    }
    posts = Post.objects.visible_to(user).filter(pk__in=ids["edit"])
    titles |= {f"edit:{pk}": title for pk, title in posts.values_list("pk", "topic__title")}
    clock = Clock(timezone.now())
    rows = []
    for draft in drafts:
        when, prose = clock.moment(draft.updated_at), _text_of(draft.words)
        rows.append(
            DraftRow(
                id=draft.pk,
                title=_draft_title(draft, titles.get(draft.key, "")),
                url=with_query(reverse("topic_create"), draft=str(draft.pk))
                if _is_stray(user, draft.key)
                else address_of_draft(draft.key),
                excerpt=excerpt(render(prose.source, prose.source_format).plain, 240),
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
            )
        )
    return rows


def _draft_title(draft: Draft, of: str) -> str:
    kind = draft.key.partition(":")[0]
    if kind == "topic":
        return draft.words.get("title", "").strip() or _("A new topic")
    if kind in {"poll", "pollchange"}:
        return draft.words.get("title", "").strip() or _("A poll")
    words = {
        "reply": (_("Reply in “{title}”"), _("A reply")),
        "edit": (_("A change in “{title}”"), _("A change of a post")),
        "message": ("", _("A message")),
        "rewrite": ("", _("A change of a message")),
        "ask": (_("Question to the hosts in “{title}”"), _("A question to the hosts")),
        "answer": ("", _("An answer to a question")),
        "resource": ("", _("Something for the library")),
        "outcome": ("", _("What came of a poll")),
    }
    named, nameless = words.get(kind, ("", _("A text")))
    return named.format(title=of) if of and named else nameless


# --- advice -----------------------------------------------------------------------------------------------------


def advice(user: Member, key: str, words: Mapping[str, str]) -> Advice:
    """Rule 3.6, for a form of this key with these words: at most eight queries, and nothing of what may not be seen."""
    kind, _colon, rest = key.partition(":")
    number = whole_number(rest, highest=MAX_ID)
    prose = prose_of(words)
    html = render(prose.source, prose.source_format).html if "@" in prose.source else ""
    if kind == "reply" and number is not None:
        topic = Topic.objects.visible_to(user).select_related("space").filter(pk=number).first()
        if topic is None:
            return Advice()
        said = _quality_lines(user, topic.space_id, prose)
        return Advice(said + _reply_lines(user, topic, html, words.get("reply_to", "")))
    if kind == "ask" and number is not None:
        topic = Topic.objects.visible_to(user).select_related("space").filter(pk=number).first()
        return Advice([_told_line(_told(user, topic.space, html, topic=topic))]) if topic else Advice()
    if kind == "topic":
        spaces = {space.slug: space for space in visible_spaces(user)}
        space = spaces.get(words.get("space", ""))
        lines = [_told_line(_told(user, space, html))] if space else []
        if space is not None:
            lines = _quality_lines(user, space.pk, prose, is_reply=False) + lines
        return Advice(lines, similar_topics(user, words.get("title", "")))
    return Advice()


def _quality_lines(user: Member, space_id: int, prose: Prose, *, is_reply: bool = True) -> list[Link]:
    """Rule 8.3, while it is being written: the same sentences that sending it would meet."""
    if not prose.source.strip():
        return []
    return [
        Link(sentence, "") for sentence in judge_words(space_id, prose, by=user, is_reply=is_reply).sentences
    ]


def _reply_lines(user: Member, topic: Topic, html: str, reply_to: str) -> list[Link]:
    number = whole_number(reply_to, highest=2**31 - 1) or 1
    answered = Post.objects.visible_to(user).filter(topic=topic, number=number)
    answered_id = answered.values_list("author", flat=True).first()
    lines = [_told_line(_told(user, topic.space, html, topic=topic, answered_id=answered_id))]
    posts = Post.objects.visible_to(user).filter(topic=topic)
    counted = posts.aggregate(all=Count("pk"), mine=Count("pk", filter=Q(author=user)))
    if counted["all"] >= MANY_POSTS and 2 * counted["mine"] > counted["all"]:
        lines.append(
            Link(
                _(
                    "You have written {mine} of the {all} posts here. Somebody else may have something to add."
                ).format(**counted),
                "",
            )
        )
    latest = list(
        posts.order_by("-number").values_list("author", "author__display_name", "author__handle")[:EXCHANGE]
    )
    others = {row for row in latest if row[0] != user.pk}
    if len(latest) == EXCHANGE and len(others) == 1 and len({row[0] for row in latest}) == 2:
        ((other_id, name, handle),) = others
        if other_id is not None and Member.objects.visible_to(user).filter(pk=other_id).exists():
            lines.append(
                Link(
                    _("The last {count} posts are between you and {name}. Take it to a message").format(
                        count=EXCHANGE, name=name
                    ),
                    with_query(reverse("conversation_create"), to=handle),
                )
            )
    return lines


def _told_line(count: int) -> Link:
    if not count:
        return Link(_("This notifies nobody yet; whoever looks into the space finds it."), "")
    return Link(
        ngettext("This notifies {count} person.", "This notifies {count} people.", count).format(count=count),
        "",
    )


def _told(
    user: Member, space: Space, html: str, *, topic: Topic | None = None, answered_id: int | None = None
) -> int:
    """How many are told: who is named, who is answered, who follows the topic, its space or its tags. One query.

    The same rules as `actions/notice.py`, in one statement and without what changes until then.
    """
    named = mentioned_members(html, by=user, space=space).values("pk")
    direct = Q(pk__in=named) | Q(pk=answered_id)
    if topic is None:
        follows = Follow.objects.filter(
            space=space, level__in=(FollowLevel.EVERYTHING, FollowLevel.HIGHLIGHTS)
        )
        return _readers_but(user, space).filter(direct | Q(pk__in=follows.values("member"))).count()
    tags = TaggedTopic.objects.filter(content_object=topic).values("tag")
    around = Q(space=space) | Q(tag__in=tags)
    own = Follow.objects.filter(topic=topic, member=OuterRef("member"))
    muted = Follow.objects.filter(around, level=FollowLevel.MUTE, member=OuterRef("member"))
    follows = Follow.objects.filter(level=FollowLevel.EVERYTHING).filter(
        Q(topic=topic) | (around & ~Exists(own) & ~Exists(muted))
    )
    quiet = Follow.objects.filter(topic=topic, member=OuterRef("pk"), level=FollowLevel.MUTE)
    told = _readers_but(user, space).filter(~Exists(quiet))
    return told.filter(direct | Q(pk__in=follows.values("member"))).count()


def _readers_but(user: Member, space: Space) -> "QuerySet[Member]":
    """Who may read it, without the writer and without those between whom and the writer a mute or block stands."""
    turned_away = Tie.objects.filter(
        member=OuterRef("pk"), other=user, kind__in=[TieKind.MUTE, TieKind.BLOCK]
    )
    blocked = Tie.objects.filter(member=user, other=OuterRef("pk"), kind=TieKind.BLOCK)
    readers = readers_of(space).filter(is_machine=False).exclude(pk=user.pk)
    return readers.filter(~Exists(turned_away), ~Exists(blocked))


# --- similar topics ---------------------------------------------------------------------------------------------

# Any of the words, the title's weighing most; all of them would find only what is called the same.
_SIMILAR_SQL = f"""
    WITH wanted AS (
        SELECT replace(plainto_tsquery('{CONFIG}', %(title)s)::text, '&', '|')::tsquery AS words
    ),
    found AS MATERIALIZED (
        SELECT entry.id, entry.target_id, entry.vector, wanted.words
        FROM core_searchentry AS entry, wanted
        WHERE entry.vector @@ wanted.words AND entry.kind = %(kind)s AND entry.space_id = ANY(%(spaces)s)
          AND entry.id > (SELECT max(id) FROM core_searchentry) - {_SIMILAR_WINDOW}
        LIMIT {_SIMILAR_CANDIDATES}
    )
    SELECT target_id FROM found
    WHERE ts_rank('{{{{0, 0.05, 0, 1}}}}', vector, words) >= 0.06
    ORDER BY ts_rank('{{{{0, 0.05, 0, 1}}}}', vector, words) DESC, id DESC
    LIMIT {SIMILAR}
""".replace("{{", "{").replace("}}", "}")  # noqa: S608 - only constants of this module
_WORD: Final = re.compile(r"\w{3,}")


def similar_topics(user: Member, title: str) -> list[SimilarRow]:
    """Rule 3.6: topics this person may read that share words with a title, with their accepted answers. Two queries."""
    title = title.strip()[:200]
    if not _WORD.search(title):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _SIMILAR_SQL,
            {"title": title, "kind": SearchKind.TOPIC.value, "spaces": list(visible_space_ids(user))},
        )
        ids = [target_id for (target_id,) in cursor.fetchall()]
    topics = Topic.objects.visible_to(user).select_related("space").in_bulk(ids) if ids else {}
    return [_similar_row(topics[pk]) for pk in ids if pk in topics]


def _similar_row(topic: Topic) -> SimilarRow:
    replies = topic.post_count - 1
    answered = topic.kind == TopicKind.QUESTION and topic.accepted_post_id is not None
    return SimilarRow(
        title=topic.title,
        url=topic.get_absolute_url(),
        space_name=topic.space.name,
        answer_url=reverse("post_show", args=[topic.accepted_post_id]) if answered else "",
        replies_label=ngettext("{count} reply", "{count} replies", replies).format(count=replies),
    )


# --- mentions ---------------------------------------------------------------------------------------------------


def mention_rows(user: Member, key: str, words: str) -> list[MentionRow]:
    """Whom the writer of this form can name: who may read it there, and neither blocked nor muted. Two queries.

    Those who have written in the topic come first: they are meant most often.
    """
    words = words.strip().lower()[:40]
    kind, _colon, rest = key.partition(":")
    topic_id, space = None, None
    number = whole_number(rest, highest=MAX_ID)
    if kind in ("reply", "ask") and number is not None:
        topic = Topic.objects.visible_to(user).select_related("space").filter(pk=number).first()
        topic_id, space = (topic.pk, topic.space) if topic else (None, None)
    elif kind in ("edit", "answer") and number is not None:
        asked = SessionQuestion.objects.filter(pk=number).values("post")
        which = Q(pk__in=asked) if kind == "answer" else Q(pk=number)
        post = Post.objects.visible_to(user).select_related("topic__space").filter(which).first()
        topic_id, space = (post.topic_id, post.topic.space) if post else (None, None)
    elif kind == "topic":
        slug = rest.partition(":")[2]
        space = next((one for one in visible_spaces(user) if one.slug == slug), None)
    if space is None or not words:
        return []
    here = Post.objects.visible_to(user).filter(topic=topic_id, author=OuterRef("pk"))
    muted = Tie.objects.filter(member=user, other=OuterRef("pk"), kind=TieKind.MUTE)
    people = (
        _readers_but(user, space)
        .filter(~Exists(muted))
        .filter(
            Q(handle__startswith=words)
            | Q(display_name__istartswith=words)
            | Q(display_name__icontains=f" {words}")
        )
        .annotate(is_here=Exists(here))
        .order_by("-is_here", "display_name", "pk")[:SUGGESTED]
    )
    return [
        MentionRow(person.handle, person.display_name, person.headline, initials(person.display_name))
        for person in people
    ]


# --- quotes -----------------------------------------------------------------------------------------------------


def quote_of(post: Post) -> Prose:
    """A post as a quotation with a link back, in Markdown: for those who quote without selecting. No query."""
    name = post.author.display_name if post.author else _("A former member")
    said = _("{name}, {number}:").format(name=_plain_line(name), number=post.number)
    text = excerpt(plain_text(post.html), 600)
    lines = [f"[{said}]({post.get_permanent_url()})", "", _plain_line(text)]
    return Prose("\n".join(f"> {line}".rstrip() for line in lines) + "\n\n", SourceFormat.MARKDOWN)


def joined(first: Prose, second: Prose) -> Prose:
    """Both, one below the other; as HTML where one of them is that."""
    if not first.source.strip():
        return second
    if not second.source.strip():
        return first
    if first.source_format == second.source_format:
        return Prose(f"{first.source.rstrip()}\n\n{second.source}", first.source_format)
    return Prose("".join(_as_html(prose) for prose in (first, second)), SourceFormat.HTML)


def _as_html(prose: Prose) -> str:
    is_html = prose.source_format == SourceFormat.HTML
    return prose.source if is_html else render(prose.source, prose.source_format).html


def _plain_line(words: str) -> str:
    """Words that Markdown takes as they are."""
    return re.sub(r"([\\`*_\[\]<>#|~&])", r"\\\1", " ".join(words.split()))


# --- the bin ----------------------------------------------------------------------------------------------------


def bin_rows(user: Member) -> list[BinRow]:
    """Rule 3.7: what I have deleted in the last 30 days and can bring back, the latest first. One query."""
    now = timezone.now()
    topics = Topic.objects.visible_to(user)
    posts = Post.objects.filter(deleted_by=user, deleted_at__gte=now - IN_BIN_FOR, topic__in=topics)
    clock = Clock(now)
    rows = []
    for post in posts.select_related("topic").order_by("-deleted_at")[:BIN_LENGTH]:
        assert post.deleted_at is not None
        when = clock.moment(post.deleted_at)
        days = (post.deleted_at + IN_BIN_FOR - now).days + 1
        rows.append(
            BinRow(
                title=post.topic.title,
                url=post.get_absolute_url(),
                restore_url=reverse("post_restore", args=[post.pk]),
                excerpt=excerpt(plain_text(post.html), 240),
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                days_left_label=ngettext(
                    "can be brought back for {count} day", "can be brought back for {count} days", days
                ).format(count=days),
            )
        )
    return rows
