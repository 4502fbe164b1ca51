"""Validation of what is typed about pausing, leaving and suspending; the rules stand in the actions."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.forms import ActionForm


class LastDayField(forms.DateField):
    """A day on which something still holds; cleaned to its last second in the reader's zone."""

    widget = forms.DateInput(attrs={"type": "date"})

    def clean(self, value: Any) -> datetime | None:
        day = super().clean(value)
        if day is None:
            return None
        end = timezone.make_aware(datetime.combine(day, time.max.replace(microsecond=0)))
        if end <= timezone.now():
            raise ValidationError(_("That day is over."))
        return end


class PauseForm(ActionForm):
    until = LastDayField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy("The last day of the pause, within a year. You can come back earlier."),
    )


class AppealForm(ActionForm):
    words = forms.CharField(
        label=gettext_lazy("Why it should end"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "You have one appeal. It goes to somebody else than who suspended you, with your words as they are."
        ),
    )


class SuspendForm(forms.Form):
    until = LastDayField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("The last day on which it holds, within a year.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("The member reads it to the letter, by mail and on their page."),
    )


class DecideAppealForm(forms.Form):
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("", "—"),
            ("granted", gettext_lazy("Granted: the suspension ends now")),
            ("refused", gettext_lazy("Refused: it goes on until its date")),
        ],
    )
    reason = forms.CharField(
        label=gettext_lazy("Words for the member"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
