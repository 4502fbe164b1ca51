"""The edge: what is refused before a view sees it, and what every answer carries."""

import re
import time

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import clear_url_caches, path, reverse

from community import urls
from community.core.middleware import PrivateResponseMiddleware, has_control, request_id, zone_or_utc
from tests.factories import PASSWORD, make_member, make_topic

pytestmark = pytest.mark.django_db

CONTROLS = ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\ufffe", "\uffff"]


@pytest.mark.parametrize("control", [*CONTROLS, chr(0xD800), chr(0xDFFF)])
def test_control_characters_are_seen(control):
    assert has_control(f"before{control}after")


@pytest.mark.parametrize(
    "text", ["", "tab\tand\r\nlines", "Grüße", "\u202eright to left", "\u200d joined", "\x85\xa0"]
)
def test_what_people_write_is_not_taken_for_a_control_character(text):
    assert not has_control(text)


def test_a_long_text_is_looked_through_in_no_time():
    began = time.perf_counter()
    for _round in range(10):
        assert not has_control("a bit of text " * 40_000)
    assert (time.perf_counter() - began) / 10 < 0.05


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("place", ["value", "name", "path"])
def test_control_characters_are_refused_wherever_they_stand(web, control, place):
    address = {
        "value": lambda: web.get("/search/", {"q": f"a{control}b"}),
        "name": lambda: web.get("/search/", {f"q{control}": "a"}),
        "path": lambda: web.get(f"/members/a{control}b/"),
    }
    answer = address[place]()
    assert answer.status_code == 400
    assert b"character" in answer.content


@pytest.mark.parametrize("control", CONTROLS)
def test_control_characters_in_a_form_are_refused_and_nothing_is_stored(web, member, control):
    answer = web.post("/me/", {"display_name": f"New{control}Name", "time_zone": "UTC"})
    assert answer.status_code == 400
    member.refresh_from_db()
    assert member.display_name == "Mira Member"


def test_a_value_sent_twice_is_refused_but_check_boxes_are_not(web):
    assert web.get("/search/?q=a&q=b").status_code == 400
    assert web.get("/search/?q=a&tags=b&tags=c").status_code == 200
    assert web.post("/me/", "display_name=A&display_name=B", content_type=FORM).status_code == 400


def test_long_values_long_paths_and_many_parameters_are_refused(web):
    assert web.get("/search/", {"q": "a" * 2_001}).status_code == 400
    assert web.get("/members/" + "a" * 2_001 + "/").status_code == 400
    assert web.get("/search/", {f"p{number}": "1" for number in range(101)}).status_code == 400
    assert web.post("/me/", {f"p{number}": "1" for number in range(201)}).status_code == 400


FORM = "application/x-www-form-urlencoded"


def test_a_body_beyond_the_limit_is_refused_without_being_read(web, settings):
    class Unread:
        """A body that complains when somebody touches it."""

        def read(self, *_args: object) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    for content_type in (FORM, "multipart/form-data; boundary=x", "application/json", "text/plain"):
        answer = web.generic(
            "POST", "/me/", content_type=content_type, **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(size)}
        )
        assert answer.status_code == 413, content_type
        assert b"Nothing was stored" in answer.content


def test_a_form_that_cannot_be_read_is_refused(web):
    broken = web.generic(
        "POST", "/me/", b"no boundary in here", content_type="multipart/form-data; boundary=\x80"
    )
    assert broken.status_code == 400
    assert web.generic("POST", "/me/", b"x", content_type="multipart/form-data").status_code == 400


@pytest.mark.parametrize("length", ["", "x", "-1", "9" * 30])
def test_an_odd_content_length_is_no_error(web, length):
    assert web.generic("POST", "/me/", b"", content_type=FORM, CONTENT_LENGTH=length).status_code < 500


def test_a_damaged_cookie_is_refused_once_and_removed():
    """`"\\000"` is how a cookie spells NUL; the session table would answer such a key with an error."""
    client = Client()
    client.cookies.load('session="' + "\\000" * 12 + '"')
    answer = client.get("/")
    assert answer.status_code == 400
    assert answer.cookies["session"]["max-age"] == 0
    assert client.get(reverse("account_login"), HTTP_COOKIE="session=" + "a" * 5000).status_code == 400


def test_a_control_character_in_a_header_is_refused(web):
    assert web.get("/", HTTP_USER_AGENT="Mozilla\x00").status_code == 400


def test_the_refusal_speaks_the_language_of_the_asker(web):
    assert web.get("/api/v1/topics/?q=\x00").json()["detail"].startswith("The request holds control")
    fragment = web.get("/search/?q=%00", HTTP_HX_REQUEST="true")
    assert fragment.status_code == 400
    assert b"<html" not in fragment.content
    assert b"<html" in web.get("/search/?q=%00").content


# --- what every answer carries ---

NONCE = re.compile(r"'nonce-([^']+)'")


def test_a_hundred_answers_have_a_hundred_nonces_and_scripts_carry_theirs(web):
    nonces = set()
    for _round in range(100):
        answer = web.get("/spaces/")
        (nonce,) = NONCE.findall(answer["Content-Security-Policy"])
        nonces.add(nonce)
        scripts = re.findall(r"<script\b[^>]*>", answer.content.decode())
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
    assert len(nonces) == 100


def test_the_policy_names_nothing_from_elsewhere_and_nothing_unsafe(web):
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in web.get("/")["Content-Security-Policy"].split(";")
        if part.strip()
    )
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert NONCE.sub("'nonce'", policy["script-src"]) == "'nonce' 'strict-dynamic'"
    for directive in ("style-src", "img-src", "font-src", "connect-src", "manifest-src"):
        assert policy[directive] == "'self'"


# Where the same headers must stand: a page, a redirect, an error of each kind, JSON, and what Django answers itself.
ANSWERS = {
    "page": lambda web: web.get("/"),
    "public page": lambda _web: Client().get("/accounts/login/"),
    "redirect to sign-in": lambda _web: Client().get("/spaces/"),
    "redirect of a missing slash": lambda web: web.get("/spaces"),
    "not found": lambda web: web.get("/topics/999999999/"),
    "no such address": lambda web: web.get("/nothing/here/"),
    "refused at the edge": lambda web: web.get("/?a=%00"),
    "wrong method": lambda web: web.get("/topics/1/close/"),
    "json": lambda web: web.get("/api/v1/topics/"),
    "json for strangers": lambda _web: Client().get("/api/v1/topics/"),
    "health": lambda _web: Client().get("/health/"),
    "missing file": lambda web: web.get("/static/css/nothing.css"),
    "wrong host": lambda web: web.get("/", HTTP_HOST="elsewhere.example"),
    "without csrf": lambda web: csrf_refusal(),
}


def csrf_refusal() -> HttpResponse:
    return Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a"})


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_carries_the_headers(web, kind):
    answer = ANSWERS[kind](web)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "'none'" in answer["Content-Security-Policy"]
    assert re.fullmatch(r"[0-9a-f]{16}", answer["X-Request-ID"])


def test_a_view_that_says_public_by_mistake_is_overruled():
    def careless(_request):
        response = HttpResponse()
        response["Cache-Control"] = "public, max-age=3600"
        return response

    answer = PrivateResponseMiddleware(careless)(RequestFactory().get("/"))
    assert answer["Cache-Control"] == "private, no-store"


def test_files_of_the_site_may_be_kept():
    answer = Client().get("/static/css/tokens.css")
    assert answer.status_code == 200
    assert "no-store" not in answer.get("Cache-Control", "")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_name_of_a_request_is_its_own_and_forgotten_after_it(web):
    names = {web.get("/health/")["X-Request-ID"] for _round in range(20)}
    assert len(names) == 20
    assert request_id.get() == "-"


# --- cookies and sessions ---


def test_cookies_are_closed_to_scripts_and_to_other_sites(settings):
    make_member("Sign In", email="in@example.org", password=PASSWORD)
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "in@example.org", "password": PASSWORD})
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
            True,
            "Lax",
            "/",
            "",
        )


def test_sessions_are_in_the_database_and_survive_an_empty_cache(web):
    assert web.get("/").status_code == 200
    cache.clear()
    assert Session.objects.count() == 1
    assert web.get("/").status_code == 200


# --- the three errors, and the fourth that nobody wants ---


def test_a_domain_error_becomes_page_fragment_or_json(sign_in):
    topic = make_topic()
    client = sign_in("member")
    address = f"/topics/{topic.pk}/close/"
    page = client.post(address, {"reason": "because"})
    fragment = client.post(address, {"reason": "because"}, HTTP_HX_REQUEST="true")
    answer = client.post(f"/api/v1{address}", {"reason": "because"}, content_type="application/json")
    for response in (page, fragment, answer):
        assert response.status_code == 403
        assert "Moderators close topics" in response.content.decode()
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert answer["Content-Type"] == "application/json"


def failing(_request):
    raise RuntimeError("secret words")


@pytest.fixture
def failing_views(monkeypatch, settings):
    def locked(_request):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(2)")

    extra = [path("failing/", failing), path("api/failing/", failing), path("locked/", locked)]
    monkeypatch.setattr(urls, "urlpatterns", [*urls.urlpatterns, *extra])
    clear_url_caches()
    yield
    monkeypatch.undo()
    clear_url_caches()


def test_an_unexpected_fault_says_nothing_of_itself(web, failing_views):
    web.raise_request_exception = False
    for address in ("/failing/", "/api/failing/"):
        answer = web.get(address)
        assert answer.status_code == 500
        assert b"secret words" not in answer.content
        assert answer["X-Request-ID"].encode() in answer.content
        assert answer["Cache-Control"] == "private, no-store"


def test_a_database_that_cannot_answer_is_a_moment_of_patience(web, failing_views):
    web.raise_request_exception = False
    answer = web.get("/locked/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


# --- the reader's own time ---


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "UTC", None, "\x00"])
def test_an_unknown_zone_is_utc(name):
    assert zone_or_utc(name).key == "UTC"


def test_times_are_shown_in_the_zone_of_the_reader():
    reader = make_member(time_zone="Asia/Tokyo")
    client = Client()
    client.force_login(reader)
    topic = make_topic(at=None)
    page = client.get(topic.get_absolute_url()).content.decode()
    assert "+09:00" in page
