"""Who is told what about the library: contributors of their words, owners of what waits for them."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.models import NoticeReason
from community.core.notices import notify
from discussions.models import Consent, Resource, ResourceContributor, Space
from discussions.models.reader import readers_of


def tell_contributors_of_question(resource: Resource, *, at: datetime) -> None:
    """Rule 5.2: five days to approve, edit, go nameless or refuse. To each their own line, and nobody is named."""
    asked = resource.contributors.filter(choice=Consent.WAITING, asked_at__isnull=False)
    for contributor in asked:
        assert contributor.due_at is not None
        notify(
            _readers(resource.space, [contributor.member_id]),
            reason=NoticeReason.QUOTED,
            key=f"consent:{resource.pk}",
            title=_("May your words stand in the library? {title}").format(title=resource.title)[:200],
            url=reverse("resource_consent", args=[resource.pk]),
            target=resource,
            at=at,
            space_id=resource.space_id,
            at_once=True,
        )


def tell_contributors_of_use(resource: Resource, *, at: datetime) -> None:
    """Rule 5.2: how their words were used."""
    rows = ResourceContributor.objects.filter(resource=resource).exclude(choice=Consent.REFUSED)
    for contributor in rows.prefetch_related("passages"):
        count = len(contributor.passages.all())
        if not count or contributor.member_id == resource.owner_id:
            continue
        words = (
            ngettext(
                "Published with {count} passage of yours, with your name: {title}",
                "Published with {count} passages of yours, with your name: {title}",
                count,
            )
            if contributor.is_named
            else ngettext(
                "Published with {count} passage of yours, without your name: {title}",
                "Published with {count} passages of yours, without your name: {title}",
                count,
            )
        )
        notify(
            _readers(resource.space, [contributor.member_id]),
            reason=NoticeReason.DECIDED,
            key=f"consent:{resource.pk}",
            title=words.format(count=count, title=resource.title)[:200],
            url=reverse("resource_consent", args=[resource.pk]),
            target=resource,
            at=at,
            space_id=resource.space_id,
            at_once=True,
        )


def tell_owner(
    resource: Resource,
    title: str,
    *,
    at: datetime,
    by_id: int | None = None,
    reason: NoticeReason = NoticeReason.LIBRARY,
) -> None:
    """One line a resource: an answer, replies in its thread, and at once a decision. Whoever answered is not named."""
    notify(
        _readers(resource.space, [resource.owner_id]),
        reason=reason,
        key=f"resource:{resource.pk}",
        title=title.format(title=resource.title)[:200],
        url=resource.get_absolute_url(),
        target=resource,
        at=at,
        space_id=resource.space_id,
        actor_id=by_id,
        at_once=reason == NoticeReason.DECIDED,
    )


def tell_owner_of_review(resource: Resource, *, at: datetime) -> None:
    """Rule 5.1: its review date is over."""
    tell_owner(resource, _("Is this still right? {title}"), at=at)


def tell_owner_of_replies(resource: Resource, *, at: datetime, by_id: int | None) -> None:
    """Rule 5.2: the thread has moved on."""
    if by_id != resource.owner_id:
        tell_owner(resource, _("The thread has moved on: {title}"), at=at)


def _readers(space: Space, member_ids: list[int]) -> list[int]:
    """Those of them who may read the space."""
    return list(readers_of(space).filter(pk__in=member_ids).values_list("pk", flat=True))
