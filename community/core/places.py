"""Which spaces somebody may see, for those to the left of the app that has spaces: said by that app, asked here."""

from collections.abc import Callable, Collection

Resolver = Callable[[object], Collection[int]]

_resolvers: list[Resolver] = []


def resolves_spaces(resolver: Resolver) -> None:
    """Register the one resolver of spaces."""
    _resolvers.append(resolver)


def open_space_ids(user: object) -> list[int]:
    """The ids of the spaces that this person may see now: what happened elsewhere is not to be told of."""
    return sorted({space_id for resolver in _resolvers for space_id in resolver(user)})
