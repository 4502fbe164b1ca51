"""The tables of the floor. They point at the member and at nothing else."""

from community.core.models.activity import Activity, ActivityQuerySet, Audience
from community.core.models.idempotency import IdempotencyKey
from community.core.models.mail import Mail, MailState
from community.core.models.module import Module, ModuleSwitch, ModuleSwitchQuerySet, is_in_use
from community.core.models.notice import (
    DEFAULT_DELIVERY,
    WEIGHTS,
    AddressFault,
    Delivery,
    Digest,
    DigestRate,
    MailFeedback,
    Notice,
    NoticePreference,
    NoticeQuerySet,
    NoticeReason,
    ReceivedKind,
    ReceivedMail,
)
from community.core.models.search import SearchEntry, SearchKind, SearchMiss
from community.core.models.token import ApiToken, Scope

__all__ = [
    "DEFAULT_DELIVERY",
    "WEIGHTS",
    "Activity",
    "ActivityQuerySet",
    "AddressFault",
    "ApiToken",
    "Audience",
    "Delivery",
    "Digest",
    "DigestRate",
    "IdempotencyKey",
    "Mail",
    "MailFeedback",
    "MailState",
    "Module",
    "ModuleSwitch",
    "ModuleSwitchQuerySet",
    "Notice",
    "NoticePreference",
    "NoticeQuerySet",
    "NoticeReason",
    "ReceivedKind",
    "ReceivedMail",
    "Scope",
    "SearchEntry",
    "SearchKind",
    "SearchMiss",
    "is_in_use",
]
