"""Mail that comes in: asked for from a mailbox, sent to us by a provider, or handed over by a test; each mail once.

What is said in one becomes a post by the app that owns posts (`answers`); reports about addresses are settled here.
"""

import hashlib
import hmac
import imaplib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from email.utils import getaddresses, parseaddr
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from celery import shared_task
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from community.core.activity import record
from community.core.bounces import Failure, Fault, is_automatic, parse_mail, read_report
from community.core.mail_links import read_bounce_address, read_reply_address
from community.core.models import AddressFault, Audience, Mail, MailState, ReceivedKind, ReceivedMail
from community.core.reply_text import text_of_html, written_text
from community.core.verbs import Verb

logger = logging.getLogger(__name__)

# A full mailbox empties, a server comes back: only an address that fails for weeks is given up.
SOFT_LIMIT: Final = 8
SOFT_SPAN: Final = timedelta(days=14)
# How much of a mail is read: whatever is larger carries files, which are not taken by mail.
LONGEST_MAIL: Final = 10_000_000
# Of one round over the mailbox; the next beat goes on.
FETCH: Final = 50
# A signature that is older could be somebody's who listened.
SIGNED_WITHIN: Final = timedelta(minutes=5)
_LOCK_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by mail, read: who is said to write, for whom and where the address was made, and the words."""

    member_id: int
    topic_id: int
    sender: str
    text: str
    subject: str
    message_id: str
    has_files: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer; `target_id` is the post."""

    kind: ReceivedKind
    member_id: int | None = None
    target_id: int | None = None
    note: str = ""


Taker = Callable[[Answer], Outcome]

_takers: list[Taker] = []


def answers(taker: Taker) -> Taker:
    """Register who makes a post of an answer. There is one."""
    _takers[:] = [taker]
    return taker


def receive_mail(raw: bytes) -> ReceivedMail | None:
    """Settle one mail. None where it was settled before: its own id is the key, and the row is in that transaction.

    One that nobody could read (the standard library meets some with errors of every kind) is noted as unknown, so
    that the mails behind it are not kept waiting. Raises `OperationalError` while the database is away: then nothing
    was settled, and the source keeps the mail.
    """
    try:
        return _receive(raw)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("mail not read", extra={"reason": type(error).__name__})
        received, is_new = ReceivedMail.objects.get_or_create(
            message_id=_made_id(raw),
            defaults={"kind": ReceivedKind.UNKNOWN, "note": f"unreadable: {type(error).__name__}"},
        )
        return received if is_new else None


@transaction.atomic
def _receive(raw: bytes) -> ReceivedMail | None:
    message = parse_mail(raw[:LONGEST_MAIL])
    message_id = _message_id(message, raw)
    received, is_new = ReceivedMail.objects.get_or_create(
        message_id=message_id, defaults={"kind": ReceivedKind.UNKNOWN}
    )
    if not is_new:
        return None
    outcome = _settle(message, message_id)
    received.kind, received.note = outcome.kind, outcome.note[:200]
    received.member_id, received.target_id = outcome.member_id, outcome.target_id
    received.save(update_fields=["kind", "note", "member", "target_id"])
    return received


def _settle(message: Message, message_id: str) -> Outcome:
    addresses = _recipients(message)
    mail_id = next((found for found in map(read_bounce_address, addresses) if found is not None), None)
    answered = next((found for found in map(read_reply_address, addresses) if found is not None), None)
    report = read_report(message)
    if report is not None:
        for failure in report.failures:
            note_failure(failure, mail_id=mail_id)
        return Outcome(ReceivedKind.BOUNCE, note=", ".join(failure.fault for failure in report.failures))
    if is_automatic(message):
        return Outcome(ReceivedKind.AUTOMATIC)
    if answered is None or not _takers:
        return Outcome(ReceivedKind.UNKNOWN)
    member_id, topic_id = answered
    text, has_files = _said(message)
    return _takers[0](
        Answer(
            member_id=member_id,
            topic_id=topic_id,
            sender=parseaddr(str(message.get("From", "")))[1].lower(),
            text=text,
            subject=str(message.get("Subject", ""))[:200],
            message_id=message_id,
            has_files=has_files,
        )
    )


def _message_id(message: Message, raw: bytes) -> str:
    """Its own id; a mail without one is known by what is in it."""
    given = "".join(str(message.get("Message-ID", "")).split())
    return given if given.isprintable() and 0 < len(given) <= 200 else _made_id(raw)


def _made_id(raw: bytes) -> str:
    return f"<{hashlib.sha256(raw).hexdigest()}>"


def _recipients(message: Message) -> list[str]:
    """To whom it was delivered, as servers note it, and as the sender wrote it."""
    names = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Forwarded-To", "To", "Cc")
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address for _name, address in getaddresses(values)][:50]


def _said(message: Message) -> tuple[str, bool]:
    """The sender's own words, and whether there were files beside them."""
    plain, html, has_files = "", "", False
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.get_filename() or part.get_content_disposition() == "attachment":
            has_files = True
        elif part.get_content_type() == "text/plain" and not plain:
            plain = _decoded(part)
        elif part.get_content_type() == "text/html" and not html:
            html = _decoded(part)
    return written_text(plain if plain.strip() else text_of_html(html)), has_files


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        # No charset, or one of those that have no text or know no replacing ("idna", "undefined").
        return payload.decode("utf-8", "replace")


# --- addresses that fail ----------------------------------------------------------------------------------------


class Holder(Protocol):
    """A member, as the floor knows one."""

    @property
    def pk(self) -> int: ...


@transaction.atomic
def note_failure(failure: Failure, *, mail_id: int | None = None) -> AddressFault | None:
    """Rule 9.4: from a hard fault on, or from many soft ones over weeks, nothing is sent to the address any more.

    Where the report came to the address made for one mail, that mail says whose fault it is, and no stranger can
    stop mail to others: without it only an address we have written to is believed. Returns the row, None without one.
    """
    mails = Mail.objects.filter(state=MailState.SENT)
    mail = (mails.filter(pk=mail_id) if mail_id else mails.filter(address__iexact=failure.address)).first()
    if mail is None:
        return None
    row, _is_new = AddressFault.objects.select_for_update().get_or_create(
        address=mail.address.lower(),
        defaults={"member_id": mail.member_id, "reason": failure.fault, "status": failure.status},
    )
    row.reason, row.status, row.last_at = failure.fault, failure.status, timezone.now()
    row.member_id = mail.member_id or row.member_id
    if not failure.is_hard and failure.fault != Fault.COMPLAINT:
        row.soft_count += 1
    # An unsigned report may be anybody's: it counts, and stops nothing by itself.
    is_sure = mail_id is not None and (failure.is_hard or failure.fault == Fault.COMPLAINT)
    is_lasting = row.soft_count >= SOFT_LIMIT and row.last_at - row.first_at >= SOFT_SPAN
    stops = row.stopped_at is None and (is_sure or is_lasting)
    if stops:
        row.stopped_at = row.last_at
    row.save()
    if stops and row.member_id is not None:
        member = get_user_model()._default_manager.get(pk=row.member_id)
        record(
            Verb.ADDRESS_STOPPED,
            by=None,
            target=member,
            audience=Audience.MEMBER,
            counterpart_id=row.member_id,
            status=row.status,
            reason=row.reason,
        )
    return row


def forget_fault(address: str) -> None:
    """The address works again: its owner says so, or has confirmed it anew."""
    AddressFault.objects.filter(address=address.lower()).delete()


def stopped_address(member_id: int) -> AddressFault | None:
    """The address of this member to which nothing is sent, for the line they see."""
    return AddressFault.objects.filter(member=member_id, stopped_at__isnull=False).first()


# --- where mails come from --------------------------------------------------------------------------------------


class Source(Protocol):
    """A place from which mails are fetched: each is given once it is there, and settled before it is marked."""

    def fetch(self) -> Iterator[bytes]: ...


def take_in(source: Source) -> int:
    """Settle everything that the source gives. Returns how many were new."""
    return sum(receive_mail(raw) is not None for raw in source.fetch())


class ImapSource:
    """A mailbox over IMAP4rev1 (RFC 3501). What is settled is marked as seen; a mailbox is nobody's archive."""

    def __init__(self, url: str, *, timeout: float = 20.0) -> None:
        self._parts = urlsplit(url)
        self._timeout = timeout

    def fetch(self) -> Iterator[bytes]:
        """Raises `OSError` or `imaplib.IMAP4.error` where the mailbox cannot be read."""
        with self._open() as mailbox:
            mailbox.select(unquote(self._parts.path.strip("/")) or "INBOX")
            _ok, found = mailbox.uid("SEARCH", "UNSEEN")
            for uid in (found[0] or b"").split()[:FETCH]:
                _ok, answer = mailbox.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
                raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
                if raw is not None:
                    yield raw
                mailbox.uid("STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)")

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        host, user = self._parts.hostname or "localhost", unquote(self._parts.username or "")
        if self._parts.scheme == "imaps":
            mailbox: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, self._parts.port or 993, timeout=self._timeout)
        else:
            mailbox = imaplib.IMAP4(host, self._parts.port or 143, timeout=self._timeout)
        with mailbox:
            mailbox.login(user, unquote(self._parts.password or ""))
            yield mailbox


@shared_task(name="mail.fetch")
def fetch_mail() -> int:
    """Ask the mailbox of the settings. Returns how many mails were new; 0 where there is none or it is away."""
    if not settings.INBOUND_IMAP_URL or not cache.add("mail.fetching", 1, timeout=_LOCK_SECONDS):
        return 0
    try:
        return take_in(ImapSource(settings.INBOUND_IMAP_URL))
    except (OSError, imaplib.IMAP4.error) as error:
        logger.warning("mailbox not read", extra={"reason": type(error).__name__})
        return 0
    finally:
        cache.delete("mail.fetching")


def is_signed(body: bytes, signature: str, *, now: float | None = None) -> bool:
    """Whether the provider made this, lately: `t=<unix time>,v1=<hex of HMAC-SHA256 over time, a full stop, body>`."""
    secret = settings.INBOUND_WEBHOOK_SECRET
    fields = dict(part.strip().partition("=")[::2] for part in signature[:300].split(","))
    at, given = fields.get("t", ""), fields.get("v1", "")
    if not secret or not (at.isascii() and at.isdigit() and len(at) < 12):
        return False
    made = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = abs((time.time() if now is None else now) - int(at)) <= SIGNED_WITHIN.total_seconds()
    return hmac.compare_digest(made.encode(), given.encode()) and fresh


@shared_task(name="mail.forget_received")
def forget_received() -> int:
    """After a year nobody sends the same mail again."""
    return ReceivedMail.objects.filter(received_at__lt=Now() - timedelta(days=366)).delete()[0]
