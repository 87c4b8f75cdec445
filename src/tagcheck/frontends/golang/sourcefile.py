"""One Go source file while it is lowered: its bytes, its places, and the names that its top level declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tagcheck.frontends.api import TypeInfo
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_TOKEN = re.compile(
    rb"\"(?:[^\"\\\n]|\\.)*+\"?|`[^`]*+`?|//[^\n]*+|/\*(?s:.*?)(?:\*/|\Z)|'(?:[^'\\\n]|\\.)*+'?"
    rb"|([A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]*+)"
)


@dataclass(frozen=True)
class SourceFile:
    """`imports` (`dotted`: those with a dot for a name) are filled in before any body is lowered. `types` grows by the
    types that bodies declare; `type_nodes` holds what the file's own types are made of, `declared` its functions,
    `numbers` those variables and constants that are plainly numbers."""

    path: str
    module: str
    content: bytes
    imports: dict[str, str] = field(default_factory=dict)
    types: dict[str, TypeInfo] = field(default_factory=dict)
    type_nodes: dict[str, Node] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    dotted: list[str] = field(default_factory=list)

    @cached_property
    def wide_rows(self) -> Mapping[int, bytes]:
        """The lines in which columns and bytes differ, by row from 0."""
        if self.content.isascii():
            return {}
        return {row: line for row, line in enumerate(self.content.split(b"\n")) if not line.isascii()}

    def span(self, node: Node) -> Span:
        """The place of a node, in characters."""
        row, column = node.start_point
        end_row, end_column = node.end_point
        wide = self.wide_rows
        if wide:
            if row in wide:
                column = characters(wide[row][:column])
            if end_row in wide:
                end_column = characters(wide[end_row][:end_column])
        return Span(self.path, row + 1, column + 1, end_row + 1, end_column + 1)

    def between(self, first: Node, last: Node) -> Span:
        """From where one node begins to where another ends."""
        start, end = self.span(first), self.span(last)
        return Span(self.path, start.line, start.column, end.end_line, end.end_column)

    def text(self, node: Node) -> str:
        return self.content[node.start_byte : node.end_byte].decode(errors="replace")

    def mentions(self, node: Node) -> frozenset[str]:
        """Every identifier in a stretch of source, keywords included, texts and comments left out."""
        found = set(_TOKEN.findall(self.content, node.start_byte, node.end_byte))
        found.discard(b"")
        return frozenset(b" ".join(found).decode(errors="replace").split(" ")) if found else frozenset()


def characters(line: bytes) -> int:
    """How many characters a part of a line has."""
    return len(line.decode(errors="replace"))


def named(node: Node) -> list[Node]:
    """The children of a node that are no punctuation and no comments."""
    return [child for child in node.children if child.is_named and child.type != "comment"]
