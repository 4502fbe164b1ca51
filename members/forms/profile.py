"""The form of a profile: one's name, and a row for each fact with who may see it. The rules stand in the actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.forms import ActionForm, LineField
from members.actions.expertise import MOST_QUESTIONS
from members.actions.fact import LINE_LENGTH, TEXT_LENGTH, FactChange
from members.models import Fact, FactField, FactKind, Member, QuestionBudget, Visibility, time_zone_choices
from members.queries.facts import words_of

_DAYS: Final = [("", gettext_lazy("Day")), *((f"{day:02}", str(day)) for day in range(1, 32))]
_MONTHS: Final = [("", gettext_lazy("Month")), *((f"{month:02}", MONTHS[month]) for month in range(1, 13))]


class DayWidget(forms.MultiWidget):
    """A day of the year: two lists, so that nobody has to know how a date is written here."""

    template_name = "components/_day.html"

    def __init__(self) -> None:
        super().__init__(
            [
                forms.Select({"aria-label": gettext_lazy("Day")}, choices=_DAYS),
                forms.Select({"aria-label": gettext_lazy("Month")}, choices=_MONTHS),
            ]
        )

    def decompress(self, value: str | None) -> list[str]:
        month, _dash, day = (value or "").partition("-")
        return [day, month]


class DayField(forms.MultiValueField):
    """Cleaned to `MM-DD`, '' where nothing is chosen, and to half of it where half is: the action says what lacks."""

    widget = DayWidget

    def __init__(self, **kwargs: Any) -> None:
        parts = (forms.ChoiceField(choices=_DAYS), forms.ChoiceField(choices=_MONTHS))
        super().__init__(parts, require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[str]) -> str:
        day, month = data_list or ("", "")
        return f"{month}-{day}" if day or month else ""


class ProfileForm(ActionForm):
    """`rows` pairs each fact's field with the one that says who sees it."""

    display_name = LineField(label=gettext_lazy("Name"), max_length=80)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=time_zone_choices,
        help_text=gettext_lazy("Times are shown in it, and mail respects its nights."),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        member: Member,
        fields: Mapping[str, FactField],
        facts: Mapping[str, Fact],
    ) -> None:
        super().__init__(data, initial={"display_name": member.display_name, "time_zone": member.time_zone})
        self.facts = fields
        for key, row in fields.items():
            fact = facts.get(key)
            self.fields[key] = _field(row, fact.values if fact else [])
            self.fields[f"{key}_visibility"] = forms.ChoiceField(
                label=_("Who sees {field}").format(field=row.title),
                choices=Visibility.choices,
                required=False,
                initial=fact.visibility if fact else row.default_visibility,
            )

    def rows(self) -> list[tuple[BoundField, BoundField]]:
        return [(self[key], self[f"{key}_visibility"]) for key in self.facts]

    def changes(self) -> dict[str, FactChange]:
        """What was sent, for the action. A field that was not sent at all is not changed."""
        return {
            key: FactChange(
                _values(FactKind(row.kind), self.cleaned_data.get(key)),
                Visibility(chosen) if (chosen := self.cleaned_data.get(f"{key}_visibility")) else None,
            )
            for key, row in self.facts.items()
            if not self._is_missing(key)
        }

    def _is_missing(self, key: str) -> bool:
        """Whether the request says nothing of a field. Unticked boxes say nothing; the list beside them does."""
        names = {key, f"{key}_0", f"{key}_visibility"}
        return names.isdisjoint(self.data)


def _values(kind: FactKind, value: Any) -> list[str]:
    if not value:
        return []
    match kind:
        case FactKind.CHOICES:
            return list(value)
        case FactKind.LINKS:
            return [line for line in str(value).splitlines() if line.strip()]
    return [str(value)]


def _field(row: FactField, values: Sequence[str]) -> forms.Field:
    """The control of a field, holding what is said today."""
    kind = FactKind(row.kind)
    shown = [words_of(kind, value, is_ours=row.is_built_in) for value in values]
    common: dict[str, Any] = {
        "label": row.title,
        "required": False,
        "help_text": _(row.help_text) if row.is_built_in and row.help_text else row.help_text,
    }
    # What somebody said stays among the choices, though it is offered to nobody else any more.
    choices = [
        (choice, words_of(kind, choice, is_ours=row.is_built_in))
        for choice in dict.fromkeys((*row.choices, *values))
    ]
    match kind:
        case FactKind.TEXT:
            area = forms.Textarea({"rows": 5, "maxlength": TEXT_LENGTH, "dir": "auto"})
            return forms.CharField(widget=area, initial="\n".join(values), **common)
        case FactKind.CHOICE:
            return forms.ChoiceField(
                choices=[("", "—"), *choices], initial=values[0] if values else "", **common
            )
        case FactKind.CHOICES:
            boxes = NumberedBoxes
            return forms.MultipleChoiceField(choices=choices, widget=boxes, initial=list(values), **common)
        case FactKind.DAY:
            return DayField(initial=values[0] if values else "", **common)
        case FactKind.LINKS:
            lines = forms.Textarea({"rows": 3, "spellcheck": "false"})
            return forms.CharField(widget=lines, initial="\n".join(values), **common)
        case FactKind.LANGUAGES if not row.help_text:
            common["help_text"] = _("With commas between them, as in: English, Deutsch")
    attrs = {"maxlength": LINE_LENGTH if kind == FactKind.LINE else 1000, "dir": "auto"}
    return forms.CharField(widget=forms.TextInput(attrs), initial=", ".join(shown), **common)


class QuestionBudgetForm(ActionForm):
    """How many questions a month an expert wants to be asked."""

    per_month = forms.IntegerField(
        label=gettext_lazy("Questions a month"),
        min_value=0,
        max_value=MOST_QUESTIONS,
        required=False,
        help_text=gettext_lazy(
            "Left empty, there is no limit. Requests are spread over the experts of a topic."
        ),
    )

    def __init__(self, data: QueryDict | None = None, *, member: Member) -> None:
        budget = QuestionBudget.objects.filter(member=member).first()
        super().__init__(data, initial={"per_month": budget.per_month if budget else None})


class NumberedBoxes(forms.CheckboxSelectMultiple):
    """Boxes with a name each: a value that is sent twice is refused at the edge."""

    def create_option(
        self, name: str, value: Any, label: Any, selected: Any, index: int, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, label, selected, index, *args, **kwargs)
        return option | {"name": f"{name}_{index}"}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        chosen = (data.get(f"{name}_{index}") for index in range(len(list(self.choices))))
        return [str(value) for value in chosen if value is not None]


class PhotoForm(ActionForm):
    """A picture file. Whether it is one, the action finds out by decoding it."""

    photo = forms.FileField(
        label=gettext_lazy("Photo"),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": "image/jpeg,image/png,image/webp"}),
        help_text=gettext_lazy(
            "JPEG, PNG or WebP, eight megabytes at most. The middle is cut to a square; the place where it was taken "
            "and everything else that the camera noted is left out."
        ),
        error_messages={"required": gettext_lazy("Choose a file first.")},
    )

    def __init__(self, data: QueryDict | None = None, files: Any = None) -> None:
        super().__init__(data, files)
