"""Spaces, topics, posts and tags in the admin: what a moderator or manager sees on the site, and the same actions."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import COUNTED_ROWS, ActionModelForm, CommunityModelAdmin
from community.core.errors import Invalid
from community.core.http import whole_number
from community.core.models import Module, SearchEntry, SearchKind
from community.core.permissions import Decision, Denied
from community.core.search import CONFIG
from community.core.text import Prose, SourceFormat
from discussions.actions.canned_reason import create_canned_reason, delete_canned_reason, edit_canned_reason
from discussions.actions.case import release_case, take_case
from discussions.actions.moderation import Terms, acts_of, rule_case, undo_ruling
from discussions.actions.poll import close_poll, delete_poll
from discussions.actions.post import delete_post, restore_post
from discussions.actions.resource import publish_resource, retire_resource
from discussions.actions.sanction import SHORTEST_QUIET, lift_sanction, quiet_member, warn_member
from discussions.actions.space import add_space_member, create_space, edit_space, remove_space_member
from discussions.actions.steward import end_steward
from discussions.actions.tag import edit_tag
from discussions.actions.topic import close_topic, reopen_topic
from discussions.models import (
    RULING_WORDS_LENGTH,
    CannedReason,
    Case,
    CaseKind,
    CaseState,
    Poll,
    Post,
    Report,
    Resource,
    ResourceState,
    RulingAct,
    Space,
    SpaceMembership,
    SpacePreset,
    SpaceSteward,
    Tag,
    Topic,
    TopicKind,
    default_topic_kinds,
    visible_space_ids,
    visible_spaces,
)
from discussions.permissions import (
    can_edit_canned_reasons,
    can_edit_tag,
    can_manage_space,
    can_manage_spaces,
    can_moderate,
    can_see_queue,
    can_see_reports,
)
from discussions.queries.moderation import canned_reasons, source_of
from members.forms.standing import LastDayField
from members.models import Member, Sanction, SanctionGrade
from members.requests import MemberRequest

# --- spaces -----------------------------------------------------------------------------------------------------


class SpaceForm(ActionModelForm):
    topic_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Topics that belong here"),
        choices=TopicKind.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=default_topic_kinds,
    )

    class Meta:
        model = Space
        fields = ("name", "purpose", "preset", "topic_kinds")


@admin.register(Space)
class SpaceAdmin(CommunityModelAdmin[Space]):
    form = SpaceForm
    list_display = ("name", "preset", "purpose", "position", "archived_at")
    list_filter = ("preset",)
    ordering = ("position", "name")
    search_fields = ("name", "slug")

    def may_view(self, user: Member) -> Decision:
        return can_manage_spaces(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: MemberRequest, obj: Space | None = None) -> bool:  # type: ignore[override]
        return bool(can_manage_spaces(request.user) if obj is None else can_manage_space(request.user, obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Space]:
        return Space.objects.visible_to(request.user).order_by(*self.ordering)

    def save_model(self, request: MemberRequest, obj: Space, form: Any, change: bool) -> None:  # type: ignore[override]
        words = {
            "name": form.cleaned_data["name"],
            "purpose": form.cleaned_data["purpose"],
            "preset": SpacePreset(form.cleaned_data["preset"]),
            "topic_kinds": [TopicKind(kind) for kind in form.cleaned_data["topic_kinds"]],
        }
        if change:
            edit_space(obj, by=request.user, **words)
        else:
            obj.pk = create_space(by=request.user, **words).pk


class SpaceMembershipForm(ActionModelForm):
    class Meta:
        model = SpaceMembership
        fields = ("space", "member")


class SpaceFilter(admin.SimpleListFilter):
    """The spaces this person may see, from the query that resolves them for the request anyway."""

    title = gettext_lazy("space")
    parameter_name = "space"
    # From the row of the list to its space.
    path = "space"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(space.pk), space.name) for space in visible_spaces(request.user)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = dict(self.lookup_choices).keys() & {self.value()}
        return queryset.filter(**{self.path: chosen.pop()}) if chosen else queryset


class PostSpaceFilter(SpaceFilter):
    path = "topic__space"


@admin.register(SpaceMembership)
class SpaceMembershipAdmin(CommunityModelAdmin[SpaceMembership]):
    """Who is listed where. A room may list thousands, so it is a list of its own and not a part of the room's page."""

    form = SpaceMembershipForm
    list_display = ("member", "space", "added_by", "created_at")
    list_filter = (SpaceFilter,)
    list_select_related = ("member", "space", "added_by")
    search_fields = ("member__display_name", "member__handle")
    autocomplete_fields = ("member",)
    actions = ("take_off",)

    def may_view(self, user: Member) -> Decision:
        return can_manage_spaces(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SpaceMembership]:
        return SpaceMembership.objects.filter(space__in=visible_space_ids(request.user)).order_by("-id")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "space":
            kwargs["queryset"] = Space.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(  # type: ignore[override]
        self, request: MemberRequest, obj: SpaceMembership, form: Any, change: bool
    ) -> None:
        obj.pk = add_space_member(obj.space, obj.member, by=request.user).pk

    @admin.action(description=gettext_lazy("Take off the list"), permissions=["view"])
    def take_off(self, request: MemberRequest, queryset: QuerySet[SpaceMembership]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("space", "member"),
            question=_("Take off the list: it holds from their next request on"),
            button=_("Take off the list"),
            act=lambda row, _words: remove_space_member(row.space, row.member, by=request.user),
        )


@admin.register(SpaceSteward)
class SpaceStewardAdmin(CommunityModelAdmin[SpaceSteward]):
    """Who looks after which space; named and ended on the pages of the space."""

    list_display = ("member", "space", "granted_by", "created_at", "until")
    list_filter = (SpaceFilter,)
    list_select_related = ("member", "space", "granted_by")
    search_fields = ("member__display_name", "member__handle")
    actions = ("end",)

    def may_view(self, user: Member) -> Decision:
        return can_manage_spaces(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SpaceSteward]:
        return SpaceSteward.objects.filter(space__in=visible_space_ids(request.user)).order_by("-id")

    @admin.action(description=gettext_lazy("End"), permissions=["view"])
    def end(self, request: MemberRequest, queryset: QuerySet[SpaceSteward]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("space", "member"),
            question=_("End: they look after the space no longer"),
            button=_("End"),
            act=lambda row, _words: end_steward(row.space, row.member, by=request.user),
        )


# --- topics and posts -------------------------------------------------------------------------------------------


class CloseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("Readers of the topic see it.")
    )


class TopicStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("closed", _("closed")), ("unanswered", _("question without answer"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "open":
                return queryset.filter(closed_at__isnull=True)
            case "closed":
                return queryset.filter(closed_at__isnull=False)
            case "unanswered":
                return queryset.filter(kind=TopicKind.QUESTION, accepted_post__isnull=True)
        return queryset


class PostStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("present", _("present")), ("deleted", _("deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "present":
                return queryset.filter(deleted_at__isnull=True)
            case "deleted":
                return queryset.filter(deleted_at__isnull=False)
        return queryset


class ModeratedAdmin(CommunityModelAdmin[Any]):
    """What moderators look through: found by its words in the site's own search, or by who wrote it."""

    search_fields = ("id",)
    search_help_text = gettext_lazy("Words, or @handle of the author")
    kind: SearchKind

    def may_view(self, user: Member) -> Decision:
        return can_moderate(user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By index only: reading a million bodies for a word takes seconds."""
        term = search_term.strip()[:200]
        if not term:
            return queryset, False
        if term.startswith("@"):
            author = Member.objects.filter(handle=term[1:].lower()).first()
            return (queryset.none() if author is None else self.of_author(queryset, author)), False
        found = SearchEntry.objects.filter(
            kind=self.kind,
            space_id__in=visible_space_ids(request.user),
            vector=SearchQuery(term, config=CONFIG, search_type="websearch"),
        )
        return queryset.filter(pk__in=found.values("target_id")), False

    def of_author(self, queryset: QuerySet[Any], author: Member) -> QuerySet[Any]:
        return queryset.filter(author=author)


@admin.register(Topic)
class TopicAdmin(ModeratedAdmin):
    kind = SearchKind.TOPIC
    list_display = ("title", "space", "kind_of_topic", "author", "post_count", "last_post_at", "closed_at")
    list_filter = (SpaceFilter, "kind", TopicStateFilter)
    list_select_related = ("space", "author")
    fields = readonly_fields = (
        "title", "space", "kind_of_topic", "author", "created_at", "post_count", "last_post_at", "closed_at",
        "closed_by", "close_reason",
    )  # fmt: skip
    actions = ("close", "reopen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return Topic.objects.visible_to(request.user).order_by("-id")

    @admin.display(description=gettext_lazy("kind"))
    def kind_of_topic(self, topic: Topic) -> str:
        return str(topic.get_kind_display())

    def fits(self, action: str, obj: Topic) -> bool:
        return (obj.closed_at is None) == (action == "close")

    @admin.action(description=gettext_lazy("Close"), permissions=["view"])
    def close(self, request: MemberRequest, queryset: QuerySet[Topic]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("space"),
            question=_("Close: nobody can reply until it is opened again"),
            button=_("Close"),
            form_class=CloseForm,
            act=lambda topic, words: close_topic(topic, by=request.user, reason=words["reason"]),
        )

    @admin.action(description=gettext_lazy("Open again"), permissions=["view"])
    def reopen(self, request: MemberRequest, queryset: QuerySet[Topic]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("space"),
            question=_("Open again"),
            button=_("Open again"),
            act=lambda topic, _words: reopen_topic(topic, by=request.user),
        )


@admin.register(Post)
class PostAdmin(ModeratedAdmin):
    """Deleted posts are here too, so that they can be brought back; the words can be read and never changed."""

    kind = SearchKind.POST
    list_display = ("topic", "number", "author", "created_at", "edited_at", "deleted_at")
    list_filter = (PostSpaceFilter, PostStateFilter)
    list_select_related = ("topic", "author")
    fields = readonly_fields = (
        "topic", "number", "author", "created_at", "edited_at", "edit_reason", "deleted_at", "deleted_by",
        "thanks_count", "source",
    )  # fmt: skip
    actions = ("delete", "restore")
    one_by_one = frozenset({"delete"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        posts = Post.objects.filter(topic__in=Topic.objects.visible_to(request.user)).order_by("-id")
        is_list = (
            request.resolver_match is not None
            and request.resolver_match.url_name == "discussions_post_changelist"
        )
        return posts.defer("source", "html") if is_list else posts

    def of_author(self, queryset: QuerySet[Any], author: Member) -> QuerySet[Any]:
        """Their newest that are present: the index knows no others, and without it a million rows are read."""
        newest = Post.objects.present().filter(author=author).order_by("-created_at")
        return queryset.filter(pk__in=newest.values("pk")[:COUNTED_ROWS])

    def fits(self, action: str, obj: Post) -> bool:
        return obj.number > 1 and (obj.deleted_at is None) == (action == "delete")

    @admin.action(description=gettext_lazy("Delete"), permissions=["view"])
    def delete(self, request: MemberRequest, queryset: QuerySet[Post]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("topic__space"),
            question=_("Delete: the number stays free, and it can be brought back"),
            button=_("Delete"),
            act=lambda post, _words: delete_post(post, by=request.user),
        )

    @admin.action(description=gettext_lazy("Bring back"), permissions=["view"])
    def restore(self, request: MemberRequest, queryset: QuerySet[Post]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("topic__space"),
            question=_("Bring back to its place"),
            button=_("Bring back"),
            act=lambda post, _words: restore_post(post, by=request.user),
        )


# --- polls ------------------------------------------------------------------------------------------------------


class PollStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("promised", _("owes an answer")), ("answered", _("answered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "open":
                return queryset.filter(closed_at__isnull=True)
            case "promised":
                return queryset.filter(closed_at__isnull=False, outcome_at__isnull=True)
            case "answered":
                return queryset.filter(outcome_at__isnull=False)
        return queryset


@admin.register(Poll)
class PollAdmin(CommunityModelAdmin[Poll]):
    """What is asked and what is owed. Results are not here: pages show them to whom the poll says (rule 4.2)."""

    list_display = ("title", "kind", "author", "closes_at", "closed_at", "outcome_due_at", "outcome_at")
    list_filter = ("kind", "secrecy", PollStateFilter)
    list_select_related = ("author",)
    search_fields = ("title",)
    fields = readonly_fields = (
        "title", "about", "kind", "space", "topic", "author", "results", "electorate", "vote_per", "secrecy",
        "may_change", "quorum", "created_at", "closes_at", "closed_at", "closed_by", "outcome_due_at", "outcome",
        "outcome_at", "outcome_by",
    )  # fmt: skip
    actions = ("close", "delete")
    one_by_one = frozenset({"delete"})

    def may_view(self, user: Member) -> Decision:
        return (
            can_moderate(user) if user.uses(Module.POLLS) else Denied(_("This community does not use polls."))
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Poll]:
        return Poll.objects.visible_to(request.user).order_by("-id")

    def fits(self, action: str, obj: Poll) -> bool:
        return action == "delete" or obj.closed_at is None

    @admin.action(description=gettext_lazy("Close"), permissions=["view"])
    def close(self, request: MemberRequest, queryset: QuerySet[Poll]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.with_place(),  # type: ignore[attr-defined]
            question=_("Close: no vote is taken any more"),
            button=_("Close"),
            act=lambda poll, _words: close_poll(poll, by=request.user),
        )

    @admin.action(description=gettext_lazy("Delete"), permissions=["view"])
    def delete(self, request: MemberRequest, queryset: QuerySet[Poll]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.with_place(),  # type: ignore[attr-defined]
            question=_("Delete: it goes with its votes and does not come back"),
            button=_("Delete"),
            act=lambda poll, _words: delete_poll(poll, by=request.user),
        )


# --- tags -------------------------------------------------------------------------------------------------------


class ResourceStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*ResourceState.choices, ("stale", gettext_lazy("To be looked at again"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        moments: dict[str, dict[str, Any]] = {
            "draft": {"submitted_at__isnull": True, "published_at__isnull": True},
            "in_review": {"submitted_at__isnull": False, "published_at__isnull": True},
            "published": {"published_at__isnull": False, "retired_at__isnull": True},
            "retired": {"retired_at__isnull": False},
            "stale": {"pk__in": Resource.objects.stale().values("pk")},
        }
        return queryset.filter(**moments.get(self.value() or "", {}))


@admin.register(Resource)
class ResourceAdmin(CommunityModelAdmin[Resource]):
    """The library. Contributors are named on its pages alone, and there only who said yes."""

    list_display = ("title", "kind", "space", "owner", "state_of_resource", "review_on", "used_count")
    list_filter = (SpaceFilter, "kind", ResourceStateFilter)
    list_select_related = ("space", "owner")
    search_fields = ("title", "summary")
    fields = readonly_fields = (
        "title", "kind", "space", "owner", "summary", "link", "state_of_resource", "created_at", "submitted_at",
        "published_at", "published_by", "review_on", "retired_at", "retire_reason", "used_count", "changed_count",
    )  # fmt: skip
    actions = ("publish", "retire")

    def may_view(self, user: Member) -> Decision:
        return can_moderate(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        return Resource.objects.visible_to(request.user).order_by("-id")

    @admin.display(description=gettext_lazy("state"))
    def state_of_resource(self, resource: Resource) -> str:
        return str(resource.state.label)

    @admin.action(description=gettext_lazy("Publish"), permissions=["view"])
    def publish(self, request: MemberRequest, queryset: QuerySet[Resource]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("space", "owner"),
            question=_("Publish: everybody who reads the space finds it, and contributors are told"),
            button=_("Publish"),
            act=lambda resource, _words: publish_resource(resource, by=request.user),
        )

    @admin.action(description=gettext_lazy("Retire"), permissions=["view"])
    def retire(self, request: MemberRequest, queryset: QuerySet[Resource]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.select_related("space", "owner"),
            question=_("Retire: it leaves the library and the search"),
            button=_("Retire"),
            form_class=CloseForm,
            act=lambda resource, words: retire_resource(resource, by=request.user, reason=words["reason"]),
        )


@admin.register(Tag)
class TagAdmin(CommunityModelAdmin[Tag]):
    list_display = ("name", "slug", "description")
    ordering = ("name",)
    search_fields = ("name",)
    fields = ("name", "slug", "description")
    readonly_fields = ("name", "slug")

    def may_view(self, user: Member) -> Decision:
        return can_edit_tag(user)

    def has_change_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: MemberRequest, obj: Tag, form: Any, change: bool) -> None:  # type: ignore[override]
        edit_tag(obj, by=request.user, description=form.cleaned_data["description"])


# --- moderation -------------------------------------------------------------------------------------------------


class WordsForm(forms.Form):
    canned = forms.ChoiceField(label=gettext_lazy("Words used before"), required=False)
    words = forms.CharField(
        label=gettext_lazy("Words for the author"),
        max_length=RULING_WORDS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("They read them as they stand here."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["canned"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *[(text, text) for text in canned_reasons()]]


class UntilForm(WordsForm):
    until = LastDayField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("The last day on which it holds.")
    )


class EditWordsForm(WordsForm):
    body = forms.CharField(label=gettext_lazy("The changed words"), widget=forms.Textarea(attrs={"rows": 10}))


class MoveForm(WordsForm):
    space = forms.ModelChoiceField(label=gettext_lazy("Where to"), queryset=Space.objects.none())


class DueFilter(admin.SimpleListFilter):
    title = gettext_lazy("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", _("overdue")), ("mine", _("mine")), ("nobody", _("nobody's yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "overdue":
                return queryset.filter(state=CaseState.OPEN, due_at__lt=timezone.now())
            case "mine":
                return queryset.filter(owner=request.user)
            case "nobody":
                return queryset.filter(owner__isnull=True)
        return queryset


@admin.register(Case)
class CaseAdmin(CommunityModelAdmin[Case]):
    """The queue of moderation, decided by the same actions as on its page; several at once after a confirmation.

    What is decided about several rows is decided about each as it stood when the list was looked at.
    """

    list_display = (
        "title_of_case", "kind", "reason", "space", "about", "report_count", "due_at", "owner", "state", "is_hidden",
    )  # fmt: skip
    list_filter = ("state", DueFilter, "kind", "reason", SpaceFilter)
    list_select_related = ("space", "about", "owner")
    fields = readonly_fields = (
        "kind", "reason", "rules", "space", "about", "report_count", "state", "is_hidden", "opened_at", "due_at",
        "owner", "said", "words_now", "reported", "decisions", "page",
    )  # fmt: skip
    actions = (
        "take", "release", "keep", "give_back", "edit_words", "hide", "move", "warn", "quiet", "suspend", "grant",
        "refuse", "undo",
    )  # fmt: skip
    one_by_one = frozenset({"edit_words", "move", "suspend", "grant", "refuse"})

    def may_view(self, user: Member) -> Decision:
        return can_see_queue(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        return Case.objects.visible_to(request.user).order_by("-id")

    @admin.display(description=gettext_lazy("title"))
    def title_of_case(self, case: Case) -> str:
        return case.title or str(case.get_kind_display())

    @admin.display(description=gettext_lazy("as it stood when it came here"))
    def said(self, case: Case) -> str:
        lines = (f"{row['author_name']}, {row['at']}:\n{row['text']}" for row in case.context)
        return "\n\n".join(lines)

    @admin.display(description=gettext_lazy("as it is now"))
    def words_now(self, case: Case) -> str:
        return source_of(case)[1]

    @admin.display(description=gettext_lazy("reports"))
    def reported(self, case: Case) -> str:
        rows = case.reports.select_related("reporter").order_by("pk")
        return "\n".join(f"{row.reporter}: {row.get_reason_display()} {row.words}" for row in rows)

    @admin.display(description=gettext_lazy("what was decided"))
    def decisions(self, case: Case) -> str:
        rows = case.rulings.select_related("by").order_by("pk")
        return "\n".join(
            f"{row.get_act_display()} · {row.by or ''} · {row.words}"
            + (f" ({_('taken back')})" if row.undone_at else "")
            for row in rows
        )

    @admin.display(description=gettext_lazy("page with the keyboard"))
    def page(self, case: Case) -> str:
        return case.get_absolute_url()

    def fits(self, action: str, obj: Case) -> bool:
        if action == "undo":
            return obj.state != CaseState.OPEN and obj.kind != CaseKind.APPEAL
        if obj.state == CaseState.DECIDED:
            return False
        if action in {"take", "release"}:
            return (obj.owner_id is None) == (action == "take")
        return _ACTS[action] in acts_of(obj)

    def _rule(
        self,
        request: MemberRequest,
        queryset: QuerySet[Case],
        act: RulingAct,
        question: str,
        form_class: Callable[[Any], forms.Form] = WordsForm,
    ) -> HttpResponse:
        cases = list(queryset.values_list("pk", "version"))

        def with_versions(data: Any) -> forms.Form:
            """Beside the words, which version of each was looked at when they were asked for."""
            form = form_class(data)
            form.fields["read"] = forms.CharField(required=False, widget=forms.HiddenInput)
            form.initial["read"] = ",".join(f"{pk}:{version}" for pk, version in cases)
            return form

        def decide(case: Case, words: dict[str, Any]) -> object:
            terms = Terms(
                words="\n\n".join(filter(None, [words.get("canned", ""), words.get("words", "").strip()])),
                prose=Prose(words["body"], SourceFormat(source_of(case)[2])) if "body" in words else None,
                space=words.get("space"),
                until=words.get("until"),
            )
            read = dict(pair.split(":", 1) for pair in words["read"].split(",") if ":" in pair)
            version = whole_number(read.get(str(case.pk)), default=0, highest=2**31 - 1)
            return rule_case(case, act, by=request.user, version=version, terms=terms)

        return self.carry_out(
            request,
            queryset.select_related("space", "about", "owner"),
            question=question,
            button=str(act.label),
            form_class=with_versions,
            act=decide,
        )

    @admin.action(description=gettext_lazy("Take"), permissions=["view"])
    def take(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Take: you look at it, and others see that"),
            button=_("Take"),
            act=lambda case, _words: take_case(case, by=request.user),
        )

    @admin.action(description=gettext_lazy("Give back to the queue"), permissions=["view"])
    def release(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Give back to the queue"),
            button=_("Give back"),
            act=lambda case, _words: release_case(case, by=request.user),
        )

    @admin.action(description=gettext_lazy("Keep"), permissions=["view"])
    def keep(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self._rule(request, queryset, RulingAct.KEEP, _("Keep: it stands, or is posted"))

    @admin.action(description=gettext_lazy("Return to author"), permissions=["view"])
    def give_back(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self._rule(
            request, queryset, RulingAct.RETURN, _("Return: the author changes it and sends it again")
        )

    @admin.action(description=gettext_lazy("Edit and tell"), permissions=["view"])
    def edit_words(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        case = queryset.first()
        initial = {"body": source_of(case)[1]} if case is not None else {}
        return self._rule(
            request,
            queryset,
            RulingAct.EDIT,
            _("Edit: readers see that it was changed, and the author is told"),
            lambda data: EditWordsForm(data, initial=initial),
        )

    @admin.action(description=gettext_lazy("Hide"), permissions=["view"])
    def hide(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self._rule(
            request, queryset, RulingAct.HIDE, _("Hide: nobody reads it, and the author is told why")
        )

    @admin.action(description=gettext_lazy("Move"), permissions=["view"])
    def move(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        def form_class(data: Any) -> forms.Form:
            form = MoveForm(data)
            field = form.fields["space"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = Space.objects.visible_to(request.user).filter(archived_at__isnull=True)
            return form

        return self._rule(request, queryset, RulingAct.MOVE, _("Move to another space"), form_class)

    @admin.action(description=gettext_lazy("Warn"), permissions=["view"])
    def warn(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self._rule(
            request, queryset, RulingAct.WARN, _("Warn, and hide: the member reads why, and can appeal")
        )

    @admin.action(description=gettext_lazy("Make quiet"), permissions=["view"])
    def quiet(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        question = _("Make quiet, and hide: the member reads and does not write until then, and can appeal")
        return self._rule(request, queryset, RulingAct.QUIET, question, UntilForm)

    @admin.action(description=gettext_lazy("Suspend"), permissions=["view"])
    def suspend(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        question = _("Suspend, and hide: the member reads why and until when, and can appeal")
        return self._rule(request, queryset, RulingAct.SUSPEND, question, UntilForm)

    @admin.action(description=gettext_lazy("Grant the appeal"), permissions=["view"])
    def grant(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self._rule(
            request, queryset, RulingAct.GRANT, _("Grant the appeal: what was imposed ends now")
        )

    @admin.action(description=gettext_lazy("Refuse the appeal"), permissions=["view"])
    def refuse(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self._rule(
            request, queryset, RulingAct.REFUSE, _("Refuse the appeal: it goes on until its date")
        )

    @admin.action(description=gettext_lazy("Take the decision back"), permissions=["view"])
    def undo(self, request: MemberRequest, queryset: QuerySet[Case]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Take the decision back: it waits in the queue again"),
            button=_("Take back"),
            act=lambda case, _words: undo_ruling(case, by=request.user, version=None),
        )


_ACTS = {
    "keep": RulingAct.KEEP,
    "give_back": RulingAct.RETURN,
    "edit_words": RulingAct.EDIT,
    "hide": RulingAct.HIDE,
    "move": RulingAct.MOVE,
    "warn": RulingAct.WARN,
    "quiet": RulingAct.QUIET,
    "suspend": RulingAct.SUSPEND,
    "grant": RulingAct.GRANT,
    "refuse": RulingAct.REFUSE,
}


# --- sanctions and words used again -----------------------------------------------------------------------------


class AddSanctionForm(ActionModelForm):
    """Whom, what, where, until when, and why: the reason is read to the letter."""

    handle = forms.CharField(
        label=gettext_lazy("Handle"), max_length=41, help_text=gettext_lazy("Of the member, as in @name.")
    )
    space = forms.ModelChoiceField(
        label=gettext_lazy("Space"),
        queryset=Space.objects.none(),
        required=False,
        help_text=gettext_lazy("Left empty it holds everywhere."),
    )
    until = LastDayField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy(
            "For being quiet, 90 days at most; left empty 24 hours. A warning counts for 90 days."
        ),
    )

    class Meta:
        model = Sanction
        fields = ("grade", "reason")
        help_texts = {"reason": gettext_lazy("The member reads it to the letter.")}


class SanctionFilter(admin.SimpleListFilter):
    title = gettext_lazy("where it stands")
    parameter_name = "stand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("in_force", _("in force")), ("appealed", _("appealed against"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "in_force":
                return queryset.filter(pk__in=Sanction.objects.current().values("pk"))
            case "appealed":
                return queryset.filter(appeal__isnull=False)
        return queryset


@admin.register(Sanction)
class SanctionAdmin(CommunityModelAdmin[Sanction]):
    """Warnings and times of quiet of others; appeals against them are decided in the queue."""

    list_display = ("member", "grade", "space_name", "from_at", "until_at", "imposed_by", "stand")
    list_filter = (SanctionFilter, "grade")
    list_select_related = ("member", "imposed_by", "appeal")
    search_fields = ("member__handle",)
    search_help_text = gettext_lazy("Handle of the member")
    actions = ("lift",)
    view_on_site = False
    shown = (
        "member", "grade", "space_name", "from_at", "until_at", "imposed_by", "reason", "stand", "appeal_words",
        "appeal_decision",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_see_reports(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sanction]:
        seen = Space.objects.visible_to(request.user).filter(pk=OuterRef("space_id"))
        rows = Sanction.objects.exclude(member=request.user.pk)
        return rows.annotate(space_shown=Subquery(seen.values("name")[:1])).order_by("-id")

    def get_fields(self, request: HttpRequest, obj: Sanction | None = None) -> Any:
        return self.shown if obj else ("handle", "grade", "space", "until", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Sanction | None = None) -> Any:
        return self.shown if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Sanction | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs | ({} if obj else {"form": AddSanctionForm}))
        if obj is None:
            form.base_fields["space"].queryset = Space.objects.visible_to(request.user)
        return form

    def save_model(self, request: MemberRequest, obj: Sanction, form: Any, change: bool) -> None:  # type: ignore[override]
        said = form.cleaned_data
        handle = said["handle"].strip().removeprefix("@").lower()
        member = Member.objects.with_current_roles().people().filter(handle=handle).first()
        if member is None:
            sentence = _("Nobody has this handle.")
            raise Invalid(sentence, fields={"handle": [sentence]})
        words = {
            "by": request.user,
            "reason": said["reason"],
            "space_id": said["space"].pk if said["space"] else None,
        }
        if said["grade"] == SanctionGrade.WARNING:
            made = warn_member(member, **words)
        else:
            made = quiet_member(member, until=said["until"] or timezone.now() + SHORTEST_QUIET, **words)
        obj.pk, obj.member = made.pk, made.member

    @admin.display(description=gettext_lazy("space"))
    def space_name(self, sanction: Sanction) -> str:
        if sanction.space_id is None:
            return _("everywhere")
        return getattr(sanction, "space_shown", None) or _("in one space")

    @admin.display(description=gettext_lazy("where it stands"))
    def stand(self, sanction: Sanction) -> str:
        if not sanction.is_in_force:
            return _("over")
        return _("in force") if getattr(sanction, "appeal", None) is None else _("in force, appealed against")

    @admin.display(description=gettext_lazy("appeal"))
    def appeal_words(self, sanction: Sanction) -> str:
        appeal = getattr(sanction, "appeal", None)
        return "" if appeal is None else appeal.words

    @admin.display(description=gettext_lazy("decision on the appeal"))
    def appeal_decision(self, sanction: Sanction) -> str:
        appeal = getattr(sanction, "appeal", None)
        if appeal is None or appeal.decided_at is None:
            return ""
        return f"{_('Granted') if appeal.is_granted else _('Refused')}: {appeal.reason}"

    def fits(self, action: str, obj: Sanction) -> bool:
        return obj.is_in_force

    @admin.action(description=gettext_lazy("Lift"), permissions=["view"])
    def lift(self, request: MemberRequest, queryset: QuerySet[Sanction]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Lift it now; the member is told"),
            button=_("Lift"),
            act=lambda sanction, _words: lift_sanction(sanction, by=request.user),
        )


@admin.register(CannedReason)
class CannedReasonAdmin(CommunityModelAdmin[CannedReason]):
    """Words that moderators use again; while there are none, those that come with the software are offered."""

    list_display = ("text", "position")
    ordering = ("position", "id")
    fields = ("text", "position")
    actions = ("remove",)
    view_on_site = False

    def may_view(self, user: Member) -> Decision:
        return can_edit_canned_reasons(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: CannedReason | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: MemberRequest, obj: CannedReason, form: Any, change: bool) -> None:  # type: ignore[override]
        said = form.cleaned_data
        if change:
            edit_canned_reason(obj, by=request.user, text=said["text"], position=said["position"])
        else:
            obj.pk = create_canned_reason(by=request.user, text=said["text"], position=said["position"]).pk

    @admin.action(description=gettext_lazy("Take away"), permissions=["view"])
    def remove(self, request: MemberRequest, queryset: QuerySet[CannedReason]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Take away: it is offered no more, and what was decided with it stays"),
            button=_("Take away"),
            act=lambda reason, _words: delete_canned_reason(reason, by=request.user),
        )


# --- reports ----------------------------------------------------------------------------------------------------


@admin.register(Report)
class ReportAdmin(CommunityModelAdmin[Report]):
    """What members reported, as it stood: of a conversation nothing else is shown to anybody (rule 3.13)."""

    list_display = ("created_at", "reason", "target_type", "about", "reporter")
    list_filter = ("reason", "target_type")
    list_select_related = ("about", "reporter")
    view_on_site = False
    fields = readonly_fields = ("created_at", "reporter", "about", "reason", "words", "reported")

    def may_view(self, user: Member) -> Decision:
        return can_see_reports(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return Report.objects.order_by("-id")

    @admin.display(description=gettext_lazy("what was reported, and what led to it"))
    def reported(self, report: Report) -> str:
        lines = (f"{row['author_name']}, {row['at']}:\n{row['text']}" for row in report.context)
        return "\n\n".join(lines)
