"""Which language a text is written in, as far as the search has to know: it decides how words are stemmed.

Counted by the small words that every sentence has. A text too short to tell is in the language of the community.
"""

import re
from typing import Final

from django.conf import settings

#: Languages of ISO 639 for which PostgreSQL brings a stemmer, and what it calls them.
CONFIGS: Final = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}
_SMALL_WORDS: Final = {
    "english": "the of and to in is that it was for on are with as you this be at have from or by not but we they "
    "which our what your can has were their if will would there been do how",
    "german": "der die und das den nicht von sie ist des sich mit dem dass ein eine einer eines auf für im auch "
    "als wir haben wird sind war bei wie nach noch oder aber zum zur über ich es werden kann",
    "french": "le les des et est une que pour dans qui sur pas au par avec ce il sont nous vous mais ou cette "
    "aux été plus leur comme tout fait être nos du votre elle je ont",
    "spanish": "el los las del que y en una por con no para es al lo como más pero sus su ha este esta ya todo "
    "fue son entre cuando muy sin sobre también hay nos usted porque desde está",
    "italian": "il di che non una per gli della sono con del più anche dei nel ma alla le come questo dal ha "
    "delle noi questa essere nella lo era ai loro quando molto ci suo stato",
    "dutch": "de het een van en niet dat zijn op te voor met die aan hij wordt ook als bij maar naar heeft om "
    "uit er hebben wij werd nog dit deze kunnen wat hoe onze ik",
    "portuguese": "o os que do da em um para não uma com por mais as dos como mas foi ao ele das tem seu sua ou "
    "ser quando muito nos já também pelo pela até isso ela entre são você",
}
_SETS: Final = {config: frozenset(words.split()) for config, words in _SMALL_WORDS.items()}
_WORD: Final = re.compile(r"[^\W\d_]+")
# So much of a text is enough to tell, and bounds the work on long ones.
_LOOKED_AT: Final = 4_000
_ENOUGH: Final = 3


def community_config() -> str:
    """The name of the search configuration for the community's own language; `simple` stems nothing."""
    return CONFIGS.get(settings.LANGUAGE_CODE.split("-")[0], "simple")


def config_of(text: str) -> str:
    """The search configuration for a text: that of its own language, or of the community where it cannot be told."""
    words = _WORD.findall(text[:_LOOKED_AT].lower())
    default = community_config()
    counts = {config: sum(word in known for word in words) for config, known in _SETS.items()}
    best = max(counts, key=lambda config: (counts[config], config == default))
    others = max(count for config, count in counts.items() if config != best)
    # Neighbours share small words (de, que, die): half as much again decides.
    if counts[best] < _ENOUGH or counts[best] * 2 < others * 3:
        return default
    return best
