"""Validation of what people say about themselves; the rules stand in the actions."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField
from community.core.models import Scope
from community.core.tokens import DEFAULT_DAYS, LONGEST_DAYS
from members.models import Member, Profile, time_zone_choices


class ProfileForm(ActionForm):
    display_name = LineField(label=_("Name"), max_length=80)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zone_choices,
        help_text=_("Times are shown in it, and mail respects its nights."),
    )
    biography = forms.CharField(
        label=_("About you"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    place = LineField(label=_("Place"), max_length=120, required=False)
    website = forms.URLField(label=_("Website"), max_length=300, required=False, assume_scheme="https")
    can_help_with = LineField(label=_("What I can help with"), max_length=300, required=False)
    looks_for = LineField(label=_("What I am looking for"), max_length=300, required=False)

    def __init__(self, data: QueryDict | None = None, *, member: Member, profile: Profile) -> None:
        initial = {
            "display_name": member.display_name,
            "time_zone": member.time_zone,
            "biography": profile.biography,
            "place": profile.place,
            "website": profile.website,
            "can_help_with": profile.can_help_with,
            "looks_for": profile.looks_for,
        }
        super().__init__(data, initial=initial)


class ApiTokenForm(ActionForm):
    """A new API token."""

    name = LineField(label=_("What will use it"), max_length=80)
    scope = forms.ChoiceField(label=_("It may"), choices=Scope, widget=forms.RadioSelect, initial=Scope.READ)
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=LONGEST_DAYS, initial=DEFAULT_DAYS
    )
