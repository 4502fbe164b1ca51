"""Signed links and addresses in mails: what they open is in them, and nobody can make one or change it.

Stop links never expire (RFC 8058), since an old mail must still be able to end what it began. Links that act do.
"""

import hmac
from base64 import b32encode
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer, TimestampSigner
from django.urls import reverse
from django.utils.crypto import salted_hmac

# Rule 9.6: long enough for a holiday, too short for a mail that is found years later.
ACT_WITHIN: Final = timedelta(days=30)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Errand:
    """Whose link it is, and what for: `topic`, `reason`, `digest`; `thanks`, `useful`, `not-useful`."""

    member_id: int
    what: str
    about: str


def stop_url(member_id: int, what: str, about: str) -> str:
    """The address that ends something with one click, for ever."""
    token = Signer(salt="mail.stop").sign(_packed(member_id, what, about))
    return str(settings.SITE_URL) + reverse("mail_stop", args=[token])


def read_stop(token: str) -> Errand | None:
    try:
        return _unpacked(Signer(salt="mail.stop").unsign(token))
    except BadSignature:
        return None


def act_url(member_id: int, what: str, about: str) -> str:
    """The address of one act for one person, without signing in."""
    token = TimestampSigner(salt="mail.act").sign(_packed(member_id, what, about))
    return str(settings.SITE_URL) + reverse("mail_act", args=[token])


def read_act(token: str) -> Errand | None:
    """None where it was not made here, or is older than `ACT_WITHIN`."""
    try:
        return _unpacked(TimestampSigner(salt="mail.act").unsign(token, max_age=ACT_WITHIN))
    except BadSignature:
        return None


def _packed(member_id: int, what: str, about: str) -> str:
    return f"{member_id}.{what}.{about}"


def _unpacked(value: str) -> Errand | None:
    member_id, what, about = [*value.split(".", 2), "", ""][:3]
    return Errand(int(member_id), what, about) if member_id.isascii() and member_id.isdigit() else None


# --- addresses --------------------------------------------------------------------------------------------------
# Small letters only, and short: some mail servers fold the part before the @, and 64 characters are its limit.


def reply_address(member_id: int, topic_id: int) -> str:
    """Where an answer of this member in this topic goes; '' where no mail is received."""
    return _signed_address("r", member_id, topic_id)


def bounce_address(mail_id: int) -> str:
    """Where mail servers report about this mail; '' where no mail is received."""
    return _signed_address("b", mail_id, 0)


def read_reply_address(address: str) -> tuple[int, int] | None:
    """The ids of member and topic."""
    return _read_address("r", address)


def read_bounce_address(address: str) -> int | None:
    """The id of the mail."""
    found = _read_address("b", address)
    return found[0] if found else None


def _signed_address(kind: str, first: int, second: int) -> str:
    mailbox, at, host = settings.INBOUND_ADDRESS.partition("@")
    if not at:
        return ""
    said = f"{kind}.{_base36(first)}.{_base36(second)}"
    return f"{mailbox}+{said}.{_mac(said, settings.SECRET_KEY)}@{host}"


def _read_address(kind: str, address: str) -> tuple[int, int] | None:
    mailbox, at, host = settings.INBOUND_ADDRESS.lower().partition("@")
    local, _at, given_host = parseaddr(address)[1].lower().rpartition("@")
    prefix = f"{mailbox}+"
    if not at or given_host != host or not local.startswith(prefix):
        return None
    said, dot, mac = local.removeprefix(prefix).rpartition(".")
    parts = said.split(".")
    if not dot or len(parts) != 3 or parts[0] != kind or not all(part.isalnum() for part in parts):
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(mac.encode(), _mac(said, key).encode()) for key in keys):
        return None
    first, second = int(parts[1], 36), int(parts[2], 36)
    return (first, second) if max(first, second) <= _LONGEST_ID else None


def _mac(said: str, key: str) -> str:
    """80 bits: nobody can try enough of them by mail."""
    digest = salted_hmac("mail.address", said, secret=key, algorithm="sha256").digest()
    return b32encode(digest[:10]).decode().lower()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
