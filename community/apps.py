"""The root app, and the admin as this project runs it."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _

# Jobs bind to the queue once Django is set up. In `community/__init__.py`, as is usual, every process that only
# reads the environment would load Celery: a supervisor, a launcher, ten times the time of a start.
from community.celery import app as celery_app

__all__ = ["CommunityAdminConfig", "CommunityConfig", "celery_app"]


class CommunityConfig(AppConfig):
    name = "community"
    verbose_name = _("Data")


class CommunityAdminConfig(admin_apps.AdminConfig):
    """Stands in INSTALLED_APPS in the place of the stock admin, so that it is entered and guarded our way."""

    default = False
    default_site = "community.admin_site.CommunityAdminSite"
