"""Go statements in the small language."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

Lowered = Callable[[str], str]

CASES = {
    "declarations": (
        """
        var a, b string
        var c int = 1
        d, _ := 1, 2
        const ( e = iota + 1; f; g = "x"
        )
        """,
        """
        a := zero<string>
        b := zero<string>
        c := 1
        d, _ := list(1, 2)
        e := 1
        f := 2
        g := "x"
        """,
    ),
    "assignments": (
        """
        a.b, c[0], *d = x, y, z
        a, b = b, a
        _ = f()
        _, _ = f()
        a += "x"
        n -= 2
        n++
        n--
        c[f()] = g()
        """,
        """
        a.b, c[0], *d = list(x, y, z)
        a, b = list(b, a)
        _ = call f()
        _, _ = call f()
        a = join(a, "x")
        n = subtract!(n, 2)
        n = add!(n, 1)
        n = subtract!(n, 1)
        %1 := call f()
        c[%1] = call g()
        """,
    ),
    "a variable that is there already is used again": (
        """
        a, err := f()
        b, err := g()
        """,
        """
        a, err := call f()
        %1, %2 := call g()
        b := %1
        err = %2
        """,
    ),
    "results that say whether it worked": (
        """
        a, ok := m["k"]
        b, ok2 := x.(T)
        c, ok3 := <-ch
        """,
        """
        a, ok := list(m["k"], has!(m, "k"))
        b, ok2 := list(x, is-type!(x, list("m.T"~), list()))
        c, ok3 := receive ch
        """,
    ),
    "if": (
        """
        if err := f(); err != nil {
            a()
        } else if g() {
            b()
        } else {
            c()
        }
        """,
        """
        err := call f()
        if (err != nil)
            call a()
        else
            %1 := call g()
            if %1
                call b()
            else
                call c()
        """,
    ),
    "switch": (
        """
        switch x := f(); x.kind {
        case "a", "b":
            a()
        default:
            c()
        case g():
            b()
            fallthrough
        case "d":
            d()
        }
        """,
        """
        x := call f()
        if any((x.kind == "a"), (x.kind == "b"))
            call a()
        else
            %1 := call g()
            if (x.kind == %1)
                call b()
                call d()
            else
                if (x.kind == "d")
                    call d()
                else
                    call c()
        """,
    ),
    "switch without a value": (
        """
        switch {
        case a > 1:
            f()
            break
        case b:
        }
        """,
        """
        if (a > 1)
            call f()
        else
            if b
        """,
    ),
    "break in the middle of a case": (
        """
        switch a {
        case 1:
            if b {
                break
            }
            f()
        }
        """,
        """
        while true
            if (a == 1)
                if b
                    break
                call f()
            break
        """,
    ),
    "break and continue": (
        """
        for {
            switch a {
            case 1:
                continue
            case 2:
                if b {
                    break
                }
            }
            break
        }
        """,
        """
        while true
            while true
                if (a == 1)
                    continue 1
                else
                    if (a == 2)
                        if b
                            break
                break
            break
        """,
    ),
    "labels of loops around": (
        """
        outer:
            for range a {
                for range b {
                    if c {
                        continue outer
                    }
                    break outer
                }
            }
        """,
        """
        for _ in a
            for _ in b
                if c
                    continue 1
                break 1
        """,
    ),
    "labels": (
        """
        outer:
            for {
                select {
                case <-c:
                    break outer
                }
            }
        """,
        """
        while true
            receive c
            break
        """,
    ),
    "type switch": (
        """
        switch t := x.(type) {
        case string:
            f(t)
        default:
            g(t)
        }
        """,
        """
        if is-type!(x, list("string"~), list())
            t := x
            call f(t)
        else
            t := x
            call g(t)
        """,
    ),
    "select": (
        """
        select {
        case v, ok := <-c:
            f(v, ok)
        case x = <-d:
        case e <- g():
        default:
            h()
        }
        """,
        """
        if opaque("select")
            v, ok := receive c
            call f(v, ok)
        else
            if opaque("select")
                x = receive d
            else
                if opaque("select")
                    %1 := call g()
                    send %1 to e
                else
                    call h()
        """,
    ),
    "loops": (
        """
        for i := 0; i < 3; i++ {
            f(i)
        }
        for a {
        }
        for f() {
            g()
        }
        """,
        """
        i := 0
        while (i < 3)
            call f(i)
        step
            i = add!(i, 1)
        while a
        while true
            %1 := call f()
            if !%1
                break
            call g()
        """,
    ),
    "range": (
        """
        for k, v := range f() {
            g(k, v)
        }
        for _, v := range a { }
        for range 3 { }
        for x.y = range c {
            g(x.y)
        }
        """,
        """
        %1 := call f()
        for k, v in %1
            call g(k, v)
        for _, v in a
        for _ in 3
        for %2 in c
            x.y = %2
            call g(x.y)
        """,
    ),
    "defer and go": (
        """
        defer f(x, "a")
        go a.run(b...)
        defer func() {
            g()
        }()
        go func(n int) {
            h(n)
        }(x)
        """,
        """
        %1 := x
        defer
            call f(%1, "a")
        %2 := b
        spawn
            call a.run(spread(%2))
        defer
            call g()
        %3 := x
        spawn
            call closure go:dir#f$1(%3)
        procedure go:dir#f$1(n int)
            call h(n)
        """,
    ),
    "a deferred closure that returns keeps its own body": (
        """
        defer func() {
            if a {
                return
            }
            g()
        }()
        """,
        """
        defer
            call closure go:dir#f$1()
        procedure go:dir#f$1()
            if a
                return
            call g()
        """,
    ),
    "channels": ("c <- f(1)\n<-c\nx = <-c", "%1 := call f(1)\nsend %1 to c\nreceive c\n%2 := receive c\nx = %2"),
    "goto and empty statements are left out": ("goto end\nend:\n;\nf()", "call f()"),
    "the value of a declaration does not see its name": (
        "x := 1\nif x := x; x > 0 { }",
        "x := 1\nx#2 := x\nif (x#2 > 0)",
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_statement(lowered: Lowered, source: str, expected: str) -> None:
    assert lowered(source) == dedent(expected).strip("\n")


def test_results_of_a_call_are_returned_one_by_one(dumped: Callable[[str], str]) -> None:
    source = """
    package p
    func one() error { return g() }
    func two() (string, error) { return g() }
    func named() (a string, err error) {
        if a, err := g(); err != nil { return a, err }
        return
    }
    """
    assert dumped(source).splitlines() == [
        "procedure go:dir#one() -> error",
        "    %1 := call g()",
        "    return %1",
        "procedure go:dir#two() -> string, error",
        "    %1, %2 := call g()",
        "    return %1, %2",
        "procedure go:dir#named() -> a string, err error",
        "    a#2, err#2 := call g()",
        "    if (err#2 != nil)",
        "        return a#2, err#2",
        "    return a, err",
    ]
