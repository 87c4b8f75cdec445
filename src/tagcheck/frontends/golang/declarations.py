"""The top level of a Go file: what it imports and declares. Bodies and values wait until they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from tagcheck.frontends.api import EntryKind, Variable
from tagcheck.frontends.golang.bindings import constant_specs, declare_constants, declare_variables, specs
from tagcheck.frontends.golang.body import Body
from tagcheck.frontends.golang.guard import first_error
from tagcheck.frontends.golang.imports import default_names
from tagcheck.frontends.golang.literals import unescaped
from tagcheck.frontends.golang.procedures import bare_body, declared_function
from tagcheck.frontends.golang.sourcefile import SourceFile, named
from tagcheck.frontends.golang.types import NUMBERS, qualified, type_info, type_parameters
from tagcheck.ir import Argument, Global, Invoke, Literal, Name, Procedure, Statement

if TYPE_CHECKING:
    from tree_sitter import Node

EMBED = "//go:embed"
_PATTERN = re.compile(r'"(?:[^"\\]|\\.)*+"|`[^`]*`|[^\s"`]\S*')
_ENTRY_TYPES = {"testing.T": EntryKind.TEST, "testing.M": EntryKind.SETUP}

_NUMBER_LITERALS = frozenset(("int_literal", "float_literal", "iota"))

Lower: TypeAlias = Callable[[Body], None]


@dataclass
class TopLevel:
    """What a file declares, in source order. `key` is what the keys of its procedures begin with."""

    file: SourceFile
    key: str
    package: str = ""
    procedures: dict[str, Procedure] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    initial: list[Procedure] = field(default_factory=list)
    entries: list[tuple[str, EntryKind]] = field(default_factory=list)

    def read(self, root: Node) -> None:
        """Take in the declarations under the root; those that do not parse are left out."""
        children = [child for child in root.children if child.is_named and first_error(child) is None]
        self._names(children)
        comments: list[Node] = []
        for child in children:
            if child.type == "comment":
                comments.append(child)
                continue
            match child.type:
                case "function_declaration":
                    self._function(child)
                case "method_declaration":
                    self._method(child)
                case "var_declaration":
                    self._variables(child, comments)
                case "const_declaration":
                    self._constants(child)
            comments = []

    def _names(self, children: list[Node]) -> None:
        """Packages and the names of types come first: everything else refers to them."""
        declared_types: list[Node] = []
        for child in children:
            match child.type:
                case "package_clause":
                    self.package = self.file.text(child.children[-1])
                case "import_declaration":
                    for spec in specs(child, "import_spec"):
                        _import(self.file, spec)
                case "type_declaration":
                    declared_types += [spec for spec in named(child) if spec.child_by_field_name("type") is not None]
                case "function_declaration":
                    self.file.declared.add(_name(self.file, child))
        for spec in declared_types:
            kind = spec.child_by_field_name("type")
            if kind is not None:
                self.file.type_nodes[_name(self.file, spec)] = kind
        for spec in declared_types:
            name = _name(self.file, spec)
            local = type_parameters(self.file, spec.child_by_field_name("type_parameters"))
            kind = self.file.type_nodes[name]
            self.file.types[name] = type_info(self.file, f"{self.file.module}.{name}", kind, local)

    def _function(self, node: Node) -> None:
        name = _name(self.file, node)
        if node.child_by_field_name("body") is None:
            return
        if name in ("init", "_"):
            self.initial.append(declared_function(self.file, self._placed_key(name, node), node))
            return
        self.procedures[name] = declared_function(self.file, f"{self.key}#{name}", node)
        kind = self._entry_kind(name, self.procedures[name])
        if kind is not None:
            self.entries.append((name, kind))

    def _entry_kind(self, name: str, procedure: Procedure) -> EntryKind | None:
        """What runs a function, if a runner does (`go help test`, `go help testfunc`)."""
        if name == "main" and self.package == "main" and not procedure.parameters:
            return EntryKind.MAIN
        if not self.file.path.endswith("_test.go") or len(procedure.parameters) != 1 or not name.startswith("Test"):
            return None
        kind = _ENTRY_TYPES.get(procedure.parameters[0].type)
        if kind is EntryKind.SETUP:
            return kind if name == "TestMain" else None
        return None if name[4:5].islower() else kind

    def _method(self, node: Node) -> None:
        receiver = node.child_by_field_name("receiver")
        declarations = named(receiver) if receiver is not None else []
        if receiver is None or not declarations or node.child_by_field_name("body") is None:
            return
        kind = qualified(self.file, declarations[0].child_by_field_name("type"), {})
        name = f"{kind.rpartition('.')[2]}.{_name(self.file, node)}"
        self.procedures[name] = declared_function(self.file, f"{self.key}#{name}", node, receiver)

    def _variables(self, node: Node, comments: list[Node]) -> None:
        for child in _with_comments(node):
            if child.type == "comment":
                comments.append(child)
            elif child.type == "var_spec":
                self._variable(child, [pattern for comment in comments for pattern in self._patterns(comment)])
                comments = []

    def _variable(self, spec: Node, patterns: list[Literal]) -> None:
        kind = qualified(self.file, spec.child_by_field_name("type"), {})
        if patterns:
            self._add(spec, lambda body: self._embed(body, spec, patterns), kind)
        else:
            self._add(spec, lambda body: declare_variables(body, spec), kind)

    def _constants(self, node: Node) -> None:
        for number, spec, kind, values in constant_specs(node):
            name = qualified(self.file, kind, {})
            self._add(spec, _constant_lowering(number, spec, kind, values), name, constant=True)

    def _add(self, spec: Node, lower: Lower, kind: str, constant: bool = False) -> None:
        """One specification: a variable for each of its names, or a procedure to run if it names none."""
        file = self.file
        names = [name for name in spec.children_by_field_name("name") if name.is_named]
        words = [file.text(name) for name in names]
        mentions = file.mentions(spec)
        if all(word == "_" for word in words):
            if not constant:
                key = self._placed_key("_", spec)
                run = self._lowering(key, lower)
                self.initial.append(Procedure(key, file.module, (), run, file.span(spec), mentions=mentions))
            return
        run = self._lowering(f"{self.key}#{next(word for word in words if word != '_')}", lower)
        for name, word in zip(names, words, strict=True):
            if word != "_":
                self.variables[word] = Variable(word, file.span(name), run, mentions, constant, kind)
        if kind in NUMBERS or (not kind and _first_value(spec) in _NUMBER_LITERALS):
            file.numbers.update(words)

    def _lowering(self, key: str, lower: Lower) -> Callable[[], tuple[Statement, ...]]:
        def run() -> tuple[Statement, ...]:
            body = bare_body(self.file, key)
            lower(body)
            return tuple(body.out)

        return run

    def _placed_key(self, name: str, node: Node) -> str:
        """The key of what may occur several times in a package."""
        return f"{self.key}#{name}@{self.file.path.rpartition('/')[2]}:{node.start_point[0] + 1}"

    def _patterns(self, comment: Node) -> list[Literal]:
        """The files that a `//go:embed` line names (documentation of Go's package `embed`)."""
        text = self.file.text(comment)
        if not text.startswith((EMBED + " ", EMBED + "\t")):
            return []
        span = self.file.span(comment)
        return [Literal(match.group().strip('"`'), span, exact=False) for match in _PATTERN.finditer(text, len(EMBED))]

    def _embed(self, body: Body, spec: Node, patterns: list[Literal]) -> None:
        name = next(name for name in spec.children_by_field_name("name") if name.is_named)
        span = self.file.span(spec)
        folder = Literal(self.file.path.rpartition("/")[0], span, exact=False)
        target = Name(self.file.text(name), self.file.span(name))
        type_ = spec.child_by_field_name("type")
        whole = type_ is not None and self.file.text(type_).endswith(".FS")
        values = (folder,) if whole else (folder, *patterns)
        callee = Global("embed", "Folder" if whole else "File", span)
        body.emit(Invoke((target,), callee, tuple(map(Argument, values)), span, declare=True))


def _first_value(spec: Node) -> str:
    """The kind of the first value of a specification."""
    values = spec.child_by_field_name("value")
    return named(values)[0].type if values is not None else ""


def _constant_lowering(number: int, spec: Node, kind: Node | None, values: Node | None) -> Lower:
    return lambda body: declare_constants(body, number, spec, kind, values)


def _with_comments(node: Node) -> list[Node]:
    """What stands in a declaration, with or without brackets around it."""
    for child in node.children:
        if child.type == "var_spec_list":
            return child.children
    return node.children


def _name(file: SourceFile, node: Node) -> str:
    name = node.child_by_field_name("name")
    return file.text(name) if name is not None else "_"


def _import(file: SourceFile, spec: Node) -> None:
    path_node, name_node = spec.child_by_field_name("path"), spec.child_by_field_name("name")
    if path_node is None:
        return
    path = unescaped(file.content[path_node.start_byte + 1 : path_node.end_byte - 1])
    name = file.text(name_node) if name_node is not None else ""
    if name == ".":
        file.imports[f".{len(file.dotted)}"] = path
        file.dotted.append(path)
    elif name:
        if name != "_":
            file.imports[name] = path
    else:
        for default in default_names(path):
            file.imports.setdefault(default, path)
