"""Who is told that a topic has moved, that a session begins, and that a question of a session was answered."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from community.core.models import NoticeReason
from community.core.notices import notify
from discussions.actions.notice import HIGHLIGHTS, notice_key
from discussions.models import Follow, QuestionSupport, SessionHost, SessionQuestion, Space, Topic
from discussions.models.reader import readers_of
from members.models import Member


def tell_of_move(topic: Topic, *, at: datetime, by_id: int | None) -> None:
    """Those who follow it and may still read it: where it stands now, and so who reads along."""
    notify(
        _followers(topic),
        reason=NoticeReason.FOLLOWING,
        key=f"moved:{topic.pk}",
        title=_("Now in {space}: {title}").format(space=topic.space.name, title=topic.title)[:200],
        url=topic.get_absolute_url(),
        target=topic,
        at=at,
        space_id=topic.space_id,
        actor_id=by_id,
    )


def tell_of_session(topic: Topic, *, at: datetime) -> None:
    """A session begins: its hosts, and those who follow its topic."""
    hosts = list(SessionHost.objects.filter(session=topic.pk).values_list("member", flat=True))
    notify(
        _readers(topic.space, hosts) + _followers(topic),
        reason=NoticeReason.FOLLOWING,
        key=f"session:{topic.pk}",
        title=_("Begins now: {title}").format(title=topic.title)[:200],
        url=reverse("session_show", args=[topic.pk]),
        target=topic,
        at=at,
        space_id=topic.space_id,
        at_once=True,
    )


def tell_of_session_answer(question: SessionQuestion, *, by_id: int | None) -> None:
    """Who asked, and who wanted to know it too. Under the key of the topic: one notice, whatever else is new there."""
    topic, answer = question.session.topic, question.answer
    if answer is None or answer.deleted_at is not None:
        return
    wanted = list(QuestionSupport.objects.filter(question=question).values_list("member", flat=True))
    if question.post.author_id is not None:
        wanted.append(question.post.author_id)
    notify(
        _readers(topic.space, wanted),
        reason=NoticeReason.ANSWERED,
        key=notice_key(topic.pk),
        title=topic.title,
        url=answer.get_absolute_url(),
        target=answer,
        at=answer.created_at,
        space_id=topic.space_id,
        actor_id=by_id,
    )


def tell_of_request(space: Space, *, at: datetime, by_id: int | None) -> None:
    """Somebody asks to be listed: those who look after the space decide."""
    stewards = list(space.stewardships.values_list("member", flat=True))
    notify(
        _readers(space, stewards),
        reason=NoticeReason.DECIDED,
        key=f"requests:{space.pk}",
        title=_("Somebody asks to be listed in {space}").format(space=space.name)[:200],
        url=reverse("space_people", args=[space.slug]),
        target=space,
        at=at,
        space_id=space.pk,
        actor_id=by_id,
    )


def tell_of_decision_on_request(space: Space, member: Member, *, at: datetime, by_id: int | None) -> None:
    """Listed: the space is open from now on. Who was not is told nothing that would name anybody."""
    notify(
        _readers(space, [member.pk]),
        reason=NoticeReason.DECIDED,
        key=f"listed:{space.pk}",
        title=_("You are listed in {space} now").format(space=space.name)[:200],
        url=space.get_absolute_url(),
        target=space,
        at=at,
        space_id=space.pk,
        actor_id=by_id,
    )


def _followers(topic: Topic) -> list[int]:
    follows = Follow.objects.filter(topic=topic, level__in=HIGHLIGHTS)
    return list(
        follows.filter(member__in=readers_of(topic.space)).order_by("pk").values_list("member", flat=True)
    )


def _readers(space: Space, member_ids: Sequence[int]) -> list[int]:
    """Those of them who may read the space."""
    return list(readers_of(space).filter(pk__in=member_ids).values_list("pk", flat=True))
