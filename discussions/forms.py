"""Validation of what is written in topics and posts; the rules stand in the actions."""

import uuid
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from community.core.errors import Conflict
from community.core.forms import ActionForm, LineField, ProseField
from community.core.text import Prose, SourceFormat
from discussions.models import TITLE_LENGTH, Post, Space, TopicKind, visible_spaces
from discussions.permissions import can_create_topic
from members.models import Member


class TagsField(LineField):
    """Tags as people write them: with commas between."""

    def clean(self, value: str) -> list[str]:
        return [tag for tag in super().clean(value).split(",") if tag.strip()]


class TopicForm(ActionForm):
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
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data: QueryDict | None = None, *, user: Member, space_slug: str) -> None:
        initial = {"space": space_slug, "idempotency_key": uuid.uuid4().hex}
        super().__init__(data, initial=initial)
        self.spaces = {space.slug: space for space in visible_spaces(user) if can_create_topic(user, space)}
        taken = {kind for space in self.spaces.values() for kind in space.topic_kinds}
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
            "idempotency_key": data["idempotency_key"],
        }


class TopicEditForm(ActionForm):
    title = LineField(label=_("Title"), max_length=TITLE_LENGTH)
    tags = TagsField(
        label=_("Tags"), required=False, max_length=250, help_text=_("Up to five, with commas between them.")
    )


class PostForm(ActionForm):
    """A reply; `reply_to` is the number of the post it answers."""

    body = ProseField(label=_("Text"))
    reply_to = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @classmethod
    def blank(cls, *, reply_to: int | None) -> "PostForm":
        """An empty composer, with the key that makes sending it twice one reply."""
        return cls(initial={"reply_to": reply_to, "idempotency_key": uuid.uuid4().hex})


class PostEditForm(ActionForm):
    """A changed body; `version` is the one it started from."""

    body = ProseField(label=_("Text"))
    reason = LineField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Readers see it beside the change. Asked for once a post is older than a day."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(self, data: QueryDict | None = None, *, post: Post) -> None:
        body = Prose(post.source, SourceFormat(post.source_format))
        initial = {"body": body, "version": post.version}
        super().__init__(data, initial=initial)

    def start_again_from(self, post: Post, error: Conflict) -> None:
        """Keep what was typed, and let the next save start from what stands there now."""
        post.refresh_from_db(fields=["version"])
        self.data = (
            {**self.data.dict(), "version": str(post.version)} if isinstance(self.data, QueryDict) else {}
        )
        self.add_error(None, error.sentence)
