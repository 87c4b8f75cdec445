"""Compose files to the small language (Compose Specification of 2025; Docker Compose 2.32, podman-compose 1.3).

A file becomes the mapping that it writes, with `$NAME` and `${NAME:-word}` in its scalars lowered to what the
environment holds. Which files go together, which services are meant and what they are called is decided where the file
is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import compose, decode
from tagcheck.ir import CompareOp, Expression, ListOf, Literal, MapOf
from tagcheck.source import Span, Text

LANGUAGE = "compose"
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The files that are taken where none is named, the first that is there."""
OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
)
"""What is laid over them."""
RESET, OVERRIDE = "!reset", "!override"
TAGS = frozenset((RESET, OVERRIDE))
"""What a later file says of a value of an earlier one: that it is none, and that it is replaced as a whole."""
_SUFFIXES = (".yaml", ".yml")
DEEPEST = 8


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a compose file: by its name, or because it lists services like one."""
    name = basename(path).lower()
    if not name.endswith(_SUFFIXES) or b"services:" not in content:
        return False
    named = "compose" in name
    return named and (content.startswith(b"services:") or b"\nservices:" in content)


def parse(path: str, content: bytes, module: str) -> Unit:
    """A compose file as a unit with one procedure, `compose:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.STACK, Literal(path, span, exact=False), span)
    name = path.rpartition("/")[2]
    entries = ((name, EntryKind.STATEMENT),) if name not in OVERRIDES else ()
    procedure = ir.Procedure(f"compose:{path}", module, (), lambda: (stated,), span)
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=entries, problems=compose(text).problems)


def lower_text(text: Text) -> MapOf | None:
    """The mapping of a compose file; None if it holds none. Never raises."""
    documents = compose(text, tags=TAGS).documents
    root = documents[0].root if documents else None
    return _mapping(root, {}) if isinstance(root, MapOf) else None


def _mapping(node: MapOf, known: dict[int, Expression]) -> MapOf:
    return MapOf(tuple((key, _lowered(value, known)) for key, value in node.entries), node.span)


def _lowered(node: Expression, known: dict[int, Expression]) -> Expression:
    """A node with its scalars interpolated; shared nodes stay shared."""
    found = known.get(id(node))
    if found is None:
        match node:
            case MapOf():
                found = _mapping(node, known)
            case ListOf():
                found = ListOf(tuple(_lowered(item, known) for item in node.items), node.span)
            case ir.Apply(operation=tag, arguments=(inner,)) if tag in TAGS:
                found = ir.Apply(tag, (_lowered(inner, known),), node.span)
            case Literal() if "$" in node.text:
                found = interpolated(node)
            case _:
                found = node
        known[id(node)] = found
    return found


SET_EMPTY = "set-empty"
"""Whether a variable is set to the empty text: a difference for `${NAME-word}` and `${NAME+word}` alone."""


def interpolated(node: Literal, depth: int = 0) -> Expression:
    """A scalar with the variables of the environment in it; '$$' is a dollar sign."""
    parts: list[Expression] = []
    for start, end, variable in _variables(node.text):
        if variable is None:
            parts.append(_cut(node, start, end))
        elif depth < DEEPEST:
            parts.append(_expanded(node, start, end, variable, depth))
        else:
            parts.append(ir.Opaque("an expansion nested too deeply", node.span))
    if len(parts) == 1:
        return parts[0]
    return ir.Join(tuple(parts), node.span) if parts else node


def _variables(text: str) -> Iterator[tuple[int, int, str | None]]:
    """The stretches of a text: literal ones, and variables by name."""
    at = start = 0
    while (at := text.find("$", at)) >= 0:
        end, name = _variable_at(text, at)
        if name is None:
            # Of '$$' one sign stays; any other lone sign stands for itself.
            if start < at + 1:
                yield start, at + 1, None
            at = start = end
            continue
        if start < at:
            yield start, at, None
        yield at, end, name
        at = start = end
    if start < len(text):
        yield start, len(text), None


def _variable_at(text: str, at: int) -> tuple[int, str | None]:
    """Where what begins at a dollar sign ends, and the variable's name if it is one."""
    braced = text.startswith("{", at + 1)
    begin = at + 1 + braced
    end = begin
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    name = text[begin:end]
    if not name or name[0].isdigit():
        return at + 1 + text.startswith("$", at + 1), None
    if not braced:
        return end, name
    depth = 1
    while end < len(text) and depth:
        depth += text.startswith("${", end) - (text[end] == "}")
        end += 1
    return end, name


def _expanded(node: Literal, start: int, end: int, name: str, depth: int) -> Expression:
    span = _cut(node, start, end).span
    value = ir.Apply("environment", (Literal(name, span, exact=False),), span)
    if node.text[start + 1] != "{":
        return value
    begin = start + 2 + len(name)
    operator = node.text[begin : end - 1].lstrip(":")[:1]
    strict = node.text[begin : begin + 1] == ":"
    word = interpolated(_cut(node, begin + strict + 1, end - 1), depth + 1)
    given: Expression = ir.Compare(CompareOp.NE, value, Literal("", span), span)
    if not strict:
        given = ir.AnyOf((ir.Apply(SET_EMPTY, value.arguments, span), given), span)
    match operator:
        case "-":
            return ir.Choice(given, value, word, span)
        case "+":
            return ir.Choice(given, word, Literal("", span), span)
        case _:
            return value


def _cut(node: Literal, start: int, end: int) -> Literal:
    """A part of a literal, at its place."""
    begin = Text.of_file(node.span.path, node.text)
    if not node.exact:
        return Literal(node.text[start:end], node.span, exact=False)
    first, last = node.span.start.advanced(begin.text[:start]), node.span.start.advanced(begin.text[:end])
    return Literal(node.text[start:end], Span(first.path, first.line, first.column, last.line, last.column))
