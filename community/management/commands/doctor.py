"""`manage.py doctor`: what is well with this installation and what is not; it changes nothing."""

import json
import os
import platform
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerError

from community import embedded
from community.addresses import redis_location
from community.celery import app
from community.core.mail import mails_in_doubt
from community.core.models import Activity, Mail, MailState
from community.env import VAR

LEAST_FREE_BYTES = 1 << 30
LONGEST_WAIT_FOR_DISPATCH = timedelta(minutes=5)
# Several tries have failed by then.
LONGEST_WAIT_FOR_MAIL = timedelta(hours=1)
LARGEST_CLOCK_DIFFERENCE = timedelta(seconds=2)
SLOW_MS = 20
LONG_QUEUE = 1000
QUEUES = ("default", "mail", "metrics")
# The first releases of each major version without CVE-2026-18408.
FIXED_POSTGRES = {16: 16_0015, 18: 18_0006}


class Verdict(StrEnum):
    WELL = "well"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    verdict: Verdict
    topic: str
    text: str


class Command(BaseCommand):
    help = "Say what is well and what is not. Exits with 1 if something is bad."
    # It is what one runs when something else does not.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON list on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            width = max(len(finding.topic) for finding in findings)
            for finding in findings:
                self.stdout.write(f"{finding.verdict:<5} {finding.topic:<{width}}  {finding.text}")
        if any(finding.verdict is Verdict.BAD for finding in findings):
            sys.exit(1)


def examine() -> Iterator[Finding]:
    yield from examine_machine()
    database_answers = False
    for finding in examine_database():
        database_answers = finding.verdict is not Verdict.BAD or database_answers
        yield finding
    yield from examine_redis()
    if database_answers:
        yield from examine_jobs()
        yield from examine_mail()
    yield from examine_site()


def examine_machine() -> Iterator[Finding]:
    yield Finding(Verdict.WELL, "python", f"{platform.python_version()} in {sys.prefix}")
    existing = next(folder for folder in (VAR, *VAR.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    yield Finding(
        Verdict.WELL if free > LEAST_FREE_BYTES else Verdict.BAD,
        "disk",
        f"{free / (1 << 30):.1f} GiB free in {VAR}",
    )
    if os.geteuid() == 0:
        yield Finding(Verdict.LOOK, "user", "root; on a machine that matters run as a user of its own")


def examine_database() -> Iterator[Finding]:
    whose = (
        "named by DATABASE_URL" if os.environ.get("DATABASE_URL") else f"embedded, {embedded.database_url()}"
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper, clock_timestamp() FROM pg_roles WHERE rolname = current_user")
            superuser, their_time = cursor.fetchone()
            ours = time.time()
            began = time.perf_counter()
            cursor.execute("SELECT 1")
            milliseconds = (time.perf_counter() - began) * 1000
    except OperationalError as error:
        yield Finding(Verdict.BAD, "database", f"{whose}, does not answer: {str(error).splitlines()[0]}")
        return
    version: int = connection.pg_version  # type: ignore[attr-defined]
    major = version // 10_000
    name = f"PostgreSQL {major}.{version % 10_000}, {whose}"
    yield Finding(
        Verdict.WELL if milliseconds < SLOW_MS else Verdict.LOOK,
        "database",
        f"{name}, answers in {milliseconds:.1f} ms",
    )
    if version < FIXED_POSTGRES.get(major, 0):
        yield Finding(
            Verdict.LOOK, "database", "this release has a known hole (CVE-2026-18408): not for public use"
        )
    if superuser:
        yield Finding(
            Verdict.LOOK, "database", "the role is a superuser; it needs to own its database and no more"
        )
    difference = timedelta(seconds=abs(their_time.timestamp() - ours))
    if difference > LARGEST_CLOCK_DIFFERENCE:
        yield Finding(Verdict.LOOK, "clock", f"{difference.total_seconds():.0f} s apart from the database's")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield Finding(Verdict.BAD, "migrations", f"{len(waiting)} not applied; run manage.py migrate")
    else:
        yield Finding(Verdict.WELL, "migrations", "all applied")


def examine_redis() -> Iterator[Finding]:
    whose = "named by REDIS_URL" if os.environ.get("REDIS_URL") else "embedded"
    client = redis.Redis.from_url(
        redis_location(embedded.redis_url()), socket_timeout=2, socket_connect_timeout=2
    )
    try:
        began = time.perf_counter()
        client.ping()
        milliseconds = (time.perf_counter() - began) * 1000
        facts: dict[str, Any] = client.info()
        lengths = {queue: int(client.llen(queue)) for queue in QUEUES}
    except redis.RedisError as error:
        yield Finding(Verdict.BAD, "redis", f"{whose}, does not answer: {error}")
        return
    finally:
        client.close()
    memory = f"{int(facts['used_memory']) >> 20} MiB used"
    yield Finding(
        Verdict.WELL if milliseconds < SLOW_MS else Verdict.LOOK,
        "redis",
        f"Redis {facts['redis_version']}, {whose}, answers in {milliseconds:.1f} ms, {memory}",
    )
    policy = str(facts.get("maxmemory_policy", ""))
    if policy.startswith("allkeys"):
        yield Finding(Verdict.LOOK, "redis", f"{policy} may throw away queued jobs; use volatile-lru")
    waiting = ", ".join(f"{queue} {length}" for queue, length in lengths.items())
    long = max(lengths.values()) > LONG_QUEUE
    yield Finding(Verdict.LOOK if long else Verdict.WELL, "queues", f"waiting: {waiting}")


def examine_jobs() -> Iterator[Finding]:
    try:
        workers = app.control.ping(timeout=1.0)
    except (BrokerError, redis.RedisError):
        # Redis has been reported.
        workers = []
    if workers:
        yield Finding(Verdict.WELL, "workers", f"{len(workers)} answering")
    else:
        yield Finding(
            Verdict.LOOK, "workers", "none answers; make run starts one, or the line of the Procfile"
        )
    if Activity._meta.db_table not in connection.introspection.table_names():
        return
    waiting = Activity.objects.undispatched().aggregate(oldest=Min("recorded_at"), now=Min(Now()))
    if waiting["oldest"] is None:
        yield Finding(Verdict.WELL, "outbox", "everything that happened has been passed on")
        return
    age = waiting["now"] - waiting["oldest"]
    verdict = Verdict.BAD if age > LONGEST_WAIT_FOR_DISPATCH else Verdict.WELL
    yield Finding(
        verdict,
        "outbox",
        f"the oldest row has waited {age.total_seconds():.0f} s; beat and a worker pass it on",
    )


def examine_mail() -> Iterator[Finding]:
    """Single mails: what may or may not have gone out is for people, and so is what nobody has taken for hours."""
    if Mail._meta.db_table not in connection.introspection.table_names():
        return
    in_doubt = mails_in_doubt()
    if in_doubt:
        yield Finding(
            Verdict.LOOK,
            "mails",
            f"{in_doubt} may or may not have gone out; look for their Message-ID in the log of the mail server",
        )
    late = Mail.objects.filter(state=MailState.WAITING, created_at__lt=Now() - LONGEST_WAIT_FOR_MAIL).count()
    if late:
        yield Finding(
            Verdict.BAD, "mails", f"{late} have waited for more than an hour; is the mail server taking any?"
        )
    if not in_doubt and not late:
        yield Finding(Verdict.WELL, "mails", "none waits too long, none is in doubt")


def examine_site() -> Iterator[Finding]:
    yield Finding(Verdict.WELL, "address", settings.SITE_URL)
    public = settings.SITE_IS_HTTPS
    if settings.DEBUG:
        yield Finding(
            Verdict.BAD if public else Verdict.LOOK, "debug", "DEBUG shows code and settings to readers"
        )
    if not settings.EMAIL_HOST:
        where = f"no EMAIL_HOST: messages are files in {settings.EMAIL_FILE_PATH}"
        yield Finding(Verdict.BAD if public else Verdict.WELL, "mail", where)
    else:
        yield Finding(Verdict.WELL, "mail", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}")
    collected = (Path(settings.STATIC_ROOT) / "staticfiles.json").exists()
    text = "collected" if collected else "not collected; make run does it, or manage.py collectstatic"
    yield Finding(Verdict.WELL if collected else Verdict.LOOK, "static", text)
