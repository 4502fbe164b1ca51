"""Imports only: where Celery finds this app's jobs."""

from members.actions.sign_in import forget_old_failures

__all__ = ["forget_old_failures"]
