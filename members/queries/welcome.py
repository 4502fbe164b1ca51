"""What is left of a newcomer's welcome (rule 1.11)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from members.actions.welcome import STEPS, next_step
from members.models import Member, Welcome


@dataclass(frozen=True, slots=True)
class WelcomeLeft:
    """The step that is next; 1 is the first of three."""

    number: int
    label: str


def welcome_left(member: Member) -> WelcomeLeft | None:
    """None once every step was taken or skipped, and for whoever came before there was a welcome. One query."""
    welcome = Welcome.objects.filter(member=member, finished_at__isnull=True).first()
    step = next_step(welcome) if welcome is not None else ""
    return WelcomeLeft(list(STEPS).index(step) + 1, step_labels()[step]) if step else None


def step_labels() -> dict[str, str]:
    """Each step as it is called on the page, in their order."""
    return {
        "knows": _("What you know"),
        "looks_for": _("What you look for"),
        "introduces": _("Say hello"),
    }
