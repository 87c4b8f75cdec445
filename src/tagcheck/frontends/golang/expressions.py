"""Go expressions, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tagcheck.frontends.golang.body import Body
from tagcheck.frontends.golang.calls import CALLS, unwrapped
from tagcheck.frontends.golang.composites import composite
from tagcheck.frontends.golang.literals import floating, integer, unescaped
from tagcheck.frontends.golang.operators import binary, unary
from tagcheck.frontends.golang.sourcefile import characters
from tagcheck.ir import Closure, Constant, Expression, Literal, Opaque
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node


def _identifier(body: Body, node: Node) -> Expression:
    return body.variable(body.file.text(node), body.file.span(node))


def _interpreted(body: Body, node: Node) -> Expression:
    """A text in double quotes, or a rune; both stay on one line."""
    file = body.file
    content = file.content[node.start_byte + 1 : node.end_byte - 1]
    row, column = node.start_point
    wide = file.wide_rows.get(row)
    start = column + 2 if wide is None else characters(wide[:column]) + 2
    end = start + characters(content)
    return Literal(unescaped(content), Span(file.path, row + 1, start, row + 1, end), b"\\" not in content)


def _raw(body: Body, node: Node) -> Expression:
    """A text in back quotes; carriage returns do not belong to its value."""
    content = body.file.content[node.start_byte + 1 : node.end_byte - 1]
    span = body.file.span(node)
    inside = Span(span.path, span.line, span.column + 1, span.end_line, span.end_column - 1)
    text = content.decode(errors="replace")
    exact = text.count("\r") == text.count("\r\n")
    return Literal(text.replace("\r", ""), inside, exact)


def _integer(body: Body, node: Node) -> Expression:
    value = integer(body.file.text(node))
    span = body.file.span(node)
    return Opaque("number", span) if value is None else Constant(value, span)


def _floating(body: Body, node: Node) -> Expression:
    value = floating(body.file.text(node))
    span = body.file.span(node)
    return Opaque("number", span) if value is None else Constant(value, span)


def _constant(value: bool | None) -> Callable[[Body, Node], Expression]:
    return lambda body, node: Constant(value, body.file.span(node))


def _iota(body: Body, node: Node) -> Expression:
    return Constant(body.iota, body.file.span(node))


def _parenthesized(body: Body, node: Node) -> Expression:
    return body.expression(unwrapped(node))


def _function(body: Body, node: Node) -> Expression:
    return Closure(body.grammar.closure(body, node), body.file.span(node))


EXPRESSIONS: Mapping[str, Callable[[Body, Node], Expression]] = {
    "identifier": _identifier,
    "interpreted_string_literal": _interpreted,
    "raw_string_literal": _raw,
    "rune_literal": _interpreted,
    "int_literal": _integer,
    "float_literal": _floating,
    "true": _constant(True),
    "false": _constant(False),
    "nil": _constant(None),
    "iota": _iota,
    "parenthesized_expression": _parenthesized,
    "func_literal": _function,
    "composite_literal": composite,
    "binary_expression": binary,
    "unary_expression": unary,
    **CALLS,
}
