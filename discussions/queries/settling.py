"""What the page of a topic shows of its state, and which of the acts that change it are open to the reader."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from discussions.models import Space, Topic, TopicKind
from discussions.permissions import (
    can_create_poll,
    can_pin_topic,
    can_rearrange_topic,
    can_settle_session,
    can_switch_replies,
)
from discussions.queries.rows import Link
from members.models import Member


def settle_links(topic: Topic, user: Member) -> list[Link]:
    """The pages on which this reader rearranges this topic. No query."""
    url, links = topic.get_absolute_url(), []
    if can_settle_session(user, topic):
        links.append(Link(_("Hours and hosts"), f"{url}session/edit/"))
    if can_rearrange_topic(user, topic):
        links.append(Link(_("Move"), f"{url}move/"))
        if topic.kind != TopicKind.SESSION:
            links.append(Link(_("Split"), f"{url}split/"))
            links.append(Link(_("Merge"), f"{url}merge/"))
    return links


def about_settling(topic: Topic, user: Member) -> dict[str, Any]:
    """What the page of a topic shows of its state, and the acts that change it. No query."""
    url = topic.get_absolute_url()
    may_pin, may_switch = can_pin_topic(user, topic), can_switch_replies(user, topic)
    about: dict[str, Any] = {
        "is_announcement": topic.kind == TopicKind.ANNOUNCEMENT,
        "session_url": f"{url}session/" if topic.kind == TopicKind.SESSION else "",
        "pin_reason": topic.pin_reason if topic.pinned_at else "",
        "is_pinned": topic.pinned_at is not None,
    }
    if not (may_pin or may_switch):
        return about
    return about | {
        "settle_links": settle_links(topic, user),
        "pin_url": f"{url}pin/" if may_pin and topic.pinned_at is None else "",
        "unpin_url": f"{url}unpin/" if may_pin and topic.pinned_at is not None else "",
        "replies_url": f"{url}replies/" if may_switch else "",
        "replies_label": (_("Take no replies") if topic.takes_replies else _("Take replies"))
        if may_switch
        else "",
    }


def create_poll_url(user: Member, place: Space | Topic) -> str:
    """Where to ask a poll there; '' where this reader may not. No query."""
    if not can_create_poll(user, place):
        return ""
    url = reverse("poll_create")
    return f"{url}?topic={place.pk}" if isinstance(place, Topic) else f"{url}?space={place.slug}"
