"""Validation of what is written in topics and posts; the rules stand in the actions."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.errors import Conflict, Invalid
from community.core.forms import ActionForm, LineField, ProseField
from community.core.http import whole_number
from community.core.text import Prose, SourceFormat
from discussions.actions.submission import Coached
from discussions.models import (
    TITLE_LENGTH,
    Message,
    Post,
    Space,
    TopicKind,
    visible_spaces,
)
from discussions.permissions import can_create_kind, can_create_topic
from discussions.queries.spaces import outline_of, spaces_that_look_first
from discussions.queries.writing import prose_of
from members.models import Member


class TagsField(LineField):
    """Tags as people write them: with commas between."""

    def clean(self, value: str) -> list[str]:
        return [tag for tag in super().clean(value).split(",") if tag.strip()]


class WritingForm(ActionForm):
    """A form with prose: beside it stands a field for files, which has a button of its own.

    `advised` names the rules of the space that had something to say (rule 8.3); a second button sends them along.
    """

    advised = ""

    def take_refusal(self, error: Invalid) -> None:
        super().take_refusal(error)
        if isinstance(error, Coached):
            self.advised = ",".join(error.verdict.rules)

    def clean(self) -> dict[str, Any]:
        # Without script the name of a chosen file is sent with the form, and the file is not.
        if self.data.get("file"):
            self.add_error(
                None,
                _("A file was chosen and not attached. Choose it again and press Attach, or leave it out."),
            )
        return self.cleaned_data


class TopicForm(WritingForm):
    """A new topic. The spaces offered are those the reader may start one in."""

    space = forms.ChoiceField(label=_("Space"))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=TopicKind, widget=forms.RadioSelect, initial=TopicKind.DISCUSSION
    )
    title = LineField(label=_("Title"), max_length=TITLE_LENGTH)
    body = ProseField(label=_("Text"))
    tags = TagsField(
        label=_("Tags"), required=False, max_length=250, help_text=_("Up to five, with commas between them.")
    )
    has_looked = forms.BooleanField(label=_("I have looked for similar topics"), required=False)
    takes_no_replies = forms.BooleanField(label=_("Without replies"), required=False)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        user: Member,
        space_slug: str,
        kind: str = "",
        words: Mapping[str, str] | None = None,
    ) -> None:
        """`words` are those of a draft; an address that names a space does so for an empty form only."""
        initial: dict[str, Any] = {"space": space_slug, "idempotency_key": uuid.uuid4().hex}
        if words:
            kept = {name: words[name] for name in ("space", "kind", "title", "tags") if words.get(name)}
            initial |= kept | {"body": prose_of(words)}
        elif kind in TopicKind.values:
            initial["kind"] = kind
        super().__init__(data, initial=initial)
        self.spaces = {space.slug: space for space in visible_spaces(user) if can_create_topic(user, space)}
        taken = {
            kind
            for space in self.spaces.values()
            for kind in space.topic_kinds
            if can_create_kind(user, space, kind)
        }
        if TopicKind.ANNOUNCEMENT not in taken:
            del self.fields["takes_no_replies"]
        chosen = self.chosen_space
        if data is None and chosen is not None and not initial.get("body"):
            self.initial["body"] = Prose(outline_of(chosen, str(self["kind"].value())), SourceFormat.MARKDOWN)
        asking = spaces_that_look_first(list(self.spaces.values()))
        if not (asking if chosen is None else chosen.pk in asking):
            del self.fields["has_looked"]
        kind_field = self.fields["kind"]
        assert isinstance(kind_field, forms.ChoiceField)
        # An empty list would offer nothing to whoever may write nowhere; the space says that already.
        kind_field.choices = [choice for choice in TopicKind.choices if not taken or choice[0] in taken]
        space_field = self.fields["space"]
        assert isinstance(space_field, forms.ChoiceField)
        space_field.choices = [(slug, space.name) for slug, space in self.spaces.items()]

    @property
    def chosen_space(self) -> Space | None:
        """The space of the form as it stands, for the sentence who will be able to read."""
        return self.spaces.get(str(self["space"].value() or ""))

    def clean_space(self) -> Space:
        return self.spaces[self.cleaned_data["space"]]

    def topic_arguments(self) -> dict[str, Any]:
        """What `create_topic` takes beside the space and the author."""
        data = self.cleaned_data
        return {
            "kind": TopicKind(data["kind"]),
            "title": data["title"],
            "prose": data["body"],
            "tags": data["tags"],
            "has_looked": data.get("has_looked", False),
            "takes_replies": not data.get("takes_no_replies", False),
            "idempotency_key": data["idempotency_key"],
        }


class TopicEditForm(ActionForm):
    title = LineField(label=_("Title"), max_length=TITLE_LENGTH)
    tags = TagsField(
        label=_("Tags"), required=False, max_length=250, help_text=_("Up to five, with commas between them.")
    )


class PostForm(WritingForm):
    """A reply; `reply_to` is the number of the post it answers."""

    body = ProseField(label=_("Text"))
    reply_to = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @classmethod
    def blank(cls, *, reply_to: int | None, body: Prose | None = None) -> "PostForm":
        """An empty composer, or one with a draft; with the key that makes sending it twice one reply."""
        initial = {"reply_to": reply_to, "idempotency_key": uuid.uuid4().hex}
        return cls(initial=initial | ({"body": body} if body and body.source else {}))


class RewritingForm(WritingForm):
    """Changed words of something written; `version` is the one they started from."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    # Beside the text, what of a draft comes back.
    kept: tuple[str, ...] = ()

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        written: Post | Message,
        words: Mapping[str, str] | None = None,
    ) -> None:
        """`words` are those of a draft, which started from a version of its own."""
        body = Prose(written.source, SourceFormat(written.source_format))
        initial: dict[str, Any] = {"body": body, "version": written.version}
        if words and words.get("body", "").strip():
            started_from = whole_number(words.get("version"), highest=2**31 - 1)
            initial |= {"body": prose_of(words)} | {name: words.get(name, "") for name in self.kept}
            initial |= {"version": started_from} if started_from else {}
        super().__init__(data, initial=initial)

    def start_again_from(self, written: Post | Message, error: Conflict) -> None:
        """Keep what was typed, and let the next save start from what stands there now."""
        written.refresh_from_db(fields=["version", "source", "source_format"])
        self.data = (
            {**self.data.dict(), "version": str(written.version)} if isinstance(self.data, QueryDict) else {}
        )
        self.add_error(None, error.sentence)


class PostEditForm(RewritingForm):
    """A changed body."""

    body = ProseField(label=_("Text"))
    reason = LineField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Readers see it beside the change. Asked for once a post is older than a day."),
    )
    field_order = ("body", "reason", "version")
    kept = ("reason",)
