"""The answer type of every permission predicate. The predicates themselves live in each app's `permissions.py`."""

from dataclasses import dataclass
from typing import Literal

from community.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Allowed:
    """Truthy: go ahead."""

    def __bool__(self) -> Literal[True]:
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """Falsy, and says why in a sentence that can stand beside the button that is not there."""

    reason: str

    def __bool__(self) -> Literal[False]:
        return False


Decision = Allowed | Denied

ALLOWED = Allowed()


def require(decision: Decision) -> None:
    """Let an action go on only where the predicate allowed it. Raises `Refused` with the predicate's reason."""
    if isinstance(decision, Denied):
        raise Refused(decision.reason)
