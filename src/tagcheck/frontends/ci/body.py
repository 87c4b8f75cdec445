"""Statements of a pipeline while it is lowered, and how every CI system starts a shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tagcheck import ir
from tagcheck.source import Span

SHELLS = frozenset(("sh", "bash", "dash", "ash", "ksh", "zsh"))


class Body:
    """Statements in the order in which they are written, and temporaries."""

    def __init__(self) -> None:
        self.out: list[ir.Statement] = []
        self._count = 0

    def emit(self, statement: ir.Statement) -> None:
        self.out.append(statement)

    def temporary(self, span: Span) -> ir.Name:
        self._count += 1
        return ir.Name(f"%{self._count}", span)

    @contextmanager
    def block(self) -> Iterator[list[ir.Statement]]:
        """What is emitted inside goes into a list of its own."""
        outer, self.out = self.out, []
        inner = self.out
        try:
            yield inner
        finally:
            self.out = outer

    @contextmanager
    def under(self, condition: ir.Expression | None, span: Span) -> Iterator[None]:
        """What is emitted inside happens where a condition holds; always without one."""
        if condition is None:
            yield
            return
        with self.block() as inner:
            yield
        self.emit(ir.Branch(condition, tuple(inner), (), span))

    def call(
        self, module: str, name: str, arguments: tuple[ir.Expression, ...], span: Span, target: ir.Target = None
    ) -> None:
        """Call a function of a library that models describe."""
        targets = () if target is None else (target,)
        given = tuple(ir.Argument(each) for each in arguments)
        self.emit(ir.Invoke(targets, ir.Global(module, name, span), given, span))

    def result(self, module: str, name: str, arguments: tuple[ir.Expression, ...], span: Span) -> ir.Name:
        """The first result of such a call."""
        target = self.temporary(span)
        self.call(module, name, arguments, span, target)
        return target

    def shell(
        self,
        text: ir.Expression,
        span: Span,
        program: str = "bash",
        environment: tuple[tuple[str, ir.Expression], ...] = (),
        directory: ir.Expression | None = None,
        output: ir.Target = None,
    ) -> None:
        """Run a text in a shell of its own."""
        words = (ir.Literal(program, span, False), ir.Literal("-c", span, False), text)
        self.emit(ir.Run(words, span, environment, directory=directory, output=output))


def shell_of(line: str) -> str | None:
    """The shell that a line such as 'bash -e {0}' starts; None for other programs."""
    words = line.split() or [""]
    name = words[0].rpartition("/")[2]
    return name if name in SHELLS else None
