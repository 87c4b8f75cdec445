"""Templates in code: parsed from texts and files, executed with symbolic data.

A template is a record in a cell with its own name and the sources of all templates that it knows.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.files import write_to
from tagcheck.builtins.paths import join_paths
from tagcheck.builtins.symbolic import as_text, combine
from tagcheck.builtins.template_rendering import render
from tagcheck.values import EMPTY, Outcome, Pointer, Record, Text, Value

TEMPLATE = "text/template.Template"
FOLDER = "text/template.folder"


# --- operations ------------------------------------------------------------------------------------------------------


def new(call: Call) -> tuple[Value, ...]:
    """An empty template with the name in argument 0."""
    return (call.machine.allocate(_template(call.argument(0), ())),)


def _template(name: Value, sources: tuple[tuple[Value, Value], ...]) -> Record:
    return Record(TEMPLATE, (("%name", name), ("%sources", values.Mapping(sources))))


def parse(call: Call) -> tuple[Value, ...]:
    """The receiver with the source in argument 0 under its name; and an outcome."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    name = held.get("%name") if isinstance(held, Record) else None
    return _with_sources(call, ((name or Text.of(""), call.argument(0)),))


def parse_files(call: Call) -> tuple[Value, ...]:
    """A template (the receiver, or a new one named after the first file) with the files in the arguments under their
    names; with `system`, argument 0 is the file system."""
    system = call.machine.load(call.argument(0)) if call.with_.get("system") else None
    folder = system.get("%directory") if isinstance(system, Record) else None
    found: list[tuple[Value, Value]] = []
    for argument in call.arguments[1:] if call.with_.get("system") else call.arguments:
        path = argument if folder is None else join_paths((folder, argument), call.machine)
        below, _, name = as_text(argument, call.machine).trailing.rpartition("/")
        if "*" in name:
            found.append((Text.of(name), _folder(call, folder, below)))
            continue
        content = call.machine.read_file(path)
        shown = call.unknown("a template in a file that is not known") if content is None else content
        found.append((Text.of(name), shown))
    return _with_sources(call, tuple(found))


def _folder(call: Call, system: Value | None, below: str) -> Record:
    """The templates of a folder that a pattern names: read when one of them is asked for."""
    whole = Text.of(below or ".")
    return Record(FOLDER, (("%directory", whole if system is None else join_paths((system, whole), call.machine)),))


def _with_sources(call: Call, sources: tuple[tuple[Value, Value], ...]) -> tuple[Value, ...]:
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    if isinstance(held, Record) and isinstance(known := held.get("%sources"), values.Mapping):
        grown = held.with_field("%sources", values.Mapping((*known.entries, *sources)))
        if isinstance(call.receiver, Pointer):
            call.machine.store(call.receiver, grown)
            return (call.receiver, Outcome(call.identity))
        return (grown, Outcome(call.identity))
    name = sources[0][0] if sources else Text.of("")
    return (call.machine.allocate(_template(name, sources)), Outcome(call.identity))


def functions(call: Call) -> tuple[Value, ...]:
    """The receiver with the functions in argument 0, a mapping, which its templates may call."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    given = call.machine.load(call.argument(0))
    if call.receiver is None or not isinstance(held, Record):
        return (call.unknown("an unknown template"),)
    if isinstance(given, values.Mapping):
        known = held.get("%functions")
        before = known.entries if isinstance(known, values.Mapping) else ()
        call.machine.store(call.receiver, held.with_field("%functions", values.Mapping((*before, *given.entries))))
    return (call.receiver,)


def itself(call: Call) -> tuple[Value, ...]:
    """The receiver: options of a template are not needed."""
    return (call.unknown("an unknown template") if call.receiver is None else call.receiver,)


def execute(call: Call) -> tuple[Value, ...]:
    """Render the receiver with the data in argument 1 into the writer in argument 0; with `named`, the template of
    the name in argument 1 with the data in argument 2."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    named = bool(call.with_.get("named"))
    data = call.argument(2 if named else 1)
    write_to(call.machine, call.argument(0), _rendered(call, held, call.argument(1) if named else None, data))
    return (Outcome(call.identity),)


def _rendered(call: Call, held: Value | None, name: Value | None, data: Value) -> Value:
    sources = held.get("%sources") if isinstance(held, Record) else None
    if not isinstance(held, Record) or not isinstance(sources, values.Mapping):
        return call.unknown("the output of an unknown template")
    wanted = as_text(name if name is not None else held.get("%name") or EMPTY).literal
    library = {as_text(key).literal or "": text for key, text in sources.entries if not _is_folder(text)}
    source = library.get(wanted) if wanted is not None else None
    if source is None and wanted is not None:
        source = _from_folders(call, sources, wanted)
    if source is None and len(library) == len(sources.entries) == 1:
        source = sources.entries[0][1]
    if source is None:
        return call.unknown("the output of an unknown template")

    known = held.get("%functions")
    own = {as_text(key).literal or "": each for key, each in known.entries} if isinstance(known, values.Mapping) else {}

    def rendered(row: tuple[Value, ...]) -> Value:
        return render(as_text(row[0]), data, call.machine, call.identity, library, own)

    return combine((source,), rendered)


def _is_folder(source: Value) -> bool:
    return isinstance(source, Record) and source.type == FOLDER


def _from_folders(call: Call, sources: values.Mapping, wanted: str) -> Value | None:
    """The template of a name in one of the folders that were parsed by a pattern."""
    for key, folder in sources.entries:
        if isinstance(folder, Record) and folder.type == FOLDER and fnmatchcase(wanted, as_text(key).literal or ""):
            content = call.machine.read_file(
                join_paths((folder.get("%directory") or EMPTY, Text.of(wanted)), call.machine)
            )
            if content is not None:
                return content
    return None
