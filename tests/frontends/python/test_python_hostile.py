"""Hostile Python costs bounded time and gives problems, never exceptions."""

from __future__ import annotations

import pytest

from tagcheck.frontends import python

DEEP = {
    "brackets": "x = " + "(" * 5000 + ")" * 5000,
    "sums": "x = " + "+".join(["1"] * 100_000),
    "attributes": "x = a" + ".b" * 100_000,
    "calls over lines": "x = (a\n" + ".b()\n" * 50_000 + ")",
    "continued lines": "x = 1" + " \\\n + 1" * 50_000,
    "not": "x = " + "not " * 50_000 + "1",
    "lambdas": "x = " + "lambda: " * 50_000 + "1",
    "texts": "x = (" + "\n".join(['"a"'] * 50_000) + ")",
    "branches": "if a:\n pass\n" + "elif b:\n pass\n" * 5_000,
    "indented": "\n".join(" " * depth + "if a:" for depth in range(1_000)),
    "a zero": "x = 1\0",
    "not UTF-8": b"x = '\xff'",
    "another language": 'print "a"',
    "large": "x = 1\n" * 400_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_a_problem_is_said(name: str) -> None:
    source = DEEP[name]
    content = source if isinstance(source, bytes) else str(source).encode()
    unit = python.parse("x.py", content, "./x")
    assert len(unit.problems) == 1


ODD = {
    "at the bound of chains": "x = " + "+".join(["1"] * 200),
    "at the bound of brackets": "x = " + "[" * 55 + "]" * 55,
    "functions in functions": "\n".join(" " * depth + "def f():" for depth in range(90)) + "\n" + " " * 90 + "pass",
    "classes in classes": "\n".join(" " * depth + "class C:" for depth in range(90)) + "\n" + " " * 90 + "pass",
    "loops in comprehensions": "x = [1 " + "for a in b " * 80 + "]",
    "a star alone": "def f(*, a): pass\nf(*x, **y)",
    "unpacking": "a, *b, (c, d) = e\n[f, g] = h",
    "every statement": "async def f():\n async with a as b:\n  async for c in d:\n   yield c\n  else:\n   return\n",
    "an empty file": "",
    "only a comment": "# nothing",
    "line ends": "def f():\r\n    return 1\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_every_body_is_lowered(name: str) -> None:
    unit = python.parse("x.py", ODD[name].encode(), "./x")
    assert not unit.problems
    for procedure in unit.procedures.values():
        assert isinstance(procedure.body, tuple)
    for variable in unit.variables.values():
        assert isinstance(variable.lower(), tuple)
