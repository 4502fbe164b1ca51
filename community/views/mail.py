"""What links in mails open, the door for mail that comes in, and on one's own machine the mails that went out."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.core.inbound import is_signed, receive_mail
from community.core.mail_links import read_act, read_stop
from community.core.moments import Clock, Moment
from community.core.permissions import require
from discussions.actions.mail import act_about, act_by_mail, stop_about, stop_by_mail
from members.permissions import can_read_mail_files
from members.requests import MemberRequest

MAILS_SHOWN: Final = 100
# Instead of the policy of pages: mails carry their styles with them, and nothing else may happen there.
SHUT_IN: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox allow-popups"


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Rule 9.4 and RFC 8058: looking changes nothing, one POST ends it, from a mail program or from the page."""
    errand = read_stop(token)
    about = stop_about(errand) if errand else ""
    if errand is None or not about:
        raise Http404
    done = stop_by_mail(errand) if request.method == "POST" else ""
    return render(request, "notices/mail_stop.html", {"about": about, "done": done})


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail_act(request: HttpRequest, token: str) -> HttpResponse:
    """Rule 9.6: GET shows what would be done, POST does it, without signing in."""
    errand = read_act(token)
    about = act_about(errand) if errand else ""
    if errand is None or not about:
        return render(request, "notices/mail_act.html", {"about": "", "done": ""}, status=404)
    done = act_by_mail(errand) if request.method == "POST" else ""
    return render(request, "notices/mail_act.html", {"about": about, "done": done})


@csrf_exempt
@login_not_required
@require_POST
def mail_inbound(request: HttpRequest) -> HttpResponse:
    """A provider hands over one mail as it came, signed. Twice the same is one."""
    if not settings.INBOUND_WEBHOOK_SECRET or not is_signed(
        request.body, request.headers.get("X-Signature", "")
    ):
        # Without the secret there is nothing here.
        raise Http404
    receive_mail(request.body)
    return HttpResponse(status=204)


# --- on one's own machine ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FiledMail:
    """A mail in the folder of mails."""

    name: str
    subject: str
    to: str
    when: Moment


_NAME: Final = re.compile(r"[0-9A-Za-z_.-]{1,100}")


@require_safe
def mail_list(request: MemberRequest) -> HttpResponse:
    """What went out, newest first, where no mail server is set."""
    require(can_read_mail_files(request.user))
    clock = Clock(timezone.now())
    files = sorted(_folder().glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = [
        FiledMail(
            path.name,
            str(message.get("Subject", "")),
            str(message.get("To", "")),
            clock.moment(datetime.fromtimestamp(path.stat().st_mtime, UTC)),
        )
        for path in files[:MAILS_SHOWN]
        for message in (_read(path),)
    ]
    return render(request, "notices/mail_list.html", {"mails": mails})


@require_safe
def mail_show(request: MemberRequest, name: str) -> HttpResponse:
    """One of them, with its headers."""
    require(can_read_mail_files(request.user))
    message = _found(name)
    plain = message.get_body(("plain",))
    context = {
        "name": name,
        "subject": str(message.get("Subject", "")),
        "headers": [(key, str(value)) for key, value in message.items()],
        "text": plain.get_content() if plain else "",
        "has_html": message.get_body(("html",)) is not None,
    }
    return render(request, "notices/mail_show.html", context)


@require_safe
def mail_html(request: MemberRequest, name: str) -> HttpResponse:
    """Its HTML, shut in."""
    require(can_read_mail_files(request.user))
    body = _found(name).get_body(("html",))
    if body is None:
        raise Http404
    return HttpResponse(body.get_content(), headers={"Content-Security-Policy": SHUT_IN})


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _found(name: str) -> EmailMessage:
    path = _folder() / name
    if not _NAME.fullmatch(name) or not name.endswith(".log") or not path.is_file():
        raise Http404(_("There is no such mail."))
    return _read(path)


def _read(path: Path) -> EmailMessage:
    """The first message of the file: the outbox closes a file after each."""
    first = path.read_bytes().partition(b"\n" + b"-" * 79)[0]
    return message_from_bytes(first, policy=default)
