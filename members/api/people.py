"""People as JSON: what the directory shows, never an address of anybody but the member who asks."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import AddressField, ListQuery, MomentField
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found
from community.core.models import ApiToken, Scope
from members.models import Member, Profile, RoleName
from members.requests import ApiRequest


class MemberReference(serializers.Serializer[Member]):
    id = serializers.IntegerField()
    url = AddressField()
    handle = serializers.CharField()
    display_name = serializers.CharField()


class MemberSerializer(MemberReference):
    headline = serializers.CharField()
    joined_at = MomentField()


class ProfileSerializer(serializers.Serializer[Profile]):
    biography = serializers.CharField()
    place = serializers.CharField()
    website = serializers.CharField()
    can_help_with = serializers.CharField()
    looks_for = serializers.CharField()


class MemberDetailSerializer(MemberSerializer):
    profile = serializers.SerializerMethodField()

    @extend_schema_field(ProfileSerializer)
    def get_profile(self, member: Member) -> dict[str, Any]:
        # People who came in by an import may have none.
        profile = Profile.objects.filter(member=member).first() or Profile(member=member)
        return dict(ProfileSerializer(profile).data)


class TokenSerializer(serializers.Serializer[ApiToken]):
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    expires_at = MomentField()


class SelfSerializer(MemberDetailSerializer):
    email = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField()
    locale = serializers.CharField()
    roles = serializers.SerializerMethodField()
    token = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(RoleName.choices)))
    def get_roles(self, member: Member) -> list[str]:
        return sorted(member.roles)

    @extend_schema_field(TokenSerializer(allow_null=True))
    def get_token(self, member: Member) -> dict[str, Any] | None:
        token = self.context["request"].auth
        return dict(TokenSerializer(token).data) if isinstance(token, ApiToken) else None


class MemberEndpoint(Endpoint):
    """The people of the community."""

    noun = "member"
    keyset = Keyset(("key", "pk"), (str, int))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Member]:
        members: QuerySet[Member] = Member.objects.visible_to(self.request.user)
        return members

    @extend_schema(parameters=[ListQuery], responses=MemberSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List people by name."""
        return self.listed(self.get_queryset().annotate(key=Lower("display_name")), MemberSerializer)

    @extend_schema(parameters=[id_parameter("member_id")], responses=MemberDetailSerializer)
    def retrieve(self, request: ApiRequest, member_id: int) -> Response:
        """Read one person's profile."""
        return self.shown(found(self.get_queryset(), pk=member_id), MemberDetailSerializer)

    @extend_schema(responses=SelfSerializer)
    def me(self, request: ApiRequest) -> Response:
        """Read who the token or session belongs to, and what it may do."""
        return self.shown(request.user, SelfSerializer)
