"""Template tags of the page's frame; what a single page says belongs to that page's template, not here."""

from __future__ import annotations

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class FrozenNode(template.Node):
    """Rendered once per process and language, then printed from memory.

    What is the same for every reader is not worked out again for each of them: the links to styles, the icons and the
    fixed words of the frame would otherwise be a third of the time of a page. The inside is rendered with an empty
    context on purpose, so that a variable of one reader can never be kept and shown to another: it prints nothing.
    """

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.kept: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        kept = self.kept.get(language)
        if kept is None:
            kept = self.kept[language] = self.nodelist.render(context.new({}))
        return kept


@register.tag
def frozen(parser: Parser, token: Token) -> FrozenNode:
    """`{% frozen %}…{% endfrozen %}`: see FrozenNode. Nothing inside may depend on the request."""
    nodelist = parser.parse(("endfrozen",))
    parser.delete_first_token()
    return FrozenNode(nodelist)
