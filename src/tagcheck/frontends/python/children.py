"""The nodes directly in a node of a syntax tree, in the order of its fields.

LibCST's own `children` copies the node on its way, which costs more than all that is then done with the nodes. White
space, which names nothing, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import cast

import libcst as cst

_BLANK = (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine)


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly in a node."""
    found: list[cst.CSTNode] = []
    for name in _names(type(node)):
        value = getattr(node, name)
        members: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
        found.extend(cast("cst.CSTNode", each) for each in members if _counts(type(each)))  # type: ignore[arg-type]
    return found


@cache
def _counts(kind: type[object]) -> bool:
    """Whether values of a kind are nodes other than white space. Asking each value costs more: the kinds are abstract
    base classes."""
    return issubclass(kind, cst.CSTNode) and not issubclass(kind, _BLANK)


@cache
def _names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a kind of node that can hold nodes."""
    every = (field.name for field in fields(kind))
    return tuple(name for name in every if not name.startswith(("whitespace", "leading_lines", "lines_after")))
