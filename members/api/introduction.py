"""Introductions as JSON: what you are asked, what was made, and nothing that would tell who said no."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import IdField, ListQuery, MomentField, StrictSerializer, TextField, YesNoField
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from members.actions.introduction import REASON_LENGTH, answer_introduction, create_introduction
from members.api.people import MemberReference
from members.models import Introduction, Member
from members.queries.introductions import asked_of, concerning, made_for
from members.requests import ApiRequest

_ASKED, _MADE = "asked", "made"
_OFF, _WAITING = "off", "waiting"


class IntroductionSerializer(serializers.Serializer[Introduction]):
    id = serializers.IntegerField()
    by = MemberReference(help_text=_("Who thinks that the two should know each other."))
    first = MemberReference()
    second = MemberReference()
    reason = serializers.CharField()
    created_at = MomentField()
    expires_at = MomentField(help_text=_("Until when both have to agree."))
    made_at = MomentField(allow_null=True, help_text=_("When both had agreed; null where you are asked."))


class ProposedSerializer(serializers.Serializer[Introduction]):
    """No id: what waits for others is nobody's to follow, since its end would tell who said no."""

    first = MemberReference()
    second = MemberReference()
    reason = serializers.CharField()
    expires_at = MomentField(help_text=_("Until when both have to agree."))


class AnsweredSerializer(serializers.Serializer[object]):
    state = serializers.ChoiceField(
        [(_OFF, _("off")), (_WAITING, _("waits for the other one")), (_MADE, _("both agreed"))],
        help_text=_("After a no it is `off`: nobody is told, and nothing of it is kept."),
    )


class IntroductionListQuery(ListQuery):
    state = serializers.ChoiceField([(_ASKED, _("asked of you")), (_MADE, _("both agreed"))], required=False)


class ProposalSent(StrictSerializer):
    first = IdField(help_text=_("One of the two, a member whom you see."))
    second = IdField(help_text=_("The other one."))
    reason = TextField(
        max_length=REASON_LENGTH, help_text=_("Why they should know each other, in up to three lines.")
    )


class AnswerSent(StrictSerializer):
    agrees = YesNoField()


class IntroductionEndpoint(Endpoint):
    """Bringing two people together, when both agree."""

    noun = "introduction"
    keyset = Keyset(("pk",), (int,), falling=True)
    queries = {"list": IntroductionListQuery}

    @extend_schema(parameters=[IntroductionListQuery], responses=IntroductionSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List what you are asked and what was made with you or by you, the newest first."""
        asked, made = asked_of(request.user), made_for(request.user)
        rows: QuerySet[Introduction] = {_ASKED: asked, _MADE: made}.get(
            self.query.get("state", ""), asked | made
        )
        return self.listed(rows, IntroductionSerializer)

    @extend_schema(request=ProposalSent, responses={201: ProposedSerializer})
    def create(self, request: ApiRequest) -> Response:
        """Propose that two people meet. Both are asked, and nothing happens unless both agree."""
        values = self.body(ProposalSent)
        shown: QuerySet[Member] = Member.objects.visible_to(request.user)
        first, second = (found(shown, pk=values[name]) for name in ("first", "second"))
        # Who may meet whom, and lines in a text: no schema of requests can tell.
        with unlike_the_rest():
            row = create_introduction(first, second, reason=values["reason"], by=request.user)
        data = ProposedSerializer(row, context=self.get_serializer_context()).data
        return Response(data, status=201)

    @extend_schema(
        parameters=[id_parameter("introduction_id")], request=AnswerSent, responses={200: AnsweredSerializer}
    )
    def answer(self, request: ApiRequest, introduction_id: int) -> Response:
        """Say yes or no to an introduction that you are asked for."""
        row, values = found(concerning(request.user), pk=introduction_id), self.body(AnswerSent)
        answered = answer_introduction(row, agrees=values["agrees"], by=request.user)
        state = _OFF if answered is None else _WAITING if answered.made_at is None else _MADE
        return Response(AnsweredSerializer({"state": state}).data)
