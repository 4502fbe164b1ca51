"""`manage.py bench`: builds a synthetic community and measures every page beside a bare view."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from community.bench import database
from community.bench.acts import take_back
from community.bench.load import READER_ID
from community.bench.measure import FLOOR, ROUNDS, PageError, measure, pages, sign_in
from community.bench.report import parts_table, report, table
from community.bench.server import ServerError, parts, running
from community.bench.sizes import Sizes, TooSmallError

SAMPLED = (FLOOR, "topic", "space", "home")


class Command(BaseCommand):
    help = "Measure what each page of a synthetic community costs; docs/performance.md says how to read it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--members", type=int, default=2_000)
        parser.add_argument("--topics", type=int, default=2_000)
        parser.add_argument("--posts", type=int, default=40_000)
        parser.add_argument("--long-topic", type=int, default=5_000, help="posts of the longest topic")
        parser.add_argument("--requests", type=int, default=240, help=f"for each page, in {ROUNDS} rounds")
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help="hold the costs against those of a smaller run's --json",
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
        parser.add_argument(
            "--keep", action="store_true", help="keep the database: the same sizes start at once then"
        )
        parser.add_argument(
            "--where", action="store_true", help="say too where the time of floor, topic and list goes"
        )
        parser.add_argument("--no-fail", action="store_true", help="end with 0 even when a budget is broken")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SITE_IS_HTTPS:
            raise CommandError("The bench asks over http: run it with SITE_URL=http://127.0.0.1:8000.")
        try:
            sizes = Sizes(options["members"], options["topics"], options["posts"], options["long_topic"])
        except TooSmallError as error:
            raise CommandError(str(error)) from error
        if options["requests"] < ROUNDS:
            raise CommandError(f"Ask at least {ROUNDS} times: there are as many rounds.")
        try:
            result = self._measure(
                sizes, requests=options["requests"], where=options["where"], small=_read(options["against"])
            )
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(
                f"The database of the bench could not be made or read: {error}".strip()
            ) from error
        except (PageError, ServerError) as error:
            raise CommandError(str(error)) from error
        finally:
            if not options["keep"]:
                database.drop(sizes)
        if options["json"]:
            options["json"].write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        self.stdout.write(table(result) + parts_table(result["parts"]))
        if not options["no_fail"] and not all(budget["kept"] for budget in result["budgets"]):
            sys.exit(1)

    def _measure(
        self, sizes: Sizes, *, requests: int, where: bool, small: dict[str, Any] | None
    ) -> dict[str, Any]:
        load_seconds = None
        if not database.is_built(sizes):
            self.stderr.write(f"building {sizes.database}")
            load_seconds = database.build(sizes, say=lambda step: self.stderr.write(f"  {step}"))
        elif database.bring_up(sizes):
            self.stderr.write(f"ran newer migrations in {sizes.database}")
        with database.inside(sizes), running(sizes.database) as server:
            self.stderr.write("measuring")
            session_keys, chosen = sign_in(), pages(sizes)
            try:
                figures = measure(server, session_keys, chosen, requests=requests)
            finally:
                take_back(sizes)
            result = report(figures, sizes, requests=requests, load_seconds=load_seconds, small=small)
            sampled = [page.path for page in chosen if page.name in SAMPLED] if where else []
            return result | {
                "parts": parts(server, session_keys[READER_ID], sampled, requests=requests) if sampled else {}
            }


def _read(path: Path | None) -> dict[str, Any] | None:
    """An earlier report."""
    try:
        result: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no report of the bench: {error}") from error
    return result
