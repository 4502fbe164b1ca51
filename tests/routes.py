"""Every address of the site, found by walking the resolver, and how to fill one with the ids of an object."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

# The names that Django or a package gives to a part of an address. Ours speak for themselves.
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern: its name with its namespaces, or for a nameless one the address itself."""

    name: str
    template: str
    exempt: bool
    """Whether the closed door lets strangers through to the view, which may still refuse them."""

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(_CONVERTER.findall(self.template))

    def address(self, values: Mapping[str, object]) -> str:
        """The address with these values. `slug` and `pk` mean another thing in each route: `slug of tag_show`."""
        return "/" + _CONVERTER.sub(lambda found: self._value(found[1], values), self.template)

    def _value(self, parameter: str, values: Mapping[str, object]) -> str:
        special = f"{parameter} of {self.name}"
        return str(values[special] if special in values else values[parameter])


def routes() -> list[Route]:
    return list(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, prefix: str, namespaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        template = prefix + _plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, template, (*namespaces, *filter(None, [pattern.namespace])))
        else:
            assert isinstance(pattern, URLPattern)
            name = ":".join([*namespaces, pattern.name or f"[{template}]"])
            yield Route(name, template, exempt=not getattr(pattern.callback, "login_required", True))


def _plain(pattern: str) -> str:
    """A regular expression as if it had been written with converters."""
    if "(?P<" not in pattern and not pattern.startswith("^"):
        return pattern
    return _GROUP.sub(r"<\1>", pattern).removeprefix("^").removesuffix("$").replace("\\", "")
