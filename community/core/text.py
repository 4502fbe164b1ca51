"""Words people wrote: cleaning of lines and bodies, and the one way from a stored source to safe HTML.

Nothing here touches the database or a request; who may read a text and where it is stored is decided
elsewhere. docs/decisions/0003-prose-rendering.md says why the rules are as they are.
"""

import html as html_entities
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import nh3
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from community.core.errors import Invalid

#: Goes up whenever the same source would give other HTML; stored posts are then rendered again in the
#: background.
RENDERER_VERSION: Final = 2

#: The longest body, in characters. The renderer's worst case is measured at this size, see the tests.
MAX_SOURCE: Final = 50_000
#: The longest address kept on a link.
MAX_ADDRESS: Final = 2_000

# Beyond these a body is shown as typed instead of as Markdown. Nobody writes such a text by hand; each bound
# answers a shape that made time or output grow out of proportion: a short line repeated inside deep quotes,
# brackets that never close, a wide table header above empty rows, one long link definition used thousands of
# times.
_MAX_LINES: Final = 6_000
_MAX_BRACKETS: Final = 3_000
_MAX_BARS: Final = 10_000
_MAX_NESTING: Final = 16
_MAX_LINK_CHARACTERS: Final = 200_000
_MAX_DEPTH: Final = 60
_MAX_PASSES: Final = 4


class SourceFormat(StrEnum):
    """How a stored source is read. The author's choice, so that editing gives back what was typed."""

    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Prose:
    """A body as it was written: what a form or the API hands to an action, and what is stored."""

    source: str
    source_format: SourceFormat


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body as it is read: sanitised HTML for pages and mail, plain words for search and excerpts."""

    html: str
    plain: str


# --- Cleaning what was typed --------------------------------------------------------------------------------

# Controls other than line ends and tabs say nothing to a reader; NUL cannot be stored by PostgreSQL, the
# others break XML feeds, terminals and logs. Lone surrogates cannot be encoded. Noncharacters are not text.
_CONTROLS: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_NOT_TEXT: Final = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)
)
_LINE_ENDS: Final = re.compile("\r\n|[\r\x85\u2028\u2029]")
_NOT_IN_SOURCE: Final = re.compile(f"[{_CONTROLS}{_NOT_TEXT}]")
# Right-to-left words need no control to be read; an override or an open isolate in a name or a title reverses
# what stands beside it. The marks U+200E and U+200F and the joiners touch only their neighbours and stay.
_INVISIBLE: Final = "\u200b\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
_NOT_IN_LINE: Final = re.compile(f"[{_CONTROLS}{_NOT_TEXT}{_INVISIBLE}]")
_WHITE: Final = re.compile(r"\s+")
# Letters by their category, blank to the eye: Hangul fillers and the empty Braille cell.
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def clean_line(value: str) -> str:
    """A title, name or tag on one line: NFC, single spaces, nothing invisible that alters its neighbours.

    A line of which nothing could be seen comes back empty, so that "required" refuses it.
    """
    value = unicodedata.normalize("NFC", _NOT_IN_LINE.sub("", _WHITE.sub(" ", value)))
    value = _WHITE.sub(" ", value).strip()
    return value if any(_is_visible(character) for character in value) else ""


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cf", "Me", "Mn", "Zs"} and character not in _BLANK_LETTERS


def clean_source(value: str) -> str:
    r"""A body as it is stored: line ends are \n, controls but \n and \t are gone, all else stays."""
    return _NOT_IN_SOURCE.sub("", _LINE_ENDS.sub("\n", value)).lstrip("\ufeff")


def required_words(text: str, *, field: str, longest: int, missing: str) -> str:
    """Plain prose as it is stored: a reason, an answer, a note. Raises `Invalid` where there is none or too much.

    `missing` is what is said where nothing was written; `longest` is in characters.
    """
    words = clean_source(text).strip()
    if not clean_line(words):
        raise Invalid(missing, fields={field: [missing]})
    if len(words) > longest:
        sentence = _("This has {length} characters; {limit} are the most.").format(
            length=len(words), limit=longest
        )
        raise Invalid(sentence, fields={field: [sentence]})
    return words


# What an editor leaves behind when everything was deleted: elements without attributes around nothing.
_EMPTY_HTML: Final = re.compile(
    r"(?:\s|&nbsp;|</?(?:a|blockquote|br|code|em|h[1-6]|li|ol|p|pre|s|strong|table|tbody|td|th|tr|ul)>)*"
)


def source_problem(source: str, source_format: SourceFormat) -> str | None:
    """The sentence to show when this cleaned body cannot be taken, None when it can.

    Form, API and action ask this one function, so that no way in has other limits.
    """
    if len(source) > MAX_SOURCE:
        sentence = _("This has %(length)s characters; %(limit)s are the most. Split it into two posts.")
        return sentence % {"length": f"{len(source):,}", "limit": f"{MAX_SOURCE:,}"}
    if not source.strip() or (source_format == SourceFormat.HTML and _EMPTY_HTML.fullmatch(source)):
        return _("There is nothing here yet. Write something first.")
    return None


# --- Markdown -----------------------------------------------------------------------------------------------


class TooTangledError(Exception):
    """A body that would cost more than a reader's page may, or lose words; it is shown as typed."""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (the library's name)
        return len(url) <= MAX_ADDRESS and super().validateLink(url)


# An address as people paste it. Brackets, quotes, backticks and bars are left out, because there they usually
# close something of Markdown; \w lets words of any script stand in a path. The length is bounded so that a
# run of addresses costs no more than its length.
_ADDRESS: Final = re.compile(rf"://[\w.~:/?#@!$&'()*+,;=%-]{{1,{MAX_ADDRESS}}}")
_BEFORE_ADDRESS: Final = re.compile(r"(?:^|[^\w/.@:+-])(https?)$", re.IGNORECASE)
_AFTER_ADDRESS: Final = "?!.,:;*_~'"


def _bare_address(state: StateInline, silent: bool) -> bool:
    """Make http:// and https:// addresses in running text links, as people who paste them expect."""
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _BEFORE_ADDRESS.search(state.pending[-6:])
    match = _ADDRESS.match(state.src, state.pos, state.posMax)
    if scheme is None or match is None:
        return False
    rest = match.group().rstrip(_AFTER_ADDRESS)
    unopened = rest.count(")") - rest.count("(")
    while unopened > 0 and rest.endswith(")"):
        rest = rest[:-1].rstrip(_AFTER_ADDRESS)
        unopened -= 1
    address = scheme.group(1) + rest
    if len(rest) <= len("://") or len(address) > MAX_ADDRESS:
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme.group(1))]
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(address)}
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _render_quote(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # The library leaves out the line break of an empty quote, the specification does not (examples 218, 239,
    # 240).
    opening = renderer.renderToken(tokens, index, options, env)
    return opening if opening.endswith("\n") else opening + "\n"


def _render_weighed(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # One long definition can be used thousands of times: a body of 50 kB would become a page of 100 MB.
    token = tokens[index]
    env["weight"] = env.get("weight", 0) + sum(len(str(value)) for value in token.attrs.values())
    if env["weight"] > _MAX_LINK_CHARACTERS:
        raise TooTangledError
    if token.type == "image":
        return renderer.image(tokens, index, options, env)
    return renderer.renderToken(tokens, index, options, env)


def _build_parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"maxNesting": _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.inline.ruler.after("text", "bare_address", _bare_address)
    parser.add_render_rule("blockquote_open", _render_quote)
    parser.add_render_rule("link_open", _render_weighed)
    parser.add_render_rule("image", _render_weighed)
    return parser


# Built once: building costs more than rendering a post. Neither parser nor cleaner keeps state between calls.
_PARSER: Final = _build_parser()


def parse_markdown(source: str) -> str:
    """HTML as CommonMark prescribes it, with tables, strikethrough and bare addresses; **not sanitised**.

    Raises `TooTangledError` where the text is beyond what the parser does in reasonable time, or would lose
    words.
    """
    if source.count("\n") > _MAX_LINES or source.count("[") > _MAX_BRACKETS or source.count("|") > _MAX_BARS:
        raise TooTangledError
    env: dict[str, Any] = {}
    tokens = _PARSER.parse(source, env)
    # The parser drops whatever is nested deeper than its limit. Words must not vanish.
    if any(token.nesting == 1 and token.level >= _MAX_NESTING - 1 for token in tokens):
        raise TooTangledError
    return str(_PARSER.renderer.render(tokens, _PARSER.options, env))


# --- Sanitising ---------------------------------------------------------------------------------------------

# No id, name, class, style, data-* or hx-*: what a member writes can neither be addressed by our scripts and
# styles nor carry behaviour. The empty "*" takes away lang and title, which the library keeps everywhere
# unless told.
_SPANS: Final = {"colspan": {str(n) for n in range(2, 21)}, "rowspan": {str(n) for n in range(2, 21)}}
_CLEANER: Final = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "details", "summary"),
        *("ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
        *("a", "img", "strong", "b", "em", "i", "u", "s", "del", "ins", "mark", "small", "sub", "sup"),
        *("code", "kbd", "samp", "q", "cite", "abbr"),
    },
    clean_content_tags={"script", "style"},
    attributes={
        "*": set(),
        "a": {"href", "title"},
        "abbr": {"title"},
        "img": {"src", "alt"},
        "ol": {"start"},
    },
    tag_attribute_values={"td": _SPANS, "th": _SPANS},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow ugc noopener noreferrer",
)

# These read the cleaner's own output only: names in lower case, values quoted, < and > inside values escaped.
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)((?: [^<>]*)?)>")
_ATTRIBUTE: Final = re.compile(r' (src|alt)="([^"]*)"')
#: Where a file that was uploaded here is found; a picture at such an address is shown in its place.
ATTACHMENT_ADDRESS: Final = re.compile(r"/attachments/([0-9a-f]{32})/")
_VOID: Final = frozenset({"br", "hr", "img"})


def _shape(html: str) -> str:
    """Bring cleaned HTML into the outline of our pages: headings below the page's own, images as links.

    Headings start at the third level (the title and the post's header are above) and never skip one, whatever
    levels the author chose. An image elsewhere would tell its host who reads what and when, so it becomes a
    link with its alternative text; one that was uploaded here is shown. Raises `TooTangledError` for nesting
    that no browser shows well.
    """
    levels: list[int] = []
    written: list[int] = []
    depth = 0
    in_link = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal depth, in_link
        closing, tag, attributes = match.groups()
        if tag == "img":
            found = dict(_ATTRIBUTE.findall(attributes))
            address = found.get("src", "")
            if ATTACHMENT_ADDRESS.fullmatch(address):
                return f'<img src="{address}" alt="{found.get("alt", "").strip()}">'
            words = found.get("alt", "").strip() or address
            return f'<a href="{address}">{words}</a>' if address and not in_link else words
        if tag not in _VOID:
            depth += -1 if closing else 1
            if depth > _MAX_DEPTH:
                raise TooTangledError
        if tag == "a":
            in_link += -1 if closing else 1
        elif tag[0] == "h" and tag != "hr":
            if closing:
                return f"</h{written.pop()}>"
            while levels and levels[-1] >= int(tag[1]):
                levels.pop()
            levels.append(int(tag[1]))
            written.append(min(2 + len(levels), 6))
            return f"<h{written[-1]}>"
        return match.group()

    return _TAG.sub(replace, html)


def sanitise(html: str) -> str:
    """HTML reduced to what a post may contain. Sanitising the result again changes nothing.

    Hostile HTML can give another tree when a parser reads its own output again (mutation), so cleaning is
    repeated until it stands still. Raises `TooTangledError` when it does not.
    """
    for _pass in range(_MAX_PASSES):
        cleaned = _shape(_CLEANER.clean(html))
        if cleaned == html:
            return cleaned
        html = cleaned
    raise TooTangledError


def _as_typed(source: str) -> str:
    """The source itself, readable: paragraphs and line breaks, every other sign as text."""
    escaped = html_entities.escape(source.strip("\n"))
    paragraphs = (text.replace("\n", "<br>") for text in re.split(r"\n{2,}", escaped))
    return _CLEANER.clean("\n".join(f"<p>{text}</p>" for text in paragraphs))


# An override turns the letters after it around until the paragraph ends; no language needs one in running
# text.
_OVERRIDES: Final = {0x202D: None, 0x202E: None}
_VISIBLE_WITHOUT_WORDS: Final = re.compile(r"<(?:hr|li|pre|td|img [^<>]*)>")


def render(source: str, source_format: SourceFormat) -> Rendered:
    """What readers see of a body: safe to print, not empty unless the source is, a second of work at most.

    A text that is too tangled to parse, or of which nothing would be visible (a lone <script>, a lone link
    definition), is shown as it was typed: its author must see what became of the words.
    """
    try:
        html = sanitise(parse_markdown(source) if source_format == SourceFormat.MARKDOWN else source)
    except TooTangledError:
        html = _as_typed(source)
    html = html.translate(_OVERRIDES)
    plain = plain_text(html)
    if not plain and not _VISIBLE_WITHOUT_WORDS.search(html) and source.strip():
        html = _as_typed(source).translate(_OVERRIDES)
        plain = plain_text(html)
    return Rendered(html=html, plain=plain)


# --- Plain words --------------------------------------------------------------------------------------------

_BREAK: Final = re.compile(r"<br>|<hr>|</(?:p|h[1-6]|li|tr|pre|blockquote|summary|details|caption)>")
_CELL_END: Final = re.compile(r"</t[dh]>\s*")
_PICTURE: Final = re.compile(r'<img src="[^"]*" alt="([^"]*)">')
_ANY_TAG: Final = re.compile(r"<[^>]*>")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_GAPS: Final = re.compile(r" ?\n[ \n]*")


def plain_text(html: str) -> str:
    """The words of sanitised HTML, one line per block, for search, excerpts and the text part of mail."""
    text = _ANY_TAG.sub("", _PICTURE.sub(r" \1 ", _CELL_END.sub(" ", _BREAK.sub("\n", html))))
    text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    text = _GAPS.sub("\n", _BLANKS.sub(" ", text.replace("&amp;", "&"))).strip()
    return unicodedata.normalize("NFC", text)


def excerpt(plain: str, length: int = 200) -> str:
    """The beginning of a plain text on one line, cut between words, at most `length` characters."""
    line = " ".join(plain[: length * 4].split())
    if len(line) <= length and len(plain) <= length * 4:
        return line
    cut = line[: length - 1]
    space = cut.rfind(" ")
    # Scripts without spaces, and one endless word, are cut where they are.
    return (cut[:space] if space > length // 2 else cut).rstrip(" ,;:.–-") + "…"
