"""The application of the measured server: the production's own, a counter of its statements, and a barer floor."""

import json
from collections.abc import Iterable

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

from community.wsgi import application as served

# The same view with no more middleware than it takes to know who asks: what the rest costs is the difference.
_BARE_PATH = "/bench/bare/"
_BARE_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]


def _bare_handler() -> WSGIHandler:
    """Django reads the list when a handler is made, so two handlers of one process can differ in it."""
    usual = settings.MIDDLEWARE
    settings.MIDDLEWARE = _BARE_MIDDLEWARE
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = usual


_bare = _bare_handler()


def application(environ, start_response):  # type: ignore[no-untyped-def]
    """Answer; with the header, answer with the statements that the request sent to PostgreSQL instead of the page."""
    handler = _bare if environ["PATH_INFO"] == _BARE_PATH else served
    if "HTTP_X_BENCH_COUNT" not in environ:
        return handler(environ, start_response)
    return _statements(handler, environ, start_response)


def _statements(handler, environ, start_response) -> Iterable[bytes]:  # type: ignore[no-untyped-def]
    with CaptureQueriesContext(connection) as captured:
        answer = handler(environ, lambda *_arguments: None)
        for _part in answer:
            pass
        answer.close()
    body = json.dumps([query["sql"] for query in captured.captured_queries]).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
