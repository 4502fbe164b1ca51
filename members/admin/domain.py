"""Domain rules in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import CommunityModelAdmin
from community.core.permissions import Decision
from members.actions.domain import remove_domain_rule, set_domain_rule
from members.models import DomainPolicy, DomainRule, Member
from members.permissions import can_set_domain_rule
from members.requests import MemberRequest


@admin.register(DomainRule)
class DomainRuleAdmin(CommunityModelAdmin[DomainRule]):
    list_display = ("domain", "policy", "organisation", "tier", "created_at")
    list_filter = ("policy",)
    list_select_related = ("organisation", "tier")
    search_fields = ("domain",)
    fields = ("domain", "policy", "organisation", "tier", "reason")
    autocomplete_fields = ("organisation",)
    actions = ("remove",)

    def may_view(self, user: Member) -> Decision:
        return can_set_domain_rule(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: DomainRule | None = None) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: DomainRule | None = None) -> Any:
        # Another domain is another rule.
        return () if obj is None else ("domain",)

    def save_model(self, request: MemberRequest, obj: DomainRule, form: Any, change: bool) -> None:  # type: ignore[override]
        said = form.cleaned_data
        rule = set_domain_rule(
            obj.domain if change else said["domain"],
            DomainPolicy(said["policy"]),
            by=request.user,
            organisation=said["organisation"],
            tier=said["tier"],
            reason=said["reason"],
        )
        obj.pk = rule.pk

    @admin.action(description=gettext_lazy("Remove"), permissions=["view"])
    def remove(self, request: MemberRequest, queryset: QuerySet[DomainRule]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Remove: people with these addresses are reviewed like everybody else"),
            button=_("Remove"),
            act=lambda rule, _words: remove_domain_rule(rule, by=request.user),
        )
