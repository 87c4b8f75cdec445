"""Test files of bats (bats-core 1.11): bash with tests, which bats turns into functions and runs one after the other.

A file is one scenario: what `setup_file` does, then `setup`, the test and `teardown` for each test, then
`teardown_file`. What it cannot do: `setup_suite`, tests by name, tests side by side.
"""

from __future__ import annotations

from tagcheck import ir
from tagcheck.source import Span, Text

SUFFIX = ".bats"
MOST_TESTS = 60
_TEST = "@test "


def functions_of(written: str) -> tuple[str, tuple[str, ...]]:
    """The text with each `@test "…" {` as the beginning of a function, at its place, and the names of these."""
    lines = written.split("\n")
    names: list[str] = []
    for index, line in enumerate(lines):
        bare = line.strip()
        if bare.startswith(_TEST) and bare.endswith("{"):
            name = f"_{len(names)}"
            indent = line[: len(line) - len(line.lstrip())]
            lines[index] = (indent + name + "()").ljust(len(line.rstrip()) - 1) + "{" + line[len(line.rstrip()) :]
            names.append(name)
    return "\n".join(lines), tuple(names)


def before(text: Text, span: Span) -> tuple[ir.Statement, ...]:
    """The variables that bats sets."""
    path = text.position(0).path
    folder = path.rpartition("/")[0] or "."
    found: list[ir.Statement] = []
    for name, value in (("BATS_TEST_FILENAME", path), ("BATS_TEST_DIRNAME", folder)):
        place = ir.Apply("project-path", (ir.Literal(value, span, exact=False),), span)
        arguments = (ir.Argument(ir.Literal(name, span, exact=False)), ir.Argument(place))
        found.append(ir.Invoke((), ir.Global("shell", "export", span), arguments, span))
    return tuple(found)


def after(tests: tuple[str, ...], defined: frozenset[str], span: Span) -> tuple[ir.Statement, ...]:
    """The calls of the tests, each between what is set up and taken down."""
    order = ["setup_file"]
    for name in tests[:MOST_TESTS]:
        order += ["setup", name, "teardown"]
    order.append("teardown_file")
    return tuple(ir.Invoke((), ir.Name(name, span), (), span) for name in order if name in defined)
