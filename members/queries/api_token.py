"""What the page of a member's API tokens shows."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from community.core.models import ApiToken, Scope
from community.core.moments import Moment, moment
from members.models import Member


@dataclass(frozen=True, slots=True)
class ApiTokenRow:
    """A token in its owner's list; what is shown of the secret is its beginning."""

    name: str
    prefix: str
    scope_label: str
    created: Moment
    expires: Moment
    last_used: Moment | None
    revoke_url: str


def api_token_rows(member: Member) -> list[ApiTokenRow]:
    """Those that still work, the newest first. One query."""
    now = timezone.now()
    return [
        ApiTokenRow(
            name=token.name,
            prefix=token.prefix,
            scope_label=str((Scope.WRITE if Scope.WRITE in token.scopes else Scope.READ).label),
            created=moment(token.created_at, now),
            expires=moment(token.expires_at, now),
            last_used=None if token.last_used_at is None else moment(token.last_used_at, now),
            revoke_url=reverse("api_token_revoke", args=[token.pk]),
        )
        for token in ApiToken.objects.usable().filter(member=member).order_by("-created_at", "-pk")
    ]
