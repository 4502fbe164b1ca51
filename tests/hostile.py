"""Hostile texts for tests: small lists of the project's own, and public ones where they are at hand.

Every test of the public lists has a twin on our own, so that a checkout without them still proves something.
"""

import json
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = Path(__file__).resolve().parent / "fixtures" / "hostile"
SHARED = ROOT.parent / "shared" / "data"

SCRIPTS_SHARED = SHARED / "xss-payloadsallthethings"
STRINGS_SHARED = SHARED / "naughty-strings" / "blns.json"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


@cache
def own_scripts() -> list[str]:
    return _lines(OWN / "scripts.txt")


@cache
def own_strings() -> list[str]:
    return json.loads((OWN / "strings.json").read_text(encoding="utf-8"))


@cache
def shared_scripts() -> list[str]:
    """Each line of each list, each picture, each code block of the chapters and each of its lines."""
    found: list[str] = []
    for path in sorted((SCRIPTS_SHARED / "Intruders").glob("*.txt")):
        found += _lines(path)
    for path in sorted((SCRIPTS_SHARED / "Files").glob("*.svg")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [text, *text.splitlines()]
    for path in sorted(SCRIPTS_SHARED.glob("*.md")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            found += [block, *block.splitlines()]
        found += re.findall(r"`([^`\n]+)`", text)
    return [text for text in dict.fromkeys(found) if text.strip()]


@cache
def shared_strings() -> list[str]:
    return list(dict.fromkeys(json.loads(STRINGS_SHARED.read_text(encoding="utf-8"))))
