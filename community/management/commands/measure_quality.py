"""`manage.py measure_quality PATH`: what the quality rules would say of a real community's posts, before they are used.

PATH is the folder of a Stack Exchange dump, plain or packed with gzip. Nothing is stored.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import iterparse

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.core.text import SourceFormat, excerpt, plain_text, render
from community.data.stackexchange.tables import comment_markdown
from discussions.quality import ARTICLE_COMMENTS, Rule, Verdict, judge, read_written, same_text, shares

QUESTION: Final = "1"
ANSWER: Final = "2"
#: Of an author's earlier texts so many are compared with.
COMPARED: Final = 20


class Command(BaseCommand):
    help = (
        "Print for each quality rule which share of the posts and comments of a dump it names, with examples."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="folder of a Stack Exchange dump")
        parser.add_argument(
            "--examples", type=int, default=0, metavar="N", help="of each rule, N of what it names"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for label, table, is_reply in (
            ("questions", "Posts", False),
            ("answers", "Posts", True),
            ("comments", "Comments", True),
        ):
            texts = list(_texts(options["path"], table, QUESTION if label == "questions" else ANSWER))
            if texts:
                self._measure(label, texts, is_reply=is_reply, examples=options["examples"])

    def _measure(self, label: str, texts: list[tuple[str, str]], *, is_reply: bool, examples: int) -> None:
        verdicts: list[Verdict] = []
        named: dict[str, list[str]] = {rule.value: [] for rule in Rule}
        earlier: dict[str, list[str]] = {}
        for author, html in texts:
            mine = earlier.setdefault(author, [])
            verdict = judge(read_written(html, earlier=mine[-COMPARED:]), ARTICLE_COMMENTS, is_reply=is_reply)
            verdicts.append(verdict)
            plain = plain_text(html)
            if author and same_text(plain):
                mine.append(plain)
            for rule in verdict.rules:
                named[rule].append(excerpt(plain, 160))
        self.stdout.write(f"{label}: {len(texts)}")
        for name, (found, held, refused) in shares(verdicts).items():
            percent = 100 * found / len(texts)
            self.stdout.write(f"  {name:12} {found:5} {percent:6.2f} %   held {held}   refused {refused}")
            every = named.get(name, [])
            # Spread over the whole, so that examples are not all of one week.
            for one in every[:: max(1, len(every) // examples)][:examples] if examples else []:
                self.stdout.write(f"      {one}")


def _texts(folder: Path, table: str, kind: str) -> Iterator[tuple[str, str]]:
    """Author and HTML of each text, in the order of the dump."""
    for row in _rows(folder, table):
        if table == "Posts":
            if row.get("PostTypeId") == kind:
                html = render(row.get("Body", ""), SourceFormat.HTML).html
                yield row.get("OwnerUserId", ""), html
        else:
            source = comment_markdown(row.get("Text", ""))
            yield row.get("UserId", ""), render(source, SourceFormat.MARKDOWN).html


def _rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    plain, packed = folder / f"{table}.xml", folder / f"{table}.xml.gz"
    if not plain.exists() and not packed.exists():
        raise CommandError(f"There is no {table}.xml in {folder}.")
    with plain.open("rb") if plain.exists() else gzip.open(packed, "rb") as stream:
        for _event, element in iterparse(stream):  # noqa: S314 - a file that an administrator named
            if element.tag == "row":
                yield dict(element.attrib)
            element.clear()
