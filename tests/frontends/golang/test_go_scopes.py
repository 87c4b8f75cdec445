"""Which variable a name means: hiding, closures, and names of the package."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from tagcheck.frontends.api import Unit

Lowered = Callable[[str], str]

CASES = {
    "inner blocks hide": (
        "x := 1\n{\n x := 2\n {\n  x := 3\n  f(x)\n }\n f(x)\n}\nf(x)",
        "x := 1\nx#2 := 2\nx#3 := 3\ncall f(x#3)\ncall f(x#2)\ncall f(x)",
    ),
    "blocks side by side do not": (
        "if x := f(); x { }\nif x := g(); x { }",
        "x := call f()\nif x\nx := call g()\nif x",
    ),
    "a closure sees the variable around it": (
        "x := 1\nif a {\n x := 2\n g(func() { x = 3 })\n}",
        """
        x := 1
        if a
            x#2 := 2
            call g(closure go:dir#f$1)
        procedure go:dir#f$1()
            x#2 = 3
        """,
    ),
    "a closure does not see what comes after it": (
        "x := 1\nif a {\n g(func() { f(x) })\n x := 2\n f(x)\n}",
        """
        x := 1
        if a
            call g(closure go:dir#f$1)
            x#2 := 2
            call f(x#2)
        procedure go:dir#f$1()
            call f(x)
        """,
    ),
    "parameters of a closure hide": (
        "x := 1\ng(func(x, y int) (err error) { x = y; return })",
        """
        x := 1
        call g(closure go:dir#f$1)
        procedure go:dir#f$1(x#2 int, y int) -> err error
            x#2 = y
            return err
        """,
    ),
    "closures in closures": (
        "x := 1\ng(func() { x := 2; g(func() { x := 3; f(x) }) })",
        """
        x := 1
        call g(closure go:dir#f$1)
        procedure go:dir#f$1()
            x#2 := 2
            call g(closure go:dir#f$1$1)
        procedure go:dir#f$1$1()
            x#3 := 3
            call f(x#3)
        """,
    ),
    "a name of the package beside a variable of another block": (
        "if a {\n x := 1\n f(x)\n}\nf(x)",
        "if a\n    x := 1\n    call f(x)\ncall f(<m>.x)",
    ),
    "a name of the package before a variable": (
        "f(x)\nif a {\n x := 1\n f(x)\n}",
        "call f(x)\nif a\n    x#2 := 1\n    call f(x#2)",
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_scope(lowered: Lowered, source: str, expected: str) -> None:
    assert lowered(source) == dedent(expected).strip("\n")


def test_a_body_can_be_lowered_again(unit: Callable[[str], Unit]) -> None:
    procedure = unit("package p\nfunc f(a int) { a, b := a, 1; g(func(a int) { b := b }) }").procedures["f"]
    first, second = procedure.lower(), procedure.lower()
    assert len(first) == len(second)
    assert first[:-1] == second[:-1]
