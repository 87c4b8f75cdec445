"""Starlark programs that say what a development environment builds and deploys (Tiltfiles) to the small language.

A file runs from its first line to its last, together with those that it loads or includes: their statements stand in
place of the one that names them, once. What nobody defines is the library's, the module `tilt`.

What it cannot do: names of loaded files that hide each other; files that are loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.python.starlarkfiles import loads, read_file
from tagcheck.ir import Problem
from tagcheck.source import Span

if TYPE_CHECKING:
    import libcst as cst

    from tagcheck.frontends.python.functions import FunctionBody
    from tagcheck.frontends.python.sourcefile import SourceFile

LANGUAGE = "starlark"
LIBRARY = "tilt"
NAME = "Tiltfile"
MOST_FILES = 40
_MODULES = {"os": "os"}
"""Modules that are there without being loaded."""
_LOADING = ("load", "load_dynamic", "include")
_BEGINS, _ENDS = "begin", "end"
"""What is called before and after the statements of a file."""
Read = Callable[[str], bytes | None]


def is_named(path: str) -> bool:
    """Whether a file is called like such a program."""
    name = basename(path)
    return name == NAME or name.startswith((f"{NAME}.", f"{NAME}-", f"{NAME}_")) or name.endswith(f".{NAME.lower()}")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is such a program."""
    return is_named(path) and b"\x00" not in content[:4]


def key(path: str) -> str:
    """The key of the procedure that a program is."""
    return f"{LIBRARY}:{path}"


def parse(path: str, content: bytes, module: str, read: Read) -> Unit:
    """A program as a unit with one procedure, `tilt:path`. `read` gives the content of a file of the project. Never
    raises."""
    try:
        return _parsed(path, content, module, read)
    except RecursionError:
        return Unit(path, LANGUAGE, module, problems=(Problem(path, 1, 1, "nested too deeply; not read as Starlark"),))


def _parsed(path: str, content: bytes, module: str, read: Read) -> Unit:
    files = _Files(read)
    main = files.add(path, content)
    if main is None:
        return Unit(path, LANGUAGE, module, problems=tuple(files.problems))
    span = main.span(main.tree)
    name = basename(path)

    def lower() -> tuple[ir.Statement, ...]:
        return files.lowered(path, span)

    mentions = frozenset().union(*(file.words(file.tree) for file in files.known.values()))
    procedure = ir.Procedure(key(path), module, (), lower, span, ("",), mentions=mentions)
    problems = tuple(each for each in files.problems if each.path == path)
    return Unit(
        path, LANGUAGE, module, procedures={name: procedure}, entries=((name, EntryKind.STATEMENT),), problems=problems
    )


class _Files:
    """A program and the files that it loads, by path."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.known: dict[str, SourceFile] = {}
        self.problems: list[Problem] = []

    def add(self, path: str, content: bytes) -> SourceFile | None:
        """Read a file, and those that it loads."""
        file = self._file(path, content)
        if file is None:
            return None
        self.known[path] = file
        for node in file.tree.body:
            for other in self._named(file, node):
                further = self._read(other) if other not in self.known and len(self.known) < MOST_FILES else None
                if further is not None:
                    self.add(other, further)
        return file

    def _file(self, path: str, content: bytes) -> SourceFile | None:
        found = read_file(path, content)
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        return found

    def _named(self, file: SourceFile, node: cst.CSTNode) -> Iterator[str]:
        """The files of the project that a statement loads or includes."""
        for target, _ in loads(node, _LOADING):
            if "://" not in target:
                yield normpath(join(dirname(file.path), target.removeprefix("//")))

    # --- lowering ---

    def lowered(self, path: str, span: Span) -> tuple[ir.Statement, ...]:
        from tagcheck.frontends.python.body import BUILTIN_NAMES, Scope
        from tagcheck.frontends.python.functions import FunctionBody
        from tagcheck.frontends.python.names import bound_by

        names = {name for file in self.known.values() for node in file.tree.body for name in bound_by(node)}
        names |= {given for file in self.known.values() for node in file.tree.body for given in _given(node)}
        outside = {given for file in self.known.values() for node in file.tree.body for given in _from_elsewhere(node)}
        names -= outside
        for file in self.known.values():
            free = file.words(file.tree) - names - BUILTIN_NAMES
            file.imports.update({name: _MODULES.get(name, f"{LIBRARY}:{name}") for name in free})
            file.names = names
        scope = Scope(key(path), frozenset(names))
        body = FunctionBody(self.known[path], scope)
        for name in sorted(names):
            body.emit(ir.Assign((ir.Name(name, span),), ir.Zero("", span), span, declare=True))
        done: set[str] = set()
        self._statements(path, body, scope, done)
        body.emit(ir.Invoke((), ir.Global(LIBRARY, _ENDS, span), (), span))
        return tuple(body.out)

    def _statements(self, path: str, body: FunctionBody, scope: object, done: set[str]) -> None:
        """The statements of a file, those of the files that it names in between."""
        done.add(path)
        file = body.file
        span = file.stretch(0, 0)
        named = ir.Argument(ir.Literal(path, span, exact=False))
        body.emit(ir.Invoke((), ir.Global(LIBRARY, _BEGINS, span), (named,), span))
        pending: list[cst.CSTNode] = []
        for node in file.tree.body:
            loading = list(loads(node, _LOADING))
            if not loading:
                pending.append(node)
                continue
            self._flush(body, pending)
            for other in self._named(file, node):
                if other in self.known and other not in done:
                    self._splice(other, body, done)
            for _, pairs in loading:
                for bound, meant in pairs:
                    if bound != meant and bound in body.scope.names:
                        at = file.span(node)
                        body.emit(ir.Assign((ir.Name(bound, at),), ir.Name(meant, at), at))
        self._flush(body, pending)

    def _flush(self, body: FunctionBody, pending: list[cst.CSTNode]) -> None:
        body.block(pending)
        pending.clear()

    def _splice(self, path: str, body: FunctionBody, done: set[str]) -> None:
        """The statements of another file."""
        outer = body.file
        body.file = self.known[path]
        self._statements(path, body, body.scope, done)
        body.file = outer


def _given(node: cst.CSTNode) -> Iterator[str]:
    """The names that a statement takes from files of the project."""
    for target, pairs in loads(node, _LOADING):
        if "://" not in target:
            yield from (bound for bound, _ in pairs)


def _from_elsewhere(node: cst.CSTNode) -> Iterator[str]:
    for target, pairs in loads(node, _LOADING):
        if "://" in target:
            yield from (bound for bound, _ in pairs)
