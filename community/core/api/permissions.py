"""The API's door: an admitted member, with a token that reaches far enough. The rules live in the actions."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from community.core.models import ApiToken, Scope

if TYPE_CHECKING:
    from rest_framework.views import APIView


class IsAdmitted(BasePermission):
    """Strangers get 401 (from the authentication), applicants 403, and a reading token cannot write."""

    message: str | None = None

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        if request.user.is_suspended:
            self.message = _(
                "Your membership is suspended. Sign in to read why, until when, and how to appeal."
            )
            return False
        if not request.user.is_admitted:
            self.message = _("This belongs to members. Your application decides whether you become one.")
            return False
        if request.user.owes_terms_since is not None:
            self.message = _("New terms are in force. Sign in and accept them; then this works again.")
            return False
        token = request.auth
        if (
            isinstance(token, ApiToken)
            and request.method not in SAFE_METHODS
            and Scope.WRITE not in token.scopes
        ):
            self.message = _("This token can only read. Make one that may write.")
            return False
        return True
