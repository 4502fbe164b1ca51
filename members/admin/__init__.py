"""The administration of people and the gate, a file for each noun."""

from members.admin import (
    application,
    domain,
    gate,
    identity_provider,
    invitation,
    people,
    profiles,
    standing,
    terms,
)

__all__ = [
    "application",
    "domain",
    "gate",
    "identity_provider",
    "invitation",
    "people",
    "profiles",
    "standing",
    "terms",
]
