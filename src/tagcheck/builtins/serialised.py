"""Texts that hold data, read into objects of the program."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.files import held
from tagcheck.builtins.symbolic import combine
from tagcheck.embedded import documents
from tagcheck.values import Alternatives, LibraryValue, Record, Text, Value, alternatives, options

MOST_NODES = 4_000
"""Nodes of the documents of one text that become objects; what has more stays a text."""


def document(call: Call) -> tuple[Value, ...]:
    """What the receiver, or else argument 0, holds as YAML or JSON, to be looked into and changed; with `many`, a list
    of its documents. What cannot be read so stays as it is."""
    many = bool(call.with_.get("many"))
    if isinstance(call.receiver, LibraryValue):
        # A function of a module that was imported as an attribute.
        call = Call(call.name, call.arguments, call.machine, call.site, with_=call.with_, identity=call.identity)
    given = call.machine.load(call.arguments[0]) if call.arguments and call.receiver is None else None
    if isinstance(given, values.Mapping | values.Sequence):
        # What a serialiser wrote is still the object.
        made = _object(call.machine, given)
        return (call.machine.allocate(values.Sequence((made,))) if many else made,)

    def read(row: tuple[Value, ...]) -> Value:
        found = documents(row[0]) if isinstance(row[0], Text) else ()
        is_kept = not found or (len(found) > 1 and not many) or sum(map(_size, found)) > MOST_NODES
        made = (row[0],) if is_kept else tuple(_object(call.machine, each) for each in found)
        return call.machine.allocate(values.Sequence(made)) if many else made[0]

    return (combine(held(call)[:1], read),)


def objects_of_file(call: Call) -> tuple[Value, ...]:
    """The documents of the file that argument 0 names: records of `type` with one in the field `field` each."""
    content = call.machine.read_file(call.argument(0))
    found = documents(content) if isinstance(content, Text) else ()
    if not found or sum(map(_size, found)) > MOST_NODES:
        return (values.Sequence((), open=True),)
    type_, name = str(call.with_.get("type", "")), str(call.with_.get("field", ""))
    made = (Record(type_, ((name, _object(call.machine, each)),)) for each in found)
    return (call.machine.allocate(values.Sequence(tuple(map(call.machine.allocate, made)))),)


def _size(value: Value) -> int:
    match value:
        case values.Mapping():
            return 1 + sum(_size(each) for _, each in value.entries)
        case values.Sequence():
            return 1 + sum(map(_size, value.items))
        case Alternatives():
            return sum(_size(option) for _, option in options(value))
        case _:
            return 1


def _object(machine: Machine, value: Value) -> Value:
    """The value with a cell of its own for each mapping and list in it."""
    match value:
        case values.Mapping():
            entries = tuple((key, _object(machine, each)) for key, each in value.entries)
            return machine.allocate(values.Mapping(entries, value.open))
        case values.Sequence():
            return machine.allocate(values.Sequence(tuple(_object(machine, each) for each in value.items), value.open))
        case Alternatives():
            return alternatives((guards, _object(machine, option)) for guards, option in options(value))
        case _:
            return value
