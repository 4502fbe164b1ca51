"""The root app, and the admin as this project runs it."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CommunityConfig(AppConfig):
    name = "community"
    verbose_name = "Trefoil"


class CommunityAdminConfig(admin_apps.AdminConfig):
    """Stands in INSTALLED_APPS in the place of the stock admin, so that it is entered and guarded our way."""

    default = False
    default_site = "community.admin_site.CommunityAdminSite"
