"""Templates in code: parsed from texts and files, executed with symbolic data.

A template is a record in a cell with its own name and the sources of all templates that it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.files import write_to
from tagcheck.builtins.formats import format_text
from tagcheck.builtins.paths import join_paths
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, undecided
from tagcheck.builtins.template_text import DEEPEST, Block, Node, Output, Plain, Token, parse_template, tokens
from tagcheck.builtins.texts import quoted
from tagcheck.guards import Guards, when
from tagcheck.values import (
    EMPTY,
    Absent,
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

TEMPLATE = "text/template.Template"
FOLDER = "text/template.folder"
MOST_ROUNDS = 64
MOST_STEPS = 20_000
LONGEST_PIPELINE = 2_000


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


def itself(call: Call) -> tuple[Value, ...]:
    """The receiver: functions and options of a template are not needed."""
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

    def rendered(row: tuple[Value, ...]) -> Value:
        return render(as_text(row[0]), data, call.machine, call.identity, library)

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


# --- rendering -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Steps:
    """The work that rendering may still do: loops in loops and templates that include themselves are cut."""

    left: int = MOST_STEPS


@dataclass(frozen=True, slots=True)
class Scope:
    """What a part of a template sees: the dot, the data of the whole, variables, and templates by name."""

    machine: Machine
    identity: str
    dot: Value
    root: Value
    variables: Mapping[str, Value]
    defined: Mapping[str, tuple[Node, ...]]
    steps: Steps
    depth: int = 0


def render(
    source: Text, data: Value, machine: Machine, identity: str, library: Mapping[str, Value] | None = None
) -> Value:
    """The output of a template with data; a part of it is opaque where it is not understood."""
    nodes = parse_template(source)
    if nodes is None:
        return derived("template", source)
    defined = _definitions(nodes)
    for name, text in (library or {}).items():
        others = parse_template(text) if isinstance(text, Text) else None
        if others is not None:
            defined.setdefault(name, others)
            defined.update(_definitions(others))
    return _nodes(nodes, Scope(machine, identity, data, data, {}, defined, Steps()))


def _definitions(nodes: tuple[Node, ...]) -> dict[str, tuple[Node, ...]]:
    """The templates that a template defines, by name."""
    found = (node for node in nodes if isinstance(node, Block) and node.keyword == "define")
    return {node.pipeline.strip('"'): node.body for node in found}


def _nodes(nodes: tuple[Node, ...], scope: Scope) -> Value:
    parts: list[Value] = []
    for node in nodes:
        scope.steps.left -= 1
        if scope.steps.left < 0:
            return _unknown("too much work", scope)
        match node:
            case Plain(text):
                parts.append(text)
            case Output(pipeline):
                name, value = _assigned(pipeline, scope)
                if name:
                    scope = replace(scope, variables={**scope.variables, name: value})
                else:
                    parts.append(value)
            case Block():
                parts.append(_block(node, scope))
    return combine(tuple(parts), lambda row: joined([as_text(value, scope.machine) for value in row], EMPTY))


def _assigned(pipeline: str, scope: Scope) -> tuple[str, Value]:
    found = tokens(pipeline) if len(pipeline) <= LONGEST_PIPELINE else None
    if found is None:
        return "", _unknown(pipeline, scope)
    if len(found) > 2 and found[0].kind == "variable" and found[1].text in (":=", "="):
        return found[0].text, _pipeline(found[2:], pipeline, scope)
    return "", _pipeline(found, pipeline, scope)


def _block(block: Block, scope: Scope) -> Value:
    match block.keyword:
        case "define":
            return EMPTY
        case "block":
            name, _, rest = block.pipeline.partition(" ")
            inner = replace(scope, dot=_value(rest.strip() or ".", scope))
            return _nodes(scope.defined.get(name.strip('"'), block.body), inner)
        case "range":
            return _range(block, scope)
    condition = _value(block.pipeline, scope)
    inside = replace(scope, dot=condition) if block.keyword == "with" else scope
    return _either(condition, lambda: _nodes(block.body, inside), lambda: _nodes(block.otherwise, scope), scope)


def _either(condition: Value, then: Callable[[], Value], otherwise: Callable[[], Value], scope: Scope) -> Value:
    choices: list[tuple[Guards, Value]] = []
    for guards, option in values.options(condition):
        true = truthy(scope.machine.load(option))
        atom = f"template:{as_text(option, scope.machine)}" if true is None else ""
        if true is not False:
            both = guards.and_(when(atom)) if true is None else guards
            choices.extend([(both, then())] if both is not None else [])
        if true is not True:
            both = guards.and_(when(atom, False)) if true is None else guards
            choices.extend([(both, otherwise())] if both is not None else [])
    return alternatives(choices)


def truthy(value: Value) -> bool | None:
    """Whether a template takes a value as true; None if that is not known."""
    match value:
        case Truth(truth):
            return truth
        case Number(number):
            return number != 0
        case Null() | Absent():
            return False
        case Text():
            return True if value.leading or value.trailing else (None if value.parts else False)
        case values.Sequence(items, open_):
            return True if items else (None if open_ else False)
        case values.Mapping(entries, open_):
            return True if entries else (None if open_ else False)
        case Record():
            return True
        case _:
            return None


def _range(block: Block, scope: Scope) -> Value:
    pipeline, names = block.pipeline, list[str]()
    if ":=" in pipeline:
        left, _, pipeline = pipeline.partition(":=")
        names = [name.strip() for name in left.split(",")]
    over = scope.machine.load(_value(pipeline, scope))
    rows: list[tuple[Value, Value]]
    match over:
        case values.Sequence(items, False) if len(items) <= MOST_ROUNDS:
            rows = [(Number(index), item) for index, item in enumerate(items)]
        case values.Mapping(entries, False) if len(entries) <= MOST_ROUNDS:
            rows = list(entries)
        case _:
            return derived("range", as_text(over))
    if not rows:
        return _nodes(block.otherwise, scope)
    parts = []
    for key, item in rows:
        bound = dict(zip(names, (key, item) if len(names) == 2 else (item,), strict=False))
        parts.append(_nodes(block.body, replace(scope, dot=item, variables={**scope.variables, **bound})))
    return combine(tuple(parts), lambda row: joined([as_text(value) for value in row], EMPTY))


# --- pipelines -------------------------------------------------------------------------------------------------------


def _value(pipeline: str, scope: Scope) -> Value:
    found = tokens(pipeline) if len(pipeline) <= LONGEST_PIPELINE else None
    return _unknown(pipeline, scope) if found is None else _pipeline(found, pipeline, scope)


def _unknown(pipeline: str, scope: Scope) -> Opaque:
    return Opaque(f"{scope.identity}:{{{{{pipeline}}}}}", f"the template's {{{{{pipeline[:60]}}}}}")


def _pipeline(found: list[Token], pipeline: str, scope: Scope) -> Value:
    """The value of commands joined by '|': each gets the value before it as its last argument."""
    commands: list[list[Token]] = [[]]
    nested = 0
    for token in found:
        nested += (token.text == "(") - (token.text == ")") if token.kind == "mark" else 0
        if token.kind == "mark" and token.text == "|" and not nested:
            commands.append([])
        else:
            commands[-1].append(token)
    value: Value | None = None
    for command in commands:
        value = _command(command, value, pipeline, scope)
    return _unknown(pipeline, scope) if value is None else value


def _command(command: list[Token], before: Value | None, pipeline: str, scope: Scope) -> Value:
    operands: list[Value] = []
    name, at = "", 0
    if command and command[0].kind == "name" and command[0].text not in ("true", "false", "nil"):
        name, at = command[0].text, 1
    while at < len(command):
        operand, at = _operand(command, at, pipeline, scope)
        operands.append(operand)
    if before is not None:
        operands.append(before)
    if not name:
        return operands[0] if len(operands) == 1 else _unknown(pipeline, scope)
    if name == "template" or name == "include":
        return _included(operands, pipeline, scope)
    function = FUNCTIONS.get(name)
    if function is None:
        return _unknown(pipeline, scope)
    return combine(tuple(operands), lambda row: function(row, scope))


def _operand(command: list[Token], at: int, pipeline: str, scope: Scope) -> tuple[Value, int]:
    """One operand with the fields behind it, and the index after it."""
    token = command[at]
    at += 1
    value: Value
    match token.kind:
        case "quoted" | "raw":
            return Text.of(token.text), at
        case "number":
            return Number(float(token.text) if "." in token.text.rstrip(".") else int(token.text.rstrip("."))), at
        case "dot":
            return scope.dot, at
        case "field":
            value = _field(scope.dot, token.text[1:], scope)
        case "variable":
            value = scope.root if token.text == "$" else scope.variables.get(token.text, _unknown(token.text, scope))
        case "mark" if token.text == "(" and scope.depth < DEEPEST:
            close = _closing(command, at)
            inner = replace(scope, depth=scope.depth + 1)
            value, at = _pipeline(command[at:close], pipeline, inner), close + 1
        case "name" if token.text in ("true", "false"):
            return Truth(token.text == "true"), at
        case _:
            return _unknown(pipeline, scope), at
    while at < len(command) and command[at].kind == "field" and not command[at].spaced:
        value = _field(value, command[at].text[1:], scope)
        at += 1
    return value, at


def _closing(command: list[Token], at: int) -> int:
    depth = 1
    while at < len(command):
        if command[at].kind == "mark":
            depth += (command[at].text == "(") - (command[at].text == ")")
        if depth == 0:
            return at
        at += 1
    return at


def _field(value: Value, name: str, scope: Scope) -> Value:
    def chosen(row: tuple[Value, ...]) -> Value:
        loaded = scope.machine.load(row[0])
        match loaded:
            case values.Mapping(open=False):
                # What the package prints for a key that a map does not have (its option missingkey=default).
                return loaded.get(name) or Text.of("<no value>")
            case Record() | values.Mapping():
                found = loaded.get(name)
                return found if found is not None else EMPTY
            case Null() | Absent():
                return EMPTY
            case Opaque():
                return Opaque(f"{loaded.identity}.{name}", loaded.reason)
            case _:
                return _unknown(f".{name}", scope)

    return combine((value,), chosen)


def _included(operands: list[Value], pipeline: str, scope: Scope) -> Value:
    name = as_text(operands[0]).literal if operands else None
    nodes = scope.defined.get(name) if name is not None else None
    if nodes is None or scope.depth > 8:
        return _unknown(pipeline, scope)
    data = operands[1] if len(operands) > 1 else Null()
    return _nodes(nodes, replace(scope, dot=data, root=data, variables={}, depth=scope.depth + 1))


Function = Callable[[tuple[Value, ...], Scope], Value]


def _printf(row: tuple[Value, ...], scope: Scope) -> Value:
    return format_text(as_text(row[0]), row[1:], scope.machine, scope.identity) if row else EMPTY


def _default(row: tuple[Value, ...], scope: Scope) -> Value:
    """`default FALLBACK VALUE`."""
    if len(row) != 2:
        return row[0] if row else EMPTY
    return _either(row[1], lambda: row[1], lambda: row[0], scope)


def _first(row: tuple[Value, ...], scope: Scope) -> Value:
    """`or`, `coalesce`: the first operand that is true."""
    if len(row) < 2:
        return row[0] if row else EMPTY
    return _either(row[0], lambda: row[0], lambda: _first(row[1:], scope), scope)


def _every(row: tuple[Value, ...], scope: Scope) -> Value:
    if len(row) < 2:
        return row[0] if row else EMPTY
    return _either(row[0], lambda: _every(row[1:], scope), lambda: row[0], scope)


def _not(row: tuple[Value, ...], scope: Scope) -> Value:
    true = truthy(scope.machine.load(row[0])) if row else None
    return undecided("not", *row) if true is None else Truth(not true)


def _equal(row: tuple[Value, ...], scope: Scope) -> Value:
    if len(row) < 2:
        return undecided("eq", *row)
    known = [as_text(value).literal for value in row]
    if known[0] is None or None in known[1:]:
        return undecided("eq", *row)
    return Truth(known[0] in known[1:])


def _unequal(row: tuple[Value, ...], scope: Scope) -> Value:
    equal = _equal(row, scope)
    return Truth(not equal.value) if isinstance(equal, Truth) else undecided("ne", *row)


def _quote(row: tuple[Value, ...], scope: Scope) -> Value:
    return quoted(as_text(row[-1], scope.machine)) if row else EMPTY


def _single_quote(row: tuple[Value, ...], scope: Scope) -> Value:
    mark = Text.of("'")
    return mark + as_text(row[-1], scope.machine) + mark if row else EMPTY


def _last(row: tuple[Value, ...], scope: Scope) -> Value:
    """Functions that change nothing that a name is made of (html, js, indentation)."""
    return row[-1] if row else EMPTY


def _lower(row: tuple[Value, ...], scope: Scope) -> Value:
    return as_text(row[-1]).mapped("lower") if row else EMPTY


def _upper(row: tuple[Value, ...], scope: Scope) -> Value:
    return as_text(row[-1]).mapped("upper") if row else EMPTY


def _index(row: tuple[Value, ...], scope: Scope) -> Value:
    value = row[0] if row else EMPTY
    for key in row[1:]:
        loaded = scope.machine.load(value)
        if isinstance(loaded, values.Sequence) and isinstance(key, Number) and 0 <= key.value < len(loaded.items):
            value = loaded.items[int(key.value)]
        elif isinstance(loaded, values.Mapping) and (name := as_text(key).literal) is not None:
            found = loaded.get(name)
            value = EMPTY if found is None else found
        else:
            return undecided("index", *row, type="")
    return value


def _environment(row: tuple[Value, ...], scope: Scope) -> Value:
    return scope.machine.environment(as_text(row[0])) if row else EMPTY


FUNCTIONS: Mapping[str, Function] = {
    "printf": _printf,
    "print": lambda row, scope: joined([as_text(value, scope.machine) for value in row], EMPTY),
    "default": _default,
    "or": _first,
    "coalesce": _first,
    "and": _every,
    "not": _not,
    "eq": _equal,
    "ne": _unequal,
    "quote": _quote,
    "squote": _single_quote,
    "lower": _lower,
    "upper": _upper,
    "index": _index,
    "env": _environment,
    "html": _last,
    "js": _last,
    "indent": _last,
    "nindent": _last,
    "trim": _last,
    "toYaml": _last,
    "required": _last,
}
