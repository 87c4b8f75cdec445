"""Objects to the text of a manifest: what programs print that read objects and write them (YAML 1.2, block style).

Scalars keep the places and holes of what they were made of, so that the text can be searched, changed, piped and read
again like a file. A text that plain style cannot hold is put in double quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tagcheck.values import (
    EMPTY,
    Alternatives,
    Filling,
    Mapping,
    Null,
    Number,
    Opaque,
    Origin,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
    hole_of,
)

_PLAIN = re.compile(r"[\w./@+~^=$(){}<>%|,;-](?:[\w./@+~^=$(){}<>%|,;: -]*[\w./@+~^=$(){}<>%|,;-])?")
_UNPLAIN = re.compile(r": |^[-?] |^[%@|>{}=,<~^+]|^(?:true|false|null|yes|no|on|off|~)$|^[-+]?[0-9.]+$", re.IGNORECASE)
_SEPARATOR = Text.of("---\n")
DEEPEST = 60


def written(objects: tuple[Value, ...], *, bare: bool = False) -> tuple[Value, ...]:
    """The parts of a text of several documents, to be joined: texts, and alternatives of texts. `bare`: one document,
    without what separates it and without a line's end."""
    if bare:
        return tuple(part for each in objects for part in _bare(each))
    return tuple(part for each in objects for part in (_SEPARATOR, *_node(each, 0, 0), Text.of("\n")))


def _bare(value: Value) -> tuple[Value, ...]:
    parts = tuple(_node(value, 0, 0))
    first = parts[0] if parts else None
    blank = isinstance(first, Text) and (first.literal or "x")[:1] in ("\n", " ")
    return (first.dropped(1), *parts[1:]) if blank and isinstance(first, Text) else parts


def _node(node: Value, indent: int, depth: int) -> Iterator[Value]:
    """A value after a key or a dash: on the same line, or on the following lines."""
    match node:
        case Mapping(entries=()):
            yield Text.of(" {}")
        case Sequence(items=()):
            yield Text.of(" []")
        case Mapping() | Sequence() if depth > DEEPEST:
            yield Text.of(" null")
        case Mapping():
            for key, value in node.entries:
                yield Text.of("\n" + " " * indent if indent or depth else "\n")
                yield _scalar(key)
                yield Text.of(":")
                yield from _node(value, indent + 2, depth + 1)
        case Sequence():
            for item in node.items:
                yield Text.of("\n" + " " * indent + "-")
                yield from _item(item, indent, depth)
        case Alternatives():
            yield Text.of(" ")
            yield node
        case _:
            yield Text.of(" ")
            yield _scalar(node)


def _item(item: Value, indent: int, depth: int) -> Iterator[Value]:
    """An item of a list; the first entry of a mapping stands beside the dash."""
    parts = list(_node(item, indent + 2, depth + 1))
    if isinstance(item, Mapping) and item.entries and parts:
        parts[0] = Text.of(" ")
    yield from parts


def _scalar(value: Value) -> Text:
    match value:
        case Text():
            return _quoted(value)
        case Number(value=number):
            return Text.of(str(number))
        case Truth(value=truth):
            return Text.of("true" if truth else "false")
        case Opaque():
            return Text.of_hole(hole_of(value))
        case Null():
            return Text.of("null")
        case _:
            return EMPTY


def _quoted(text: Text) -> Text:
    known = "".join(part.text if isinstance(part, Piece) else "x" for part in text.parts)
    if _PLAIN.fullmatch(known) and not _UNPLAIN.search(known):
        return text
    return Text.of('"') + Text(tuple(map(_escaped, text.parts))) + Text.of('"')


def _escaped(part: Piece | Filling) -> Piece | Filling:
    if isinstance(part, Filling):
        return part
    escaped = json.dumps(part.text, ensure_ascii=False)[1:-1]
    if escaped == part.text or part.origin is None:
        return Piece(escaped, part.origin)
    return Piece(escaped, Origin(part.origin.start, False))
