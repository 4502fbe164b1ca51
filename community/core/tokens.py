"""Making, revoking and recognising API tokens. What a token looks like in the database is in `models/token.py`."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import Actor, Target, record
from community.core.errors import Conflict, Invalid, Refused
from community.core.models import ApiToken, Audience, Scope
from community.core.text import clean_line
from community.core.verbs import Verb

DEFAULT_DAYS: Final = 180
LONGEST_DAYS: Final = 366
# Nobody needs more at once, and a list that only grows is a list nobody reads.
USABLE_TOKENS: Final = 20

# The beginning makes a leaked token recognisable in logs and repositories; 32 random bytes follow.
_BEGINNING: Final = "trf_"
_SECRET: Final = re.compile(rf"{_BEGINNING}[A-Za-z0-9_-]{{43}}")
_PREFIX_LENGTH: Final = 12
# Writing the moment of use at every request would make each read a write.
_USE_NOTED_EVERY: Final = timedelta(minutes=5)


class Holder(Actor, Target, Protocol):
    """What tokens need to know of a member, who lives to the right of core."""

    @property
    def is_superuser(self) -> bool:
        """Whether the member is an administrator."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its secret, which exists only here: the database keeps its digest."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(
    member: Holder, *, by: Holder | None, name: str, scope: Scope = Scope.READ, days: int = DEFAULT_DAYS
) -> NewToken:
    """Make a token that acts as its member and shows its secret this once.

    Members make their own; `by` is None for the command line. Raises `Refused` for anybody else and for people who
    are not admitted, `Invalid` for an empty name or a span outside 1 to 366 days, `Conflict` for one too many.
    """
    if by is not None and by.pk != member.pk:
        raise Refused(_("Tokens act as their member, so everybody makes their own."))
    name = clean_line(name)[:80]
    if not name:
        raise Invalid(_("A token needs a name."), fields={"name": [_("Say what will use it.")]})
    if not 1 <= days <= LONGEST_DAYS:
        sentence = _("A token lives between 1 and {days} days.").format(days=LONGEST_DAYS)
        raise Invalid(sentence, fields={"days": [sentence]})
    # The lock makes the count below true for two requests at once.
    holder: Any = get_user_model()._default_manager.select_for_update().get(pk=member.pk)
    if not holder.is_admitted:
        raise Refused(_("Tokens are for members who are admitted and active."))
    if ApiToken.objects.usable().filter(member_id=member.pk)[USABLE_TOKENS - 1 :].exists():
        raise Conflict(
            _("You have {limit} tokens. Revoke one that you do not use.").format(limit=USABLE_TOKENS)
        )
    secret = _BEGINNING + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        member_id=member.pk,
        name=name,
        prefix=secret[:_PREFIX_LENGTH],
        digest=digest_of(secret),
        scopes=[Scope.READ.value] if scope == Scope.READ else [Scope.READ.value, Scope.WRITE.value],
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(
        Verb.API_TOKEN_CREATED,
        by=by or member,
        target=member,
        audience=Audience.STAFF,
        counterpart_id=member.pk,
        name=token.name,
        scopes=token.scopes,
    )
    return NewToken(token, secret)


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Holder) -> ApiToken:
    """End a token from its next request on. Revoking twice changes nothing.

    Raises `Refused` for others' tokens, save for administrators: a leaked token must not wait for its owner.
    """
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("member").get(pk=token.pk)
    if token.member_id != by.pk and not by.is_superuser:
        raise Refused(_("Only the member a token belongs to and administrators revoke it."))
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record(
            Verb.API_TOKEN_REVOKED,
            by=by,
            target=token.member,
            audience=Audience.STAFF,
            counterpart_id=token.member_id,
            name=token.name,
        )
    return token


def authenticate(secret: str) -> ApiToken | None:
    """The usable token of this secret, or None. Notes its use at most once in five minutes.

    The lookup goes by digest, so its time says nothing about how much of a guess was right.
    """
    if not _SECRET.fullmatch(secret):
        return None
    token = ApiToken.objects.usable().filter(digest=digest_of(secret)).first()
    if token is None:
        return None
    if token.last_used_at is None or timezone.now() - token.last_used_at > _USE_NOTED_EVERY:
        not_noted = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - _USE_NOTED_EVERY)
        ApiToken.objects.filter(not_noted, pk=token.pk).update(last_used_at=Now())
    return token


def digest_of(secret: str) -> str:
    """What the database keeps. The secret has 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
