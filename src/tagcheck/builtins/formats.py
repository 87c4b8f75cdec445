"""Formatting as `printf` does it: the verbs of Go's package fmt (pkg.go.dev/fmt, Go 1.24) and Sprint's spacing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.symbolic import (
    HEXADECIMAL,
    as_text,
    bounded,
    bytes_text,
    combine,
    cut_run,
    derived,
    hole_text,
    joined,
    run_text,
    runs,
    slice_text,
)
from tagcheck.builtins.texts import quoted
from tagcheck.values import Absent, Failure, Filling, Null, Number, Piece, Record, Text, Truth, Value

VERB = re.compile(r"%([+\-# 0]*)(?:\[(\d{1,4})\])?(\*|\d{1,4})?(?:\.(\*|\d{0,4}))?(?:\[(\d{1,4})\])?([a-zA-Z%])")
MOST_VERBS = 2000
_OF_NUMBERS = frozenset("dobcUeEfFgGt")


class Verb(Struct, frozen=True):
    """One verb: its flags, width and precision (None where not given), and its letter."""

    flags: str
    width: int | None
    precision: int | None
    letter: str


def sprintf(call: Call) -> tuple[Value, ...]:
    """A text formatted by the verbs in argument `from` (default 0) and the values after it."""
    first = call.with_.get("from", 0)
    first = first if isinstance(first, int) else 0
    pattern = as_text(call.argument(first), call.machine)
    return (format_text(pattern, call.arguments[first + 1 :], call.machine, call.identity),)


def numbers(arguments: tuple[Value, ...], with_: Mapping[str, object]) -> frozenset[int]:
    """The arguments of `sprintf` that stand for verbs which take a number for what it is, whatever methods its type
    has."""
    first = with_.get("from", 0)
    first = first if isinstance(first, int) else 0
    pattern = arguments[first] if first < len(arguments) else None
    found: set[int] = set()
    taken = 0
    for match in VERB.finditer(pattern.literal or "") if isinstance(pattern, Text) else ():
        _, early, width, precision, late, letter = match.groups()
        if letter == "%":
            continue
        taken = int(early or late) - 1 if early or late else taken + (width, precision).count("*")
        if letter in _OF_NUMBERS:
            found.add(first + 1 + taken)
        taken += 1
    return frozenset(found)


def format_text(pattern: Text, arguments: Sequence[Value], machine: Machine, identity: str) -> Value:
    """Format values; alternatives among them are taken apart. Holes of the pattern are copied."""
    if any(isinstance(argument, values.Alternatives) for argument in arguments):
        return combine(tuple(arguments), lambda row: format_text(pattern, row, machine, identity))
    parts: list[Piece | Filling] = []
    taken = verbs = 0
    for run in runs(pattern):
        if isinstance(run, Filling):
            parts.append(run)
            continue
        content, at = run_text(run), 0
        while (match := VERB.search(content, at)) is not None and verbs < MOST_VERBS:
            verbs += 1
            parts.extend(cut_run(run, at, match.start()))
            text, taken = _one(match, arguments, taken, machine, identity)
            parts.extend(text.parts)
            at = match.end()
        parts.extend(cut_run(run, at, len(content)))
    return bounded(parts)


def _one(
    match: re.Match[str], arguments: Sequence[Value], taken: int, machine: Machine, identity: str
) -> tuple[Text, int]:
    """The text of one verb, and the index of the next argument."""
    flags, early, width, precision, late, letter = match.groups()
    if letter == "%":
        return Text.of("%"), taken
    if early or late:
        taken = int(early or late) - 1
    sizes: list[int | None] = []
    for size in (width, precision):
        if size == "*":
            number = arguments[taken] if 0 <= taken < len(arguments) else None
            sizes.append(int(number.value) if isinstance(number, Number) else None)
            taken += 1
        else:
            sizes.append(int(size) if size else None)
    if precision == "":
        sizes[1] = 0
    if not 0 <= taken < len(arguments):
        missing = values.Opaque(f"{identity}:argument {taken} of a format", "a missing argument of a format")
        return hole_text(missing), taken + 1
    return format_value(Verb(flags, sizes[0], sizes[1], letter), arguments[taken], machine), taken + 1


def format_value(verb: Verb, value: Value, machine: Machine) -> Text:
    """One value by one verb."""
    text = _bare(verb, value, machine)
    if "+" in verb.flags and isinstance(value, Number) and verb.letter in "dfge" and value.value >= 0:
        text = Text.of("+") + text
    width = verb.width
    if width is None or width > 256:
        return text
    literal = text.literal
    if literal is None:
        return text if len(text.parts) > 1 else derived(f"width({verb.flags}{width})", text, keeps_unique=True)
    if "-" in verb.flags:
        return text + Text.of(" " * (width - len(literal)))
    if "0" in verb.flags and isinstance(value, Number):
        return Text.of(literal.zfill(width))
    return Text.of(" " * (width - len(literal))) + text


def _bare(verb: Verb, value: Value, machine: Machine) -> Text:
    """One value by one verb, before padding."""
    if isinstance(value, Null | Failure):
        return Text.of("<nil>") if isinstance(value, Null) else hole_text(value, "error")
    match verb.letter:
        case "T":
            return Text.of(value.type) if isinstance(value, Record) else derived("%T", as_text(value, machine))
        case "t":
            return as_text(value, machine) if isinstance(value, Truth) else hole_text(value)
        case "x" | "X" | "b" | "o" | "c" | "U":
            return _numeric(verb, value, machine)
        case "q":
            return quoted(as_text(value, machine))
        case "f" | "g" | "e" if isinstance(value, Number):
            return Text.of(f"{value.value:.{6 if verb.precision is None else min(verb.precision, 64)}{verb.letter}}")
        case "s" | "v" | "d" | "w":
            text = as_text(value, machine)
            return text if verb.precision is None or verb.letter == "d" else slice_text(text, 0, verb.precision)
        case _:
            return derived(f"%{verb.letter}", as_text(value, machine))


def _numeric(verb: Verb, value: Value, machine: Machine) -> Text:
    """Other bases and characters; texts in hexadecimal byte by byte."""
    letter = verb.letter
    if isinstance(value, Number) and isinstance(value.value, int) and letter in "xXbo":
        return Text.of(format(value.value, letter))
    if isinstance(value, Number) and letter == "c" and 0 <= value.value < 0x110000:
        return Text.of(chr(int(value.value)))
    text = bytes_text(value, machine) if letter in "xX" else as_text(value, machine)
    literal = text.literal
    if letter == "c" and len(literal or "") == 1:
        return text
    if letter in "xX" and literal is not None:
        digits = literal.encode("utf-8", "surrogatepass").hex()
        return Text.of(digits if letter == "x" else digits.upper())
    return derived(HEXADECIMAL if letter in "xX" else f"%{letter}", text, keeps_unique=True)


def sprint(call: Call) -> tuple[Value, ...]:
    """Values one after the other; `line`: with spaces between and a line's end. Without it, a space stands between
    two values of which neither is a text."""
    shown = [value for value in call.arguments if not isinstance(value, Absent)]
    if call.with_.get("line"):
        return (joined([as_text(value, call.machine) for value in shown], Text.of(" "), after=Text.of("\n")),)
    parts: list[Piece | Filling] = []
    for index, value in enumerate(shown):
        if index and not isinstance(value, Text) and not isinstance(shown[index - 1], Text):
            parts.append(Piece(" "))
        parts.extend(as_text(value, call.machine).parts)
    return (Text(tuple(parts)),)
