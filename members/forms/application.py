"""Validation of what applicants type. A draft may be wrong: only what is sent is looked at, by the action."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.errors import Invalid
from community.core.forms import ActionForm
from members.actions.application import Given
from members.actions.member import normal_email
from members.models import Answer, Question, QuestionKind, Tier

# From so many answers on they are a list to open instead of buttons.
CHOICES_SHOWN = 7


class StartForm(ActionForm):
    """The first step: an address, and a tier where there are several."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "invalid": gettext_lazy("That is not an e-mail address. Write it as name@example.org.")
        },
    )

    def __init__(self, data: QueryDict | None = None, *, tiers: list[Tier], tier: Tier | None = None) -> None:
        super().__init__(data, initial={"tier": (tier or tiers[0]).slug if tiers else None})
        self.tiers = {row.slug: row for row in tiers}
        if len(tiers) > 1:
            self.fields["tier"] = forms.ChoiceField(
                label=_("You ask to join"),
                choices=[(row.slug, row.name) for row in tiers],
                widget=forms.RadioSelect,
            )

    def clean_email(self) -> str:
        """As it is kept, so that one address is one address to the limits too."""
        try:
            return normal_email(self.cleaned_data["email"])
        except Invalid as error:
            raise ValidationError(error.fields["email"]) from error

    @property
    def chosen_tier(self) -> Tier | None:
        """None where every tier is closed."""
        chosen = self.cleaned_data.get("tier")
        return self.tiers[chosen] if chosen else next(iter(self.tiers.values()), None)


class DraftField(forms.CharField):
    """Whatever was typed, also nothing: `required` only says how the label reads."""

    def validate(self, value: Any) -> None:
        pass


class DraftChoiceField(forms.ChoiceField):
    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            raise ValidationError(_("Choose one of the answers."))


class ApplicationForm(ActionForm):
    """Rule 1.2: the name, then every question that may be asked; which of them are, the answers say."""

    use_required_attribute = False

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        questions: list[Question],
        answers: Mapping[int, Answer],
        name: str,
        tier: Tier,
        tiers: Sequence[Tier],
    ) -> None:
        initial: dict[str, object] = {"name": name, "tier": tier.slug}
        for pk, answer in answers.items():
            initial |= {f"answer_{pk}": answer.text, f"may_fill_{pk}": answer.may_fill}
        super().__init__(data, initial=initial)
        self.questions = questions
        self.tiers = {row.slug: row for row in (tier, *tiers)}
        if len(self.tiers) > 1:
            self.fields["tier"] = DraftChoiceField(
                label=_("You ask to join"),
                help_text=_("You may choose another one until you send it. What you wrote stays."),
                choices=[(row.slug, row.name) for row in self.tiers.values()],
                widget=forms.RadioSelect,
            )
        self.fields["name"] = DraftField(
            label=_("Your name"),
            help_text=_("As people know you. Members see it when you are let in."),
            widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        )
        for question in questions:
            self.fields[f"answer_{question.pk}"] = _field_of(question)
            if question.fills:
                self.fields[f"may_fill_{question.pk}"] = forms.BooleanField(
                    label=_("This may also stand in my profile once I am a member"), required=False
                )

    @property
    def chosen_tier(self) -> Tier | None:
        """None where there is nothing to choose, or nothing was chosen: then it stays as it is."""
        return self.tiers.get(self.cleaned_data.get("tier") or "")

    @property
    def given(self) -> dict[int, Given]:
        """What was sent, for the action."""
        return {
            question.pk: Given(
                self.cleaned_data.get(f"answer_{question.pk}") or "",
                bool(self.cleaned_data.get(f"may_fill_{question.pk}")),
            )
            for question in self.questions
            # A program that leaves an answer out leaves it as it is.
            if f"answer_{question.pk}" in self.data or question.kind == QuestionKind.CHOICE
        }

    @property
    def rows(self) -> list[dict[str, object]]:
        """The questions with their fields, and what a page has to say about when each is asked."""
        labels = {question.pk: question.label for question in self.questions}
        rows: list[dict[str, object]] = []
        for question in self.questions:
            above = question.shown_if_id
            rows.append(
                {
                    "field": self[f"answer_{question.pk}"],
                    "consent": self[f"may_fill_{question.pk}"] if question.fills else None,
                    "shown_if": f"answer_{above}" if above in labels else "",
                    "shown_if_answer": question.shown_if_answer,
                    "shown_if_label": labels.get(above, "") if above else "",
                }
            )
        return rows


def _field_of(question: Question) -> forms.Field:
    # The template prints help as HTML, and a manager wrote this one.
    shared: dict[str, Any] = {
        "label": question.label,
        "help_text": escape(question.help_text),
        "required": question.is_required,
    }
    match question.kind:
        case QuestionKind.CHOICE:
            choices = [(choice, choice) for choice in question.choices]
            if len(choices) > CHOICES_SHOWN:
                return DraftChoiceField(**shared, choices=[("", "—"), *choices])
            return DraftChoiceField(**shared, choices=choices, widget=forms.RadioSelect)
        case QuestionKind.LONG:
            return DraftField(**shared, strip=False, widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}))
        case QuestionKind.NUMBER:
            # Not a number field: browsers throw away what they do not take for one.
            return DraftField(**shared, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
        case QuestionKind.LINK:
            return DraftField(
                **shared, widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"})
            )
        case QuestionKind.COMPANY:
            widget = forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"})
            return DraftField(**shared, widget=widget)
    return DraftField(**shared, widget=forms.TextInput(attrs={"dir": "auto"}))


class ReplyForm(ActionForm):
    """An answer to what the reviewers asked."""

    words = DraftField(
        label=gettext_lazy("Your answer"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )


class VouchRequestForm(ActionForm):
    """Somebody who knows the applicant, by address."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address of somebody who knows you"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "invalid": gettext_lazy("That is not an e-mail address. Write it as name@example.org.")
        },
    )
