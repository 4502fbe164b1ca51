"""Spaces, topics, posts and tags in the admin: what a moderator or manager sees on the site, and the same actions."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import COUNTED_ROWS, ActionModelForm, CommunityModelAdmin
from community.core.models import SearchEntry, SearchKind
from community.core.permissions import Decision
from community.core.search import CONFIG
from discussions.actions.post import delete_post, restore_post
from discussions.actions.space import add_space_member, create_space, edit_space, remove_space_member
from discussions.actions.steward import end_steward
from discussions.actions.tag import edit_tag
from discussions.actions.topic import close_topic, reopen_topic
from discussions.models import (
    Post,
    Report,
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
    can_edit_tag,
    can_manage_space,
    can_manage_spaces,
    can_moderate,
    can_see_reports,
)
from members.models import Member
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


# --- tags -------------------------------------------------------------------------------------------------------


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
