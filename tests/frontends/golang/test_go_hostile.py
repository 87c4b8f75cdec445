"""Input that is made to break a reader: it becomes problems or opaque nodes, in bounded depth."""

from __future__ import annotations

import sys

import pytest

from tagcheck import ir
from tagcheck.frontends import golang
from tagcheck.frontends.golang.guard import MOST_BYTES, MOST_NESTING
from tagcheck.irdump import dump_unit

N = 20_000


def body(text: str) -> bytes:
    return f"package p\nfunc f() {{\n{text}\n}}\n".encode()


DEEP = {
    "sum": "x := a" + " + a" * N,
    "sum of numbers": "x := 1" + " + 1" * N,
    "differences": "x := a" + " - a" * N,
    "mixed operators": "x := a" + " - a + b" * N,
    "conditions": "x := a" + " && f() || g()" * N,
    "negations": "x := " + "!" * N + "a",
    "pointers": "var x " + "*" * N + "T",
    "lists": "var x " + "[]" * N + "T",
    "mappings": "var x " + "map[a]" * N + "T",
    "functions": "var x " + "func() " * N + "int",
    "selectors": "x := a" + ".b" * N,
    "indexes": "x := a" + "[0]" * N,
    "calls": "a" + ".b()" * N,
    "calls of results": "a" + "()" * N,
    "else if": "if a {}" + " else if f() {}" * N,
    "cases": "switch x {\n" + "case 1: a()\n" * N + "}",
    "fallthrough": "switch x {\n" + "case 1: a()\nfallthrough\n" * N + "}",
    "labels": "a: " * N + "x()",
    "brackets": "x := " + "(" * 150 + "1" + ")" * 150,
    "calls in calls": "x := " + "f(" * 150 + "1" + ")" * 150,
    "blocks": "{" * 150 + "}" * 150,
    "closures": "func() {\n" * 90 + "}()\n" * 90,
    "literals": "x := T{" + "{" * 150 + "}" * 150 + "}",
    "structs": "var x " + "struct{ a " * 90 + "int" + "}" * 90,
    "identifier": "x := " + "a" * 400_000,
    "digits": "x := " + "9" * 400_000,
    "large constants": "x := 9999999999" + " * 9999999999" * 1000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_depth_is_bounded(text: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        unit = golang.parse("a.go", body(text), "m")
        dump_unit(unit)
    finally:
        sys.setrecursionlimit(limit)
    assert not unit.problems
    assert list(unit.procedures) == ["f"]


def test_the_last_of_many_cases_is_lowered_completely() -> None:
    cases = "".join(f'case "{number}": f(g(h({number})))\n' for number in range(200))
    unit = golang.parse("a.go", body(f"switch x {{\n{cases}default: last()\n}}"), "m")
    text = dump_unit(unit)
    lines = [line.strip() for line in text.splitlines()]
    assert lines[lines.index("call last()") - 1] == 'if opaque("one of many alternatives")'
    assert text.count("call f(") == text.count("call h(") == 200
    assert "too deeply" not in text


@pytest.mark.parametrize("text", ["(" * 100_000 + ")" * 100_000, "(" * 100_000, "x := " + "[]T{" * 300 + "}" * 300])
def test_deep_brackets_are_refused(text: str) -> None:
    unit = golang.parse("a.go", body(text), "m")
    assert [problem.message for problem in unit.problems] == ["brackets are nested more than 200 deep; not read as Go"]
    assert not unit.procedures


def test_brackets_in_texts_and_comments_do_not_count() -> None:
    many = "([{" * MOST_NESTING
    unit = golang.parse("a.go", body(f"x := \"{many}\"\ny := `{many}`\n// {many}\n/* {many} */ z := '('"), "m")
    assert not unit.problems
    assert len(unit.procedures["f"].body) == 3


def test_a_large_file_is_refused() -> None:
    unit = golang.parse("a.go", b"package p\n" + b"\n" * MOST_BYTES, "m")
    assert ["larger than" in problem.message for problem in unit.problems] == [True]


def test_a_nul_byte_is_refused_at_its_place() -> None:
    unit = golang.parse("a.go", "package p\n// é\0\nfunc f() {}\n".encode(), "m")
    assert unit.problems == (ir.Problem("a.go", 2, 5, "holds a NUL byte; save the file as UTF-8 text"),)
    assert not unit.procedures


def test_bytes_that_are_no_utf8_are_named_and_read_over() -> None:
    unit = golang.parse("a.go", b'package p\nfunc f() { g("\xe9") }\n', "m")
    assert unit.problems == (ir.Problem("a.go", 2, 15, "is not valid UTF-8; save the file as UTF-8 text"),)
    assert len(unit.procedures["f"].body) == 1


def test_what_parses_is_offered_and_the_first_error_is_named() -> None:
    source = "package p\nfunc a() { x() }\nfunc b() { é = if }\nfunc c() { y() }\nvar v = \nvar w = 1\n"
    unit = golang.parse("a.go", source.encode(), "m")
    assert set(unit.procedures) == {"a", "c"}
    ((line, column),) = ((problem.line, problem.column) for problem in unit.problems)
    assert (line, column) == (3, 12)


def test_half_a_file() -> None:
    unit = golang.parse("a.go", b"package p\nfunc a() { x() }\nfunc b() { if y { z(", "m")
    assert len(unit.problems) == 1
    assert "b" not in unit.procedures


def test_a_list_without_its_last_separator_is_no_error() -> None:
    unit = golang.parse("a.go", b"package p\nconst ( A = 1; B = 2 )\n", "m")
    assert not unit.problems
    assert set(unit.variables) == {"A", "B"}


def test_an_empty_file() -> None:
    unit = golang.parse("a.go", b"", "m")
    assert not unit.procedures
    assert not unit.problems
