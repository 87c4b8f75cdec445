"""Programs of jq 1.7 (and what yq 4 shares with it): values made, chosen and put together, read from a syntax tree.

    .a[0]."b"[]   .[1:3]   e, e   e | e   e // e   e == e   e and e   e + e   [e]   {a, "b": e, (e): e}   "a\\(e)"
    if e then e else e end   $name   env.NAME   $ENV.NAME   e as $name | e   FUNCTION(e; e)   e = e   e |= e   e += e

What is not in it, or depends on what is not known, has no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from tagcheck.builtins import jqrun
from tagcheck.builtins.jqrun import MOST_VALUES, Node, Run
from tagcheck.builtins.jqvalues import Unanswered
from tagcheck.builtins.marked import between, marked
from tagcheck.values import Null, Number, Text, Truth, Value
from tagcheck.values import Sequence as Listed

LONGEST = 4000
DEEPEST = 30
_TOKEN = re.compile(
    r"\s+|#[^\n]*|\.\.|\?//|//=|\|=|\+=|==|!=|<=|>=|//|[|,=<>+*/%()\[\]{}:;?-]|\.[A-Za-z_]\w*|\.|\$\w+|@\w+|\d+(?:\.\d+)?"
    r"|[A-Za-z_]\w*"
)
_COMPARED = frozenset(("==", "!=", "<", "<=", ">", ">="))
_ASSIGNED = frozenset(("=", "|=", "+=", "//="))


@dataclass(frozen=True)
class Token:
    """A token; of a text written out, its parts."""

    text: str
    parts: tuple[Text | Node, ...] | None = None


def parse(query: Text) -> Node | None:
    """The program that a text is; None if it is not understood."""
    written = marked(query)
    if len(written) > LONGEST:
        return None
    try:
        reader = _Reader(_tokens(query, written, 0, len(written), 0))
        found = reader.pipe()
        return found if reader.at == len(reader.tokens) else None
    except (Unanswered, IndexError):
        return None


def answers(program: Node, document: Value, run: Run) -> list[Value] | None:
    """What a program gives for a document, in order; None where that is not known."""
    found: list[Value] = []
    try:
        for value in program(run, document, run.arguments):
            found.append(value)
            if len(found) > MOST_VALUES:
                return None
    except (Unanswered, RecursionError):
        return None
    return found


# --- reading ---------------------------------------------------------------------------------------------------------


def _tokens(query: Text, written: str, at: int, end: int, depth: int) -> list[Token]:
    if depth > DEEPEST:
        raise Unanswered
    found: list[Token] = []
    while at < end:
        if written[at] == '"':
            token, at = _quoted(query, written, at, end, depth)
            found.append(token)
            continue
        match = _TOKEN.match(written, at, end)
        if match is None:
            raise Unanswered
        if match[0].strip() and match[0][0] != "#":
            found.append(Token(match[0]))
        at = match.end()
    return found


def _quoted(query: Text, written: str, at: int, end: int, depth: int) -> tuple[Token, int]:
    """A text written out from its opening quote on, and where it ends."""
    parts: list[Text | Node] = []
    at += 1
    start = at
    while at < end and written[at] != '"':
        if written[at] != "\\":
            at += 1
            continue
        parts.append(between(query, start, at))
        following = written[at + 1 : at + 2]
        if following == "(":
            close = _closing(written, at + 2, end)
            reader = _Reader(_tokens(query, written, at + 2, close, depth + 1))
            parts.append(reader.pipe())
            if reader.at != len(reader.tokens):
                raise Unanswered
            at = close + 1
        elif following in _ESCAPES:
            parts.append(Text.of(_ESCAPES[following]))
            at += 2
        else:
            raise Unanswered
        start = at
    if at >= end:
        raise Unanswered
    parts.append(between(query, start, at))
    return Token('"', tuple(parts)), at + 1


_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/"}


def _closing(written: str, at: int, end: int) -> int:
    """Where the bracket of an expression in a text is closed."""
    depth, quoted = 1, False
    while at < end:
        each = written[at]
        if each == '"':
            quoted = not quoted
        elif each == "\\" and quoted:
            at += 1
        elif not quoted and each in "()":
            depth += 1 if each == "(" else -1
            if not depth:
                return at
        at += 1
    raise Unanswered


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def _next(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def _taken(self, *wanted: str) -> bool:
        found = self._next() in wanted
        self.at += found
        return found

    def _need(self, wanted: str) -> None:
        if not self._taken(wanted):
            raise Unanswered

    def pipe(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unanswered
        left = self._comma()
        while True:
            if self._taken("as"):
                name = self._next()
                self.at += 1
                if name[:1] != "$":
                    raise Unanswered
                self._need("|")
                left = partial(jqrun.bound, left, name[1:], self.pipe())
                break
            if not self._taken("|"):
                break
            left = partial(jqrun.piped, left, self._comma())
        self.depth -= 1
        return left

    def _comma(self) -> Node:
        found = [self._assigned()]
        while self._taken(","):
            found.append(self._assigned())
        return found[0] if len(found) == 1 else partial(jqrun.each_of, tuple(found))

    def _assigned(self) -> Node:
        left = self._otherwise()
        operator = self._next()
        if operator not in _ASSIGNED:
            return left
        self.at += 1
        path = getattr(left, "args", (None,))[0] if getattr(left, "func", None) is jqrun.followed else None
        if path is not None and not all(isinstance(step, str | int) for step in path):
            raise Unanswered
        if path is None or left.args[1] is not jqrun.itself:  # type: ignore[attr-defined]
            raise Unanswered
        return partial(jqrun.set_at, tuple(path), operator, self._otherwise())

    def _otherwise(self) -> Node:
        left = self._or()
        if self._taken("//"):
            return partial(jqrun.alternative, left, self._otherwise())
        return left

    def _or(self) -> Node:
        left = self._and()
        while self._taken("or"):
            left = partial(jqrun.logical, True, left, self._and())
        return left

    def _and(self) -> Node:
        left = self._compared()
        while self._taken("and"):
            left = partial(jqrun.logical, False, left, self._compared())
        return left

    def _compared(self) -> Node:
        left = self._sum()
        if self._next() in _COMPARED:
            operator = self._next()
            self.at += 1
            return partial(jqrun.comparison, operator, left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._postfix()
        while self._next() in ("+", "-", "*", "/"):
            operator = self._next()
            self.at += 1
            left = partial(jqrun.calculated, operator, left, self._postfix())
        return left

    def _postfix(self) -> Node:
        found = self._primary()
        while True:
            token = self._next()
            if token == "[":
                found = partial(jqrun.followed, (self._index(),), found)
            elif token == "?":
                self.at += 1
            elif token.startswith(".") and len(token) > 1 and token != "..":
                self.at += 1
                found = partial(jqrun.followed, (token[1:],), found)
            elif token == "." and self.tokens[self.at + 1 : self.at + 2]:
                self.at += 1
                found = partial(jqrun.followed, (self._index() if self._next() == "[" else self._key(),), found)
            else:
                return _flat(found)

    def _key(self) -> object:
        token = self.tokens[self.at]
        if token.parts is None:
            raise Unanswered
        self.at += 1
        written = _literal(token)
        if written is None:
            raise Unanswered
        return written

    def _index(self) -> object:
        """What stands in square brackets: a key, a number, a part, or nothing for every item."""
        self._need("[")
        if self._taken("]"):
            return None
        low: Node | None = None if self._next() == ":" else self.pipe()
        if self._taken(":"):
            high = None if self._next() == "]" else self.pipe()
            self._need("]")
            return slice(low, high)
        self._need("]")
        return low

    def _primary(self) -> Node:
        token = self.tokens[self.at] if self.at < len(self.tokens) else Token("")
        written = token.text
        self.at += 1
        if token.parts is not None:
            return partial(jqrun.written_text, token.parts)
        if written == "-":
            return partial(jqrun.calculated, "-", partial(jqrun.constant, Number(0)), self._postfix())
        if written == ".":
            if self.tokens[self.at : self.at + 1] and self.tokens[self.at].parts is not None:
                return partial(jqrun.followed, (self._key(),), jqrun.itself)
            return jqrun.itself
        if written[:1] == "." and written != "..":
            return partial(jqrun.followed, (written[1:],), jqrun.itself)
        if written == "(":
            inner = self.pipe()
            self._need(")")
            return inner
        if written == "[":
            if self._taken("]"):
                return partial(jqrun.constant, Listed(()))
            inner = self.pipe()
            self._need("]")
            return partial(jqrun.collected, inner)
        if written == "{":
            return self._mapping()
        if written == "if":
            return self._if()
        if written[:1].isdigit():
            return partial(jqrun.constant, Number(float(written) if "." in written else int(written[:15])))
        if written in _WORDS:
            return partial(jqrun.constant, _WORDS[written])
        if written[:1] == "$":
            return self._environment() if written == "$ENV" else partial(jqrun.variable, written[1:])
        if written[:1].isalpha() or written[:1] == "_":
            return self._call(written)
        raise Unanswered

    def _if(self) -> Node:
        condition = self.pipe()
        self._need("then")
        then = self.pipe()
        if self._taken("elif"):
            return partial(jqrun.choice, condition, then, self._if())
        otherwise: Node = jqrun.itself
        if self._taken("else"):
            otherwise = self.pipe()
        self._need("end")
        return partial(jqrun.choice, condition, then, otherwise)

    def _mapping(self) -> Node:
        entries: list[tuple[Node, Node]] = []
        while not self._taken("}"):
            token = self.tokens[self.at]
            key: Node
            if token.parts is not None:
                key = partial(jqrun.written_text, token.parts)
                self.at += 1
                default: Node = partial(jqrun.followed, (_literal(token) or "",), jqrun.itself)
            elif token.text == "(":
                self.at += 1
                key, default = self.pipe(), jqrun.itself
                self._need(")")
            else:
                self.at += 1
                name = token.text.removeprefix("$")
                key = partial(jqrun.constant, Text.of(name))
                default = (
                    partial(jqrun.variable, name)
                    if token.text[:1] == "$"
                    else partial(jqrun.followed, (name,), jqrun.itself)
                )
            entries.append((key, self._otherwise() if self._taken(":") else default))
            if not self._taken(",") and self._next() != "}":
                raise Unanswered
        return partial(jqrun.made, tuple(entries))

    def _environment(self) -> Node:
        """`env.NAME`, `$ENV.NAME`."""
        token = self._next()
        if len(token) < 2 or token[0] != ".":
            raise Unanswered
        self.at += 1
        return partial(jqrun.of_environment, token[1:])

    def _call(self, name: str) -> Node:
        arguments: list[Node] = []
        if name in ("env", "strenv") and self._next() == "(":
            given = self.tokens[self.at + 1].text
            self.at += 2
            self._need(")")
            return partial(jqrun.of_environment, given)
        if self._taken("("):
            arguments.append(self.pipe())
            while self._taken(";"):
                arguments.append(self.pipe())
            self._need(")")
        if name == "env" and not arguments:
            return self._environment()
        return partial(jqrun.function, name, tuple(arguments))


_WORDS: dict[str, Value] = {"true": Truth(True), "false": Truth(False), "null": Null()}


def _literal(token: Token) -> str | None:
    texts = [each.literal for each in token.parts or () if isinstance(each, Text)]
    return None if len(texts) < len(token.parts or ()) or None in texts else "".join(each or "" for each in texts)


def _flat(node: Node) -> Node:
    """Steps that follow each other, as one."""
    steps: list[object] = []
    while isinstance(node, partial) and node.func is jqrun.followed:
        steps[:0] = node.args[0]
        node = node.args[1]
    return partial(jqrun.followed, tuple(steps), node) if steps else node
