"""Lists, following, reactions, bookmarks, kept lists and who answers, as JSON. No rule lives here; see `topic.py`."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    FlagField,
    IdField,
    ListQuery,
    MomentField,
    StrictSerializer,
    TextField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.permissions import require
from discussions.actions.answering import claim_question, release_question, request_answer
from discussions.actions.bookmark import bookmark_post, delete_bookmark, edit_bookmark
from discussions.actions.follow import follow, unfollow
from discussions.actions.post import react_to_post, unreact_to_post
from discussions.actions.saved_view import delete_view, edit_view, save_view
from discussions.api.topic import FollowChange, FollowSerializer, PostSerializer, TopicSerializer
from discussions.filters import LISTS, TopicFilter
from discussions.models import (
    AnswerRequest,
    Bookmark,
    Claim,
    FollowLevel,
    Post,
    ReactionKind,
    SavedView,
    Space,
    Topic,
    TopicKind,
)
from discussions.permissions import can_request_answer
from discussions.queries import for_you, known_tags
from members.api.people import MemberReference
from members.models import Member
from members.requests import ApiRequest

# Of what moved for a reader: whoever wants more opens the spaces.
FOR_YOU_LIMIT = 100


# --- What is shown ----------------------------------------------------------------------------------------------


class ForYouSerializer(TopicSerializer):
    because = serializers.SerializerMethodField(help_text=_("Why it is for the member."))

    def get_because(self, topic: Topic) -> str:
        reason: str = self.context["reasons"][topic.pk].text
        return reason


class ClaimSerializer(serializers.Serializer[Claim]):
    topic = serializers.IntegerField(source="topic_id")
    member = MemberReference()
    expires_at = MomentField()


class AskedMemberSerializer(serializers.Serializer[AnswerRequest]):
    topic = serializers.IntegerField(source="topic_id")
    member = serializers.IntegerField(source="member_id")
    created_at = MomentField()


class BookmarkSerializer(serializers.Serializer[Bookmark]):
    id = serializers.IntegerField()
    post = serializers.IntegerField(source="post_id")
    url = AddressField()
    note = serializers.CharField()
    remind_at = MomentField(allow_null=True)
    unless_answered = serializers.BooleanField(
        help_text=_("Whether the reminder falls away once somebody has answered.")
    )
    created_at = MomentField()


class SavedViewSerializer(serializers.Serializer[SavedView]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    query = serializers.CharField(help_text=_("The address of the list behind its question mark."))
    is_digest = serializers.BooleanField(help_text=_("Whether the digest brings what is new in it."))


# --- What may be sent -------------------------------------------------------------------------------------------


class ReactionChange(StrictSerializer):
    kind = serializers.ChoiceField(ReactionKind.choices)


class AnswerRequestDraft(StrictSerializer):
    member = IdField()


class BookmarkChange(StrictSerializer):
    note = TextField(max_length=200, required=False)
    remind_at = MomentField(required=False, allow_null=True)
    unless_answered = FlagField(required=False)


class BookmarkDraft(BookmarkChange):
    post = IdField()


class SavedViewChange(StrictSerializer):
    name = TextField(max_length=60, required=False)
    is_digest = FlagField(required=False)


class SavedViewDraft(StrictSerializer):
    name = TextField(max_length=60)
    is_digest = FlagField(default=False)
    list = serializers.ChoiceField([(name, name) for name in LISTS])
    space = TextField(max_length=60, required=False, help_text=_("The slug of a space."))
    tag = TextField(max_length=60, required=False, help_text=_("The slug of a tag."))
    kind = serializers.ChoiceField(TopicKind.choices, required=False)
    unread = FlagField(default=False)
    unanswered = FlagField(default=False)


# --- Endpoints --------------------------------------------------------------------------------------------------


class ForYouEndpoint(Endpoint):
    """What moved of what the member follows or knows, and is not read yet."""

    noun = "topic"
    keyset = Keyset(("last_post_at", "pk"), (datetime, int), falling=True)
    queries = {"for_you": ListQuery}
    reasons: dict[int, Any]

    def get_queryset(self) -> QuerySet[Topic]:
        topics = Topic.objects.visible_to(self.request.user)
        return topics.select_related("space", "author", "last_poster").prefetch_related("tags")  # type: ignore[misc]

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "reasons": self.reasons}

    @extend_schema(parameters=[ListQuery], responses=ForYouSerializer(many=True))
    def for_you(self, request: ApiRequest) -> Response:
        """List what moved for the member, the last moved first, each with the reason."""
        knows = known_tags(request.user)
        self.reasons = for_you(request.user, TopicFilter(), limit=FOR_YOU_LIMIT, knows=knows).reasons
        return self.listed(self.get_queryset().filter(pk__in=list(self.reasons)), ForYouSerializer)


class UsefulTopicEndpoint(Endpoint):
    """What was of use to distinct people and companies."""

    noun = "topic"
    keyset = Keyset(("usefulness", "pk"), (int, int), falling=True)
    queries = {"useful": ListQuery}

    def get_queryset(self) -> QuerySet[Topic]:
        topics = Topic.objects.visible_to(self.request.user).filter(usefulness__gt=0)
        return topics.select_related("space", "author", "last_poster").prefetch_related("tags")  # type: ignore[misc]

    @extend_schema(parameters=[ListQuery], responses=TopicSerializer(many=True))
    def useful(self, request: ApiRequest) -> Response:
        """List the topics that most people and companies found useful."""
        return self.listed(self.get_queryset(), TopicSerializer)


class QuestionEndpoint(Endpoint):
    """Who is at an open question."""

    noun = "question"

    @extend_schema(parameters=[id_parameter("topic_id")], request=None, responses={200: ClaimSerializer})
    def claim(self, request: ApiRequest, topic_id: int) -> Response:
        """Say "I am answering this", for 48 hours."""
        topic, _nothing = self._topic(topic_id), self.body(StrictSerializer)
        claim = claim_question(topic, by=request.user)
        return Response(ClaimSerializer(claim, context=self.get_serializer_context()).data)

    @extend_schema(parameters=[id_parameter("topic_id")], request=None, responses={204: None})
    def release(self, request: ApiRequest, topic_id: int) -> Response:
        """Take it back."""
        topic, _nothing = self._topic(topic_id), self.body(StrictSerializer)
        release_question(topic, by=request.user)
        return Response(status=204)

    @extend_schema(
        parameters=[id_parameter("topic_id")],
        request=AnswerRequestDraft,
        responses={200: AskedMemberSerializer},
    )
    def ask(self, request: ApiRequest, topic_id: int) -> Response:
        """Ask a member who may know; the asker and moderators do."""
        topic, values = self._topic(topic_id), self.body(AnswerRequestDraft)
        # Asked first: who may not ask learns nothing of whom there is to ask.
        require(can_request_answer(request.user, topic))
        member = found(Member.objects.visible_to(request.user), pk=values["member"])
        return Response(AskedMemberSerializer(request_answer(topic, member, by=request.user)).data)

    def _topic(self, topic_id: int) -> Topic:
        return found(Topic.objects.visible_to(self.request.user).select_related("space"), pk=topic_id)


class SpaceFollowEndpoint(Endpoint):
    """How much of a space the member hears."""

    noun = "space"

    @extend_schema(
        parameters=[id_parameter("space_id")], request=FollowChange, responses={200: FollowSerializer}
    )
    def follow(self, request: ApiRequest, space_id: int) -> Response:
        """Say how much of a space the member wants to hear."""
        space, values = found(Space.objects.visible_to(request.user), pk=space_id), self.body(FollowChange)
        if values["level"] is None:
            unfollow(space, by=request.user)
        else:
            follow(space, FollowLevel(values["level"]), by=request.user)
        return Response(FollowSerializer({"level": values["level"]}).data)


class PostReactionEndpoint(Endpoint):
    """Thanks and the three other reactions."""

    noun = "post"

    def get_queryset(self) -> QuerySet[Post]:
        return Post.objects.visible_to(self.request.user).select_related("topic__space", "author")

    @extend_schema(
        parameters=[id_parameter("post_id")], request=ReactionChange, responses={200: PostSerializer}
    )
    def react(self, request: ApiRequest, post_id: int) -> Response:
        """React to a post, once with each kind."""
        post, values = found(self.get_queryset(), pk=post_id), self.body(ReactionChange)
        return self.shown(react_to_post(post, ReactionKind(values["kind"]), by=request.user), PostSerializer)

    @extend_schema(
        parameters=[id_parameter("post_id")], request=ReactionChange, responses={200: PostSerializer}
    )
    def unreact(self, request: ApiRequest, post_id: int) -> Response:
        """Take a reaction back."""
        post, values = found(self.get_queryset(), pk=post_id), self.body(ReactionChange)
        return self.shown(
            unreact_to_post(post, ReactionKind(values["kind"]), by=request.user), PostSerializer
        )


class BookmarkEndpoint(Endpoint):
    """The member's own bookmarks, as far as the member may still read what they mark."""

    noun = "bookmark"
    keyset = Keyset(("created_at", "pk"), (datetime, int), falling=True)
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Bookmark]:
        return Bookmark.objects.visible_to(self.request.user).select_related("post__topic")

    @extend_schema(parameters=[ListQuery], responses=BookmarkSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List one's bookmarks, the newest first."""
        return self.listed(self.get_queryset(), BookmarkSerializer)

    @extend_schema(request=BookmarkDraft, responses={201: BookmarkSerializer})
    def create(self, request: ApiRequest) -> Response:
        """Mark a post; one that is marked already keeps what stands with it."""
        values = self.body(BookmarkDraft)
        post = found(Post.objects.visible_to(request.user).select_related("topic"), pk=values["post"])
        # A time that is past by now.
        with unlike_the_rest():
            bookmark = bookmark_post(
                post,
                by=request.user,
                note=values.get("note", ""),
                remind_at=values.get("remind_at"),
                unless_answered=values.get("unless_answered", False),
            )
        return self.shown(bookmark, BookmarkSerializer, status=201)

    @extend_schema(
        parameters=[id_parameter("bookmark_id")], request=BookmarkChange, responses=BookmarkSerializer
    )
    def partial_update(self, request: ApiRequest, bookmark_id: int) -> Response:
        """Change the note or the reminder; what is not sent stays."""
        bookmark, values = found(self.get_queryset(), pk=bookmark_id), self.body(BookmarkChange)
        with unlike_the_rest():
            bookmark = edit_bookmark(
                bookmark,
                by=request.user,
                note=values.get("note", bookmark.note),
                remind_at=values.get("remind_at", bookmark.remind_at),
                unless_answered=values.get("unless_answered", bookmark.unless_answered),
            )
        return self.shown(bookmark, BookmarkSerializer)

    @extend_schema(parameters=[id_parameter("bookmark_id")], request=None, responses={204: None})
    def destroy(self, request: ApiRequest, bookmark_id: int) -> Response:
        """Take a mark away."""
        bookmark, _nothing = found(self.get_queryset(), pk=bookmark_id), self.body(StrictSerializer)
        delete_bookmark(bookmark.post, by=request.user)
        return Response(status=204)


class SavedViewEndpoint(Endpoint):
    """The lists that the member keeps under a name."""

    noun = "view"
    keyset = Keyset(("pk",), (int,))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[SavedView]:
        return SavedView.objects.visible_to(self.request.user)

    @extend_schema(parameters=[ListQuery], responses=SavedViewSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List one's kept lists."""
        return self.listed(self.get_queryset(), SavedViewSerializer)

    @extend_schema(request=SavedViewDraft, responses={201: SavedViewSerializer})
    def create(self, request: ApiRequest) -> Response:
        """Keep a list under a name."""
        values = self.body(SavedViewDraft)
        wanted = TopicFilter(
            which=values["list"],
            space=values.get("space", ""),
            tag=values.get("tag", ""),
            kind=values.get("kind", ""),
            unread=values["unread"],
            unanswered=values["unanswered"],
        )
        with unlike_the_rest():
            view = save_view(
                by=request.user, name=values["name"], query=wanted.query(), is_digest=values["is_digest"]
            )
        return self.shown(view, SavedViewSerializer, status=201)

    @extend_schema(
        parameters=[id_parameter("view_id")], request=SavedViewChange, responses=SavedViewSerializer
    )
    def partial_update(self, request: ApiRequest, view_id: int) -> Response:
        """Rename a kept list, or say whether the digest brings it."""
        view, values = found(self.get_queryset(), pk=view_id), self.body(SavedViewChange)
        view = edit_view(
            view,
            by=request.user,
            name=values.get("name", view.name),
            is_digest=values.get("is_digest", view.is_digest),
        )
        return self.shown(view, SavedViewSerializer)

    @extend_schema(parameters=[id_parameter("view_id")], request=None, responses={204: None})
    def destroy(self, request: ApiRequest, view_id: int) -> Response:
        """Forget a kept list."""
        view, _nothing = found(self.get_queryset(), pk=view_id), self.body(StrictSerializer)
        delete_view(view, by=request.user)
        return Response(status=204)
