"""Errors in the form the asker understands, redirects that stay here, numbers that fit."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from community.core.http import (
    MAX_ID,
    address_of,
    is_fragment,
    render_error,
    safe_next,
    wants_json,
    whole_number,
)

factory = RequestFactory()

# Everything here has been an open redirect somewhere.
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    " https://evil.example",
    "\thttps://evil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "http://testserver:80@evil.example/",
    "ftp://testserver/",
    "http://[::1",
    "https://evil.example\\@testserver/",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_redirect_never_leaves_this_site(wanted, method):
    request = getattr(factory, method)("/", {"next": wanted})
    request.META["HTTP_HOST"] = "testserver"
    assert safe_next(request, "/home/") == "/home/"


@pytest.mark.parametrize("wanted", ["/topics/1/", "/search/?q=a#b", "http://testserver/spaces/", "spaces/"])
def test_a_redirect_to_our_own_pages_is_kept(wanted):
    assert safe_next(factory.get("/", {"next": wanted}), "/home/") == wanted


def test_on_a_secure_site_a_redirect_stays_secure():
    request = factory.get("/", {"next": "http://testserver/"}, secure=True)
    assert safe_next(request, "/home/") == "/home/"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0),
        ("42", 42),
        (str(MAX_ID), MAX_ID),
        (str(MAX_ID + 1), None),
        ("9" * 5000, None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1e3", None),
        (" 1", None),
        ("1_000", None),
        ("٣", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_whole_numbers(value, number):
    assert whole_number(value) == number
    assert whole_number(value, default=7) == (7 if number is None else number)


@given(st.text() | st.integers().map(str))
def test_whatever_comes_a_whole_number_fits_the_database(value):
    number = whole_number(value)
    assert number is None or 0 <= number <= MAX_ID


def test_who_asks_decides_the_form_of_an_error():
    assert wants_json(factory.get("/api/v1/topics/"))
    assert not wants_json(factory.get("/apiary/"))
    assert is_fragment(factory.get("/", headers={"HX-Request": "true"}))
    assert not is_fragment(factory.get("/", headers={"HX-Request": "true", "HX-Boosted": "true"}))
    assert not is_fragment(factory.get("/"))


def test_an_error_escapes_what_it_says():
    request = factory.get("/topics/1/")
    request.user = AnonymousUser()
    page = render_error(request, 422, "<script>no</script>", fields={"title": ["<b>no</b>"]})
    assert page.status_code == 422
    assert b"<script>no" not in page.content
    assert b"<b>no" not in page.content
    answer = render_error(factory.get("/api/v1/"), 409, "<b>", fields={"title": ["x"]})
    assert json.loads(answer.content) == {"detail": "<b>", "fields": {"title": ["x"]}}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 422, 429, 500, 503, 418])
def test_every_status_has_a_title(status):
    request = factory.get("/")
    request.user = AnonymousUser()
    assert render_error(request, status, "A sentence.").status_code == status


def test_an_address_without_its_last_part():
    assert address_of("topic_show") == "/topics/"
    assert address_of("space_show") == "/spaces/"
    assert address_of("member_show") == "/members/"
