"""The queue of the demo: what was reported, held, decided and returned lately, and a critic who waits for an answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from community.core.text import Prose, SourceFormat
from discussions.actions.case import report_post
from discussions.actions.listening import flag_listening
from discussions.actions.moderation import Terms, rule_case
from discussions.actions.steward import propose_steward, settle_quality
from discussions.actions.submission import send_post
from discussions.models import (
    Case,
    CaseKind,
    Post,
    ReportReason,
    RulingAct,
    Space,
    Topic,
    forget_visible_spaces,
)
from discussions.quality import ARTICLE_COMMENTS, QualityRules
from members.models import Member

HELD: Final = "Great post, thanks for sharing!"
RETURNED: Final = (
    "We wrote about this at https://nordwind.example/blog/second-sources and at https://nordwind.example/webinar, "
    "and the recording is worth an hour."
)


def make_moderation(members: Mapping[str, Member], spaces: Mapping[str, Space], now: datetime) -> None:
    """One report to decide, one decided, two texts held of which one was returned, a proposal and a critic."""
    for member in members.values():
        forget_visible_spaces(member)
    space, moderator = spaces["suppliers"], members["ines"]
    people = [member for member in members.values() if member.is_admitted and not member.is_staff]
    replies = Post.objects.present().filter(topic__space=space, number__gt=1, author__in=people)
    posts = list(replies.select_related("topic__space", "author").order_by("-pk")[:2])
    for post, words in zip(posts, ("Sounds like an advertisement to me.", "Off the point."), strict=False):
        reporter = next(member for member in people if member.pk != post.author_id)
        report_post(
            post, by=reporter, reason=ReportReason.ADVERTISING, words=words, at=now - timedelta(hours=5)
        )
    decided = Case.objects.filter(kind=CaseKind.POST).order_by("pk").first()
    if decided is not None:
        rule_case(decided, RulingAct.KEEP, by=moderator, version=decided.version)
    _hold_something(members, space, moderator)
    propose_steward(
        space, members["grace"], by=members["ben"], words="Answers half of the questions here already."
    )
    critic = Topic.objects.present().filter(space=space, author__in=people).order_by("-last_post_at").first()
    if critic is not None:
        flag_listening(critic, by=moderator)


def _hold_something(members: Mapping[str, Member], space: Space, moderator: Member) -> None:
    """The rules are used for a moment, so that nothing else of the demo is judged by them."""
    topics = Topic.objects.present().filter(space=space, closed_at__isnull=True, takes_replies=True)
    topic = topics.select_related("space").order_by("-last_post_at")[0]
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    for name, text in (("ben", HELD), ("grace", RETURNED)):
        send_post(
            topic,
            by=members[name],
            prose=Prose(text, SourceFormat.MARKDOWN),
            advised=["too_short", "links", "own_company", "promotion"],
        )
    settle_quality(space, by=None, rules=QualityRules())
    returned = Case.objects.filter(kind=CaseKind.HELD).order_by("-pk").first()
    if returned is not None:
        words = "Please keep the one link that helps most, and say in a sentence what readers find there."
        rule_case(
            returned, RulingAct.RETURN, by=moderator, version=returned.version, terms=Terms(words=words)
        )
