"""Texts read line by line, as Go's `bufio.Scanner` does it (pkg.go.dev/bufio, Go 1.24).

A scanner is a record behind a pointer: the reader that it reads from, the lines that are left once somebody has asked,
and the line that was read last.
"""

from __future__ import annotations

from tagcheck.builtins.api import Call
from tagcheck.builtins.files import content_of
from tagcheck.builtins.symbolic import split_text
from tagcheck.values import Filling, Record, Sequence, Text, Truth, Value

READER = "%reader"
_LEFT = "%lines"
_LAST = "%line"
MOST_LINES = 400
"""Lines of a text that are read one by one."""


def scanner(call: Call) -> tuple[Value, ...]:
    """A scanner of what the reader in argument 0 holds."""
    return (call.machine.allocate(Record("bufio.Scanner", ((READER, call.argument(0)),))),)


def scan(call: Call) -> tuple[Value, ...]:
    """Read the next line; whether there was one."""
    state = call.machine.load(call.receiver) if call.receiver is not None else None
    if call.receiver is None or not isinstance(state, Record):
        return (call.unknown("whether there is another line"),)
    left = state.get(_LEFT) or _lines(call, state)
    if not isinstance(left, Sequence) or left.open:
        unknown = call.unknown("a line of a text that is not known")
        call.machine.store(call.receiver, state.with_field(_LEFT, Sequence((), True)).with_field(_LAST, unknown))
        return (call.unknown("whether there is another line"),)
    if not left.items:
        return (Truth(False),)
    read = state.with_field(_LAST, left.items[0]).with_field(_LEFT, Sequence(left.items[1:]))
    call.machine.store(call.receiver, read)
    return (Truth(True),)


def _lines(call: Call, state: Record) -> Sequence:
    reader = state.get(READER)
    content = content_of(call.machine, reader) if reader is not None else None
    if not isinstance(content, Text) or (len(content.parts) == 1 and isinstance(content.parts[0], Filling)):
        return Sequence((), True)
    lines = split_text(content, "\n")
    if not lines[-1].parts:
        lines = lines[:-1]
    return Sequence(tuple(lines), open=len(lines) > MOST_LINES)


def divide_otherwise(call: Call) -> tuple[Value, ...]:
    """What is read is divided by a function (words, characters): nothing is known of the pieces."""
    state = call.machine.load(call.receiver) if call.receiver is not None else None
    if call.receiver is not None and isinstance(state, Record):
        call.machine.store(call.receiver, state.with_field(_LEFT, Sequence((), True)))
    return ()


def scanned(call: Call) -> tuple[Value, ...]:
    """The line that was read last."""
    state = call.machine.load(call.receiver) if call.receiver is not None else None
    last = state.get(_LAST) if isinstance(state, Record) else None
    return (call.unknown("a line of a text that is not known") if last is None else last,)
