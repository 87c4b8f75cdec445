"""Operators. Chains such as `a + b + c` lean to the left and may be very long, so they are lowered in a loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from tagcheck.frontends.golang.body import MOST_DEPTH, Body
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.ir import (
    AddressOf,
    Allocate,
    AllOf,
    AnyOf,
    Apply,
    Assign,
    Branch,
    Compare,
    CompareOp,
    Constant,
    Dereference,
    Expression,
    Join,
    Name,
    Not,
    Opaque,
    Receive,
)
from tagcheck.numerals import quotient
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_BITS = 512
"""Constants beyond this size are not computed."""

_COMPARISONS = {operator.value: operator for operator in CompareOp}
_ARITHMETIC = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
    "|": "bit-or",
    "&": "bit-and",
    "<<": "shift-left",
}
_BIT_OPERATORS = frozenset(("&", "|", "^", "&^", "<<", ">>"))
_NUMBER_OPERATIONS = frozenset((*_ARITHMETIC.values(), "length"))


def binary(body: Body, node: Node) -> Expression:
    """A chain of binary operators, from the left."""
    links: list[tuple[str, Node, Node]] = []
    while node.type == "binary_expression":
        children = node.children
        operator = children[1] if len(children) == 3 else node.child_by_field_name("operator") or children[1]
        links.append((operator.type, children[-1], node))
        node = children[0]
    value = body.expression(node)
    links.reverse()
    nested = 0
    for operator_text, group in groupby(links, key=lambda link: link[0]):
        members = list(group)
        nested += 1 if operator_text in ("+", "&&", "||") else len(members)
        if nested > MOST_DEPTH:
            return Opaque("too many operators", body.file.span(links[-1][2]))
        value = _group(body, operator_text, value, members)
    return value


def _group(body: Body, operator: str, left: Expression, members: list[tuple[str, Node, Node]]) -> Expression:
    """Operands that are joined by one operator."""
    if operator in ("&&", "||"):
        return _logical(body, operator, left, [right for _, right, _ in members], body.file.span(members[-1][2]))
    if operator == "+":
        parts = (left, *(body.expression(right) for _, right, _ in members))
        return total(body, parts, body.file.span(members[-1][2]))
    for _, right, node in members:
        left = combined(body, operator, left, body.expression(right), body.file.span(node))
    return left


def combined(body: Body, operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    """`left operator right` for any operator but the logical ones."""
    if operator == "+":
        return total(body, (left, right), span)
    comparison = _COMPARISONS.get(operator)
    if comparison is not None:
        return Compare(comparison, left, right, span)
    if isinstance(left, Constant) and isinstance(right, Constant):
        value = _computed(operator, left.value, right.value)
        if value is not None:
            return Constant(value, span)
    if operator in _ARITHMETIC:
        return Apply(_ARITHMETIC[operator], (left, right), span)
    return Opaque(f"operator {operator}", span, (left, right))


def total(body: Body, parts: tuple[Expression, ...], span: Span) -> Expression:
    """A sum of numbers, or else a text put together."""
    if any(is_number(body, part) for part in parts):
        numbers = [part.value for part in parts if isinstance(part, Constant)]
        if len(numbers) == len(parts):
            value = numbers[0]
            for number in numbers[1:]:
                value = _computed("+", value, number)
            return Opaque("number", span) if value is None else Constant(value, span)
        return Apply("add", parts, span)
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, Join) else (part,)
    return Join(tuple(flat), span)


def is_number(body: Body, value: Expression) -> bool:
    """Whether an expression is plainly a number."""
    match value:
        case Constant():
            return type(value.value) in (int, float)
        case Name():
            name = value.name
            return name in body.numbers or (name in body.file.numbers and name not in body.scope.visible)
        case Apply():
            return value.operation in _NUMBER_OPERATIONS
        case _:
            return False


def _computed(operator: str, left: object, right: object) -> int | float | None:
    if type(left) not in (int, float) or type(right) not in (int, float):
        return None
    assert isinstance(left, (int, float)) and isinstance(right, (int, float))
    if operator in ("<<", ">>") and not (isinstance(right, int) and 0 <= right <= MOST_BITS):
        return None
    operation = _OPERATIONS.get(operator)
    if operation is None or (operator in ("/", "%") and right == 0):
        return None
    if operator in _BIT_OPERATORS and not (isinstance(left, int) and isinstance(right, int)):
        return None
    try:
        value = operation(left, right)
    except (OverflowError, ValueError):
        return None
    return None if isinstance(value, int) and value.bit_length() > MOST_BITS else value


def _divided(left: int | float, right: int | float) -> int | float:
    """Go rounds the quotient of integers towards zero."""
    return quotient(left, right) if isinstance(left, int) and isinstance(right, int) else left / right


def _rest(left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int):
        return left - right * int(_divided(left, right))
    return math.fmod(left, right)


_OPERATIONS: Mapping[str, Callable[[int | float, int | float], int | float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _rest,
    "<<": lambda left, right: int(left) << int(right),
    ">>": lambda left, right: int(left) >> int(right),
    "&": lambda left, right: int(left) & int(right),
    "|": lambda left, right: int(left) | int(right),
    "^": lambda left, right: int(left) ^ int(right),
    "&^": lambda left, right: int(left) & ~int(right),
}


def _logical(body: Body, operator: str, first: Expression, rights: list[Node], span: Span) -> Expression:
    """`&&` and `||`: an operand that holds calls runs only where the ones before it leave the result open."""
    both = operator == "&&"
    operands = [first]
    for node in rights:
        outer, body.out = body.out, []
        value = body.expression(node)
        emitted, body.out = body.out, outer
        if not emitted:
            operands.append(value)
            continue
        so_far = body.held(_combination(both, operands, span), span)
        then = (*emitted, Assign((so_far,), value, span))
        body.emit(Branch(so_far, then if both else (), () if both else then, span))
        operands = [so_far]
    return _combination(both, operands, span)


def _combination(both: bool, operands: list[Expression], span: Span) -> Expression:
    if len(operands) == 1:
        return operands[0]
    return AllOf(tuple(operands), span) if both else AnyOf(tuple(operands), span)


def unary(body: Body, node: Node) -> Expression:
    """An operator before its operand; a receive is emitted."""
    operator, operand_node = node.children[0].type, named(node)[-1]
    operand = body.expression(operand_node)
    span = body.file.span(node)
    match operator:
        case "!":
            return Not(operand, span)
        case "*":
            return Dereference(operand, span)
        case "&":
            made = operand_node.type == "composite_literal"
            return Allocate(operand, span) if made else AddressOf(operand, span)
        case "<-":
            value = body.temporary(span)
            body.emit(Receive((value,), operand, span, declare=True))
            return value
        case "+":
            return operand
        case "-" if isinstance(operand, Constant) and type(operand.value) in (int, float):
            assert operand.value is not None
            return Constant(-operand.value, span)
        case "-":
            return Apply("subtract", (Constant(0, span), operand), span)
        case _:
            return Opaque(f"operator {operator}", span, (operand,))
