"""Imports only: where Celery finds the jobs of the floor."""

from community.core.activity import dispatch, sweep_activity
from community.core.idempotency import forget_idempotency_keys
from community.core.inbound import fetch_mail, forget_received
from community.core.mail import send_mail, sweep_mail
from community.core.notices import forget_notices
from community.core.search import forget_misses
from community.core.sessions import clear_sessions

__all__ = [
    "clear_sessions",
    "dispatch",
    "fetch_mail",
    "forget_idempotency_keys",
    "forget_misses",
    "forget_notices",
    "forget_received",
    "send_mail",
    "sweep_activity",
    "sweep_mail",
]
