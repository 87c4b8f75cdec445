"""What the lowering of one body keeps: the statements so far, its names, its temporaries."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.names import prefixes
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

BUILTINS = "builtins"
BUILTIN_NAMES = frozenset(dir(builtins)) | {"__file__"}
Nodes = Sequence[Any]
MOST_COPIES = 60
"""Ways out of blocks of one body before each of which the last part of the block is repeated."""
Remaining = tuple[Nodes, tuple[ir.Statement, ...]]
"""What is still to do after a place: statements of the source, then lowered ones."""


@dataclass(frozen=True)
class Scope:
    """Where a body stands. `names` are the variables of the functions around it and its own; `class_name` and `bases`
    those of the class that a method belongs to, `receiver` its first parameter's name; `yields` says what a `yield`
    means: 'list' (another item), 'fixture', 'manager'."""

    key: str
    names: frozenset[str] = frozenset()
    class_name: str = ""
    bases: tuple[str, ...] = ()
    receiver: str = ""
    yields: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)), compare=False)


class Body:
    """A body that is being lowered; `out` are its statements so far."""

    def __init__(self, file: SourceFile, scope: Scope) -> None:
        self.file = file
        self.scope = scope
        self.out: list[ir.Statement] = []
        self.renamed: dict[str, str] = {}
        self.remaining: list[Remaining] = []
        self.finals: list[Callable[[], None] | None] = []
        """what runs before a block is left, the outermost first; None for a loop around it"""
        self.ended: list[ir.Name | None] = []
        """for each loop around, the innermost last, what says that it was not left by a `break`, if anything asks"""
        self.copies = MOST_COPIES
        self._serial = 0

    # --- statements ---

    def emit(self, statement: ir.Statement) -> None:
        self.out.append(statement)

    @contextmanager
    def collected(self) -> Iterator[list[ir.Statement]]:
        """What is emitted inside goes into a list of its own."""
        outer, self.out = self.out, []
        try:
            yield self.out
        finally:
            self.out = outer

    def lowered(self, work: Callable[[], None]) -> tuple[ir.Statement, ...]:
        """The statements that some work emits."""
        with self.collected() as found:
            work()
        return tuple(found)

    @contextmanager
    def before_leaving(self, last: Callable[[], None] | None) -> Iterator[None]:
        """Inside, whoever leaves the block does some work first; None: the block is that of a loop."""
        self.finals.append(last)
        try:
            yield
        finally:
            self.finals.pop()

    def leave_blocks(self, *, loop: bool = False) -> None:
        """Do what is to be done before the blocks are left here; `loop`: those inside the innermost loop only."""
        outer = self.finals
        for at in range(len(outer) - 1, -1, -1):
            last = outer[at]
            if last is None and loop:
                break
            if last is not None and self.copies > 0:
                self.copies -= 1
                self.finals = outer[:at]
                last()
        self.finals = outer

    # --- names ---

    def span(self, node: cst.CSTNode) -> Span:
        return self.file.span(node)

    def temporary(self, span: Span) -> ir.Name:
        """A name that nothing else has."""
        self._serial += 1
        return ir.Name(f"%{self._serial}", span)

    def held(self, value: ir.Expression) -> ir.Expression:
        """A value that is needed more than once: itself if asking again costs nothing, else a temporary."""
        if isinstance(value, ir.Name | ir.Literal | ir.Constant):
            return value
        name = self.temporary(value.span)
        self.emit(ir.Assign((name,), value, value.span))
        return name

    def call(self, callee: ir.Expression, arguments: Sequence[ir.Expression], span: Span) -> ir.Name:
        """Call something with positional arguments; its result."""
        result = self.temporary(span)
        self.emit(ir.Invoke((result,), callee, tuple(map(ir.Argument, arguments)), span))
        return result

    def builtin(self, name: str, arguments: Sequence[ir.Expression], span: Span) -> ir.Name:
        """Call a builtin operation of the language."""
        return self.call(ir.Global(BUILTINS, name, span), arguments, span)

    def name(self, name: str, span: Span) -> ir.Expression:
        """What a plain name means here."""
        if name in self.renamed:
            return ir.Name(self.renamed[name], span)
        if name in self.scope.names:
            return ir.Name(name, span)
        if name in self.file.imports:
            return self.imported(self.file.imports[name], "", span)
        if name in BUILTIN_NAMES and name not in self.file.names:
            return ir.Global(BUILTINS, name, span)
        return ir.Name(name, span)

    def imported(self, target: str, rest: str, span: Span) -> ir.Expression:
        """What an import means, and the attributes after it: a module, or one name of a module."""
        module, _, name = target.partition(":")
        names = [each for each in (name, *rest.split(".")) if each]
        if not names:
            return ir.Global(module, "", span)
        found: ir.Expression = ir.Global(module, names[0], span)
        for each in names[1:]:
            found = ir.Field(found, each, span)
        return found

    def chain(self, dotted: str, span: Span) -> ir.Expression | None:
        """A dotted name that begins with an import; None for any other."""
        head = dotted.partition(".")[0]
        if head in self.renamed or head in self.scope.names:
            return None
        for prefix in prefixes(dotted):
            target = self.file.imports.get(prefix)
            if target is not None:
                return self.imported(target, dotted[len(prefix) + 1 :], span)
        return None
