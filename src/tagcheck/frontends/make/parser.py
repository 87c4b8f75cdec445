"""Makefiles to nodes (GNU make manual 4.4, chapters 3, 4, 6 and 7).

Line by line, as make reads them; what a line is does not depend on what its references expand to, except whether a line
without a colon becomes a rule (then the reader of the nodes decides). Conditionals become nodes with two sides, because
which side holds may not be known.

Rejected: a parser of the texts that are already expanded (places would be lost, and both sides of a conditional could
not be kept). Cannot: `.RECIPEPREFIX` that is not written out; `load`; archive members.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

from tagcheck.frontends.make.expansions import expansion, literals, written
from tagcheck.frontends.make.lines import Line, Lines
from tagcheck.frontends.make.nodes import (
    Assignment,
    Comparison,
    Conditional,
    Expansion,
    Export,
    Include,
    Makefile,
    Operator,
    RecipeLine,
    Rule,
    Statement,
    Undefine,
)
from tagcheck.ir import Literal, Problem
from tagcheck.source import Span, Text

MOST_NESTED = 60
"""Conditionals inside conditionals."""
_BLANKS = " \t\r\n"
_MODIFIERS = frozenset(("export", "override", "private"))
_INCLUDES = frozenset(("include", "-include", "sinclude"))
_COMPARISONS = {each.value: each for each in Comparison}
_OPERATORS = (
    (":::=", Operator.IMMEDIATE),
    ("::=", Operator.SIMPLE),
    (":=", Operator.SIMPLE),
    ("?=", Operator.CONDITIONAL),
    ("+=", Operator.APPEND),
    ("!=", Operator.SHELL),
    ("=", Operator.RECURSIVE),
)


def parse(text: Text) -> Makefile:
    """A makefile's text, or one that `eval` reads, as nodes. Never raises: what is not understood is left out, what is
    wrong becomes a `Problem`."""
    return _Parser(text).makefile()


@dataclass
class _Open:
    """A conditional whose end has not come yet. `chained`: it began with `else ifeq` and ends with the one around
    it."""

    comparison: Comparison
    left: Expansion
    right: Expansion
    span: Span
    chained: bool
    then: list[Statement] = field(default_factory=list)
    otherwise: list[Statement] | None = None


class _Parser:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.lines = Lines(text)
        self.out: list[Statement] = []
        self.open: list[_Open] = []
        self.skipped = 0
        self.problems: list[Problem] = []
        self.in_rule = False

    def makefile(self) -> Makefile:
        following = iter(self.lines)
        for line in following:
            if line.is_recipe and self.in_rule:
                self._recipe(line)
                continue
            text = self.lines.joined(line.start, line.end)
            if not text.text.strip():
                continue
            define = _definition(text)
            if define is not None:
                self._define(text, define, [*takewhile(_Until(self.text.text), following)], line)
            else:
                self._line(text)
        if self.open:
            self._problem(self.open[-1].span, "has no endif; add one")
        while self.open:
            self._end()
        return Makefile(tuple(self.out), tuple(self.problems))

    # --- where statements go ---

    def _emit(self, statement: Statement) -> None:
        if not self.skipped:
            self._side().append(statement)

    def _side(self) -> list[Statement]:
        if not self.open:
            return self.out
        last = self.open[-1]
        return last.then if last.otherwise is None else last.otherwise

    def _problem(self, span: Span, message: str) -> None:
        self.problems.append(Problem(span.path, span.line, span.column, message))

    # --- lines ---

    def _recipe(self, line: Line) -> None:
        text = self.lines.recipe(line)
        self._emit(RecipeLine(expansion(text), text.span(0, len(text.text))))

    def _line(self, text: Text) -> None:
        start = _skip(text.text, 0)
        if self._assigned(text, start, None):
            return
        word, after = _word(text.text, start)
        if word in _COMPARISONS:
            self._conditional(text, word, start, chained=False)
        elif word in ("else", "endif"):
            self._turn(text, word, start, after)
        elif word in _INCLUDES:
            self._emit(Include(_trimmed(text, after), text.span(start, len(text.text))))
            self.in_rule = False
        elif word in ("export", "unexport"):
            self._emit(Export(_trimmed(text, after), word == "export", text.span(start, len(text.text))))
            self.in_rule = False
        elif word == "undefine" or (word == "override" and _word(text.text, after)[0] == "undefine"):
            after = after if word == "undefine" else _word(text.text, after)[1]
            self._emit(Undefine(_trimmed(text, after), word == "override", text.span(start, len(text.text))))
        elif word not in ("vpath", "load", "-load"):
            self._rule(text, start)

    # --- variables ---

    def _assigned(self, text: Text, start: int, targets: Expansion | None) -> bool:
        """Whether a variable is assigned from `start` on, and so the statement."""
        found, at = _modifiers(text.text, start)
        operation = _operator(text.text, at)
        if operation is None:
            return False
        end, operator, after = operation
        if end == at:
            return False
        name = expansion(text, at, end)
        value = expansion(text, _skip(text.text, after))
        if written(name) == ".RECIPEPREFIX":
            self.lines.prefix = (written(value) or "\t")[:1]
        self._emit(
            Assignment(
                name,
                operator,
                value,
                text.span(at, end),
                targets,
                "export" in found,
                "override" in found,
                "private" in found,
            )
        )
        self.in_rule = self.in_rule and targets is not None
        return True

    def _define(self, text: Text, define: int, body: list[Line], line: Line) -> None:
        """`define NAME`, the lines up to `endef`."""
        found, at = _modifiers(text.text, _skip(text.text, 0))
        at = _skip(text.text, define)
        operation = _operator(text.text, at)
        operator = operation[1] if operation is not None else Operator.RECURSIVE
        end = operation[0] if operation is not None else len(text.text.rstrip(_BLANKS))
        low = min(line.end + 1, len(self.text.text))
        inner = self.lines.defined(low, body[-1].end if body else low)
        self._emit(
            Assignment(
                expansion(text, at, end),
                operator,
                expansion(inner),
                text.span(at, end),
                None,
                "export" in found,
                "override" in found,
            )
        )
        self.in_rule = False

    # --- conditionals ---

    def _conditional(self, text: Text, word: str, start: int, chained: bool) -> None:
        if len(self.open) >= MOST_NESTED:
            self.skipped += 1
            return
        comparison = _COMPARISONS[word]
        at = _skip(text.text, start + len(word))
        if comparison in (Comparison.EQUAL, Comparison.UNEQUAL):
            left, right = _compared(text, at)
        else:
            left, right = _trimmed(text, at), ()
        self.open.append(_Open(comparison, left, right, text.span(start, len(text.text)), chained))

    def _turn(self, text: Text, word: str, start: int, after: int) -> None:
        """`else`, with or without a condition, and `endif`."""
        if self.skipped:
            self.skipped -= word == "endif"
            return
        if not self.open or (word == "else" and self.open[-1].otherwise is not None):
            self._problem(text.span(start, after), f"{word} without a conditional before it; remove it")
            return
        if word == "endif":
            self._end()
            return
        self.open[-1].otherwise = []
        at = _skip(text.text, after)
        following = _word(text.text, at)[0]
        if following in _COMPARISONS:
            self._conditional(text, following, at, chained=True)

    def _end(self) -> None:
        chained = True
        while chained and self.open:
            done = self.open.pop()
            chained = done.chained
            sides = (tuple(done.then), tuple(done.otherwise or ()))
            self._emit(Conditional(done.comparison, done.left, done.right, *sides, done.span))

    # --- rules ---

    def _rule(self, text: Text, start: int) -> None:
        end = _outside(text.text, start, ";")
        span = text.span(start, len(text.text.rstrip(_BLANKS)))
        colon = _outside(text.text, start, ":", end)
        self.in_rule = True
        if colon >= end:
            self._emit(Rule(_trimmed(text, start, end), "", (), span))
        else:
            self._colon_rule(text, start, colon, end, span)
        if end < len(text.text):
            low = _skip(text.text, end + 1)
            self._emit(RecipeLine(expansion(text, low), text.span(low, len(text.text))))

    def _colon_rule(self, text: Text, start: int, colon: int, end: int, span: Span) -> None:
        content = text.text
        grouped = content[colon - 1 : colon] == "&"
        double = content[colon + 1 : colon + 2] == ":"
        after = colon + 1 + double
        targets = _trimmed(text, start, colon - grouped)
        if self._assigned(text, _skip(content, after), targets):
            return
        kind = "&:" if grouped else "::" if double else ":"
        second = _outside(content, after, ":", end)
        pattern = _trimmed(text, after, second) if second < end else None
        prerequisites = _trimmed(text, second + 1 if pattern is not None else after, end)
        self._emit(Rule(targets, kind, prerequisites, span, pattern))


class _Until:
    """Whether a line of a `define` comes before its `endef`; those inside it have their own."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.depth = 1

    def __call__(self, line: Line) -> bool:
        if line.is_recipe:
            return True
        content = self.content[line.start : line.end]
        word = _word(content, _skip(content, 0))[0]
        if word in ("endef", "define"):
            self.depth += 1 if word == "define" else -1
        return self.depth > 0


# --- parts of lines --------------------------------------------------------------------------------------------------


def _skip(content: str, at: int) -> int:
    """The next character that is no blank."""
    while at < len(content) and content[at] in _BLANKS:
        at += 1
    return at


def _word(content: str, start: int) -> tuple[str, int]:
    """The word that begins at `start`, and where it ends; a bracket of `ifeq(` ends it too."""
    start = _skip(content, start)
    end = start
    while end < len(content) and content[end] not in _BLANKS and content[end] not in "(\"'":
        end += 1
    return content[start:end], end


def _trimmed(text: Text, start: int, end: int | None = None) -> Expansion:
    """A stretch without the blanks around it."""
    stop = len(text.text) if end is None else end
    start = min(_skip(text.text, start), stop)
    while stop > start and text.text[stop - 1] in _BLANKS:
        stop -= 1
    return expansion(text, start, stop)


def _outside(content: str, start: int, wanted: str, end: int | None = None) -> int:
    """Where a character stands outside of references; the end if nowhere."""
    stop = len(content) if end is None else end
    depth = 0
    for at in range(start, stop):
        character = content[at]
        if character in "({" and (depth or content[at - 1 : at] == "$"):
            depth += 1
        elif character in ")}" and depth:
            depth -= 1
        elif character == wanted and not depth and content[at - 1 : at] != "\\":
            return at
    return stop


def _definition(text: Text) -> int | None:
    """Where the name begins if the line begins a `define`."""
    _, at = _modifiers(text.text, _skip(text.text, 0))
    word, after = _word(text.text, at)
    if word != "define" or (_operator(text.text, at) is not None and not text.text[after:].strip()):
        return None
    return after


def _modifiers(content: str, at: int) -> tuple[frozenset[str], int]:
    """The modifiers before a variable's name, and where the name begins."""
    found: set[str] = set()
    while True:
        word, after = _word(content, at)
        following = _skip(content, after)
        if word not in _MODIFIERS or following >= len(content) or _operator(content, at) is not None:
            return frozenset(found), at
        found.add(word)
        at = following


def _operator(content: str, start: int) -> tuple[int, Operator, int] | None:
    """For a variable's name at `start`: where it ends, the operator after it, and where that ends; None if what stands
    there is no assignment."""
    depth, at = 0, start
    while at < len(content):
        character = content[at]
        if character in "({" and (depth or content[at - 1 : at] == "$"):
            depth += 1
        elif character in ")}" and depth:
            depth -= 1
        elif not depth:
            name_end = at
            if character in _BLANKS:
                at = _skip(content, at)
            found = next(((text, each) for text, each in _OPERATORS if content.startswith(text, at)), None)
            if found is not None:
                return name_end, found[1], at + len(found[0])
            if at > name_end or character == ":":
                return None
        at += 1
    return None


def _compared(text: Text, at: int) -> tuple[Expansion, Expansion]:
    """The two texts that `ifeq` compares, in brackets or in quotes."""
    content = text.text
    if content[at : at + 1] == "(":
        comma = _argument_end(content, at + 1, ",")
        return _trimmed(text, at + 1, comma), _trimmed(text, comma + 1, _argument_end(content, comma + 1, ")"))
    found: list[Expansion] = []
    for _ in range(2):
        at = _skip(content, at)
        quote = content[at : at + 1]
        end = content.find(quote, at + 1) if quote in ("'", '"') else -1
        if end < 0:
            found.append(tuple(literals(text, at, len(content))))
            break
        found.append(expansion(text, at + 1, end))
        at = end + 1
    return found[0], found[1] if len(found) > 1 else ()


def _argument_end(content: str, start: int, wanted: str) -> int:
    """Where an argument in brackets ends: at a character outside of all brackets inside it."""
    depth = 0
    for at in range(start, len(content)):
        character = content[at]
        if character == wanted and not depth:
            return at
        depth += (character == "(") - (character == ")" and depth > 0)
    return len(content)


def is_literal(parts: Expansion) -> bool:
    """Whether an expansion has no references."""
    return all(isinstance(part, Literal) for part in parts)
