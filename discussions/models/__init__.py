"""What people say: space, topic, post, and the traces of reading."""

from discussions.models.answering import CLAIM_FOR, AnswerRequest, Claim
from discussions.models.ask_session import AskSession, QuestionSupport, SessionHost, SessionQuestion
from discussions.models.attachment import Attachment, AttachmentQuerySet
from discussions.models.bookmark import Bookmark
from discussions.models.draft import Draft
from discussions.models.mention import Mention
from discussions.models.message import (
    GROUP_LIMIT,
    GROUP_NAME_LENGTH,
    MESSAGES_PER_PAGE,
    READING,
    UNANSWERED,
    ContactPreference,
    ContactRule,
    Conversation,
    Message,
    Participant,
    ParticipantState,
)
from discussions.models.moved import PostMove
from discussions.models.post import USEFUL_KINDS, Post, PostQuerySet, PostRevision, Reaction, ReactionKind
from discussions.models.reading import Follow, FollowLevel, FollowReason, ReadState
from discussions.models.report import REPORT_WORDS_LENGTH, Report, ReportReason
from discussions.models.saved_view import SavedView
from discussions.models.space import (
    Space,
    SpaceMembership,
    SpacePreset,
    SpaceRequest,
    SpaceRules,
    SpaceSteward,
    TopicKind,
    TopicTemplate,
    default_topic_kinds,
    forget_visible_spaces,
    stewarded_space_ids,
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
    "GROUP_LIMIT",
    "GROUP_NAME_LENGTH",
    "MESSAGES_PER_PAGE",
    "POSTS_PER_PAGE",
    "READING",
    "REPORT_WORDS_LENGTH",
    "TAGS_PER_TOPIC",
    "TAG_LENGTH",
    "TITLE_LENGTH",
    "UNANSWERED",
    "USEFUL_KINDS",
    "AnswerRequest",
    "AskSession",
    "Attachment",
    "AttachmentQuerySet",
    "Bookmark",
    "Claim",
    "ContactPreference",
    "ContactRule",
    "Conversation",
    "Draft",
    "Follow",
    "FollowLevel",
    "FollowReason",
    "Mention",
    "Message",
    "Participant",
    "ParticipantState",
    "Post",
    "PostMove",
    "PostQuerySet",
    "PostRevision",
    "QuestionSupport",
    "Reaction",
    "ReactionKind",
    "ReadState",
    "Report",
    "ReportReason",
    "SavedView",
    "SessionHost",
    "SessionQuestion",
    "Space",
    "SpaceMembership",
    "SpacePreset",
    "SpaceRequest",
    "SpaceRules",
    "SpaceSteward",
    "Tag",
    "TaggedTopic",
    "Topic",
    "TopicKind",
    "TopicQuerySet",
    "TopicTemplate",
    "default_topic_kinds",
    "forget_visible_spaces",
    "stewarded_space_ids",
    "visible_space_ids",
    "visible_spaces",
]
