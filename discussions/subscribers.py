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
from discussions.actions.case import close_appeal_case, open_appeal_case
from discussions.actions.case_notice import (
    tell_of_appeal,
    tell_of_case,
    tell_of_critic,
    tell_of_proposal,
    tell_of_ruling,
    tell_of_sanction,
)
from discussions.actions.file_text import forget_files, move_files, read_files
from discussions.actions.follow import follow_by_itself
from discussions.actions.listening import look_for_critic, settle_by_answer
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
from discussions.actions.poll_notice import (
    forget_polls,
    remind_of_poll,
    tell_of_close,
    tell_of_outcome,
    tell_of_poll,
    tell_of_promise,
)
from discussions.actions.resource import follow_merge
from discussions.actions.resource_notice import (
    tell_contributors_of_question,
    tell_contributors_of_use,
    tell_owner,
    tell_owner_of_replies,
)
from discussions.models import (
    USEFUL_KINDS,
    AnswerRequest,
    Attachment,
    Case,
    CaseKind,
    CaseState,
    FollowLevel,
    FollowReason,
    Message,
    Participant,
    Poll,
    Post,
    Resource,
    RulingAct,
    SessionQuestion,
    Space,
    Topic,
    TopicKind,
)
from members.models import STAFF_ROLES, Appeal, Member, Sanction

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
        tell_owner(
            resource,
            _("It is published: {title}"),
            at=activity.occurred_at,
            by_id=activity.actor_id,
            reason=NoticeReason.DECIDED,
        )


@on(Verb.RESOURCE_RETURNED)
def tell_of_return(activity: Activity) -> None:
    resource = _resource(activity.target_id)
    if resource is not None and not _is_past(activity):
        tell_owner(
            resource,
            _("Please look at it again: {title}"),
            at=activity.occurred_at,
            by_id=activity.actor_id,
            reason=NoticeReason.DECIDED,
        )


@on(Verb.POST_CREATED)
def tell_that_the_thread_has_moved_on(activity: Activity) -> None:
    """Rule 5.2. Only of what is published: whoever is still writing looks into the thread anyway."""
    sources = Resource.objects.published().filter(sources__topic=activity.data["topic_id"])
    if _is_past(activity) or not sources.exists() or not is_in_use(Module.LIBRARY):
        return
    for resource in sources.select_related("space"):
        tell_owner_of_replies(resource, at=activity.occurred_at, by_id=activity.actor_id)


# --- polls ------------------------------------------------------------------------------------------------------


@on(Verb.POLL_CREATED, in_chunks=True)
def tell_that_there_is_a_poll(activity: Activity) -> None:
    poll = _poll(activity)
    if poll is not None and poll.closed_at is None and not _is_past(activity):
        tell_of_poll(poll, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.POLL_REMINDED, in_chunks=True)
def remind_who_has_not_voted(activity: Activity) -> None:
    poll = _poll(activity)
    if poll is not None and poll.closed_at is None:
        remind_of_poll(poll, at=activity.occurred_at)


@on(Verb.POLL_CLOSED, in_chunks=True)
def tell_voters_of_close(activity: Activity) -> None:
    poll = _poll(activity)
    if poll is not None and not _is_past(activity):
        tell_of_close(poll, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.POLL_OUTCOME_WRITTEN, in_chunks=True)
def tell_voters_of_outcome(activity: Activity) -> None:
    poll = _poll(activity)
    if poll is not None and not _is_past(activity):
        tell_of_outcome(poll, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.POLL_OUTCOME_MISSED)
def remind_of_promise(activity: Activity) -> None:
    poll = _poll(activity)
    if poll is not None and poll.outcome_at is None:
        tell_of_promise(poll, at=activity.occurred_at)


@on(Verb.MODULE_SWITCHED)
def forget_what_is_switched_off(activity: Activity) -> None:
    if activity.data.get("name") == Module.POLLS and not is_in_use(Module.POLLS):
        forget_polls()


def _poll(activity: Activity) -> Poll | None:
    """None where it was deleted since, or where polls are switched off."""
    poll = Poll.objects.present().with_place().filter(pk=activity.target_id).first()
    return poll if poll is not None and is_in_use(Module.POLLS) else None


# --- moderation (rules 8.1 to 8.6) ------------------------------------------------------------------------------


@on(Verb.CASE_OPENED, Verb.CASE_ANSWERED)
def tell_who_looks_after_the_queue(activity: Activity) -> None:
    case = Case.objects.select_related("space").filter(pk=activity.target_id, state=CaseState.OPEN).first()
    if case is not None and not _is_past(activity):
        tell_of_case(case, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.CASE_RULED)
def tell_whom_it_concerns(activity: Activity) -> None:
    """The author in the words of the decision, and those who reported that somebody has looked."""
    ruling = RulingAct(activity.data["ruling"])
    case = Case.objects.select_related("space").filter(pk=activity.target_id).first()
    if case is not None and not _is_past(activity):
        tell_of_ruling(case, ruling, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.SANCTION_IMPOSED, Verb.SANCTION_LIFTED)
def tell_who_is_sanctioned(activity: Activity) -> None:
    sanction = Sanction.objects.select_related("member").filter(pk=activity.target_id).first()
    if sanction is not None:
        tell_of_sanction(sanction, is_over=activity.verb == Verb.SANCTION_LIFTED, at=activity.occurred_at)


@on(Verb.APPEAL_MADE)
def put_appeal_into_the_queue(activity: Activity) -> None:
    field = "suspension" if activity.target_type == "suspension" else "sanction"
    for appeal in Appeal.objects.filter(**{field: activity.target_id}):
        open_appeal_case(appeal, at=activity.occurred_at)


@on(Verb.APPEAL_DECIDED)
def tell_who_appealed(activity: Activity) -> None:
    """About a suspension a mail of its own goes; a case that was decided elsewhere is closed here."""
    field = "suspension" if activity.target_type == "suspension" else "sanction"
    for appeal in Appeal.objects.filter(**{field: activity.target_id}, decided_at__isnull=False):
        close_appeal_case(appeal, at=activity.occurred_at)
        if isinstance(appeal.against, Sanction):
            tell_of_appeal(appeal, at=activity.occurred_at)


@on(Verb.STEWARD_PROPOSED)
def tell_managers_of_proposal(activity: Activity) -> None:
    tell_of_proposal(
        Space.objects.get(pk=activity.target_id), at=activity.occurred_at, by_id=activity.actor_id
    )


@on(Verb.TOPIC_CREATED, Verb.RULING_UNDONE, Verb.CASE_RULED)
def listen_to_critics(activity: Activity) -> None:
    """Rule 8.6: as soon as there is something to go by; agreement that comes later is met by the job of the day."""
    if _is_past(activity):
        return
    if activity.verb == Verb.TOPIC_CREATED:
        look_for_critic(activity.target_id, at=activity.occurred_at)
    elif activity.data.get("kind") == CaseKind.TOPIC:
        for topic_id in Case.objects.filter(pk=activity.target_id).values_list("target_id", flat=True):
            look_for_critic(topic_id, at=activity.occurred_at)


@on(Verb.POST_CREATED)
def settle_what_was_listened_to(activity: Activity) -> None:
    if activity.actor_id is not None and activity.actor_role in STAFF_ROLES:
        settle_by_answer(
            activity.data["topic_id"], Member.objects.get(pk=activity.actor_id), at=activity.occurred_at
        )


@on(Verb.LISTEN_FLAGGED)
def tell_managers_to_listen(activity: Activity) -> None:
    topic = Topic.objects.present().select_related("space").filter(pk=activity.target_id).first()
    if topic is not None and not _is_past(activity):
        tell_of_critic(topic, at=activity.occurred_at, by_id=activity.actor_id)


@on(Verb.POST_HIDDEN)
def forget_what_was_attached_to_hidden(activity: Activity) -> None:
    forget_files(activity.target_id)


@on(Verb.POST_SHOWN, Verb.TOPIC_SHOWN)
def read_what_is_attached_again(activity: Activity) -> None:
    refresh_usefulness(activity.data["topic_id"])
    transaction.on_commit(partial(enqueue, read_files))


@on(Verb.TOPIC_MERGED)
def keep_threads_of_resources(activity: Activity) -> None:
    follow_merge(activity.data["from_topic_id"], activity.data["topic_id"])


@on(Verb.POST_DELETED, Verb.POST_HIDDEN)
def tell_that_a_source_is_gone(activity: Activity) -> None:
    """The words were put into the resource with their author's say; whether they stay is its owner's to decide."""
    made = Resource.objects.published().filter(passages__post=activity.target_id)
    if _is_past(activity) or not made.exists() or not is_in_use(Module.LIBRARY):
        return
    for resource in made.select_related("space"):
        tell_owner(resource, _("A post it was made of is gone: {title}"), at=activity.occurred_at)
