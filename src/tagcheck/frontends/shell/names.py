"""Which names a shell text gives to variables and functions: all others are the environment's and programs'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagcheck.frontends.shell.script import Script

if TYPE_CHECKING:
    from tree_sitter import Node

READERS = frozenset(("read", "mapfile", "readarray"))
MOVERS = frozenset(("cd", "pushd", "popd"))
DIRECTORY, LAST_DIRECTORY = "PWD", "OLDPWD"
"""The variables that hold where a shell is, and where it was before."""
READ_VALUED = frozenset("dnNputi")
MAPFILE_VALUED = frozenset("dnOsucC")
"""The letters of the options that take a value."""
NOTHING = frozenset(("''", '""', "$'\\0'", "$'\\x00'"))
"""How the delimiter that is the byte 0 is written."""
_ASSIGNING = (":=", "=")
_IMPLIED = {
    **dict.fromkeys(MOVERS, frozenset((DIRECTORY, LAST_DIRECTORY))),
    **dict.fromkeys(READERS, frozenset(("REPLY", "MAPFILE"))),
    "getopts": frozenset(("OPTARG", "OPTIND")),
    "run": frozenset(("output",)),
}


@dataclass
class Names:
    """`functions` maps names to their definitions in order; `lists` are the variables that hold arrays, `maps` those
    declared with -A, `references` those declared with -n, `locals` those of functions alone, `changed` those whose
    values the shell changes, with the letter that declares it (-l, -u, -i), `exported` those that are exported
    anywhere. `sources`: the text runs other files in its own shell."""

    assigned: set[str] = field(default_factory=set)
    functions: dict[str, list[Node]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    maps: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    locals: set[str] = field(default_factory=set)
    changed: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    descriptors: set[str] = field(default_factory=set)
    """numbers of descriptors that `exec` opens to write files by"""
    sources: bool = False
    last_in_shell: bool = False
    """whether the last command of a pipeline runs in the shell itself (`shopt -s lastpipe`; so do zsh and ksh)"""


def implied(words: Iterable[str]) -> frozenset[str]:
    """The variables that a text reads or sets without naming them: by commands among its words (bash 5.2, section
    Shell Builtin Commands; bats 1.11, `run`), or wherever words are split."""
    return frozenset(("IFS",)).union(*(_IMPLIED[word] for word in words if word in _IMPLIED))


def collect(script: Script, root: Node) -> Names:
    """Every name that a text defines, wherever it does."""
    names = Names(last_in_shell=script.text.text.partition("\n")[0].endswith(("zsh", "ksh")))
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
        case "command":
            torn = torn_assignment(node)
            if torn:
                names.assigned.add(assigned_name(script, torn[0]))
            else:
                _note_command(script, node, names)
        case "declaration_command":
            _note_declared(script, node, names)
        case "redirected_statement" if is_exec(script, node):
            opened = (opened_descriptor(script, each) for each in node.children_by_field_name("redirect"))
            names.descriptors |= {each for each in opened if each}


def is_exec(script: Script, node: Node) -> bool:
    """Whether a command is `exec` with redirections alone."""
    body = node.child_by_field_name("body")
    return (
        body is not None
        and body.type == "command"
        and command_name(script, body) == "exec"
        and not body.children_by_field_name("argument")
    )


def opened_descriptor(script: Script, redirect: Node) -> str:
    """The number of a descriptor, beyond the standard ones, by which a file is to be written; empty for none."""
    number = redirect.child_by_field_name("descriptor")
    written = script.written(number) if number is not None else ""
    writes = any(child.type in (">", ">>", ">|") for child in redirect.children)
    has_file = redirect.child_by_field_name("destination") is not None
    return written if writes and has_file and written not in ("1", "2") else ""


def _note_command(script: Script, node: Node, names: Names) -> None:
    name = command_name(script, node)
    if any(script.written(each) in MOVERS for each in node.children_by_field_name("argument")):
        # A function may run the words that it is given.
        names.assigned.add(DIRECTORY)
    if name in READERS or name == "printf":
        names.assigned |= set(read_names(script, node))
        items = set(_printed_lists(script, node)) if name == "printf" else set()
        names.assigned |= items
        names.lists |= items
    elif name in MOVERS:
        words = [script.written(each) for each in node.children_by_field_name("argument")]
        names.assigned |= {DIRECTORY, LAST_DIRECTORY} if "-" in words else {DIRECTORY}
    elif name == "shopt":
        names.last_in_shell |= "lastpipe" in map(script.written, node.children_by_field_name("argument"))
    elif name == "run":
        names.assigned.add("output")
    elif name == "load":
        names.sources = True
    elif name == "getopts":
        words = [script.written(each) for each in node.children_by_field_name("argument")]
        names.assigned |= {*words[1:2], "OPTARG", "OPTIND"}
    elif name in ("source", "."):
        names.sources = True


def _note_declared(script: Script, node: Node, names: Names) -> None:
    bare = {script.written(child) for child in node.children if child.type == "variable_name"}
    flags = declared_flags(script, node)
    keyword = node.children[0].type
    assignments = {assigned_name(script, each) for each in node.children if each.type == "variable_assignment"}
    if keyword in ("local", "declare", "typeset"):
        names.assigned |= bare
        if "g" not in flags and _in_function(node):
            names.locals |= bare | assignments
    if keyword == "export" or "x" in flags:
        names.exported |= bare | assignments
    if "A" in flags:
        names.maps |= bare | assignments
    if "a" in flags:
        names.lists |= bare | assignments
    for letter in {"l", "u", "i"} & set(flags):
        names.changed |= dict.fromkeys(bare | assignments, letter)
    if "n" in flags and keyword != "export":
        names.references |= bare | assignments


def declared_flags(script: Script, node: Node) -> str:
    """The letters of the options of a declaration."""
    words = (script.written(child) for child in node.children[1:] if child.type == "word")
    return "".join(word[1:] for word in words if word.startswith("-"))


def hidden_flags(script: Script, node: Node) -> str:
    """The letters of the options of a declaration that take something back (`declare +x`)."""
    words = (script.written(child) for child in node.children[1:] if child.type == "word")
    return "".join(word[1:] for word in words if word.startswith("+"))


def _in_function(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type != "function_definition":
        parent = parent.parent
    return parent is not None


def _is_prefix(node: Node) -> bool:
    """Whether an assignment stands before a command, and so concerns its environment alone."""
    return node.parent is not None and node.parent.type == "command"


def torn_assignment(node: Node) -> list[Node]:
    """The assignment and the rest of its value where the parser takes `A=b:$C-d` for an assignment before the command
    `C-d`; else nothing."""
    name = node.child_by_field_name("name")
    before = [child for child in node.children if child.type == "variable_assignment"]
    words = node.children_by_field_name("argument")
    if name is None or not before or before[-1].end_byte != name.start_byte:
        return []
    value = before[-1].child_by_field_name("value")
    ends = [name, *words]
    torn = all(left.end_byte == right.start_byte for left, right in zip(ends, words, strict=False))
    return [before[-1], *([value] if value is not None else []), *name.children, *words] if torn else []


def leading_name(written: str) -> str:
    """The name of a variable that a text begins with."""
    end = 0
    while end < len(written) and (written[end].isalnum() or written[end] == "_") and written[end].isascii():
        end += 1
    return written[:end] if written[:end].isidentifier() else ""


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
    """The variables that a `read`, `mapfile`, `readarray` or `printf -v` fills."""
    if command_name(script, node) == "printf":
        yield from _printed_names(script, node)
        return
    valued = READ_VALUED if command_name(script, node) == "read" else MAPFILE_VALUED
    skip = False
    for argument in node.children_by_field_name("argument"):
        word = script.written(argument)
        if skip or word.startswith("-"):
            skip = not skip and _value_follows(word, valued)
        elif word.isidentifier():
            yield word


def valued_options(written: list[str], valued: frozenset[str]) -> dict[str, str]:
    """The options of a command that take a value, by their letters, with the values as they are written."""
    found: dict[str, str] = {}
    skip = False
    for index, word in enumerate(written):
        if skip or not word.startswith("-"):
            skip = False
            continue
        at = next((at for at, letter in enumerate(word) if at and letter in valued), 0)
        if at:
            skip = _value_follows(word, valued)
            found[word[at]] = "".join(written[index + 1 : index + 2]) if skip else word[at + 1 :]
    return found


def _value_follows(option: str, valued: frozenset[str]) -> bool:
    """Whether the value of an option is the next word."""
    at = next((at for at, letter in enumerate(option) if at and letter in valued), 0)
    return bool(at) and at == len(option) - 1


def _printed_names(script: Script, node: Node) -> Iterator[str]:
    words = [script.written(each) for each in node.children_by_field_name("argument")]
    if len(words) > 2 and words[0] == "-v" and words[1].isidentifier():
        yield words[1]


def _printed_lists(script: Script, node: Node) -> Iterator[str]:
    """The list or map of `printf -v 'NAME[INDEX]'`."""
    words = [script.written(each).strip("\"'") for each in node.children_by_field_name("argument")]
    if len(words) > 2 and words[0] == "-v" and words[1].endswith("]"):
        name = words[1].partition("[")[0]
        yield from (name,) if name.isidentifier() else ()
