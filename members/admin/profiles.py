"""Profile fields, expert labels and notes in the admin; every act is an action of `members/actions`."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import ActionModelForm, CommunityModelAdmin, ReadOnlyInline
from community.core.errors import Invalid
from community.core.permissions import Decision
from members.actions.expertise import end_expertise, grant_expertise, review_expertise
from members.actions.fact import (
    TEXT_LENGTH,
    FactFieldChange,
    create_fact_field,
    edit_fact_field,
    restore_fact_field,
    retire_fact_field,
)
from members.actions.note import LONGEST_NOTE
from members.models import Expertise, FactField, FactKind, Member, MemberNote, Visibility
from members.permissions import can_manage_members
from members.requests import MemberRequest

# --- fields -----------------------------------------------------------------------------------------------------


class FactFieldForm(ActionModelForm):
    """A field of the profile; its choices one on each line."""

    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        widget=forms.Textarea({"rows": 8}),
        help_text=gettext_lazy("One on each line; for the two kinds that are chosen from a list."),
    )

    class Meta:
        model = FactField
        fields = (
            "key", "label", "help_text", "kind", "choices", "position", "default_visibility", "is_facet",
        )  # fmt: skip
        help_texts = {
            "key": gettext_lazy("Its name in the API and in exports. It never changes."),
            "kind": gettext_lazy("It never changes: what people said fits this kind."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(self.instance.choices)

    def clean_choices(self) -> list[str]:
        text: str = self.cleaned_data["choices"]
        return text.splitlines()


@admin.register(FactField)
class FactFieldAdmin(CommunityModelAdmin[FactField]):
    form = FactFieldForm
    list_display = ("label", "key", "kind", "default_visibility", "is_facet", "is_built_in", "in_use")
    list_filter = ("is_built_in", "kind")
    ordering = ("position", "id")
    actions = ("retire", "restore")

    def may_view(self, user: Member) -> Decision:
        return can_manage_members(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: FactField | None = None) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: FactField | None = None) -> Any:
        return ("key", "kind") if obj else ()

    def save_model(self, request: MemberRequest, obj: FactField, form: Any, change: bool) -> None:  # type: ignore[override]
        words = form.cleaned_data
        wanted = FactFieldChange(
            label=words["label"],
            help_text=words["help_text"],
            kind=FactKind(obj.kind if change else words["kind"]),
            choices=words["choices"],
            position=words["position"],
            default_visibility=Visibility(words["default_visibility"]),
            is_facet=words["is_facet"],
        )
        if change:
            edit_fact_field(obj, wanted, by=request.user)
        else:
            obj.pk = create_fact_field(words["key"], wanted, by=request.user).pk

    @admin.display(description=gettext_lazy("in use"), boolean=True)
    def in_use(self, row: FactField) -> bool:
        return row.retired_at is None

    def fits(self, action: str, obj: FactField) -> bool:
        return (
            (obj.retired_at is None and not obj.is_built_in) if action == "retire" else bool(obj.retired_at)
        )

    @admin.action(description=gettext_lazy("Retire"), permissions=["view"])
    def retire(self, request: MemberRequest, queryset: QuerySet[FactField]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Retire: nobody is asked and nobody sees it; what people said is kept"),
            button=_("Retire"),
            act=lambda row, _words: retire_fact_field(row, by=request.user),
        )

    @admin.action(description=gettext_lazy("Bring back"), permissions=["view"])
    def restore(self, request: MemberRequest, queryset: QuerySet[FactField]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Bring back, with what people said"),
            button=_("Bring back"),
            act=lambda row, _words: restore_fact_field(row, by=request.user),
        )


class CorrectFactForm(forms.Form):
    """What a manager puts right in somebody's profile; it says that a manager entered it."""

    field = forms.ModelChoiceField(
        label=gettext_lazy("Field"), queryset=FactField.objects.in_use(), to_field_name="key"
    )
    values = forms.CharField(
        label=gettext_lazy("What it should say"),
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy("Several values on a line each. Left empty, the fact is taken away."),
    )


def lines_of(field: FactField, text: str) -> list[str]:
    """A paragraph is one value, whatever its lines; everything else has a value on each line."""
    if field.kind == FactKind.TEXT:
        return [text] if text.strip() else []
    return [line for line in text.splitlines() if line.strip()]


# --- experts ----------------------------------------------------------------------------------------------------


class GrantExpertiseForm(ActionModelForm):
    """Who is recognised for what, and what shows it."""

    handle = forms.CharField(
        label=gettext_lazy("Handle"), max_length=41, help_text=gettext_lazy("Of the member, as in @name.")
    )

    class Meta:
        model = Expertise
        fields = ("topic", "evidence")
        help_texts = {
            "topic": gettext_lazy("As its tag is named: beside topics with that tag the label is shown."),
            "evidence": gettext_lazy("Posts, work, a talk. Members read it."),
        }


class ReviewForm(forms.Form):
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("What shows it today. Left empty, what is written stays."),
    )


class ReviewFilter(admin.SimpleListFilter):
    title = gettext_lazy("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", _("due")), ("current", _("in force")), ("ended", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "due":
                return queryset.filter(ended_at__isnull=True, review_due__lte=Now())
            case "current":
                return queryset.filter(ended_at__isnull=True)
            case "ended":
                return queryset.filter(ended_at__isnull=False)
        return queryset


@admin.register(Expertise)
class ExpertiseAdmin(CommunityModelAdmin[Expertise]):
    list_display = ("member", "topic", "from_at", "review_due", "ended_at")
    list_filter = (ReviewFilter,)
    list_select_related = ("member",)
    search_fields = ("topic", "member__display_name", "member__handle")
    search_help_text = gettext_lazy("Topic, name or handle")
    actions = ("review", "end")
    shown = (
        "member", "topic", "evidence", "granted_by", "from_at", "reviewed_at", "review_due", "ended_at",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_manage_members(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Expertise | None = None) -> Any:
        return self.shown if obj else ("handle", "topic", "evidence")

    def get_readonly_fields(self, request: HttpRequest, obj: Expertise | None = None) -> Any:
        return self.shown if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Expertise | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(
            request, obj, change, **kwargs | ({} if obj else {"form": GrantExpertiseForm})
        )

    def save_model(self, request: MemberRequest, obj: Expertise, form: Any, change: bool) -> None:  # type: ignore[override]
        handle = form.cleaned_data["handle"].strip().removeprefix("@").lower()
        member = Member.objects.active().people().filter(handle=handle).first()
        if member is None:
            sentence = _("Nobody has this handle.")
            raise Invalid(sentence, fields={"handle": [sentence]})
        words = form.cleaned_data
        made = grant_expertise(member, topic=words["topic"], evidence=words["evidence"], by=request.user)
        obj.pk, obj.member = made.pk, member

    def fits(self, action: str, obj: Expertise) -> bool:
        return obj.ended_at is None

    @admin.action(description=gettext_lazy("It still holds"), permissions=["view"])
    def review(self, request: MemberRequest, queryset: QuerySet[Expertise]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("It still holds: the next look is due in a year"),
            button=_("Review"),
            form_class=ReviewForm,
            act=lambda row, words: review_expertise(row, by=request.user, evidence=words["evidence"]),
        )

    @admin.action(description=gettext_lazy("End the label"), permissions=["view"])
    def end(self, request: MemberRequest, queryset: QuerySet[Expertise]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("End: with the last label the role of an expert ends too"),
            button=_("End the label"),
            act=lambda row, _words: end_expertise(row, by=request.user),
        )


# --- notes ------------------------------------------------------------------------------------------------------


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 5}),
        help_text=gettext_lazy("Managers read it here, and the person in the export of their own data."),
    )


class NoteInline(ReadOnlyInline):
    model = MemberNote
    fk_name = "member"
    fields = ("created_at", "by", "text")
    readonly_fields = ("created_at",)
    ordering = ("-created_at",)
    verbose_name_plural = gettext_lazy("Notes between managers")
