"""What tests put in the place of functions (Python 3.13, `unittest.mock`; pytest 8, `monkeypatch`; pytest-mock 3).

A patch is a record that remembers what it is for until it is started.
"""

from __future__ import annotations

from tagcheck.builtins.api import Call
from tagcheck.values import Absent, Null, Opaque, Record, Text, Value

PATCH = "unittest.mock.Patch"
MOCK = "unittest.mock.Mock"
_HOLDER, _NAME, _NEW = "%holder", "%name", "%new"


def mock(call: Call) -> tuple[Value, ...]:
    """An object of which nothing is known, and which does nothing."""
    return (_mock(call),)


def patch(call: Call) -> tuple[Value, ...]:
    """A patch of what argument 0, a dotted text, leads to. `object`: of the attribute of argument 0 that argument 1
    names. The next argument takes its place, a mock if there is none. `start`: at once; the value is what took its
    place then, unless it `gives` nothing."""
    of_object = bool(call.with_.get("object"))
    holder, at = call.argument(0), 1
    name = Text.of("")
    if of_object or _is_attribute(call):
        given, at = call.argument(1), 2
        name = given if isinstance(given, Text) else name
    new = call.arguments[at] if len(call.arguments) > at else None
    value = _mock(call) if new is None or isinstance(new, Absent) else new
    record = Record(PATCH, ((_HOLDER, holder), (_NAME, name), (_NEW, value)))
    if call.with_.get("start"):
        taken = _started(call, record)
        return (Null() if call.with_.get("gives") == "nothing" else taken,)
    return (call.machine.allocate(record),)


def start(call: Call) -> tuple[Value, ...]:
    """Start the receiver, a patch; what took the place."""
    record = _record(call)
    return (call.unknown("a patch") if record is None else _started(call, record),)


def stop(call: Call) -> tuple[Value, ...]:
    """Stop the receiver, a patch."""
    record = _record(call)
    name = record.get(_NAME) if record is not None else None
    if record is not None and isinstance(name, Text):
        call.machine.take_back(record.get(_HOLDER) or Null(), name.literal or "")
    return (Null(),)


def stop_own(call: Call) -> tuple[Value, ...]:
    """Stop what the procedure that runs now has started."""
    call.machine.take_back_own()
    return ()


def _is_attribute(call: Call) -> bool:
    """Whether `setattr` is told an attribute apart from its holder: a dotted text alone says both."""
    return bool(call.with_.get("start")) and not isinstance(call.argument(0), Text)


def _record(call: Call) -> Record | None:
    loaded = call.machine.load(call.receiver) if call.receiver is not None else None
    return loaded if isinstance(loaded, Record) and loaded.type == PATCH else None


def _started(call: Call, record: Record) -> Value:
    name, value = record.get(_NAME), record.get(_NEW)
    if isinstance(name, Text) and name.literal is not None and value is not None:
        call.machine.replace(record.get(_HOLDER) or Null(), name.literal, value)
    return value or call.unknown("a patch")


def _mock(call: Call) -> Value:
    return Opaque(call.identity, "a mock", MOCK)
