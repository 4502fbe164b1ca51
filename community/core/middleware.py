"""What stands at the edge of every request: refusing malformed input, speaking errors, and the reader's own time."""

import re
import uuid
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.errors import DomainError
from community.core.http import render_error

GetResponse = Callable[[HttpRequest], HttpResponse]

request_id: ContextVar[str] = ContextVar("request_id", default="-")

# A path or a query value longer than this is no link of ours; bodies have their own limits in the fields.
MAX_PATH = 2_000
MAX_QUERY_VALUE = 2_000
MAX_COOKIE_VALUE = 4_096
MAX_PARAMETERS = 100
# Fields that a browser may rightly send more than once (check boxes, multiple choice).
REPEATABLE = frozenset(
    {
        "tags",
        "topic_kinds",
        "skips",
        "action",
        "_selected_action",
        "roles",
        "levels",
        "facet",
        "work_days",
        "choices",
        # Boxes beside posts: to split them off, and to make something of them.
        "numbers",
        "posts",
    }
)
# NUL, what XML and terminals choke on, halves of surrogate pairs, and the two code points that are no characters.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class RequestIdMiddleware:
    """Names each request, for the log, for the error page and for whoever reports a fault."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = uuid.uuid4().hex[:16]
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = name
        return response


class EdgeMiddleware:
    """Refuses what no form of ours sends, before it can reach a query (trust §0.8, §4.3).

    NUL and other control characters, over-long values and repeated scalar parameters get a 400 with a sentence,
    bodies beyond the limit a 413 before a byte of them is read: files would otherwise be taken without limit.
    Bodies are only looked at when they are forms; JSON is checked by the API's parser.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bad_cookies = [name for name, value in request.COOKIES.items() if not _is_good_cookie(name, value)]
        if bad_cookies:
            response = render_error(
                request, 400, _("A cookie was damaged and is removed now. Load the page again.")
            )
            # Or the browser would send it again, and its owner were locked out.
            for name in bad_cookies:
                response.delete_cookie(_CONTROL.sub("", name))
            return response
        longest = settings.BODY_LIMITS.get(request.path_info, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if _content_length(request) > longest:
            return _too_much(request)
        try:
            sentence = self._complaint(request)
        except RequestDataTooBig:
            return _too_much(request)
        if sentence is not None:
            return render_error(request, 400, sentence)
        return self.get_response(request)

    def _complaint(self, request: HttpRequest) -> str | None:
        if len(request.path_info) > MAX_PATH:
            return _("This address is too long to be one of ours.")
        if has_control(request.path_info):
            return _("This address holds characters that cannot be part of one.")
        # Sessions keep the name of the browser, and more may come to be kept.
        if any(has_control(value) for name, value in request.META.items() if name.startswith("HTTP_")):
            return _("The request holds control characters in a header.")
        try:
            query, form = request.GET, request.POST
        except (TooManyFieldsSent, TooManyFilesSent):
            return _("That form has more fields than any of ours.")
        except (MultiPartParserError, UnicodeDecodeError):
            return _("The form could not be read. Reload the page and send it again.")
        return _complaint_about(query, longest=MAX_QUERY_VALUE) or _complaint_about(form, longest=None)


def _too_much(request: HttpRequest) -> HttpResponse:
    sentence = _("That is more than a form may send. Nothing was stored; shorten it and send it again.")
    return render_error(request, 413, sentence)


def has_control(value: str) -> bool:
    """Whether a string holds NUL, another control character, or half a surrogate pair."""
    return _CONTROL.search(value) is not None


def _is_good_cookie(name: str, value: str) -> bool:
    return len(value) <= MAX_COOKIE_VALUE and not has_control(name) and not has_control(value)


def _content_length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0


def _complaint_about(values: QueryDict, *, longest: int | None) -> str | None:
    if len(values) > MAX_PARAMETERS:
        return _("That request has more parameters than any of ours.")
    for name, items in values.lists():
        if has_control(name) or any(has_control(item) for item in items):
            return _(
                "The request holds control characters. Remove them and send it again; nothing was stored."
            )
        if len(items) > 1 and name not in REPEATABLE and not name.endswith("[]"):
            return _("A value was sent twice where only one can count. Go back and send it once.")
        if longest is not None and any(len(item) > longest for item in items):
            return _("One of the values in this address is too long.")
    return None


class ErrorMiddleware:
    """Renders the three domain errors as page, fragment or JSON. Everything unexpected is Django's to report."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return render_error(request, exception.status, exception.sentence, fields=exception.fields)
        return None


class ReaderTimeMiddleware:
    """Shows times in the reader's own zone (architecture §10); strangers see UTC."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", "")
        timezone.activate(zone_or_utc(zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def zone_or_utc(name: str) -> ZoneInfo:
    """The named zone, or UTC where the name is unknown to this machine."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


class PrivateResponseMiddleware:
    """Nothing that was made for a person, and no error, is ever kept by a shared cache (trust §1.1 no. 24)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_static = request.path_info.startswith(str(settings.STATIC_URL)) and response.status_code < 400
        if not is_static:
            # Not added to what a view said: a view that says "public" by mistake is overruled.
            response["Cache-Control"] = "private, no-store"
        for name, value in HEADERS:
            response.setdefault(name, value)
        return response


HEADERS: Iterable[tuple[str, str]] = (
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    ),
)
