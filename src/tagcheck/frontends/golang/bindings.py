"""Declarations and assignments inside a body (Go specification, "Assignment statements", "Variable declarations")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from tagcheck.frontends.golang.body import Body
from tagcheck.frontends.golang.calls import Pending, outcome, settled, unwrapped
from tagcheck.frontends.golang.operators import combined, is_number
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.frontends.golang.types import BUILTIN, NUMBERS, qualified, type_info, zero
from tagcheck.ir import (
    Apply,
    Assign,
    Constant,
    Dereference,
    Expression,
    Field,
    Global,
    Index,
    ListOf,
    Literal,
    Name,
    Opaque,
    Receive,
    Target,
)
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node


class Places(Struct, frozen=True):
    """Where values go. Where some variables are new and others are not, all values go to temporaries first; `later`
    are the assignments from these."""

    targets: tuple[Target, ...]
    declare: bool
    later: tuple[Assign, ...] = ()


def short_declaration(body: Body, node: Node) -> None:
    """`a, b := x, y`."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is not None and right is not None:
        names = named(left)
        bind(body, lambda span: _declared(body, names), len(names), named(right), body.file.span(node))


def assignment(body: Body, node: Node) -> None:
    """`a, b = x, y` and `a += x`."""
    left, operator, right = node.child_by_field_name("left"), node.children[1], node.child_by_field_name("right")
    if left is None or right is None:
        return
    span = body.file.span(node)
    places = named(left)
    if operator.type in ("=", "comment"):
        targets = tuple(target(body, place) for place in places)
        bind(body, lambda _: Places(targets, False), len(targets), named(right), span)
        return
    place = target(body, places[0])
    value = body.expression(named(right)[0])
    old = place if place is not None else Opaque("blank", span)
    body.emit(Assign((place,), combined(body, operator.type[:-1], old, value, span), span))


def increment(body: Body, node: Node) -> None:
    """`a++` and `a--`."""
    place = target(body, node.children[0])
    span = body.file.span(node)
    if place is not None:
        operation = "add" if node.type == "inc_statement" else "subtract"
        body.emit(Assign((place,), Apply(operation, (place, Constant(1, span)), span), span))


def variables(body: Body, node: Node) -> None:
    """`var a, b T = x, y`, one or in a group."""
    for spec in specs(node, "var_spec"):
        declare_variables(body, spec)


def declare_variables(body: Body, spec: Node) -> None:
    """The variables of one specification; those without a value get the zero value of their type."""
    names = [name for name in spec.children_by_field_name("name") if name.is_named]
    kind_node = spec.child_by_field_name("type")
    kind = qualified(body.file, kind_node, body.local_types)
    values = spec.child_by_field_name("value")
    span = body.file.span(spec)
    if values is not None:
        bind(body, lambda _: _declared(body, names, kind), len(names), named(values), span)
        _give_type(body, kind_node)
        return
    for target_name in _declared(body, names, kind).targets:
        if target_name is not None:
            body.emit(Assign((target_name,), zero(kind_node, kind, span), span, declare=True))


def constants(body: Body, node: Node) -> None:
    """`const ( A = iota; B )`."""
    for number, spec, kind, values in constant_specs(node):
        declare_constants(body, number, spec, kind, values)


def declare_constants(body: Body, number: int, spec: Node, kind: Node | None, values: Node | None) -> None:
    """The constants of one specification, the `number`-th of its group."""
    names = [name for name in spec.children_by_field_name("name") if name.is_named]
    body.iota = number
    if values is not None:
        bind(body, lambda _: _declared(body, names), len(names), named(values), body.file.span(spec))
        _give_type(body, kind)


def _give_type(body: Body, kind: Node | None) -> None:
    """What was declared last is a number or text of a type with a name: the type may have methods."""
    last = body.out[-1] if body.out else None
    if kind is None or not isinstance(last, Assign):
        return
    if not (is_number(body, last.value) or isinstance(last.value, Literal)):
        return
    name = qualified(body.file, kind, body.local_types)
    if name not in BUILTIN:
        typed = Apply("convert", (Literal(name, body.file.span(kind), exact=False), last.value), last.span)
        body.out[-1] = Assign(last.targets, typed, last.span, last.declare)


def constant_specs(node: Node) -> list[tuple[int, Node, Node | None, Node | None]]:
    """The specifications of a group with their number, type and values, those of the one before where left out."""
    found: list[tuple[int, Node, Node | None, Node | None]] = []
    kind: Node | None = None
    values: Node | None = None
    for number, spec in enumerate(specs(node, "const_spec")):
        if (own := spec.child_by_field_name("value")) is not None:
            kind, values = spec.child_by_field_name("type"), own
        found.append((number, spec, kind, values))
    return found


def specs(node: Node, kind: str) -> list[Node]:
    """The specifications of a declaration, with or without brackets around them."""
    found: list[Node] = []
    for child in named(node):
        if child.type == kind:
            found.append(child)
        elif child.type.endswith("_list"):
            found += [spec for spec in named(child) if spec.type == kind]
    return found


def types(body: Body, node: Node) -> None:
    """A type declared inside a body; it is added to the file's types under a name with its place."""
    for spec in named(node):
        name, kind = spec.child_by_field_name("name"), spec.child_by_field_name("type")
        if name is None or kind is None:
            continue
        row, column = name.start_point
        simple = body.file.text(name)
        key = f"{simple}@{row + 1}:{column + 1}"
        body.local_types[simple] = f"{body.file.module}.{key}"
        body.local_type_nodes[simple] = kind
        body.file.types[key] = type_info(body.file, body.local_types[simple], kind, body.local_types)


def bind(body: Body, places: Callable[[Span], Places], count: int, values: list[Node], span: Span) -> None:
    """Bring values to their places. `places` is asked after the values are lowered, because a new variable is not
    visible in its own value."""
    if count > 1 and len(values) == 1:
        _bind_results(body, places, count, values[0], span)
        return
    if len(values) == 1:
        value = outcome(body, values[0])
        where = places(span)
        if isinstance(value, Pending):
            body.emit(value.into(where.targets, where.declare))
        else:
            _note_number(body, where, value)
            body.emit(Assign(where.targets, value, span, where.declare))
        return
    items = tuple(body.expression(value) for value in values)
    where = places(span)
    body.emit(Assign(where.targets, ListOf(items, span), span, where.declare))
    for assign in where.later:
        body.emit(assign)


def _bind_results(body: Body, places: Callable[[Span], Places], count: int, node: Node, span: Span) -> None:
    """One expression with several results: a call, or a look-up, assertion or receive that says whether it worked."""
    node = unwrapped(node)
    if node.type == "unary_expression" and node.children[0].type == "<-":
        channel = body.expression(node.children[-1])
        where = places(span)
        body.emit(Receive(where.targets, channel, span, where.declare))
    else:
        value = outcome(body, node)
        where = places(span)
        if isinstance(value, Pending):
            body.emit(value.into(where.targets, where.declare))
        else:
            body.emit(Assign(where.targets, _with_success(body, node, value, count, span), span, where.declare))
    for assign in where.later:
        body.emit(assign)


def declared_receive(body: Body, node: Node) -> None:
    """`case v, ok := <-channel:`, with or without places for what is received."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    span = body.file.span(node)
    receive = unwrapped(right) if right is not None else None
    if receive is None or receive.type != "unary_expression":
        return
    channel = body.expression(receive.children[-1])
    names = named(left) if left is not None else []
    if any(child.type == ":=" for child in node.children):
        where = _declared(body, names)
    else:
        where = Places(tuple(target(body, name) for name in names), False)
    body.emit(Receive(where.targets, channel, span, where.declare))


def is_type(body: Body, value: Expression, wanted: list[Node], others: list[Node], span: Span) -> Expression:
    """Whether a value is of one of the wanted types; the others are asked for at the same place."""
    listed = (
        ListOf(tuple(Literal(_asked(body, kind), body.file.span(kind), exact=False) for kind in kinds), span)
        for kinds in (wanted, others)
    )
    return Apply("is-type", (value, *listed), span)


def _asked(body: Body, kind: Node) -> str:
    """A type as a type switch names it; '?' for what no name tells: type parameters, sets of methods."""
    written = "".join(body.file.text(kind).split())
    if written in ("nil", "any", "interface{}"):
        return "nil" if written == "nil" else "any"
    name = qualified(body.file, kind, body.local_types)
    return "?" if name == "any" else f"{'*' if kind.type == 'pointer_type' else ''}{name}"


def _with_success(body: Body, node: Node, value: Expression, count: int, span: Span) -> Expression:
    if count != 2:
        return Opaque("several values", span, (value,))
    if isinstance(value, Index):
        return ListOf((value, Apply("has", (value.base, value.index), span)), span)
    kind = node.child_by_field_name("type")
    if node.type == "type_assertion_expression" and kind is not None:
        return ListOf((value, is_type(body, value, [kind], [], span)), span)
    return ListOf((value, Opaque("second value", span, (value,))), span)


def _note_number(body: Body, where: Places, value: Expression) -> None:
    name = where.targets[0]
    if where.declare and isinstance(name, Name) and is_number(body, value):
        body.numbers.add(name.name)


def _declared(body: Body, names: list[Node], kind: str = "") -> Places:
    """The places of a declaration. A name that the block has already is assigned, not declared."""
    words = [body.file.text(name) if name.type == "identifier" else "_" for name in names]
    known = [word for word in words if word in body.scope.own]
    spans = [body.file.span(name) for name in names]
    if not known:
        targets = tuple(
            None if word == "_" else _new_variable(body, word, span, kind)
            for word, span in zip(words, spans, strict=True)
        )
        return Places(targets, True)
    if all(word == "_" or word in body.scope.own for word in words):
        return Places(
            tuple(
                None if word == "_" else Name(body.scope.visible[word], span)
                for word, span in zip(words, spans, strict=True)
            ),
            False,
        )
    temporaries = [None if word == "_" else body.temporary(span) for word, span in zip(words, spans, strict=True)]
    later = [
        Assign((_known_or_new(body, word, span, kind),), temporary, span, declare=word not in known)
        for word, span, temporary in zip(words, spans, temporaries, strict=True)
        if temporary is not None
    ]
    return Places(tuple(temporaries), True, tuple(later))


def _known_or_new(body: Body, word: str, span: Span, kind: str) -> Name:
    if word in body.scope.own:
        return Name(body.scope.visible[word], span)
    return _new_variable(body, word, span, kind)


def _new_variable(body: Body, word: str, span: Span, kind: str) -> Name:
    name = body.declare(word, span)
    if kind in NUMBERS:
        body.numbers.add(name.name)
    else:
        body.numbers.discard(name.name)
    return name


def target(body: Body, node: Node) -> Target:
    """The place that an expression on the left stands for; None for the blank identifier and for what is no place."""
    node = unwrapped(node)
    if node.type == "identifier" and body.file.text(node) == "_":
        return None
    place = settled(body, outcome(body, node))
    return place if isinstance(place, Name | Global | Field | Index | Dereference) else None


BINDINGS: Mapping[str, Callable[[Body, Node], None]] = {
    "short_var_declaration": short_declaration,
    "assignment_statement": assignment,
    "inc_statement": increment,
    "dec_statement": increment,
    "var_declaration": variables,
    "const_declaration": constants,
    "type_declaration": types,
}
