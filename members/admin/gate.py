"""What the gate says and asks, in the admin: its words, tiers, criteria and questions. Nothing is deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import ActionModelForm, CommunityModelAdmin
from community.core.permissions import Decision
from members.actions.fact import fields_in_use
from members.actions.gate import (
    FILLS_TITLE,
    close_tier,
    create_criterion,
    create_question,
    create_tier,
    current_gate,
    edit_criterion,
    edit_gate,
    edit_question,
    edit_tier,
    reopen_tier,
    retire_criterion,
    retire_question,
)
from members.models import Criterion, Gate, Member, Question, Tier
from members.permissions import can_edit_gate
from members.requests import MemberRequest


class GateForm(ActionModelForm):
    class Meta:
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 5}),
            "audience": forms.Textarea(attrs={"rows": 5}),
        }


@admin.register(Gate)
class GateAdmin(CommunityModelAdmin[Gate]):
    """One row, which is there as soon as somebody looks."""

    form = GateForm
    list_display = ("__str__", "invitations_per_member", "vouches_per_member", "invitation_days")
    fields = (
        "purpose",
        "audience",
        "invitations_per_member",
        "invitation_days",
        "vouches_per_member",
        "free_mail_may_apply",
    )

    def may_view(self, user: Member) -> Decision:
        return can_edit_gate(user)

    def has_change_permission(self, request: HttpRequest, obj: Gate | None = None) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Gate]:
        current_gate()
        return super().get_queryset(request)

    def save_model(self, request: MemberRequest, obj: Gate, form: Any, change: bool) -> None:  # type: ignore[override]
        edit_gate(by=request.user, **form.cleaned_data)


@admin.register(Tier)
class TierAdmin(CommunityModelAdmin[Tier]):
    list_display = (
        "name",
        "position",
        "capacity",
        "company_limit",
        "vouches_needed",
        "decide_within_days",
        "state",
    )
    ordering = ("position", "id")
    fields = (
        "name",
        "description",
        "position",
        "capacity",
        "company_limit",
        "vouches_needed",
        "reviewers_needed",
        "decide_within_days",
        "invited_skip_questions",
    )
    actions = ("close", "reopen")

    def may_view(self, user: Member) -> Decision:
        return can_edit_gate(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: MemberRequest, obj: Tier, form: Any, change: bool) -> None:  # type: ignore[override]
        if change:
            edit_tier(obj, by=request.user, **form.cleaned_data)
        else:
            obj.pk = create_tier(by=request.user, **form.cleaned_data).pk

    @admin.display(description=gettext_lazy("state"))
    def state(self, tier: Tier) -> str:
        return _("open") if tier.closed_at is None else _("closed")

    def fits(self, action: str, obj: Tier) -> bool:
        return (obj.closed_at is None) == (action == "close")

    @admin.action(description=gettext_lazy("Close"), permissions=["view"])
    def close(self, request: MemberRequest, queryset: QuerySet[Tier]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Close: no new applications; those under way go on"),
            button=_("Close"),
            act=lambda tier, _words: close_tier(tier, by=request.user),
        )

    @admin.action(description=gettext_lazy("Open again"), permissions=["view"])
    def reopen(self, request: MemberRequest, queryset: QuerySet[Tier]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Take applications again"),
            button=_("Open"),
            act=lambda tier, _words: reopen_tier(tier, by=request.user),
        )


class RetiredFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("in_force", _("in force")), ("retired", _("retired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"in_force", "retired"}:
            return queryset.filter(retired_at__isnull=self.value() == "in_force")
        return queryset


@admin.register(Criterion)
class CriterionAdmin(CommunityModelAdmin[Criterion]):
    list_display = ("name", "tier", "position", "retired_at")
    list_filter = (RetiredFilter, "tier")
    list_select_related = ("tier",)
    ordering = ("position", "id")
    fields = ("name", "description", "tier", "position")
    actions = ("retire",)

    def may_view(self, user: Member) -> Decision:
        return can_edit_gate(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Criterion | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.retired_at is None)

    def save_model(self, request: MemberRequest, obj: Criterion, form: Any, change: bool) -> None:  # type: ignore[override]
        if change:
            edit_criterion(obj, by=request.user, **form.cleaned_data)
        else:
            obj.pk = create_criterion(by=request.user, **form.cleaned_data).pk

    def fits(self, action: str, obj: Criterion) -> bool:
        return obj.retired_at is None

    @admin.action(description=gettext_lazy("Retire"), permissions=["view"])
    def retire(self, request: MemberRequest, queryset: QuerySet[Criterion]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Retire: nobody is judged by it from now on; what was decided stays"),
            button=_("Retire"),
            act=lambda criterion, _words: retire_criterion(criterion, by=request.user),
        )


class ChoicesField(forms.CharField):
    """Answers to choose from, each on its own line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def run_validators(self, value: Any) -> None:
        """The action looks at the answers."""


class QuestionForm(ActionModelForm):
    choices = ChoicesField(
        label=gettext_lazy("Answers to choose from"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Each on its own line; only for “one of several”."),
    )
    shown_if = forms.ModelChoiceField(
        label=gettext_lazy("Asked only after"), queryset=Question.objects.in_force(), required=False
    )
    shown_if_answer = forms.CharField(
        label=gettext_lazy("was answered with exactly"), max_length=200, required=False
    )
    fills = forms.ChoiceField(
        label=gettext_lazy("Fills the profile field"),
        required=False,
        help_text=gettext_lazy("Only where the applicant agrees, and only once they are let in."),
    )

    class Meta:
        model = Question
        fields = (
            "kind",
            "label",
            "help_text",
            "choices",
            "is_required",
            "tier",
            "position",
            "shown_if",
            "shown_if_answer",
            "fills",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A retired question is shown without fields to fill in.
        if "fills" in self.fields:
            fields = fields_in_use()
            choices = [
                ("", "—"),
                (FILLS_TITLE, _("Title")),
                *((key, row.title) for key, row in fields.items()),
            ]
            self.fields["fills"].choices = choices  # type: ignore[attr-defined]


@admin.register(Question)
class QuestionAdmin(CommunityModelAdmin[Question]):
    form = QuestionForm
    list_display = ("label", "kind", "tier", "is_required", "position", "retired_at")
    list_filter = (RetiredFilter, "kind", "tier")
    list_select_related = ("tier",)
    ordering = ("position", "id")
    fields = QuestionForm.Meta.fields
    actions = ("retire",)

    def may_view(self, user: Member) -> Decision:
        return can_edit_gate(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Question | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.retired_at is None)

    def save_model(self, request: MemberRequest, obj: Question, form: Any, change: bool) -> None:  # type: ignore[override]
        if change:
            edit_question(obj, by=request.user, **form.cleaned_data)
        else:
            obj.pk = create_question(by=request.user, **form.cleaned_data).pk

    def fits(self, action: str, obj: Question) -> bool:
        return obj.retired_at is None

    @admin.action(description=gettext_lazy("Retire"), permissions=["view"])
    def retire(self, request: MemberRequest, queryset: QuerySet[Question]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Retire: it is not asked any more; its answers stay"),
            button=_("Retire"),
            act=lambda question, _words: retire_question(question, by=request.user),
        )
