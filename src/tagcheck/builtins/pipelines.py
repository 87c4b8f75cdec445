"""What a CI system does for its jobs: hosts, the files through which steps hand on values, archives between jobs,
and the functions of its expressions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, product

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, over, replace_text, split_text, undecided
from tagcheck.guards import ALWAYS, Guards, any_of
from tagcheck.values import EMPTY, Absent, Hole, HoleKind, Null, Number, Opaque, Record, Text, Truth, Value

UNKNOWN = "*"
"""The field of a record that stands for all that are not known (as in `engine.basis`)."""
LONGEST_JSON = 64 * 1024
DEEPEST_JSON = 20
_NOT_OWN = ("include", "exclude")
MOST_ROWS = 16
"""Rows of a matrix that are followed; further ones differ in the same way."""
_COMMANDS = {"outputs": "::set-output name=", "exports": "::set-env name="}
_AZURE = "##vso[task.setvariable variable="


def begin_job(call: Call) -> tuple[Value, ...]:
    """A job begins: on a host that is made for it and named by argument 0, or, if argument 1 is true, on one that
    others use too. If argument 2 is true, nobody but the job sets variables there. Variables that the system sets for
    all its jobs: `constant` ones have this text, `filled` ones hold something that identifies what they say, and
    `shapes` says what some of them are written in, `heads` of which other one they are the first characters."""
    shared, closed = (call.argument(at) == Truth(True) for at in (1, 2))
    constant = call.with_.get("constant")
    given = {str(name): Text.of(str(value)) for name, value in constant.items()} if isinstance(constant, dict) else {}
    shapes = {name: shape for shape, names in _named(call, "shapes") for name in names}
    heads = call.with_.get("heads")
    for what, names in _named(call, "filled"):
        for name in names:
            whole, length = heads[name] if isinstance(heads, dict) and name in heads else (name, None)
            part = f".[0:{length}]" if length else ""
            hole = Hole(HoleKind.ENVIRONMENT, whole, name, part, filled=what, shape=shapes.get(name, ""))
            given[name] = Text.of_hole(hole)
    call.machine.begin_job(as_text(call.argument(0)), shared, closed, given)
    return ()


def _named(call: Call, key: str) -> Iterator[tuple[str, list[str]]]:
    """What the model says of groups of variables, with their names."""
    groups = call.with_.get(key)
    yield from ((str(what), str(names).split()) for what, names in groups.items()) if isinstance(groups, dict) else ()


def end_job(call: Call) -> tuple[Value, ...]:
    """The job that began last ends; its host is gone."""
    call.machine.end_job()
    return ()


def not_known(call: Call) -> tuple[Value, ...]:
    """Something runs of which nothing is known; argument 0, or `what`, says what."""
    call.machine.gap("run", str(call.with_.get("what") or as_text(call.argument(0))))
    return (call.unknown("an action that is not known"),)


def outputs(call: Call) -> tuple[Value, ...]:
    """The outputs of a step: what the file at argument 0 says, and what the step printed (argument 1)."""
    return (over(_said(call), lambda said: _record(call, _assignments(as_text(said), "outputs"))),)


def export_all(call: Call) -> tuple[Value, ...]:
    """The variables that a step sets for those after it: what the file at argument 0 says, and what it printed
    (argument 1)."""
    found: dict[str, list[tuple[Guards, Value]]] = {}
    for guards, said in values.options(_said(call)):
        for name, value in _assignments(as_text(said), "exports"):
            found.setdefault(name, []).append((guards, value))
    for name, choices in found.items():
        variable = Text.of(name)
        known = any_of(tuple(guards for guards, _ in choices))
        before = call.machine.environment(variable)
        rest = [(left, before) for left in ALWAYS.without(known)]
        call.machine.set_environment(variable, values.alternatives([*choices, *rest]))
    return ()


def _said(call: Call) -> Value:
    """The content of the file, and the commands among what was printed, one after the other. With `plain`, what was
    printed is a file of that kind too."""
    content = call.machine.read_file(call.argument(0))
    printed = call.machine.load(call.argument(1))
    is_plain = call.with_.get("plain") is True

    def both(row: tuple[Value, ...]) -> Value:
        said, shown = (as_text(each) if isinstance(each, Text) else EMPTY for each in row)
        lines = [shown] if is_plain else [line for line in split_text(shown, "\n") if _is_command(line)]
        return joined([said, *lines], Text.of("\n"))

    return combine((EMPTY if content is None else call.machine.load(content), printed), both)


def _is_command(line: Text) -> bool:
    """Whether a line that a step prints says something to the system that runs it."""
    return line.leading.lstrip().startswith((*_COMMANDS.values(), _AZURE))


def _record(call: Call, pairs: Iterator[tuple[str, Text]]) -> Record:
    """A record of outputs; what else a step may have given is not known."""
    found = dict(pairs)
    return Record("", ((UNKNOWN, call.unknown("an output of a step")), *found.items()))


def _assignments(text: Text, kind: str) -> Iterator[tuple[str, Text]]:
    """`NAME=value` lines, `NAME<<END` … `END` texts, and the workflow commands of former times."""
    lines = iter(split_text(text, "\n"))
    command = _COMMANDS[kind]
    for line in lines:
        leading = line.leading.lstrip()
        if leading.startswith(_AZURE):
            name, closed, _ = leading.removeprefix(_AZURE).partition("]")
            name = name.partition(";")[0].strip()
            if closed:
                shown = name.upper().replace(".", "_") if kind == "exports" else name
                yield shown, line.dropped(line.leading.index("]") + 1)
            continue
        if leading.startswith(command):
            name, _, rest = leading.removeprefix(command).partition("::")
            if rest or line.holes:
                yield name, line.dropped(line.leading.index("::", line.leading.index(command) + 2) + 2)
            continue
        name, mark, _ = leading.partition("=")
        begun, several, end = leading.partition("<<")
        if several and len(begun) < len(name):
            yield begun.strip(), _until(lines, end.strip())
        elif mark and name.strip().replace("-", "_").isidentifier():
            yield name.strip(), line.dropped(line.leading.index("=") + 1)


def _until(lines: Iterator[Text], end: str) -> Text:
    """The lines before one that is `end`."""
    found: list[Text] = []
    for line in lines:
        if (line.literal or "").strip() == end and not line.holes:
            break
        found.append(line)
    return joined(found, Text.of("\n"))


# --- archives between jobs -------------------------------------------------------------------------------------------


def upload(call: Call) -> tuple[Value, ...]:
    """Files are kept under a name for other jobs: the inputs `name` and `path` of argument 0."""
    inputs = call.machine.load(call.argument(0))
    name, path = _input(inputs, "name", "artifact"), _input(inputs, "path", "")
    for line in split_text(path, "\n"):
        if line.parts:
            call.machine.keep_files(name, line)
    return (_record(call, iter(())),)


def download(call: Call) -> tuple[Value, ...]:
    """Files that another job kept: the inputs `name`, `pattern`, `path` and `merge-multiple` of argument 0."""
    inputs = call.machine.load(call.argument(0))
    name, pattern = _input(inputs, "name", ""), _input(inputs, "pattern", "")
    merged = str(_input(inputs, "merge-multiple", "false")) == "true"
    call.machine.fetch_files(name, pattern, _input(inputs, "path", ""), merged)
    return (_record(call, iter(())),)


def _input(inputs: Value, name: str, default: str) -> Text:
    found = inputs.get(name) if isinstance(inputs, values.Mapping) else None
    return Text.of(default) if found is None or found == EMPTY else as_text(found)


# --- functions of expressions ----------------------------------------------------------------------------------------


def from_json(call: Call) -> tuple[Value, ...]:
    """What a JSON text says, where all of it is known."""
    text = as_text(call.argument(0)).literal
    if text is None or len(text) > LONGEST_JSON:
        return (undecided("fromJSON", call.argument(0), type=""),)
    try:
        return (_of_json(json.loads(text), 0),)
    except (ValueError, RecursionError):
        return (call.unknown("a text that is no JSON"),)


def _of_json(data: object, depth: int) -> Value:
    if depth > DEEPEST_JSON:
        return Opaque("json", "JSON that is nested too deeply")
    match data:
        case bool():
            return Truth(data)
        case int() | float():
            return Number(data)
        case str():
            return Text.of(data)
        case list():
            return values.Sequence(tuple(_of_json(item, depth + 1) for item in data))
        case dict():
            return values.Mapping(tuple((Text.of(key), _of_json(item, depth + 1)) for key, item in data.items()))
        case _:
            return Null()


def to_json(call: Call) -> tuple[Value, ...]:
    """A value as JSON; a function of one whose shape is not known."""
    value = call.argument(0)
    written = json_text(value)
    return (derived("toJSON", as_text(value)) if written is None else written,)


def json_text(value: Value, depth: int = 0, blank: str = " ") -> Text | None:
    """A value as JSON on one line, with `blank` behind commas and colons; None if its shape is not known."""
    match value:
        case _ if depth > DEEPEST_JSON:
            return None
        case Text():
            return Text.of('"') + replace_text(value, '"', Text.of('\\"')) + Text.of('"')
        case Number() | Truth():
            return as_text(value)
        case Null():
            return Text.of("null")
        case values.Sequence(items=items, open=False):
            found = [json_text(item, depth + 1, blank) for item in items]
            return _bracketed("[", found, "]", blank)
        case values.Mapping(entries=entries, open=False):
            pairs = [(json_text(name, depth + 1, blank), json_text(item, depth + 1, blank)) for name, item in entries]
            known = [
                None if None in pair else joined([each for each in pair if each], Text.of(f":{blank}"))
                for pair in pairs
            ]
            return _bracketed("{", known, "}", blank)
        case _:
            return None


def _bracketed(start: str, parts: list[Text | None], end: str, blank: str) -> Text | None:
    known = [part for part in parts if part is not None]
    return None if len(known) < len(parts) else Text.of(start) + joined(known, Text.of(f",{blank}")) + Text.of(end)


def hash_of_files(call: Call) -> tuple[Value, ...]:
    """The digest of files: the same in one run, another when a file changes."""
    shown = ",".join(str(as_text(each)) for each in call.arguments)
    return (Text.of_hole(Hole(HoleKind.OUTPUT, f"hashFiles({shown})", f"hashFiles({shown})"), call.site),)


def join_list(call: Call) -> tuple[Value, ...]:
    """The items of a list with a separator (argument 1, by default a comma) between them."""
    listed = call.argument(0)
    separator = as_text(call.argument(1)) if len(call.arguments) > 1 else Text.of(",")
    if isinstance(listed, values.Sequence) and not listed.open:
        return (joined([as_text(item) for item in listed.items], separator),)
    return (derived("join", as_text(listed), separator),) if not isinstance(listed, Absent) else (EMPTY,)


# --- matrices that the run makes -------------------------------------------------------------------------------------


def rows_of(call: Call) -> tuple[Value, ...]:
    """The rows of the matrix in argument 0 (GitHub Docs, "Running variations of jobs in a workflow"); one of which
    nothing is known, where that is so of the matrix."""
    matrix = call.machine.load(call.argument(0))
    if not isinstance(matrix, values.Mapping) or matrix.open:
        return (values.Sequence((call.unknown("a row of a matrix"),)),)
    unknown = (values.Sequence((call.unknown("a row of a matrix"),)),)
    own = [(name, _items(value)) for name, value in matrix.entries if as_text(name).literal not in _NOT_OWN]
    included, excluded = (_items(matrix.get(name)) for name in _NOT_OWN)
    if any(not isinstance(row, values.Mapping) for row in (*included, *excluded)):
        return unknown
    combined = islice(product(*(each for _, each in own)), MOST_ROWS * 4) if own else ()
    rows = [dict(zip([name for name, _ in own], row, strict=True)) for row in combined]
    rows = [row for row in rows if not any(_agrees(row, each) for each in excluded)]
    _extend(rows, included)
    return (values.Sequence(tuple(values.Mapping(tuple(row.items())) for row in rows[:MOST_ROWS])),)


def _extend(rows: list[dict[Value, Value]], included: tuple[Value, ...]) -> None:
    """What `include` adds: to every row whose own values it does not change, else a row by itself."""
    own = [dict(row) for row in rows]
    for more in included:
        entries = dict(more.entries) if isinstance(more, values.Mapping) else {}
        fitting = [
            at for at, row in enumerate(own) if all(row.get(name, value) == value for name, value in entries.items())
        ]
        for at in fitting:
            rows[at].update(entries)
        if not fitting:
            rows.append(entries)


def _items(value: Value | None) -> tuple[Value, ...]:
    if isinstance(value, values.Sequence) and not value.open:
        return value.items
    return () if value is None or isinstance(value, Absent) else (value,)


def _agrees(row: dict[Value, Value], wanted: Value) -> bool:
    entries = wanted.entries if isinstance(wanted, values.Mapping) else ()
    return bool(entries) and all(row.get(name) == value for name, value in entries)


def value_of_row(call: Call) -> tuple[Value, ...]:
    """What the row in argument 0 holds under the names in arguments 2 and following; argument 1 says which job's row it
    is, where nothing is known of it."""
    label, *names = [str(as_text(each)) for each in call.arguments[1:]] or [""]
    found: Value = call.machine.load(call.argument(0))
    for name in names:
        if not isinstance(found, values.Mapping):
            break
        inner = found.get(name)
        found = Absent() if inner is None else call.machine.load(inner)
    if isinstance(found, Absent):
        return (EMPTY,)
    if isinstance(found, Opaque):
        shown = ".".join((label, *names))
        return (Text.of_hole(Hole(HoleKind.PARAMETER, shown, shown), call.site),)
    return (found,)
