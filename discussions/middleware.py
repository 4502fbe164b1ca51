"""What was typed by somebody whose sign-in had ended is there again after the next one."""

from collections.abc import Callable
from typing import Any, Final

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from community.core.errors import DomainError
from community.core.http import wants_json, whole_number
from discussions.actions.draft import DraftConflict, has_words, save_draft
from discussions.queries.writing import address_of_draft, joined, prose_of
from discussions.views.draft import HIGHEST, words_of
from members.models import Member

KEPT: Final = "typed"


class TypedWordsMiddleware:
    """Rule 3.5: nothing typed is lost when a session expires.

    A form with prose that a stranger sends is put into their own session, and becomes a draft of whoever signs in
    there, if that is the member who typed it: a device may be shared. Stands in front of the closed door, behind the
    check of forms (CSRF); how often is limited by the address of the network.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if isinstance(user, Member):
            typed = request.session.pop(KEPT, None) if KEPT in request.session else None
            if typed is not None and typed["by"] == str(user.pk) and user.is_active:
                _give_back(request, user, typed)
            return None
        if request.method != "POST" or wants_json(request) or not getattr(view, "login_required", True):
            return None
        return self._keep(request)

    def _keep(self, request: HttpRequest) -> HttpResponse | None:
        key, words = request.POST.get("draft_key", ""), words_of(request.POST.dict())
        if not key or not has_words(words) or not ratelimit.consume(request, action="keep_words"):
            return None
        request.session[KEPT] = {
            "key": key[:100],
            "words": words,
            "by": request.POST.get("typed_by", "")[:20],
            "sequence": whole_number(request.POST.get("draft_sequence"), default=0, highest=HIGHEST),
            "writer": request.POST.get("draft_writer", "")[:40],
        }
        messages.info(request, _("Your sign-in had ended. Sign in again: your text is kept and comes back."))
        return redirect_to_login(address_of_draft(key).partition("#")[0], str(settings.LOGIN_URL))


def _give_back(request: HttpRequest, user: Member, typed: dict[str, Any]) -> None:
    words: dict[str, str] = typed["words"]
    try:
        save_draft(typed["key"], words, typed["sequence"], by=user, writer=typed["writer"])
    except DraftConflict as error:
        # Another window wrote there too: one below the other, so that neither is lost.
        both = joined(prose_of(error.draft.words), prose_of(words))
        merged = error.draft.words | {"body": both.source, "body_format": str(both.source_format)}
        save_draft(typed["key"], merged, error.draft.sequence, by=user)
    except DomainError as error:
        messages.error(request, error.sentence)
        return
    messages.success(request, _("What you had typed is here again, as a draft."))
