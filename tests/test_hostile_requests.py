"""No address answers a malformed request with a fault: whatever is sent, the answer is a clear refusal (promise P8)."""

import json
from collections.abc import Iterator, Mapping

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.routes import Route, routes
from tests.settings import forget_cache
from tests.test_access_matrix import row_of, values
from tests.world import World, make_open_world, undone

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
HUGE = (str(2**31), str(2**63 - 1), str(2**63), "9" * 40, "-1", "0", "00001")
ODD = ("", "[]", "NaN", "\u0663", "a" * 500, "'\"`;--", "%", "<b>", "\u202e")
# Every name that a list or a page reads from its address.
READ = (
    *(
        "q",
        "page",
        "after",
        "before",
        "space",
        "tag",
        "kind",
        "answered",
        "organisation",
        "reply_to",
        "next",
        "limit",
        "as",
    ),
    *(
        "cursor",
        "o",
        "e",
        "p",
        "all",
        "_popup",
        "_to_field",
        "app_label",
        "ordering",
        "format",
        "lang",
        "step",
        "version",
    ),
)


def addresses(route: Route, world: World) -> Iterator[str]:
    """The address itself, and with every parameter replaced by what does not fit."""
    filled = values(world)
    yield route.address(filled)
    for parameter in route.parameters:
        for value in (
            *HUGE,
            "nothing",
            "a" * 300,
            "%00",
            "%F0%28%8C%28",
            "%0A",
            "..%2f..%2fetc",
            "%E2%80%AE",
        ):
            yield route.address({**filled, parameter: value, f"{parameter} of {route.name}": value})


def bodies(row_body: Mapping[str, object]) -> Iterator[tuple[str, bytes | str]]:
    """Content type and body: forms and JSON that no page or program of ours would send."""
    good = {name: str(value) for name, value in row_body.items()}
    for name in good or ("body",):
        yield FORM, f"{name}=before%00after"
        yield FORM, f"{name}=%1b%5b31m"
        yield FORM, f"{name}=%ff%fe%80"
        yield FORM, f"{name}=a&{name}=b"
        yield FORM, f"{name}[]=a&{name}[b]=c"
        yield FORM, f"{name}={'9' * 400}"
        yield FORM, f"{name}={'x' * 1_000_000}"
        yield JSON, json.dumps({**row_body, name: "before\x00after"})
        yield JSON, json.dumps({**row_body, name: "\ud800"})
        for odd in (None, True, [], [[]], {}, {"a": {}}, 10**30, -1, 1.5, "", "x" * 500_000):
            yield JSON, json.dumps({**row_body, name: odd})
    yield JSON, b""
    yield JSON, b"\x00"
    yield JSON, b"\xff\xfe"
    yield JSON, "[" * 100_000
    yield JSON, '{"a":' * 50_000
    yield JSON, '{"body": NaN, "title": Infinity}'
    yield JSON, '{"body": 1e999999}'
    yield JSON, '{"body": ' + "9" * 5_000 + "}"
    yield JSON, '{"body": "a", "body": "b"}'
    yield (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n\x00\r\n--x--',
    )
    yield (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="\x00"\r\n\r\na\r\n--x--',
    )
    yield "multipart/form-data", b"no boundary"
    yield "text/plain; charset=nothing", b"text"
    yield f"{FORM}; charset=utf-7", b"body=+ADw-"
    yield "\u00e9/\u00e9", b"a"


def faults(world: World, found: list[Route], role: str) -> set[str]:
    client, wrong = world.client(role), set()

    def note(what: str, send: HttpResponse) -> None:
        if send.status_code >= 500:
            wrong.add(f"{what}: {send.status_code}")

    for route in found:
        row = row_of(route.name)
        method = (row.method if row else "post").upper()
        for address in addresses(route, world):
            for asked in dict.fromkeys(("GET", method)):
                with undone():
                    forget_cache()
                    note(f"{asked} {address[:80]}", client.generic(asked, address))
        if method in {"POST", "PATCH", "PUT", "DELETE"} or route.name in BOTH:
            address = route.address(values(world))
            for content_type, body in bodies(row.body if row else {}):
                with undone():
                    forget_cache()
                    sent = client.generic("POST", address, body, content_type=content_type)
                    note(f"POST {address} {content_type} {str(body)[:60]}", sent)
    return wrong


# Shown by GET in the table, and they take a form as well.
BOTH = {"topic_create", "topic_edit", "post_edit", "profile_edit", "account_login", "account_reset_password"}
BOTH |= {
    "account_request_login_code",
    "account_email",
    "account_set_password",
    "admin:login",
    "api_topic_list",
}
BOTH |= {"api_post_list", "api_topic_show", "api_post_show"}
BOTH |= {"photo_edit", "introduction_create"}
BOTH |= {"invitation_create", "invitation_import", "invitation_show", "terms_accept", "welcome"}


@pytest.mark.parametrize("role", ["stranger", "manager"])
def test_no_malformed_request_is_a_fault(role):
    assert faults(make_open_world(), routes(), role) == set()


def test_no_odd_parameter_is_a_fault():
    """Every name that anything reads, at once, with each odd value, on each address that is shown."""
    world = make_open_world()
    client, wrong = world.client("administrator"), set()
    for route in routes():
        if (row := row_of(route.name)) is not None and row.method != "get":
            continue
        for value in (*HUGE[2:5], *ODD):
            with undone():
                forget_cache()
                answer = client.get(route.address(values(world)), dict.fromkeys(READ, value))
            if answer.status_code >= 500:
                wrong.add(f"{route.name} with {value[:20]!r}: {answer.status_code}")
    assert wrong == set()


LISTS = (
    *("home", "search", "member_list", "space_list", "space_show", "topic_show", "tag_show", "member_posts"),
    *("topic_create", "api_topic_list", "api_post_list", "api_member_list", "api_space_list"),
)


def test_no_odd_parameter_by_itself_is_a_fault_of_a_list():
    """One at a time: an odd value may hide behind another that is refused first."""
    world = make_open_world()
    client = world.client("member")
    wrong = set()
    for route in routes():
        for name in READ if route.name in LISTS else ():
            for value in ("", str(2**63), "-1", "..", "9" * 19 + "-1"):
                with undone():
                    forget_cache()
                    answer = client.get(route.address(values(world)), {name: value})
                if answer.status_code >= 500:
                    wrong.add(f"{route.name} with {name}={value[:20]!r}")
    assert wrong == set()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO", "get", ""])
def test_no_method_is_a_fault(method):
    world = make_open_world()
    client = world.client("member")
    for route in routes():
        with undone():
            forget_cache()
            assert client.generic(method or "-", route.address(values(world))).status_code < 500, route.name


def test_an_overlong_address_is_refused_whatever_it_begins_with():
    world = make_open_world()
    client = world.client("member")
    for route in routes():
        address = route.address(values(world))
        assert client.get(address + "a" * 5_000).status_code == 400, address
        assert client.get(address, {"q": "a" * 5_000}).status_code == 400, address


@pytest.mark.parametrize(
    "header", ["HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_REFERER", "HTTP_HX_CURRENT_URL"]
)
def test_no_header_is_a_fault(header):
    world = make_open_world()
    client = world.client("member")
    for value in (
        "",
        "\u00e9",
        "a" * 5_000,
        "*/*;q=x",
        "//[",
        "http://[::1",
        "=?utf-8?b?AA==?=",
        "%00",
        "en;q=1e9,,,",
    ):
        for address in ("/", "/search/?q=a", "/api/v1/topics/", "/accounts/login/"):
            with undone():
                forget_cache()
                assert client.get(address, **{header: value}).status_code < 500, (address, value[:20])


@pytest.mark.parametrize(
    "forwarded",
    ["", "a", "1.2.3.4", "1.2.3.4, 5.6.7.8", "::1", "\u00e9", "1.2.3.4" * 500, "unix:", "<script>"],
)
def test_no_forwarded_address_is_a_fault_or_believed(forwarded, db):
    client = Client(raise_request_exception=False)
    for header in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST"):
        answer = client.post(
            "/accounts/login/", {"login": "a@example.org", "password": "b"}, **{header: forwarded}
        )
        assert answer.status_code in {200, 400}, (header, forwarded[:20])
        assert b"1.2.3.4" not in answer.content
