"""Expressions of Go that a function has more than once, as arguments of calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck.fixes.syntax.golang.tree import (
    FUNCTIONS,
    LISTS,
    declares,
    identifiers,
    is_assigned,
    of_type,
    text,
    within,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def same(expression: Node) -> Iterator[Node]:
    """The arguments of calls in an expression's function that are written like it, in order."""
    function = _function(expression)
    if expression.type not in ("call_expression", "binary_expression") or function is None:
        return
    for call in sorted(of_type(function, "argument_list"), key=lambda each: each.start_byte):
        for each in call.named_children:
            if each.type == expression.type and each.text == expression.text and _function(each) == function:
                yield each


def _function(node: Node) -> Node | None:
    at = node.parent
    while at is not None and at.type not in FUNCTIONS:
        at = at.parent
    return at


def statement(expression: Node) -> Node | None:
    """The statement in a list that evaluates an expression once, and always."""
    at, parent = expression, expression.parent
    while parent is not None and parent.type not in LISTS:
        if parent.type == "for_statement" or (parent.type == "if_statement" and at.type in ("block", "if_statement")):
            return None
        if parent.type in ("defer_statement", "go_statement", "labeled_statement"):
            return None
        operator = parent.child_by_field_name("operator")
        if parent.type == "binary_expression" and operator is not None and operator.type in ("&&", "||"):
            return None
        at, parent = parent, parent.parent
    return at if parent is not None and parent.type in ("statement_list", "block") else None


def within_list(node: Node, statement: Node) -> bool:
    """Whether an expression lies in the list of a statement, in it or behind it."""
    return statement.parent is not None and node.start_byte >= statement.start_byte and within(node, statement.parent)


def is_single(root: Node, found: list[Node]) -> bool:
    """Whether an expression is one value: the only argument of a call may be several."""
    first = found[0]
    if first.type != "call_expression" or any(len(_arguments(each)) > 1 for each in found):
        return True
    function = first.child_by_field_name("function")
    for declaration in root.named_children:
        name, result = (declaration.child_by_field_name(field) for field in ("name", "result"))
        if function is not None and name is not None and result is not None and text(name) == text(function):
            return text(result) == "string"
    return False


def _arguments(expression: Node) -> list[Node]:
    return expression.parent.named_children if expression.parent is not None else []


def changes(expression: Node, statement: Node, last: Node) -> bool:
    """Whether what an expression is made of is declared or given a value between a statement and a place behind it."""
    names = set(map(text, identifiers(expression)))
    for each in identifiers(statement.parent or statement):
        is_between = statement.start_byte <= each.start_byte < last.start_byte
        if is_between and text(each) in names and (declares(each) or is_assigned(each)):
            return True
    return False
