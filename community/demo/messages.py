"""Conversations of the demo community: one that goes on, a small group, and first messages in each of their states."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from community.core.search import note_miss
from community.core.text import Prose, SourceFormat
from discussions.actions.message import (
    answer_conversation,
    report_message,
    send_message,
    set_contact_rule,
    start_conversation,
)
from discussions.models import ContactRule, Message, ParticipantState, ReportReason
from members.models import Member

# Who writes, how many hours ago, and what.
_TWO = (
    (
        "ben",
        200.0,
        "Your answer about index clauses saved our week. May I send you the draft before it goes to legal?",
    ),
    ("amara", 197.0, "With pleasure. Send the clause alone, not the whole contract: I read on trains."),
    (
        "ben",
        174.0,
        "Here it is:\n\n> The price follows the index of the month before delivery, within 4 per cent.\n\nToo narrow?",
    ),
    (
        "amara",
        171.0,
        "For sugar, yes. We use **7 per cent** and review the band twice a year. Nobody has complained.",
    ),
    ("ben", 26.0, "They took it, at six. Thank you: I owe you one."),
    ("amara", 25.0, "You do not. But tell the thread how it went, the others are waiting for exactly that."),
)
_GROUP = (
    ("katrin", 90.0, "The three of us hedge small volumes. Shall we compare notes before the autumn round?"),
    ("ben", 88.0, "Yes. Thursday after three suits me."),
    ("wim", 70.0, "Thursday. I bring our figures of the last two years, without the suppliers' names."),
    ("katrin", 5.0, "Good. I have booked an hour. Agenda: timing, broker fees, what we would not do again."),
)
_MISSES = ("incoterms 2030", "penalty clause template", "carbon border", "penalty clause template")


def make_messages(members: Mapping[str, Member], now: datetime) -> None:
    """By the actions that people use. Nobody but those who take part finds any of it."""

    def at(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    _, hours, words = _TWO[0]
    first = start_conversation([members["amara"]], by=members["ben"], prose=_prose(words), at=at(hours))
    for key, hours, words in _TWO[1:]:
        send_message(first.conversation, by=members[key], prose=_prose(words), at=at(hours))
    key, hours, words = _GROUP[0]
    group = start_conversation(
        [members["ben"], members["wim"]],
        by=members[key],
        prose=_prose(words),
        name="Small volumes",
        at=at(hours),
    )
    for key, hours, words in _GROUP[1:]:
        send_message(group.conversation, by=members[key], prose=_prose(words), at=at(hours))
    _first_message(
        members,
        "lucy",
        "ben",
        "We met at the roundtable. Which forwarder did you mean, if you may say?",
        at(3),
    )
    put_aside = _first_message(
        members, "mai", "ben", "Would you have half an hour for a survey on category plans?", at(60)
    )
    answer_conversation(put_aside.conversation, state=ParticipantState.IGNORED, by=members["ben"])
    advert = _first_message(
        members,
        "rob",
        "sofia",
        "We have a 20 per cent offer for members until Friday. Shall I call you?",
        at(30),
    )
    report_message(
        advert,
        by=members["sofia"],
        reason=ReportReason.ADVERTISING,
        words="The third one this month.",
        at=at(29),
    )
    set_contact_rule(ContactRule.FOLLOWED, by=members["greta"])
    for words in _MISSES:
        note_miss(words)


def _first_message(members: Mapping[str, Member], one: str, other: str, words: str, at: datetime) -> Message:
    return start_conversation([members[other]], by=members[one], prose=_prose(words), at=at)


def _prose(words: str) -> Prose:
    return Prose(words, SourceFormat.MARKDOWN)
