"""Validation of what is settled about spaces, places of topics and sessions; the rules stand in the actions."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField, ProseField
from community.core.text import Prose
from discussions.actions.steward import MOST_LEAST_LENGTH, REQUEST_LENGTH, Rules
from discussions.forms.message import PeopleField
from discussions.models import (
    TITLE_LENGTH,
    AskSession,
    Space,
    SpacePreset,
    SpaceRules,
    StewardPower,
    Tag,
    Topic,
    TopicKind,
)
from members.models import Member

_MOMENT = "%Y-%m-%dT%H:%M"
# A topic by its number, or by any address of it or of one of its posts.
_TOPIC_ADDRESS = re.compile(r"^(?:\S*/topics/)?(\d{1,18})(?:/\S*)?$")


def moment_field(**options: Any) -> forms.DateTimeField:
    """A day and an hour in the writer's own zone."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT)
    return forms.DateTimeField(widget=widget, input_formats=[_MOMENT, "%Y-%m-%d %H:%M"], **options)


class OnePersonField(PeopleField):
    """Exactly one member."""

    def clean(self, value: str) -> Any:
        members = super().clean(value)
        if len(members) != 1:
            raise forms.ValidationError(_("One person at a time."))
        return members[0]


# --- topics -----------------------------------------------------------------------------------------------------


class TopicPinForm(ActionForm):
    reason = LineField(
        label=_("Reason"), required=False, max_length=300, help_text=_("Readers see it above the topic.")
    )
    until = moment_field(
        label=_("Until"), required=False, help_text=_("Left empty, it stays until somebody unpins it.")
    )


class TopicMoveForm(ActionForm):
    """Where to; `spaces` are those the mover may choose."""

    space = forms.ChoiceField(label=_("Space"))
    reason = LineField(
        label=_("Reason"), required=False, max_length=300, help_text=_("Kept in the record of what happened.")
    )

    def __init__(self, data: QueryDict | None = None, *, spaces: Mapping[str, Space]) -> None:
        super().__init__(data)
        self.spaces = spaces
        field = self.fields["space"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(slug, space.name) for slug, space in spaces.items()]

    def clean_space(self) -> Space:
        return self.spaces[self.cleaned_data["space"]]


class TopicMergeForm(ActionForm):
    into = LineField(
        label=_("The other topic"),
        max_length=300,
        help_text=_("Its address, or its number. The posts are appended there, in the order of time."),
    )
    reason = LineField(
        label=_("Reason"), required=False, max_length=300, help_text=_("Kept in the record of what happened.")
    )

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data)
        self.by = by

    def clean_into(self) -> Topic:
        found = _TOPIC_ADDRESS.match(self.cleaned_data["into"])
        topics = Topic.objects.visible_to(self.by).select_related("space")
        topic: Topic | None = topics.filter(pk=int(found[1])).first() if found else None
        if topic is None:
            raise forms.ValidationError(_("There is no such topic here. Copy the address of the other one."))
        return topic


class TopicSplitForm(ActionForm):
    """`numbers` are the chosen posts: boxes beside them."""

    title = LineField(label=_("Title of the new topic"), max_length=TITLE_LENGTH)
    kind = forms.ChoiceField(label=_("Kind"))
    reason = LineField(
        label=_("Reason"), required=False, max_length=300, help_text=_("Kept in the record of what happened.")
    )

    def __init__(self, data: QueryDict | None = None, *, space: Space) -> None:
        super().__init__(data)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            choice
            for choice in TopicKind.choices
            if choice[0] in space.topic_kinds and choice[0] not in {TopicKind.SESSION, TopicKind.ANNOUNCEMENT}
        ]

    @property
    def chosen(self) -> list[int]:
        sent = self.data.getlist("numbers") if isinstance(self.data, QueryDict) else []
        return [int(number) for number in sent if number.isascii() and number.isdigit() and len(number) < 10]

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"title": data["title"], "kind": TopicKind(data["kind"]), "reason": data["reason"]}


# --- spaces -----------------------------------------------------------------------------------------------------


class SpaceSettleForm(ActionForm):
    """All that is settled about a space; what is the managers' alone is left out for its stewards."""

    name = LineField(label=_("Name"), max_length=80)
    purpose = LineField(
        label=_("Purpose"), required=False, max_length=300, help_text=_("What belongs here, in a sentence.")
    )
    preset = forms.ChoiceField(label=_("Who may read"), choices=SpacePreset, widget=forms.RadioSelect)
    topic_kinds = forms.MultipleChoiceField(
        label=_("Topics that belong here"), choices=TopicKind, widget=forms.CheckboxSelectMultiple
    )
    takes_requests = forms.BooleanField(
        label=_("Members may ask to be listed"),
        required=False,
        help_text=_("Only for a private space. Every member then sees its name and its purpose."),
    )
    least_length = forms.IntegerField(
        label=_("Least length of a question, in characters"),
        min_value=0,
        max_value=MOST_LEAST_LENGTH,
        help_text=_("0 asks for none."),
    )
    needs_tag = forms.BooleanField(label=_("A topic carries at least one tag"), required=False)
    look_first = forms.BooleanField(label=_("Authors look for similar topics first"), required=False)

    def __init__(self, data: QueryDict | None = None, *, space: Space, may_manage: bool) -> None:
        rules = SpaceRules.objects.filter(space=space).first() or SpaceRules()
        templates = dict(space.templates.values_list("kind", "source"))
        initial = {
            "name": space.name,
            "purpose": space.purpose,
            "preset": space.preset,
            "topic_kinds": space.topic_kinds,
            "takes_requests": space.takes_requests,
            "least_length": rules.least_length,
            "needs_tag": rules.needs_tag,
            "look_first": rules.look_first,
        }
        super().__init__(
            data, initial=initial | {f"template_{kind}": text for kind, text in templates.items()}
        )
        self.space = space
        if not may_manage:
            del self.fields["name"], self.fields["preset"]
        for kind, label in TopicKind.choices:
            self.fields[f"template_{kind}"] = forms.CharField(
                label=_("Outline: {kind}").format(kind=label),
                required=False,
                max_length=5_000,
                widget=forms.Textarea({"rows": 4, "dir": "auto"}),
                help_text=_("Stands in the composer when somebody starts one. Markdown."),
            )

    def space_arguments(self) -> dict[str, Any]:
        """What `edit_space` takes."""
        data = self.cleaned_data
        return {
            "name": data.get("name", self.space.name),
            "purpose": data["purpose"],
            "preset": SpacePreset(data.get("preset", self.space.preset)),
            "topic_kinds": [TopicKind(kind) for kind in data["topic_kinds"]],
        }

    def settle_arguments(self) -> dict[str, Any]:
        """What `settle_space` takes."""
        data = self.cleaned_data
        return {
            "rules": Rules(data["least_length"], data["needs_tag"], data["look_first"]),
            "templates": {kind: data[f"template_{kind}"] for kind in TopicKind},
            "takes_requests": data["takes_requests"],
        }


class SpaceMemberForm(ActionForm):
    """Somebody to list."""

    who = OnePersonField(label=_("List somebody"), help_text=_("A handle or a name."))

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data, prefix="listed")
        field = self.fields["who"]
        assert isinstance(field, PeopleField)
        field.by = by


class StewardForm(ActionForm):
    """Somebody who is to look after the space."""

    who = OnePersonField(label=_("Name a steward"), help_text=_("A handle or a name."))
    until = moment_field(label=_("Until"), required=False)
    powers = forms.MultipleChoiceField(
        label=_("They may"),
        choices=StewardPower,
        widget=forms.CheckboxSelectMultiple,
        initial=[power.value for power in StewardPower],
    )

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data, prefix="steward")
        field = self.fields["who"]
        assert isinstance(field, PeopleField)
        field.by = by


class SpaceRequestForm(ActionForm):
    words = LineField(
        label=_("Why you would like to read along"),
        required=False,
        max_length=REQUEST_LENGTH,
        help_text=_("The stewards of the space and the community managers read it."),
    )


# --- sessions ---------------------------------------------------------------------------------------------------


class SessionForm(ActionForm):
    """Hours and hosts."""

    hosts = PeopleField(
        label=_("Hosts"), help_text=_("Who answers: handles or names, with commas between them.")
    )
    opens_at = moment_field(label=_("Questions from"), help_text=_("Also before the session starts."))
    starts_at = moment_field(label=_("Starts"))
    ends_at = moment_field(label=_("Ends"))

    def __init__(
        self, data: QueryDict | None = None, *, by: Member, session: AskSession | None, now: datetime
    ) -> None:
        initial: dict[str, Any] = {"opens_at": now}
        if session is not None:
            handles = [host.member.handle for host in session.hosts.select_related("member")]
            initial = {
                "hosts": ", ".join(filter(None, handles)),
                "opens_at": session.opens_at,
                "starts_at": session.starts_at,
                "ends_at": session.ends_at,
            }
        super().__init__(data, initial=initial)
        field = self.fields["hosts"]
        assert isinstance(field, PeopleField)
        field.by = by


class SessionPostForm(ActionForm):
    """A question to the hosts, or a host's answer."""

    body = ProseField(label=_("Text"))
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @classmethod
    def blank(cls, body: Prose | None = None) -> "SessionPostForm":
        """Empty, or with a draft."""
        return cls(initial={"idempotency_key": uuid.uuid4().hex} | ({"body": body} if body else {}))


# --- tags -------------------------------------------------------------------------------------------------------


class TagMergeForm(ActionForm):
    """A tag of the list that its writer sees used."""

    into = LineField(label=_("Merge into"), max_length=60, help_text=_("The name of a tag of the list."))

    def __init__(self, data: QueryDict | None = None, *, by: Member) -> None:
        super().__init__(data)
        self.by = by

    def clean_into(self) -> Tag:
        seen = Topic.objects.visible_to(self.by).filter(tagged_topics__tag=OuterRef("pk"))
        listed = Tag.objects.filter(Exists(seen), proposed_at__isnull=True)
        tag: Tag | None = listed.filter(name__iexact=self.cleaned_data["into"]).first()
        if tag is None:
            raise forms.ValidationError(_("There is no tag of that name in the list."))
        return tag
