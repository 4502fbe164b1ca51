"""The site's worker with two more subscribers, which count their effects, and all of it takes its time."""

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community.settings")
django.setup()

from django.db import connection  # noqa: E402

from community.celery import app  # noqa: E402
from community.core import notices  # noqa: E402
from community.core.activity import on  # noqa: E402
from community.core.models import Activity  # noqa: E402
from community.core.verbs import Verb  # noqa: E402

__all__ = ["app"]

PAUSE = float(os.environ.get("DRILL_PAUSE", "0"))
# How many are told in a chunk, and how long each of them takes.
CHUNK_PAUSE = float(os.environ.get("DRILL_CHUNK_PAUSE", "0"))
notices.CHUNK = int(os.environ.get("DRILL_CHUNK", notices.CHUNK))
_put = notices._put


def put_slowly(*arguments):
    time.sleep(CHUNK_PAUSE)
    return _put(*arguments)


notices._put = put_slowly


def note(activity: Activity, subscriber: str) -> None:
    """No uniqueness on purpose: an effect that is written twice is seen twice."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO drill_effect VALUES (%s, %s)", [activity.pk, subscriber])
    time.sleep(PAUSE)


@on(Verb.TOPIC_CREATED)
def first(activity: Activity) -> None:
    note(activity, "first")


@on(Verb.TOPIC_CREATED)
def second(activity: Activity) -> None:
    note(activity, "second")
