"""Polls as JSON, with the results where `can_see_results` gives them to this member, and null everywhere else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import (
    AddressField,
    FlagField,
    IdField,
    ListQuery,
    MomentField,
    NumberField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from community.core.api.pagination import Keyset
from community.core.api.schema import IDEMPOTENCY_KEY, id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.errors import Conflict
from discussions.actions.poll import (
    HIGHEST_QUORUM,
    MOST_OUTCOME_DAYS,
    Option,
    PollRules,
    close_poll,
    create_poll,
    delete_poll,
    extend_poll,
    vote_in_poll,
    write_outcome,
)
from discussions.api.topic import SpaceReference
from discussions.models import (
    MOST_DOTS,
    OUTCOME_LENGTH,
    POLL_ABOUT_LENGTH,
    POLL_OPTION_LENGTH,
    POLL_OPTIONS,
    POLL_TITLE_LENGTH,
    Electorate,
    Poll,
    PollKind,
    PollOption,
    ResultsShown,
    Secrecy,
    Space,
    Topic,
    VotePer,
    Voter,
)
from discussions.queries.poll_results import Results, results_of
from members.api.people import MemberReference
from members.requests import ApiRequest


class PollOptionSerializer(serializers.Serializer[PollOption]):
    id = serializers.IntegerField()
    label = serializers.CharField(help_text=_("Empty for a poll that finds a date."))  # type: ignore[assignment]
    starts_at = MomentField(allow_null=True)


class PollSerializer(serializers.Serializer[Poll]):
    """Nothing here is a result; how many voted is one too (rule 4.2)."""

    id = serializers.IntegerField()
    url = AddressField()
    space = SpaceReference(source="place")
    topic = serializers.IntegerField(source="topic_id", allow_null=True)
    kind = serializers.ChoiceField(PollKind.choices)
    title = serializers.CharField()
    about = serializers.CharField()
    author = MemberReference(allow_null=True, help_text=_("Null where the author is not named."))
    options = PollOptionSerializer(many=True, source="options.all")
    results_shown = serializers.ChoiceField(ResultsShown.choices, source="results")
    electorate = serializers.ChoiceField(Electorate.choices)
    vote_per = serializers.ChoiceField(VotePer.choices)
    secrecy = serializers.ChoiceField(Secrecy.choices)
    may_change = serializers.BooleanField(help_text=_("Whether a vote can be changed until the close."))
    can_need_information = serializers.BooleanField()
    quorum = serializers.IntegerField()
    most_choices = serializers.IntegerField()
    dots = serializers.IntegerField()
    created_at = MomentField()
    closes_at = MomentField()
    closed_at = MomentField(allow_null=True)
    outcome = serializers.CharField(help_text=_("What was done with it."))
    outcome_due_at = MomentField(allow_null=True)
    outcome_at = MomentField(allow_null=True)


class OptionResultSerializer(serializers.Serializer[Any]):
    option = serializers.IntegerField(source="option_id")
    value = serializers.FloatField(
        help_text=_("Votes, dots, the mean score, for how many a date suits, or how many others it beats.")
    )
    note = serializers.CharField()


class ResultsSerializer(serializers.Serializer[Any]):
    finding = serializers.CharField()
    method = serializers.CharField()
    votes = serializers.IntegerField()
    need_information = serializers.IntegerField()
    is_quorate = serializers.BooleanField()
    winners = serializers.ListField(child=serializers.IntegerField())
    options = OptionResultSerializer(many=True, source="rows")


class PollDetailSerializer(PollSerializer):
    has_voted = serializers.SerializerMethodField()
    results = serializers.SerializerMethodField(help_text=_("Null while they are not shown to this member."))
    why_no_results = serializers.SerializerMethodField()

    @extend_schema_field(serializers.BooleanField)
    def get_has_voted(self, poll: Poll) -> bool:
        return bool(poll.__dict__["has_voted"])

    @extend_schema_field(ResultsSerializer(allow_null=True))
    def get_results(self, poll: Poll) -> dict[str, Any] | None:
        results = poll.__dict__["found_results"]
        return ResultsSerializer(results).data if isinstance(results, Results) else None

    @extend_schema_field(serializers.CharField)
    def get_why_no_results(self, poll: Poll) -> str:
        results = poll.__dict__["found_results"]
        return "" if isinstance(results, Results) else results


class PollListQuery(ListQuery):
    space = IdField(required=False, help_text=_("Only polls of this space and of its topics."))
    topic = IdField(required=False, help_text=_("Only polls of this topic."))
    open = YesNoField(required=False, help_text=_("Only those that take votes, or only those that do not."))


class PollDraft(StrictSerializer):
    space = IdField(required=False, help_text=_("Either this, or a topic."))
    topic = IdField(required=False)
    kind = serializers.ChoiceField(PollKind.choices, default=PollKind.SINGLE.value)
    title = TextField(max_length=POLL_TITLE_LENGTH)
    about = TextField(max_length=POLL_ABOUT_LENGTH, required=False)
    options = serializers.ListField(
        child=TextField(max_length=POLL_OPTION_LENGTH), max_length=POLL_OPTIONS, default=list
    )
    dates = serializers.ListField(
        child=MomentField(),
        max_length=POLL_OPTIONS,
        default=list,
        help_text=_("The options of a poll that finds a date."),
    )
    closes_at = MomentField()
    results_shown = serializers.ChoiceField(ResultsShown.choices, default=ResultsShown.AFTER_VOTING.value)
    electorate = serializers.ChoiceField(Electorate.choices, default=Electorate.READERS.value)
    vote_per = serializers.ChoiceField(VotePer.choices, default=VotePer.MEMBER.value)
    secrecy = serializers.ChoiceField(Secrecy.choices, default=Secrecy.SUMS.value)
    may_change = FlagField(default=False)
    can_need_information = FlagField(default=False)
    quorum = NumberField(min_value=0, max_value=HIGHEST_QUORUM, default=0)
    most_choices = NumberField(min_value=0, max_value=POLL_OPTIONS, default=0)
    dots = NumberField(min_value=1, max_value=MOST_DOTS, default=8)
    outcome_days = NumberField(min_value=1, max_value=MOST_OUTCOME_DAYS, default=14)


class PollChange(StrictSerializer):
    closes_at = MomentField(help_text=_("Later than now settled; to end it, close it."))


class Mark(StrictSerializer):
    option = IdField()
    weight = NumberField(
        min_value=0,
        max_value=MOST_DOTS,
        default=1,
        help_text=_("1 for a choice, the place, the dots, the score; for dates 2 suits, 1 if need be."),
    )


class VoteDraft(StrictSerializer):
    marks = serializers.ListField(child=Mark(), max_length=POLL_OPTIONS, default=list)
    needs_information = FlagField(default=False)


class OutcomeDraft(StrictSerializer):
    words = TextField(max_length=OUTCOME_LENGTH)


class PollEndpoint(Endpoint):
    """Polls of the spaces the member may see. Votes go in by one request and never come out with a name."""

    noun = "poll"
    keyset = Keyset(("created_at", "pk"), (datetime, int), falling=True)
    queries = {"list": PollListQuery}

    def get_queryset(self) -> QuerySet[Poll]:
        polls: QuerySet[Poll] = Poll.objects.visible_to(self.request.user).with_place()
        return polls.prefetch_related("options")

    @extend_schema(parameters=[PollListQuery], responses=PollSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List polls, newest first, without results."""
        polls, query = self.get_queryset(), self.query
        if "space" in query:
            space = found(Space.objects.visible_to(request.user), pk=query["space"])
            polls = polls.filter(Q(space=space) | Q(topic__space=space))
        if "topic" in query:
            polls = polls.filter(topic=found(Topic.objects.visible_to(request.user), pk=query["topic"]))
        if "open" in query:
            takes_votes = Q(closed_at__isnull=True, closes_at__gt=timezone.now())
            polls = polls.filter(takes_votes if query["open"] else ~takes_votes)
        return self.listed(polls, PollSerializer)

    @extend_schema(parameters=[id_parameter("poll_id")], responses=PollDetailSerializer)
    def retrieve(self, request: ApiRequest, poll_id: int) -> Response:
        """Read one poll, with its results where they are shown to the member."""
        return self._shown(self._poll(poll_id))

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=PollDraft, responses={201: PollDetailSerializer})
    def create(self, request: ApiRequest) -> Response:
        """Ask a poll, in a topic or on its own in a space."""
        values = self.body(PollDraft)
        place = self._place(values)
        options: Sequence[Option] = values["dates"] or values["options"]
        rules = PollRules(
            kind=PollKind(values["kind"]),
            closes_at=values["closes_at"],
            results=ResultsShown(values["results_shown"]),
            electorate=Electorate(values["electorate"]),
            vote_per=VotePer(values["vote_per"]),
            secrecy=Secrecy(values["secrecy"]),
            may_change=values["may_change"],
            can_need_information=values["can_need_information"],
            quorum=values["quorum"],
            most_choices=values["most_choices"],
            dots=values["dots"],
            outcome_days=values["outcome_days"],
        )
        key = self.idempotency_key()
        with unlike_the_rest():
            poll = create_poll(
                place,
                by=request.user,
                title=values["title"],
                about=values.get("about", ""),
                options=options,
                rules=rules,
                idempotency_key=key,
            )
        return self._shown(poll, status=201)

    @extend_schema(
        parameters=[id_parameter("poll_id")], request=PollChange, responses={200: PollDetailSerializer}
    )
    def partial_update(self, request: ApiRequest, poll_id: int) -> Response:
        """Leave a running poll open for longer."""
        poll, values = self._poll(poll_id), self.body(PollChange)
        with unlike_the_rest():
            poll = extend_poll(poll, by=request.user, closes_at=values["closes_at"])
        return self._shown(poll)

    @extend_schema(parameters=[id_parameter("poll_id")], responses={204: None})
    def destroy(self, request: ApiRequest, poll_id: int) -> Response:
        """Take a poll away, with its votes."""
        poll, _nothing = self._poll(poll_id), self.body(StrictSerializer)
        delete_poll(poll, by=request.user)
        return Response(status=204)

    @extend_schema(
        parameters=[id_parameter("poll_id")], request=VoteDraft, responses={200: PollDetailSerializer}
    )
    def vote(self, request: ApiRequest, poll_id: int) -> Response:
        """Cast a ballot, or change one's own where the poll allows it."""
        poll, values = self._poll(poll_id), self.body(VoteDraft)
        marks = {mark["option"]: mark["weight"] for mark in values["marks"]}
        if len(marks) < len(values["marks"]):
            raise Conflict(gettext("Each option once."))
        with unlike_the_rest():
            vote_in_poll(poll, by=request.user, marks=marks, needs_information=values["needs_information"])
        return self._shown(self._poll(poll_id))

    @extend_schema(parameters=[id_parameter("poll_id")], request=None, responses={200: PollDetailSerializer})
    def close(self, request: ApiRequest, poll_id: int) -> Response:
        """End a poll now."""
        poll, _nothing = self._poll(poll_id), self.body(StrictSerializer)
        return self._shown(close_poll(poll, by=request.user))

    @extend_schema(
        parameters=[id_parameter("poll_id")], request=OutcomeDraft, responses={200: PollDetailSerializer}
    )
    def outcome(self, request: ApiRequest, poll_id: int) -> Response:
        """Say what was done with a closed poll; its voters are told."""
        poll, values = self._poll(poll_id), self.body(OutcomeDraft)
        with unlike_the_rest():
            poll = write_outcome(poll, by=request.user, words=values["words"])
        return self._shown(poll)

    def _poll(self, poll_id: int) -> Poll:
        return found(self.get_queryset(), pk=poll_id)

    def _place(self, values: dict[str, Any]) -> Space | Topic:
        user = self.request.user
        if ("space" in values) == ("topic" in values):
            raise Conflict(gettext("A poll stands either in a space or in a topic. Send one of the two."))
        if "topic" in values:
            return found(Topic.objects.visible_to(user).select_related("space"), pk=values["topic"])
        return found(Space.objects.visible_to(user), pk=values["space"])

    def _shown(self, poll: Poll, *, status: int = 200) -> Response:
        """With what this member may know, asked where the page asks."""
        user: Any = self.request.user
        has_voted = Voter.objects.filter(poll=poll, member=user).exists()
        poll.__dict__["has_voted"] = has_voted
        poll.__dict__["found_results"] = results_of(
            poll, user, options=list(poll.options.all()), has_voted=has_voted, now=timezone.now()
        )
        return self.shown(poll, PollDetailSerializer, status=status)
