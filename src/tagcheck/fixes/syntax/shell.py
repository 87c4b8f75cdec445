"""Shell: words, and the variables that are assigned before (Bash Reference Manual, Shell Parameters).

A word or quoted text as a whole is replaced by a quoted variable, and so is what stands behind the first '=' of an
argument. In a here-document whose text is expanded, a stretch is replaced as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
_ENDS = ("function_definition", "for_statement", "c_style_for_statement", "while_statement")
"""What is not done once where it stands."""
_BORDERS = b" \t\r\n\"'`=,;()[]{}<>|&"


def reads(path: str, content: bytes) -> bool:
    """Whether a file is a shell script."""
    return shell.relevant(path, content)


def sites(content: bytes, start: int, end: int) -> Iterator[Site]:
    """The words around a stretch in whose place a variable could stand, innermost first."""
    root = _tree(content)
    if root is None:
        return
    around = root.descendant_for_byte_range(start, end)
    if around is not None and _is_expanded(around):
        if names := _assigned_before(around):
            values = tuple(f"${{{name}}}" for name in names)
            yield Site(*_token(content, start, end), values, _statement_of(around).start_byte)
        return
    for stretch in _stretches(around, start):
        if names := _assigned_before(stretch.word):
            yield Site(stretch.start, stretch.end, tuple(f'"${name}"' for name in names))


def repeats(content: bytes, start: int, end: int) -> Iterator[Repeat]:
    """The arguments around a stretch that commands of one list have more than once."""
    root = _tree(content)
    if root is None:
        return
    for wanted in _stretches(root.descendant_for_byte_range(start, end), start):
        written = content[wanted.start : wanted.end]
        for block in _blocks(wanted.word):
            every = (each for each in _arguments(block) if content[each.start : each.end] == written)
            found = sorted(every, key=lambda each: each.start)
            if len(found) > 1 and wanted in found:
                yield _once(root, block, found)


def pairs(content: bytes, made: tuple[int, int], used: tuple[int, int]) -> Iterator[Repeat]:
    """An argument in which a name is generated, and another behind it that should be the same."""
    root = _tree(content)
    if root is None:
        return
    for first in _of_command(root, *made):
        if next(_of_type(first.word, "command_substitution"), None) is None:
            continue
        for second in _stretches(root.descendant_for_byte_range(*used), used[0]):
            for block in _blocks(first.word):
                found = set(_arguments(block))
                if {first, second} <= found and first.end <= second.start and _is_alike(content, first, second):
                    yield _once(root, block, [first, second])


def copies(content: bytes, made: tuple[int, int], used: tuple[int, int]) -> Iterator[Site]:
    """Where the words of an argument that is put together of variables could stand instead of another one."""
    root = _tree(content)
    if root is None:
        return
    for first in _of_command(root, *made):
        names = {_text(each) for each in _of_type(first.word, "variable_name")}
        if not names or next(_of_type(first.word, "command_substitution"), None) is not None:
            continue
        text = content[first.start : first.end].decode(errors="replace")
        for second in _stretches(root.descendant_for_byte_range(*used), used[0]):
            if names <= set(_assigned_before(second.word)) and _is_alike(content, first, second):
                yield Site(second.start, second.end, (text,))


def _is_alike(content: bytes, one: _Stretch, other: _Stretch) -> bool:
    """Whether two names are written with the same registry and repository: another registry may be meant."""
    repositories = [content[each.start : each.end].strip(b"\"'").rpartition(b":")[0] for each in (one, other)]
    return bool(repositories[0]) and repositories[0] == repositories[1]


def _of_command(root: Node, start: int, end: int) -> list[_Stretch]:
    """The arguments of the command at a place, and what stands in them behind a '='."""
    at = root.descendant_for_byte_range(start, max(start, end - 1))
    while at is not None and at.type != "command":
        at = at.parent
    return list(_in_command(at)) if at is not None else []


def _once(root: Node, block: Node, found: Sequence[_Stretch]) -> Repeat:
    """An assignment before the statement of a block in which the first of some arguments is."""
    written = frozenset(map(_text, _of_type(root, "variable_name")))
    first = found[0].start
    statement = next(each for each in block.named_children if each.start_byte <= first < each.end_byte)
    places = tuple((each.start, each.end) for each in found)
    return Repeat(statement.start_byte, places, written, "{}={}", '"${}"')


def _statement_of(node: Node) -> Node:
    """The statement in a list that a node is a part of."""
    while node.parent is not None and node.parent.type not in _LISTS:
        node = node.parent
    return node


def _token(content: bytes, start: int, end: int) -> tuple[int, int]:
    """The characters around a stretch up to blanks, quotes and brackets."""
    while start > 0 and content[start - 1] not in _BORDERS:
        start -= 1
    while end < len(content) and content[end] not in _BORDERS:
        end += 1
    return start, end


@dataclass(frozen=True)
class _Stretch:
    """A word, or what stands in it behind its first '='."""

    start: int
    end: int
    word: Node


def _stretches(node: Node | None, start: int) -> Iterator[_Stretch]:
    """What could be replaced around a node, innermost first; the value of an option comes before the whole."""
    for word in _words(node):
        value = _value_of(word)
        if value is not None and value.start <= start:
            yield value
        yield _Stretch(word.start_byte, word.end_byte, word)


def _value_of(word: Node) -> _Stretch | None:
    """What stands behind the first '=' of an argument that is no quoted text."""
    before, equals, value = (word.text or b"").partition(b"=")
    is_argument = word.type != "string" and word.parent is not None and word.parent.type == "command"
    is_named = bool(before) and all(character.isalnum() or character in "-_." for character in before.decode("latin-1"))
    if not equals or not value or not is_argument or not is_named:
        return None
    return _Stretch(word.start_byte + len(before) + 1, word.end_byte, word)


def _blocks(word: Node) -> Iterator[Node]:
    """The lists of statements around a command's argument, innermost first: up to the body of the function or loop."""
    command = word.parent
    if command is None or command.type != "command":
        return
    at: Node | None = command.parent
    while at is not None:
        if at.type in _LISTS:
            yield at
        if at.type in _ENDS or (at.parent is not None and at.parent.type in _ENDS):
            return
        at = at.parent


def _arguments(block: Node) -> Iterator[_Stretch]:
    """The arguments of the commands in a block, not those in loops and functions inside it."""
    waiting = list(block.named_children)
    while waiting:
        node = waiting.pop()
        if node.type == "command":
            yield from _in_command(node)
        elif node.type not in _ENDS:
            waiting += node.named_children


def _in_command(command: Node) -> Iterator[_Stretch]:
    name = command.child_by_field_name("name")
    for each in command.named_children:
        if each.type in _WORDS and each != name:
            if (value := _value_of(each)) is not None:
                yield value
            yield _Stretch(each.start_byte, each.end_byte, each)


def _is_expanded(node: Node) -> bool:
    """Whether a node lies in the text of a here-document in which variables stand for their values."""
    at: Node | None = node
    while at is not None and at.type != "heredoc_body":
        at = at.parent
    if at is None or at.parent is None or node.type not in ("heredoc_body", "heredoc_content"):
        return False
    begins = next((each for each in at.parent.named_children if each.type == "heredoc_start"), None)
    return begins is not None and not any(mark in (begins.text or b"") for mark in (b"'", b'"', b"\\"))


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
