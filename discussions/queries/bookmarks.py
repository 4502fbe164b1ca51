"""What a member marked to come back to."""

from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.http import address_of
from community.core.keyset import read_time_key, split_page, time_key
from community.core.moments import Clock
from community.core.text import excerpt, plain_text
from discussions.models import Bookmark
from discussions.queries.rows import Row
from members.models import Member

BOOKMARKS_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class BookmarkRow(Row):
    """A marked post. `reminder` is '' or a sentence with the time in the reader's zone."""

    id: int
    topic_title: str
    url: str
    space_name: str
    author_name: str
    excerpt: str
    note: str
    reminder: str
    edit_url: str
    delete_url: str
    when_relative: str
    when_iso: str
    when_exact: str


def bookmark_rows(user: Member, *, before: str | None) -> tuple[list[BookmarkRow], str]:
    """A page of the reader's bookmarks, the newest first, and the key of the next one. One query."""
    marks = Bookmark.objects.visible_to(user).select_related("post__topic__space", "post__author")
    key = read_time_key(before)
    if key is not None:
        at, bookmark_id = key
        marks = marks.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=bookmark_id))
    rows = list(marks.order_by("-created_at", "-pk")[: BOOKMARKS_PER_PAGE + 1])
    found, has_more = split_page(rows, BOOKMARKS_PER_PAGE)
    clock, url = Clock(timezone.now()), reverse("bookmark_list")
    shown = []
    for mark in found:
        post, when = mark.post, clock.moment(mark.created_at)
        shown.append(
            BookmarkRow(
                id=mark.pk,
                topic_title=post.topic.title,
                url=post.get_absolute_url(),
                space_name=post.topic.space.name,
                author_name=post.author.display_name if post.author else _("A former member"),
                excerpt=excerpt(plain_text(post.html)),
                note=mark.note,
                reminder=_reminder(mark, clock),
                edit_url=f"{url}{mark.pk}/edit/",
                delete_url=f"{address_of('post_show')}{post.pk}/unbookmark/",
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
            )
        )
    return shown, time_key(found[-1].created_at, found[-1].pk) if has_more else ""


def _reminder(mark: Bookmark, clock: Clock) -> str:
    if mark.remind_at is None:
        return ""
    exact = clock.moment(mark.remind_at).exact
    if mark.reminded_at is not None:
        return _("The reminder was due {when}.").format(when=exact)
    if mark.unless_answered:
        return _("Reminds you {when} if nobody has answered by then.").format(when=exact)
    return _("Reminds you {when}.").format(when=exact)
