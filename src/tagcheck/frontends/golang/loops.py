"""The forms of Go's `for` (Go specification, "For statements")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck.frontends.golang.bindings import target
from tagcheck.frontends.golang.body import Body, Frame
from tagcheck.frontends.golang.control import lower_block, lower_list
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.ir import Assign, Branch, Break, Constant, ForEach, Name, Not, Statement, Target, While
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node


def lower_for(body: Body, node: Node) -> None:
    """Any `for` statement."""
    block = node.child_by_field_name("body")
    if block is None:
        return
    label, body.pending_label = body.pending_label, ""
    body.frames.append(Frame(label, loop=True))
    scope = body.scope
    body.scope = scope.inner()
    clause = next((child for child in named(node) if child.id != block.id), None)
    if clause is not None and clause.type == "range_clause":
        _range(body, node, clause, block)
    elif clause is not None and clause.type == "for_clause":
        _counted(body, node, clause, block)
    else:
        _while(body, node, clause, (), block)
    body.scope = scope
    body.frames.pop()


def _counted(body: Body, node: Node, clause: Node, block: Node) -> None:
    initializer, update = clause.child_by_field_name("initializer"), clause.child_by_field_name("update")
    if initializer is not None:
        body.statement(initializer)
    step = body.gathered(lambda: body.statement(update)) if update is not None else ()
    if b"func" in body.file.content[block.start_byte : block.end_byte]:
        step = (*_renewed(body, initializer), *step)
    _while(body, node, clause.child_by_field_name("condition"), step, block)


def _renewed(body: Body, initializer: Node | None) -> list[Statement]:
    """Every round has variables of its own (since Go 1.22): before the step, they begin as copies of the last ones."""
    if initializer is None or initializer.type != "short_var_declaration":
        return []
    span = body.file.span(initializer)
    left = initializer.child_by_field_name("left")
    names = (body.file.text(each) for each in named(left)) if left is not None else ()
    own = [body.variable(name, span) for name in names if name != "_"]
    return [Assign((name,), name, span, declare=True) for name in own if isinstance(name, Name)]


def _while(body: Body, node: Node, condition: Node | None, step: tuple[Statement, ...], block: Node) -> None:
    """A condition that calls something is tested inside the loop, because it is computed in every round."""
    span = body.file.span(node)
    if condition is None:
        body.emit(While(Constant(True, span), step, lower_block(body, block), span))
        return
    outer, body.out = body.out, []
    test = body.expression(condition)
    before, body.out = body.out, outer
    if not before:
        body.emit(While(test, step, lower_block(body, block), span))
        return
    leave = Branch(Not(test, test.span), (Break(test.span),), (), test.span)
    body.emit(While(Constant(True, span), step, (*before, leave, *lower_block(body, block)), span))


def _range(body: Body, node: Node, clause: Node, block: Node) -> None:
    left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
    if right is None:
        return
    span = body.file.span(node)
    over = body.expression(right)
    places = named(left) if left is not None else []
    declares = any(child.type == ":=" for child in clause.children)

    def lower() -> None:
        if not declares:
            for assign in later:
                body.emit(assign)
        lower_list(body, block)

    later: list[Assign] = []
    if declares:
        targets = tuple(_declared(body, place) for place in places)
    else:
        targets = _through_temporaries(body, places, later, span)
    body.emit(ForEach(targets, over, body.gathered(lower), span))


def _declared(body: Body, place: Node) -> Target:
    name = body.file.text(place)
    return None if name == "_" else body.declare(name, body.file.span(place))


def _through_temporaries(body: Body, places: list[Node], later: list[Assign], span: Span) -> tuple[Target, ...]:
    """`for x = range …` assigns to variables that are there already; `later` gets these assignments."""
    targets: list[Target] = []
    for place in places:
        where = target(body, place)
        temporary = body.temporary(span) if where is not None else None
        targets.append(temporary)
        if temporary is not None:
            later.append(Assign((where,), temporary, span))
    return tuple(targets)
