"""What people say: space, topic, post, and the traces of reading."""

from discussions.models.attachment import Attachment, AttachmentQuerySet
from discussions.models.draft import Draft
from discussions.models.mention import Mention
from discussions.models.answering import CLAIM_FOR, AnswerRequest, Claim
from discussions.models.bookmark import Bookmark
from discussions.models.post import USEFUL_KINDS, Post, PostQuerySet, PostRevision, Reaction, ReactionKind
from discussions.models.reading import Follow, FollowLevel, FollowReason, ReadState
from discussions.models.saved_view import SavedView
from discussions.models.space import (
    Space,
    SpaceMembership,
    SpacePreset,
    TopicKind,
    default_topic_kinds,
    forget_visible_spaces,
    visible_space_ids,
    visible_spaces,
)
from discussions.models.topic import (
    POSTS_PER_PAGE,
    TAG_LENGTH,
    TAGS_PER_TOPIC,
    TITLE_LENGTH,
    Tag,
    TaggedTopic,
    Topic,
    TopicQuerySet,
)

__all__ = [
    "CLAIM_FOR",
    "POSTS_PER_PAGE",
    "TAGS_PER_TOPIC",
    "TAG_LENGTH",
    "TITLE_LENGTH",
    "Attachment",
    "AttachmentQuerySet",
    "Draft",
    "Follow",
    "FollowLevel",
    "FollowReason",
    "Mention",
    "Post",
    "PostQuerySet",
    "PostRevision",
    "Reaction",
    "ReactionKind",
    "ReadState",
    "SavedView",
    "Space",
    "SpaceMembership",
    "SpacePreset",
    "Tag",
    "TaggedTopic",
    "Topic",
    "TopicKind",
    "TopicQuerySet",
    "default_topic_kinds",
    "forget_visible_spaces",
    "visible_space_ids",
    "visible_spaces",
]
