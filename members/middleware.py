"""What stands between people who are signed in and the pages: how they stand, and terms not accepted yet."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from community.core.http import is_fragment, render_error, wants_json
from members.actions.sign_in import SEEN_EVERY, note_arrival, note_seen
from members.models import Member, RoleName
from members.second_factor import has_needed_factor

# Nobody has to accept anything to leave, to sign out, to take what is theirs, or to secure their account.
ALWAYS_OPEN: Final = frozenset(
    {"terms_accept", "member_leave", "member_left", "member_return", "account_reauthenticate"}
)
# Who was writing when they came in force may still send it: what was typed is not lost.
FOR_OPEN_FORMS: Final = timedelta(hours=1)


class TermsMiddleware:
    """Shows members what they have not accepted before anything else.

    Public pages stay open, signing out among them. The API says it in a sentence (`IsAdmitted`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or wants_json(request):
            return None
        match = request.resolver_match
        name = "" if match is None else match.url_name or ""
        if name in ALWAYS_OPEN or name.startswith("mfa_"):
            return None
        user = request.user
        if not isinstance(user, Member) or not user.is_admitted or user.owes_terms_since is None:
            return None
        if request.method not in {"GET", "HEAD"} and timezone.now() < user.owes_terms_since + FOR_OPEN_FORMS:
            return None
        wanted = request.get_full_path() if request.method == "GET" and not is_fragment(request) else ""
        query = f"?{urlencode({'next': wanted})}" if wanted not in {"", "/"} else ""
        address = reverse("terms_accept") + query
        if is_fragment(request):
            # htmx then loads the whole page instead of a part of it.
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)


# A process forgets them all beyond this, and asks once more.
_NOTED_SESSIONS: Final = 10_000
# To be told why, to answer, to leave, to sign out, and to show again who one is.
_FOR_SUSPENDED: Final = frozenset(
    {
        "suspension_show", "suspension_appeal", "member_leave", "account_logout", "account_reauthenticate",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "health", "csp_report", "mail_stop",
    }
)  # fmt: skip
_FOR_THOSE_WHO_LEFT: Final = frozenset(
    {"member_left", "member_return", "account_logout", "health", "csp_report", "mail_stop"}
)
# Their application, the way out, and what is about their account. Public pages are open to them as to everybody.
_FOR_APPLICANTS: Final = frozenset(
    {
        "home", "application_show", "application_create", "application_edit", "application_answer",
        "application_withdraw", "vouch_request_create", "session_list", "session_end", "session_end_others",
        "member_leave", "member_left", "member_return", "suspension_show", "suspension_appeal", "photo_show",
    }
)  # fmt: skip
# Besides everything it takes to set a second step up: the ways out.
_WITHOUT_FACTOR: Final = frozenset(
    {"account_logout", "account_reauthenticate", "health", "csp_report", "mail_stop", "mail_act"}
)


class StandingMiddleware:
    """Rules 1.3, 1.12 and 1.13: whoever only asks to come in, is suspended, gone, or lacks the second step of their
    role is led to the page about that.

    Before any view, so that no page can forget to ask. Tokens are the matter of `IsAdmitted`: they have no roles
    while their member is suspended, and are revoked when the member leaves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        user, match = request.user, request.resolver_match
        if not isinstance(user, Member) or match is None:
            return None
        name = match.view_name
        if user.is_suspended:
            sentence = _(
                "Your membership is suspended. The page about it says until when, and how to appeal."
            )
            return None if name in _FOR_SUSPENDED else _lead(request, "suspension_show", sentence)
        if user.has_left:
            sentence = _("You have left the community. The page about it says how to come back.")
            return None if name in _FOR_THOSE_WHO_LEFT else _lead(request, "member_left", sentence)
        if _only_asks(user) and not _is_open_to_applicants(request, view, name):
            response = _lead(request, "application_show", _("That page belongs to members."))
            if response.status_code == 302:
                # In the address, where it waits for no other page as a message would.
                response["Location"] += "?led=1"
            return response
        if name.startswith("mfa_") or name in _WITHOUT_FACTOR or has_needed_factor(request, user):
            return None
        sentence = _("Your role asks for a second step at sign-in. Set one up here, then you can go on.")
        response = _lead(request, "mfa_index", sentence)
        if response.status_code == 302:
            messages.warning(request, sentence)
        return response


class SeenMiddleware:
    """Keeps "last seen" of one's sign-ins true to five minutes, with a write and a query at most that often.

    The first visit of somebody whom the gate has let in is noted at once, which costs the others nothing.

    Which sessions were noted is remembered here, in the process: one more process means one more question to the
    database in five minutes, and none of them writes what is fresh.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Before the page, which may end the session or show it. Everybody is asked for from here on, a hundred times
        # on a page: as the member, and not through Django's stand-in, each look at which costs as much as ten.
        request.user = get_user(request)
        self._note(request)
        return self.get_response(request)

    def _note(self, request: HttpRequest) -> None:
        key, user, every = request.session.session_key, request.user, SEEN_EVERY.total_seconds()
        if key is None or not isinstance(user, Member):
            return
        if user.awaited_since is not None and user.is_admitted:
            note_arrival(user)
        # Who has just signed in was noted by that.
        if user.last_login is None or timezone.now() - user.last_login < SEEN_EVERY:
            return
        now = time.monotonic()
        if now - self._noted.get(key, -every) < every:
            return
        if len(self._noted) >= _NOTED_SESSIONS:
            self._noted.clear()
        self._noted[key] = now
        note_seen(key)


def _lead(request: HttpRequest, page: str, sentence: str) -> HttpResponse:
    """Reading leads on; a change is refused, since it would be lost on the way."""
    if request.method in {"GET", "HEAD"} and not is_fragment(request) and not wants_json(request):
        return redirect(page)
    return render_error(request, 403, sentence)


def _only_asks(user: Member) -> bool:
    return not user.is_admitted and user.has_role(RoleName.APPLICANT)


def _is_open_to_applicants(request: HttpRequest, view: Callable[..., Any], name: str) -> bool:
    """The API says it in a sentence of its own."""
    if wants_json(request) or not getattr(view, "login_required", True):
        return True
    return name in _FOR_APPLICANTS or name.startswith(("account_", "mfa_"))
