"""Terms and house rules in the admin: drafts are written here, published, and who accepted them is exported."""

from collections.abc import Iterator
from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import ActionModelForm, CommunityModelAdmin
from community.core.permissions import Decision
from community.core.spreadsheets import csv_response
from members.actions.terms import draft_terms, edit_terms, publish_terms
from members.models import Member, Terms, TermsAcceptance, TermsKind
from members.permissions import can_publish_terms
from members.requests import MemberRequest

PROOF_HEADER = ("document", "version", "published_at", "member_id", "name", "email", "accepted_at")


class TermsAdminForm(ActionModelForm):
    class Meta:
        model = Terms
        fields = ("kind", "body", "change_note")
        widgets = {"body": forms.Textarea(attrs={"rows": 24, "cols": 90})}


@admin.register(Terms)
class TermsAdmin(CommunityModelAdmin[Terms]):
    """Published versions are read-only for ever: what somebody accepted is never another text."""

    form = TermsAdminForm
    list_display = ("kind", "version", "state", "change_note", "published_at", "published_by")
    list_filter = ("kind",)
    list_select_related = ("published_by",)
    actions = ("publish", "export_proof")
    shown = ("kind", "version", "state", "change_note", "body", "published_at", "published_by")

    def may_view(self, user: Member) -> Decision:
        return can_publish_terms(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return self.has_view_permission(request) and obj is not None and obj.published_at is None

    def get_fields(self, request: HttpRequest, obj: Terms | None = None) -> Any:
        return ("kind", "change_note", "body") if self._is_open(obj) else self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Terms | None = None) -> Any:
        if not self._is_open(obj):
            return self.shown
        return () if obj is None else ("kind",)

    def get_view_on_site_url(self, obj: Terms | None = None) -> str | None:
        return None if obj is None or obj.published_at is None else super().get_view_on_site_url(obj)

    def save_model(self, request: MemberRequest, obj: Terms, form: Any, change: bool) -> None:  # type: ignore[override]
        words = {"body": form.cleaned_data["body"], "change_note": form.cleaned_data["change_note"]}
        if change:
            edit_terms(obj, by=request.user, **words)
        else:
            obj.pk = draft_terms(TermsKind(form.cleaned_data["kind"]), by=request.user, **words).pk

    @admin.display(description=gettext_lazy("state"))
    def state(self, terms: Terms) -> str:
        return _("draft") if terms.published_at is None else _("published")

    def fits(self, action: str, obj: Terms) -> bool:
        return (obj.published_at is None) == (action == "publish")

    @admin.action(description=gettext_lazy("Publish"), permissions=["view"])
    def publish(self, request: MemberRequest, queryset: QuerySet[Terms]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Publish: from now on every member is asked to accept it before anything else"),
            button=_("Publish"),
            act=lambda terms, _words: publish_terms(terms, by=request.user),
            sensitive=True,
        )

    @admin.action(description=gettext_lazy("Export who accepted it"), permissions=["view"])
    def export_proof(self, request: MemberRequest, queryset: QuerySet[Terms]) -> StreamingHttpResponse:
        """With everybody's address, so the password is asked for again."""
        raise_if_reauthentication_required(request, app="allauth.account")
        return csv_response("terms-acceptances.csv", PROOF_HEADER, proof_rows(queryset))

    def _is_open(self, terms: Terms | None) -> bool:
        return terms is None or terms.published_at is None


def proof_rows(terms: QuerySet[Terms]) -> Iterator[tuple[object, ...]]:
    """Who accepted which version when, in the order in which it happened; times in UTC."""
    rows = TermsAcceptance.objects.filter(terms__in=terms.values("pk")).select_related("terms", "member")
    for row in rows.order_by("pk").iterator(chunk_size=2_000):
        yield (
            row.terms.kind,
            row.terms.version,
            "" if row.terms.published_at is None else row.terms.published_at.isoformat(timespec="seconds"),
            row.member_id,
            row.member.display_name,
            row.member.email,
            row.accepted_at.isoformat(timespec="seconds"),
        )
