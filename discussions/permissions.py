"""Who may do what in spaces, topics and posts. Writing derives from seeing: every predicate asks that first."""

from django.utils.translation import gettext as _

from community.core.permissions import ALLOWED, Decision, Denied
from discussions.models import Post, Space, SpacePreset, Topic, TopicKind, visible_space_ids
from members.models import Member, RoleName

MODERATORS = (RoleName.MODERATOR, RoleName.MANAGER)


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


def can_create_topic(user: Member, space: Space) -> Decision:
    if not (seen := can_see_space(user, space)):
        return seen
    if space.archived_at is not None:
        return Denied(_("This space is archived: it can be read, and nothing new is written here."))
    if space.preset == SpacePreset.READ_ONLY and not user.has_role(*MODERATORS):
        return Denied(_("Only community managers and moderators start topics in a read-only space."))
    return ALLOWED


def can_reply(user: Member, topic: Topic) -> Decision:
    if not (seen := _can_see_topic(user, topic)):
        return seen
    if topic.space.archived_at is not None:
        return Denied(_("This space is archived: it can be read, and nothing new is written here."))
    if topic.closed_at is not None:
        reason = topic.close_reason or _("no reason was given")
        return Denied(
            _("This topic is closed ({reason}). A moderator can open it again.").format(reason=reason)
        )
    if topic.space.preset == SpacePreset.READ_ONLY and not user.has_role(*MODERATORS):
        return Denied(_("Only community managers and moderators write in a read-only space."))
    return ALLOWED


def can_edit_topic(user: Member, topic: Topic) -> Decision:
    """Title and tags: the author, and who moderates."""
    if not (seen := _can_see_topic(user, topic)):
        return seen
    if user.has_role(*MODERATORS):
        return ALLOWED
    if topic.author_id != user.pk:
        return Denied(_("The author and the moderators can change this title and its tags."))
    return _not_closed(topic)


def can_close_topic(user: Member, topic: Topic) -> Decision:
    """Closing and opening again."""
    if not (seen := _can_see_topic(user, topic)):
        return seen
    if user.has_role(*MODERATORS):
        return ALLOWED
    return Denied(_("Moderators close topics. Report the topic, and one of them will look at it."))


def can_edit_post(user: Member, post: Post) -> Decision:
    if not (seen := _can_see_post(user, post)):
        return seen
    if user.has_role(*MODERATORS):
        return ALLOWED
    if post.author_id != user.pk:
        return Denied(_("The author and the moderators can edit this post."))
    return _not_closed(post.topic)


def can_delete_post(user: Member, post: Post) -> Decision:
    """The first post carries the topic and stays; everything else may go, and leaves its number behind."""
    if not (seen := _can_see_post(user, post)):
        return seen
    if post.number == 1:
        return Denied(_("The first post carries the topic. A moderator can close the topic instead."))
    if user.has_role(*MODERATORS):
        return ALLOWED
    if post.author_id != user.pk:
        return Denied(_("The author and the moderators can delete this post."))
    return _not_closed(post.topic)


def can_restore_post(user: Member, post: Post) -> Decision:
    """Whoever deleted it, and who moderates."""
    if not (seen := _can_see_topic(user, post.topic)):
        return seen
    if user.has_role(*MODERATORS) or post.deleted_by_id == user.pk:
        return ALLOWED
    return Denied(_("Whoever deleted the post and the moderators can bring it back."))


def can_thank_post(user: Member, post: Post) -> Decision:
    if not (seen := _can_see_post(user, post)):
        return seen
    if post.author_id == user.pk:
        return Denied(_("Thanks go to somebody else's post."))
    return ALLOWED


def can_accept_answer(user: Member, post: Post) -> Decision:
    """Rule 3.11: the asker, an expert or a moderator; an answer is any reply to a question."""
    if not (seen := _can_see_post(user, post)):
        return seen
    topic = post.topic
    if topic.kind != TopicKind.QUESTION or post.number == 1:
        return Denied(_("Only a reply to a question can be its accepted answer."))
    if topic.author_id == user.pk or user.has_role(RoleName.EXPERT, *MODERATORS):
        return ALLOWED
    return Denied(_("The person who asked, an expert or a moderator accepts the answer."))


def _can_see_topic(user: Member, topic: Topic) -> Decision:
    if topic.deleted_at is None and topic.space_id in visible_space_ids(user):
        return ALLOWED
    return Denied(_("This topic is not open to you."))


def _can_see_post(user: Member, post: Post) -> Decision:
    if post.deleted_at is None and _can_see_topic(user, post.topic):
        return ALLOWED
    return Denied(_("This post is not open to you."))


def _not_closed(topic: Topic) -> Decision:
    if topic.closed_at is None:
        return ALLOWED
    return Denied(_("This topic is closed. A moderator can open it again."))
