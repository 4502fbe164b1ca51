"""The tables of the floor. They point at the member and at nothing else."""

from community.core.models.activity import Activity, ActivityQuerySet, Audience
from community.core.models.idempotency import IdempotencyKey
from community.core.models.mail import Mail, MailState
from community.core.models.search import SearchEntry, SearchKind
from community.core.models.token import ApiToken, Scope

__all__ = [
    "Activity",
    "ActivityQuerySet",
    "ApiToken",
    "Audience",
    "IdempotencyKey",
    "Mail",
    "MailState",
    "Scope",
    "SearchEntry",
    "SearchKind",
]
