"""HCL texts: what is refused, the syntax tree, and the blocks in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.bake.blocks import BakeFile, Block, Defined
from tagcheck.frontends.bake.expressions import Function, Lowering
from tagcheck.frontends.bake.source import Source
from tagcheck.source import Span, Text

if TYPE_CHECKING:
    from tree_sitter import Language, Node

LARGEST = 1 << 20
MOST_NESTING = 60
"""Brackets inside brackets; the deepest seen in real bake files is under 10."""
MOST_TEMPLATES = 2000
"""Templates in one JSON file: each is parsed by itself."""
_STEP = {ord("("): 1, ord("["): 1, ord("{"): 1, ord(")"): -1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_PREFIX = 'x="'


def refusal(text: Text) -> ir.Problem | None:
    """Why a text is not parsed at all; None if it may be."""
    content = text.text
    if len(content) > LARGEST:
        return _problem(text, 0, f"more than {LARGEST} characters: not read; split the file")
    if "\0" in content:
        return _problem(text, content.index("\0"), "holds a zero byte: not read; save it as text")
    brackets = content.encode(errors="replace").translate(None, _NO_BRACKETS)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MOST_NESTING:
        return _problem(text, 0, f"brackets are nested more than {MOST_NESTING} deep: not read")
    return None


def text_problem(text: Text) -> ir.Problem | None:
    """A complaint about the first place of a text that does not parse; None if all does."""
    source = Source(text)
    node = _first_error(_parsed(source))
    if node is None:
        return None
    return _problem(text, source.at(node.start_byte), "syntax error; the file is not analysed")


def lower_hcl(text: Text) -> BakeFile | None:
    """The blocks of a bake file in HCL; None if it cannot be read."""
    if refusal(text) is not None:
        return None
    source = Source(text)
    root = _parsed(source)
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
    root = _parsed(source)
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


def _parsed(source: Source) -> Node:
    from tree_sitter import Parser

    return Parser(_grammar()).parse(source.content).root_node


def _first_error(node: Node) -> Node | None:
    pending = [node] if node.has_error else []
    while pending:
        current = pending.pop()
        if current.is_error or current.is_missing:
            return current
        pending += [child for child in reversed(current.children) if child.has_error or child.is_missing]
    return None


def _problem(text: Text, offset: int, message: str) -> ir.Problem:
    place = text.position(offset)
    return ir.Problem(place.path, place.line, place.column, message)


@lru_cache(maxsize=1)
def _grammar() -> Language:
    import tree_sitter_hcl
    from tree_sitter import Language

    return Language(tree_sitter_hcl.language())
