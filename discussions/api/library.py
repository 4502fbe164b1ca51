"""Resources and collections as JSON, with the names that the pages have and no others."""

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
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
)
from community.core.api.pagination import Keyset
from community.core.api.schema import IDEMPOTENCY_KEY, id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from community.core.errors import Conflict
from community.core.text import MAX_SOURCE, Prose, SourceFormat
from discussions.actions.contribution import MOST_PASSAGES, answer_consent, ask_contributors, make_resource
from discussions.actions.resource import (
    DISSENT_LENGTH,
    LINK_LENGTH,
    NOTE_LENGTH,
    REASON_LENGTH,
    ResourceWords,
    create_resource,
    edit_resource,
    note_reader,
    publish_resource,
    restore_resource,
    retire_resource,
    return_resource,
    say_outcome,
    submit_resource,
    unsay_outcome,
)
from discussions.api.topic import HIGHEST_VERSION, SpaceReference
from discussions.models import (
    SUMMARY_LENGTH,
    TITLE_LENGTH,
    Collection,
    Consent,
    Outcome,
    Part,
    Post,
    Resource,
    ResourceContributor,
    ResourceKind,
    ResourceState,
    Space,
    Topic,
)
from discussions.queries.library import resource_page
from members.api.people import MemberReference
from members.requests import ApiRequest

# --- what is shown ----------------------------------------------------------------------------------------------


class ResourceSerializer(serializers.Serializer[Resource]):
    id = serializers.IntegerField()
    url = AddressField()
    space = SpaceReference()
    kind = serializers.ChoiceField(ResourceKind.choices)
    state = serializers.ChoiceField(ResourceState.choices)
    title = serializers.CharField()
    summary = serializers.CharField()
    link = serializers.CharField(help_text=_("Where it leads; empty where it leads nowhere."))
    owner = MemberReference()
    version = serializers.IntegerField(help_text=_("To be sent with a change."))
    topic = serializers.IntegerField(
        source="topic_id", allow_null=True, help_text=_("The thread where it is talked about.")
    )
    published_at = MomentField(allow_null=True)
    retired_at = MomentField(allow_null=True)
    review_on = serializers.DateField(allow_null=True, help_text=_("When it is to be looked at again."))
    used_count = serializers.IntegerField(help_text=_("How many used it."))
    changed_count = serializers.IntegerField(help_text=_("How many decisions it changed."))


class PassageSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    lead = serializers.CharField()
    html = serializers.CharField()
    part = serializers.CharField()
    contributor = serializers.CharField(
        allow_null=True, help_text=_("Null where the author does not want to be named.")
    )
    post = serializers.CharField(
        allow_null=True, help_text=_("The address of the post; null where it would name somebody.")
    )


class ResourceWithText(ResourceSerializer):
    body = serializers.CharField(source="source", help_text=_("As it was written."))
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], source="source_format"
    )
    html = serializers.CharField(help_text=_("As it is read: sanitised."))
    dissent = serializers.CharField(help_text=_("Who saw it otherwise."))
    passages = serializers.SerializerMethodField()

    @extend_schema_field(PassageSerializer(many=True))
    def get_passages(self, resource: Resource) -> list[dict[str, Any]]:
        request = self.context["request"]
        page = resource_page(resource, request.user)
        return [
            {
                "id": row.id,
                "lead": row.lead,
                "html": str(row.html),
                "part": row.part_label,
                "contributor": row.credit or None,
                "post": request.build_absolute_uri(row.source_url) if row.source_url else None,
            }
            for row in [*page.passages, *page.challenges]
        ]


class CollectionSerializer(serializers.Serializer[Collection]):
    id = serializers.IntegerField()
    url = AddressField()
    space = SpaceReference()
    name = serializers.CharField()
    why = serializers.CharField(help_text=_("Why these belong together."))
    curator = MemberReference()
    created_at = MomentField()


class CollectionWithItems(CollectionSerializer):
    resources = serializers.SerializerMethodField(help_text=_("Ids, in their order."))

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_resources(self, collection: Collection) -> list[int]:
        readable = Resource.objects.visible_to(self.context["request"].user).published()
        return list(collection.items.filter(resource__in=readable).values_list("resource", flat=True))


# --- what may be sent -------------------------------------------------------------------------------------------


class ResourceListQuery(ListQuery):
    space = IdField(required=False, help_text=_("Only those of this space."))
    kind = serializers.ChoiceField(ResourceKind.choices, required=False)


class WordsFields(StrictSerializer):
    kind = serializers.ChoiceField(ResourceKind.choices, required=False)
    summary = TextField(max_length=SUMMARY_LENGTH, required=False)
    link = TextField(max_length=LINK_LENGTH, required=False, help_text=_("Begins with https:// or http://."))
    body = TextField(max_length=MAX_SOURCE, required=False)
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], default=SourceFormat.MARKDOWN.value
    )
    dissent = TextField(max_length=DISSENT_LENGTH, required=False)
    is_undisputed = FlagField(required=False, help_text=_("Nobody in the thread saw it otherwise."))
    review_on = serializers.DateField(required=False, help_text=_("A day after today."))


class ResourceDraft(WordsFields):
    space = IdField()
    title = TextField(max_length=TITLE_LENGTH)


class ResourceChange(WordsFields):
    title = TextField(max_length=TITLE_LENGTH, required=False)
    version = NumberField(
        min_value=1, max_value=HIGHEST_VERSION, help_text=_("The version the change started from.")
    )
    note = TextField(max_length=NOTE_LENGTH, required=False, help_text=_("Readers see it."))


class ResourceMaking(StrictSerializer):
    posts = serializers.ListField(child=IdField(), min_length=1, max_length=MOST_PASSAGES)
    title = TextField(max_length=TITLE_LENGTH)
    kind = serializers.ChoiceField(ResourceKind.choices, default=ResourceKind.ARTICLE.value)
    challenges = serializers.ListField(
        child=IdField(),
        max_length=MOST_PASSAGES,
        default=list,
        help_text=_("Those of the posts that saw it otherwise."),
    )


class ReasonBody(StrictSerializer):
    reason = TextField(max_length=REASON_LENGTH, help_text=_("One sentence."))


class PassageWords(StrictSerializer):
    passage = IdField()
    body = TextField(max_length=MAX_SOURCE)
    body_format = serializers.ChoiceField(
        [(value.value, value.value) for value in SourceFormat], default=SourceFormat.MARKDOWN.value
    )


class ConsentAnswer(StrictSerializer):
    choice = serializers.ChoiceField([choice for choice in Consent.choices if choice[0]])
    words = serializers.ListField(
        child=PassageWords(),
        max_length=MOST_PASSAGES,
        default=list,
        help_text=_(
            "One's own passages as they are to stand there; those that are not sent stay as they are."
        ),
    )
    may_leave = FlagField(default=False, help_text=_("Others than the readers of the space may read it too."))


class OutcomeTap(StrictSerializer):
    outcome = serializers.ChoiceField(Outcome.choices)
    is_said = FlagField(default=True, help_text=_("False takes it back."))


# --- endpoints --------------------------------------------------------------------------------------------------


class ResourceEndpoint(Endpoint):
    """The library: what is published in the spaces the member may see, and the member's own drafts by their ids."""

    noun = "resource"
    keyset = Keyset(("published_at", "pk"), (datetime, int), falling=True)
    queries = {"list": ResourceListQuery}

    def get_queryset(self) -> QuerySet[Resource]:
        return Resource.objects.visible_to(self.request.user).select_related("space", "owner")

    @extend_schema(parameters=[ResourceListQuery], responses=ResourceSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List what is published, the newest first."""
        resources = self.get_queryset().filter(published_at__isnull=False, retired_at__isnull=True)
        if "space" in self.query:
            resources = resources.filter(
                space=found(Space.objects.visible_to(request.user), pk=self.query["space"])
            )
        if "kind" in self.query:
            resources = resources.filter(kind=self.query["kind"])
        return self.listed(resources, ResourceSerializer)

    @extend_schema(parameters=[id_parameter("resource_id")], responses=ResourceWithText)
    def retrieve(self, request: ApiRequest, resource_id: int) -> Response:
        """Read one, with its passages."""
        resource = self._resource(resource_id)
        note_reader(resource, by=request.user)
        return self.shown(resource, ResourceWithText)

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=ResourceDraft, responses={201: ResourceWithText})
    def create(self, request: ApiRequest) -> Response:
        """Begin a draft."""
        values = self.body(ResourceDraft)
        with unlike_the_rest():
            resource = create_resource(
                found(Space.objects.visible_to(request.user), pk=values["space"]),
                by=request.user,
                words=_words(values, None),
                idempotency_key=self.idempotency_key(),
            )
        return self.shown(self._resource(resource.pk), ResourceWithText, status=201)

    @extend_schema(
        parameters=[id_parameter("resource_id")], request=ResourceChange, responses=ResourceWithText
    )
    def partial_update(self, request: ApiRequest, resource_id: int) -> Response:
        """Change it; what is not sent stays."""
        resource, values = self._resource(resource_id), self.body(ResourceChange)
        with unlike_the_rest():
            edit_resource(
                resource,
                by=request.user,
                words=_words(values, resource),
                version=values["version"],
                note=values.get("note", ""),
            )
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(parameters=[id_parameter("resource_id")], request=None, responses={200: ResourceWithText})
    def ask(self, request: ApiRequest, resource_id: int) -> Response:
        """Ask those whose words stand in it; they have five days."""
        resource, _nothing = self._resource(resource_id), self.body(StrictSerializer)
        ask_contributors(resource, by=request.user)
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(parameters=[id_parameter("resource_id")], request=ConsentAnswer, responses={204: None})
    def consent(self, request: ApiRequest, resource_id: int) -> Response:
        """Say whether one's own words may stand in it, in which words, and with one's name or without."""
        resource, values = self._resource(resource_id), self.body(ConsentAnswer)
        own = ResourceContributor.objects.filter(resource=resource, member=request.user).first()
        if own is None:
            raise Http404
        choice = Consent(values["choice"])
        words = {
            row["passage"]: Prose(row["body"], SourceFormat(row["body_format"])) for row in values["words"]
        }
        if len(words) < len(values["words"]):
            raise Conflict(str(_("Each passage once.")))
        if words and choice == Consent.REFUSED:
            raise Conflict(str(_("Words that you refuse leave it. Send none with a refusal.")))
        if not words.keys() <= set(own.passages.values_list("pk", flat=True)):
            raise Conflict(str(_("One of these passages is not yours, or not there any more.")))
        with unlike_the_rest():
            answer_consent(
                resource, by=request.user, choice=choice, words=words, may_leave=values["may_leave"]
            )
        return Response(status=204)

    @extend_schema(parameters=[id_parameter("resource_id")], request=None, responses={200: ResourceWithText})
    def submit(self, request: ApiRequest, resource_id: int) -> Response:
        """Hand in a draft."""
        resource, _nothing = self._resource(resource_id), self.body(StrictSerializer)
        with unlike_the_rest():
            submit_resource(resource, by=request.user)
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(parameters=[id_parameter("resource_id")], request=None, responses={200: ResourceWithText})
    def publish(self, request: ApiRequest, resource_id: int) -> Response:
        """Put it into the library."""
        resource, _nothing = self._resource(resource_id), self.body(StrictSerializer)
        with unlike_the_rest():
            publish_resource(resource, by=request.user)
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(
        operation_id="resource_return",
        parameters=[id_parameter("resource_id")],
        request=ReasonBody,
        responses={200: ResourceWithText},
    )
    def give_back(self, request: ApiRequest, resource_id: int) -> Response:
        """Return it to its owner, with what is to be changed."""
        resource, values = self._resource(resource_id), self.body(ReasonBody)
        with unlike_the_rest():
            return_resource(resource, by=request.user, reason=values["reason"])
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(
        parameters=[id_parameter("resource_id")], request=ReasonBody, responses={200: ResourceWithText}
    )
    def retire(self, request: ApiRequest, resource_id: int) -> Response:
        """Take it out of the library."""
        resource, values = self._resource(resource_id), self.body(ReasonBody)
        with unlike_the_rest():
            retire_resource(resource, by=request.user, reason=values["reason"])
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(parameters=[id_parameter("resource_id")], request=None, responses={200: ResourceWithText})
    def restore(self, request: ApiRequest, resource_id: int) -> Response:
        """Bring a retired one back."""
        resource, _nothing = self._resource(resource_id), self.body(StrictSerializer)
        restore_resource(resource, by=request.user)
        return self.shown(self._resource(resource_id), ResourceWithText)

    @extend_schema(
        parameters=[id_parameter("resource_id")], request=OutcomeTap, responses={200: ResourceWithText}
    )
    def outcome(self, request: ApiRequest, resource_id: int) -> Response:
        """Say what it was good for, or take it back."""
        resource, values = self._resource(resource_id), self.body(OutcomeTap)
        tap = say_outcome if values["is_said"] else unsay_outcome
        tap(resource, Outcome(values["outcome"]), by=request.user)
        return self.shown(self._resource(resource_id), ResourceWithText)

    def _resource(self, resource_id: int) -> Resource:
        return found(self.get_queryset(), pk=resource_id)


class TopicResourceEndpoint(Endpoint):
    """What a thread belongs to, and making something of it."""

    noun = "resource"
    keyset = Keyset(("pk",), (int,))
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Resource]:
        return Resource.objects.visible_to(self.request.user).select_related("space", "owner")

    @extend_schema(
        operation_id="topic_resource_list",
        parameters=[id_parameter("topic_id"), ListQuery],
        responses=ResourceSerializer(many=True),
    )
    def list(self, request: ApiRequest, topic_id: int) -> Response:
        """List the resources of a thread."""
        topic = found(Topic.objects.visible_to(request.user), pk=topic_id)
        return self.listed(self.get_queryset().filter(sources__topic=topic), ResourceSerializer)

    @extend_schema(
        operation_id="topic_resource_create",
        parameters=[id_parameter("topic_id")],
        request=ResourceMaking,
        responses={201: ResourceWithText},
    )
    def create(self, request: ApiRequest, topic_id: int) -> Response:
        """Make a draft of posts of the thread. Those who wrote them are asked before it is published."""
        topic, values = found(Topic.objects.visible_to(request.user), pk=topic_id), self.body(ResourceMaking)
        posts = Post.objects.visible_to(request.user).filter(topic=topic).in_bulk(values["posts"])
        if len(posts) != len(set(values["posts"])):
            raise Conflict(str(_("One of these posts is not there any more. Choose again.")))
        with unlike_the_rest():
            resource = make_resource(
                [posts[pk] for pk in dict.fromkeys(values["posts"])],
                by=request.user,
                kind=ResourceKind(values["kind"]),
                title=values["title"],
                parts=dict.fromkeys(values["challenges"], Part.CHALLENGED),
            )
        return self.shown(found(self.get_queryset(), pk=resource.pk), ResourceWithText, status=201)


class CollectionEndpoint(Endpoint):
    """Collections that a curator put together."""

    noun = "collection"
    keyset = Keyset(("created_at", "pk"), (datetime, int), falling=True)
    queries = {"list": ListQuery}

    def get_queryset(self) -> QuerySet[Collection]:
        return Collection.objects.visible_to(self.request.user).select_related("space", "curator")

    @extend_schema(parameters=[ListQuery], responses=CollectionSerializer(many=True))
    def list(self, request: ApiRequest) -> Response:
        """List them, the newest first."""
        return self.listed(self.get_queryset(), CollectionSerializer)

    @extend_schema(parameters=[id_parameter("collection_id")], responses=CollectionWithItems)
    def retrieve(self, request: ApiRequest, collection_id: int) -> Response:
        """Read one, with the ids of what is in it."""
        return self.shown(found(self.get_queryset(), pk=collection_id), CollectionWithItems)


def _words(values: dict[str, Any], now: Resource | None) -> ResourceWords:
    """What was sent, and for the rest what stands there."""

    def value(name: str, otherwise: Any) -> Any:
        return values.get(name, otherwise if now is None else getattr(now, name))

    prose = None if now is None else Prose(now.source, SourceFormat(now.source_format))
    if "body" in values:
        prose = Prose(values["body"], SourceFormat(values["body_format"]))
    review_on: date | None = value("review_on", None)
    return ResourceWords(
        kind=ResourceKind(value("kind", ResourceKind.ARTICLE)),
        title=value("title", ""),
        summary=value("summary", ""),
        link=value("link", ""),
        prose=prose,
        dissent=value("dissent", ""),
        is_undisputed=value("is_undisputed", False),
        review_on=review_on,
    )
