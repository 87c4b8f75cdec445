"""What is remembered of an object is not said of another one that stands where it stood in memory."""

from __future__ import annotations

from tagcheck.frontends import languages
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.source import Span

FILES = {
    "go.mod": "module example.org/a\n",
    "a.go": 'package a\n\nimport "os/exec"\n\nfunc Load() {\n\texec.Run()\n}\n',
}


def test_procedures_that_come_and_go_are_told_apart() -> None:
    effectful = {"os/exec": frozenset({"Run"})}
    program = Program(
        tuple(FILES),
        lambda each: FILES[each].encode(),
        languages(),
        lambda module: effectful.get(module, frozenset()),
    )
    program.explore()
    at = Span("a.go", 1, 1, 1, 1)
    for number in range(200):
        comes_to_something = number % 3 == 0
        words = frozenset({"Load" if comes_to_something else "Other"})
        closure = Procedure(f"go:example.org/a#f${number}", "example.org/a", (), tuple, at, mentions=words)
        assert program.reaches(closure) is comes_to_something
