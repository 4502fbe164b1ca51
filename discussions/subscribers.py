"""What `discussions` does by itself when something has happened."""

from datetime import timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from community.core.activity import on
from community.core.broker import enqueue
from community.core.models import Activity, Module, NoticeReason, is_in_use
from community.core.notices import notify
from community.core.verbs import Verb
from discussions.actions.answering import end_claim
from discussions.actions.file_text import forget_files, move_files, read_files
from discussions.actions.follow import follow_by_itself
from discussions.actions.maintenance import refresh_usefulness
from discussions.actions.message import may_be_told, notice_key, recipients_of
from discussions.actions.notice import (
    forget_where_closed,
    forget_where_unreadable,
    tell_of_answer,
    tell_of_post,
    tell_of_thanks,
)
from discussions.actions.place_notice import (
    tell_of_decision_on_request,
    tell_of_move,
    tell_of_request,
    tell_of_session,
    tell_of_session_answer,
)
from discussions.actions.resource_notice import (
    tell_contributors_of_question,
    tell_contributors_of_use,
    tell_owner,
    tell_owner_of_decision,
    tell_owner_of_replies,
)
from discussions.models import (
    USEFUL_KINDS,
    AnswerRequest,
    Attachment,
    FollowLevel,
    FollowReason,
    Message,
    Participant,
    Post,
    Resource,
    SessionQuestion,
    Space,
    Topic,
    TopicKind,
)
from members.models import Member

# What an import or a demo says happened longer ago than this before it was recorded is history.
TOLD_WITHIN: Final = timedelta(days=3)


@on(Verb.TOPIC_CREATED)
def follow_what_one_started(activity: Activity) -> None:
    if activity.actor_id is not None:
        introduces = activity.data.get("kind") == TopicKind.INTRODUCTION
        reason = FollowReason.INTRODUCED if introduces else FollowReason.STARTED
        follow_by_itself(activity.target_id, [activity.actor_id], reason)


@on(Verb.POST_CREATED)
def follow_what_one_replied_to(activity: Activity) -> None:
    if activity.actor_id is not None:
        follow_by_itself(activity.data["topic_id"], [activity.actor_id], FollowReason.REPLIED)
        end_claim(activity.data["topic_id"], activity.actor_id)


@on(Verb.TOPIC_CREATED, Verb.POST_CREATED)
def follow_where_one_was_mentioned(activity: Activity) -> None:
    """Being named once is no wish to hear everything: what concerns one, and the place in the lists."""
    follow_by_itself(
        activity.data["topic_id"],
        activity.data.get("mentioned_ids", []),
        FollowReason.MENTIONED,
        FollowLevel.HIGHLIGHTS,
    )


@on(Verb.QUESTION_CLAIMED)
def follow_what_one_answers(activity: Activity) -> None:
    if activity.actor_id is not None:
        follow_by_itself(activity.target_id, [activity.actor_id], FollowReason.ANSWERING)


@on(Verb.ANSWER_REQUESTED)
def tell_who_is_asked(activity: Activity) -> None:
    """Rule 3.11: somebody thinks that this member knows the answer."""
    request = AnswerRequest.objects.select_related("topic").filter(
        topic=activity.target_id, member=activity.counterpart_id
    )
    for asked in request:
        follow_by_itself(asked.topic_id, [asked.member_id], FollowReason.ASKED, FollowLevel.HIGHLIGHTS)
        notify(
            [asked.member_id],
            reason=NoticeReason.ASKED,
            key=f"asked:{asked.topic_id}",
            title=asked.topic.title,
            url=asked.topic.get_absolute_url(),
            target=asked.topic,
            at=activity.occurred_at,
            space_id=asked.topic.space_id,
            actor_id=activity.actor_id,
        )


@on(
    Verb.POST_THANKED,
    Verb.POST_UNTHANKED,
    Verb.POST_REACTED,
    Verb.POST_UNREACTED,
    Verb.POST_DELETED,
    Verb.POST_RESTORED,
)
def count_who_found_it_useful(activity: Activity) -> None:
    if activity.data.get("reaction") in (None, *USEFUL_KINDS):
        refresh_usefulness(activity.data["topic_id"])


# --- notices (rule 9.1) -----------------------------------------------------------------------------------------


@on(Verb.TOPIC_CREATED, Verb.POST_CREATED, in_chunks=True)
def tell_followers(activity: Activity) -> None:
    """In the job that dispatches: a reply in a topic that a thousand follow costs its author nothing.

    Killed in between, some have been told; the next round tells all of them again, which changes nothing for those.
    """
    if _is_past(activity):
        return
    number = activity.data["number"] if activity.verb == Verb.POST_CREATED else 1
    post = _post(topic=activity.data["topic_id"], number=number)
    if post is not None:
        tell_of_post(post, at=activity.occurred_at, mentioned_ids=activity.data.get("mentioned_ids", []))


@on(Verb.ANSWER_ACCEPTED, in_chunks=True)
def tell_of_accepted_answer(activity: Activity) -> None:
    if _is_past(activity):
        return
    post = _post(pk=activity.target_id)
    if post is not None and post.topic.accepted_post_id == post.pk:
        tell_of_answer(post, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.POST_THANKED)
def tell_who_is_thanked(activity: Activity) -> None:
    if _is_past(activity):
        return
    post = _post(pk=activity.target_id)
    if post is not None:
        tell_of_thanks(post, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.SPACE_MEMBER_REMOVED, Verb.ROLE_ENDED)
def forget_what_is_closed(activity: Activity) -> None:
    """Rule 9.5: nothing waits for who lost the right to see it."""
    member_id = activity.counterpart_id or (activity.target_id if activity.target_type == "member" else None)
    member = Member.objects.with_current_roles().filter(pk=member_id).first()
    if member is not None:
        forget_where_closed(member)


@on(Verb.SPACE_EDITED)
def forget_what_became_closed(activity: Activity) -> None:
    if "preset" in activity.data.get("fields", []):
        for space in Space.objects.filter(pk=activity.target_id):
            forget_where_unreadable(space)


@on(Verb.TOPIC_CREATED, Verb.POST_CREATED, Verb.POST_EDITED, Verb.POST_RESTORED)
def read_what_is_attached(activity: Activity) -> None:
    """Rule 3.16: what stands in files is found too. Where the message is lost, the hourly job reads them."""
    posts = Attachment.objects.filter(width=0, post__topic=activity.data["topic_id"])
    if posts.exists():
        transaction.on_commit(partial(enqueue, read_files))


@on(Verb.MESSAGE_SENT, Verb.MESSAGE_EDITED, Verb.MESSAGE_RESTORED)
def read_what_is_sent_along(activity: Activity) -> None:
    """The same for messages, whose words only those who take part can look for."""
    files = Attachment.objects.filter(width=0, message_id=activity.target_id, words_read_at__isnull=True)
    if files.exists():
        transaction.on_commit(partial(enqueue, read_files))


@on(Verb.POST_DELETED)
def forget_what_was_attached(activity: Activity) -> None:
    forget_files(activity.target_id)


@on(Verb.TOPIC_MOVED, Verb.TOPIC_SPLIT, Verb.TOPIC_MERGED)
def move_what_is_attached(activity: Activity) -> None:
    move_files(activity.data.get("topic_id") or activity.target_id)


@on(Verb.MESSAGE_SENT)
def tell_of_message(activity: Activity) -> None:
    """Rule 3.13: those who take part, without a word of what was said; not who muted the author, nor who pauses."""
    sent = Message.objects.select_related("author", "conversation").filter(pk=activity.target_id)
    message = sent.filter(deleted_at__isnull=True).first()
    if message is not None:
        notify(
            recipients_of(message),
            reason=NoticeReason.MESSAGE,
            key=notice_key(message.conversation_id),
            title=_("{name} wrote to you").format(name=message.author.display_name),
            url=message.get_absolute_url(),
            target=message,
            at=activity.occurred_at,
            actor_id=message.author_id,
            at_once=True,
        )


@on(Verb.PARTICIPANT_ADDED)
def tell_who_was_added(activity: Activity) -> None:
    row = Participant.objects.select_related("conversation", "asked_by").filter(pk=activity.target_id).first()
    if row is not None and row.asked_by is not None and may_be_told(row.member_id, of=row.asked_by_id):
        notify(
            [row.member_id],
            reason=NoticeReason.MESSAGE,
            key=notice_key(row.conversation_id),
            title=_("{name} added you to a conversation").format(name=row.asked_by.display_name),
            url=row.conversation.get_absolute_url(),
            target=row,
            at=activity.occurred_at,
            actor_id=activity.actor_id,
        )


@on(Verb.ADDRESS_STOPPED)
def tell_of_stopped_address(activity: Activity) -> None:
    """Rule 9.4: the member finds a line about it at the next visit; by mail it would not arrive."""
    member = Member.objects.filter(pk=activity.target_id).first()
    if member is not None:
        notify(
            [member.pk],
            reason=NoticeReason.ADDRESS,
            key="address",
            title=str(_("No mail reaches you: look at your address")),
            url=reverse("notice_preferences"),
            target=member,
            at=activity.occurred_at,
        )


def _is_past(activity: Activity) -> bool:
    """Whether it came in with a history that was moved here: notices are not sent for the past (architecture §3)."""
    return activity.recorded_at - activity.occurred_at > TOLD_WITHIN


def _post(**lookup: object) -> Post | None:
    """None where it was deleted, or moved, since."""
    posts = Post.objects.present().select_related("topic__space", "reply_to")
    return posts.filter(topic__deleted_at__isnull=True, **lookup).first()


# --- places of topics, sessions, spaces -------------------------------------------------------------------------


@on(Verb.TOPIC_MOVED, in_chunks=True)
def tell_followers_of_move(activity: Activity) -> None:
    topic = Topic.objects.present().select_related("space").filter(pk=activity.target_id).first()
    # Moved on meanwhile: that move tells.
    if topic is not None and topic.space_id == activity.space_id:
        tell_of_move(topic, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.SESSION_BEGUN, in_chunks=True)
def tell_that_session_begins(activity: Activity) -> None:
    topic = Topic.objects.present().select_related("space").filter(pk=activity.target_id).first()
    if topic is not None:
        tell_of_session(topic, at=activity.occurred_at)


@on(Verb.SESSION_QUESTION_ANSWERED, in_chunks=True)
def tell_who_wanted_to_know(activity: Activity) -> None:
    question = (
        SessionQuestion.objects.select_related("session__topic__space", "post", "answer__topic")
        .filter(post=activity.target_id)
        .first()
    )
    if question is not None:
        tell_of_session_answer(question, by_id=activity.actor_id)


@on(Verb.SPACE_REQUESTED)
def tell_stewards_of_request(activity: Activity) -> None:
    space = Space.objects.get(pk=activity.target_id)
    tell_of_request(space, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.SPACE_REQUEST_DECIDED)
def tell_who_asked(activity: Activity) -> None:
    if activity.data.get("is_listed") and activity.counterpart_id is not None:
        tell_of_decision_on_request(
            Space.objects.get(pk=activity.target_id),
            Member.objects.get(pk=activity.counterpart_id),
            at=activity.occurred_at,
            by_id=activity.actor_id,
        )


# --- the library (rule 5.2) -------------------------------------------------------------------------------------


def _resource(resource_id: int) -> Resource | None:
    """None where the community has no library now."""
    if not is_in_use(Module.LIBRARY):
        return None
    return Resource.objects.select_related("space").filter(pk=resource_id).first()


@on(Verb.RESOURCE_ASKED)
def ask_for_words(activity: Activity) -> None:
    resource = _resource(activity.target_id)
    if resource is not None and not _is_past(activity):
        tell_contributors_of_question(resource, at=activity.occurred_at)


@on(Verb.RESOURCE_ANSWERED)
def tell_owner_of_answer(activity: Activity) -> None:
    resource = _resource(activity.target_id)
    if resource is not None and not _is_past(activity):
        tell_owner(resource, _("A contributor has answered: {title}"), at=activity.occurred_at)


@on(Verb.RESOURCE_PUBLISHED)
def tell_of_publication(activity: Activity) -> None:
    """Contributors hear how their words were used."""
    resource = _resource(activity.target_id)
    if resource is not None and not _is_past(activity):
        tell_contributors_of_use(resource, at=activity.occurred_at)
        tell_owner_of_decision(
            resource, _("It is published: {title}"), at=activity.occurred_at, by_id=activity.actor_id
        )


@on(Verb.RESOURCE_RETURNED)
def tell_of_return(activity: Activity) -> None:
    resource = _resource(activity.target_id)
    if resource is not None and not _is_past(activity):
        tell_owner_of_decision(
            resource, _("Please look at it again: {title}"), at=activity.occurred_at, by_id=activity.actor_id
        )


@on(Verb.POST_CREATED)
def tell_that_the_thread_has_moved_on(activity: Activity) -> None:
    """Rule 5.2. Only of what is published: whoever is still writing looks into the thread anyway."""
    sources = Resource.objects.published().filter(sources__topic=activity.data["topic_id"])
    if _is_past(activity) or not sources.exists() or not is_in_use(Module.LIBRARY):
        return
    for resource in sources.select_related("space"):
        tell_owner_of_replies(resource, at=activity.occurred_at, by_id=activity.actor_id)
