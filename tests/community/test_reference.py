"""The description of the API: for programs, for people, and for nobody outside."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from community.api_urls import urlpatterns
from tests.api import Program

pytestmark = pytest.mark.django_db

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(member):
    return Program(member).get("/api/schema/").json()


def test_strangers_and_applicants_read_neither(client_as, stranger, applicant):
    outside = client_as(stranger)
    assert outside.get("/api/schema/").status_code == 401
    assert outside.get("/api/docs/")["Location"].startswith(reverse("account_login"))
    waiting = client_as(applicant)
    assert waiting.get("/api/schema/").status_code == 403
    assert waiting.get("/api/docs/").status_code == 403


def test_every_address_is_described(document):
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    routed = set()
    for route in urlpatterns:
        if route.name not in {"api_schema", "api_docs"}:
            path = "/api/" + re.sub(r"<int:(\w+)>", r"{\1}", str(route.pattern))
            routed |= {(path, method) for method in route.callback.actions if method in METHODS}
    assert described == routed
    assert len(described) == 137


def test_it_is_the_same_for_everybody(member, administrator, web):
    one = Program(member).get("/api/schema/").json()
    assert one == Program(administrator).get("/api/schema/").json() == web.get("/api/schema/").json()


def test_every_refusal_is_described(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            statuses = set(operation["responses"])
            assert {"400", "401", "403", "429"} <= statuses, (method, path)
            if method != "get":
                assert {"404", "409", "413", "415", "422"} <= statuses, (method, path)
            assert operation["security"] == [{"token": []}, {"session": []}]


def test_every_request_names_all_it_takes(document):
    requests = {
        name: schema for name, schema in document["components"]["schemas"].items() if "Request" in name
    }
    assert requests
    for name, schema in requests.items():
        assert schema["additionalProperties"] is False, name
        for field, described in schema["properties"].items():
            if described.get("type") == "string" and described.get("format") not in {"date", "date-time"}:
                assert "maxLength" in described, (name, field)
                assert "pattern" in described, (name, field)
            if described.get("type") == "integer":
                assert {"minimum", "maximum"} <= set(described), (name, field)


def test_the_page_shows_every_operation_and_no_script(web, document):
    html = web.get("/api/docs/").content.decode()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in html
        assert f"<code>{path}</code>" in html
    assert "curl" in html
    assert "style=" not in html
    page = Anchors()
    page.feed(html)
    assert page.wanted <= page.there


class Anchors(HTMLParser):
    """The places on a page, and those its own links want."""

    def __init__(self):
        super().__init__()
        self.wanted, self.there = set(), set()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if (values.get("href") or "").startswith("#"):
            self.wanted.add(values["href"][1:])
        self.there.add(values.get("id"))


def test_the_examples_are_bodies_the_api_takes(web, member, document):
    html = web.get("/api/docs/").content.decode()
    bodies = re.findall(r"-d &#x27;(\{.*?\})&#x27;", html)
    assert len(bodies) == 61
    for body in bodies:
        assert json.loads(body.replace("&quot;", '"').replace("&#x27;", "'"))
