"""Lists, mappings and iterators as library functions treat them. An iterator is a record that holds what it gives."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.general import at_place
from tagcheck.builtins.symbolic import over
from tagcheck.comparison import Same, same_key
from tagcheck.values import Absent, LibraryValue, Mapping, Null, Number, Opaque, Pointer, Record, Sequence, Text, Value

ITERATOR = "iterator"
DEEPEST_COPY = 24
"""Values in values that are copied."""
_ITEMS = "items"


def iterated(value: Value) -> Sequence | None:
    """What an iterator gives, one after the other; None for any other value."""
    if not isinstance(value, Record) or value.type != ITERATOR:
        return None
    items = value.get(_ITEMS)
    return items if isinstance(items, Sequence) else Sequence((), True)


def iterate(call: Call) -> tuple[Value, ...]:
    """An iterator over what argument 0 holds: `of` says whether it gives 'keys' or 'values' (default)."""
    return (over(call.machine.load(call.argument(0)), lambda held: _iterator(held, call.with_.get("of") == "keys")),)


def _iterator(held: Value, keys: bool) -> Value:
    match held:
        case Mapping():
            items: Value = Sequence(tuple(entry[0 if keys else 1] for entry in held.entries), held.open)
        case Sequence():
            items = Sequence(tuple(map(Number, range(len(held.items)))), held.open) if keys else held
        case Null() | Absent():
            items = Sequence(())
        case _:
            items = Sequence((), True)
    return Record(ITERATOR, ((_ITEMS, items),))


def collect(call: Call) -> tuple[Value, ...]:
    """The list of what argument 0, an iterator or a list, holds."""
    return (over(call.machine.load(call.argument(0)), lambda held: iterated(held) or held),)


def delete(call: Call) -> tuple[Value, ...]:
    """The mapping in argument 0 loses the entry with the key in argument 1."""
    mapping, key = call.machine.load(call.argument(0)), call.argument(1)
    if isinstance(mapping, Mapping):
        answers = [same_key(name, key) for name, _ in mapping.entries]
        doubtful = Same.MAYBE in answers
        kept = tuple(e for e, answer in zip(mapping.entries, answers, strict=True) if answer is not Same.YES)
        call.machine.store(call.argument(0), mapping.holding(kept, mapping.open or doubtful))
    return ()


def merge(call: Call) -> tuple[Value, ...]:
    """The mapping in argument 0 gets the entries of the one in argument 1."""
    mapping, other = call.machine.load(call.argument(0)), call.machine.load(call.argument(1))
    if not isinstance(mapping, Mapping):
        return ()
    entries, is_open = mapping.entries, mapping.open
    if isinstance(other, Mapping):
        for key, value in other.entries:
            answers = [same_key(name, key) for name, _ in entries]
            is_open = is_open or Same.MAYBE in answers
            kept = (each for each, answer in zip(entries, answers, strict=True) if answer is not Same.YES)
            entries = (*kept, (key, value))
    is_open = is_open or not isinstance(other, Mapping | Null | Absent) or (isinstance(other, Mapping) and other.open)
    call.machine.store(call.argument(0), mapping.holding(entries, is_open))
    return ()


def clone(call: Call) -> tuple[Value, ...]:
    """A mapping or list of its own with what argument 0 holds."""
    held = call.machine.load(call.argument(0))
    return (call.machine.allocate(held) if isinstance(held, Mapping) else held,)


def deep_copy(call: Call) -> tuple[Value, ...]:
    """A reference to a copy of what the receiver leads to, and of all that this refers to."""
    if call.receiver is None:
        return (call.unknown("a copy"),)
    held = call.machine.load(call.receiver)
    if not isinstance(held, Record | Mapping | Sequence):
        return (call.unknown("a copy"),)
    return (call.machine.allocate(_copied(call, held, 0)),)


def _copied(call: Call, value: Value, depth: int) -> Value:
    if depth > DEEPEST_COPY:
        return call.unknown("a copy of what is nested too deeply")
    match value:
        case Pointer():
            return call.machine.allocate(_copied(call, call.machine.load(value), depth + 1))
        case Record():
            return Record(value.type, tuple((name, _copied(call, each, depth + 1)) for name, each in value.fields))
        case Sequence():
            return Sequence(tuple(_copied(call, each, depth + 1) for each in value.items), value.open)
        case Mapping():
            entries = tuple((key, _copied(call, each, depth + 1)) for key, each in value.entries)
            return value.holding(entries, value.open)
        case _:
            return value


def clear(call: Call) -> tuple[Value, ...]:
    """The mapping in argument 0, a reference, has no entries any more; of the items of a list nothing is known."""
    held = call.machine.load(call.argument(0))
    if isinstance(held, Mapping):
        call.machine.store(call.argument(0), held.holding((), False))
    elif isinstance(held, Sequence):
        call.machine.store(call.argument(0), Sequence((), True))
    return ()


def copy_items(call: Call) -> tuple[Value, ...]:
    """The first items of the list in argument 0, a reference, become those of argument 1."""
    target, source = call.machine.load(call.argument(0)), call.machine.load(call.argument(1))
    if isinstance(target, Sequence):
        known = isinstance(source, Sequence) and not source.open and not target.open
        items = source.items[: len(target.items)] if isinstance(source, Sequence) else ()
        whole = Sequence((*items, *target.items[len(items) :])) if known else Sequence((), True)
        call.machine.store(call.argument(0), whole)
        if known:
            return (Number(len(items)),)
    return (call.unknown("how many items were copied"),)


def extreme(call: Call) -> tuple[Value, ...]:
    """The smallest of the numbers or texts, or with `largest` the largest."""
    written = [each.literal for each in call.arguments if isinstance(each, Text) and each.literal is not None]
    if written and len(written) == len(call.arguments):
        return (Text.of(max(written) if call.with_.get("largest") else min(written)),)
    numbers = [each.value for each in call.arguments if isinstance(each, Number)]
    if not numbers or len(numbers) < len(call.arguments):
        return (call.unknown("one of several numbers"),)
    return (Number(max(numbers) if call.with_.get("largest") else min(numbers)),)


# --- values that are kept under keys ---------------------------------------------------------------------------------


def keep(call: Call) -> tuple[Value, ...]:
    """What is in argument 0 with argument 2 under the key in argument 1, for `kept`: as a new value of `type`."""
    entries = (*_entries(call, call.argument(0)), (call.argument(1), call.argument(2)))
    whole = isinstance(call.machine.load(call.argument(0)), Record | Opaque)
    return (Record(str(call.with_.get("type", "")), ((_ITEMS, Mapping(entries, not whole)),)),)


def kept(call: Call) -> tuple[Value, ...]:
    """What the receiver keeps under the key in argument 0; with `found`, also whether it does."""
    key = call.argument(0)
    for name, value in reversed(_entries(call, at_place(call, "$"))):
        answer = same_key(name, key)
        if answer is Same.YES:
            return (value, values.Truth(True)) if call.with_.get("found") else (value,)
        if answer is Same.MAYBE:
            break
    unknown = call.unknown("what is kept under a key")
    return (unknown, call.unknown("whether there is something")) if call.with_.get("found") else (unknown,)


def put(call: Call) -> tuple[Value, ...]:
    """The receiver keeps argument 1 under the key in argument 0."""
    held = call.machine.load(call.receiver) if call.receiver is not None else Absent()
    entries = (*_entries(call, held), (call.argument(0), call.argument(1)))
    if isinstance(held, Record) and call.receiver is not None:
        call.machine.store(call.receiver, held.with_field(_ITEMS, Mapping(entries)))
    return ()


def _entries(call: Call, holder: Value) -> tuple[tuple[Value, Value], ...]:
    held = call.machine.load(holder)
    found = held.get(_ITEMS) if isinstance(held, Record) else None
    return found.entries if isinstance(found, Mapping) else ()


# --- once ------------------------------------------------------------------------------------------------------------


def once(call: Call) -> tuple[Value, ...]:
    """A function that calls argument 0 the first time and gives its results every time: the model of the same name
    with '()' appended."""
    return (LibraryValue(f"{call.name}()", call.machine.allocate(Record("once", (("function", call.argument(0)),)))),)


def call_once(call: Call) -> tuple[Value, ...]:
    """Call the receiver's field `function`, or without it argument 0, unless the receiver has done so before."""
    held = call.machine.load(call.receiver) if call.receiver is not None else Absent()
    record = held if isinstance(held, Record) else Record("once")
    done = record.get(_ITEMS)
    if isinstance(done, Sequence):
        return done.items
    found = call.machine.call(record.get("function") or call.argument(0), ())
    if call.receiver is not None:
        call.machine.store(call.receiver, record.with_field(_ITEMS, Sequence(found)))
    return found
