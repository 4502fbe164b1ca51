"""Who looks after the spaces of the demo and what they ask for, an announcement, and a session with its questions."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from community.core.text import Prose, SourceFormat
from discussions.actions.ask_session import answer_question, ask_question, settle_session, support_question
from discussions.actions.steward import Rules, name_steward, request_space, settle_space
from discussions.actions.topic import create_topic
from discussions.models import Space, TopicKind, forget_visible_spaces
from members.models import Member

OUTLINE: Final = (
    "**The situation:** what you buy, how much of it, and what changed\n\n"
    "**What you tried:**\n\n**What you want to know:**"
)
SESSION_TITLE: Final = "Ask Henrik anything about ending a framework contract early"
SESSION_TEXT: Final = (
    "Henrik has ended four framework contracts before their time, one of them in court. He answers for an hour. "
    "Write your question beforehand, or say that you want to know one that stands here already."
)
# Who asks, who wants to know it too, and Henrik's answer.
QUESTIONS: Final = (
    (
        "grace",
        "How much notice did you really give, whatever the contract said?",
        ("wim", "saskia", "ben", "nadia"),
        "Twice what was agreed, in writing and after a call. The call mattered more: nobody likes to read it first.",
    ),
    (
        "ben",
        "Did you pay for the stock they had made for you?",
        ("grace", "amara"),
        "Half of it, against delivery. We had asked for the stock in an e-mail; the contract had never promised it.",
    ),
    ("nadia", "Would you do the one in court again?", ("wim", "ben", "lucy"), ""),
    ("amara", "What did the suppliers who stayed make of it?", ("ruth",), ""),
)
NEWS_TITLE: Final = "The house rules have a second version"
NEWS_TEXT: Final = (
    "One line is new: say whom you buy for when you recommend a supplier. The page about the terms shows what changed. "
    "Nothing to answer here; if it bothers you, start a topic about it."
)


def make_places(members: Mapping[str, Member], spaces: Mapping[str, Space], now: datetime) -> None:
    """Stewards, rules, outlines, an announcement without replies, and a session that runs now."""
    at = now - timedelta(days=20)
    for member in members.values():
        forget_visible_spaces(member)
    name_steward(spaces["suppliers"], members["wim"], by=None, at=at)
    name_steward(spaces["contracts"], members["henrik"], by=None, at=at)
    _announce(members["ines"], spaces["announcements"], now - timedelta(days=6))
    _hold_session(members, spaces["contracts"], now)
    settle_space(
        spaces["contracts"],
        by=None,
        rules=Rules(least_length=80, needs_tag=True, look_first=True),
        templates={TopicKind.QUESTION: OUTLINE},
        takes_requests=False,
    )
    council = settle_space(spaces["council"], by=None, rules=Rules(), templates={}, takes_requests=True)
    request_space(
        council, by=members["amara"], words="I would like to help with the rooms and the programme."
    )


def _announce(by: Member, space: Space, at: datetime) -> None:
    space.topic_kinds = [*space.topic_kinds, TopicKind.ANNOUNCEMENT.value]
    space.save(update_fields=["topic_kinds"])
    create_topic(
        space,
        by=by,
        kind=TopicKind.ANNOUNCEMENT,
        title=NEWS_TITLE,
        prose=_prose(NEWS_TEXT),
        takes_replies=False,
        at=at,
    )


def _hold_session(members: Mapping[str, Member], space: Space, now: datetime) -> None:
    """It runs while somebody looks at the demo for the first time: some answers are there, others are waited for."""
    space.topic_kinds = [*space.topic_kinds, TopicKind.SESSION.value]
    space.save(update_fields=["topic_kinds"])
    host, opens_at = members["henrik"], now - timedelta(days=5)
    topic = create_topic(
        space,
        by=members["ines"],
        kind=TopicKind.SESSION,
        title=SESSION_TITLE,
        prose=_prose(SESSION_TEXT),
        tags=("contracts",),
        at=opens_at,
    )
    session = settle_session(
        topic,
        by=None,
        opens_at=opens_at,
        starts_at=now - timedelta(minutes=30),
        ends_at=now + timedelta(hours=6),
        hosts=[host],
        at=opens_at,
    )
    for place, (key, text, others, answer) in enumerate(QUESTIONS, start=1):
        asked_at = opens_at + timedelta(hours=7 * place)
        question = ask_question(session, by=members[key], prose=_prose(text), at=asked_at)
        for other in others:
            question = support_question(question, by=members[other], at=asked_at + timedelta(hours=2))
        if answer:
            answer_question(
                question, by=host, prose=_prose(answer), at=now - timedelta(minutes=25 - 5 * place)
            )


def _prose(text: str) -> Prose:
    return Prose(text, SourceFormat.MARKDOWN)
