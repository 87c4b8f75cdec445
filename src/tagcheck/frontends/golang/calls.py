"""Calls, and the chains of selectors, indexes and calls that lead to them (Go specification, "Primary expressions").

A chain is lowered from its innermost operand outwards in a loop, because chains of thousands of links are legal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from tagcheck.frontends.golang.body import MOST_DEPTH, Body
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.frontends.golang.types import BUILTIN, qualified, zero
from tagcheck.ir import (
    Allocate,
    Apply,
    Argument,
    Constant,
    Expression,
    Field,
    Global,
    Index,
    Invoke,
    ListOf,
    Literal,
    MakeChannel,
    MapOf,
    Name,
    Opaque,
    Slice,
    Spread,
    Target,
    Zero,
)
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGING = ("string", "float32", "float64")
"""The types that a conversion of what is known makes something else of."""
MOST_ZEROS = 64
"""Items that `make([]T, n)` is written out with; a longer list starts empty."""


class Pending(Struct, frozen=True):
    """A call whose results have no place yet."""

    callee: Expression
    arguments: tuple[Argument, ...]
    span: Span

    def into(self, targets: tuple[Target, ...], declare: bool = False) -> Invoke:
        return Invoke(targets, self.callee, self.arguments, self.span, declare)


Outcome: TypeAlias = Expression | Pending


def outcome(body: Body, node: Node) -> Outcome:
    """Lower an expression, but leave it open where the results of an outermost call go."""
    node = unwrapped(node)
    if body.depth < MOST_DEPTH:
        if node.type in _LINKS:
            return _chain(body, node)
        if node.type == "type_conversion_expression":
            return _conversion(body, node)
    return body.expression(node)


def settled(body: Body, value: Outcome) -> Expression:
    """The value; an open call is emitted and gets a temporary."""
    if not isinstance(value, Pending):
        return value
    name = body.temporary(value.span)
    body.emit(value.into((name,), declare=True))
    return name


def lower_call(body: Body, node: Node) -> Expression:
    """The handler for every kind of expression of this module."""
    return settled(body, outcome(body, node))


def unwrapped(node: Node) -> Node:
    """An expression without the parentheses around it."""
    while node.type == "parenthesized_expression":
        node = named(node)[0]
    return node


def _chain(body: Body, node: Node) -> Outcome:
    links: list[Node] = []
    while node.type in _LINKS:
        links.append(node)
        node = node.children[0]
    if node.type == "parenthesized_expression" and links[-1].type == "call_expression":
        pointer = _pointer_type(node)
        if pointer is not None:
            value: Outcome = _convert(body, pointer, links.pop())
        else:
            value = body.expression(node)
    else:
        value = _symbol(body, node, links) or body.expression(node)
    nested = 0
    for link in reversed(links):
        nested = 0 if isinstance(value, Pending) else nested + 1
        operand = settled(body, value)
        if nested > MOST_DEPTH:
            operand, nested = Opaque("chained too long", body.file.span(link)), 0
        value = _LINKS[link.type](body, link, operand)
    return value


def _symbol(body: Body, node: Node, links: list[Node]) -> Expression | None:
    """`package.Symbol` at the start of a chain."""
    if node.type != "identifier" or links[-1].type != "selector_expression":
        return None
    module = body.module(body.file.text(node))
    if module is None:
        return None
    selector = links.pop()
    return Global(module, body.file.text(selector.children[-1]), body.file.span(selector))


def _pointer_type(node: Node) -> Node | None:
    """The type in `(*T)(x)`, which the grammar reads as a dereference."""
    inner = unwrapped(node)
    if inner.type != "unary_expression" or inner.children[0].type != "*":
        return None
    operand = inner.children[-1]
    return operand if operand.type in ("identifier", "selector_expression") else None


def _select(body: Body, node: Node, base: Expression) -> Outcome:
    return Field(base, body.file.text(node.children[-1]), body.file.span(node))


def _index(body: Body, node: Node, base: Expression) -> Outcome:
    index = node.child_by_field_name("index")
    if index is None or (index.type == "identifier" and body.file.text(index) in BUILTIN):
        return base
    return Index(base, body.expression(index), body.file.span(node))


def _slice(body: Body, node: Node, base: Expression) -> Outcome:
    low, high = node.child_by_field_name("start"), node.child_by_field_name("end")
    return Slice(
        base,
        body.expression(low) if low is not None else None,
        body.expression(high) if high is not None else None,
        body.file.span(node),
    )


def _assert_type(body: Body, node: Node, base: Expression) -> Outcome:
    return base


def _call(body: Body, node: Node, callee: Expression) -> Outcome:
    function = node.children[0]
    if isinstance(callee, Global) and callee.module == "builtin":
        operation = _BUILTINS.get(callee.name)
        if operation is not None:
            return operation(body, node)
    elif isinstance(callee, Name) and function.type == "identifier" and _is_type(body, body.file.text(function)):
        return _convert(body, function, node)
    return Pending(callee, arguments(body, node.children[-1]), body.file.span(node))


def _is_type(body: Body, name: str) -> bool:
    known = name in BUILTIN or name in body.file.type_nodes or name in body.local_types
    return known and name not in body.scope.visible


def _convert(body: Body, kind: Node, call: Node) -> Expression:
    operands = named(call.children[-1])
    span = body.file.span(call)
    if not operands:
        return Opaque("conversion of nothing", span)
    operand = body.expression(operands[0])
    name = qualified(body.file, kind, body.local_types)
    if name in BUILTIN and name not in _CHANGING:
        return operand
    return Apply("convert", (Literal(name, body.file.span(kind), exact=False), operand), span)


def _conversion(body: Body, node: Node) -> Outcome:
    """`[]byte(x)`, and `f[T](x)`, which the grammar cannot tell from a conversion."""
    kind, operand = node.child_by_field_name("type"), node.child_by_field_name("operand")
    span = body.file.span(node)
    if kind is None or operand is None:
        return Opaque("conversion of nothing", span)
    if kind.type != "generic_type":
        return body.expression(operand)
    name = kind.children[0]
    if name.type == "type_identifier":
        callee: Expression = body.variable(body.file.text(name), body.file.span(name))
    else:
        package, _, symbol = body.file.text(name).rpartition(".")
        callee = Global(body.module(package) or package, symbol, body.file.span(name))
    return Pending(callee, (Argument(body.expression(operand)),), span)


def arguments(body: Body, node: Node) -> tuple[Argument, ...]:
    """The arguments of a call. The only argument, if it is itself a call, may be several values: `f(g())`."""
    values = named(node)
    if len(values) == 1 and values[0].type in ("call_expression", "type_conversion_expression"):
        only = outcome(body, values[0])
        value = settled(body, only)
        return (Argument(Spread(value, only.span) if isinstance(only, Pending) else value),)
    return tuple(Argument(_item(body, value)) for value in values)


def _item(body: Body, node: Node) -> Expression:
    if node.type == "variadic_argument":
        return Spread(body.expression(node.children[0]), body.file.span(node))
    return body.expression(node)


def _length(body: Body, node: Node) -> Outcome:
    return Apply("length", tuple(_item(body, item) for item in named(node.children[-1])), body.file.span(node))


def _append(body: Body, node: Node) -> Outcome:
    span = body.file.span(node)
    return Allocate(Apply("append", tuple(_item(body, item) for item in named(node.children[-1])), span), span)


def _new(body: Body, node: Node) -> Outcome:
    span = body.file.span(node)
    kinds = named(node.children[-1])
    name = qualified(body.file, kinds[0], body.local_types) if kinds else ""
    return Allocate(Zero(name, span), span)


def _make(body: Body, node: Node) -> Outcome:
    span = body.file.span(node)
    kind, *sizes = named(node.children[-1]) or (node,)
    lengths = [body.expression(size) for size in sizes]
    name = qualified(body.file, kind, body.local_types)
    made = _underlying(body, kind)
    if made.type == "channel_type":
        return MakeChannel(span)
    if made.type == "map_type" or (made.type not in ("slice_type", "generic_type") and not sizes):
        return Allocate(MapOf((), span, name), span)
    item = zero(made.child_by_field_name("element"), name.removeprefix("[]"), span)
    if lengths and not isinstance(lengths[0], Constant):
        return Allocate(Apply("repeat", (item, lengths[0]), span), span)
    length = lengths[0].value if lengths and isinstance(lengths[0], Constant) else 0
    count = length if isinstance(length, int) and 0 < length <= MOST_ZEROS else 0
    return Allocate(ListOf((item,) * count, span, name), span)


def _underlying(body: Body, kind: Node) -> Node:
    """What a type of this file is made of, or the type itself."""
    for _ in range(10):
        known = body.type_node(body.file.text(kind)) if kind.type in ("type_identifier", "identifier") else None
        if known is None:
            break
        kind = known
    return kind


_BUILTINS: Mapping[str, Callable[[Body, Node], Outcome]] = {
    "len": _length,
    "append": _append,
    "new": _new,
    "make": _make,
}

_LINKS: Mapping[str, Callable[[Body, Node, Expression], Outcome]] = {
    "call_expression": _call,
    "selector_expression": _select,
    "index_expression": _index,
    "slice_expression": _slice,
    "type_assertion_expression": _assert_type,
}

CALLS: Mapping[str, Callable[[Body, Node], Expression]] = {
    **dict.fromkeys(_LINKS, lower_call),
    "type_conversion_expression": lower_call,
}
