"""Making a repeated request one effect (promise P2). The key is claimed in the transaction of the action itself."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from community.core.activity import Actor
from community.core.errors import Conflict, Invalid
from community.core.models import IdempotencyKey

# Long enough for a browser that comes back after a weekend, short enough to stay small.
KEPT = timedelta(days=7)
_KEY = re.compile(r"[\x21-\x7e]{8,64}")


@dataclass(slots=True)
class Claim:
    """What became of a key: `target_id` of the earlier effect, or None where this request is the first."""

    target_id: int | None
    row: IdempotencyKey | None = None

    def settle(self, target_id: int) -> None:
        """Remember what the first request made."""
        if self.row is not None:
            self.row.target_id = target_id
            self.row.save(update_fields=["target_id"])


def claim(key: str | None, *, by: Actor, action: str, request: Mapping[str, object]) -> Claim:
    """Claim a key for one action by one member. A second request with it waits for the first and gets its effect.

    Without a key every request is a new one. Raises `Invalid` for a malformed key, `Conflict` where the key was used
    for something else.
    """
    if not key:
        return Claim(None)
    if not _KEY.fullmatch(key):
        raise Invalid(_("An idempotency key has 8 to 64 visible characters."))
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("claim() belongs inside the transaction of its action")
    fingerprint = hashlib.sha256(
        json.dumps({"action": action, **request}, sort_keys=True, default=str).encode(
            "utf-8", "surrogatepass"
        )
    ).hexdigest()
    # ON CONFLICT DO NOTHING waits for a running transaction that holds the same key: the barrier against doubles.
    IdempotencyKey.objects.bulk_create(
        [IdempotencyKey(member_id=by.pk, key=key, action=action, fingerprint=fingerprint)],
        ignore_conflicts=True,
    )
    row = IdempotencyKey.objects.select_for_update().get(member_id=by.pk, key=key)
    if row.fingerprint != fingerprint:
        raise Conflict(_("This key was used for something else already. Reload the page and send it again."))
    return Claim(row.target_id, row)


def is_settled(key: str | None, *, by: Actor) -> bool:
    """Whether an earlier request with this key has had its effect: the claim gives it back. One query."""
    return (
        bool(key)
        and IdempotencyKey.objects.filter(member_id=by.pk, key=key or "", target_id__isnull=False).exists()
    )


@shared_task(name="idempotency.forget")
def forget_idempotency_keys() -> int:
    """Delete keys nobody will repeat any more. Returns how many."""
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT).delete()
    return deleted
