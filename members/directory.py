"""What somebody asks of the directory, and how words are made comparable. Pure arithmetic: no table is read here."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlencode

from community.core.text import clean_line

#: Who counts as new, in days since they joined.
NEW_DAYS: Final = 90
#: Beyond these nobody types: more would only cost.
MOST_WORDS: Final = 8
MOST_FACETS: Final = 24
LONGEST_WORDS: Final = 200
LONGEST_QUERY: Final = 500
#: A longer lexeme says no more, and PostgreSQL takes none above 2 kB.
_WORD_LENGTH: Final = 60
_MOST_LEXEMES: Final = 1_000

#: Facets that are no field of the profile.
COMPANY: Final = "company"
COMPANY_KIND: Final = "company_kind"
EXPERT: Final = "expert"
NEW: Final = "new"
#: Keys that no field of the profile may have.
RESERVED_NAMES: Final = frozenset({NEW, COMPANY, COMPANY_KIND, EXPERT})
#: The parameter of all facets, as in `facet=place:oslo&facet=place:bergen` or `facet=place:oslo,place:bergen`.
FACET: Final = "facet"
_KEY: Final = re.compile("[a-z][a-z0-9_]{1,39}")

# Marks that stand on a Latin, Greek or Cyrillic letter. Those of other scripts are part of the word.
_ACCENTS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff]")
# Letters that Unicode does not take apart, as people without the key for them type them.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"}
)
# Letters, digits and the marks without which words of Semitic and Indic scripts would fall apart.
_WORD: Final = re.compile(
    "[^\\W_](?:[^\\W_]|[\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0dff\u0e31-\u0e4e"
    "\u0eb1-\u0ece\u0f18-\u0fbc\u102b-\u109d\u17b4-\u17dd\u200c\u200d])*"
)
# The same where every letter is one that needs no thought, at a third of the time.
_PLAIN_WORD: Final = re.compile("[a-z0-9]+")
# Written without spaces: a family name stands first and a given name in the middle of the run.
_RUN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff]{2,}")


def fold(text: str) -> str:
    """The text without case and accents, so that "ibanez" finds Ibáñez and "strasse" finds Straße."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart).translate(_LETTERS))


def words_of(text: str) -> list[str]:
    """The folded words of a text, in its order; handles and hyphenated names fall into their parts."""
    folded = fold(text)
    words = (_PLAIN_WORD if folded.isascii() else _WORD).findall(folded)
    return [word[:_WORD_LENGTH] for word in words]


def lexemes_of(texts: Iterable[str]) -> list[str]:
    """What an entry is found by: each word once; of a run without spaces each of its ends too."""
    found: dict[str, None] = {}
    for text in texts:
        for word in words_of(text):
            found[word] = None
            if not word.isascii() and (run := _RUN.search(word)):
                for start in range(run.start() + 1, min(run.end(), run.start() + 20)):
                    found[word[start:]] = None
    return list(found)[:_MOST_LEXEMES]


def facet_value(text: str) -> str:
    """A value as it stands in an address and in the table: spellings that differ in case or accent are one."""
    return " ".join(fold(clean_line(text)).replace(",", " ").split())[:120]


class Parameters(Protocol):
    """A QueryDict, as far as it is read here."""

    def get(self, key: str, /) -> str | list[object] | None: ...

    def getlist(self, key: str, /) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class DirectorySearch:
    """One search: all of `words`, and of each facet one of its values (rule 2.3)."""

    words: str = ""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_new: bool = False
    is_newest_first: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.facets or self.is_new)

    @property
    def tsquery(self) -> str:
        """For a cast to `tsquery`: every word, each as a beginning; '' where no word can be looked for.

        A single Latin letter is looked for as it stands: half of all people have a word that begins with it.
        """
        words = dict.fromkeys(words_of(self.words)[:MOST_WORDS])
        return " & ".join(
            f"'{word}'" if len(word) == 1 and word.isascii() else f"'{word}':*" for word in words
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The search as name and value, in one order whatever order it was typed in."""
        pairs = [("q", self.words)] if self.words else []
        pairs += [(FACET, f"{key}:{value}") for key in sorted(self.facets) for value in self.facets[key]]
        if self.is_new:
            pairs.append((NEW, "1"))
        if self.is_newest_first:
            pairs.append(("sort", "newest"))
        return pairs

    def query(self) -> str:
        """The part of an address behind its question mark."""
        return urlencode(self.pairs())

    def sorted(self, *, newest_first: bool) -> "DirectorySearch":
        return replace(self, is_newest_first=newest_first)

    def with_facet(self, key: str, values: Sequence[str]) -> "DirectorySearch":
        """The same search with these values of one facet; none takes the facet away."""
        others = {name: held for name, held in self.facets.items() if name != key}
        return replace(self, facets=others | ({key: tuple(values)} if values else {}))


def read_search(parameters: Parameters) -> DirectorySearch:
    """A search out of an address. Which facets there are, the tables say: `resolve` leaves the others out."""
    facets: dict[str, tuple[str, ...]] = {}
    for written in ",".join(parameters.getlist(FACET)).split(",")[:MOST_FACETS]:
        key, _colon, text = written.partition(":")
        value = facet_value(text)
        if _KEY.fullmatch(key) and value and value not in facets.get(key, ()):
            facets[key] = (*facets.get(key, ()), value)
    return DirectorySearch(
        words=clean_line(str(parameters.get("q") or ""))[:LONGEST_WORDS],
        facets=facets,
        is_new=parameters.get(NEW) == "1",
        is_newest_first=parameters.get("sort") == "newest",
    )


class SavedParameters:
    """A stored search, read as an address is."""

    def __init__(self, query: str) -> None:
        self._pairs = parse_qsl(query[:LONGEST_QUERY])

    def get(self, key: str, /) -> str | None:
        return next((value for name, value in reversed(self._pairs) if name == key), None)

    def getlist(self, key: str, /) -> list[str]:
        return [value for name, value in self._pairs if name == key]
