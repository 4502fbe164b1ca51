"""The addresses of Trefoil: each app's own under it, and the pages that join the apps."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from community.views import errors, gallery, health, home, search, text, welcome

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("welcome/", welcome.welcome, name="welcome"),
    path("text/preview/", text.text_preview, name="text_preview"),
    path("health/", health.health, name="health"),
    path("csp-report/", health.csp_report, name="csp_report"),
    path("", include("members.urls")),
    path("", include("discussions.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("community.api_urls")),
]

if settings.GALLERY:
    urlpatterns.append(path("gallery/", gallery.gallery, name="gallery"))

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler429 = errors.too_many_requests
handler500 = errors.server_error
