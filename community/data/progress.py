"""How long work says on standard error how far it is: a bar on a terminal, a line for each step elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from tqdm import tqdm


class Step(Protocol):
    """One step under way."""

    def update(self, n: float | None = 1) -> bool | None: ...


class Progress:
    """`shown` None means: bars where the stream is a terminal. `quiet` says nothing at all."""

    def __init__(self, stream: TextIO, *, shown: bool | None = None, quiet: bool = False) -> None:
        self._stream = stream
        self._bars = not quiet and (stream.isatty() if shown is None else shown)
        self._lines = not quiet and not self._bars

    @contextmanager
    def step(
        self, name: str, total: int | None = None, *, unit: str = "", is_bytes: bool = False
    ) -> Iterator[Step]:
        """Show one step; the caller tells it what was done since the last time."""
        bar = tqdm(
            total=total,
            desc=f"{name:<20}",
            unit="B" if is_bytes else f" {unit}",
            unit_scale=is_bytes,
            file=self._stream,
            disable=not self._bars,
            dynamic_ncols=True,
            leave=True,
        )
        with bar:
            yield bar
        if self._lines:
            self._stream.write(f"{name}: done\n")
            self._stream.flush()
