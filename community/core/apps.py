"""The floor. When all apps are loaded it collects every app's subscribers and letters, so that their jobs know them."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "community.core"
    verbose_name = _("Record and integrations")
    label = "core"

    def ready(self) -> None:
        autodiscover_modules("subscribers", "letters")
