"""What Python's library adds to lists and mappings: iterators that are used up, mappings that make entries, counts,
copies, slices with steps (Python library reference: built-in functions, `collections`, `copy`, `operator`).

An iterator is a record by reference that holds what is still to come. A mapping of a class of `collections` is a record
with a reference to its entries.
"""

from __future__ import annotations

from collections.abc import Callable

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.containers import change, list_at, listed
from tagcheck.builtins.general import is_function
from tagcheck.builtins.symbolic import slice_text
from tagcheck.comparison import Same, same_key
from tagcheck.values import LibraryValue, Null, Number, Pointer, Record, Text, Value

ITERATOR = "builtins.iterator"
ITEMS = "%items"
ENTRIES, FACTORY = "%entries", "%factory"
DEEPEST_COPY = 20
_EMPTY: dict[str, Value] = {
    "builtins.int": Number(0),
    "builtins.float": Number(0),
    "builtins.str": values.EMPTY,
}


# --- iterators --------------------------------------------------------------------------------------------------------


def iterator(call: Call) -> tuple[Value, ...]:
    """An iterator over argument 0; that itself if it is one."""
    held = call.machine.load(call.argument(0))
    if isinstance(held, Record) and held.type == ITERATOR:
        return (call.argument(0),)
    found = listed(call, call.argument(0))
    if not isinstance(found, values.Sequence):
        return (found,)
    return (call.machine.allocate(Record(ITERATOR, ((ITEMS, found),))),)


def next_item(call: Call) -> tuple[Value, ...]:
    """The first item of argument 0, which an iterator has no more then; argument 1 where there is none."""
    holder = call.machine.load(call.argument(0))
    if isinstance(holder, Record) and (own := call.machine.own_method(call.argument(0), "__next__")) is not None:
        return call.machine.call(own, ())
    found = listed(call, call.argument(0))
    if not isinstance(found, values.Sequence) or (found.open and not found.items):
        return (call.unknown("the next item"),)
    if not found.items:
        return (call.arguments[1],) if len(call.arguments) > 1 else (call.unknown("the next item"),)
    if isinstance(holder, Record) and holder.type == ITERATOR:
        change(call, holder.with_field(ITEMS, values.Sequence(found.items[1:], found.open)))
    return (found.items[0],)


def through(call: Call) -> tuple[Value, ...]:
    """The items of argument 0, which an iterator has no more then."""
    holder = call.machine.load(call.argument(0))
    found = listed(call, call.argument(0))
    if isinstance(holder, Record) and holder.type == ITERATOR:
        change(call, holder.with_field(ITEMS, values.Sequence(())))
    return (found,)


# --- slices -----------------------------------------------------------------------------------------------------------


def stepped(call: Call) -> tuple[Value, ...]:
    """The items or characters of argument 0 that the slice of arguments 1 to 3 takes."""
    held, part = call.machine.load(call.argument(0)), _slice(call, call.arguments[1:4])
    if part is not None and isinstance(held, values.Sequence) and not held.open:
        return (values.Sequence(held.items[part]),)
    if part is not None and isinstance(held, Text) and held.literal is not None:
        return (Text.of(held.literal[part]),)
    if part is not None and isinstance(held, Text) and part.step in (None, 1):
        return (slice_text(held, part.start or 0, part.stop),)
    return (call.unknown("a slice with a step"),)


def set_slice(call: Call) -> tuple[Value, ...]:
    """The items of argument 0 that the slice of arguments 1 to 3 takes become those of argument 4; without it they are
    deleted."""
    before, part = list_at(call), _slice(call, call.arguments[1:4])
    if before is None:
        return ()
    new = listed(call, call.arguments[4]) if len(call.arguments) > 4 else None
    items = list(before.items)
    if part is None or before.open or not (new is None or isinstance(new, values.Sequence)):
        change(call, values.Sequence((), open=True))
        return ()
    try:
        if new is None:
            del items[part]
        else:
            items[part] = new.items
    except ValueError:
        change(call, values.Sequence((), open=True))
        return ()
    change(call, values.Sequence(tuple(items), new is not None and new.open))
    return ()


def _slice(call: Call, given: tuple[Value, ...]) -> slice | None:
    bounds: list[int | None] = []
    for each in map(call.machine.load, given):
        if isinstance(each, Number):
            bounds.append(int(each.value))
        elif isinstance(each, Null):
            bounds.append(None)
        else:
            return None
    return slice(*bounds) if len(bounds) == 3 and bounds[2] != 0 else None


# --- copies -----------------------------------------------------------------------------------------------------------


def copied(call: Call) -> tuple[Value, ...]:
    """A copy of argument 0; `deep`: with copies of everything in it."""
    return (_copied(call.machine, call.argument(0), DEEPEST_COPY if call.with_.get("deep") else 0, {}),)


def _copied(machine: Machine, value: Value, depth: int, done: dict[Pointer, Value]) -> Value:
    if isinstance(value, Pointer):
        if value not in done:
            made = done[value] = machine.allocate(Null())
            machine.store(made, _copied(machine, machine.load(value), depth, done))
        return done[value]
    if not depth:
        return value

    def inner(part: Value) -> Value:
        return _copied(machine, part, depth - 1, done)

    match value:
        case values.Sequence(items, open_):
            return values.Sequence(tuple(map(inner, items)), open_)
        case values.Mapping(entries, open_):
            return values.Mapping(tuple((key, inner(each)) for key, each in entries), open_)
        case Record(type_, fields):
            return Record(type_, tuple((name, inner(each)) for name, each in fields))
        case _:
            return value


# --- mappings of `collections` ----------------------------------------------------------------------------------------


def made_mapping(call: Call) -> tuple[Value, ...]:
    """A mapping of `type` that makes an entry that it lacks by calling argument 0; the entries of argument 1 and the
    keywords are in it. `counts`: it holds how often each item of argument 0 is there, 0 for every other."""
    counts = bool(call.with_.get("counts"))
    given = call.arguments[0 if counts else 1 :]
    factory = LibraryValue("builtins.int") if counts or not call.arguments else call.arguments[0]
    found = call.machine.call(LibraryValue("builtins.dict"), () if counts else given, dict(call.keywords))
    inner = found[0] if found else call.machine.allocate(values.Mapping(()))
    if counts and given:
        _count(call, inner, given[0])
    record = Record(str(call.with_.get("type", "")), ((ENTRIES, inner), (FACTORY, factory)))
    return (call.machine.allocate(record),)


def _count(call: Call, inner: Value, given: Value) -> None:
    """Add what a list holds, or what another mapping counts."""
    added = call.machine.load(given)
    listed_ = listed(call, given)
    before = call.machine.load(inner)
    if not isinstance(before, values.Mapping):
        return
    entries = dict(before.entries)
    is_open = before.open or not isinstance(listed_, values.Sequence) or listed_.open
    for key in listed_.items if isinstance(listed_, values.Sequence) else ():
        number, more = entries.get(key, Number(0)), Number(1)
        if isinstance(added, values.Mapping):
            more = dict(added.entries).get(key, more)  # type: ignore[assignment]
        is_known = isinstance(key, Text) and key.literal is not None
        if not is_known or not isinstance(number, Number) or not isinstance(more, Number):
            is_open = True
            continue
        entries[key] = Number(number.value + more.value)
    call.machine.store(inner, values.Mapping(tuple(entries.items()), is_open))


def counted(call: Call) -> tuple[Value, ...]:
    """The receiver counts the items of argument 0 too."""
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    inner = holder.get(ENTRIES) if isinstance(holder, Record) else None
    if inner is not None and call.arguments:
        _count(call, inner, call.arguments[0])
    return ()


def most_common(call: Call) -> tuple[Value, ...]:
    """The entries of the receiver, a mapping that counts, from the greatest number on; argument 0: so many of them."""
    entries = _entries(call)
    most = call.argument(0) if call.arguments else Null()
    numbers = [number.value for _, number in entries.entries if isinstance(number, Number)] if entries else []
    if entries is None or entries.open or len(numbers) < len(entries.entries):
        return (values.Sequence((), open=True),)
    order = sorted(range(len(numbers)), key=lambda at: -numbers[at])
    rows = tuple(values.Sequence(entries.entries[at]) for at in order)
    return (values.Sequence(rows[: int(most.value)] if isinstance(most, Number) else rows),)


def _entries(call: Call) -> values.Mapping | None:
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    inner = holder.get(ENTRIES) if isinstance(holder, Record) else None
    found = call.machine.load(inner) if inner is not None else None
    return found if isinstance(found, values.Mapping) else None


def entry_or_made(call: Call) -> tuple[Value, ...]:
    """The entry of the receiver for the key in argument 0, which is made if there is none."""
    entries, key = _entries(call), call.machine.load(call.argument(0))
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    if entries is None or not isinstance(holder, Record):
        return (call.unknown("an entry of an unknown mapping"),)
    for name, value in reversed(entries.entries):
        answer = same_key(name, key)
        if answer is Same.YES:
            return (value,)
        if answer is Same.MAYBE:
            return (call.unknown("an entry that is not known"),)
    if entries.open:
        return (call.unknown("an entry that is not known"),)
    made = _made(call, holder.get(FACTORY) or Null())
    call.machine.store(holder.get(ENTRIES) or Null(), values.Mapping((*entries.entries, (key, made))))
    return (made,)


def _made(call: Call, factory: Value) -> Value:
    if isinstance(factory, LibraryValue) and factory.name in _EMPTY:
        return _EMPTY[factory.name]
    found = call.machine.call(factory, ()) if is_function(factory) else ()
    return found[0] if found else call.unknown("an entry that is made")


def set_entry(call: Call) -> tuple[Value, ...]:
    """The receiver has argument 1 under the key in argument 0."""
    entries, key = _entries(call), call.machine.load(call.argument(0))
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    if entries is not None and isinstance(holder, Record):
        call.machine.store(holder.get(ENTRIES) or Null(), with_entry(entries, key, call.argument(1)))
    return (Null(),)


def with_entry(mapping: values.Mapping, key: Value, value: Value) -> values.Mapping:
    """A mapping with another value for a key."""
    answers = [same_key(name, key) for name, _ in mapping.entries]
    found = list(mapping.entries)
    if Same.YES in answers:
        found[answers.index(Same.YES)] = (key, value)
    else:
        found.append((key, value))
    return values.Mapping(tuple(found), mapping.open or Same.MAYBE in answers)


def of_entries(call: Call) -> tuple[Value, ...]:
    """What the method `method` of mappings does, by the entries of the receiver."""
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    inner = holder.get(ENTRIES) if isinstance(holder, Record) else None
    if inner is None:
        return (call.unknown("what is in a mapping"),)
    name = str(call.with_.get("method") or f"mapping.{call.name.rpartition('.')[2]}")
    first = () if name.startswith("mapping.") else (inner,)
    callee = LibraryValue(name, None if first else inner)
    return call.machine.call(callee, (*first, *call.arguments), dict(call.keywords))


def move_to_end(call: Call) -> tuple[Value, ...]:
    """The entry of argument 0, a mapping, with the key in argument 1 becomes the last, or the first."""
    mapping, key = call.machine.load(call.argument(0)), call.argument(1)
    if not isinstance(mapping, values.Mapping):
        return ()
    last = call.keywords.get("last", call.argument(2) if len(call.arguments) > 2 else values.Truth(True))
    own = tuple(each for each in mapping.entries if same_key(each[0], key) is Same.YES)
    others = tuple(each for each in mapping.entries if same_key(each[0], key) is Same.NO)
    is_known = len(own) + len(others) == len(mapping.entries) and isinstance(last, values.Truth)
    order = (*others, *own) if last == values.Truth(True) else (*own, *others)
    change(call, values.Mapping(order if is_known else mapping.entries, mapping.open or not is_known))
    return ()


def take_entry(call: Call) -> tuple[Value, ...]:
    """The last entry of argument 0, a mapping, or the first, which is taken out of it."""
    mapping = call.machine.load(call.argument(0))
    last = call.keywords.get("last", call.argument(1) if len(call.arguments) > 1 else values.Truth(True))
    if not isinstance(mapping, values.Mapping) or mapping.open or not mapping.entries:
        return (call.unknown("an entry that is taken out"),)
    at = -1 if last == values.Truth(True) else 0
    change(call, values.Mapping(mapping.entries[:-1] if at else mapping.entries[1:]))
    return (values.Sequence(mapping.entries[at]),)


def cleared(call: Call) -> tuple[Value, ...]:
    """Argument 0, a mapping, has no entries any more."""
    if isinstance(call.machine.load(call.argument(0)), values.Mapping):
        change(call, values.Mapping(()))
    return (Null(),)


# --- `operator` -------------------------------------------------------------------------------------------------------


def getter(call: Call) -> tuple[Value, ...]:
    """A function that looks up the arguments: the model of the same name with '()' appended does."""
    given = call.machine.allocate(Record("getter", (("given", values.Sequence(call.arguments)),)))
    return (LibraryValue(f"{call.name}()", given),)


def got(look_up: Callable[[Call, Value, Value], Value], call: Call) -> tuple[Value, ...]:
    record = call.machine.load(call.receiver) if call.receiver is not None else None
    given = record.get("given") if isinstance(record, Record) else None
    if not isinstance(given, values.Sequence) or not given.items:
        return (call.unknown("what is looked up"),)
    found = [look_up(call, call.argument(0), each) for each in given.items]
    return (found[0] if len(found) == 1 else values.Sequence(tuple(found)),)


def got_item(call: Call) -> tuple[Value, ...]:
    """The items of argument 0 that the receiver looks up."""
    return got(_item, call)


def got_attribute(call: Call) -> tuple[Value, ...]:
    """The attributes of argument 0 that the receiver looks up."""
    return got(_attribute, call)


def _item(call: Call, holder: Value, key: Value) -> Value:
    held = call.machine.load(holder)
    if isinstance(held, values.Sequence) and isinstance(key, Number):
        at = int(key.value)
        return held.items[at] if -len(held.items) <= at < len(held.items) else call.unknown("no such item")
    for name, value in held.entries if isinstance(held, values.Mapping) and not held.open else ():
        if same_key(name, key) is not Same.NO:
            return value if same_key(name, key) is Same.YES else call.unknown("an entry that is not known")
    return call.unknown("what is looked up")


def _attribute(call: Call, holder: Value, name: Value) -> Value:
    for each in name.literal.split(".") if isinstance(name, Text) and name.literal else ():
        found = call.machine.call(LibraryValue("builtins.getattr"), (holder, Text.of(each)))
        holder = found[0] if found else call.unknown("an attribute")
    return holder
