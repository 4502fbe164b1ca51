"""The three ways an action says no, each carrying a sentence for people. Rendering them is the middleware's work."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class DomainError(Exception):
    """A refusal that a person can read. `sentence` is shown as it is; it names the way forward."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, sentence: str, *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}


class Refused(DomainError):
    """The person may not do this: 403. Never used for things whose existence is secret; those are 404."""

    status = 403
    code = "refused"


class Invalid(DomainError):
    """What was sent cannot be accepted as it is: 422. `fields` maps a field name to its sentences."""

    status = 422
    code = "invalid"


class Conflict(DomainError):
    """Somebody else changed the thing meanwhile, or it is in another state than assumed: 409."""

    status = 409
    code = "conflict"
