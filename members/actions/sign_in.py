"""What signing in leaves behind: the first time, wrong tries, and the ending of sessions and tokens.

Wrong passwords and codes leave no activity: a stranger's guesses are not the member's history.

allauth counts tries in the cache, which forgives when Redis is gone; this counts in the database, for known and unknown
addresses alike, so that guessing stays hopeless without it (trust §4.5).
"""

from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from celery import shared_task
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from community.core.activity import record
from community.core.models import ApiToken, Audience
from community.core.permissions import require
from community.core.tokens import revoke_token
from community.core.verbs import Verb
from members.models import Member, SignInFailure
from members.permissions import can_speak_for

SEEN_EVERY: Final = timedelta(minutes=5)
TRIES: Final = 20
WINDOW: Final = timedelta(hours=1)


def password_of(address: str) -> str:
    """What a guess at the password of this address is counted under."""
    return _digest(f"password {address.strip().lower()}")


def second_step_of(member_id: int) -> str:
    """What a guess at the code of this member is counted under."""
    return _digest(f"second step {member_id}")


def is_locked(digest: str) -> bool:
    """Whether the tries of this hour are used up."""
    return SignInFailure.objects.filter(digest=digest, count__gte=TRIES, since__gt=Now() - WINDOW).exists()


def count_failure(digest: str) -> None:
    """One more. A single statement, so that guesses sent at once are all counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO members_signinfailure AS known (digest, count, since) VALUES (%s, 1, now())
            ON CONFLICT (digest) DO UPDATE SET
                count = CASE WHEN known.since > now() - make_interval(secs => %s) THEN known.count + 1 ELSE 1 END,
                since = CASE WHEN known.since > now() - make_interval(secs => %s) THEN known.since ELSE now() END
            """,
            [digest, WINDOW.total_seconds(), WINDOW.total_seconds()],
        )


def forget_failures(digest: str) -> None:
    """Whoever got it right starts anew."""
    SignInFailure.objects.filter(digest=digest).delete()


@shared_task(name="members.forget_sign_in_failures")
def forget_old_failures() -> int:
    """Delete counts whose hour is over. Returns how many."""
    deleted, _by_model = SignInFailure.objects.filter(since__lt=Now() - WINDOW).delete()
    return deleted


@transaction.atomic
def claim_member(member: Member) -> bool:
    """Note the first sign-in of an account, once, however it came about. Returns whether this was it."""
    # One statement decides between two browsers that sign in at the same moment.
    if member.claimed_at is not None or not Member.objects.filter(
        pk=member.pk, claimed_at__isnull=True
    ).update(claimed_at=Now()):
        return False
    member.refresh_from_db(fields=["claimed_at"])
    record(Verb.MEMBER_CLAIMED, by=member, target=member, audience=Audience.STAFF, counterpart_id=member.pk)
    return True


@transaction.atomic
def note_arrival(member: Member) -> bool:
    """Note the first visit of somebody whom the gate has let in, once. Returns whether this was it.

    Applicants have signed in before, and may be signed in at the moment of the decision: `member.claimed` does not
    say when they came in.
    """
    # One statement decides between two tabs that open at the same moment.
    if not Member.objects.filter(pk=member.pk, awaited_since__isnull=False).update(awaited_since=None):
        return False
    member.awaited_since = None
    record(Verb.MEMBER_ARRIVED, by=member, target=member, audience=Audience.STAFF, counterpart_id=member.pk)
    return True


def end_sessions(member: Member, *, but: str | None = None) -> int:
    """End the sessions of a member from their next request on, save the one with the key `but`. Returns how many."""
    sessions = list(UserSession.objects.filter(user=member).exclude(session_key=but or ""))
    for session in sessions:
        session.end()
    return len(sessions)


def end_session(session: UserSession, *, by: Member) -> None:
    """End one's own session from its next request on. No activity: it is nobody else's business."""
    require(can_speak_for(by, session.user))
    session.end()


def note_seen(session_key: str) -> None:
    """Note that a session is in use, where that was not noted within `SEEN_EVERY`: not each request writes."""
    UserSession.objects.filter(session_key=session_key, last_seen_at__lt=Now() - SEEN_EVERY).update(
        last_seen_at=Now()
    )


@transaction.atomic
def revoke_tokens(member: Member, *, by: Member) -> int:
    """Revoke every usable token of a member. Returns how many."""
    tokens = list(ApiToken.objects.usable().filter(member=member))
    for token in tokens:
        revoke_token(token, by=by)
    return len(tokens)


def _digest(what: str) -> str:
    return salted_hmac("members.sign_in", what, algorithm="sha256").hexdigest()
