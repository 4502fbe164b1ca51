"""What the people of the demo follow, marked, reacted to and are answering, by the actions and in the past."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from discussions.actions.answering import claim_question
from discussions.actions.bookmark import bookmark_post
from discussions.actions.follow import follow
from discussions.actions.post import react_to_post
from discussions.actions.saved_view import save_view
from discussions.models import FollowLevel, Post, ReactionKind, Tag, Topic, TopicKind, visible_spaces
from discussions.permissions import can_claim_question, can_thank_post
from members.models import Member

_KINDS: Final = (ReactionKind.INSIGHTFUL, ReactionKind.AGREE, ReactionKind.ME_TOO)

# Of so many posts one is reacted to: each act takes its time, and the first run of the demo waits for all of them.
_EVERY: Final = 8


def make_reading(members: Mapping[str, Member], now: datetime) -> None:
    """A few of each, spread over everybody by their place in the cast, so that each page has something to show."""
    people = [member for member in members.values() if member.is_admitted]
    tags = list(Tag.objects.order_by("name"))
    for place, person in enumerate(people):
        rooms = [space for space in visible_spaces(person) if space.archived_at is None]
        follow(rooms[place % len(rooms)], FollowLevel.EVERYTHING, by=person)
        follow(rooms[(place + 1) % len(rooms)], FollowLevel.HIGHLIGHTS, by=person)
        follow(tags[place % len(tags)], FollowLevel.EVERYTHING, by=person)
        _mark(person, place, now)
    _react(people, now)
    _claim(people, now)


def _mark(person: Member, place: int, now: datetime) -> None:
    posts = list(
        Post.objects.visible_to(person).select_related("topic").order_by("-pk")[place : place + 40 : 20]
    )
    for number, post in enumerate(posts):
        bookmark_post(
            post,
            by=person,
            note="" if number else "For the next review",
            remind_at=now + timedelta(days=3) if number else None,
            unless_answered=bool(number),
        )
    save_view(by=person, name="Open questions", query="list=unanswered", is_digest=place % 2 == 0)


def _react(people: list[Member], now: datetime) -> None:
    posts = list(Post.objects.select_related("topic__space").order_by("pk"))[::_EVERY]
    for number, post in enumerate(posts):
        for step in range(1 + number % 3):
            person = people[(number * 3 + step) % len(people)]
            if person.joined_at < post.created_at and can_thank_post(person, post):
                at = min(post.created_at + timedelta(hours=3 + step), now)
                react_to_post(post, _KINDS[(number + step) % len(_KINDS)], by=person, at=at)


def _claim(people: list[Member], now: datetime) -> None:
    questions = Topic.objects.present().filter(kind=TopicKind.QUESTION, accepted_post=None, closed_at=None)
    for place, topic in enumerate(questions.select_related("space").order_by("-created_at")[:4:2]):
        person = next((one for one in people[place * 5 :] if can_claim_question(one, topic)), None)
        if person is not None:
            claim_question(topic, by=person, at=max(topic.created_at, now - timedelta(hours=7)))
