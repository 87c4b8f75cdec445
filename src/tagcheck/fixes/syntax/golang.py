"""Go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck.frontends.golang.guard import refusal

if TYPE_CHECKING:
    from tree_sitter import Node


def tree(content: bytes) -> Node | None:
    """The root of a file's syntax tree; None if it has faults."""
    if refusal("", content) is not None:
        return None
    import tree_sitter_go
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_go.language())).parse(content).root_node
    return None if root.has_error else root


def selected(content: bytes, start: int) -> tuple[int, int] | None:
    """Where the name stands in `package.Name` that begins at a place."""
    root = tree(content)
    node = root.descendant_for_byte_range(start, start + 1) if root is not None else None
    parent = node.parent if node is not None and node.type == "identifier" else None
    if parent is None or parent.type != "selector_expression" or parent.start_byte != start:
        return None
    field = parent.child_by_field_name("field")
    return (field.start_byte, field.end_byte) if field is not None else None
