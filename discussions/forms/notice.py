"""Validation of what is chosen about notices; the rules stand in the action."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm
from community.core.models import Delivery, DigestRate, Module, NoticePreference, NoticeReason
from community.core.notices import PreferenceChange
from members.forms.standing import LastDayField

# What members read about each kind, in the order of the page.
KINDS: Final = {
    NoticeReason.MENTIONED: _("Somebody mentions me"),
    NoticeReason.REPLIED: _("Somebody answers me"),
    NoticeReason.MESSAGE: _("Somebody writes me a message"),
    NoticeReason.DECIDED: _("Something of mine is decided"),
    NoticeReason.REMINDER: _("A reminder I set"),
    NoticeReason.ASKED: _("Somebody thinks I know the answer"),
    NoticeReason.ANSWERED: _("A question I follow has its answer"),
    NoticeReason.NUDGED: _("My question may have its answer"),
    NoticeReason.ANNOUNCED: _("An announcement"),
    NoticeReason.FOLLOWING: _("A topic I follow moves"),
    NoticeReason.SPACE: _("Something new in a space I follow"),
    NoticeReason.TAG: _("Something new under a tag I follow"),
    NoticeReason.THANKED: _("Somebody thanks me"),
    NoticeReason.POLLED: _("A poll where I follow"),
    NoticeReason.VOTED: _("What became of a poll I voted in"),
    NoticeReason.PROMISED: _("My poll owes its voters an answer"),
    NoticeReason.QUOTED: _("My words are asked for in the library"),
    NoticeReason.LIBRARY: _("Something of mine in the library waits"),
}
# Rule 15.6: what is not asked where its module is switched off.
MODULES: Final = dict.fromkeys(
    (NoticeReason.POLLED, NoticeReason.VOTED, NoticeReason.PROMISED), Module.POLLS
) | dict.fromkeys((NoticeReason.QUOTED, NoticeReason.LIBRARY), Module.LIBRARY)
WEEKDAYS: Final = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
_HOURS: Final = [(hour, f"{hour:02}:00") for hour in range(24)]


class PreferenceForm(ActionForm):
    """One field for each kind beside those named here: `kind_mentioned` and so on."""

    digest = forms.ChoiceField(label=_("A digest of what is new for me"), choices=DigestRate.choices)
    digest_weekday = forms.TypedChoiceField(
        label=_("On"), choices=WEEKDAYS, coerce=int, help_text=_("For a digest every week.")
    )
    digest_hour = forms.TypedChoiceField(label=_("At"), choices=_HOURS, coerce=int)
    work_days = forms.TypedMultipleChoiceField(
        label=_("Mail me at once only on"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means any day at any hour."),
    )
    work_from = forms.TypedChoiceField(label=_("From"), choices=_HOURS, coerce=int)
    work_until = forms.TypedChoiceField(label=_("Until"), choices=[*_HOURS[1:], (24, "24:00")], coerce=int)
    quiet_until = LastDayField(
        label=_("Do not disturb until the end of"),
        required=False,
        help_text=_("No mail at once before that. The digest still comes; a pause stops that too."),
    )

    def __init__(
        self, data: Any = None, *, preference: NoticePreference, modules_off: frozenset[str] = frozenset()
    ) -> None:
        self.kinds = {
            reason: label for reason, label in KINDS.items() if MODULES.get(reason) not in modules_off
        }
        initial: dict[str, Any] = {
            name: getattr(preference, name)
            for name in ("digest", "digest_weekday", "digest_hour", "work_days", "work_from", "work_until")
        }
        initial["quiet_until"] = preference.quiet_until
        initial |= {f"kind_{reason}": preference.delivery(reason) for reason in self.kinds}
        super().__init__(data, initial=initial)
        for reason, label in self.kinds.items():
            self.fields[f"kind_{reason}"] = forms.ChoiceField(
                label=label, choices=Delivery.choices, initial=initial[f"kind_{reason}"]
            )

    @property
    def kind_fields(self) -> list[forms.BoundField]:
        return [self[f"kind_{reason}"] for reason in self.kinds]

    def change(self) -> PreferenceChange:
        """What the action takes."""
        values = self.cleaned_data
        return PreferenceChange(
            digest=DigestRate(values["digest"]),
            digest_hour=values["digest_hour"],
            digest_weekday=values["digest_weekday"],
            work_days=values["work_days"],
            work_from=values["work_from"],
            work_until=values["work_until"],
            quiet_until=values["quiet_until"],
            choices={reason: Delivery(values[f"kind_{reason}"]) for reason in self.kinds},
        )
