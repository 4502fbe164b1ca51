"""Imports only: where Celery finds this app's jobs, and the dispatch of activity its subscribers."""

from members import subscribers
from members.actions.application import forget_drafts
from members.actions.directory import rebuild_directory, refresh_company, refresh_field, tend_directory
from members.actions.introduction import tend_introductions
from members.actions.photo import remove_stray_photos
from members.actions.reminder import remind_of_overdue
from members.actions.sign_in import forget_old_failures
from members.actions.waitlist import fill_all_places

__all__ = [
    "fill_all_places",
    "forget_drafts",
    "forget_old_failures",
    "rebuild_directory",
    "refresh_company",
    "refresh_field",
    "remind_of_overdue",
    "remove_stray_photos",
    "subscribers",
    "tend_directory",
    "tend_introductions",
]
