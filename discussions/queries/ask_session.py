"""The page of an ask-me-anything session and its transcript."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.moments import Clock
from discussions.models import AskSession, Post, QuestionSupport, SessionQuestion, Topic
from discussions.permissions import can_ask_in_session, can_reply, can_settle_session
from discussions.queries.rows import Link, Row
from discussions.queries.topic import readable_by
from members.models import Member

QUESTIONS_SHOWN = 300


@dataclass(frozen=True, slots=True)
class QuestionRow(Row):
    """A question and its answer, with the acts open to this reader ('' where one is not)."""

    id: int
    url: str
    author_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    html: SafeString
    support_label: str
    support_url: str
    supported: bool
    answer_url: str
    answer_post_url: str
    answerer_name: str
    answer_html: SafeString | str


@dataclass(frozen=True, slots=True)
class SessionPage(Row):
    """Everything about a session. Without hours it is still being prepared."""

    title: str
    url: str
    topic_url: str
    space_name: str
    space_url: str
    readable_by: str
    state: str
    state_label: str
    starts_exact: str
    starts_iso: str
    ends_exact: str
    ends_iso: str
    hosts: list[Link]
    is_host: bool
    open_questions: list[QuestionRow]
    answered: list[QuestionRow]
    ask_url: str
    why_not: str
    edit_url: str
    calendar_url: str
    transcript_url: str


def session_page(topic: Topic, user: Member, *, now: datetime | None = None) -> SessionPage:
    """A session with its questions: open ones by support, answered ones in the order of their answers.

    Three queries, whatever is asked in it; one where nothing is settled yet.
    """
    now = now or timezone.now()
    session = AskSession.objects.filter(topic=topic).first()
    url = topic.get_absolute_url()
    clock = Clock(now)
    hosts: list[Link] = []
    is_host, open_rows, answered = False, list[QuestionRow](), list[QuestionRow]()
    ask_url, why_not = "", _("The hours of this session are not settled yet.")
    if session is not None:
        session.topic = topic
        rows = session.hosts.select_related("member").order_by("pk")
        hosts = [Link(row.member.display_name, row.member.get_absolute_url()) for row in rows]
        is_host = any(row.member_id == user.pk for row in rows)
        may_ask = can_ask_in_session(user, session, now)
        ask_url = f"{url}session/ask/" if may_ask else ""
        why_not = "" if may_ask else getattr(may_ask, "reason", "")
        may_answer = is_host and bool(can_reply(user, topic))
        for question in _questions(session, user):
            row = _row(question, user, topic, clock, may_answer=may_answer)
            (open_rows if question.answered_at is None else answered).append(row)
    starts = clock.moment(session.starts_at) if session else None
    ends = clock.moment(session.ends_at) if session else None
    state, state_label = _state(session, now, clock)
    return SessionPage(
        title=topic.title,
        url=f"{url}session/",
        topic_url=url,
        space_name=topic.space.name,
        space_url=topic.space.get_absolute_url(),
        readable_by=readable_by(topic.space),
        state=state,
        state_label=state_label,
        starts_exact=starts.exact if starts else "",
        starts_iso=starts.iso if starts else "",
        ends_exact=ends.exact if ends else "",
        ends_iso=ends.iso if ends else "",
        hosts=hosts,
        is_host=is_host,
        open_questions=open_rows,
        answered=answered,
        ask_url=ask_url,
        why_not=why_not,
        edit_url=f"{url}session/edit/" if can_settle_session(user, topic) else "",
        calendar_url=f"{url}session/calendar/" if session else "",
        transcript_url=f"{url}session/transcript/",
    )


def _questions(session: AskSession, user: Member) -> list[SessionQuestion]:
    mine = QuestionSupport.objects.filter(question=OuterRef("pk"), member=user.pk)
    found = (
        SessionQuestion.objects.filter(session=session, post__in=Post.objects.visible_to(user))
        .select_related("post__author", "answer__author")
        .annotate(supported=Exists(mine))
        .order_by("answered_at", "-support_count", "pk")[:QUESTIONS_SHOWN]
    )
    return list(found)


def _row(
    question: SessionQuestion, user: Member, topic: Topic, clock: Clock, *, may_answer: bool
) -> QuestionRow:
    post, answer = question.post, question.answer
    when = clock.moment(post.created_at)
    base = reverse("question_support", args=[question.pk])[: -len("support/")]
    # An answer that was taken away leaves the question answered, without its words.
    shown = answer if answer is not None and answer.deleted_at is None else None
    supported: bool = question.supported  # type: ignore[attr-defined]
    may_support = question.answered_at is None and post.author_id != user.pk
    return QuestionRow(
        id=question.pk,
        url=topic.get_post_url(post.number),
        author_name=_name(post.author),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        # Sanitised when it was stored (rule 3.4).
        html=mark_safe(post.html),  # noqa: S308
        support_label=ngettext(
            "{count} more wants to know this", "{count} more want to know this", question.support_count
        ).format(count=question.support_count)
        if question.support_count
        else "",
        support_url=f"{base}{'unsupport' if supported else 'support'}/" if may_support else "",
        supported=supported,
        answer_url=f"{base}answer/" if may_answer and question.answered_at is None else "",
        answer_post_url=topic.get_post_url(shown.number) if shown else "",
        answerer_name=_name(shown.author) if shown else "",
        answer_html=mark_safe(shown.html) if shown else "",  # noqa: S308
    )


def _state(session: AskSession | None, now: datetime, clock: Clock) -> tuple[str, str]:
    if session is None:
        return "prepared", _("Being prepared")
    if now < session.opens_at:
        return "ahead", _("Questions from {when}").format(when=clock.moment(session.opens_at).exact)
    if now < session.starts_at:
        return "asking", _("Questions are open")
    if now < session.ends_at:
        return "running", _("Running now")
    return "ended", _("Ended")


def _name(author: Member | None) -> str:
    return author.display_name if author else _("A former member")
