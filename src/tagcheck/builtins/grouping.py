"""Items by what a function says of them, mappings behind each other, variables of a context (Python 3.13 library
reference: `itertools`, `collections.ChainMap`, `contextvars`)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.containers import listed
from tagcheck.builtins.general import is_function
from tagcheck.builtins.pythoncollections import ITEMS, ITERATOR
from tagcheck.comparison import Same, same_key
from tagcheck.values import LibraryValue, Null, Number, Record, Truth, Value

MOST_REPEATED = 64
"""Items that an iterator without end begins with; more is not followed."""
_MAPS, _VALUE, _BEFORE = "%maps", "%value", "%before"
_OPEN = values.Sequence((), True)


def _called(call: Call, function: Value, *given: Value) -> Value:
    found = call.machine.call(function, given)
    return found[0] if found else Null()


def _iterator(call: Call, items: values.Sequence) -> tuple[Value, ...]:
    return (call.machine.allocate(Record(ITERATOR, ((ITEMS, items),))),)


def grouped(call: Call) -> tuple[Value, ...]:
    """The runs of items of argument 0 for which the function in argument 1, or the keyword `key`, gives the same: each
    that with the items."""
    held = listed(call, call.argument(0))
    key = call.keywords.get("key", call.arguments[1] if len(call.arguments) > 1 else Null())
    groups: list[tuple[Value, list[Value]]] = []
    if not isinstance(held, values.Sequence) or held.open:
        return (_OPEN,)
    for item in held.items:
        found = call.machine.load(_called(call, key, item)) if is_function(key) else call.machine.load(item)
        answer = same_key(groups[-1][0], found) if groups else Same.NO
        if answer is Same.MAYBE:
            return (_OPEN,)
        if answer is Same.YES:
            groups[-1][1].append(item)
        else:
            groups.append((found, [item]))
    rows = (values.Sequence((key, call.machine.allocate(values.Sequence(tuple(items))))) for key, items in groups)
    return _iterator(call, values.Sequence(tuple(rows)))


def while_true(call: Call) -> tuple[Value, ...]:
    """The first items of argument 1 for which the function in argument 0 says yes; `dropping`: the others; `only`: all
    for which it says no."""
    held = listed(call, call.argument(1))
    dropping, only = bool(call.with_.get("dropping")), bool(call.with_.get("only"))
    if not isinstance(held, values.Sequence):
        return (_OPEN,)
    kept: list[Value] = []
    for at, item in enumerate(held.items):
        asked = LibraryValue("builtins.bool")
        answer = _called(call, asked, _called(call, call.argument(0), item))
        if not isinstance(answer, Truth):
            return (_OPEN,)
        if only and not answer.value:
            kept.append(item)
        elif not only and not answer.value:
            rest = values.Sequence(held.items[at:], held.open)
            return _iterator(call, rest if dropping else values.Sequence(tuple(kept)))
        elif not only and not dropping:
            kept.append(item)
    return _iterator(call, values.Sequence(tuple(kept), held.open))


def accumulated(call: Call) -> tuple[Value, ...]:
    """What the function in argument 1 (without one, the sum) gives for the items of argument 0 one after the other."""
    held = listed(call, call.argument(0))
    function = call.keywords.get("func", call.arguments[1] if len(call.arguments) > 1 else Null())
    initial = call.keywords.get("initial")
    if not isinstance(held, values.Sequence) or held.open:
        return (_OPEN,)
    found: list[Value] = [] if initial is None else [initial]
    for item in held.items:
        if not found:
            found.append(item)
        elif is_function(function):
            found.append(_called(call, function, found[-1], item))
        else:
            pair = call.machine.allocate(values.Sequence((found[-1], item)))
            found.append(_called(call, LibraryValue("builtins.sum"), pair))
    return _iterator(call, values.Sequence(tuple(found)))


def repeated(call: Call) -> tuple[Value, ...]:
    """Argument 0, argument 1 times or without end."""
    times = call.keywords.get("times", call.arguments[1] if len(call.arguments) > 1 else None)
    if times is None:
        return _iterator(call, values.Sequence((call.argument(0),) * MOST_REPEATED, True))
    known = isinstance(times, Number) and 0 <= times.value <= MOST_REPEATED
    count = int(times.value) if isinstance(times, Number) and known else 0
    return _iterator(call, values.Sequence((call.argument(0),) * count, not known))


def without_end(call: Call) -> tuple[Value, ...]:
    """The numbers from argument 0 on with the step in argument 1; `items`: the items of argument 0 again and again."""
    if call.with_.get("items"):
        held = listed(call, call.argument(0))
        if not isinstance(held, values.Sequence) or held.open or not held.items:
            return (_OPEN,)
        rounds = held.items * (MOST_REPEATED // len(held.items) + 1)
        return _iterator(call, values.Sequence(rounds, True))
    names = ("start", "step")
    given = [call.keywords.get(name, Number(at)) for at, name in enumerate(names)]
    given[: len(call.arguments)] = call.arguments[:2]
    start, step = given
    if not isinstance(start, Number) or not isinstance(step, Number):
        return (_OPEN,)
    numbers = (Number(start.value + step.value * at) for at in range(MOST_REPEATED))
    return _iterator(call, values.Sequence(tuple(numbers), True))


# --- mappings behind each other ---------------------------------------------------------------------------------------


def chained(call: Call) -> tuple[Value, ...]:
    """Mappings that are looked into one after the other (a record of `type`); without arguments, a new one. `child`:
    before those of the receiver; `parents`: those of the receiver without the first."""
    before = _maps(call)
    if call.with_.get("parents"):
        maps = before[1:]
    else:
        given = call.arguments or (call.machine.allocate(values.Mapping(())),)
        maps = (*given, *(before if call.with_.get("child") else ()))
    return (call.machine.allocate(Record(str(call.with_.get("type", "")), ((_MAPS, values.Sequence(maps)),))),)


def _maps(call: Call) -> tuple[Value, ...]:
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    known = holder.get(_MAPS) if isinstance(holder, Record) else None
    return known.items if isinstance(known, values.Sequence) else ()


def of_chain(call: Call) -> tuple[Value, ...]:
    """What `method`, else that of mappings of the same name, does with all entries of the receiver as one mapping;
    `first`: with its first mapping."""
    maps = _maps(call)
    if call.with_.get("first"):
        inner: Value = maps[0] if maps else Null()
    else:
        inner = (*call.machine.call(LibraryValue("builtins.merge"), tuple(reversed(maps))), Null())[0]
    name = str(call.with_.get("method") or f"mapping.{call.name.rpartition('.')[2]}")
    if name == "__getitem__":
        return call.machine.call(LibraryValue("mapping.get", inner), call.arguments)
    if name == "__setitem__":
        entry = values.Mapping(((call.argument(0), call.argument(1)),))
        call.machine.call(LibraryValue("mapping.update", inner), (entry,))
        return (Null(),)
    if name.startswith("mapping."):
        return call.machine.call(LibraryValue(name, inner), call.arguments, dict(call.keywords))
    return call.machine.call(LibraryValue(name), (inner, *call.arguments), dict(call.keywords))


# --- variables of a context -------------------------------------------------------------------------------------------


def context_variable(call: Call) -> tuple[Value, ...]:
    """A variable of a context (a record of `type`) with the keyword `default`."""
    given = call.keywords.get("default")
    fields = (("default", given),) if given is not None else ()
    return (call.machine.allocate(Record(str(call.with_.get("type", "")), fields)),)


def of_context(call: Call) -> tuple[Value, ...]:
    """What the receiver, a variable of a context, holds, else argument 0, else its default; `setting`: it holds
    argument 0 from now on; `undoing`: what it held before argument 0 came about."""
    holder = call.machine.load(call.receiver) if call.receiver is not None else None
    if not isinstance(holder, Record) or call.receiver is None:
        return (call.unknown("a variable of a context"),)
    if call.with_.get("setting"):
        before = holder.get(_VALUE)
        call.machine.store(call.receiver, holder.with_field(_VALUE, call.argument(0)))
        return (Record("contextvars.Token", ((_BEFORE, before),) if before is not None else ()),)
    if call.with_.get("undoing"):
        token = call.machine.load(call.argument(0))
        before = token.get(_BEFORE) if isinstance(token, Record) else call.unknown("a variable of a context")
        others = tuple(each for each in holder.fields if each[0] != _VALUE)
        call.machine.store(call.receiver, Record(holder.type, (*others, *(((_VALUE, before),) if before else ()))))
        return (Null(),)
    default = call.arguments[0] if call.arguments else holder.get("default")
    return (holder.get(_VALUE) or default or call.unknown("a variable that is not set"),)
