"""The addresses of Trefoil: each app's own under it, and the pages that join the apps."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from community.views import errors, gallery, health, home, mail, module, notice, search, text, welcome

urlpatterns = [
    # What is opened most stands first: an address is compared with each pattern before its own.
    path("", home.home, name="home"),
    path("", include("discussions.urls")),
    path("search/", search.search, name="search"),
    path("search/suggestions/", search.search_suggest, name="search_suggest"),
    path("welcome/", welcome.welcome, name="welcome"),
    path("text/preview/", text.text_preview, name="text_preview"),
    path("modules/", module.module_list, name="module_list"),
    path("modules/<slug:name>/switch/", module.module_switch, name="module_switch"),
    path("notices/", notice.notice_list, name="notice_list"),
    path("notices/read/", notice.notice_read_all, name="notice_read_all"),
    path("notices/<int:notice_id>/read/", notice.notice_read, name="notice_read"),
    path("me/notices/", notice.notice_preferences, name="notice_preferences"),
    path("me/notices/address-works/", notice.notice_address_works, name="notice_address_works"),
    path("mail/stop/<str:token>/", mail.mail_stop, name="mail_stop"),
    path("mail/act/<str:token>/", mail.mail_act, name="mail_act"),
    path("mail/inbound/", mail.mail_inbound, name="mail_inbound"),
    path("health/", health.health, name="health"),
    path("csp-report/", health.csp_report, name="csp_report"),
    path("", include("members.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("community.api_urls")),
]

if settings.GALLERY:
    urlpatterns.append(path("gallery/", gallery.gallery, name="gallery"))

if settings.MAIL_VIEWER:
    urlpatterns += [
        path("mail/sent/", mail.mail_list, name="mail_list"),
        path("mail/sent/<str:name>/", mail.mail_show, name="mail_show"),
        path("mail/sent/<str:name>/html/", mail.mail_html, name="mail_html"),
    ]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler429 = errors.too_many_requests
handler500 = errors.server_error
