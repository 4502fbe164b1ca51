"""The job queue, and the one table of everything that happens by itself."""

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community.settings")

app = Celery("trefoil")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Every entry is safe to run twice and late: the database decides what is due, the clock only asks.
app.conf.beat_schedule = {
    "sweep-activity": {"task": "activity.sweep", "schedule": timedelta(seconds=10)},
    "sweep-mail": {"task": "mail.sweep", "schedule": timedelta(seconds=30)},
    "forget-idempotency-keys": {"task": "idempotency.forget", "schedule": crontab(hour="3", minute="20")},
    "forget-search-misses": {"task": "search.forget_misses", "schedule": crontab(hour="4", minute="55")},
    "fetch-mail": {
        "task": "mail.fetch",
        "schedule": timedelta(minutes=1),
        "options": {"queue": "mail"},
    },
    "forget-received-mail": {"task": "mail.forget_received", "schedule": crontab(hour="4", minute="55")},
    "forget-notices": {"task": "notices.forget", "schedule": crontab(hour="4", minute="50")},
    "clear-sessions": {"task": "sessions.clear", "schedule": crontab(hour="3", minute="40")},
    "forget-drafts": {"task": "members.forget_drafts", "schedule": crontab(hour="3", minute="30")},
    "forget-sign-in-failures": {"task": "members.forget_sign_in_failures", "schedule": timedelta(hours=1)},
    "tend-directory": {"task": "members.tend_directory", "schedule": timedelta(minutes=10)},
    "rebuild-directory": {"task": "members.rebuild_directory", "schedule": crontab(hour="4", minute="30")},
    "fill-places": {"task": "members.fill_places", "schedule": timedelta(minutes=15)},
    "remind-of-overdue": {"task": "members.remind_of_overdue", "schedule": timedelta(hours=1)},
    "tend-introductions": {"task": "members.tend_introductions", "schedule": timedelta(hours=1)},
    "remove-stray-photos": {
        "task": "members.remove_stray_photos",
        "schedule": crontab(hour="3", minute="50"),
    },
    "read-files": {"task": "discussions.read_files", "schedule": crontab(minute="25")},
    "render-old-posts": {"task": "discussions.render_old_posts", "schedule": timedelta(minutes=1)},
    "forget-words-not-sent": {
        "task": "discussions.forget_drafts",
        "schedule": crontab(hour="3", minute="35"),
    },
    "forget-deleted-messages": {
        "task": "discussions.forget_deleted_messages",
        "schedule": crontab(hour="3", minute="45"),
    },
    "remove-unclaimed-attachments": {
        "task": "discussions.remove_unclaimed_attachments",
        "schedule": crontab(hour="3", minute="55"),
    },
    "plan-digests": {"task": "discussions.plan_digests", "schedule": timedelta(minutes=10)},
    "remind-of-bookmarks": {"task": "discussions.remind_of_bookmarks", "schedule": timedelta(minutes=5)},
    "nudge-askers": {"task": "discussions.nudge_askers", "schedule": timedelta(hours=1)},
    "begin-sessions": {"task": "discussions.begin_sessions", "schedule": timedelta(minutes=1)},
    "look-for-critics": {
        "task": "discussions.look_for_critics",
        "schedule": crontab(hour="5", minute="5"),
    },
    "tend-library": {"task": "discussions.tend_library", "schedule": timedelta(hours=1)},
    "tend-polls": {"task": "discussions.tend_polls", "schedule": timedelta(minutes=1)},
    "unpin-topics": {"task": "discussions.unpin_topics", "schedule": timedelta(minutes=5)},
    "repair-counters": {"task": "discussions.repair_counters", "schedule": crontab(hour="4", minute="10")},
}
