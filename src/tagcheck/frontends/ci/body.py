"""Statements of a pipeline while it is lowered, and how every CI system starts a shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.ci.documents import Document
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
        *,
        strict: bool = True,
    ) -> None:
        """Run a text in a shell of its own; `strict`: one that ends with the first command that fails."""
        words = (ir.Literal(program, span, False), ir.Literal("-ec" if strict else "-c", span, False), text)
        self.emit(ir.Run(words, span, environment, directory=directory, output=output))


def system_of(name: str) -> str:
    """The module in which models say what a system gives to its jobs."""
    return f"ci/{name}" if name else "ci"


def shell_of(line: str) -> str | None:
    """The shell that a line such as 'bash -e {0}' starts; None for other programs."""
    words = line.split() or [""]
    name = words[0].rpartition("/")[2]
    return name if name in SHELLS else None


def is_strict(line: str) -> bool:
    """Whether the shell that a line starts ends with the first command that fails: one that is named alone does
    (GitHub Docs, "Workflow syntax", `jobs.<job_id>.steps[*].shell`)."""
    _, *options = line.split() or [""]
    return not options or any(each[:1] == "-" != each[1:2] and "e" in each for each in options)


class Pipeline(Body):
    """What the jobs of a pipeline of a system do, one after the other."""

    def __init__(self, system: str = "") -> None:
        super().__init__()
        self.system = system

    @contextmanager
    def job(self, label: str, span: Span, shared: bool = False) -> Iterator[None]:
        """What is emitted inside happens on a host of its own, or on one that others use."""
        self.call(system_of(self.system), "begin", (ir.Literal(label, span, False), ir.Constant(shared, span)), span)
        yield
        self.call("ci", "end", (), span)

    def set(self, name: str, value: ir.Expression) -> None:
        """Set a variable for what follows in the job."""
        self.call("ci", "set", (ir.Literal(name, value.span, False), value), value.span)

    def container(self, image: ir.Expression) -> None:
        """A container is run beside, or around, the job."""
        if not (isinstance(image, ir.Literal) and not image.text):
            self.call("ci", "container", (image,), image.span)

    def keep(self, name: str, path: ir.Expression) -> None:
        """Keep files for other jobs."""
        self.call("ci", "keep", (_inputs(path.span, name=name, path=path),), path.span)

    def fetch(self, name: str, folder: ir.Expression | str, span: Span) -> None:
        """Take files that another job kept."""
        self.call("ci", "fetch", (_inputs(span, name=name, path=folder),), span)


def _inputs(span: Span, **given: ir.Expression | str) -> ir.MapOf:
    pairs = ((name, ir.Literal(each, span, False) if isinstance(each, str) else each) for name, each in given.items())
    return ir.MapOf(tuple((ir.Literal(name, span, False), value) for name, value in pairs), span)


def lines(listed: Iterable[ir.Expression], span: Span) -> ir.Expression | None:
    """Commands, one after the other, as one text; None without any."""
    parts: list[ir.Expression] = []
    for each in listed:
        parts += [*(each.parts if isinstance(each, ir.Join) else (each,)), ir.Literal("\n", span, False)]
    return ir.Join(tuple(parts), span) if parts else None


def unit(path: str, language: str, statements: Callable[[], tuple[ir.Statement, ...]], document: Document) -> Unit:
    """A file that is one pipeline: a unit with one entry."""
    name = path.rpartition("/")[2]
    procedure = ir.Procedure(f"wf:{path}", "", (), statements, document.span, results=("outputs",))
    found = {name: procedure} if document.root is not None else {}
    entries = tuple((each, EntryKind.FILE) for each in found)
    return Unit(path, language, path, procedures=found, entries=entries, problems=document.problems)
