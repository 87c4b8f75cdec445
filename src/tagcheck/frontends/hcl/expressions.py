"""Expressions of HCL to those of the small language (HCL native syntax specification).

Numbers and truth values become the texts that templates make of them. A function that the file defines is written out
where it is called, and a `for` over a list that is written out once for each item. Anything else becomes `Opaque`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from msgspec import Struct

from tagcheck import ir
from tagcheck.frontends.hcl import functions
from tagcheck.frontends.hcl.source import Source
from tagcheck.numerals import natural
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 80
"""Expressions inside expressions, calls of the file's functions written out."""
MOST_NODES = 50_000
_COMPARED = {
    "==": ir.CompareOp.EQ,
    "!=": ir.CompareOp.NE,
}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Defined(Struct, frozen=True):
    """The value that a file gives to a name; `mentions` are the variables that the value is made of."""

    value: ir.Expression
    mentions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Function:
    """A function that a file defines."""

    parameters: tuple[str, ...]
    result: Node


class Lowering:
    """The expressions of one file while they are lowered. `bound` are the names that stand for expressions: parameters
    of a function that is written out, the variable of a `for`."""

    def __init__(self, source: Source, defined: dict[str, Function]) -> None:
        self.source, self.functions = source, defined
        self.bound: dict[str, ir.Expression] = {}
        self.mentioned: set[str] = set()
        self.texts: list[Span] = []
        self.left, self.depth = MOST_NODES, 0

    def defined(self, node: Node) -> Defined:
        """The value of an attribute, with the variables that it is made of."""
        self.mentioned = set()
        value = self.expression(node)
        return Defined(value, frozenset(self.mentioned))

    def expression(self, node: Node) -> ir.Expression:
        self.left -= 1
        self.depth += 1
        try:
            if self.left < 0 or self.depth > DEEPEST:
                return self.opaque(node, "an expression that is too large")
            lower = _LOWER.get(node.type)
            return self.opaque(node) if lower is None else lower(self, node)
        finally:
            self.depth -= 1

    def opaque(self, node: Node, reason: str = "an expression that is not understood") -> ir.Opaque:
        return ir.Opaque(reason, self.source.span(node.start_byte, node.end_byte))

    # --- terms ---

    def _term(self, node: Node) -> ir.Expression:
        return self.chain([each for each in node.children if each.type not in ("(", ")", "comment")], node)

    def chain(self, nodes: list[Node], around: Node) -> ir.Expression:
        """A term with the attributes and items that are asked of it."""
        if not nodes:
            return self.opaque(around)
        found = self.expression(nodes[0])
        for each in nodes[1:]:
            step = self._step(each)
            if step is None:
                return self.opaque(around)
            found = ir.Index(found, step, self.source.span(nodes[0].start_byte, each.end_byte))
        return found

    def _step(self, node: Node) -> ir.Expression | None:
        if node.type == "get_attr":
            return self._text(node.named_children[0])
        if node.type != "index":
            return None
        inner = node.children[0].named_children if node.children else []
        if len(inner) != 1:
            return None
        written = self.source.written(inner[0])
        if (number := natural(written)) is not None:
            return ir.Constant(number, self.source.span(node.start_byte, node.end_byte))
        return self.expression(inner[0])

    def _text(self, node: Node) -> ir.Literal:
        return ir.Literal(self.source.written(node), self.source.span(node.start_byte, node.end_byte))

    def _variable(self, node: Node) -> ir.Expression:
        name = self.source.written(node)
        if name in self.bound:
            return self.bound[name]
        self.mentioned.add(name)
        return ir.Name(name, self.source.span(node.start_byte, node.end_byte))

    def _number(self, node: Node) -> ir.Expression:
        try:
            written = format(Decimal(self.source.written(node)).normalize(), "f")
        except InvalidOperation:
            return self.opaque(node)
        return ir.Literal(written[:40], self.source.span(node.start_byte, node.end_byte), exact=False)

    def _null(self, node: Node) -> ir.Expression:
        return ir.Constant(None, self.source.span(node.start_byte, node.end_byte))

    # --- templates ---

    def _template(self, node: Node) -> ir.Expression:
        """A text in quotes: what stands between the holes is taken as it is written, blanks too."""
        inner = node.children
        if len(inner) < 2 or inner[0].type != "quoted_template_start":
            return self.opaque(node, "a text of several lines")
        return self._filled(inner[1:-1], inner[0].end_byte, inner[-1].start_byte, _unescaped)

    def _heredoc(self, node: Node) -> ir.Expression:
        """A text of several lines, with the line's end before the mark that ends it. Backslashes stand for
        themselves; `<<-` takes away what all lines begin with, which matters to nobody who reads the text."""
        inner = node.children
        if len(inner) < 3:
            return self.opaque(node, "a text of several lines")
        start = self.source.content.find(b"\n", inner[1].end_byte - 1) + 1
        end = self.source.content.rfind(b"\n", 0, inner[-1].start_byte) + 1
        return self._filled(inner[2:-1], start, max(start, end), _undoubled)

    def _filled(self, inner: list[Node], at: int, end: int, read: Callable[[str], str | None]) -> ir.Expression:
        parts: list[ir.Expression] = []
        start = at
        for each in inner:
            if each.type == "template_literal":
                continue
            parts += self._literals(at, each.start_byte, read)
            parts.append(self._hole(each))
            at = each.end_byte
        parts += self._literals(at, end, read)
        if len(parts) == 1:
            return parts[0]
        span = self.source.span(start, end)
        if not parts:
            return ir.Literal("", span)
        self.texts.append(span)
        return ir.Join(tuple(parts), span)

    def _hole(self, node: Node) -> ir.Expression:
        inner = [each for each in node.named_children if each.type == "expression"]
        if node.type != "template_interpolation" or len(inner) != 1:
            return self.opaque(node, "a directive in a template")
        return self.expression(inner[0])

    def _literals(self, start: int, end: int, read: Callable[[str], str | None]) -> list[ir.Expression]:
        if start >= end:
            return []
        written = self.source.between(start, end)
        text = read(written)
        span = self.source.span(start, end)
        if text is None:
            return [ir.Opaque("a text that is not read", span)]
        return [ir.Literal(text, span, exact=text == written)]

    # --- collections ---

    def _tuple(self, node: Node) -> ir.Expression:
        items = tuple(self.expression(each) for each in node.named_children if each.type == "expression")
        return ir.ListOf(items, self.source.span(node.start_byte, node.end_byte))

    def _object(self, node: Node) -> ir.Expression:
        entries: list[tuple[ir.Expression, ir.Expression]] = []
        for each in node.named_children:
            pair = [part for part in each.named_children if part.type == "expression"]
            if each.type == "object_elem" and len(pair) == 2:
                name = self.source.written(pair[0])
                bare = name.replace("-", "_").isidentifier()
                key = self._text(pair[0]) if bare else self.expression(pair[0])
                entries.append((key, self.expression(pair[1])))
        return ir.MapOf(tuple(entries), self.source.span(node.start_byte, node.end_byte))

    def _for(self, node: Node) -> ir.Expression:
        """`[for x in […] : y]`, written out where the list is."""
        intro = next((each for each in node.named_children if each.type == "for_intro"), None)
        results = [each for each in node.named_children if each.type == "expression"]
        others = [each for each in node.named_children if each.type == "for_cond"]
        names = [each for each in intro.named_children if each.type == "identifier"] if intro is not None else []
        if intro is None or len(results) != 1 or others or len(names) != 1 or node.type != "for_tuple_expr":
            return self.opaque(node, "a list that is computed")
        over = self.expression(intro.named_children[-1])
        if not isinstance(over, ir.ListOf) or any(isinstance(each, ir.Spread) for each in over.items):
            return self.opaque(node, "a list that is computed")
        name = self.source.written(names[0])
        items = tuple(self._with({name: item}, results[0]) for item in over.items)
        return ir.ListOf(items, self.source.span(node.start_byte, node.end_byte))

    def _with(self, bound: dict[str, ir.Expression], node: Node, only: bool = False) -> ir.Expression:
        """An expression with more names bound; with `only`, without those that are bound now."""
        outer, self.bound = self.bound, bound if only else {**self.bound, **bound}
        found = self.expression(node)
        self.bound = outer
        return found

    # --- operations ---

    def _conditional(self, node: Node) -> ir.Expression:
        parts = [each for each in node.named_children if each.type != "comment"]
        if len(parts) != 3:
            return self.opaque(node)
        condition, then, otherwise = (self.expression(each) for each in parts)
        span = self.source.span(node.start_byte, node.end_byte)
        return ir.Choice(functions.condition(condition), then, otherwise, span)

    def _binary(self, node: Node) -> ir.Expression:
        at = next((i for i, each in enumerate(node.children) if each.type in ("==", "!=", "&&", "||")), None)
        if at is None:
            return self.opaque(node, "a number that is computed")
        sides = [
            [each for each in part if each.type not in ("(", ")", "comment")]
            for part in (node.children[:at], node.children[at + 1 :])
        ]
        left, right = (self.chain(side, node) for side in sides)
        span = self.source.span(node.start_byte, node.end_byte)
        operator = node.children[at].type
        if operator in _COMPARED:
            return ir.Compare(_COMPARED[operator], left, right, span)
        both = (functions.condition(left), functions.condition(right))
        return ir.AllOf(both, span) if operator == "&&" else ir.AnyOf(both, span)

    def _unary(self, node: Node) -> ir.Expression:
        operand = [each for each in node.children[1:] if each.type not in ("(", ")", "comment")]
        span = self.source.span(node.start_byte, node.end_byte)
        if node.children[0].type == "!":
            return ir.Not(functions.condition(self.chain(operand, node)), span)
        return self.opaque(node, "a number that is computed")

    def _call(self, node: Node) -> ir.Expression:
        name = self.source.written(node.children[0])
        given = next((each for each in node.named_children if each.type == "function_arguments"), None)
        nodes = given.named_children if given is not None else []
        arguments = tuple(self.expression(each) for each in nodes if each.type == "expression")
        if any(each.type == "ellipsis" for each in nodes):
            return self.opaque(node, f"a call of {name}")
        own = self.functions.get(name)
        if own is not None and len(own.parameters) == len(arguments):
            return self._with(dict(zip(own.parameters, arguments, strict=True)), own.result, only=True)
        span = self.source.span(node.start_byte, node.end_byte)
        found = self.call(name, arguments, span) if own is None else None
        return found if found is not None else ir.Opaque(f"a call of {name}", span, arguments)

    def call(self, name: str, arguments: tuple[ir.Expression, ...], span: Span) -> ir.Expression | None:
        """A call of a function of the language; None for one that is not known."""
        return functions.applied(name, arguments, span)


def _unescaped(written: str) -> str | None:
    """A stretch of a text in quotes without its escapes; None for an escape that is not known."""
    if "\\" not in written and "$${" not in written and "%%{" not in written:
        return written
    found: list[str] = []
    at = 0
    while at < len(written):
        if written.startswith(("$${", "%%{"), at):
            found.append(written[at + 1 : at + 3])
            at += 3
        elif written[at] == "\\":
            if written[at + 1 : at + 2] not in _ESCAPES:
                return None
            found.append(_ESCAPES[written[at + 1]])
            at += 2
        else:
            found.append(written[at])
            at += 1
    return "".join(found)


def _undoubled(written: str) -> str:
    """A stretch of a text of several lines."""
    return written.replace("$${", "${").replace("%%{", "%{")


_LOWER: dict[str, Callable[[Lowering, Node], ir.Expression]] = {
    "expression": Lowering._term,
    "literal_value": Lowering._term,
    "template_expr": Lowering._term,
    "collection_value": Lowering._term,
    "operation": Lowering._term,
    "for_expr": Lowering._term,
    "variable_expr": Lowering._term,
    "identifier": Lowering._variable,
    "numeric_lit": Lowering._number,
    "bool_lit": Lowering._text,
    "null_lit": Lowering._null,
    "string_lit": Lowering._template,
    "quoted_template": Lowering._template,
    "heredoc_template": Lowering._heredoc,
    "tuple": Lowering._tuple,
    "object": Lowering._object,
    "for_tuple_expr": lambda lowering, node: lowering._for(node),
    "for_object_expr": lambda lowering, node: lowering._for(node),
    "conditional": Lowering._conditional,
    "binary_operation": Lowering._binary,
    "unary_operation": Lowering._unary,
    "function_call": Lowering._call,
}
