"""Invitations as JSON: a member's own, for managers everybody's. Links are never among it: they go out by mail."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    EmailField,
    ListQuery,
    MomentField,
    StrictSerializer,
    TextField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found
from members.actions.invitation import revoke_invitation, send_invitation
from members.api.people import MemberReference
from members.models import Invitation, Member
from members.permissions import can_manage_invitations
from members.requests import ApiRequest


class InvitationSerializer(serializers.Serializer[Invitation]):
    id = serializers.IntegerField()
    url = AddressField()
    email = serializers.CharField()
    name = serializers.CharField()
    message = serializers.CharField()
    skips = serializers.ListField(child=serializers.CharField())
    invited_by = MemberReference(allow_null=True)
    accepted_by = MemberReference(allow_null=True)
    created_at = MomentField()
    expires_at = MomentField()
    accepted_at = MomentField(allow_null=True)
    revoked_at = MomentField(allow_null=True)


class InvitationCreateSerializer(StrictSerializer):
    email = EmailField(help_text=_("The address that the invitation goes to."))
    name = TextField(max_length=80, required=False, help_text=_("How the mail greets them."))
    message = TextField(max_length=1000, required=False, help_text=_("A personal line in the mail."))


class InvitationEndpoint(Endpoint):
    """Who was invited, and what became of it."""

    noun = "invitation"
    keyset = Keyset(("pk",), (int,), falling=True)
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Invitation]:
        rows, user = Invitation.objects.select_related("invited_by", "accepted_by"), self.request.user
        # `IsAdmitted` has let nobody else through.
        assert isinstance(user, Member)
        return rows if can_manage_invitations(user) else rows.filter(invited_by=user)

    @extend_schema(parameters=[ListQuery], responses=InvitationSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List your invitations, the newest first; a manager's token lists everybody's."""
        return self.listed(self.get_queryset(), InvitationSerializer)

    @extend_schema(request=InvitationCreateSerializer, responses={201: InvitationSerializer})
    def create(self, request: ApiRequest) -> Response:
        """Invite somebody by mail. What it spares, the tier says; the yearly number of invitations counts here too."""
        values: dict[str, Any] = self.body(InvitationCreateSerializer)
        return self.shown(send_invitation(by=request.user, **values), InvitationSerializer, status=201)

    @extend_schema(parameters=[id_parameter("invitation_id")], responses=InvitationSerializer)
    def retrieve(self, request: ApiRequest, invitation_id: int) -> Response:
        """Read one invitation."""
        return self.shown(found(self.get_queryset(), pk=invitation_id), InvitationSerializer)

    @extend_schema(parameters=[id_parameter("invitation_id")], request=None, responses=InvitationSerializer)
    def revoke(self, request: ApiRequest, invitation_id: int) -> Response:
        """Take an invitation back; its links work no more."""
        row = found(self.get_queryset(), pk=invitation_id)
        return self.shown(revoke_invitation(row, by=request.user), InvitationSerializer)
