"""Validation of invitations; the rules stand in the actions."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField
from members.models import Invitation, Organisation, Skip, Tier


class InviteForm(ActionForm):
    """One invitation by a member: to whom, and a personal line."""

    email = LineField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput)
    name = LineField(label=_("Name"), max_length=80, required=False, help_text=_("How the mail greets them."))
    message = LineField(
        label=_("A personal line"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why you think of them. It stands in the mail as you write it."),
    )

    def arguments(self) -> dict[str, Any]:
        """What `send_invitation` takes beside who invites."""
        return dict(self.cleaned_data)


class ManagerInviteForm(InviteForm):
    """One by a community manager, who chooses what it spares; without an address it is a link to hand over."""

    tier = forms.ModelChoiceField(
        label=_("Tier"), queryset=Tier.objects.open(), required=False, empty_label=None
    )
    organisation = forms.ModelChoiceField(
        label=_("Company"), queryset=Organisation.objects.order_by("name"), required=False
    )
    skips = forms.MultipleChoiceField(
        label=_("It spares them"), choices=Skip, required=False, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label=_("Days that it holds"), min_value=1, max_value=365, required=False)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["email"].required = False
        self.fields["email"].help_text = _("Left empty, you get a link that you hand over yourself.")

    def arguments(self) -> dict[str, Any]:
        return self.cleaned_data | {"skips": [Skip(value) for value in self.cleaned_data["skips"]]}


class AcceptForm(ActionForm):
    """Whoever accepts says who they are; the address only where the link was not mailed to one."""

    name = LineField(
        label=_("Your name"),
        max_length=80,
        help_text=_("As people know you. Members will see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = LineField(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("A link goes to it, to show that it is yours."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(
        self, data: QueryDict | None = None, *, invitation: Invitation, address: str, name: str
    ) -> None:
        super().__init__(data, initial={"name": name})
        if address:
            del self.fields["email"]


class ImportForm(ActionForm):
    """A file of people to invite."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,.txt"}),
        help_text=_(
            "UTF-8, at most 10,000 rows and 4 MB. The first line names the columns: email, name, company, message. "
            "Only “email” has to be there."
        ),
        allow_empty_file=True,
    )
    tier = forms.ModelChoiceField(
        label=_("Tier"), queryset=Tier.objects.open(), required=False, empty_label=None
    )
    skips = forms.MultipleChoiceField(
        label=_("The invitations spare them"),
        choices=Skip,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None = None, files: MultiValueDict[str, Any] | None = None) -> None:
        forms.Form.__init__(self, data, files)
