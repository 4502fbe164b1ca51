"""No value, wherever it stands in a request, makes the API fail: every answer is below 500, JSON, and said in words."""

import json
from urllib.parse import quote

import pytest

from community.api_urls import urlpatterns
from discussions.models import TopicKind
from tests.api import Program
from tests.factories import make_post, make_topic
from tests.hostile import own_strings

pytestmark = pytest.mark.django_db

MEGABYTE = "a" * 1_000_000
# In place of a field's value in a body.
VALUES = [
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\x7f",
    "\ud800",
    "\ufffe",
    "",
    " ",
    MEGABYTE,
    "a" * 50_001,
    "\u202e\u0300" * 100,
    -1,
    0,
    2**31,
    2**63 - 1,
    2**63,
    2**64,
    10**400,
    1e308,
    -0.0,
    True,
    None,
    [],
    [1, 2],
    ["a"],
    [["a"]],
    [None],
    {},
    {"a": 1},
    {"id": 1},
]
FIELDS = ("space", "kind", "title", "body", "body_format", "tags", "reply_to", "version", "reason", "level")
# A whole body.
BODIES = [
    b"",
    b"null",
    b"[]",
    b"[[]]",
    b"0",
    b'"a"',
    b"{",
    b"\x00",
    b"\xff\xfe",
    b'{"a": 1, "a": 2}',
    b"NaN",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"\\u0000": 1}',
    b"9" * 10_000,
    b"[" + b"9" * 10_000 + b"]",
    b'"' + b"a" * 2_000_000 + b'"',
]
IN_PATH = [
    "0",
    "-1",
    "1.5",
    "a",
    "%00",
    "%0a",
    "%ff",
    "%ed%a0%80",
    "9223372036854775807",
    "9223372036854775808",
]
IN_PATH += ["9" * 100, "9" * 1_900, "9" * 100_000, "..", "%2e%2e", "1;2", "1,2", "٣", "1%20", "1'"]
IN_QUERY = [
    "",
    "%00",
    "%0a",
    "%7f",
    "%ff",
    "%ed%a0%80",
    "-1",
    "0",
    "1.5",
    "9" * 30,
    "9" * 5_000,
    "null",
    "[]",
    "a" * 900,
]
IN_QUERY += [
    "a" * 2_001,
    "a" * 1_000_000,
    "WzFd",
    "W10",
    "eyJhIjoxfQ",
    "WzEsMl0",
    "bnVsbA",
    "%F0%9F%98%80",
    "1&{}=2",
]
QUERY_NAMES = ("limit", "cursor", "space", "kind", "tag", "answered")
OTHER_NAMES = ("format", "page", "a[]", "tags", "lang", "version", "%00", "a" * 3_000)
HEADERS = {
    "Idempotency-Key": ["", "\x01", "a" * 1_000_000, "ü" * 10, "short"],
    "Authorization": [
        "",
        "Bearer",
        "Bearer \x01",
        "Bearer " + "a" * 1_000_000,
        "Basic YTpi",
        "Digest a=b",
        "ü",
    ],
    "Content-Type": [
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=nowhere",
        "a",
    ],
    "Accept": ["", "text/html", "application/xml;q=", "*/*;q=2", "a" * 100_000],
    "Cookie": [
        "session=a",
        "session=" + "a" * 100_000,
        "session=\x01",
        "csrf=a; csrf=b",
        "=;;=",
        "session=ü",
    ],
    "Accept-Language": ["a" * 10_000, "x-klingon", "\x01"],
    "Content-Length": ["0", "-1", "a", "1"],
    "Host": ["testserver:99999", "evil.example", "a b"],
    "X-HTTP-Method-Override": ["DELETE"],
    "HX-Request": ["true"],
}


@pytest.fixture
def targets(member, moderator):
    topic = make_topic(by=member, kind=TopicKind.QUESTION)
    post = make_post(topic=topic, by=member)
    return {"space_id": topic.space_id, "topic_id": topic.pk, "post_id": post.pk, "member_id": member.pk}


def routes(targets, method=None):
    """Every address that takes this method, with ids of things that are there."""
    for route in urlpatterns:
        actions = getattr(route.callback, "actions", {"get": "page"})
        if method is None or method in actions:
            address = "/api/" + str(route.pattern)
            for name, pk in targets.items():
                address = address.replace(f"<int:{name}>", str(pk))
            yield address


def check(answer, *about):
    assert answer.status_code < 500, about
    if answer.status_code >= 400:
        assert answer["Content-Type"].startswith("application/json"), about
        told = answer.json()
        assert set(told) == {"detail", "fields"}, about
        assert told["detail"], about


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_bodies(targets, moderator, method):
    program = Program(moderator)
    for address in routes(targets, method):
        for body in BODIES:
            check(program.send(method.upper(), address, body), address, body[:20])


@pytest.mark.parametrize("field", FIELDS)
def test_fields(targets, member, field):
    program = Program(member)
    usual = {
        "space": targets["space_id"],
        "title": "A",
        "body": "B",
        "version": 1,
        "reason": "C",
        "level": "mute",
    }
    for method in ("post", "patch"):
        for address in routes(targets, method):
            taken = taken_by(program, method, address, usual)
            for value in VALUES:
                check(
                    program.send(method.upper(), address, taken | {field: value}),
                    address,
                    field,
                    repr(value)[:40],
                )


def taken_by(program, method, address, usual):
    """Of the usual fields those that this address knows, so that the hostile one is reached."""
    refused = program.send(method.upper(), address, dict.fromkeys(usual, [])).json()["fields"]
    unknown = {name for name, sentences in refused.items() if "not known" in sentences[0]}
    return {name: value for name, value in usual.items() if name not in unknown}


def test_texts(targets, member):
    program = Program(member)
    texts = own_strings()
    for text in texts:
        for address, body in (
            ("topics/", {"space": targets["space_id"], "title": text, "body": text, "tags": [text[:40]]}),
            (f"topics/{targets['topic_id']}/posts/", {"body": text, "body_format": "html"}),
            (f"topics/{targets['topic_id']}/", {"title": text, "tags": [text[:40]]}),
        ):
            check(
                program.send(
                    "PATCH" if address.endswith(f"{targets['topic_id']}/") else "POST", address, body
                ),
                text[:40],
            )
        check(program.get(f"topics/?tag={quote(text, errors='replace')}"), text[:40])


def test_paths(targets, member):
    program = Program(member)
    for value in IN_PATH:
        for address in routes(dict.fromkeys(targets, value)):
            check(program.send("GET", address), address[:80])
            check(program.send("POST", address, {}), address[:80])


def test_queries(targets, member):
    program = Program(member)
    for query in [f"{name}={value}" for name in QUERY_NAMES for value in IN_QUERY]:
        check(program.get(f"topics/?{query}"), query[:40])
    for query in [f"{name}={value}" for name in ("limit", "cursor") for value in IN_QUERY]:
        for address in ("spaces/", "members/", f"topics/{targets['topic_id']}/posts/"):
            check(program.get(f"{address}?{query}"), address, query[:40])
    for query in [f"{name}=1" for name in OTHER_NAMES]:
        for address in routes(targets):
            check(program.send("GET", f"{address}?{query}"), address, query[:40])


@pytest.mark.parametrize("header", HEADERS)
def test_headers(targets, member, header):
    program = Program(member)
    for value in HEADERS[header]:
        for method in ("get", "post"):
            for address in routes(targets, method):
                if address.endswith("/docs/"):
                    continue
                environ = {f"HTTP_{header.upper().replace('-', '_')}": value}
                if header in {"Content-Type", "Content-Length"}:
                    environ = {header.upper().replace("-", "_"): value}
                answer = program.client.generic(
                    method.upper(),
                    address,
                    json.dumps({"title": "A"}),
                    content_type="application/json",
                    headers=program.headers,
                    **environ,
                )
                check(answer, address, header, value[:40])


def test_methods(targets, member):
    program = Program(member)
    for address in routes(targets):
        for method in (
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "TRACE",
            "QUERY",
            "A" * 5_000,
        ):
            answer = program.send(method, address)
            assert answer.status_code < 500, (method, address)
