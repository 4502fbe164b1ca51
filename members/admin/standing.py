"""Suspensions and appeals in the admin: imposed, lifted and decided here, by the actions of `members/actions`."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import ActionModelForm, CommunityModelAdmin
from community.core.errors import Conflict, Invalid
from community.core.permissions import Decision
from members.actions.standing import decide_appeal, lift_suspension, suspend_member
from members.forms.standing import DecideAppealForm, LastDayField
from members.models import Member, Suspension
from members.permissions import can_see_suspensions
from members.requests import MemberRequest


class AddSuspensionForm(ActionModelForm):
    """Who, until when, and why: the reason is read to the letter."""

    handle = forms.CharField(
        label=gettext_lazy("Handle"), max_length=41, help_text=gettext_lazy("Of the member, as in @name.")
    )
    until = LastDayField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("The last day on which it holds, within a year.")
    )

    class Meta:
        model = Suspension
        fields = ("reason",)
        help_texts = {"reason": gettext_lazy("The member reads it to the letter, by mail and on their page.")}


class StandFilter(admin.SimpleListFilter):
    title = gettext_lazy("where it stands")
    parameter_name = "stand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("in_force", _("in force")), ("appealed", _("appeal to decide"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        current = Suspension.objects.current().values("pk")
        match self.value():
            case "in_force":
                return queryset.filter(pk__in=current)
            case "appealed":
                return queryset.filter(pk__in=current, appeal__isnull=False, appeal__decided_at__isnull=True)
        return queryset


@admin.register(Suspension)
class SuspensionAdmin(CommunityModelAdmin[Suspension]):
    """Closed to whom it was imposed on, as everything here is; they have their own page."""

    list_display = ("member", "from_at", "until_at", "suspended_by", "stand")
    list_filter = (StandFilter,)
    list_select_related = ("member", "suspended_by", "appeal", "appeal__decided_by")
    search_fields = ("member__handle",)
    search_help_text = gettext_lazy("Handle of the member")
    actions = ("decide", "lift")
    view_on_site = False
    one_by_one = frozenset({"decide"})
    shown = (
        "member", "from_at", "until_at", "suspended_by", "reason", "stand", "appeal_words", "appeal_decision",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_see_suspensions(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suspension]:
        return Suspension.objects.order_by("-id")

    def get_fields(self, request: HttpRequest, obj: Suspension | None = None) -> Any:
        return self.shown if obj else ("handle", "until", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Suspension | None = None) -> Any:
        return self.shown if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Suspension | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, **kwargs | ({} if obj else {"form": AddSuspensionForm}))

    def save_model(self, request: MemberRequest, obj: Suspension, form: Any, change: bool) -> None:  # type: ignore[override]
        handle = form.cleaned_data["handle"].strip().removeprefix("@").lower()
        member = Member.objects.people().filter(handle=handle).first()
        if member is None:
            sentence = _("Nobody has this handle.")
            raise Invalid(sentence, fields={"handle": [sentence]})
        made = suspend_member(
            member, by=request.user, reason=form.cleaned_data["reason"], until=form.cleaned_data["until"]
        )
        obj.pk, obj.member, obj.from_at = made.pk, made.member, made.from_at

    @admin.display(description=gettext_lazy("where it stands"))
    def stand(self, suspension: Suspension) -> str:
        appeal = getattr(suspension, "appeal", None)
        if not suspension.is_in_force:
            return _("over")
        if appeal is None:
            return _("in force")
        return _("appeal to decide") if appeal.decided_at is None else _("in force, appeal refused")

    @admin.display(description=gettext_lazy("appeal"))
    def appeal_words(self, suspension: Suspension) -> str:
        appeal = getattr(suspension, "appeal", None)
        return "" if appeal is None else appeal.words

    @admin.display(description=gettext_lazy("decision on the appeal"))
    def appeal_decision(self, suspension: Suspension) -> str:
        appeal = getattr(suspension, "appeal", None)
        if appeal is None or appeal.decided_at is None:
            return ""
        decision = _("Granted") if appeal.is_granted else _("Refused")
        return f"{decision} · {appeal.decided_by or _('somebody who is gone')}: {appeal.reason}"

    def fits(self, action: str, obj: Suspension) -> bool:
        appeal = getattr(obj, "appeal", None)
        if action == "decide":
            return obj.is_in_force and appeal is not None and appeal.decided_at is None
        return obj.is_in_force

    @admin.action(description=gettext_lazy("Decide the appeal"), permissions=["view"])
    def decide(self, request: MemberRequest, queryset: QuerySet[Suspension]) -> HttpResponse:
        def act(suspension: Suspension, words: dict[str, Any]) -> object:
            appeal = getattr(suspension, "appeal", None)
            if appeal is None:
                raise Conflict(_("There is no appeal."))
            return decide_appeal(
                appeal, by=request.user, is_granted=words["decision"] == "granted", reason=words["reason"]
            )

        return self.carry_out(
            request,
            queryset,
            question=_("Decide the appeal: the member gets your words by mail"),
            button=_("Decide"),
            form_class=DecideAppealForm,
            act=act,
        )

    @admin.action(description=gettext_lazy("Lift"), permissions=["view"])
    def lift(self, request: MemberRequest, queryset: QuerySet[Suspension]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Lift the suspension now; the member is told"),
            button=_("Lift"),
            act=lambda suspension, _words: lift_suspension(suspension, by=request.user),
        )
