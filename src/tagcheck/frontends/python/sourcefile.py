"""A parsed file: its tree, where each node of it stands, and what its imports bind.

LibCST keeps no positions. Its own provider writes the tree out again and counts lines on the way; here offsets are
counted instead, which is some three times faster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any

import libcst as cst

from tagcheck.source import Span, Text

_WORD = re.compile(r"[A-Za-z_]\w*")
_PROSE = re.compile(
    r"#[^\n]*|(?<![fF\w])[rRbBuU]{0,2}(?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)''')|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
)
"""Comments and texts, of which only those may hold names that have braces."""


class _Recording:
    """Notes where a node begins and ends, without the white space that belongs to it."""

    __slots__ = ("end_node", "node", "start", "start_node", "state")

    def __init__(self, state: _Offsets, node: Any, start_node: Any, end_node: Any) -> None:
        self.state, self.node, self.start_node, self.end_node = state, node, start_node, end_node

    def __enter__(self) -> None:
        self.start = self.state.at

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        found = self.state.found
        start = self.start if self.start_node is None else found[id(self.start_node)][0]
        end = self.state.at if self.end_node is None else found[id(self.end_node)][1]
        found[id(self.node)] = (start, end)


class _Offsets:
    """What writes a tree out and remembers offsets instead of the text (in place of libcst's `CodegenState`)."""

    def __init__(self, module: cst.Module) -> None:
        self.default_indent = module.default_indent
        self.default_newline = module.default_newline
        self.provider = None
        self.at = 0
        self.tokens = [""]
        """what libcst asks whether there was anything"""
        self.found: dict[int, tuple[int, int]] = {}
        self._indents: list[str] = []
        self._open: list[int] = []
        self._last = 0

    def increase_indent(self, value: str) -> None:
        self._indents.append(value)

    def decrease_indent(self) -> None:
        self._indents.pop()

    def add_indent_tokens(self) -> None:
        self.at += sum(map(len, self._indents))

    def add_token(self, value: str) -> None:
        self._last = len(value)
        self.at += self._last

    def before_codegen(self, node: Any) -> None:
        self._open.append(self.at)

    def after_codegen(self, node: Any) -> None:
        start = self._open.pop()
        self.found.setdefault(id(node), (start, self.at))

    def pop_trailing_newline(self) -> None:
        self.at -= self._last

    def record_syntactic_position(self, node: Any, *, start_node: Any = None, end_node: Any = None) -> _Recording:
        return _Recording(self, node, start_node, end_node)


@dataclass(eq=False)
class SourceFile:
    """A file of the module `module`. `imports` maps what imports bind to modules, or to 'module:name' for one name of
    a module; whoever links the files puts the modules that are meant in their place before any body is lowered."""

    path: str
    module: str
    text: str
    tree: cst.Module
    imports: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """what the module defines"""
    suite: str = ""
    """the procedure that runs its test cases where the file asks for that itself"""
    setters: set[str] = field(default_factory=set)
    """the properties that its classes let be set"""

    @cached_property
    def _offsets(self) -> dict[int, tuple[int, int]]:
        state: Any = _Offsets(self.tree)
        self.tree._codegen(state)
        return dict(state.found)

    @cached_property
    def _source(self) -> Text:
        return Text.of_file(self.path, self.text)

    def again(self) -> SourceFile:
        """The same file, for another program that gives its names other meanings."""
        found = SourceFile(self.path, self.module, self.text, self.tree)
        found.__dict__.update(_offsets=self._offsets, _source=self._source)
        return found

    @property
    def key(self) -> str:
        return f"py:{self.module}"

    def runs_suite(self, called: str) -> bool:
        """Whether a call of this dotted name runs the file's test cases."""
        head, _, rest = called.partition(".")
        return ".".join(filter(None, (self.imports.get(head, "").replace(":", "."), rest))) == "unittest.main"

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node begins and ends, as offsets into the text."""
        return self._offsets.get(id(node), (0, 0))

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands."""
        return self._source.span(*self.offsets(node))

    def stretch(self, start: int, end: int) -> Span:
        """The place of a part of the text."""
        return self._source.span(start, end)

    def words(self, *nodes: cst.CSTNode) -> frozenset[str]:
        """Every identifier in some nodes, the names that they have where they are imported from, and the words of texts
        that may be formatted."""
        found: set[str] = set()
        for node in nodes:
            start, end = self.offsets(node)
            found.update(_WORD.findall(_PROSE.sub(_names_in, self.text[start:end])))
        return frozenset(found).union(self.imports[each].rpartition(":")[2] for each in found & self.imports.keys())


def _names_in(text: re.Match[str]) -> str:
    return text[0] if "{" in text[0] and text[0][:1] != "#" else " "
