"""Go statements that branch: blocks, `if`, `switch` and `select`, and the leaving of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tagcheck.frontends.golang.bindings import declared_receive, is_type
from tagcheck.frontends.golang.body import MOST_DEPTH, Body, Frame
from tagcheck.frontends.golang.sourcefile import named
from tagcheck.ir import (
    AnyOf,
    Assign,
    Branch,
    Break,
    Compare,
    CompareOp,
    Constant,
    Continue,
    Expression,
    Opaque,
    Statement,
    While,
)
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_FALLTHROUGHS = 10
DEEPEST_ALTERNATIVE = MOST_DEPTH * 3 // 4
"""From here on alternatives are not nested, so that there is room for what stands in them."""

_BREAKABLE = frozenset(
    ("for_statement", "expression_switch_statement", "type_switch_statement", "select_statement", "func_literal")
)
_CASES = frozenset(("expression_case", "type_case", "communication_case", "default_case"))


class Alternatives:
    """Collects `if … else if … else …` of any length: what follows a link runs where its condition does not hold.
    Past the depth that a tree may have, alternatives stand side by side under conditions that are not known."""

    def __init__(self, body: Body) -> None:
        self._body, self._depth, self._scope = body, body.depth, body.scope
        self._links: list[tuple[Expression, tuple[Statement, ...], Span]] = []
        self._outs = [body.out]
        self._flat = False

    def add(self, condition: Expression, then: tuple[Statement, ...], span: Span) -> None:
        body = self._body
        if body.depth >= DEEPEST_ALTERNATIVE:
            self._flat = True
            body.emit(_one_of_many(then, span))
            return
        body.depth += 1
        self._links.append((condition, then, span))
        body.out = []
        self._outs.append(body.out)

    def otherwise(self, statements: tuple[Statement, ...], span: Span) -> None:
        """What runs where no condition holds."""
        if self._flat and statements:
            self._body.emit(_one_of_many(statements, span))
        else:
            self._body.out += statements

    def close(self) -> None:
        """Emit the nested branches; the block and scope are again those from before."""
        for condition, then, span in reversed(self._links):
            otherwise = tuple(self._outs.pop())
            self._outs[-1].append(Branch(condition, then, otherwise, span))
        self._body.out, self._body.depth, self._body.scope = self._outs[0], self._depth, self._scope


def _one_of_many(statements: tuple[Statement, ...], span: Span) -> Branch:
    return Branch(Opaque("one of many alternatives", span), statements, (), span)


def lower_block(body: Body, node: Node) -> tuple[Statement, ...]:
    """The statements of a block or a case."""
    return body.gathered(lambda: lower_list(body, node))


def lower_list(body: Body, node: Node) -> None:
    """The statements right inside a node, in the current block."""
    for child in node.children:
        if child.type == "statement_list":
            for statement in child.children:
                body.statement(statement)


def _block(body: Body, node: Node) -> None:
    scope = body.scope
    body.scope = scope.inner()
    lower_list(body, node)
    body.scope = scope


def _if(body: Body, node: Node) -> None:
    chain = Alternatives(body)
    alternative: Node | None = node
    while alternative is not None and alternative.type == "if_statement":
        node = alternative
        body.scope = body.scope.inner()
        _initialise(body, node)
        condition, consequence = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        if condition is None or consequence is None:
            break
        test = body.expression(condition)
        chain.add(test, lower_block(body, consequence), body.file.span(node))
        alternative = node.child_by_field_name("alternative")
    if alternative is not None and alternative.type == "block":
        chain.otherwise(lower_block(body, alternative), body.file.span(alternative))
    chain.close()


def _initialise(body: Body, node: Node) -> None:
    initializer = node.child_by_field_name("initializer")
    if initializer is not None:
        body.statement(initializer)


def _switch(body: Body, node: Node) -> None:
    def lower() -> None:
        value = node.child_by_field_name("value")
        tag = body.expression(value) if value is not None else None
        if isinstance(tag, Constant) and tag.value is True:
            tag = None
        cases = _cases(node)
        chain = Alternatives(body)
        for number, case in enumerate(cases):
            if case.type == "expression_case":
                condition = _case_condition(body, tag, case)
                chain.add(condition, _case_body(body, cases, number), body.file.span(case))
        for number, case in enumerate(cases):
            if case.type == "default_case":
                chain.otherwise(_case_body(body, cases, number), body.file.span(case))
        chain.close()

    _in_frame(body, node, lower)


def _cases(node: Node) -> list[Node]:
    return [child for child in node.children if child.type in _CASES]


def _case_condition(body: Body, tag: Expression | None, case: Node) -> Expression:
    span = body.file.span(case)
    values = case.child_by_field_name("value")
    tests: list[Expression] = []
    for value in named(values) if values is not None else ():
        test = body.expression(value)
        tests.append(test if tag is None else Compare(CompareOp.EQ, tag, test, body.file.span(value)))
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests), span)


def _case_body(body: Body, cases: list[Node], number: int) -> tuple[Statement, ...]:
    """The statements of a case, and of those that it falls through to."""
    statements: tuple[Statement, ...] = ()
    for case in cases[number : number + MOST_FALLTHROUGHS]:
        statements += lower_block(body, case)
        if not _falls_through(case):
            break
    return statements


def _falls_through(case: Node) -> bool:
    last = case.children[-1]
    inner = named(last) if last.type == "statement_list" else []
    return bool(inner) and inner[-1].type == "fallthrough_statement"


def _type_switch(body: Body, node: Node) -> None:
    def lower() -> None:
        value, alias = node.child_by_field_name("value"), node.child_by_field_name("alias")
        operand = body.expression(value) if value is not None else Opaque("no value", body.file.span(node))
        names = named(alias) if alias is not None else []
        chain = Alternatives(body)
        cases = _cases(node)
        types = [case.children_by_field_name("type") for case in cases]
        for number, case in sorted(enumerate(cases), key=lambda each: each[1].type == "default_case"):
            then, span = _type_case(body, case, operand, names), body.file.span(case)
            if case.type == "default_case":
                chain.otherwise(then, span)
            else:
                others = [kind for at, kinds in enumerate(types) if at != number for kind in kinds]
                chain.add(is_type(body, operand, types[number], others, span), then, span)
        chain.close()

    _in_frame(body, node, lower)


def _type_case(body: Body, case: Node, operand: Expression, names: list[Node]) -> tuple[Statement, ...]:
    def lower() -> None:
        for name in names:
            span = body.file.span(name)
            body.emit(Assign((body.declare(body.file.text(name), span),), operand, span, declare=True))
        lower_list(body, case)

    return body.gathered(lower)


def _select(body: Body, node: Node) -> None:
    def lower() -> None:
        cases = _cases(node)
        last = next((case for case in cases if case.type == "default_case"), cases[-1] if cases else None)
        chain = Alternatives(body)
        for case in cases:
            if case is not last:
                span = body.file.span(case)
                chain.add(Opaque("select", span), _communication(body, case), span)
        if last is not None:
            chain.otherwise(_communication(body, last), body.file.span(last))
        chain.close()

    _in_frame(body, node, lower)


def _communication(body: Body, case: Node) -> tuple[Statement, ...]:
    def lower() -> None:
        communication = case.child_by_field_name("communication")
        if communication is not None and communication.type == "receive_statement":
            declared_receive(body, communication)
        elif communication is not None:
            body.statement(communication)
        lower_list(body, case)

    return body.gathered(lower)


def _in_frame(body: Body, node: Node, lower: Callable[[], None]) -> None:
    """A switch or select. The small language knows `Break` in loops only: where one leaves the middle of a case, the
    switch becomes a loop of one round."""
    label = body.pending_label
    words = body.file.mentions(node)
    loop = "break" in words and (_breaks_in_the_middle(node) or (label != "" and label in words))
    body.frames.append(Frame(_taken_label(body), loop=False, leaves=loop))
    span = body.file.span(node)

    def initialised() -> None:
        _initialise(body, node)
        lower()

    if loop:
        statements = body.gathered(initialised)
        body.emit(While(Constant(True, span), (), (*statements, Break(span)), span))
    else:
        scope = body.scope
        body.scope = scope.inner()
        initialised()
        body.scope = scope
    body.frames.pop()


def _taken_label(body: Body) -> str:
    label, body.pending_label = body.pending_label, ""
    return label


def _breaks_in_the_middle(node: Node) -> bool:
    """Whether a `break` without label leaves this statement from another place than the end of a case."""
    pending = list(_cases(node))
    while pending:
        current = pending.pop()
        for child in current.children:
            if child.type == "break_statement" and len(child.children) == 1:
                ends_case = current.parent is not None and current.parent.type in _CASES
                if not (ends_case and child.end_byte == named(current)[-1].end_byte):
                    return True
            elif child.type not in _BREAKABLE:
                pending.append(child)
    return False


def _break(body: Body, node: Node) -> None:
    label, loops = _label(body, node), 0
    for frame in reversed(body.frames):
        if label in ("", frame.label):
            if frame.leaves:
                body.emit(Break(body.file.span(node), loops))
            return
        loops += frame.leaves


def _continue(body: Body, node: Node) -> None:
    label, loops = _label(body, node), 0
    for frame in reversed(body.frames):
        if frame.loop and label in ("", frame.label):
            body.emit(Continue(body.file.span(node), loops))
            return
        loops += frame.leaves


def _label(body: Body, node: Node) -> str:
    return body.file.text(node.children[-1]) if len(node.children) > 1 else ""


def _labelled(body: Body, node: Node) -> None:
    while node.type == "labeled_statement":
        body.pending_label = body.file.text(node.children[0])
        inner = named(node)
        if len(inner) < 2:
            return
        node = inner[1]
    body.statement(node)
    body.pending_label = ""


BRANCHES: Mapping[str, Callable[[Body, Node], None]] = {
    "block": _block,
    "if_statement": _if,
    "expression_switch_statement": _switch,
    "type_switch_statement": _type_switch,
    "select_statement": _select,
    "break_statement": _break,
    "continue_statement": _continue,
    "labeled_statement": _labelled,
}
