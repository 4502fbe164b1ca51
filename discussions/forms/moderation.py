"""Validation of what is reported, decided and settled in moderation; the rules stand in the actions."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField, ProseField
from community.core.text import Prose, SourceFormat
from discussions.actions.moderation import Terms
from discussions.forms.message import PeopleField
from discussions.forms.settling import OnePersonField, moment_field
from discussions.models import RULING_WORDS_LENGTH, TITLE_LENGTH, RulingAct, Space, SpaceRules
from discussions.models.space import OUTCOMES
from discussions.quality import ARTICLE_COMMENTS, Outcome, QualityRules, Rule
from members.models import Member


class NumberedRadios(forms.RadioSelect):
    """Radios, of which each is chosen by its number on the keyboard (behaviour `keys`)."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(*args, **kwargs)
        option["attrs"]["data-press"] = str(int(option["index"]) + 1)
        return option


class RulingForm(ActionForm):
    """One decision: what, with which words for the author, and what the kind of it needs beside."""

    act = forms.ChoiceField(label=_("Decision"), choices=RulingAct, widget=NumberedRadios)
    canned = forms.ChoiceField(label=_("Words used before"), required=False)
    words = forms.CharField(
        label=_("Words for the author"),
        required=False,
        max_length=RULING_WORDS_LENGTH,
        widget=forms.Textarea({"rows": 4, "dir": "auto", "data-press": "w"}),
        help_text=_("They read them as they stand here. Not asked for where it is kept or moved."),
    )
    body = forms.CharField(
        label=_("The words, where you edit them"),
        required=False,
        widget=forms.Textarea({"rows": 6, "dir": "auto"}),
    )
    space = forms.ChoiceField(label=_("Where to, where you move it"), required=False)
    until = moment_field(
        label=_("Until, where you quieten or suspend"),
        required=False,
        help_text=_("Left empty, quiet lasts 24 hours."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        acts: list[tuple[str, str]],
        canned: list[str],
        spaces: dict[str, Space],
        source: str,
        source_format: str,
        version: int,
    ) -> None:
        super().__init__(data, initial={"version": version, "body": source})
        self.spaces, self.source, self.source_format = spaces, source, source_format
        for name, choices in (
            ("act", acts),
            ("canned", [("", "—"), *[(text, text) for text in canned]]),
            ("space", [("", "—"), *[(slug, space.name) for slug, space in spaces.items()]]),
        ):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices
        kinds = {value for value, _label in acts}
        for name, needed in (
            ("body", {RulingAct.EDIT}),
            ("space", {RulingAct.MOVE}),
            ("until", {RulingAct.QUIET, RulingAct.SUSPEND}),
        ):
            if kinds.isdisjoint(needed):
                del self.fields[name]

    def terms(self) -> Terms:
        """What `rule_case` takes."""
        data = self.cleaned_data
        body = data.get("body", "").replace("\r\n", "\n")
        is_changed = body.strip() and body.strip() != self.source.strip()
        words = "\n\n".join(filter(None, [data.get("canned", ""), data["words"].strip()]))
        return Terms(
            words=words,
            prose=Prose(body, SourceFormat(self.source_format)) if is_changed else None,
            space=self.spaces.get(data.get("space", "")),
            until=data.get("until"),
        )


class OwnCaseForm(ActionForm):
    """What was returned, changed and sent again."""

    title = LineField(label=_("Title"), max_length=TITLE_LENGTH, required=False)
    body = ProseField(label=_("Text"))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(
        self, data: QueryDict | None = None, *, title: str, body: Prose, version: int, has_title: bool
    ) -> None:
        super().__init__(data, initial={"title": title, "body": body, "version": version})
        if not has_title:
            del self.fields["title"]


class QualityForm(ActionForm):
    """Rule 8.3: an outcome for each rule, and the measures of two."""

    too_short = forms.ChoiceField(label=_("Too short to add value"), choices=OUTCOMES)
    least_words = forms.IntegerField(
        label=_("Least words of a reply"),
        min_value=0,
        max_value=100,
        help_text=_("Questions and figures are exempt."),
    )
    links = forms.ChoiceField(label=_("More links than"), choices=OUTCOMES)
    most_links = forms.IntegerField(label=_("Most links"), min_value=0, max_value=20)
    own_company = forms.ChoiceField(label=_("Link to the author's own company"), choices=OUTCOMES)
    promotion = forms.ChoiceField(label=_("Mainly promotion"), choices=OUTCOMES)
    shouting = forms.ChoiceField(label=_("Shouting"), choices=OUTCOMES)
    repeated = forms.ChoiceField(label=_("The same text again"), choices=OUTCOMES)

    def __init__(self, data: QueryDict | None = None, *, space: Space, preset: str = "") -> None:
        row = SpaceRules.objects.filter(space=space).first()
        rules = row.quality if row else QualityRules()
        if preset == "article_comments":
            rules = ARTICLE_COMMENTS
        initial: dict[str, Any] = {rule.value: rules.outcome_of(rule).value for rule in Rule}
        super().__init__(
            data, initial=initial | {"least_words": rules.least_words, "most_links": rules.most_links}
        )

    def rules(self) -> QualityRules:
        data = self.cleaned_data
        return QualityRules(
            **{rule.value: Outcome(data[rule.value]) for rule in Rule},
            least_words=data["least_words"],
            most_links=data["most_links"],
        )


class TryForm(ActionForm):
    """Words to try the rules on."""

    text = forms.CharField(
        label=_("Words to try"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
    )


class ProposalForm(ActionForm):
    """Who could look after the space."""

    who = OnePersonField(
        label=_("Who could look after this space"),
        help_text=_("A handle or a name. You can propose yourself."),
    )
    words = LineField(label=_("Why"), required=False, max_length=500)

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data)
        field = self.fields["who"]
        assert isinstance(field, PeopleField)
        field.by = by


class StandInForm(ActionForm):
    """Who has one's powers while one is away."""

    who = OnePersonField(label=_("Who stands in for you"), help_text=_("A handle or a name."))
    from_at = moment_field(label=_("From"), required=False)
    until = moment_field(label=_("Until"))

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data, prefix="stand_in")
        field = self.fields["who"]
        assert isinstance(field, PeopleField)
        field.by = by
