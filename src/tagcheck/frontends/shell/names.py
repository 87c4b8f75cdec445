"""Which names a shell text gives to variables and functions: all others are the environment's and programs'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagcheck.frontends.shell.script import Script

if TYPE_CHECKING:
    from tree_sitter import Node

READERS = frozenset(("read", "mapfile", "readarray"))
_ASSIGNING = (":=", "=")


@dataclass
class Names:
    """`functions` maps names to their definitions in order; `lists` are the variables that hold arrays, `maps` those
    declared with -A."""

    assigned: set[str] = field(default_factory=set)
    functions: dict[str, list[Node]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    maps: set[str] = field(default_factory=set)


def collect(script: Script, root: Node) -> Names:
    """Every name that a text defines, wherever it does."""
    names = Names()
    pending = [root]
    while pending:
        node = pending.pop()
        _note(script, node, names)
        pending.extend(reversed(node.children))
    return names


def _note(script: Script, node: Node, names: Names) -> None:
    match node.type:
        case "variable_assignment" if not _is_prefix(node):
            names.assigned.add(assigned_name(script, node))
            value = node.child_by_field_name("value")
            if value is not None and value.type == "array":
                names.lists.add(assigned_name(script, node))
        case "for_statement":
            variable = node.child_by_field_name("variable")
            names.assigned |= {script.written(variable)} if variable is not None else set()
        case "function_definition":
            name = node.child_by_field_name("name")
            if name is not None:
                names.functions.setdefault(script.written(name), []).append(node)
        case "expansion" if any(child.type in _ASSIGNING for child in node.children):
            names.assigned |= {script.written(child) for child in node.children if child.type == "variable_name"}
        case "command" if command_name(script, node) in READERS:
            names.assigned |= set(read_names(script, node))
        case "declaration_command":
            _note_declared(script, node, names)


def _note_declared(script: Script, node: Node, names: Names) -> None:
    bare = {script.written(child) for child in node.children if child.type == "variable_name"}
    if node.children[0].type in ("local", "declare", "typeset"):
        names.assigned |= bare
    if any(child.type == "word" and script.written(child) == "-A" for child in node.children):
        assignments = (child for child in node.children if child.type == "variable_assignment")
        names.maps |= bare | {assigned_name(script, each) for each in assignments}


def _is_prefix(node: Node) -> bool:
    """Whether an assignment stands before a command, and so concerns its environment alone."""
    return node.parent is not None and node.parent.type == "command"


def assigned_name(script: Script, node: Node) -> str:
    """The variable of an assignment, of an array for an assignment to one item."""
    target = node.child_by_field_name("name")
    inner = target.child_by_field_name("name") if target is not None and target.type == "subscript" else target
    return script.written(inner) if inner is not None else ""


def command_name(script: Script, node: Node) -> str:
    """The name of a command where it is written out plainly; else the empty text."""
    name = node.child_by_field_name("name")
    plain = name is not None and len(name.children) == 1 and name.children[0].type == "word"
    return script.written(name) if name is not None and plain else ""


def read_names(script: Script, node: Node) -> Iterator[str]:
    """The variables that a `read`, `mapfile` or `readarray` fills."""
    skip = False
    for argument in node.children_by_field_name("argument"):
        word = script.written(argument)
        if skip or word.startswith("-"):
            skip = not skip and word in ("-d", "-n", "-N", "-p", "-t", "-u", "-i", "-s0", "-O", "-c", "-C")
        elif word.isidentifier():
            yield word
