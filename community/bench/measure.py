"""Asking the measured server for each page, in turn with the floor, and what that took."""

import http.client
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from urllib.parse import quote, urlencode

import psutil
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from community.bench.acts import changes, forget_reading, reply_form
from community.bench.load import KEEPER_ID, READER_ID
from community.bench.server import (
    COUNT_HEADER,
    CSRF_COOKIE,
    SESSION_COOKIE,
    EndedError,
    Server,
    ServerError,
    cpu_seconds,
)
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
_ATTEMPTS = 5
# What the cookie and the header of a form that is sent agree on; any 32 letters do.
_TOKEN = "b" * 32


class PageError(Exception):
    """A page did not answer as it should; the text says which and how."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is measured: a short name, which reports and budgets use, and its address.

    With `form` it is sent, each time with what that gives, and answered by being led on. `before` is done before each
    request, on the bench's own connection to the database.
    """

    name: str
    path: str
    reader: int = READER_ID
    form: Callable[[], Mapping[str, str]] | None = None
    before: Callable[[], None] | None = None


@dataclass(slots=True)
class Figures:
    """What one page took, a list entry for each round or each request."""

    page: Page
    queries: int = 0
    changes: int = 0
    size: int = 0
    size_gzip: int | None = None
    cpu_ms: list[float] = field(default_factory=list)
    floor_ms: list[float] = field(default_factory=list)
    database_ms: list[float] = field(default_factory=list)
    floor_database_ms: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    floor_latency_ms: list[float] = field(default_factory=list)

    @property
    def whole_ratios(self) -> list[float]:
        """As `ratios`, with what the database used where that is known: the cost of the page in floors."""
        if not self.database_ms:
            return self.ratios
        rounds = zip(self.cpu_ms, self.database_ms, self.floor_ms, self.floor_database_ms, strict=True)
        return [(mine + theirs) / (floor + floor_theirs) for mine, theirs, floor, floor_theirs in rounds]

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
        Page("topic", f"{_typical()}?page=1"),
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
        Page("search, pictures, of which there are none", f"{search}?q={quote(f'{COMMON_WORD} has:image')}"),
        Page("search, before a year without posts", f"{search}?q={quote(f'{COMMON_WORD} before:2001')}"),
        Page("search, before last year", f"{search}?q={quote(f'{COMMON_WORD} before:{_last_year()}')}"),
        Page("search, today's", f"{search}?q={quote(f'{COMMON_WORD} after:{timezone.now():%Y-%m-%d}')}"),
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
        # Last, because they change what the others read.
        Page("topic, marked as read", f"{_typical()}?page=1", before=forget_reading),
        Page("reply", f"{topic}posts/", form=reply_form),
    ]


def _typical() -> str:
    return reverse("topic_show", args=[TYPICAL_TOPIC_ID])


def _last_year() -> int:
    return timezone.now().year - 1


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
            reader: {"Cookie": f"{SESSION_COOKIE}={key}; {CSRF_COOKIE}={_TOKEN}", "Accept": "text/html"}
            for reader, key in session_keys.items()
        }
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def ask(self, page: Page, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """Open the page, or send its form. `before` is left to the caller."""
        headers = self._headers[page.reader] | headers
        method, sent = "GET", None
        if page.form is not None:
            method, sent = "POST", urlencode(page.form())
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": _TOKEN}
        try:
            self._connection.request(method, page.path, sent, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server lets go of a connection that was quiet for a while.
            self._connection.close()
            self._connection.request(method, page.path, sent, headers)
            response = self._connection.getresponse()
        body = response.read()
        if response.status != (200 if page.form is None or COUNT_HEADER in headers else 302):
            raise PageError(f"{page.path} answered {response.status}.")
        return response, body

    def time(self, page: Page, times: int) -> list[float]:
        latencies = []
        for _request in range(times):
            if page.before is not None:
                page.before()
            began = time.perf_counter()
            self.ask(page)
            latencies.append((time.perf_counter() - began) * 1000)
        return latencies

    def statements(self, page: Page) -> list[str]:
        if page.before is not None:
            page.before()
        _response, body = self.ask(page, **{COUNT_HEADER: "1"})
        return [str(statement) for statement in json.loads(body)]


def measure(
    server: Server, session_keys: Mapping[int, str], chosen: Sequence[Page], *, requests: int
) -> list[Figures]:
    """Ask for every page `requests` times in `ROUNDS` rounds, in turn with the floor, a few requests each."""
    client = Client(server, session_keys)
    figures = [Figures(page) for page in chosen]
    floor = next(page for page in chosen if page.name == FLOOR)
    # What changes something comes when all else is measured: it may not change what that reads.
    for entries in (
        [entry for entry in figures if not _changes(entry.page)],
        [entry for entry in figures if _changes(entry.page)],
    ):
        for entry in entries:
            _look_at(client, entry, min(_WARM_UP, requests))
        _measure_in_turn(client, server, floor, entries, requests)
    return figures


def _changes(page: Page) -> bool:
    return page.form is not None or page.before is not None


def _look_at(client: Client, entry: Figures, times: int) -> None:
    """Warm the page up, count what it asks of the database, and weigh it."""
    client.time(entry.page, times)
    statements = client.statements(entry.page)
    entry.queries, entry.changes = len(statements), changes(statements)
    _response, body = client.ask(entry.page)
    entry.size = len(body)
    response, body = client.ask(entry.page, **{"Accept-Encoding": "gzip"})
    if response.headers.get("Content-Encoding") == "gzip":
        entry.size_gzip = len(body)


def _measure_in_turn(
    client: Client, server: Server, floor: Page, entries: Sequence[Figures], requests: int
) -> None:
    is_near = bool(database_processes())
    each = max(1, requests // ROUNDS)
    for _round in range(ROUNDS):
        for entry in entries:
            of_floor, of_page = _Spent(), _Spent()
            for done in range(0, each, _IN_TURN):
                times = min(_IN_TURN, each - done)
                of_floor.ask(client, server, floor, times)
                of_page.ask(client, server, entry.page, times)
            entry.floor_ms.append(of_floor.cpu_seconds * 1000 / each)
            entry.cpu_ms.append(of_page.cpu_seconds * 1000 / each)
            entry.latency_ms += of_page.latency_ms
            entry.floor_latency_ms += of_floor.latency_ms
            if is_near:
                entry.database_ms.append(of_page.database_seconds * 1000 / each)
                entry.floor_database_ms.append(of_floor.database_seconds * 1000 / each)


@dataclass(slots=True)
class _Spent:
    """What one round took of one page."""

    cpu_seconds: float = 0.0
    database_seconds: float = 0.0
    latency_ms: list[float] = field(default_factory=list)

    def ask(self, client: Client, server: Server, page: Page, times: int) -> None:
        """Ask so many times. A process of the database that ended meanwhile took its reading with it: once more."""
        for _attempt in range(_ATTEMPTS):
            try:
                cpu, before = cpu_seconds([server.worker]), database_processes()
                database = cpu_seconds(before)
                latencies = client.time(page, times)
                # The worker is done with a request a moment after the browser has it.
                time.sleep(0.002)
                cpu, after = cpu_seconds([server.worker]) - cpu, database_processes()
                if not set(before) <= set(after):
                    continue
                # One that came meanwhile counts from its beginning.
                database = cpu_seconds(after) - database
            except EndedError:
                continue
            self.latency_ms += latencies
            self.cpu_seconds += cpu
            self.database_seconds += database
            return
        raise ServerError(
            "Processes of the measured server end all the time; the log of the bench may say why."
        )


def database_processes() -> list[int]:
    """PostgreSQL's processes that serve the measured server; none where it runs on another machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        pids = [int(row[0]) for row in cursor.fetchall()]
    return pids if all(_is_postgres(pid) for pid in pids) else []


@cache
def _is_postgres(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).name().startswith("postgres")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    low, _middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
