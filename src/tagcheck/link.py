"""Names to procedures: what a project's files define, who can call whom, and what can matter at all.

Purpose: give the evaluator one view of all files. Files are read once and parsed when something points to them: a real
tree has thousands of files and a handful in which anything happens to an image. What can matter is found backwards from
the calls that can (a command is run, a file is written, a Kubernetes object is made): by name only, which finds too
much and never too little.

Rejected: parsing everything (ten times the work); a call graph from types (needs a type checker for each language).

What it cannot do: calls through reflection or generated code; a method is looked for by its name where its receiver's
type is not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tagcheck.frontends.api import LOADING, Language, Layout, Unit, Variable
from tagcheck.frontends.api import TypeInfo as Type
from tagcheck.ir import Literal, Problem, Procedure
from tagcheck.narrowing import Files, Narrowing, Terms
from tagcheck.projectfiles import ProjectFiles
from tagcheck.values import Text
from tagcheck.wording import Wording

Definition = Procedure | Variable | Type
GENERATED = b"DO NOT EDIT"
"""What a file that a program wrote says of itself in its first HEAD bytes (go.dev/s/generatedcode)."""
HEAD = 2048
INITIAL = "#init@"
"""What the keys of procedures contain that run when their module is loaded."""
MOST_PARENTS = 8
"""Types above a type."""
DEEPEST_EMBEDDING = 4
IMAGE_WORDS = frozenset(("Image", "Containers", "PodSpec"))
"""Fields and types of Kubernetes objects that name images (API version v1 of Kubernetes)."""


@dataclass
class Module:
    """The files of one module; units appear as they are parsed."""

    name: str
    paths: list[str] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)

    def parsed(self) -> Iterator[Unit]:
        """The units so far, by path: the order in which they were parsed must not matter."""
        return (self.units[path] for path in self.paths if path in self.units)


class Program(ProjectFiles):
    """All files of a project that a language reads, linked.

    `read_bytes` gives the content of a project file, None if it cannot be read. `effectful` gives the simple names of
    the functions of a library module that can matter to a run; `says_stage` whether a function's name alone says that
    it does something to images; `deploying` are simple names of client methods that hand an object to a cluster;
    `implicit` says whether a framework calls methods of a name. `wording` knows the texts that mean containers and
    `container` gives the names that do in a library module; without the first, everything that can start a program
    matters.
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
    ) -> None:
        super().__init__(paths, read_bytes)
        self.problems: list[Problem] = []
        self._effectful = effectful
        self._says_stage = says_stage
        self._deploying = deploying
        self._implicit = implicit
        self._wording = wording
        self._container = container
        self._concerned: Mapping[str, set[str]] = {}
        self._outlined: frozenset[str] = frozenset()
        """the files of which outlines decide what is parsed"""
        self._languages = {suffix: language for language in languages for suffix in language.suffixes}
        self._layouts: dict[str, Layout] = {}
        self.modules: dict[str, Module] = {}
        self._module_of: dict[str, str] = {}
        self._imports: dict[str, frozenset[str]] = {}
        self._reaching: set[str] = set()
        self._reaching_names: dict[str, set[str]] = defaultdict(set)
        self._methods: dict[str, list[Procedure]] = defaultdict(list)
        self._view: list[Unit] = []
        self._imported: dict[str, frozenset[str]] = {}
        self._variables: dict[str, frozenset[str]] = {}
        self._idle: dict[int, bool] = {}
        self._naming: dict[tuple[str, frozenset[str]], bool] = {}
        self.literals: dict[int, tuple[Literal, Text]] = {}
        """literals as values, by the identity of their nodes, which are kept with them so that it stays theirs"""
        self._definitions: dict[tuple[str, str], tuple[Definition, ...]] = {}
        self.kept: dict[object, object] = {}
        """what one run found out that every other would find out again"""
        self._lay_out(languages)

    # --- files ---

    def _lay_out(self, languages: Sequence[Language]) -> None:
        for language in languages:
            own = [path for path in self.paths if path.endswith(language.suffixes)]
            if not own:
                continue
            layout = language.layout(self.paths, self.read)
            self._layouts[language.name] = layout
            for path in own:
                content = self._read(path)
                if content is None:
                    continue
                module = layout.module(path, content)
                if module is None:
                    continue
                self._module_of[path] = module
                self.modules.setdefault(module, Module(module)).paths.append(path)
                self._imports[path] = layout.imports(path, content)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of program files end."""
        return tuple(self._languages)

    def runs_files(self, path: str) -> bool:
        """Whether a program file can be run by its name."""
        return path.endswith(self.suffixes) and self._language(path).runs_files

    def _language(self, path: str) -> Language:
        return next(language for suffix, language in self._languages.items() if path.endswith(suffix))

    def is_test(self, path: str) -> bool:
        """Whether a program file holds tests only."""
        return self._layout_of(path).is_test(path)

    # --- units ---

    def unit(self, path: str) -> Unit | None:
        """The parsed file, from now on part of its module."""
        name = self._module_of.get(path)
        if name is None:
            return None
        module = self.modules[name]
        found = module.units.get(path)
        if found is None:
            content = self._read(path) or b""
            language = self._language(path)
            found = language.parse(path, content, name)
            layout = self._layouts[language.name]
            found.imports.update({local: layout.resolved(path, to) for local, to in found.imports.items()})
            module.units[path] = found
            self.problems.extend(found.problems)
        return found

    def is_project(self, module: str) -> bool:
        """Whether a module belongs to the project, if only by its name."""
        return module in self.modules or any(layout.owns(module) for layout in self._layouts.values())

    def files_of_module(self, folder: str, name: str) -> tuple[str, ...]:
        """The files that run when a module is started by its name in a folder: a package's own main module, if it has
        one."""
        beside = f"{folder}/" if folder else ""
        for language in {each.name: each for each in self._languages.values() if each.runs_files}.values():
            layout = self._layouts.get(language.name)
            for wanted in (f"{name}.__main__", name) if layout is not None else ():
                module = self.modules.get(layout.resolved(beside, wanted)) if layout is not None else None
                if module is not None:
                    return tuple(module.paths)
        return ()

    def lookup(self, module: str, name: str) -> tuple[Definition, ...]:
        """What a name means in a module: several definitions where a build chooses among files."""
        known = self._definitions.get((module, name))
        if known is None:
            known = self._definitions[(module, name)] = self._looked_up(module, name)
        return known

    def _looked_up(self, module: str, name: str) -> tuple[Definition, ...]:
        found = self.modules.get(module)
        if found is None:
            base = module.removesuffix(".test")
            return self.lookup(base, name) if base != module else ()
        known = self._alternatives(found, name)
        if "" not in known and self._parse_mentioning(found, name):
            known = self._alternatives(found, name)
        definitions = tuple(known.values())
        if not definitions:
            definitions = tuple(
                each for other in self.dotted(module) if other in self.modules for each in self.lookup(other, name)
            )
        return definitions

    def _alternatives(self, module: Module, name: str) -> dict[str, Definition]:
        """The definitions of a name by the constraints under which a build takes them."""
        found: dict[str, Definition] = {}
        for unit in module.parsed():
            each = unit.procedures.get(name) or unit.variables.get(name) or unit.types.get(name)
            if each is not None and not unit.alternative:
                return {"": each}
            if each is not None:
                found.setdefault(unit.alternative, each)
        return found

    def constraints(self, module: str, name: str) -> tuple[str, ...]:
        """The constraints under which a build takes each of the definitions that `lookup` gives."""
        found = self.modules.get(module)
        return tuple(self._alternatives(found, name)) if found else ()

    def _parse_mentioning(self, module: Module, name: str) -> bool:
        """Parse the files of a module that may define a name. What a program wrote (clients, encoders) is large and
        makes no names: it is read only where it runs commands itself."""
        parsed = False
        for path in module.paths:
            content = self._read(path) or b""
            if path in module.units or GENERATED in content[:HEAD]:
                continue
            if self._layout_of(path).defines(content, name):
                self.unit(path)
                parsed = True
        return parsed

    def _layout_of(self, path: str) -> Layout:
        return self._layouts[self._language(path).name]

    def dotted(self, module: str) -> tuple[str, ...]:
        """The modules whose names a module's files use without a qualifier."""
        found = self.modules.get(module)
        if found is None:
            return ()
        units = found.parsed()
        return tuple(dict.fromkeys(to for unit in units for name, to in unit.imports.items() if name[:1] == "."))

    def on_load(self, module: str) -> tuple[Procedure, ...]:
        """What a module runs when it is loaded, besides the initial values of its variables."""
        found = self.modules.get(module)
        for path in found.paths if found else ():
            if path not in self.modules[module].units and self._layout_of(path).runs_on_load(self._read(path) or b""):
                self.unit(path)
        units = found.units.values() if found else ()
        return tuple(each for unit in sorted(units, key=_path) for each in unit.initial if INITIAL in each.key)

    # --- types ---

    def type(self, qualified: str) -> Type | None:
        """A type of the project."""
        module, _, name = qualified.rpartition(".")
        if "@" in name or module.endswith("struct"):
            return self._synthetic(qualified)
        found = self.lookup(module, name) if module in self.modules else ()
        if found and isinstance(found[0], Procedure) and found[0].constructs:
            return next((unit.types[name] for unit in self.modules[module].parsed() if name in unit.types), None)
        return next((each for each in found if isinstance(each, Type)), None)

    def _synthetic(self, qualified: str) -> Type | None:
        module = qualified.partition(".struct@")[0]
        units = self.modules[module].units.values() if module in self.modules else ()
        for unit in units:
            for name in (qualified, qualified.removeprefix(module + ".")):
                if name in unit.types:
                    return unit.types[name]
        return None

    def field_type(self, qualified: str, name: str) -> str:
        """The declared type of a field; empty if not known."""
        info = self.type(qualified) if qualified else None
        return next((type_ for field_, type_ in info.fields if field_ == name), "") if info else ""

    def embedded(self, qualified: str) -> tuple[str, ...]:
        info = self.type(qualified) if qualified else None
        return info.embedded if info else ()

    def has_member(self, qualified: str, name: str, depth: int = 0) -> bool:
        """Whether a type of the project has a field or method of this name, its own or by embedding."""
        if self.field_type(qualified, name) or self.methods(qualified, name):
            return True
        return depth < DEEPEST_EMBEDDING and any(
            self.has_member(inner, name, depth + 1) for inner in self.embedded(qualified)
        )

    def methods(self, qualified: str, name: str) -> tuple[Procedure, ...]:
        """The method of a type; none if the type or the method is not the project's."""
        found = self.member(qualified, name)
        return tuple(each for each in found if isinstance(each, Procedure))

    def member(self, qualified: str, name: str, depth: int = 0) -> tuple[Definition, ...]:
        """A method or variable of a type, its own or inherited; none if the type or the member is not the project's."""
        module, _, type_ = qualified.rpartition(".")
        if module not in self.modules:
            return ()
        found = self.lookup(module, f"{type_}.{name}")
        if found or depth > MOST_PARENTS:
            return found
        inherited = (self.member(each, name, depth + 1) for each in self.parents(qualified))
        return next((each for each in inherited if each), ())

    def is_tuple(self, qualified: str) -> bool:
        """Whether the fields of a type have numbers too."""
        info = self.type(qualified)
        return info is not None and info.underlying == "tuple"

    def parents(self, qualified: str) -> tuple[str, ...]:
        """The types that a type inherits from, by their qualified names."""
        module = qualified.rpartition(".")[0]
        info = self.type(qualified) if module in self.modules else None
        if info is None or not info.parents:
            return ()
        imports = {name: to for unit in self.modules[module].parsed() for name, to in unit.imports.items()}
        return tuple(_meant(each, module, imports) for each in info.parents)

    def ancestors(self, qualified: str) -> tuple[str, ...]:
        """A type and those that it inherits from."""
        found = {qualified: None}
        for _ in range(MOST_PARENTS):
            found.update(dict.fromkeys(parent for each in tuple(found) for parent in self.parents(each)))
        return tuple(found)

    def home(self, definition: Variable, module: str) -> str:
        """The module that a variable belongs to, which need not be the one that it was looked up in."""
        return self._module_of.get(definition.span.path, module)

    def method_names(self, qualified: str, depth: int = 0) -> tuple[str, ...]:
        """The names of the methods of a type of the project, its own in the order of the source and then those of the
        types that it embeds."""
        module, _, type_ = qualified.rpartition(".")
        found = self.modules.get(module)
        if found is None or depth > DEEPEST_EMBEDDING:
            return ()
        for path in found.paths:
            if path not in found.units and type_.encode() in (self._read(path) or b""):
                self.unit(path)
        keys = (key for unit in found.parsed() for key in unit.procedures)
        own = [key.rpartition(".")[2] for key in keys if key.rpartition(".")[0] == type_]
        inner = (name for each in self.embedded(qualified) for name in self.method_names(each, depth + 1))
        return tuple(dict.fromkeys((*own, *inner)))

    def only_method(self, name: str) -> tuple[Procedure, ...]:
        """The method of this name if the files in view have exactly one."""
        found = self._methods.get(name, ())
        return tuple(found) if len(found) == 1 else ()

    # --- reachability ---

    def reaches(self, procedure: Procedure) -> bool:
        """Whether a call of a procedure can lead to anything that matters."""
        if procedure.key in self._reaching:
            return True
        key = id(procedure)
        if key not in self._idle:
            self._idle[key] = not self._mentions_reaching(procedure.mentions, procedure.module)
        return not self._idle[key]

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


def _meant(name: str, module: str, imports: Mapping[str, str]) -> str:
    """The qualified type that a file means by a name of its own or of an import."""
    head, _, rest = name.partition(".")
    while head not in imports and rest:
        more, _, rest = rest.partition(".")
        head = f"{head}.{more}"
    if head not in imports:
        return f"{module}.{name}"
    return ".".join(filter(None, (imports[head].replace(":", "."), rest)))
