"""Shell: words, and the variables that are assigned before (Bash Reference Manual, Shell Parameters).

A word or quoted text as a whole is replaced by a quoted variable; nothing in here-documents is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tagcheck.fixes.syntax.places import Repeat, Site
from tagcheck.frontends import shell
from tagcheck.frontends.shell.guard import MOST_DEPTH, refusal

if TYPE_CHECKING:
    from tree_sitter import Node

_WORDS = ("string", "concatenation", "word")
_PARTS = (*_WORDS, "string_content", "simple_expansion", "expansion", "variable_name", "command_substitution")
_OWNERS = ("command", "variable_assignment", "concatenation", "declaration_command")
"""What a word may be a part of: an argument, a value, the end of a longer word."""
_LISTS = (
    "program",
    "compound_statement",
    "do_group",
    "if_statement",
    "elif_clause",
    "else_clause",
    "case_item",
    "subshell",
)


def reads(path: str, content: bytes) -> bool:
    """Whether a file is a shell script."""
    return shell.relevant(path, content)


def sites(content: bytes, start: int, end: int) -> Iterator[Site]:
    """The words around a stretch in whose place a variable could stand, innermost first."""
    root = _tree(content)
    for word in _words(root.descendant_for_byte_range(start, end)) if root is not None else ():
        names = tuple(f'"${name}"' for name in _assigned_before(word))
        if names:
            yield Site(word.start_byte, word.end_byte, names)


def repeats(content: bytes, start: int, end: int) -> Iterator[Repeat]:
    """The arguments around a stretch that commands of one list have more than once."""
    root = _tree(content)
    if root is None:
        return
    written = frozenset(map(_text, _of_type(root, "variable_name")))
    for word in _words(root.descendant_for_byte_range(start, end)):
        commands = _commands_beside(word)
        found = [each for command in commands for each in command.named_children if each.text == word.text]
        found = [each for each in found if each.type == word.type]
        if len(found) > 1 and word in found and found[0].parent is not None:
            places = tuple((each.start_byte, each.end_byte) for each in found)
            yield Repeat(found[0].parent.start_byte, places, written, "{}={}", '"${}"')


def _commands_beside(word: Node) -> list[Node]:
    """The commands that stand in one list with the command of a word, which is one of its arguments."""
    command = word.parent
    if command is None or command.type != "command" or command.parent is None or command.parent.type not in _LISTS:
        return []
    return [each for each in command.parent.named_children if each.type == "command"]


@lru_cache(maxsize=2)
def _tree(content: bytes) -> Node | None:
    """The root of a script's syntax tree; None if it has faults."""
    if refusal(content) is not None:
        return None
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_bash.language())).parse(content).root_node
    return None if root.has_error else root


def _of_type(node: Node, kind: str) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type == kind:
            yield at
        waiting += at.named_children


def _words(node: Node | None) -> Iterator[Node]:
    at = node
    for _ in range(MOST_DEPTH):
        if at is None or at.parent is None or not _is_part(at):
            return
        name = at.parent.child_by_field_name("name")
        if at.type in _WORDS and at.parent.type in _OWNERS and name != at:
            yield at
        at = at.parent


def _is_part(node: Node) -> bool:
    """Whether a node can lie within a word; a command does if its output is what is substituted."""
    if node.type in ("command", "command_name"):
        return _lies_in_substitution(node)
    return node.type in _PARTS


def _lies_in_substitution(node: Node) -> bool:
    parent = node.parent if node.type == "command" else node.parent and node.parent.parent
    return parent is not None and parent.type == "command_substitution"


def _assigned_before(word: Node) -> tuple[str, ...]:
    """The variables that statements assign which come before a word wherever it is reached, nearest first; not the one
    that the word is the value of."""
    found: dict[str, None] = {}
    child, parent = word, word.parent
    while parent is not None:
        if parent.type in _LISTS and child.type not in ("elif_clause", "else_clause"):
            for sibling in reversed(parent.named_children):
                if sibling.end_byte <= child.start_byte:
                    found.update(dict.fromkeys(_assigned(sibling)))
        child, parent = parent, parent.parent
    owner = word.parent
    own = owner.child_by_field_name("name") if owner is not None and owner.type == "variable_assignment" else None
    return tuple(name for name in found if own is None or name != _text(own))


def _assigned(statement: Node) -> Iterator[str]:
    if statement.type in ("declaration_command", "variable_assignments"):
        for child in statement.named_children:
            yield from _assigned(child)
    elif statement.type == "variable_assignment":
        name = statement.child_by_field_name("name")
        if name is not None and name.type == "variable_name":
            yield _text(name)


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")
