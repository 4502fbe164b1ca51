"""`{% extends %}` for every template: Django's, but a parent is gone through for its blocks once."""

from typing import Any

from django import template
from django.template.base import Node, NodeList, Parser, Template, Token
from django.template.context import Context
from django.template.loader_tags import ExtendsNode, do_extends

register = template.Library()


class KeptNodeList(NodeList):
    """Nodes that no longer change: what was looked for among them once is known."""

    def __init__(self, nodelist: NodeList) -> None:
        super().__init__(nodelist)
        self.contains_nontext = nodelist.contains_nontext
        self.kept: dict[type[Node], list[Any]] = {}

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Any]:
        found = self.kept.get(nodetype)
        if found is None:
            found = self.kept[nodetype] = super().get_nodes_by_type(nodetype)
        return found


class KeptExtendsNode(ExtendsNode):
    def get_parent(self, context: Context) -> Template:
        parent: Template = super().get_parent(context)
        if not isinstance(parent.nodelist, KeptNodeList):
            parent.nodelist = KeptNodeList(parent.nodelist)
        return parent


@register.tag("extends")
def extends(parser: Parser, token: Token) -> KeptExtendsNode:
    """Django's `{% extends %}`; the base page has hundreds of nodes, and each page asks for its blocks."""
    node: ExtendsNode = do_extends(parser, token)
    return KeptExtendsNode(node.nodelist, node.parent_name)
