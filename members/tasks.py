"""Imports only: where Celery finds this app's jobs, and the dispatch of activity its subscribers."""

from members import subscribers
from members.actions.directory import rebuild_directory, refresh_company, tend_directory
from members.actions.sign_in import forget_old_failures

__all__ = ["forget_old_failures", "rebuild_directory", "refresh_company", "subscribers", "tend_directory"]
