"""What somebody has written in an answer by mail: pure functions that take away quotes, signatures and footers.

Line by line and once, so that no input takes long. In doubt a line stays: words must not be lost (rule 3.5).
"""

import re
from html.parser import HTMLParser
from typing import Final

# An answer is at most as long as a post; what is far longer is a quote.
LONGEST: Final = 1_000_000
# A line that says who wrote what follows may be broken by the mail program, into this many at most.
_HEADER_LINES: Final = 4
_HEADER_LENGTH: Final = 400

# How the line begins and ends with which mail programs introduce a quote.
_INTRODUCTIONS: Final = (
    ("on ", "wrote:"),
    ("am ", "schrieb:"),
    ("le ", "a écrit :"),
    ("le ", "a écrit:"),
    ("el ", "escribió:"),
    ("op ", "schreef:"),
    ("em ", "escreveu:"),
    ("il ", "ha scritto:"),
    ("den ", "skrev:"),
    ("w dniu ", "napisał:"),
    ("w dniu ", "napisał(a):"),
)
# In these the name stands between the verb and the colon: "Am 3. Mai 2026 schrieb Anna Muster:".
_VERBS_INSIDE: Final = {"am ": " schrieb ", "op ": " schreef ", "den ": " skrev "}
_ORIGINAL: Final = re.compile(
    r"[ \t>*_-]*-{2,}[ \t]*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht"
    r"|message d'origine|message transféré|mensaje original|messaggio originale|oorspronkelijk bericht)"
    r"[ \t]*-{2,}[ \t]*",
    re.IGNORECASE,
)
_FIRST_FIELD: Final = re.compile(r"\*?(?:from|von|de|da|van|från|fra|od)\s?:\*?\s+\S", re.IGNORECASE)
_FURTHER_FIELD: Final = re.compile(
    r"\*?(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto|assunto|inviato|a"
    r"|oggetto|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne)\s?:\*?(?:\s|$)",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"[ \t]*(?:_{8,}|-{8,}|\*{8,}|={8,})[ \t]*")
_DELIMITER: Final = re.compile(r"(?:--|—|__)[ \t]*")
_SENT_FROM: Final = re.compile(
    r"(?:sent from my|von meinem|envoyé de mon|enviado desde mi|inviato da(?:l mio)?|verzonden vanaf mijn)"
    r"(?:[ \t]+[\w.\-+]+){1,4}(?:[ \t]+(?:gesendet|device))?[ \t]*\.?",
    re.IGNORECASE,
)
_GET_APP: Final = re.compile(r"get outlook for (?:ios|android).{0,80}", re.IGNORECASE)


def written_text(body: str) -> str:
    """The words that the sender added, without what was quoted and without signature; '' where there are none."""
    lines = [line.rstrip() for line in _lines(body[:LONGEST])]
    own: list[str] = []
    was_quoted = False
    place = 0
    while place < len(lines):
        line = lines[place]
        if _is_quoted(line):
            was_quoted = True
            place += 1
        elif length := _introduction(lines, place):
            after = _next_words(lines, place + length)
            if after is not None and _is_quoted(lines[after]):
                place += length
            elif any(one.strip() for one in own) or after is None:
                # Programs that do not mark the lines of a quote put all of it below.
                break
            else:
                own.append(line)
                place += 1
        elif _ends_here(lines, place, was_quoted=was_quoted) or (
            _begins_original(lines, place) and any(one.strip() for one in own)
        ):
            break
        else:
            own.append(line)
            place += 1
    return _tidy(own)


def _lines(body: str) -> list[str]:
    return body.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace("\x00", "").split("\n")


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t")[:1] == ">"


def _next_words(lines: list[str], place: int) -> int | None:
    """The next line with something in it."""
    return next((number for number in range(place, len(lines)) if lines[number]), None)


def _introduction(lines: list[str], place: int) -> int:
    """Over how many lines somebody is said to have written what follows; 0 where none begins here."""
    first = lines[place].strip().lower()
    fitting = [(start, end) for start, end in _INTRODUCTIONS if first.startswith(start)]
    if not fitting:
        return 0
    said = ""
    for length, line in enumerate(lines[place : place + _HEADER_LINES], start=1):
        words = line.strip().lower()
        if not words or (length > 1 and words.startswith(">")):
            return 0
        said = f"{said} {words}".strip()
        if len(said) > _HEADER_LENGTH:
            return 0
        # A sentence may begin and end like this; a date is in all of them.
        has_date = any(letter.isdigit() for letter in said)
        for start, end in fitting:
            verb = _VERBS_INSIDE.get(start, "\0")
            if has_date and (said.endswith(end) or (verb in said and said.endswith(":"))):
                return length
    return 0


def _begins_original(lines: list[str], place: int) -> bool:
    """A line that stands above a whole mail, or the head of that mail itself."""
    line = lines[place].strip()
    if _ORIGINAL.fullmatch(line):
        return True
    if _RULE.fullmatch(line):
        after = _next_words(lines, place + 1)
        return after is not None and bool(
            _FIRST_FIELD.match(lines[after].strip()) and _has_fields(lines, after + 1)
        )
    return bool(_FIRST_FIELD.match(line)) and _has_fields(lines, place + 1)


def _has_fields(lines: list[str], place: int) -> bool:
    return sum(bool(_FURTHER_FIELD.match(line.strip())) for line in lines[place : place + 5]) >= 2


def _ends_here(lines: list[str], place: int, *, was_quoted: bool) -> bool:
    """Whether a signature or the footer of a list begins: everything from here on is not said to anybody."""
    line = lines[place].strip()
    if _DELIMITER.fullmatch(line) and (place == 0 or not lines[place - 1] or was_quoted):
        return True
    if _DELIMITER.fullmatch(line) and lines[place].rstrip() == "--":
        return True
    if _RULE.fullmatch(line):
        rest = [one for one in lines[place + 1 : place + 6] if one.strip()]
        return any("mailing list" in one.lower() or "listinfo" in one for one in rest)
    if _SENT_FROM.fullmatch(line) or _GET_APP.fullmatch(line):
        after = _next_words(lines, place + 1)
        return after is None or _is_quoted(lines[after]) or bool(_introduction(lines, after))
    return False


def _tidy(lines: list[str]) -> str:
    """Without empty lines at the ends, and never more than two in a row."""
    kept: list[str] = []
    for line in lines:
        if line or kept[-2:] != ["", ""]:
            kept.append(line)
    return "\n".join(kept).strip("\n")


class _Words(HTMLParser):
    """The words of a mail that came as HTML only, one line a block, without what its program marks as a quote."""

    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "table"})
    _SILENT = frozenset({"script", "style", "head", "title", "blockquote"})
    _VOID = frozenset({"br", "img", "hr", "meta", "link", "input", "wbr", "area", "base", "col", "source"})
    _QUOTES = ("gmail_quote", "gmail_extra", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []
        self.is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("id") in {"divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container"}:
            self.is_over = True
        if tag in self._VOID:
            if tag == "br":
                self._say("\n")
            return
        is_quote = any(name in values.get("class", "") for name in self._QUOTES)
        if self.silent or tag in self._SILENT or is_quote:
            self.silent.append(tag)
        elif tag in self._BLOCKS:
            self._say("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag in self.silent:
                while self.silent.pop() != tag:
                    pass
        elif tag in self._BLOCKS:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._say(re.sub(r"[ \t\r\n]+", " ", data))

    def _say(self, words: str) -> None:
        if not self.is_over:
            self.parts.append(words)


def text_of_html(html: str) -> str:
    """Plain text of the body of a mail, its marked quotes left out."""
    parser = _Words()
    parser.feed(html[:LONGEST])
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).split("\n")]
    # A block inside another begins and ends more than one line.
    return re.sub(r"\n{3,}", "\n\n", _tidy(lines))
