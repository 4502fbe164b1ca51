"""Validation of what people ask for in their settings; the rules stand in the actions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField
from community.core.models import Scope
from community.core.tokens import DEFAULT_DAYS, LONGEST_DAYS


class ApiTokenForm(ActionForm):
    """A new API token."""

    name = LineField(label=_("What will use it"), max_length=80)
    scope = forms.ChoiceField(label=_("It may"), choices=Scope, widget=forms.RadioSelect, initial=Scope.READ)
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=LONGEST_DAYS, initial=DEFAULT_DAYS
    )
