"""People as JSON: what the directory shows, never an address of anybody but the member who asks."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    ListQuery,
    MomentField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found
from community.core.errors import Conflict, Invalid
from community.core.models import ApiToken, Scope
from community.core.text import clean_line
from members.actions.fact import FactChange
from members.actions.profile import ProfileChange, edit_profile
from members.directory import (
    FACET,
    LONGEST_QUERY,
    LONGEST_WORDS,
    MOST_FACETS,
    DirectorySearch,
    facet_value,
    read_search,
)
from members.models import FactKind, FactSource, Member, RoleName, Visibility, time_zone_choices
from members.queries.directory import fitting, resolve
from members.queries.facts import facts_for
from members.queries.profile import expert_labels
from members.requests import ApiRequest


class MemberReference(serializers.Serializer[Member]):
    id = serializers.IntegerField()
    url = AddressField()
    handle = serializers.CharField()
    display_name = serializers.CharField()


class MemberSerializer(MemberReference):
    headline = serializers.CharField()
    joined_at = MomentField()


class FactSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text=_("The name of the field, the same for everybody."))
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(FactKind.choices)
    values = serializers.ListField(child=serializers.CharField())
    source = serializers.ChoiceField(FactSource.choices, help_text=_("Where it is from."))  # type: ignore[assignment]
    confirmed_at = MomentField(help_text=_("When somebody last said that it is so."))


class OwnFactSerializer(FactSerializer):
    visibility = serializers.ChoiceField(Visibility.choices, help_text=_("Who sees it."))


class MemberDetailSerializer(MemberSerializer):
    facts = serializers.SerializerMethodField(
        help_text=_("What you may see of what the person says about themselves.")
    )
    expert_in = serializers.SerializerMethodField()

    @extend_schema_field(FactSerializer(many=True))
    def get_facts(self, member: Member) -> Any:
        return FactSerializer(facts_for(member, self.context["request"].user), many=True).data

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_expert_in(self, member: Member) -> list[str]:
        return [label.topic for label in expert_labels(member)]


class TokenSerializer(serializers.Serializer[ApiToken]):
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    expires_at = MomentField()


class SelfSerializer(MemberDetailSerializer):
    facts = serializers.SerializerMethodField(help_text=_("All of yours, with who sees each."))
    email = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField()
    locale = serializers.CharField()
    roles = serializers.SerializerMethodField()
    token = serializers.SerializerMethodField()

    @extend_schema_field(OwnFactSerializer(many=True))
    def get_facts(self, member: Member) -> Any:
        return OwnFactSerializer(facts_for(member, member), many=True).data

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(RoleName.choices)))
    def get_roles(self, member: Member) -> list[str]:
        return sorted(member.roles)

    @extend_schema_field(TokenSerializer(allow_null=True))
    def get_token(self, member: Member) -> dict[str, Any] | None:
        token = self.context["request"].auth
        return dict(TokenSerializer(token).data) if isinstance(token, ApiToken) else None


class FactSent(StrictSerializer):
    key = TextField(max_length=40, help_text=_("The name of a field, as `facts` shows it."))
    values = serializers.ListField(
        child=TextField(max_length=2_000), max_length=20, help_text=_("None takes the fact away.")
    )
    visibility = serializers.ChoiceField(Visibility.choices, required=False, help_text=_("Kept if not sent."))


class SelfChange(StrictSerializer):
    display_name = TextField(max_length=80, required=False)
    time_zone = serializers.ChoiceField(choices=time_zone_choices(), required=False)
    facts = serializers.ListField(child=FactSent(), max_length=60, required=False)


class MemberListQuery(ListQuery):
    q = TextField(
        max_length=LONGEST_WORDS,
        required=False,
        help_text=_("Only who is found by all of these words; each may be a beginning."),
    )
    facet = TextField(
        max_length=LONGEST_QUERY,
        required=False,
        help_text=_(
            "Only who fits, as in `place:oslo,place:bergen,expert:pricing`: one value of each facet is enough. Facets "
            "are `company` (a slug), `expert` and the fields of the profile that the directory filters by."
        ),
    )
    new = YesNoField(required=False, help_text=_("`true`: only who joined in the last 90 days."))


class MemberEndpoint(Endpoint):
    """The people of the community."""

    noun = "member"
    keyset = Keyset(("key", "pk"), (str, int))
    queries = {"list": MemberListQuery}

    def get_queryset(self) -> QuerySet[Member]:
        members: QuerySet[Member] = Member.objects.visible_to(self.request.user)
        return members

    @extend_schema(parameters=[MemberListQuery], responses=MemberSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List people by name, those who fit the words and facets of the directory."""
        members = self.get_queryset().annotate(key=Lower("display_name"))
        search = self._search()
        if not search.is_empty:
            members = members.filter(pk__in=fitting(request.user, resolve(search)).values("pk"))
        return self.listed(members, MemberSerializer)

    def _search(self) -> DirectorySearch:
        """The search of the query; 404 for a facet that there is not, since a misspelt one would find everybody."""
        written = [one for one in self.query.get("facet", "").split(",") if one]
        if len(written) > MOST_FACETS:
            sentence = _("{limit} values are the most.").format(limit=MOST_FACETS)
            raise exceptions.ValidationError({FACET: [sentence]})
        search = read_search(QueryDict(urlencode({FACET: ",".join(written)})))
        known = {one.key for one in resolve(search).keys} if written else set()
        for one in written:
            key, _colon, value = one.partition(":")
            if key not in known or not facet_value(value):
                raise exceptions.NotFound(_("There is no facet “{facet}” here.").format(facet=one[:80]))
        return replace(search, words=clean_line(self.query.get("q", "")), is_new=self.query.get("new", False))

    @extend_schema(parameters=[id_parameter("member_id")], responses=MemberDetailSerializer)
    def retrieve(self, request: ApiRequest, member_id: int) -> Response:
        """Read one person's profile."""
        return self.shown(found(self.get_queryset(), pk=member_id), MemberDetailSerializer)

    @extend_schema(responses=SelfSerializer)
    def me(self, request: ApiRequest) -> Response:
        """Read who the token or session belongs to, and what it may do."""
        return self.shown(request.user, SelfSerializer)

    @extend_schema(request=SelfChange, responses=SelfSerializer)
    def edit_me(self, request: ApiRequest) -> Response:
        """Change what you say about yourself; what is not sent stays. 409 for a fact that its field does not take."""
        values = self.body(SelfChange)
        change = ProfileChange(
            display_name=values.get("display_name", request.user.display_name),
            time_zone=values.get("time_zone", request.user.time_zone),
            facts={
                fact["key"]: FactChange(
                    fact["values"], Visibility(fact["visibility"]) if "visibility" in fact else None
                )
                for fact in values.get("facts", [])
            },
        )
        try:
            member = edit_profile(request.user, change, by=request.user)
        except Invalid as error:
            if set(error.fields) & {"display_name", "time_zone"}:
                raise
            # Which fields there are and what each takes, the community says: no schema of requests can.
            raise Conflict(error.sentence, fields=error.fields) from error
        return self.shown(member, SelfSerializer)
