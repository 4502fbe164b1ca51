"""Spaces, topics and posts as JSON. No rule lives here: rows come through `visible_to`, changes go through actions."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    FlagField,
    IdField,
    ListQuery,
    MomentField,
    NumberField,
    StrictSerializer,
    TagField,
    TextField,
    YesNoField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import IDEMPOTENCY_KEY, id_parameter
from community.core.api.views import Endpoint, found
from community.core.text import MAX_SOURCE, Prose, SourceFormat
from discussions.actions.follow import follow, unfollow
from discussions.actions.post import (
    accept_answer,
    delete_post,
    restore_post,
    thank_post,
    unaccept_answer,
    unthank_post,
)
from discussions.actions.submission import change_post, send_post, send_topic
from discussions.actions.topic import close_topic, edit_topic, reopen_topic
from discussions.models import (
    TAG_LENGTH,
    TAGS_PER_TOPIC,
    TITLE_LENGTH,
    FollowLevel,
    HeldPost,
    Post,
    Space,
    SpacePreset,
    Topic,
    TopicKind,
)
from discussions.quality import Rule
from members.api.people import MemberReference
from members.requests import ApiRequest

# A version is counted up by one at each edit: whatever is above this is no version of ours.
HIGHEST_VERSION = 2**31 - 1


# --- What is shown ----------------------------------------------------------------------------------------------


class SpaceSerializer(serializers.Serializer[Space]):
    id = serializers.IntegerField()
    url = AddressField()
    slug = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    preset = serializers.ChoiceField(SpacePreset.choices, help_text=_("Who may read and write."))
    topic_kinds = serializers.ListField(child=serializers.ChoiceField(TopicKind.choices))
    position = serializers.IntegerField()
    archived_at = MomentField(allow_null=True, help_text=_("Since when it can only be read."))


class SpaceReference(serializers.Serializer[Space]):
    id = serializers.IntegerField()
    url = AddressField()
    slug = serializers.CharField()
    name = serializers.CharField()


class TagReference(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class TopicSerializer(serializers.Serializer[Topic]):
    id = serializers.IntegerField()
    url = AddressField()
    space = SpaceReference()
    kind = serializers.ChoiceField(TopicKind.choices)
    title = serializers.CharField()
    tags = TagReference(many=True, source="tags_by_name")
    author = MemberReference(allow_null=True, help_text=_("Null where the author is not named."))
    created_at = MomentField()
    post_count = serializers.IntegerField(help_text=_("Posts that are there, the first one included."))
    people_count = serializers.IntegerField(help_text=_("How many people wrote them."))
    last_number = serializers.IntegerField(help_text=_("The number of the last post that is there."))
    last_post_at = MomentField()
    last_poster = MemberReference(allow_null=True)
    accepted_post = serializers.IntegerField(source="accepted_post_id", allow_null=True)
    closed_at = MomentField(allow_null=True)
    close_reason = serializers.CharField()
    pinned_at = MomentField(allow_null=True)
    pinned_until = MomentField(allow_null=True)
    pin_reason = serializers.CharField()
    takes_replies = serializers.BooleanField(help_text=_("False for an announcement that only tells."))
    useful_people = serializers.IntegerField(help_text=_("How many people found a post of it useful."))
    useful_companies = serializers.IntegerField(help_text=_("At how many companies they are."))


class PostSerializer(serializers.Serializer[Post]):
    id = serializers.IntegerField()
    url = AddressField()
    topic = serializers.IntegerField(source="topic_id")
    number = serializers.IntegerField(
        help_text=_("Unique in the topic, never given out twice; deleted posts leave gaps.")
    )
    author = MemberReference(allow_null=True, help_text=_("Null where the author is not named."))
    reply_to = serializers.IntegerField(
        source="reply_to_id",
        allow_null=True,
        help_text=_("The id of the post it answers; null for the first post."),
    )
    body = serializers.CharField(source="source", help_text=_("As it was written."))
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], source="source_format"
    )
    html = serializers.CharField(help_text=_("As it is read: sanitised."))
    created_at = MomentField()
    edited_at = MomentField(allow_null=True)
    edit_reason = serializers.CharField()
    version = serializers.IntegerField(
        help_text=_("To be sent with an edit, so that none is overwritten unseen.")
    )
    is_accepted = serializers.SerializerMethodField()
    thanks_count = serializers.IntegerField()
    insightful_count = serializers.IntegerField()
    agree_count = serializers.IntegerField()
    me_too_count = serializers.IntegerField()
    imported_upvotes = serializers.IntegerField(help_text=_("What an earlier platform counted."))

    @extend_schema_field(serializers.BooleanField)
    def get_is_accepted(self, post: Post) -> bool:
        return post.topic.accepted_post_id == post.pk


class FollowSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(FollowLevel.choices, allow_null=True)


# --- What may be sent -------------------------------------------------------------------------------------------


class TopicListQuery(ListQuery):
    space = IdField(required=False, help_text=_("Only topics of this space."))
    kind = serializers.ChoiceField(TopicKind.choices, required=False)
    tag = TextField(max_length=60, required=False, help_text=_("Only topics with the tag of this slug."))
    answered = YesNoField(
        required=False,
        help_text=_("Only questions that have an accepted answer, or only those that have none."),
    )


class BodyFields(StrictSerializer):
    body = TextField(max_length=MAX_SOURCE)
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], default=SourceFormat.MARKDOWN.value
    )


class AdvisedFields(BodyFields):
    advised = serializers.ListField(
        child=serializers.ChoiceField([(rule.value, rule.value) for rule in Rule]),
        max_length=len(Rule),
        default=list,
        help_text=_(
            "Rules of the space whose advice the author has read; sent as it is, or held, with them."
        ),
    )


class HeldSerializer(serializers.Serializer[HeldPost]):
    """What waits for a moderator before it is posted."""

    held = serializers.IntegerField(source="pk")
    rules = serializers.ListField(child=serializers.CharField())
    detail = serializers.SerializerMethodField()

    def get_detail(self, held: HeldPost) -> str:
        return str(_("A moderator looks at it before others do. Nothing of it is lost."))


class TopicDraft(AdvisedFields):
    space = IdField()
    kind = serializers.ChoiceField(TopicKind.choices, default=TopicKind.DISCUSSION.value)
    title = TextField(max_length=TITLE_LENGTH)
    tags = serializers.ListField(
        child=TagField(max_length=TAG_LENGTH), max_length=TAGS_PER_TOPIC, default=list
    )
    has_looked = FlagField(
        default=False, help_text=_("That you have looked for similar topics, where the space asks for it.")
    )
    takes_replies = FlagField(default=True, help_text=_("Only an announcement can do without."))


class TopicChange(StrictSerializer):
    title = TextField(max_length=TITLE_LENGTH, required=False)
    tags = serializers.ListField(
        child=TagField(max_length=TAG_LENGTH),
        max_length=TAGS_PER_TOPIC,
        required=False,
        help_text=_("All of them."),
    )


class TopicClosing(StrictSerializer):
    reason = TextField(max_length=300, help_text=_("One sentence that readers see."))


class FollowChange(StrictSerializer):
    level = serializers.ChoiceField(
        FollowLevel.choices, allow_null=True, help_text=_("Null stops following without muting.")
    )


class PostDraft(AdvisedFields):
    reply_to = IdField(
        required=False,
        help_text=_("The id of the post this answers; without it, the first one of the topic."),
    )


class PostChange(AdvisedFields):
    version = NumberField(
        min_value=1, max_value=HIGHEST_VERSION, help_text=_("The version the edit started from.")
    )
    reason = TextField(
        max_length=200,
        required=False,
        help_text=_("Needed once the post is older than a day; readers see it."),
    )


def prose_of(values: dict[str, Any]) -> Prose:
    return Prose(values["body"], SourceFormat(values["body_format"]))


# --- Endpoints --------------------------------------------------------------------------------------------------


class SpaceEndpoint(Endpoint):
    """The spaces the member may see. An archived one can still be read."""

    noun = "space"
    keyset = Keyset(("position", "name", "pk"), (int, str, int))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Space]:
        return Space.objects.visible_to(self.request.user)

    @extend_schema(parameters=[ListQuery], responses=SpaceSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List the spaces, in their order."""
        return self.listed(self.get_queryset(), SpaceSerializer)

    @extend_schema(parameters=[id_parameter("space_id")], responses=SpaceSerializer)
    def retrieve(self, request: ApiRequest, space_id: int) -> Response:
        """Read one space."""
        return self.shown(found(self.get_queryset(), pk=space_id), SpaceSerializer)


class TopicEndpoint(Endpoint):
    """Threads: their titles, tags and states. What is said in them are posts."""

    noun = "topic"
    keyset = Keyset(("last_post_at", "pk"), (datetime, int), falling=True)
    queries = {"list": TopicListQuery}

    def get_queryset(self) -> QuerySet[Topic]:
        topics = Topic.objects.visible_to(self.request.user)
        return topics.select_related("space", "author", "last_poster").prefetch_related("tags")  # type: ignore[misc]

    @extend_schema(parameters=[TopicListQuery], responses=TopicSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List topics, the last moved first."""
        topics, query = self.get_queryset(), self.query
        if "space" in query:
            topics = topics.filter(space=found(Space.objects.visible_to(request.user), pk=query["space"]))
        if "kind" in query:
            topics = topics.filter(kind=query["kind"])
        if "tag" in query:
            # A slug nobody uses and one that only hidden topics use give the same empty list.
            topics = topics.filter(tagged_topics__tag__slug=query["tag"])
        if "answered" in query:
            topics = topics.filter(kind=TopicKind.QUESTION, accepted_post__isnull=not query["answered"])
        return self.listed(topics, TopicSerializer)

    @extend_schema(parameters=[id_parameter("topic_id")], responses=TopicSerializer)
    def retrieve(self, request: ApiRequest, topic_id: int) -> Response:
        """Read one topic."""
        return self.shown(self._topic(topic_id), TopicSerializer)

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=TopicDraft,
        responses={201: TopicSerializer, 202: HeldSerializer},
    )
    def create(self, request: ApiRequest) -> Response:
        """Start a topic with its first post."""
        values = self.body(TopicDraft)
        topic = send_topic(
            found(Space.objects.visible_to(request.user), pk=values["space"]),
            by=request.user,
            kind=TopicKind(values["kind"]),
            title=values["title"],
            prose=prose_of(values),
            tags=values["tags"],
            has_looked=values["has_looked"],
            takes_replies=values["takes_replies"],
            idempotency_key=self.idempotency_key(),
            advised=values["advised"],
        )
        if isinstance(topic, HeldPost):
            return Response(HeldSerializer(topic).data, status=202)
        return self.shown(topic, TopicSerializer, status=201)

    @extend_schema(parameters=[id_parameter("topic_id")], request=TopicChange, responses=TopicSerializer)
    def partial_update(self, request: ApiRequest, topic_id: int) -> Response:
        """Change the title or the tags; what is not sent stays."""
        topic, values = self._topic(topic_id), self.body(TopicChange)
        topic = edit_topic(
            topic,
            by=request.user,
            title=values.get("title", topic.title),
            tags=values.get("tags", [tag.name for tag in topic.tags.all()]),
        )
        return self.shown(topic, TopicSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=TopicClosing, responses={200: TopicSerializer}
    )
    def close(self, request: ApiRequest, topic_id: int) -> Response:
        """Close a topic, with the reason that readers see."""
        topic, values = self._topic(topic_id), self.body(TopicClosing)
        return self.shown(close_topic(topic, by=request.user, reason=values["reason"]), TopicSerializer)

    @extend_schema(parameters=[id_parameter("topic_id")], request=None, responses={200: TopicSerializer})
    def reopen(self, request: ApiRequest, topic_id: int) -> Response:
        """Open a closed topic again."""
        topic, _nothing = self._topic(topic_id), self.body(StrictSerializer)
        return self.shown(reopen_topic(topic, by=request.user), TopicSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=FollowChange, responses={200: FollowSerializer}
    )
    def follow(self, request: ApiRequest, topic_id: int) -> Response:
        """Say how much of a topic the member wants to hear."""
        topic, values = self._topic(topic_id), self.body(FollowChange)
        level = None if values["level"] is None else FollowLevel(values["level"])
        if level is None:
            unfollow(topic, by=request.user)
        else:
            follow(topic, level, by=request.user)
        return Response(FollowSerializer({"level": level}).data)

    def _topic(self, topic_id: int) -> Topic:
        return found(self.get_queryset(), pk=topic_id)


class TopicPostEndpoint(Endpoint):
    """The posts of one topic."""

    noun = "post"
    keyset = Keyset(("number",), (int,))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Post]:
        return Post.objects.visible_to(self.request.user).select_related("topic", "author")

    @extend_schema(parameters=[id_parameter("topic_id"), ListQuery], responses=PostSerializer(many=True))
    def list(self, request: ApiRequest, topic_id: int) -> Response:
        """List the posts of a topic by their numbers. Reading here does not mark anything as read."""
        return self.listed(self.get_queryset().filter(topic=self._topic(topic_id)), PostSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id"), IDEMPOTENCY_KEY],
        request=PostDraft,
        responses={201: PostSerializer, 202: HeldSerializer},
    )
    def create(self, request: ApiRequest, topic_id: int) -> Response:
        """Reply to a topic or to one of its posts."""
        topic, values = self._topic(topic_id), self.body(PostDraft)
        here = self.get_queryset().filter(topic=topic)
        answered = found(here, pk=values["reply_to"]) if "reply_to" in values else None
        post = send_post(
            topic,
            by=request.user,
            prose=prose_of(values),
            reply_to=answered,
            idempotency_key=self.idempotency_key(),
            advised=values["advised"],
        )
        if isinstance(post, HeldPost):
            return Response(HeldSerializer(post).data, status=202)
        return self.shown(post, PostSerializer, status=201)

    def _topic(self, topic_id: int) -> Topic:
        return found(Topic.objects.visible_to(self.request.user).select_related("space"), pk=topic_id)


class PostEndpoint(Endpoint):
    """Single posts, and what can be done to them."""

    noun = "post"

    def get_queryset(self) -> QuerySet[Post]:
        return Post.objects.visible_to(self.request.user).select_related("topic__space", "author")

    @extend_schema(parameters=[id_parameter("post_id")], responses=PostSerializer)
    def retrieve(self, request: ApiRequest, post_id: int) -> Response:
        """Read one post."""
        return self.shown(self._post(post_id), PostSerializer)

    @extend_schema(parameters=[id_parameter("post_id")], request=PostChange, responses=PostSerializer)
    def partial_update(self, request: ApiRequest, post_id: int) -> Response:
        """Change the body; what stood there before is kept in the post's history."""
        post, values = self._post(post_id), self.body(PostChange)
        post = change_post(
            post,
            by=request.user,
            prose=prose_of(values),
            version=values["version"],
            reason=values.get("reason", ""),
            advised=values["advised"],
        )
        return self.shown(post, PostSerializer)

    @extend_schema(parameters=[id_parameter("post_id")], request=None, responses={204: None})
    def destroy(self, request: ApiRequest, post_id: int) -> Response:
        """Take a post away; its number stays a gap, and it can be restored."""
        post, _nothing = self._post(post_id), self.body(StrictSerializer)
        delete_post(post, by=request.user)
        return Response(status=204)

    @extend_schema(parameters=[id_parameter("post_id")], request=None, responses={200: PostSerializer})
    def restore(self, request: ApiRequest, post_id: int) -> Response:
        """Bring a deleted post back to its number."""
        # Whoever sees the topic sees that a number is missing; the action knows who may bring it back.
        topics = Topic.objects.visible_to(request.user)
        post = found(
            Post.objects.filter(topic__in=topics).select_related("topic__space", "author"), pk=post_id
        )
        self.body(StrictSerializer)
        return self.shown(restore_post(post, by=request.user), PostSerializer)

    @extend_schema(parameters=[id_parameter("post_id")], request=None, responses={200: PostSerializer})
    def thank(self, request: ApiRequest, post_id: int) -> Response:
        """Say thanks, once."""
        post, _nothing = self._post(post_id), self.body(StrictSerializer)
        return self.shown(thank_post(post, by=request.user), PostSerializer)

    @extend_schema(parameters=[id_parameter("post_id")], request=None, responses={200: PostSerializer})
    def unthank(self, request: ApiRequest, post_id: int) -> Response:
        """Take a thanks back."""
        post, _nothing = self._post(post_id), self.body(StrictSerializer)
        return self.shown(unthank_post(post, by=request.user), PostSerializer)

    @extend_schema(parameters=[id_parameter("post_id")], request=None, responses={200: TopicSerializer})
    def accept(self, request: ApiRequest, post_id: int) -> Response:
        """Mark the reply that answered the question."""
        post, _nothing = self._post(post_id), self.body(StrictSerializer)
        return self.shown(accept_answer(post, by=request.user), TopicSerializer)

    @extend_schema(parameters=[id_parameter("post_id")], request=None, responses={200: TopicSerializer})
    def unaccept(self, request: ApiRequest, post_id: int) -> Response:
        """Take the mark back."""
        post, _nothing = self._post(post_id), self.body(StrictSerializer)
        return self.shown(unaccept_answer(post, by=request.user), TopicSerializer)

    def _post(self, post_id: int) -> Post:
        return found(self.get_queryset(), pk=post_id)
