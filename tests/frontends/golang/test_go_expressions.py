"""Go expressions in the small language. The expected texts follow the Go specification."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lowered = Callable[[str], str]

EXPRESSIONS = {
    "text": ('"a"', '"a"'),
    "text with escapes": (r'"a\t\"\x41\101\u00e9"', r'"a\t\"AA\u00e9"~'),
    "raw text": (r"`a\n`", r'"a\\n"'),
    "rune": ("'x'", '"x"'),
    "escaped rune": (r"'\n'", r'"\n"~'),
    "integers": ("[]int{1, 0x1F, 0b11, 0o17, 017, 1_000}", "new(list<[]int>(1, 31, 3, 15, 15, 1000))"),
    "float": ("1.5e1", "15.0"),
    "imaginary": ("2i", 'opaque("Go imaginary literal")'),
    "truth values": ("[]bool{true, false}", "new(list<[]bool>(true, false))"),
    "nil": ("nil", "nil"),
    "symbol of a package": ("exec.ErrDot", "<os/exec>.ErrDot"),
    "field of a symbol": ("os.Args.x", "<os>.Args.x"),
    "field": ("a.b.c", "a.b.c"),
    "index": ("a[1].b", "a[1].b"),
    "slices": ("[]any{a[1:2], a[:n], a[n:], a[:]}", "new(list<[]any>(a[1:2], a[:n], a[n:], a[:]))"),
    "parentheses": ("((a))", "a"),
    "type assertion": ("a.(*T).b", "a.b"),
    "sum of texts": ('a + "-" + b + ("c" + d)', 'join(a, "-", b, "c", d)'),
    "sum of numbers": ("a + 1", "add!(a, 1)"),
    "sum with a length": ("a + len(b)", "add!(a, length!(b))"),
    "arithmetic": ("a - b*2", "subtract!(a, multiply!(b, 2))"),
    "constants are computed": ("1<<10 + 7/2 - -7%3", "1028"),
    "too large a constant": ("1 << 9999", "shift-left!(1, 9999)"),
    "division by zero": ("1 / 0", "divide!(1, 0)"),
    "negative": ("-a", "subtract!(0, a)"),
    "negative constant": ("-1.5", "-1.5"),
    "bits": ("a | b", "bit-or!(a, b)"),
    "comparison": ('a.b != "x"', '(a.b != "x")'),
    "conjunction": ("a && b && !c", "all(a, b, !c)"),
    "mixed conditions": ("a && b || c", "any(all(a, b), c)"),
    "address": ("&a.b", "&a.b"),
    "dereference": ("*a", "*a"),
    "builtin conversions": ("string([]byte(a))", 'convert!("string"~, a)'),
    "conversion to a pointer type": ("(*T)(a)", 'convert!("m.T"~, a)'),
    "append": ("append(a, b, c...)", "new(append!(a, b, spread(c)))"),
    "new": ("new(T)", "new(zero<m.T>)"),
    "make a mapping": ("make(map[string][]*T)", "new(map<map[string][]m.T>())"),
    "make a list": ("make([]string, 2, n)", "new(list<[]string>(zero<string>, zero<string>))"),
    "make a list of unknown length": ("make([]string, n)", "new(repeat!(zero<string>, n))"),
    "make a channel": ("make(chan error, 2)", "channel"),
    "generic value": ("a[int]", "a"),
    "text with many characters": ('"é\\n"', r'"\u00e9\n"~'),
}


@pytest.mark.parametrize(("source", "expected"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expression(lowered: Lowered, source: str, expected: str) -> None:
    assert lowered(f"v = {source}") == f"v = {expected}"


STATEMENTS = {
    "calls come first, from the inside": (
        "x := f(g(1), h())",
        ["%1 := call g(1)", "%2 := call h()", "x := call f(%1, %2)"],
    ),
    "the only argument may be several values": ("f(g())", ["%1 := call g()", "call f(spread(%1))"]),
    "a conversion is one value": ("f(string(g()))", ["%1 := call g()", 'call f(convert!("string"~, %1))']),
    "a builtin is one value": ("f(len(g()))", ["%1 := call g()", "call f(length!(%1))"]),
    "chain of calls": (
        'exec.Command("kind", a...).Start().Wait()',
        ['%1 := call <os/exec>.Command("kind", spread(a))', "%2 := call %1.Start()", "call %2.Wait()"],
    ),
    "generic calls": (
        "x := f[int](a)\ny := f[int, string](a, b)\nz := os.G[int](a)",
        ["x := call f(a)", "y := call f(a, b)", "z := call <os>.G(a)"],
    ),
    "builtins with an effect": (
        'delete(a, "k")\npanic(fmt.Sprint(1))',
        ['call <builtin>.delete(a, "k")', "%1 := call <fmt>.Sprint(1)", "call <builtin>.panic(spread(%1))"],
    ),
    "call of a literal": ("func(a int) {}(1)", ["call closure go:dir#f$1(1)", "procedure go:dir#f$1(a int)"]),
    "a call on the right of && runs under the left side": (
        "x := a && b && f() && c",
        ["%2 := all(a, b)", "if %2", "    %1 := call f()", "    %2 = %1", "x := all(%2, c)"],
    ),
    "a call on the right of || runs where the left side fails": (
        "x := a || f()",
        ["%2 := a", "if %2", "else", "    %1 := call f()", "    %2 = %1", "x := %2"],
    ),
    "a call on the left runs always": ("x := f() && a", ["%1 := call f()", "x := all(%1, a)"]),
    "receive": ("x := f(<-c)", ["%1 := receive c", "x := call f(%1)"]),
    "method value": ("x := a.Close\nx()", ["x := a.Close", "call x()"]),
    "immediately used literal": (
        "x := []string{f(), g()}[0]",
        ["%1 := call f()", "%2 := call g()", "x := new(list<[]string>(%1, %2))[0]"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_calls_inside_expressions(lowered: Lowered, source: str, expected: list[str]) -> None:
    assert lowered(source).splitlines() == expected


def test_a_variable_hides_a_package(lowered: Lowered) -> None:
    assert lowered("exec := a\nexec.Run()") == "exec := a\ncall exec.Run()"


def test_a_variable_hides_a_builtin(lowered: Lowered) -> None:
    assert lowered("len := a\nx := len(b)") == "len := a\nx := call len(b)"


def test_a_function_of_the_file_hides_a_builtin(dumped: Callable[[str], str]) -> None:
    source = "package p\nfunc max(a int) int { return a }\nvar x = max(1)\n"
    assert "    x := call max(1)" in dumped(source).splitlines()
