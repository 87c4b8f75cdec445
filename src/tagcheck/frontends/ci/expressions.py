"""The expression language of workflows: `${{ … }}` (GitHub Docs, "Evaluate expressions in workflows and actions").

A small parser of our own: the grammar has ten lines, and no kept library reads it. Nesting is bounded; what does not
parse is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

DEEPEST = 40
LONGEST = 8_000
MOST_TOKENS = 200
"""of one expression: operators of one level nest to the left, so this bounds depth too"""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<mark>&&|\|\||==|!=|<=|>=|[<>!()\[\],.*]))"
)
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
_KEYWORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in quotes; `start` and `end` are the offsets of what stands between them."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Atom:
    """A number, a truth value or null."""

    value: int | float | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """A context and what is taken of it: 'steps', 'meta', 'outputs', 'tags'. '*' takes all."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Something taken of a value by an index that is worked out, or of what a function gives."""

    base: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    operator: str
    left: Node
    right: Node


Node: TypeAlias = Quoted | Atom | Path | Item | Function | Negation | Operation


class _Unreadable(Exception):
    """The text is no expression; never leaves this module."""


def parse(text: str, start: int = 0, end: int | None = None) -> Node | None:
    """The expression between two offsets of a text; None if it is none. Never raises."""
    stop = len(text) if end is None else end
    if stop - start > LONGEST:
        return None
    try:
        parser = _Parser(_tokens(text, start, stop))
        node = parser.level(0, 0)
        return node if parser.at == len(parser.tokens) else None
    except _Unreadable:
        return None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    found: list[_Token] = []
    while text[start:end].strip():
        match = _TOKEN.match(text, start, end)
        if match is None or match.lastgroup is None or len(found) >= MOST_TOKENS:
            raise _Unreadable
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        start = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def level(self, number: int, depth: int) -> Node:
        """An expression of operators of this level and those that bind more tightly."""
        if depth > DEEPEST:
            raise _Unreadable
        if number == len(_LEVELS):
            return self.unary(depth)
        left = self.level(number + 1, depth)
        while operator := self.mark(*_LEVELS[number]):
            left = Operation(operator, left, self.level(number + 1, depth))
        return left

    def unary(self, depth: int) -> Node:
        if self.mark("!"):
            if depth >= DEEPEST:
                raise _Unreadable
            return Negation(self.unary(depth + 1))
        return self.parts(self.primary(depth), depth)

    def primary(self, depth: int) -> Node:
        token = self.take()
        match token.kind:
            case "text":
                value = token.text[1:-1].replace("''", "'")
                return Quoted(value, token.start + 1, token.start + len(token.text) - 1)
            case "number":
                return Atom(_number(token.text))
            case "name" if self.mark("("):
                return Function(token.text.lower(), self.arguments(depth))
            case "name" if token.text.lower() in _KEYWORDS:
                return Atom(_KEYWORDS[token.text.lower()])
            case "name":
                return Path((token.text,))
            case "mark" if token.text == "(":
                inner = self.level(0, depth + 1)
                self.expect(")")
                return inner
        raise _Unreadable

    def arguments(self, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        if self.mark(")"):
            return ()
        while True:
            found.append(self.level(0, depth + 1))
            if self.mark(")"):
                return tuple(found)
            self.expect(",")

    def parts(self, base: Node, depth: int) -> Node:
        """What is taken of a value: `.name`, `.*`, `[…]`."""
        while True:
            if self.mark("."):
                token = self.take()
                if token.kind != "name" and token.text != "*":
                    raise _Unreadable
                base = _taken(base, Quoted(token.text, token.start, token.start))
            elif self.mark("["):
                index: Node = Quoted("*", 0, 0) if self.mark("*") else self.level(0, depth + 1)
                self.expect("]")
                base = _taken(base, index)
            else:
                return base

    def take(self) -> _Token:
        if self.at >= len(self.tokens):
            raise _Unreadable
        self.at += 1
        return self.tokens[self.at - 1]

    def mark(self, *texts: str) -> str:
        """Take one of these marks if it is next; the empty text if none is."""
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "mark" and self.tokens[self.at].text in texts:
            return self.take().text
        return ""

    def expect(self, text: str) -> None:
        if not self.mark(text):
            raise _Unreadable


_EVENT = ("github", "event")
"""What a service tells about an event: nothing in the project gives it, so that each of its items is one value."""


def _taken(base: Node, index: Node) -> Node:
    if isinstance(base, Path) and isinstance(index, Quoted):
        return Path((*base.names, index.value))
    if isinstance(base, Path) and base.names[:2] == _EVENT and isinstance(index, Atom):
        return Path((*base.names, str(index.value)))
    return Item(base, index)


def _number(text: str) -> int | float:
    if text.lower().lstrip("-+").startswith("0x"):
        return int(text, 16)
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
