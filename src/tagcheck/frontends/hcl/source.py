"""A text as its parser counts it, in bytes, and the places of its characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck.source import Span, Text

if TYPE_CHECKING:
    from tree_sitter import Node


class Source:
    """A text between a prefix and a suffix that do not stand in the file."""

    def __init__(self, text: Text, prefix: str = "", suffix: str = "") -> None:
        self.text, self.before = text, len(prefix)
        self.content = (prefix + text.text + suffix).encode(errors="replace")
        self.ascii = text.text.isascii()

    def at(self, byte: int) -> int:
        """The offset in the text of a byte."""
        found = byte if self.ascii else len(self.content[:byte].decode(errors="ignore"))
        return min(max(0, found - self.before), len(self.text.text))

    def span(self, start: int, end: int) -> Span:
        return self.text.span(self.at(start), self.at(end))

    def between(self, start: int, end: int) -> str:
        return self.content[start:end].decode(errors="replace")

    def written(self, node: Node) -> str:
        return self.between(node.start_byte, node.end_byte)
