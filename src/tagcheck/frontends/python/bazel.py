"""Bazel's files (BUILD, MODULE.bazel, WORKSPACE, and the .bzl files that they load) to the small language (Bazel 8,
bazel.build/rules/language).

A file is one procedure. It begins with what the files that it loads define, each of which runs once in a scope of its
own; what other repositories define is a library's: `@rules_oci//oci:defs.bzl` is the module `bazel/rules_oci/oci/defs`.
What nobody defines is Bazel's own, the module `bazel`.

What it cannot do: repositories under another name than their own; files that other files generate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.python.starlarkfiles import loads, read_file, text_of
from tagcheck.ir import Problem
from tagcheck.source import Span

if TYPE_CHECKING:
    import libcst as cst

    from tagcheck.frontends.python.functions import FunctionBody
    from tagcheck.frontends.python.sourcefile import SourceFile

LANGUAGE = "bazel"
LIBRARY = "bazel"
PACKAGES = ("BUILD.bazel", "BUILD")
"""The file of a package; the first that there is."""
WORKSPACES = ("MODULE.bazel", "WORKSPACE.bazel", "WORKSPACE")
"""What stands at the root of a workspace."""
SUFFIX = ".bzl"
PROGRAMS = ("bazel", "bazelisk")
MOST_FILES = 60
_BEGINS, _ENDS = "begin", "end"
"""What is called before and after the statements of a file."""
_EXTENSION = "use_extension"
_OWN = ("@@//", "@//", "//")
"""How labels of the own repository begin."""
Read = Callable[[str], bytes | None]


def is_named(path: str) -> bool:
    """Whether a file is called like one of Bazel's."""
    name = basename(path)
    return name in PACKAGES or name in WORKSPACES or name.endswith(SUFFIX)


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is one of Bazel's."""
    return is_named(path) and b"\x00" not in content[:4]


def key(path: str) -> str:
    """The key of the procedure that a file is."""
    return f"{LIBRARY}:{path}"


def counting(files: Mapping[str, bytes], libraries: Collection[str]) -> frozenset[str]:
    """The files, by path, that mention one of the `libraries`, the names of repositories whose rules do something to
    images; or a .bzl file that does, however many steps away. Bytes decide: a large tree has thousands of such files
    and few about containers."""
    fresh = _mentioning(files, libraries)
    found: set[str] = set()
    while fresh:
        found |= fresh
        names = {basename(path) for path in fresh if path.endswith(SUFFIX)}
        fresh = _mentioning({path: files[path] for path in files.keys() - found}, names)
    return frozenset(found)


def _mentioning(files: Mapping[str, bytes], names: Iterable[str]) -> set[str]:
    words = [name.encode() for name in sorted(names)]
    return {path for path, content in files.items() if any(word in content for word in words)}


def libraries(modules: Iterable[str]) -> frozenset[str]:
    """The names of the repositories that modules of Bazel's belong to: 'bazel/rules_oci/…' → 'rules_oci'."""
    parts = (module.split("/") for module in modules)
    return frozenset(each[1] for each in parts if len(each) > 1 and each[0] == LIBRARY and each[1])


def workspace_of(folder: str, has: Callable[[str], bool]) -> str:
    """The root of the workspace that a folder belongs to; the project's folder if none is marked as such."""
    around = _around(folder)
    return next((each for each in around if any(has(join(each, name)) for name in WORKSPACES)), around[-1])


def package_file(folder: str, has: Callable[[str], bool]) -> str | None:
    """The file of the package in a folder; None if the folder is none."""
    return next((path for name in PACKAGES if has(path := join(folder, name))), None)


def parse(path: str, content: bytes, module: str, read: Read) -> Unit:
    """A file as a unit with one procedure, `bazel:path`; a .bzl file does nothing by itself. `read` gives the content
    of a file of the project. Never raises."""
    if path.endswith(SUFFIX):
        return Unit(path, LANGUAGE, module)
    try:
        return _parsed(path, content, module, read)
    except RecursionError:
        return Unit(path, LANGUAGE, module, problems=(Problem(path, 1, 1, "nested too deeply; not read as Starlark"),))


def _parsed(path: str, content: bytes, module: str, read: Read) -> Unit:
    files = _Files(read, workspace_of(dirname(path), lambda name: read(name) is not None))
    main = files.add(path, content)
    if main is None:
        return Unit(path, LANGUAGE, module, problems=tuple(files.problems))
    span = main.span(main.tree)
    name = basename(path)
    mentions = frozenset().union(*(file.words(file.tree) for file in files.known.values()))
    procedure = ir.Procedure(key(path), module, (), lambda: files.lowered(path), span, ("",), mentions=mentions)
    return Unit(
        path,
        LANGUAGE,
        module,
        procedures={name: procedure},
        entries=((name, EntryKind.STATEMENT),),
        problems=tuple(files.problems),
    )


class _Files:
    """A file and those that it loads, by path, each after those that it loads itself."""

    def __init__(self, read: Read, root: str) -> None:
        self._read, self._root = read, root
        self.known: dict[str, SourceFile] = {}
        self.problems: list[Problem] = []
        self._seen: set[str] = set()

    def add(self, path: str, content: bytes) -> SourceFile | None:
        """Read a file, and those that it loads."""
        self._seen.add(path)
        found = read_file(path, content)
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        for label, _ in self._loads(found):
            other = self._file_of(label, path)
            if other is not None and other not in self._seen and len(self._seen) < MOST_FILES:
                further = self._read(other)
                if further is not None:
                    self.add(other, further)
        self.known[path] = found
        return found

    def _loads(self, file: SourceFile) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        for node in file.tree.body:
            yield from loads(node, ("load",))

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
        around = _around(dirname(path))
        known = (each for each in around if package_file(each, lambda name: self._read(name) is not None))
        return next(known, around[-1])

    # --- lowering ---

    def lowered(self, path: str) -> tuple[ir.Statement, ...]:
        from tagcheck.frontends.python.body import Scope
        from tagcheck.frontends.python.functions import FunctionBody

        main = self.known[path]
        span = main.stretch(0, 0)
        modules = [each for each in self.known if each != path]
        names = self._own_names(main)
        body = FunctionBody(main, Scope(key(path), frozenset((*names, *map(_held, modules)))))
        named = ir.Argument(ir.Literal(path, span, exact=False))
        body.emit(ir.Invoke((), ir.Global(LIBRARY, _BEGINS, span), (named,), span))
        for each in modules:
            body.emit(ir.Invoke((ir.Name(_held(each), span),), ir.Closure(self._module(each), span), (), span, True))
        self._fill(body, names)
        body.emit(ir.Invoke((), ir.Global(LIBRARY, _ENDS, span), (), span))
        return tuple(body.out)

    def _module(self, path: str) -> ir.Procedure:
        """A loaded file as a procedure that gives what it defines."""
        from tagcheck.frontends.python.body import Scope
        from tagcheck.frontends.python.functions import FunctionBody

        file = self.known[path]
        span = file.stretch(0, 0)

        def lower() -> tuple[ir.Statement, ...]:
            names = self._own_names(file)
            body = FunctionBody(file, Scope(key(path), frozenset(names)))
            self._fill(body, names)
            entries = tuple((ir.Literal(name, span), ir.Name(name, span)) for name in sorted(names))
            body.emit(ir.Return((ir.MapOf(entries, span),), span))
            return tuple(body.out)

        mentions = file.words(file.tree).union(map(_held, self.known))
        return ir.Procedure(key(path), path, (), lower, span, ("",), mentions=mentions)

    def _own_names(self, file: SourceFile) -> set[str]:
        """What a file defines, and what it takes from files of the project; other names become those of libraries."""
        from tagcheck.frontends.python.body import BUILTIN_NAMES
        from tagcheck.frontends.python.names import bound_by

        names = {name for node in file.tree.body for name in bound_by(node)}
        taken: dict[str, str] = {}
        for label, pairs in self._loads(file):
            other = self._file_of(label, file.path)
            if other in self.known:
                names.update(bound for bound, _ in pairs)
            else:
                taken.update((bound, f"{_library(label)}:{meant}") for bound, meant in pairs)
        free = file.words(file.tree) - names - taken.keys() - BUILTIN_NAMES
        file.imports.update({name: f"{LIBRARY}:{name}" for name in free}, native=LIBRARY)
        file.imports.update(taken)
        file.names = names
        return names

    def _fill(self, body: FunctionBody, names: set[str]) -> None:
        """The statements of a file."""
        file = body.file
        start = file.stretch(0, 0)
        for name in sorted(names):
            body.emit(ir.Assign((ir.Name(name, start),), ir.Zero("", start), start, declare=True))
        for node in file.tree.body:
            loaded = list(loads(node, ("load",)))
            extension = _extension(node)
            if loaded:
                self._take(body, loaded, file.span(node))
            elif extension is not None:
                name, label, meant = extension
                at = file.span(node)
                body.emit(ir.Assign((ir.Name(name, at),), ir.Global(_library(label), meant, at), at))
            else:
                body.block([node])

    def _take(self, body: FunctionBody, loaded: list[tuple[str, tuple[tuple[str, str], ...]]], at: Span) -> None:
        """Give the names that a statement takes from files of the project their values."""
        for label, pairs in loaded:
            other = self._file_of(label, body.file.path)
            if other not in self.known or other is None:
                continue
            for bound, meant in pairs:
                value = ir.Index(ir.Name(_held(other), at), ir.Literal(meant, at), at)
                body.emit(ir.Assign((ir.Name(bound, at),), value, at))


def _around(folder: str) -> list[str]:
    """A folder and those that it lies in."""
    found = [folder]
    while (outer := dirname(found[-1])) != found[-1]:
        found.append(outer)
    return found


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
    import libcst as cst

    line = node.body[0] if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 else None
    call = line.value if isinstance(line, cst.Assign) and len(line.targets) == 1 else None
    if not isinstance(line, cst.Assign) or not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name):
        return None
    target, texts = line.targets[0].target, [text_of(each.value) for each in call.args[:2]]
    if call.func.value != _EXTENSION or not isinstance(target, cst.Name) or len(texts) != 2 or None in texts:
        return None
    return target.value, str(texts[0]), str(texts[1])
