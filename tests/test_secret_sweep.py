"""Nobody reads what they may not (promise P6): every address, every role, every method, in search of planted words.

Three questions: does a secret word stand in an answer; does an answer tell a hidden thing from one that is not there;
does an answer change because something hidden was added. And nothing, whatever is sent, is a fault of the site.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote_plus

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from community.core.models import SearchEntry
from discussions.models import Post, SpacePreset, space
from members.models import MemberQuerySet
from tests.factories import make_post
from tests.routes import Route, routes
from tests.settings import forget_cache
from tests.test_access_matrix import row_of
from tests.test_access_matrix import values as open_values
from tests.thorough import THOROUGH
from tests.world import (
    CLOSED,
    OPEN_TO,
    ROLES,
    WHERE_IN_A_PERSON,
    World,
    counts,
    hide_something_in,
    make_open_world,
    make_world,
    secret,
    secrets_hidden_from,
    undone,
)

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
# Which methods an address knows does not depend on who asks: these three ask with all of them, from outside, from
# inside and from the administration. Everybody asks to read and to change, and with everything in a thorough run.
ALL_METHODS_BY = {"stranger", "member", "administrator"}
STAFF = {"moderator", "manager", "administrator"}
ROOM_PARAMETERS = {
    "space_id", "topic_id", "post_id", "question_id", "poll_id", "resource_id", "passage_id",
    "collection_id", "slug", "attachment_id", "name",
}  # fmt: skip
PERSON_PARAMETERS = {"handle", "member_id"}
NOWHERE = {
    "space_id": 2_000_000_001,
    "topic_id": 2_000_000_002,
    "post_id": 2_000_000_003,
    "question_id": 2_000_000_008,
    "poll_id": 2_000_000_011,
    "poll_id of poll_outcome": 2_000_000_011,
    "poll_id of poll_export": 2_000_000_011,
    "poll_id of api_poll_outcome": 2_000_000_011,
    "resource_id": 2_000_000_012,
    "passage_id": 2_000_000_013,
    "collection_id": 2_000_000_014,
    "member_id": 2_000_000_004,
    "attachment_id": 2_000_000_006,
    "name": "0" * 32,
    "name of attachment_show": "0" * 32,
    "handle": "zqnowhereqz",
    "slug": "zqnowhereqz",
}


def targets(world: World, route: Route) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What the address is filled with, one after the other, and whose that is."""
    filled = open_values(world)
    yield "open", filled
    filled = {name: value for name, value in filled.items() if not name.startswith("post_id of")}
    wanted = set(route.parameters)
    if wanted & ROOM_PARAMETERS:
        for name in CLOSED:
            room = world.rooms[name]
            yield name, {**filled, **room.ids()}
            if "post_id" in wanted:
                yield f"{name}, deleted", {**filled, **room.ids(), "post_id": room.deleted.pk}
                yield f"{name}, first", {**filled, **room.ids(), "post_id": room.first.pk}
            if "topic_id" in wanted:
                yield f"{name}, closed", {**filled, **room.ids(), "topic_id": room.closed.pk}
    if wanted & PERSON_PARAMETERS:
        for owner, person in (("gone", world.gone), ("asking", world.asking)):
            assert person is not None
            yield owner, {**filled, "handle": person.handle, "member_id": person.pk}
    if "object_id" in wanted:
        for number in (world.rooms["confidential"].post.pk, world.rooms["confidential"].topic.pk, 1):
            yield "administered", {**filled, "object_id": number}


def send(
    client: Client, method: str, address: str, body: Mapping[str, object], *, as_json: bool
) -> HttpResponse:
    forget_cache()
    if method in {"GET", "HEAD", "OPTIONS"}:
        return client.generic(method, address)
    if as_json:
        return client.generic(method, address, json.dumps(dict(body)), content_type="application/json")
    if method == "POST":
        return client.post(address, dict(body))
    return client.generic(method, address, b"", content_type="application/x-www-form-urlencoded")


def text_of(answer: HttpResponse, address: str) -> str:
    """Body and headers in small letters, unquoted, without the address that was asked for: that is no news."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    cookies = " ".join(str(cookie) for cookie in answer.cookies.values())
    text = html.unescape(f"{headers} {cookies} {content_of(answer).decode(errors='replace')}")
    return unquote_plus(without_echo(text, address)).lower()


def content_of(answer: HttpResponse) -> bytes:
    """Files are streamed; everything else is whole."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def without_echo(text: str, address: str) -> str:
    if "zq" in address:
        for echo in (address, quote(address), quote(address, safe=""), address.strip("/")):
            text = text.replace(echo, "")
    return text


def sweep(world: World, role: str, found: Iterable[Route]) -> tuple[set[str], set[str]]:
    """Ask for everything. Returns the leaks and faults, and the planted words that were met rightly."""
    client = world.client(role)
    session = client.cookies.get(settings.SESSION_COOKIE_NAME)
    kept = session.value if session is not None else ""
    hidden = secrets_hidden_from(role)
    planted = re.compile(r"zq[a-z]+qz|zqmail[a-z]+|zqdigest[a-z]+")
    wrong: set[str] = set()
    met: set[str] = set()
    for route in found:
        row = row_of(route.name)
        body = row.body if row else {}
        as_json = route.template.startswith("api/")
        allowed_here = (
            secrets_of_accounts() if role in STAFF and route.template.startswith("admin/") else set()
        )
        if role in STAFF and route.template.startswith("admin/discussions/tag/"):
            # Tags are one list for all rooms: docs/threat-model.md, not covered yet.
            allowed_here = allowed_here | {
                secret(room, where) for room in CLOSED for where in ("tag", "tagabout")
            }
        if role in {"moderator", "manager"} and route.template.startswith("admin/discussions/report/"):
            allowed_here = allowed_here | {"zqmessagereportedqz", "zqreportqz"}
        if role == "administrator" and route.template.startswith("admin/core/apitoken/"):
            # Integrations are theirs to look after: whose, what for and until when; never the secret or its digest.
            allowed_here = allowed_here | {f"zqtokennameof{other}qz" for other in ROLES}
        for number, (owner, filled) in enumerate(targets(world, route)):
            address = route.address(filled)
            # What a method that is not offered answers does not depend on the object either: one is enough.
            methods = ("GET", (row.method if row else "post").upper())
            if number == 0 and (THOROUGH or role in ALL_METHODS_BY):
                methods = METHODS
            for method in dict.fromkeys(methods):
                if session is not None:
                    # Whatever signed out or left was undone; without its cookie all that follows would be a stranger's.
                    client.cookies[settings.SESSION_COOKIE_NAME] = kept
                with undone():
                    answer = send(client, method, address, body, as_json=as_json)
                    words = set(planted.findall(text_of(answer, address)))
                where = f"{method} {route.name} ({owner}) as {role}"
                if answer.status_code >= 500 or answer.status_code == 429:
                    wrong.add(f"{where}: status {answer.status_code}")
                for word in words:
                    owned = next((hide for hide in hidden if word.startswith(hide)), None)
                    if owned is not None and owned not in allowed_here:
                        wrong.add(f"{where}: {word}")
                met |= words
    return wrong, met


def secrets_of_accounts() -> set[str]:
    """What the administration is for: accounts, also of those who have left or not come yet. Never a digest."""
    persons = {secret(owner, where) for owner in ("gone", "asking") for where in WHERE_IN_A_PERSON}
    return persons | {f"zqmail{owner}" for owner in (*ROLES, "writer", "gone", "asking")}


@pytest.mark.parametrize("role", ROLES)
def test_no_secret_is_met_and_nothing_fails(role):
    world = make_world()
    before = counts()
    wrong, met = sweep(world, role, routes())
    assert wrong == set()
    assert counts() == before
    # Whoever may see it has met it: the search itself is not blind.
    rooms = {room for room in CLOSED if role in OPEN_TO[room]}
    expected = {
        secret(room, where)
        for room in rooms
        for where in (
            "name",
            "purpose",
            "slug",
            "title",
            "body",
            "reply",
            "tag",
            "oldtitle",
            "oldbody",
            "closereason",
        )
    }
    assert expected <= met


def test_a_resolver_that_lets_everybody_in_is_noticed(monkeypatch):
    """The control: the same search, with the one decision taken away."""
    world = make_world()
    monkeypatch.setattr(space, "presets_open_to", lambda _member: list(SpacePreset.values))
    wrong, _met = sweep(
        world, "member", (route for route in routes() if not route.template.startswith("admin/"))
    )
    leaks = " ".join(wrong)
    for room in CLOSED:
        for where in ("name", "title", "body", "reply", "oldbody"):
            assert secret(room, where) in leaks


def test_a_directory_that_shows_everybody_is_noticed(monkeypatch):
    world = make_world()
    monkeypatch.setattr(MemberQuerySet, "visible_to", lambda self, _user: self)
    wrong, _met = sweep(world, "member", (route for route in routes() if "member" in route.name))
    leaks = " ".join(wrong)
    assert secret("gone", "biography") in leaks
    assert secret("asking", "place") in leaks


# --- what is hidden cannot be told from what is not there ---


PASSING = re.compile(
    r"nonce(-|=\")[^\"']+"
    r"|csrfmiddlewaretoken\" value=\"\w+"
    r"|idempotency_key\" value=\"\w+"
    r"|<code>[0-9a-f]{16}</code>"
    r"|\"request\": \"[0-9a-f]{16}"
)


def normal(answer: HttpResponse, address: str, *echoes: str) -> tuple[int, str, str]:
    """Status, place and text without what differs each time, and without the echo of what was asked for."""
    text = PASSING.sub("", content_of(answer).decode(errors="replace"))
    place = answer.get("Location", "")
    for echo in (address, quote(address), quote(address, safe=""), *echoes):
        text, place = (one.replace(echo, "") if len(echo) > 1 else one for one in (text, place))
    return answer.status_code, place, text


@pytest.mark.parametrize("role", [role for role in ROLES if role not in {"insider"}])
def test_a_hidden_thing_answers_as_one_that_is_not_there(role):
    world = make_world()
    client = world.client(role)
    different: set[str] = set()
    missing: dict[tuple[str, str], tuple[int, str, str]] = {}

    def ask(method: str, address: str, body: Mapping[str, object], *, as_json: bool) -> tuple[int, str, str]:
        with undone():
            return normal(send(client, method, address, body, as_json=as_json), address)

    for route in routes():
        row = row_of(route.name)
        if route.template.startswith("admin/") or not set(route.parameters) & {
            *ROOM_PARAMETERS,
            *PERSON_PARAMETERS,
        }:
            continue
        as_json = route.template.startswith("api/")
        for owner, filled in targets(world, route):
            if owner == "open" or role in OPEN_TO.get(owner.split(",")[0], ()):
                continue
            address = route.address(filled)
            # Only what is hidden is taken away: where a room that one sees has somebody hidden in its address, the
            # room itself stays, and answers for itself.
            kept = PERSON_PARAMETERS if owner.split(",")[0] in CLOSED else ROOM_PARAMETERS
            gone = {name: value for name, value in NOWHERE.items() if name.split(" ")[0] not in kept}
            nowhere = route.address({**filled, **without_special(gone, route)})
            if address == route.address(open_values(world)):
                # About neither this room nor this person: a company has a slug too.
                continue
            for method in {"GET", (row.method if row else "post").upper()}:
                hidden = ask(method, address, row.body if row else {}, as_json=as_json)
                # One address stands for what is not there beside all that is hidden: asked once, it has answered.
                if (method, nowhere) not in missing:
                    missing[method, nowhere] = ask(method, nowhere, row.body if row else {}, as_json=as_json)
                if hidden != missing[method, nowhere]:
                    different.add(
                        f"{method} {route.name} ({owner}): {hidden[0]}, {missing[method, nowhere][0]}"
                    )
    assert different == set()


def without_special(values: Mapping[str, object], route: Route) -> dict[str, object]:
    special = {f"{name} of {route.name}": value for name, value in values.items()}
    return {**values, **special}


# --- the child must belong to the parent ---


@pytest.mark.parametrize("room", ["open", "private", "confidential"])
def test_a_reply_answers_no_post_of_another_topic(client_as, room):
    """One's own topic as the parent, and the id of another one's post as the child."""
    world = make_world()
    own = make_post(by=world.cast["member"]).topic
    foreign = world.rooms[room].post
    client = client_as(world.cast["member"])
    before = Post.objects.count()
    answer = client.post(
        f"/api/v1/topics/{own.pk}/posts/",
        {"body": "A reply.", "reply_to": foreign.pk},
        content_type="application/json",
    )
    assert answer.status_code == 404
    assert client.post(f"/topics/{own.pk}/posts/", {"body": "A reply.", "reply_to": 999}).status_code == 404
    assert Post.objects.count() == before


def test_a_topic_is_not_started_in_a_room_one_cannot_see(client_as):
    world = make_world()
    client = client_as(world.cast["member"])
    for name in CLOSED:
        room = world.rooms[name].space
        draft = {"space": room.pk, "title": "Here", "body": "I am."}
        answer = client.post("/api/v1/topics/", draft, content_type="application/json")
        assert answer.status_code == 404
        page = client.post(
            "/topics/new/", {"space": room.slug, "kind": "discussion", "title": "Here", "body": "I am."}
        )
        assert page.status_code == 422
    assert client.get(f"/api/v1/topics/?space={room.pk}").status_code == 404


# --- what is hidden changes nothing for those who cannot see it ---

QUERIES = (
    "/search/?q={}",
    "/members/?q={}",
    "/members/?organisation={}",
    "/members/?after=1-{}",
    "/tags/{}/",
    "/api/v1/topics/?tag={}",
    "/api/v1/members/?q={}",
    "/topics/new/?space={}",
    "/topics/?list=latest&space={}",
    "/topics/?list=latest&tag={}",
    "/search/?q=in:{}",
    "/search/?q=tag:{}",
    "/search/?q=from:{}",
    "/search/?q=kind:message+{}",
    "/search/suggestions/?q={}",
    "/api/v1/search/?q={}",
    "/mentions/?key=topic:new:{}&q=we",
    "/mentions/?key=topic:new:zqopenslugqz&q={}",
)


def readable_addresses(world: World) -> Iterator[str]:
    for route in routes():
        # The pages of accounts show what belongs to the account, some of it new each time.
        if not route.template.startswith(("admin/", "accounts/")):
            yield route.address(open_values(world))


@pytest.mark.parametrize("role", ["applicant", "member", "expert", "executive", "administrator"])
def test_an_answer_does_not_change_because_something_hidden_was_added(role):
    """Counts, orders, pages and facets included (differential, trust §1.1 no. 2)."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        world = make_open_world()
        client = world.client(role)

        def read() -> dict[str, tuple[int, str, str]]:
            answers = {}
            for address in readable_addresses(world):
                with undone():
                    forget_cache()
                    answers[address] = normal(client.get(address), address)
            return answers

        before = read()
        hide_something_in(world)
        if role == "expert":
            # Experts see one of the rooms: of those, only the three others are hidden.
            world.rooms["experts"].space.memberships.all().delete()
            type(world.rooms["experts"].space).objects.filter(pk=world.rooms["experts"].space.pk).update(
                preset="confidential"
            )
        after = read()
    # How much was reported is a sum over the whole community, told from five on and without names (rule 8.5).
    changes = {"/moderation/figures/"}
    if role == "administrator":
        # They choose among all companies, also those of which nobody is here yet.
        changes.add("/invitations/new/")
    assert {address for address in before if before[address] != after[address]} <= changes


@pytest.mark.parametrize("role", ["applicant", "member", "executive", "administrator"])
def test_asking_for_a_secret_word_finds_as_much_as_asking_for_nonsense(role):
    world = make_world()
    client = world.client(role)
    different = set()
    words = [
        secret(room, where)
        for room in CLOSED
        for where in ("name", "slug", "title", "body", "tag", "deleted")
    ]
    words += [
        secret(owner, where)
        for owner in ("gone", "asking")
        for where in ("name", "handle", "company", "title")
    ]
    nonsense = "zqnonsenseqz"

    def ask(query: str, word: str) -> tuple[int, str, str]:
        with undone():
            forget_cache()
            return normal(client.get(query.format(word)), "", word)

    # Pages say since when they ask for what is new: the second in which they were printed is no news.
    with time_machine.travel(datetime.now(UTC), tick=False):
        for query in QUERIES:
            nothing = ask(query, nonsense)
            different |= {query.format(word) for word in words if ask(query, word) != nothing}
    assert different == set()


def test_the_index_of_the_search_holds_no_post_that_was_deleted():
    make_world()
    for room in CLOSED:
        assert not SearchEntry.objects.filter(text__contains=secret(room, "deleted")).exists()
