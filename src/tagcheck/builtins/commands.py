"""Running commands from code: a command is a record in a cell, filled field by field, and runs once.

The record's fields are those of Go's `os/exec.Cmd`: Args (a list, the program first), Env, Dir, Stdin, Stdout; fields
of ours start with '%'. A command that was started while its input was still empty runs when it is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import values
from tagcheck.builtins.api import Call, Command, CommandResult, Machine
from tagcheck.builtins.files import CONTENT, PATH, content_of, path_of, write_to
from tagcheck.builtins.general import at_place, results
from tagcheck.builtins.symbolic import as_text, combine, joined, over, split_text
from tagcheck.builtins.texts import shell_word
from tagcheck.guards import Guards
from tagcheck.ir import TEXT_FIELD
from tagcheck.source import Span
from tagcheck.values import (
    EMPTY,
    Absent,
    Alternatives,
    Filling,
    Hole,
    HoleKind,
    Null,
    Outcome,
    Pointer,
    Record,
    Text,
    Value,
    alternatives,
)

COMMAND = "os/exec.Cmd"
RESULT = "%outcome"
STARTED = "%started"
WRITTEN = "%written"
"""The field whose hole has the place where the command is put together: that is the place that says what runs."""


def command(call: Call) -> tuple[Value, ...]:
    """A command of the arguments from `from` (default 0) on."""
    first = call.with_.get("from", 0)
    argv = call.arguments[first if isinstance(first, int) else 0 :]
    written = Text.of_hole(Hole(HoleKind.OPAQUE, "command", "command"), call.site)
    return (call.machine.allocate(Record(COMMAND, (("Args", values.Sequence(argv)), (WRITTEN, written)))),)


def run(call: Call) -> tuple[Value, ...]:
    """Run the receiver's command. `gives`: 'outcome', 'output' (and outcome), 'nothing'; `start`: leave it to the wait
    if its input is still to be written."""
    record = _record(call, call.receiver)
    if record is None:
        return _given(call, _unknown(call))
    done = record.get(RESULT)
    if done is not None:
        return _given(call, CommandResult(_output(call, record), done))
    if call.with_.get("start") and _awaits_input(call.machine, record):
        _keep(call, record.with_field(STARTED, values.Truth(True)))
        return _given(call, _unknown(call))
    return _given(call, _execute(call, record))


def _record(call: Call, receiver: Value | None) -> Record | None:
    loaded = call.machine.load(receiver) if receiver is not None else None
    return loaded if isinstance(loaded, Record) and loaded.get("Args") is not None else None


def _keep(call: Call, record: Record) -> None:
    if call.receiver is not None:
        call.machine.store(call.receiver, record)


def _unknown(call: Call) -> CommandResult:
    return CommandResult(call.unknown("the output of an unknown command"), Outcome(call.identity))


def _output(call: Call, record: Record) -> Value:
    kept = record.get("%output")
    return call.unknown("the output of a command") if kept is None else kept


def _given(call: Call, found: CommandResult) -> tuple[Value, ...]:
    match call.with_.get("gives", "outcome"):
        case "output":
            return (found.output, found.outcome)
        case "text":
            return (found.output,)
        case "nothing":
            return ()
        case _:
            return (found.outcome,)


def _awaits_input(machine: Machine, record: Record) -> bool:
    stdin = record.get("Stdin")
    if not isinstance(stdin, Pointer):
        return False
    source = machine.load(stdin)
    return isinstance(source, Record) and source.get(PATH) is None and content_of(machine, stdin) == EMPTY


def _execute(call: Call, record: Record) -> CommandResult:
    """Run a command record, hand its output to its writers, and remember how it went."""
    machine = call.machine
    argv = record.get("Args")
    words = argv.items if isinstance(argv, values.Sequence) else (argv or call.unknown("unknown words of a command"),)
    writer = record.get("Stdout")
    target = None if writer is None else path_of(machine, writer)
    found = machine.run(
        Command(
            words,
            environment(record.get("Env"), machine),
            _input(machine, record.get("Stdin")),
            _directory(record.get("Dir")),
            target if isinstance(target, Text | Alternatives) else None,
            _written_at(record),
            unread=writer is None and call.with_.get("gives", "outcome") in ("outcome", "nothing"),
        )
    )
    if writer is not None:
        write_to(machine, writer, found.output)
    _keep(call, record.with_field(RESULT, found.outcome).with_field("%output", found.output))
    return found


def _written_at(record: Record) -> Span | None:
    written = record.get(WRITTEN)
    holes = written.parts if isinstance(written, Text) else ()
    return next((part.site for part in holes if isinstance(part, Filling)), None)


def _input(machine: Machine, stdin: Value | None) -> Value | None:
    return None if stdin is None else content_of(machine, stdin)


def _directory(value: Value | None) -> Value | None:
    return None if value is None or value == EMPTY else value


def environment(listed: Value | None, machine: Machine) -> tuple[tuple[str, Value], ...]:
    """The variables that a list of 'NAME=value' texts sets; later ones win. Items without a known name are left out."""
    if listed is None:
        return ()
    found: dict[str, list[tuple[Guards, Value]]] = {}
    for guards, option in values.options(machine.load(listed)):
        pairs: dict[str, Value] = {}
        for item in option.items if isinstance(option, values.Sequence) else ():
            name, value = _assignment(item)
            if name:
                pairs[name] = value
        for name, value in pairs.items():
            found.setdefault(name, []).append((guards, value))
    return tuple((name, alternatives(choices)) for name, choices in found.items())


def _assignment(item: Value) -> tuple[str, Value]:
    names = {_halves(option)[0] for _, option in values.options(item)}
    name = names.pop() if len(names) == 1 else ""
    return name, over(item, lambda option: _halves(option)[1])


def _halves(item: Value) -> tuple[str, Text]:
    pieces = split_text(as_text(item), "=", 2)
    return (pieces[0].literal or "", pieces[1]) if len(pieces) == 2 else ("", EMPTY)


def wait(call: Call) -> tuple[Value, ...]:
    """Wait for the receiver's command; runs it if it was only started."""
    record = _record(call, call.receiver)
    if record is None:
        return _given(call, _unknown(call))
    done = record.get(RESULT)
    return _given(call, CommandResult(_output(call, record), done) if done is not None else _execute(call, record))


def pipe_end(call: Call) -> tuple[Value, ...]:
    """A buffer that becomes the field `field` of the receiver's command."""
    end = call.machine.allocate(Record("bytes.Buffer"))
    loaded = call.machine.load(call.receiver) if call.receiver is not None else None
    if isinstance(loaded, Record):
        _keep(call, loaded.with_field(str(call.with_.get("field", "Stdin")), end))
    return (end, Null())


def shown(call: Call) -> tuple[Value, ...]:
    """The receiver's command as one line."""
    record = _record(call, call.receiver)
    argv = record.get("Args") if record is not None else None
    if not isinstance(argv, values.Sequence) or argv.open:
        return (call.unknown("the words of an unknown command"),)
    return (combine(argv.items, lambda row: joined([as_text(word) for word in row], Text.of(" "))),)


def run_words(call: Call) -> tuple[Value, ...]:
    """Run the arguments from `from` (default 0) on as a command; a list among them is spread. `environment`: the index
    of an argument that maps names to values. `line`: the argument is a line for a shell; with `format`, the line is
    formatted from the arguments."""
    first = call.with_.get("from", 0)
    given = call.arguments[first if isinstance(first, int) else 0 :]
    words: list[Value] = [Text.of("sh"), Text.of("-c")] if call.with_.get("line") else []
    for value in given[:1] if call.with_.get("line") else given:
        words.extend(value.items if isinstance(value, values.Sequence) else (value,))
    found = call.machine.run(Command(tuple(words), _mapped_environment(call)))
    declared = results(call)
    return declared if declared else _given(call, found)


def _mapped_environment(call: Call) -> tuple[tuple[str, Value], ...]:
    index = call.with_.get("environment")
    mapped = call.machine.load(call.argument(index)) if isinstance(index, int) else Absent()
    if not isinstance(mapped, values.Mapping):
        return ()
    named = ((as_text(name).literal, value) for name, value in mapped.entries)
    return tuple((name, value) for name, value in named if name)


def run_argument(call: Call) -> tuple[Value, ...]:
    """Run the command that argument 0 is; its output goes to the writers in the arguments after it."""
    record = _record(call, call.argument(0))
    if record is None:
        return results(call)
    inner = Call(call.name, (), call.machine, call.site, call.argument(0), with_=call.with_, identity=call.identity)
    found = _execute(inner, record)
    for writer in call.arguments[1:]:
        write_to(call.machine, writer, found.output)
    session = Record("gexec.Session", (("Out", Record("gbytes.Buffer", ((CONTENT, found.output),))),))
    return (call.machine.allocate(session), Null())


def look_up(call: Call) -> tuple[Value, ...]:
    """The path of a program is its name; whether it is installed is not known."""
    return (call.argument(0), Outcome(call.identity))


def line_of(call: Call) -> tuple[Value, ...]:
    """Words (a list in argument 0) as one line that a shell splits again."""
    listed = call.argument(0)
    items = listed.items if isinstance(listed, values.Sequence) else call.arguments
    return (combine(items, lambda row: joined([shell_word(as_text(word)) for word in row], Text.of(" "))),)


def run_composed(call: Call) -> tuple[Value, ...]:
    """Run a command that stands for the call. `words`: its words, literal ones, or {place: …}, every item of a list
    there, with `switch` before each and `default` where there is none; what it prints is a record of the type `type`,
    printed as that text, unless `results` says what the call gives."""
    described = call.with_.get("words")
    words = [word for each in described for word in _composed(call, each)] if isinstance(described, list) else []
    type_ = str(call.with_.get("type", ""))
    printed = call.machine.run(Command(tuple(words))).output
    if "results" in call.with_:
        return results(call)
    return (over(printed, lambda text: Record(type_, ((TEXT_FIELD, text),))),)


def _composed(call: Call, described: object) -> Iterator[Value]:
    match described:
        case {"place": place, **rest}:
            found = call.machine.load(at_place(call, str(place)))
            items = found.items if isinstance(found, values.Sequence) else (found,)
            given = [each for each in items if not isinstance(each, Absent | Null)]
            for each in given:
                switch = rest.get("switch")
                yield from (Text.of(str(switch)), each) if switch else (each,)
            if not given and "default" in rest:
                yield Text.of(str(rest["default"]))
        case str():
            yield Text.of(described)
