"""Who may do what in spaces, topics and posts. Writing derives from seeing: every predicate asks that first."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.moments import moment
from community.core.permissions import ALLOWED, Decision, Denied
from discussions.models import (
    READING,
    UNANSWERED,
    AskSession,
    ContactPreference,
    ContactRule,
    Conversation,
    Message,
    Participant,
    ParticipantState,
    Post,
    SessionHost,
    SessionQuestion,
    Space,
    SpaceMembership,
    SpacePreset,
    Topic,
    TopicKind,
    stewarded_space_ids,
    visible_space_ids,
)
from members.models import Member, RoleName, Tie, TieKind
from members.permissions import is_admitted

MODERATORS = (RoleName.MODERATOR, RoleName.MANAGER)
# Rule 3.7: how long one's own deleted posts can be brought back.
IN_BIN_FOR = timedelta(days=30)
# Long enough for the wrong word and the wrong file, too short to say that something else was meant.
MESSAGE_EDITABLE_FOR = timedelta(minutes=15)


def can_see_space(user: Member, space: Space) -> Decision:
    if space.pk in visible_space_ids(user):
        return ALLOWED
    return Denied(_("This space is not open to you."))


def can_manage_spaces(user: Member) -> Decision:
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers open and change spaces. Ask one of them."))


def can_manage_space(user: Member, space: Space) -> Decision:
    """Acting needs seeing first: a confidential room that does not list a manager is not theirs to manage."""
    return can_see_space(user, space) and can_manage_spaces(user)


def can_moderate(user: Member) -> Decision:
    """The whole of moderation, in every space one sees; single acts have predicates of their own."""
    if user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(_("Moderators look after topics and posts. Report one, and one of them will look at it."))


def can_edit_tag(user: Member) -> Decision:
    if user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(_("Moderators describe tags. Ask one of them."))


def is_steward(user: Member, space_id: int) -> bool:
    """Rule 8.4: powers in the named space, and only there. No query beside the one for the visible spaces."""
    return space_id in stewarded_space_ids(user)


def moderates(user: Member, space_id: int) -> bool:
    """Moderators and managers in every space they see, stewards in theirs."""
    return user.has_role(*MODERATORS) or is_steward(user, space_id)


def can_settle_space(user: Member, space: Space) -> Decision:
    """What a space is for, its outlines, rules and list of people: its stewards, and community managers."""
    if not (seen := can_see_space(user, space)):
        return seen
    if is_steward(user, space.pk) or can_manage_spaces(user):
        return ALLOWED
    return Denied(_("The stewards of this space and the community managers settle it. Ask one of them."))


def can_ask_for_space(user: Member, space: Space) -> Decision:
    """Rule 3.1: a private space that says so is asked for; a hidden one is never named."""
    if space.pk in visible_space_ids(user):
        return Denied(_("This space is open to you already."))
    if user.is_admitted and space.takes_requests and space.archived_at is None:
        return ALLOWED
    return Denied(_("This space is not open to you."))


def can_create_topic(user: Member, space: Space) -> Decision:
    if not (seen := can_see_space(user, space)):
        return seen
    if space.archived_at is not None:
        return Denied(_("This space is archived: it can be read, and nothing new is written here."))
    if space.preset == SpacePreset.READ_ONLY and not moderates(user, space.pk):
        return Denied(_("Only community managers and moderators start topics in a read-only space."))
    return ALLOWED


def can_create_kind(user: Member, space: Space, kind: str) -> Decision:
    """Rule 3.2: announcements are the organisation's, sessions are opened by who looks after the space."""
    if kind == TopicKind.ANNOUNCEMENT and not user.is_staff:
        return Denied(_("Announcements come from the community's staff. Start a discussion instead."))
    if kind == TopicKind.SESSION and not moderates(user, space.pk):
        return Denied(
            _("Stewards, moderators and community managers open sessions. Tell one of them whom to invite.")
        )
    return can_create_topic(user, space)


def can_reply(user: Member, topic: Topic) -> Decision:
    if not (seen := can_see_topic(user, topic)):
        return seen
    if topic.space.archived_at is not None:
        return Denied(_("This space is archived: it can be read, and nothing new is written here."))
    if topic.closed_at is not None:
        reason = topic.close_reason or _("no reason was given")
        return Denied(
            _("This topic is closed ({reason}). A moderator can open it again.").format(reason=reason)
        )
    if not topic.takes_replies:
        return Denied(
            _("This announcement takes no replies. Start a topic about it where others can answer.")
        )
    if topic.space.preset == SpacePreset.READ_ONLY and not moderates(user, topic.space_id):
        return Denied(_("Only community managers and moderators write in a read-only space."))
    return ALLOWED


def can_edit_topic(user: Member, topic: Topic) -> Decision:
    """Title and tags: the author, and who moderates or is steward here."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if moderates(user, topic.space_id):
        return ALLOWED
    if topic.author_id != user.pk:
        return Denied(_("The author and the moderators can change this title and its tags."))
    return _not_closed(topic)


def can_close_topic(user: Member, topic: Topic) -> Decision:
    """Closing and opening again."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if moderates(user, topic.space_id):
        return ALLOWED
    return Denied(_("Moderators close topics. Report the topic, and one of them will look at it."))


def can_pin_topic(user: Member, topic: Topic) -> Decision:
    """Pinning and unpinning."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if moderates(user, topic.space_id):
        return ALLOWED
    return Denied(_("Stewards and moderators pin topics. Ask one of them."))


def can_rearrange_topic(user: Member, topic: Topic) -> Decision:
    """Whether a topic may be moved, split or merged at all; where to is asked by `can_move_topic`."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if not moderates(user, topic.space_id):
        return Denied(_("Stewards and moderators move, split and merge topics. Ask one of them."))
    return ALLOWED


def can_move_topic(user: Member, topic: Topic, space: Space) -> Decision:
    """The rights of both spaces are needed. What was said in a confidential room stays there (rule 3.14)."""
    if not (may := can_rearrange_topic(user, topic)):
        return may
    if not (seen := can_see_space(user, space)):
        return seen
    if space.pk != topic.space_id and SpacePreset.CONFIDENTIAL in {topic.space.preset, space.preset}:
        return Denied(_("Nothing moves into or out of a confidential room. Start a topic of its own there."))
    if not moderates(user, space.pk):
        return Denied(
            _("You do not look after {space}. Ask one of its stewards or a moderator.").format(
                space=space.name
            )
        )
    if space.archived_at is not None:
        return Denied(_("This space is archived: it can be read, and nothing new is written here."))
    return ALLOWED


def can_switch_replies(user: Member, topic: Topic) -> Decision:
    """Announcements alone can do without replies; anything else is closed, with a reason."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if topic.kind != TopicKind.ANNOUNCEMENT:
        return Denied(_("Only announcements go without replies. Close the topic, with a reason."))
    if user.is_staff or moderates(user, topic.space_id):
        return ALLOWED
    return Denied(_("Staff and moderators decide whether an announcement takes replies."))


def can_settle_session(user: Member, topic: Topic) -> Decision:
    """Hours and hosts of a session."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if topic.kind != TopicKind.SESSION:
        return Denied(_("This topic is not an ask-me-anything session."))
    if moderates(user, topic.space_id):
        return ALLOWED
    return Denied(_("Stewards, moderators and community managers settle a session. Ask one of them."))


def can_ask_in_session(user: Member, session: AskSession, now: datetime) -> Decision:
    """From the opening of the questions to the end, whoever may write there."""
    if not (may := can_reply(user, session.topic)):
        return may
    if now < session.opens_at:
        return Denied(_("Questions are taken from {when} on.").format(when=_day_and_time(session.opens_at)))
    if now >= session.ends_at:
        return Denied(_("The session has ended. Start a topic with your question."))
    return ALLOWED


def can_answer_question(user: Member, question: SessionQuestion) -> Decision:
    """The hosts, also after the end: who asked shall have an answer."""
    topic = question.session.topic
    if not (may := can_reply(user, topic)):
        return may
    if SessionHost.objects.filter(session=question.session_id, member=user.pk).exists():
        return ALLOWED
    return Denied(_("The hosts of the session answer here. Reply in the thread instead."))


def can_support_question(user: Member, question: SessionQuestion) -> Decision:
    """Everybody who reads it, but who asked it."""
    if not (seen := can_see_post(user, question.post)):
        return seen
    if question.post.author_id == user.pk:
        return Denied(_("This is your own question. Others say whether they want to know it too."))
    if question.answered_at is not None:
        return Denied(_("This question is answered."))
    return ALLOWED


def can_manage_tags(user: Member) -> Decision:
    """Accepting and merging what members propose: moderators, managers and stewards; each where they see it used."""
    if user.has_role(*MODERATORS) or stewarded_space_ids(user):
        return ALLOWED
    return Denied(_("Stewards and moderators look after tags. Ask one of them."))


def _day_and_time(at: datetime) -> str:
    return moment(at, at).exact


def can_edit_post(user: Member, post: Post) -> Decision:
    if not (seen := can_see_post(user, post)):
        return seen
    if user.has_role(*MODERATORS):
        return ALLOWED
    if post.author_id != user.pk:
        return Denied(_("The author and the moderators can edit this post."))
    return _not_closed(post.topic)


def can_delete_post(user: Member, post: Post) -> Decision:
    """The first post carries the topic and stays; everything else may go, and leaves its number behind."""
    if not (seen := can_see_post(user, post)):
        return seen
    if post.number == 1:
        return Denied(_("The first post carries the topic. A moderator can close the topic instead."))
    if user.has_role(*MODERATORS):
        return ALLOWED
    if post.author_id != user.pk:
        return Denied(_("The author and the moderators can delete this post."))
    return _not_closed(post.topic)


def can_restore_post(user: Member, post: Post) -> Decision:
    """Whoever deleted it, for 30 days (rule 3.7), and who moderates."""
    if not (seen := can_see_topic(user, post.topic)):
        return seen
    if user.has_role(*MODERATORS):
        return ALLOWED
    if post.deleted_by_id == user.pk:
        if post.deleted_at is not None and timezone.now() - post.deleted_at > IN_BIN_FOR:
            return Denied(_("Deleted posts can be brought back for 30 days. A moderator can tell you more."))
        return ALLOWED
    return Denied(_("Whoever deleted the post and the moderators can bring it back."))


def can_thank_post(user: Member, post: Post) -> Decision:
    if not (seen := can_see_post(user, post)):
        return seen
    if post.author_id == user.pk:
        return Denied(_("Thanks go to somebody else's post."))
    return ALLOWED


def can_claim_question(user: Member, topic: Topic) -> Decision:
    """Rule 3.11: whoever may reply to an open question that somebody else asked."""
    if not (reply := can_reply(user, topic)):
        return reply
    if topic.kind != TopicKind.QUESTION or topic.accepted_post_id is not None:
        return Denied(_("Only a question without an accepted answer can be taken. You can still reply."))
    if topic.author_id == user.pk:
        return Denied(_("You asked this yourself. Somebody else answers it; you can add what you found."))
    return ALLOWED


def can_request_answer(user: Member, topic: Topic) -> Decision:
    """Rule 3.11: the asker and who moderates ask people by name; others can point to the question."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if topic.kind != TopicKind.QUESTION or topic.accepted_post_id is not None or topic.closed_at is not None:
        return Denied(_("People are asked about open questions only."))
    if topic.author_id == user.pk or user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(_("The person who asked decides whom else to ask. You can mention somebody in a reply."))


def can_accept_answer(user: Member, post: Post) -> Decision:
    """Rule 3.11: the asker, an expert or a moderator; an answer is any reply to a question."""
    if not (seen := can_see_post(user, post)):
        return seen
    topic = post.topic
    if topic.kind != TopicKind.QUESTION or post.number == 1:
        return Denied(_("Only a reply to a question can be its accepted answer."))
    if topic.author_id == user.pk or user.has_role(RoleName.EXPERT, *MODERATORS):
        return ALLOWED
    return Denied(_("The person who asked, an expert or a moderator accepts the answer."))


def can_see_topic(user: Member, topic: Topic) -> Decision:
    if topic.deleted_at is None and topic.space_id in visible_space_ids(user):
        return ALLOWED
    return Denied(_("This topic is not open to you."))


def can_see_post(user: Member, post: Post) -> Decision:
    if post.deleted_at is None and can_see_topic(user, post.topic):
        return ALLOWED
    return Denied(_("This post is not open to you."))


def _not_closed(topic: Topic) -> Decision:
    if topic.closed_at is None:
        return ALLOWED
    return Denied(_("This topic is closed. A moderator can open it again."))


# --- messages (rule 3.13) ---------------------------------------------------------------------------------------


def can_contact(user: Member, member: Member) -> Decision:
    """Whether `user` may write to `member` for the first time. Four queries at most.

    A block, a pause, a departure and the rule that `member` has set have one sentence: none is told from another.
    """
    if not (admitted := is_admitted(user)):
        return admitted
    if user.pk == member.pk:
        return Denied(_("This is you. Choose somebody else."))
    if _can_be_reached(user, member) and member.paused_until is None and _takes_first_messages(member, user):
        return ALLOWED
    return Denied(
        _(
            "{name} takes no first message from you just now. Somebody who knows you both can introduce you."
        ).format(name=member.display_name)
    )


def can_write_in(user: Member, conversation: Conversation) -> Decision:
    """Whoever takes part; before an answer, one message. Two queries, and three more between two."""
    if not (admitted := is_admitted(user)):
        return admitted
    rows = {row.member_id: row for row in conversation.participants.select_related("member")}
    mine = rows.pop(user.pk, None)
    if mine is None or mine.state not in READING:
        return Denied(_("This conversation is not open to you."))
    there = [row for row in rows.values() if row.state != ParticipantState.LEFT]
    if not there:
        return Denied(_("Everybody else has left. Start a new conversation with those you want to reach."))
    if not conversation.is_group and not _can_be_reached(user, there[0].member):
        return _out_of_reach(there[0].member)
    unheard = all(row.state in UNANSWERED for row in there)
    if unheard and mine.state == ParticipantState.JOINED and conversation.highest_number > 0:
        return Denied(
            _("Nobody has answered your first message yet. You can write again when somebody has.")
            if conversation.is_group
            else _(
                "{name} has not answered your first message yet. You can write again when they have."
            ).format(name=there[0].member.display_name)
        )
    return ALLOWED


def can_edit_message(user: Member, message: Message) -> Decision:
    """One's own, for a quarter of an hour: what others have answered to is not changed under them. Four queries."""
    if not (mine := _is_ones_own(user, message, Denied(_("Only who wrote a message can change it.")))):
        return mine
    if message.deleted_at is not None:
        return Denied(_("This message is deleted. Bring it back first."))
    if timezone.now() - message.created_at > MESSAGE_EDITABLE_FOR:
        return Denied(
            _("A message can be changed for 15 minutes. Write another one that puts it right, or delete it.")
        )
    if message.conversation.is_group:
        return ALLOWED
    other = Participant.objects.select_related("member").filter(conversation=message.conversation_id)
    for row in other.exclude(member=user):
        if not _can_be_reached(user, row.member):
            return _out_of_reach(row.member)
    return ALLOWED


def can_delete_message(user: Member, message: Message) -> Decision:
    """One's own, at any time. Two queries."""
    return _is_ones_own(user, message, Denied(_("Only who wrote a message can delete it.")))


def can_restore_message(user: Member, message: Message) -> Decision:
    """One's own, for 30 days (rule 3.7). Two queries."""
    if not (mine := _is_ones_own(user, message, Denied(_("Only who wrote a message can bring it back.")))):
        return mine
    if message.deleted_at is not None and timezone.now() - message.deleted_at > IN_BIN_FOR:
        return Denied(_("Deleted messages can be brought back for 30 days. Its words are gone now."))
    return ALLOWED


def can_report_message(user: Member, message: Message) -> Decision:
    """Somebody else's; also one that its author has deleted since, as long as its words are there."""
    if message.author_id == user.pk:
        return Denied(_("This is your own message."))
    if message.deleted_at is not None and timezone.now() - message.deleted_at > IN_BIN_FOR:
        return Denied(
            _("This message was deleted a month ago and its words are gone. Write to a moderator about it.")
        )
    return is_admitted(user)


def _is_ones_own(user: Member, message: Message, otherwise: Denied) -> Decision:
    if not (admitted := is_admitted(user)):
        return admitted
    if message.author_id != user.pk:
        return otherwise
    if not Message.objects.received_by(user).filter(pk=message.pk).exists():
        return Denied(_("This conversation is not open to you."))
    return ALLOWED


def _out_of_reach(member: Member) -> Denied:
    return Denied(
        _("{name} cannot be reached here just now. What was said stays.").format(name=member.display_name)
    )


def can_see_reports(user: Member) -> Decision:
    """Rule 8.1: what was reported, with what stood around it, and nothing else of a conversation."""
    if user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(
        _("Moderators look after reports. Report what should not stand, and one of them will look.")
    )


def _can_be_reached(user: Member, member: Member) -> bool:
    """Here, a person, and neither has blocked the other; staff are blocked like everybody else."""
    between = Q(member=user, other=member) | Q(member=member, other=user)
    return (
        member.is_admitted
        and not member.is_machine
        and not Tie.objects.filter(between, kind=TieKind.BLOCK).exists()
    )


def _takes_first_messages(member: Member, user: Member) -> bool:
    rule = ContactPreference.objects.filter(member=member).values_list("rule", flat=True).first()
    match rule:
        case ContactRule.SAME_SPACE:
            # Listed, both of them: an open space has everybody in it.
            mine = SpaceMembership.objects.filter(member=user).values("space")
            return SpaceMembership.objects.filter(member=member, space__in=mine).exists()
        case ContactRule.FOLLOWED:
            return Tie.objects.filter(member=member, other=user, kind=TieKind.FOLLOW).exists()
        case ContactRule.NOBODY:
            return False
    return True
