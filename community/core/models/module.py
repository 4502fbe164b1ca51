"""Which modules a community uses: everything is in use until somebody switches it off (rule 15.6)."""

from typing import Any, Self

from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Module(models.TextChoices):
    """What can be switched off. The value is kept in rows, so it is never renamed."""

    POLLS = "polls", _("Polls")
    LIBRARY = "library", _("Library")
    MODERATION = "moderation", _("Moderation")


def module_choices() -> list[tuple[str, Any]]:
    """For the model's field: handed over as a function, so that a new module needs no migration."""
    return list(Module.choices)


class ModuleSwitchQuerySet(models.QuerySet["ModuleSwitch"]):
    def off(self) -> Self:
        return self.filter(is_on=False)


class ModuleSwitch(models.Model):
    """How a module was switched last; without a row it is in use. What it holds stays and comes back with it."""

    name = models.CharField(max_length=20, unique=True, choices=module_choices)
    is_on = models.BooleanField()
    switched_at = models.DateTimeField(db_default=Now())

    objects = ModuleSwitchQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def activity_title(self) -> str:
        return str(self.get_name_display())

    def get_absolute_url(self) -> str:
        return reverse("module_list")


def is_in_use(module: Module) -> bool:
    """For jobs and mails. Where there is a reader, `member.uses(module)` knows it without a query."""
    return not ModuleSwitch.objects.off().filter(name=module).exists()
