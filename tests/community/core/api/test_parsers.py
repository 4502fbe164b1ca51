"""Bodies: bounded, UTF-8, each name once, no control characters, no bombs."""

import io
import json

import pytest
from rest_framework.exceptions import APIException

from community.core.api.parsers import StrictJSONParser

REFUSED = {
    "nothing": b"",
    "half": b'{"a":',
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "twice": b'{"a": 1, "a": 2}',
    "twice deep": b'{"b": {"a": 1, "a": 2}}',
    "latin-1": '{"a": "é"}'.encode("latin-1"),
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "nul": b'{"a": "\\u0000"}',
    "escape": b'{"a": ["b", {"c": "\\u001b[31m"}]}',
    "control in a name": b'{"a\\u0007": 1}',
    "half a pair": b'{"a": "\\ud800"}',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "a number of 5,000 digits": b"[" + b"9" * 5_000 + b"]",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_400(name):
    with pytest.raises(APIException) as caught:
        StrictJSONParser().parse(io.BytesIO(REFUSED[name]))
    assert caught.value.status_code == 400


def test_too_large_is_413_and_not_read_to_its_end(settings):
    stream = io.BytesIO(json.dumps({"a": "b" * 2_000_000}).encode())
    with pytest.raises(APIException) as caught:
        StrictJSONParser().parse(stream)
    assert caught.value.status_code == 413
    assert stream.tell() <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1


def test_tabs_lines_and_every_script_are_taken():
    value = {"a": "tab\t line\n\r\n 日本語 😀 \u200f", "b": [1, 2.5, None, True, {"c": "\x85"}]}
    assert StrictJSONParser().parse(io.BytesIO(json.dumps(value, ensure_ascii=False).encode())) == value
