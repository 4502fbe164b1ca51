"""Accepting terms: one box for each, and the versions that were shown."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.forms import ActionForm
from members.models import Terms


class TermsForm(ActionForm):
    """Its fields are named by the version, so that what is sent says what was read."""

    def __init__(self, data: QueryDict | None = None, *, owed: Sequence[Terms]) -> None:
        super().__init__(data)
        self.owed = list(owed)
        for row in self.owed:
            self.fields[f"terms_{row.pk}"] = forms.BooleanField(
                label=_("I accept the {terms}, version {version}.").format(
                    terms=row.get_kind_display(), version=row.version
                ),
                error_messages={"required": gettext_lazy("Without this there is no way on; see below.")},
            )
