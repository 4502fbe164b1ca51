"""Asking the measured server for each page, in turn with the floor, and what that took."""

import http.client
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote

import psutil
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.urls import reverse
from django.utils.text import slugify

from community.bench.load import KEEPER_ID, READER_ID
from community.bench.server import COUNT_HEADER, SESSION_COOKIE, Server, cpu_seconds
from community.bench.sizes import LONG_TOPIC_ID, TYPICAL_TOPIC_ID, Sizes
from community.bench.words import COMMON_WORD, RARE_PERSON, RARE_WORD, TAGS, TOPICS
from discussions.models import POSTS_PER_PAGE
from members.directory import facet_value
from members.models import Member, Organisation

FLOOR = "floor"
BARE = "bare"
#: Enough for a median and its quartiles; each round asks for a share of the requests.
ROUNDS = 12
_WARM_UP = 40
# Other work on the machine comes and goes within a second: floor and page take turns faster than that.
_IN_TURN = 4


class PageError(Exception):
    """A page did not answer as it should; the text says which and how."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is measured: a short name, which reports and budgets use, and its address."""

    name: str
    path: str
    reader: int = READER_ID


@dataclass(slots=True)
class Figures:
    """What one page took, a list entry for each round or each request."""

    page: Page
    queries: int = 0
    size: int = 0
    size_gzip: int | None = None
    cpu_ms: list[float] = field(default_factory=list)
    floor_ms: list[float] = field(default_factory=list)
    database_ms: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    floor_latency_ms: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Each round against the floor that was measured in turn with it: drift of the machine cancels out."""
        return [mine / floor for mine, floor in zip(self.cpu_ms, self.floor_ms, strict=True)]


def pages(sizes: Sizes) -> list[Page]:
    """The pages of the application, after the floor and the barer floor."""
    last = (sizes.long_topic - 1) // POSTS_PER_PAGE + 1
    topic = reverse("topic_show", args=[LONG_TOPIC_ID])
    topics = reverse("topic_list")
    search, people, applications = reverse("search"), reverse("member_list"), reverse("application_list")
    topic_value = quote(facet_value(TOPICS[0]))
    return [
        Page(FLOOR, "/bench/floor/"),
        Page(BARE, "/bench/bare/"),
        Page("home", reverse("home")),
        Page("for you", topics),
        Page("latest", f"{topics}?list=latest"),
        Page("latest of a tag, unread", f"{topics}?list=latest&tag={quote(slugify(TAGS[0]))}&unread=1"),
        Page("unanswered", f"{topics}?list=unanswered"),
        Page("most useful", f"{topics}?list=useful"),
        Page("what came since", f"{reverse('topic_live', args=[LONG_TOPIC_ID])}?after=1"),
        Page("spaces", reverse("space_list")),
        Page("space", reverse("space_show", args=["space-1"])),
        Page("topic", f"{reverse('topic_show', args=[TYPICAL_TOPIC_ID])}?page=1"),
        Page("long topic, first page", f"{topic}?page=1"),
        Page("long topic, middle page", f"{topic}?page={(last + 1) // 2}"),
        Page("long topic, last page", f"{topic}?page={last}"),
        Page("search, rare word", f"{search}?q={quote(RARE_WORD)}"),
        Page("search, common word", f"{search}?q={quote(COMMON_WORD)}"),
        Page("search, word in a space", f"{search}?q={quote(f'{COMMON_WORD} in:space-1')}"),
        Page("search, word by somebody", f"{search}?q={quote(f'{COMMON_WORD} from:member-2')}"),
        Page(
            "search, four operators",
            f"{search}?q={quote(f'{COMMON_WORD} tag:{slugify(TAGS[0])} kind:question is:unanswered after:2020')}",
        ),
        Page("search, links alone", f"{search}?q={quote(f'{COMMON_WORD} has:link')}"),
        Page("search, inside the long topic", f"{search}?q={quote(COMMON_WORD)}&topic={LONG_TOPIC_ID}"),
        Page("search, while typing", f"{reverse('search_suggest')}?q={quote(COMMON_WORD[:4])}"),
        Page("messages", reverse("conversation_list")),
        Page("inbox", reverse("notice_list")),
        Page("people", people),
        Page("people, broad facet", f"{people}?facet=languages:en"),
        Page("people, two facets", f"{people}?facet=sector:public+sector,helps_topics:{topic_value}"),
        Page("people, word in a fifth", f"{people}?q=audit"),
        Page("people, rare word", f"{people}?q={RARE_PERSON}"),
        Page("people, newest", f"{people}?sort=newest&new=1"),
        Page("people, all values", f"{reverse('facet_list', args=['company'])}?q=audit"),
        Page("company", Organisation.objects.get(employments__member=READER_ID).get_absolute_url()),
        Page("person", reverse("member_show", args=["member-2"])),
        Page("person's posts", reverse("member_posts", args=["member-2"])),
        Page("applications", applications, KEEPER_ID),
        Page("applications, waitlist", f"{applications}?list=waitlisted", KEEPER_ID),
        Page("applications, accepted", f"{applications}?list=accepted", KEEPER_ID),
        Page("application", reverse("application_review", args=[1]), KEEPER_ID),
        Page("API, topics", "/api/v1/topics/"),
    ]


def sign_in() -> dict[int, str]:
    """A session of each who reads, as a sign-in leaves it. Returns their keys."""
    return {reader: _session_of(reader) for reader in (READER_ID, KEEPER_ID)}


def _session_of(member_id: int) -> str:
    reader = Member.objects.get(pk=member_id)
    session = SessionStore()
    session[SESSION_KEY] = str(reader.pk)
    session[BACKEND_SESSION_KEY] = "members.backends.MemberBackend"
    session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
    session.set_expiry(timedelta(days=1))
    session.save()
    return str(session.session_key)


class Client:
    """A browser that keeps its connection, measures what it waits and fails on anything but an answer."""

    def __init__(self, server: Server, session_keys: Mapping[int, str]) -> None:
        self._server = server
        self._headers = {
            reader: {"Cookie": f"{SESSION_COOKIE}={key}", "Accept": "text/html"}
            for reader, key in session_keys.items()
        }
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(self, page: Page, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        headers = self._headers[page.reader] | headers
        try:
            self._connection.request("GET", page.path, headers=headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server lets go of a connection that was quiet for a while.
            self._connection.close()
            self._connection.request("GET", page.path, headers=headers)
            response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise PageError(f"{page.path} answered {response.status}.")
        return response, body

    def time(self, page: Page, times: int) -> list[float]:
        latencies = []
        for _request in range(times):
            began = time.perf_counter()
            self.get(page)
            latencies.append((time.perf_counter() - began) * 1000)
        return latencies

    def statements(self, page: Page) -> list[str]:
        _response, body = self.get(page, **{COUNT_HEADER: "1"})
        return [str(statement) for statement in json.loads(body)]


def measure(
    server: Server, session_keys: Mapping[int, str], chosen: Sequence[Page], *, requests: int
) -> list[Figures]:
    """Ask for every page `requests` times in `ROUNDS` rounds, in turn with the floor, a few requests each."""
    client = Client(server, session_keys)
    figures = [Figures(page) for page in chosen]
    floor = next(page for page in chosen if page.name == FLOOR)
    for entry in figures:
        client.time(entry.page, min(_WARM_UP, requests))
        entry.queries = len(client.statements(entry.page))
        _response, body = client.get(entry.page)
        entry.size = len(body)
        response, body = client.get(entry.page, **{"Accept-Encoding": "gzip"})
        if response.headers.get("Content-Encoding") == "gzip":
            entry.size_gzip = len(body)
    backends = database_processes()
    each = max(1, requests // ROUNDS)
    for _round in range(ROUNDS):
        for entry in figures:
            of_floor, of_page = _Spent(), _Spent()
            for done in range(0, each, _IN_TURN):
                times = min(_IN_TURN, each - done)
                of_floor.ask(client, server, backends, floor, times)
                of_page.ask(client, server, backends, entry.page, times)
            entry.floor_ms.append(of_floor.cpu_seconds * 1000 / each)
            entry.cpu_ms.append(of_page.cpu_seconds * 1000 / each)
            entry.latency_ms += of_page.latency_ms
            entry.floor_latency_ms += of_floor.latency_ms
            if backends:
                entry.database_ms.append(of_page.database_seconds * 1000 / each)
    return figures


@dataclass(slots=True)
class _Spent:
    """What one round took of one page."""

    cpu_seconds: float = 0.0
    database_seconds: float = 0.0
    latency_ms: list[float] = field(default_factory=list)

    def ask(self, client: Client, server: Server, backends: Sequence[int], page: Page, times: int) -> None:
        cpu, database = cpu_seconds([server.worker]), cpu_seconds(backends)
        self.latency_ms += client.time(page, times)
        # The worker is done with a request a moment after the browser has it.
        time.sleep(0.002)
        self.cpu_seconds += cpu_seconds([server.worker]) - cpu
        self.database_seconds += cpu_seconds(backends) - database


def database_processes() -> list[int]:
    """PostgreSQL's processes that serve the measured server; none where it runs on another machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        pids = [int(row[0]) for row in cursor.fetchall()]
    if all(psutil.pid_exists(pid) and psutil.Process(pid).name().startswith("postgres") for pid in pids):
        return pids
    return []


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    low, _middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
