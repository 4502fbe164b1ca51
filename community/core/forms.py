"""What forms of several apps share: taking the refusal of an action, and a body of prose with its editor."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.templatetags.static import static
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from community.core.errors import Invalid
from community.core.text import Prose, SourceFormat, clean_line, clean_source, render, source_problem


class ActionForm(forms.Form):
    """A form whose values go to one action; what the action refuses is shown beside the fields it names."""

    def take_refusal(self, error: Invalid) -> None:
        """Show the sentences of the action. Those of fields that are not here stand above the form."""
        if not error.fields:
            self.add_error(None, error.sentence)
        for name, sentences in error.fields.items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)


class LineField(forms.CharField):
    """A title, name or tag: one line, cleaned as `clean_line` says, then measured against `max_length`."""

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")


class ProseWidget(forms.Textarea):
    """A text area for Markdown, which the behaviour `editor` turns into rich text when somebody writes in it.

    It sends two values, `<name>` and `<name>_format`. Without script it is a text area and sends Markdown.
    """

    template_name = "components/_editor.html"

    class Media:
        css = {"all": ["css/components/editor.css"]}

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 8} | (attrs or {}))

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any] | Mapping[str, Any], name: str
    ) -> Prose | None:
        source = data.get(name)
        if source is None:
            return None
        is_html = data.get(f"{name}_format") == SourceFormat.HTML
        return Prose(str(source), SourceFormat.HTML if is_html else SourceFormat.MARKDOWN)

    def use_required_attribute(self, initial: Any) -> bool:
        # The text area is out of sight while the rich editor stands in its place; a browser that misses a
        # hidden field refuses to send the form and cannot say why. The server says it.
        return False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        prose = value if isinstance(value, Prose) else Prose(value or "", SourceFormat.MARKDOWN)
        context = super().get_context(name, prose.source, attrs)
        is_rich = prose.source_format == SourceFormat.HTML and bool(prose.source)
        context["widget"] |= {
            "source_format": prose.source_format,
            "mode": "markdown" if prose.source and not is_rich else "rich",
            # What readers see, so that an existing text stands there before the editor has been fetched.
            "rendered": render(prose.source, prose.source_format).html if is_rich else "",
            "library": static("django_prose_editor/editor.js"),
        }
        return context


class ProseField(forms.Field):
    """A body; cleaned to a `Prose`, or to None where it is empty and may be. `initial` is a `Prose` too."""

    widget = ProseWidget
    default_error_messages = {"required": _("There is nothing here yet. Write something first.")}

    def to_python(self, value: Any) -> Prose | None:
        if not isinstance(value, Prose):
            return None
        source = clean_source(value.source)
        return Prose(source, value.source_format) if source.strip() else None

    def validate(self, value: Prose | None) -> None:
        super().validate(value)
        problem = value and source_problem(value.source, value.source_format)
        if problem:
            raise ValidationError(problem)
