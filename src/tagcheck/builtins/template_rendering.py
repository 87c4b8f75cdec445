"""Rendering of Go templates with symbolic data (pkg.go.dev/text/template, Go 1.24).

A part of the output is opaque where the template is not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from tagcheck import values
from tagcheck.builtins.api import Machine
from tagcheck.builtins.symbolic import as_text, combine, derived, over
from tagcheck.builtins.template_functions import CHANGING, LOOKING, PASSING, function_named
from tagcheck.builtins.template_scope import NO_VALUE, RoundEnds, Scope, Steps, TemplateFails, Variables, either
from tagcheck.builtins.template_text import DEEPEST, Block, Node, Output, Plain, Token, parse_template, tokens
from tagcheck.comparison import Same, same_key
from tagcheck.numerals import whole
from tagcheck.values import EMPTY, Absent, FunctionValue, Null, Number, Opaque, Record, Text, Truth, Value

MOST_ROUNDS = 64
LONGEST_PIPELINE = 2_000
LONGEST_NUMBER = 30
DEEPEST_INCLUSION = 12


def render(
    source: Text,
    data: Value,
    machine: Machine,
    identity: str,
    library: Mapping[str, Value] | None = None,
    functions: Mapping[str, Value] | None = None,
) -> Value:
    """The output of a template with data; a part of it is opaque where it is not understood. `library` are other
    templates by name, `functions` those of the program that it may call."""
    nodes = parse_template(source)
    if nodes is None:
        return derived("template", source)
    defined = definitions(nodes)
    for name, text in (library or {}).items():
        others = parse_template(text) if isinstance(text, Text) else None
        if others is not None:
            defined.setdefault(name, others)
            defined.update(definitions(others))
    scope = Scope(machine, identity, data, data, Variables(), defined, Steps(), functions=functions or {})
    return render_nodes(nodes, scope)


def render_nodes(nodes: tuple[Node, ...], scope: Scope) -> Value:
    """The output of a parsed template in a scope; nothing is known of that of one which fails."""
    return _unless_failed(partial(_nodes, nodes, scope), scope)


def _unless_failed(rendered: Callable[[], Value], scope: Scope) -> Value:
    try:
        return rendered()
    except TemplateFails:
        return scope.unknown("fail")


def definitions(nodes: tuple[Node, ...]) -> dict[str, tuple[Node, ...]]:
    """The templates that a template defines, by name."""
    found = (node for node in nodes if isinstance(node, Block) and node.keyword == "define")
    return {node.pipeline.strip('"'): node.body for node in found}


def _nodes(nodes: tuple[Node, ...], scope: Scope) -> Value:
    parts: list[Value] = []
    for node in nodes:
        scope.steps.left -= 1
        if scope.steps.left < 0:
            return scope.unknown("too much work")
        match node:
            case Plain(text):
                parts.append(text)
            case Output("break" | "continue" as keyword) if scope.in_range:
                raise RoundEnds(keyword, _together(parts, scope))
            case Output(pipeline):
                parts.append(_output(pipeline, scope))
            case Block():
                try:
                    parts.append(_block(node, _inside(scope)))
                except RoundEnds as end:
                    raise RoundEnds(end.keyword, _together([*parts, end.rendered], scope)) from None
    return _together(parts, scope)


def _together(parts: list[Value], scope: Scope) -> Value:
    return scope.machine.join(
        tuple(each if isinstance(each, Text) else over(each, partial(_as_text, scope)) for each in parts)
    )


def _as_text(scope: Scope, value: Value) -> Value:
    return as_text(value, scope.machine)


def _inside(scope: Scope) -> Scope:
    """The scope of a block inside of another."""
    return replace(scope, variables=Variables({}, scope.variables))


def _output(pipeline: str, scope: Scope) -> Value:
    """What an action prints; an assignment prints nothing."""
    found = tokens(pipeline) if len(pipeline) <= LONGEST_PIPELINE else None
    if found is None:
        return scope.unknown(pipeline)
    if len(found) > 2 and found[0].kind == "variable" and found[1].text in (":=", "="):
        value = _pipeline(found[2:], pipeline, scope)
        if found[1].text == ":=":
            scope.variables.own[found[0].text] = value
        else:
            scope.variables.set(found[0].text, value)
        return EMPTY
    return _printed(_pipeline(found, pipeline, scope), scope)


def _printed(value: Value, scope: Scope) -> Value:
    if scope.watch is not None:
        scope.watch.consume(value)
    return EMPTY if isinstance(value, Null) and scope.missing != NO_VALUE else value


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
    return _chosen(block, scope)


def _chosen(block: Block, scope: Scope) -> Value:
    """`if` and `with`; `with $x := …` declares the variable too."""
    pipeline = block.pipeline
    name = ""
    if ":=" in pipeline:
        name, _, pipeline = pipeline.partition(":=")
    condition = _value(pipeline, scope)
    if name:
        scope.variables.own[name.strip()] = condition
    inside = replace(scope, dot=condition) if block.keyword == "with" else scope
    ran: set[str] = set()
    ends: list[RoundEnds] = []

    def then() -> Value:
        ran.add("then")
        return side(block.body, inside)

    def otherwise() -> Value:
        ran.add("otherwise")
        return side(block.otherwise, scope)

    def side(nodes: tuple[Node, ...], within: Scope) -> Value:
        try:
            return _nodes(nodes, within)
        except RoundEnds as end:
            ends.append(end)
            return end.rendered

    found = either(condition, then, otherwise, scope)
    if ends and len(ran) == len(ends) == 1:
        raise ends[0]
    if ends:
        return scope.unknown(f"{ends[0].keyword} under a condition")
    if "then" not in ran:
        scope.skip(block.body)
    if "otherwise" not in ran:
        scope.skip(block.otherwise)
    return found if len(ran) < 2 else _without_idle_sides(found)


def _without_idle_sides(value: Value) -> Value:
    """Of a block of lines that is there or not, and names no image, only the lines: alternatives multiply."""
    texts = [option for _, option in values.options(value) if isinstance(option, Text)]
    longest = max(texts, key=lambda text: len(text.parts), default=EMPTY)
    literal = "".join(part.text for text in texts for part in text.parts if isinstance(part, values.Piece))
    idle = "\n" in literal and "mage" not in literal and "ontainers" not in literal
    return longest if idle and len(texts) == len(values.options(value)) else value


def _range(block: Block, scope: Scope) -> Value:
    pipeline, names = block.pipeline, list[str]()
    if ":=" in pipeline:
        left, _, pipeline = pipeline.partition(":=")
        names = [name.strip() for name in left.split(",")]
    over = scope.machine.load(_value(pipeline, scope))
    if scope.watch is not None:
        scope.watch.consume(over)
    rows: list[tuple[Value, Value]]
    match over:
        case values.Sequence(items, False) if len(items) <= MOST_ROUNDS:
            rows = [(Number(index), item) for index, item in enumerate(items)]
        case values.Mapping(entries, False) if len(entries) <= MOST_ROUNDS:
            rows = _in_order(entries)
        case Null() | Absent():
            rows = []
        case Number(value=int() as count) if count <= MOST_ROUNDS:
            rows = [(Number(index), Number(index)) for index in range(count)]
        case _:
            scope.skip(block.body)
            return derived("range", as_text(over))
    if not rows:
        scope.skip(block.body)
        return _nodes(block.otherwise, scope)
    parts = []
    for key, item in rows:
        bound = dict(zip(names, (key, item) if len(names) == 2 else (item,), strict=False))
        inside = replace(scope, dot=item, variables=Variables(bound, scope.variables), in_range=True)
        try:
            parts.append(_nodes(block.body, inside))
        except RoundEnds as end:
            parts.append(end.rendered)
            if end.keyword == "break":
                break
    return _together(parts, scope)


def _in_order(entries: tuple[tuple[Value, Value], ...]) -> list[tuple[Value, Value]]:
    """The entries of a mapping by their keys, as templates go over them; as they are where a key is not known."""
    keys = [key.literal if isinstance(key, Text) else None for key, _ in entries]
    known = [key for key in keys if key is not None]
    if len(known) < len(entries):
        return list(entries)
    return [entries[at] for at in sorted(range(len(known)), key=lambda at: known[at])]


# --- pipelines -------------------------------------------------------------------------------------------------------


def _value(pipeline: str, scope: Scope) -> Value:
    found = tokens(pipeline) if len(pipeline) <= LONGEST_PIPELINE else None
    return scope.unknown(pipeline) if found is None else _pipeline(found, pipeline, scope)


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
    return scope.unknown(pipeline) if value is None else value


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
    if not name and operands and _is_method(operands[0]):
        return _result(operands[0], operands[1:], scope)
    if not name:
        return operands[0] if len(operands) == 1 else scope.unknown(pipeline)
    value = _called(name, operands, pipeline, scope)
    if name in CHANGING and len(command) > 1 and _is_variable(command[1:]):
        scope.variables.set(command[1].text, value)
    return value


def _is_variable(command: list[Token]) -> bool:
    """Whether the first operand of a command is a variable, and not a part of what one holds."""
    is_whole = len(command) == 1 or command[1].kind != "field" or command[1].spaced
    return command[0].kind == "variable" and command[0].text != "$" and is_whole


def _called(name: str, operands: list[Value], pipeline: str, scope: Scope) -> Value:
    if name in ("template", "include"):
        return _included(operands, pipeline, scope)
    if name == "tpl" and len(operands) == 2:
        return _rendered(operands, pipeline, scope)
    if name in scope.functions:
        return combine(tuple(operands), lambda row: _result(scope.functions[name], row, scope))
    if name == "fail":
        raise TemplateFails
    function = function_named(name)
    if function is None:
        return scope.unknown(pipeline)
    if scope.watch is not None:
        for operand in operands:
            if name not in PASSING:
                scope.watch.consume(operand)
            elif name in LOOKING:
                scope.watch.look(operand)
    return combine(tuple(operands), lambda row: function(row, scope))


def _is_method(value: Value) -> bool:
    return isinstance(value, FunctionValue) and value.receiver is not None


def _result(function: Value, operands: Sequence[Value], scope: Scope) -> Value:
    """What a function of the program gives for operands."""
    found = scope.machine.call(function, tuple(operands))
    return found[0] if found else scope.unknown("a function")


def _number(written: str, scope: Scope) -> Value:
    number = whole(written)
    if number is None and "." in written and len(written) <= LONGEST_NUMBER:
        with suppress(ValueError):
            return Number(float(written))
    return scope.unknown("a number") if number is None else Number(number)


def _operand(command: list[Token], at: int, pipeline: str, scope: Scope) -> tuple[Value, int]:
    """One operand with the fields behind it, and the index after it."""
    token = command[at]
    at += 1
    value: Value
    match token.kind:
        case "quoted" | "raw":
            return Text.of(token.text), at
        case "number":
            return _number(token.text.rstrip("."), scope), at
        case "dot":
            return scope.dot, at
        case "field":
            value = _field(scope.dot, token.text[1:], scope)
        case "variable":
            value = scope.root if token.text == "$" else scope.variables.get(token.text) or scope.unknown(token.text)
        case "mark" if token.text == "(" and scope.depth < DEEPEST:
            close = _closing(command, at)
            inner = replace(scope, depth=scope.depth + 1)
            value, at = _pipeline(command[at:close], pipeline, inner), close + 1
        case "name" if token.text in ("true", "false"):
            return Truth(token.text == "true"), at
        case "name" if token.text == "nil":
            return Null(), at
        case "name" if function_named(token.text) is not None or token.text in scope.functions:
            value = _called(token.text, [], pipeline, scope)
        case _:
            return scope.unknown(pipeline), at
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
        if scope.watch is not None:
            scope.watch.note(loaded, name)
        match loaded:
            case values.Mapping():
                found = loaded.get(name)
                if found is None:
                    return scope.unknown(f".{name}") if _may_have(loaded, name) else scope.missing
                return found
            case Record():
                found = loaded.get(name)
                if found is None and (method := scope.machine.own_method(row[0], name)) is not None:
                    return method
                return found if found is not None else EMPTY
            case FunctionValue(receiver=held) if held is not None:
                return _field(_result(loaded, (), scope), name, scope)
            case Null() | Absent():
                return scope.missing if scope.missing != NO_VALUE else EMPTY
            case Opaque():
                return Opaque(f"{loaded.identity}.{name}", loaded.reason)
            case _:
                return scope.unknown(f".{name}")

    return combine((value,), chosen)


def _may_have(mapping: values.Mapping, name: str) -> bool:
    """Whether a key of a mapping that is not known, or one that is not listed, may be this one."""
    key = Text.of(name)
    return mapping.open or any(same_key(each, key) is not Same.NO for each, _ in mapping.entries)


def _included(operands: list[Value], pipeline: str, scope: Scope) -> Value:
    name = as_text(operands[0]).literal if operands else None
    nodes = scope.defined.get(name) if name is not None else None
    if nodes is None or scope.depth > DEEPEST_INCLUSION:
        return scope.unknown(pipeline)
    data = operands[1] if len(operands) > 1 else Null()
    return _nodes(nodes, replace(scope, dot=data, root=data, variables=Variables(), depth=scope.depth + 1))


def _rendered(operands: list[Value], pipeline: str, scope: Scope) -> Value:
    """`tpl TEXT DATA`: a text of the data that is itself a template."""

    def rendered(row: tuple[Value, ...]) -> Value:
        nodes = parse_template(as_text(row[0], scope.machine))
        if nodes is None or scope.depth > DEEPEST_INCLUSION:
            return scope.unknown(pipeline)
        inner = replace(scope, dot=operands[1], root=operands[1], variables=Variables(), depth=scope.depth + 1)
        # What one of several texts comes to is no reason to do without the others.
        return _unless_failed(partial(_nodes, nodes, inner), scope)

    return combine((operands[0],), rendered)
