"""What can lead a run to a part of the project, when only that part is asked about.

A scenario can only say something about a file that it comes to. A file that runs by itself comes to another one by its
name or by the name of the folder that it is taken with (`make -C DIR`, a chart, a kustomization); so may one that
names such a file, however many steps away. Too many are allowed. Too few are found where a folder is only reached by a
pattern (`test/*/*.yaml`) or its name is put together: those flows are seen when the whole project is asked about. So
are tests that a script or workflow outside of the part starts (`go test ./test/…`): here they count as scenarios by
themselves.

A procedure of a program comes to the part if it mentions a name that a file of the part defines, or names such a file
itself, or mentions a procedure that does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from posixpath import normpath

from tagcheck.frontends.api import Folder, Goals, Unit
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.pathnames import PathNames
from tagcheck.source import Span


@dataclass(frozen=True)
class Candidate:
    """A file that may lead somewhere: its content (none if it can be led to only), the words besides its name that run
    it ('make'), what its folder has to do with it, and which files there it reads without naming them. `goals` gives
    what those words have to ask for to come to some of its lines."""

    content: bytes
    called_by: tuple[str, ...] = ()
    folder: Folder = Folder.NAMED
    beside: tuple[str, ...] = ()
    goals: Callable[[Collection[int]], Goals] | None = None


ANY_FILE = Candidate(b"")
"""A file that is known by its name alone."""


def leading(
    inside: Iterable[str], candidates: Mapping[str, Candidate], programs: frozenset[str] = frozenset()
) -> dict[str, Goals]:
    """The candidates, by path, that lie inside or can lead there, with what they have to be asked for. `inside` are the
    paths of the part, `programs` the names of programs, which a folder may share."""
    part = frozenset(inside)
    counting: dict[str, Goals] = {
        path: None for path, each in candidates.items() if path in part or _owns(path, each, part)
    }
    fresh: dict[str, Goals] = dict.fromkeys(part) | counting
    while fresh:
        names = _names({path: (candidates.get(path, ANY_FILE), goals) for path, goals in fresh.items()}, programs)
        fresh = {}
        for path, each in candidates.items():
            known = counting.get(path, frozenset())
            goals = frozenset() if known is None else _led(path, each, names, known)
            if goals != known and known is not None:
                fresh[path] = goals
        counting |= fresh
    return counting


def _led(path: str, candidate: Candidate, names: PathNames, known: frozenset[str]) -> Goals:
    """What a file has to be asked for, besides what is known, to come to what it names; nothing if it names nothing."""
    lines = names.lines(path, candidate.content)
    if candidate.goals is None:
        return known if next(lines, None) is None else None
    found = set(lines)
    goals = candidate.goals(found) if found else known
    return None if goals is None else known | goals


def _names(files: Mapping[str, tuple[Candidate, Goals]], programs: frozenset[str]) -> PathNames:
    names = PathNames(programs=programs)
    for path, (each, goals) in files.items():
        is_usual = each is not ANY_FILE and each.folder is Folder.NAMED
        names.add(path, each.called_by, each.folder, goals, usual=is_usual)
    return names


class Marked:
    """The procedures of a program that can come to a part of it. `inside` says of a path whether it belongs to the
    part; `named` are the other files by whose names a procedure can come there, with what they have to be asked for;
    `programs` as in `leading`."""

    def __init__(
        self,
        program: Program,
        inside: Callable[[str], bool],
        named: Mapping[str, tuple[Candidate, Goals]],
        programs: frozenset[str],
    ) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        self._imported: dict[str, set[str]] = defaultdict(set)
        self._keys: set[str] = set()
        self._touched: set[str] = set()
        files = _names(named, programs)
        units = program.units_in_view()
        # A file that only defines constants need not be in view: it says nothing that matters by itself.
        own = (program.unit(path) for path in program.paths if inside(path))
        for unit in filter(None, own):
            self._names[unit.module].update(_defined(unit))
        for unit in units:
            self._imported[unit.module].update(unit.imports.values())
            if inside(unit.path):
                self._touch(unit)
            elif named:
                self._touch_at(unit, set(files.lines(unit.path, program.content(unit.path), is_program=True)))
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

    def _touch(self, unit: Unit) -> None:
        self._touched.add(unit.path)
        self._names[unit.module].update(_defined(unit))

    def _touch_at(self, unit: Unit, lines: Iterable[int]) -> None:
        """Mark what stands in some lines of a file: everything, if that is not known of one of them."""
        defined = _definitions(unit)
        for line in lines:
            around = [(key, names) for span, key, names in defined if span.line <= line <= span.end_line]
            # A variable is known by the place of its name: what is written behind that belongs to it.
            before = [(key, names) for span, key, names in defined if span.line <= line]
            if not around and before and not before[-1][0]:
                around = before[-1:]
            if not around:
                self._touch(unit)
            for key, names in around:
                self._keys.add(key)
                self._names[unit.module].update(names)

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


def _definitions(unit: Unit) -> list[tuple[Span, str, tuple[str, ...]]]:
    """What a file defines and runs, in its order: where, the key if it is a procedure, and the names it goes by."""
    found = [(each.span, each.key, tuple(name.split("."))) for name, each in unit.procedures.items()]
    found += [(each.span, each.key, ()) for each in unit.initial]
    found += [(each.span, "", (name,)) for name, each in unit.variables.items()]
    return sorted(found, key=lambda each: each[0])


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
