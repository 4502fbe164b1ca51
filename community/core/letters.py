"""What a mail of the outbox says: most were written when they were queued, some are built when they are sent.

A builder is asked at the moment of sending, so that rights, stops and what was read meanwhile count (rule 9.5).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from community.core.mail_links import bounce_address
from community.core.models import AddressFault, Mail


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its plain text; `html` says the same. `sender` is a name beside the community's address."""

    subject: str
    text: str
    html: str = ""
    sender: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


# A letter, the moment until which it has to wait, or None: it is not wanted any more.
Answer = Letter | datetime | None
Builder = Callable[[Mail], Answer]

_builders: dict[str, Builder] = {}


def builds(kind: str) -> Callable[[Builder], Builder]:
    """Register who writes the mails of this kind when they are sent. It only reads."""

    def register(builder: Builder) -> Builder:
        _builders[kind] = builder
        return builder

    return register


def letter_for(mail: Mail) -> Answer:
    """What is to be sent now. None where it is not wanted, or where its address takes no mail."""
    if AddressFault.objects.filter(address=mail.address.lower(), stopped_at__isnull=False).exists():
        return None
    builder = _builders.get(mail.kind)
    return builder(mail) if builder else Letter(mail.subject, mail.body)


def message_for(mail: Mail, letter: Letter, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """The letter as a message: plain text first, so that every reader of mail has it (rule 9.4)."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    headers = {
        "From": formataddr((letter.sender or name, address)),
        "Message-ID": mail.message_id,
        # RFC 3834: no machine shall answer it.
        "Auto-Submitted": "auto-generated",
        **letter.headers,
    }
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        # The envelope's sender, to whom reports of mail servers go.
        from_email=bounce_address(mail.pk) or settings.DEFAULT_FROM_EMAIL,
        to=[mail.address],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        connection=connection,
        headers=headers,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message
