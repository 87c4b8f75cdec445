"""Go: expressions, and what could stand in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck.fixes.syntax.golang.repeating import changes, is_single, same, statement, within_list
from tagcheck.fixes.syntax.golang.replacing import assigned_from, given, orphans, takes_text
from tagcheck.fixes.syntax.golang.scope import in_scope
from tagcheck.fixes.syntax.golang.tree import EXPRESSIONS, identifiers, outermost, text, tree
from tagcheck.fixes.syntax.places import Repeat, Site, option

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_EXPRESSIONS = 4
"""Expressions around a place that are looked at, from the innermost."""

MOST_BYTES = 2000
"""An expression that is longer names no image."""

_BETWEEN = (
    "argument_list",
    "parenthesized_expression",
    "interpreted_string_literal_content",
    "raw_string_literal_content",
)
"""What may stand between an expression and the one that it is a part of."""


def reads(path: str, content: bytes) -> bool:
    """Whether a file is Go."""
    return path.endswith(".go")


def selected(content: bytes, start: int) -> tuple[int, int] | None:
    """Where the name stands in `package.Name` that begins at a place."""
    root = tree(content)
    node = root.descendant_for_byte_range(start, start + 1) if root is not None else None
    parent = node.parent if node is not None and node.type == "identifier" else None
    if parent is None or parent.type != "selector_expression" or parent.start_byte != start:
        return None
    field = parent.child_by_field_name("field")
    return (field.start_byte, field.end_byte) if field is not None else None


def sites(content: bytes, start: int, end: int) -> Iterator[Site]:
    """The expressions around a stretch in which a variable could stand, innermost first."""
    root = tree(content)
    node = root.descendant_for_byte_range(start, end) if root is not None else None
    if root is None or node is None:
        return
    for expression in _expressions(node):
        candidates = given(root, expression) - assigned_from(expression)
        names = tuple(name for name in in_scope(expression) if name in candidates)
        if names and takes_text(root, expression) and not orphans(root, expression):
            if written := _as_option(expression, names):
                yield Site(expression.start_byte, expression.end_byte, written)
            yield Site(expression.start_byte, expression.end_byte, names)


def _as_option(expression: Node, names: tuple[str, ...]) -> tuple[str, ...]:
    """What could stand in the place of an argument that gives an option a value, with a variable as the value."""
    parent = expression.parent
    if expression.type != "interpreted_string_literal" or parent is None or parent.type != "argument_list":
        return ()
    before = option(text(expression)[1:-1])
    # gofmt sets blanks around an operator only where an argument stands alone.
    plus = " + " if len(parent.named_children) == 1 else "+"
    return tuple(f'"{before}"{plus}{name}' for name in names) if before else ()


def repeats(content: bytes, start: int, end: int) -> Iterator[Repeat]:
    """The expressions around a stretch that the function has more than once, as arguments of calls."""
    root = tree(content)
    node = root.descendant_for_byte_range(start, end) if root is not None else None
    if root is None or node is None:
        return
    written = {text(each) for each in identifiers(outermost(node))}
    for expression in _expressions(node):
        found = list(same(expression))
        first = statement(found[0]) if found else None
        if first is None or len(found) < 2 or not is_single(root, found):
            continue
        together = all(within_list(each, first) for each in found)
        if together and not changes(expression, first, found[-1]):
            places = tuple((each.start_byte, each.end_byte) for each in found)
            yield Repeat(first.start_byte, places, frozenset(written), "{} := {}", "{}")


def _expressions(node: Node) -> Iterator[Node]:
    at: Node | None = node
    for _ in range(MOST_EXPRESSIONS * 3):
        if at is None or at.type not in (*EXPRESSIONS, *_BETWEEN):
            return
        parent = at.parent
        if at.end_byte - at.start_byte > MOST_BYTES:
            return
        if at.type in EXPRESSIONS and not _is_called(at):
            yield at
        at = parent


def _is_called(node: Node) -> bool:
    """Whether an expression is what is called, or a part of its name."""
    parent = node.parent
    if parent is None or parent.type == "selector_expression":
        return True
    return parent.type == "call_expression" and parent.child_by_field_name("function") == node
