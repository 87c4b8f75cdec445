"""Objects that are lists or mappings, too: those of classes that inherit from `dict` or `list` (Python 3.13 library
reference, "Built-in Types"; `collections.UserDict`).

Such an object is a record with a reference to what it holds, by which it does all that its class does not do itself.
"""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.containers import change
from tagcheck.builtins.pythoncollections import ENTRIES, with_entry
from tagcheck.comparison import Same, same_key
from tagcheck.values import Null, Number, Record, Value

_MAPPINGS = ("builtins.dict", "collections.OrderedDict", "collections.UserDict")
_LISTS = ("builtins.list", "collections.UserList", "builtins.set")
HOLDERS = frozenset((*_MAPPINGS, *_LISTS))
"""Classes whose methods deal with what an object holds."""


def holding(record: Record, class_: str) -> Value | None:
    """What an object holds, if the methods of a class deal with that."""
    return record.get(ENTRIES) if class_ in HOLDERS else None


def hold(call: Call) -> tuple[Value, ...]:
    """Argument 0, an object, holds a list or mapping of its own if its class inherits from such."""
    held = call.machine.load(call.argument(0))
    known = call.machine.ancestors(held.type) if isinstance(held, Record) else ()
    kind = next((each for each in known if each in HOLDERS), None)
    if isinstance(held, Record) and kind is not None:
        inner = call.machine.allocate(values.Mapping(()) if kind in _MAPPINGS else values.Sequence(()))
        held = held.with_field(ENTRIES, inner)
        change(call, held.with_field("data", inner) if "User" in kind else held)
    return ()


def item(call: Call) -> tuple[Value, ...]:
    """The item of argument 0, a list or mapping, at argument 1."""
    held, key = call.machine.load(call.argument(0)), call.machine.load(call.argument(1))
    if isinstance(held, values.Sequence) and isinstance(key, Number):
        at = int(key.value)
        return (held.items[at] if -len(held.items) <= at < len(held.items) else call.unknown("no such item"),)
    for name, value in reversed(held.entries) if isinstance(held, values.Mapping) else ():
        answer = same_key(name, key)
        if answer is not Same.NO:
            return (value if answer is Same.YES else call.unknown("an entry that is not known"),)
    return (call.unknown("an entry that is not known"),)


def set_item(call: Call) -> tuple[Value, ...]:
    """Argument 0, a list or mapping, has argument 2 at argument 1."""
    held, key = call.machine.load(call.argument(0)), call.machine.load(call.argument(1))
    if isinstance(held, values.Mapping):
        change(call, with_entry(held, key, call.argument(2)))
    elif isinstance(held, values.Sequence):
        at = int(key.value) if isinstance(key, Number) else len(held.items)
        items = list(held.items)
        if -len(items) <= at < len(items):
            items[at] = call.argument(2)
            change(call, values.Sequence(tuple(items), held.open))
        else:
            change(call, values.Sequence((), open=True))
    return (Null(),)
