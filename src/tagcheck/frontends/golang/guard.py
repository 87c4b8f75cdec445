"""What is refused before the parser sees it, and what is said about files that do not parse.

tree-sitter-go 0.25 survives deep nesting, but everything after it walks what it returns; so nesting is bounded on the
bytes. Brackets in texts and comments do not count.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from tagcheck.ir import Problem

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_BYTES = 4 * 1024 * 1024
MOST_NESTING = 200
"""Brackets inside brackets; the deepest seen in real Go files is under 40."""

_STEP = {ord("("): 1, ord("["): 1, ord("{"): 1, ord(")"): -1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_SEPARATORS = frozenset((";", "\n", ","))
_TEXT_OR_COMMENT = re.compile(
    rb"//[^\n]*+|/\*(?s:.*?)(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*+\"?|`[^`]*+`?|'(?:[^'\\\n]|\\.)*+'?"
)


def refusal(path: str, content: bytes) -> Problem | None:
    """Why a file is not parsed at all; None if it may be."""
    if len(content) > MOST_BYTES:
        return Problem(path, 1, 1, f"larger than {MOST_BYTES} bytes; not read as Go")
    zero = content.find(0)
    if zero >= 0:
        return _at(path, content, zero, "holds a NUL byte; save the file as UTF-8 text")
    if _nesting(content) > MOST_NESTING and _nesting(_TEXT_OR_COMMENT.sub(b"", content)) > MOST_NESTING:
        return Problem(path, 1, 1, f"brackets are nested more than {MOST_NESTING} deep; not read as Go")
    return None


def encoding_problem(path: str, content: bytes) -> Problem | None:
    """A complaint about bytes that are no UTF-8; such a file is read all the same."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return _at(path, content, error.start, "is not valid UTF-8; save the file as UTF-8 text")
    return None


def syntax_problem(path: str, content: bytes, root: Node) -> Problem | None:
    """A complaint about the first place that does not parse; None if all does."""
    node = first_error(root)
    if node is None:
        return None
    return _at(path, content, node.start_byte, "syntax error; what depends on this part of the file is not analysed")


def first_error(node: Node) -> Node | None:
    """The first node in which the parser lost its way. A separator that it added by itself is no error: the grammar
    asks for one at the end of `const ( A = 1 )`, the language does not."""
    pending = [node] if node.has_error else []
    while pending:
        current = pending.pop()
        if current.is_error or (current.is_missing and current.type not in _SEPARATORS):
            return current
        pending += [child for child in reversed(current.children) if child.has_error or child.is_missing]
    return None


def _nesting(content: bytes) -> int:
    brackets = content.translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _at(path: str, content: bytes, offset: int, message: str) -> Problem:
    line_start = content.rfind(b"\n", 0, offset) + 1
    column = len(content[line_start:offset].decode(errors="replace")) + 1
    return Problem(path, content.count(b"\n", 0, offset) + 1, column, message)
