"""Places of a report in the bytes of their files.

Lines end at a line feed and columns count characters, as everywhere in tagcheck; a byte order mark is no character.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from tagcheck.source import Span


@dataclass(frozen=True)
class Source:
    """The content of a file."""

    content: bytes

    def offset(self, line: int, column: int) -> int | None:
        """The offset of a place; None where there is no such place, or its line is not UTF-8."""
        if not 0 < line <= len(self._starts) or column < 1:
            return None
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.content)
        try:
            text = self.content[start:end].decode()
        except UnicodeDecodeError:
            return None
        return None if column > len(text) + 1 else start + len(text[: column - 1].encode())

    def range(self, span: Span) -> tuple[int, int] | None:
        """The offsets of a stretch; None where there is no such stretch."""
        start, end = self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)
        return None if start is None or end is None or end < start else (start, end)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        before = self.content[:offset]
        start = max(before.rfind(b"\n") + 1, self._starts[0] if offset >= self._starts[0] else 0)
        return before.count(b"\n") + 1, len(before[start:].decode(errors="replace")) + 1

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        starts = [len(codecs.BOM_UTF8) if self.content.startswith(codecs.BOM_UTF8) else 0]
        at = self.content.find(b"\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.content.find(b"\n", at + 1)
        return tuple(starts)

    def line_end(self, offset: int) -> tuple[int, bytes]:
        """Where the line of an offset ends, before its line break, and the file's kind of break there."""
        end = self.content.find(b"\n", offset)
        if end < 0:
            return len(self.content), b"\r\n" if b"\r\n" in self.content else b"\n"
        carriage = self.content[end - 1 : end] == b"\r"
        return end - carriage, b"\r\n" if carriage else b"\n"


@dataclass
class Sources:
    """The files of a scan, as it read them."""

    read: Callable[[str], bytes | None]
    _known: dict[str, Source | None] = field(default_factory=dict)

    def get(self, path: str) -> Source | None:
        """A file; None if it cannot be read or is no UTF-8, whose places could not be told."""
        if path not in self._known:
            content = self.read(path)
            self._known[path] = Source(content) if content is not None and _is_text(content) else None
        return self._known[path]


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
