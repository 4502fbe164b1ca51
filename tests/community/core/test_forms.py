import pytest
from django import forms

from community.core.errors import Invalid
from community.core.forms import ActionForm, LineField, ProseField
from community.core.text import MAX_SOURCE, Prose, SourceFormat


class WrittenForm(ActionForm):
    body = ProseField(label="Text")


class TitleForm(forms.Form):
    title = LineField(max_length=10)


def filled(body, body_format="markdown"):
    return WrittenForm({"body": body, "body_format": body_format})


@pytest.mark.parametrize("source_format", list(SourceFormat))
def test_a_body_comes_out_with_its_format(source_format):
    form = filled("<p>a</p>", source_format.value)
    assert form.is_valid()
    assert form.cleaned_data["body"] == Prose("<p>a</p>", source_format)


@pytest.mark.parametrize("body_format", ["", "xml", "HTML"])
def test_an_unknown_format_is_markdown(body_format):
    form = filled("a", body_format)
    assert form.is_valid()
    assert form.cleaned_data["body"].source_format == SourceFormat.MARKDOWN


def test_without_a_format_it_is_markdown():
    form = WrittenForm({"body": "a"})
    assert form.is_valid()
    assert form.cleaned_data["body"] == Prose("a", SourceFormat.MARKDOWN)


def test_line_ends_and_controls_are_cleaned():
    form = filled("a\r\nb\x0bc\u2028d")
    assert form.is_valid()
    assert form.cleaned_data["body"].source == "a\nbc\nd"


@pytest.mark.parametrize(
    ("body", "body_format"),
    [("", "markdown"), (" \n", "markdown"), ("<p></p>", "html"), ("\x00", "markdown")],
)
def test_an_empty_body_is_refused(body, body_format):
    form = filled(body, body_format)
    assert form.errors == {"body": ["There is nothing here yet. Write something first."]}
    assert "body" not in form.cleaned_data


def test_a_body_that_is_not_sent_is_refused():
    assert "body" in WrittenForm({}).errors


def test_an_overlong_body_is_refused_and_kept():
    body = "x" * (MAX_SOURCE + 1)
    form = filled(body)
    assert "50,000 are the most" in form.errors["body"][0]
    assert body in form.as_p()


def test_an_optional_body_may_be_missing():
    form = filled("")
    form.fields["body"].required = False
    assert form.is_valid()
    assert form.cleaned_data["body"] is None


def test_markdown_is_shown_in_the_text_area_and_escaped():
    html = str(filled("</textarea><b>")["body"])
    assert "&lt;/textarea&gt;&lt;b&gt;</textarea>" in html
    assert 'data-mode="markdown"' in html
    assert 'name="body_format" value="markdown"' in html
    assert "editor-text" not in html


def test_rich_text_is_shown_sanitised_beside_its_source():
    form = WrittenForm(initial={"body": Prose("<h1 onclick=x>a</h1>", SourceFormat.HTML)})
    html = str(form["body"])
    assert "<h3>a</h3>" in html
    assert "&lt;h1 onclick=x&gt;a&lt;/h1&gt;</textarea>" in html
    assert 'data-mode="rich"' in html
    assert 'name="body_format" value="html"' in html


def test_an_empty_field_is_a_text_area_for_markdown():
    html = str(WrittenForm()["body"])
    assert 'name="body_format" value="markdown"' in html
    assert 'data-mode="rich"' in html
    assert " required" not in html


def test_help_and_errors_are_announced_by_the_text_area():
    form = filled("")
    assert form.errors
    html = str(form["body"])
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_body_error"' in html


def test_what_an_action_refuses_stands_beside_the_field_it_names():
    form = filled("a")
    assert form.is_valid()
    form.take_refusal(Invalid("No.", fields={"body": ["Too loud."], "elsewhere": ["Too late."]}))
    assert form.errors == {"body": ["Too loud."], "__all__": ["Too late."]}


def test_a_refusal_without_fields_stands_above_the_form():
    form = filled("a")
    assert form.is_valid()
    form.take_refusal(Invalid("No."))
    assert form.non_field_errors() == ["No."]


def test_a_line_is_cleaned_before_it_is_measured():
    form = TitleForm({"title": "  two\u202e \t words \u200b"})
    assert form.is_valid()
    assert form.cleaned_data["title"] == "two words"


@pytest.mark.parametrize("title", ["", " \u200b ", "\u3164", "x" * 11])
def test_a_line_that_shows_nothing_or_too_much_is_refused(title):
    assert "title" in TitleForm({"title": title}).errors
