"""Conditions: `[ … ]`, `[[ … ]]` and `test` (Bash Reference Manual 5.2, section 6.4; POSIX test).

The words are taken in their order and read by precedence: `!`, then the binary operators, then `-a` and `&&`, then `-o`
and `||`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.script import joined, literal_text
from tagcheck.frontends.shell.words import Words

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPOUND = frozenset(("binary_expression", "unary_expression", "parenthesized_expression", "test_command"))
_EQUALS = {"=": ir.CompareOp.EQ, "==": ir.CompareOp.EQ, "!=": ir.CompareOp.NE}
_NUMBERS = {
    "-eq": ir.CompareOp.EQ,
    "-ne": ir.CompareOp.NE,
    "-lt": ir.CompareOp.LT,
    "-le": ir.CompareOp.LE,
    "-gt": ir.CompareOp.GT,
    "-ge": ir.CompareOp.GE,
}
_OTHERS = frozenset(("=~", "<", ">", "-nt", "-ot", "-ef"))
_BINARY = frozenset((*_EQUALS, *_NUMBERS, *_OTHERS))
_ANY = frozenset(("||", "-o"))
_ALL = frozenset(("&&", "-a"))
_BRACKETS = frozenset(("[", "]", "[[", "]]"))
_ENDING = _ANY | _ALL | {"(", ")"}
_QUOTED = frozenset(("string", "raw_string", "ansi_c_string"))
_SPECIAL = frozenset("*?[\\")
MOST_WORDS = 60
_GROUPS = "BASH_REMATCH"
"""The variable that holds what an expression has found."""


class Tests(Words):
    """Words, and what is asked about them."""

    def tested(self, node: Node, words: list[Node] | None = None) -> ir.Expression:
        """The condition of a test; `words`: the arguments of the command `test` or `[`."""
        tokens = self._tokens(node) if words is None else words
        if len(tokens) > MOST_WORDS:
            return self.opaque("a long condition", node)
        reader = _Reader(self, node, tokens)
        condition = reader.any_of()
        return condition if reader.at == len(tokens) else self.opaque("a condition", node)

    def matched(self, value: ir.Expression, nodes: list[Node]) -> ir.Expression:
        """Whether a text matches a pattern of file names, which the parser may have torn."""
        start, end = self._start(nodes[0]), nodes[-1].end_byte
        span = self.script.between(start, end)
        parts = self._parts_of_pattern(nodes, start, end)
        if parts is None:
            return ir.Apply("matches", (value, ir.Opaque("a pattern", span)), span)
        texts = [(part.type in _QUOTED, self.word(part)) for part in parts]
        if any(not quoted and has_pattern(literal_text(text) or "") for quoted, text in texts):
            pattern = joined([_escaped(text) if quoted else text for quoted, text in texts], span)
            return ir.Apply("matches", (value, pattern), span)
        return ir.Compare(ir.CompareOp.EQ, value, joined([text for _, text in texts], span), span)

    def _parts_of_pattern(self, nodes: list[Node], start: int, end: int) -> list[Node] | None:
        """The quoted and other parts of a pattern; None if they cannot be told."""
        torn = len(nodes) > 1 or nodes[0].type in ("extglob_pattern", "regex")
        if torn and any(mark in self.script.content[start:end] for mark in b"$\"'`"):
            root = self.reparsed(start, end, b"A=")
            found = root.children[0].child_by_field_name("value") if root is not None and root.children else None
            if root is None or root.has_error or found is None or found.end_byte != end:
                return None
            nodes = [found]
        return [part for node in nodes for part in (node.children if node.type == "concatenation" else [node])]

    def expression(self, nodes: list[Node]) -> ir.Expression:
        """A regular expression, which the parser does not look into."""
        start, end = self._start(nodes[0]), nodes[-1].end_byte
        span = self.script.between(start, end)
        if len(nodes) == 1 and nodes[0].type != "regex":
            return self.word(nodes[0])
        content = self.script.content[start:end]
        if not any(mark in content for mark in b"\"'`") and not _expands(content):
            return joined(list(self.script.literals(start, end)), span)
        if b"\\" in content:
            return ir.Opaque("an expression with quotes", span)
        return self.stretch(start, end)

    def _tokens(self, node: Node) -> list[Node]:
        found: list[Node] = []
        pending = [node]
        while pending and len(found) <= MOST_WORDS:
            current = pending.pop()
            if current.type in _COMPOUND:
                pending.extend(reversed(current.children))
            elif current.is_named or self.script.written(current).strip() not in _BRACKETS:
                found.append(current)
        return found


class _Reader:
    """Reads the words of one test."""

    def __init__(self, tests: Tests, node: Node, tokens: list[Node]) -> None:
        self.tests = tests
        self.node = node
        self.span = tests.script.span(node)
        self.tokens = tokens
        self.words = [tests.script.written(token).strip() for token in tokens]
        self.at = 0

    def _next(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def any_of(self) -> ir.Expression:
        found = [self._all_of()]
        while self._next() in _ANY:
            self.at += 1
            found.append(self._all_of())
        return found[0] if len(found) == 1 else ir.AnyOf(tuple(found), self.span)

    def _all_of(self) -> ir.Expression:
        found = [self._one()]
        while self._next() in _ALL:
            self.at += 1
            found.append(self._one())
        return found[0] if len(found) == 1 else ir.AllOf(tuple(found), self.span)

    def _one(self) -> ir.Expression:
        negations = 0
        while self._next() == "!":
            self.at += 1
            negations += 1
        found = self._group() if self._next() in ("(", "\\(") else self._primary()
        return negated(found) if negations % 2 else found

    def _one_word(self) -> list[Node]:
        """The next word, which the parser may have torn."""
        found = [self.tokens[self.at]]
        self.at += 1
        while self.at < len(self.tokens) and self.tokens[self.at].start_byte == found[-1].end_byte:
            if self.words[self.at] in _ENDING:
                break
            found.append(self.tokens[self.at])
            self.at += 1
        return found

    def _group(self) -> ir.Expression:
        self.at += 1
        found = self.any_of()
        if self._next() in (")", "\\)"):
            self.at += 1
        return found

    def _primary(self) -> ir.Expression:
        remaining = len(self.words) - self.at
        if remaining >= 3 and self.words[self.at + 1] in _BINARY:
            left, operator = self.tokens[self.at], self.words[self.at + 1]
            self.at += 2
            return self._compared(left, operator, self._one_word())
        if remaining >= 2 and _is_unary(self.words[self.at]):
            operator, operand = self.words[self.at], self.tokens[self.at + 1]
            self.at += 2
            return self._asked(operator, operand)
        if not remaining:
            return ir.Constant(False, self.span)
        self.at += 1
        return self._filled(self.tests.word(self.tokens[self.at - 1]), ir.CompareOp.NE)

    def _filled(self, value: ir.Expression, operator: ir.CompareOp) -> ir.Expression:
        return ir.Compare(operator, value, ir.Literal("", self.span), self.span)

    def _asked(self, operator: str, operand: Node) -> ir.Expression:
        value = self.tests.word(operand)
        match operator:
            case "-z":
                return self._filled(value, ir.CompareOp.EQ)
            case "-n":
                return self._filled(value, ir.CompareOp.NE)
            case "-e" | "-f" | "-s":
                return ir.Apply("file-exists", (value,), self.span)
            case _:
                return ir.Opaque(f"a test {operator}", self.span, (value,))

    def _compared(self, left: Node, operator: str, words: list[Node]) -> ir.Expression:
        value, right = self.tests.word(left), words[0]
        if operator in _EQUALS:
            found = self.tests.matched(value, words)
            return negated(found) if operator == "!=" else found
        if operator in _NUMBERS:
            numbers = [ir.Apply("number", (each,), self.span) for each in (value, self.tests.word(right))]
            return ir.Compare(_NUMBERS[operator], numbers[0], numbers[1], self.span)
        if operator == "=~":
            wanted = self.tests.expression(words)
            if _GROUPS.encode() in self.tests.script.content:
                self.tests.assign(_GROUPS, ir.Apply("matched-groups", (value, wanted), self.span), self.span)
            return ir.Apply("matches-expression", (value, wanted), self.span)
        return ir.Opaque(f"a test {operator}", self.span, (value, self.tests.word(right)))


def _escaped(text: ir.Expression) -> ir.Expression:
    """A quoted part of a pattern, in which nothing has a meaning."""
    if isinstance(text, ir.Join):
        return ir.Join(tuple(map(_escaped, text.parts)), text.span)
    if not isinstance(text, ir.Literal) or _SPECIAL.isdisjoint(text.text):
        return text
    return ir.Literal("".join(f"\\{each}" if each in _SPECIAL else each for each in text.text), text.span, exact=False)


def _expands(content: bytes) -> bool:
    """Whether an expression holds a `$` that is no end of a line."""
    halves = content.split(b"$")[1:]
    return any(half[:1].isalnum() or half[:1] in (b"_", b"{", b"(") for half in halves)


def has_pattern(text: str) -> bool:
    """Whether a text is a pattern that several texts match."""
    return any(character in text for character in "*?[")


def negated(condition: ir.Expression) -> ir.Expression:
    """The opposite of a condition."""
    match condition:
        case ir.Not(operand=operand):
            return operand
        case ir.Compare(operator=ir.CompareOp.EQ, left=left, right=right, span=span):
            return ir.Compare(ir.CompareOp.NE, left, right, span)
        case ir.Compare(operator=ir.CompareOp.NE, left=left, right=right, span=span):
            return ir.Compare(ir.CompareOp.EQ, left, right, span)
        case ir.Constant(value=bool(value), span=span):
            return ir.Constant(not value, span)
        case _:
            return ir.Not(condition, condition.span)


def _is_unary(word: str) -> bool:
    return len(word) == 2 and word[0] == "-" and word[1].isalpha()
