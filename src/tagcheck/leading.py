"""What can lead a run to a part of the project, when only that part is asked about.

A scenario can only say something about a file that it comes to. A file that runs by itself comes to another one by its
name or by the name of the folder that it is taken with (`make -C DIR`, a chart, a kustomization); so may one that
names such a file, however many steps away. Too many are allowed. Too few are found where a folder is only reached by a
pattern (`test/*/*.yaml`) or its name is put together: those flows are seen when the whole project is asked about. So
are tests that a script or workflow outside of the part starts (`go test ./test/…`): here they count as scenarios by
themselves.

A procedure of a program comes to the part if it mentions a name that a file of the part defines, or stands in a file
that names such a file, or mentions a procedure that does.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from posixpath import normpath

from tagcheck.frontends.api import Folder, Unit
from tagcheck.ir import Procedure
from tagcheck.link import Program

_COMMENT = re.compile(rb"(?m)^[ \t]*(?:#|//).*$|^([ \t]*)description:.*(?:\n\1[ \t]+.*)*")
"""Comments, and what YAML files of CI systems say for people."""
_HERE = (b"", b".", b"..")
_GOING = re.compile(rb"(?:^|\s)(?:-[CdfkR]|--(?:chdir|directory|filename|kustomize)|cd|pushd)[\s=]+[\"']?$")
"""What comes before the bare name of a folder that a command is told to work in."""
_JOINING = re.compile(rb"[\"'=(\[]$")
"""What comes before the name of a folder that a path is joined of, behind that of the folder above."""
_BEHIND = re.compile(rb"/([\w.-]*)")
"""What comes behind the name of a folder in a path: the next name."""
_QUOTES = (b'"', b"'", b"`")
_COMPONENT = re.compile(rb"([$}\])*]?)([\w.-]*)/$")
_LOOK_BACK = 80
"""Bytes before a name that are looked at; enough for one component of a path."""


@dataclass(frozen=True)
class Candidate:
    """A file that may lead somewhere: its content, the words besides its name that run it ('make'), what its folder has
    to do with it, and which files there it reads without naming them."""

    content: bytes
    called_by: tuple[str, ...] = ()
    folder: Folder = Folder.NAMED
    beside: tuple[str, ...] = ()


_ANY = Candidate(b"")


def leading(inside: Iterable[str], candidates: Mapping[str, Candidate]) -> frozenset[str]:
    """The candidates, by path, that lie inside or can lead there. `inside` are the paths of the part."""
    part = frozenset(inside)
    counting = {path for path, each in candidates.items() if path in part or _owns(path, each, part)}
    fresh: set[str] = set(part | counting)
    while fresh:
        names = _Names()
        for path in fresh:
            names.add(path, candidates.get(path, _ANY))
        fresh = {path for path, each in candidates.items() if path not in counting and names.in_content(each.content)}
        counting |= fresh
    return frozenset(counting)


class Marked:
    """The procedures of a program that can come to a part of it. `inside` says of a path whether it belongs to the
    part; `named` are the other files by whose names a procedure can come there."""

    def __init__(self, program: Program, inside: Callable[[str], bool], named: Mapping[str, Candidate]) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        self._imported: dict[str, set[str]] = defaultdict(set)
        self._keys: set[str] = set()
        self._touched: set[str] = set()
        files = _Names()
        for path, each in named.items():
            files.add(path, each)
        units = program.units_in_view()
        # A file that only defines constants need not be in view: it says nothing that matters by itself.
        own = (program.unit(path) for path in program.paths if inside(path))
        for unit in filter(None, own):
            self._names[unit.module].update(_defined(unit))
        for unit in units:
            self._imported[unit.module].update(unit.imports.values())
            if inside(unit.path) or (named and files.in_content(program.content(unit.path), is_program=True)):
                self._touched.add(unit.path)
                self._names[unit.module].update(_defined(unit))
        fresh = True
        while fresh:
            fresh = bool([unit for unit in units if self._spread(unit)])

    def __call__(self, procedure: Procedure) -> bool:
        """Whether a run of a procedure can come to the part."""
        return (
            procedure.key in self._keys
            or procedure.span.path in self._touched
            or self._mentioned(procedure.mentions, procedure.module)
        )

    def _spread(self, unit: Unit) -> bool:
        """Mark what mentions something that is marked; whether anything was."""
        fresh = False
        for name, procedure in unit.procedures.items():
            if procedure.key not in self._keys and self(procedure):
                self._keys.add(procedure.key)
                self._names[unit.module].update(name.split("."))
                fresh = True
        for name, variable in unit.variables.items():
            own = self._names[unit.module]
            if name not in own and self._mentioned(variable.mentions, unit.module):
                own.add(name)
                fresh = True
        return fresh

    def _mentioned(self, mentions: Set[str], module: str) -> bool:
        names = (self._names.get(each) for each in (module, module.removesuffix(".test"), *self._imported[module]))
        return any(found and not mentions.isdisjoint(found) for found in names)


def _defined(unit: Unit) -> set[str]:
    """The names that a file defines, of methods those of their types too."""
    return {part for name in (*unit.procedures, *unit.variables, *unit.types) for part in name.split(".")}


def _owns(path: str, candidate: Candidate, part: frozenset[str]) -> bool:
    folder = path.rpartition("/")[0] + "/" if "/" in path else ""
    if any(_is_beside(folder, name, part) for name in candidate.beside):
        return True
    return candidate.folder is Folder.OWNED and any(each.startswith(folder) for each in part)


def _is_beside(folder: str, name: str, part: frozenset[str]) -> bool:
    if not name.endswith("/"):
        return folder + name in part
    whole = normpath(folder + name) + "/"
    return any(each.startswith(whole) for each in part)


class _Names:
    """By what names some files and their folders are called, each with the folders that it can stand in."""

    def __init__(self) -> None:
        self._files: dict[bytes, set[bytes]] = {}
        self._folders: dict[bytes, set[bytes]] = {}
        self._inner: dict[bytes, set[bytes]] = {}
        self._words: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None

    def add(self, path: str, candidate: Candidate) -> None:
        *above, parent, name = ("", "", *path.split("/"))
        if candidate.folder is not Folder.OWNED:
            self._files.setdefault(name.encode(), set()).add(parent.encode())
        if parent and candidate.folder is not Folder.NONE:
            self._folders.setdefault(parent.encode(), set()).add(above[-1].encode())
        for outer, inner in itertools.pairwise(path.split("/")):
            self._inner.setdefault(outer.encode(), set()).add(inner.encode())
        self._words.update(word.encode() for word in candidate.called_by)

    def in_content(self, content: bytes, is_program: bool = False) -> bool:
        """Whether a text names one of them, outside of its comments. What a program runs stands in its literals."""
        if self._pattern is None:
            words = sorted({*self._files, *self._folders, *self._words}, key=len, reverse=True)
            self._pattern = re.compile(rb"(?<![\w-])(?:%s)(?![\w-])" % (b"|".join(map(re.escape, words)) or rb"(?!)"))
        if self._pattern.search(content) is None:
            return False
        code = _COMMENT.sub(b"", content)
        return any(self._is_meant(code, found, is_program) for found in self._pattern.finditer(code))

    def _is_meant(self, code: bytes, found: re.Match[bytes], is_program: bool) -> bool:
        name = found.group()
        if name in self._words:
            line = code[code.rfind(b"\n", 0, found.start()) + 1 : found.start()]
            return not is_program or any(quote in line for quote in _QUOTES)
        before = code[max(0, found.start() - _LOOK_BACK) : found.start()]
        folders = self._files.get(name, set()) | self._folders.get(name, set())
        if before.endswith(b"/"):
            component = _COMPONENT.search(before)
            return component is None or bool(component[1]) or component[2] in (*_HERE, *folders)
        if name in self._files or _GOING.search(before):
            return True
        behind = _BEHIND.match(code, found.end())
        if behind is not None:
            return not behind[1] or behind[1] in self._inner.get(name, ())
        above = self._folders.get(name, set())
        return bool(_JOINING.search(before)) and (b"" in above or any(each in before for each in above))
