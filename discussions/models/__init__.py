"""What people say: space, topic, post, and the traces of reading."""

from discussions.models.post import Post, PostQuerySet, PostRevision, Reaction, ReactionKind
from discussions.models.reading import Follow, FollowLevel, FollowReason, ReadState
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
    "POSTS_PER_PAGE",
    "TAGS_PER_TOPIC",
    "TAG_LENGTH",
    "TITLE_LENGTH",
    "Follow",
    "FollowLevel",
    "FollowReason",
    "Post",
    "PostQuerySet",
    "PostRevision",
    "Reaction",
    "ReactionKind",
    "ReadState",
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
