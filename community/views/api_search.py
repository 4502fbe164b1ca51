"""The search as JSON, with the words and operators of the page and the rights of the member whose token asks."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import IdField, NumberField, Query, TextField
from community.core.api.views import Endpoint
from community.core.models import SearchKind
from community.core.search_words import WORDS_LENGTH
from community.core.text import clean_line
from community.search.finding import LAST_PAGE
from community.search.page import SearchRow, search_page
from members.requests import ApiRequest


class SearchQuery(Query):
    q = TextField(max_length=WORDS_LENGTH, help_text=_("Words and operators, as on the page."))
    page = NumberField(min_value=1, max_value=LAST_PAGE, default=1)
    topic = IdField(required=False, help_text=_("Only inside this topic."))


class SearchResultSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(SearchKind.choices)
    url = serializers.URLField()
    title = serializers.CharField()
    space = serializers.CharField(help_text=_("The name of the space it stands in."))
    author = serializers.CharField()
    created_at = serializers.DateTimeField()
    text = serializers.CharField(help_text=_("Some words around those that were found."))


class SearchAnswerSerializer(serializers.Serializer[Any]):
    results = SearchResultSerializer(many=True)
    has_more = serializers.BooleanField(help_text=_("Whether there is another page."))
    problems = serializers.ListField(
        child=serializers.CharField(), help_text=_("What could not be used of the question.")
    )


class SearchEndpoint(Endpoint):
    """Topics, replies and files that hold the words, in the spaces the member may see."""

    noun = "search"
    queries = {"search": SearchQuery}
    pagination_class = None

    @extend_schema(parameters=[SearchQuery], responses=SearchAnswerSerializer)
    def search(self, request: ApiRequest) -> Response:
        """Search by words and operators, exact phrases first."""
        words = clean_line(self.query["q"])[:WORDS_LENGTH]
        found = search_page(request.user, words, page=self.query["page"], topic_id=self.query.get("topic"))
        return Response(
            {
                "results": [self._row(request, row) for row in found.rows],
                "has_more": found.has_more and self.query["page"] < LAST_PAGE,
                "problems": list(found.problems),
            }
        )

    def _row(self, request: ApiRequest, row: SearchRow) -> dict[str, object]:
        return {
            "kind": row.kind,
            "url": request.build_absolute_uri(row.url),
            "title": row.title,
            "space": row.space_name,
            "author": row.author_name,
            "created_at": row.when_iso,
            "text": row.text,
        }
