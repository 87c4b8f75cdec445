"""Queries of data: the part of the languages of yq 4 and jq 1.7 that scripts use to read and set names.

    .a.b[0].c   ."a"   .a[]   ..   select(PATH == VALUE)   select(has("a"))   PATH = VALUE   PATH |= VALUE   A | B   (A)
    "text"   env(NAME)   strenv(NAME)   $NAME   TEXT + TEXT

What is not in it gives no query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tagcheck.builtins.marked import between, marked
from tagcheck.builtins.symbolic import as_text, joined
from tagcheck.comparison import Same, same
from tagcheck.values import EMPTY, Mapping, Null, Number, Text, Truth, Value
from tagcheck.values import Sequence as Listed

MOST_PLACES = 500
DEEPEST = 20
LONGEST_QUERY = 2000

Step: TypeAlias = "str | int | None"
"""A key, an index, or every item (None)."""
Place: TypeAlias = tuple["str | int", ...]


@dataclass(frozen=True)
class Path:
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Everywhere:
    """`..`: every place in the data."""


@dataclass(frozen=True)
class Select:
    """`wanted` is None where the items are wanted that have something at these places."""

    of: Pipeline
    wanted: Constant | None
    negated: bool = False


@dataclass(frozen=True)
class Set:
    of: Pipeline
    value: Constant


@dataclass(frozen=True)
class Constant:
    """A text written out, or variables; several one after the other."""

    parts: tuple[Text | Variable, ...]


@dataclass(frozen=True)
class Variable:
    name: str
    is_argument: bool


Stage: TypeAlias = "Path | Everywhere | Select | Set | Pipeline"


@dataclass(frozen=True)
class Pipeline:
    stages: tuple[Stage, ...]


Lookup = Callable[[Variable], Text]
Missed = Callable[[str, Text], None]

_TOKEN = re.compile(
    r"\s+|\.\.|\.(?:[A-Za-z_][\w-]*|\"[^\"]*\")|\.(?=\[)|\.|\[\s*\d*\s*\]|\[\s*\"[^\"]*\"\s*\]|\|=|==|!=|=|\||\(|\)|\+"
    r"|(?:str)?env\(\s*\w+\s*\)|\$\w+|select\s*\(|has\(\s*\"[^\"]*\"\s*\)|\"(?:[^\"\\]|\\.)*\"|-?\d+(?:\.\d+)?|true|false|null"
)


def parse(query: Text) -> Pipeline | None:
    """The query that a text is; None if it is not understood."""
    written = marked(query)
    tokens: list[tuple[str, int]] = []
    at = 0
    while at < len(written) and len(written) <= LONGEST_QUERY:
        found = _TOKEN.match(written, at)
        if found is None:
            return None
        if found.group().strip():
            tokens.append((found.group(), at))
        at = found.end()
    reader = _Reader(query, tokens)
    try:
        pipeline = reader.pipeline()
    except _Unread:
        return None
    return pipeline if reader.at == len(tokens) else None


def sets(query: Stage | None) -> bool:
    """Whether a query changes something."""
    return isinstance(query, Set) or (isinstance(query, Pipeline) and any(map(sets, query.stages)))


class _Unread(Exception):
    """Something that is not in the language; never leaves this module."""


class _Reader:
    def __init__(self, query: Text, tokens: list[tuple[str, int]]) -> None:
        self.query, self.tokens = query, tokens
        self.at = 0
        self.depth = 0

    def _next(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise _Unread
        self.at += 1

    def pipeline(self) -> Pipeline:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Unread
        stages = [self._assigned()]
        while self._next() == "|":
            self.at += 1
            stages.append(self._assigned())
        self.depth -= 1
        return Pipeline(tuple(stages))

    def _assigned(self) -> Stage:
        stage = self._stage()
        if self._next() not in ("=", "|="):
            return stage
        self.at += 1
        return Set(stage if isinstance(stage, Pipeline) else Pipeline((stage,)), self._constant())

    def _stage(self) -> Stage:
        token = self._next()
        if token == "(":
            self.at += 1
            inner = self.pipeline()
            self._take(")")
            rest = self._steps()
            return Pipeline((*inner.stages, Path(rest))) if rest else inner
        if token.startswith("select"):
            chosen = self._select()
            rest = self._steps()
            return Pipeline((chosen, Path(rest))) if rest else chosen
        if token == "..":
            self.at += 1
            return Everywhere()
        if token == ".":
            self.at += 1
            return Path(self._steps())
        if token.startswith("."):
            return Path(self._steps())
        raise _Unread

    def _select(self) -> Select:
        self.at += 1
        if self._next().startswith("has"):
            key = self._next().partition('"')[2].rpartition('"')[0]
            self.at += 1
            self._take(")")
            return Select(Pipeline((Path((key,)),)), None)
        of = Pipeline((self._stage(),))
        negated = self._next() == "!="
        if self._next() not in ("==", "!="):
            raise _Unread
        self.at += 1
        wanted = self._constant()
        self._take(")")
        return Select(of, wanted, negated)

    def _steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        while (token := self._next())[:1] in (".", "[") and token != "..":
            self.at += 1
            inner = token.removeprefix(".").strip("[]").strip()
            if token.startswith("[") and not inner:
                found.append(None)
            elif token.startswith("[") and inner.isdecimal():
                found.append(int(inner[:6]))
            elif inner:
                found.append(inner.strip('"'))
        return tuple(found)

    def _constant(self) -> Constant:
        parts = [self._atom()]
        while self._next() == "+":
            self.at += 1
            parts.append(self._atom())
        return Constant(tuple(parts))

    def _atom(self) -> Text | Variable:
        if self.at >= len(self.tokens):
            raise _Unread
        token, start = self.tokens[self.at]
        self.at += 1
        if token.startswith('"'):
            if "\\" in token:
                raise _Unread
            return between(self.query, start + 1, start + len(token) - 1)
        if token.startswith("$"):
            return Variable(token[1:], True)
        if "env(" in token:
            return Variable(token.partition("(")[2].rstrip(") ").strip(), False)
        if token[0].isdigit() or token in ("true", "false", "null"):
            return Text.of(token)
        raise _Unread


# --- evaluation ------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """The document after the query, and the places that the query leads to."""

    document: Value
    places: list[Place]


def ask(query: Pipeline, document: Value, lookup: Lookup, missed: Missed) -> Answer | None:
    """Apply a query to a document; None where the answer is not known. `missed` is told of a value that is set where
    nothing was."""
    run = _Run(document, lookup, missed)
    try:
        places = run.pipeline(query, [()])
    except _Unread:
        return None
    return Answer(run.document, places)


class _Run:
    def __init__(self, document: Value, lookup: Lookup, missed: Missed) -> None:
        self.document, self.lookup, self.missed = document, lookup, missed

    def pipeline(self, query: Pipeline, places: list[Place]) -> list[Place]:
        for stage in query.stages:
            places = self._stage(stage, places)
            if len(places) > MOST_PLACES:
                raise _Unread
        return places

    def _stage(self, stage: Stage, places: list[Place]) -> list[Place]:
        match stage:
            case Pipeline():
                return self.pipeline(stage, places)
            case Path(steps=steps):
                return [found for place in places for found in self._followed(place, steps)]
            case Everywhere():
                return [found for place in places for found in self._below(place, 0)]
            case Select():
                return [place for place in places if self._selected(stage, place)]
            case Set():
                self._set(stage, places)
                return places

    def _followed(self, place: Place, steps: Sequence[Step]) -> list[Place]:
        found = [place]
        for step in steps:
            if step is None:
                found = [(*each, index) for each in found for index in self._indices(each)]
            else:
                found = [(*each, step) for each in found]
            if len(found) > MOST_PLACES:
                raise _Unread
        return found

    def _indices(self, place: Place) -> Iterator[str | int]:
        match at(self.document, place):
            case Listed(items=items, open=False):
                yield from range(len(items))
            case Mapping(entries=entries, open=False):
                yield from (key.literal for key, _ in entries if isinstance(key, Text) and key.literal is not None)
            case None | Null():
                return
            case _:
                raise _Unread

    def _below(self, place: Place, depth: int) -> Iterator[Place]:
        yield place
        if depth < DEEPEST and isinstance(at(self.document, place), Listed | Mapping):
            for index in self._indices(place):
                yield from self._below((*place, index), depth + 1)

    def _selected(self, stage: Select, place: Place) -> bool:
        values = [at(self.document, each) for each in self.pipeline(stage.of, [place])]
        if stage.wanted is None:
            return any(value is not None for value in values)
        wanted = self._text(stage.wanted)
        answers = [same(as_text(value), wanted) if value is not None else Same.NO for value in values]
        if Same.MAYBE in answers:
            raise _Unread
        return (Same.YES in answers) != stage.negated

    def _set(self, stage: Set, places: list[Place]) -> None:
        value = self._text(stage.value)
        found = [each for place in places for each in self.pipeline(stage.of, [place])]
        for place in found:
            if at(self.document, place) is None:
                self.missed(shown(place), value)
            self.document = changed(self.document, place, value)
        if not found:
            self.missed("the selected item", value)

    def _text(self, constant: Constant) -> Text:
        return joined([part if isinstance(part, Text) else self.lookup(part) for part in constant.parts], EMPTY)


def shown(place: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)


def found_at(answer: Answer) -> list[Value] | None:
    """What stands at the places of an answer; None where that is not known."""
    try:
        values = [at(answer.document, place) for place in answer.places]
    except _Unread:
        return None
    return [value for value in values if value is not None]


def at(value: Value, place: Place) -> Value | None:
    """What stands at a place; None for nothing. Raises for what is not known."""
    for step in place:
        match value, step:
            case Mapping(), str():
                found = value.get(step)
                if found is None and value.open:
                    raise _Unread
            case Listed(items=items), int():
                found = items[step] if step < len(items) else None
            case ((Mapping() | Listed() | Null() | Text() | Number() | Truth()), _):
                found = None
            case _:
                raise _Unread
        if found is None:
            return None
        value = found
    return value


def changed(value: Value, place: Place, new: Value) -> Value:
    """The value with another one at a place."""
    if not place:
        return new
    step, rest = place[0], place[1:]
    match value, step:
        case Mapping(entries=entries), str():
            index = next((i for i, (key, _) in enumerate(entries) if isinstance(key, Text) and key.literal == step), -1)
            if index >= 0:
                entry = (entries[index][0], changed(entries[index][1], rest, new))
                return Mapping((*entries[:index], entry, *entries[index + 1 :]), value.open)
            return Mapping((*entries, (Text.of(step), changed(Null(), rest, new))), value.open)
        case Listed(items=items), int() if step < len(items):
            return Listed((*items[:step], changed(items[step], rest, new), *items[step + 1 :]), value.open)
        case Null(), str():
            return Mapping(((Text.of(step), changed(Null(), rest, new)),))
        case ((Null() | Listed(open=False)), int()):
            items = value.items if isinstance(value, Listed) else ()
            if step - len(items) > DEEPEST:
                raise _Unread
            return Listed((*items, *(Null(),) * (step - len(items)), changed(Null(), rest, new)))
        case _:
            raise _Unread
