"""Places in source text.

Everything that reaches a report started as bytes in a file. This module holds the two coordinates used for them: a
`Position` (one point) and a `Span` (from a point to a point), both 1-based, columns counted in characters, the end
column exclusive, as the JSON contract asks. `Text` is a piece of source that may itself lie inside another file (a
manifest in a Go raw string, a script in a CI step): it knows where it started, so that whatever is found inside is
reported at its true place.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from msgspec import Struct


class Position(Struct, frozen=True, order=True):
    """A point in a file: `path` relative to the project root with '/' separators, `line` and `column` from 1."""

    path: str
    line: int
    column: int

    def advanced(self, text: str) -> Position:
        """The position reached after reading `text` from here, when source and text agree character by character."""
        breaks = text.count("\n")
        if not breaks:
            return Position(self.path, self.line, self.column + len(text))
        return Position(self.path, self.line + breaks, len(text) - text.rfind("\n"))


class Span(Struct, frozen=True, order=True):
    """A stretch of a file; `end_column` is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def start(self) -> Position:
        return Position(self.path, self.line, self.column)

    def contains(self, other: Span) -> bool:
        """Whether another stretch lies within this one."""
        begins = (self.line, self.column) <= (other.line, other.column)
        ends = (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        return self.path == other.path and begins and ends

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Chunk(Struct, frozen=True):
    """From character `offset` on, a text continues at `position` of a file.

    `exact` says that text and source then agree character by character; otherwise (escape sequences, substituted
    values) every character of the chunk lies at `position`.
    """

    offset: int
    position: Position
    exact: bool = True


@dataclass(frozen=True)
class Text:
    """A text with the places that its characters come from.

    `chunks` are sorted by offset and the first has offset 0. A character in the Unicode private use area
    U+E000 to U+F8FF stands for a value that is not known as text (a *hole*): the k-th such value is `chr(0xE000 + k)`.
    Front ends treat such a character like a letter and copy it into the literals that they produce.
    """

    text: str
    chunks: tuple[Chunk, ...]
    _offsets: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offsets", tuple(chunk.offset for chunk in self.chunks))

    @classmethod
    def of_file(cls, path: str, text: str) -> Text:
        """The whole text of the file `path`."""
        return cls(text, (Chunk(0, Position(path, 1, 1)),))

    def position(self, offset: int) -> Position:
        """Where the character at `offset` (0-based, up to and including the length) stands."""
        chunk = self.chunks[bisect_right(self._offsets, offset) - 1]
        if not chunk.exact:
            return chunk.position
        first, last = bisect_left(self._breaks, chunk.offset), bisect_left(self._breaks, offset)
        start = chunk.position
        if first == last:
            return Position(start.path, start.line, start.column + offset - chunk.offset)
        return Position(start.path, start.line + last - first, offset - self._breaks[last - 1])

    @cached_property
    def _breaks(self) -> tuple[int, ...]:
        # Reading the text again for each position would be quadratic in its length.
        return tuple(match.start() for match in re.finditer("\n", self.text))

    def span(self, start: int, end: int) -> Span:
        """The stretch from `start` to `end` (exclusive); never ends before it begins, never leaves its file."""
        if len(self.chunks) == 1 and self.chunks[0].exact and start <= end:
            return self._span_of_one(self.chunks[0], start, end)
        first, last = self.position(start), self.position(end)
        if last.path != first.path or last < first:
            last = first
        return Span(first.path, first.line, first.column, last.line, last.column)

    def _span_of_one(self, chunk: Chunk, start: int, end: int) -> Span:
        """`span` where the whole text stands in one piece, as that of a file does."""
        at, breaks = chunk.position, self._breaks
        before = bisect_left(breaks, chunk.offset)
        first, last = bisect_left(breaks, start), bisect_left(breaks, end)
        column = at.column + start - chunk.offset if first == before else start - breaks[first - 1]
        end_column = at.column + end - chunk.offset if last == before else end - breaks[last - 1]
        return Span(at.path, at.line + first - before, column, at.line + last - before, end_column)


HOLE_FIRST = 0xE000
HOLE_LAST = 0xF8FF


def is_hole(character: str) -> bool:
    """Whether a character of a `Text` stands for a value that is not known as text."""
    return HOLE_FIRST <= ord(character) <= HOLE_LAST
