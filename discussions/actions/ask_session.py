"""Ask-me-anything sessions: settling hours and hosts, asking, wanting to know too, answering, and their beginning."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from celery import shared_task
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import Prose
from community.core.verbs import Verb
from discussions.actions.post import create_post
from discussions.actions.submission import refuse_what_would_be_held
from discussions.actions.topic import lock_topic
from discussions.models import AskSession, Post, QuestionSupport, SessionHost, SessionQuestion, Topic
from discussions.permissions import (
    can_answer_question,
    can_ask_in_session,
    can_settle_session,
    can_support_question,
)
from members.models import Member

logger = logging.getLogger(__name__)

HOSTS: Final = 5
BEGIN_BATCH: Final = 100


@transaction.atomic
def settle_session(
    topic: Topic,
    *,
    by: Member | None,
    opens_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    hosts: Sequence[Member],
    at: datetime | None = None,
) -> AskSession:
    """Say when questions are taken, when the session starts and ends, and who answers; again to change it.

    Hours that move raise the number by which calendars know the newer entry. `by` is None for the demo. Raises
    `Invalid` for hours out of order, without a host, or with more than five.
    """
    topic = lock_topic(topic.pk)
    if by is not None:
        require(can_settle_session(by, topic))
    _check_hours(opens_at, starts_at, ends_at)
    if not 0 < len({host.pk for host in hosts}) <= HOSTS:
        sentence = _("A session has one to {count} hosts, who answer.").format(count=HOSTS)
        raise Invalid(sentence, fields={"hosts": [sentence]})
    hours = {"opens_at": opens_at, "starts_at": starts_at, "ends_at": ends_at}
    now = at or timezone.now()
    session, is_new = AskSession.objects.get_or_create(topic=topic, defaults={**hours, "updated_at": now})
    if not is_new:
        moved = (session.starts_at, session.ends_at) != (starts_at, ends_at)
        # A start that lies ahead again is told again.
        begun_at = None if starts_at > now else session.begun_at
        AskSession.objects.filter(pk=session.pk).update(
            **hours, updated_at=now, begun_at=begun_at, sequence=F("sequence") + int(moved)
        )
        session.refresh_from_db()
    wanted = {host.pk for host in hosts}
    session.hosts.exclude(member__in=wanted).delete()
    SessionHost.objects.bulk_create(
        [SessionHost(session=session, member_id=host) for host in sorted(wanted)], ignore_conflicts=True
    )
    session.topic = topic
    record(
        Verb.SESSION_SETTLED,
        by=by,
        at=at,
        target=topic,
        audience=Audience.SPACE,
        space_id=topic.space_id,
        topic_id=topic.pk,
        starts_at=starts_at.isoformat(),
        host_ids=sorted(wanted),
    )
    return session


@transaction.atomic
def ask_question(
    session: AskSession,
    *,
    by: Member,
    prose: Prose,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> SessionQuestion:
    """Write a post that is a question to the hosts. Raises `Refused` before the questions open and after the end.

    An hour has no time for a moderator: what the rules would hold is refused in their sentences (`Invalid`).
    """
    session = AskSession.objects.select_related("topic__space").get(pk=session.pk)
    require(can_ask_in_session(by, session, at or timezone.now()))
    refuse_what_would_be_held(session.topic.space_id, prose, by=by, idempotency_key=idempotency_key)
    post = create_post(session.topic, by=by, prose=prose, idempotency_key=idempotency_key, at=at)
    question, is_new = SessionQuestion.objects.get_or_create(session=session, post=post)
    if is_new:
        _record(Verb.SESSION_QUESTION_ASKED, post, by=by, at=at, post_id=post.pk)
    return question


@transaction.atomic
def answer_question(
    question: SessionQuestion,
    *,
    by: Member,
    prose: Prose,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> SessionQuestion:
    """A host answers: a reply to the question, which then stands first in the transcript.

    A second host may add to it; the first answer keeps the place. Raises `Refused` for anybody but the hosts, and
    `Invalid` as `ask_question` does.
    """
    lock_topic(question.session_id)
    question = _lock(question)
    require(can_answer_question(by, question))
    refuse_what_would_be_held(question.session.topic.space_id, prose, by=by, idempotency_key=idempotency_key)
    post = create_post(
        question.session.topic,
        by=by,
        prose=prose,
        reply_to=question.post,
        idempotency_key=idempotency_key,
        at=at,
    )
    if question.answer_id is None:
        question.answer, question.answered_at = post, post.created_at
        question.save(update_fields=["answer", "answered_at"])
        _record(
            Verb.SESSION_QUESTION_ANSWERED,
            question.post,
            by=by,
            at=at,
            counterpart_id=question.post.author_id,
            post_id=question.post_id,
            answer_id=post.pk,
        )
    return question


@transaction.atomic
def support_question(question: SessionQuestion, *, by: Member, at: datetime | None = None) -> SessionQuestion:
    """I want to know this too: once a member; saying it again changes nothing."""
    question = _lock(question)
    require(can_support_question(by, question))
    _support, is_new = QuestionSupport.objects.get_or_create(
        question=question, member=by, defaults={"created_at": at or timezone.now()}
    )
    if is_new:
        question.support_count += 1
        question.save(update_fields=["support_count"])
        _record(Verb.SESSION_QUESTION_SUPPORTED, question.post, by=by, at=at)
    return question


@transaction.atomic
def unsupport_question(question: SessionQuestion, *, by: Member) -> SessionQuestion:
    """Take it back; without one nothing changes."""
    question = _lock(question)
    require(can_support_question(by, question))
    deleted, _by_model = QuestionSupport.objects.filter(question=question, member=by).delete()
    if deleted:
        question.support_count -= 1
        question.save(update_fields=["support_count"])
        _record(Verb.SESSION_QUESTION_UNSUPPORTED, question.post, by=by)
    return question


@shared_task(name="discussions.begin_sessions")
def begin_sessions() -> int:
    """Say once of each session whose hour has come that it begins. Returns how many."""
    with transaction.atomic():
        due = list(
            AskSession.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("topic__space")
            .filter(starts_at__lte=Now(), begun_at__isnull=True)
            .order_by("starts_at")[:BEGIN_BATCH]
        )
        for session in due:
            session.begun_at = timezone.now()
            session.save(update_fields=["begun_at"])
            # One that the clock missed by days begins no more.
            if session.ends_at > session.begun_at and session.topic.deleted_at is None:
                record(
                    Verb.SESSION_BEGUN,
                    by=None,
                    target=session.topic,
                    audience=Audience.SPACE,
                    space_id=session.topic.space_id,
                    topic_id=session.topic_id,
                )
    return len(due)


def _lock(question: SessionQuestion) -> SessionQuestion:
    locked = SessionQuestion.objects.select_for_update().get(pk=question.pk)
    locked.session = AskSession.objects.select_related("topic__space").get(pk=locked.session_id)
    if locked.post.deleted_at is not None:
        raise Conflict(_("This question was deleted meanwhile."))
    locked.post.topic = locked.session.topic
    return locked


def _check_hours(opens_at: datetime, starts_at: datetime, ends_at: datetime) -> None:
    if opens_at > starts_at:
        sentence = _("Questions open before the session starts.")
        raise Invalid(sentence, fields={"opens_at": [sentence]})
    if ends_at <= starts_at:
        sentence = _("The end comes after the start.")
        raise Invalid(sentence, fields={"ends_at": [sentence]})


def _record(
    verb: Verb,
    post: Post,
    *,
    by: Member,
    at: datetime | None = None,
    counterpart_id: int | None = None,
    **data: int,
) -> None:
    record(
        verb,
        by=by,
        at=at,
        target=post,
        audience=Audience.SPACE,
        counterpart_id=counterpart_id if counterpart_id != by.pk else None,
        space_id=post.topic.space_id,
        topic_id=post.topic_id,
        **data,
    )
