"""Invented words, bodies, titles and names of the synthetic community, the same in every run; no database here."""

import random
from dataclasses import dataclass
from itertools import accumulate

from community.core.text import Prose, SourceFormat, render

#: In about a fifth of all posts.
COMMON_WORD = "pricing"
#: In a handful of posts, however many there are.
RARE_WORD = "heliotrope"
RARE_POSTS = 7

BODIES = 800
_COMMON_SHARE = 0.2


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
    Ada Amina Anders Bea Bruno Carla Chen Dalia David Elif Emil Farah Femi Georg Hana Ibrahim Ines Ivo Jana
    Jonas Kaya Lena Liam Maja Marek Mina Nadia Noor Olga Oskar Paula Pedro Quinn Ravi Rosa Samir Selma Tariq
    Tilda Uma Viktor Wanda Yara Zoe
""")
LAST_NAMES = _words("""
    Adler Bakker Castro Demir Eklund Fischer Garcia Haddad Ivanov Jensen Kowalski Larsen Moreau Nakata
    Okafor Petrov Quist Rossi Santos Tanaka Ueda Varga Weber Xu Yilmaz Zeman
""")
JOBS = (
    "Head of research",
    "Product manager",
    "Plant engineer",
    "Director of operations",
    "Data analyst",
    "Buyer",
    "Quality lead",
    "Consultant",
    "Team lead, service",
    "Controller",
    "Planner",
    "Laboratory manager",
)
COMPANY_STEMS = _words("""
    Northwind Halcyon Meridian Alder Basalt Cobalt Dovetail Ember Fathom Granite Harbour Indigo Juniper
    Keystone Larch Marble Nimbus Onyx Pinnacle Quarry Raven Saffron Tamarind Umber Vesper Willow Xenon Yarrow
    Zephyr Anchor Beacon Cedar Delta Estuary Falcon Glacier Hazel Ivory Jasper Kestrel Lumen Mistral Nautilus
    Obsidian Prairie Quill Ridge Sequoia Talon Uplands Valley Wharf Yonder Zenith Amber Birch Copper Dune Eider
    Flint Garnet Heron
""")
PLACES = tuple(
    f"{stem}{ending}"
    for stem in _words("""
    Ash Bram Clay Dun East Fern Gold Har Iver Kel Lang Mill Nor Oak Pem Red Stan Thorn Wex Wyn
""")
    for ending in _words("ford ham ton ley by stead wick mouth bury haven field gate bridge vale dale")
)
TOPICS = tuple(
    f"{what} {of}"
    for what in _words("""
    contract supplier pricing energy freight quality audit packaging maintenance tender
""")
    for of in _words("""
    planning costs risk data law training standards benchmarks negotiation forecasts tools reporting reviews
    controls indexing insurance mapping security teams sampling
""")
)
#: Said by one person in the directory, whatever its size.
RARE_PERSON = "thistledown"
COMPANY_KINDS = ("Systems", "Works", "Group", "Labs", "Foods", "Energy", "Logistics", "Partners")
TAGS = _words("""
    contracts forecasts suppliers audits onboarding tooling safety exports maintenance reporting training
    sampling energy packaging budgets interviews migration standards logistics pilots
""")

_EVERYDAY = _words("""
    the of and to in a is that it for was on with as we this have from or had by not but what some can out
    other were all there when up use your how each she which their time if will way about many then them
    would like so these her
""")
_FIELD = _words("""
    team customer plan contract quarter region supplier margin process report meeting budget target review
    sample figure question answer result version system tool method test change cost value order stock delay
    risk cause week month share board partner market product service quality line plant model estimate
    forecast decision example experience problem solution standard limit measure audit shift batch route
    load energy safety training interview survey draft rule
""")
_SYLLABLES = _words("""
    ba den for gal hem ist jor kel lun mar nor pel quin ras sol tam ul ver wex yor zin cor bri fen
""")


@dataclass(frozen=True, slots=True)
class Body:
    """One text of the pool, rendered once as an action would."""

    source: str
    html: str
    plain: str


class Words:
    """Draws from a vocabulary in which a few words are frequent and most are rare, as in any language."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a generated community, not a secret
        tail = sorted({self._invent() for _word in range(3_000)} - {RARE_WORD, COMMON_WORD})
        self._vocabulary = [*_EVERYDAY, *_FIELD, *tail]
        self._weights = list(accumulate(1.0 / (rank + 3) for rank in range(len(self._vocabulary))))

    def _invent(self) -> str:
        return "".join(self._chance.choices(_SYLLABLES, k=self._chance.choice((2, 3, 3))))

    def sentence(self, length: int) -> str:
        words = self._chance.choices(self._vocabulary, cum_weights=self._weights, k=length)
        return " ".join(words).capitalize() + "."

    def title(self) -> str:
        words = self._chance.choices(_FIELD, k=2) + self._chance.choices(
            self._vocabulary, cum_weights=self._weights, k=self._chance.randint(2, 6)
        )
        self._chance.shuffle(words)
        return " ".join(words).capitalize()

    def body(self) -> str:
        """Markdown of about 500 to 800 characters of HTML: paragraphs, sometimes a list, a quote or a link."""
        paragraphs = [self._paragraph() for _paragraph in range(self._chance.choice((2, 3)))]
        if self._chance.random() < _COMMON_SHARE:
            paragraphs[0] += f" This is about {COMMON_WORD}."
        extra = self._chance.random()
        if extra < 0.15:
            paragraphs.append("\n".join(f"- {self.sentence(5)}" for _item in range(3)))
        elif extra < 0.25:
            paragraphs.insert(0, f"> {self.sentence(12)}")
        elif extra < 0.35:
            paragraphs[-1] += " See [the notes](https://example.org/notes) and **keep** the `limit`."
        return "\n\n".join(paragraphs)

    def _paragraph(self) -> str:
        return " ".join(self.sentence(self._chance.randint(8, 16)) for _sentence in range(3))


def body_pool(words: Words) -> list[Body]:
    """`BODIES` texts and, as the last one, the only one that holds the rare word."""
    sources = [words.body() for _body in range(BODIES)]
    sources.append(f"{words.body()}\n\nNobody else here says {RARE_WORD}.")
    pool = []
    for source in sources:
        prose = Prose(source, SourceFormat.MARKDOWN)
        rendered = render(prose.source, prose.source_format)
        pool.append(Body(source, rendered.html, rendered.plain))
    return pool
