"""One application of a module of Terraform, with the modules that it takes in.

A folder of files is a module. A resource happens after everything that it mentions; what its type does is said by
`rules/models/terraform-resources.yaml`. Variables hold what the command line, files and the environment give them, else
their defaults. Of data sources, resources that no model describes, modules from elsewhere and functions that are not
modelled nothing is known but what they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname, join, normpath

from msgspec import Struct
from msgspec.structs import replace

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.places import ROOT, at_root, below
from tagcheck.engine.playbooks import Playbooks
from tagcheck.engine.state import Frame
from tagcheck.engine.terraformfunctions import number_of, plain_text
from tagcheck.engine.terraformmodules import META, Module, is_source, overrides
from tagcheck.events import Stage
from tagcheck.fields import word
from tagcheck.frontends import terraform
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.terraform import Block
from tagcheck.frontends.terraform.expressions import LABEL
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.source import Span
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
    Alternatives,
    Hole,
    HoleKind,
    LibraryValue,
    Null,
    Number,
    Opaque,
    Sequence,
    Text,
    Truth,
    Value,
    alternatives,
)
from tagcheck.values import Mapping as MappingValue

MOST_RESOURCES = 2_000
MOST_INSTANCES = 40
DEEPEST_MODULE = 10
DEEPEST_NAME = 40
REST = Text.of("%rest")
"""The key under which a resource keeps what its other attributes are."""
_VARIABLE = "TF_VAR_"
_FILE, _AUTOMATIC = ("terraform.tfvars", "terraform.tfvars.json"), (".auto.tfvars", ".auto.tfvars.json")
_LOCAL = "local-exec"
_NOWHERE = Span("", 1, 1, 1, 1)
_LAST = frozenset(("terraform-manifest", "terraform-object", "terraform-release"))
"""Operations that hand something to a cluster, done after others where nothing says in what order."""


class Instance(Struct, frozen=True):
    """One of the things that a block stands for: its key, the names that only it has, and when it is there."""

    key: Value | None
    names: tuple[tuple[str, Value], ...]
    guards: Guards


class Application:
    """A root and the modules in it while they are applied."""

    def __init__(self, run: Playbooks, folder: str, effect: Effect) -> None:
        self.run = run
        self._resources = 0
        self._written: set[str] = set()
        """the variables that the command gives as texts"""
        self._wanted = tuple(each.literal or "" for each in effect.words)
        """the addresses that the command limits itself to"""
        self.root = self._module(folder, "", dict(self._variables_given(folder, effect)), 0)

    def run_root(self) -> None:
        """Make everything that the root says."""
        self._make_all(self.root)

    def output(self, name: str) -> Value:
        """What the root gives under a name."""
        return self._output(self.root, f"output.{name}")

    # --- modules ---

    def _beside_in(self, folder: str) -> list[str]:
        """The files of a folder, by name."""
        return [path for path in self.run.program.below(folder) if dirname(path) == folder]

    def _make_all(self, module: Module) -> None:
        for name in self._in_order(module):
            if self._is_wanted(module.address + name):
                self._resolve(module, name)

    def _is_wanted(self, address: str) -> bool:
        """Whether the command is about a resource or module, or about something in it. What these need is made too."""
        asked = [each.partition("[")[0] for each in self._wanted]
        both = ((f"{address}.", f"{each}.") for each in asked)
        return not asked or any(one.startswith(other) or other.startswith(one) for one, other in both)

    def _module(self, folder: str, address: str, given: Mapping[str, Value], depth: int) -> Module:
        module = Module(folder, address, self._frame(), self.run.guards, given, depth=depth)
        self.run.visited.add(f"{terraform.KEY}{folder or '.'}")
        for path in sorted(filter(is_source, self._beside_in(folder)), key=overrides):
            (module.override if overrides(path) else module.add)(self._blocks(path) or ())
        return module

    def _frame(self) -> Frame:
        run, procedure = self.run, ir.Procedure("terraform", "", (), tuple, _NOWHERE)
        return Frame(procedure, {}, run.guards, run.heap.mark(), run.depth)

    def _blocks(self, path: str) -> tuple[Block, ...] | None:
        text = self.run.program.read(path)
        return (
            self.run.program.lowered(SourceText.of_file(path, text), terraform.lower_text) if text is not None else None
        )

    def _in_order(self, module: Module) -> list[str]:
        """The resources and modules, those that hand something to a cluster last."""
        names = [name for name, block in module.blocks.items() if block.kind in ("resource", "module")]
        return sorted(names, key=lambda name: self._is_last(module.blocks[name]))

    def _is_last(self, block: Block) -> bool:
        model = self.run.models.find(_model_name(block)) if block.kind == "resource" else None
        return model is not None and model.op in _LAST

    # --- variables ---

    def _variables_given(self, folder: str, effect: Effect) -> Iterator[tuple[str, Value]]:
        """What a root is given, what counts more behind what counts less."""
        beside = self._beside_in(folder)
        yield from self._file_values([path for path in beside if basename(path) in _FILE])
        yield from self._file_values([path for path in beside if path.endswith(_AUTOMATIC)])
        for path in effect.values:
            inside = join(folder, path.literal or "") if effect.directory is not None else ""
            found = normpath(inside) if self.run.program.has(normpath(inside)) else self.run.located(path)
            if found is None:
                self.run.gap("run", "a file of variables that is not in the project")
            yield from self._file_values([found] if found is not None else [])
        for setting in effect.settings:
            halves = setting.split_at("=")
            if halves is not None and halves[0].literal:
                self._written.add(halves[0].literal.strip())
                yield halves[0].literal.strip(), halves[1]

    def _file_values(self, paths: Iterable[str]) -> Iterator[tuple[str, Value]]:
        for path in paths:
            block = next((each for each in self._blocks(path) or () if not each.kind), None)
            frame = self._frame()
            for name, value in block.attributes.items() if block is not None else ():
                yield name, self.run.load(self.run.evaluate(value.value, frame))

    def _variable(self, module: Module, name: str, block: Block) -> Value:
        """What a variable holds: what its module is given, else its default."""
        short = name.partition(".")[2]
        if short in module.given:
            given = module.given[short]
            is_written = not module.depth and short in self._written
            return self._as_declared(module, name, block, given) if is_written else given
        default = block.attributes.get("default")
        value = self._evaluated(module, default) if default is not None else None
        if module.depth:
            return value if value is not None else self._unknown(module, name)
        outside = self.run.seen(Text.of(_VARIABLE + short))
        if _is_expression(block) or not isinstance(value, Text | Null | Alternatives | None):
            return self._set_or_default(module, name, block, value)
        if value is not None:
            return self.run.given_or_default(_VARIABLE + short, value)
        return self._parameter(module, block, short) if self.run.is_outside(_VARIABLE + short, outside) else outside

    def _parameter(self, module: Module, block: Block, short: str) -> Text:
        return Text.of_hole(Hole(HoleKind.PARAMETER, f"terraform:{module.folder}:{short}", short), block.span)

    def _set_or_default(self, module: Module, name: str, block: Block, default: Value | None) -> Value:
        """What a variable holds that is no plain text: what the run has set it to, else its default."""
        short = name.partition(".")[2]

        def chosen(row: tuple[Value, ...]) -> Value:
            if self.run.is_outside(_VARIABLE + short, row[0]):
                return default if default is not None else self._parameter(module, block, short)
            return self._as_declared(module, name, block, row[0])

        return self.run.distribute((self.run.load(self.run.seen(Text.of(_VARIABLE + short))),), chosen)

    def _as_declared(self, module: Module, name: str, block: Block, given: Value) -> Value:
        """A value that is written outside of files: a text for a variable of a primitive type or of none, else an
        expression (Terraform 1.11, "Input Variables", "Complex-typed Values")."""
        if not _is_expression(block):
            return given
        return self.run.distribute((given,), lambda row: self._read(module, name, row[0]))

    def _read(self, module: Module, name: str, given: Value) -> Value:
        run = self.run
        if not isinstance(given, Text):
            return given
        source, holes = run.source_text(given)
        lowered = run.program.lowered(source, terraform.lower_expression)
        if lowered is None or lowered.mentions:
            return self._unknown(module, name)
        outer, run.holes = run.holes, holes
        value = run.load(run.evaluate(lowered.value, self._frame()))
        run.holes = outer
        return value

    # --- names ---

    def _resolve(self, module: Module, name: str, depth: int = 0) -> None:
        """Give a name of a module its value, and make what it stands for."""
        if name in module.frame.names:
            return
        cell = module.frame.names[name] = self.run.heap.new(self._unknown(module, name))
        if depth > DEEPEST_NAME or name in module.unclear:
            return
        outer, site = self.run.guards, self.run.site
        self.run.guards = module.guards
        value = self._value_of(module, name, depth)
        self.run.guards, self.run.site = outer, site
        if value is not None:
            self.run.heap.write(cell, value)

    def _value_of(self, module: Module, name: str, depth: int) -> Value | None:
        if name in module.constants:
            return self._evaluated(module, module.constants[name], depth=depth)
        block = module.blocks.get(name)
        if block is None:
            return self._places(module) if name == "path" else None
        match block.kind:
            case "variable":
                return self._variable(module, name, block)
            case "resource" | "module" | "data":
                return self._made(module, name, block, depth)
            case "output" if "value" in block.attributes:
                return self._evaluated(module, block.attributes["value"], depth=depth)
            case _:
                return None

    def _places(self, module: Module) -> Value:
        here = place(module.folder)
        root = self.run.working_directory or ROOT
        return MappingValue(((Text.of("module"), here), (Text.of("root"), root), (Text.of("cwd"), root)))

    def _unknown(self, module: Module, name: str) -> Opaque:
        place = f"{module.folder}:{module.address}"
        return Opaque(f"terraform:{place}:{name}", f"{name}, which is not known")

    def _evaluated(
        self, module: Module, value: Defined, names: tuple[tuple[str, Value], ...] = (), depth: int = 0
    ) -> Value:
        for name in sorted(value.mentions):
            self._resolve(module, name, depth + 1)
        cells = {name: self.run.heap.new(each) for name, each in names}
        frame = replace(module.frame, names={**module.frame.names, **cells}) if cells else module.frame
        return self.run.load(self.run.evaluate(value.value, frame))

    # --- resources and modules ---

    def _made(self, module: Module, name: str, block: Block, depth: int) -> Value | None:
        """What a resource or module is once it has been made, alone, or one for each of several."""
        attributes = block.attributes
        self._resources += 1
        self.run.spend(1)
        if self._resources > MOST_RESOURCES:
            self.run.gap("run", "too many resources")
            return None
        for before in sorted(attributes["depends_on"].mentions if "depends_on" in attributes else ()):
            self._resolve(module, before, depth + 1)
        made: list[tuple[Value, Value]] = []
        single: list[tuple[Guards, Value]] = []
        for each in self._instances(module, block, depth):
            inside = module.guards.and_(each.guards)
            if inside is None:
                continue
            self.run.guards = inside
            value = self._instance(module, name, block, each, depth)
            self.run.guards = module.guards
            if each.key is None:
                single.append((each.guards, value))
            else:
                made.append((each.key, value))
        if "for_each" in attributes:
            return MappingValue(tuple(made))
        if "count" in attributes:
            return Sequence(tuple(value for _, value in made))
        return alternatives(single) if single else None

    def _instances(self, module: Module, block: Block, depth: int) -> Iterator[Instance]:
        attributes = block.attributes
        if "for_each" in attributes:
            over = self._evaluated(module, attributes["for_each"], depth=depth)
            yield from self._for_each(module, block, over)
        elif "count" in attributes:
            over = self._evaluated(module, attributes["count"], depth=depth)
            yield from self._counted(module, block, over)
        else:
            yield Instance(None, (), ALWAYS)

    def _for_each(self, module: Module, block: Block, over: Value) -> Iterator[Instance]:
        for guards, option in self.run.narrowed(over):
            entries: list[tuple[Value, Value]] = []
            if isinstance(option, MappingValue) and not option.open:
                entries = list(option.entries)
            elif isinstance(option, Sequence) and not option.open:
                entries = [(each, each) for each in option.items]
            elif not isinstance(option, Null):
                unknown = self._unknown(module, f"{block.kind}.{'.'.join(block.labels)}[each]")
                entries = [(self.run.item(unknown, Text.of("key")), self.run.item(unknown, Text.of("value")))]
            for key, value in entries[:MOST_INSTANCES]:
                each = MappingValue(((Text.of("key"), key), (Text.of("value"), value)))
                yield Instance(key, (("each", each),), guards)

    def _counted(self, module: Module, block: Block, over: Value) -> Iterator[Instance]:
        seen: dict[int, list[Guards]] = {}
        for guards, option in self.run.narrowed(over):
            count = number_of(option)
            unsure = count is None
            for at in range(min(1 if count is None else count, MOST_INSTANCES)):
                given = guards
                if unsure:
                    given = guards.and_(when(f"terraform:{module.folder}:{'.'.join(block.labels)}", True)) or guards
                seen.setdefault(at, []).append(given)
        for at, listed in seen.items():
            index = MappingValue(((Text.of("index"), Number(at)),))
            for given in listed:
                yield Instance(Number(at), (("count", index),), given)

    def _instance(self, module: Module, name: str, block: Block, each: Instance, depth: int) -> Value:
        given = {
            key: self._evaluated(module, value, each.names, depth)
            for key, value in block.attributes.items()
            if key not in META
        }
        if block.kind == "module":
            return self._called_module(module, name, block, given)
        unknown = self._unknown(module, name if each.key is None else f"{name}[{self.run.as_text(each.key)}]")
        self.run.site = block.span
        computed = self._do(module, block, given) if block.kind == "resource" else {}
        known = {key: value for key, value in {**given, **computed}.items() if not isinstance(value, Null)}
        itself = MappingValue(((REST, unknown), *((Text.of(key), value) for key, value in known.items())))
        provisioners = block.attributes.get("provisioner")
        if provisioners is not None:
            listed = self._evaluated(module, provisioners, (*each.names, ("self", itself)), depth)
            self._provision(listed)
        return itself

    def _called_module(self, module: Module, name: str, block: Block, given: Mapping[str, Value]) -> Value:
        source = block.attributes.get("source")
        path = source.value.text if source is not None and isinstance(source.value, ir.Literal) else ""
        folder = normpath(join(module.folder, path))
        unknown = self._unknown(module, name)
        if not path.startswith(("./", "../")) or module.depth >= DEEPEST_MODULE or folder.startswith(".."):
            return unknown
        folder = "" if folder == "." else folder
        stack, self.run.stack = self.run.stack, (*self.run.stack, block.span)
        inner = self._module(folder, f"{module.address}{name}.", given, module.depth + 1)
        self._make_all(inner)
        outputs = [label for label, each in inner.blocks.items() if each.kind == "output"]
        found = tuple((Text.of(label.partition(".")[2]), self._output(inner, label)) for label in outputs)
        self.run.stack = stack
        return MappingValue(((REST, unknown), *found))

    def _output(self, module: Module, name: str) -> Value:
        self._resolve(module, name)
        return self.run.load(self.run.heap.read(module.frame.names[name]))

    def _do(self, module: Module, block: Block, given: Mapping[str, Value]) -> dict[str, Value]:
        """Make a resource as its model says; the attributes that come of it."""
        name = _model_name(block)
        model = self.run.models.find(name)
        if model is None:
            return {}
        entries = _flat(given) if model.op == "action" else given.items()
        inputs = MappingValue(tuple((Text.of(key), value) for key, value in entries))
        found = self.run.apply(LibraryValue(name), (inputs,), block.span, {}, 1)
        outputs = model.with_.get("gives")
        listed = found[0] if found else None
        if not isinstance(outputs, dict) or listed is None:
            return {}
        return {str(key): self.run.load(self.run.field(listed, str(key))) for key in outputs}

    def _provision(self, listed: Value) -> None:
        """`local-exec`: a text for a shell, when something is made."""
        for each in listed.items if isinstance(listed, Sequence) else ():
            if not isinstance(each, MappingValue) or word(each, LABEL) != _LOCAL or word(each, "when") == "destroy":
                continue
            variables = each.get("environment")
            pairs = variables.entries if isinstance(variables, MappingValue) else ()
            outer = self.run.command_environment
            named = ((key.literal or "", value) for key, value in pairs if isinstance(key, Text))
            self.run.command_environment = (*outer, *named)
            self._execute(each)
            self.run.command_environment = outer

    def _execute(self, provisioner: MappingValue) -> None:
        command, directory = provisioner.get("command"), provisioner.get("working_dir")
        where, within = self.run.working_directory, self.run.in_command
        if isinstance(directory, Text) and directory.parts:
            self.run.working_directory = below(self.run.as_text(where) if where is not None else ROOT, directory)
        self.run.in_command = True
        for guards, text in self.run.text_options(command) if command is not None else ():
            self.run.emit(Effect(EffectKind.SCRIPT, "sh", script=text), guards)
        self.run.working_directory, self.run.in_command = where, within


def place(folder: str) -> Text:
    """The path of a folder of the project."""
    return at_root(folder) if folder else ROOT


def destroy(run: Playbooks, application: Application) -> None:
    """What was built for a root is removed, except for what it says to keep."""
    module = application.root
    for name, block in module.blocks.items():
        model = run.models.find(_model_name(block)) if block.kind == "resource" else None
        removed = model.with_.get("destroyed") if model is not None else None
        if not isinstance(removed, Mapping) or name not in module.frame.names:
            continue
        run.site = block.span
        for each in _each_resource(run.load(run.heap.read(module.frame.names[name]))):
            _remove(run, each, removed)


def _remove(run: Playbooks, resource: MappingValue, removed: Mapping[str, object]) -> None:
    image, kept = (resource.get(str(removed.get(key))) for key in ("images", "unless"))
    if image is not None and not (isinstance(kept, Text) and kept.literal == "true"):
        for guards, text in run.text_options(image):
            run.record_under(guards, Stage.REMOVED, text)


def _is_expression(block: Block) -> bool:
    """Whether a value that is given to a variable outside of files is an expression."""
    declared = block.attributes.get("type")
    return declared is not None and not (
        isinstance(declared.value, ir.Literal) and declared.value.text in ("string", "number", "bool")
    )


def _model_name(block: Block) -> str:
    return f"terraform/{block.labels[0] if block.labels else ''}.use"


def _each_resource(value: Value) -> Iterator[MappingValue]:
    """The resources in what a block has become."""
    if isinstance(value, Sequence):
        yield from (each for each in value.items if isinstance(each, MappingValue))
    elif isinstance(value, MappingValue) and value.entries and value.entries[0][0] is not REST:
        yield from (each for _, each in value.entries if isinstance(each, MappingValue))
    elif isinstance(value, MappingValue):
        yield value


def _flat(given: Mapping[str, Value], before: str = "") -> Iterator[tuple[str, Value]]:
    """Attributes by their names, those of blocks behind the names of these; lists as lines of a text."""
    for key, value in given.items():
        name = before + key
        if isinstance(value, Sequence) and len(value.items) == 1 and isinstance(value.items[0], MappingValue):
            yield name, Truth(True)
            inner = {
                word.literal: each for word, each in value.items[0].entries if isinstance(word, Text) and word.literal
            }
            yield from _flat(inner, f"{name}.")
        elif isinstance(value, Sequence):
            texts = [plain_text(each) for each in value.items]
            yield name, _lines([each for each in texts if each is not None])
        elif isinstance(value, MappingValue):
            pairs = [(plain_text(key), plain_text(each)) for key, each in value.entries]
            yield name, _lines([one + Text.of("=") + other for one, other in pairs if one and other is not None])
            # In JSON, this may be a block.
            inner = {word.literal: each for word, each in value.entries if isinstance(word, Text) and word.literal}
            yield from _flat(inner, f"{name}.")
        else:
            yield name, value


def _lines(texts: list[Text]) -> Text:
    whole = EMPTY
    for number, each in enumerate(texts):
        whole += (Text.of("\n") if number else EMPTY) + each
    return whole
