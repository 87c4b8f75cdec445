"""Go: expressions, and the variables in scope (The Go Programming Language Specification, Declarations and scope).

Types are not checked but where they are written. So an untyped constant is replaced only where a text is asked for:
what takes it may be of a type of its own, which a variable would not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tagcheck.fixes.syntax.places import Repeat, Site
from tagcheck.frontends.golang.guard import refusal

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_EXPRESSIONS = 4
"""Expressions around a place that are looked at, from the innermost."""

MOST_BYTES = 2000
"""An expression that is longer names no image."""

_LITERALS = ("interpreted_string_literal", "raw_string_literal")
_EXPRESSIONS = (*_LITERALS, "binary_expression", "call_expression", "identifier", "selector_expression")
_BETWEEN = (
    "argument_list",
    "parenthesized_expression",
    "interpreted_string_literal_content",
    "raw_string_literal_content",
)
"""What may stand between an expression and the one that it is a part of."""
_LISTS = ("statement_list", "block", "expression_case", "default_case", "type_case", "communication_case")
_FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")
_DECLARATIONS = {"var_declaration": "var_spec", "const_declaration": "const_spec"}
_NO_NAMES = frozenset({"_", "err"})


def reads(path: str, content: bytes) -> bool:
    """Whether a file is Go."""
    return path.endswith(".go")


@lru_cache(maxsize=2)
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


def sites(content: bytes, start: int, end: int) -> Iterator[Site]:
    """The expressions around a stretch in which a variable could stand, innermost first."""
    root = tree(content)
    node = root.descendant_for_byte_range(start, end) if root is not None else None
    if root is None or node is None:
        return
    for expression in _expressions(node):
        given, kept = _given(root, expression), _assigned_from(expression)
        names = tuple(name for name in _in_scope(expression) if name in given and name not in kept)
        if names and _takes_text(root, expression) and not _orphans(root, expression):
            yield Site(expression.start_byte, expression.end_byte, names)


def _expressions(node: Node) -> Iterator[Node]:
    at: Node | None = node
    for _ in range(MOST_EXPRESSIONS * 3):
        if at is None or at.type not in (*_EXPRESSIONS, *_BETWEEN):
            return
        parent = at.parent
        if at.end_byte - at.start_byte > MOST_BYTES:
            return
        if at.type in _EXPRESSIONS and not (parent is not None and parent.type == "selector_expression"):
            yield at
        at = parent


def repeats(content: bytes, start: int, end: int) -> Iterator[Repeat]:
    """The expressions around a stretch that the function has more than once, as arguments of calls."""
    root = tree(content)
    node = root.descendant_for_byte_range(start, end) if root is not None else None
    if root is None or node is None:
        return
    written = {_text(each) for each in _identifiers(_outermost(node))}
    for expression in _expressions(node):
        found = list(_same(expression))
        statement = _statement(found[0]) if found else None
        if statement is None or len(found) < 2 or not _is_single(root, found):
            continue
        together = all(_within_list(each, statement) for each in found)
        if together and not _changes(expression, statement, found[-1]):
            places = tuple((each.start_byte, each.end_byte) for each in found)
            yield Repeat(statement.start_byte, places, frozenset(written), "{} := {}", "{}")


# --- scope -----------------------------------------------------------------------------------------------------------


def _in_scope(node: Node) -> tuple[str, ...]:
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
    if parent.type in _LISTS:
        for sibling in reversed(parent.named_children):
            if sibling.end_byte <= child.start_byte:
                yield from _declared(sibling)
    elif parent.type == "source_file":
        for sibling in parent.named_children:
            if sibling.type in _DECLARATIONS:
                yield from _declared(sibling)
    elif parent.type in _FUNCTIONS:
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
                yield _text(name), name.type == "identifier"
        case "for_clause":
            before = statement.child_by_field_name("initializer")
            if before is not None:
                yield from _declared(before)
        case "var_declaration" | "const_declaration":
            for spec in _specs(statement):
                yield from _typed(spec)


def _specs(declaration: Node) -> Iterator[Node]:
    for child in declaration.named_children:
        if child.type in _DECLARATIONS.values():
            yield child
        elif child.type == "var_spec_list":
            yield from _specs(child)


def _typed(declaration: Node) -> Iterator[tuple[str, bool]]:
    kind = declaration.child_by_field_name("type")
    is_text = declaration.type != "variadic_parameter_declaration" and (kind is None or _text(kind) == "string")
    for name in declaration.children_by_field_name("name"):
        yield _text(name), is_text


# --- what may be replaced --------------------------------------------------------------------------------------------


def _given(root: Node, expression: Node) -> set[str]:
    """The names that calls are given elsewhere in the file: a name of an image is held to be passed on."""
    return {_text(each) for each in _identifiers(root) if _is_given(each) and not _within(each, expression)}


def _assigned_from(expression: Node) -> set[str]:
    """The variables that an expression is the value of."""
    statement = expression.parent
    while statement is not None and statement.type in ("expression_list", *_EXPRESSIONS):
        statement = statement.parent
    left = statement.child_by_field_name("left") if statement is not None else None
    return {_text(each) for each in left.named_children} if left is not None else set()


def _is_given(name: Node) -> bool:
    at: Node | None = name
    while at is not None and at.type in (*_EXPRESSIONS, "argument_list", "literal_element"):
        if at.type == "argument_list":
            return True
        at = at.parent
    return False


def _takes_text(root: Node, expression: Node) -> bool:
    """Whether what stands around an expression takes a text of the type string."""
    if any(_is_within(expression, kind) for kind in ("const_spec", "case", "type_declaration")):
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
    return node.type in _LITERALS or node.type == "parenthesized_expression"


def _parameter_is_text(root: Node, function: Node, position: int) -> bool:
    """Whether a parameter of a function is a string: one of `os/exec`, or of a function of the same file."""
    written = _text(function)
    if written in ("exec.Command", "exec.CommandContext"):
        return position >= written.endswith("Context")
    for declaration in root.named_children:
        name = declaration.child_by_field_name("name")
        if declaration.type == "function_declaration" and name is not None and _text(name) == written:
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
        found += [_text(kind)] * max(1, len(each.children_by_field_name("name")))
    return found


def _orphans(root: Node, expression: Node) -> bool:
    """Whether something would be used nowhere any more without an expression, which the compiler does not take: an
    import, or a local variable."""
    return any(not _is_used(root, expression, name) for name in set(map(_text, _identifiers(expression))))


def _is_used(root: Node, expression: Node, name: str) -> bool:
    function = _outermost(expression)
    local = any(_declares(each) for each in _named(function, name))
    imported = any(each.type == "import_declaration" for each in root.named_children) and not local
    if not local and not imported:
        return True
    uses = (each for each in _named(function if local else root, name) if not _within(each, expression))
    if local:
        return any(not _declares(each) and not _is_assigned(each) for each in uses)
    return any(not _declares(each) for each in uses)


def _outermost(node: Node) -> Node:
    """The declaration of the file that a node is a part of."""
    at = node
    while at.parent is not None and at.parent.type != "source_file":
        at = at.parent
    return at


def _declares(name: Node) -> bool:
    """Whether a name is what a declaration declares."""
    parent = name.parent
    if parent is not None and parent.type == "expression_list":
        statement = parent.parent
        left = statement.child_by_field_name("left") if statement is not None else None
        return statement is not None and statement.type in ("short_var_declaration", "range_clause") and left == parent
    is_declaration = parent is not None and parent.type in (*_DECLARATIONS.values(), "parameter_declaration")
    return is_declaration and parent is not None and name in parent.children_by_field_name("name")


def _is_assigned(name: Node) -> bool:
    """Whether a name is only given a value."""
    parent = name.parent
    statement = parent.parent if parent is not None and parent.type == "expression_list" else None
    if statement is None or statement.type != "assignment_statement":
        return False
    return statement.child_by_field_name("left") == parent


# --- repeated expressions --------------------------------------------------------------------------------------------


def _same(expression: Node) -> Iterator[Node]:
    """The arguments of calls in an expression's function that are written like it, in order."""
    function = _function(expression)
    if expression.type not in ("call_expression", "binary_expression") or function is None:
        return
    for call in sorted(_of_type(function, "argument_list"), key=lambda each: each.start_byte):
        for each in call.named_children:
            if each.type == expression.type and each.text == expression.text and _function(each) == function:
                yield each


def _function(node: Node) -> Node | None:
    at = node.parent
    while at is not None and at.type not in _FUNCTIONS:
        at = at.parent
    return at


def _statement(expression: Node) -> Node | None:
    """The statement in a list that evaluates an expression once, and always."""
    at, parent = expression, expression.parent
    while parent is not None and parent.type not in _LISTS:
        if parent.type == "for_statement" or (parent.type == "if_statement" and at.type in ("block", "if_statement")):
            return None
        if parent.type in ("defer_statement", "go_statement", "labeled_statement"):
            return None
        operator = parent.child_by_field_name("operator")
        if parent.type == "binary_expression" and operator is not None and operator.type in ("&&", "||"):
            return None
        at, parent = parent, parent.parent
    return at if parent is not None and parent.type in ("statement_list", "block") else None


def _within_list(node: Node, statement: Node) -> bool:
    """Whether an expression lies in the list of a statement, in it or behind it."""
    return statement.parent is not None and node.start_byte >= statement.start_byte and _within(node, statement.parent)


def _is_single(root: Node, found: list[Node]) -> bool:
    """Whether an expression is one value: the only argument of a call may be several."""
    first = found[0]
    if first.type != "call_expression" or any(len(_arguments(each)) > 1 for each in found):
        return True
    function = first.child_by_field_name("function")
    for declaration in root.named_children:
        name, result = (declaration.child_by_field_name(field) for field in ("name", "result"))
        if function is not None and name is not None and result is not None and _text(name) == _text(function):
            return _text(result) == "string"
    return False


def _arguments(expression: Node) -> list[Node]:
    return expression.parent.named_children if expression.parent is not None else []


def _changes(expression: Node, statement: Node, last: Node) -> bool:
    """Whether what an expression is made of is declared or given a value between a statement and a place behind it."""
    names = set(map(_text, _identifiers(expression)))
    for each in _identifiers(statement.parent or statement):
        is_between = statement.start_byte <= each.start_byte < last.start_byte
        if is_between and _text(each) in names and (_declares(each) or _is_assigned(each)):
            return True
    return False


# --- the tree --------------------------------------------------------------------------------------------------------


def _identifiers(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type in ("identifier", "package_identifier"):
            yield at
        waiting += at.named_children


def _of_type(node: Node, kind: str) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type == kind:
            yield at
        waiting += at.named_children


def _named(node: Node, name: str) -> Iterator[Node]:
    return (each for each in _identifiers(node) if _text(each) == name)


def _within(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _is_within(node: Node, kind: str) -> bool:
    at: Node | None = node
    while at is not None:
        if at.type == kind:
            return True
        at = at.parent
    return False


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")
