"""Validation of direct messages and of reports; the rules stand in the actions."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField, ProseField
from community.core.text import Prose
from discussions.forms.writing import RewritingForm, WritingForm
from discussions.models import (
    GROUP_NAME_LENGTH,
    REPORT_WORDS_LENGTH,
    ContactRule,
    ReportReason,
)
from discussions.queries.writing import prose_of
from members.models import Member


class PeopleField(LineField):
    """Handles or names with commas between them, cleaned to those members whom the writer sees."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=800, **options)
        self.by: Member | None = None

    def clean(self, value: str) -> list[Member]:
        wanted = [name.strip().removeprefix("@") for name in super().clean(value).split(",")]
        return list({member.pk: member for member in map(self._find, filter(None, wanted))}.values())

    def _find(self, wanted: str) -> Member:
        shown = Member.objects.visible_to(self.by)
        exact: Member | None = shown.filter(handle=wanted.lower()).first()
        if exact is not None:
            return exact
        named: list[Member] = list(shown.filter(display_name__iexact=wanted).order_by("pk")[:6])
        if not named:
            raise forms.ValidationError(
                _("Nobody here has the handle or name “%(name)s”. Look for them in the directory."),
                params={"name": wanted},
            )
        if len(named) > 1:
            raise forms.ValidationError(
                _("Several people have the name “%(name)s”: %(handles)s. Write the handle."),
                params={"name": wanted, "handles": ", ".join(f"@{member.handle}" for member in named)},
            )
        return named[0]


class MessageForm(WritingForm):
    """What is written next in a conversation."""

    body = ProseField(label=_("Message"))
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @classmethod
    def blank(cls, body: Prose | None = None) -> "MessageForm":
        """Empty, or with a draft."""
        return cls(initial={"idempotency_key": uuid.uuid4().hex} | ({"body": body} if body else {}))


class MessageEditForm(RewritingForm):
    """Changed words of one's own message."""

    body = ProseField(label=_("Message"))
    field_order = ("body", "version")


class ConversationForm(WritingForm):
    """A first message to one person, or to a few."""

    to = PeopleField(
        label=_("To"), help_text=_("Handles or names, with commas between them: up to seven people.")
    )
    name = LineField(
        label=_("Name of the group"),
        required=False,
        max_length=GROUP_NAME_LENGTH,
        help_text=_("Only where you write to more than one person."),
    )
    body = ProseField(label=_("Message"))
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        by: Member,
        to: str = "",
        words: Mapping[str, str] | None = None,
    ) -> None:
        """`words` are those of a draft; whom the address names is who is meant now."""
        initial: dict[str, Any] = {"to": to, "idempotency_key": uuid.uuid4().hex}
        if words:
            initial |= {"to": to or words.get("to", ""), "name": words.get("name", "")}
            initial["body"] = prose_of(words)
        super().__init__(data, initial=initial)
        field = self.fields["to"]
        assert isinstance(field, PeopleField)
        field.by = by


class ParticipantForm(ActionForm):
    """Somebody to bring into a group."""

    to = PeopleField(label=_("Bring somebody in"), help_text=_("A handle or a name."))

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data)
        field = self.fields["to"]
        assert isinstance(field, PeopleField)
        field.by = by

    def clean_to(self) -> Member:
        members: list[Member] = self.cleaned_data["to"]
        if len(members) != 1:
            raise forms.ValidationError(
                _("One person at a time: so that everybody sees who reads from where.")
            )
        return members[0]


class ContactRuleForm(ActionForm):
    rule = forms.ChoiceField(
        label=_("Who may write to me for the first time"), choices=ContactRule, widget=forms.RadioSelect
    )


class ReportForm(ActionForm):
    """Why something should not stand."""

    reason = forms.ChoiceField(
        label=_("What is wrong with it?"), choices=ReportReason, widget=forms.RadioSelect
    )
    words = forms.CharField(
        label=_("Anything the moderators should know"),
        required=False,
        max_length=REPORT_WORDS_LENGTH,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )
