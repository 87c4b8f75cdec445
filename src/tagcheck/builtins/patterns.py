"""Regular expressions of other programs (POSIX 1003.1 chapter 9, basic and extended; Perl's for what they share), as
far as they can be matched in bounded time.

A pattern becomes one of Python's with at most a few repetitions, none inside of another; what is beyond
that is not known. A hole is one character that no literal of a pattern matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tagcheck.numerals import natural

LONGEST_LINE = 4000
LONGEST_PATTERN = 500
MOST_REPEATS = 3
MOST_COST = 4_000_000
"""Characters to the power of the number of repetitions: what one search may cost at worst."""

_CLASSES = {
    "[:space:]": r"\s", "[:blank:]": r" \t", "[:digit:]": r"0-9", "[:alnum:]": r"A-Za-z0-9", "[:alpha:]": r"A-Za-z",
    "[:lower:]": r"a-z", "[:upper:]": r"A-Z", "[:xdigit:]": r"A-Fa-f0-9", "[:punct:]": r"!-/:-@\[-`{-~",
}  # fmt: skip
_DOUBLED = re.compile(r"([&|~])\1+")
"""What Python may one day give a meaning of its own in a set."""
_ESCAPED = {"n": r"\n", "t": r"\t", "s": r"\s", "S": r"\S", "w": r"\w", "W": r"\W", "d": r"\d", "b": r"\b", "'": r"\Z"}


@dataclass(frozen=True)
class Pattern:
    """A pattern that can be searched for; `literal`: characters that every match contains."""

    compiled: re.Pattern[str]
    repeats: int
    literal: str

    def find(self, line: str, start: int = 0) -> re.Match[str] | None:
        """The first match in a line. Raises Costly where looking for it may take too long."""
        if self.literal and self.literal not in line:
            return None
        if self.cost(line) > MOST_COST:
            raise Costly
        return self.compiled.search(line, start)

    def cost(self, text: str) -> int:
        """How many characters one search in a text may look at."""
        return max(1, len(text)) ** max(1, self.repeats) if len(text) <= LONGEST_LINE else MOST_COST + 1

    def whole(self, text: str) -> bool:
        """Whether the pattern matches the whole text. Raises Costly as `find` does."""
        return self.first(text, "fullmatch") is not None

    def first(self, text: str, how: str) -> re.Match[str] | None:
        """The match in a text as one of Python's functions looks for it: 'search', 'match' or 'fullmatch'. Raises
        Costly as `find` does."""
        if how == "search":
            return self.find(text)
        if self.cost(text) > MOST_COST:
            raise Costly
        return self.compiled.match(text) if how == "match" else self.compiled.fullmatch(text)


class Costly(Exception):
    """A search that may take too long; never leaves the operations on texts."""


@lru_cache(maxsize=256)
def pattern(written: str, extended: bool = False, ignores_case: bool = False, by_lines: bool = False) -> Pattern | None:
    """The pattern that a text is; None if it is not understood. `by_lines`: `^` and `$` stand for those of lines."""
    if len(written) > LONGEST_PATTERN:
        return None
    reader = _Reader(written, extended)
    translated = reader.translate()
    if translated is None or reader.repeats > MOST_REPEATS:
        return None
    try:
        compiled = re.compile(translated, re.IGNORECASE * ignores_case | re.MULTILINE * by_lines)
    except (re.error, OverflowError, RecursionError):
        return None
    literal = "" if ignores_case or reader.has_choice else max(reader.literals, key=len, default="")
    return Pattern(compiled, reader.repeats, literal)


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, written: str, extended: bool) -> None:
        self.written, self.extended = written, extended
        self.at = 0
        self.out: list[str] = []
        self.repeats = 0
        self.has_choice = False
        self.literals = [""]
        self.groups: list[bool] = []
        """for each open group whether something in it is repeated"""
        self.last_repeated = False

    def translate(self) -> str | None:
        while self.at < len(self.written):
            if not self._one():
                return None
        return None if self.groups else "".join(self.out)

    def _one(self) -> bool:
        character = self.written[self.at]
        self.at += 1
        if character == "\\":
            return self._escaped()
        if character == "[":
            return self._set()
        if character in "(){}|+?" and self.extended:
            return self._special(character)
        if character in "*":
            return self._repeated("*") if self._has_atom() else self._literal("*")
        if character == ".":
            return self._atom(".")
        if character == "^" and (self.extended or self.at == 1 or self.out[-1:] == ["("]):
            return self._anchor("^")
        if character == "$" and (self.extended or self.at == len(self.written)):
            return self._anchor(r"(?=\n?\Z)")
        return self._literal(character)

    def _has_atom(self) -> bool:
        return bool(self.out) and self.out[-1] not in ("(", "|", "^")

    def _escaped(self) -> bool:
        if self.at >= len(self.written):
            return False
        character = self.written[self.at]
        self.at += 1
        if character in "(){}|+?" and not self.extended:
            return self._special(character)
        if character.isdigit():
            return False
        if character in _ESCAPED:
            return self._atom(_ESCAPED[character])
        return self._literal(character)

    def _special(self, character: str) -> bool:
        match character:
            case "(":
                if self.written[self.at : self.at + 1] == "?" and self.extended:
                    return False
                self.groups.append(False)
                self.literals.append("")
                self.out.append("(")
                return True
            case ")":
                if not self.groups:
                    return False
                self.last_repeated = self.groups.pop()
                if self.groups:
                    self.groups[-1] = self.groups[-1] or self.last_repeated
                self.literals.append("")
                self.out.append(")")
                return True
            case "|":
                self.has_choice = True
                self.groups[-1:] = [True] if self.groups else []
                self.out.append("|")
                return True
            case "{":
                return self._bounds()
            case "}":
                return self._literal("}")
            case _:
                return self._repeated(character)

    def _bounds(self) -> bool:
        end = self.written.find("}", self.at)
        inside = self.written[self.at : end].rstrip("\\") if end > 0 else ""
        numbers = inside.split(",")
        if end < 0 or len(numbers) > 2 or not all(each == "" or (natural(each) or 0) < 256 for each in numbers):
            return False
        self.at = end + 1
        return self._repeated("{" + inside + "}")

    def _repeated(self, how: str) -> bool:
        """What is repeated must itself repeat nothing: else a search may take exponential time."""
        if not self._has_atom() or self.out[-1][:1] in "*+?{" or (self.out[-1] == ")" and self.last_repeated):
            return False
        self._drop_literal()
        self.repeats += 1
        self.groups[-1:] = [True] if self.groups else []
        self.out.append(how)
        return True

    def _drop_literal(self) -> None:
        """What may be missing is no literal of every match."""
        if self.out[-1] == ")":
            self.has_choice = True
        else:
            self.literals[-1] = self.literals[-1][:-1]
            self.literals.append("")

    def _atom(self, translated: str) -> bool:
        self.out.append(translated)
        self.literals += ["", ""]
        return True

    def _anchor(self, translated: str) -> bool:
        self.out.append(translated)
        self.literals.append("")
        return True

    def _literal(self, character: str) -> bool:
        self.out.append(re.escape(character))
        self.literals[-1] += character
        return True

    def _set(self) -> bool:
        negated = self.written[self.at : self.at + 1] == "^"
        self.at += negated
        start = self.at
        end = self.written.find("]", start + 1)
        while end >= 0 and self.written.rfind("[:", start, end) > self.written.rfind(":]", start, end):
            end = self.written.find("]", end + 1)
        if end < 0:
            return False
        inside = self.written[start:end]
        self.at = end + 1
        for name, members in _CLASSES.items():
            inside = inside.replace(name, f"\0{members}\0")
        pieces = inside.split("\0")
        shown = "".join(
            piece if index % 2 else _set_members(piece, self.extended) for index, piece in enumerate(pieces)
        )
        return self._atom(f"[{'^' if negated else ''}{shown}]")


def _set_members(written: str, extended: bool) -> str:
    """The characters of a set; a backslash stands for itself, but programs read `\\n` and `\\/` in it."""
    return (
        _DOUBLED.sub(r"\1", written)
        .replace("\\", "\\\\")
        .replace("\\\\n", "\\n")
        .replace("\\\\s", "\\s")
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace("\\\\/", "/")
        .replace("\\\\.", ".")
    )


@lru_cache(maxsize=256)
def glob(written: str) -> Pattern | None:
    """A pattern of file names as a shell matches it; None for one that is not understood."""
    found: list[str] = []
    at = 0
    while at < len(written):
        character = written[at]
        at += 1
        if character == "*":
            found += [] if found[-1:] == [".*"] else [".*"]
        elif character == "?":
            found.append(".")
        elif character == "\\" and at < len(written):
            found.append(_quoted(written[at]))
            at += 1
        elif character == "[" and (end := _end_of_set(written, at)) > 0:
            inside = written[at:end]
            found.append("[" + ("^" + inside[1:] if inside[:1] in "!^" else inside) + "]")
            at = end + 1
        elif character in "@!+" and written[at : at + 1] == "(":
            return None
        else:
            found.append(_quoted(character))
    return pattern("".join(found), extended=True)


def _end_of_set(written: str, at: int) -> int:
    """Where the bracket stands that closes a set of characters; those of classes in it (`[:alnum:]`) do not."""
    end = written.find("]", at + 1)
    while end >= 0 and written.rfind("[:", at, end) > written.rfind(":]", at, end):
        end = written.find("]", end + 1)
    return end


def _quoted(character: str) -> str:
    return "\\" + character if character in ".[]*^$()+?{}|\\/" else character
