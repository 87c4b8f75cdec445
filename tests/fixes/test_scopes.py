"""Which names could stand in the place of an expression."""

from __future__ import annotations

import pytest

from tagcheck.fixes.syntax import sites

HERE = "HERE"


def names(path: str, text: str) -> list[tuple[str, ...]]:
    """The names for each expression around the word HERE, innermost first."""
    content = text.encode()
    at = content.index(HERE.encode())
    return [site.names for site in sites(path, content, at, at + len(HERE))]


GO = """\
package a

import "os/exec"

var top string
var count int

func f(one, two string, number int, many ...string) (out string) {
	before := g()
	if inner := g(); inner != "" {
		nested := g()
		use(nested)
	}
	for _, each := range list {
		exec.Command("x", %s)
	}
	after := g()
	use(top, count, one, two, number, many, out, before, inner, nested, each, after)
	return out
}
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('"HERE"', [("each", "before", "one", "two", "out", "top")]),
        ('g("HERE")', [("each", "before", "one", "two", "out", "top")]),
        ('"a" + g("HERE")', [("each", "before", "one", "two", "out", "top")] * 2),
        ('HERE("a")', [("each", "before", "one", "two", "out", "top")]),
    ],
)
def test_names_of_go(expression: str, found: list[tuple[str, ...]]) -> None:
    assert [each for each in names("a.go", GO % expression) if each][: len(found)] == found


PYTHON = """\
import os
top = g()
def f(one, two=None):
    before = g()
    with g() as opened:
        if one:
            nested = g()
        print(g("HERE"))
    late = g()
class C:
    field = g()
    def m(self):
        bound = g("HERE")
other = g()
"""


def test_names_of_python() -> None:
    assert names("a.py", PYTHON)[0] == ("opened", "before", "one", "two", "other", "top")
    of_method = PYTHON.replace("HERE", "", 1)
    assert names("a.py", of_method)[0] == ("self", "other", "top")


SHELL = """\
#!/bin/bash
top=1
export exported="$top" second
(inner=1)
f() {
  local own=1
  if test "$own"; then
    branch=1
  else
    echo "HERE"
  fi
  late=1
}
"""


def test_names_of_shell() -> None:
    assert names("a.sh", SHELL) == [('"$own"', '"$exported"', '"$top"')]
    assert names("a.sh", 'a=1\nb="x-HERE-$a"\n') == [('"$a"',)]
    assert names("a.sh", "a=1\ncat <<X\nHERE\nX\n") == [("${a}",)]
    assert names("a.sh", "a=1\ncat <<'X'\nHERE\nX\n") == []
    assert names("a.sh", "a=1\necho 'HERE'\n") == []
    assert names("a.sh", "HERE a\n") == []
