"""Words to expressions (Bash Reference Manual 5.2, sections 3.1.2 Quoting and 3.5 Shell Expansions).

What it cannot do: file name and brace expansion, arithmetic, indirect expansion; the words stay as they are written, or
are not known.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.body import ARGUMENTS, Body
from tagcheck.frontends.shell.script import joined, literal_text
from tagcheck.source import Span, is_hole

if TYPE_CHECKING:
    from tree_sitter import Node

EXPANSIONS = frozenset(
    ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution")
)
_QUOTED = b'$`"\\\n'
_HEREDOC = b"$`\\\n"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_TRIMS = {
    "#": "without-prefix",
    "##": "without-longest-prefix",
    "%": "without-suffix",
    "%%": "without-longest-suffix",
}
_CASES = {"^": "", "^^": "upper", ",": "", ",,": "lower"}


class Words(Body):
    """Words, and everything that a shell expands in them."""

    @abstractmethod
    def substitution(self, node: Node) -> ir.Expression:
        """What the commands in `$(…)` print."""

    @abstractmethod
    def side_effects(self, node: Node) -> None:
        """Run the commands of a process substitution, whose output goes to a file of its own."""

    # --- words ---

    def word(self, node: Node) -> ir.Expression:
        """A word that the shell does not split: of an assignment, a redirection, a comparison."""
        with self.deeper() as possible:
            if not possible:
                return self.opaque("words nested too deeply", node)
            return joined(list(self._parts(node)), self.script.span(node))

    def argument(self, node: Node) -> ir.Expression:
        """A word of a command, which may become several words or none."""
        whole = self._all_items(node)
        if whole is not None:
            return ir.Spread(whole, self.script.span(node))
        value = self.word(node)
        if not self._is_split(node):
            return value
        span = self.script.span(node)
        return ir.Spread(ir.Apply("split-words", (value,), span), span)

    def arguments(self, nodes: list[Node]) -> tuple[ir.Expression, ...]:
        return tuple(self.argument(node) for node in nodes)

    def _is_split(self, node: Node) -> bool:
        """Whether a word holds something that the shell splits, and nothing that is quoted."""
        match node.type:
            case "concatenation" | "command_name":
                quoted = any(child.type in ("string", "raw_string", "ansi_c_string") for child in node.children)
                return not quoted and any(self._is_split(child) for child in node.children)
            case "simple_expansion" | "expansion" | "command_substitution":
                return True
            case "word":
                return any(is_hole(character) for character in self.script.written(node))
            case _:
                return False

    def _all_items(self, node: Node) -> ir.Expression | None:
        """The list of a word that is all arguments or all items of an array."""
        inner = node
        if node.type in ("string", "command_name") and len(named := [c for c in node.children if c.is_named]) == 1:
            inner = named[0]
        if inner.type not in ("simple_expansion", "expansion") or not self._fills(node, inner):
            return None
        parts = [child for child in inner.children if child.type not in ("$", "${", " ${", "}")]
        if len(parts) != 1:
            return None
        if parts[0].type == "special_variable_name" and self.script.written(parts[0]) in ("@", "*"):
            return ir.Name(ARGUMENTS, self.script.span(inner))
        return self._whole_array(parts[0])

    def _fills(self, outer: Node, inner: Node) -> bool:
        start = self._start(inner)
        around = outer.start_byte + (outer.type == "string"), outer.end_byte - (outer.type == "string")
        return (start, inner.end_byte) == around

    def _whole_array(self, node: Node) -> ir.Expression | None:
        if node.type != "subscript" or self._index_text(node) not in ("@", "*"):
            return None
        name = node.child_by_field_name("name")
        return self.variable(self.script.written(name), self.script.span(node)) if name is not None else None

    def _index_text(self, node: Node) -> str:
        index = node.child_by_field_name("index")
        return self.script.written(index) if index is not None else ""

    # --- parts ---

    def _parts(self, node: Node) -> Iterator[ir.Expression]:
        match node.type:
            case "raw_string":
                yield from self.script.literals(node.start_byte + 1, node.end_byte - 1)
            case "ansi_c_string":
                yield from self._ansi(node)
            case "string":
                yield from self._mixed(node, node.start_byte + 1, node.end_byte - 1, _QUOTED)
            case "translated_string" | "concatenation" | "command_name":
                yield from self._joined_words(node)
            case each if each in EXPANSIONS:
                yield self._expanded(node)
            case _:
                yield from self.script.unescaped(node.start_byte, node.end_byte)

    def _joined_words(self, node: Node) -> Iterator[ir.Expression]:
        for child in node.children:
            if child.type != "$":
                yield self.word(child)
            elif self.script.written(child) == "$$":
                yield self.variable("$", self.script.span(child))
            elif node.type == "concatenation":
                yield from self.script.literals(child.start_byte, child.end_byte)

    def _ansi(self, node: Node) -> Iterator[ir.Expression]:
        written = self.script.slice(node.start_byte + 2, node.end_byte - 1)
        if "\\" not in written:
            yield from self.script.literals(node.start_byte + 2, node.end_byte - 1)
            return
        pieces = written.split("\\")
        decoded = [pieces[0]]
        for piece in pieces[1:]:
            decoded.append(_ESCAPES.get(piece[:1], piece[:1]) + piece[1:])
        yield ir.Literal("".join(decoded), self.script.span(node), exact=False)

    def _mixed(self, node: Node, start: int, end: int, special: bytes) -> Iterator[ir.Expression]:
        """Literal text with expansions in it. What stands between them is taken from the bytes: the parser leaves
        blanks out."""
        for child in node.children:
            if child.type in EXPANSIONS:
                at = self._start(child)
                yield from self.script.unescaped(start, at, special)
                yield self._expanded(child)
                start = child.end_byte
        yield from self.script.unescaped(start, end, special)

    def _start(self, node: Node) -> int:
        """Where an expansion begins: the parser counts blanks before it as its part."""
        content = self.script.content
        at = node.start_byte
        while at < node.end_byte and content[at] in b" \t\r\n":
            at += 1
        return at

    def heredoc(self, node: Node, raw: bool, indented: bool) -> ir.Expression:
        """The text of a here-document; `indented`: without the tabs at the beginnings of its lines."""
        if raw:
            parts: list[ir.Expression] = list(self.script.literals(node.start_byte, node.end_byte))
        else:
            parts = list(self._mixed(node, node.start_byte, node.end_byte, _HEREDOC))
        if indented:
            parts = [_without_tabs(part, first=index == 0) for index, part in enumerate(parts)]
        return joined(parts, self.script.span(node))

    # --- expansions ---

    def _expanded(self, node: Node) -> ir.Expression:
        with self.deeper() as possible:
            if not possible:
                return self.opaque("words nested too deeply", node)
            match node.type:
                case "simple_expansion":
                    return self.variable(self.script.slice(self._start(node) + 1, node.end_byte), self._span(node))
                case "expansion":
                    return self._parameter(node)
                case "command_substitution":
                    return self.substitution(node)
                case "process_substitution":
                    self.side_effects(node)
                    return self.opaque("the file of a process substitution", node)
                case _:
                    return self.opaque("an arithmetic expression", node)

    def _span(self, node: Node) -> Span:
        return self.script.between(self._start(node), node.end_byte)

    def _parameter(self, node: Node) -> ir.Expression:
        """`${…}` (section 3.5.3, Shell Parameter Expansion)."""
        inner = [child for child in node.children if child.type not in ("${", " ${", "}")]
        subject = next((c for c in inner if c.type in ("variable_name", "special_variable_name", "subscript")), None)
        if subject is None:
            return self.opaque("a parameter expansion", node)
        before = inner[: inner.index(subject)]
        rest = inner[len(before) + 1 :]
        if before:
            return self._counted(node, subject) if before[0].type == "#" else self.opaque("an indirect name", node)
        if not rest:
            return self._subject(subject)
        return self._operated(node, subject, rest[0].type, rest[1:])

    def _subject(self, node: Node) -> ir.Expression:
        span = self.script.span(node)
        if node.type != "subscript":
            return self.variable(self.script.written(node), span)
        name = node.child_by_field_name("name")
        written = self.script.written(name) if name is not None else ""
        if written == "BASH_SOURCE":
            return self.variable(written, span)
        if self._index_text(node) in ("@", "*"):
            return self.opaque("all items of an array in one word", node)
        return ir.Index(self.variable(written, span), self.index(node, written), span)

    def index(self, node: Node, name: str) -> ir.Expression:
        """The index of a subscript: a number, or for a map a text."""
        index = node.child_by_field_name("index")
        if index is None:
            return self.opaque("an index", node)
        written = self.script.written(index)
        if name in self.shared.names.maps:
            return self.word(index)
        if written.removeprefix("-").isdecimal() and len(written) < 10:
            return ir.Constant(int(written), self.script.span(index))
        return self.opaque("an index that is not a number", node)

    def _counted(self, node: Node, subject: Node) -> ir.Expression:
        items = self._whole_array(subject) or self._subject(subject)
        return ir.Apply("length", (items,), self._span(node))

    def _operated(self, node: Node, subject: Node, operator: str, rest: list[Node]) -> ir.Expression:
        span = self._span(node)
        if subject.type == "special_variable_name" and self.script.written(subject) in ("@", "*"):
            return self.opaque("some of the arguments", node)
        value = self._subject(subject)
        if operator.removeprefix(":") in ("-", "=", "+", "?"):
            return self._defaulted(node, value, operator[-1], rest)
        if operator in _TRIMS:
            return ir.Apply(_TRIMS[operator], (value, self._operand(node, rest)), span)
        if operator in ("/", "//"):
            return self._replaced(node, value, operator, rest)
        if operator == ":":
            return self._part(node, value, rest)
        if operator in _CASES and not rest:
            kind = _CASES[operator]
            return ir.Apply(kind, (value,), span) if kind else ir.Opaque("a changed first letter", span, (value,))
        return ir.Opaque("a parameter expansion", span, (value,))

    def _operand(self, node: Node, rest: list[Node]) -> ir.Expression:
        """What stands after the operator, up to the closing bracket."""
        parts = [self.word(child) for child in rest]
        return joined(parts, self._span(node))

    def _defaulted(self, node: Node, value: ir.Expression, operator: str, rest: list[Node]) -> ir.Expression:
        span = self._span(node)
        if operator == "?":
            return value
        is_set = ir.Compare(ir.CompareOp.NE, value, ir.Literal("", span), span)
        if operator == "+":
            return ir.Choice(is_set, self._operand(node, rest), ir.Literal("", span), span)
        choice = ir.Choice(is_set, value, self._operand(node, rest), span)
        if operator == "=" and isinstance(value, ir.Name):
            self.emit(ir.Assign((value,), choice, span))
            return value
        return choice

    def _replaced(self, node: Node, value: ir.Expression, operator: str, rest: list[Node]) -> ir.Expression:
        divider = next((index for index, child in enumerate(rest) if child.type == "/"), len(rest))
        old, new = self._operand(node, rest[:divider]), self._operand(node, rest[divider + 1 :])
        kind = "replace-all" if operator == "//" else "replace-first"
        return ir.Apply(kind, (value, old, new), self._span(node))

    def _part(self, node: Node, value: ir.Expression, rest: list[Node]) -> ir.Expression:
        numbers = [self.script.written(child) for child in rest if child.type != ":"]
        span = self._span(node)
        if not numbers or not all(each.isdecimal() and len(each) < 10 for each in numbers):
            return ir.Opaque("a part of a text", span, (value,))
        low = int(numbers[0])
        high = ir.Constant(low + int(numbers[1]), span) if len(numbers) > 1 else None
        return ir.Slice(value, ir.Constant(low, span), high, span)


def _without_tabs(part: ir.Expression, first: bool) -> ir.Expression:
    text = literal_text(part)
    if text is None or not isinstance(part, ir.Literal):
        return part
    lines = text.split("\n")
    stripped = [line.lstrip("\t") if index or first else line for index, line in enumerate(lines)]
    return part if stripped == lines else ir.Literal("\n".join(stripped), part.span, exact=False)
