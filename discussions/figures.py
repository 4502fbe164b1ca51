"""Arithmetic of figures that are shown to everybody: what is too small to be shown, and what would give it away."""

from collections.abc import Mapping
from typing import Final

#: Groups under so many are not shown (rule 8.5).
LEAST: Final = 5


def suppressed(counts: Mapping[str, int], *, least: int = LEAST) -> dict[str, int | None]:
    """The counts as they may be shown, None for "fewer than `least`"; nothing of a group of nobody is a secret.

    One hidden group beside a total is a subtraction: so the next smallest is hidden with it, until what is hidden
    together reaches `least` and leaves more than one possibility. Source: complementary suppression, as statistical
    offices use it.
    """
    small = {name for name, count in counts.items() if 0 < count < least}
    if not small:
        return dict(counts)
    others = sorted((count, name) for name, count in counts.items() if count >= least)
    while others and (len(small) < 2 or sum(counts[name] for name in small) < least):
        small.add(others.pop(0)[1])
    return {name: None if name in small else count for name, count in counts.items()}


def total_shown(counts: Mapping[str, int], *, least: int = LEAST) -> int | None:
    """The sum, where it gives nothing away: not where it is small, and not beside one hidden group."""
    total = sum(counts.values())
    hidden = [name for name, count in suppressed(counts, least=least).items() if count is None]
    if 0 < total < least or len(hidden) == 1:
        return None
    return total


def middle(values: list[float]) -> float | None:
    """The median; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
