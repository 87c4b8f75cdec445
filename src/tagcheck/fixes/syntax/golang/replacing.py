"""Whether a variable of Go could stand in the place of an expression.

Types are not checked but where they are written. So an untyped constant is replaced only where a text is asked for:
what takes it may be of a type of its own, which a variable would not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck.fixes.syntax.golang.tree import (
    EXPRESSIONS,
    LITERALS,
    declares,
    identifiers,
    is_assigned,
    is_within,
    named,
    outermost,
    text,
    within,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def given(root: Node, expression: Node) -> set[str]:
    """The names that calls are given elsewhere in the file: a name of an image is held to be passed on."""
    return {text(each) for each in identifiers(root) if _is_given(each) and not within(each, expression)}


def assigned_from(expression: Node) -> set[str]:
    """The variables that an expression is the value of."""
    statement = expression.parent
    while statement is not None and statement.type in ("expression_list", *EXPRESSIONS):
        statement = statement.parent
    left = statement.child_by_field_name("left") if statement is not None else None
    return {text(each) for each in left.named_children} if left is not None else set()


def _is_given(name: Node) -> bool:
    at: Node | None = name
    while at is not None and at.type in (*EXPRESSIONS, "argument_list", "literal_element"):
        if at.type == "argument_list":
            return True
        at = at.parent
    return False


def takes_text(root: Node, expression: Node) -> bool:
    """Whether what stands around an expression takes a text of the type string."""
    if any(is_within(expression, kind) for kind in ("const_spec", "case", "type_declaration")):
        return False
    if not _is_constant(expression):
        return True
    parent = expression.parent
    if parent is None or parent.type != "argument_list" or parent.parent is None:
        return False
    function = parent.parent.child_by_field_name("function")
    position = [each.id for each in parent.named_children].index(expression.id)
    return function is not None and _parameter_is_text(root, function, position)


def _is_constant(node: Node) -> bool:
    if node.type == "binary_expression":
        return all(map(_is_constant, node.named_children))
    return node.type in LITERALS or node.type == "parenthesized_expression"


def _parameter_is_text(root: Node, function: Node, position: int) -> bool:
    """Whether a parameter of a function is a string: one of `os/exec`, or of a function of the same file."""
    written = text(function)
    if written in ("exec.Command", "exec.CommandContext"):
        return position >= written.endswith("Context")
    for declaration in root.named_children:
        name = declaration.child_by_field_name("name")
        if declaration.type == "function_declaration" and name is not None and text(name) == written:
            return _kinds(declaration)[position : position + 1] == ["string"]
    return False


def _kinds(function: Node) -> list[str]:
    """The types of a function's parameters; one that takes any number ends the list."""
    parameters = function.child_by_field_name("parameters")
    found: list[str] = []
    for each in parameters.named_children if parameters is not None else ():
        kind = each.child_by_field_name("type")
        if each.type != "parameter_declaration" or kind is None:
            break
        found += [text(kind)] * max(1, len(each.children_by_field_name("name")))
    return found


def orphans(root: Node, expression: Node) -> bool:
    """Whether something would be used nowhere any more without an expression, which the compiler does not take: an
    import, or a local variable."""
    return any(not _is_used(root, expression, name) for name in set(map(text, identifiers(expression))))


def _is_used(root: Node, expression: Node, name: str) -> bool:
    function = outermost(expression)
    local = any(declares(each) for each in named(function, name))
    if not local and not any(map(_is_qualifier, named(expression, name))):
        return True
    uses = (each for each in named(function if local else root, name) if not within(each, expression))
    if local:
        return any(not declares(each) and not is_assigned(each) for each in uses)
    return any(not declares(each) for each in uses)


def _is_qualifier(name: Node) -> bool:
    """Whether a name may be that of a package: `uuid` in `uuid.NewString`."""
    parent = name.parent
    return parent is not None and parent.type in ("selector_expression", "qualified_type")
