"""What every operation needs of symbolic values: their text, functions of them of which nothing more is known,
parts of texts that have holes, and operations carried through alternatives."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from msgspec.structs import replace

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.guards import ALWAYS, Guards
from tagcheck.ir import TEXT_FIELD
from tagcheck.values import (
    ALPHABETS,
    EMPTY,
    MOST_OPTIONS,
    Absent,
    Alternatives,
    Filling,
    Hole,
    HoleKind,
    Number,
    Opaque,
    Piece,
    Pointer,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
    iterate,
)

Part: TypeAlias = Piece | Filling


class Pieces(tuple[Piece, ...]):
    """Neighbouring literal pieces."""

    @cached_property
    def starts(self) -> list[int]:
        """Where each of them begins in the text of all, so that those of a text of thousands are found at once."""
        return [0, *accumulate(len(piece.text) for piece in self)]


Run: TypeAlias = Pieces | Filling
"""Neighbouring literal pieces, or a hole."""

LONG = 200
MOST_PARTS = 20_000
"""Pieces and holes of one text; a text that grows past it (a loop that doubles it) is a hole."""
MOST_ROWS = 4 * MOST_OPTIONS


def identity_of(function: str, inputs: Sequence[Value]) -> str:
    """A name for a function of values: equal for equal inputs, and no longer than a line."""
    described = ",".join(_described(value) for value in inputs)
    if len(described) > LONG:
        described = hashlib.sha256(described.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return f"{function}({described})"


def _described(value: Value) -> str:
    if isinstance(value, Text):
        return repr([part if isinstance(part, str) else part.key for part in value.merged()])
    return repr(value)


def hole_text(value: Value, function: str = "value") -> Text:
    """A text that is one opaque hole, with the identity of the value that it stands for."""
    if isinstance(value, Opaque):
        return Text.of_hole(values.hole_of(value))
    return Text.of_hole(Hole(HoleKind.OPAQUE, identity_of(function, (value,)), "a value without a known text"))


def as_text(value: Value, machine: Machine | None = None) -> Text:
    """The text that a value is printed as; a hole where it is not known. With a machine, pointers are followed."""
    match value:
        case Text():
            return value
        case Number(number):
            return Text.of(str(int(number)) if float(number).is_integer() else repr(number))
        case Truth(truth):
            return Text.of("true" if truth else "false")
        case Absent():
            return EMPTY
        case Record() if (shown := value.get(TEXT_FIELD)) is not None:
            return as_text(shown)
        case Pointer() if machine is not None:
            loaded = machine.load(value)
            return hole_text(loaded) if isinstance(loaded, Pointer) else as_text(loaded)
        case values.Sequence(items, False):
            return joined([as_text(item, machine) for item in items], Text.of(" "), Text.of("["), Text.of("]"))
        case _:
            return hole_text(value)


def bytes_text(value: Value, machine: Machine) -> Text:
    """What a function of bytes is given. A list whose items are all written out is not known: who fills a buffer does
    it through a part of it as well, and what was made empty counts for nothing."""
    held = machine.load(value) if isinstance(value, Pointer) else value
    if not isinstance(held, values.Sequence) or held.open:
        return as_text(held, machine)
    items = [as_text(item, machine) for item in held.items]
    return hole_text(held) if all(item.literal is not None for item in items) else joined(items, EMPTY)


def joined(texts: Sequence[Text], separator: Text, before: Text = EMPTY, after: Text = EMPTY) -> Text:
    """The texts one after the other with a separator between them."""
    parts: list[Part] = list(before.parts)
    for index, text in enumerate(texts):
        if index:
            parts.extend(separator.parts)
        parts.extend(text.parts)
        if len(parts) > MOST_PARTS:
            return derived("joined", Text(tuple(parts)))
    return Text((*parts, *after.parts))


def bounded(parts: list[Part]) -> Text:
    """A text of these parts, or a hole where they are too many."""
    text = Text(tuple(parts))
    return text if len(parts) <= MOST_PARTS else derived("joined", text)


def derived(function: str, *inputs: Text, keeps_unique: bool = False) -> Text:
    """A function of texts of which no more is known than that equal inputs give equal results.

    A function of one hole is a part of that hole. `keeps_unique`: different inputs give different results (a digest),
    so a unique input makes a unique result; it is weak only if every unique input is.
    """
    first = inputs[0] if inputs else EMPTY
    identity = identity_of(function, inputs)
    if len(first.parts) == 1 and isinstance(filling := first.parts[0], Filling):
        suffix = function if len(inputs) == 1 else identity_of(function, inputs[1:])
        if keeps_unique or filling.hole.kind is not HoleKind.UNIQUE:
            return Text((with_part(filling, suffix),))
    uniques = [hole for text in inputs for hole in text.holes if hole.kind is HoleKind.UNIQUE]
    if keeps_unique and uniques:
        weak = uniques[0].weak if all(hole.weak for hole in uniques) else ""
        return Text.of_hole(Hole(HoleKind.UNIQUE, identity, function, "", weak))
    return Text.of_hole(Hole(HoleKind.OPAQUE, identity, function))


def with_part(filling: Filling, part: str, weak: str = "") -> Filling:
    """The filling with its hole narrowed to a part of its value."""
    hole = filling.hole
    return replace(filling, hole=replace(hole, part=f"{hole.part}.{part}", weak=weak or hole.weak))


def undecided(function: str, *inputs: Value, type: str = "bool") -> Opaque:
    """An unknown that is the same whenever the inputs are: two tests of one value share their condition."""
    return Opaque(identity_of(function, inputs), f"{function} of a value that is not known", type)


# --- alternatives ----------------------------------------------------------------------------------------------------


def combine(given: Sequence[Value], function: Callable[[tuple[Value, ...]], Value]) -> Value:
    """A function applied to every possible combination of its arguments' alternatives; opaque past the bound."""
    rows: list[tuple[Guards, tuple[Value, ...]]] = [(ALWAYS, tuple(given))]
    for index, value in enumerate(given):
        if not isinstance(value, Alternatives):
            continue
        rows = [
            (both, (*row[:index], option, *row[index + 1 :]))
            for guards, row in rows
            for both, option in iterate(value, guards)
        ]
        if len(rows) > MOST_ROWS:
            return Opaque(identity_of("combination", tuple(given)), "too many alternatives")
    if len(rows) == 1:
        # Comparing what there is only one of would look at all of it.
        return function(rows[0][1])
    return alternatives((guards, function(row)) for guards, row in rows)


def over(value: Value, function: Callable[[Value], Value]) -> Value:
    """A function applied to every alternative of one value."""
    if not isinstance(value, Alternatives):
        return function(value)
    return alternatives((guards, function(option)) for guards, option in value.options)


def append_text(left: Value, right: Value) -> Value:
    """Two values as texts, one after the other, through their alternatives."""
    return combine((left, right), lambda row: joined([as_text(row[0]), as_text(row[1])], EMPTY))


# --- parts of texts --------------------------------------------------------------------------------------------------


def runs(text: Text) -> Iterator[Run]:
    """The text as holes and runs of neighbouring literal pieces."""
    pieces: list[Piece] = []
    for part in text.parts:
        if isinstance(part, Piece):
            pieces.append(part)
            continue
        if pieces:
            yield Pieces(pieces)
            pieces = []
        yield part
    if pieces:
        yield Pieces(pieces)


def run_text(run: Pieces) -> str:
    return run[0].text if len(run) == 1 else "".join(piece.text for piece in run)


def cut_run(run: Pieces, low: int, high: int) -> tuple[Piece, ...]:
    """The characters `low` to `high` (exclusive) of a run, with their origins."""
    starts = run.starts
    found: list[Piece] = []
    for index in range(max(0, bisect_right(starts, low) - 1), len(run)):
        at, end, piece = starts[index], starts[index + 1], run[index]
        if at >= high:
            break
        if max(at, low) < min(end, high):
            found.append(piece if low <= at and end <= high else _middle(piece, max(0, low - at), high - at))
    return tuple(found)


def _middle(piece: Piece, low: int, high: int) -> Piece:
    origin = piece.origin.advanced(piece.text[:low]) if piece.origin and low else piece.origin
    return Piece(piece.text[low:high], origin)


SLOW_CLOCK = "slow digits of a clock"
ONLY_DATE = "only a date"
NANOSECONDS = "clock-nanoseconds"
"""The label of a unique hole that is a clock in nanoseconds, in decimal or, with `HEXADECIMAL` in its part, in hex."""
HEXADECIMAL = "%x"


def slice_text(text: Text, low: int | None, high: int | None) -> Text:
    """The characters from `low` (default 0) to `high` (default the end, exclusive) of a text, as in Go's `text[a:b]`;
    numbers below 0 count from the end, as in Python.

    A hole has no known length: a part of one hole is that part of its value ('[0:8]'), and the leading digits of a
    nanosecond clock are weak. Where the cut may lie behind a hole, the result is a function of the whole text.
    """
    start = low or 0
    literal = text.literal
    if literal is not None:
        first, last, _ = slice(low, high).indices(len(literal))
        literals = (run for run in runs(text) if isinstance(run, Pieces))
        return Text(tuple(part for run in literals for part in cut_run(run, first, max(first, last))))
    if start < 0 or (high is not None and high < start):
        return derived(f"[{low}:{high}]", text)
    leading = len(text.leading)
    if high is None and start <= leading:
        return text.dropped(start)
    if high is not None and high <= leading:
        run = next(runs(text))
        return Text(cut_run(run, start, high)) if isinstance(run, Pieces) else EMPTY
    return _slice_at_hole(text, leading, start, high)


def _slice_at_hole(text: Text, leading: int, start: int, high: int | None) -> Text:
    """The part of a text whose last character lies in, or behind, its first hole."""
    index = next(i for i, part in enumerate(text.parts) if isinstance(part, Filling))
    filling, behind = text.parts[index], text.parts[index + 1 :]
    assert isinstance(filling, Filling)
    width = None if high is None else high - leading
    short_of_end = width is not None and width <= 8 and filling.hole.kind in (HoleKind.UNIQUE, HoleKind.OUTPUT)
    if behind and not (short_of_end and high is not None):
        return derived(f"[{start}:{'' if high is None else high}]", text)
    offset = max(0, start - leading)
    sliced = _part_of_hole(filling, offset, width)
    before = Text(text.parts[:index])
    return (before.dropped(start) if start < leading else EMPTY) + Text((sliced,))


def _part_of_hole(filling: Filling, low: int, high: int | None) -> Filling:
    weak = ""
    hole = filling.hole
    if hole.label == NANOSECONDS and low == 0 and high is not None:
        hexadecimal = HEXADECIMAL in hole.part
        weak = SLOW_CLOCK if high <= (8 if hexadecimal else 10) else ""
    return with_part(filling, f"[{low}:{'' if high is None else high}]", weak)


ONLY_PATH = "only a path"
"""What the catalogue says of commands that print one path."""


def may_contain(hole: Hole, wanted: str) -> bool:
    """Whether the value of a hole is likely enough to contain a literal that an operation looks for. Values that are
    numbers, digests and identifiers contain no separators of names; nobody's value contains a long placeholder."""
    if hole.kind is HoleKind.UNIQUE:
        return len(wanted) == 1 and (wanted == "-" or wanted.isalnum())
    if wanted == "\n" and hole.weak == ONLY_PATH:
        return False
    if hole.shape and not hole.part and not set(wanted) <= ALPHABETS[hole.shape]:
        return False
    return hole.kind is HoleKind.OPAQUE or len(wanted) <= 2


def replace_text(text: Text, old: str, new: Text, count: int = -1) -> Text:
    """The text with literal occurrences of `old` replaced (at most `count`, if not negative); holes that may contain
    it become parts of their values."""
    if not old:
        return derived("replace", text, new)
    parts: list[Part] = []
    left = count
    for run in runs(text):
        if isinstance(run, Filling):
            changed = left and may_contain(run.hole, old)
            parts.append(with_part(run, f"replace({old!r},{_described(new)})") if changed else run)
            continue
        content, at = run_text(run), 0
        while left and (found := content.find(old, at)) >= 0:
            parts.extend((*cut_run(run, at, found), *new.parts))
            at, left = found + len(old), left - 1
        parts.extend(cut_run(run, at, len(content)))
    return bounded(parts)


def split_text(text: Text, separator: str, most: int = -1) -> list[Text]:
    """The texts between literal occurrences of a separator, at most `most` of them if positive. Unlike `Text.split`,
    occurrences across neighbouring pieces count."""
    found: list[Text] = []
    parts: list[Part] = []
    for run in runs(text):
        if isinstance(run, Filling):
            parts.append(run)
            continue
        content, at = run_text(run), 0
        while (most < 0 or len(found) < most - 1) and (end := content.find(separator, at)) >= 0:
            found.append(Text((*parts, *cut_run(run, at, end))))
            parts, at = [], end + len(separator)
        parts.extend(cut_run(run, at, len(content)))
    return [*found, Text(tuple(parts))]


def split_last(text: Text, separator: str) -> tuple[Text, Text] | None:
    """The texts before and after the last literal occurrence of a separator."""
    pieces = split_text(text, separator)
    if len(pieces) < 2:
        return None
    return joined(pieces[:-1], Text.of(separator)), pieces[-1]


def texts(call: Call) -> list[Text]:
    """All arguments of a call as texts."""
    return [as_text(argument, call.machine) for argument in call.arguments]


def text_argument(call: Call, index: int) -> Text:
    """One argument of a call as a text."""
    return as_text(call.argument(index), call.machine)


def number_argument(call: Call, index: int) -> int | None:
    """One argument of a call as an integer, if it is one."""
    value = call.argument(index)
    return int(value.value) if isinstance(value, Number) else None
