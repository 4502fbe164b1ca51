"""What joins the apps in the admin: the record of what has happened, the memory of imports, and tokens of the API."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import CommunityModelAdmin
from community.core.inbound import forget_fault
from community.core.models import Activity, AddressFault, ApiToken, SearchMiss
from community.core.permissions import Decision
from community.core.tokens import revoke_token
from community.core.verbs import Verb
from community.models import ImportRecord
from discussions.models import visible_space_ids
from members.models import Member, RoleName
from members.permissions import (
    can_read_audit_log,
    can_revoke_tokens,
    can_see_search_misses,
    can_tend_addresses,
)
from members.requests import MemberRequest

# What members say to each other leaves rows that only subscribers read.
BETWEEN_MEMBERS = ("message", "participant")
# Rule 4.2 and 4.3: rows of votes would count them before the close, and say who votes when.
VOTES = (Verb.POLL_VOTED, Verb.POLL_VOTE_CHANGED)


class ActorRoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("role at the time")
    parameter_name = "actor_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in RoleName.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(actor_role=self.value()) if self.value() in RoleName.values else queryset


@admin.register(Activity)
class ActivityAdmin(CommunityModelAdmin[Activity]):
    """The audit log: every act, who did it and in which role. Nothing here can be changed by anybody."""

    list_display = ("occurred_at", "actor", "role", "verb", "what", "counterpart")
    list_filter = ("verb", ActorRoleFilter)
    list_select_related = ("actor", "counterpart")
    search_fields = ("id",)
    search_help_text = gettext_lazy("Handle of who did it or to whom it was done")
    fields = readonly_fields = (
        "occurred_at", "recorded_at", "verb", "actor", "role", "what", "target_type", "target_id", "counterpart",
        "audience", "data", "dispatched_at", "attempts",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_read_audit_log(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activity]:
        """Without what happened in rooms that the reader may not see: titles would tell (rule 3.14)."""
        seen = Q(space_id__isnull=True) | Q(space_id__in=visible_space_ids(request.user))
        # Rule 3.13: when somebody writes to whom is not even told to staff.
        shown = Activity.objects.filter(seen).exclude(target_type__in=BETWEEN_MEMBERS)
        return shown.exclude(verb__in=VOTES).order_by("-id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        handle = search_term.strip().removeprefix("@").lower()
        if not handle:
            return queryset, False
        member = Member.objects.filter(handle=handle).first()
        return queryset.filter(Q(actor=member) | Q(counterpart=member)) if member else queryset.none(), False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup in {"target_type", "target_id", "verb__exact", "actor_role", "id__lt"}

    @admin.display(description=gettext_lazy("as"))
    def role(self, activity: Activity) -> str:
        return str(RoleName(activity.actor_role).label) if activity.actor_role in RoleName.values else ""

    @admin.display(description=gettext_lazy("what"))
    def what(self, activity: Activity) -> str:
        title = activity.target_title or f"{activity.target_type} {activity.target_id}"
        return (
            format_html('<a href="{}">{}</a>', activity.target_url, title) if activity.target_url else title
        )


@admin.register(ApiToken)
class ApiTokenAdmin(CommunityModelAdmin[ApiToken]):
    """Tokens as their owners named them. The secret was shown once and is not here; its digest is nobody's business."""

    list_display = (
        "name",
        "prefix",
        "member",
        "allows",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_select_related = ("member",)
    search_fields = ("member__handle", "name", "prefix")
    fields = readonly_fields = (
        "name", "prefix", "member", "allows", "created_at", "expires_at", "last_used_at", "revoked_at",
    )  # fmt: skip
    actions = ("revoke",)

    def may_view(self, user: Member) -> Decision:
        return can_revoke_tokens(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return ApiToken.objects.defer("digest").order_by("-id")

    @admin.display(description=gettext_lazy("may"))
    def allows(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    def fits(self, action: str, obj: ApiToken) -> bool:
        return obj.revoked_at is None

    @admin.action(description=gettext_lazy("Revoke"), permissions=["view"])
    def revoke(self, request: MemberRequest, queryset: QuerySet[ApiToken]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Revoke: it stops with its next request and cannot be brought back"),
            button=_("Revoke"),
            act=lambda token, _words: revoke_token(token, by=request.user),
        )


@admin.register(ImportRecord)
class ImportRecordAdmin(CommunityModelAdmin[ImportRecord]):
    """What each row of an imported dump has become."""

    list_display = ("source", "kind", "external_id", "target_type", "target_id", "created_at")
    search_fields = ("external_id",)
    search_help_text = gettext_lazy("Id in the imported dump")
    fields = readonly_fields = (
        "source", "kind", "external_id", "target_type", "target_id", "data", "created_at",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_read_audit_log(user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(external_id=term) if term else queryset), False


@admin.register(SearchMiss)
class SearchMissAdmin(CommunityModelAdmin[SearchMiss]):
    """What members look for and do not find (rule 3.16): what to write next. Who looked is kept nowhere."""

    list_display = ("words", "day", "count")
    list_filter = ("day",)
    ordering = ("-day", "-count")
    search_fields = ("words",)
    fields = readonly_fields = ("words", "day", "count")

    def may_view(self, user: Member) -> Decision:
        return can_see_search_misses(user)


@admin.register(AddressFault)
class AddressFaultAdmin(CommunityModelAdmin[AddressFault]):
    """Addresses whose mail comes back (rule 9.4): the manager corrects the account, or says that it works again."""

    list_display = ("address", "member", "reason", "status", "soft_count", "last_at", "stopped_at")
    list_select_related = ("member",)
    search_fields = ("address",)
    fields = readonly_fields = (
        "address", "member", "reason", "status", "soft_count", "first_at", "last_at", "stopped_at",
    )  # fmt: skip
    actions = ("let_through",)

    def may_view(self, user: Member) -> Decision:
        return can_tend_addresses(user)

    @admin.action(description=gettext_lazy("Send to this address again"), permissions=["view"])
    def let_through(self, request: MemberRequest, queryset: QuerySet[AddressFault]) -> HttpResponse | None:
        return self.carry_out(
            request,
            queryset,
            question=_("Does the address take mail again?"),
            button=_("Send to it again"),
            act=lambda fault, _values: forget_fault(fault.address),
        )
