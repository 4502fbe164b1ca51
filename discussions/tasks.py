"""Imports only: where Celery finds this app's jobs."""

from discussions.actions.maintenance import render_old_posts, repair_counters

__all__ = ["render_old_posts", "repair_counters"]
