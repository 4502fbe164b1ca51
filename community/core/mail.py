"""Sending single mails out of the outbox: at most once each, and again only where it is certain that none went out."""

import logging
import smtplib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import make_msgid
from functools import partial
from typing import Final, Protocol

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string

from community.core.broker import enqueue
from community.core.letters import Letter, letter_for, message_for
from community.core.models import Mail, MailState
from community.core.text import clean_line

logger = logging.getLogger(__name__)

#: How many are looked up at a time.
SWEEP_BATCH: Final = 200
# A sweep lets other jobs have the worker after so long, and asks for the next one. Those that follow one another end
# when the clock has started another: so there are never many at once, whatever became of the messages.
SLICE_SECONDS: Final = 10.0
CHAIN_SECONDS: Final = 30.0
# A mail server that is away for a day loses no mail; after that a person should look.
MAX_ATTEMPTS: Final = 12
# Longer than any attempt can take: what still says `sending` after it was left by a worker that died.
IN_DOUBT_AFTER: Final = timedelta(minutes=10)


class Recipient(Protocol):
    """A member, as the floor knows one."""

    @property
    def pk(self) -> int: ...


def queue_mail(
    kind: str,
    *,
    key: str,
    address: str,
    template: str,
    words: dict[str, object],
    member: Recipient | None = None,
) -> Mail | None:
    """Write a mail into the outbox, inside the transaction of what it tells of, and queue it for after the commit.

    `template` is a text whose first line is the subject; `key` makes it this one mail. None where it is there already.
    """
    composed = compose_mail(kind, key=key, address=address, template=template, words=words, member=member)
    mail, created = Mail.objects.get_or_create(
        key=key,
        defaults={
            name: getattr(composed, name) for name in ("kind", "address", "member_id", "subject", "body")
        },
    )
    if not created:
        return None
    transaction.on_commit(partial(enqueue, send_mail, [mail.pk], queue="mail"))
    return mail


def compose_mail(
    kind: str,
    *,
    key: str,
    address: str,
    template: str,
    words: dict[str, object],
    member: Recipient | None = None,
) -> Mail:
    """The same mail, not stored: for `queue_mails`."""
    context = {"community_name": settings.COMMUNITY_NAME, "site_url": settings.SITE_URL, **words}
    subject, _newline, body = render_to_string(template, context).lstrip().partition("\n")
    return Mail(
        kind=kind,
        key=key,
        address=address,
        member_id=None if member is None else member.pk,
        subject=clean_line(subject)[:200],
        body=body.strip() + "\n",
    )


def queue_mails(mails: Sequence[Mail]) -> None:
    """Write many into the outbox at once; the sweep sends them, in their order and at its pace."""
    Mail.objects.bulk_create(mails, ignore_conflicts=True, batch_size=1_000)
    transaction.on_commit(partial(enqueue, sweep_mail, queue="mail"))


@shared_task(name="mail.send")
def send_mail(mail_id: int) -> str:
    """Send one mail, if nobody else has taken it. Returns the state it is left in, '' where there was nothing to do."""
    line = _Line()
    try:
        return _send(mail_id, line)
    finally:
        line.close()


@shared_task(name="mail.sweep")
def sweep_mail(until: float | None = None) -> int:
    """Send what waits: a large batch, and what a lost message or a dead worker left. Returns how many were tried.

    Over one connection, for `SLICE_SECONDS`; then it goes on in a job of its own, until the clock says `until`.
    A server that is away ends it: the rest waits for the next beat.
    """
    waiting = Mail.objects.due().filter(attempts__lt=MAX_ATTEMPTS).order_by("not_before", "id")
    line, tried, over = _Line(), 0, time.monotonic() + SLICE_SECONDS
    until = time.time() + CHAIN_SECONDS if until is None else until
    try:
        while ids := list(waiting.values_list("id", flat=True)[:SWEEP_BATCH]):
            for mail_id in ids:
                if time.monotonic() > over:
                    if time.time() < until:
                        enqueue(sweep_mail, [until], queue="mail")
                    return tried
                tried += bool(_send(mail_id, line))
                if line.is_away:
                    return tried
    finally:
        line.close()
    return tried


def mails_in_doubt() -> int:
    """How many may or may not have gone out: for `doctor`."""
    return Mail.objects.filter(state=MailState.SENDING, sending_at__lt=Now() - IN_DOUBT_AFTER).count()


class _Line:
    """The line to the mail server: opened for the first mail, kept for the next ones, made anew when it broke."""

    def __init__(self) -> None:
        self.backend = get_connection()
        self.is_away = False

    def open(self) -> None:
        """Raises `OSError` where the server cannot be reached; nothing was said to it then."""
        kept = self._smtp
        if kept is None or not _answers(kept):
            self.close()
            self.is_away = True
            self.backend.open()
            self.is_away = False

    def let_go(self) -> None:
        """After a mail: a server's line is kept; elsewhere each message is closed for itself, a file of its own."""
        if self._smtp is None:
            self.close()

    def close(self) -> None:
        self.backend.close()

    @property
    def _smtp(self) -> smtplib.SMTP | None:
        connection = getattr(self.backend, "connection", None)
        return connection if isinstance(connection, smtplib.SMTP) else None


def _answers(smtp: smtplib.SMTP) -> bool:
    """Servers let go of a line after so many mails. Asked before the words are sent, that leaves none in doubt."""
    try:
        code, _text = smtp.noop()
    except OSError:
        return False
    return code == 250


def _send(mail_id: int, line: _Line) -> str:
    """One mail over the line; '' where nothing was to be done."""
    _wait_for_turn()
    mail = _take(mail_id)
    if mail is None:
        return ""
    letter = letter_for(mail)
    if not isinstance(letter, Letter):
        return _put_off(mail, letter)
    try:
        line.open()
    except OSError as error:
        return _settle(mail, MailState.WAITING, error)
    message = message_for(mail, letter, line.backend)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        return _settle(mail, _after_refusal(codes), error)
    except smtplib.SMTPResponseException as error:
        # 421: the server is closing; whoever comes next would hear the same.
        line.is_away = error.smtp_code == 421
        return _settle(mail, _after_refusal([error.smtp_code]), error)
    except OSError as error:
        # The line broke while the message was on its way: it may have gone out. Left in doubt, for a person.
        line.close()
        logger.error("mail in doubt", extra={"task": mail.kind, "reason": type(error).__name__})
        return MailState.SENDING
    line.let_go()
    return _settle(mail, MailState.SENT, None)


def _wait_for_turn() -> None:
    """Where the provider allows so many a second: until one of them is free, counted over all workers."""
    limit = settings.EMAIL_PER_SECOND
    while limit:
        now = time.time()
        key = f"mail.second:{int(now)}"
        cache.add(key, 0, timeout=60)
        try:
            place = cache.incr(key)
        except ValueError:
            # Evicted in between.
            place = 1
        if place <= limit:
            return
        time.sleep(int(now) + 1 - now)


def _take(mail_id: int) -> Mail | None:
    """Mark it as being sent, for everybody to see, before the server is asked. One statement: only one can win."""
    host = settings.SITE_HOST or "localhost"
    taken = (
        Mail.objects.due()
        .filter(pk=mail_id)
        .update(
            state=MailState.SENDING,
            sending_at=Now(),
            attempts=F("attempts") + 1,
            message_id=make_msgid(domain=host),
        )
    )
    return Mail.objects.get(pk=mail_id) if taken else None


def _after_refusal(codes: list[int]) -> MailState:
    """4xx: try again later. 5xx: this address or message will never be taken."""
    return MailState.WAITING if all(400 <= code < 500 for code in codes) else MailState.REFUSED


def _put_off(mail: Mail, until: datetime | None) -> str:
    """Rule 9.5: not wanted any more, or not wanted yet. Nothing was said to the server."""
    if until is None:
        return _settle(mail, MailState.DROPPED, None)
    Mail.objects.filter(pk=mail.pk, state=MailState.SENDING).update(
        state=MailState.WAITING, not_before=until, attempts=F("attempts") - 1
    )
    return MailState.WAITING


def _settle(mail: Mail, state: MailState, error: Exception | None) -> str:
    changes: dict[str, object] = {"state": state, "error": type(error).__name__ if error else ""}
    if state == MailState.SENT:
        changes |= {"sent_at": Now(), "body": ""}
    if state == MailState.DROPPED:
        changes["body"] = ""
    if state == MailState.WAITING:
        # 1, 2, 4 … minutes, at most six hours.
        changes["not_before"] = Now() + timedelta(minutes=min(2 ** (mail.attempts - 1), 360))
    if error is not None:
        logger.warning("mail not sent", extra={"task": mail.kind, "reason": type(error).__name__})
    Mail.objects.filter(pk=mail.pk, state=MailState.SENDING).update(**changes)
    return state
