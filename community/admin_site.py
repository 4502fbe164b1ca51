"""The admin as one site: who comes in and under which content policy; what it shows stands in each app's `admin.py`."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import CommunityModelAdmin
from members.models import Member
from members.second_factor import has_needed_factor

# The stock admin asks for its scripts by files of its own, without a nonce. So here the files of this site may run
# and still nothing that stands in a page; everything else is as strict as everywhere.
POLICY = {"script-src": [SELF]}

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class CommunityAdminSite(AdminSite):
    """Sign-in, its limits, passwords and the second step are those of the site: the admin's own have none."""

    site_header = gettext_lazy("Administration")
    site_title = gettext_lazy("Administration")
    index_title = gettext_lazy("Administration")
    # Ten tables fit the first page; the room beside a list belongs to its columns.
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[Any] | None = None,
        **options: Any,
    ) -> None:
        """Only pages that write through actions. What packages bring would save rows, and show secrets, by itself."""
        if admin_class is not None and issubclass(admin_class, CommunityModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return cast("View", csp_replace(POLICY)(super().admin_view(view, cacheable)))

    def has_permission(self, request: HttpRequest) -> bool:
        """Moderators, managers and administrators, with a second factor where the place asks for one."""
        user = request.user
        return isinstance(user, Member) and user.is_staff and has_needed_factor(request, user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Where people come who may not enter, or not yet: the site's sign-in, or the set-up of a second step."""
        response: HttpResponse = secure_admin_login(self._let_in)(request)
        return response

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The site's own page asks again who it is, limits the tries and sends a notice."""
        return redirect("account_change_password")

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_logout")

    def _let_in(self, request: HttpRequest) -> HttpResponse:
        if self.has_permission(request):
            return redirect("admin:index")
        messages.warning(
            request, _("The administration asks for a second step. Set one up here, then you can go in.")
        )
        return redirect("mfa_index")
