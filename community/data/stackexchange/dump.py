"""Reading a folder with a Stack Exchange data dump into the staging tables."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Final

from community.data.progress import Progress
from community.data.report import Damage, ImportRefused
from community.data.rows import RowReader
from community.data.stackexchange.shape import DERIVED, drop_doubles, shape
from community.data.stackexchange.tables import QUESTION, READERS, TABLES, TableFile, tag_names
from community.data.staging import Copy, analyse, drop_tables, make_tables

_FILE: Final = re.compile(r"([a-z]+)\.xml(?:\.gz)?", re.IGNORECASE)


def read(folder: Path, skipped: Counter[str], damages: list[Damage], progress: Progress) -> bool:
    """Fill the staging tables from a folder of XML or XML.gz files. Returns whether the votes were read whole.

    What is left out is counted in `skipped`, what cannot be read is told in `damages`. Raises `ImportRefused`
    where the folder is no dump.
    """
    files = find_files(folder)
    make_tables(TABLES)
    damaged = set()
    for table in READERS:
        path = files.get(table.name)
        if path is None:
            skipped[f"table {table.name} is missing"] += 1
            damaged.add(table.name)
            continue
        reader = RowReader(path, root=table.name.lower())
        _stage(table, reader, skipped, progress)
        if not reader.is_table and table.name == "Posts":
            raise ImportRefused(
                f"{path} is not a table of a Stack Exchange dump ({reader.damages[0].problem})."
            )
        if reader.damages:
            damages += reader.damages
            damaged.add(table.name)
    with progress.step("sorting"):
        drop_doubles(skipped)
        analyse(TABLES)
        shape(skipped)
        drop_tables((*TABLES, *DERIVED))
    return "Votes" not in damaged


def find_files(folder: Path) -> dict[str, Path]:
    """The tables of a dump by name, each of them readable. Raises `ImportRefused`."""
    try:
        entries = sorted(folder.iterdir(), reverse=True)
    except NotADirectoryError as error:
        raise ImportRefused(
            f"{folder} is not a folder. Name the folder with the dump's XML files."
        ) from error
    except OSError as error:
        raise ImportRefused(f"{folder} cannot be read: {error.strerror}.") from error
    # Sorted backwards, so that Posts.xml stands after Posts.xml.gz and wins.
    found = {match[1].lower(): path for path in entries if (match := _FILE.fullmatch(path.name))}
    files = {table.name: found[table.name.lower()] for table in READERS if table.name.lower() in found}
    if "Posts" not in files:
        raise ImportRefused(f"{folder} has no Posts.xml or Posts.xml.gz: it is not a Stack Exchange dump.")
    for path in files.values():
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as error:
            raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from error
        if not path.is_file():
            raise ImportRefused(f"{path} cannot be read: it is not a file.")
    return files


def _stage(table: TableFile, reader: RowReader, skipped: Counter[str], progress: Progress) -> None:
    size = reader.path.stat().st_size
    seen = 0
    with (
        progress.step(reader.path.name, size, is_bytes=True) as step,
        Copy(table.staged_as, table.columns) as copy,
        Copy("se_post_tag", ("post_id", "name", "place")) as tags,
    ):
        for row in reader:
            values = table.values(row, skipped)
            if values is None:
                skipped[f"rows of {table.name} without a usable id or date"] += 1
            else:
                copy.add(*values)
                if table.name == "Posts" and values[1] == QUESTION:
                    for place, name in enumerate(tag_names(row.get("Tags", ""))):
                        tags.add(values[0], name, place)
            if reader.bytes_read != seen:
                step.update(reader.bytes_read - seen)
                seen = reader.bytes_read
