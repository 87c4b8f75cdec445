"""Symbolic texts as plain strings, one character for each hole, so that places in the string are places in the text."""

from __future__ import annotations

import re

from tagcheck.builtins.symbolic import Part
from tagcheck.source import HOLE_FIRST, HOLE_LAST
from tagcheck.values import Filling, Piece, Text, cut

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
FIRST, LAST = chr(HOLE_FIRST), chr(HOLE_LAST)


def marked(text: Text) -> str:
    """The text with a character from FIRST to LAST for each hole: the same one for the same hole."""
    numbers: dict[object, int] = {}
    found: list[str] = []
    for part in text.parts:
        if isinstance(part, Filling):
            number = numbers.setdefault(part.hole.key, len(numbers))
            found.append(chr(min(HOLE_FIRST + number, HOLE_LAST)))
        else:
            found.append(part.text)
    return "".join(found)


def between(text: Text, low: int, high: int) -> Text:
    """The part of a text from `low` to `high`, places in its marked string."""
    parts: list[Part] = []
    at = 0
    for part in text.parts:
        if at >= high:
            break
        width = 1 if isinstance(part, Filling) else len(part.text)
        if at + width > low:
            parts.extend(_within(part, max(0, low - at), min(width, high - at)))
        at += width
    return Text(tuple(parts))


def _within(part: Part, low: int, high: int) -> tuple[Part, ...]:
    if isinstance(part, Filling) or (low == 0 and high == len(part.text)):
        return (part,)
    kept: tuple[Piece, ...] = cut(part, high)[0]
    return cut(kept[0], low)[1] if kept and low else kept


def lines_of(text: Text) -> list[Text]:
    """The lines of a text, each with its line end."""
    found: list[Text] = []
    line: list[Part] = []
    for part in text.parts:
        if isinstance(part, Filling):
            line.append(part)
            continue
        origin = part.origin
        for written in _LINE.findall(part.text):
            line.append(Piece(written, origin))
            origin = origin.advanced(written) if origin else None
            if written.endswith("\n"):
                found.append(Text(tuple(line)))
                line = []
    return [*found, Text(tuple(line))] if line else found
