"""Invitations in the admin: everybody's, with what became of them; one by one and a whole file taken back."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import CommunityModelAdmin
from community.core.permissions import Decision
from members.actions.invitation import resend_invitation, revoke_invitation
from members.actions.invitation_batch import revoke_batch
from members.models import Invitation, Member
from members.permissions import can_manage_invitations
from members.requests import MemberRequest


class InvitationStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("open")),
            ("accepted", _("accepted")),
            ("ended", _("ended")),
            ("revoked", _("taken back")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "open":
                return queryset.filter(pk__in=Invitation.objects.usable().values("pk"))
            case "accepted":
                return queryset.filter(accepted_at__isnull=False)
            case "ended":
                over = {"accepted_at__isnull": True, "revoked_at__isnull": True}
                return queryset.filter(**over, expires_at__lte=timezone.now())
            case "revoked":
                return queryset.filter(revoked_at__isnull=False)
        return queryset


@admin.register(Invitation)
class InvitationAdmin(CommunityModelAdmin[Invitation]):
    list_display = (
        "__str__",
        "tier",
        "organisation",
        "invited_by",
        "state",
        "created_at",
        "expires_at",
        "batch",
    )
    list_filter = (InvitationStateFilter, "tier")
    list_select_related = ("tier", "organisation", "invited_by")
    search_fields = ("email", "invited_by__display_name", "=batch")
    search_help_text = gettext_lazy("Address, who invited, or the number of a file")
    actions = ("resend", "revoke", "revoke_file")
    fields = (
        "email", "name", "message", "tier", "organisation", "skips", "invited_by", "batch", "created_at",
        "expires_at", "accepted_at", "accepted_by", "revoked_at",
    )  # fmt: skip
    readonly_fields = fields

    def may_view(self, user: Member) -> Decision:
        return can_manage_invitations(user)

    def get_view_on_site_url(self, obj: Invitation | None = None) -> str | None:
        # The page of one's own invitations does not show those of others.
        return None

    @admin.display(description=gettext_lazy("state"))
    def state(self, invitation: Invitation) -> str:
        if invitation.accepted_at is not None:
            return _("accepted")
        if invitation.revoked_at is not None:
            return _("taken back")
        return _("ended") if invitation.expires_at <= timezone.now() else _("open")

    def fits(self, action: str, obj: Invitation) -> bool:
        if action == "revoke_file":
            return obj.batch is not None
        return obj.accepted_at is None and obj.revoked_at is None

    @admin.action(description=gettext_lazy("Send again"), permissions=["view"])
    def resend(self, request: MemberRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Send again, with a new link and the whole time"),
            button=_("Send again"),
            act=lambda invitation, _words: resend_invitation(invitation, by=request.user),
        )

    @admin.action(description=gettext_lazy("Take back"), permissions=["view"])
    def revoke(self, request: MemberRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Take back: their links work no more"),
            button=_("Take back"),
            act=lambda invitation, _words: revoke_invitation(invitation, by=request.user),
        )

    @admin.action(description=gettext_lazy("Take back the whole file"), permissions=["view"])
    def revoke_file(self, request: MemberRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset.filter(batch__isnull=False),
            question=_("Take back everything still open that came with the same file"),
            button=_("Take back the file"),
            act=lambda invitation, _words: (
                revoke_batch(invitation.batch, by=request.user) if invitation.batch else 0
            ),
        )
