"""The form of an introduction: whom they should meet, and why."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.forms import ActionForm, LineField
from members.models import Member


class IntroductionForm(ActionForm):
    """`second` is cleaned to the one member whom the introducer sees under that handle or name."""

    second = LineField(
        label=gettext_lazy("Who should they meet?"),
        max_length=80,
        help_text=gettext_lazy("A handle or a name, as the directory shows it."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why should they know each other?"),
        max_length=600,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=gettext_lazy("Three lines at most. Both read it, and nothing happens unless both agree."),
    )

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data)
        self.by = by

    def clean_second(self) -> Member:
        wanted = self.cleaned_data["second"].removeprefix("@")
        shown = Member.objects.visible_to(self.by)
        exact: Member | None = shown.filter(handle=wanted.lower()).first()
        if exact is not None:
            return exact
        named: list[Member] = list(shown.filter(display_name__iexact=wanted).order_by("pk")[:6])
        if not named:
            raise forms.ValidationError(
                _("Nobody here has this handle or name. Look for them in the directory.")
            )
        if len(named) > 1:
            handles = ", ".join(f"@{member.handle}" for member in named)
            raise forms.ValidationError(
                _("Several people have this name: {handles}. Write the handle.").format(handles=handles)
            )
        return named[0]
