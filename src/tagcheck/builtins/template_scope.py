"""What a part of a template sees while it is rendered: the dot, variables, templates by name, and who watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from tagcheck import values
from tagcheck.builtins.api import Machine
from tagcheck.builtins.symbolic import as_text
from tagcheck.builtins.template_text import Block, Node, Output, tokens
from tagcheck.guards import Guards, when
from tagcheck.values import (
    Absent,
    Hole,
    HoleKind,
    Null,
    Number,
    Opaque,
    Piece,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
)

MOST_STEPS = 20_000
NO_VALUE = Text.of("<no value>")
"""What the package prints for a key that a map does not have (its option missingkey=default)."""

Path = tuple[str, ...]


@dataclass(slots=True)
class Steps:
    """The work that rendering may still do: loops in loops and templates that include themselves are cut."""

    left: int = MOST_STEPS


@dataclass(slots=True)
class Watch:
    """Which parts of the data templates read. `paths` are where the mappings that are watched stand, by identity: one
    that charts share stands in each of them. `kept` holds them, so that it stays theirs. `words` are those of what was
    not rendered, or not understood: it may read them."""

    paths: dict[int, tuple[Path, ...]] = field(default_factory=dict)
    kept: list[Value] = field(default_factory=list)
    read: set[Path] = field(default_factory=set)
    consumed: set[Path] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    looked: set[Path] = field(default_factory=set)
    """mappings that functions looked into"""
    skipped: set[str] = field(default_factory=set)
    """templates that only what was not rendered includes"""

    def beside(self) -> Watch:
        """One that watches the same mappings, and has seen nothing yet."""
        return Watch(self.paths, self.kept)

    def join(self, other: Watch) -> None:
        """What another has seen is seen."""
        self.read |= other.read
        self.consumed |= other.consumed
        self.words |= other.words
        self.looked |= other.looked

    def look(self, value: Value) -> None:
        self.looked.update(self.paths.get(id(value), ()))

    def add(self, value: Value, path: Path) -> None:
        """Watch a mapping and those inside of it."""
        if isinstance(value, values.Mapping):
            self.paths[id(value)] = (*self.paths.get(id(value), ()), path)
            self.kept.append(value)
            for key, inner in value.entries:
                self.add(inner, (*path, as_text(key).literal or ""))

    def note(self, value: Value, name: str) -> None:
        self.read.update((*path, name) for path in self.paths.get(id(value), ()))

    def consume(self, value: Value) -> None:
        """Everything in a value is read."""
        self.consumed.update(self.paths.get(id(value), ()))

    def reads(self, path: Path) -> bool:
        """Whether something reads what stands at a path, or may. Charts in a chart read its globals as their own."""
        if self._may_name(path) or path in self.read or any(path[: len(whole)] == whole for whole in self.consumed):
            return True
        if path[0] != "global":
            return False
        consumed = (_shared(whole) for whole in self.consumed)
        return any(whole and path[: len(whole)] == whole for whole in consumed) or path in map(_shared, self.read)

    def _may_name(self, path: Path) -> bool:
        """Whether words that were not understood may lead to a path: from the whole of the values, or from what was
        taken of them; or from any item of what was looked through."""
        if path[-1] not in self.words:
            return False
        for at in range(len(path)):
            rest = path[at + 1 :] if path[:at] in self.looked else path[at:]
            if (at == 0 or path[:at] in self.read or path[:at] in self.looked) and self.words.issuperset(rest):
                return True
        return False


def _shared(path: Path) -> Path:
    """What stands at a path of a chart in a chart, as its globals name it; empty for what is no global."""
    return path[path.index("global") :] if "global" in path else ()


@dataclass(slots=True)
class Variables:
    """The variables of a block, and those of the blocks around it."""

    own: dict[str, Value] = field(default_factory=dict)
    around: Variables | None = None

    def get(self, name: str) -> Value | None:
        holder = self._holder(name)
        return None if holder is None else holder.own[name]

    def set(self, name: str, value: Value) -> None:
        """`=`: give a variable of this block or one around it another value."""
        (self._holder(name) or self).own[name] = value

    def _holder(self, name: str) -> Variables | None:
        block: Variables | None = self
        while block is not None and name not in block.own:
            block = block.around
        return block

    def state(self) -> list[dict[str, Value]]:
        """What all blocks hold, from the innermost outwards."""
        return [dict(self.own), *(self.around.state() if self.around else [])]

    def restore(self, state: list[dict[str, Value]]) -> None:
        block: Variables | None = self
        for held in state:
            assert block is not None
            block.own = dict(held)
            block = block.around


@dataclass(frozen=True, slots=True)
class Scope:
    """What a part of a template sees: the dot, the data of the whole, variables, and templates by name. `missing` is
    what a key gives that a mapping does not have."""

    machine: Machine
    identity: str
    dot: Value
    root: Value
    variables: Variables
    defined: Mapping[str, tuple[Node, ...]]
    steps: Steps
    missing: Value = NO_VALUE
    depth: int = 0
    watch: Watch | None = None
    functions: Mapping[str, Value] = field(default_factory=dict)
    """those of the program that the template may call, by name"""
    in_range: bool = False
    """it is a round of a range that `break` and `continue` end"""

    def skip(self, nodes: tuple[Node, ...]) -> None:
        """Some nodes are not rendered."""
        if self.watch is None:
            return
        for node in nodes:
            if isinstance(node, Output):
                self._skip_pipeline(node.pipeline, self.watch)
            elif isinstance(node, Block):
                self._skip_pipeline(node.pipeline, self.watch)
                self.skip(node.body)
                self.skip(node.otherwise)

    def _skip_pipeline(self, pipeline: str, watch: Watch) -> None:
        watch.words.update(words_of(pipeline))
        for token in tokens(pipeline) or ():
            if token.kind == "quoted" and token.text in self.defined and token.text not in watch.skipped:
                watch.skipped.add(token.text)
                self.skip(self.defined[token.text])

    def unknown(self, pipeline: str) -> Opaque:
        if self.watch is not None:
            self.watch.words.update(words_of(pipeline))
        return Opaque(f"{self.identity}:{{{{{pipeline}}}}}", f"the template's {{{{{pipeline[:60]}}}}}")


def words_of(pipeline: str) -> set[str]:
    """The names in a pipeline."""
    return set("".join(each if each.isalnum() or each in "_-" else " " for each in pipeline).split())


def truthy(value: Value) -> bool | None:
    """Whether a template takes a value as true; None if that is not known."""
    match value:
        case Truth(truth):
            return truth
        case Number(number):
            return number != 0
        case Null() | Absent():
            return False
        case Text():
            return True if _is_filled(value) else (None if value.parts else False)
        case values.Sequence(items, open_):
            return True if items else (None if open_ else False)
        case values.Mapping(entries, open_):
            return True if entries else (None if open_ else False)
        case Record():
            return True
        case _:
            return None


def _is_filled(text: Text) -> bool:
    """Whether a text is certainly not empty: a part of it is written out, or is a value that is made anew or that has
    digits."""
    return any(isinstance(part, Piece) or _has_characters(part.hole) for part in text.parts)


def _has_characters(hole: Hole) -> bool:
    return hole.kind is HoleKind.UNIQUE or bool(hole.filled) or bool(hole.shape and not hole.part)


class TemplateFails(Exception):
    """A template gives up (`fail`): nothing comes of it; never leaves the rendering."""


class RoundEnds(Exception):
    """`break` or `continue` ends a round of a range; `rendered` is what the round has printed so far."""

    def __init__(self, keyword: str, rendered: Value) -> None:
        super().__init__(keyword)
        self.keyword = keyword
        self.rendered = rendered


def either(condition: Value, then: Callable[[], Value], otherwise: Callable[[], Value], scope: Scope) -> Value:
    """One of two values by a condition; both, each under its guards, where it is not decided, and where neither fails.
    Variables hold afterwards what the sides left in them. Raises TemplateFails if all that is possible does."""
    choices: list[tuple[Guards, Value]] = []
    before = scope.variables.state()
    ends: list[tuple[Guards, list[dict[str, Value]]]] = []
    for guards, option in values.options(condition):
        true = truthy(scope.machine.load(option))
        atom = f"template:{as_text(option, scope.machine)}" if true is None else ""
        sides = [] if true is False else [(guards.and_(when(atom)) if true is None else guards, then)]
        if true is not True:
            sides.append((guards.and_(when(atom, False)) if true is None else guards, otherwise))
        done: list[tuple[Guards, Value, list[dict[str, Value]]]] = []
        possible = [(both, side) for both, side in sides if both is not None]
        for both, side in possible:
            scope.variables.restore(before)
            with suppress(TemplateFails):
                done.append((both, side(), scope.variables.state()))
        for both, value, state in done:
            # What follows from the template having come to its end is no condition.
            where = both if len(done) == len(possible) else guards
            choices.append((where, value))
            ends.append((where, state))
    if not choices:
        raise TemplateFails
    scope.variables.restore(_met(ends) if len(ends) > 1 else ends[0][1])
    return alternatives(choices)


def _met(ends: list[tuple[Guards, list[dict[str, Value]]]]) -> list[dict[str, Value]]:
    """What variables hold after one of several sides."""
    found: list[dict[str, Value]] = []
    for level in range(len(ends[0][1])):
        held = [(guards, state[level]) for guards, state in ends]
        names = [name for name in held[0][1] if all(name in each for _, each in held)]
        found.append({name: _joined([(guards, each[name]) for guards, each in held]) for name in names})
    return found


def _joined(choices: list[tuple[Guards, Value]]) -> Value:
    first = choices[0][1]
    return first if all(value is first for _, value in choices) else alternatives(choices)
