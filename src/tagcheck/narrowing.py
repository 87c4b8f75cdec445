"""Which files of a slowly parsed language can matter, from outlines of them.

Purpose: a large tree has few files that mention containers. What happens to an image happens where a part of a program
comes both to a call that has effects and to a word that means containers, and whoever runs it comes to both, too. So
the words spread from where they stand to what mentions it, along imports; effects spread in the same way among the
modules that such parts can come to; where both meet, a file is worth to be parsed. Everything by names only, which
finds too much.

Rejected: everything that can start a program (a large tree does that everywhere); everything that imports what mentions
containers (one module that imports all others, and it is the whole tree).

What it cannot do: calls by reflection; command lines that no file of the project spells.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from tagcheck.frontends.api import EVERYTHING, LOADING, Part
from tagcheck.wording import Wording

Place = tuple[str, int]
"""A part of a file: the path and its number."""


@dataclass(frozen=True)
class Files:
    """The files to look at, by path: the module of each, the modules that each imports, its bytes, its parts, and what
    an import in it means."""

    modules: Mapping[str, str]
    imports: Mapping[str, frozenset[str]]
    read: Callable[[str], bytes]
    outline: Callable[[str], tuple[Part, ...]]
    resolved: Callable[[str, str], str]


@dataclass(frozen=True)
class Terms:
    """What the catalogue says: the texts that mean containers, the names that do in a library module, those that have
    effects there, and whether a framework calls methods of a name."""

    wording: Wording
    container: Callable[[str], frozenset[str]]
    effectful: Callable[[str], frozenset[str]]
    implicit: Callable[[str], bool]


@dataclass
class Marks:
    """Marked parts, and the names that they are mentioned by, by module."""

    places: set[Place] = field(default_factory=set)
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    fields: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """what marked parts set, by module and class: other parts of the class come to it by its name"""


@dataclass(frozen=True)
class Narrowed:
    """`paths` are the files to parse, `effects` and `containers` the names that come to either, by module."""

    paths: tuple[str, ...]
    effects: Mapping[str, set[str]]
    containers: Mapping[str, set[str]]


class Narrowing:
    """Looks at outlines, each made once."""

    def __init__(self, files: Files, terms: Terms) -> None:
        self._files, self._terms = files, terms
        self._paths = sorted(files.modules)
        self._outlines: dict[str, tuple[Part, ...]] = {}
        self._importers: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            for module in files.imports[path]:
                self._importers[module].append(path)
        self._of_module = {module: path for path, module in files.modules.items()}

    def narrowed(self) -> Narrowed:
        """What can matter."""
        containers, effects, known = Marks(), Marks(), set[str]()
        wording: Wording | None = self._terms.wording
        while wording is not None:
            self._spread_containers(containers, wording)
            self._spread_effects(effects, self._below({path for path, _ in containers.places}))
            names = self._programs(containers.places & effects.places) - known
            known |= names
            wording = wording.with_files(names) if names else None
        paths = {path for path, _ in containers.places & effects.places}
        return Narrowed(tuple(sorted(paths)), effects.names, containers.names)

    def _programs(self, places: set[Place]) -> frozenset[str]:
        """The names of the files that do something when they are run: others may run these as they run a program of
        the catalogue."""
        running = {path for path, number in places if self._parts(path)[number].names in ((LOADING,), ("__main__",))}
        files = {path.rpartition("/")[2] for path in running}
        modules = {".".join(path.rpartition(".")[0].split("/")[-2:]) for path in running if "/" in path}
        return frozenset(files | modules)

    def _parts(self, path: str) -> tuple[Part, ...]:
        found = self._outlines.get(path)
        if found is None:
            found = self._outlines[path] = self._files.outline(path)
        return found

    # --- the two spreads ---

    def _spread_containers(self, marks: Marks, wording: Wording) -> None:
        libraries = {module: names for module in self._importers if (names := self._terms.container(module))}
        using = {path for module in libraries for path in self._importers[module]}
        files = [path for path in self._paths if path in using or wording.may_say(self._files.read(path))]
        for path in files:
            given, own = self._given(path, libraries), self._own(path, libraries)
            for number, part in enumerate(self._parts(path)):
                if self._uses(path, part, libraries, given, own) or self._says(path, part, wording):
                    self._mark(marks, path, number, _given_on(part))
        self._spread(marks, _given_on, files)

    def _spread_effects(self, marks: Marks, region: frozenset[str]) -> None:
        libraries = {module: names for module in self._importers if (names := self._terms.effectful(module))}
        using = {path for module in libraries for path in self._importers[module]} & region
        for path in sorted(using):
            given = self._given(path, libraries)
            if not any(name.encode() in self._files.read(path) for name in given):
                continue
            own = self._own(path, libraries)
            for number, part in enumerate(self._parts(path)):
                if self._uses(path, part, libraries, given, own):
                    self._mark(marks, path, number, self._called(part))
        self._spread(marks, self._called, sorted({path for path, _ in marks.places}), region)

    def _uses(
        self, path: str, part: Part, libraries: Mapping[str, frozenset[str]], given: frozenset[str], own: frozenset[str]
    ) -> bool:
        """Whether a part names what one of some libraries has: by an import, as one of the attributes `given`, or as
        one of the names that are the file's `own`."""
        if self._comes_from(path, part, libraries) or not part.attributes.isdisjoint(given):
            return True
        return not part.words.isdisjoint(own)

    def _own(self, path: str, libraries: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The names of libraries that a file uses as its own."""
        return frozenset().union(*(libraries.get(each, ()) for each in self._unqualified(path)))

    def _says(self, path: str, part: Part, wording: Wording) -> bool:
        """Whether a part spells a command, or the name of a program in a file that starts programs."""
        if not part.texts:
            return False
        return wording.says(part.texts) or any(
            wording.means(each, part.texts, part.names) or self._starts_programs(path)
            for each in wording.may_mean(part.texts)
        )

    def _starts_programs(self, path: str) -> bool:
        libraries = {each: self._terms.effectful(each) for each in self._files.imports[path]}
        given = frozenset().union(*libraries.values())
        parts = self._parts(path)
        return any(not each.attributes.isdisjoint(given) or self._comes_from(path, each, libraries) for each in parts)

    def _given(self, path: str, libraries: Mapping[str, frozenset[str]]) -> frozenset[str]:
        return frozenset().union(*(libraries.get(each, ()) for each in self._files.imports[path]))

    def _called(self, part: Part) -> tuple[str, ...]:
        """By what names a part is called; a method that a framework or the language calls, by mentioning its class."""
        if part.is_class:
            return ()
        if _is_special(part):
            return (part.owner,)
        if part.owner and any(map(self._terms.implicit, part.names)):
            return (*part.names, part.owner)
        return part.names

    def _mark(self, marks: Marks, path: str, number: int, names: Iterable[str]) -> None:
        module, part = self._files.modules[path], self._parts(path)[number]
        marks.places.add((path, number))
        marks.names[module].update(names)
        marks.fields[module, part.names[0] if part.is_class else part.owner].update(part.sets)

    # --- along imports ---

    def _spread(
        self,
        marks: Marks,
        called: Callable[[Part], tuple[str, ...]],
        paths: Iterable[str],
        region: frozenset[str] | None = None,
    ) -> None:
        """Mark what mentions something that is marked, in some files and, if there is anything, in those of the region
        that import them, until nothing new is found. `called`: by what names a part is mentioned."""
        pending = deque(paths)
        waiting = set(pending)
        said: dict[str, set[str]] = defaultdict(set)
        while pending:
            path = pending.popleft()
            waiting.discard(path)
            self._mark_mentioning(marks, path, called)
            module = self._files.modules[path]
            fresh = marks.names.get(module, set()) - said[module]
            said[module] |= fresh
            words = [each.encode() for each in fresh if each != LOADING]
            for other in self._importers[module] if words else ():
                known = other in waiting or (region is not None and other not in region)
                if not known and any(word in self._files.read(other) for word in words):
                    pending.append(other)
                    waiting.add(other)

    def _mark_mentioning(self, marks: Marks, path: str, called: Callable[[Part], tuple[str, ...]]) -> None:
        module = self._files.modules[path]
        imported = {each: marks.names[each] for each in self._files.imports[path] if each in marks.names}
        alone = marks.names[module].union(*(imported.get(each, ()) for each in self._unqualified(path)))
        behind = alone.union(*imported.values())
        left = [each for each in enumerate(self._parts(path)) if (path, each[0]) not in marks.places]
        found = True
        while found:
            found = False
            for number, part in list(left):
                own = marks.fields.get((module, part.owner), ()) if called is _given_on else ()
                mentions = not (part.words.isdisjoint(alone) and part.attributes.isdisjoint(behind))
                if mentions or not part.attributes.isdisjoint(own) or self._comes_from(path, part, imported):
                    names = called(part)
                    self._mark(marks, path, number, names)
                    alone.update(names)
                    behind.update(names)
                    left.remove((number, part))
                    found = True

    def _comes_from(self, path: str, part: Part, modules: Mapping[str, Container[str]]) -> bool:
        """Whether an import binds one of the names that some modules have."""
        if not part.target or part.names == (EVERYTHING,):
            return False
        module, _, name = self._files.resolved(path, part.target).partition(":")
        if name and f"{module}.{name}" in modules:
            module, name = f"{module}.{name}", ""
        names = modules.get(module, ())
        return EVERYTHING in names or (bool(name) and name in names)

    def _unqualified(self, path: str) -> frozenset[str]:
        """The modules whose names a file uses as its own."""
        parts = (each for each in self._parts(path) if each.names == (EVERYTHING,))
        return frozenset(self._files.resolved(path, each.target).partition(":")[0] for each in parts)

    def _below(self, paths: set[str]) -> frozenset[str]:
        """The files, and those that they import, at whatever remove."""
        found, pending = set(paths), sorted(paths)
        while pending:
            for module in self._files.imports[pending.pop()]:
                path = self._of_module.get(module)
                if path is not None and path not in found:
                    found.add(path)
                    pending.append(path)
        return frozenset(found)


def _given_on(part: Part) -> tuple[str, ...]:
    """By what names others come to what a part says: its own, for a method its class."""
    if _is_special(part):
        return (part.owner,)
    return (*part.names, part.owner) if part.owner else part.names


def _is_special(part: Part) -> bool:
    """Whether a part is a method that no one calls by its name, such as a constructor."""
    return bool(part.owner) and part.names[0][:2] == "__" == part.names[0][-2:]
