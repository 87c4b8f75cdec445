"""Which targets of a makefile have to do with some of its lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tagcheck.frontends.api import Goals
from tagcheck.frontends.make.expansions import written
from tagcheck.frontends.make.nodes import Assignment, Conditional, Expansion, Export, RecipeLine, Rule, Statement
from tagcheck.frontends.make.parser import parse
from tagcheck.source import Span, Text

_WORD = re.compile(r"[\w.%/-]+")
_OF_VARIABLE = re.compile(r"\$[({]([\w.%/-]*)\$")
"""What the name of a variable begins with that is put together; perhaps nothing."""
_OF_TARGET = re.compile(r"[\w.%/-]*[._/-](?![\w.%/-])")
"""What the name of a target begins with that is put together, as people separate its parts."""


@dataclass(frozen=True)
class _Block:
    """A rule with its recipe, a variable, or something else. `names` are its targets or its own; None: it concerns
    every target. `words` are those of its lines; `variables` and `targets` are what names of them
    begin with that it puts together."""

    names: frozenset[str] | None
    is_rule: bool
    lines: tuple[int, ...]
    words: frozenset[str]
    variables: tuple[str, ...]
    targets: tuple[str, ...]

    def mentions(self, other: _Block, names: frozenset[str]) -> bool:
        """Whether it has to do with the targets or the variable of another one."""
        if not names.isdisjoint(self.words) or any(_is_made(name, self.words) for name in names if "%" in name):
            return True
        found = self.targets if other.is_rule else self.variables
        return any(
            name.startswith(each) or ("%" in name and each.startswith(name.partition("%")[0]))
            for each in found
            for name in names
        )


def goals(path: str, content: bytes, lines: Collection[int]) -> Goals:
    """The targets (`%` as in a pattern) that people and programs ask for when they come to some lines (from 1) of a
    makefile; None if it can be any. Too many are allowed."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    source = text.split("\n")
    # A rule's lines are complete when the rules behind it are known.
    read = list(_blocks(parse(Text.of_file(path, text)).statements))
    blocks = [_block(names, is_rule, own, "\n".join(source[line - 1] for line in own)) for names, is_rule, own in read]
    at = {line: block for block in blocks for line in block.lines}
    found: set[str] = set()
    seen: set[int] = set()
    pending = [at.get(line) for line in lines]
    while pending:
        block = pending.pop()
        if block is None or block.names is None:
            return None
        if id(block) not in seen:
            seen.add(id(block))
            found |= block.names if block.is_rule else set()
            pending.extend(each for each in blocks if each.mentions(block, block.names))
    return frozenset(found)


def _is_made(pattern: str, words: frozenset[str]) -> bool:
    """Whether one of the words may be a target that a pattern makes (GNU make manual 4.4, section 10.5.4)."""
    start, _, end = pattern.partition("%")
    return any(word.startswith(start) and word.endswith(end) for word in words)


def _block(names: frozenset[str] | None, is_rule: bool, lines: list[int], text: str) -> _Block:
    beginnings = tuple(set(_OF_VARIABLE.findall(text))), tuple(set(_OF_TARGET.findall(text)))
    return _Block(names, is_rule, tuple(lines), frozenset(_WORD.findall(text)), *beginnings)


def _blocks(statements: tuple[Statement, ...]) -> Iterator[tuple[frozenset[str] | None, bool, list[int]]]:
    """What a makefile is made of: the names, whether it is a rule, and the lines; outer blocks before inner ones."""
    everything = any(isinstance(each, Export) and each.exported and not each.names for each in statements)
    rule: list[int] = []
    for statement in statements:
        own = _lines(statement.span)
        match statement:
            case RecipeLine():
                rule += own
            case Rule():
                rule = own
                yield _targets(statement.targets) if statement.colon else None, True, rule
            case Assignment(targets=None):
                yield None if statement.exported or everything else _names(statement.name), False, own
            case Assignment():
                yield _targets(statement.targets or ()), True, own
            case Conditional():
                yield None, False, own
                yield from _blocks(statement.then)
                yield from _blocks(statement.otherwise)
            case _:
                yield None, False, own


def _lines(span: Span) -> list[int]:
    return list(range(span.line, span.end_line + 1))


def _names(parts: Expansion) -> frozenset[str] | None:
    text = written(parts)
    return None if text is None else frozenset(text.split())


def _targets(parts: Expansion) -> frozenset[str] | None:
    """The targets of a rule; special ones are none (GNU make manual 4.4, section 4.9)."""
    names = _names(parts)
    return names and frozenset(name for name in names if not (name.startswith(".") and "/" not in name))
