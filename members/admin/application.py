"""The queue of applications in the admin. Criteria are judged on the review page, which each row leads to."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import CommunityModelAdmin, ReadOnlyInline
from community.core.http import whole_number
from community.core.permissions import Decision
from members.actions.review import (
    LONGEST_WORDS,
    ask_applicant,
    ask_second_reviewer,
    decide_application,
    note_application,
    take_application,
    vouches_missing,
    waive_vouches,
)
from members.actions.waitlist import move_on_waitlist
from members.forms.review import NoteForm, PlaceForm, QuestionForm, SecondForm, WaiverForm
from members.models import (
    WITH_REVIEWERS,
    Answer,
    Application,
    ApplicationNote,
    ApplicationState,
    ApplicationStep,
    Member,
)
from members.permissions import can_review_applications
from members.queries.review import reviewers
from members.requests import MemberRequest

_UNDECIDED = (*WITH_REVIEWERS, ApplicationState.MORE_ASKED)


class WordsForm(forms.Form):
    words = forms.CharField(
        label=gettext_lazy("Words for the applicant"),
        help_text=gettext_lazy(
            "They read exactly this. Every criterion was judged on the review page before."
        ),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ListFilter(admin.SimpleListFilter):
    title = gettext_lazy("where it stands")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", _("to decide")), ("overdue", _("overdue")), *ApplicationState.choices[1:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"due", "overdue"}:
            queryset = queryset.filter(state__in=WITH_REVIEWERS)
            return queryset.filter(due_at__lt=Now()) if self.value() == "overdue" else queryset
        return queryset.filter(state=self.value()) if self.value() in ApplicationState.values else queryset


class OwnerFilter(admin.SimpleListFilter):
    title = gettext_lazy("owner")
    parameter_name = "owner"

    def lookups(self, request: MemberRequest, model_admin: Any) -> list[tuple[str, Any]]:  # type: ignore[override]
        others = ((str(one.pk), one.display_name) for one in reviewers(request.user))
        return [("nobody", _("nobody yet")), *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "nobody":
            return queryset.filter(owner__isnull=True)
        number = whole_number(self.value())
        return queryset if number is None else queryset.filter(owner=number)


class AnswerInline(ReadOnlyInline):
    model = Answer
    fields = ("question", "text", "may_fill")
    verbose_name_plural = gettext_lazy("Answers")


class StepInline(ReadOnlyInline):
    model = ApplicationStep
    fields = ("at", "state", "by", "words")
    verbose_name_plural = gettext_lazy("What happened")


class NoteInline(ReadOnlyInline):
    model = ApplicationNote
    fields = ("at", "by", "text")
    verbose_name_plural = gettext_lazy("Notes between reviewers")


@admin.register(Application)
class ApplicationAdmin(CommunityModelAdmin[Application]):
    """Everything that was sent in, but one's own."""

    list_display = ("member", "company_name", "tier", "state", "due_at", "owner", "submitted_at")
    list_filter = (ListFilter, OwnerFilter, "tier")
    list_select_related = ("member", "tier", "owner")
    search_fields = ("member__handle", "member__email")
    search_help_text = gettext_lazy("Handle or e-mail address of the applicant")
    actions = ("take", "ask", "note", "let_two_decide", "waive", "accept", "decline", "move")
    one_by_one = frozenset({"ask", "let_two_decide", "waive", "accept", "decline", "move"})
    inlines = (AnswerInline, StepInline, NoteInline)
    shown = (
        "member", "company_name", "organisation", "tier", "state", "owner", "submitted_at", "due_at", "decided_at",
        "waitlisted_at", "waitlist_rank", "needs_second_reviewer", "vouch_waiver", "invitation",
    )  # fmt: skip

    def may_view(self, user: Member) -> Decision:
        return can_review_applications(user)

    def get_queryset(self, request: MemberRequest) -> QuerySet[Application]:  # type: ignore[override]
        return Application.objects.reviewable_by(request.user).order_by("-id")

    def get_fields(self, request: HttpRequest, obj: Application | None = None) -> Any:
        return self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Application | None = None) -> Any:
        return self.shown

    def fits(self, action: str, obj: Application) -> bool:
        match action:
            case "move":
                return obj.state == ApplicationState.WAITLISTED
            case "note":
                return True
            case "decline":
                return obj.state in (*_UNDECIDED, ApplicationState.WAITLISTED)
            case "let_two_decide":
                return obj.state in _UNDECIDED and not obj.needs_second_reviewer
            case "waive":
                return obj.state in _UNDECIDED and vouches_missing(obj) > 0
            case "ask":
                return obj.state in WITH_REVIEWERS
        return obj.state in _UNDECIDED

    @admin.action(description=gettext_lazy("Take"), permissions=["view"])
    def take(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Become the owner: you decide in time"),
            button=_("Take"),
            act=lambda application, _words: take_application(application, by=request.user),
        )

    @admin.action(description=gettext_lazy("Ask for more"), permissions=["view"])
    def ask(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Ask the applicant: the clock stands still until the answer comes"),
            button=_("Send the question"),
            form_class=QuestionForm,
            act=lambda application, words: ask_applicant(application, words["words"], by=request.user),
        )

    @admin.action(description=gettext_lazy("Note"), permissions=["view"])
    def note(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("A note to other reviewers"),
            button=_("Add the note"),
            form_class=NoteForm,
            act=lambda application, words: note_application(application, words["note"], by=request.user),
        )

    @admin.action(description=gettext_lazy("Let two decide"), permissions=["view"])
    def let_two_decide(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("From now on two reviewers have to agree"),
            button=_("Ask for a second reviewer"),
            form_class=SecondForm,
            act=lambda application, words: ask_second_reviewer(application, words["note"], by=request.user),
        )

    @admin.action(description=gettext_lazy("Waive vouches"), permissions=["view"])
    def waive(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Go without the vouches that are missing; the reason becomes a note"),
            button=_("Waive"),
            form_class=WaiverForm,
            act=lambda application, words: waive_vouches(application, words["reason"], by=request.user),
        )

    @admin.action(description=gettext_lazy("Accept"), permissions=["view"])
    def accept(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self._decide(request, queryset, accepts=True)

    @admin.action(description=gettext_lazy("Decline"), permissions=["view"])
    def decline(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self._decide(request, queryset, accepts=False)

    @admin.action(description=gettext_lazy("Move on the waitlist"), permissions=["view"])
    def move(self, request: MemberRequest, queryset: QuerySet[Application]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Another place on the waitlist; the reason stays in the record"),
            button=_("Move"),
            form_class=PlaceForm,
            act=lambda application, words: move_on_waitlist(
                application, words["place"], by=request.user, reason=words["reason"]
            ),
        )

    def _decide(
        self, request: MemberRequest, queryset: QuerySet[Application], *, accepts: bool
    ) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Accept: a place, or the waitlist where none is free") if accepts else _("Decline"),
            button=_("Accept") if accepts else _("Decline"),
            form_class=WordsForm,
            act=lambda application, words: decide_application(
                application, by=request.user, accepts=accepts, words=words["words"]
            ),
        )
