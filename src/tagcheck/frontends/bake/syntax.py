"""The blocks of bake files in HCL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.bake.blocks import BakeFile, Block
from tagcheck.frontends.hcl.expressions import Defined, Function, Lowering
from tagcheck.frontends.hcl.parsing import parsed, refusal
from tagcheck.frontends.hcl.source import Source
from tagcheck.source import Span, Text

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_TEMPLATES = 2000
"""Templates in one JSON file: each is parsed by itself."""
_PREFIX = 'x="'


def lower_hcl(text: Text) -> BakeFile | None:
    """The blocks of a bake file in HCL; None if it cannot be read."""
    if refusal(text) is not None:
        return None
    source = Source(text)
    root = parsed(source)
    body = next((each for each in root.children if each.type == "body"), None)
    if root.has_error:
        return None
    if body is None:
        return BakeFile()
    lowering = Lowering(source, dict(_functions(source, body)))
    found = [_block(source, lowering, each) for each in body.children if each.type == "block"]
    attributes = tuple(_attributes(source, lowering, body))
    return BakeFile(tuple(block for block in found if block is not None), attributes, tuple(lowering.texts))


def lower_template(text: Text, span: Span) -> tuple[ir.Expression, frozenset[str]]:
    """A text as a template of HCL, and the variables in it."""
    unread = ir.Opaque("a template that is not read", span), frozenset[str]()
    if refusal(text) is not None or "\\" in text.text or "\n" in text.text:
        return unread
    source = Source(text, _PREFIX, '"')
    root = parsed(source)
    if root.has_error:
        return unread
    lowering = Lowering(source, {})
    body = root.children[0] if root.children else root
    found = dict(_attributes(source, lowering, body)).get("x")
    return (found.value, found.mentions) if found is not None and len(body.children) == 1 else unread


def _block(source: Source, lowering: Lowering, node: Node) -> Block | None:
    kind, label, body = _parts(source, node)
    if label is None or kind == "function":
        return None
    return Block(kind, label, tuple(_attributes(source, lowering, body)) if body is not None else ())


def _parts(source: Source, node: Node) -> tuple[str, ir.Literal | None, Node | None]:
    """The kind, the one label and the body of a block."""
    named = [each for each in node.children if each.type in ("identifier", "string_lit")]
    body = next((each for each in node.children if each.type == "body"), None)
    kind = source.written(named[0]) if named else ""
    return kind, _label(source, named[1]) if len(named) == 2 else None, body


def _label(source: Source, node: Node) -> ir.Literal:
    quoted = node.type == "string_lit"
    start, end = node.start_byte + quoted, node.end_byte - quoted
    return ir.Literal(source.between(start, end), source.span(start, end))


def _attributes(source: Source, lowering: Lowering, body: Node) -> Iterator[tuple[str, Defined]]:
    for node in body.children:
        if node.type == "attribute" and len(node.named_children) >= 2:
            value = next((each for each in node.named_children if each.type == "expression"), None)
            if value is not None:
                yield source.written(node.named_children[0]), lowering.defined(value)


def _functions(source: Source, body: Node) -> Iterator[tuple[str, Function]]:
    """The functions that a file defines: parameters, and the expression that is the result."""
    for node in body.children:
        kind, label, inner = _parts(source, node) if node.type == "block" else ("", None, None)
        if kind != "function" or label is None or inner is None:
            continue
        given = {
            source.written(each.named_children[0]): each.named_children[-1]
            for each in inner.children
            if each.type == "attribute" and len(each.named_children) >= 2
        }
        if "result" in given and "variadic_params" not in given:
            parameters = source.written(given["params"]).strip("[]") if "params" in given else ""
            names = tuple(name.strip() for name in parameters.split(",") if name.strip())
            yield label.text, Function(names, given["result"])
