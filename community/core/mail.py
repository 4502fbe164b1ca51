"""Sending single mails out of the outbox: at most once each, and again only where it is certain that none went out."""

import logging
import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import make_msgid
from functools import partial
from typing import Final, Protocol

from celery import shared_task
from django.conf import settings
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

SWEEP_BATCH: Final = 200
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
    mail = _take(mail_id)
    if mail is None:
        return ""
    letter = letter_for(mail)
    if not isinstance(letter, Letter):
        return _put_off(mail, letter)
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:
        # Nothing was said to the server yet.
        return _settle(mail, MailState.WAITING, error)
    message = message_for(mail, letter, connection)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        return _settle(mail, _after_refusal(codes), error)
    except smtplib.SMTPResponseException as error:
        return _settle(mail, _after_refusal([error.smtp_code]), error)
    except OSError as error:
        # The line broke while the message was on its way: it may have gone out. Left in doubt, for a person.
        logger.error("mail in doubt", extra={"task": mail.kind, "reason": type(error).__name__})
        return MailState.SENDING
    finally:
        connection.close()
    return _settle(mail, MailState.SENT, None)


@shared_task(name="mail.sweep")
def sweep_mail() -> int:
    """Queue what a lost message or a dead worker left waiting. Returns how many were queued."""
    waiting = Mail.objects.due().filter(attempts__lt=MAX_ATTEMPTS).order_by("not_before", "id")
    return sum(
        enqueue(send_mail, [mail_id], queue="mail")
        for mail_id in waiting.values_list("id", flat=True)[:SWEEP_BATCH]
    )


def mails_in_doubt() -> int:
    """How many may or may not have gone out: for `doctor`."""
    return Mail.objects.filter(state=MailState.SENDING, sending_at__lt=Now() - IN_DOUBT_AFTER).count()


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
