"""Counting wrong passwords and codes. No activity: a stranger's guesses are not the member's history.

allauth counts in the cache, which forgives when Redis is gone; this counts in the database, for known and unknown
addresses alike, so that guessing stays hopeless without it (trust §4.5).
"""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.db import connection
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from members.models import SignInFailure

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


def _digest(what: str) -> str:
    return salted_hmac("members.sign_in", what, algorithm="sha256").hexdigest()
