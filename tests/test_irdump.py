"""The text form of the small language shows every kind of node."""

from __future__ import annotations

from typing import get_args

import pytest

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, TypeInfo, Unit, Variable
from tagcheck.irdump import dump_expression, dump_procedure, dump_statements, dump_unit
from tagcheck.source import Span

AT = Span("a", 2, 3, 4, 5)
X, Y = ir.Name("x", AT), ir.Name("y", AT)
TEXT = ir.Literal("t\n\x1b\u202e", AT, exact=False)
BODY = (ir.Return((X,), AT),)
INNER = ir.Procedure("k#f$1", "m", (), lambda: BODY, AT)
CLOSURE = ir.Closure(INNER, AT)

EXPRESSIONS: list[tuple[ir.Expression, str]] = [
    (ir.Literal('a"', AT), r'"a\""'),
    (TEXT, r'"t\n\u001b\u202e"~'),
    (ir.Constant(None, AT), "nil"),
    (ir.Constant(True, AT), "true"),
    (ir.Constant(1.5, AT), "1.5"),
    (X, "x"),
    (ir.Global("os/exec", "Run", AT), "<os/exec>.Run"),
    (ir.Join((X, Y), AT), "join(x, y)"),
    (ir.Spread(X, AT), "spread(x)"),
    (ir.ListOf((X, Y), AT), "list(x, y)"),
    (ir.ListOf((), AT, "[]string"), "list<[]string>()"),
    (ir.MapOf(((X, Y),), AT), "map(x: y)"),
    (ir.RecordOf("m.T", (("f", X), ("g", Y)), AT), "record<m.T>(f: x, g: y)"),
    (ir.Zero("int", AT), "zero<int>"),
    (ir.Allocate(X, AT), "new(x)"),
    (ir.MakeChannel(AT), "channel"),
    (ir.AddressOf(X, AT), "&x"),
    (ir.Dereference(X, AT), "*x"),
    (ir.Field(X, "f", AT), "x.f"),
    (ir.Index(X, Y, AT), "x[y]"),
    (ir.Slice(X, None, Y, AT), "x[:y]"),
    (CLOSURE, "closure k#f$1"),
    (ir.Compare(ir.CompareOp.LE, X, Y, AT), "(x <= y)"),
    (ir.Not(X, AT), "!x"),
    (ir.AllOf((X, Y), AT), "all(x, y)"),
    (ir.AnyOf((X, Y), AT), "any(x, y)"),
    (ir.Choice(X, Y, TEXT, AT), r'choice(x, y, "t\n\u001b\u202e"~)'),
    (ir.Apply("length", (X,), AT), "length!(x)"),
    (ir.Opaque("why", AT, (X,)), 'opaque("why", x)'),
]

STATEMENTS: list[tuple[ir.Statement, str]] = [
    (ir.Assign((X, None), Y, AT, declare=True), "x, _ := y"),
    (ir.Assign((X,), Y, AT), "x = y"),
    (ir.Invoke((), X, (ir.Argument(Y, "k"), ir.Argument(Y)), AT), "call x(k=y, y)"),
    (ir.Invoke((X,), Y, (), AT), "x = call y()"),
    (ir.Run((X, Y), AT), "run x, y"),
    (
        ir.Run((X,), AT, (("A", Y),), X, Y, X, Y),
        "run x; environment A=y; stdin x; directory y; output x; status y",
    ),
    (ir.Redirect(BODY, AT, X, Y), "redirect; stdin x; output y\n    return x"),
    (ir.Redirect(BODY, AT), "redirect\n    return x"),
    (ir.Branch(X, BODY, (), AT), "if x\n    return x"),
    (ir.Branch(X, (), BODY, AT), "if x\nelse\n    return x"),
    (ir.Attempt(BODY, (), BODY, AT), "attempt\n    return x\nfailed\nelse\n    return x"),
    (ir.Attempt((), BODY, (), AT, X), "attempt as x\nfailed\n    return x"),
    (ir.ForEach((None, X), Y, BODY, AT), "for _, x in y\n    return x"),
    (ir.ForEach((), Y, (), AT), "for _ in y"),
    (ir.While(X, BODY, (), AT), "while x\nstep\n    return x"),
    (ir.Break(AT), "break"),
    (ir.Continue(AT), "continue"),
    (ir.Return((), AT), "return"),
    (ir.Return((X, Y), AT), "return x, y"),
    (ir.Defer(BODY, AT), "defer\n    return x"),
    (ir.Spawn(BODY, AT), "spawn\n    return x"),
    (ir.Send(X, Y, AT), "send y to x"),
    (ir.Receive((X,), Y, AT, declare=True), "x := receive y"),
    (ir.Use(ir.Role.BASE, X, AT), "use base x"),
]


@pytest.mark.parametrize(("node", "expected"), EXPRESSIONS)
def test_expression(node: ir.Expression, expected: str) -> None:
    assert dump_expression(node) == expected


@pytest.mark.parametrize(("node", "expected"), STATEMENTS)
def test_statement(node: ir.Statement, expected: str) -> None:
    assert dump_statements([node]) == expected


def test_every_kind_of_node_has_a_form() -> None:
    assert {type(node) for node, _ in EXPRESSIONS} == set(get_args(ir.Expression))
    assert {type(node) for node, _ in STATEMENTS} == set(get_args(ir.Statement))


def test_places() -> None:
    assert dump_statements([ir.Defer(BODY, AT)], spans=True) == "2:3-4:5 defer\n    2:3-4:5 return x"


def test_procedure_with_closures() -> None:
    first = ir.Procedure("k#f$2", "m", (), lambda: (), AT)
    body = (ir.Assign((X,), CLOSURE, AT), ir.Assign((Y,), ir.Closure(first, AT), AT))
    procedure = ir.Procedure(
        "k#f",
        "m",
        (ir.Parameter("a", "int"), ir.Parameter("b", default=X), ir.Parameter("c", "[]string", variadic=True)),
        lambda: body,
        AT,
        results=("string", "error"),
        named_results=("s", "err"),
        receiver=ir.Parameter("r", "m.T"),
    )
    assert dump_procedure(procedure).splitlines() == [
        "procedure (r m.T) k#f(a int, b = x, c... []string) -> s string, err error",
        "    x = closure k#f$1",
        "    y = closure k#f$2",
        "procedure k#f$1()",
        "    return x",
        "procedure k#f$2()",
    ]


def test_unit() -> None:
    unit = Unit(
        "a.go",
        "go",
        "m",
        imports={"fmt": "fmt"},
        procedures={"f": ir.Procedure("k#f", "m", (), lambda: BODY, AT, results=("int",))},
        variables={
            "v": Variable("v", AT, lambda: BODY, constant=True, type="int"),
            "w": Variable("w", AT, lambda: (ir.Assign((X,), CLOSURE, AT),)),
        },
        types={
            "T": TypeInfo("m.T", (("f", "int"), ("E", "m.E")), ("m.E",)),
            "N": TypeInfo("m.N", underlying="string"),
        },
        initial=(INNER,),
        entries=(("f", EntryKind.MAIN),),
        alternative="linux",
        problems=(ir.Problem("a.go", 1, 2, "bad"),),
    )
    assert dump_unit(unit).splitlines() == [
        "unit a.go go m",
        "alternative linux",
        "import fmt = fmt",
        "type T = m.T {f int, E m.E} embeds m.E",
        "type N = m.N string",
        "constant v int",
        "    return x",
        "variable w",
        "    x = closure k#f$1",
        "procedure k#f$1()",
        "    return x",
        "entry main f",
        "procedure k#f() -> int",
        "    return x",
        "procedure k#f$1()",
        "    return x",
        "problem 1:2 bad",
    ]
