"""Composite literals (Go specification, "Composite literals"): lists, mappings and records written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tagcheck.frontends.golang.body import MOST_DEPTH, Body
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.frontends.golang.types import qualified, zero
from tagcheck.ir import Allocate, Constant, Expression, ListOf, MapOf, Opaque, RecordOf
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_INDEX = 1000
"""The highest index that is honoured in `[]T{7: x}`."""

Element: TypeAlias = "tuple[Node | None, Node]"
"""The key, if there is one, and the value."""

_LISTS = frozenset({"slice_type", "array_type", "implicit_length_array_type"})


def composite(body: Body, node: Node) -> Expression:
    """`T{…}`."""
    kind, value = node.children[0], node.children[-1]
    return _value(body, kind, value, body.file.span(node))


def _value(body: Body, kind: Node | None, value: Node, span: Span) -> Expression:
    """The braces of a literal of the type `kind`; None where the type is not known."""
    elements = _elements(value)
    name = qualified(body.file, kind, body.local_types)
    made = _made_of(body, kind)
    if made is None:
        return _unknown(body, kind, name, elements, span)
    if made.type in _LISTS:
        written = _list(body, made.child_by_field_name("element"), name, elements, span)
        return Allocate(written, span) if made.type == "slice_type" else written
    if made.type == "map_type":
        return _map(body, made, name, elements, span)
    return _record(body, name, elements, span)


def _made_of(body: Body, kind: Node | None) -> Node | None:
    """The list, map or struct type behind a type, if it is declared in this file."""
    for _ in range(10):
        if kind is None or kind.type in _LISTS or kind.type in ("map_type", "struct_type"):
            return kind
        if kind.type in ("generic_type", "pointer_type", "parenthesized_type"):
            kind = named(kind)[0]
        else:
            kind = body.type_node(body.file.text(kind)) if kind.type == "type_identifier" else None
    return None


def _elements(value: Node) -> list[Element]:
    found: list[Element] = []
    for child in named(value):
        parts = named(child)
        if child.type == "keyed_element" and len(parts) == 2:
            found.append((named(parts[0])[0], named(parts[1])[0]))
        elif parts:
            found.append((None, parts[0]))
    return found


def _item(body: Body, kind: Node | None, node: Node) -> Expression:
    """An element, whose type may be left out when it is that of the list or map around it."""
    if node.type != "literal_value":
        return body.expression(node)
    span = body.file.span(node)
    if body.depth >= MOST_DEPTH:
        return Opaque("nested too deeply", span)
    body.depth += 1
    value = _value(body, kind, node, span)
    body.depth -= 1
    return Allocate(value, span) if kind is not None and kind.type == "pointer_type" else value


def _list(body: Body, kind: Node | None, name: str, elements: list[Element], span: Span) -> Expression:
    items: list[Expression] = []
    for key, node in elements:
        index = body.expression(key) if key is not None else None
        if isinstance(index, Constant) and type(index.value) is int and len(items) < index.value <= MOST_INDEX:
            items += [zero(kind, name.removeprefix("[]"), span)] * (index.value - len(items))
        items.append(_item(body, kind, node))
    return ListOf(tuple(items), span, name)


def _map(body: Body, kind: Node | None, name: str, elements: list[Element], span: Span) -> Expression:
    key_kind = kind.child_by_field_name("key") if kind is not None else None
    value_kind = kind.child_by_field_name("value") if kind is not None else None
    entries = tuple(
        (_item(body, key_kind, key), _item(body, value_kind, value)) for key, value in elements if key is not None
    )
    return Allocate(MapOf(entries, span, name), span)


def _record(body: Body, name: str, elements: list[Element], span: Span) -> Expression:
    key = name.removeprefix(body.file.module + ".")
    info = body.file.types.get(key)
    names = [field for field, _ in info.fields] if info is not None else []
    fields: list[tuple[str, Expression]] = []
    for position, (key_node, value) in enumerate(elements):
        known = names[position] if position < len(names) else str(position)
        field = body.file.text(key_node) if key_node is not None else known
        fields.append((field, _item(body, None, value)))
    return RecordOf(name, tuple(fields), span)


def _unknown(body: Body, kind: Node | None, name: str, elements: list[Element], span: Span) -> Expression:
    """A literal of a type that is declared elsewhere: its shape is read off its elements."""
    keys = [key for key, _ in elements if key is not None]
    if not keys and elements and all(value.type == "literal_value" for _, value in elements):
        return _list(body, None, name, elements, span)
    foreign = kind is not None and kind.type == "qualified_type"
    if all(_may_be_field(body, key, foreign) for key in keys):
        return _record(body, name, elements, span)
    return _map(body, None, name, elements, span)


def _may_be_field(body: Body, key: Node, foreign: bool) -> bool:
    """Whether a key can be the name of a field; fields of another package's struct start with a capital letter."""
    if key.type != "identifier":
        return False
    return not foreign or body.file.text(key)[:1].isupper()
