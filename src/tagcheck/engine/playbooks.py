"""Playbooks: what the tasks of plays and roles do, in their order (ansible-core 2.18).

Tasks are taken from files of the project. A condition that is not decided is a branch; a loop over something unknown
runs once, with an item of which nothing is known. Roles and task files that are not in the project are gaps where they
could matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from posixpath import dirname, join, normpath

from msgspec import Struct
from msgspec.structs import replace

from tagcheck import ir
from tagcheck.builtins.api import Command
from tagcheck.builtins.template_scope import truthy
from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue import Tools
from tagcheck.embedded import documents
from tagcheck.engine.charts import Release
from tagcheck.engine.jinjafiles import JinjaFiles
from tagcheck.engine.places import at_root, in_project
from tagcheck.engine.playhandlers import Handlers
from tagcheck.engine.playtasks import entries, flat, is_module, parameters, subelements
from tagcheck.engine.playvariables import PlayVariables, given_outside, variable_files
from tagcheck.engine.shelltexts import without_line_ends_of
from tagcheck.fields import field, items, word
from tagcheck.guards import Guards, when
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.overlays import as_text
from tagcheck.source import Span
from tagcheck.values import (
    EMPTY,
    LibraryValue,
    Null,
    Number,
    Opaque,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
    alternatives,
)
from tagcheck.values import Mapping as MappingValue

MOST_TASKS = 3_000
MOST_ITEMS = 40
DEEPEST_FILE = 12
DEEPEST_LOOKUP = 3
_MAIN = ("main.yml", "main.yaml", "main")
_CORE = ("ansible.builtin.", "ansible.legacy.")
_INCLUDES = frozenset(("include", "include_tasks", "import_tasks"))
_ROLES = frozenset(("include_role", "import_role"))
_IN_INVENTORY = re.compile(r"(?:^|/)(?:group_vars|host_vars)/")
_FLUSH = Text.of("flush_handlers")
_LOOPS = ("loop", "with_items", "with_list", "with_flattened")


class Room(Struct, frozen=True):
    """Where tasks stand: the folders that files are looked for in, those of a role first, and the variables."""

    folders: tuple[str, ...]
    variables: PlayVariables
    depth: int = 0


class Playbooks(JinjaFiles):
    """A run that knows playbooks."""

    _tasks: int = 0

    def __init__(self, program: Program, models: Models, tools: Tools, steps: int) -> None:
        super().__init__(program, models, tools, steps)
        self._facts: dict[str, Value] = {}
        """what tasks have set and registered"""
        self._extra: Mapping[str, Value] = {}
        """what the command line sets"""
        self._handlers = Handlers[Room]()
        self._here: Room | None = None
        """where the task stands that runs now"""
        self._looking = 0

    def played(self, effect: Effect) -> None:
        for path in effect.values:
            found = self.located(path)
            if found is None:
                self.gap("run", "a playbook that is not in the project")
            else:
                self._play_file(found, dict(self._extra_variables(effect.settings)))

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.PLAYBOOK and isinstance(value, Text) and value.literal:
            self._play_file(value.literal, {})
        else:
            super().used(node, value)

    def _extra_variables(self, settings: tuple[Text, ...]) -> Iterator[tuple[str, Value]]:
        """`-e`: NAME=value pairs, a mapping in YAML or JSON, or a file of one."""
        for text in settings:
            path = text.without_prefix("@")
            content = self.read_file(path) if path is not None else text
            for _, option in self.text_options(content) if content is not None else ():
                read = documents(option) if path is not None or option.leading.startswith("{") else ()
                found = read[0] if read else None
                if isinstance(found, MappingValue):
                    yield from entries(found)
                else:
                    pairs = (part.split_at("=") for part in option.split(" "))
                    yield from ((pair[0].literal, pair[1]) for pair in pairs if pair and pair[0].literal)

    # --- files ---

    def _read_list(self, path: str) -> Sequence | MappingValue | None:
        """The tasks, plays or variables of a file of the project."""
        content = self.read_file(at_root(path)) if self.program.has(path) else None
        options = self.text_options(content) if content is not None else []
        if not options:
            return None
        # Most files are read by many runs, and stand as they are in the project.
        key = (_read, path, options[0][1])
        if key not in self.program.kept:
            self.program.kept[key] = _read(options[0][1])
        found = self.program.kept[key]
        return found if isinstance(found, Sequence | MappingValue) else None

    def _play_file(self, path: str, extra: Mapping[str, Value], depth: int = 0) -> None:
        plays = self._read_list(path)
        self.visited.add(f"ansible:{path}")
        if not isinstance(plays, Sequence) or depth > DEEPEST_FILE:
            return
        if not depth:
            outer = (self._facts, self._extra)
            self._facts, self._extra = {}, extra
            self._run_plays(path, plays, depth)
            self._facts, self._extra = outer
        else:
            self._run_plays(path, plays, depth)

    def _run_plays(self, path: str, plays: Sequence, depth: int) -> None:
        for play in plays.items:
            imported = as_text(field(play, "import_playbook") or field(play, "ansible.builtin.import_playbook"))
            if imported is not None:
                self._play_file(normpath(join(dirname(path), imported.literal or "")), self._extra, depth + 1)
            elif isinstance(play, MappingValue) and field(play, "hosts") is not None:
                self._play(path, play)

    def _play(self, path: str, play: MappingValue) -> None:
        folder = dirname(path)
        layers = [self._of_inventory(folder), dict(entries(field(play, "vars")))]
        room = Room((folder,), self._variables((*layers,)))
        for item in items(play, "vars_files"):
            layers.append(self._variables_in(room, room.variables.filled(item)))
        room = replace(room, variables=self._variables((*layers,)))
        outer, self._handlers = self._handlers, Handlers()
        self._handlers.add(items(play, "handlers"), room)
        self._run_tasks(items(play, "pre_tasks"), room)
        self._run_handlers()
        for item in items(play, "roles"):
            self._listed_role(room, item)
        self._run_tasks(items(play, "tasks"), room)
        self._run_handlers()
        self._run_tasks(items(play, "post_tasks"), room)
        self._run_handlers()
        self._handlers = outer

    def _run_handlers(self) -> None:
        for task, room, asked in self._handlers.due():
            for given in [self.guards] if self.guards in asked else asked:
                outer, self.guards = self.guards, given
                self._run_tasks((task,), room)
                self.guards = outer

    def _variables(self, layers: tuple[Mapping[str, Value], ...]) -> PlayVariables:
        return PlayVariables(self.machine(), (*layers, self._facts, self._extra), self._template_text, self.look_up)

    def _template_text(self, name: str) -> Text | None:
        found = self.program.find_files(Text.of(name), "")
        return self._project_content(found[0]) if len(found) == 1 else None

    def _of_inventory(self, folder: str) -> dict[str, Value]:
        """The variables of all hosts beside a playbook. Those that another file of an inventory defines too are what it
        gives."""
        own = variable_files(join(folder, "group_vars"), "all", self.program.below)
        found: dict[str, Value] = {}
        for path in own:
            found.update(entries(self._read_list(path)))
        for path in self._inventory_files():
            if path not in own:
                found.update((name, given_outside(name)) for name, _ in entries(self._read_list(path)))
        return found

    def _inventory_files(self) -> tuple[str, ...]:
        """The project's files of variables of groups and hosts."""
        known = self.program.kept.get(_IN_INVENTORY)
        if not isinstance(known, tuple):
            paths = (path for path in self.program.paths if _IN_INVENTORY.search(path))
            known = self.program.kept[_IN_INVENTORY] = tuple(paths)
        return known

    def _variables_in(self, room: Room, item: Value) -> dict[str, Value]:
        """The variables of a file, or of the first of several that is there."""
        listed = item.items if isinstance(item, Sequence) else (item,)
        paths = (self._file_in(room, each, "vars") for each in listed)
        return dict(entries(self._read_list(next(filter(None, paths), ""))))

    def _file_in(self, room: Room, path: Value, kind: str) -> str | None:
        """A file of the project by its name: in the folder of its kind, or beside."""
        whole = in_project(path) if isinstance(path, Text) else None
        if whole is not None:
            return whole.literal if self.program.has(whole.literal or "") else None
        literal = path.literal if isinstance(path, Text) else None
        if not literal or literal.startswith("/"):
            return None
        places = (normpath(join(folder, below, literal)) for folder in room.folders for below in (kind, "", "tasks"))
        return next(filter(self.program.has, places), None)

    # --- roles ---

    def _listed_role(self, room: Room, item: Value) -> None:
        if not isinstance(item, MappingValue):
            self._role(room, item)
            return
        given = {name: each for name, each in entries(item) if name not in ("role", "name", "tags", "when", "vars")}
        given.update(entries(field(item, "vars")))
        for inside in self._conditions(field(item, "when"), room.variables.above(given)):
            outer, self.guards = self.guards, inside
            self._role(room, field(item, "role") or field(item, "name"), given=given)
            self.guards = outer

    def _role(
        self, room: Room, named: Value | None, tasks: str = "main", given: Mapping[str, Value] | None = None
    ) -> None:
        """Run a role with the parameters that are given for it."""
        variables = room.variables
        name = variables.filled(named) if named is not None else None
        literal = name.literal if isinstance(name, Text) else None
        folder = self._role_folder(room, literal) if literal else None
        if folder is None or room.depth > DEEPEST_FILE:
            self.gap("run", "a role that is not in the project")
            return
        defaults = {
            name: each for path in self._parts(folder, "defaults") for name, each in entries(self._read_list(path))
        }
        own = {name: each for path in self._parts(folder, "vars") for name, each in entries(self._read_list(path))}
        inner = variables.below(defaults).above(own).above(self._facts).above(given or {}).above(self._extra)
        inside = Room((folder, *(each for each in room.folders if each != folder)), inner, room.depth + 1)
        for item in items(self._read_list(next(iter(self._parts(folder, "meta")), "")), "dependencies"):
            self._listed_role(inside, item)
        listed_handlers = self._read_list(next(iter(self._parts(folder, "handlers")), ""))
        self._handlers.add(items(MappingValue(((Text.of("h"), listed_handlers or Null()),)), "h"), inside)
        names = [normpath(join(folder, "tasks", tasks + suffix)) for suffix in ("", ".yml", ".yaml")]
        path = next(filter(self.program.has, names), None)
        listed = self._read_list(path) if path is not None else None
        if isinstance(listed, Sequence):
            self._run_tasks(listed.items, inside)

    def _parts(self, folder: str, kind: str) -> list[str]:
        return [path for name in _MAIN if self.program.has(path := normpath(join(folder, kind, name)))][:1]

    def _role_folder(self, room: Room, name: str) -> str | None:
        """The folder of a role: below the playbook's, below the project's, the one that has its name, or the project
        itself if it is a role."""
        places = [join(folder, "roles", name) for folder in (*room.folders, "")]
        places += [join(dirname(folder), name) for folder in room.folders]
        known = (normpath(place) for place in places)
        found = next((place for place in known if self._parts(place, "tasks") or self._parts(place, "defaults")), None)
        if found is not None:
            return found
        is_role = self._parts("", "tasks") and self._parts("", "meta")
        return "" if is_role else None

    # --- tasks ---

    def _run_tasks(self, tasks: tuple[Value, ...], room: Room) -> None:
        for task in tasks:
            self._tasks += 1
            self.spend(1)
            if self._tasks > MOST_TASKS or room.depth > DEEPEST_FILE:
                self.gap("run", "too many tasks")
                return
            if isinstance(task, MappingValue):
                self._task(task, room)

    def _task(self, task: MappingValue, room: Room) -> None:
        own = dict(entries(field(task, "vars")))
        inner = room.variables.renewed().above(own) if own else room.variables.renewed()
        around, self._here = self._here, replace(room, variables=inner)
        room = self._here
        for item in self._task_rounds(task, room):
            given = self._here = room if item is None else replace(room, variables=inner.above(item))
            for inside in self._conditions(field(task, "when"), given.variables):
                outer, self.guards, site = self.guards, inside, self.site
                self._once(task, given)
                self._handlers.notify(task, inside)
                self.guards, self.site = outer, site
        self._here = around

    def _task_rounds(self, task: MappingValue, room: Room) -> Iterator[dict[str, Value] | None]:
        """The variables of each round of a task; None for one without a loop."""
        over = next((found for key in _LOOPS if (found := field(task, key)) is not None), None)
        others = [(key, each) for key, each in entries(task) if key.startswith("with_") and key not in _LOOPS]
        name = word(task, "loop_control", "loop_var") or "item"
        if over is None and not others:
            yield None
            return
        if over is not None:
            listed: Value | None = room.variables.filled(over)
        else:
            key, given = others[0]
            listed = self._looked_up_each(key.removeprefix("with_"), room.variables.filled(given))
        if isinstance(listed, Sequence) and not listed.open and len(listed.items) <= MOST_ITEMS:
            index = word(task, "loop_control", "index_var")
            for number, each in enumerate(listed.items):
                yield {name: each, index: Number(number)} if index else {name: each}
            return
        yield {name: Opaque(self.fresh("item"), "an item of a list that is not known")}

    def _looked_up_each(self, kind: str, terms: Value) -> Value | None:
        """What a loop over a lookup goes through."""
        if kind == "subelements":
            return subelements(terms)
        asked = terms.items if isinstance(terms, Sequence) else (terms,)
        found = [self.look_up(kind, (each,), {}) for each in asked]
        listed = [each.items if isinstance(each, Sequence) else (each,) for each in found if each is not None]
        return Sequence(tuple(item for each in listed for item in each)) if len(listed) == len(found) else None

    def look_up(self, kind: str, terms: tuple[Value, ...], options: Mapping[str, Value]) -> Value | None:
        """What a lookup gives (ansible-core 2.18, "Index of all Lookup Plugins"); None where that is not known."""
        room = self._here
        if room is None or len(terms) != 1 or self._looking >= DEEPEST_LOOKUP:
            return None
        outer, self._looking = self._here, self._looking + 1
        found: Value | None = None
        match kind:
            case "template":
                own = dict(entries(options.get("template_vars")))
                inner = replace(room, variables=room.variables.above(own)) if own else room
                found = self._filled_template(terms[0], inner)
            case "file":
                path = self._file_in(room, terms[0], "files")
                content = self.read_file(at_root(path)) if path is not None else None
                found = without_line_ends_of(self.as_text(content)) if isinstance(content, Text) else content
            case "fileglob":
                found = self._files_like(room, terms[0])
            case "pipe":
                printed = self.machine().run(Command((Text.of("sh"), Text.of("-c"), terms[0]))).output
                found = self.distribute((printed,), lambda row: without_line_ends_of(self.as_text(row[0])))
        self._here, self._looking = outer, self._looking - 1
        return found

    def _files_like(self, room: Room, pattern: Value) -> Sequence | None:
        """The files of the project whose names match a pattern: in the first folder that has some."""
        literal = pattern.literal if isinstance(pattern, Text) else None
        places = (normpath(join(folder, below, literal or "")) for folder in room.folders for below in ("files", ""))
        for folder, _, name in (place.rpartition("/") for place in places):
            found = [path for path in self.program.below(folder) if dirname(path) == folder]
            found = [path for path in found if fnmatchcase(path.rpartition("/")[2], name)]
            if found:
                return Sequence(tuple(map(at_root, found)))
        return None

    def _conditions(self, condition: Value | None, variables: PlayVariables) -> Iterator[Guards]:
        """The guards under which something runs; none if it does not."""
        listed = condition.items if isinstance(condition, Sequence) else (condition,)
        inside: Guards | None = self.guards
        for each in listed:
            if each is None or isinstance(each, Null):
                continue
            found = self._decided(each, variables)
            inside = inside.and_(found) if inside is not None and found is not None else None
        if inside is not None:
            yield inside

    def _decided(self, condition: Value, variables: PlayVariables) -> Guards | None:
        """The guards of one condition; None if it does not hold."""
        if isinstance(condition, Truth):
            return Guards() if condition.value else None
        text = as_text(condition)
        if text is None:
            return Guards()
        negated = text.without_prefix("not ")
        held = variables.expression(negated if negated is not None else text)
        truth = truthy(self.load(held)) if not isinstance(held, Opaque) else None
        if isinstance(held, Text) and held.literal is not None:
            truth = held.literal.lower() in ("true", "yes", "1", "on") if held.literal else False
        if truth is None:
            atom = f"ansible:{negated if negated is not None else text}"
            return when(atom, negated is None)
        return Guards() if truth is (negated is None) else None

    def _once(self, task: MappingValue, room: Room) -> None:
        if field(task, "block") is not None:
            inner = replace(room, depth=room.depth + 1)
            self._run_tasks(items(task, "block"), inner)
            self._run_tasks(items(task, "always"), inner)
            return
        found = next(((key, each) for key, each in task.entries if isinstance(key, Text) and is_module(key)), None)
        if found is None:
            return
        key, given = found
        module = (key.literal or "").removeprefix(_CORE[0]).removeprefix(_CORE[1])
        at = key.origin
        if at is not None:
            self.site = Span(at.path, at.line, at.column, at.line, at.column + len(key.literal or ""))
        self.script_output = None
        self._do(module, given, task, room)
        name = word(task, "register")
        if name:
            self._facts[name] = self._registered(module, task)

    def _registered(self, module: str, task: MappingValue) -> Value:
        """What a task has done: of a command that runs once, what it prints is known as far as that goes."""
        if self.script_output is None or any(key in _LOOPS or key.startswith("with_") for key, _ in entries(task)):
            return Opaque(f"{self.fresh('registered')}", f"what {module} registers")
        printed = self.distribute(
            (self.load(self.script_output),), lambda chosen: without_line_ends_of(self.as_text(chosen[0]))
        )
        return Record("ansible.registered", (("stdout", printed),))

    def _do(self, module: str, given: Value, task: MappingValue, room: Room) -> None:
        if module in _INCLUDES:
            self._include(given, room)
        elif module == "meta":
            if as_text(given) == _FLUSH:
                self._run_handlers()
        elif module in _ROLES:
            self._role(
                room, field(given, "name"), word(given, "tasks_from") or "main", dict(entries(field(task, "vars")))
            )
        elif module == "set_fact":
            for name, value in entries(room.variables.filled(given)):
                if name != "cacheable":
                    self._facts[name] = self._set(name, value, room)
        elif module == "include_vars":
            self._facts.update(self._variables_in(room, room.variables.filled(field(given, "file") or given)))
        else:
            given = parameters(given, field(task, "args"))
            self._module(module, dict(entries(room.variables.filled(given))), room)

    def _set(self, name: str, value: Value, room: Room) -> Value:
        """A fact after it was set: where that depends on a condition, it may be what it was."""
        unsure = [unit for unit in self.guards.units if unit[0].startswith("ansible:")]
        if not unsure:
            return value
        return alternatives(((self.guards, value), *((left, room.variables.get(name)) for left in _rest(unsure))))

    def _include(self, given: Value, room: Room) -> None:
        named = room.variables.filled(field(given, "file") or given)
        path = self._file_in(room, named, "tasks")
        listed = self._read_list(path) if path is not None else None
        if path is None or not isinstance(listed, Sequence):
            self.gap("run", "tasks that are not in the project")
            return
        folders = (*room.folders, *((dirname(path),) if dirname(path) not in room.folders else ()))
        self._run_tasks(listed.items, Room(folders, room.variables, room.depth + 1))

    # --- modules ---

    def _module(self, module: str, given: dict[str, Value], room: Room) -> None:
        last = module.rpartition(".")[2]
        if last == "template":
            rendered = self._filled_template(given.get("src"), room)
            if rendered is not None and "dest" in given:
                self.write_file(given["dest"], rendered)
        elif last == "copy" and "dest" in given:
            path = self._file_in(room, given.get("src", EMPTY), "files")
            content = given.get("content") or (self.read_file(at_root(path)) if path is not None else None)
            if content is not None:
                self.write_file(given["dest"], content)
        elif last == "k8s":
            self._objects_of(given, room)
        elif last == "helm":
            self._helm(given)
        else:
            self._known_module(module, given)

    def _known_module(self, module: str, given: dict[str, Value]) -> None:
        """What the catalogue says that a module does."""
        name = f"ansible/{module}.use"
        if self.models.find(name) is None:
            return
        state = as_text(given.get("state"))
        if state is not None and state.literal == "absent":
            given = {**given, "absent": Truth(True)}
        listed = tuple((Text.of(key), value) for key, value in flat(given))
        self.apply(LibraryValue(name), (MappingValue(listed),), self.site, {}, 1)

    def _filled_template(self, source: Value | None, room: Room) -> Value | None:
        path = self._file_in(room, source, "templates") if source is not None else None
        return (
            self.render_file(path, room.variables.asked_by(self.program.read(path) or "")) if path is not None else None
        )

    def _objects_of(self, given: dict[str, Value], room: Room) -> None:
        """kubernetes.core.k8s: objects written out, in a file, or in a template."""
        if as_text(given.get("state")) == Text.of("absent"):
            return
        inline = given.get("definition") or given.get("resource_definition")
        if inline is not None:
            self.deploy(inline)
        template = given.get("template")
        listed = template.items if isinstance(template, Sequence) else (template,) if template is not None else ()
        for each in listed:
            rendered = self._filled_template(field(each, "path") or each, room)
            if rendered is None:
                self.gap("deployed", "a template that is not in the project")
            else:
                self.deploy(rendered)
        source = as_text(given.get("src"))
        if source is not None:
            path = self._file_in(room, source, "files")
            self.emit(Effect(EffectKind.APPLIED, "kubectl", path=at_root(path) if path is not None else source))

    def _helm(self, given: dict[str, Value]) -> None:
        """kubernetes.core.helm."""
        chart = as_text(given.get("chart_ref"))
        folder = self._chart_folder(chart) if chart is not None else None
        if folder is None or as_text(given.get("state", given.get("release_state"))) == Text.of("absent"):
            return
        layers: list[Value | None] = [
            self._given_values(path) if (path := as_text(each)) is not None else None
            for each in items(MappingValue(((Text.of("f"), given.get("values_files", Null())),)), "f")
        ]
        inline = given.get("values") or given.get("release_values")
        if inline is not None:
            layers.append(inline if isinstance(inline, MappingValue) else None)
        values: Value = MappingValue(())
        for each in layers:
            values = self.laid_over_values(values, each)
        name = as_text(given.get("name") or given.get("release_name")) or self.release_name()
        self.uses_cluster = True
        self.install(Release(folder, values, name, (), None in layers or "set_values" in given))


def _read(text: Text) -> Value | None:
    """The first document of a file."""
    found = documents(text)
    return found[0] if found else None


def _rest(unsure: list[tuple[str, bool]]) -> Iterator[Guards]:
    """The cases in which not all of some conditions hold."""
    for name, held in unsure:
        yield when(name, not held)
