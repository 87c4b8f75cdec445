"""Data written inside a symbolic text: YAML or JSON with unknown parts to values.

A ConfigMap entry, an annotation or an argument may hold a whole document. It is read by the reader of files, each hole
as one character, so that names found inside keep their places and their unknown parts.
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import force_setattr

from tagcheck.frontends.holes import blank_definitions
from tagcheck.frontends.yamltext import compose
from tagcheck.guards import ALWAYS
from tagcheck.ir import Choice, Constant, Expression, Join, ListOf, Literal, MapOf
from tagcheck.source import HOLE_FIRST, HOLE_LAST, Chunk, Position
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
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
    alternatives,
)

LONGEST = 512 * 1024
"""Characters besides spaces of a text that is looked into."""
_MOST = 8 * LONGEST
"""Characters of a text that may become short enough."""

_HOLE = re.compile(f"([{chr(HOLE_FIRST)}-{chr(HOLE_LAST)}])")


def documents(text: Text) -> tuple[Value, ...]:
    """The mappings and sequences that a text holds as YAML or JSON documents; empty if it is no such text."""
    known = text.reading
    if isinstance(known, _Documents):
        return known.roots
    found = _Documents(_read(text))
    force_setattr(text, "reading", found)
    return found.roots


class _Documents(Struct, frozen=True):
    """What a text holds, which is asked for again and again of the files of a project."""

    roots: tuple[Value, ...]


def _read(text: Text) -> tuple[Value, ...]:
    source, fillings = _source(text)
    if source is None:
        return ()
    source = blank_definitions(source)
    if len(source.text) - source.text.count(" ") > LONGEST:
        return ()
    reader = _Values(fillings)
    roots = (document.root for document in compose(source).documents)
    return tuple(reader.value(root) for root in roots if isinstance(root, MapOf | ListOf))


def _source(text: Text) -> tuple[SourceText | None, dict[str, Filling]]:
    """The text with a character for each hole, and the holes."""
    chunks: list[Chunk] = []
    rendered: list[str] = []
    fillings: dict[str, Filling] = {}
    offset = 0
    nowhere = text.origin or Position("", 1, 1)
    for part in text.parts:
        if isinstance(part, Filling):
            character = chr(HOLE_FIRST + len(fillings))
            if ord(character) > HOLE_LAST:
                return None, {}
            fillings[character] = part
            chunks.append(Chunk(offset, part.site.start if part.site else nowhere, exact=False))
            rendered.append(character)
        elif part.text:
            origin = part.origin or Origin(nowhere, False)
            chunks.append(Chunk(offset, origin.start, origin.exact))
            rendered.append(part.text)
        offset += len(rendered[-1]) if rendered else 0
        if offset > _MOST:
            return None, {}
    return (SourceText("".join(rendered), tuple(chunks)) if chunks else None), fillings


class _Values:
    """Expressions of data to values; shared nodes stay shared."""

    def __init__(self, fillings: dict[str, Filling]) -> None:
        self.fillings = fillings
        self.known: dict[int, Value] = {}

    def value(self, node: Expression) -> Value:
        found = self.known.get(id(node))
        if found is None:
            found = self.known[id(node)] = self.fresh(node)
        return found

    def fresh(self, node: Expression) -> Value:
        match node:
            case Literal():
                return self.text(node)
            case Join(parts=parts):
                return sum((self.text(part) for part in parts if isinstance(part, Literal)), EMPTY)
            case Constant(value=None):
                return Null()
            case Constant(value=bool(truth)):
                return Truth(truth)
            case Constant(value=int() | float() as number):
                return Number(number)
            case ListOf(items=items):
                return Sequence(tuple(self.value(item) for item in items))
            case MapOf(entries=entries):
                return Mapping(tuple((self.value(key), self.value(value)) for key, value in entries))
            case Choice(then=then, otherwise=otherwise):
                return alternatives(((ALWAYS, self.value(then)), (ALWAYS, self.value(otherwise))))
            case _:
                return Opaque(f"embedded:{node.span}", "not written out")

    def text(self, literal: Literal) -> Text:
        parts: list[Piece | Filling] = []
        origin = Origin(literal.span.start, literal.exact) if literal.span.path else None
        for part in _HOLE.split(literal.text):
            if part in self.fillings:
                parts.append(self.fillings[part])
            elif part:
                parts.append(Piece(part, origin))
                origin = origin.advanced(part) if origin else None
        return Text(tuple(parts))
