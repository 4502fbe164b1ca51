"""The tags of the frame print what Django's own tags print, only faster, and never one reader's words to another."""

import re
from dataclasses import dataclass

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.utils.safestring import SafeString
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st


@dataclass
class Row:
    name: str
    html: SafeString
    count: int
    first: bool
    second: bool


rows = st.lists(
    st.builds(
        Row,
        name=st.text(),
        html=st.builds(SafeString, st.sampled_from(["<b>x</b>", "", "&amp;"])),
        count=st.integers(-5, 100_000),
        first=st.booleans(),
        second=st.booleans(),
    ),
    max_size=5,
)

INSIDE = """<li{% if row.first %} class="a"{% endif %}>{{ row.name }}|{{ row.html }}|{{ row.count }}
{% if row.first %}one{% elif row.second %}two {{ row.name }}{% else %}{% translate "Home" %}{% endif %}
{% if row.second %}{% if row.first %}both{% endif %}{% endif %}</li>"""


def printed(source: str, **context: object) -> str:
    return Template("{% load i18n page %}" + source).render(Context(context))


# --- each -----------------------------------------------------------------------------------------------------

EACH = Template("{% load i18n page %}{% each row in rows %}" + INSIDE + "{% endeach %}")
FOR = Template("{% load i18n %}{% for row in rows %}" + INSIDE + "{% endfor %}")


@given(rows)
@settings(max_examples=200, deadline=None)
def test_each_prints_what_for_prints(some):
    assert EACH.render(Context({"rows": some})) == FOR.render(Context({"rows": some}))


def test_each_prints_nothing_without_rows():
    assert printed("{% each row in rows %}x{% endeach %}", rows=[]) == ""
    assert printed("{% each row in missing %}x{% endeach %}") == ""


@pytest.mark.parametrize(
    "inside",
    [
        "{{ row.name|upper }}",
        "{{ other }}",
        "{{ row }}",
        "{% if row.name == 'x' %}y{% endif %}",
        "{% if not row.first %}y{% endif %}",
        "{% if other %}y{% endif %}",
        "{% include 'components/_mark.html' %}",
        "{% translate word %}",
        "{% translate 'Home' as home %}",
    ],
)
def test_each_refuses_what_it_does_not_understand(inside):
    with pytest.raises(TemplateSyntaxError):
        printed("{% each row in rows %}" + inside + "{% endeach %}", rows=[])


def test_each_wants_a_row_in_rows():
    with pytest.raises(TemplateSyntaxError):
        printed("{% each rows %}{% endeach %}")


# --- unfilled -------------------------------------------------------------------------------------------------


class ReplyForm(forms.Form):
    text = forms.CharField()
    reply_to = forms.IntegerField(widget=forms.HiddenInput, required=False)
    key = forms.CharField(widget=forms.HiddenInput)


def fields_of(html: str) -> set[str]:
    return set(re.findall(r"<(?:input|textarea|label)[^>]*>", html))


def test_unfilled_prints_the_same_fields_as_the_form():
    form = ReplyForm(initial={"reply_to": 7, "key": "<a>"})
    html = printed("{% unfilled form %}", form=form)
    assert fields_of(html) == fields_of(str(form))
    assert html == printed("{% unfilled form %}", form=form)


def test_unfilled_prints_what_is_hidden_anew():
    first = printed("{% unfilled form %}", form=ReplyForm(initial={"key": "one"}))
    second = printed("{% unfilled form %}", form=ReplyForm(initial={"key": "two"}))
    assert 'value="one"' in first
    assert 'value="two"' in second
    assert 'value="one"' not in second


def test_unfilled_never_keeps_what_somebody_typed():
    typed = printed("{% unfilled form %}", form=ReplyForm({"text": "my secret", "key": "1"}))
    given_first = printed("{% unfilled form %}", form=ReplyForm(initial={"text": "my secret"}))
    assert "my secret" in typed
    assert "my secret" in given_first
    assert "my secret" not in printed("{% unfilled form %}", form=ReplyForm())


# --- frozen and translate -------------------------------------------------------------------------------------


def test_frozen_never_keeps_the_words_of_a_reader():
    template = Template("{% load page %}{% frozen %}[{{ secret }}]{% endfrozen %}")
    assert template.render(Context({"secret": "mine"})) == "[]"
    assert template.render(Context({"secret": "yours"})) == "[]"


def test_frozen_is_rendered_once_for_each_language():
    template = Template("{% load i18n page %}{% frozen %}{% translate 'Home' %}{% endfrozen %}")
    with override("en"):
        assert template.render(Context()) == "Home"
    with override("de"):
        assert template.render(Context()) == "Start"
    with override("en"):
        assert template.render(Context()) == "Home"


def test_translate_follows_the_language_and_still_assigns():
    template = Template("{% load i18n page %}{% translate 'Home' %} {% translate 'Home' as home %}{{ home }}")
    with override("de"):
        assert template.render(Context()) == "Start Start"
    with override("en"):
        assert template.render(Context()) == "Home Home"
    assert printed("{% translate word %}", word="Home") == "Home"
