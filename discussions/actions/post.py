"""Writing, changing, thanking and accepting posts."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.idempotency import claim
from community.core.models import Audience, Notice, SearchKind
from community.core.permissions import require
from community.core.search import put_entry, remove_entry
from community.core.text import RENDERER_VERSION, Prose, clean_line, plain_text, render
from community.core.verbs import Verb
from discussions.actions.attachment import claim_attachments
from discussions.actions.topic import (
    clean_prose,
    lock_topic,
    lock_topic_for_reply,
    mark_read,
    put_first_post_entry,
    put_mentions,
)
from discussions.mentions import name_members
from discussions.models import Post, PostRevision, Reaction, ReactionKind, Topic
from discussions.permissions import (
    can_accept_answer,
    can_delete_post,
    can_edit_post,
    can_reply,
    can_restore_post,
    can_thank_post,
)
from members.models import Member

# Rule 3.7: a correction within five minutes is nobody's business; after a day readers are told why.
SILENT_FOR = timedelta(minutes=5)
REASON_AFTER = timedelta(hours=24)

TOPIC_COUNTERS = (
    "highest_number",
    "last_number",
    "post_count",
    "people_count",
    "last_post_at",
    "last_poster",
)


@transaction.atomic
def create_post(
    topic: Topic,
    *,
    by: Member,
    prose: Prose,
    reply_to: Post | None = None,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> Post:
    """Reply with the next number, given out under the lock on the topic row (rule 3.3).

    Without `reply_to` the reply answers the first post. The same idempotency key gives back the same post. Raises
    `Refused` where the topic is closed or cannot be written in, `Invalid` for an empty or overlong body or a
    `reply_to` of another topic.
    """
    claimed = claim(
        idempotency_key,
        by=by,
        action="create_post",
        request={"topic": topic.pk, "source": prose.source, "reply_to": reply_to.pk if reply_to else None},
    )
    if claimed.target_id is not None:
        return Post.objects.select_related("topic__space").get(pk=claimed.target_id)
    prose = clean_prose(prose)
    rendered = render(prose.source, prose.source_format)
    topic = lock_topic_for_reply(topic.pk)
    require(can_reply(by, topic))
    # Read again under the lock: meanwhile it may have been moved to another topic, or here.
    answered = Post.objects.get(pk=reply_to.pk) if reply_to else Post.objects.get(topic=topic, number=1)
    if answered.topic_id != topic.pk or answered.deleted_at is not None:
        raise Invalid(
            _("The post you answer is not in this topic any more. Answer another one, or the topic itself.")
        )
    now = at or timezone.now()
    number = topic.highest_number + 1
    named = name_members(rendered.html, by=by, space=topic.space)
    is_new_here = not topic.posts.present().filter(author=by).exists()
    post = Post.objects.create(
        topic=topic,
        number=number,
        author=by,
        reply_to=answered,
        source=prose.source,
        source_format=prose.source_format,
        html=named.html,
        renderer_version=RENDERER_VERSION,
        created_at=now,
    )
    put_mentions(post, named)
    claim_attachments(rendered.html, by=by, post_id=post.pk)
    topic.highest_number = topic.last_number = number
    topic.post_count += 1
    topic.people_count += is_new_here
    topic.last_post_at, topic.last_poster = now, by
    topic.save(update_fields=TOPIC_COUNTERS)
    put_post_entry(post, rendered.plain)
    mark_read(topic, by, number)
    record(
        Verb.POST_CREATED,
        by=by,
        target=post,
        audience=Audience.SPACE,
        at=now,
        counterpart_id=answered.author_id if answered.author_id != by.pk else None,
        space_id=topic.space_id,
        topic_id=topic.pk,
        number=number,
        reply_to_id=answered.pk,
        kind=topic.kind,
        mentioned_ids=named.told_ids,
    )
    claimed.settle(post.pk)
    return post


@transaction.atomic
def edit_post(
    post: Post, *, by: Member, prose: Prose, version: int, reason: str = "", at: datetime | None = None
) -> Post:
    """Change a body and keep what stood there before.

    `version` is the one the editor started from: raises `Conflict` where somebody saved meanwhile, so that nothing is
    overwritten unseen. Inside five minutes the author's change is silent; after 24 hours a reason is asked (`Invalid`).
    """
    prose = clean_prose(prose)
    reason = clean_line(reason)[:200]
    post, _topic = _lock(post)
    require(can_edit_post(by, post))
    if post.version != version:
        raise Conflict(_("Somebody saved this post while you were writing. Compare, and save again."))
    if prose == Prose(post.source, type(prose.source_format)(post.source_format)):
        return post
    now = at or timezone.now()
    if now - post.created_at > REASON_AFTER and not reason:
        sentence = _("This post is older than a day. Say in a few words why it changes; readers see it.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    rendered = render(prose.source, prose.source_format)
    silent = by.pk == post.author_id and now - post.created_at <= SILENT_FOR
    if not silent:
        PostRevision.objects.create(
            post=post,
            version=post.version,
            source=post.source,
            source_format=post.source_format,
            edited_by=by,
            edited_at=now,
            reason=reason,
        )
        post.edited_at, post.edit_reason = now, reason
    # The version grows for silent corrections too: it is also the lock against two tabs.
    post.version += 1
    named = name_members(rendered.html, by=by, space=post.topic.space)
    post.source, post.source_format = prose.source, prose.source_format
    post.html, post.renderer_version = named.html, RENDERER_VERSION
    post.save()
    new_ids = put_mentions(post, named)
    claim_attachments(rendered.html, by=by, post_id=post.pk)
    put_post_entry(post, rendered.plain)
    told = [pk for pk in named.told_ids if pk in new_ids]
    _record(Verb.POST_EDITED, post, by=by, at=now, version=post.version, mentioned_ids=told)
    return post


@transaction.atomic
def delete_post(post: Post, *, by: Member) -> Post:
    """Take a post away; its number stays a gap (rule 3.3), and whoever deleted it can bring it back."""
    post, topic = _lock(post)
    require(can_delete_post(by, post))
    post.deleted_at, post.deleted_by = timezone.now(), by
    post.save(update_fields=["deleted_at", "deleted_by"])
    if topic.accepted_post_id == post.pk:
        topic.accepted_post = None
    topic.post_count -= 1
    _count_last(topic)
    remove_entry(target_type="post", target_id=post.pk)
    _record(Verb.POST_DELETED, post, by=by)
    return post


@transaction.atomic
def restore_post(post: Post, *, by: Member) -> Post:
    """Bring a deleted post back to its number. Raises `Conflict` where it is there."""
    post, topic = _lock(post)
    if post.deleted_at is None:
        raise Conflict(_("This post is there already."))
    require(can_restore_post(by, post))
    post.deleted_at, post.deleted_by = None, None
    post.save(update_fields=["deleted_at", "deleted_by"])
    topic.post_count += 1
    _count_last(topic)
    put_post_entry(post, plain_text(post.html))
    _record(Verb.POST_RESTORED, post, by=by)
    return post


def hide_post(post: Post, *, by: Member | None) -> Post:
    """Take a reply away in the name of moderation (rule 8.1). Only decisions about a case and reports call this.

    What its author has deleted stays deleted, and comes back for nobody. `by` is None where a report hides at once.
    """
    post, topic = _lock(post)
    if post.deleted_at is None:
        post.deleted_at, post.deleted_by, post.hidden_at = timezone.now(), by, timezone.now()
        post.save(update_fields=["deleted_at", "deleted_by", "hidden_at"])
        if topic.accepted_post_id == post.pk:
            topic.accepted_post = None
        topic.post_count -= 1
        _count_last(topic)
        remove_entry(target_type="post", target_id=post.pk)
        Notice.objects.unread().filter(target_type="post", target_id=post.pk).delete()
        _record_moderation(Verb.POST_HIDDEN, post, by=by)
    return post


def show_post(post: Post, *, by: Member) -> Post:
    """Bring a hidden reply back to its number. Only decisions about a case call this."""
    post, topic = _lock(post)
    if post.hidden_at is not None:
        post.deleted_at, post.deleted_by, post.hidden_at = None, None, None
        post.save(update_fields=["deleted_at", "deleted_by", "hidden_at"])
        topic.post_count += 1
        _count_last(topic)
        put_post_entry(post, plain_text(post.html))
        _record_moderation(Verb.POST_SHOWN, post, by=by)
    return post


def _record_moderation(verb: Verb, post: Post, *, by: Member | None) -> None:
    """For those who moderate: readers see a number that is missing, and the author is told in words."""
    record(
        verb,
        by=by,
        target=post,
        audience=Audience.STAFF,
        space_id=post.topic.space_id,
        topic_id=post.topic_id,
        number=post.number,
    )


def thank_post(post: Post, *, by: Member, at: datetime | None = None) -> Post:
    """Say thanks, once; saying it again changes nothing."""
    return react_to_post(post, ReactionKind.THANKS, by=by, at=at)


def unthank_post(post: Post, *, by: Member) -> Post:
    """Take a thanks back; without one nothing changes."""
    return unreact_to_post(post, ReactionKind.THANKS, by=by)


@transaction.atomic
def react_to_post(post: Post, kind: ReactionKind, *, by: Member, at: datetime | None = None) -> Post:
    """Rule 3.10: thank, or say insightful, agree or me too; each once, and saying it again changes nothing."""
    post, _topic = _lock(post)
    require(can_thank_post(by, post))
    _reaction, is_new = Reaction.objects.get_or_create(
        post=post, member=by, kind=kind, defaults={"created_at": at or timezone.now()}
    )
    if is_new:
        _count_reaction(post, kind, 1)
        if kind == ReactionKind.THANKS:
            _record(Verb.POST_THANKED, post, by=by, at=at, counterpart_id=post.author_id)
        else:
            _record(Verb.POST_REACTED, post, by=by, at=at, counterpart_id=post.author_id, reaction=str(kind))
    return post


@transaction.atomic
def unreact_to_post(post: Post, kind: ReactionKind, *, by: Member) -> Post:
    """Take a reaction back; without one nothing changes."""
    post, _topic = _lock(post)
    require(can_thank_post(by, post))
    deleted, _by_model = Reaction.objects.filter(post=post, member=by, kind=kind).delete()
    if deleted:
        _count_reaction(post, kind, -1)
        if kind == ReactionKind.THANKS:
            _record(Verb.POST_UNTHANKED, post, by=by, counterpart_id=post.author_id)
        else:
            _record(Verb.POST_UNREACTED, post, by=by, counterpart_id=post.author_id, reaction=str(kind))
    return post


def _count_reaction(post: Post, kind: ReactionKind, change: int) -> None:
    Post.objects.filter(pk=post.pk).update(**{kind.counter: F(kind.counter) + change})
    setattr(post, kind.counter, getattr(post, kind.counter) + change)


@transaction.atomic
def accept_answer(post: Post, *, by: Member, at: datetime | None = None) -> Topic:
    """Rule 3.11: mark the reply that answered the question; an earlier choice is replaced."""
    post, topic = _lock(post)
    require(can_accept_answer(by, post))
    if topic.accepted_post_id != post.pk:
        topic.accepted_post = post
        topic.save(update_fields=["accepted_post"])
        _record(Verb.ANSWER_ACCEPTED, post, by=by, at=at, counterpart_id=post.author_id)
    return topic


@transaction.atomic
def unaccept_answer(post: Post, *, by: Member) -> Topic:
    """Take the mark back. Raises `Conflict` where another answer carries it by now."""
    post, topic = _lock(post)
    require(can_accept_answer(by, post))
    if topic.accepted_post_id != post.pk:
        raise Conflict(_("This is not the accepted answer any more."))
    topic.accepted_post = None
    topic.save(update_fields=["accepted_post"])
    _record(Verb.ANSWER_UNACCEPTED, post, by=by)
    return topic


def _lock(post: Post) -> tuple[Post, Topic]:
    """Topic row first, then the post: the order everybody keeps, so that nobody waits in a circle."""
    topic = lock_topic(post.topic_id)
    post = Post.objects.select_for_update(of=("self",)).get(pk=post.pk)
    if post.topic_id != topic.pk:
        raise Conflict(_("This post has just been moved to another topic. Open it there, and try again."))
    post.topic = topic
    return post, topic


def _count_last(topic: Topic) -> None:
    last = topic.posts.present().order_by("-number").only("number", "author_id").first()
    truth = topic.posts.present().aggregate(people=Count("author", distinct=True), latest=Max("created_at"))
    if last is not None:
        topic.last_number, topic.last_post_at, topic.last_poster_id = (
            last.number,
            # Of a topic that another one was merged into, the highest post need not be the latest.
            truth["latest"],
            last.author_id,
        )
    topic.people_count = truth["people"]
    topic.save(update_fields=(*TOPIC_COUNTERS, "accepted_post"))


def _record(verb: Verb, post: Post, *, by: Member, counterpart_id: int | None = None, **data: Any) -> None:
    record(
        verb,
        by=by,
        target=post,
        audience=Audience.SPACE,
        counterpart_id=counterpart_id if counterpart_id != by.pk else None,
        space_id=post.topic.space_id,
        topic_id=post.topic_id,
        number=post.number,
        **data,
    )


def put_post_entry(post: Post, plain: str) -> None:
    """What the post is found by; the first one's words are its topic's."""
    if post.number == 1:
        put_first_post_entry(post, plain)
        return
    put_entry(
        SearchKind.POST,
        target_type="post",
        target_id=post.pk,
        title=post.topic.title,
        text=plain,
        space_id=post.topic.space_id,
        author_id=post.author_id,
        at=post.created_at,
    )
