"""Validation of what is sent about polls; the rules stand in the actions."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField
from discussions.actions.poll import HIGHEST_QUORUM, MOST_OUTCOME_DAYS, Option, PollRules
from discussions.forms.settling import moment_field
from discussions.models import (
    HIGHEST_SCORE,
    MOST_DOTS,
    OUTCOME_LENGTH,
    POLL_ABOUT_LENGTH,
    POLL_OPTIONS,
    POLL_TITLE_LENGTH,
    Electorate,
    Poll,
    PollKind,
    ResultsShown,
    Secrecy,
    VotePer,
)

_DAY_AND_HOUR: Final = "%Y-%m-%d %H:%M"
OPEN_FOR: Final = timedelta(days=7)
NEEDS_INFORMATION: Final = "needs_information"


class PollForm(ActionForm):
    """A question, its options one to a line, and how it is held."""

    title = LineField(label=_("Question"), max_length=POLL_TITLE_LENGTH)
    about = forms.CharField(
        label=_("What voters should know"),
        required=False,
        max_length=POLL_ABOUT_LENGTH,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=PollKind, widget=forms.RadioSelect)
    options = forms.CharField(
        label=_("Options"),
        widget=forms.Textarea({"rows": 6, "dir": "auto"}),
        help_text=_(
            "One to a line, 2 to 20. To find a date write each as 2026-03-09 14:00, in your own zone."
        ),
    )
    closes_at = moment_field(
        label=_("Closes"), help_text=_("In your own zone. Followers are reminded a day before.")
    )
    electorate = forms.ChoiceField(label=_("Who votes"), choices=Electorate, widget=forms.RadioSelect)
    vote_per = forms.ChoiceField(label=_("How many votes"), choices=VotePer, widget=forms.RadioSelect)
    secrecy = forms.ChoiceField(
        label=_("Who learns what somebody chose"),
        choices=Secrecy,
        widget=forms.RadioSelect,
        help_text=_("Results of an anonymous poll are shown at its close, from five votes on."),
    )
    results = forms.ChoiceField(label=_("Results are shown"), choices=ResultsShown, widget=forms.RadioSelect)
    may_change = forms.BooleanField(
        label=_("A vote can be changed until the close"),
        required=False,
        help_text=_("Not in an anonymous poll: nobody can find the vote again."),
    )
    can_need_information = forms.BooleanField(label=_("Offer “I need more information”"), required=False)
    quorum = forms.IntegerField(
        label=_("Votes it takes to count"),
        min_value=0,
        max_value=HIGHEST_QUORUM,
        help_text=_("0 for any number."),
    )
    most_choices = forms.IntegerField(
        label=_("Choices at most"),
        min_value=0,
        max_value=POLL_OPTIONS,
        help_text=_("For several choices; 0 for any number."),
    )
    dots = forms.IntegerField(
        label=_("Dots"), min_value=1, max_value=MOST_DOTS, help_text=_("For dots to spread.")
    )
    outcome_days = forms.IntegerField(
        label=_("Days after the close within which you say what was done with it"),
        min_value=1,
        max_value=MOST_OUTCOME_DAYS,
    )
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @classmethod
    def blank(cls, now: datetime, words: Mapping[str, str] | None = None) -> "PollForm":
        """`words` are those of a draft."""
        closes_at = (now + OPEN_FOR).replace(minute=0, second=0, microsecond=0)
        return cls(
            initial={
                "kind": PollKind.SINGLE.value,
                "closes_at": closes_at,
                "electorate": Electorate.READERS.value,
                "vote_per": VotePer.MEMBER.value,
                "secrecy": Secrecy.SUMS.value,
                "results": ResultsShown.AFTER_VOTING.value,
                "may_change": True,
                "quorum": 0,
                "most_choices": 0,
                "dots": 8,
                "outcome_days": 14,
                "idempotency_key": uuid.uuid4().hex,
            }
            | _kept(words)
        )

    @classmethod
    def of(cls, poll: Poll, words: Mapping[str, str] | None = None) -> "PollForm":
        """With what stands there, to be put right, or with the `words` of a draft."""
        names = ("title", "about", *_RULES)
        lines = [_line(option.starts_at or option.label) for option in poll.options.all()]
        stands = {name: getattr(poll, name) for name in names} | {"options": "\n".join(lines)}
        return cls(initial=stands | _kept(words))

    def clean_options(self) -> list[Option]:
        lines = [line.strip() for line in self.cleaned_data["options"].splitlines()]
        found: list[Option] = [line for line in lines if line]
        if self.data.get("kind") != PollKind.DATE:
            return found
        moments: list[Option] = []
        for line in filter(None, lines):
            moment = _moment(line)
            if moment is None:
                raise forms.ValidationError(
                    _("“%(line)s” is no day with an hour: write it as 2026-03-09 14:00."),
                    params={"line": line[:40]},
                )
            moments.append(moment)
        return moments

    def arguments(self) -> dict[str, Any]:
        """What `create_poll` and `edit_poll` take."""
        data = self.cleaned_data
        rules = PollRules(
            kind=PollKind(data["kind"]),
            closes_at=data["closes_at"],
            results=ResultsShown(data["results"]),
            electorate=Electorate(data["electorate"]),
            vote_per=VotePer(data["vote_per"]),
            secrecy=Secrecy(data["secrecy"]),
            **{name: data[name] for name in _PLAIN},
        )
        return {"title": data["title"], "about": data["about"], "options": data["options"], "rules": rules}


_PLAIN: Final = ("may_change", "can_need_information", "quorum", "most_choices", "dots", "outcome_days")
_RULES: Final = ("kind", "closes_at", "results", "electorate", "vote_per", "secrecy", *_PLAIN)


def _kept(words: Mapping[str, str] | None) -> dict[str, Any]:
    """What a draft keeps of the form."""
    return (
        {name: words[name] for name in ("title", "about", "kind", "options") if name in words}
        if words
        else {}
    )


def _line(option: Option) -> str:
    return timezone.localtime(option).strftime(_DAY_AND_HOUR) if isinstance(option, datetime) else option


def _moment(line: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.strptime(line.replace("T", " "), _DAY_AND_HOUR))  # noqa: DTZ007
    except (ValueError, OverflowError):
        return None


class PollExtendForm(ActionForm):
    """Of a poll in which somebody has voted: only that it stays open for longer."""

    closes_at = moment_field(label=_("Closes"))


class OutcomeForm(ActionForm):
    words = forms.CharField(
        label=_("What we did with it"),
        max_length=OUTCOME_LENGTH,
        widget=forms.Textarea({"rows": 8, "dir": "auto"}),
        help_text=_("Everybody who voted is told. Say also where nothing follows from it, and why."),
    )


class VoteForm(ActionForm):
    """One ballot. Its fields are those of the kind: one group of choices, or a field for each option."""

    def __init__(
        self,
        data: Any = None,
        *,
        poll: Poll,
        options: Sequence[tuple[int, str]],
        marks: dict[int, int] | None = None,
        needs_information: bool = False,
    ) -> None:
        super().__init__(data, auto_id=f"poll-{poll.pk}-%s")
        self.poll = poll
        self.label_suffix = ""
        marks = marks or {}
        choices = [(str(option), label) for option, label in options]
        kind = PollKind(poll.kind)
        if kind == PollKind.SINGLE:
            if poll.can_need_information:
                choices.append((NEEDS_INFORMATION, str(_("I need more information"))))
            self.fields["choice"] = forms.ChoiceField(
                label=_("Your choice"),
                choices=choices,
                widget=forms.RadioSelect,
                required=True,
                initial=NEEDS_INFORMATION if needs_information else next(map(str, marks), None),
            )
            return
        if kind == PollKind.MULTIPLE:
            self.fields["choices"] = forms.MultipleChoiceField(
                label=_("Your choices"),
                choices=choices,
                widget=forms.CheckboxSelectMultiple,
                required=False,
                initial=[str(option) for option in marks],
            )
        else:
            for option, label in options:
                self.fields[f"option_{option}"] = _weight(kind, poll, label, len(options), marks.get(option))
        if poll.can_need_information:
            self.fields[NEEDS_INFORMATION] = forms.BooleanField(
                label=_("I need more information"), required=False, initial=needs_information
            )

    def arguments(self) -> dict[str, Any]:
        """What `vote_in_poll` takes."""
        data = self.cleaned_data
        if self.poll.kind == PollKind.SINGLE:
            chosen = data["choice"]
            if chosen == NEEDS_INFORMATION:
                return {"marks": {}, "needs_information": True}
            return {"marks": {int(chosen): 1}}
        if self.poll.kind == PollKind.MULTIPLE:
            marks = {int(chosen): 1 for chosen in data["choices"]}
        else:
            marks = {
                int(name.removeprefix("option_")): int(value)
                for name, value in data.items()
                if name.startswith("option_") and value not in (None, "")
            }
            if self.poll.kind == PollKind.DOTS:
                marks = {option: dots for option, dots in marks.items() if dots}
        return {"marks": marks, "needs_information": bool(data.get(NEEDS_INFORMATION))}


def _weight(kind: PollKind, poll: Poll, label: str, options: int, mark: int | None) -> forms.Field:
    """The field of one option: its place, its dots, its score, or whether the date suits."""
    if kind == PollKind.DOTS:
        return forms.IntegerField(
            label=label, min_value=0, max_value=poll.dots, required=False, initial=mark or 0
        )
    offered: dict[PollKind, list[tuple[str, Any]]] = {
        PollKind.RANKED: [
            ("", _("not ranked")),
            *((str(place), str(place)) for place in range(1, options + 1)),
        ],
        PollKind.SCORE: [
            ("", _("no score")),
            *((str(score), str(score)) for score in range(HIGHEST_SCORE + 1)),
        ],
        PollKind.DATE: [("", _("does not suit")), ("2", _("suits")), ("1", _("if need be"))],
    }
    return forms.ChoiceField(
        label=label, choices=offered[kind], required=False, initial="" if mark is None else str(mark)
    )
