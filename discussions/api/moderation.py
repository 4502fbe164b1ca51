"""The queue of moderation as JSON: what waits, deciding it, reporting, and what of one's own was returned."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    IdField,
    ListQuery,
    MomentField,
    NumberField,
    StrictSerializer,
    TextField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.permissions import require
from community.core.text import MAX_SOURCE, Prose, SourceFormat
from discussions.actions.case import release_case, report_member, report_post, report_topic, take_case
from discussions.actions.moderation import Terms, acts_of, answer_case, rule_case, undo_ruling
from discussions.api.message import MessageReport, ReportSerializer
from discussions.models import (
    RULING_WORDS_LENGTH,
    TITLE_LENGTH,
    Case,
    CaseKind,
    CaseReason,
    CaseState,
    Post,
    ReportReason,
    RulingAct,
    Space,
    Topic,
)
from discussions.permissions import can_see_queue
from members.api.people import MemberReference
from members.models import Member
from members.requests import ApiRequest

HIGHEST_VERSION = 2**31 - 1


class CaseQuery(ListQuery):
    state = serializers.ChoiceField(CaseState.choices, required=False)
    kind = serializers.ChoiceField(CaseKind.choices, required=False)


class CaseSerializer(serializers.Serializer[Case]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(CaseKind.choices)
    target = serializers.IntegerField(source="target_id", help_text=_("The id of what it is about."))
    space = serializers.IntegerField(source="space_id", allow_null=True)
    about = MemberReference(allow_null=True, help_text=_("Whose thing it is."))
    reason = serializers.ChoiceField(CaseReason.choices)
    rules = serializers.ListField(
        child=serializers.CharField(), help_text=_("Rules of the space that hold it.")
    )
    report_count = serializers.IntegerField()
    state = serializers.ChoiceField(CaseState.choices)
    is_hidden = serializers.BooleanField()
    version = serializers.IntegerField(help_text=_("To be sent along with a decision."))
    opened_at = MomentField()
    due_at = MomentField()
    owner = MemberReference(allow_null=True)
    decided_at = MomentField(allow_null=True)
    acts = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(RulingAct.choices)))
    def get_acts(self, case: Case) -> list[str]:
        return [act.value for act in acts_of(case)] if case.state != CaseState.DECIDED else []


class OwnCaseSerializer(serializers.Serializer[Case]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(CaseKind.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(CaseState.choices)
    returned_words = serializers.CharField(help_text=_("Of the moderator, where it was returned."))
    version = serializers.IntegerField()


class CaseRuling(StrictSerializer):
    act = serializers.ChoiceField(RulingAct.choices)
    version = NumberField(min_value=1, max_value=HIGHEST_VERSION, help_text=_("The one that was read."))
    words = TextField(
        max_length=RULING_WORDS_LENGTH, required=False, help_text=_("Whoever is decided about reads them.")
    )
    body = TextField(
        max_length=MAX_SOURCE, required=False, help_text=_("The changed words, for edit. Markdown.")
    )
    space = IdField(required=False, help_text=_("Where to, for move."))
    until = MomentField(required=False, help_text=_("For quiet and suspend."))


class CaseVersion(StrictSerializer):
    version = NumberField(min_value=1, max_value=HIGHEST_VERSION)


class CaseAnswer(StrictSerializer):
    body = TextField(max_length=MAX_SOURCE)
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], default=SourceFormat.MARKDOWN.value
    )
    title = TextField(max_length=TITLE_LENGTH, required=False)
    version = NumberField(min_value=1, max_value=HIGHEST_VERSION)


class CaseEndpoint(Endpoint):
    """The queue, for those who decide it."""

    noun = "case"
    keyset = Keyset(("id",), (int,))
    queries = {"list": CaseQuery}

    def get_queryset(self) -> QuerySet[Case]:
        return Case.objects.visible_to(self.request.user).select_related("about", "owner", "space")

    @extend_schema(parameters=[CaseQuery], responses=CaseSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List what waits and what was decided, in the order of its coming."""
        require(can_see_queue(request.user))
        rows = self.get_queryset()
        for name in ("state", "kind"):
            if name in self.query:
                rows = rows.filter(**{name: self.query[name]})
        return self.listed(rows, CaseSerializer)

    @extend_schema(parameters=[id_parameter("case_id")], responses=CaseSerializer)
    def retrieve(self, request: ApiRequest, case_id: int) -> Response:
        """Read one case."""
        return self.shown(self._case(request, case_id), CaseSerializer)

    @extend_schema(parameters=[id_parameter("case_id")], request=CaseVersion, responses={200: CaseSerializer})
    def take(self, request: ApiRequest, case_id: int) -> Response:
        """Say that one looks at it; 409 where somebody else does."""
        case, values = self._case(request, case_id), self.body(CaseVersion)
        take_case(case, by=request.user, version=values["version"])
        return self.shown(self._case(request, case_id), CaseSerializer)

    @extend_schema(parameters=[id_parameter("case_id")], request=None, responses={200: CaseSerializer})
    def release(self, request: ApiRequest, case_id: int) -> Response:
        """Give it back to the queue."""
        case, _nothing = self._case(request, case_id), self.body(StrictSerializer)
        release_case(case, by=request.user)
        return self.shown(self._case(request, case_id), CaseSerializer)

    @extend_schema(parameters=[id_parameter("case_id")], request=CaseRuling, responses={200: CaseSerializer})
    def rule(self, request: ApiRequest, case_id: int) -> Response:
        """Decide; 409 where it changed since it was read or somebody has decided it."""
        case, values = self._case(request, case_id), self.body(CaseRuling)
        terms = Terms(
            words=values.get("words", ""),
            prose=Prose(values["body"], SourceFormat.MARKDOWN) if "body" in values else None,
            space=found(Space.objects.visible_to(request.user), pk=values["space"])
            if "space" in values
            else None,
            until=values.get("until"),
        )
        with unlike_the_rest():
            case = rule_case(
                case, RulingAct(values["act"]), by=request.user, version=values["version"], terms=terms
            )
        return self.shown(case, CaseSerializer)

    @extend_schema(parameters=[id_parameter("case_id")], request=CaseVersion, responses={200: CaseSerializer})
    def undo(self, request: ApiRequest, case_id: int) -> Response:
        """Take the latest decision back; 409 where there is none."""
        case, values = self._case(request, case_id), self.body(CaseVersion)
        with unlike_the_rest():
            undo_ruling(case, by=request.user, version=values["version"])
        return self.shown(self._case(request, case_id), CaseSerializer)

    def _case(self, request: ApiRequest, case_id: int) -> Case:
        require(can_see_queue(request.user))
        return found(self.get_queryset(), pk=case_id)


class OwnCaseEndpoint(Endpoint):
    """What of one's own waits for a moderator, or was returned."""

    noun = "case"
    keyset = Keyset(("id",), (int,))
    queries = {"list": ListQuery}

    def _mine(self, request: ApiRequest) -> QuerySet[Case]:
        mine = Case.objects.of_author(request.user)
        # What only was reported, and stands, is nothing that its author is told of.
        return mine.exclude(is_hidden=False, state=CaseState.OPEN, kind__in=[CaseKind.POST, CaseKind.TOPIC])

    @extend_schema(
        operation_id="case_list_mine", parameters=[ListQuery], responses=OwnCaseSerializer(many=True)
    )
    def list(self, request: ApiRequest) -> Response:
        """List one's own."""
        return self.listed(self._mine(request), OwnCaseSerializer)

    @extend_schema(
        parameters=[id_parameter("case_id")], request=CaseAnswer, responses={200: OwnCaseSerializer}
    )
    def answer(self, request: ApiRequest, case_id: int) -> Response:
        """Change what was returned, and send it again."""
        case, values = found(self._mine(request), pk=case_id), self.body(CaseAnswer)
        prose = Prose(values["body"], SourceFormat(values["body_format"]))
        with unlike_the_rest():
            case = answer_case(
                case, by=request.user, prose=prose, version=values["version"], title=values.get("title", "")
            )
        return self.shown(case, OwnCaseSerializer)


class ReportEndpoint(Endpoint):
    """Rule 8.1: reporting what one reads. Messages are reported at their own address."""

    noun = "report"

    @extend_schema(
        parameters=[id_parameter("post_id")], request=MessageReport, responses={201: ReportSerializer}
    )
    def of_post(self, request: ApiRequest, post_id: int) -> Response:
        """Report a post; the first one stands for its topic."""
        posts = Post.objects.visible_to(request.user).select_related("topic__space", "author")
        row = report_post(found(posts, pk=post_id), **self._words(request))
        return Response(ReportSerializer(row).data, status=201)

    @extend_schema(
        parameters=[id_parameter("topic_id")], request=MessageReport, responses={201: ReportSerializer}
    )
    def of_topic(self, request: ApiRequest, topic_id: int) -> Response:
        """Report a topic."""
        topics = Topic.objects.visible_to(request.user).select_related("space", "author")
        row = report_topic(found(topics, pk=topic_id), **self._words(request))
        return Response(ReportSerializer(row).data, status=201)

    @extend_schema(
        parameters=[id_parameter("member_id")], request=MessageReport, responses={201: ReportSerializer}
    )
    def of_member(self, request: ApiRequest, member_id: int) -> Response:
        """Report a profile."""
        row = report_member(
            found(Member.objects.visible_to(request.user), pk=member_id), **self._words(request)
        )
        return Response(ReportSerializer(row).data, status=201)

    def _words(self, request: ApiRequest) -> dict[str, Any]:
        values = self.body(MessageReport)
        return {
            "by": request.user,
            "reason": ReportReason(values["reason"]),
            "words": values.get("words", ""),
        }
