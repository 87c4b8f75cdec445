"""Clocks, random sources and identifiers: values that are different at every evaluation."""

from __future__ import annotations

from msgspec.structs import replace

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.general import results
from tagcheck.builtins.symbolic import (
    NANOSECONDS,
    ONLY_DATE,
    as_text,
    bytes_text,
    derived,
    text_argument,
    undecided,
    with_part,
)
from tagcheck.ir import TEXT_FIELD
from tagcheck.values import Alternatives, Filling, Null, Number, Outcome, Pointer, Record, Text, Value

CLOCK = "%clock"


def now(call: Call) -> tuple[Value, ...]:
    """The current time: a record whose parts are unique texts."""
    clock = call.machine.unique("clock")
    return (Record("time.Time", ((CLOCK, clock), (TEXT_FIELD, clock))),)


def clock_number(call: Call) -> tuple[Value, ...]:
    """The receiver, a point in time, as a number since 1970; `unit`: seconds, milliseconds, microseconds or
    nanoseconds. `weak`: why it may collide."""
    unit = str(call.with_.get("unit", "seconds"))
    label = NANOSECONDS if unit == "nanoseconds" else f"clock-{unit}"
    return (_of_clock(call, unit, label, str(call.with_.get("weak", ""))),)


def _of_clock(call: Call, part: str, label: str, weak: str = "") -> Value:
    time = call.machine.load(call.receiver) if call.receiver is not None else None
    clock = time.get(CLOCK) if isinstance(time, Record) else None
    if not isinstance(clock, Text) or len(clock.parts) != 1 or not isinstance(clock.parts[0], Filling):
        return undecided(call.name, call.receiver or Null(), type="int")
    filling = with_part(clock.parts[0], part, weak)
    return Text((replace(filling, hole=replace(filling.hole, label=label)),))


def format_time(call: Call) -> tuple[Value, ...]:
    """The receiver, a point in time, by a layout: Go's reference time, or strftime's letters with `letters`."""
    layout = text_argument(call, 0).literal
    if layout is None:
        return (derived("format", text_argument(call, 0)),)
    return (_of_clock(call, f"format:{layout}", "clock", weakness(layout, bool(call.with_.get("letters")))),)


def weakness(layout: str, letters: bool = False) -> str:
    """Why a formatted time can collide; empty if its layout goes down to minutes or finer."""
    if letters:
        fine = any(letter in layout for letter in ("%S", "%s", "%M", "%f", "%T", "%N", "%X", "%c"))
    else:
        fine = any(piece in layout for piece in ("04", "05", ":4", ":5", "000", "999"))
        fine = fine or layout in ("4", "5")
    return "" if fine else ONLY_DATE


def moment(call: Call) -> tuple[Value, ...]:
    """Another view of the receiver, a point in time: the same clock."""
    return (call.machine.load(call.receiver) if call.receiver is not None else call.unknown("an unknown time"),)


def unique(call: Call) -> tuple[Value, ...]:
    """A fresh unique text; `label` says of what, `weak` why it may collide, `error`: an outcome follows."""
    made = call.machine.unique(str(call.with_.get("label", "random")), str(call.with_.get("weak", "")))
    return (made, Null()) if call.with_.get("error") else (made,)


def unique_record(call: Call) -> tuple[Value, ...]:
    """A fresh identifier of type `type`, printed as a unique text."""
    made = call.machine.unique(str(call.with_.get("label", "uuid")))
    record = Record(str(call.with_.get("type", "")), ((TEXT_FIELD, made),))
    return (record, Null()) if call.with_.get("error") else (record,)


def named_record(call: Call) -> tuple[Value, ...]:
    """An identifier of type `type` that is a function of the arguments (a uuid from a name, or one parsed)."""
    inputs = [as_text(argument, call.machine) for argument in call.arguments]
    text = inputs[0] if call.with_.get("parsed") and inputs else derived(call.name, *inputs, keeps_unique=True)
    record = Record(str(call.with_.get("type", "")), ((TEXT_FIELD, text),))
    return (record, Outcome(call.identity)) if call.with_.get("error") else (record,)


def fill(call: Call) -> tuple[Value, ...]:
    """Fill the buffer in argument `buffer` (default 0) with random bytes; with `source`, only where argument 0 is a
    record of that type, else with what is not known."""
    index = call.with_.get("buffer", 0)
    buffer = call.argument(index if isinstance(index, int) else 0)
    source, wanted = call.argument(0), call.with_.get("source")
    random = wanted is None or (isinstance(source, Record) and source.type == wanted)
    made = call.machine.unique("random") if random else call.unknown("what is read into a buffer")
    if isinstance(buffer, Pointer):
        call.machine.store(buffer, made)
    return (call.unknown("a number of bytes"), Null())


def choice(call: Call) -> tuple[Value, ...]:
    """A random number: unique, but weak where its bound is a small number."""
    bound = call.argument(0) if call.arguments else None
    small = isinstance(bound, values.Number) and bound.value < 100_000
    made = call.machine.unique(
        "random",
        f"only one of {int(bound.value)} numbers"
        if small and bound is not None and isinstance(bound, values.Number)
        else "",
    )
    return (made, Null()) if call.with_.get("error") else (made,)


def process_number(call: Call) -> tuple[Value, ...]:
    """What tells the processes of one run apart."""
    return (call.machine.unique("process", "only the process number"),)


def digest(call: Call) -> tuple[Value, ...]:
    """A digest of argument 0 (or of what was written to the receiver): unique if its input is."""
    inputs = [bytes_text(argument, call.machine) for argument in call.arguments if not isinstance(argument, Null)]
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    if isinstance(held, Record) and (content := held.get("%content")) is not None:
        inputs = [as_text(content)] if not isinstance(content, Alternatives) else inputs
    if not inputs:
        return (call.unknown("a digest of unknown content"), *results(call))
    return (derived(str(call.with_.get("function", "digest")), *inputs, keeps_unique=True), *results(call))


_SECOND, _MINUTE, _HOUR = 10**9, 60 * 10**9, 3600 * 10**9


def duration_text(call: Call) -> tuple[Value, ...]:
    """The receiver, a number of nanoseconds, as Go's `time.Duration` prints it: '1h15m30.5s' (pkg.go.dev/time)."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    if not isinstance(held, Number) or type(held.value) is not int or held.value % (_SECOND // 1000):
        return (call.unknown("what a duration is printed as"),)
    rest = abs(held.value)
    if rest < _SECOND:
        shown = f"{rest // (_SECOND // 1000)}ms" if rest else "0s"
    else:
        hours, minutes = rest // _HOUR, rest % _HOUR // _MINUTE
        seconds = f"{rest % _MINUTE / _SECOND:g}s"
        shown = f"{hours}h{minutes}m{seconds}" if hours else f"{minutes}m{seconds}" if minutes else seconds
    return (Text.of(f"-{shown}" if held.value < 0 else shown),)
