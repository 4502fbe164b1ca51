"""Validation of what reviewers type. Which criterion needs what is the action's to say."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.forms import ActionForm, LineField
from members.actions.review import LONGEST_REASON, LONGEST_WORDS, Judgement
from members.models import Criterion, Verdict


class VerdictField(forms.ChoiceField):
    """Needed in the end, and none yet is no mistake: the action says what is missing for a decision."""

    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            raise forms.ValidationError(_("Choose one of the three."))


class JudgementForm(ActionForm):
    """Each criterion with a verdict and a reason, and the words for the applicant."""

    words = forms.CharField(
        label=gettext_lazy("Words for the applicant"),
        help_text=gettext_lazy(
            "They read exactly this, on their page and by mail. A decline needs a reason here."
        ),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        criteria: list[Criterion],
        said: Mapping[int, tuple[str, str]] | None = None,
        words: str = "",
    ) -> None:
        initial: dict[str, Any] = {"words": words}
        for pk, (verdict, reason) in (said or {}).items():
            initial |= {f"verdict_{pk}": verdict, f"reason_{pk}": reason}
        super().__init__(data, initial=initial)
        # Judgements are kept one by one, so the browser does not ask for all of them.
        self.use_required_attribute = False
        self.criteria = criteria
        for criterion in criteria:
            self.fields[f"verdict_{criterion.pk}"] = VerdictField(
                label=criterion.name,
                choices=[(value, str(label)) for value, label in Verdict.choices],
                widget=forms.RadioSelect,
            )
            self.fields[f"reason_{criterion.pk}"] = LineField(
                label=_("Why"),
                max_length=LONGEST_REASON,
                required=False,
                widget=forms.TextInput(attrs={"aria-label": _("Why: {name}").format(name=criterion.name)}),
            )

    @property
    def judgements(self) -> list[Judgement]:
        """What was said; a criterion without a verdict is not judged yet."""
        return [
            Judgement(
                criterion,
                Verdict(self.cleaned_data[f"verdict_{criterion.pk}"]),
                self.cleaned_data[f"reason_{criterion.pk}"],
            )
            for criterion in self.criteria
            if self.cleaned_data[f"verdict_{criterion.pk}"]
        ]

    def rows(self) -> list[tuple[Criterion, BoundField, BoundField]]:
        """For the page: each criterion with its two fields."""
        return [(row, self[f"verdict_{row.pk}"], self[f"reason_{row.pk}"]) for row in self.criteria]


class QuestionForm(ActionForm):
    words = forms.CharField(
        label=gettext_lazy("A question to the applicant"),
        help_text=gettext_lazy("They read it as it is. The clock stands still until they have answered."),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class NoteForm(ActionForm):
    note = forms.CharField(
        label=gettext_lazy("A note to other reviewers"),
        help_text=gettext_lazy("The applicant never sees notes."),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SecondForm(ActionForm):
    note = LineField(
        label=gettext_lazy("Why two should decide"),
        help_text=gettext_lazy("It becomes a note. From then on two reviewers have to agree."),
        max_length=LONGEST_REASON,
    )


class WaiverForm(ActionForm):
    reason = LineField(
        label=gettext_lazy("Why it goes without these vouches"),
        help_text=gettext_lazy("It becomes a note."),
        max_length=LONGEST_REASON,
    )


class CompanyForm(ActionForm):
    company = LineField(
        label=gettext_lazy("Company"),
        help_text=gettext_lazy("One that is not there yet is added. Empty means none."),
        max_length=120,
        required=False,
    )


class PlaceForm(ActionForm):
    place = forms.IntegerField(label=gettext_lazy("Place on the waitlist"), min_value=1, max_value=1_000_000)
    reason = LineField(label=gettext_lazy("Why"), max_length=300)
