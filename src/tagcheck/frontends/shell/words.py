"""Words to expressions (Bash Reference Manual 5.2, sections 3.1.2 Quoting and 3.5 Shell Expansions).

What it cannot do: file name expansion in the words of a command; patterns stay there as they are written, and the
program that gets them is taken to look for the files itself.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.braces import braces
from tagcheck.frontends.shell.names import leading_name
from tagcheck.frontends.shell.parameters import Parameters
from tagcheck.frontends.shell.script import joined, literal_text
from tagcheck.source import Span, is_hole

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_TEXTS = 100
"""Texts inside of one text that are read as commands (`eval`, `trap`); each is parsed at its place."""
EXPANSIONS = frozenset(
    ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution")
)
_QUOTED = b'$`"\\\n'
_POSITIONAL = re.compile(rb"\\.|\$([0-9@*#])", re.DOTALL)
_HEREDOC = b"$`\\\n"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}


class Words(Parameters):
    """Words, and everything that a shell expands in them."""

    @abstractmethod
    def substitution(self, node: Node) -> ir.Expression:
        """What the commands in `$(…)` print."""

    @abstractmethod
    def process_file(self, node: Node) -> ir.Expression:
        """The path of the file that a process substitution stands for."""

    # --- words ---

    def word(self, node: Node) -> ir.Expression:
        with self.deeper() as possible:
            if not possible:
                return self.opaque("words nested too deeply", node)
            return joined(list(self._parts(node)), self.script.span(node))

    def argument(self, node: Node) -> ir.Expression:
        """A word of a command, which may become several words or none."""
        whole = self._all_items(node)
        if whole is not None:
            if node.type in EXPANSIONS and "IFS" not in self.shared.names.assigned:
                whole = ir.Apply("split-items", (whole,), self.script.span(node))
            return ir.Spread(whole, self.script.span(node))
        several = braces(self.script, node)
        if several is not None:
            return self._braced(node, several)
        value = self.word(node)
        if not self._is_split(node):
            return value
        return self._divided(value, self.script.span(node))

    def _divided(self, value: ir.Expression, span: Span) -> ir.Expression:
        """The words that an unquoted value becomes, divided by what the script has set to divide them."""
        given = (value, self.variable("IFS", span)) if "IFS" in self.shared.names.assigned else (value,)
        return ir.Spread(ir.Apply("split-words", given, span), span)

    def _braced(self, node: Node, several: list[list[Node | str]]) -> ir.Expression:
        """A word with braces: one word for each of the texts in them."""
        span = self.script.span(node)
        found: list[ir.Expression] = []
        for parts in several:
            pieces = [
                ir.Literal(each, span, exact=False) if isinstance(each, str) else self.word(each) for each in parts
            ]
            found.append(joined(pieces, span))
        return ir.Spread(ir.ListOf(tuple(found), span), span)

    def arguments(self, nodes: list[Node]) -> tuple[ir.Expression, ...]:
        return tuple(map(self._one_argument, self._neighbours(nodes)))

    def _neighbours(self, nodes: list[Node]) -> Iterator[list[Node]]:
        """Nodes that stand side by side, which are one word."""
        at = 0
        while at < len(nodes):
            end = at + 1
            while end < len(nodes) and nodes[end].start_byte == nodes[end - 1].end_byte:
                end += 1
            yield nodes[at:end]
            at = end

    def _one_argument(self, nodes: list[Node]) -> ir.Expression:
        return self.argument(nodes[0]) if len(nodes) == 1 else self._apart(nodes)

    def listed(self, nodes: list[Node]) -> tuple[ir.Expression, ...]:
        """Words of a list: patterns of file names in them become names."""
        found: list[ir.Expression] = []
        for group in self._neighbours(nodes):
            word = self._one_argument(group)
            if any(map(self._can_be_pattern, group)):
                span = self.script.between(group[0].start_byte, group[-1].end_byte)
                words = word.value if isinstance(word, ir.Spread) else ir.ListOf((word,), span)
                word = ir.Spread(ir.Apply("file-names", (words,), span), span)
            found.append(word)
        return tuple(found)

    def _can_be_pattern(self, node: Node) -> bool:
        """Whether a word holds, or can become, a pattern that is not quoted."""
        match node.type:
            case "concatenation":
                return any(child.type == "word" and self._can_be_pattern(child) for child in node.children)
            case "word" | "extglob_pattern":
                return any(each in "*?[" or is_hole(each) for each in self.script.written(node))
            case "simple_expansion" | "expansion":
                return self.all_of(node) is None
            case _:
                return False

    def _apart(self, nodes: list[Node]) -> ir.Expression:
        """One word that the parser takes for several, each behind a `$` (`a:$B-c`)."""
        span = self.script.between(nodes[0].start_byte, nodes[-1].end_byte)
        return self._divided(self.glued(nodes), span)

    def glued(self, nodes: list[Node]) -> ir.Expression:
        """Neighbouring nodes as one word."""
        children = [child for node in nodes for child in (node.children if node.type == "concatenation" else [node])]
        parts: list[ir.Expression] = []
        for index, child in enumerate(children):
            behind = index > 0 and self.script.written(children[index - 1]) == "$"
            if child.type == "$" and index < len(children) - 1:
                continue
            name = leading_name(self.script.written(child)) if behind and child.type == "word" else ""
            if name:
                parts.append(
                    self.variable(name, self.script.between(child.start_byte - 1, child.start_byte + len(name)))
                )
                parts += self.script.unescaped(child.start_byte + len(name), child.end_byte)
            elif child.type == "$" and self.script.written(child).endswith("$$"):
                parts += self._process(child)
            else:
                parts.append(self.word(child))
        return joined(parts, self.script.between(nodes[0].start_byte, nodes[-1].end_byte))

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
        if node.type == "command_name" and len(node.children) == 1:
            node = node.children[0]
        inner = node
        if node.type == "string" and len(named := [c for c in node.children if c.is_named]) == 1:
            inner = named[0]
        if inner.type not in ("simple_expansion", "expansion") or not self._fills(node, inner):
            return None
        if inner is not node and self.is_one_word(inner):
            return None
        return self.all_of(inner)

    def _fills(self, outer: Node, inner: Node) -> bool:
        start = self._start(inner)
        around = outer.start_byte + (outer.type == "string"), outer.end_byte - (outer.type == "string")
        return (start, inner.end_byte) == around

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
            elif self.script.written(child).endswith("$$"):
                yield from self._process(child)
            elif node.type == "concatenation":
                yield from self.script.literals(child.start_byte, child.end_byte)

    def _process(self, node: Node) -> Iterator[ir.Expression]:
        """The number of the shell's process at the end of a word. The parser counts literal text before it as its
        part."""
        at = node.end_byte - len("$$")
        yield from self.script.literals(node.start_byte, at)
        yield self.variable("$", self.script.between(at, node.end_byte))

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
                yield from self._between(start, at, special)
                yield self._expanded(child)
                start = child.end_byte
        yield from self._between(start, end, special)

    def _between(self, start: int, end: int, special: bytes) -> Iterator[ir.Expression]:
        """What stands between expansions. In here-documents the parser leaves positional parameters there."""
        found = _POSITIONAL.finditer(self.script.content, start, end) if special is _HEREDOC else ()
        for match in found:
            if match[1] is not None:
                yield from self.script.unescaped(start, match.start(), special)
                start = match.end()
                yield self.variable(match[1].decode(), self.script.between(match.start(), start))
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

    def stretch(self, start: int, end: int) -> ir.Expression:
        content = self.script.content[start:end]
        if not any(mark in content for mark in b"$`'\""):
            return joined(list(self.script.unescaped(start, end)), self.script.between(start, end))
        quoted = not any(mark in content for mark in b"'\"")
        before, after = (b'"', b'"') if quoted else (b"A=", b"")
        root = self.reparsed(start, end, before, after)
        found = root.children[0] if root is not None and len(root.children) == 1 else None
        if found is not None:
            found = found.children[0] if quoted else found.child_by_field_name("value")
        if root is None or found is None or root.has_error or found.end_byte != end + len(after):
            return ir.Opaque("a part that does not parse", self.script.between(start, end))
        if not quoted:
            return self.word(found)
        return joined(list(self._mixed(found.children[0], start, end, _QUOTED)), self.script.between(start, end))

    def reparsed(self, start: int, end: int, before: bytes, after: bytes = b"") -> Node | None:
        """Bytes of the text read as commands, with others before and after them; None if there were too many such.
        Blanks in front keep the offsets, and with them all places, those of the whole text."""
        self.shared.texts += 1
        if self.shared.parse is None or self.shared.texts > MOST_TEXTS or start < len(before):
            return None
        return self.shared.parse(b" " * (start - len(before)) + before + self.script.content[start:end] + after)

    # --- expansions ---

    def _expanded(self, node: Node) -> ir.Expression:
        with self.deeper() as possible:
            if not possible:
                return self.opaque("words nested too deeply", node)
            match node.type:
                case "simple_expansion":
                    return self._simple(node, self._start(node) + 1)
                case "expansion":
                    return self.parameter(node)
                case "command_substitution":
                    return self.substitution(node)
                case "process_substitution":
                    return self.process_file(node)
                case _:
                    return self.arithmetic(node)

    def _simple(self, node: Node, start: int) -> ir.Expression:
        """`$NAME`. Of `$1_a` only the digit is the parameter: the parser takes the rest for a part of it."""
        name = self.script.slice(start, node.end_byte)
        if len(name) == 1 or not name[:1].isdecimal():
            return self.variable(name, self._span(node))
        number = self.variable(name[0], self.script.between(start - 1, start + 1))
        return joined([number, *self.script.literals(start + 1, node.end_byte)], self._span(node))

    def _span(self, node: Node) -> Span:
        return self.script.between(self._start(node), node.end_byte)


def _without_tabs(part: ir.Expression, first: bool) -> ir.Expression:
    text = literal_text(part)
    if text is None or not isinstance(part, ir.Literal):
        return part
    lines = text.split("\n")
    stripped = [line.lstrip("\t") if index or first else line for index, line in enumerate(lines)]
    return part if stripped == lines else ir.Literal("\n".join(stripped), part.span, exact=False)
