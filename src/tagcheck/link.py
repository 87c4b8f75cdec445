"""Which procedures of a project can matter at all: who can call whom, backwards from what can be done to an image.

Purpose: give the evaluator one view of all files, and leave most of them unparsed. What can matter is found backwards
from the calls that can (a command is run, a file is written, a Kubernetes object is made): by name only, which finds
too much and never too little.

Rejected: parsing everything (ten times the work); a call graph from types (needs a type checker for each language).

What it cannot do: calls through reflection or generated code; a method is looked for by its name where its receiver's
type is not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from tagcheck.definitions import Definitions
from tagcheck.frontends.api import LOADING, Language, Unit
from tagcheck.ir import Literal, Procedure
from tagcheck.narrowing import Files, Narrowing, Terms
from tagcheck.values import Text
from tagcheck.wording import Wording

IMAGE_WORDS = frozenset(("Image", "Containers", "PodSpec"))
"""Fields and types of Kubernetes objects that name images (API version v1 of Kubernetes)."""


class Program(Definitions):
    """All files of a project that a language reads, linked.

    `read_bytes` gives the content of a project file, None if it cannot be read. `effectful` gives the simple names of
    the functions of a library module that can matter to a run; `says_stage` whether a function's name alone says that
    it does something to images; `deploying` are simple names of client methods that hand an object to a cluster;
    `implicit` says whether a framework calls methods of a name. `wording` knows the texts that mean containers and
    `container` gives the names that do in a library module; without the first, everything that can start a program
    matters. `preparing` are simple names of functions that take what a test framework runs before all tests.
    """

    def __init__(
        self,
        paths: Sequence[str],
        read_bytes: Callable[[str], bytes | None],
        languages: Sequence[Language],
        effectful: Callable[[str], frozenset[str]],
        says_stage: Callable[[str], bool] = lambda name: False,
        deploying: frozenset[str] = frozenset(),
        implicit: Callable[[str], bool] = lambda name: False,
        wording: Wording | None = None,
        container: Callable[[str], frozenset[str]] = lambda module: frozenset(),
        preparing: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(paths, read_bytes, languages)
        self._effectful = effectful
        self._says_stage = says_stage
        self._deploying = deploying
        self._implicit = implicit
        self._wording = wording
        self._container = container
        self._preparing = preparing
        self._concerned: Mapping[str, set[str]] = {}
        self._outlined: frozenset[str] = frozenset()
        """the files of which outlines decide what is parsed"""
        self._reaching: set[str] = set()
        self._reaching_names: dict[str, set[str]] = defaultdict(set)
        self._methods: dict[str, list[Procedure]] = defaultdict(list)
        self._view: list[Unit] = []
        self._imported: dict[str, frozenset[str]] = {}
        self._variables: dict[str, frozenset[str]] = {}
        self._idle: dict[int, tuple[Procedure, bool]] = {}
        """which procedures come to nothing, by their identity; they are kept with it so that it stays theirs"""
        self._naming: dict[tuple[str, frozenset[str]], bool] = {}
        self.literals: dict[int, tuple[Literal, Text]] = {}
        """literals as values, by the identity of their nodes, which are kept with them so that it stays theirs"""
        self.kept: dict[object, object] = {}
        """what one run found out that every other would find out again"""

    def only_method(self, name: str) -> tuple[Procedure, ...]:
        """The method of this name if the files in view have exactly one. What the language itself calls, as at the
        beginning of a block, says nothing of a type."""
        found = self._methods.get(name, ()) if not name.startswith("__") else ()
        return tuple(found) if len(found) == 1 else ()

    def names_method(self, name: str) -> bool:
        """Whether a file in view has a method of this name."""
        return name in self._methods

    # --- reachability ---

    def reaches(self, procedure: Procedure) -> bool:
        """Whether a call of a procedure can lead to anything that matters."""
        if procedure.key in self._reaching:
            return True
        found = self._idle.get(id(procedure))
        if found is None:
            idle = not self._mentions_reaching(procedure.mentions, procedure.module)
            found = self._idle[id(procedure)] = (procedure, idle)
        return not found[1]

    def concerns(self, procedure: Procedure) -> bool:
        """Whether a procedure is worth to be evaluated by itself: a call of it can lead to something that matters,
        and comes to words that mean containers, as far as these are known."""
        if not self.reaches(procedure):
            return False
        if procedure.span.path not in self._outlined:
            return True
        if "#init@" in procedure.key and LOADING in self._concerned.get(procedure.module, ()):
            return True
        modules = (procedure.module, *self._imports.get(procedure.span.path, ()))
        return any(not procedure.mentions.isdisjoint(self._concerned.get(each, ())) for each in modules)

    def acts(self, procedure: Procedure) -> bool:
        """Whether a procedure itself names a library's function that can do something to images."""
        path = procedure.span.path
        scopes = {self._scope(path, each) for each in self._imports.get(path, ()) if each not in self.modules}
        return any(not procedure.mentions.isdisjoint(self._reaching_names.get(each, ())) for each in scopes)

    def _mentions_reaching(self, mentions: frozenset[str], module: str) -> bool:
        names = self._reaching_names
        if module in names and not mentions.isdisjoint(names[module]):
            return True
        imported = self._imported.get(module)
        if imported is None:
            imported = self._imported_by(module)
        return any(other in names and not mentions.isdisjoint(names[other]) for other in imported)

    def _imported_by(self, module: str) -> frozenset[str]:
        """The modules that the parsed files of a module import, as `_scope` names them."""
        units = self.modules[module].units.values() if module in self.modules else ()
        return frozenset(self._scope(unit.path, to) for unit in units for to in unit.imports.values())

    def _scope(self, path: str, module: str) -> str:
        """Under what a module's names are noted that reach something, for a file that imports it. Libraries of two
        languages can have one name."""
        return module if module in self.modules else f"{self._language(path).name}:{module}"

    def deploys(self, procedure: Procedure) -> bool:
        """Whether a procedure hands an object that names an image to a cluster: by the words in it and in the
        procedures of its module that it mentions."""
        if procedure.mentions.isdisjoint(self._deploying):
            return False
        if not procedure.mentions.isdisjoint(IMAGE_WORDS):
            return True
        found = self.modules.get(procedure.module)
        for path in found.paths if found else ():
            if path not in self.modules[procedure.module].units and b"Containers:" in (self._read(path) or b""):
                self.unit(path)
        units = found.units.values() if found else ()
        named = (unit.procedures[name] for unit in units for name in unit.procedures.keys() & procedure.mentions)
        return any(not each.mentions.isdisjoint(IMAGE_WORDS) for each in named)

    def preparations(self, units: Sequence[Unit]) -> tuple[Procedure, ...]:
        """What the files of the modules of some units register to be run before all tests, where variables may be set
        that these read."""
        modules = dict.fromkeys(unit.module for unit in units)
        words = [name.encode() for name in sorted(self._preparing)]
        paths = (path for module in modules for path in self.modules[module].paths)
        named = [path for path in paths if any(word in (self._read(path) or b"") for word in words)]
        found = (unit for path in sorted(named) if (unit := self.unit(path)) is not None)
        return tuple(each for unit in found for each in unit.initial if not each.mentions.isdisjoint(self._preparing))

    def mentions_variable(self, procedure: Procedure) -> bool:
        """Whether a procedure names a variable of its module, and so might change it."""
        found = self._variables.get(procedure.module, frozenset())
        unit = self.unit(procedure.span.path)
        own = unit.variables if unit is not None else ()
        return not procedure.mentions.isdisjoint(found) or any(name in own for name in procedure.mentions)

    def explore(self) -> None:
        """Find what can matter: from the files that use an effectful library, backwards along names."""
        for module, paths in self._importing.items():
            if module not in self.modules and (names := self._effectful(module)):
                for path in {self._language(path).name: path for path in paths}.values():
                    if usable := set(filter(self._language(path).exports, names)):
                        self._reaching_names[self._scope(path, module)] |= usable
        self._note_undefined()
        queue = self._narrowed()
        seeds = frozenset(self._reaching_names)
        for path in (path for path in sorted(self._imports) if path not in self._outlined):
            scopes = {self._scope(path, module) for module in self._imports[path]}
            if self._may_use(path, scopes & seeds):
                queue.append(path)
        while True:
            for path in dict.fromkeys(queue):
                self.unit(path)
            queue = self._next_files(self._spread())
            if not queue:
                break
        self._look_around()

    def _narrowed(self) -> list[str]:
        """The files that outlines say to matter, of the languages that have them."""
        if self._wording is None:
            return []
        outlines = {path: self._language(path).outline for path in self._module_of}
        own = {path: outline for path, outline in outlines.items() if outline is not None}
        self._outlined = frozenset(own)
        files = Files(
            {path: self._module_of[path] for path in own},
            self._imports,
            self.content,
            lambda path: own[path](path, self.content(path)),
            lambda path, target: self._layout_of(path).resolved(path, target),
        )
        terms = Terms(self._wording, self._container, self._effectful, self._implicit)
        found = Narrowing(files, terms).narrowed()
        # What is parsed says itself, and better, what in it comes to effects.
        parsed = {self._module_of[path] for path in found.paths}
        for module, names in found.effects.items():
            if module not in parsed:
                self._reaching_names[module] |= names
        self._concerned = found.containers
        return list(found.paths)

    def _may_use(self, path: str, modules: set[str]) -> bool:
        """Whether a file that imports effectful modules names one of their functions at all."""
        if not modules:
            return False
        names = sorted({name for module in modules for name in self._reaching_names[module]})
        words = b"|".join(re.escape(name.encode()) for name in names)
        return re.search(rb"\b(?:" + words + rb")\b", self._read(path) or b"") is not None

    def _look_around(self) -> None:
        """Note what is in view. Files that are parsed later, for one name or another, are left out of it: else the
        result of a scenario would depend on those before it."""
        self._view = sorted((unit for module in self.modules.values() for unit in module.units.values()), key=_path)
        imported: dict[str, set[str]] = {name: set() for name in self.modules}
        variables: dict[str, set[str]] = defaultdict(set)
        for unit in self._view:
            imported[unit.module].update(self._scope(unit.path, to) for to in unit.imports.values())
            variables[unit.module].update(unit.variables)
        for path in self._outlined - {unit.path for unit in self._view}:
            imported[self._module_of[path]].update(self._scope(path, to) for to in self._imports[path])
        self._imported = {module: frozenset(names) for module, names in imported.items()}
        self._variables = {module: frozenset(names) for module, names in variables.items()}
        for unit in self._view:
            for key, procedure in unit.procedures.items():
                if "." in key:
                    self._methods[key.rpartition(".")[2]].append(procedure)

    def _note_undefined(self) -> None:
        """In an extract of a project, names that nothing defines can be all that there is of a stage: those whose
        words say so count as effectful."""
        for path, module in self._module_of.items():
            if self._layout_of(path).is_extract(path):
                unit = self.unit(path)
                mentions = set().union(*(each.mentions for each in unit.procedures.values())) if unit else set()
                said = {name for name in mentions if self._says_stage(name) and not self.lookup(module, name)}
                if said:
                    self._reaching_names[module] |= said

    def _spread(self) -> dict[str, set[str]]:
        """Mark what reaches among all parsed files, until nothing new is found; the new names by module."""
        fresh: dict[str, set[str]] = defaultdict(set)
        # No file is parsed meanwhile: what a module imports is the same for all its procedures.
        self._imported = {module: self._imported_by(module) for module in self.modules}
        changed = True
        while changed:
            changed = False
            for module in sorted(self.modules):
                for procedure, simple in self._unmarked(module):
                    if self._mentions_reaching(procedure.mentions, module):
                        self._reaching.add(procedure.key)
                        changed = True
                        for name in self._names_for(procedure, simple):
                            if name not in self._reaching_names[module]:
                                self._reaching_names[module].add(name)
                                fresh[module].add(name)
        return fresh

    def _names_for(self, procedure: Procedure, simple: str) -> tuple[str, ...]:
        """By what names a procedure is called; a method that a framework calls, by mentioning its type."""
        type_, dot, _ = procedure.key.rpartition("#")[2].rpartition(".")
        return (simple, type_) if dot and self._implicit(simple) else (simple,)

    def _unmarked(self, module: str) -> list[tuple[Procedure, str]]:
        return [
            (procedure, name.rpartition(".")[2])
            for unit in self.modules[module].units.values()
            for name, procedure in unit.procedures.items()
            if procedure.key not in self._reaching
        ]

    def _next_files(self, fresh: Mapping[str, set[str]]) -> list[str]:
        """The files not parsed yet that can mention a newly found name: in the module itself, or importing it."""
        found: list[str] = []
        for module, names in fresh.items():
            words = [name.encode() for name in names]
            candidates = [*self.modules[module].paths, *self._importers(module)]
            for path in candidates:
                if path in self._outlined or path in self.modules[self._module_of[path]].units:
                    continue
                content = self._read(path) or b""
                if any(word in content for word in words):
                    found.append(path)
        return found

    def _importers(self, module: str) -> list[str]:
        return self._importing.get(module, [])

    @property
    def _importing(self) -> dict[str, list[str]]:
        cached = self.__dict__.get("_importing_cache")
        if cached is None:
            cached = defaultdict(list)
            for path, imports in sorted(self._imports.items()):
                for module in imports:
                    cached[module].append(path)
            self.__dict__["_importing_cache"] = cached
        return cached

    def names_any(self, path: str, words: frozenset[str]) -> bool:
        """Whether a file, one beside it, or one of the project's modules that they import, at whatever remove, names
        one of some words."""
        key = (path.rpartition("/")[0], words)
        if key not in self._naming:
            pattern = re.compile(rb"\b(?:" + b"|".join(re.escape(each.encode()) for each in sorted(words)) + rb")\b")
            reached = self._reached_from(path)
            self._naming[key] = bool(words) and any(pattern.search(self._read(each) or b"") for each in reached)
        return self._naming[key]

    def _reached_from(self, path: str) -> set[str]:
        """The files of the modules in a file's folder, and of those that they import."""
        pending = {
            self._module_of[each] for each in self._by_folder[path.rpartition("/")[0]] if each in self._module_of
        }
        found: set[str] = set()
        seen: set[str] = set()
        while pending:
            module = pending.pop()
            seen.add(module)
            paths = self.modules[module].paths
            found.update(paths)
            imported = {
                self._layout_of(each).resolved(each, to) for each in paths for to in self._imports.get(each, ())
            }
            pending |= {to for to in imported if to in self.modules} - seen
        return found

    # --- entry points ---

    def units_in_view(self) -> list[Unit]:
        """Every file that can matter, by path; what `explore` found."""
        return self._view


def _path(unit: Unit) -> str:
    return unit.path
