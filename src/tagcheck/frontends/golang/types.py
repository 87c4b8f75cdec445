"""Qualified names of Go types, and the types that a file declares (Go specification, "Types")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tagcheck.frontends.api import TypeInfo
from tagcheck.frontends.golang.sourcefile import SourceFile, named
from tagcheck.ir import PARAMETER_TYPE as PARAMETER
from tagcheck.ir import Constant, Expression, ListOf, Zero
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

NUMBERS = frozenset(
    ("int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr", "byte", "rune",
     "float32", "float64")
)  # fmt: skip
BUILTIN = NUMBERS | {"string", "bool", "error", "any", "comparable", "complex64", "complex128"}

MOST_NESTED_TYPES = 20

_WITH_ELEMENT = frozenset({"slice_type", "array_type", "implicit_length_array_type"})


def qualified(file: SourceFile, node: Node | None, local: Mapping[str, str], depth: int = 0) -> str:
    """The qualified name of a type, '' for none; of pointers only those in mappings are told. `local` maps types
    declared in a body, and type parameters, to what they are called."""
    prefix: list[str] = []
    while node is not None:
        kind = node.type
        if kind in _WITH_ELEMENT:
            prefix.append("[]")
            node = node.child_by_field_name("element")
        elif kind == "channel_type":
            prefix.append("chan ")
            node = node.child_by_field_name("value")
        elif kind == "generic_type":
            node = node.child_by_field_name("type")
        elif kind in ("pointer_type", "parenthesized_type", "type_elem", "negated_type"):
            node = next(iter(named(node)), None)
        elif kind == "map_type" and depth < MOST_NESTED_TYPES:
            prefix.append(f"map[{qualified(file, node.child_by_field_name('key'), local, depth + 1)}]")
            node = node.child_by_field_name("value")
            if node is not None and node.type == "pointer_type":
                prefix.append("*")
        else:
            return "".join(prefix) + _simple(file, node, local, depth)
    return "".join(prefix)


def _simple(file: SourceFile, node: Node, local: Mapping[str, str], depth: int) -> str:
    match node.type:
        case "type_identifier" | "identifier":
            name = file.text(node)
            if name in local:
                return local[name]
            return name if name in BUILTIN and name not in file.type_nodes else f"{file.module}.{name}"
        case "qualified_type" | "selector_expression":
            package, _, name = file.text(node).replace(" ", "").rpartition(".")
            return f"{file.imports.get(package, package)}.{name}"
        case "function_type":
            return "func"
        case "interface_type":
            return "any"
        case "struct_type" if depth < MOST_NESTED_TYPES:
            return anonymous(file, node, local, depth)
        case _:
            return "any"


def anonymous(file: SourceFile, node: Node, local: Mapping[str, str], depth: int = 0) -> str:
    """The made-up name of a struct type that is written without one; the type is added to the file's."""
    row, column = node.start_point
    key = f"struct@{row + 1}:{column + 1}"
    name = f"{file.module}.{key}"
    if key not in file.types:
        file.types[key] = TypeInfo(name)
        file.types[key] = struct_info(file, name, node, local, depth)
    return name


def type_info(file: SourceFile, name: str, node: Node, local: Mapping[str, str]) -> TypeInfo:
    """What a type declaration says; `name` is the qualified name of the type, `node` what it is made of."""
    match node.type:
        case "struct_type":
            return struct_info(file, name, node, local)
        case "interface_type":
            return TypeInfo(name, underlying="interface")
        case _:
            return TypeInfo(name, underlying=qualified(file, node, local))


def struct_info(file: SourceFile, name: str, node: Node, local: Mapping[str, str], depth: int = 0) -> TypeInfo:
    """The fields of a struct type; an embedded field is also a field with the type's simple name."""
    fields: list[tuple[str, str]] = []
    embedded: list[str] = []
    pointers: set[str] = set()
    for declaration in _field_declarations(node):
        kind = declaration.child_by_field_name("type")
        type_name = qualified(file, kind, local, depth + 1)
        names = declaration.children_by_field_name("name")
        if not names:
            embedded.append(type_name)
            fields.append((type_name.rpartition(".")[2], type_name))
        named_fields = [file.text(field) for field in names if field.is_named]
        fields += [(field, type_name) for field in named_fields]
        if kind is not None and kind.type == "pointer_type":
            pointers.update(named_fields)
    return TypeInfo(name, tuple(fields), tuple(embedded), pointers=frozenset(pointers))


def _field_declarations(node: Node) -> list[Node]:
    return [
        declaration
        for body in named(node)
        if body.type == "field_declaration_list"
        for declaration in named(body)
        if declaration.type == "field_declaration"
    ]


def zero(node: Node | None, name: str, span: Span) -> Expression:
    """The zero value of a type; qualified names do not tell pointers and lengths of arrays, so theirs are written
    out."""
    if node is not None and node.type == "pointer_type":
        return Constant(None, span)
    length = node.child_by_field_name("length") if node is not None and node.type == "array_type" else None
    if node is not None and length is not None and length.type == "int_literal":
        digits = (length.text or b"").decode()
        if digits.isdecimal() and len(digits) <= 2:
            item = zero(node.child_by_field_name("element"), name.removeprefix("[]"), span)
            return ListOf((item,) * int(digits), span, name)
    return Zero(name, span)


def type_parameters(file: SourceFile, node: Node | None) -> dict[str, str]:
    """The type parameters of a declaration: generics are erased, each is a type of which nothing is known."""
    if node is None:
        return {}
    return {
        file.text(name): PARAMETER
        for declaration in named(node)
        for name in declaration.children_by_field_name("name")
        if name.is_named
    }
