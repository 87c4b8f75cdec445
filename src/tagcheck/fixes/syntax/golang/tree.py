"""Syntax trees of Go, and what their nodes are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tagcheck.frontends.golang.guard import refusal

if TYPE_CHECKING:
    from tree_sitter import Node

LITERALS = ("interpreted_string_literal", "raw_string_literal")
EXPRESSIONS = (*LITERALS, "binary_expression", "call_expression", "identifier", "selector_expression")
LISTS = ("statement_list", "block", "expression_case", "default_case", "type_case", "communication_case")
FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")
DECLARATIONS = {"var_declaration": "var_spec", "const_declaration": "const_spec"}


@lru_cache(maxsize=2)
def tree(content: bytes) -> Node | None:
    """The root of a file's syntax tree; None if it has faults."""
    if refusal("", content) is not None:
        return None
    import tree_sitter_go
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_go.language())).parse(content).root_node
    return None if root.has_error else root


def identifiers(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type in ("identifier", "package_identifier"):
            yield at
        waiting += at.named_children


def of_type(node: Node, kind: str) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type == kind:
            yield at
        waiting += at.named_children


def named(node: Node, name: str) -> Iterator[Node]:
    return (each for each in identifiers(node) if text(each) == name)


def within(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def is_within(node: Node, kind: str) -> bool:
    at: Node | None = node
    while at is not None:
        if at.type == kind:
            return True
        at = at.parent
    return False


def text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def outermost(node: Node) -> Node:
    """The declaration of the file that a node is a part of."""
    at = node
    while at.parent is not None and at.parent.type != "source_file":
        at = at.parent
    return at


def declares(name: Node) -> bool:
    """Whether a name is what a declaration declares."""
    parent = name.parent
    if parent is not None and parent.type == "expression_list":
        statement = parent.parent
        left = statement.child_by_field_name("left") if statement is not None else None
        return statement is not None and statement.type in ("short_var_declaration", "range_clause") and left == parent
    is_declaration = parent is not None and parent.type in (*DECLARATIONS.values(), "parameter_declaration")
    return is_declaration and parent is not None and name in parent.children_by_field_name("name")


def is_assigned(name: Node) -> bool:
    """Whether a name is only given a value."""
    parent = name.parent
    statement = parent.parent if parent is not None and parent.type == "expression_list" else None
    if statement is None or statement.type != "assignment_statement":
        return False
    return statement.child_by_field_name("left") == parent
