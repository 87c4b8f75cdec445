"""A machine that keeps cells, variables and files in dictionaries and writes down what it is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import fields

from tagcheck import values
from tagcheck.builtins.api import Call, Command, CommandResult
from tagcheck.builtins.files import CONTENT
from tagcheck.builtins.symbolic import as_text, combine, joined
from tagcheck.catalog import Effect
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.models import Model
from tagcheck.source import Span
from tagcheck.values import (
    EMPTY,
    Absent,
    Alternatives,
    Failure,
    Hole,
    HoleKind,
    LibraryValue,
    Null,
    Number,
    Opaque,
    Outcome,
    Pointer,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
)

SITE = Span("main.go", 1, 1, 1, 2)


class FakeMachine:
    """A `Machine` for tests; `log` holds what it was asked to do, one line each."""

    def __init__(self) -> None:
        self.cells: dict[int, Value] = {}
        self.log: list[str] = []
        self.files: dict[str, Value] = {
            "known.yaml": Text.of("image: a:1"),
            "known.env": Text.of("TAG=v1\nNOTES<<END\none two\nEND\n"),
        }
        self.serial = 0
        self.words: tuple[Text, ...] | None = None

    def load(self, value: Value) -> Value:
        return self.cells[value.cell] if isinstance(value, Pointer) else value

    def join(self, values: tuple[Value, ...]) -> Value:
        return combine(values, lambda row: joined([as_text(each) for each in row], EMPTY))

    def spend(self, steps: int) -> None:
        pass

    def store(self, pointer: Value, content: Value) -> None:
        if not isinstance(pointer, Pointer):
            return
        before = self.cells.get(pointer.cell)
        self.cells[pointer.cell] = content
        written = content.get(CONTENT) if isinstance(content, Record) and content.get("%path") is None else None
        if written is not None:
            self.log.append(f"write {as_text(written)}")
        elif isinstance(content, Text) and not isinstance(before, Record):
            self.log.append(f"store {content}")
        elif isinstance(content, values.Sequence) and isinstance(before, values.Sequence):
            self.log.append(f"store [{', '.join(str(as_text(item)) for item in content.items)}]")

    def allocate(self, content: Value) -> Value:
        self.cells[len(self.cells)] = content
        return Pointer(len(self.cells) - 1)

    def unique(self, label: str, weak: str = "") -> Text:
        self.serial += 1
        return Text.of_hole(Hole(HoleKind.UNIQUE, f"u{self.serial}", label, "", weak))

    def environment(self, name: Text) -> Value:
        return Text.of_hole(Hole(HoleKind.ENVIRONMENT, str(name), str(name)))

    def set_environment(self, name: Text, value: Value) -> None:
        self.log.append(f"set {name}={as_text(value)}")

    def doubt(self) -> None:
        self.log.append("doubt")

    def variables_set(self) -> tuple[tuple[Value, Value], ...]:
        return ()

    def exports(self, name: Text) -> bool:
        return str(name) == "EXPORTED"

    def assign(self, name: Text, value: Value) -> None:
        self.log.append(f"assign {name}={as_text(value)}")

    def evaluate_text(self, value: Value) -> None:
        self.log.append(f"eval {as_text(value)}")

    def source(self, path: Value, words: tuple[Value, ...], exporting: bool) -> None:
        how = "source, exporting" if exporting else "source"
        self.log.append(" ".join((how, str(as_text(path)), *(str(as_text(word)) for word in words))))

    def read_file(self, path: Value) -> Value | None:
        return self.files.get(str(as_text(path)))

    def files_below(self, folder: Text) -> tuple[str, ...] | None:
        return {"images": ("api/Dockerfile", "web/Dockerfile"), ".": ("images/api/Dockerfile", "README")}.get(
            str(folder)
        )

    def starts_clean(self, path: Value) -> bool:
        return False

    def write_file(self, path: Value, content: Value) -> None:
        self.log.append(f"file {as_text(path)}: {as_text(content)}")

    def program_words(self) -> tuple[Text, ...] | None:
        return self.words

    def run(self, command: Command) -> CommandResult:
        words = " ".join(str(as_text(word)) for word in command.argv)
        before = "".join(f"{name}={as_text(value)} " for name, value in command.environment)
        line = f"run {before}{words}"
        if command.directory is not None:
            line += f" (in {as_text(command.directory)})"
        if command.stdin is not None:
            line += f" < {as_text(command.stdin)}"
        if command.stdout is not None:
            line += f" > {as_text(command.stdout)}"
        self.log.append(line)
        return CommandResult(Text.of_hole(Hole(HoleKind.OUTPUT, words, words)), Outcome("run"))

    def emit(self, effect: Effect, given: Guards = ALWAYS) -> None:
        shown = [f"{effect.tool} {effect.kind.value}", *map(str, effect.images)]
        for field in fields(effect):
            value = getattr(effect, field.name)
            if field.name not in ("kind", "tool", "images", "reading") and value not in (None, False, ()):
                whole = ",".join(map(str, value)) if isinstance(value, tuple) else value
                shown.append(f"{field.name}={whole}")
        self.log.append(" ".join(shown) + (f" if {given}" if given != ALWAYS else ""))

    def package(self) -> str | None:
        return "web"

    def missed(self, wanted: str, image: Text) -> None:
        self.log.append(f"missed {wanted} for {image}")

    def deploy(self, thing: Value, applied_by: str) -> None:
        self.log.append(f"deploy {shown(self, thing)} by {applied_by}")

    def call(
        self, function: Value, arguments: Sequence[Value], keywords: dict[str, Value] | None = None
    ) -> tuple[Value, ...]:
        name = function.name if isinstance(function, LibraryValue) else "?"
        self.log.append(f"call {name}" + "".join(f" {as_text(argument)}" for argument in arguments))
        return (Text.of(f"result of {name}"),)

    def replace(self, holder: Value, name: str, value: Value) -> None:
        self.log.append(f"replace {shown(self, holder)}{name and ' '}{name} by {shown(self, value)}")

    def take_back(self, holder: Value, name: str) -> None:
        self.log.append(f"take back {shown(self, holder)} {name}".rstrip())

    def take_back_own(self) -> None:
        self.log.append("take back what this procedure has replaced")

    def attempt(self, function: Value) -> None:
        self.log.append(f"attempt {function.name}" if isinstance(function, LibraryValue) else "attempt")

    def methods(self, value: Value) -> Mapping[str, Value]:
        held = self.load(value)
        found = held.get("methods") if isinstance(held, Record) else None
        items = found.items if isinstance(found, values.Sequence) else ()
        return {str(name): LibraryValue(str(name)) for name in items}

    def register(self, phase: str, function: Value) -> None:
        self.log.append(f"{phase} {function.name if isinstance(function, LibraryValue) else '-'}")

    def spawn(self, function: Value) -> None:
        self.log.append(f"spawn {function.name if isinstance(function, LibraryValue) else '?'}")

    def wait(self) -> None:
        self.log.append("wait")

    def own_method(self, value: Value, name: str) -> Value | None:
        return self.methods(value).get(name)

    def set_attribute(self, holder: Value, name: str, value: Value) -> bool:
        return False

    def tell_inherited(self, class_: Value, name: str, keywords: dict[str, Value]) -> None:
        self.log.append(f"tell {name}")

    def own_attribute(self, value: Value, name: str) -> Value | None:
        return None

    def ancestors(self, type_: str) -> tuple[str, ...]:
        return (type_,)

    def is_own(self, type_: str) -> bool:
        return False

    def drop_printed(self) -> None:
        self.log.append("drop printed")

    def unanswered(self) -> None:
        self.log.append("unanswered")

    def print_text(self, value: Value) -> None:
        self.log.append(f"print {as_text(value)}".rstrip("\n"))

    def stop(self, raised: Value | None = None) -> None:
        self.log.append("stop")

    def end_program(self, status: Value) -> None:
        self.log.append("end")

    def gap(self, stage: str, reason: str) -> None:
        self.log.append(f"gap {stage}: {reason}")

    def begin_job(self, name: Text, shared: bool, closed: bool, given: Mapping[str, Text]) -> None:
        self.log.append(f"begin {name}" + (" with others" if shared else ""))
        self.log += [f"given {name}={text}" for name, text in given.items() if text.literal is not None]

    def end_job(self) -> None:
        self.log.append("end")

    def keep_files(self, name: Text, path: Text) -> None:
        self.log.append(f"keep {path} as {name}")

    def fetch_files(self, name: Text, pattern: Text, folder: Text, merged: bool) -> None:
        self.log.append(f"fetch {name}{pattern} into {folder}" + (" merged" if merged else ""))


def value_of(machine: FakeMachine, data: object) -> Value:
    """A value written as plain data: texts, numbers, truth values, null and lists stand for themselves; mappings with
    one of the keys below for the rest."""
    match data:
        case bool():
            return Truth(data)
        case int() | float():
            return Number(data)
        case str():
            return Text.of(data)
        case None:
            return Null()
        case list():
            kept = [value_of(machine, item) for item in data if item != "..."]
            return values.Sequence(tuple(kept), open=len(kept) < len(data))
        case dict():
            return _from_mapping(machine, data)
    raise AssertionError(f"not a value: {data!r}")


def _from_mapping(machine: FakeMachine, data: dict[str, object]) -> Value:
    (kind, inner), *rest = data.items()
    match kind:
        case "env":
            return machine.environment(Text.of(str(inner)))
        case "param":
            return Text.of_hole(Hole(HoleKind.PARAMETER, str(inner), str(inner)))
        case "output":
            return Text.of_hole(Hole(HoleKind.OUTPUT, str(inner), str(inner)))
        case "unique":
            return Text.of_hole(Hole(HoleKind.UNIQUE, str(inner), str(inner)))
        case "opaque":
            return Opaque(str(inner), "a test", str(inner))
        case "failure":
            return Failure()
        case "outcome":
            return Outcome(str(inner))
        case "function":
            return LibraryValue(str(inner))
        case "join" if isinstance(inner, list):
            return Text(tuple(part for item in inner for part in as_text(value_of(machine, item)).parts))
        case "either" if isinstance(inner, list):
            return alternatives((when("choice", not at), value_of(machine, item)) for at, item in enumerate(inner))
        case "map" if isinstance(inner, dict):
            return values.Mapping(tuple((Text.of(key), value_of(machine, item)) for key, item in inner.items()))
        case "pointer":
            return machine.allocate(value_of(machine, inner))
        case "buffer":
            return machine.allocate(Record("bytes.Buffer", ((CONTENT, value_of(machine, inner)),)))
        case "file":
            return machine.allocate(Record("os.File", (("%path", value_of(machine, inner)),)))
        case "clock":
            clock = Text.of_hole(Hole(HoleKind.UNIQUE, "clock", "clock"))
            return Record("time.Time", (("%clock", clock), ("%text", clock)))
        case "record":
            return Record(str(inner), tuple((name, value_of(machine, item)) for name, item in rest))
    raise AssertionError(f"not a value: {data!r}")


def shown(machine: FakeMachine, value: Value) -> object:
    """A value as plain data, in the notation of `value_of` as far as results need it."""
    match value:
        case Text():
            return str(value)
        case Number(number) | Truth(number):
            return number
        case Null():
            return None
        case Failure():
            return "failure"
        case Outcome():
            return "outcome"
        case Opaque():
            return "unknown"
        case Absent():
            return "absent"
        case LibraryValue(name):
            return {"function": name}
        case values.Sequence(items, open_):
            return [shown(machine, item) for item in items] + (["..."] if open_ else [])
        case values.Mapping(entries):
            return {"map": {str(as_text(key)): shown(machine, item) for key, item in entries}}
        case Alternatives(options):
            return {"either": [shown(machine, option) for _, option in options]}
        case Pointer():
            return shown(machine, machine.load(value))
        case Record() if (value.get(CONTENT) is not None or value.type == "bytes.Buffer") and not value.get("%path"):
            return {"buffer": shown(machine, value.get(CONTENT) or EMPTY)}
        case Record():
            public = {name: shown(machine, item) for name, item in value.fields if not name.startswith("%")}
            return {"record": value.type, **public}
    raise AssertionError(f"not a value: {value!r}")


def run_model(
    model: Model, machine: FakeMachine, arguments: Sequence[Value], receiver: Value | None, name: str = ""
) -> list[Value]:
    """Call the model's operation as the evaluator does, under `name`: a pure one once for every alternative."""

    def once(given: tuple[Value, ...]) -> tuple[Value, ...]:
        call = Call(name or model.name, given, machine, SITE, receiver, {}, model.with_, identity="test")
        return model.spec.run(call)

    if not model.pure or not any(isinstance(argument, Alternatives) for argument in arguments):
        return list(once(tuple(arguments)))
    found: list[tuple[Guards, tuple[Value, ...]]] = [(ALWAYS, ())]
    for argument in arguments:
        found = [(both, (*row, option)) for g, row in found for both, option in values.iterate(argument, g)]
    rows = [(guards, once(row)) for guards, row in found]
    return [alternatives((guards, row[index]) for guards, row in rows) for index in range(len(rows[0][1]))]
