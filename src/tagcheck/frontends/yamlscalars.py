"""YAML scalars to expressions that keep the place of every character.

Part of `tagcheck.frontends.yamltext`, which says what is read and how.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from tagcheck.ir import Constant, Expression, Join, Literal
from tagcheck.source import Span, Text

MOST_LINES = 4_000
"""Lines of a block scalar that keep their own places."""

_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029\ufeff]")
_PROPERTIES = re.compile(r"(?:[!&]\S*\s+)+")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,20}|[0-9]{1,20}(?:\.[0-9]{0,20})?)(?:[eE][-+]?[0-9]{1,3})?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TELLING = frozenset("~nNtTfF-+.0123456789")
"""What a plain scalar begins with that may be no text."""


class Scalars:
    """The scalars of one text, read by a parser that was given the text from `base` on. `holes` as in
    `yamltext.compose`."""

    def __init__(self, text: Text, holes: Mapping[str, Expression]) -> None:
        self.text, self.source, self.holes = text, text.text, holes
        chosen = "".join(character for character in holes if character in self.source)
        self.fillable = re.compile(f"([{re.escape(chosen)}])") if chosen else None
        self.boundaries = [chunk.offset for chunk in text.chunks]
        first = text.position(0)
        self.path, self.base, self.line = first.path, 0, first.line
        self.lines = text.position(len(self.source)).line
        # The parser's own lines and columns serve where it counts as a `Text` does; that saves most of the time.
        self.direct = (
            len(text.chunks) == 1
            and text.chunks[0].exact
            and first.column == 1
            and self.fillable is None
            and not _ODD_BREAK.search(self.source)
        )

    def begin(self, base: int) -> None:
        """From here on marks count from the offset `base`."""
        self.base = base
        self.line = self.text.position(base).line

    def between(self, start: Any, end: Any) -> Span:
        """The stretch between two marks of the parser."""
        # The parser counts one line more where the text does not end with a line break.
        if self.direct and self.line + end.line <= self.lines:
            return Span(self.path, self.line + start.line, start.column + 1, self.line + end.line, end.column + 1)
        length = len(self.source)
        return self.text.span(min(self.base + start.index, length), min(self.base + end.index, length))

    def read(self, event: Any) -> Expression:
        """The expression of a scalar event."""
        if self.direct and not event.style and event.tag is None and event.anchor is None:
            return self.simple(event.value, event.start_mark, event.end_mark)
        start, end = self.base + event.start_mark.index, self.base + event.end_mark.index
        if match := _PROPERTIES.match(self.source, start, end):
            start = match.end()
        match event.style:
            case "|" | ">":
                return self.block(event.value, start, end)
            case "'" | '"':
                return _joined(self.placed(event.value, start + 1, end - 1))
            case _:
                return self.plain(event.value, start, end, event.tag is None)

    def simple(self, value: str, start: Any, end: Any) -> Expression:
        """A plain scalar where the parser's marks serve as they are."""
        line = start.line
        if not value:
            return Constant(None, self.between(start, end))
        span = Span(self.path, self.line + line, start.column + 1, self.line + end.line, end.column + 1)
        if value[0] in _TELLING:
            return _constant(value, span) or Literal(value, span, line == end.line)
        return Literal(value, span, line == end.line)

    def plain(self, value: str, start: int, end: int, untagged: bool) -> Expression:
        if not value:
            # Properties alone: the node stands behind them.
            start = end
        constant = _constant(value, self.text.span(start, end)) if untagged else None
        return constant or _joined(self.placed(value, start, end))

    def block(self, value: str, start: int, end: int) -> Expression:
        """A block scalar: the lines of its content where they can be told, else the content as a whole."""
        header = self.source.find("\n", start, end)
        if header < 0 or not value:
            return Literal(value, self.text.span(end, end), not value)
        rows = self.rows(value, header + 1, end)
        return _joined(rows or self.placed(value, *self.content(header + 1, end)))

    def rows(self, value: str, start: int, end: int) -> list[Expression]:
        """The lines of a literal block scalar, each at its place; empty if source and content do not correspond."""
        ended = value.endswith("\n")
        lines = value[: -1 if ended else None].split("\n")
        rows = self.source[start:end].split("\n")
        if len(lines) > min(len(rows), MOST_LINES):
            return []
        width = next((len(row.rstrip("\r")) - len(line) for line, row in zip(lines, rows, strict=False) if line), 0)
        found: list[Expression] = []
        for index, line in enumerate(lines):
            at = start + min(max(width, 0), len(rows[index]))
            if not self.source.startswith(line, at):
                return []
            found.extend(self.row(line, at, ended or index < len(lines) - 1))
            start += len(rows[index]) + 1
        return found

    def row(self, line: str, at: int, ended: bool) -> list[Expression]:
        end = at + len(line)
        if not ended:
            return self.placed(line, at, end)
        if self.source.startswith("\n", end):
            return self.placed(line + "\n", at, end + 1)
        return [*self.placed(line, at, end), Literal("\n", self.text.span(end, end), False)]

    def content(self, start: int, end: int) -> tuple[int, int]:
        """Where the content of a block scalar begins and ends, without the white space around it."""
        body = self.source[start:end]
        first = start + len(body) - len(body.lstrip())
        return first, max(first, start + len(body.rstrip()))

    def placed(self, value: str, start: int, end: int) -> list[Expression]:
        """The text at a stretch of the source, in pieces that come from one place each, with holes filled."""
        if self.direct:
            return [Literal(value, self.text.span(start, end), self.source[start:end] == value)]
        if self.source[start:end] != value:
            return self.filled(value, start, end, False)
        found: list[Expression] = []
        for low, high, exact in self.stretches(start, end):
            found.extend(self.filled(value[low - start : high - start], low, high, exact))
        return found

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """A stretch of the source, cut where its chunks meet; whether each part agrees with its file."""
        index = bisect_right(self.boundaries, start)
        while index < len(self.boundaries) and self.boundaries[index] < end:
            yield start, self.boundaries[index], self.text.chunks[index - 1].exact
            start = self.boundaries[index]
            index += 1
        yield start, end, self.text.chunks[index - 1].exact

    def filled(self, value: str, start: int, end: int, exact: bool) -> list[Expression]:
        if self.fillable is None or not self.fillable.search(value):
            return [Literal(value, self.spanned(value, start, end, exact), exact)]
        found: list[Expression] = []
        for part in self.fillable.split(value):
            stop = start + len(part) if exact else end
            if part in self.holes:
                found.append(self.holes[part])
            elif part:
                found.append(Literal(part, self.spanned(part, start, stop, exact), exact))
            start = stop if exact else start
        return found

    def spanned(self, value: str, start: int, end: int, exact: bool) -> Span:
        """The span of a piece; an exact one ends with its last character, whatever the text goes on with."""
        if not exact:
            return self.text.span(start, end)
        first = self.text.position(start)
        last = first.advanced(value)
        return Span(first.path, first.line, first.column, last.line, last.column)


def _joined(parts: list[Expression]) -> Expression:
    if len(parts) == 1:
        return parts[0]
    first, last = parts[0].span, parts[-1].span
    if (last.path, last.end_line, last.end_column) < (first.path, first.line, first.column):
        last = first
    return Join(tuple(parts), Span(first.path, first.line, first.column, last.end_line, last.end_column))


def _constant(value: str, span: Span) -> Constant | None:
    """The number, truth value or null that a plain scalar is, if it is one."""
    if value in _CONSTANTS:
        return Constant(_CONSTANTS[value], span)
    if value[0] not in "-+.0123456789" or _LEADING_ZERO.match(value):
        return None
    if _INTEGER.fullmatch(value):
        return Constant(int(value), span)
    return Constant(float(value), span) if _FLOAT.fullmatch(value) else None
