"""Files, buffers, readers and writers.

A buffer is a record whose field `%content` holds what was written; a file is a record with `%path`. Both are used
through pointers, as their libraries do. A writer that is neither takes what it is given and says nothing.
"""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.formats import format_text, sprint
from tagcheck.builtins.general import results
from tagcheck.builtins.paths import join_paths
from tagcheck.builtins.symbolic import append_text, as_text, over, text_argument
from tagcheck.catalog import Effect, EffectKind
from tagcheck.guards import ALWAYS
from tagcheck.values import (
    EMPTY,
    Filling,
    HoleKind,
    LibraryValue,
    Null,
    Number,
    Opaque,
    Outcome,
    Pointer,
    Record,
    Text,
    Value,
)

CONTENT = "%content"
PATH = "%path"
WRITERS = "%writers"
STREAMED = "%images"
"""The field of a stream, or of a part of one, that holds the images in it."""
BUFFER_TYPES = frozenset({"strings.Builder", "bytes.Buffer", "strings.Reader", "bytes.Reader", "bufio.Writer"})


# --- content ---------------------------------------------------------------------------------------------------------


def content_of(machine: Machine, value: Value) -> Value | None:
    """What a buffer or reader holds, or the text of a file; None for anything else."""
    loaded = machine.load(value) if isinstance(value, Pointer) else value
    match loaded:
        case Record() if (content := loaded.get(CONTENT)) is not None:
            return content
        case Record() if (path := loaded.get(PATH)) is not None:
            return machine.read_file(path)
        case Record() if (inner := loaded.get("%reader")) is not None:
            return content_of(machine, inner)
        case Record() if loaded.type in BUFFER_TYPES:
            return EMPTY
        case Record() if not any(name.startswith("%") for name, _ in loaded.fields):
            return _kept_text(loaded)
        case Text() | values.Alternatives():
            return loaded
        case _:
            return None


def _kept_text(reader: Record) -> Value | None:
    """What a reader of the project's own holds: the one text among its fields."""
    texts = [value for _, value in reader.fields if value != EMPTY and _is_text(value)]
    return texts[0] if len(texts) == 1 else None


def _is_text(value: Value) -> bool:
    return all(isinstance(option, Text) for _, option in values.options(value))


def path_of(machine: Machine, value: Value) -> Value:
    """The path of a file that was opened or made; any other value as it is."""
    loaded = machine.load(value) if isinstance(value, Pointer) else value
    found = loaded.get(PATH) if isinstance(loaded, Record) else None
    inner = loaded.get("%reader") if isinstance(loaded, Record) else None
    if found is None and inner is not None:
        return path_of(machine, inner)
    return value if found is None else found


def write_to(machine: Machine, writer: Value, content: Value) -> None:
    """Append to a buffer, a file or several writers."""
    loaded = machine.load(writer) if isinstance(writer, Pointer) else writer
    if not isinstance(loaded, Record):
        return
    several, path = loaded.get(WRITERS), loaded.get(PATH)
    if isinstance(several, values.Sequence):
        for inner in several.items[:16]:
            if inner != writer:
                write_to(machine, inner, content)
    elif path is not None and (streamed := _streamed(machine, content)) is not None:
        _save(machine, streamed, path)
    elif path is not None:
        written = loaded.get(CONTENT)
        whole = content if written is None else append_text(written, content)
        machine.store(writer, loaded.with_field(CONTENT, whole))
        machine.write_file(path, whole)
    elif loaded.type in BUFFER_TYPES or loaded.get(CONTENT) is not None:
        machine.store(writer, loaded.with_field(CONTENT, append_text(loaded.get(CONTENT) or EMPTY, content)))


def _streamed(machine: Machine, content: Value) -> Record | None:
    """The stream of images that something is, or is a part of."""
    loaded = machine.load(content) if isinstance(content, Pointer) else content
    return loaded if isinstance(loaded, Record) and loaded.get(STREAMED) is not None else None


def _save(machine: Machine, stream: Record, path: Value) -> None:
    """A file becomes the archive that a stream of images is."""
    images, tool, reading = stream.get(STREAMED), stream.get("%tool"), stream.get("%reading")
    for image in images.items if isinstance(images, values.Sequence) else ():
        for guards, option in values.iterate(image, ALWAYS):
            names = (as_text(option, machine),)
            archive = as_text(path, machine)
            machine.emit(Effect(EffectKind.SAVED, str(tool), str(reading), names, archive=archive), guards)


def is_log(writer: Value) -> bool:
    """Whether nothing keeps what is written to a writer: it is no reference, buffer or file."""
    if isinstance(writer, Record):
        return not writer.fields and writer.type not in BUFFER_TYPES
    return isinstance(writer, Opaque | LibraryValue)


def buffer(call: Call) -> tuple[Value, ...]:
    """A buffer or reader of type `type` that holds argument 0, if there is one."""
    fields = ((CONTENT, call.arguments[0]),) if call.arguments else ()
    return (call.machine.allocate(Record(str(call.with_.get("type", "bytes.Buffer")), fields)),)


def wrapping_reader(call: Call) -> tuple[Value, ...]:
    """A reader or writer around argument 0 that holds the same."""
    return (call.argument(0),)


def several_writers(call: Call) -> tuple[Value, ...]:
    return (Record("io.MultiWriter", ((WRITERS, values.Sequence(call.arguments)),)),)


def pipe(call: Call) -> tuple[Value, ...]:
    """The two ends of a pipe: one buffer."""
    end = call.machine.allocate(Record("bytes.Buffer"))
    return (end, end)


def held(call: Call) -> tuple[Value, ...]:
    """What the receiver, or else argument 0, holds; with `error` also an outcome."""
    holder = call.receiver if call.receiver is not None else call.argument(0)
    content = content_of(call.machine, holder)
    loaded = call.machine.load(holder) if isinstance(holder, Pointer) else holder
    if content is None:
        content = _unknown_content(call, loaded)
    return (content, Outcome(call.identity)) if call.with_.get("error") else (content,)


def _unknown_content(call: Call, holder: Value) -> Value:
    if isinstance(holder, Opaque):
        return Opaque(f"{holder.identity}:content", holder.reason or "the content of an unknown reader")
    return call.unknown("the content of an unknown reader")


def reset(call: Call) -> tuple[Value, ...]:
    loaded = call.machine.load(call.receiver) if call.receiver is not None else None
    if isinstance(loaded, Record) and loaded.get(CONTENT) is not None and call.receiver is not None:
        call.machine.store(call.receiver, loaded.with_field(CONTENT, EMPTY))
    return ()


def write(call: Call) -> tuple[Value, ...]:
    """Write argument 0 to the receiver; with `to`, to the argument of that index, and the one after it is written."""
    to = call.with_.get("to")
    writer = call.receiver if to is None else call.argument(int(str(to)))
    content = call.argument(0 if to is None else int(str(to)) + 1)
    if writer is not None:
        write_to(call.machine, writer, _character(content) if call.with_.get("character") else content)
    return results(call)


def _character(value: Value) -> Value:
    """A number as the character that it is the code of."""
    if isinstance(value, Number) and 0 < value.value < 0x110000:
        return Text.of(chr(int(value.value)))
    return value


def print_to(call: Call) -> tuple[Value, ...]:
    """Print to the writer in argument 0: by verbs with `format`, else spaced, with `line` as a line."""
    writer = call.argument(0)
    if not isinstance(writer, Pointer | Record):
        return ()
    if call.with_.get("format"):
        content = format_text(text_argument(call, 1), call.arguments[2:], call.machine, call.identity)
    else:
        inner = Call(call.name, call.arguments[1:], call.machine, call.site, with_=call.with_, identity=call.identity)
        content = sprint(inner)[0]
    write_to(call.machine, writer, content)
    return ()


def copy(call: Call) -> tuple[Value, ...]:
    """Write what the reader in argument 1 holds to the writer in argument 0."""
    content = content_of(call.machine, call.argument(1))
    if content is not None:
        write_to(call.machine, call.argument(0), content)
    return (call.unknown("a number of bytes"), Outcome(call.identity))


# --- files -----------------------------------------------------------------------------------------------------------


def read_file(call: Call) -> tuple[Value, ...]:
    """The text of the file at argument 0, and an outcome; `directory` of the receiver's record stands before it."""
    path = call.argument(0)
    root = call.machine.load(call.receiver) if call.receiver is not None else None
    folder = root.get("%directory") if isinstance(root, Record) else None
    if folder is not None:
        path = join_paths((folder, path), call.machine)
    content = call.machine.read_file(path)
    if content is None:
        shown = as_text(path, call.machine)
        content = Opaque(f"{call.identity}:file", f"the content of the file {shown}", "string", f"file {shown}")
        return (content, Outcome(call.identity))
    # A file of which the content is known is there.
    return (content, Null())


def write_file(call: Call) -> tuple[Value, ...]:
    """Write argument 1 to the file at argument 0; with `append`, after what it holds."""
    content = call.argument(1)
    if call.with_.get("append"):
        before = call.machine.read_file(call.argument(0))
        if before is not None:
            content = append_text(before, content)
        elif not call.machine.starts_clean(call.argument(0)):
            content = call.unknown("a file that grows")
    call.machine.write_file(call.argument(0), content)
    return (Outcome(call.identity),)


_WRITABLE, _TRUNCATED, _APPENDED = 3, 512, 1024
"""Bits of the flags with which a file is opened (Go's package os on Linux)."""


def open_file(call: Call) -> tuple[Value, ...]:
    """A file at the path in argument 0, and an outcome. `flags` is the argument that says how it is opened."""
    fields: tuple[tuple[str, Value], ...] = ((PATH, call.argument(0)),)
    at = call.with_.get("flags")
    flags = call.argument(at) if isinstance(at, int) else None
    if flags is not None and not (isinstance(flags, Number) and int(flags.value) & _TRUNCATED):
        bits = int(flags.value) if isinstance(flags, Number) else _WRITABLE
        before = call.machine.read_file(call.argument(0)) if bits & _WRITABLE else None
        if before is not None and not bits & _APPENDED:
            # What is written takes the place of as much of what is there.
            before = call.unknown("a file that is written over")
        elif bits & _WRITABLE and before is None and not call.machine.starts_clean(call.argument(0)):
            before = call.unknown("a file that grows")
        fields = fields if before is None else (*fields, (CONTENT, before))
    known = flags is None and call.machine.read_file(call.argument(0)) is not None
    return (call.machine.allocate(Record("os.File", fields)), Null() if known else Outcome(call.identity))


def temporary(call: Call) -> tuple[Value, ...]:
    """A fresh path: below argument 0, its last part made from the pattern in argument 1, whose '*' is replaced by
    a unique text. With `file`, a file with that path; with `alone`, only the path."""
    unique = call.machine.unique("temporary name")

    def path(folder: Value, pattern: Value) -> Value:
        def named(option: Value) -> Value:
            text = as_text(option, call.machine)
            halves = text.split_at("*", last=True)
            return text + unique if halves is None else halves[0] + unique + halves[1]

        return join_paths((folder, over(pattern, named)), call.machine)

    folder = call.argument(0) if len(call.arguments) > 1 else EMPTY
    pattern = call.argument(1) if len(call.arguments) > 1 else EMPTY
    where: Value = Text.of("/tmp") if folder == EMPTY else folder
    found = path(where, pattern)
    if call.with_.get("alone"):
        return (found,)
    if call.with_.get("file"):
        found = call.machine.allocate(Record("os.File", ((PATH, found),)))
    return (found, Outcome(call.identity))


def file_name(call: Call) -> tuple[Value, ...]:
    """The path of the file that the receiver is."""
    if call.receiver is None:
        return (call.unknown("the name of an unknown file"),)
    path = path_of(call.machine, call.receiver)
    return (call.unknown("the name of an unknown file") if isinstance(path, Pointer | Record) else path,)


def embed_file(call: Call) -> tuple[Value, ...]:
    """The text of an embedded file: argument 0 is the folder of the source, argument 1 the pattern."""
    content = call.machine.read_file(join_paths(call.arguments[:2], call.machine))
    return (call.unknown("an embedded file that is not known") if content is None else content,)


def embed_folder(call: Call) -> tuple[Value, ...]:
    """A file system of embedded files, whose names are relative to the folder in argument 0."""
    return (Record("embed.FS", (("%directory", call.argument(0)),)),)


def sub_folder(call: Call) -> tuple[Value, ...]:
    """The file system below a folder (argument 1) of another (argument 0)."""
    loaded = call.machine.load(call.argument(0))
    folder = loaded.get("%directory") if isinstance(loaded, Record) else None
    if folder is None:
        return (call.unknown("a part of an unknown file system"), Outcome(call.identity))
    below = join_paths((folder, call.argument(1)), call.machine)
    return (Record("embed.FS", (("%directory", below),)), Outcome(call.identity))


def directory_system(call: Call) -> tuple[Value, ...]:
    """The file system below the path in argument 0."""
    return (Record("embed.FS", (("%directory", call.argument(0)),)),)


# --- the environment -------------------------------------------------------------------------------------------------


def get_environment(call: Call) -> tuple[Value, ...]:
    """The variable that argument 0 names; with `found`, also whether it is set."""
    value = over(call.argument(0), lambda name: call.machine.environment(as_text(name, call.machine)))
    if not call.with_.get("found"):
        return (value,)
    return (value, _is_set(call, value))


def _is_set(call: Call, value: Value) -> Value:
    name = text_argument(call, 0)

    def is_set(option: Value) -> Value:
        if isinstance(option, Text) and option.parts and not _is_from_outside(option, name.literal):
            return values.Truth(True)
        return Opaque(f"environment variable {name} is set", f"whether {name} is set", "bool")

    return over(value, is_set)


def _is_from_outside(value: Text, name: str | None) -> bool:
    """Whether a variable of this name may hold what it has from outside, or what make keeps back: nothing that the run
    has set."""
    only = value.parts[0] if len(value.parts) == 1 else None
    if not isinstance(only, Filling) or only.hole.kind is not HoleKind.ENVIRONMENT:
        return bool(value.holes) and name is None
    return name is None or only.hole.label == name


def set_environment(call: Call) -> tuple[Value, ...]:
    """Set the variable that argument 0 names to argument 1; with `unset`, to the empty text."""
    value: Value = EMPTY if call.with_.get("unset") else call.argument(1)
    call.machine.set_environment(text_argument(call, 0), value)
    return (Null(),)


def all_environment(call: Call) -> tuple[Value, ...]:
    """The environment as a list of which no item is known."""
    return (values.Sequence((), open=True),)
