"""Companies as JSON: those of whom the asker may see somebody."""

from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import AddressField, ListQuery
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found
from members.models import Organisation, OrganisationKind
from members.requests import ApiRequest


class OrganisationSerializer(serializers.Serializer[Organisation]):
    id = serializers.IntegerField()
    url = AddressField()
    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(OrganisationKind.choices)


class OrganisationEndpoint(Endpoint):
    """The companies whose people are here."""

    noun = "organisation"
    keyset = Keyset(("key", "pk"), (str, int))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Organisation]:
        return Organisation.objects.visible_to(self.request.user)

    @extend_schema(parameters=[ListQuery], responses=OrganisationSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List companies by name."""
        return self.listed(self.get_queryset().annotate(key=Lower("name")), OrganisationSerializer)

    @extend_schema(parameters=[id_parameter("organisation_id")], responses=OrganisationSerializer)
    def retrieve(self, request: ApiRequest, organisation_id: int) -> Response:
        """Read one company."""
        return self.shown(found(self.get_queryset(), pk=organisation_id), OrganisationSerializer)
