"""Imports only: where Celery finds this app's jobs."""

from discussions.actions.answering import nudge_askers
from discussions.actions.ask_session import begin_sessions
from discussions.actions.attachment import remove_unclaimed_attachments
from discussions.actions.bookmark import remind_of_bookmarks
from discussions.actions.digest import claim_digests, plan_digests
from discussions.actions.draft import forget_drafts
from discussions.actions.file_text import read_files
from discussions.actions.listening import look_for_critics
from discussions.actions.maintenance import render_old_posts, repair_counters
from discussions.actions.message import forget_deleted_messages
from discussions.actions.pin import unpin_topics
from discussions.actions.poll import tend_polls
from discussions.actions.resource import tend_library

__all__ = [
    "begin_sessions",
    "claim_digests",
    "forget_deleted_messages",
    "forget_drafts",
    "look_for_critics",
    "nudge_askers",
    "plan_digests",
    "read_files",
    "remind_of_bookmarks",
    "remove_unclaimed_attachments",
    "render_old_posts",
    "repair_counters",
    "tend_library",
    "tend_polls",
    "unpin_topics",
]
