"""Programs that a script starts: a list of words or a line for a shell, with what the keywords say of environment,
input, directory and output (Python library reference: subprocess)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call, Command, CommandResult
from tagcheck.builtins.files import content_of, path_of, write_to
from tagcheck.builtins.general import at_place, results
from tagcheck.builtins.pythontexts import unquoted_words
from tagcheck.builtins.symbolic import as_text, combine, joined
from tagcheck.builtins.texts import shell_word
from tagcheck.values import EMPTY, Absent, Null, Number, Opaque, Pointer, Record, Text, Truth, Value

PROCESS = "subprocess.Popen"
COMPLETED = "subprocess.CompletedProcess"
PIPE = Number(-1)


def start(call: Call) -> tuple[Value, ...]:
    """Run argument 0. `gives`: 'completed' (a record), 'text' (what it prints), 'status' or 'process', whose input may
    still come. `line`: a text is a line for a shell, without `shell=True`."""
    command = command_of(call, call.argument(0), call.keywords)
    gives = call.with_.get("gives", "completed")
    if gives == "process" and call.keywords.get("stdin") == PIPE:
        held = Record(PROCESS, (("%words", values.Sequence(command.argv)), ("stdin", _fresh_buffer(call))))
        return (call.machine.allocate(held),)
    found = call.machine.run(command)
    _write_output(call, found)
    return (_given(call, found, str(gives)),)


def _fresh_buffer(call: Call) -> Value:
    return call.machine.allocate(Record("bytes.Buffer"))


def _given(call: Call, found: CommandResult, gives: str) -> Value:
    match gives:
        case "text":
            return found.output
        case "status":
            return found.outcome
        case "process":
            output = call.machine.allocate(Record("io.TextIO", (("%content", found.output),)))
            held = (("stdout", output), ("%output", found.output), ("returncode", found.outcome))
            return call.machine.allocate(Record(PROCESS, held))
        case _:
            fields = (("stdout", found.output), ("stderr", EMPTY), ("returncode", found.outcome), ("ok", found.outcome))
            return Record(COMPLETED, (*fields, ("return_code", found.outcome)))


def _write_output(call: Call, found: CommandResult) -> None:
    writer = call.keywords.get("stdout")
    if isinstance(writer, Pointer):
        write_to(call.machine, writer, found.output)


def communicate(call: Call) -> tuple[Value, ...]:
    """Give the receiver, a process, its input (argument 0), and wait for it; what it prints."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    words = held.get("%words") if isinstance(held, Record) else None
    if isinstance(held, Record) and isinstance(words, values.Sequence):
        pipe = held.get("stdin")
        given = call.arguments[0] if call.arguments else content_of(call.machine, pipe) if pipe is not None else None
        found = call.machine.run(Command(words.items, stdin=given))
        return (values.Sequence((found.output, EMPTY)),)
    output = held.get("%output") if isinstance(held, Record) else None
    return (values.Sequence((call.unknown("the output of a process") if output is None else output, EMPTY)),)


def command_of(call: Call, given: Value, keywords: object) -> Command:
    """A command from what is given first and the keywords of a call."""
    named = call.keywords
    shell = named.get("shell") == Truth(True) or bool(call.with_.get("line"))
    loaded = call.machine.load(given)
    stdin = named.get("input") or named.get("stdin") or named.get("in_stream") or named.get("_in")
    target = path_of(call.machine, named["stdout"]) if isinstance(named.get("stdout"), Pointer) else None
    return Command(
        _words(call, loaded, shell),
        _environment(call, named.get("env")),
        _input(call, stdin),
        _directory(named.get("cwd")),
        target if isinstance(target, Text | values.Alternatives) else None,
    )


def _words(call: Call, loaded: Value, shell: bool) -> tuple[Value, ...]:
    match loaded:
        case values.Sequence(items, open_):
            words = tuple(call.machine.load(each) for each in items)
            if shell:
                return (Text.of("sh"), Text.of("-c"), *words)
            return (*words, call.unknown("further words of a command")) if open_ else words
        case _ if shell:
            return (Text.of("sh"), Text.of("-c"), loaded)
        case _:
            return (loaded,)


def _environment(call: Call, given: Value | None) -> tuple[tuple[str, Value], ...]:
    loaded = call.machine.load(given) if given is not None else None
    if not isinstance(loaded, values.Mapping):
        return ()
    named = ((as_text(name).literal, call.machine.load(value)) for name, value in loaded.entries)
    return tuple((name, value) for name, value in named if name)


def _input(call: Call, stdin: Value | None) -> Value | None:
    if stdin is None or isinstance(stdin, Null | Number):
        return None
    content = content_of(call.machine, stdin)
    # Data that was serialised is still itself.
    loaded = call.machine.load(stdin) if content is None else content
    known = content is not None or isinstance(loaded, values.Mapping | values.Sequence)
    return loaded if known else call.unknown("the standard input of a command")


def _directory(value: Value | None) -> Value | None:
    return None if value is None or isinstance(value, Null | Absent | Opaque) or value == EMPTY else value


def run_words(call: Call) -> tuple[Value, ...]:
    """Run the arguments as words, lists among them spread; `before`: words before them; `program`: the parts of the
    called name behind this module come before them."""
    first = call.with_.get("before", ())
    words: list[Value] = [Text.of(str(each)) for each in (first if isinstance(first, list | tuple) else ())]
    if call.with_.get("program"):
        module = str(call.with_.get("program"))
        words += [Text.of(part.replace("_", "-")) for part in call.name.removeprefix(module).strip(".").split(".")]
    for given in call.arguments:
        loaded = call.machine.load(given)
        words += loaded.items if isinstance(loaded, values.Sequence) else (loaded,)
    words += _switches(call)
    found = call.machine.run(command_of(call, values.Sequence(tuple(words)), call.keywords))
    return (_given(call, found, str(call.with_.get("gives", "text"))),)


def _switches(call: Call) -> list[Value]:
    """The keywords that stand for switches, where the library has them so."""
    if not call.with_.get("program"):
        return []
    found: list[Value] = []
    for name, value in call.keywords.items():
        if name.startswith("_"):
            continue
        switch = Text.of(("-" if len(name) == 1 else "--") + name.replace("_", "-"))
        found += [switch] if value == Truth(True) else [switch, value]
    return found


def one_line(call: Call) -> tuple[Value, ...]:
    """The words in argument 0 as one line that a shell splits again."""
    listed = call.machine.load(call.argument(0))
    if not isinstance(listed, values.Sequence) or listed.open:
        return (call.unknown("words that are not known"),)
    return (combine(listed.items, lambda row: joined([shell_word(as_text(word)) for word in row], Text.of(" "))),)


def leave(call: Call) -> tuple[Value, ...]:
    """The program ends; in failure if the argument is a number other than 0 or a text."""
    code = call.arguments[0] if call.arguments else Null()
    if (isinstance(code, Number) and code.value != 0) or (isinstance(code, Text) and code.parts):
        call.machine.stop()
    else:
        call.machine.end_program(code)
    return results(call)


def run_compose(call: Call) -> tuple[Value, ...]:
    """Run commands of Compose, a text or a list at the place `commands`, with the files in argument 0 and the project
    in argument 1 (pytest-docker 3, `DockerComposeExecutor`)."""
    files, commands = (_texts(call, place) for place in ("0", str(call.with_.get("commands"))))
    project = as_text(call.argument(1), call.machine)
    named = [word for each in files for word in (Text.of("-f"), each)]
    for each in commands:
        words = (Text.of("docker"), Text.of("compose"), *named, Text.of("-p"), project, *unquoted_words(each))
        call.machine.run(Command(words))
    return ()


def _texts(call: Call, place: str) -> list[Text]:
    """The text, or the texts of the list, at a place; none for what is neither."""
    held = call.machine.load(at_place(call, place))
    items = held.items if isinstance(held, values.Sequence) else (held,)
    return [each for each in map(call.machine.load, items) if isinstance(each, Text)]
