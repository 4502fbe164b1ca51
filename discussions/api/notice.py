"""Notices as JSON: what the inbox shows, putting them aside, and how the member wants to hear of things."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import ListQuery, MomentField, NumberField, StrictSerializer, YesNoField
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.models import Delivery, DigestRate, Notice, NoticePreference, NoticeReason
from community.core.notices import (
    PreferenceChange,
    edit_preferences,
    preference_of,
    read_all_notices,
    read_notice,
)
from discussions.queries.notices import open_notices
from members.api.people import MemberReference
from members.requests import ApiRequest


class NoticeSerializer(serializers.Serializer[Notice]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.SerializerMethodField(help_text=_("The page with the first that is not read."))
    reason = serializers.ChoiceField(NoticeReason.choices, help_text=_("Why the member is told."))
    count = serializers.IntegerField(help_text=_("How many new things it stands for."))
    actor = MemberReference(allow_null=True, help_text=_("Null where nobody is named."))
    at = MomentField(help_text=_("When the newest of them happened."))
    read_at = MomentField(allow_null=True)

    def get_url(self, notice: Notice) -> str:
        return str(self.context["request"].build_absolute_uri(notice.url))


class PreferenceSerializer(serializers.Serializer[NoticePreference]):
    digest = serializers.ChoiceField(DigestRate.choices)
    digest_hour = serializers.IntegerField(help_text=_("In the member's time zone."))
    digest_weekday = serializers.IntegerField(help_text=_("1 is Monday; for a digest every week."))
    work_days = serializers.ListField(
        child=serializers.IntegerField(), help_text=_("Mail at once comes only on these; none: on any.")
    )
    work_from = serializers.IntegerField()
    work_until = serializers.IntegerField()
    quiet_until = MomentField(allow_null=True)
    kinds = serializers.SerializerMethodField(help_text=_("For each reason, how it reaches the member."))

    def get_kinds(self, preference: NoticePreference) -> dict[str, str]:
        return {reason: preference.delivery(reason).value for reason in NoticeReason.values}


class NoticeListQuery(ListQuery):
    unread = YesNoField(required=False, help_text=_("`true`: only what is not read."))


class KindsChange(StrictSerializer):
    def get_fields(self) -> dict[str, Any]:
        return {
            reason: serializers.ChoiceField(Delivery.choices, required=False)
            for reason in NoticeReason.values
        }


class PreferenceSent(StrictSerializer):
    digest = serializers.ChoiceField(DigestRate.choices, required=False)
    digest_hour = NumberField(min_value=0, max_value=23, required=False)
    digest_weekday = NumberField(min_value=1, max_value=7, required=False)
    work_days = serializers.ListField(
        child=NumberField(min_value=1, max_value=7), max_length=7, required=False
    )
    work_from = NumberField(min_value=0, max_value=23, required=False)
    work_until = NumberField(min_value=1, max_value=24, required=False)
    quiet_until = MomentField(required=False, allow_null=True)
    kinds = KindsChange(required=False)


class NoticeEndpoint(Endpoint):
    """What the member is told of."""

    noun = "notice"
    keyset = Keyset(("at", "pk"), (datetime, int), falling=True)
    queries = {"list": NoticeListQuery}

    def get_queryset(self) -> QuerySet[Notice]:
        return open_notices(self.request.user).select_related("actor")  # type: ignore[arg-type]

    @extend_schema(parameters=[NoticeListQuery], responses=NoticeSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List the member's notices, newest first: those of spaces that are open to the member now."""
        notices = self.get_queryset()
        if self.query.get("unread"):
            notices = notices.filter(read_at__isnull=True)
        return self.listed(notices, NoticeSerializer)

    @extend_schema(parameters=[id_parameter("notice_id")], request=None, responses=NoticeSerializer)
    def read(self, request: ApiRequest, notice_id: int) -> Response:
        """Put one aside."""
        notice, _nothing = found(self.get_queryset(), pk=notice_id), self.body(StrictSerializer)
        return self.shown(read_notice(notice, by=request.user), NoticeSerializer)

    @extend_schema(request=None, responses={204: None})
    def read_all(self, request: ApiRequest) -> Response:
        """Put all of them aside."""
        self.body(StrictSerializer)
        read_all_notices(by=request.user)
        return Response(status=204)


class NoticePreferenceEndpoint(Endpoint):
    """How the member wants to hear of things."""

    noun = "notice_preference"

    @extend_schema(responses=PreferenceSerializer)
    def retrieve(self, request: ApiRequest) -> Response:
        """Read how notices reach the member."""
        return self.shown(preference_of(request.user.pk), PreferenceSerializer)

    @extend_schema(request=PreferenceSent, responses=PreferenceSerializer)
    def partial_update(self, request: ApiRequest) -> Response:
        """Change how notices reach the member; what is not sent stays."""
        values, now = self.body(PreferenceSent), preference_of(request.user.pk)
        change = PreferenceChange(
            digest=DigestRate(values.get("digest", now.digest)),
            digest_hour=values.get("digest_hour", now.digest_hour),
            digest_weekday=values.get("digest_weekday", now.digest_weekday),
            work_days=values.get("work_days", now.work_days),
            work_from=values.get("work_from", now.work_from),
            work_until=values.get("work_until", now.work_until),
            quiet_until=values.get("quiet_until", now.quiet_until),
            choices={reason: Delivery(way) for reason, way in values.get("kinds", {}).items()},
        )
        with unlike_the_rest():
            preference = edit_preferences(request.user, change, by=request.user)
        return self.shown(preference, PreferenceSerializer)
