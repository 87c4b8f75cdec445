"""Texts with references (GNU make manual 4.4, sections 6.1, 6.3 and 8.1).

References are found when a text is read, not when it is expanded: what make does in turns (find the closing bracket,
expand, look for a function's name or a ':' in the result) is done once. The difference shows only where a bracket, a
comma or a colon comes out of a reference.

Cannot: `$(NAME:a=b)` where the ':' comes from an inner reference.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from tagcheck.frontends.make.nodes import Expansion, Function, Part, Reference, Substitution
from tagcheck.ir import Literal
from tagcheck.source import Text, is_hole

MOST_DEPTH = 60
"""References inside references; deeper ones are taken as they are written."""
_MANY = 1 << 30
ARGUMENTS = {
    **dict.fromkeys(("subst", "patsubst", "wordlist", "foreach", "if", "let"), 3),
    **dict.fromkeys(("findstring", "filter", "filter-out", "word", "addprefix", "addsuffix", "join", "file"), 2),
    **dict.fromkeys(("strip", "sort", "words", "firstword", "lastword", "dir", "notdir", "suffix", "basename"), 1),
    **dict.fromkeys(("wildcard", "realpath", "abspath", "value", "eval", "origin", "flavor", "shell", "guile"), 1),
    **dict.fromkeys(("error", "warning", "info"), 1),
    **dict.fromkeys(("or", "and", "call"), _MANY),
    "intcmp": 5,
}
"""The functions, with the number of arguments after which a comma is an ordinary character."""
_CLOSING = {"(": ")", "{": "}"}
_BLANKS = " \t\n"
_MARKS = re.compile(r"[$(){}:,=]")


def expansion(text: Text, start: int = 0, end: int | None = None) -> Expansion:
    """The characters from `start` to `end` of a text, their references taken apart. Never raises."""
    return _Reader(text, len(text.text) if end is None else end).until(start, "", "", 0)[0]


def literals(text: Text, start: int, end: int) -> list[Literal]:
    """Characters as they stand; each hole, and each part of other origin, by itself."""
    found: list[Literal] = []
    while start < end:
        index = bisect_right(text._offsets, start) - 1
        beyond = text.chunks[index + 1].offset if index + 1 < len(text.chunks) else end
        stop = min(end, beyond)
        if is_hole(text.text[start]):
            stop = start + 1
        elif not text.text.isascii():
            stop = next((at for at in range(start, stop) if is_hole(text.text[at])), stop)
        found.append(Literal(text.text[start:stop], text.span(start, stop), text.chunks[index].exact))
        start = stop
    return found


def written(parts: Expansion) -> str | None:
    """The text that an expansion writes out; None if it has references."""
    texts = [part.text for part in parts if isinstance(part, Literal)]
    return "".join(texts) if len(texts) == len(parts) else None


class _Reader:
    """Recursive descent, each character once."""

    def __init__(self, text: Text, end: int) -> None:
        self.text = text
        self.end = end
        self.unclosed: set[str] = set()
        """the kinds of brackets of which one has no end: make refuses such a text, here it is taken as it is written"""

    def until(self, at: int, stops: str, bracket: str, depth: int) -> tuple[Expansion, int]:
        """Parts up to a character of `stops` that stands outside of brackets of the reference's own kind; where it
        stands, the end if nowhere."""
        content, parts, low, level = self.text.text, list[Part](), at, 0
        closing = _CLOSING.get(bracket, "")
        while at < self.end and bracket not in self.unclosed:
            found = _MARKS.search(content, at, self.end)
            if found is None:
                at = self.end
                break
            at = found.start()
            character = content[at]
            if character == "$":
                parts += literals(self.text, low, at)
                more, at = self._dollar(at, depth)
                parts += more
                low = at
                continue
            if level == 0 and character in stops:
                break
            level += (character == bracket) - (character == closing)
            at += 1
        if bracket in self.unclosed:
            return (), self.end
        parts += literals(self.text, low, at)
        return tuple(parts), at

    def _dollar(self, at: int, depth: int) -> tuple[list[Part], int]:
        """What a `$` begins, and where it ends."""
        following = self.text.text[at + 1 : at + 2] if at + 1 < self.end else ""
        if following in ("", "$"):
            return [*literals(self.text, at, at + 1)], min(at + 2, self.end)
        if following not in _CLOSING:
            name = tuple(literals(self.text, at + 1, at + 2))
            return [Reference(name, self.text.span(at, at + 2))], at + 2
        if depth >= MOST_DEPTH or following in self.unclosed:
            return [*literals(self.text, at, at + 1)], at + 1
        found = self._bracketed(at, following, depth + 1)
        if found is None:
            self.unclosed.add(following)
            return [*literals(self.text, at, at + 1)], at + 1
        return [found[0]], found[1]

    def _bracketed(self, at: int, bracket: str, depth: int) -> tuple[Part, int] | None:
        """A reference or a function, and where it ends; None if it is not closed."""
        name = self._function_name(at + 2)
        if name:
            return self._function(at, name, bracket, depth)
        closing = _CLOSING[bracket]
        parts, end = self.until(at + 2, ":" + closing, bracket, depth)
        if end < self.end and self.text.text[end] == ":":
            return self._substitution(at, parts, end, bracket, depth)
        return (Reference(parts, self.text.span(at, end + 1)), end + 1) if end < self.end else None

    def _substitution(self, at: int, name: Expansion, colon: int, bracket: str, depth: int) -> tuple[Part, int] | None:
        closing = _CLOSING[bracket]
        pattern, equals = self.until(colon + 1, "=" + closing, bracket, depth)
        if equals >= self.end:
            return None
        if self.text.text[equals] != "=":
            whole = (*name, *literals(self.text, colon, colon + 1), *pattern)
            return Reference(whole, self.text.span(at, equals + 1)), equals + 1
        replacement, end = self.until(equals + 1, closing, bracket, depth)
        if end >= self.end:
            return None
        return Substitution(name, pattern, replacement, self.text.span(at, end + 1)), end + 1

    def _function_name(self, at: int) -> str:
        """The function whose name begins here and is followed by a blank; empty if none."""
        content, stop = self.text.text, at
        while stop < min(self.end, at + 12) and (content[stop].isalpha() or content[stop] == "-"):
            stop += 1
        name = content[at:stop]
        return name if name in ARGUMENTS and stop < self.end and content[stop] in _BLANKS else ""

    def _function(self, at: int, name: str, bracket: str, depth: int) -> tuple[Part, int] | None:
        content, closing = self.text.text, _CLOSING[bracket]
        start = at + 2 + len(name)
        while start < self.end and content[start] in _BLANKS:
            start += 1
        arguments: list[Expansion] = []
        while True:
            stops = closing if len(arguments) + 1 >= ARGUMENTS[name] else closing + ","
            parts, end = self.until(start, stops, bracket, depth)
            arguments.append(parts)
            if end >= self.end:
                return None
            if content[end] == closing:
                return Function(name, tuple(arguments), self.text.span(at, end + 1)), end + 1
            start = end + 1
