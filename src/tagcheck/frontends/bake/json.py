"""Bake files in JSON: the same blocks, whose texts are templates of HCL (HCL JSON syntax specification)."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck import ir
from tagcheck.frontends.bake.blocks import BakeFile, Block
from tagcheck.frontends.bake.syntax import MOST_TEMPLATES, lower_template
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.yamltext import compose, plain, text_of
from tagcheck.source import Span, Text

_KINDS = ("variable", "group", "target")


class _Templates:
    """The texts of one file while they are lowered."""

    def __init__(self) -> None:
        self.left = MOST_TEMPLATES
        self.mentioned: set[str] = set()
        self.texts: list[Span] = []

    def defined(self, node: ir.Expression) -> Defined:
        self.mentioned = set()
        value = self.lowered(node)
        return Defined(value, frozenset(self.mentioned))

    def lowered(self, node: ir.Expression) -> ir.Expression:
        match node:
            case ir.ListOf():
                return ir.ListOf(tuple(map(self.lowered, node.items)), node.span)
            case ir.MapOf():
                return ir.MapOf(tuple((key, self.lowered(value)) for key, value in node.entries), node.span)
            case ir.Constant(value=None):
                return node
            case ir.Constant():
                return ir.Literal(str(node.value).lower(), node.span, exact=False)
        content = plain(node)
        if content is None or ("${" not in content and "%{" not in content):
            return node
        text = text_of(node)
        self.left -= 1
        if text is None or self.left < 0:
            return ir.Opaque("a template that is not read", node.span)
        value, mentions = lower_template(text, node.span)
        self.mentioned |= mentions
        self.texts.append(node.span)
        return value


def lower_json(text: Text) -> BakeFile | None:
    """The blocks of a bake file in JSON; None if it cannot be read."""
    composed = compose(text)
    root = composed.documents[0].root if composed.documents and not composed.problems else None
    if not isinstance(root, ir.MapOf):
        return None
    templates = _Templates()
    blocks: list[Block] = []
    attributes: list[tuple[str, Defined]] = []
    for key, value in root.entries:
        kind = plain(key) or ""
        if kind in _KINDS:
            blocks += [_block(templates, kind, label, body) for label, body in _labelled(value)]
        elif kind != "function":
            attributes.append((kind, templates.defined(value)))
    return BakeFile(tuple(blocks), tuple(attributes), tuple(templates.texts))


def _labelled(node: ir.Expression) -> Iterator[tuple[ir.Literal, ir.MapOf]]:
    """Bodies by label; a body may stand alone or in a list."""
    for key, value in node.entries if isinstance(node, ir.MapOf) else ():
        for body in value.items if isinstance(value, ir.ListOf) else (value,):
            if isinstance(key, ir.Literal) and isinstance(body, ir.MapOf):
                yield key, body


def _block(templates: _Templates, kind: str, label: ir.Literal, body: ir.MapOf) -> Block:
    named = ((plain(key), value) for key, value in body.entries)
    return Block(kind, label, tuple((name, templates.defined(value)) for name, value in named if name))
