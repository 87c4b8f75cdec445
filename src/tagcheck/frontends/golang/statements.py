"""Go statements but for those that branch or repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tagcheck.frontends.golang.bindings import BINDINGS
from tagcheck.frontends.golang.body import Body
from tagcheck.frontends.golang.calls import Pending, outcome, unwrapped
from tagcheck.frontends.golang.control import BRANCHES, lower_block
from tagcheck.frontends.golang.loops import lower_for
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.ir import (
    Argument,
    Constant,
    Defer,
    Expression,
    Literal,
    Name,
    Receive,
    Return,
    Send,
    Spawn,
    Spread,
    Statement,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def _expression_statement(body: Body, node: Node) -> None:
    """A call or a receive whose results are dropped; anything else has no effect of its own."""
    inner = unwrapped(node.children[0])
    if inner.type == "unary_expression" and inner.children[0].type == "<-":
        body.emit(Receive((), body.expression(inner.children[-1]), body.file.span(inner)))
        return
    value = outcome(body, inner)
    if isinstance(value, Pending):
        body.emit(value.into(()))


def _return(body: Body, node: Node) -> None:
    span = body.file.span(node)
    lists = named(node)
    if not lists:
        visible = body.scope.visible
        names = tuple(Name(visible.get(name, name), span) for name in body.named_results)
        body.emit(Return(names, span))
        return
    values = named(lists[0])
    if len(values) == 1 and len(body.results) > 1:
        value = outcome(body, values[0])
        if isinstance(value, Pending):
            results = tuple(body.temporary(value.span) for _ in body.results)
            body.emit(value.into(results, declare=True))
            body.emit(Return(results, span))
        else:
            body.emit(Return((value,), span))
        return
    body.emit(Return(tuple(body.expression(value) for value in values), span))


def _send(body: Body, node: Node) -> None:
    channel, value = node.child_by_field_name("channel"), node.child_by_field_name("value")
    if channel is not None and value is not None:
        body.emit(Send(body.expression(channel), body.expression(value), body.file.span(node)))


def _defer(body: Body, node: Node) -> None:
    body.emit(Defer(_postponed(body, node), body.file.span(node)))


def _go(body: Body, node: Node) -> None:
    body.emit(Spawn(_postponed(body, node), body.file.span(node)))


def _postponed(body: Body, node: Node) -> tuple[Statement, ...]:
    """The call of a `defer` or `go`. A closure that only runs through and takes nothing is put in place; one that
    returns or defers by itself stays a procedure."""
    call = unwrapped(node.children[-1])
    function = call.children[0] if call.type == "call_expression" else call
    if function.type == "func_literal" and call.type == "call_expression":
        block = function.child_by_field_name("body")
        plain = not named(call.children[-1]) and body.file.mentions(function).isdisjoint(("return", "defer", "recover"))
        if plain and block is not None:
            return _in_place(body, block)
    value = outcome(body, call)
    if not isinstance(value, Pending):
        return ()
    kept = tuple(Argument(_kept(body, argument.value), argument.keyword) for argument in value.arguments)
    return (Pending(value.callee, kept, value.span).into(()),)


def _in_place(body: Body, block: Node) -> tuple[Statement, ...]:
    frames, body.frames = body.frames, []
    statements = lower_block(body, block)
    body.frames = frames
    return statements


def _kept(body: Body, value: Expression) -> Expression:
    """An argument as it is when the statement runs, not when the call does."""
    if isinstance(value, Literal | Constant):
        return value
    if isinstance(value, Spread):
        return Spread(_kept(body, value.value), value.span)
    return body.held(value, value.span)


STATEMENTS: Mapping[str, Callable[[Body, Node], None]] = {
    "expression_statement": _expression_statement,
    "return_statement": _return,
    "send_statement": _send,
    "defer_statement": _defer,
    "go_statement": _go,
    **BINDINGS,
    **BRANCHES,
    "for_statement": lower_for,
}
