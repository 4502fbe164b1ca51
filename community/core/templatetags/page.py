"""Template tags of the page's frame; what a single page says belongs to that page's template, not here."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from operator import attrgetter
from typing import Any

from django import template
from django.forms import BaseForm
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    Parser,
    TextNode,
    Token,
    Variable,
    VariableNode,
    render_value_in_context,
)
from django.template.context import Context
from django.template.defaulttags import IfNode
from django.templatetags.i18n import TranslateNode, do_translate
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


def _language(context: Context) -> str | None:
    """The language of the page, asked once per page: asking costs as much as printing two words."""
    try:
        return context.page_language  # type: ignore[attr-defined, no-any-return]
    except AttributeError:
        context.page_language = get_language()  # type: ignore[attr-defined]
        return get_language()


class WordNode(Node):
    """`{% translate "a word" %}`, looked up once per process and language; a page has some fifty of them."""

    def __init__(self, word: TranslateNode) -> None:
        self.word = word
        self.kept: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        language = _language(context)
        kept = self.kept.get(language)
        if kept is None:
            kept = self.kept[language] = str(self.word.render(context.new({})))
        return kept


@register.tag("translate")
def translate(parser: Parser, token: Token) -> Node:
    """Django's `{% translate %}`; a fixed word printed in place is remembered, see WordNode."""
    node: TranslateNode = do_translate(parser, token)
    return WordNode(node) if _is_fixed_word(node) else node


class FrozenNode(Node):
    """Rendered once per process and language, then printed from memory.

    What is the same for every reader is not worked out again for each of them: the links to styles, the icons
    and the fixed words of the frame would otherwise be a third of the time of a page. The inside is rendered
    with an empty context on purpose, so that a variable of one reader can never be kept and shown to another:
    it prints nothing.
    """

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.kept: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = _language(context)
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


_unfilled: dict[tuple[type[BaseForm], str | None], SafeString] = {}


@register.simple_tag
def unfilled(form: BaseForm) -> SafeString:
    """`{% unfilled form %}`: the form; while nobody has typed into it, its visible fields are rendered only once.

    For a form that stands empty on every page of a kind, such as the reply under a thread: rendering it costs more
    than the twenty posts above. Only for forms whose visible fields look the same for everybody; what is hidden in
    it (whom one answers, the key against sending twice) is printed anew each time.
    """
    hidden = form.hidden_fields()
    names = {field.name for field in hidden}
    if form.is_bound or any(value for name, value in form.initial.items() if name not in names):
        return form.render()
    key = (form.__class__, get_language())
    kept = _unfilled.get(key)
    if kept is None:
        kept = _unfilled[key] = SafeString(
            "\n".join(field.as_field_group() for field in form.visible_fields())
        )
    return kept + format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}" id="{}">',
        ((field.html_name, field.value() or "", field.auto_id) for field in hidden),
    )


# What is left of the inside of a loop: fixed text, or a function of the row.
Show = Callable[[Any], str]
Step = str | Show


class EachNode(Node):
    """`{% for %}` for long lists of plain rows, several times as fast because it can do less.

    A thread prints twenty posts for every reader; with `{% for %}` that is most of the time of the page.
    Here the inside may only hold text, `{{ row.field }}`, `{% translate "a word" %}` and `{% if row.field %}`
    with elif and else; it is turned into functions once per language. Everything else is refused when the
    template is read, so that nothing means something different here. Escaping is the same as everywhere.
    """

    def __init__(self, name: str, rows: FilterExpression, nodelist: NodeList) -> None:
        self.name = name
        self.rows = rows
        self.nodelist = nodelist
        self.kept: dict[str | None, Show] = {}
        self._check(nodelist)

    def render(self, context: Context) -> SafeString:
        language = _language(context)
        show = self.kept.get(language)
        if show is None:
            show = self.kept[language] = _whole(self._steps(self.nodelist, context.new({})))
        return SafeString("".join([show(row) for row in self.rows.resolve(context) or ()]))

    def _check(self, nodelist: NodeList) -> None:
        for node in nodelist:
            if isinstance(node, IfNode):
                for condition, inside in node.conditions_nodelists:
                    if condition is not None:
                        self._field(getattr(condition, "value", None), node)
                    self._check(inside)
            elif isinstance(node, VariableNode):
                self._field(node.filter_expression, node)
            elif not isinstance(node, TextNode | WordNode):
                raise self._refusal(node)

    def _field(self, expression: Any, node: Node) -> str:
        """The field for `row.field`; anything else is refused."""
        if isinstance(expression, FilterExpression) and not expression.filters:
            variable = expression.var
            lookups = variable.lookups if isinstance(variable, Variable) else None
            if lookups and lookups[0] == self.name and len(lookups) > 1:
                return ".".join(lookups[1:])
        raise self._refusal(node)

    def _refusal(self, node: Node) -> template.TemplateSyntaxError:
        return template.TemplateSyntaxError(
            f"{{% each %}} takes text, fields of {self.name!r}, plain {{% if %}} on them, words; not {node!r}"
        )

    def _steps(self, nodelist: NodeList, context: Context) -> list[Step]:
        steps: list[Step] = []
        for node in nodelist:
            step = self._step(node, context)
            if steps and isinstance(step, str) and isinstance(steps[-1], str):
                steps[-1] += step
            else:
                steps.append(step)
        return steps

    def _step(self, node: Node, context: Context) -> Step:
        if isinstance(node, VariableNode):
            return _printer(self._field(node.filter_expression, node), context)
        if not isinstance(node, IfNode):
            return str(node.render(context))
        chosen: Step = ""
        for condition, inside in reversed(node.conditions_nodelists):
            steps = self._steps(inside, context)
            if condition is None:
                chosen = _joined(steps)
            else:
                chosen = _choice(attrgetter(self._field(condition.value, node)), _joined(steps), chosen)
        return chosen


def _is_fixed_word(node: TranslateNode) -> bool:
    return (
        node.asvar is None
        and node.message_context is None
        and not node.filter_expression.filters
        and not getattr(node.filter_expression.var, "lookups", None)
    )


_needs_escape = re.compile("[&<>\"']").search


def _printer(field: str, context: Context) -> Show:
    get = attrgetter(field)

    def show(row: Any) -> str:
        value = get(row)
        kind = value.__class__
        if kind is SafeString:
            return str(value)
        if kind is not str:
            return render_value_in_context(value, context)
        # Most are names, numbers and addresses: looking costs a third of replacing nothing five times.
        return escape(value) if _needs_escape(value) else str(value)

    return show


def _whole(steps: list[Step]) -> Show:
    joined = _joined(steps)
    return (lambda row: joined) if isinstance(joined, str) else joined


def _joined(steps: list[Step]) -> Step:
    """One step for several. Most branches are a word or a field between two tags: for those nothing is gathered."""
    match steps:
        case []:
            return ""
        case [only]:
            return only
        case [str(before), step, str(after)] if not isinstance(step, str):
            return lambda row: before + step(row) + after
    fixed = [step if isinstance(step, str) else "" for step in steps]
    moving = [(place, step) for place, step in enumerate(steps) if not isinstance(step, str)]

    def show(row: Any) -> str:
        parts = fixed.copy()
        for place, step in moving:
            parts[place] = step(row)
        return "".join(parts)

    return show


def _choice(get: Callable[[Any], Any], yes: Step, no: Step) -> Show:
    if isinstance(yes, str):
        if isinstance(no, str):
            return lambda row: yes if get(row) else no
        return lambda row: yes if get(row) else no(row)
    if isinstance(no, str):
        return lambda row: yes(row) if get(row) else no
    return lambda row: yes(row) if get(row) else no(row)


@register.tag
def each(parser: Parser, token: Token) -> EachNode:
    """`{% each row in rows %}…{% endeach %}`: see EachNode."""
    bits = token.split_contents()
    if len(bits) != 4 or bits[2] != "in":
        raise template.TemplateSyntaxError("use it as {% each row in rows %}")
    nodelist = parser.parse(("endeach",))
    parser.delete_first_token()
    return EachNode(bits[1], parser.compile_filter(bits[3]), nodelist)
