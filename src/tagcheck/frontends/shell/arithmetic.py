"""Arithmetic (Bash Reference Manual 5.2, section 6.5): `$((…))`, `((…))`, `let`, indices.

What it cannot do: numbers of a base that a variable's value follows (`10#$n`); an assignment on one side of `?:`, `&&`
or `||` is taken to happen in any case, and one inside of a word before all words of its command are put together.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.body import Body
from tagcheck.numerals import natural
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_OPERATIONS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
    "**": "power",
    "<<": "shift-left",
    ">>": "shift-right",
    "&": "bits-and",
    "|": "bits-or",
    "^": "bits-xor",
}
_COMPARISONS = {
    "==": ir.CompareOp.EQ,
    "!=": ir.CompareOp.NE,
    "<": ir.CompareOp.LT,
    "<=": ir.CompareOp.LE,
    ">": ir.CompareOp.GT,
    ">=": ir.CompareOp.GE,
}
_STEPS = {"++": "add", "--": "subtract"}
_PARENTHESES = frozenset(("parenthesized_expression", "arithmetic_expansion"))
_LOGICAL = frozenset(("&&", "||"))


class Arithmetic(Body):
    """What a shell reads as numbers."""

    @abstractmethod
    def word(self, node: Node) -> ir.Expression: ...

    @abstractmethod
    def item(self, node: Node) -> ir.Expression:
        """The value of a subscript."""

    # --- values ---

    def arithmetic(self, node: Node) -> ir.Expression:
        """`$((…))`: the last of its expressions; those before it only change variables."""
        inner = [child for child in node.children if child.is_named]
        if not inner or any(child.type == "ERROR" for child in inner):
            return self.opaque("an arithmetic expression", node)
        for each in inner[:-1]:
            self.number(each)
        return self.number(inner[-1])

    def number(self, node: Node) -> ir.Expression:
        """A number as arithmetic reads it: variables need no `$` there."""
        span = self.script.span(node)
        with self.deeper() as possible:
            if not possible:
                return self.opaque("words nested too deeply", node)
            match node.type:
                case "number" | "word" | "variable_name":
                    return self._numeral(node, span)
                case "parenthesized_expression" | "arithmetic_expansion":
                    return self.arithmetic(node)
                case "unary_expression" | "postfix_expression" | "binary_expression" | "variable_assignment":
                    return self._operated_numbers(node, span)
                case "ternary_expression" if len(node.children) == 5:
                    sides = (self.number(node.children[2]), self.number(node.children[4]))
                    return ir.Choice(self.compared_numbers(node.children[0]), *sides, span)
                case "simple_expansion" | "expansion" | "string" | "command_substitution":
                    return ir.Apply("number", (self.word(node),), span)
                case "subscript":
                    return ir.Apply("number", (self.item(node),), span)
                case _:
                    return self.opaque("an arithmetic expression", node)

    def _numeral(self, node: Node, span: Span) -> ir.Expression:
        written = self.script.written(node).strip()
        number = _written_number(written)
        if number is not None:
            return ir.Constant(number, span)
        if written.isidentifier():
            return ir.Apply("number", (self.variable(written, span),), span)
        return self.opaque("an arithmetic expression", node)

    def _operated_numbers(self, node: Node, span: Span) -> ir.Expression:
        operator = next((child.type for child in node.children if not child.is_named), "")
        if node.type == "postfix_expression" and operator in _STEPS:
            before = self.temporary(span)
            self.emit(ir.Assign((before,), self.number(node.children[0]), span))
            return before if self.counted_by(node, span) else self.opaque("an arithmetic expression", node)
        if self.counted_by(node, span):
            name = self._changed(node)
            return ir.Apply("number", (self.variable(name, span),), span)
        if node.type == "unary_expression" and len(node.children) == 2:
            return self._unary(node, operator, span)
        if node.type == "binary_expression" and len(node.children) == 3:
            return self._binary(node, operator, span)
        return self.opaque("an arithmetic expression", node)

    def _unary(self, node: Node, operator: str, span: Span) -> ir.Expression:
        match operator:
            case "-" | "+" | "~":
                start = ir.Constant(-1 if operator == "~" else 0, span)
                operation = "add" if operator == "+" else "subtract"
                return ir.Apply(operation, (start, self.number(node.children[1])), span)
            case "!":
                return _as_number(self.compared_numbers(node), span)
            case _:
                return self.opaque("an arithmetic expression", node)

    def _binary(self, node: Node, operator: str, span: Span) -> ir.Expression:
        if operator in _OPERATIONS:
            sides = (self.number(node.children[0]), self.number(node.children[2]))
            return ir.Apply(_OPERATIONS[operator], sides, span)
        if operator in _COMPARISONS or operator in _LOGICAL:
            return _as_number(self.compared_numbers(node), span)
        return self.opaque("an arithmetic expression", node)

    # --- conditions ---

    def arithmetic_condition(self, node: Node) -> ir.Expression:
        """`((…))` as a condition: its last expression."""
        inner = [child for child in node.children if child.is_named]
        for each in inner[:-1]:
            self.number(each)
        return self.compared_numbers(inner[-1]) if inner else self.opaque("an arithmetic condition", node)

    def compared_numbers(self, node: Node) -> ir.Expression:
        """Whether a comparison of numbers holds, or a number is not 0."""
        span = self.script.span(node)
        named = [child for child in node.children if child.is_named]
        if node.type in _PARENTHESES and len(named) == 1:
            return self.compared_numbers(named[0])
        operator = next((child.type for child in node.children if not child.is_named), "")
        if node.type == "binary_expression" and len(named) == 2:
            if operator in _LOGICAL:
                kind = ir.AllOf if operator == "&&" else ir.AnyOf
                return kind((self.compared_numbers(named[0]), self.compared_numbers(named[1])), span)
            if operator in _COMPARISONS:
                return ir.Compare(_COMPARISONS[operator], self.number(named[0]), self.number(named[1]), span)
        if node.type == "unary_expression" and operator == "!" and len(named) == 1:
            return ir.Not(self.compared_numbers(named[0]), span)
        return ir.Compare(ir.CompareOp.NE, self.number(node), ir.Constant(0, span), span)

    # --- changes ---

    def counted(self, node: Node) -> None:
        """Lower `((i++))`, `((i += 1, j = 2))` and their like."""
        for child in node.children:
            if child.is_named and child.type != "ERROR":
                self.number(child)

    def counted_by(self, expression: Node, span: Span) -> bool:
        """Lower an expression that changes a number; whether it is one."""
        name, operator = self._changed(expression), _changing(expression)
        if not name:
            return False
        right = ir.Constant(1, span) if operator in _STEPS else self.number(expression.children[2])
        if operator != "=":
            before = ir.Apply("number", (self.variable(name, span),), span)
            operation = _STEPS.get(operator) or _OPERATIONS[operator.removesuffix("=")]
            right = ir.Apply(operation, (before, right), span)
        self.assign(name, right, span)
        return True

    def _changed(self, expression: Node) -> str:
        """The variable that an expression changes; empty if it changes none."""
        if not _changing(expression):
            return ""
        target = expression.children[-1] if expression.type == "unary_expression" else expression.children[0]
        name = self.script.written(target).strip() if target.type in ("variable_name", "word") else ""
        return name if name.isidentifier() else ""


def _changing(expression: Node) -> str:
    """The operator by which an expression changes a variable; empty if it changes none."""
    operator = next((child.type for child in expression.children if not child.is_named), "")
    match expression.type, len(expression.children):
        case (("postfix_expression" | "unary_expression"), 2):
            return operator if operator in _STEPS else ""
        case (("binary_expression" | "variable_assignment"), 3):
            is_change = operator == "=" or (operator[-1:] == "=" and operator[:-1] in _OPERATIONS)
            return operator if is_change else ""
        case _:
            return ""


def _as_number(condition: ir.Expression, span: Span) -> ir.Expression:
    return ir.Choice(condition, ir.Constant(1, span), ir.Constant(0, span), span)


def _written_number(written: str) -> int | None:
    """A number that is written out: decimal, octal behind 0, hexadecimal behind 0x, of another base behind `base#`."""
    sign = -1 if written.startswith("-") else 1
    digits = written.removeprefix("-")
    base = 10
    if digits[:2].lower() == "0x":
        base, digits = 16, digits[2:]
    elif "#" in digits:
        before, _, digits = digits.partition("#")
        base = natural(before) or 0
    elif len(digits) > 1 and digits[0] == "0":
        base = 8
    if not 2 <= base <= 36 or not digits.isascii() or not digits.isalnum() or len(digits) > 9:
        return None
    try:
        return sign * int(digits, base)
    except ValueError:
        return None
