"""Parameter expansion (Bash Reference Manual 5.2, section 3.5.3).

What it cannot do: transformations of bash but of case and quotes (`${x@A}` and its like).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.arithmetic import Arithmetic
from tagcheck.frontends.shell.body import ARGUMENTS
from tagcheck.frontends.shell.script import joined
from tagcheck.numerals import whole
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_TRIMS = {
    "#": "without-prefix",
    "##": "without-longest-prefix",
    "%": "without-suffix",
    "%%": "without-longest-suffix",
}
_CASES = {"^": "upper-first", "^^": "upper", ",": "lower-first", ",,": "lower"}
LONGEST_PATTERN = 2000
_TRANSFORMED = {"U": "upper", "u": "upper-first", "L": "lower", "Q": "quoted"}
_REPLACEMENTS = {"/": "replace-first", "//": "replace-all", "/#": "replace-prefix", "/%": "replace-suffix"}
_ALL = ("@", "*")


class Parameters(Arithmetic):
    """What stands for the value of a parameter."""

    @abstractmethod
    def word(self, node: Node) -> ir.Expression:
        """A word that the shell does not split: of an assignment, a redirection, a comparison."""

    @abstractmethod
    def reparsed(self, start: int, end: int, before: bytes, after: bytes = b"") -> Node | None:
        """Bytes of the text read as commands, with others before and after them."""

    @abstractmethod
    def _expanded(self, node: Node) -> ir.Expression: ...

    @abstractmethod
    def _start(self, node: Node) -> int: ...

    @abstractmethod
    def _span(self, node: Node) -> Span: ...

    # --- lists ---

    def all_of(self, node: Node) -> ir.Expression | None:
        """The list that an expansion is: all arguments, all items or indices of an array, some of them."""
        parts = [child for child in node.children if child.type not in ("$", "${", " ${", "}")]
        keys = bool(parts) and parts[0].type == "!"
        if len(parts) <= keys:
            return None
        subject, *rest = parts[keys:]
        if keys and subject.type == "variable_name" and [each.type for each in rest] in (["@"], ["*"]):
            return self._names_like(self.script.written(subject), node)
        whole = self._whole(subject)
        if whole is None:
            return None
        if keys:
            return ir.Apply("keys", (whole,), self._span(node)) if not rest else None
        if subject.type == "subscript" and self._is_map(subject):
            whole = ir.Apply("values", (whole,), self._span(node))
        if not rest:
            return whole
        if rest[0].type == ":":
            return self._some(node, whole, subject, [child for child in rest if child.type != ":"])
        if rest[0].type in (*_TRIMS, *_REPLACEMENTS):
            return self._each(node, whole, rest[0].type, rest[1:])
        if rest[0].type.removeprefix(":") in ("+", "-"):
            return self._all_or_others(node, whole, rest[0].type[-1], rest[1:])
        if rest[0].type == "@" and len(rest) == 2 and (changed := _TRANSFORMED.get(self.script.written(rest[1]))):
            return ir.Apply("each", (ir.Literal(changed, self._span(node)), whole), self._span(node))
        return None

    def _names_like(self, prefix: str, node: Node) -> ir.Expression:
        """`${!PREFIX@}`: the names of the variables that begin so, where all of those in the text have values."""
        span = self._span(node)
        known = sorted(name for name in self.shared.names.assigned if name.startswith(prefix))
        if not known:
            return ir.Opaque("the names of variables", span)
        names = tuple(ir.Literal(name, span, exact=False) for name in known)
        if not self.function and self.definite.issuperset(known):
            return ir.ListOf(names, span)
        contents = tuple(ir.Apply("environment", (name,), span) for name in names)
        return ir.Apply("names-like", (ir.ListOf(names, span), ir.ListOf(contents, span)), span)

    def is_one_word(self, node: Node) -> bool:
        """Whether an expansion is `$*` or `${a[*]}`, which are one word in quotes."""
        subject = next((c for c in node.children if c.type in ("special_variable_name", "subscript")), None)
        written = self.script.written(subject) if subject is not None else ""
        return written == "*" or (subject is not None and self._index_text(subject) == "*")

    def _whole(self, node: Node) -> ir.Expression | None:
        if node.type == "special_variable_name" and self.script.written(node) in _ALL:
            return ir.Name(ARGUMENTS, self.script.span(node))
        if node.type != "subscript" or self._index_text(node) not in _ALL:
            return None
        name = node.child_by_field_name("name")
        return self.variable(self.script.written(name), self.script.span(node)) if name is not None else None

    def _some(self, node: Node, whole: ir.Expression, subject: Node | None, rest: list[Node]) -> ir.Expression | None:
        """`${@:2}`, `${a[@]:1:2}`: the arguments are counted from 1."""
        numbers = [self._number(each) for each in rest]
        if not numbers or None in numbers:
            return None
        low = numbers[0] or 0
        low -= 1 if subject is not None and subject.type == "special_variable_name" and low > 0 else 0
        shorter = ir.Apply("without-first", (whole, ir.Constant(low, self._span(node))), self._span(node))
        if len(numbers) == 1:
            return shorter
        return ir.Slice(shorter, None, ir.Constant(numbers[1], self._span(node)), self._span(node))

    def _each(self, node: Node, whole: ir.Expression, operator: str, rest: list[Node]) -> ir.Expression:
        """An operation on every item."""
        span = self._span(node)
        if operator in _TRIMS:
            given: tuple[ir.Expression, ...] = (self._operand(node, rest),)
            return ir.Apply("each", (ir.Literal(_TRIMS[operator], span), whole, *given), span)
        old, new = self._halves(node, rest)
        return ir.Apply("each", (ir.Literal(_REPLACEMENTS[operator], span), whole, old, new), span)

    def _all_or_others(self, node: Node, whole: ir.Expression, operator: str, rest: list[Node]) -> ir.Expression | None:
        """`${a[@]+"${a[@]}"}`, `${a[@]-b}`: a list without elements counts as not set."""
        span = self._span(node)
        inner = [child for each in rest if each.type == "string" for child in each.children if child.is_named]
        others = self.all_of(inner[0]) if len(rest) == len(inner) == 1 and inner[0].type == "expansion" else None
        if others is None:
            if any(child.type in ("expansion", "string") for child in rest):
                return None
            others = ir.ListOf((self._operand(node, rest),) if rest or operator == "-" else (), span)
        is_set = ir.Compare(ir.CompareOp.NE, ir.Apply("length", (whole,), span), ir.Constant(0, span), span)
        sides = (others, ir.ListOf((), span)) if operator == "+" else (whole, others)
        return ir.Choice(is_set, *sides, span)

    def _is_map(self, node: Node) -> bool:
        name = node.child_by_field_name("name")
        return name is not None and self.script.written(name) in self.shared.names.maps | self.shared.names.references

    def _index_text(self, node: Node) -> str:
        index = node.child_by_field_name("index")
        return self.script.written(index) if index is not None else ""

    def _number(self, node: Node) -> int | None:
        written = self.script.written(node).strip()
        return whole(written)

    # --- one value ---

    def parameter(self, node: Node) -> ir.Expression:
        """`${…}` where one text is wanted."""
        listed = self.all_of(node)
        if listed is not None:
            span = self._span(node)
            return self.in_one(listed, span) if self.is_one_word(node) else ir.Apply("spaced", (listed,), span)
        inner = [child for child in node.children if child.type not in ("${", " ${", "}")]
        subject = next((c for c in inner if c.type in ("variable_name", "special_variable_name", "subscript")), None)
        if subject is None:
            return self.opaque("a parameter expansion", node)
        before = inner[: inner.index(subject)]
        rest = inner[len(before) + 1 :]
        if before and before[0].type == "#":
            return self._counted(node, subject)
        if before and before[0].type != "!":
            return self.opaque("a parameter expansion", node)
        value = self._subject(subject)
        if before:
            value = ir.Apply("environment", (value,), self._span(node))
        return self._operated(node, value, rest[0].type, rest[1:]) if rest else value

    def item(self, node: Node) -> ir.Expression:
        return self._subject(node)

    def _subject(self, node: Node) -> ir.Expression:
        span = self.script.span(node)
        if node.type != "subscript":
            return self.variable(self.script.written(node), span)
        name = node.child_by_field_name("name")
        written = self.script.written(name) if name is not None else ""
        if written == "BASH_SOURCE":
            return self.variable(written, span)
        return ir.Index(self.variable(written, span), self.index(node, written), span)

    def index(self, node: Node, name: str) -> ir.Expression:
        """The index of a subscript: a number, or for a map a text."""
        index = node.child_by_field_name("index")
        if index is None:
            return self.opaque("an index", node)
        if name in self.shared.names.references:
            return ir.Apply(
                "subscript", (self.variable(name, self.script.span(node)), self.word(index)), self._span(node)
            )
        if name in self.shared.names.maps:
            return self.word(index)
        if index.type == "concatenation":
            # The parser does not look for operators there.
            root = self.reparsed(index.start_byte, index.end_byte, b"((", b"))")
            inner = [each for each in root.children[0].children if each.is_named] if root and root.children else []
            index = inner[0] if len(inner) == 1 else index
        return self.number(index)

    def _counted(self, node: Node, subject: Node) -> ir.Expression:
        items = self._whole(subject) or self._subject(subject)
        return ir.Apply("length", (items,), self._span(node))

    def _operated(self, node: Node, value: ir.Expression, operator: str, rest: list[Node]) -> ir.Expression:
        span = self._span(node)
        if operator.removeprefix(":") in ("-", "=", "+", "?"):
            return self._defaulted(node, value, operator, rest)
        if operator in _TRIMS:
            return ir.Apply(_TRIMS[operator], (value, self._operand(node, rest)), span)
        if operator in _REPLACEMENTS:
            return ir.Apply(_REPLACEMENTS[operator], (value, *self._halves(node, rest)), span)
        if operator == ":":
            return self._part(node, value, rest)
        if operator == "@" and len(rest) == 1 and (changed := _TRANSFORMED.get(self.script.written(rest[0]))):
            return ir.Apply(changed, (value,), span)
        if operator in _CASES and not rest:
            return ir.Apply(_CASES[operator], (value,), span)
        return ir.Opaque("a parameter expansion", span, (value,))

    def _operand(self, node: Node, rest: list[Node]) -> ir.Expression:
        """What stands after the operator, up to the closing bracket."""
        return joined([self._pattern(child) for child in self._with_backquotes(rest)], self._span(node))

    def _with_backquotes(self, rest: list[Node]) -> list[Node]:
        """An operand with commands in backquotes, which the parser takes for words, as the value of an assignment."""
        parse = self.shared.parse
        if parse is None or not any("`" in self.script.written(child) for child in rest):
            return rest
        start, end = rest[0].start_byte, rest[-1].end_byte
        # What stands in front keeps the offsets, and with them all places, those of the whole text.
        root = parse(b" " * (start - 2) + b"x=" + self.script.content[start:end])
        value = root.children[0].child_by_field_name("value") if root.children and not root.has_error else None
        return rest if value is None else [value]

    def _pattern(self, node: Node) -> ir.Expression:
        """A part of a pattern, which the parser does not look into."""
        return self.stretch(node.start_byte, node.end_byte) if node.type == "regex" else self.word(node)

    @abstractmethod
    def stretch(self, start: int, end: int) -> ir.Expression:
        """Bytes that the parser has not looked into, as a text with what the shell expands in it."""

    def _halves(self, node: Node, rest: list[Node]) -> tuple[ir.Expression, ir.Expression]:
        """What is replaced, and by what. The parser takes the first `/` for the divider, also one that is quoted."""
        divider = next((index for index, child in enumerate(rest) if child.type == "/"), len(rest))
        if rest and not rest[-1].is_missing:
            start, end = rest[0].start_byte, rest[-1].end_byte
            at = start + _divider(self.script.content[start:end])
            if divider < len(rest) and at != rest[divider].start_byte:
                return self.stretch(start, at), self.stretch(min(at + 1, end), end)
        return self._operand(node, rest[:divider]), self._operand(node, rest[divider + 1 :])

    def _defaulted(self, node: Node, value: ir.Expression, operator: str, rest: list[Node]) -> ir.Expression:
        span = self._span(node)
        if operator[0] != ":" and isinstance(value, ir.Name) and value.name in self.definite:
            # What has been given an empty value is set.
            return self._operand(node, rest) if operator == "+" else value
        if operator == ":?":
            self.call("require", (value,), span)
        asks_only, operator = operator[0] != ":", operator[-1]
        if operator == "?":
            return value
        is_set: ir.Expression = ir.Compare(ir.CompareOp.NE, value, ir.Literal("", span), span)
        if asks_only and isinstance(value, ir.Index):
            is_set = ir.Apply("has", (value.base, value.index), span)
        if operator == "+":
            return ir.Choice(is_set, self._operand(node, rest), ir.Literal("", span), span)
        choice = ir.Choice(is_set, value, self._operand(node, rest), span)
        if operator == "=" and isinstance(value, ir.Name):
            self.emit(ir.Assign((value,), choice, span))
            return value
        return choice

    def _part(self, node: Node, value: ir.Expression, rest: list[Node]) -> ir.Expression:
        bounds = [child for child in rest if child.type != ":"]
        span = self._span(node)
        if not 1 <= len(bounds) <= 2 or any(child.is_missing for child in node.children):
            return ir.Opaque("a part of a text", span, (value,))
        numbers = [self._number(child) for child in bounds]
        if None in numbers:
            computed = [self.number(child) for child in bounds]
            return ir.Apply("part", (value, *computed, ir.Constant(None, span))[:3], span)
        low, high = numbers[0] or 0, numbers[1] if len(numbers) > 1 else None
        if low < 0 or (high is not None and high < 0):
            ends = (ir.Constant(low, span), ir.Constant(high, span))
            return ir.Apply("part", (value, *ends), span)
        end = ir.Constant(low + high, span) if high is not None else None
        return ir.Slice(value, ir.Constant(low, span), end, span)


def _divider(written: bytes) -> int:
    """Where the `/` stands that ends a pattern: not one behind a backslash, in quotes, in a set or in an expansion."""
    quote, depth, at = 0, 0, 0
    if len(written) > LONGEST_PATTERN:
        return max(written.find(b"/"), 0)
    while at < len(written):
        character = written[at]
        if character == ord("\\") and quote != ord("'"):
            at += 1
        elif quote:
            quote = 0 if character == quote else quote
        elif character in b"'\"":
            quote = character
        elif character == ord("[") and (end := written.find(b"]", at + 2)) > 0:
            at = end
        elif written[at : at + 2] in (b"${", b"$("):
            depth += 1
        elif character in b"})" and depth:
            depth -= 1
        elif character == ord("/") and not depth:
            return at
        at += 1
    return len(written)
