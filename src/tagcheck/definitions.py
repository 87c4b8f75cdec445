"""What the files of a project define: modules of parsed files, and what a name means in them.

Files are read once and parsed when something points to them: a real tree has thousands of files and a handful in which
anything happens to an image.

What it cannot do: definitions that are made while a program runs, or by generated code that nobody has written to disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tagcheck.frontends.api import Language, Layout, Unit, Variable
from tagcheck.frontends.api import TypeInfo as Type
from tagcheck.ir import Problem, Procedure
from tagcheck.projectfiles import ProjectFiles

Definition = Procedure | Variable | Type
GENERATED = b"DO NOT EDIT"
"""What a file that a program wrote says of itself in its first HEAD bytes (go.dev/s/generatedcode)."""
HEAD = 2048
INITIAL = "#init@"
"""What the keys of procedures contain that run when their module is loaded."""
MOST_PARENTS = 8
"""Types above a type."""
DEEPEST_EMBEDDING = 4


@dataclass
class Module:
    """The files of one module; units appear as they are parsed."""

    name: str
    paths: list[str] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)

    def parsed(self) -> Iterator[Unit]:
        """The units so far, by path: the order in which they were parsed must not matter."""
        return (self.units[path] for path in self.paths if path in self.units)


class Definitions(ProjectFiles):
    """All files of a project that a language reads. `read_bytes` gives the content of a project file, None if it cannot
    be read."""

    def __init__(
        self, paths: Sequence[str], read_bytes: Callable[[str], bytes | None], languages: Sequence[Language]
    ) -> None:
        super().__init__(paths, read_bytes)
        self.problems: list[Problem] = []
        self._languages = {suffix: language for language in languages for suffix in language.suffixes}
        self._layouts: dict[str, Layout] = {}
        self.modules: dict[str, Module] = {}
        self._module_of: dict[str, str] = {}
        self._imports: dict[str, frozenset[str]] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._definitions: dict[tuple[str, str], tuple[Definition, ...]] = {}
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

    def package_in(self, folder: str) -> str | None:
        """The name by which the module that the files of a folder form is imported; None if they form none, stand
        outside of every complete project, or in one whose name another one has too."""
        for path in self._by_folder.get("" if folder == "." else folder, ()):
            name = self._module_of.get(path)
            if name is not None and not self._layout_of(path).is_extract(path) and not self.is_test(path):
                return None if "@" in name else name
        return None

    def module_named(self, path: str, name: str) -> str | None:
        """The module of the project that a file means by a name; None if it is none."""
        layout = self._layouts.get(self._language(path).name) if path.endswith(self.suffixes) else None
        module = layout.resolved(path, name) if layout is not None else ""
        return module if module in self.modules else None

    def imported_as(self, module: str, name: str) -> str:
        """The module that the files of a module call by a name; empty if there is none."""
        units = self.modules[module].parsed() if module in self.modules else ()
        found = (unit.imports.get(name, "") for unit in units)
        return next((each for each in found if each and ":" not in each), "")

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

    def is_pointer(self, qualified: str, name: str) -> bool:
        """Whether a field of a type holds a pointer."""
        info = self.type(qualified) if qualified else None
        return info is not None and name in info.pointers

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

    def member(self, qualified: str, name: str) -> tuple[Definition, ...]:
        """A method or variable of a type, its own or inherited; none if the type or the member is not the project's."""
        return self.member_behind("", qualified, name)

    def member_behind(self, before: str, qualified: str, name: str) -> tuple[Definition, ...]:
        """The same, among the types that come behind the type `before` where members are looked for; all if empty."""
        order = self.resolution_order(qualified)
        for each in order[order.index(before) + 1 if before in order else 0 :]:
            module, _, type_ = each.rpartition(".")
            if module in self.modules and (found := self.lookup(module, f"{type_}.{name}")):
                return found
        return ()

    def resolution_order(self, qualified: str) -> tuple[str, ...]:
        """A type and those that it inherits from, in the order in which members are looked for (C3, as Python has it;
        depth first where there is no such order)."""
        known = self._orders.get(qualified)
        if known is None:
            known = self._orders[qualified] = self._ordered(qualified, 0)
        return known

    def _ordered(self, qualified: str, depth: int) -> tuple[str, ...]:
        parents = self.parents(qualified) if depth <= MOST_PARENTS else ()
        inherited = [self._ordered(each, depth + 1) for each in parents]
        if len(parents) < 2:
            return (qualified, *(inherited[0] if inherited else ()))
        return (qualified, *(_merged([*inherited, parents]) or dict.fromkeys(e for each in inherited for e in each)))

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


def _merged(orders: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The first items that no order has behind another of its own, one after the other; empty if there is no such item
    (Python 2.3, "The C3 Method Resolution Order")."""
    left, found = [list(each) for each in orders if each], list[str]()
    while left:
        behind = {name for each in left for name in each[1:]}
        first = next((each[0] for each in left if each[0] not in behind), None)
        if first is None:
            return ()
        found.append(first)
        left = [rest for each in left if (rest := [name for name in each if name != first])]
    return tuple(found)
