"""Where the CPU of a page goes: samples of the running code, by the part of the application they fell into.

Run with the bench's settings: `python -m community.bench.where REQUESTS SESSION PATH…` prints milliseconds by part.
It asks without a server, in one thread, so its sums lie below those of the bench by what gunicorn takes.
"""

import io
import json
import signal
import sys
import time
from collections import Counter
from types import FrameType
from typing import Any

from community.bench.server import SESSION_COOKIE
from community.bench.wsgi import application

#: Fewer would leave out the smaller parts.
LEAST_REQUESTS = 60
_WARM_UP = 20
_TICK_SECONDS = 0.0005

# A sample belongs to the innermost of these functions that is running; the end of a qualified name is enough.
PARTS = (
    ("contrib.auth:get_user", "session and member"),
    ("models.space:visible_spaces", "spaces the reader sees"),
    ("core.statements:Statement.__call__", "compiled queries"),
    ("core.moments:Clock.moment", "rows: times"),
    ("queries.topic:_PostPrinter._row", "rows: posts"),
    ("queries.lists:_ListWords.row", "rows: topics"),
    ("templatetags.page:EachNode.render", "template: loops of rows"),
    ("template.defaulttags:CsrfTokenNode.render", "template: token against forgery"),
    ("templatetags.page:unfilled", "template: composer"),
    ("community.context:chrome", "template: frame's context"),
    ("template.loader:render_to_string", "template: the rest"),
    ("handlers.base:BaseHandler._get_response", "view, other queries"),
)
_REST = "middleware and handler"


def part_of(frame: FrameType | None) -> str:
    while frame is not None:
        name = f"{frame.f_globals.get('__name__', '')}:{frame.f_code.co_qualname}"
        for end, part in PARTS:
            if name.endswith(end):
                return part
        frame = frame.f_back
    return _REST


def milliseconds(path: str, session_key: str, requests: int) -> dict[str, float]:
    """CPU of one request for the path, by part, largest first."""
    samples: Counter[str] = Counter()

    def sample(_number: int, frame: FrameType | None) -> None:
        samples[part_of(frame)] += 1

    for _request in range(_WARM_UP):
        _ask(path, session_key)
    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, _TICK_SECONDS, _TICK_SECONDS)
    began = time.process_time()
    for _request in range(requests):
        _ask(path, session_key)
    each = (time.process_time() - began) * 1000 / requests
    signal.setitimer(signal.ITIMER_PROF, 0)
    return {part: round(count * each / samples.total(), 3) for part, count in samples.most_common()}


def _ask(path: str, session_key: str) -> None:
    address, _mark, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": f"{SESSION_COOKIE}={session_key}",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    answer = application(environ, lambda *_arguments: None)  # type: ignore[no-untyped-call]
    for _part in answer:
        pass
    answer.close()


if __name__ == "__main__":
    times, key, *paths = sys.argv[1:]
    asked = max(int(times), LEAST_REQUESTS)
    sys.stdout.write(json.dumps({path: milliseconds(path, key, asked) for path in paths}))
