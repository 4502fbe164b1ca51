"""Direct messages as JSON, for a member's own programs: what the member takes part in, and nothing else."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    IdField,
    ListQuery,
    MomentField,
    StrictSerializer,
    TextField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import IDEMPOTENCY_KEY, id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.text import MAX_SOURCE, Prose, SourceFormat
from discussions.actions.message import (
    answer_conversation,
    delete_message,
    edit_message,
    leave_conversation,
    report_message,
    restore_message,
    send_message,
    start_conversation,
)
from discussions.models import (
    GROUP_LIMIT,
    GROUP_NAME_LENGTH,
    REPORT_WORDS_LENGTH,
    Conversation,
    Message,
    Participant,
    ParticipantState,
    Report,
    ReportReason,
)
from members.api.people import MemberReference
from members.models import Member
from members.requests import ApiRequest

ANSWERS = {
    "accept": ParticipantState.JOINED,
    "ignore": ParticipantState.IGNORED,
    "decline": ParticipantState.DECLINED,
}


# --- What is shown ----------------------------------------------------------------------------------------------


class ConversationSerializer(serializers.Serializer[Conversation]):
    id = serializers.IntegerField()
    url = AddressField()
    name = serializers.CharField(help_text=_("Of a group; empty between two."))
    is_group = serializers.BooleanField()
    people = serializers.SerializerMethodField()
    highest_number = serializers.IntegerField(help_text=_("The number of the last message."))
    last_message_at = MomentField()

    def get_people(self, conversation: Conversation) -> list[dict[str, Any]]:
        # By the order in which they came: that in which rows lie in the table would tell who has answered.
        rows = sorted(conversation.participants.all(), key=lambda row: row.pk)
        there = [row.member for row in rows if row.state != ParticipantState.LEFT]
        return [dict(MemberReference(member, context=self.context).data) for member in there]


class MessageSerializer(serializers.Serializer[Message]):
    id = serializers.IntegerField()
    url = AddressField()
    conversation = serializers.IntegerField(source="conversation_id")
    number = serializers.IntegerField()
    author = MemberReference()
    body = serializers.CharField(source="source", help_text=_("As it was written."))
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], source="source_format"
    )
    html = serializers.CharField(help_text=_("As it is read: sanitised."))
    version = serializers.IntegerField(help_text=_("Send it back with a change."))
    created_at = MomentField()
    edited_at = MomentField(allow_null=True, help_text=_("Null for changes inside five minutes."))


class ParticipantSerializer(serializers.Serializer[Participant]):
    state = serializers.ChoiceField(ParticipantState.choices)


class ReportSerializer(serializers.Serializer[Report]):
    id = serializers.IntegerField()
    reason = serializers.ChoiceField(ReportReason.choices)
    created_at = MomentField()


# --- What may be sent -------------------------------------------------------------------------------------------


class MessageDraft(StrictSerializer):
    body = TextField(max_length=MAX_SOURCE)
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], default=SourceFormat.MARKDOWN.value
    )


class MessageChange(MessageDraft):
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text=_("The version the change started from.")
    )


class ConversationDraft(MessageDraft):
    to = serializers.ListField(
        child=IdField(), min_length=1, max_length=GROUP_LIMIT - 1, help_text=_("Ids of members.")
    )
    name = TextField(max_length=GROUP_NAME_LENGTH, required=False, help_text=_("Of a group."))


class ConversationAnswer(StrictSerializer):
    answer = serializers.ChoiceField([(answer, answer) for answer in ANSWERS])


class MessageReport(StrictSerializer):
    reason = serializers.ChoiceField(ReportReason.choices)
    words = TextField(max_length=REPORT_WORDS_LENGTH, required=False)


def _prose(values: dict[str, Any]) -> Prose:
    return Prose(values["body"], SourceFormat(values["body_format"]))


# --- Endpoints --------------------------------------------------------------------------------------------------


class ConversationEndpoint(Endpoint):
    """The conversations that the member takes part in, first messages to them included."""

    noun = "conversation"
    keyset = Keyset(("last_message_at", "pk"), (datetime, int), falling=True)
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Conversation]:
        return Conversation.objects.visible_to(self.request.user).prefetch_related("participants__member")

    @extend_schema(parameters=[ListQuery], responses=ConversationSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List one's conversations, the last moved first."""
        return self.listed(self.get_queryset(), ConversationSerializer)

    @extend_schema(parameters=[id_parameter("conversation_id")], responses=ConversationSerializer)
    def retrieve(self, request: ApiRequest, conversation_id: int) -> Response:
        """Read who takes part and how far it has come."""
        return self.shown(self._conversation(conversation_id), ConversationSerializer)

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=ConversationDraft, responses={201: ConversationSerializer}
    )
    def create(self, request: ApiRequest) -> Response:
        """Write to one member or begin a small group, with its first message."""
        values = self.body(ConversationDraft)
        shown = Member.objects.visible_to(request.user)
        to = [found(shown, pk=member_id) for member_id in dict.fromkeys(values["to"])]
        with unlike_the_rest():
            message = start_conversation(
                to,
                by=request.user,
                prose=_prose(values),
                name=values.get("name", ""),
                idempotency_key=self.idempotency_key(),
            )
        return self.shown(self._conversation(message.conversation_id), ConversationSerializer, status=201)

    @extend_schema(
        parameters=[id_parameter("conversation_id")],
        request=ConversationAnswer,
        responses={200: ParticipantSerializer},
    )
    def answer(self, request: ApiRequest, conversation_id: int) -> Response:
        """Accept a first message, put it aside or decline it. Only a yes is told."""
        conversation, values = self._conversation(conversation_id), self.body(ConversationAnswer)
        row = answer_conversation(conversation, state=ANSWERS[values["answer"]], by=request.user)
        return Response(ParticipantSerializer(row).data)

    @extend_schema(
        parameters=[id_parameter("conversation_id")], request=None, responses={200: ParticipantSerializer}
    )
    def leave(self, request: ApiRequest, conversation_id: int) -> Response:
        """Leave a group."""
        conversation, _nothing = self._conversation(conversation_id), self.body(StrictSerializer)
        return Response(ParticipantSerializer(leave_conversation(conversation, by=request.user)).data)

    def _conversation(self, conversation_id: int) -> Conversation:
        return found(self.get_queryset(), pk=conversation_id)


class ConversationMessageEndpoint(Endpoint):
    """The messages of one conversation."""

    noun = "message"
    keyset = Keyset(("number",), (int,))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Message]:
        return Message.objects.visible_to(self.request.user).select_related("conversation", "author")

    @extend_schema(
        parameters=[id_parameter("conversation_id"), ListQuery], responses=MessageSerializer(many=True)
    )
    def list(self, request: ApiRequest, conversation_id: int) -> Response:
        """List the messages by their numbers. Reading here does not mark anything as read."""
        conversation = self._conversation(conversation_id)
        return self.listed(self.get_queryset().filter(conversation=conversation), MessageSerializer)

    @extend_schema(
        parameters=[id_parameter("conversation_id"), IDEMPOTENCY_KEY],
        request=MessageDraft,
        responses={201: MessageSerializer},
    )
    def create(self, request: ApiRequest, conversation_id: int) -> Response:
        """Write the next message. Answering a first message accepts it."""
        conversation, values = self._conversation(conversation_id), self.body(MessageDraft)
        message = send_message(
            conversation, by=request.user, prose=_prose(values), idempotency_key=self.idempotency_key()
        )
        return self.shown(message, MessageSerializer, status=201)

    def _conversation(self, conversation_id: int) -> Conversation:
        return found(Conversation.objects.visible_to(self.request.user), pk=conversation_id)


class MessageEndpoint(Endpoint):
    """Single messages, and reporting them."""

    noun = "message"

    def get_queryset(self) -> QuerySet[Message]:
        return Message.objects.visible_to(self.request.user).select_related("conversation", "author")

    @extend_schema(parameters=[id_parameter("message_id")], responses=MessageSerializer)
    def retrieve(self, request: ApiRequest, message_id: int) -> Response:
        """Read one message."""
        return self.shown(found(self.get_queryset(), pk=message_id), MessageSerializer)

    @extend_schema(
        parameters=[id_parameter("message_id")], request=MessageChange, responses=MessageSerializer
    )
    def partial_update(self, request: ApiRequest, message_id: int) -> Response:
        """Change one's own words within 15 minutes."""
        message, values = found(self.get_queryset(), pk=message_id), self.body(MessageChange)
        message = edit_message(message, by=request.user, prose=_prose(values), version=values["version"])
        return self.shown(found(self.get_queryset(), pk=message.pk), MessageSerializer)

    @extend_schema(parameters=[id_parameter("message_id")], request=None, responses={204: None})
    def destroy(self, request: ApiRequest, message_id: int) -> Response:
        """Take one's own message away from everybody; it can be brought back for 30 days."""
        message, _nothing = found(self.get_queryset(), pk=message_id), self.body(StrictSerializer)
        delete_message(message, by=request.user)
        return Response(status=204)

    @extend_schema(parameters=[id_parameter("message_id")], request=None, responses={200: MessageSerializer})
    def restore(self, request: ApiRequest, message_id: int) -> Response:
        """Bring one's own deleted message back to its number."""
        message = found(Message.objects.received_by(request.user), pk=message_id)
        self.body(StrictSerializer)
        restore_message(message, by=request.user)
        return self.shown(found(self.get_queryset(), pk=message_id), MessageSerializer)

    @extend_schema(
        parameters=[id_parameter("message_id")], request=MessageReport, responses={201: ReportSerializer}
    )
    def report(self, request: ApiRequest, message_id: int) -> Response:
        """Hand a message to the moderators, with up to three before it; also one that was deleted since."""
        received = Message.objects.received_by(request.user).select_related("conversation", "author")
        message, values = found(received, pk=message_id), self.body(MessageReport)
        row = report_message(
            message,
            by=request.user,
            reason=ReportReason(values["reason"]),
            words=values.get("words", ""),
        )
        return Response(ReportSerializer(row).data, status=201)
