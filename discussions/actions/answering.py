"""Who is at a question: saying "I am answering this", asking somebody who may know, nudging the asker."""

from datetime import datetime, timedelta
from typing import Final

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Refused
from community.core.models import Audience, NoticeReason
from community.core.notices import notify
from community.core.permissions import require
from community.core.verbs import Verb
from discussions.actions.topic import lock_topic
from discussions.models import CLAIM_FOR, AnswerRequest, Claim, Topic, TopicKind, visible_space_ids
from discussions.permissions import can_claim_question, can_request_answer
from members.models import Member, QuestionBudget

NUDGE_AFTER: Final = timedelta(days=7)
# Older ones were let be: a nudge after months would only embarrass.
NUDGE_UNTIL: Final = timedelta(days=30)
NUDGE_BATCH: Final = 200
# How many people one asker may ask by name about one question.
MOST_REQUESTS: Final = 3


@transaction.atomic
def claim_question(topic: Topic, *, by: Member, at: datetime | None = None) -> Claim:
    """Rule 3.11: say "I am answering this", for 48 hours; saying it again begins them anew.

    Raises `Refused` where one may not answer, `Conflict` while somebody else is at it: writing an answer is open to
    everybody all the same.
    """
    topic = _lock(topic)
    require(can_claim_question(by, topic))
    now = at or timezone.now()
    present = Claim.objects.select_related("member").filter(topic=topic).first()
    if present is not None and present.member_id != by.pk and present.expires_at > now:
        raise Conflict(
            _("{name} is answering this already. You can write an answer as well.").format(
                name=present.member.display_name
            )
        )
    claim, _is_new = Claim.objects.update_or_create(
        topic=topic, defaults={"member": by, "created_at": now, "expires_at": now + CLAIM_FOR}
    )
    record(
        Verb.QUESTION_CLAIMED,
        by=by,
        at=at,
        target=topic,
        audience=Audience.SPACE,
        counterpart_id=topic.author_id,
        space_id=topic.space_id,
        topic_id=topic.pk,
    )
    return claim


@transaction.atomic
def release_question(topic: Topic, *, by: Member) -> None:
    """Take "I am answering this" back; without one nothing changes."""
    deleted, _by_model = Claim.objects.filter(topic=topic, member=by).delete()
    if deleted:
        record(
            Verb.QUESTION_RELEASED,
            by=by,
            target=topic,
            audience=Audience.SPACE,
            space_id=topic.space_id,
            topic_id=topic.pk,
        )


def end_claim(topic_id: int, member_id: int) -> None:
    """Who has answered is not answering any more. Idempotent."""
    Claim.objects.filter(topic=topic_id, member=member_id).delete()


@transaction.atomic
def request_answer(topic: Topic, member: Member, *, by: Member) -> AnswerRequest:
    """Rules 2.5 and 3.11: ask a member who may know; asking twice changes nothing.

    Raises `Refused` where that member cannot read the question or takes no more questions this month, `Conflict`
    where the asker has asked enough people.
    """
    topic = _lock(topic)
    require(can_request_answer(by, topic))
    present = AnswerRequest.objects.filter(topic=topic, member=member).first()
    if present is not None:
        return present
    if member.pk == topic.author_id or topic.space_id not in visible_space_ids(member):
        raise Refused(_("This person cannot be asked here. Choose somebody else."))
    if member.paused_until is not None or not _takes_more(member):
        raise Refused(
            _("{name} takes no more questions at the moment. Choose somebody else.").format(
                name=member.display_name
            )
        )
    if AnswerRequest.objects.filter(topic=topic, asked_by=by)[MOST_REQUESTS - 1 :].exists():
        raise Conflict(
            _("You have asked {limit} people by name. Give them a little time.").format(limit=MOST_REQUESTS)
        )
    asked = AnswerRequest.objects.create(topic=topic, member=member, asked_by=by)
    record(
        Verb.ANSWER_REQUESTED,
        by=by,
        target=topic,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        space_id=topic.space_id,
        topic_id=topic.pk,
    )
    return asked


@shared_task(name="discussions.nudge_askers")
def nudge_askers() -> int:
    """Rule 3.11: after seven days, ask whoever asked whether one of the replies answered it; once. Returns how many."""
    now = timezone.now()
    with transaction.atomic():
        questions = list(
            Topic.objects.present()
            .select_for_update(skip_locked=True)
            .filter(
                kind=TopicKind.QUESTION,
                accepted_post__isnull=True,
                closed_at__isnull=True,
                author__isnull=False,
                nudged_at__isnull=True,
                post_count__gt=1,
                created_at__lt=now - NUDGE_AFTER,
                created_at__gt=now - NUDGE_UNTIL,
            )
            .order_by("created_at")[:NUDGE_BATCH]
        )
        for topic in questions:
            assert topic.author_id is not None
            notify(
                [topic.author_id],
                reason=NoticeReason.NUDGED,
                key=f"nudge:{topic.pk}",
                title=_("Did a reply answer your question? {title}").format(title=topic.title)[:200],
                url=topic.get_absolute_url(),
                target=topic,
                at=now,
                space_id=topic.space_id,
            )
        Topic.objects.filter(pk__in=[topic.pk for topic in questions]).update(nudged_at=now)
    return len(questions)


def _takes_more(member: Member) -> bool:
    """Whether the member's monthly question budget leaves room; without one there is no limit."""
    budget = QuestionBudget.objects.filter(member=member).first()
    if budget is None:
        return True
    month = timezone.now() - timedelta(days=30)
    asked = AnswerRequest.objects.filter(member=member, created_at__gt=month)
    return not asked[budget.per_month - 1 :].exists() if budget.per_month else False


def _lock(topic: Topic) -> Topic:
    return lock_topic(topic.pk)
