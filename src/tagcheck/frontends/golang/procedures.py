"""Functions, methods and closures as procedures that are lowered when somebody asks for their body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from tagcheck.frontends.golang.body import Body, Grammar
from tagcheck.frontends.golang.control import lower_list
from tagcheck.frontends.golang.expressions import EXPRESSIONS
from tagcheck.frontends.golang.scopes import Ledger, Scope
from tagcheck.frontends.golang.sourcefile import SourceFile, named
from tagcheck.frontends.golang.statements import STATEMENTS
from tagcheck.frontends.golang.types import NUMBERS, qualified, type_parameters
from tagcheck.ir import PARAMETER_TYPE, Parameter, Procedure, Statement

if TYPE_CHECKING:
    from tree_sitter import Node

BLANK = "_"


def declared_function(file: SourceFile, key: str, node: Node, receiver: Node | None = None) -> Procedure:
    """A function or method declaration; `receiver` is the parameter list in front of a method's name."""
    local = type_parameters(file, node.child_by_field_name("type_parameters"))
    if receiver is not None:
        local |= _receiver_type_parameters(file, receiver)
    body = Body(GRAMMAR, file, key, local_types=local)
    receivers = _parameters(body, receiver)
    return _procedure(body, node, structs.replace(receivers[0], copied=_is_copied(receiver)) if receivers else None)


def _is_copied(receiver: Node | None) -> bool:
    """Whether the receiver of a method is no pointer."""
    kinds = [each.child_by_field_name("type") for each in named(receiver)] if receiver is not None else []
    return bool(kinds) and kinds[0] is not None and kinds[0].type != "pointer_type"


def closure(body: Body, node: Node) -> Procedure:
    """A function literal that stands in a body. What it can see is fixed here, its lowering waits."""
    body.closures += 1
    inner = Body(
        GRAMMAR,
        body.file,
        f"{body.key}${body.closures}",
        body.scope.of_closure(),
        local_types=dict(body.local_types),
        local_type_nodes=dict(body.local_type_nodes),
        numbers=set(body.numbers),
        iota=body.iota,
    )
    return _procedure(inner, node, None)


def bare_body(file: SourceFile, key: str) -> Body:
    """The state for source that stands outside of functions."""
    return Body(GRAMMAR, file, key)


def _procedure(body: Body, node: Node, receiver: Parameter | None) -> Procedure:
    file = body.file
    parameters = _parameters(body, node.child_by_field_name("parameters"))
    body.results, body.named_results = _results(body, node.child_by_field_name("result"))
    block = node.child_by_field_name("body")

    def lower() -> tuple[Statement, ...]:
        run = _copy(body)
        if block is not None:
            lower_list(run, block)
        return tuple(run.out)

    return Procedure(
        body.key,
        file.module,
        parameters,
        lower,
        file.span(node),
        body.results,
        body.named_results,
        receiver,
        file.mentions(node),
    )


def _copy(body: Body) -> Body:
    """A body may be lowered again, so the state in which it begins is kept."""
    scope = body.scope
    ledger = Ledger(set(scope.ledger.local), set(scope.ledger.outside), scope.ledger.around)
    return replace(
        body,
        scope=Scope(ledger, dict(scope.visible), set(scope.own)),
        local_types=dict(body.local_types),
        local_type_nodes=dict(body.local_type_nodes),
        numbers=set(body.numbers),
        out=[],
        frames=[],
    )


def _parameters(body: Body, node: Node | None) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for declaration in named(node) if node is not None else ():
        kind = qualified(body.file, declaration.child_by_field_name("type"), body.local_types)
        variadic = declaration.type == "variadic_parameter_declaration"
        names = [name for name in declaration.children_by_field_name("name") if name.is_named]
        words = [body.file.text(name) for name in names] or [BLANK]
        found += [Parameter(_declared(body, word, kind), "[]" * variadic + kind, variadic) for word in words]
    return tuple(found)


def _declared(body: Body, word: str, kind: str) -> str:
    if word == BLANK:
        return BLANK
    unique = body.scope.declare(word)
    body.numbers.discard(unique)
    if kind in NUMBERS:
        body.numbers.add(unique)
    return unique


def _results(body: Body, node: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The types of the results, and their names if they have some."""
    if node is None:
        return (), ()
    if node.type != "parameter_list":
        return (qualified(body.file, node, body.local_types),), ()
    has_names = any(declaration.child_by_field_name("name") is not None for declaration in named(node))
    results = _parameters(body, node)
    return tuple(result.type for result in results), tuple(result.name for result in results) if has_names else ()


def _receiver_type_parameters(file: SourceFile, receiver: Node) -> Mapping[str, str]:
    """`K` in `func (r *T[K]) …`."""
    pending, found = named(receiver), dict[str, str]()
    while pending:
        node = pending.pop()
        if node.type == "type_arguments":
            found.update((file.text(argument), PARAMETER_TYPE) for argument in named(node))
        elif node.type in ("parameter_declaration", "pointer_type", "generic_type", "parenthesized_type"):
            pending += named(node)
    return found


GRAMMAR = Grammar(EXPRESSIONS, STATEMENTS, closure)
