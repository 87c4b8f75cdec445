"""Loops: rounds of which the number is known, rounds that try again, and rounds that deal with one thing each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from tagcheck import ir
from tagcheck.builtins import collections
from tagcheck.engine import rounds, truth
from tagcheck.engine.outputs import Outputs
from tagcheck.engine.state import ABSENT, Frame, Loop
from tagcheck.values import (
    PARAMETER_PREFIX,
    Absent,
    Alternatives,
    Filling,
    Mapping,
    Null,
    Number,
    Opaque,
    Record,
    Sequence,
    Text,
    Value,
    hole_of,
)

MOST_ROUNDS = 48
"""How often the body of a loop with a known bound is run at most."""


class Loops(Outputs):
    """A run that repeats statements."""

    @abstractmethod
    def place(self, target: ir.Target, value: Value, frame: Frame, declare: bool = False) -> None:
        """Put a value where a target says."""

    @abstractmethod
    def store(self, pointer: Value, value: Value) -> None:
        """Put a value where a reference points."""

    def for_each(self, node: ir.ForEach, frame: Frame) -> None:
        over = self.load(self.evaluate(node.over, frame))
        if isinstance(over, Record) and over.type == "channel":
            self.wait()
            over = self._drained(node.over, frame)
        if isinstance(over, Alternatives):
            self._each_of(over, node, frame)
            return
        self._rounds(self._round_values(over, node), node, frame)

    def _each_of(self, over: Alternatives, node: ir.ForEach, frame: Frame) -> None:
        def looped(option: Value) -> Value:
            self._rounds(self._round_values(option, node), node, frame)
            return ABSENT

        self.fork((guards, partial(looped, option)) for guards, option in over.options)

    def _round_values(self, over: Value, node: ir.ForEach) -> list[tuple[Value, Value]]:
        match over:
            case Sequence():
                counted: list[tuple[Value, Value]] = [(Number(i), item) for i, item in enumerate(over.items)]
                return [*counted, *([self._unknown_round()] if over.open else [])]
            case Mapping():
                return [*over.entries, *([self._unknown_round()] if over.open else [])]
            case Record(type=collections.ITERATOR):
                items = collections.iterated(over) or Sequence((), True)
                return [*((item, item) for item in items.items), *([self._unknown_round()] if items.open else [])]
            case Record(type="channel"):
                queue = over.get("queue")
                return [(item, item) for item in queue.items] if isinstance(queue, Sequence) else []
            case Number():
                return [(Number(i), Number(i)) for i in range(min(int(over.value), MOST_ROUNDS))]
            case Text() if len(over.literal or "") in range(1, MOST_ROUNDS + 1):
                return [(Number(i), Text.of(character)) for i, character in enumerate(over.literal or "")]
            case Text(parts=()):
                return []
            case Null() | Absent():
                return []
            case Opaque(identity=identity) if identity.startswith(PARAMETER_PREFIX):
                return [(self.opaque("a key of a loop"), _after(over, "an argument"))]
            case _:
                return [self._unknown_round()]

    def _unknown_round(self) -> tuple[Value, Value]:
        return (self.opaque("a key of a loop"), self.opaque("an item of a loop"))

    def _drained(self, channel: ir.Expression, frame: Frame) -> Value:
        pointer = self.evaluate(channel, frame)
        content = self.load(pointer)
        self.store(pointer, Record("channel", (("queue", Sequence(())),)))
        return content

    def _rounds(self, over: list[tuple[Value, Value]], node: ir.ForEach, frame: Frame) -> None:
        """A loop that counts and can be left in its first round tries again until something succeeds: it runs once."""
        loop, counts = Loop(self.guards, self.heap.mark()), _is_counted(over)
        frame.loops.append(loop)
        for number, (key, value) in enumerate(over):
            if not self.live or number >= MOST_ROUNDS:
                break
            ways = len(frame.exits) + len(loop.breaks)
            if _is_unknown_item(value) and self._by_item(node, key, value, frame):
                continue
            self._begin_round(node, key, value, frame)
            self.run_block(node.body, frame)
            self.go_on_after(loop, loop.continues)
            if counts and len(frame.exits) + len(loop.breaks) > ways:
                break
        frame.loops.pop()
        self.go_on_after(loop, loop.breaks)

    def _begin_round(self, node: ir.ForEach, key: Value, value: Value, frame: Frame) -> None:
        for target, content in zip(node.targets, (key, value), strict=False):
            self.place(target, content, frame, declare=isinstance(target, ir.Name))

    def _by_item(self, node: ir.ForEach, key: Value, value: Value, frame: Frame) -> bool:
        """A round of a loop for an item that is not known: each of the arms runs or does not. False if the loop does
        not choose by what the item is."""
        target = node.targets[1] if len(node.targets) == 2 else None
        found = rounds.arms(node.body, target.name) if isinstance(target, ir.Name) else ()
        for arm in found:
            begin = partial(self._begin_round, node, key, _as_item(value, arm), frame)
            self._maybe(arm, _first(value), frame, begin, lambda: None)
        return bool(found)

    def while_(self, node: ir.While, frame: Frame) -> None:
        """A loop whose condition cannot be decided runs once; so does one that can be left in its first round, because
        it tries again until something succeeds, and one that is never left."""
        loop = Loop(self.guards, self.heap.mark())
        frame.loops.append(loop)
        endless = isinstance(node.condition, ir.Constant) and not any(map(_may_leave, node.body))
        for _ in range(MOST_ROUNDS):
            condition = self.condition(node.condition, frame)
            ways = len(frame.exits) + len(loop.breaks)
            if condition.decided is False:
                break
            if (condition.decided is None or isinstance(node.condition, ir.Constant)) and self._by_argument(
                node, frame
            ):
                break
            if not self._round(node, loop, frame):
                break
            if condition.decided is None or endless or len(frame.exits) + len(loop.breaks) > ways:
                break
        frame.loops.pop()
        self.go_on_after(loop, loop.breaks)

    def _by_argument(self, node: ir.While, frame: Frame) -> bool:
        """A loop over arguments that are not known, of which each round takes the first: each of its arms runs or
        does not. False for any other loop."""
        listed = rounds.arguments(node.body)
        rest = self.evaluate(listed, frame) if listed is not None else None
        if listed is None or rest is None or not _is_unknown_list(rest):
            return False
        found = rounds.arms(node.body)

        def after() -> None:
            self.run_block(node.step, frame)
            self.place(listed, rest, frame)

        for arm in found:
            self._maybe(arm, rest, frame, partial(self.place, listed, _as_arguments(rest, arm), frame), after)
        return bool(found)

    def _maybe(
        self, arm: rounds.Arm, among: Value, frame: Frame, before: Callable[[], None], after: Callable[[], None]
    ) -> None:
        """A round for something that is among others or is not."""
        if not self.live:
            return
        identity = among.identity if isinstance(among, Opaque) else f"~{self.fresh('what a loop goes through')}"
        yes, no = self.opposite(truth.atom(f"{identity} has {arm.label!r}"))

        def round_() -> Value:
            loop = Loop(self.guards, self.heap.mark())
            frame.loops.append(loop)
            before()
            self.run_block(arm.body, frame)
            frame.loops.pop()
            self.go_on_after(loop, [*loop.continues, *loop.breaks])
            if self.live:
                after()
            return ABSENT

        self.fork(((no, lambda: ABSENT), (yes, round_)))

    def _round(self, node: ir.While, loop: Loop, frame: Frame) -> bool:
        """Run a loop's body and step; whether the run is still in the loop."""
        self.run_block(node.body, frame)
        self.go_on_after(loop, loop.continues)
        self.run_block(node.step, frame)
        return self.live

    def break_(self, node: ir.Break, frame: Frame) -> None:
        if node.loops < len(frame.loops):
            loop = frame.loops[-1 - node.loops]
            self.leave_round(loop.breaks, loop)

    def continue_(self, node: ir.Continue, frame: Frame) -> None:
        if node.loops < len(frame.loops):
            loop = frame.loops[-1 - node.loops]
            self.leave_round(loop.continues, loop)


def _may_leave(statement: ir.Statement) -> bool:
    """Whether a statement of a loop's body leaves the loop under a condition."""
    return isinstance(statement, ir.Branch) and any(
        isinstance(each, ir.Break) for each in (*statement.then, *statement.otherwise)
    )


def _is_counted(rounds: list[tuple[Value, Value]]) -> bool:
    """Whether a loop counts: over numerals, or over numbers as a range gives them, from nought or one on."""
    values = [value for _, value in rounds]
    if all(isinstance(each, Text) and (each.literal or "").isdecimal() for each in values):
        return True
    numbers = [each.value for each in values if isinstance(each, Number)]
    return len(numbers) == len(values) and numbers in ([*range(len(values))], [*range(1, len(values) + 1)])


def _is_unknown_list(value: Value) -> bool:
    return isinstance(value, Opaque) or (isinstance(value, Sequence) and value.open and not value.items)


def _is_unknown_item(value: Value) -> bool:
    return isinstance(_first(value), Opaque)


def _first(value: Value) -> Value:
    """The item, or the letter of an option that stands beside its value."""
    return value.items[0] if isinstance(value, Sequence) and len(value.items) == 2 else value


def _as_arguments(among: Value, arm: rounds.Arm) -> Value:
    """The arguments where those of an arm come first."""
    if not arm.label:
        return among
    return Sequence((_called(among, arm), _after(among, arm.label)), open=True)


def _as_item(value: Value, arm: rounds.Arm) -> Value:
    """The item of a round for an arm; of an option the letter and the value."""
    if not arm.label:
        return value
    if isinstance(value, Sequence):
        return Sequence((Text.of(arm.label), _after(value.items[0], f"-{arm.label}")))
    return _called(value, arm)


def _called(among: Value, arm: rounds.Arm) -> Text:
    label = Text.of(arm.label)
    return label + Text((Filling(hole_of(_after(among, arm.label))),)) if arm.has_rest else label


def _after(among: Value, label: str) -> Opaque:
    """What is given after a word of a command line."""
    identity = among.identity if isinstance(among, Opaque) else "~arguments"
    return Opaque(f"{identity}[{label}]", f"what follows {label}", "string", label)
