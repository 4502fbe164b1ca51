"""Reading what mail servers and machines send: pure functions that say what a mail reports, and of whom.

RFC 3464 where it is kept to; for the many that do not, the common forms of their sentences. A report that names a
code is believed before its words. Nothing here decides what is done about it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum
from typing import Final

# Reports are short; the mail that they give back may be long and is of no interest.
LONGEST: Final = 200_000


class Fault(StrEnum):
    """What is wrong. The first three are the address's own fault and will not change by waiting."""

    UNKNOWN = "unknown"
    DISABLED = "disabled"
    NO_HOST = "no_host"
    FULL = "full"
    BLOCKED = "blocked"
    SIZE = "size"
    TEMPORARY = "temporary"
    OTHER = "other"
    COMPLAINT = "complaint"


HARD: Final = frozenset({Fault.UNKNOWN, Fault.DISABLED, Fault.NO_HOST})


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says of one recipient; `status` is the code of RFC 3463 or of the server, '' without one."""

    address: str
    fault: Fault
    status: str

    @property
    def is_hard(self) -> bool:
        return self.fault in HARD


@dataclass(frozen=True, slots=True)
class Report:
    """A mail about a mail. `failures` is empty where it names nobody, or where it arrived after all."""

    failures: tuple[Failure, ...]


def parse_mail(raw: bytes) -> Message:
    """A message with whatever line ends it has: some systems store them with a bare carriage return."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return message_from_bytes(raw.replace(b"\r\n", b"\n"))


def is_automatic(message: Message) -> bool:
    """RFC 3834: whether a machine wrote it. Such a mail never becomes a post and is never answered."""
    if (value := _head(message, "Auto-Submitted").lower()) and value.split(";")[0].strip() != "no":
        return True
    if _head(message, "Precedence").lower().strip() in {"bulk", "junk", "list", "auto_reply", "auto-reply"}:
        return True
    if any(message.get(name) is not None for name in _MACHINE_HEADERS):
        return True
    if _head(message, "X-Auto-Response-Suppress").lower() in {"all", "dr, oof, autoreply"}:
        return True
    if message.get("Return-Path") is not None and _head(message, "Return-Path").strip() in {"<>", ""}:
        return True
    sender = _address(_head(message, "From")).partition("@")[0]
    if sender in _MACHINES or message.get_content_type() == "multipart/report":
        return True
    return _AWAY.search(_head(message, "Subject")) is not None


_MACHINE_HEADERS: Final = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Failed-Recipients",
    "Feedback-ID-Report",
    "List-Id",
    "List-Unsubscribe",
)
_MACHINES: Final = frozenset(
    {
        "mailer-daemon",
        "postmaster",
        "mailerdaemon",
        "mail-daemon",
        "noreply",
        "no-reply",
        "donotreply",
        "bounce",
    }
)
_AWAY: Final = re.compile(
    r"^\s*(?:re:\s*)?(?:auto(?:matic|mated)?[ :_-]*(?:re(?:ply|sponse)|antwort)|"
    r"automatische antwort|réponse automatique"
    r"|respuesta automática|risposta automatica|out of (?:the )?office|abwesen(?:d|heit)|"
    r"absence|vacation|away (?:from|until)"
    r"|on (?:vacation|leave|holiday)|delivery status notification|undeliver(?:able|ed)|"
    r"failure notice|mail delivery failed"
    r"|returned mail|delivery (?:failure|report))",
    re.IGNORECASE,
)


def read_report(message: Message) -> Report | None:
    """What the mail reports of its recipients, None where it is no report of a mail server."""
    blocks = list(_status_blocks(message))
    words = _words(message)
    failures = [failure for block in blocks if (failure := _of_block(block, words)) is not None]
    if failures:
        return Report(_once(failures))
    if blocks and any(_field(block, "Action").lower() in _GOOD for block in blocks):
        return Report(())
    if _is_complaint(message):
        return Report(_once(_complaints(message)))
    if not _looks_like_report(message, words):
        return None
    return Report(_once(_of_words(message, words)))


# --- RFC 3464 ---------------------------------------------------------------------------------------------------

_GOOD: Final = frozenset({"delivered", "relayed", "expanded"})


def _status_blocks(message: Message) -> Iterator[Message]:
    """The blocks that name a recipient, of the parts that say so, and of those that only look like it."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            inside = part.get_payload()
            blocks = inside if isinstance(inside, list) else []
            yield from (block for block in blocks if isinstance(block, Message) and _names_recipient(block))
        elif kind.startswith("text/") or kind == "application/octet-stream":
            text = _text(part)
            if "\nFinal-Recipient:" in text or text.startswith("Final-Recipient:"):
                for block in re.split(r"\n[ \t]*\n", text):
                    if re.search(r"^Final-Recipient:", block, re.MULTILINE):
                        yield message_from_bytes(
                            block[block.index("Final-Recipient:") :].encode("utf-8", "replace")
                        )


def _names_recipient(block: Message) -> bool:
    return bool(_field(block, "Final-Recipient") or _field(block, "Original-Recipient"))


def _of_block(block: Message, words: str) -> Failure | None:
    """One recipient. Delivered after all, or only late: nothing to do, and late is no failure yet."""
    action = _field(block, "Action").lower().split(" ")[0]
    if action in _GOOD:
        return None
    address = _address(_field(block, "Final-Recipient").rpartition(";")[2])
    if "@" not in address:
        address = _address(_field(block, "Original-Recipient").rpartition(";")[2]) or address
    if "@" not in address:
        address = _address(_field(block, "X-Actual-Recipient").rpartition(";")[2]) or address
    said = _field(block, "Diagnostic-Code").partition(";")[2] or _field(block, "Diagnostic-Code")
    status = _field(block, "Status").split(" ")[0]
    fault = _fault(status, f"{said} {_field(block, 'Reason')}")
    if fault == Fault.OTHER:
        fault = _fault(status, words)
    if action == "delayed" and fault in HARD | {Fault.OTHER}:
        fault = Fault.TEMPORARY
    return Failure(address, fault, status[:12])


def _is_complaint(message: Message) -> bool:
    return any(part.get_content_type() == "message/feedback-report" for part in message.walk()) or (
        "feedback-report" in _head(message, "Content-Type").lower()
    )


def _complaints(message: Message) -> list[Failure]:
    """RFC 5965: somebody called a mail spam. The recipient is in the report, or in the mail that it gives back."""
    found: list[str] = []
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            text = part.as_string()
            named = r"^(?:Original-Rcpt-To|Removal-Recipient):\s*<?([^\s<>]+@[^\s<>]+)>?"
            found += re.findall(named, text, re.IGNORECASE | re.MULTILINE)
        elif kind in {"message/rfc822", "text/rfc822-headers"} and not found:
            given_back = _text(part) or part.as_string()
            found += re.findall(r"^To:.*?([\w.+=-]+@[\w.-]+)", given_back, re.IGNORECASE | re.MULTILINE)[:1]
    return [Failure(_address(address), Fault.COMPLAINT, "") for address in found]


# --- in words ---------------------------------------------------------------------------------------------------

_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY: Final = re.compile(r"(?<![\d.])(4[2-7]\d|5[0-7]\d)(?=[ \-#<])")
_SAID: Final = (
    (
        Fault.FULL,
        (
            r"(?:mail\s?box|inbox|account|user|folder|store)\W+(?:\w+\W+){0,6}(?:full|"
            r"over\W?quota|exceed)|quota|over ?the ?limit"
            r"|not enough (?:storage|space)|insufficient (?:system )?(?:storage|space)|"
            r"out of storage|disk full|mailfolder is full"
            r"|容量|いっぱい"
        ),
    ),
    (
        Fault.SIZE,
        (
            r"(?:message|mail|size)\W+(?:\w+\W+){0,5}(?:too (?:large|big|long)|exceeds)|"
            r"size (?:limit|exceed)|too large"
        ),
    ),
    (
        Fault.DISABLED,
        (
            r"(?:account|mailbox|user|recipient|address)\W+(?:\w+\W+){0,5}(?:disabled|inactive|"
            r"suspended|deactivated|expired"
            r"|not active|closed|discontinued|locked|unavailable due)|no longer (?:here|available|"
            r"active|employed|in use|valid)"
            r"|has been (?:disabled|suspended|discontinued|closed)|has moved|retired"
        ),
    ),
    (
        Fault.UNKNOWN,
        (
            r"(?:user|mailbox|recipient|address|account|addressee|destination|mail ?box|"
            r"local ?part|username|alias|person|id)"
            r"\W+(?:[\w.@+=-]+\W+){0,8}?(?:unknown|not (?:be )?(?:found|exist|known|listed|"
            r"recognized|valid|available|a valid)|invalid"
            r"|does ?n.?o?t exist|doesn.t have|rejected|unrouteable|ambiguous|undefined|incorrect)"
            r"|(?:no such|unknown|invalid|nonexistent|non-existent|unrecognized|bad)\W+(?:\w+\W+){0,3}"
            r"(?:user|mailbox|recipient|address|account|person|local|domino|destination|here|"
            r"alias|domain user|rcpt)"
            r"|user unknown|unknown user|no (?:such )?mailbox|not (?:a )?(?:valid|known) (?:user|"
            r"recipient|address|mailbox)|no user"
            r"|does not like recipient|couldn.t be found|wasn.t found|isn.t (?:a |in )|"
            r"not our customer|not listed in"
            r"|there is no one|no one by that name|unable to relay|recipnotfound|unrouteable|not in our"
            r"|該当|存在しません|宛先|見つかりません|not have an? .{0,40}account|mailbox unavailable|"
            r"account .{0,60}not available"
            r"|name not found|resolver\.adr|matches? .{0,30}no|no match|email address wasn"
        ),
    ),
    (
        Fault.NO_HOST,
        (
            r"(?:host|domain)\W+(?:[\w.@-]+\W+){0,6}(?:unknown|not found|does not exist|not exist|"
            r"lookup|invalid|cannot be)"
            r"|unknown (?:host|domain)|host (?:or domain )?name (?:lookup|not found)|no (?:mx|"
            r"such host|such domain)"
            r"|all relevant mx|name service error|bad destination (?:system|host)|"
            r"couldn.t find any host|nxdomain|null ?mx"
            r"|mail exchanger|domain name not found|unrouteable mail domain|no a or mx|"
            r"dns (?:error|type|hard|lookup)|malformed or unresolvable"
        ),
    ),
    (
        Fault.BLOCKED,
        (
            r"spam|black ?list|block(?:ed|list|)|reputation|policy|denied|not allowed|prohibited|"
            r"virus|spf|dkim|dmarc"
            r"|reject(?:ed)?|refused|authenticat|relay|unsolicited|content|filter|security|banned|"
            r"abus|suspicious|not accept"
            r"|rbl|dnsbl|rdns|ptr|helo|forbidden|restricted|permission|too old|protocol|"
            r"unauthorized|not authorized"
        ),
    ),
    (
        Fault.TEMPORARY,
        (
            r"try again|temporar|defer|delay|greylist|timed? ?out|timeout|retry|unreachable|"
            r"unavailable|too many|expired|busy"
            r"|connection|congest|loop|could not be delivered|not yet been delivered|still being|"
            r"routing|queue|hop"
        ),
    ),
)
_FAULTS: Final = tuple((fault, re.compile(pattern, re.IGNORECASE)) for fault, pattern in _SAID)
_OF_SUBJECT: Final = {
    "1.1": Fault.UNKNOWN, "1.3": Fault.UNKNOWN, "1.4": Fault.UNKNOWN, "1.6": Fault.UNKNOWN, "1.10": Fault.NO_HOST,
    "1.2": Fault.NO_HOST, "1.8": Fault.BLOCKED, "1.7": Fault.BLOCKED, "2.1": Fault.DISABLED, "2.2": Fault.FULL,
    "2.3": Fault.SIZE, "3.4": Fault.SIZE, "3.1": Fault.FULL, "4.4": Fault.NO_HOST, "4.7": Fault.TEMPORARY,
    "4.1": Fault.TEMPORARY, "4.2": Fault.TEMPORARY, "4.6": Fault.TEMPORARY,
}  # fmt: skip


def _fault(status: str, said: str) -> Fault:
    """The code where it says something, then the words; a code of class 4 is never more than temporary."""
    found = _ENHANCED.search(status) or _ENHANCED.search(said)
    group = found[1] if found else ""
    subject = f"{found[2]}.{found[3]}" if found else ""
    named = _OF_SUBJECT.get(subject)
    spoken = next((fault for fault, pattern in _FAULTS if pattern.search(said)), None)
    if named in HARD and spoken in {Fault.FULL, Fault.SIZE}:
        # Servers give the code of an unknown address for a full one, and say so.
        named = spoken
    if named == Fault.DISABLED and spoken == Fault.UNKNOWN:
        named = spoken
    fault = named or spoken
    if fault is None and subject.startswith("7."):
        fault = Fault.BLOCKED
    if group == "4" and fault not in {Fault.FULL, Fault.SIZE, Fault.BLOCKED}:
        return Fault.TEMPORARY
    return fault or Fault.OTHER


_REPORTS: Final = re.compile(
    r"mail delivery|delivery status|undeliver|returned? (?:mail|to sender)|failure|"
    r"could ?n.t be|delivery (?:notif|report|fail|problem|error)"
    r"|non remis|unzustellbar|mail system error|delayed|warning|unable to deliver|"
    r"non.?delivery|not delivered|message you sent"
    r"|rejected|bounce|nondeliverable|mail error|your (?:mail|message)|can.?not deliver|"
    r"couldn.t deliver|dropped|permanent|notification",
    re.IGNORECASE,
)
_SENDERS: Final = re.compile(
    r"mailer|postmaster|daemon|mail ?system|mail administrator|bounce|mail delivery|"
    r"e?mail ?admin|system administrator"
    r"|amavis|spam|no-?reply|delivery|scanmail|mmdf|smtp|exchange|root@|virus",
    re.IGNORECASE,
)
_COPY: Final = re.compile(
    r"^\W*(?:below this line is a copy|this is a copy of (?:the|your)|"
    r"original message follows|your (?:original )?message (?:was|follows)"
    r"|the following is (?:a copy|the)|a copy of (?:the|your)|unsent message|"
    r"message headers? follow|the header page|mail header"
    r"|included is a copy|the original message|original mail|start of (?:returned|"
    r"original)|content-type:\s*message/rfc822"
    r"|received: (?:from|by|\(qmail)|return-path:|the (?:header|first .* lines) of).*$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._+=~/!#$%&'*?^`{|}-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
)


def _looks_like_report(message: Message, words: str) -> bool:
    if message.get_content_type() == "multipart/report" or message.get("X-Failed-Recipients"):
        return True
    if _head(message, "Auto-Submitted").lower().startswith("auto-replied") and not _codes(words):
        return False
    sender, subject = _head(message, "From"), _head(message, "Subject")
    from_machine = _SENDERS.search(sender) is not None or _head(message, "Return-Path").strip() == "<>"
    says_so = _REPORTS.search(subject) is not None
    return (from_machine and (says_so or _codes(words) or _names_fault(words))) or (
        says_so and _codes(words) and _names_fault(words)
    )


def _names_fault(words: str) -> bool:
    return any(pattern.search(words) for fault, pattern in _FAULTS[:5])


def _codes(words: str) -> bool:
    return _ENHANCED.search(words) is not None or _REPLY.search(words) is not None


def _of_words(message: Message, words: str) -> list[Failure]:
    """The address that the report's own words name first: further ones are senders, managers and examples."""
    own = {
        _address(_head(message, name)) for name in ("From", "To", "Reply-To", "Return-Path", "Delivered-To")
    }
    failed = [_address(one) for one in _head(message, "X-Failed-Recipients").split(",") if "@" in one]
    named = failed or [
        address
        for address in dict.fromkeys(one.lower().strip(".'") for one in _ADDRESS.findall(words))
        if address not in own and not _SENDERS.search(address.partition("@")[0])
    ]
    named = named or _given_back(message)
    if not named:
        # Systems that name nobody: whom the mail was for stands in what they give back.
        return []
    status = _ENHANCED.search(words)
    reply = _REPLY.search(words)
    code = status[0] if status else (reply[0] if reply else "")
    return [Failure(named[0], _fault(code, words), code[:12])]


def _given_back(message: Message) -> list[str]:
    """To whom the mail was that the report gives back."""
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
            inside = part.get_payload()
            first = inside[0] if isinstance(inside, list) and inside else None
            to = _head(first, "To") if isinstance(first, Message) else ""
            if not to:
                found = re.search(r"^To:\s*(.+)$", _text(part), re.MULTILINE | re.IGNORECASE)
                to = found[1] if found else ""
            if "@" in to:
                return [_address(to)]
    whole = _text(message) if not message.is_multipart() else _all_words(message)
    found = re.search(r"^To:\s*(.*@.*)$", whole, re.MULTILINE | re.IGNORECASE)
    return [_address(found[1])] if found else []


# --- what they share --------------------------------------------------------------------------------------------


def _words(message: Message) -> str:
    """What the report says itself, without the mail that it gives back."""
    text = _all_words(message)
    copy = _COPY.search(text)
    head = text[: copy.start()] if copy and copy.start() > 80 else text
    return " ".join(head.split()) if len(head.strip()) > 20 else " ".join(text.split())


def _all_words(message: Message) -> str:
    parts: list[str] = []
    stack = [message]
    while stack:
        part = stack.pop(0)
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            stack[:0] = [inside for inside in part.get_payload() if isinstance(inside, Message)]
        elif (
            part.get_content_maintype() in {"text", "multipart"}
            and part.get_content_type() != "text/rfc822-headers"
        ):
            text = _text(part)
            parts.append(
                re.sub(r"<[^@<>]{1,400}>", " ", text) if part.get_content_type() == "text/html" else text
            )
    return "\n".join(parts)[:LONGEST]


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        inside = part.get_payload()
        return inside[:LONGEST] if isinstance(inside, str) else ""
    charset = part.get_content_charset("utf-8")
    try:
        return payload[:LONGEST].decode(charset, "replace")
    except LookupError:
        return payload[:LONGEST].decode("utf-8", "replace")


def _head(message: Message | None, name: str) -> str:
    if message is None:
        return ""
    value = message.get(name)
    try:
        return " ".join(str(make_header(decode_header(str(value or "")))).split())
    except (LookupError, UnicodeDecodeError, ValueError):
        return " ".join(str(value).split())


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name) or "").split())


def _address(text: str) -> str:
    """The address in a header or a field, in small letters."""
    bracketed = re.search(r"<([^<>]*@[^<>]*)>", text)
    found = _ADDRESS.search(bracketed[1] if bracketed else text)
    return (found[0] if found else text.strip(" <>;")).lower()


def _once(failures: list[Failure]) -> tuple[Failure, ...]:
    return tuple({failure.address: failure for failure in reversed(failures)}.values())[::-1]
