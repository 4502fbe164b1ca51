"""Validation of what is sent about the directory; the rules stand in the actions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField


class SavedSearchForm(ActionForm):
    """A search under a name."""

    name = LineField(label=_("Keep this search as"), max_length=60)
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
