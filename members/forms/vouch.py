"""The form of a member who stands up for an applicant."""

from django import forms
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField
from members.actions.vouch import LONGEST_CONFLICT, LONGEST_VOUCH


class VouchForm(ActionForm):
    words = forms.CharField(
        label=_("How you know each other, and why this person fits"),
        help_text=_("A short paragraph. Community managers read it; the applicant does not."),
        max_length=LONGEST_VOUCH,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    conflict = LineField(
        label=_("Anything that makes you partial"),
        help_text=_(
            "A relative, a business between you, a favour owed. Say it in a line: your words are read all the same, "
            "and do not count as one of the vouches."
        ),
        max_length=LONGEST_CONFLICT,
        required=False,
    )
