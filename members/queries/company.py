"""Which company signs somebody in."""

from members.actions.domain import domain_of
from members.models import IdentityProvider


def provider_for(typed: str) -> IdentityProvider | None:
    """By the domain of an address, which must be a verified one of the company, or by its short name."""
    rows = IdentityProvider.objects.filter(disabled_at__isnull=True).select_related("organisation")
    if "@" in typed:
        domain = domain_of(typed)
        found = rows.filter(
            organisation__domains__domain=domain, organisation__domains__verified_at__isnull=False
        )
        return found.first() if domain else None
    return rows.filter(slug=typed.strip().lower()).first()
