"""The admin as one site: who comes in and under which content policy; what it shows stands in each app's `admin.py`."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

# The stock admin asks for its scripts by files of its own, without a nonce. So here the files of this site may run
# and still nothing that stands in a page; everything else is as strict as everywhere.
POLICY = {"script-src": [SELF]}

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class CommunityAdminSite(AdminSite):
    """Sign-in, its limits and the second step are those of the site: the admin's own login has none."""

    site_header = _("Administration")
    site_title = _("Administration")
    index_title = _("Administration")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return cast("View", csp_replace(POLICY)(super().admin_view(view, cacheable)))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response
