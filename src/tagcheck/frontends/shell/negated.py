"""`! { …; }`: the grammar (tree-sitter-bash 0.25) knows `!` before a command, a test and a subshell, but not before a
group in braces, whose brackets it takes for commands. The text is parsed once more with round brackets in their place,
which are as long, and what they hold is remembered to be no subshell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_NEGATED = re.compile(rb"!\s+\{\s")
MOST_GROUPS = 40
"""Negated groups of one text that are told from commands."""


def parsed(content: bytes, parse: Callable[[bytes], Node]) -> tuple[Node, frozenset[int]]:
    """The syntax tree of a text, and the offsets in bytes of what looks like a subshell in it and is a group."""
    root = parse(content)
    found: set[int] = set()
    while len(found) < MOST_GROUPS and _NEGATED.search(content) is not None:
        group = _first_group(root)
        if group is None:
            break
        start, end = group
        content = b"".join((content[:start], b"(", content[start + 1 : end], b")", content[end + 1 :]))
        root = parse(content)
        found.add(start)
    return root, frozenset(found)


def _first_group(root: Node) -> tuple[int, int] | None:
    """The offsets of the brackets of the first negated group, the innermost of those in one another."""
    start: int | None = None
    for name in _command_names(root):
        negated = name.parent is not None and name.parent.parent is not None
        if name.text == b"{" and negated and name.parent.parent.type == "negated_command":  # type: ignore[union-attr]
            start = name.start_byte
        elif name.text == b"}" and start is not None:
            return start, name.start_byte
    return None


def _command_names(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "command_name":
            yield node
        else:
            pending.extend(reversed(node.named_children))
