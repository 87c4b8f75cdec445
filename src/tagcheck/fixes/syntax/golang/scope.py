"""The variables that hold at an expression (The Go Programming Language Specification, Declarations and scope)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck.fixes.syntax.golang.tree import DECLARATIONS, FUNCTIONS, LISTS, text

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_NAMES = frozenset({"_", "err"})


def in_scope(node: Node) -> tuple[str, ...]:
    """The names of local variables, parameters, and variables and constants of the file, innermost first, that hold at
    an expression. Those of other types than string are left out where the type is written."""
    found: dict[str, bool] = {}
    child, parent = node, node.parent
    while parent is not None:
        for name, is_text in _declared_in(parent, child):
            found.setdefault(name, is_text)
        child, parent = parent, parent.parent
    return tuple(name for name, is_text in found.items() if is_text and name not in _NO_NAMES)


def _declared_in(parent: Node, child: Node) -> Iterator[tuple[str, bool]]:
    if parent.type in LISTS:
        for sibling in reversed(parent.named_children):
            if sibling.end_byte <= child.start_byte:
                yield from _declared(sibling)
    elif parent.type == "source_file":
        for sibling in parent.named_children:
            if sibling.type in DECLARATIONS:
                yield from _declared(sibling)
    elif parent.type in FUNCTIONS:
        for group in (parent.child_by_field_name(name) for name in ("parameters", "result", "receiver")):
            for parameter in group.named_children if group is not None else ():
                yield from _typed(parameter)
    else:
        before = parent.child_by_field_name("initializer") or parent.child_by_field_name("left")
        if before is not None and before.end_byte <= child.start_byte and before.type != "expression_list":
            yield from _declared(before)
        for clause in parent.named_children if parent.type == "for_statement" else ():
            if clause.type in ("range_clause", "for_clause") and clause.end_byte <= child.start_byte:
                yield from _declared(clause)


def _declared(statement: Node) -> Iterator[tuple[str, bool]]:
    """The names that a statement declares, and whether each may be a text."""
    match statement.type:
        case "short_var_declaration" | "range_clause":
            left = statement.child_by_field_name("left")
            for name in left.named_children if left is not None else ():
                yield text(name), name.type == "identifier"
        case "for_clause":
            before = statement.child_by_field_name("initializer")
            if before is not None:
                yield from _declared(before)
        case "var_declaration" | "const_declaration":
            for spec in _specs(statement):
                yield from _typed(spec)


def _specs(declaration: Node) -> Iterator[Node]:
    for child in declaration.named_children:
        if child.type in DECLARATIONS.values():
            yield child
        elif child.type == "var_spec_list":
            yield from _specs(child)


def _typed(declaration: Node) -> Iterator[tuple[str, bool]]:
    kind = declaration.child_by_field_name("type")
    is_text = declaration.type != "variadic_parameter_declaration" and (kind is None or text(kind) == "string")
    for name in declaration.children_by_field_name("name"):
        yield text(name), is_text
