"""Fields take exactly what the published patterns say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from community.core.api import fields
from community.core.text import SourceFormat, clean_line, clean_source, source_problem


def visible_ranges():
    text = fields._VISIBLE
    return [(ord(low), ord(high)) for low, _dash, high in zip(text[::3], text[1::3], text[2::3], strict=True)]


def test_every_character_that_counts_as_visible_is():
    for low, high in visible_ranges():
        for code in range(low, high + 1):
            character = chr(code)
            assert clean_line(character), hex(code)
            assert source_problem(clean_source(character), SourceFormat.MARKDOWN) is None, hex(code)


@pytest.mark.parametrize("pattern", [fields.TEXT_PATTERN, fields.TAG_PATTERN, fields.CURSOR_PATTERN])
def test_patterns_are_regular_expressions_here_too(pattern):
    assert re.search(pattern, "a")


@given(st.text(max_size=40))
def test_text_field_and_pattern_agree(text):
    field = fields.TextField(max_length=40)
    try:
        field.run_validation(text)
        taken = True
    except serializers.ValidationError:
        taken = False
    assert taken == bool(re.search(fields.TEXT_PATTERN, text))


@given(st.text(alphabet=st.sampled_from("a, \x00é\u0300"), max_size=6))
def test_tag_field_and_pattern_agree(text):
    field = fields.TagField(max_length=40)
    try:
        field.run_validation(text)
        taken = True
    except serializers.ValidationError:
        taken = False
    assert taken == bool(re.search(fields.TAG_PATTERN, text))


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], {}, ["a"], b"a"])
def test_text_is_text(value):
    with pytest.raises(serializers.ValidationError):
        fields.TextField(max_length=10).run_validation(value)


class Body(fields.StrictSerializer):
    number = fields.NumberField(min_value=1, max_value=10)


class Address(fields.Query):
    number = fields.NumberField(min_value=1, max_value=10, required=False)
    flag = fields.YesNoField(required=False)


@pytest.mark.parametrize("value", ["5", True, None, 5.5, float("1e400"), [5], {"a": 5}, 0, 11, 2**70])
def test_a_number_in_a_body_is_a_number(value):
    assert not Body(data={"number": value}).is_valid()


@pytest.mark.parametrize("value", [5, 5.0])
def test_a_whole_number_is_taken(value):
    body = Body(data={"number": value})
    assert body.is_valid()
    assert body.validated_data == {"number": 5}


@pytest.mark.parametrize("value", ["", " 5", "5 ", "+5", "5.0", "1_0", "٣", "0x5", "5" * 30, "null"])
def test_a_number_in_an_address_is_digits(value):
    assert not Address(data={"number": value}).is_valid()


@pytest.mark.parametrize("value", ["yes", "1", "True", "", "null", "on"])
def test_yes_and_no_have_one_spelling(value):
    assert not Address(data={"flag": value}).is_valid()
    assert Address(data={"flag": "false"}).is_valid()


def test_unknown_names_are_named():
    body = Body(data={"number": 1, "nummer": 2})
    assert not body.is_valid()
    assert list(body.errors) == ["nummer"]
