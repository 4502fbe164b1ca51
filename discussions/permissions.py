"""Who may do what in spaces, topics and posts. Writing derives from seeing: every predicate asks that first."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.models import Module
from community.core.moments import moment
from community.core.permissions import ALLOWED, Decision, Denied
from discussions.models import (
    READING,
    UNANSWERED,
    AskSession,
    Case,
    CaseKind,
    Collection,
    ContactPreference,
    ContactRule,
    Conversation,
    Electorate,
    Message,
    Participant,
    ParticipantState,
    Poll,
    Post,
    Resource,
    ResourceState,
    ResultsShown,
    RulingAct,
    SessionHost,
    SessionQuestion,
    Space,
    SpaceMembership,
    SpacePreset,
    StewardPower,
    Topic,
    TopicKind,
    VotePer,
    Voter,
    powers_by_space,
    stewarded_space_ids,
    visible_space_ids,
)
from members.models import EVERYWHERE, Appeal, Employment, Member, RoleName, Sanction, Tie, TieKind
from members.permissions import can_decide_appeal, can_sanction_member, is_admitted, outranks

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


def is_steward(user: Member, space_id: int, power: StewardPower | None = None) -> bool:
    """Rule 8.4: powers in the named space, and only there; with `power`, whether that one was given.

    No query beside the one for the visible spaces.
    """
    powers = powers_by_space(user).get(space_id, frozenset())
    return bool(powers) if power is None else power in powers


def moderates(user: Member, space_id: int, power: StewardPower | None = None) -> bool:
    """Moderators and managers in every space they see, stewards in theirs, as far as their powers go."""
    return user.has_role(*MODERATORS) or is_steward(user, space_id, power)


def can_settle_space(user: Member, space: Space) -> Decision:
    """What a space is for, its outlines, rules and list of people: its stewards, and community managers."""
    if not (seen := can_see_space(user, space)):
        return seen
    if is_steward(user, space.pk, StewardPower.SETTLE) or can_manage_spaces(user):
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
    return _not_quiet(user, space.pk)


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
    return _not_quiet(user, topic.space_id)


def can_edit_topic(user: Member, topic: Topic) -> Decision:
    """Title and tags: the author, and who moderates or is steward here."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if moderates(user, topic.space_id, StewardPower.EDIT):
        return ALLOWED
    if topic.author_id != user.pk:
        return Denied(_("The author and the moderators can change this title and its tags."))
    return _not_closed(topic)


def can_close_topic(user: Member, topic: Topic) -> Decision:
    """Closing and opening again."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if moderates(user, topic.space_id, StewardPower.CLOSE):
        return ALLOWED
    return Denied(_("Moderators close topics. Report the topic, and one of them will look at it."))


def can_pin_topic(user: Member, topic: Topic) -> Decision:
    """Pinning and unpinning."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if moderates(user, topic.space_id, StewardPower.PIN):
        return ALLOWED
    return Denied(_("Stewards and moderators pin topics. Ask one of them."))


def can_rearrange_topic(user: Member, topic: Topic) -> Decision:
    """Whether a topic may be moved, split or merged at all; where to is asked by `can_move_topic`."""
    if not (seen := can_see_topic(user, topic)):
        return seen
    if not moderates(user, topic.space_id, StewardPower.MOVE):
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
    if not moderates(user, space.pk, StewardPower.MOVE):
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
    if user.is_staff or moderates(user, topic.space_id, StewardPower.CLOSE):
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
    if post.hidden_at is not None:
        return _in_the_queue()
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


def _not_quiet(user: Member, space_id: int) -> Decision:
    """Rule 8.5: somebody who is quiet reads, and does not write. No query beside that of the request."""
    if not user.is_quiet_in(space_id):
        return ALLOWED
    return Denied(
        _(
            "You are quiet here for a while: you read, and do not write. Your sanctions say until when, and why."
        )
    )


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
    if EVERYWHERE in user.quiet_in:
        return _not_quiet(user, EVERYWHERE)
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
    if message.hidden_at is not None:
        return _in_the_queue()
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
    return is_admitted(user) and _moderated(user)


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


# --- the library (rules 5.1 to 5.4) -----------------------------------------------------------------------------


def can_create_resource(user: Member, space: Space) -> Decision:
    """Whoever may start a topic there may bring something for the library of the space."""
    if not user.uses(Module.LIBRARY):
        return Denied(_("This community has no library."))
    return can_create_topic(user, space)


def can_see_resource(user: Member, resource: Resource) -> Decision:
    if Resource.objects.visible_to(user).filter(pk=resource.pk).exists():
        return ALLOWED
    return Denied(_("This resource is not open to you."))


def can_edit_resource(user: Member, resource: Resource) -> Decision:
    """Its owner, and who looks after the space."""
    if not (seen := can_see_resource(user, resource)):
        return seen
    if resource.state == ResourceState.RETIRED:
        return Denied(_("This resource is retired. Bring it back first."))
    if resource.owner_id == user.pk or moderates(user, resource.space_id):
        return ALLOWED
    return Denied(
        _("The owner and those who look after the space change it. Write to {name}.").format(
            name=resource.owner.display_name
        )
    )


def can_review_resource(user: Member, resource: Resource) -> Decision:
    """Publishing and returning."""
    if not (seen := can_see_resource(user, resource)):
        return seen
    if moderates(user, resource.space_id):
        return ALLOWED
    return Denied(_("Stewards, moderators and community managers publish what was handed in."))


def can_retire_resource(user: Member, resource: Resource) -> Decision:
    """Retiring and bringing back: the owner, and who looks after the space."""
    if not (seen := can_see_resource(user, resource)):
        return seen
    if resource.owner_id == user.pk or moderates(user, resource.space_id):
        return ALLOWED
    return Denied(
        _("The owner and those who look after the space retire it. Say in its thread what is wrong.")
    )


def can_move_resource(user: Member, resource: Resource) -> Decision:
    """Who may read a resource is a manager's decision; what contributors said to it is asked by the action."""
    if not (seen := can_see_resource(user, resource)):
        return seen
    if user.has_role(RoleName.MANAGER):
        return ALLOWED
    return Denied(_("Community managers decide who may read a resource. Ask one of them."))


def can_say_outcome(user: Member, resource: Resource) -> Decision:
    if not (seen := can_see_resource(user, resource)):
        return seen
    if resource.published_at is None:
        return Denied(_("This is not published yet."))
    if resource.owner_id == user.pk:
        return Denied(_("This is your own. Others say what it was good for."))
    return ALLOWED


def can_curate(user: Member, space: Space) -> Decision:
    """Beginning a collection in a space."""
    if not (seen := can_see_space(user, space)):
        return seen
    if user.uses(Module.LIBRARY) and moderates(user, space.pk):
        return ALLOWED
    return Denied(_("Stewards, moderators and community managers begin collections. Propose one to them."))


def can_edit_collection(user: Member, collection: Collection) -> Decision:
    """Its curator, and who looks after the space."""
    if collection.space_id not in visible_space_ids(user) or not user.uses(Module.LIBRARY):
        return Denied(_("This collection is not open to you."))
    if collection.curator_id == user.pk or moderates(user, collection.space_id):
        return ALLOWED
    return Denied(_("The curator of this collection changes it."))


def can_look_after_library(user: Member) -> Decision:
    """What is stale, what waits, and what people looked for in vain."""
    if user.uses(Module.LIBRARY) and (user.has_role(*MODERATORS) or stewarded_space_ids(user)):
        return ALLOWED
    return Denied(_("Stewards, moderators and community managers look after the library."))


# --- moderation (rules 8.1 to 8.6) ------------------------------------------------------------------------------


def can_report(user: Member, author_id: int | None) -> Decision:
    """Whatever one can read and has not written oneself; that one can read it is asked by whoever fetches it."""
    if not (admitted := is_admitted(user)):
        return admitted
    if author_id == user.pk:
        return Denied(_("This is your own. Change it, or delete it."))
    return _moderated(user)


def can_see_reports(user: Member) -> Decision:
    """Rule 8.1: who reported what, in which words: not for those whom the space itself has chosen."""
    if user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(
        _("Moderators look after reports. Report what should not stand, and one of them will look.")
    )


def can_see_queue(user: Member) -> Decision:
    """Rule 8.2: moderators, managers, stewards who were given it, and administrators, who decide appeals."""
    if not (used := _moderated(user)):
        return used
    if user.has_role(*MODERATORS, RoleName.ADMINISTRATOR) or stewarded_space_ids(user, StewardPower.QUEUE):
        return ALLOWED
    return Denied(
        _("Moderators look after reports. Report what should not stand, and one of them will look.")
    )


def can_rule(user: Member, case: Case) -> Decision:
    """Never about one's own; an appeal by somebody else than who imposed it; a steward inside their space."""
    if case.about_id == user.pk:
        return Denied(_("This is about yourself. Somebody else decides it."))
    if not Case.objects.visible_to(user).filter(pk=case.pk).exists():
        return Denied(_("This lies outside of what you look after. A moderator decides it."))
    return ALLOWED


def can_take_part_in_ruling(user: Member, case: Case, act: str) -> Decision:
    """Rule 8.4: what a steward decides stays inside their powers. Moderators and managers have all of them."""
    if not (may := can_rule(user, case)):
        return may
    if case.kind == CaseKind.APPEAL:
        appeals = Appeal.objects.select_related("suspension", "sanction")
        return can_decide_appeal(user, appeals.get(pk=case.target_id).against)
    if user.has_role(*MODERATORS):
        return ALLOWED
    assert case.space_id is not None
    needed = {RulingAct.QUIET: StewardPower.QUIET, RulingAct.MOVE: StewardPower.MOVE}.get(RulingAct(act))
    if act == RulingAct.SUSPEND:
        return Denied(
            _("Moderators and community managers suspend. Give the case back, and one of them will look.")
        )
    if needed is not None and not is_steward(user, case.space_id, needed):
        return Denied(
            _("You were not given this in the space. A moderator or a community manager can do it.")
        )
    return ALLOWED


def can_answer_case(user: Member, case: Case) -> Decision:
    """Whoever wrote what was returned, and nobody else."""
    if user.is_admitted and case.about_id == user.pk:
        return ALLOWED
    return Denied(_("Its author changes it and sends it again."))


def can_quiet_member(user: Member, member: Member, space_id: int | None) -> Decision:
    """Rule 8.5: everywhere moderators and managers, in one space its stewards too."""
    if space_id is not None and is_steward(user, space_id, StewardPower.QUIET):
        return outranks(user, member)
    return can_sanction_member(user, member)


def can_warn_member(user: Member, member: Member, space_id: int | None) -> Decision:
    """Whoever decides the queue there."""
    if space_id is not None and is_steward(user, space_id, StewardPower.QUEUE):
        return outranks(user, member)
    return can_sanction_member(user, member)


def can_lift_sanction(user: Member, sanction: Sanction) -> Decision:
    """Who imposed it, and moderators and managers; never one's own."""
    if user.pk != sanction.member_id and (
        user.has_role(*MODERATORS) or (user.is_admitted and user.pk == sanction.imposed_by_id)
    ):
        return ALLOWED
    return Denied(_("Whoever imposed it and the moderators lift it. You can appeal against your own."))


def can_export_cases(user: Member) -> Decision:
    """Names and decisions leave the house by few hands."""
    if not user.uses(Module.MODERATION):
        return Denied(_("This community does not use moderation."))
    if user.has_role(RoleName.MANAGER):
        return ALLOWED
    return Denied(_("Community managers export the queue. Ask one of them."))


def can_edit_canned_reasons(user: Member) -> Decision:
    """Rule 8.2: those who use them everywhere."""
    if not user.uses(Module.MODERATION):
        return Denied(_("This community does not use moderation."))
    if user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(_("Moderators and community managers keep the words they use again. Ask one of them."))


def can_propose_steward(user: Member, space: Space) -> Decision:
    """Rule 8.4: whoever reads the space."""
    return can_see_space(user, space)


def can_read_figures(user: Member, space: Space) -> Decision:
    """Rule 8.4: the figures of a space are its stewards', and those who look after all of them."""
    if not (seen := can_see_space(user, space)):
        return seen
    if moderates(user, space.pk, StewardPower.FIGURES):
        return ALLOWED
    return Denied(_("The stewards of this space and the moderators read its figures."))


def can_listen(user: Member) -> Decision:
    """Rule 8.6: surfaced to community managers, and to nobody else."""
    if user.has_role(RoleName.MANAGER):
        return ALLOWED
    return Denied(_("Community managers answer critics. Ask one of them."))


def can_try_rules(user: Member, space: Space) -> Decision:
    """Whoever settles the space tries its rules on what was posted there."""
    return can_settle_space(user, space)


def _in_the_queue() -> Denied:
    return Denied(_("This was taken away by moderation. It comes back by a decision in the queue."))


# --- polls (rule 4) ---------------------------------------------------------------------------------------------


def can_see_poll(user: Member, poll: Poll) -> Decision:
    is_there = poll.deleted_at is None and (poll.topic is None or poll.topic.deleted_at is None)
    if is_there and user.uses(Module.POLLS) and poll.place.pk in visible_space_ids(user):
        return ALLOWED
    return Denied(_("This poll is not open to you."))


def can_create_poll(user: Member, place: Space | Topic) -> Decision:
    """On its own whoever may start a topic there; in a topic its author and who moderates, where one may reply."""
    if not user.uses(Module.POLLS):
        return Denied(_("This community does not use polls."))
    if isinstance(place, Space):
        return can_create_topic(user, place)
    if not (may := can_reply(user, place)):
        return may
    if place.author_id == user.pk or moderates(user, place.space_id):
        return ALLOWED
    return Denied(
        _("Who started the topic and the moderators add polls to it. Ask yours on its own in the space.")
    )


def can_edit_poll(user: Member, poll: Poll, now: datetime) -> Decision:
    """While it is open: its author, and who moderates there."""
    if not (mine := _looks_after_poll(user, poll)):
        return mine
    if poll.is_over(now):
        return Denied(_("This poll is closed, and stays as it was voted on."))
    return ALLOWED


def can_close_poll(user: Member, poll: Poll) -> Decision:
    return _looks_after_poll(user, poll)


def can_delete_poll(user: Member, poll: Poll) -> Decision:
    """Who moderates; its author as long as nobody's vote would be lost."""
    if not (mine := _looks_after_poll(user, poll)):
        return mine
    if moderates(user, poll.place.pk) or not Voter.objects.filter(poll=poll).exists():
        return ALLOWED
    return Denied(_("Somebody has voted by now. Close the poll, or ask a moderator."))


def can_answer_for_poll(user: Member, poll: Poll) -> Decision:
    """Rule 4.4: its author, and who moderates there, say what was done with it, once it is closed."""
    if not (mine := _looks_after_poll(user, poll)):
        return mine
    if poll.closed_at is None:
        return Denied(_("What was done with a poll is said when it is closed."))
    return ALLOWED


def can_vote(user: Member, poll: Poll, now: datetime) -> Decision:
    """Whether somebody belongs to those who vote, now. Whether they did so already is asked by `Voter`.

    Two queries at most, and none for a poll of all readers and persons.
    """
    if not (seen := can_see_poll(user, poll)):
        return seen
    if user.is_machine:
        return Denied(_("People vote, and no machines."))
    if poll.is_over(now):
        return Denied(_("This poll is closed."))
    if poll.place.archived_at is not None:
        return Denied(_("This space is archived: it can be read, and nothing new is written here."))
    if poll.electorate == Electorate.LISTED and not _is_listed(user, poll.place):
        return Denied(_("The people listed in this space vote here. Its stewards say who is listed."))
    if poll.vote_per != VotePer.COMPANY:
        return ALLOWED
    company = employer_of(user)
    if company is None:
        return Denied(_("Companies vote here. Say on your profile where you work, then you can."))
    if Voter.objects.filter(poll=poll, organisation=company).exclude(member=user).exists():
        return Denied(_("A colleague of yours has voted for your company already."))
    return ALLOWED


def can_see_results(user: Member, poll: Poll, now: datetime, *, has_voted: bool) -> Decision:
    """Rule 4.2, and the only place that says it: pages, API, mails and every counter ask here.

    How many voted, and who, are results too. `has_voted` is whether this reader did.
    """
    if not (seen := can_see_poll(user, poll)):
        return seen
    is_over = poll.is_over(now)
    if poll.is_anonymous and not is_over:
        # Rule 4.3: whoever looks before and after a vote knows it.
        return Denied(_("Results are shown when the poll is closed."))
    match ResultsShown(poll.results):
        case ResultsShown.ALWAYS:
            return ALLOWED
        case ResultsShown.AFTER_VOTING if has_voted or is_over:
            return ALLOWED
        case ResultsShown.AT_CLOSE if is_over:
            return ALLOWED
        case ResultsShown.MANAGERS if user.has_role(RoleName.MANAGER):
            return ALLOWED
        case ResultsShown.AFTER_VOTING:
            return Denied(
                _("Results are shown after you have voted, and to everybody when the poll is closed.")
            )
        case ResultsShown.AT_CLOSE:
            return Denied(_("Results are shown when the poll is closed."))
    return Denied(_("Community managers read the results of this poll. What is done with it is said here."))


def can_see_promises(user: Member) -> Decision:
    """Rule 4.4: which closed polls still owe an answer."""
    if not user.uses(Module.POLLS):
        return Denied(_("This community does not use polls."))
    if user.has_role(RoleName.EXECUTIVE, RoleName.MANAGER):
        return ALLOWED
    return Denied(
        _("Executives and community managers follow what was promised. Each poll says what it owes.")
    )


def employer_of(user: Member) -> int | None:
    """The id of the company where somebody works now. One query."""
    current = Employment.objects.current().filter(member=user)
    return current.values_list("organisation", flat=True).first()


def _looks_after_poll(user: Member, poll: Poll) -> Decision:
    if not (seen := can_see_poll(user, poll)):
        return seen
    if poll.author_id == user.pk or moderates(user, poll.place.pk):
        return ALLOWED
    return Denied(_("Who asked this poll and the moderators look after it."))


def _is_listed(user: Member, space: Space) -> bool:
    return SpaceMembership.objects.filter(member=user, space=space).exists()


def _moderated(user: Member) -> Decision:
    if user.uses(Module.MODERATION):
        return ALLOWED
    return Denied(_("Moderation is not in use here. Write to a community manager."))
