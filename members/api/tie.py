"""Follow, mute and block as JSON: only for the one who does it, as the page of one's ties is."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import ListQuery, MomentField, StrictSerializer
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from members.actions.tie import (
    block_member,
    follow_member,
    mute_member,
    unblock_member,
    unfollow_member,
    unmute_member,
)
from members.api.people import MemberReference
from members.models import Member, Tie, TieKind
from members.queries.ties import tied_members, ties_of
from members.requests import ApiRequest


class TieSerializer(serializers.Serializer[Tie]):
    kind = serializers.ChoiceField(TieKind.choices)
    member = MemberReference(source="other", help_text=_("Whom you follow, have muted or have blocked."))
    created_at = MomentField()


class TiesSerializer(serializers.Serializer[Any]):
    """What stands between the member of the token and one other."""

    member = MemberReference()
    follows = serializers.BooleanField()
    mutes = serializers.BooleanField(help_text=_("They are not told."))
    blocks = serializers.BooleanField(help_text=_("They are not told."))


class TieListQuery(ListQuery):
    kind = serializers.ChoiceField(TieKind.choices, required=False)


class TieEndpoint(Endpoint):
    """Whom you follow, have muted and have blocked. Nobody else reads it."""

    noun = "tie"
    keyset = Keyset(("pk",), (int,), falling=True)
    queries = {"list": TieListQuery}

    def get_queryset(self) -> QuerySet[Tie]:
        user = self.request.user
        # `IsAdmitted` has let nobody else through.
        assert isinstance(user, Member)
        return ties_of(user)

    @extend_schema(parameters=[TieListQuery], responses=TieSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List your ties, the newest first."""
        rows = self.get_queryset()
        if "kind" in self.query:
            rows = rows.filter(kind=self.query["kind"])
        return self.listed(rows, TieSerializer)

    @extend_schema(parameters=[id_parameter("member_id")], request=None, responses={200: TiesSerializer})
    def follow(self, request: ApiRequest, member_id: int) -> Response:
        """Follow somebody; they see that you do."""
        return self._change(member_id, follow_member)

    @extend_schema(parameters=[id_parameter("member_id")], request=None, responses={200: TiesSerializer})
    def unfollow(self, request: ApiRequest, member_id: int) -> Response:
        """Follow somebody no longer."""
        return self._change(member_id, unfollow_member)

    @extend_schema(parameters=[id_parameter("member_id")], request=None, responses={200: TiesSerializer})
    def mute(self, request: ApiRequest, member_id: int) -> Response:
        """Have nothing sent to you that somebody writes."""
        return self._change(member_id, mute_member)

    @extend_schema(parameters=[id_parameter("member_id")], request=None, responses={200: TiesSerializer})
    def unmute(self, request: ApiRequest, member_id: int) -> Response:
        """Mute somebody no longer."""
        return self._change(member_id, unmute_member)

    @extend_schema(parameters=[id_parameter("member_id")], request=None, responses={200: TiesSerializer})
    def block(self, request: ApiRequest, member_id: int) -> Response:
        """Find each other no more. Follows between the two of you and open introductions end."""
        return self._change(member_id, block_member)

    @extend_schema(parameters=[id_parameter("member_id")], request=None, responses={200: TiesSerializer})
    def unblock(self, request: ApiRequest, member_id: int) -> Response:
        """Block somebody no longer; the follows that the block ended do not come back."""
        return self._change(member_id, unblock_member)

    def _change(self, member_id: int, act: Callable[..., Member]) -> Response:
        user = self.request.user
        assert isinstance(user, Member)
        member = found(tied_members(user), pk=member_id)
        self.body(StrictSerializer)
        # Oneself: no schema of requests can tell who that is.
        with unlike_the_rest():
            act(member, by=user)
        kinds = set(Tie.objects.filter(member=user, other=member).values_list("kind", flat=True))
        now = {
            "member": member,
            "follows": TieKind.FOLLOW in kinds,
            "mutes": TieKind.MUTE in kinds,
            "blocks": TieKind.BLOCK in kinds,
        }
        return Response(TiesSerializer(now, context=self.get_serializer_context()).data)
