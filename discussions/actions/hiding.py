"""Taking topics and messages out of everybody's sight in the name of moderation, and bringing them back.

Nobody is asked here: reports that hide at once and decisions about a case call these, and they have asked. Replies are
hidden in `post.py`, beside what else takes a number away, and profiles in `members/actions/profile_hiding.py`.
"""

from django.db import transaction
from django.utils import timezone

from community.core.activity import record
from community.core.models import Audience, Notice, SearchEntry, SearchKind
from community.core.search import put_entry
from community.core.text import plain_text
from community.core.verbs import Verb
from discussions.actions.notice import notice_key
from discussions.actions.post import hide_post, show_post
from discussions.actions.topic import lock_topic, put_topic_entry
from discussions.models import CaseKind, Message, Post, Topic
from members.actions.profile_hiding import hide_profile, show_profile
from members.models import Member


@transaction.atomic
def hide_thing(kind: str, target_id: int, *, by: Member | None) -> bool:
    """Hide a post, topic, message or profile; whether it is hidden now. What is gone, or never was there, is not."""
    match kind:
        case CaseKind.POST:
            return hide_post(Post.objects.get(pk=target_id), by=by).hidden_at is not None
        case CaseKind.TOPIC:
            return _hide_topic(target_id, by=by)
        case CaseKind.MESSAGE:
            now = timezone.now()
            shown = Message.objects.filter(pk=target_id, deleted_at__isnull=True)
            return bool(shown.update(deleted_at=now, hidden_at=now))
        case CaseKind.MEMBER:
            return hide_profile(target_id, by=by)
    return False


@transaction.atomic
def show_thing(kind: str, target_id: int, *, by: Member) -> None:
    """Bring back what moderation has hidden; anything else stays as it is."""
    match kind:
        case CaseKind.POST:
            show_post(Post.objects.get(pk=target_id), by=by)
        case CaseKind.TOPIC:
            _show_topic(target_id, by=by)
        case CaseKind.MESSAGE:
            hidden = Message.objects.filter(pk=target_id, hidden_at__isnull=False)
            hidden.update(deleted_at=None, hidden_at=None)
        case CaseKind.MEMBER:
            show_profile(target_id, by=by)


def _hide_topic(topic_id: int, *, by: Member | None) -> bool:
    """The topic with all that stands in it: lists, search and notices know it no more."""
    topic = lock_topic(topic_id)
    if topic.deleted_at is None:
        topic.deleted_at = topic.hidden_at = timezone.now()
        topic.save(update_fields=["deleted_at", "hidden_at"])
        posts = topic.posts.values("pk")
        SearchEntry.objects.filter(target_type="post", target_id__in=posts).delete()
        SearchEntry.objects.filter(target_type="topic", target_id=topic.pk).delete()
        Notice.objects.unread().filter(target_type="post", target_id__in=posts).delete()
        Notice.objects.unread().filter(key=notice_key(topic.pk)).delete()
        _record(Verb.TOPIC_HIDDEN, topic, by=by)
    return topic.hidden_at is not None


def _show_topic(topic_id: int, *, by: Member) -> None:
    topic = lock_topic(topic_id)
    if topic.hidden_at is None:
        return
    topic.deleted_at = topic.hidden_at = None
    topic.save(update_fields=["deleted_at", "hidden_at"])
    for post in topic.posts.present().order_by("number"):
        if post.number == 1:
            put_topic_entry(topic, plain_text(post.html))
        else:
            put_entry(
                SearchKind.POST,
                target_type="post",
                target_id=post.pk,
                title=topic.title,
                text=plain_text(post.html),
                space_id=topic.space_id,
                author_id=post.author_id,
                at=post.created_at,
            )
    _record(Verb.TOPIC_SHOWN, topic, by=by)


def _record(verb: Verb, topic: Topic, *, by: Member | None) -> None:
    record(verb, by=by, target=topic, audience=Audience.STAFF, space_id=topic.space_id, topic_id=topic.pk)
