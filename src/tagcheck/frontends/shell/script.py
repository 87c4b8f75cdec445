"""One shell text while it is lowered: its bytes, and the places of what stands in it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tagcheck.ir import Expression, Join, Literal
from tagcheck.source import Span, Text, is_hole

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True)
class Script:
    """A shell text. Offsets that come from the parser count bytes; `Text` counts characters."""

    text: Text
    content: bytes

    @classmethod
    def of(cls, text: Text) -> Script:
        return cls(text, text.text.encode("utf-8", "replace"))

    @cached_property
    def _characters(self) -> array[int] | None:
        """For each byte the number of characters before it; None where bytes are characters."""
        if len(self.content) == len(self.text.text):
            return None
        found = array("L")
        for number, character in enumerate(self.text.text):
            found.extend([number] * len(character.encode("utf-8", "replace")))
        found.append(len(self.text.text))
        return found

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(chunk.offset for chunk in self.text.chunks)

    def at(self, byte: int) -> int:
        """The number of characters before a byte."""
        table = self._characters
        return byte if table is None else table[byte]

    def span(self, node: Node) -> Span:
        return self.between(node.start_byte, node.end_byte)

    def between(self, start: int, end: int) -> Span:
        """The place of the bytes from `start` to `end`."""
        return self.text.span(self.at(start), self.at(end))

    def written(self, node: Node) -> str:
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        return self.text.text[self.at(start) : self.at(end)]

    def literals(self, start: int, end: int) -> Iterator[Literal]:
        """The bytes from `start` to `end` as they stand; each hole, and each part of other origin, by itself."""
        low, high = self.at(start), self.at(end)
        while low < high:
            index = bisect_right(self._starts, low) - 1
            beyond = self._starts[index + 1] if index + 1 < len(self._starts) else high
            stop = min(high, beyond)
            stop = low + 1 if is_hole(self.text.text[low]) else self._hole_after(low, stop)
            yield self._literal(low, stop, self.text.chunks[index].exact)
            low = stop

    def _hole_after(self, low: int, high: int) -> int:
        if self.text.text.isascii():
            return high
        return next((at for at in range(low, high) if is_hole(self.text.text[at])), high)

    def _literal(self, low: int, high: int, exact: bool) -> Literal:
        value = self.text.text[low:high]
        start = self.text.position(low)
        end = start.advanced(value) if exact else start
        return Literal(value, Span(start.path, start.line, start.column, end.line, end.column), exact)

    def unescaped(self, start: int, end: int, special: bytes = b"") -> Iterator[Literal]:
        """The same without the backslashes that quote: all of them, or only those before `special` characters; a
        backslash before a line's end takes the line's end with it."""
        stroke = self._stroke(start, end, special)
        while stroke >= 0:
            yield from self.literals(start, stroke)
            start = stroke + 1 + (self.content[stroke + 1] == ord("\n"))
            stroke = self._stroke(stroke + 2, end, special)
        yield from self.literals(start, end)

    def _stroke(self, start: int, end: int, special: bytes) -> int:
        """Where the next backslash stands that quotes; -1 for nowhere."""
        stroke = self.content.find(b"\\", start, end)
        while 0 <= stroke < end - 1 and special and self.content[stroke + 1] not in special:
            stroke = self.content.find(b"\\", stroke + 2, end)
        return stroke if stroke < end - 1 else -1


def joined(parts: list[Expression], span: Span) -> Expression:
    """The concatenation of parts."""
    if len(parts) == 1:
        return parts[0]
    return Join(tuple(parts), span) if parts else Literal("", span)


def literal_text(expression: Expression) -> str | None:
    """The text that an expression writes out; None if a part of it is not written out."""
    match expression:
        case Literal(text=text):
            return text
        case Join(parts=parts):
            texts = [part.text for part in parts if isinstance(part, Literal)]
            return "".join(texts) if len(texts) == len(parts) else None
        case _:
            return None
