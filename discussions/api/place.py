"""Places of topics and sessions as JSON: pinning, moving, splitting, merging, and questions in order of support."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    IdField,
    ListQuery,
    MomentField,
    NumberField,
    StrictSerializer,
    TextField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import IDEMPOTENCY_KEY, id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from discussions.actions.ask_session import (
    answer_question,
    ask_question,
    settle_session,
    support_question,
    unsupport_question,
)
from discussions.actions.pin import pin_topic, unpin_topic
from discussions.actions.rearrange import SPLIT_LIMIT, merge_topics, move_topic, split_topic
from discussions.api.topic import BodyFields, TopicSerializer, prose_of
from discussions.models import TITLE_LENGTH, AskSession, Post, SessionQuestion, Space, Topic, TopicKind
from members.api.people import MemberReference
from members.models import Member
from members.requests import ApiRequest

HIGHEST_NUMBER = 2**31 - 1


class SessionSerializer(serializers.Serializer[AskSession]):
    topic = serializers.IntegerField(source="topic_id")
    opens_at = MomentField(help_text=_("From when on questions are taken."))
    starts_at = MomentField()
    ends_at = MomentField()
    hosts = MemberReference(many=True, source="host_members")


class QuestionSerializer(serializers.Serializer[SessionQuestion]):
    id = serializers.IntegerField()
    topic = serializers.IntegerField(source="session_id")
    post = serializers.IntegerField(source="post_id", help_text=_("The id of the post that asks."))
    author = MemberReference(
        source="post.author", allow_null=True, help_text=_("Null where the author is not named.")
    )
    body = serializers.CharField(source="post.source", help_text=_("As it was written."))
    support_count = serializers.IntegerField(help_text=_("How many others want to know it."))
    answer = serializers.IntegerField(
        source="answer_id", allow_null=True, help_text=_("The id of the post that answers.")
    )
    answered_at = MomentField(allow_null=True)


class TopicPinning(StrictSerializer):
    reason = TextField(max_length=300, required=False, help_text=_("Readers see it."))
    until = MomentField(required=False)


class ReasonField(TextField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=300, required=False, help_text=_("Kept in the record of what happened."), **options
        )


class TopicMoving(StrictSerializer):
    space = IdField()
    reason = ReasonField()


class TopicSplitting(StrictSerializer):
    numbers = serializers.ListField(
        child=NumberField(min_value=2, max_value=HIGHEST_NUMBER), min_length=1, max_length=SPLIT_LIMIT
    )
    title = TextField(max_length=TITLE_LENGTH)
    kind = serializers.ChoiceField(
        [
            choice
            for choice in TopicKind.choices
            if choice[0] not in {TopicKind.SESSION, TopicKind.ANNOUNCEMENT}
        ],
        default=TopicKind.DISCUSSION.value,
    )
    reason = ReasonField()


class TopicMerging(StrictSerializer):
    into = IdField(help_text=_("The id of the topic that the posts are appended to."))
    reason = ReasonField()


class SessionSettling(StrictSerializer):
    opens_at = MomentField()
    starts_at = MomentField()
    ends_at = MomentField()
    hosts = serializers.ListField(child=IdField(), min_length=1, max_length=5)


class TopicPlaceEndpoint(Endpoint):
    """Where a topic stands. Stewards in their spaces, moderators and managers where they see."""

    noun = "topic"

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=TopicPinning, responses={200: TopicSerializer}
    )
    def pin(self, request: ApiRequest, topic_id: int) -> Response:
        """Put a topic on top of its space."""
        topic, values = self._topic(topic_id), self.body(TopicPinning)
        reason, until = values.get("reason", ""), values.get("until")
        with unlike_the_rest():
            topic = pin_topic(topic, by=request.user, reason=reason, until=until)
        return self.shown(topic, TopicSerializer)

    @extend_schema(parameters=[id_parameter("topic_id")], request=None, responses={200: TopicSerializer})
    def unpin(self, request: ApiRequest, topic_id: int) -> Response:
        """Take the pin off."""
        topic, _nothing = self._topic(topic_id), self.body(StrictSerializer)
        return self.shown(unpin_topic(topic, by=request.user), TopicSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=TopicMoving, responses={200: TopicSerializer}
    )
    def move(self, request: ApiRequest, topic_id: int) -> Response:
        """Put a topic into another space: those who read there read it, and nobody else."""
        topic, values = self._topic(topic_id), self.body(TopicMoving)
        space = found(Space.objects.visible_to(request.user), pk=values["space"])
        with unlike_the_rest():
            topic = move_topic(topic, space, by=request.user, reason=values.get("reason", ""))
        return self.shown(topic, TopicSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=TopicSplitting, responses={201: TopicSerializer}
    )
    def split(self, request: ApiRequest, topic_id: int) -> Response:
        """Make a topic of some of the replies; their old numbers stay gaps. Answers with the new topic."""
        topic, values = self._topic(topic_id), self.body(TopicSplitting)
        with unlike_the_rest():
            new = split_topic(
                topic,
                values["numbers"],
                by=request.user,
                title=values["title"],
                kind=TopicKind(values["kind"]),
                reason=values.get("reason", ""),
            )
        return self.shown(new, TopicSerializer, status=201)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=TopicMerging, responses={200: TopicSerializer}
    )
    def merge(self, request: ApiRequest, topic_id: int) -> Response:
        """Append the posts of this topic to another one, which is the answer; this one is gone then."""
        topic, values = self._topic(topic_id), self.body(TopicMerging)
        into = self._topic(values["into"])
        with unlike_the_rest():
            target = merge_topics(topic, into, by=request.user, reason=values.get("reason", ""))
        return self.shown(target, TopicSerializer)

    def _topic(self, topic_id: int) -> Topic:
        return found(Topic.objects.visible_to(self.request.user).select_related("space"), pk=topic_id)


class SessionEndpoint(Endpoint):
    """Ask-me-anything sessions: hours, hosts and questions."""

    noun = "session"
    keyset = Keyset(("pk",), (int,))
    queries = {"list": ListQuery}

    @extend_schema(parameters=[id_parameter("topic_id")], responses=SessionSerializer)
    def retrieve(self, request: ApiRequest, topic_id: int) -> Response:
        """Read the hours and hosts of a session."""
        return self.shown(_with_hosts(self._session(topic_id)), SessionSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=SessionSettling, responses={200: SessionSerializer}
    )
    def settle(self, request: ApiRequest, topic_id: int) -> Response:
        """Settle the hours and hosts of a topic of the kind session."""
        topic = found(self._topics(), pk=topic_id)
        values = self.body(SessionSettling)
        seen = Member.objects.visible_to(request.user)
        hosts = [found(seen, pk=member_id) for member_id in values.pop("hosts")]
        with unlike_the_rest():
            session = settle_session(topic, by=request.user, hosts=hosts, **values)
        return self.shown(_with_hosts(session), SessionSerializer)

    @extend_schema(parameters=[id_parameter("topic_id"), ListQuery], responses=QuestionSerializer(many=True))
    def list(self, request: ApiRequest, topic_id: int) -> Response:
        """List the questions of a session, as they came."""
        questions = _questions(request).filter(session=self._session(topic_id))
        return self.listed(questions, QuestionSerializer)

    @extend_schema(
        parameters=[id_parameter("topic_id"), IDEMPOTENCY_KEY],
        request=BodyFields,
        responses={201: QuestionSerializer},
    )
    def ask(self, request: ApiRequest, topic_id: int) -> Response:
        """Ask the hosts."""
        session, values = self._session(topic_id), self.body(BodyFields)
        question = ask_question(
            session, by=request.user, prose=prose_of(values), idempotency_key=self.idempotency_key()
        )
        return self.shown(question, QuestionSerializer, status=201)

    def _topics(self) -> QuerySet[Topic]:
        topics = Topic.objects.visible_to(self.request.user).filter(kind=TopicKind.SESSION)
        return topics.select_related("space")

    def _session(self, topic_id: int) -> AskSession:
        sessions = AskSession.objects.select_related("topic__space").filter(topic__in=self._topics())
        return found(sessions, pk=topic_id)


class SessionQuestionEndpoint(Endpoint):
    """Single questions of a session."""

    noun = "question"

    @extend_schema(
        parameters=[id_parameter("question_id"), IDEMPOTENCY_KEY],
        request=BodyFields,
        responses={200: QuestionSerializer},
    )
    def answer(self, request: ApiRequest, question_id: int) -> Response:
        """Answer as a host."""
        question, values = self._question(question_id), self.body(BodyFields)
        question = answer_question(
            question, by=request.user, prose=prose_of(values), idempotency_key=self.idempotency_key()
        )
        return self.shown(question, QuestionSerializer)

    @extend_schema(
        parameters=[id_parameter("question_id")], request=None, responses={200: QuestionSerializer}
    )
    def support(self, request: ApiRequest, question_id: int) -> Response:
        """Want to know this too."""
        question, _nothing = self._question(question_id), self.body(StrictSerializer)
        return self.shown(support_question(question, by=request.user), QuestionSerializer)

    @extend_schema(
        parameters=[id_parameter("question_id")], request=None, responses={200: QuestionSerializer}
    )
    def unsupport(self, request: ApiRequest, question_id: int) -> Response:
        """Take it back."""
        question, _nothing = self._question(question_id), self.body(StrictSerializer)
        return self.shown(unsupport_question(question, by=request.user), QuestionSerializer)

    def _question(self, question_id: int) -> SessionQuestion:
        return found(_questions(self.request), pk=question_id)


def _questions(request: Any) -> QuerySet[SessionQuestion]:
    seen = Post.objects.visible_to(request.user)
    questions: QuerySet[SessionQuestion] = SessionQuestion.objects.filter(post__in=seen)
    return questions.select_related("post__author", "post__topic__space", "session")


def _with_hosts(session: AskSession) -> AskSession:
    hosts = session.hosts.select_related("member").order_by("pk")
    session.__dict__["host_members"] = [row.member for row in hosts]
    return session
