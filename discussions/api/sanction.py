"""Warnings and times of quiet as JSON: one's own with the appeal, and for moderators those of others."""

from typing import cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import IdField, ListQuery, MomentField, StrictSerializer, TextField
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.models import Module
from community.core.permissions import require
from discussions.actions.sanction import lift_sanction
from discussions.models import visible_space_ids
from discussions.queries.sanctions import liftable_sanctions
from members.actions.standing import APPEAL_LENGTH, appeal_sanction
from members.api.people import MemberReference
from members.models import Appeal, Member, Sanction, SanctionGrade
from members.permissions import can_see_sanctions
from members.requests import ApiRequest


class SanctionQuery(ListQuery):
    member = IdField(required=False, help_text=_("Of whom, for moderators; without it one's own."))


class SanctionSerializer(serializers.Serializer[Sanction]):
    id = serializers.IntegerField()
    member = MemberReference()
    grade = serializers.ChoiceField(SanctionGrade.choices)
    space = serializers.SerializerMethodField(help_text=_("Null where it holds everywhere."))
    reason = serializers.CharField()
    from_at = MomentField()
    until_at = MomentField()
    lifted_at = MomentField(allow_null=True)
    is_in_force = serializers.BooleanField()
    appeal = serializers.SerializerMethodField(help_text=_("Null, waiting, granted or refused."))

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_space(self, sanction: Sanction) -> int | None:
        """A room that the reader cannot see any more has no id for them."""
        reader = cast("Member", self.context["request"].user)
        return sanction.space_id if sanction.space_id in visible_space_ids(reader) else None

    @extend_schema_field(serializers.ChoiceField(["waiting", "granted", "refused"], allow_null=True))
    def get_appeal(self, sanction: Sanction) -> str | None:
        appeal: Appeal | None = getattr(sanction, "appeal", None)
        if appeal is None:
            return None
        if appeal.decided_at is None:
            return "waiting"
        return "granted" if appeal.is_granted else "refused"


class SanctionAppeal(StrictSerializer):
    words = TextField(max_length=APPEAL_LENGTH, help_text=_("Why it should end. There is one appeal."))


class SanctionEndpoint(Endpoint):
    """Rule 8.5."""

    noun = "sanction"
    keyset = Keyset(("id",), (int,))
    queries = {"list": SanctionQuery}

    def get_queryset(self) -> QuerySet[Sanction]:
        user = cast("Member", self.request.user)
        if not user.uses(Module.MODERATION):
            return Sanction.objects.none()
        return Sanction.objects.select_related("member", "appeal")

    @extend_schema(parameters=[SanctionQuery], responses=SanctionSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List one's own, or those of somebody else."""
        member: Member = request.user
        if "member" in self.query:
            member = found(Member.objects.visible_to(request.user), pk=self.query["member"])
        require(can_see_sanctions(request.user, member))
        return self.listed(self.get_queryset().filter(member=member), SanctionSerializer)

    @extend_schema(
        parameters=[id_parameter("sanction_id")], request=None, responses={200: SanctionSerializer}
    )
    def lift(self, request: ApiRequest, sanction_id: int) -> Response:
        """End it before its date; 409 where it is over."""
        self.body(StrictSerializer)
        lift_sanction(found(liftable_sanctions(request.user), pk=sanction_id), by=request.user)
        return self.shown(found(self.get_queryset(), pk=sanction_id), SanctionSerializer)

    @extend_schema(
        parameters=[id_parameter("sanction_id")],
        request=SanctionAppeal,
        responses={200: SanctionSerializer},
    )
    def appeal(self, request: ApiRequest, sanction_id: int) -> Response:
        """Appeal against one's own; somebody else than who imposed it decides."""
        mine = self.get_queryset().filter(member=request.user)
        sanction, values = found(mine, pk=sanction_id), self.body(SanctionAppeal)
        with unlike_the_rest():
            appeal_sanction(sanction, by=request.user, words=values["words"])
        return self.shown(found(self.get_queryset(), pk=sanction_id), SanctionSerializer)
