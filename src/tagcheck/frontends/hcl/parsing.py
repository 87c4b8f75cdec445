"""HCL texts: what is refused, and the syntax tree (HCL native syntax specification; grammar: tree-sitter-hcl 1.2)."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.hcl.source import Source
from tagcheck.source import Text

if TYPE_CHECKING:
    from tree_sitter import Language, Node

LARGEST = 1 << 20
MOST_NESTING = 60
"""Brackets inside brackets; the deepest seen in real files is under 10."""
_STEP = {ord("("): 1, ord("["): 1, ord("{"): 1, ord(")"): -1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)


def refusal(text: Text) -> ir.Problem | None:
    """Why a text is not parsed at all; None if it may be."""
    content = text.text
    if len(content) > LARGEST:
        return _problem(text, 0, f"more than {LARGEST} characters: not read; split the file")
    if "\0" in content:
        return _problem(text, content.index("\0"), "holds a zero byte: not read; save it as text")
    brackets = content.encode(errors="replace").translate(None, _NO_BRACKETS)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MOST_NESTING:
        return _problem(text, 0, f"brackets are nested more than {MOST_NESTING} deep: not read")
    return None


def text_problem(text: Text) -> ir.Problem | None:
    """A complaint about the first place of a text that does not parse; None if all does."""
    source = Source(text)
    node = _first_error(parsed(source))
    if node is None:
        return None
    return _problem(text, source.at(node.start_byte), "syntax error; the file is not analysed")


def parsed(source: Source) -> Node:
    """The root of the syntax tree."""
    from tree_sitter import Parser

    return Parser(_grammar()).parse(source.content).root_node


def _first_error(node: Node) -> Node | None:
    pending = [node] if node.has_error else []
    while pending:
        current = pending.pop()
        if current.is_error or current.is_missing:
            return current
        pending += [child for child in reversed(current.children) if child.has_error or child.is_missing]
    return None


def _problem(text: Text, offset: int, message: str) -> ir.Problem:
    place = text.position(offset)
    return ir.Problem(place.path, place.line, place.column, message)


@lru_cache(maxsize=1)
def _grammar() -> Language:
    import tree_sitter_hcl
    from tree_sitter import Language

    return Language(tree_sitter_hcl.language())
