"""Sending words where a space has rules for them: explained first, then posted, held or refused (rule 8.3).

Page, API, mail and the welcome send by these; what writes the post itself, and what history and demo call, is
`create_post`. Questions and answers of a session and polls cannot wait: `refuse_what_would_be_held`.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.idempotency import is_settled
from community.core.models import Module
from community.core.permissions import require
from community.core.text import Prose, SourceFormat, plain_text, render
from discussions.actions.case import About, held_context, put_case
from discussions.actions.post import create_post, edit_post
from discussions.actions.topic import check_topic, clean_prose, clean_tags, clean_title, create_topic
from discussions.models import (
    CaseKind,
    CaseReason,
    HeldPost,
    Post,
    Space,
    SpaceRules,
    Topic,
    TopicKind,
)
from discussions.permissions import can_create_kind, can_reply, moderates
from discussions.quality import Outcome, Verdict, judge, read_written
from members.models import Employment, Member

# Of one's own posts the latest are compared with, since the same words again are a matter of days.
COMPARED: Final = 20
COMPARED_WITHIN: Final = timedelta(days=30)


class Coached(Invalid):
    """The rules of the space have something to say first; `verdict` is it, and the words are kept in the form."""

    code = "coached"

    def __init__(self, verdict: Verdict) -> None:
        then = (
            _("You can send it as it is: a moderator looks at it before others do.")
            if verdict.outcome == Outcome.HOLD
            else _("You can send it as it is.")
        )
        super().__init__(" ".join([*verdict.sentences, then]), fields={"body": [*verdict.sentences, then]})
        self.verdict = verdict


def judge_words(space_id: int, prose: Prose, *, by: Member, is_reply: bool = True) -> Verdict:
    """What the space's rules say of these words; nothing of those who moderate there. Three queries at most."""
    if moderates(by, space_id) or not by.uses(Module.MODERATION):
        return Verdict()
    row = SpaceRules.objects.filter(space=space_id).first()
    if row is None or row.quality.is_silent:
        return Verdict()
    html = render(prose.source, prose.source_format).html
    domains = (
        Employment.objects.current().filter(member=by).values_list("organisation__domains__domain", flat=True)
    )
    mine = Post.objects.filter(author=by, created_at__gt=timezone.now() - COMPARED_WITHIN).present()
    earlier = [
        plain_text(html) for html in mine.order_by("-created_at").values_list("html", flat=True)[:COMPARED]
    ]
    written = read_written(html, own_domains=[domain for domain in domains if domain], earlier=earlier)
    return judge(written, row.quality, is_reply=is_reply)


@transaction.atomic
def send_post(
    topic: Topic,
    *,
    by: Member,
    prose: Prose,
    reply_to: Post | None = None,
    idempotency_key: str | None = None,
    advised: Collection[str] = (),
) -> Post | HeldPost:
    """Reply, by the rules of the space. `advised` are the names of the rules whose advice the author has read.

    Returns the post, or what is held for a moderator. Raises `Coached` with advice that was not read yet, `Invalid`
    for what a rule refuses, and what `create_post` raises. The same idempotency key gives back the same.
    """
    held = _held_before(by, idempotency_key)
    if held is not None:
        return held
    prose = clean_prose(prose)
    verdict = _judge_once(topic.space_id, prose, by=by, key=idempotency_key)
    if not _is_held(verdict, advised):
        return create_post(topic, by=by, prose=prose, reply_to=reply_to, idempotency_key=idempotency_key)
    require(can_reply(by, topic))
    return _hold(
        HeldPost(space_id=topic.space_id, topic=topic, reply_to=reply_to),
        by=by,
        prose=prose,
        verdict=verdict,
        key=idempotency_key,
        title=topic.title,
    )


@transaction.atomic
def send_topic(
    space: Space,
    *,
    by: Member,
    kind: TopicKind,
    title: str,
    prose: Prose,
    tags: Sequence[str] = (),
    has_looked: bool = False,
    takes_replies: bool = True,
    idempotency_key: str | None = None,
    advised: Collection[str] = (),
) -> Topic | HeldPost:
    """Start a topic, by the rules of the space; as `send_post`, and what `create_topic` raises."""
    held = _held_before(by, idempotency_key)
    if held is not None:
        return held
    prose = clean_prose(prose)
    verdict = _judge_once(space.pk, prose, by=by, key=idempotency_key, is_reply=False)
    if not _is_held(verdict, advised):
        return create_topic(
            space,
            by=by,
            kind=kind,
            title=title,
            prose=prose,
            tags=tags,
            has_looked=has_looked,
            takes_replies=takes_replies,
            idempotency_key=idempotency_key,
        )
    require(can_create_kind(by, space, kind))
    title, names = clean_title(title), clean_tags(tags)
    # What the space asks beside is asked now: kept, it could not be posted without it.
    plain = render(prose.source, prose.source_format).plain
    check_topic(space, kind, plain=plain, tags=names, has_looked=has_looked)
    held = HeldPost(space=space, kind=kind, title=title, tags=names, takes_replies=takes_replies)
    return _hold(held, by=by, prose=prose, verdict=verdict, key=idempotency_key, title=title)


def change_post(
    post: Post, *, by: Member, prose: Prose, version: int, reason: str = "", advised: Collection[str] = ()
) -> Post:
    """Edit, by the rules of the space: what would be held cannot be slipped in by a change. What was there before is
    nobody's new fault. Raises `Coached`, `Invalid`, and what `edit_post` raises.
    """
    if by.pk == post.author_id:
        verdict = judge_words(post.topic.space_id, prose, by=by, is_reply=post.number > 1)
        before = Prose(post.source, SourceFormat(post.source_format))
        known = (
            judge_words(post.topic.space_id, before, by=by, is_reply=post.number > 1).rules
            if verdict.findings
            else []
        )
        new = Verdict(
            tuple(finding for finding in verdict.findings if finding.rule.value not in {*known, "repeated"})
        )
        if new.outcome in {Outcome.HOLD, Outcome.REFUSE}:
            raise _refused(new)
        _is_held(new, advised)
    return edit_post(post, by=by, prose=prose, version=version, reason=reason)


def refuse_what_would_be_held(
    space_id: int, prose: Prose, *, by: Member, field: str = "body", idempotency_key: str | None = None
) -> None:
    """For words that cannot wait. Raises `Invalid` with the sentences of the rules; mere advice passes.

    Brevity is no fault in what is asked, or answered to a question. `field` is where the form has the words.
    """
    verdict = _judge_once(space_id, prose, by=by, key=idempotency_key, is_reply=False)
    if verdict.outcome in {Outcome.HOLD, Outcome.REFUSE}:
        raise _refused(verdict, field=field)


def _judge_once(
    space_id: int, prose: Prose, *, by: Member, key: str | None, is_reply: bool = True
) -> Verdict:
    """As `judge_words`, and nothing of what this key has posted already: one's own words would be the same again."""
    verdict = judge_words(space_id, prose, by=by, is_reply=is_reply)
    return Verdict() if verdict.findings and is_settled(key, by=by) else verdict


def _is_held(verdict: Verdict, advised: Collection[str]) -> bool:
    """Whether it waits for a moderator. Raises what the author is to read first."""
    if verdict.outcome == Outcome.REFUSE:
        raise _refused(verdict)
    if any(rule not in advised for rule in verdict.rules):
        raise Coached(verdict)
    return verdict.outcome == Outcome.HOLD


def _refused(verdict: Verdict, *, field: str = "body") -> Invalid:
    return Invalid(" ".join(verdict.sentences), fields={field: verdict.sentences})


def _held_before(by: Member, key: str | None) -> HeldPost | None:
    if not key:
        return None
    return HeldPost.objects.filter(author=by, key=key[:80]).first()


def _hold(
    held: HeldPost, *, by: Member, prose: Prose, verdict: Verdict, key: str | None, title: str
) -> HeldPost:
    """Under the lock on the author, so that sending twice in the same moment holds it once."""
    Member.objects.select_for_update().get(pk=by.pk)
    before = _held_before(by, key)
    if before is not None:
        return before
    now = timezone.now()
    held.author, held.source, held.source_format = by, prose.source, prose.source_format
    held.html, held.rules = render(prose.source, prose.source_format).html, verdict.rules
    held.key, held.created_at = (key or "")[:80], now
    held.save()
    about = About(CaseKind.HELD, held.pk, by.pk, held.space_id, title, held_context(held))
    put_case(about, CaseReason.RULES, by=by, at=now, rules=verdict.rules)
    return held


def release_held(held: HeldPost, *, by: Member) -> Post:
    """What was held becomes a post of its author, now and with the next number. Only decisions about a case call this.

    Raises `Conflict` where it is posted already, and what keeps its author from writing there by now.
    """
    if held.posted_id is not None:
        raise Conflict(_("This is posted already."))
    author = Member.objects.with_current_roles().get(pk=held.author_id)
    prose = Prose(held.source, SourceFormat(held.source_format))
    if held.topic is not None:
        post = create_post(held.topic, by=author, prose=prose, reply_to=held.reply_to)
    else:
        topic = create_topic(
            held.space,
            by=author,
            kind=TopicKind(held.kind),
            title=held.title,
            prose=prose,
            tags=held.tags,
            has_looked=True,
            takes_replies=held.takes_replies,
        )
        post = topic.posts.get(number=1)
    held.posted = post
    held.save(update_fields=["posted"])
    return post
