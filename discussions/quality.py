"""Rule 8.3: what a space asks of the words themselves. Arithmetic on plain text; no database and no request here.

Every rule is a sentence that an author can check by eye: docs/decisions/0020-moderation.md has the figures.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: Beyond it a text is as long as it likes: only short ones can consist of praise alone.
PRAISE_WORDS: Final = 14
#: So many words in capitals are a headline or a list of abbreviations; more are shouting.
SHOUTED_WORDS: Final = 6
#: The share of the letters, in hundredths, that stand in capitals when somebody shouts.
SHOUTED_SHARE: Final = 60
#: A text shorter than this, in letters and digits, is the same as another one by chance.
SAME_TEXT_LENGTH: Final = 30
#: Phrases of advertising in so many words of text: more than one in so many is mainly that.
WORDS_A_PHRASE: Final = 40
#: So many different phrases are advertising at any length.
MANY_PHRASES: Final = 4


class Outcome(StrEnum):
    """What becomes of words that a rule names, mildest first. All but the first are said before anything happens."""

    OFF = "off"
    COACH = "coach"
    HOLD = "hold"
    REFUSE = "refuse"

    @property
    def weight(self) -> int:
        return list(Outcome).index(self)


class Rule(StrEnum):
    """The rules, in the order in which they are explained."""

    TOO_SHORT = "too_short"
    LINKS = "links"
    OWN_COMPANY = "own_company"
    PROMOTION = "promotion"
    SHOUTING = "shouting"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class QualityRules:
    """What one space has settled: an outcome for each rule, and two measures (words; links)."""

    too_short: Outcome = Outcome.OFF
    links: Outcome = Outcome.OFF
    own_company: Outcome = Outcome.OFF
    promotion: Outcome = Outcome.OFF
    shouting: Outcome = Outcome.OFF
    repeated: Outcome = Outcome.OFF
    least_words: int = 3
    most_links: int = 1

    def outcome_of(self, rule: Rule) -> Outcome:
        outcome: Outcome = getattr(self, rule.value)
        return outcome

    @property
    def is_silent(self) -> bool:
        return all(self.outcome_of(rule) == Outcome.OFF for rule in Rule)


#: The comment policy of a professional site: add value; one link at most; brief praise, pushing of links and promotion
#: are explained, and whoever sends them all the same waits for a moderator.
ARTICLE_COMMENTS: Final = QualityRules(
    too_short=Outcome.HOLD,
    links=Outcome.HOLD,
    own_company=Outcome.COACH,
    promotion=Outcome.HOLD,
    shouting=Outcome.COACH,
    repeated=Outcome.HOLD,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a text meets, what follows from it, and the sentence for its author."""

    rule: Rule
    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that the rules say of one text; without findings it is posted."""

    findings: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return max(
            (finding.outcome for finding in self.findings), key=lambda one: one.weight, default=Outcome.OFF
        )

    @property
    def sentences(self) -> list[str]:
        return [finding.sentence for finding in self.findings]

    @property
    def rules(self) -> list[str]:
        return [finding.rule.value for finding in self.findings]


@dataclass(frozen=True, slots=True)
class Written:
    """What the rules look at: own words without quotations, the addresses linked to, and whose text it is."""

    plain: str
    links: tuple[str, ...] = ()
    own_domains: frozenset[str] = field(default_factory=frozenset)
    earlier: tuple[str, ...] = ()


_QUOTE: Final = re.compile(r"<blockquote>.*?</blockquote>", re.DOTALL)
_CODE: Final = re.compile(r"<pre>.*?</pre>|<code>.*?</code>", re.DOTALL)
_HREF: Final = re.compile(r'<a href="(https?://[^"]+)"', re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_WORD: Final = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_ADDRESS: Final = re.compile(r"https?://\S+|www\.\S+|@[\w.-]+", re.IGNORECASE)
_PLUS_ONE: Final = re.compile(r"\W*\+1\W*")
_CAPITALS: Final = re.compile(r"\b[^\W\d_]{2,}\b")

# Words of which brief praise and agreement consist, and those that hold them together.
_PRAISE: Final = frozenset(
    [
        "good",
        "great",
        "nice",
        "excellent",
        "awesome",
        "amazing",
        "wonderful",
        "fantastic",
        "brilliant",
        "superb",
        "perfect",
        "helpful",
        "useful",
        "interesting",
        "insightful",
        "informative",
        "cool",
        "love",
        "loved",
        "like",
        "liked",
        "enjoyed",
        "thanks",
        "thank",
        "thankyou",
        "thx",
        "ty",
        "cheers",
        "kudos",
        "congrats",
        "congratulations",
        "bravo",
        "agree",
        "agreed",
        "exactly",
        "indeed",
        "same",
        "yes",
        "yep",
        "yeah",
        "absolutely",
        "definitely",
        "totally",
        "true",
        "right",
        "well",
        "done",
        "welcome",
        "ditto",
        "wow",
        "lol",
        "haha",
        "ok",
        "okay",
        "+1",
    ]
)
_FILLERS: Final = frozenset(
    [
        "us",
        "edit",
        "update",
        "find",
        "call",
        "link",
        "ah",
        "of",
        "course",
        "noted",
        "fixed",
        "corrected",
        "a",
        "an",
        "the",
        "this",
        "that",
        "it",
        "its",
        "is",
        "was",
        "i",
        "me",
        "my",
        "we",
        "you",
        "your",
        "u",
        "for",
        "of",
        "to",
        "so",
        "very",
        "really",
        "much",
        "such",
        "lot",
        "lots",
        "post",
        "article",
        "answer",
        "question",
        "comment",
        "read",
        "share",
        "sharing",
        "shared",
        "writing",
        "write",
        "written",
        "piece",
        "info",
        "information",
        "advice",
        "tip",
        "tips",
        "job",
        "work",
        "point",
        "points",
        "and",
        "with",
        "here",
        "there",
        "everyone",
        "everybody",
        "all",
        "again",
        "just",
        "what",
        "how",
        "one",
        "again",
        "too",
        "also",
        "sir",
        "mate",
        "have",
        "had",
        "has",
        "been",
        "be",
        "so",
        "on",
        "in",
        "as",
        "always",
        "keep",
        "up",
        "more",
        "please",
        "will",
        "can't",
        "wait",
    ]
)
# One phrase a line of thought of advertising; they are counted once each.
_PROMOTION: Final = tuple(
    re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE)
    for phrase in (
        r"(?:check|try) out (?:our|my)",
        r"(?:visit|see|browse) (?:our|my) (?:web ?site|site|shop|store|page|blog|channel|profile)",
        r"our (?:products?|services?|solutions?|platform|software|team of experts|product range)",
        r"(?:we|i) (?:offer|provide|sell|speciali[sz]e in|deliver|manufacture|supply)",
        r"we are (?:a |the )?(?:leading|best|trusted|premier|top|number one)",
        r"(?:free|no[- ]obligation) (?:trial|demo|quote|consultation|shipping|webinar)",
        r"(?:book|request|schedule|get) (?:a |your )?(?:free )?(?:demo|call|quote|consultation|trial)",
        r"(?:special|limited(?:[- ]time)?|exclusive) (?:offer|discount|deal|price)s?",
        r"(?:discount|promo|coupon|voucher|referral) codes?",
        r"\d{1,2} ?(?:%|percent) (?:off|discount)",
        r"(?:buy|order|shop|sign up|register|subscribe|download) (?:now|today|here)",
        r"click (?:here|the link|on the link)",
        r"(?:contact|call|email|e-mail|write|message|dm|whatsapp) (?:us|me) (?:at|on|for|today|now|via)",
        r"(?:feel free to|don'?t hesitate to) (?:contact|reach out|call)",
        r"(?:affordable|competitive|unbeatable|lowest|best) (?:price|prices|rates)",
        r"(?:guaranteed|100% satisfaction|money[- ]back)",
        r"(?:boost|skyrocket|supercharge|double) your",
        r"(?:follow|like|subscribe to) (?:us|my channel|our channel|my page|our page)",
    )
)


def read_written(html: str, *, own_domains: Collection[str] = (), earlier: Iterable[str] = ()) -> Written:
    """What the rules look at in rendered HTML: quotations are somebody else's words, code is nobody's."""
    own = _CODE.sub(" ", _QUOTE.sub(" ", html))
    links = tuple(dict.fromkeys(_HREF.findall(own)))
    plain = _TAG.sub(" ", own).replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", '"')
    # Of code only that it is there: it can be all of the value of an answer.
    code = " ".join("code" for _found in _CODE.findall(html)) * 5
    return Written(
        plain=f"{plain} {code}".strip(),
        links=links,
        own_domains=frozenset(domain.lower() for domain in own_domains),
        earlier=tuple(earlier),
    )


def judge(written: Written, rules: QualityRules, *, is_reply: bool = True) -> Verdict:
    """What the rules of a space say of a text, worst first in weight and all of it at once.

    `is_reply` is False for the first post of a topic, whose title says something already: it is not too short.
    """
    if rules.is_silent:
        return Verdict()
    found = []
    for rule, sentence in (
        (Rule.TOO_SHORT, _too_short(written, rules) if is_reply else ""),
        (Rule.LINKS, _links(written, rules)),
        (Rule.OWN_COMPANY, _own_company(written)),
        (Rule.PROMOTION, _promotion(written)),
        (Rule.SHOUTING, _shouting(written)),
        (Rule.REPEATED, _repeated(written)),
    ):
        outcome = rules.outcome_of(rule)
        if sentence and outcome != Outcome.OFF:
            found.append(Finding(rule, outcome, sentence))
    return Verdict(tuple(found))


def explained(rules: QualityRules) -> list[str]:
    """The rules of a space in sentences, for the place where one writes."""
    texts = {
        Rule.TOO_SHORT: _("Add something others can use: more than praise or agreement."),
        Rule.LINKS: ngettext(
            "At most {count} link to another site.", "At most {count} links to other sites.", rules.most_links
        ).format(count=rules.most_links),
        Rule.OWN_COMPANY: _("Say it when you link to your own company."),
        Rule.PROMOTION: _("Experience is welcome, advertising is not."),
        Rule.SHOUTING: _("No lines in capitals."),
        Rule.REPEATED: _("Say a thing once, in one place."),
    }
    then = {
        Outcome.COACH: "",
        Outcome.HOLD: _("Otherwise a moderator looks at it first."),
        Outcome.REFUSE: _("Otherwise it is not posted."),
    }
    return [
        f"{texts[rule]} {then[outcome]}".strip()
        for rule in Rule
        if (outcome := rules.outcome_of(rule)) != Outcome.OFF
    ]


def plain_words(text: str) -> list[str]:
    """The words of a text in small letters, addresses and names of people left out."""
    return [word.lower() for word in _WORD.findall(_ADDRESS.sub(" ", text))]


def is_praise(text: str) -> bool:
    """Whether a short text consists of praise or agreement and of what holds it together."""
    words = plain_words(text)
    if not words or len(words) > PRAISE_WORDS or "?" in text:
        return False
    return any(word in _PRAISE for word in words) and all(
        word in _PRAISE or word in _FILLERS for word in words
    )


def promotion_phrases(text: str) -> int:
    """How many different phrases of advertising a text has."""
    return sum(1 for phrase in _PROMOTION if phrase.search(text))


def same_text(text: str) -> str:
    """What makes two texts the same: their letters and digits."""
    return "".join(character for character in text.lower() if character.isalnum())


def _too_short(written: Written, rules: QualityRules) -> str:
    """A question, a figure and a link to look at are of use however short they are."""
    if is_praise(written.plain) or _PLUS_ONE.fullmatch(written.plain):
        return _("This is kind and brief: press Thanks instead, or say what was of use to you and why.")
    words = plain_words(written.plain)
    if len(words) >= rules.least_words or "?" in written.plain or written.links:
        return ""
    if any(character.isdigit() for character in written.plain):
        return ""
    return ngettext(
        "This has {count} word. Say what you know or did, so that others can use it.",
        "This has {count} words. Say what you know or did, so that others can use it.",
        len(words),
    ).format(count=len(words))


def _links(written: Written, rules: QualityRules) -> str:
    if len(written.links) <= rules.most_links:
        return ""
    return ngettext(
        "This links to {count} place; {most} is the most here. Keep the one that helps most, and say what it says.",
        "This links to {count} places; {most} is the most here. Keep the one that helps most, and say what it says.",
        len(written.links),
    ).format(count=len(written.links), most=rules.most_links)


def _own_company(written: Written) -> str:
    hosts = (_host(link) for link in written.links)
    own = next((host for host in hosts if _is_of(host, written.own_domains)), "")
    if not own:
        return ""
    return _(
        "{host} belongs to your own company. Say that it does, and what readers find there without buying anything."
    ).format(host=own)


def _promotion(written: Written) -> str:
    phrases = promotion_phrases(written.plain)
    words = len(plain_words(written.plain))
    is_own = any(_is_of(_host(link), written.own_domains) for link in written.links)
    # A text that links to something needs less of it to be mainly that.
    needed = 1 if is_own else 2
    if phrases < needed or (phrases < MANY_PHRASES and words > phrases * WORDS_A_PHRASE):
        return ""
    return _(
        "This reads mainly as advertising. Tell what you have seen work, and what it cost: then others can use it."
    )


def _shouting(written: Written) -> str:
    text = _ADDRESS.sub(" ", written.plain)
    letters = [character for character in text if character.isupper() or character.islower()]
    capitals = sum(1 for character in letters if character.isupper())
    shouted = sum(1 for word in _CAPITALS.findall(text) if word.isupper())
    if shouted < SHOUTED_WORDS or capitals * 100 < SHOUTED_SHARE * len(letters):
        return ""
    return _(
        "Most of this stands in capitals, which reads as shouting. Small letters are read more willingly."
    )


def _repeated(written: Written) -> str:
    text = same_text(written.plain)
    if len(text) < SAME_TEXT_LENGTH or text not in {same_text(earlier) for earlier in written.earlier}:
        return ""
    return _("You have posted the same words before. Link to them, or say what is different here.")


def _host(link: str) -> str:
    try:
        return (urlsplit(link).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def _is_of(host: str, domains: Collection[str]) -> bool:
    return bool(host) and any(host == domain or host.endswith(f".{domain}") for domain in domains)


def shares(verdicts: Sequence[Verdict]) -> dict[str, tuple[int, int, int]]:
    """For each rule and for `any`: how many texts it named, would hold and would refuse."""
    counted: dict[str, tuple[int, int, int]] = {}
    for rule in (*[rule.value for rule in Rule], "any"):
        outcomes = [
            finding.outcome
            for verdict in verdicts
            for finding in verdict.findings
            if finding.rule.value == rule
        ]
        if rule == "any":
            outcomes = [verdict.outcome for verdict in verdicts if verdict.findings]
        counted[rule] = (len(outcomes), outcomes.count(Outcome.HOLD), outcomes.count(Outcome.REFUSE))
    return counted
