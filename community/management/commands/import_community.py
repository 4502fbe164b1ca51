"""Takes a community over from another platform; docs/importing.md is the guide."""

import sys
from argparse import ArgumentParser
from json import dumps
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from community.data.importing import FORMATS, import_community
from community.data.progress import Progress
from community.data.report import PLACES_TOLD, ImportRefused


class Command(BaseCommand):
    help = (
        "Import another community's posts, people and history. Run it again at any time: nothing comes twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="the folder of the dump")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS), help="what the dump is")
        parser.add_argument(
            "--space", default="", metavar="NAME", help="the space to open (default: the source)"
        )
        parser.add_argument(
            "--source",
            default="",
            metavar="NAME",
            help="how the dump is remembered (default: the folder's name)",
        )
        parser.add_argument("--dry-run", action="store_true", help="do everything, report, and write nothing")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
        parser.add_argument(
            "--progress",
            action="store_true",
            default=None,
            help="show bars on standard error although it is no terminal",
        )

    def handle(
        self,
        *,
        path: Path,
        format: str,
        space: str,
        source: str,
        dry_run: bool,
        json: bool,
        progress: bool | None,
        verbosity: int,
        **options: object,
    ) -> None:
        try:
            report = import_community(
                format,
                path,
                source=source,
                space=space,
                is_dry_run=dry_run,
                progress=Progress(sys.stderr, shown=progress, quiet=verbosity == 0),
            )
        except ImportRefused as error:
            raise CommandError(error.sentence) from error
        except KeyboardInterrupt as error:
            raise CommandError(
                "Interrupted. Start the same command again, and it goes on where it stopped.", returncode=130
            ) from error
        self.stdout.write(dumps(report.as_json()) if json else report.as_text())
        if report.damages:
            places = "; ".join(str(damage) for damage in report.damages[:PLACES_TOLD])
            raise CommandError(f"Not everything could be read. {places}. All else was imported.")
