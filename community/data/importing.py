"""One import from beginning to end: the lock, the limits, the space it goes to, the dry run and the report."""

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.utils.text import slugify

from community.core.activity import record
from community.core.models import Activity, Audience
from community.core.text import clean_line
from community.core.verbs import Verb
from community.data.loading import FILLED, Destination, figures, load
from community.data.progress import Progress
from community.data.report import FIGURES, Damage, ImportRefused, Report
from community.data.stackexchange import dump
from community.data.staging import TABLES, analyse, clear, make_tables
from community.models import ImportRecord
from discussions.actions.space import create_space
from discussions.models import Space

#: What can be imported, and who reads it.
FORMATS: Final = {"stackexchange": dump.read}

# Any number that nobody else locks. It is held by the connection, so the server frees it when we are killed.
_LOCK: Final = 7_305_132
# A killed import's connection may live until the statement it was in has ended.
_LOCK_PATIENCE_SECONDS: Final = 10.0
# Statements here go over whole tables, and rendering happens between two of them; pages keep their short limits.
_LIMITS: Final = {
    "statement_timeout": "2h",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "0",
}


def import_community(
    format_name: str,
    path: Path,
    *,
    source: str = "",
    space: str = "",
    is_dry_run: bool = False,
    progress: Progress,
) -> Report:
    """Take a dump over. Raises `ImportRefused` before anything was written.

    `source` names the community in the import records, by default the folder's name; the same source is never
    taken over twice, only continued. `space` names the space that is opened for it, by default as the source. A dry
    run does everything and rolls back: its figures are those that a real run would leave.
    """
    started = time.monotonic()
    # Not resolved: whoever names a link means the link's name.
    folder = path.absolute()
    source = clean_line(source or folder.name)[:80].strip()
    if not source:
        raise ImportRefused("The folder has no name to remember the import by. Give one with --source.")
    skipped: Counter[str] = Counter()
    damages: list[Damage] = []
    with _alone(), _limits():
        clear()
        try:
            make_tables(TABLES)
            with_votes = FORMATS[format_name](folder, skipped, damages, progress)
            with transaction.atomic() if is_dry_run else _each_chunk_alone():
                before = figures(source)
                destination = Destination(source, _space(source, clean_line(space)))
                load(destination, with_votes=with_votes, progress=progress)
                held = figures(source)
                added = {name: held[name] - before[name] for name in FIGURES}
                _finish(destination, format_name, added)
                if is_dry_run:
                    transaction.set_rollback(True)
            # So that the first pages after it are not planned for empty tables.
            analyse(FILLED)
        finally:
            if not connection.needs_rollback:
                clear()
    return Report(
        source=source,
        space=destination.space.name,
        is_dry_run=is_dry_run,
        held=held,
        added=added,
        skipped=skipped,
        damages=damages,
        seconds=time.monotonic() - started,
        peak_mb=peak_megabytes(),
    )


def peak_megabytes() -> float:
    """The most memory this process has had since it was started."""
    # getrusage would also tell what the parent had before it started this process; the kernel's own mark does not.
    status = Path("/proc/self/status")
    if status.exists():
        mark = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(mark.split()[1]) / (1 << 10)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes, but bytes where the kernel is Apple's.
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _space(source: str, name: str) -> Space:
    """The space of this source, opened for its first import."""
    known = ImportRecord.objects.filter(source=source, kind="space").first()
    if known is not None:
        space = Space.objects.filter(pk=known.target_id).first()
        if space is None:
            raise ImportRefused(f"The space that {source} was imported into is gone. Name another --source.")
        if name and name.casefold() != space.name.casefold():
            raise ImportRefused(
                f"{source} was imported into the space “{space.name}” before. Leave --space out to go on there."
            )
        return space
    name = name or source
    slug = slugify(name)[:60].strip("-") or "space"
    if Space.objects.filter(slug=slug).exists():
        raise ImportRefused(f"There is a space “{name}” already. Name a new one with --space.")
    with transaction.atomic():
        space = create_space(by=None, name=name, slug=slug)
        ImportRecord.objects.create(
            source=source, kind="space", external_id="space", target_type="space", target_id=space.pk
        )
    return space


def _finish(destination: Destination, format_name: str, added: dict[str, int]) -> None:
    """Tell staff once, and again whenever something came with it."""
    told = Activity.objects.filter(
        verb=Verb.IMPORT_FINISHED, target_type="space", target_id=destination.space.pk
    ).exists()
    if told and not any(added.values()):
        return
    with transaction.atomic():
        record(
            Verb.IMPORT_FINISHED,
            by=None,
            target=destination.space,
            audience=Audience.STAFF,
            space_id=destination.space.pk,
            format=format_name,
            added=added,
        )


@contextmanager
def _each_chunk_alone() -> Iterator[None]:
    """No transaction around everything: what is done stays done when the run is killed."""
    yield


@contextmanager
def _alone() -> Iterator[None]:
    """One import at a time in the whole community. Raises `ImportRefused` where another one runs."""
    deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if cursor.fetchone()[0]:
                break
            if time.monotonic() > deadline:
                raise ImportRefused("Another import is running. Start this one again when it has ended.")
            time.sleep(0.2)
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _limits() -> Iterator[None]:
    with connection.cursor() as cursor:
        for name, value in _LIMITS.items():
            cursor.execute(f"SET {name} = %s", [value])
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                for name in _LIMITS:
                    cursor.execute(f"RESET {name}")
