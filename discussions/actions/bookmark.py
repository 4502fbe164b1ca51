"""Marking posts to come back to, and being reminded. A private matter: no activity tells of it (rule 3.12)."""

from datetime import datetime
from typing import Final

from celery import shared_task
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.models import NoticeReason
from community.core.notices import notify
from community.core.permissions import require
from community.core.text import clean_line
from discussions.models import Bookmark, Post, visible_space_ids
from discussions.permissions import can_see_post
from members.models import Member

MOST_BOOKMARKS: Final = 2_000
REMIND_BATCH: Final = 200


@transaction.atomic
def bookmark_post(
    post: Post,
    *,
    by: Member,
    note: str = "",
    remind_at: datetime | None = None,
    unless_answered: bool = False,
) -> Bookmark:
    """Mark a post; marking it again keeps what stands with it. Raises `Conflict` for one mark too many."""
    require(can_see_post(by, post))
    _check_moment(remind_at)
    if Bookmark.objects.filter(member=by)[MOST_BOOKMARKS - 1 :].exists():
        raise Conflict(_("You have {limit} bookmarks. Take one away first.").format(limit=MOST_BOOKMARKS))
    bookmark, _is_new = Bookmark.objects.get_or_create(
        member=by,
        post=post,
        defaults={
            "note": clean_line(note)[:200],
            "remind_at": remind_at,
            "unless_answered": unless_answered and remind_at is not None,
        },
    )
    return bookmark


@transaction.atomic
def edit_bookmark(
    bookmark: Bookmark, *, by: Member, note: str, remind_at: datetime | None, unless_answered: bool
) -> Bookmark:
    """Change the note and the reminder; a new time reminds anew. Raises `Invalid` for a time that is past."""
    bookmark = Bookmark.objects.select_for_update().get(pk=bookmark.pk, member=by)
    if remind_at != bookmark.remind_at:
        _check_moment(remind_at)
        bookmark.reminded_at = None
    bookmark.note = clean_line(note)[:200]
    bookmark.remind_at = remind_at
    bookmark.unless_answered = unless_answered and remind_at is not None
    bookmark.save()
    return bookmark


@transaction.atomic
def delete_bookmark(post: Post, *, by: Member) -> None:
    """Take a mark away; without one nothing changes."""
    Bookmark.objects.filter(member=by, post=post).delete()


@shared_task(name="discussions.remind_of_bookmarks")
def remind_of_bookmarks() -> int:
    """Rule 3.12: send the reminders that are due. Returns how many.

    A reminder "if nobody has answered" falls away where somebody else has written in the topic since, or an answer was
    accepted. Rights are asked now, not when the mark was made (rule 9.5). Safe to run twice: each is marked as done in
    the transaction that writes its notice.
    """
    sent = 0
    with transaction.atomic():
        since = Post.objects.present().filter(
            topic=OuterRef("post__topic"), created_at__gt=OuterRef("created_at")
        )
        due = list(
            Bookmark.objects.due()
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("post__topic__space", "member")
            .annotate(is_answered=Exists(since.exclude(author=OuterRef("member"))))
            .order_by("remind_at")[:REMIND_BATCH]
        )
        now = timezone.now()
        for bookmark in due:
            if _still_wanted(bookmark):
                _remind(bookmark, now)
                sent += 1
        Bookmark.objects.filter(pk__in=[bookmark.pk for bookmark in due]).update(reminded_at=now)
    return sent


def _still_wanted(bookmark: Bookmark) -> bool:
    topic = bookmark.post.topic
    if (
        bookmark.post.deleted_at
        or topic.deleted_at
        or topic.space_id not in visible_space_ids(bookmark.member)
    ):
        return False
    answered = topic.accepted_post_id is not None or bookmark.is_answered  # type: ignore[attr-defined]
    return not (bookmark.unless_answered and answered)


def _remind(bookmark: Bookmark, now: datetime) -> None:
    post = bookmark.post
    notify(
        [bookmark.member_id],
        reason=NoticeReason.REMINDER,
        key=f"bookmark:{bookmark.pk}",
        title=post.topic.title,
        url=post.get_absolute_url(),
        target=post,
        at=now,
        space_id=post.topic.space_id,
    )


def _check_moment(remind_at: datetime | None) -> None:
    if remind_at is not None and remind_at <= timezone.now():
        sentence = _("That time is past. Choose a later one.")
        raise Invalid(sentence, fields={"remind_on": [sentence]})
