"""Expressions of Terraform: names of a module, lists that are made of others, calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.hcl import functions
from tagcheck.frontends.hcl.expressions import Lowering
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

LABEL = "%label"
"""The key under which a block that stands in another keeps its own label."""
CALL = "terraform "
"""How an operation begins that is a function of Terraform."""
COMPREHEND, COMPREHEND_MAP = "comprehend", "comprehend-mapping"
_PARTS = {"var": 1, "local": 1, "module": 1, "data": 2, "each": 0, "count": 0, "path": 0, "self": 0, "terraform": 0}
"""How many names behind the first belong to what is named; of a resource, its own name."""
_AS_WRITTEN = frozenset(("concat", "lower", "upper", "trimprefix", "trimsuffix", "tostring", "tolist", "toset"))
"""Functions that mean the same wherever HCL is written."""
_SAME = frozenset(("tomap", "nonsensitive", "sensitive", "distinct", "tonumber", "tobool", "sort"))
"""Functions that give what they are given, as far as names are concerned."""


class TerraformLowering(Lowering):
    """The expressions of one block. They mention what they are made of: 'var.image', 'docker_image.app'."""

    _rounds = 0

    def chain(self, nodes: list[Node], around: Node) -> ir.Expression:
        name = self._root(nodes[0]) if nodes else None
        if name is None or name in self.bound:
            return super().chain(nodes, around)
        if len(nodes) == 1 and name not in _PARTS:
            return self._text(nodes[0])  # A word of the language: `when = destroy`.
        wanted = _PARTS.get(name, 1)
        parts = nodes[1 : 1 + wanted]
        if len(parts) < wanted or any(each.type != "get_attr" for each in parts):
            return self.opaque(around)
        whole = ".".join((name, *(self.source.written(each.named_children[0]) for each in parts)))
        if name not in ("each", "count", "self"):
            self.mentioned.add(whole)
        found: ir.Expression = ir.Name(whole, self.source.span(nodes[0].start_byte, nodes[wanted].end_byte))
        return self._steps(found, nodes[1 + wanted :], nodes[0].start_byte, around)

    def _root(self, node: Node) -> str | None:
        """The name that an expression begins with."""
        while node.type in ("variable_expr", "expression") and len(node.named_children) == 1:
            node = node.named_children[0]
        return self.source.written(node) if node.type == "identifier" else None

    def _steps(self, found: ir.Expression, nodes: list[Node], start: int, around: Node) -> ir.Expression:
        for at, each in enumerate(nodes):
            span = self.source.span(start, each.end_byte)
            if each.type == "splat":
                return self._splat(found, each, span, around) if at == len(nodes) - 1 else self.opaque(around)
            step = self._step(each)
            if step is None:
                return self.opaque(around)
            found = ir.Index(found, step, span)
        return found

    def _splat(self, over: ir.Expression, node: Node, span: Span, around: Node) -> ir.Expression:
        """`x[*].name`: of each item."""
        inner = node.named_children[0].named_children if node.named_children else []
        key, value = self._fresh_names()
        item = self._steps(ir.Name(value, span), list(inner), node.start_byte, around)
        return ir.Apply(COMPREHEND, (over, ir.Literal(key, span), ir.Literal(value, span), item), span)

    def _fresh_names(self) -> tuple[str, str]:
        self._rounds += 1
        return f"%key{self._rounds}", f"%value{self._rounds}"

    def repeated(self, over: Node, name: str, item: Callable[[], ir.Expression], span: Span) -> ir.Expression:
        """An item for each of a list, or of each entry of a mapping, in which `name` has `key` and `value`."""
        listed = self.expression(over)
        key, value = self._fresh_names()
        both = ir.MapOf(
            tuple((ir.Literal(word, span), ir.Name(made, span)) for word, made in (("key", key), ("value", value))),
            span,
        )
        outer, self.bound = self.bound, {**self.bound, name: both}
        made = item()
        self.bound = outer
        return ir.Apply(COMPREHEND, (listed, ir.Literal(key, span), ir.Literal(value, span), made), span)

    def _for(self, node: Node) -> ir.Expression:
        """`[for v in … : x]`, `{for k, v in … : x => y if z}`."""
        intro = next((each for each in node.named_children if each.type == "for_intro"), None)
        results = [each for each in node.named_children if each.type == "expression"]
        given = [each for each in node.named_children if each.type == "for_cond"]
        names = (
            [self.source.written(each) for each in intro.named_children if each.type == "identifier"] if intro else []
        )
        is_mapping = node.type == "for_object_expr"
        grouped = any(each.type == "ellipsis" for each in node.named_children)
        if intro is None or len(results) != 1 + is_mapping or not 1 <= len(names) <= 2 or grouped:
            return self.opaque(node, "a list that is computed")
        span = self.source.span(node.start_byte, node.end_byte)
        over = self.expression(intro.named_children[-1])
        key, value = self._fresh_names()
        bound: dict[str, ir.Expression] = {names[-1]: ir.Name(value, span)}
        if len(names) == 2:
            bound[names[0]] = ir.Name(key, span)
        parts = [self._with(bound, each) for each in results]
        parts += [functions.condition(self._with(bound, each.named_children[-1])) for each in given]
        operation = COMPREHEND_MAP if is_mapping else COMPREHEND
        return ir.Apply(operation, (over, ir.Literal(key, span), ir.Literal(value, span), *parts), span)

    def call(self, name: str, arguments: tuple[ir.Expression, ...], span: Span) -> ir.Expression | None:
        known = functions.applied(name, arguments, span) if name in _AS_WRITTEN else None
        if known is not None:
            return known
        if name in _SAME and len(arguments) == 1:
            return arguments[0]
        return ir.Apply(CALL + name, arguments, span)


class TemplateLowering(TerraformLowering):
    """The expressions of a template file, whose names are those that it is given."""

    def chain(self, nodes: list[Node], around: Node) -> ir.Expression:
        return Lowering.chain(self, nodes, around)
