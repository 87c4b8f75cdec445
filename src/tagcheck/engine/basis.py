"""What every step of a run needs: identities, alternatives, cells, texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import islice

from tagcheck.engine.state import Heap
from tagcheck.guards import ALWAYS, Guards
from tagcheck.ir import TEXT_FIELD
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.values import (
    MOST_OPTIONS,
    Alternatives,
    Filling,
    Hole,
    HoleKind,
    Number,
    Opaque,
    Pointer,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
    hole_of,
    options,
)

MOST_COMBINATIONS = 6
"""Past this many combinations, alternatives go into a text as one hole and are taken apart where the text is used."""
MOST_IDLE_STEPS = 16_000
"""Statements that a run may execute without anything being done to an image. In three trees with suites on Kind
(kubernaut, kubebuilder, kuberay) the most before a further image were 10,300."""
FEW_IDLE_STEPS = 2_000
"""The same for one of very many runs, until something is done to an image: in a project with thousands of tests, hardly
one of them has to do with images."""
PARTS_OF_ONE = 32
"""Parts of a text that cost as much to put together as a statement."""
BASE = "*"
"""The field of a record that holds the opaque value which it was before a field was set."""


class Exhausted(Exception):
    """The bound on the work for one entry point is reached; never leaves the engine."""


class Basis(ABC):
    """State of one run, and what can be said of values in it."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        self.program = program
        self.models = models
        self.heap = Heap()
        self.guards: Guards = ALWAYS
        self.live = True
        self.stack: tuple[Span, ...] = ()
        self.steps = steps
        self.floor = max(0, steps - MOST_IDLE_STEPS)
        self.libraries: dict[tuple[str, str], Value] = {}
        self.globals: dict[tuple[str, str], int] = {}
        self.declared: dict[tuple[str, str], Value] = {}
        """what the declarations of modules' variables gave, before anything assigned them"""
        self.declaring = False
        """a declaration is evaluated that came before all statements, though it is needed only now"""
        self.added: set[str] = set()
        """the names of attributes that classes were given while the program runs"""
        self.doubts = 0
        """how many lookups there were of which it is not known whether they fail"""
        self.replaced: dict[str, Value] = {}
        """what stands in the place of functions, by the names of libraries' functions and the keys of procedures"""
        self.holes: tuple[Value, ...] = ()
        self.suspended: dict[str, Value] = {}
        self._count = 0

    def spend(self, steps: int) -> None:
        """Count work against the bound."""
        self.steps -= steps
        if self.steps <= self.floor:
            raise Exhausted

    def go_on(self) -> None:
        """Something was done to an image: the run is worth to be followed further."""
        self.floor = max(0, self.steps - MOST_IDLE_STEPS)

    def fresh(self, what: str) -> str:
        """An identity that no other evaluation of this run has."""
        self._count += 1
        return f"{what}@{self._count}"

    def opaque(self, reason: str, type_: str = "") -> Opaque:
        return Opaque(self.fresh(reason), reason, type_)

    def narrow(self, value: Value) -> Value:
        """A value without the options that are impossible here."""
        if not isinstance(value, Alternatives):
            return value
        kept = [(guards, option) for guards, option in value.options if self.guards.compatible(guards)]
        if len(kept) == len(value.options):
            return value
        if len(kept) == 1:
            return kept[0][1]
        return alternatives(kept)

    def spread_out(self, values: tuple[Value, ...]) -> Iterator[tuple[Guards, tuple[Value, ...]]]:
        """Every combination of the options of several values that is possible here."""
        if Alternatives not in map(type, values):
            yield ALWAYS, values
            return
        # Depth first, so that callers who stop after a number of combinations never pay for the others.
        pending: list[tuple[int, Guards, tuple[Value, ...]]] = [(0, ALWAYS, ())]
        while pending:
            at, guards, chosen = pending.pop()
            end = next((i for i in range(at, len(values)) if isinstance(values[i], Alternatives)), len(values))
            chosen = (*chosen, *values[at:end])
            if end == len(values):
                yield guards, chosen
                continue
            for inner, option in reversed(options(values[end])):
                both = guards.and_(inner)
                if both is not None and self.guards.compatible(both):
                    pending.append((end + 1, both, (*chosen, option)))

    def distribute(self, values: tuple[Value, ...], function: Callable[[tuple[Value, ...]], Value]) -> Value:
        """A function of several values, applied to every combination of their options."""
        if Alternatives not in map(type, values):
            return function(values)
        combinations = list(islice(self.spread_out(values), MOST_OPTIONS * 2 + 1))
        if len(combinations) > MOST_OPTIONS * 2:
            return self.opaque("too many alternatives")
        return alternatives((guards, function(chosen)) for guards, chosen in combinations)

    def load(self, value: Value) -> Value:
        """The content of the cell that a pointer leads to, through any number of pointers."""
        for _ in range(8):
            if isinstance(value, Alternatives) and any(isinstance(option, Pointer) for _, option in value.options):
                return alternatives((guards, self.load(option)) for guards, option in self.narrowed(value))
            if not isinstance(value, Pointer):
                break
            value = self.narrow(self.content(value))
        return value

    def content(self, pointer: Pointer) -> Value:
        """What a pointer leads to, as it stands there."""
        found = self.heap.read(pointer.cell)
        return self.part(found, pointer.path) if pointer.path else found

    @abstractmethod
    def part(self, value: Value, path: tuple[str | Number, ...]) -> Value:
        """The part of a value that a path names."""

    def narrowed(self, value: Value) -> tuple[tuple[Guards, Value], ...]:
        return options(self.narrow(value))

    def suspend(self, value: Value) -> Value:
        """Alternatives as one hole, to be taken apart again (`resume`) where the text that it goes into is used."""
        if not isinstance(value, Alternatives):
            return value
        identity = self.fresh("suspended")
        self.suspended[identity] = value
        return Text.of_hole(Hole(HoleKind.OPAQUE, identity, "?"))

    def resume(self, part: Filling) -> Value:
        """What a hole stands for."""
        return self.suspended.get(part.hole.identity) or Text((part,))

    def resumed(self, text: Text) -> Value:
        """A text with its suspended alternatives taken apart."""
        if not self.suspended or not any(hole.identity in self.suspended for hole in text.holes):
            return text
        parts = tuple(self.resume(part) if isinstance(part, Filling) else Text((part,)) for part in text.parts)
        return self.distribute(parts, self._concatenated)

    def _concatenated(self, chosen: tuple[Value, ...]) -> Value:
        parts = tuple([part for value in chosen for part in self.as_text(value).parts])
        self.spend(len(parts) // PARTS_OF_ONE)
        return Text(parts)

    def as_text(self, value: Value) -> Text:
        """A value (not `Alternatives`) as the text that formatting it gives; a hole where that is not known."""
        match value:
            case Text():
                return value
            case Number():
                return Text.of(str(value.value))
            case Truth():
                return Text.of("true" if value.value else "false")
            case Opaque():
                return Text.of_hole(hole_of(value))
            case Pointer():
                return self.as_text(self.load(value))
            case Record() if (inner := value.get(TEXT_FIELD)) is not None:
                return self.as_text(inner)
            case _:
                return Text.of_hole(Hole(HoleKind.OPAQUE, self.fresh("text"), "a value without a known text"))

    def text_options(self, value: Value) -> list[tuple[Guards, Text]]:
        """The texts that a value can be here, pointers followed."""
        loaded = self.load(self.narrow(value))
        if isinstance(loaded, Text):
            loaded = self.resumed(loaded)
        return [(guards, self.as_text(option)) for guards, option in self.narrowed(loaded)]

    def join(self, values: tuple[Value, ...]) -> Value:
        """Concatenation."""
        loaded = tuple(self.load(value) for value in values)
        return self.distribute(self.moderate(loaded), self._concatenated)

    def moderate(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values, their alternatives suspended when combining them would give too many."""
        count = 0
        if Alternatives in map(type, values):
            for count, _ in enumerate(self.spread_out(values), start=1):
                if count > MOST_COMBINATIONS:
                    return tuple(map(self.suspend, values))
        return values
