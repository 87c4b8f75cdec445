"""What the tests of the Go front end share."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from tagcheck.frontends import golang
from tagcheck.frontends.api import Unit
from tagcheck.irdump import INDENT, dump_procedure, dump_unit

HEADER = """package p

import (
	"fmt"
	"os"
	"os/exec"
)

"""


@pytest.fixture
def unit() -> Callable[..., Unit]:
    """Parses Go source as the file `dir/a.go` of the module `m/dir`."""

    def parse(source: str, path: str = "dir/a.go", module: str = "m/dir") -> Unit:
        return golang.parse(path, dedent(source).encode(), module)

    return parse


@pytest.fixture
def lowered() -> Callable[[str], str]:
    """Lowers statements as the body of a function `f`; gives the dump without the function's own line."""

    def lower(statements: str) -> str:
        source = HEADER + "func f() {\n" + dedent(statements) + "\n}\n"
        parsed = golang.parse("dir/a.go", source.encode(), "m")
        assert not parsed.problems, parsed.problems
        own, *closures = dump_procedure(parsed.procedures["f"]).split("\nprocedure ")
        first, *rest = own.splitlines()
        assert first.startswith("procedure go:dir#f(")
        lines = [line.removeprefix(INDENT) for line in rest] + [f"procedure {closure}" for closure in closures]
        return "\n".join(lines)

    return lower


@pytest.fixture
def dumped() -> Callable[[str], str]:
    """The dump of a whole file, without the lines of the unit itself and of its imports."""

    def dump(source: str) -> str:
        text = dump_unit(golang.parse("dir/a.go", dedent(source).encode(), "m"))
        return "\n".join(line for line in text.splitlines() if not line.startswith(("unit ", "import ")))

    return dump
