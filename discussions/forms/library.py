"""Validation of what is written for the library; the rules stand in the actions."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.errors import Conflict
from community.core.forms import ActionForm, LineField, ProseField
from community.core.text import Prose, SourceFormat
from discussions.actions.resource import (
    DISSENT_LENGTH,
    LINK_LENGTH,
    NOTE_LENGTH,
    REASON_LENGTH,
    ResourceWords,
)
from discussions.forms.message import PeopleField
from discussions.forms.settling import TopicMoveForm
from discussions.forms.writing import WritingForm
from discussions.models import (
    LEAD_LENGTH,
    SUMMARY_LENGTH,
    TITLE_LENGTH,
    Consent,
    Part,
    Resource,
    ResourceKind,
    ResourcePassage,
    Space,
)
from discussions.queries.library import OwnPassage
from discussions.queries.writing import prose_of
from members.models import Member


class OptionalPersonField(PeopleField):
    """One member, or nobody."""

    def clean(self, value: str) -> Any:
        members = super().clean(value)
        if len(members) > 1:
            raise forms.ValidationError(_("One person at a time."))
        return members[0] if members else None


class ResourceForm(WritingForm):
    """A resource as its owner writes it; `spaces` are those a new one may stand in."""

    space = forms.ChoiceField(label=_("Space"))
    kind = forms.ChoiceField(label=_("Kind"), choices=ResourceKind)
    title = LineField(label=_("Title"), max_length=TITLE_LENGTH)
    summary = LineField(
        label=_("In one sentence"), required=False, max_length=SUMMARY_LENGTH, help_text=_("Stands in lists.")
    )
    link = LineField(
        label=_("Address"),
        required=False,
        max_length=LINK_LENGTH,
        help_text=_("Of a link or a recording. It begins with https:// or http://."),
    )
    body = ProseField(label=_("Text"), required=False)
    dissent = forms.CharField(
        label=_("Who saw it otherwise"),
        required=False,
        max_length=DISSENT_LENGTH,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
        help_text=_("What is made from a thread says where its members disagreed."),
    )
    is_undisputed = forms.BooleanField(label=_("Nobody in the thread saw it otherwise"), required=False)
    review_on = forms.DateField(
        label=_("To be looked at again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Left empty: a year after it is published."),
    )
    note = LineField(
        label=_("What you changed"),
        required=False,
        max_length=NOTE_LENGTH,
        help_text=_("Readers see it beside the version."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        written: Resource | None = None,
        spaces: Mapping[str, Space] | None = None,
        words: Mapping[str, str] | None = None,
        title: str = "",
    ) -> None:
        """`written` is what is changed, `words` those of a draft."""
        initial: dict[str, Any] = {"idempotency_key": uuid.uuid4().hex, "title": title}
        if written is not None:
            names = ("kind", "title", "summary", "link", "dissent", "is_undisputed", "review_on", "version")
            initial = {name: getattr(written, name) for name in names}
            initial["body"] = Prose(written.source, SourceFormat(written.source_format))
        if words:
            kept = ("space", "kind", "title", "summary", "link", "dissent", "note")
            initial |= {name: words[name] for name in kept if words.get(name)} | {"body": prose_of(words)}
        super().__init__(data, initial=initial)
        self.spaces = spaces or {}
        if written is None:
            del (
                self.fields["note"],
                self.fields["version"],
                self.fields["dissent"],
                self.fields["is_undisputed"],
            )
            field = self.fields["space"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(slug, space.name) for slug, space in self.spaces.items()]
        else:
            del self.fields["space"], self.fields["idempotency_key"]

    def clean_space(self) -> Space:
        return self.spaces[self.cleaned_data["space"]]

    def resource_words(self) -> ResourceWords:
        """What the actions take."""
        data = self.cleaned_data
        return ResourceWords(
            kind=ResourceKind(data["kind"]),
            title=data["title"],
            summary=data["summary"],
            link=data["link"],
            prose=data["body"],
            dissent=data.get("dissent", ""),
            is_undisputed=data.get("is_undisputed", False),
            review_on=data["review_on"],
        )

    def start_again_from(self, written: Resource, error: Conflict) -> None:
        """Keep what was typed, and let the next save start from what stands there now."""
        written.refresh_from_db(fields=["version", "source", "source_format"])
        self.data = (
            {**self.data.dict(), "version": str(written.version)} if isinstance(self.data, QueryDict) else {}
        )
        self.add_error(None, error.sentence)


class ResourceMakeForm(ActionForm):
    """Posts of a thread for a resource: `posts` are chosen by boxes, each with a part."""

    into = forms.ChoiceField(label=_("Put them into"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=ResourceKind, initial=ResourceKind.ARTICLE)
    title = LineField(label=_("Title"), max_length=TITLE_LENGTH, required=False)

    def __init__(self, data: QueryDict | None = None, *, title: str, drafts: Sequence[Resource]) -> None:
        super().__init__(data, initial={"title": title})
        self.drafts = {str(draft.pk): draft for draft in drafts}
        field = self.fields["into"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("A new resource")), *((pk, draft.title) for pk, draft in self.drafts.items())]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("into") and not data.get("title") and "title" not in self.errors:
            self.add_error("title", _("Say in one line what this is about."))
        return data

    @property
    def chosen(self) -> list[int]:
        """Ids of posts, in the order they were sent."""
        sent = self.data.getlist("posts") if isinstance(self.data, QueryDict) else []
        return [int(pk) for pk in sent if pk.isascii() and pk.isdigit() and len(pk) < 19]

    def parts(self) -> dict[int, Part]:
        named = {pk: self.data.get(f"part_{pk}", "") for pk in self.chosen}
        return {pk: Part(part) for pk, part in named.items() if part in Part.values}


class PassageForm(ActionForm):
    lead = forms.CharField(
        label=_("What leads to it"),
        required=False,
        max_length=LEAD_LENGTH,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("Your own words before the passage."),
    )
    body = ProseField(label=_("Their words"))
    part = forms.ChoiceField(label=_("What they did"), choices=Part)
    position = forms.IntegerField(label=_("Place"), min_value=1, max_value=10_000)

    def __init__(self, data: QueryDict | None = None, *, passage: ResourcePassage) -> None:
        initial = {
            "lead": passage.lead,
            "part": passage.part,
            "position": passage.position,
            "body": Prose(passage.source, SourceFormat(passage.source_format)),
        }
        super().__init__(data, initial=initial)


class ConsentForm(ActionForm):
    """Rule 5.2: what somebody says to their own words; each passage has a field of its own."""

    choice = forms.ChoiceField(
        label=_("Your answer"),
        choices=[choice for choice in Consent.choices if choice[0]],
        widget=forms.RadioSelect,
    )
    may_leave = forms.BooleanField(
        label=_("Others than the readers of this space may read my words too"),
        required=False,
        help_text=_(
            "Only with this, and by a decision of a community manager, do they ever leave the space."
        ),
    )

    def __init__(
        self, data: QueryDict | None = None, *, passages: Sequence[OwnPassage], choice: str, may_leave: bool
    ) -> None:
        super().__init__(data, initial={"choice": choice, "may_leave": may_leave})
        self.passages = passages
        for number, row in enumerate(passages, start=1):
            self.fields[f"words_{row.id}"] = ProseField(
                label=_("Your words, passage {number}").format(number=number),
                initial=Prose(row.source, SourceFormat(row.source_format)),
                required=False,
            )

    def words(self) -> dict[int, Prose]:
        """Those that hold something; who wants none of them there refuses, or empties nothing."""
        sent = {row.id: self.cleaned_data.get(f"words_{row.id}") for row in self.passages}
        return {pk: prose for pk, prose in sent.items() if prose is not None}


class ResourceReasonForm(ActionForm):
    reason = LineField(label=_("Reason"), max_length=500, help_text=_("One sentence."))


class ResourceMoveForm(TopicMoveForm):
    reason = LineField(label=_("Reason"), max_length=REASON_LENGTH, help_text=_("Kept in the record."))


class ResourceReviewForm(ActionForm):
    review_on = forms.DateField(
        label=_("Look at it again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class CollectionForm(ActionForm):
    """Name and reason; a new one also has a space and a curator."""

    space = forms.ChoiceField(label=_("Space"))
    name = LineField(label=_("Name"), max_length=80)
    why = LineField(
        label=_("Why these belong together"), max_length=500, help_text=_("Stands above the collection.")
    )
    curator = OptionalPersonField(
        label=_("Curator"), required=False, help_text=_("A handle or a name. Left empty, it is you.")
    )

    def __init__(
        self, data: QueryDict | None = None, *, by: Member, spaces: Mapping[str, Space], initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.spaces = spaces
        curator = self.fields["curator"]
        assert isinstance(curator, PeopleField)
        curator.by = by
        if initial is not None:
            del self.fields["space"], self.fields["curator"]
        else:
            field = self.fields["space"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(slug, space.name) for slug, space in spaces.items()]

    def clean_space(self) -> Space:
        return self.spaces[self.cleaned_data["space"]]
