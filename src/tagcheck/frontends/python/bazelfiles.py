"""A file of Bazel's with the .bzl files that it loads.

Many packages load the same files, and of each they take little: a file is parsed once, and of one that is loaded only
what is asked for is lowered. The top level of such a file has no effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from posixpath import basename, dirname, join, normpath

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.bazel import LIBRARY, SUFFIX, folders_around, key, package_file
from tagcheck.frontends.python.body import BUILTIN_NAMES, Scope
from tagcheck.frontends.python.functions import FunctionBody
from tagcheck.frontends.python.names import bound_by
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.frontends.python.starlarkfiles import loads, read_file, text_of
from tagcheck.ir import Problem
from tagcheck.source import Span

MOST_FILES = 60
_KEPT_FILES = 128
_BEGINS, _ENDS = "begin", "end"
"""What is called before and after the statements of a file."""
_LOAD = ("load",)
_EXTENSION = "use_extension"
_OWN = ("@@//", "@//", "//")
"""How labels of the own repository begin."""
_Loads = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
Read = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Part:
    """A statement at the top level: the names that it binds, the words in it, and the files that it loads with the
    names that it takes from them, as they are called here and there."""

    node: cst.SimpleStatementLine | cst.BaseCompoundStatement
    bound: frozenset[str]
    words: frozenset[str]
    loads: _Loads


@dataclass(frozen=True)
class Parsed:
    """A file in its parts."""

    file: SourceFile
    parts: tuple[Part, ...]

    def needed_for(self, names: Iterable[str]) -> tuple[Part, ...]:
        """The parts that define some names, and those that they mention, in order."""
        defining: dict[str, list[int]] = {}
        for number, part in enumerate(self.parts):
            for name in part.bound:
                defining.setdefault(name, []).append(number)
        kept: set[int] = set()
        pending = list(names)
        while pending:
            fresh = set(defining.pop(pending.pop(), ())) - kept
            kept |= fresh
            pending.extend(word for number in fresh for word in self.parts[number].words & defining.keys())
        return tuple(self.parts[number] for number in sorted(kept))


@lru_cache(maxsize=_KEPT_FILES)
def _parsed(path: str, content: bytes) -> Parsed | Problem:
    file = read_file(path, content)
    if isinstance(file, Problem):
        return file
    return Parsed(file, tuple(_part(file, node) for node in file.tree.body))


def _part(file: SourceFile, node: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> Part:
    loaded = tuple(loads(node, _LOAD))
    taken = (bound for _, pairs in loaded for bound, _ in pairs)
    return Part(node, frozenset((*bound_by(node), *taken)), file.words(node), loaded)


class Files:
    """A file and those that it loads, by path, each after those that it loads itself."""

    def __init__(self, read: Read, root: str) -> None:
        self._read, self._root = read, root
        self._known: dict[str, Parsed] = {}
        self.problems: list[Problem] = []
        self._seen: set[str] = set()

    def add(self, path: str, content: bytes) -> Span | None:
        """Read a file, and those that it loads; what it spans, None if it cannot be read."""
        self._seen.add(path)
        found = _parsed(path, content)
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        for part in found.parts:
            for label, _ in part.loads:
                self._add_loaded(self._file_of(label, path))
        self._known[path] = found
        return found.file.span(found.file.tree)

    def _add_loaded(self, path: str | None) -> None:
        if path is None or path in self._seen or len(self._seen) >= MOST_FILES:
            return
        content = self._read(path)
        if content is not None:
            self.add(path, content)

    def mentions(self) -> frozenset[str]:
        """All words in the files, and the names by which they are loaded."""
        parts = [part for parsed in self._known.values() for part in parsed.parts]
        names = (meant for part in parts for _, pairs in part.loads for _, meant in pairs)
        return frozenset().union(*(part.words for part in parts)).union(names)

    def _file_of(self, label: str, path: str) -> str | None:
        """The file of the project that a label in another file means; None for those of other repositories."""
        own = next((label.removeprefix(each) for each in _OWN if label.startswith(each)), None)
        if own is None and label.startswith("@"):
            return None
        package, colon, name = (own if own is not None else label).partition(":")
        if own is None:
            folder, name = self._package_of(path), name or package
        else:
            folder, name = join(self._root, package), name if colon else basename(package)
        return normpath(join(folder, name))

    def _package_of(self, path: str) -> str:
        """The folder of the package that a file belongs to."""
        around = folders_around(dirname(path))
        known = (each for each in around if package_file(each, lambda name: self._read(name) is not None))
        return next(known, around[-1])

    # --- lowering ---

    def lowered(self, path: str) -> tuple[ir.Statement, ...]:
        """The statements of a file, after what the files define that it loads."""
        needed = self._needed(path)
        main = self._file(path, needed[path])
        span = main.stretch(0, 0)
        loaded = [each for each in self._known if each != path and needed.get(each)]
        body = FunctionBody(main, Scope(key(path), frozenset((*main.names, *map(_held, loaded)))))
        named = ir.Argument(ir.Literal(path, span, exact=False))
        body.emit(ir.Invoke((), ir.Global(LIBRARY, _BEGINS, span), (named,), span))
        for each in loaded:
            module = ir.Closure(self._module(each, needed[each]), span)
            body.emit(ir.Invoke((ir.Name(_held(each), span),), module, (), span, True))
        self._fill(body, needed[path])
        body.emit(ir.Invoke((), ir.Global(LIBRARY, _ENDS, span), (), span))
        return tuple(body.out)

    def _needed(self, path: str) -> dict[str, tuple[Part, ...]]:
        """What is needed of each file: all of the one at the path."""
        wanted: dict[str, set[str]] = {}
        found = {path: self._known[path].parts}
        for each, parsed in reversed(self._known.items()):
            if each != path:
                found[each] = parsed.needed_for(sorted(wanted.get(each, ())))
            words = frozenset[str]().union(*(part.words for part in found[each]), wanted.get(each, ()))
            for other, bound, meant in self._taken(each, found[each]):
                if bound in words:
                    wanted.setdefault(other, set()).add(meant)
        return found

    def _taken(self, path: str, parts: Iterable[Part]) -> Iterator[tuple[str, str, str]]:
        """The names that parts of a file take from files of the project."""
        for part in parts:
            for label, pairs in part.loads:
                other = self._file_of(label, path)
                if other is not None and other in self._known:
                    yield from ((other, bound, meant) for bound, meant in pairs)

    def _module(self, path: str, parts: tuple[Part, ...]) -> ir.Procedure:
        """A loaded file as a procedure that gives what it defines."""
        file = self._file(path, parts)
        span = file.stretch(0, 0)

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(file, Scope(key(path), frozenset(file.names)))
            self._fill(body, parts)
            entries = tuple((ir.Literal(name, span), ir.Name(name, span)) for name in sorted(file.names))
            body.emit(ir.Return((ir.MapOf(entries, span),), span))
            return tuple(body.out)

        mentions = frozenset(map(_held, self._known)).union(*(part.words for part in parts))
        return ir.Procedure(key(path), path, (), lower, span, ("",), mentions=mentions)

    def _file(self, path: str, parts: tuple[Part, ...]) -> SourceFile:
        """A file with the names that parts of it define, or take from files of the project; other names are those of
        libraries."""
        file = self._known[path].file.again()
        taken: dict[str, str] = {}
        for part in parts:
            for label, pairs in part.loads:
                if self._file_of(label, path) not in self._known:
                    taken.update((bound, f"{_library(label)}:{meant}") for bound, meant in pairs)
        file.names = set().union(*(part.bound for part in parts)) - taken.keys()
        free = frozenset().union(*(part.words for part in parts)) - file.names - BUILTIN_NAMES
        file.imports.update({name: f"{LIBRARY}:{name}" for name in free}, native=LIBRARY)
        file.imports.update(taken)
        return file

    def _fill(self, body: FunctionBody, parts: tuple[Part, ...]) -> None:
        """The statements of a file."""
        start = body.file.stretch(0, 0)
        for name in sorted(body.file.names):
            body.emit(ir.Assign((ir.Name(name, start),), ir.Zero("", start), start, declare=True))
        for part in parts:
            extension = _extension(part.node)
            at = body.file.span(part.node)
            if part.loads:
                for other, bound, meant in self._taken(body.file.path, (part,)):
                    value = ir.Index(ir.Name(_held(other), at), ir.Literal(meant, at), at)
                    body.emit(ir.Assign((ir.Name(bound, at),), value, at))
            elif extension is not None:
                name, label, meant = extension
                body.emit(ir.Assign((ir.Name(name, at),), ir.Global(_library(label), meant, at), at))
            else:
                body.block([part.node])


def _held(path: str) -> str:
    """The name of the variable that holds what a file defines."""
    return f"%{path}"


def _library(label: str) -> str:
    """The module that a label of a file in another repository stands for."""
    repository, _, rest = label.lstrip("@").partition("//")
    package, _, name = rest.partition(":")
    # How a repository is called in full ends with its version or the extension that made it.
    repository = repository.partition("~")[0].partition("+")[0]
    return "/".join(each for each in (LIBRARY, repository, package, name.removesuffix(SUFFIX)) if each)


def _extension(node: cst.CSTNode) -> tuple[str, str, str] | None:
    """A statement that takes a module extension: the name that it binds, the label of the file, the name there."""
    line = node.body[0] if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 else None
    call = line.value if isinstance(line, cst.Assign) and len(line.targets) == 1 else None
    if not isinstance(line, cst.Assign) or not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name):
        return None
    target, texts = line.targets[0].target, [text_of(each.value) for each in call.args[:2]]
    if call.func.value != _EXTENSION or not isinstance(target, cst.Name) or len(texts) != 2 or None in texts:
        return None
    return target.value, str(texts[0]), str(texts[1])
