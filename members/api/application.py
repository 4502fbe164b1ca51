"""Applications as JSON, for those who keep the gate. Notes and judgements are in it: nobody else gets here."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    IdField,
    ListQuery,
    MomentField,
    NumberField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.permissions import require
from members.actions.review import (
    LONGEST_REASON,
    LONGEST_WORDS,
    Judgement,
    ask_applicant,
    ask_second_reviewer,
    assess_application,
    decide_application,
    note_application,
    settle_company,
    take_application,
    waive_vouches,
)
from members.actions.waitlist import move_on_waitlist
from members.api.people import MemberReference
from members.models import (
    Answer,
    Application,
    ApplicationNote,
    ApplicationState,
    ApplicationStep,
    Assessment,
    Criterion,
    Member,
    Organisation,
    ReviewDecision,
    Tier,
    Verdict,
    Vouch,
)
from members.permissions import can_review_applications
from members.requests import ApiRequest

# A draft is the applicant's alone.
SENT_STATES = [(value, label) for value, label in ApplicationState.choices if value != ApplicationState.DRAFT]

# --- What is shown ----------------------------------------------------------------------------------------------


class ApplicantReference(serializers.Serializer[Member]):
    id = serializers.IntegerField()
    display_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)


class TierReference(serializers.Serializer[Tier]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class OrganisationReference(serializers.Serializer[Organisation]):
    id = serializers.IntegerField()
    url = AddressField()
    name = serializers.CharField()


class ApplicationSerializer(serializers.Serializer[Application]):
    id = serializers.IntegerField()
    url = AddressField()
    applicant = ApplicantReference(source="member")
    tier = TierReference()
    state = serializers.ChoiceField(SENT_STATES)
    company = serializers.CharField(source="company_name", help_text=_("As the applicant wrote it."))
    organisation = OrganisationReference(allow_null=True, help_text=_("As reviewers have settled it."))
    owner = MemberReference(allow_null=True, help_text=_("Who decides in time; null where nobody took it."))
    needs_second_reviewer = serializers.BooleanField()
    vouch_waiver = serializers.CharField(help_text=_("Why it goes without the vouches of its tier."))
    submitted_at = MomentField()
    due_at = MomentField(allow_null=True)
    waitlisted_at = MomentField(allow_null=True)
    decided_at = MomentField(allow_null=True)


class AnswerSerializer(serializers.Serializer[Answer]):
    question = serializers.CharField(source="question.label")
    kind = serializers.CharField(source="question.kind")
    text = serializers.CharField()


class AssessmentSerializer(serializers.Serializer[Assessment]):
    criterion = serializers.IntegerField(source="criterion_id")
    reviewer = MemberReference()
    verdict = serializers.ChoiceField(Verdict.choices)
    reason = serializers.CharField()
    at = MomentField()


class CriterionSerializer(serializers.Serializer[Criterion]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()


class ApplicationNoteSerializer(serializers.Serializer[ApplicationNote]):
    by = MemberReference()
    at = MomentField()
    text = serializers.CharField()


class ApplicationStepSerializer(serializers.Serializer[ApplicationStep]):
    state = serializers.CharField()
    at = MomentField()
    words = serializers.CharField(help_text=_("What the applicant reads, or wrote, to the letter."))


class VouchSerializer(serializers.Serializer[Vouch]):
    by = MemberReference()
    words = serializers.CharField()
    conflict = serializers.CharField(help_text=_("What makes the member partial; then it is not counted."))
    created_at = MomentField()


class ReviewDecisionSerializer(serializers.Serializer[ReviewDecision]):
    reviewer = MemberReference()
    accepts = serializers.BooleanField()
    words = serializers.CharField()
    at = MomentField()


class ApplicationDetailSerializer(ApplicationSerializer):
    answers = serializers.SerializerMethodField()
    criteria = serializers.SerializerMethodField(help_text=_("What is in force for the tier."))
    assessments = serializers.SerializerMethodField()
    decisions = serializers.SerializerMethodField()
    vouches = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField(help_text=_("Between reviewers."))
    steps = serializers.SerializerMethodField()

    @extend_schema_field(AnswerSerializer(many=True))
    def get_answers(self, application: Application) -> Any:
        rows: Any = application.answers.select_related("question").order_by("question__position", "question")
        return AnswerSerializer(rows, many=True).data

    @extend_schema_field(CriterionSerializer(many=True))
    def get_criteria(self, application: Application) -> Any:
        rows: Any = Criterion.objects.in_force().of_tier(application.tier)
        return CriterionSerializer(rows, many=True).data

    @extend_schema_field(AssessmentSerializer(many=True))
    def get_assessments(self, application: Application) -> Any:
        rows: Any = application.assessments.select_related("reviewer").order_by("at", "pk")
        return AssessmentSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(ReviewDecisionSerializer(many=True))
    def get_decisions(self, application: Application) -> Any:
        rows: Any = application.decisions.select_related("reviewer").order_by("at", "pk")
        return ReviewDecisionSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(VouchSerializer(many=True))
    def get_vouches(self, application: Application) -> Any:
        rows: Any = application.vouches.select_related("by").order_by("pk")
        return VouchSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(ApplicationNoteSerializer(many=True))
    def get_notes(self, application: Application) -> Any:
        rows: Any = application.notes.select_related("by")
        return ApplicationNoteSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(ApplicationStepSerializer(many=True))
    def get_steps(self, application: Application) -> Any:
        rows: Any = application.steps.all()
        return ApplicationStepSerializer(rows, many=True).data


# --- What may be sent -------------------------------------------------------------------------------------------


class ApplicationListQuery(ListQuery):
    state = serializers.ChoiceField(SENT_STATES, required=False)
    owner = IdField(required=False, help_text=_("Only what this member has taken."))
    owned = YesNoField(required=False, help_text=_("`false`: only what nobody has taken yet."))
    tier = IdField(required=False)


class Taking(StrictSerializer):
    instead_of = IdField(required=False, help_text=_("Who has it, where it is taken over from somebody."))


class QuestionSent(StrictSerializer):
    words = TextField(max_length=LONGEST_WORDS, help_text=_("The applicant reads them to the letter."))


class NoteSent(StrictSerializer):
    text = TextField(max_length=LONGEST_WORDS)


class ReasonSent(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, help_text=_("It becomes a note. Other reviewers read it."))


class CompanySent(StrictSerializer):
    company = TextField(
        max_length=120,
        allow_null=True,
        help_text=_("Its name; one that is not there yet is added. Null: none."),
    )


class PlaceSent(StrictSerializer):
    place = NumberField(min_value=1, max_value=1_000_000, help_text=_("1 is the next to come in."))
    reason = TextField(max_length=300, help_text=_("Why; it stays in the record."))


class JudgementSent(StrictSerializer):
    criterion = IdField()
    verdict = serializers.ChoiceField(Verdict.choices)
    reason = TextField(max_length=LONGEST_REASON, help_text=_("What shows it. Other reviewers read it."))


class JudgementsSent(StrictSerializer):
    judgements = JudgementSent(many=True, max_length=100)  # type: ignore[call-arg]


class AcceptanceSent(StrictSerializer):
    words = TextField(
        max_length=LONGEST_WORDS, required=False, help_text=_("The applicant reads them to the letter.")
    )
    judgements = JudgementSent(many=True, max_length=100, required=False)  # type: ignore[call-arg]


class DeclineSent(StrictSerializer):
    words = TextField(max_length=LONGEST_WORDS, help_text=_("Why; the applicant reads them to the letter."))
    judgements = JudgementSent(many=True, max_length=100, required=False)  # type: ignore[call-arg]


# --- Endpoint ---------------------------------------------------------------------------------------------------


class ApplicationEndpoint(Endpoint):
    """Who asks to come in, and what is decided about it. For community managers and administrators."""

    noun = "application"
    keyset = Keyset(("submitted_at", "pk"), (datetime, int))
    queries = {"list": ApplicationListQuery}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action and isinstance(request.user, Member):
            # Before anything is looked up: others learn nothing about which applications there are.
            require(can_review_applications(request.user))

    def get_queryset(self) -> QuerySet[Application]:
        rows = Application.objects.reviewable_by(self.request.user)
        return rows.select_related("member", "tier", "owner", "organisation", "invitation")

    @extend_schema(parameters=[ApplicationListQuery], responses=ApplicationSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List applications, the earliest first."""
        rows, query = self.get_queryset(), self.query
        if "state" in query:
            rows = rows.filter(state=query["state"])
        if "owner" in query:
            rows = rows.filter(owner=query["owner"])
        if "owned" in query:
            rows = rows.filter(owner__isnull=not query["owned"])
        if "tier" in query:
            rows = rows.filter(tier=query["tier"])
        return self.listed(rows, ApplicationSerializer)

    @extend_schema(parameters=[id_parameter("application_id")], responses=ApplicationDetailSerializer)
    def retrieve(self, request: ApiRequest, application_id: int) -> Response:
        """Read one application with all that bears on the decision."""
        return self.shown(self._application(application_id), ApplicationDetailSerializer)

    @extend_schema(
        parameters=[id_parameter("application_id")], request=Taking, responses={200: ApplicationSerializer}
    )
    def take(self, request: ApiRequest, application_id: int) -> Response:
        """Become the owner of an application."""
        application, values = self._application(application_id), self.body(Taking)
        owner = application.owner if application.owner_id == values.get("instead_of") else None
        take_application(application, by=request.user, instead_of=owner)
        return self._now(application_id)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=QuestionSent,
        responses={200: ApplicationSerializer},
    )
    def ask(self, request: ApiRequest, application_id: int) -> Response:
        """Ask the applicant for more; the clock stands still until the answer comes."""
        application, values = self._application(application_id), self.body(QuestionSent)
        ask_applicant(application, values["words"], by=request.user)
        return self._now(application_id)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=NoteSent,
        responses={200: ApplicationNoteSerializer},
    )
    def note(self, request: ApiRequest, application_id: int) -> Response:
        """Note something for other reviewers; the applicant never sees it."""
        application, values = self._application(application_id), self.body(NoteSent)
        return self.shown(
            note_application(application, values["text"], by=request.user), ApplicationNoteSerializer
        )

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=ReasonSent,
        responses={200: ApplicationSerializer},
    )
    def escalate(self, request: ApiRequest, application_id: int) -> Response:
        """Make it a matter of two: from then on two reviewers have to agree."""
        application, values = self._application(application_id), self.body(ReasonSent)
        ask_second_reviewer(application, values["reason"], by=request.user)
        return self._now(application_id)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=ReasonSent,
        responses={200: ApplicationSerializer},
    )
    def waive(self, request: ApiRequest, application_id: int) -> Response:
        """Go without the vouches that are missing."""
        application, values = self._application(application_id), self.body(ReasonSent)
        waive_vouches(application, values["reason"], by=request.user)
        return self._now(application_id)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=CompanySent,
        responses={200: ApplicationSerializer},
    )
    def settle(self, request: ApiRequest, application_id: int) -> Response:
        """Say which company the applicant belongs to."""
        application, values = self._application(application_id), self.body(CompanySent)
        with unlike_the_rest():
            settle_company(application, values["company"] or "", by=request.user)
        return self._now(application_id)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=PlaceSent,
        responses={200: ApplicationSerializer},
    )
    def move(self, request: ApiRequest, application_id: int) -> Response:
        """Give it another place on the waitlist."""
        application, values = self._application(application_id), self.body(PlaceSent)
        # How many wait, nobody knows who writes a request.
        with unlike_the_rest():
            move_on_waitlist(application, values["place"], by=request.user, reason=values["reason"])
        return self._now(application_id)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=JudgementsSent,
        responses={200: ApplicationDetailSerializer},
    )
    def assess(self, request: ApiRequest, application_id: int) -> Response:
        """Judge criteria; what was said before about the same ones is replaced."""
        application, values = self._application(application_id), self.body(JudgementsSent)
        assess_application(application, _judgements(values["judgements"]), by=request.user)
        return self.shown(self._application(application_id), ApplicationDetailSerializer)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=AcceptanceSent,
        responses={200: ApplicationDetailSerializer},
    )
    def accept(self, request: ApiRequest, application_id: int) -> Response:
        """Accept, which takes effect when as many reviewers agree as are needed: a place, or the waitlist."""
        return self._decide(request, application_id, AcceptanceSent, accepts=True)

    @extend_schema(
        parameters=[id_parameter("application_id")],
        request=DeclineSent,
        responses={200: ApplicationDetailSerializer},
    )
    def decline(self, request: ApiRequest, application_id: int) -> Response:
        """Decline, which takes effect when as many reviewers agree as are needed."""
        return self._decide(request, application_id, DeclineSent, accepts=False)

    def _decide(
        self, request: ApiRequest, application_id: int, sent: type[StrictSerializer], *, accepts: bool
    ) -> Response:
        application, values = self._application(application_id), self.body(sent)
        # What is missing stands not in the request but with the application: a criterion, a vouch.
        with unlike_the_rest():
            decide_application(
                application,
                by=request.user,
                accepts=accepts,
                words=values.get("words", ""),
                judgements=_judgements(values.get("judgements", [])),
            )
        return self.shown(self._application(application_id), ApplicationDetailSerializer)

    def _application(self, application_id: int) -> Application:
        return found(self.get_queryset(), pk=application_id)

    def _now(self, application_id: int) -> Response:
        return self.shown(self._application(application_id), ApplicationSerializer)


def _judgements(sent: Any) -> Any:
    return [
        Judgement(
            found(Criterion.objects.all(), pk=one["criterion"]),
            Verdict(one["verdict"]),
            one["reason"],
        )
        for one in sent
    ]
