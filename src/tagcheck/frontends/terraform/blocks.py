"""The blocks of a file, lowered when they are asked for: most of them have nothing to do with images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from tagcheck import ir
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.hcl.parsing import parsed, refusal
from tagcheck.frontends.hcl.source import Source
from tagcheck.frontends.terraform.expressions import LABEL, TemplateLowering, TerraformLowering
from tagcheck.source import Span, Text

if TYPE_CHECKING:
    from tree_sitter import Node

Attributes: TypeAlias = dict[str, Defined]
MOST_BLOCKS = 5_000
DEEPEST_BLOCK = 24
_DYNAMIC = "dynamic"
_TEMPLATE = ("x = <<EOT\n", "\nEOT\n")
_QUOTED = ('x = "', '"\n')
_EXPRESSION = ("x = (", ")\n")


class Block(Struct, frozen=True, eq=False, dict=True):
    """A block of a file: its kind ('resource', 'variable', …), its labels, where its header stands, and its attributes
    by name. A block inside of it is an attribute that holds the list of the blocks of its kind, each a mapping."""

    kind: str
    labels: tuple[str, ...]
    span: Span
    lower: Callable[[], Attributes]

    @cached_property
    def attributes(self) -> Attributes:
        return self.lower()


def lower_hcl(text: Text) -> tuple[Block, ...] | None:
    """The blocks of a file; None if it cannot be read. A file of variables is one block without a kind. Never
    raises."""
    if refusal(text) is not None:
        return None
    source = Source(text)
    root = parsed(source)
    if root.has_error:
        return None
    body = next((each for each in root.children if each.type == "body"), None)
    if body is None:
        return ()
    blocks = [each for each in body.children if each.type == "block"]
    loose = Block("", (), source.span(body.start_byte, body.start_byte), lambda: _attributes(source, body))
    return (*(_block(source, each) for each in blocks[:MOST_BLOCKS]), loose)


def lower_expression(text: Text) -> Defined | None:
    """A text that is an expression by itself; None if it cannot be read."""
    return None if refusal(text) is not None else _value(Source(text, *_EXPRESSION), TerraformLowering)


def lower_template(text: Text) -> Defined | None:
    """A template file as an expression; None if it cannot be read."""
    return None if refusal(text) is not None else _value(Source(text, *_TEMPLATE), TemplateLowering)


def lower_quoted(text: Text) -> Defined | None:
    """A text as it stands between quotes, escapes taken out: with holes, or one hole; None if it cannot be read."""
    if refusal(text) is not None or "\\" in text.text or "\n" in text.text:
        return None
    return _value(Source(text, *_QUOTED), TerraformLowering)


def _value(source: Source, lowering: type[TerraformLowering]) -> Defined | None:
    root = parsed(source)
    body = root.children[0] if root.children else root
    return None if root.has_error else _Body(lowering(source, {})).attributes(body).get("x")


def _block(source: Source, node: Node) -> Block:
    kind, labels, body = _parts(source, node)
    first = node.children[0]
    header = [each for each in node.children if each.type in ("identifier", "string_lit")]
    span = source.span(first.start_byte, header[-1].end_byte if header else first.end_byte)
    return Block(kind, labels, span, lambda: _attributes(source, body) if body is not None else {})


def _parts(source: Source, node: Node) -> tuple[str, tuple[str, ...], Node | None]:
    named = [each for each in node.children if each.type in ("identifier", "string_lit")]
    body = next((each for each in node.children if each.type == "body"), None)
    words = [source.written(each).strip('"') for each in named]
    return (words[0] if words else ""), tuple(words[1:]), body


def _attributes(source: Source, body: Node) -> Attributes:
    return _Body(TerraformLowering(source, {})).attributes(body)


class _Body:
    """The bodies of one block and of those inside."""

    def __init__(self, lowering: TerraformLowering) -> None:
        self.lowering, self.source, self.depth = lowering, lowering.source, 0

    def attributes(self, body: Node) -> Attributes:
        """What a body says, by name."""
        found: Attributes = {}
        for node in body.children:
            value = next((each for each in node.named_children if each.type == "expression"), None)
            if node.type == "attribute" and value is not None:
                found[self.source.written(node.named_children[0])] = self.lowering.defined(value)
        found.update(self._inner(body))
        return found

    def _inner(self, body: Node) -> Iterator[tuple[str, Defined]]:
        """The blocks in a body, those of a kind together."""
        listed: dict[str, list[ir.Expression]] = {}
        mentions: dict[str, set[str]] = {}
        for node in body.children:
            if node.type == "block":
                self.lowering.mentioned = set()
                name, item = self._nested(node)
                listed.setdefault(name, []).append(item)
                mentions.setdefault(name, set()).update(self.lowering.mentioned)
        span = self.source.span(body.start_byte, body.end_byte)
        for name, items in listed.items():
            yield name, Defined(ir.ListOf(tuple(items), span), frozenset(mentions[name]))

    def _nested(self, node: Node) -> tuple[str, ir.Expression]:
        kind, labels, body = _parts(self.source, node)
        span = self.source.span(node.start_byte, node.end_byte)
        if body is None:
            return kind, ir.MapOf((), span)
        if kind == _DYNAMIC and labels:
            return labels[0], ir.Spread(self._dynamic(labels[0], body, span), span)
        label = tuple((ir.Literal(LABEL, span, exact=False), ir.Literal(each, span)) for each in labels[:1])
        return kind, ir.MapOf((*label, *self._entries(body)), span)

    def _entries(self, body: Node) -> Iterator[tuple[ir.Expression, ir.Expression]]:
        self.depth += 1
        mentioned = set(self.lowering.mentioned)
        if self.depth <= DEEPEST_BLOCK:
            for name, value in self.attributes(body).items():
                mentioned |= value.mentions
                yield ir.Literal(name, value.value.span, exact=False), value.value
        self.lowering.mentioned = mentioned
        self.depth -= 1

    def _dynamic(self, label: str, body: Node, span: Span) -> ir.Expression:
        """Blocks that are repeated for each item of a list."""
        parts = {self.source.written(each.named_children[0]): each for each in body.children if each.named_children}
        over = parts.get("for_each")
        content = next((each for each in body.children if each.type == "block"), None)
        inner = _parts(self.source, content)[2] if content is not None else None
        if over is None or inner is None:
            return ir.Opaque("blocks that are repeated", span)
        iterator = parts.get("iterator")
        name = self.source.written(iterator.named_children[-1]) if iterator is not None else label
        value = next(each for each in over.named_children if each.type == "expression")
        return self.lowering.repeated(value, name, lambda: ir.MapOf(tuple(self._entries(inner)), span), span)
