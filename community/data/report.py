"""What an import tells when it ends: the figures, what was left out and why, and which files were damaged."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

#: The figures of a community that came out of a dump, in the order they are told.
FIGURES: Final = ("topics", "posts", "members", "tags", "accepted_answers", "votes_up", "votes_down")

# A file that is damaged everywhere is told by its first places.
PLACES_TOLD: Final = 5


class ImportRefused(Exception):
    """Nothing can be imported from here; the sentence says why and is all that people see."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where a file could not be read, and how many of its rows were kept in spite of it."""

    file: str
    line: int
    problem: str
    kept: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.problem}; {self.kept:,} rows of this file were kept"


@dataclass(slots=True)
class Report:
    """`held` is what the community has from this dump afterwards, `added` what this run changed in those figures."""

    source: str
    space: str
    is_dry_run: bool
    held: dict[str, int]
    added: dict[str, int]
    skipped: Counter[str]
    damages: list[Damage] = field(default_factory=list)
    seconds: float = 0.0
    peak_mb: float = 0.0

    def as_json(self) -> dict[str, object]:
        """Exactly the keys that `import_community --json` promises."""
        skipped = dict(sorted(self.skipped.items()))
        skipped |= {str(damage): 1 for damage in self.damages[:PLACES_TOLD]}
        return {
            **{name: self.held[name] for name in FIGURES},
            "added": {name: self.added[name] for name in FIGURES},
            "skipped": skipped,
            "seconds": round(self.seconds, 2),
            "peak_mb": round(self.peak_mb, 1),
        }

    def as_text(self) -> str:
        """The same for people."""
        title = f"{self.source} in the space “{self.space}”"
        if self.is_dry_run:
            title += ": a dry run, nothing was written. A real run would leave"
        lines = [title, "", f"{'':<20}{'here now':>12}{'added':>12}"]
        lines += [
            f"{name.replace('_', ' '):<20}{self.held[name]:>12,}{self.added[name]:>12,}" for name in FIGURES
        ]
        if self.skipped:
            lines += ["", "Left out, or taken with a remark"]
            lines += [f"{count:>8,}  {reason}" for reason, count in sorted(self.skipped.items())]
        if self.damages:
            lines += ["", "Damaged files"]
            lines += [f"  {damage}" for damage in self.damages[:PLACES_TOLD]]
            if len(self.damages) > PLACES_TOLD:
                lines.append(f"  and {len(self.damages) - PLACES_TOLD} more places")
        lines += ["", f"{self.seconds:.1f} s, at most {self.peak_mb:.0f} MB"]
        return "\n".join(lines)
