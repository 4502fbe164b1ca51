"""The mails about notices and the digests, built at the moment they are sent with the rights of whom they are for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.letters import Answer, Letter, builds
from community.core.mail_links import act_url, reply_address, stop_url
from community.core.middleware import zone_or_utc
from community.core.models import Delivery, Digest, Mail, Notice, NoticeReason
from community.core.notices import next_open_moment, preference_of
from community.core.text import clean_line, excerpt, plain_text
from discussions.actions.notice import notice_key
from discussions.filters import read_query
from discussions.models import (
    Follow,
    FollowLevel,
    Post,
    ReadState,
    SavedView,
    Space,
    SpacePreset,
    Topic,
    visible_spaces,
)
from discussions.permissions import can_reply
from discussions.queries.notices import open_notices
from discussions.queries.topic_lists import topic_list_page
from members.models import Member, Tie, TieKind

NOTICES_IN_DIGEST: Final = 20
TOPICS_IN_DIGEST: Final = 6
VIEWS_IN_DIGEST: Final = 5
EXCERPT: Final = 280
# A mail is read on a phone: what is longer is read on the page.
LONGEST_POST: Final = 6_000


@dataclass(frozen=True, slots=True)
class DigestRow:
    """One line of a digest."""

    title: str
    url: str
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class DigestView:
    """What is new in a saved view of the reader (rule 3.17)."""

    name: str
    rows: list[DigestRow]


@builds("notice")
def notice_letter(mail: Mail) -> Answer:
    """Rule 9.1: one thing, at once. None where it was read, stopped, or is not open to the reader any more."""
    member = _recipient(mail)
    data = mail.data
    if member is None or data.get("reason") not in NoticeReason.values:
        return None
    reason = NoticeReason(data["reason"])
    notice = open_notices(member, _leaving(member)).unread().filter(key=data["key"]).first()
    preference = preference_of(member.pk)
    if notice is None or preference.delivery(reason) != Delivery.AT_ONCE:
        return None
    now = timezone.now()
    opens = next_open_moment(preference, member.time_zone, now)
    if opens > now:
        return opens
    with translation.override(member.locale), timezone.override(zone_or_utc(member.time_zone)):
        if data["type"] == "post":
            letter = _post_letter(member, reason, data["id"])
        else:
            letter = _plain_letter(member, reason, notice)
    if letter is not None:
        Notice.objects.filter(pk=notice.pk).update(mailed_at=now)
    return letter


def _post_letter(member: Member, reason: NoticeReason, post_id: int) -> Letter | None:
    """The words of a post, to be answered by answering the mail."""
    post = (
        Post.objects.visible_to(member)
        .select_related("topic__space", "author", "reply_to")
        .filter(pk=post_id)
        .first()
    )
    if post is None or not _may_leave(post.topic.space) or _is_silent(member, post):
        return None
    topic = post.topic
    author = post.author.display_name if post.author else ""
    answer_to = reply_address(member.pk, topic.pk) if can_reply(member, topic) else ""
    stop_reason, stop_topic = (
        stop_url(member.pk, "reason", reason),
        stop_url(member.pk, "topic", str(topic.pk)),
    )
    url = settings.SITE_URL + post.get_absolute_url()
    plain = plain_text(post.html)
    context = _frame(member) | {
        "title": topic.title,
        "author": author or _("Somebody"),
        "space_name": topic.space.name,
        "text": plain[:LONGEST_POST],
        "html": _for_mail(post.html) if len(plain) <= LONGEST_POST else None,
        "is_cut": len(plain) > LONGEST_POST,
        "url": url,
        "why": _because(reason),
        "can_answer": bool(answer_to),
        "thanks_url": act_url(member.pk, "thanks", str(post.pk)) if post.author_id else "",
        "stop_url": stop_reason,
        "stop_topic_url": stop_topic,
    }
    root = f"<topic.{topic.pk}@{_host()}>"
    subject = topic.title if post.number == 1 else _("Re: {title}").format(title=topic.title)
    return Letter(
        subject=clean_line(subject)[:200],
        text=render_to_string("mail/notice.txt", context),
        html=render_to_string("mail/notice.html", context),
        sender=_("{name} ({community})").format(name=author, community=settings.COMMUNITY_NAME)
        if author
        else "",
        reply_to=answer_to,
        headers={
            **_list_headers(
                f"{topic.space.slug}.{_host()}",
                topic.space.name,
                # What somebody follows they stop as such; what concerns them they stop as a kind.
                stop_topic if reason == NoticeReason.FOLLOWING else stop_reason,
                settings.SITE_URL + topic.get_absolute_url(),
            ),
            "In-Reply-To": root,
            "References": root,
        },
    )


def _plain_letter(member: Member, reason: NoticeReason, notice: Notice) -> Letter:
    """What the line on the page says, and nothing more: no words of a message leave by mail."""
    stop, url = stop_url(member.pk, "reason", reason), settings.SITE_URL + notice.url
    context = _frame(member) | {
        "title": notice.title,
        "url": url,
        "why": _because(reason),
        "stop_url": stop,
    }
    root = f"<{notice.key.replace(':', '.')}.{member.pk}@{_host()}>"
    return Letter(
        subject=clean_line(notice.title)[:200],
        text=render_to_string("mail/notice.txt", context),
        html=render_to_string("mail/notice.html", context),
        headers={
            **_list_headers(f"notices.{_host()}", settings.COMMUNITY_NAME, stop, url),
            "In-Reply-To": root,
            "References": root,
        },
    )


@builds("digest")
def digest_letter(mail: Mail) -> Answer:
    """Rule 9.2: what is new for this reader and not read yet, with the rights of this moment. Nothing new: no mail."""
    member = _recipient(mail)
    digest = Digest.objects.filter(pk=mail.data.get("digest")).first()
    if member is None or digest is None or preference_of(member.pk).digest == "off":
        return None
    spaces = _leaving(member)
    with translation.override(member.locale), timezone.override(zone_or_utc(member.time_zone)):
        told = _told(member, digest.since, spaces)
        topics = _new_topics(member, digest.since, spaces, {row.url for row in told})
        views = _views(member, digest.since, spaces, {row.url for row in (*told, *topics)})
        if not told and not topics and not views:
            return None
        stop = stop_url(member.pk, "digest", "all")
        about = f"digest:{digest.pk}"
        context = _frame(member) | {
            "told": told,
            "topics": topics,
            "views": views,
            "url": settings.SITE_URL + reverse("notice_list"),
            "why": _("you get a digest of what is new for you"),
            "useful_url": act_url(member.pk, "useful", about),
            "not_useful_url": act_url(member.pk, "not-useful", about),
            "stop_url": stop,
        }
        rows = [*told, *topics, *(row for view in views for row in view.rows)]
        first, more = rows[0].title, len(rows) - 1
        subject = (
            ngettext("{title}, and {count} more", "{title}, and {count} more", more).format(
                title=first[:120], count=more
            )
            if more
            else first
        )
        return Letter(
            subject=clean_line(subject)[:200],
            text=render_to_string("mail/digest.txt", context),
            html=render_to_string("mail/digest.html", context),
            headers=_list_headers(
                f"digest.{_host()}", settings.COMMUNITY_NAME, stop, settings.SITE_URL + reverse("notice_list")
            ),
        )


def _told(member: Member, since: datetime, spaces: dict[int, Space]) -> list[DigestRow]:
    """Unread notices that came since the last digest and that no mail of their own told."""
    notices = (
        open_notices(member, spaces)
        .unread()
        .filter(at__gt=since)
        .exclude(mailed_at__gte=F("at"))
        .order_by("weight", "-at")[:NOTICES_IN_DIGEST]
    )
    wanted = preference_of(member.pk)
    rows = [notice for notice in notices if wanted.delivery(notice.reason) != Delivery.OFF]
    readable = _readable(member, rows)
    return [
        DigestRow(
            notice.title,
            settings.SITE_URL + notice.url,
            _because(NoticeReason(notice.reason)),
            ngettext("{count} new", "{count} new", notice.count).format(count=notice.count),
        )
        for notice in rows
        if notice.target_type not in {"post", "topic"} or notice.key in readable
    ]


def _readable(member: Member, notices: Sequence[Notice]) -> set[str]:
    """The keys of those topics that are there and open to the reader at this moment."""
    ids = [int(notice.key.partition(":")[2]) for notice in notices if notice.key.startswith("topic:")]
    topics = Topic.objects.visible_to(member).filter(pk__in=ids)
    keys = {notice_key(pk) for pk in topics.values_list("pk", flat=True)}
    posts = [notice.target_id for notice in notices if notice.target_type == "post"]
    open_posts = set(Post.objects.visible_to(member).filter(pk__in=posts).values_list("pk", flat=True))
    topic_ids = [notice.target_id for notice in notices if notice.target_type == "topic"]
    open_topics = set(Topic.objects.visible_to(member).filter(pk__in=topic_ids).values_list("pk", flat=True))
    for notice in notices:
        if not notice.key.startswith("topic:") and (
            (notice.target_type == "post" and notice.target_id in open_posts)
            or (notice.target_type == "topic" and notice.target_id in open_topics)
        ):
            keys.add(notice.key)
    return keys


def _new_topics(member: Member, since: datetime, spaces: dict[int, Space], told: set[str]) -> list[DigestRow]:
    """Topics that began since, of most people first; never what is muted, read or the reader's own."""
    muted = Follow.objects.filter(member=member, level=FollowLevel.MUTE)
    turned_away = Tie.objects.filter(member=member, kind__in=[TieKind.MUTE, TieKind.BLOCK])
    blocked_by = Tie.objects.filter(other=member, kind=TieKind.BLOCK)
    read = ReadState.objects.filter(member=member, topic=OuterRef("pk"))
    topics = (
        Topic.objects.visible_to(member)
        .filter(~Exists(read), created_at__gt=since, space_id__in=list(spaces))
        .exclude(pk__in=muted.filter(topic__isnull=False).values("topic"))
        .exclude(space__in=muted.filter(space__isnull=False).values("space"))
        .exclude(tagged_topics__tag__in=muted.filter(tag__isnull=False).values("tag"))
        .exclude(author=member)
        .exclude(author__in=turned_away.values("other"))
        .exclude(author__in=blocked_by.values("member"))
        .select_related("space", "author")
        .order_by("-people_count", "-created_at", "-pk")[: TOPICS_IN_DIGEST + len(told)]
    )
    told_paths = {url.removeprefix(settings.SITE_URL).partition("?")[0] for url in told}
    found = [topic for topic in topics if topic.get_absolute_url() not in told_paths][:TOPICS_IN_DIGEST]
    firsts = {
        post.topic_id: post
        for post in Post.objects.present().filter(topic__in=found, number=1).only("topic_id", "html")
    }
    return [
        DigestRow(
            topic.title,
            settings.SITE_URL + topic.get_absolute_url(),
            _("{author} in {space}").format(
                author=topic.author.display_name if topic.author else _("Somebody"), space=topic.space.name
            ),
            excerpt(plain_text(firsts[topic.pk].html), EXCERPT) if topic.pk in firsts else "",
        )
        for topic in found
    ]


def _views(member: Member, since: datetime, spaces: dict[int, Space], told: set[str]) -> list[DigestView]:
    """Rule 3.17: what moved in those views that the reader wants in the digest, and is not read or said above."""
    open_urls = {space.get_absolute_url() for space in spaces.values()}
    said = {url.removeprefix(settings.SITE_URL).partition("?")[0] for url in told}
    found: list[DigestView] = []
    for view in SavedView.objects.visible_to(member).filter(is_digest=True)[:VIEWS_IN_DIGEST]:
        page = topic_list_page(member, read_query(view.query), before=None)
        rows = {
            path: row
            for row in page.topics
            if datetime.fromisoformat(row.when_iso) > since and row.space_url in open_urls
            for path in (row.url.partition("?")[0],)
            if path not in said
        }
        unread = _unread_paths(member, list(rows))
        lines = [
            DigestRow(row.title, settings.SITE_URL + row.url, row.replies_label, "")
            for path, row in rows.items()
            if path in unread
        ][:TOPICS_IN_DIGEST]
        if lines:
            said |= {line.url.removeprefix(settings.SITE_URL).partition("?")[0] for line in lines}
            found.append(DigestView(view.name, lines))
    return found


def _unread_paths(member: Member, paths: Sequence[str]) -> set[str]:
    ids = [int(path.rstrip("/").rpartition("/")[2]) for path in paths]
    read = ReadState.objects.filter(
        member=member, topic=OuterRef("pk"), last_read_number__gte=OuterRef("last_number")
    )
    unread = Topic.objects.visible_to(member).filter(~Exists(read), pk__in=ids)
    return {topic.get_absolute_url() for topic in unread}


# --- what they share --------------------------------------------------------------------------------------------


def _recipient(mail: Mail) -> Member | None:
    """Rule 9.5: somebody who is in, may be written to at this address, and is not on leave."""
    member: Member | None = (
        Member.objects.with_current_roles().filter(pk=mail.member_id, is_machine=False).first()
    )
    if member is None or not member.is_admitted or member.paused_until is not None:
        return None
    return member if (member.email or "") == mail.address else None


def _may_leave(space: Space) -> bool:
    """Rule 3.14: nothing of a confidential room leaves by mail."""
    return space.preset != SpacePreset.CONFIDENTIAL


def _leaving(member: Member) -> dict[int, Space]:
    """The spaces that the reader may see and mails may tell of."""
    return {space.pk: space for space in visible_spaces(member) if _may_leave(space)}


def _is_silent(member: Member, post: Post) -> bool:
    """Whether the reader has muted the topic, read it, or turned its writer away since."""
    if Follow.objects.filter(member=member, topic=post.topic_id, level=FollowLevel.MUTE).exists():
        return True
    if ReadState.objects.filter(
        member=member, topic=post.topic_id, last_read_number__gte=post.number
    ).exists():
        return True
    if post.author_id is None:
        return False
    turned_away = Q(member=member, other=post.author_id, kind__in=[TieKind.MUTE, TieKind.BLOCK])
    blocked = Q(member=post.author_id, other=member, kind=TieKind.BLOCK)
    return Tie.objects.filter(turned_away | blocked).exists()


def _frame(member: Member) -> dict[str, object]:
    return {
        "community_name": settings.COMMUNITY_NAME,
        "site_url": settings.SITE_URL,
        "name": member.display_name,
        "preferences_url": settings.SITE_URL + reverse("notice_preferences"),
    }


def _because(reason: NoticeReason) -> str:
    return str(NoticeReason(reason).label)


def _host() -> str:
    return settings.SITE_HOST or "localhost"


def _list_headers(list_id: str, name: str, stop: str, archive: str) -> dict[str, str]:
    """RFC 2919, 2369 and 8058: mail programs show one button that ends it."""
    shown = re.sub(r"[^\x20-\x7e]|[<>\"\\]", "", name).strip()
    return {
        "List-Id": f'"{shown}" <{list_id}>' if shown else f"<{list_id}>",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": f"<{settings.SITE_URL}{reverse('notice_preferences')}>",
        "List-Archive": f"<{archive}>",
        "Precedence": "list",
    }


_IMAGE: Final = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT: Final = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
_LOCAL: Final = re.compile(r"\bhref=\"/(?!/)", re.IGNORECASE)


def _for_mail(html: str) -> SafeString:
    """A sanitised post as it can stand in a mail: addresses whole, and words in the place of private pictures."""

    def words(found: re.Match[str]) -> str:
        alt = _ALT.search(found[0])
        return f"[{alt[1] if alt and alt[1] else _('picture')}]"

    return mark_safe(_LOCAL.sub(f'href="{settings.SITE_URL}/', _IMAGE.sub(words, html)))  # noqa: S308
