"""Imports only: where Celery finds this app's jobs."""

from discussions.actions.answering import nudge_askers
from discussions.actions.attachment import remove_unclaimed_attachments
from discussions.actions.bookmark import remind_of_bookmarks
from discussions.actions.digest import claim_digests, plan_digests
from discussions.actions.draft import forget_drafts
from discussions.actions.maintenance import render_old_posts, repair_counters

__all__ = [
    "claim_digests",
    "forget_drafts",
    "nudge_askers",
    "plan_digests",
    "remind_of_bookmarks",
    "remove_unclaimed_attachments",
    "render_old_posts",
    "repair_counters",
]
