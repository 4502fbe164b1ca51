"""Validation of bookmarks and kept lists; the rules stand in the actions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField

# Reminders come in the morning of the day that was chosen, in the member's own zone.
REMIND_AT = 9


class BookmarkForm(ActionForm):
    """A note to oneself and a reminder."""

    note = LineField(label=_("Note to yourself"), required=False, max_length=200)
    remind_on = forms.DateField(
        label=_("Remind me on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    unless_answered = forms.BooleanField(label=_("Only if nobody has answered by then"), required=False)


class SavedViewForm(ActionForm):
    """A list of topics under a name."""

    name = LineField(label=_("Keep this list as"), max_length=60)
    is_digest = forms.BooleanField(label=_("Bring what is new in it with the digest"), required=False)
    query = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)
