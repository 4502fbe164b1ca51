"""Members and organisations in the admin. Every act is an action of `members/actions`, done by whoever is signed in."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import ActionModelForm, CommunityModelAdmin, ReadOnlyInline
from community.core.errors import Conflict
from community.core.permissions import Decision
from members.actions.fact import FactChange, set_facts
from members.actions.member import create_member, deactivate_member, reactivate_member
from members.actions.note import note_member
from members.actions.organisation import add_domain, create_organisation, edit_organisation, remove_domain
from members.actions.photo import delete_photo
from members.actions.role import end_role, grant_role
from members.actions.standing import lift_suspension, suspend_member
from members.admin.profiles import CorrectFactForm, NoteForm, NoteInline, lines_of
from members.forms.standing import LastDayField, SuspendForm
from members.models import (
    Admission,
    Employment,
    Member,
    Organisation,
    OrganisationDomain,
    OrganisationKind,
    Pause,
    Role,
    RoleName,
    Suspension,
    time_zone_choices,
)
from members.permissions import can_grant_role, can_manage_members, can_manage_organisations
from members.requests import MemberRequest

# --- forms ------------------------------------------------------------------------------------------------------


class AddMemberForm(ActionModelForm):
    """A new account. Its owner signs in with a code by mail first and chooses a password then."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=RoleName.choices, initial=RoleName.MEMBER)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=time_zone_choices, initial="UTC")

    class Meta:
        model = Member
        fields = ("email", "display_name", "handle", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["handle"].required = False
        self.fields["handle"].help_text = gettext_lazy("Left empty, it is made out of the name.")


class GrantRoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    until = LastDayField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy(
            "The last day on which it is held. Left empty, it is held until somebody ends it."
        ),
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_choices(by)  # type: ignore[attr-defined]


class EndRoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"))

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_choices(by)  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Staff can read it in the record of what has happened."),
    )


def role_choices(by: Member) -> list[tuple[str, str]]:
    """The roles that this person may grant and end, behind none: which one is never an accident."""
    return [
        ("", "—"),
        *((value, str(label)) for value, label in RoleName.choices if can_grant_role(by, value)),
    ]


# --- members ----------------------------------------------------------------------------------------------------


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("active", _("active")),
            ("deactivated", _("deactivated")),
            ("suspended", _("suspended")),
            ("paused", _("pausing")),
            ("left", _("left")),
            ("unclaimed", _("known from an import only")),
            ("machine", _("machine account")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "active":
                return queryset.filter(deactivated_at__isnull=True, email__isnull=False, is_machine=False)
            case "deactivated":
                return queryset.filter(deactivated_at__isnull=False)
            case "unclaimed":
                return queryset.filter(email__isnull=True, is_machine=False)
            case "suspended":
                return queryset.filter(pk__in=Suspension.objects.current().values("member"))
            case "paused":
                return queryset.filter(pk__in=Pause.objects.current().values("member"))
            case "left":
                return queryset.filter(left_at__isnull=False)
            case "machine":
                return queryset.filter(is_machine=True)
        return queryset


class RoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("role held today")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in RoleName.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in RoleName.values:
            return queryset
        return queryset.filter(pk__in=Role.objects.current().filter(role=self.value()).values("member"))


class RoleInline(ReadOnlyInline):
    model = Role
    fk_name = "member"
    fields = ("role", "from_at", "until_at", "granted_by")
    ordering = ("-from_at",)
    verbose_name_plural = gettext_lazy("Roles")


class EmploymentInline(ReadOnlyInline):
    model = Employment
    fields = ("organisation", "title", "from_date", "until_date")
    ordering = ("-from_date",)
    verbose_name_plural = gettext_lazy("Employers")


@admin.register(Member)
class MemberAdmin(CommunityModelAdmin[Member]):
    list_display = ("display_name", "handle", "email", "current_roles", "joined_at", "state")
    list_filter = (StateFilter, RoleFilter)
    search_fields = ("display_name", "handle", "email")
    search_help_text = gettext_lazy("Name, handle or e-mail address")
    actions = (
        "grant_role",
        "end_role",
        "suspend",
        "lift_suspension",
        "deactivate",
        "reactivate",
        "note",
        "correct_fact",
        "remove_photo",
    )
    shown = (
        "display_name", "handle", "email", "headline", "current_roles", "state", "second_factor", "time_zone",
        "joined_at", "claimed_at", "last_login", "left_at", "deactivated_at",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_manage_members(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        members: QuerySet[Member] = Member.objects.with_current_roles().order_by("-id")
        return members

    def get_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        return self.shown if obj else ("email", "display_name", "handle", "role", "time_zone")

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        return self.shown if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Member | None) -> Any:
        return (RoleInline, EmploymentInline, NoteInline) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Member | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, **kwargs | ({} if obj else {"form": AddMemberForm}))

    def save_model(self, request: MemberRequest, obj: Member, form: Any, change: bool) -> None:  # type: ignore[override]
        made = create_member(
            by=request.user,
            email=form.cleaned_data["email"],
            display_name=form.cleaned_data["display_name"],
            handle=form.cleaned_data["handle"] or None,
            role=RoleName(form.cleaned_data["role"]),
            time_zone=form.cleaned_data["time_zone"],
            source="manager",
        )
        obj.pk = made.pk

    @admin.display(description=gettext_lazy("roles today"))
    def current_roles(self, member: Member) -> str:
        return ", ".join(str(RoleName(role).label) for role in RoleName.values if role in member.held_roles)

    @admin.display(description=gettext_lazy("state"))
    def state(self, member: Member) -> str:
        if member.deactivated_at is not None:
            return _("deactivated")
        if member.is_machine:
            return _("machine account")
        if member.is_suspended:
            return _("suspended")
        if member.has_left:
            return _("left")
        if member.paused_until is not None:
            return _("pausing")
        return _("active") if member.email else _("known from an import only")

    @admin.display(description=gettext_lazy("second step"), boolean=True)
    def second_factor(self, member: Member) -> bool:
        return bool(is_mfa_enabled(member))

    def fits(self, action: str, obj: Member) -> bool:
        if action in {"deactivate", "reactivate"}:
            return (obj.deactivated_at is None) == (action == "deactivate")
        if action in {"suspend", "lift_suspension"}:
            return obj.is_suspended == (action == "lift_suspension")
        return action != "end_role" or bool(obj.held_roles)

    @admin.action(description=gettext_lazy("Grant a role"), permissions=["view"])
    def grant_role(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Grant a role"),
            button=_("Grant role"),
            form_class=lambda data: GrantRoleForm(data, by=request.user),
            act=lambda member, words: grant_role(
                member, RoleName(words["role"]), by=request.user, until=words["until"]
            ),
            sensitive=True,
        )

    @admin.action(description=gettext_lazy("End a role"), permissions=["view"])
    def end_role(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        def end(member: Member, words: dict[str, Any]) -> Role:
            row = Role.objects.current().filter(member=member, role=words["role"]).order_by("id").last()
            if row is None:
                raise Conflict(_("{name} does not hold this role.").format(name=member.display_name))
            return end_role(row, by=request.user)

        return self.carry_out(
            request,
            queryset,
            question=_("End a role"),
            button=_("End role"),
            form_class=lambda data: EndRoleForm(data, by=request.user),
            act=end,
            sensitive=True,
        )

    @admin.action(description=gettext_lazy("Suspend"), permissions=["view"])
    def suspend(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Suspend: they can sign in, and read only why, until when and how to appeal"),
            button=_("Suspend"),
            form_class=SuspendForm,
            act=lambda member, words: suspend_member(
                member, by=request.user, reason=words["reason"], until=words["until"]
            ),
            sensitive=True,
        )

    @admin.action(description=gettext_lazy("Lift a suspension"), permissions=["view"])
    def lift_suspension(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        def lift(member: Member, _words: dict[str, Any]) -> Suspension:
            suspension = Suspension.objects.current().filter(member=member).first()
            if suspension is None:
                raise Conflict(_("{name} is not suspended.").format(name=member.display_name))
            return lift_suspension(suspension, by=request.user)

        return self.carry_out(
            request,
            queryset,
            question=_("Lift the suspension now; the member is told"),
            button=_("Lift"),
            act=lift,
        )

    @admin.action(description=gettext_lazy("Deactivate"), permissions=["view"])
    def deactivate(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Deactivate: sessions end and tokens stop at once, posts stay"),
            button=_("Deactivate"),
            form_class=ReasonForm,
            act=lambda member, words: deactivate_member(member, by=request.user, reason=words["reason"]),
            sensitive=True,
        )

    @admin.action(description=gettext_lazy("Reactivate"), permissions=["view"])
    def reactivate(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Open the account again"),
            button=_("Reactivate"),
            act=lambda member, _words: reactivate_member(member, by=request.user),
        )

    @admin.action(description=gettext_lazy("Write a note"), permissions=["view"])
    def note(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Note something about a person"),
            button=_("Keep the note"),
            form_class=NoteForm,
            act=lambda member, words: note_member(member, text=words["text"], by=request.user),
        )

    @admin.action(description=gettext_lazy("Correct a fact"), permissions=["view"])
    def correct_fact(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Correct a fact: the profile says that a community manager entered it"),
            button=_("Correct"),
            form_class=CorrectFactForm,
            act=lambda member, words: set_facts(
                member,
                {words["field"].key: FactChange(lines_of(words["field"], words["values"]))},
                by=request.user,
            ),
        )

    @admin.action(description=gettext_lazy("Take the photo away"), permissions=["view"])
    def remove_photo(self, request: MemberRequest, queryset: QuerySet[Member]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Take the photo away: initials stand in its place"),
            button=_("Take away"),
            act=lambda member, _words: delete_photo(member, by=request.user),
        )


# --- organisations ----------------------------------------------------------------------------------------------


class DomainInline(ReadOnlyInline):
    """Domains are given and taken; a wrong one is taken and the right one given."""

    model = OrganisationDomain
    form = ActionModelForm
    fields = ("domain", "verified_at")
    readonly_fields = ("verified_at",)
    extra = 1
    can_delete = True
    verbose_name_plural = gettext_lazy("E-mail domains")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


def _how_many(rows: QuerySet[Any]) -> Coalesce:
    """A count of a table's rows for each company of the list, without joining one table with the other."""
    counted = rows.order_by().values("organisation").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


@admin.register(Organisation)
class OrganisationAdmin(CommunityModelAdmin[Organisation]):
    list_display = ("name", "kind", "people", "seats", "slug", "created_at")
    list_filter = ("kind",)
    search_fields = ("name", "slug")
    fields = ("name", "kind")
    inlines = (DomainInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        here = Employment.objects.current().filter(
            organisation=OuterRef("pk"), member__directoryentry__isnull=False
        )
        seated = Admission.objects.seated().filter(organisation=OuterRef("pk"))
        companies: QuerySet[Organisation] = super().get_queryset(request)
        return companies.annotate(people_count=_how_many(here), seat_count=_how_many(seated))

    @admin.display(description=gettext_lazy("people here"), ordering="people_count")
    def people(self, organisation: Organisation) -> int:
        return int(organisation.people_count)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("places taken"), ordering="seat_count")
    def seats(self, organisation: Organisation) -> int:
        return int(organisation.seat_count)  # type: ignore[attr-defined]

    def may_view(self, user: Member) -> Decision:
        return can_manage_organisations(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: MemberRequest, obj: Organisation, form: Any, change: bool) -> None:  # type: ignore[override]
        name, kind = form.cleaned_data["name"], OrganisationKind(form.cleaned_data["kind"])
        if change:
            edit_organisation(obj, by=request.user, name=name, kind=kind)
        else:
            made = create_organisation(by=request.user, name=name, kind=kind)
            obj.pk, obj.slug = made.pk, made.slug

    def save_related(self, request: MemberRequest, form: Any, formsets: Any, change: bool) -> None:  # type: ignore[override]
        for formset in formsets:
            formset.save(commit=False)
            for row in formset.deleted_objects:
                remove_domain(row, by=request.user)
            for row in formset.new_objects:
                add_domain(form.instance, by=request.user, domain=row.domain)
