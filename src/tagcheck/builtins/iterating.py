"""Functions that go through lists and call others with what is in them (Python library reference: `map`, `filter`,
`functools.reduce`, `itertools`, `concurrent.futures`, `threading`)."""

from __future__ import annotations

from itertools import islice, product

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.containers import MOST_ITEMS, listed
from tagcheck.builtins.general import is_function
from tagcheck.builtins.template_scope import truthy
from tagcheck.values import Null, Number, Record, Text, Value

_OPEN = values.Sequence((), open=True)
MOST_ROWS = 400


def mapped(call: Call) -> tuple[Value, ...]:
    """Argument 0, a function, called with the items of the other arguments side by side; `spread`: with the items of
    each item of argument 1."""
    function, rows = call.argument(0), _rows(call)
    if not is_function(function) or rows is None:
        return (_OPEN,)
    found = [call.machine.call(function, _spread(call, row)) for row in rows.items[:MOST_ITEMS]]
    return (values.Sequence(tuple(each[0] if each else Null() for each in found), rows.open),)


def _rows(call: Call) -> values.Sequence | None:
    given = [listed(call, each) for each in call.arguments[1:]]
    known = [each for each in given if isinstance(each, values.Sequence)]
    if not known or len(known) < len(given):
        return None
    rows = zip(*(each.items for each in known), strict=False)
    return values.Sequence(tuple(map(values.Sequence, rows)), any(each.open for each in known))


def _spread(call: Call, row: Value) -> tuple[Value, ...]:
    items = row.items if isinstance(row, values.Sequence) else (row,)
    if not call.with_.get("spread"):
        return items
    inner = listed(call, items[0])
    return inner.items if isinstance(inner, values.Sequence) else (inner,)


def filtered(call: Call) -> tuple[Value, ...]:
    """The items of argument 1 for which argument 0, a function or none, gives something true."""
    function, given = call.argument(0), listed(call, call.argument(1))
    if not isinstance(given, values.Sequence):
        return (_OPEN,)
    kept: list[Value] = []
    is_open = given.open or len(given.items) > MOST_ITEMS
    for item in given.items[:MOST_ITEMS]:
        asked = call.machine.call(function, (item,)) if is_function(function) else (item,)
        counts = truthy(call.machine.load(asked[0])) if asked else False
        if counts:
            kept.append(item)
        is_open = is_open or counts is None
    return (values.Sequence(tuple(kept), is_open),)


def folded(call: Call) -> tuple[Value, ...]:
    """Argument 0, a function of two values, called with argument 2 (default the first item) and each item of argument 1
    in turn."""
    function, given = call.argument(0), listed(call, call.argument(1))
    if not is_function(function) or not isinstance(given, values.Sequence) or given.open:
        return (call.unknown("what a list comes to"),)
    items = [*call.arguments[2:3], *given.items][: MOST_ITEMS + 1]
    if not items:
        return (call.unknown("what an empty list comes to"),)
    whole, *others = items
    for each in others:
        found = call.machine.call(function, (whole, each))
        whole = found[0] if found else Null()
    return (whole,)


def chained(call: Call) -> tuple[Value, ...]:
    """The items of the lists in the arguments one after the other; `nested`: of those in argument 0."""
    given = listed(call, call.argument(0)) if call.with_.get("nested") else values.Sequence(call.arguments)
    if not isinstance(given, values.Sequence):
        return (_OPEN,)
    found = [listed(call, each) for each in given.items]
    known = [each for each in found if isinstance(each, values.Sequence)]
    is_open = given.open or len(known) < len(found) or any(each.open for each in known)
    return (values.Sequence(tuple(item for each in known for item in each.items), is_open),)


def combined(call: Call) -> tuple[Value, ...]:
    """Every combination of the items of the lists in the arguments."""
    found = [listed(call, each) for each in call.arguments]
    known = [each for each in found if isinstance(each, values.Sequence)]
    repeat = call.keywords.get("repeat", Number(1))
    if len(known) < len(found) or not isinstance(repeat, Number) or not 0 <= repeat.value <= 8:
        return (_OPEN,)
    rows = tuple(islice(product(*(each.items for each in known), repeat=int(repeat.value)), MOST_ROWS + 1))
    is_open = len(rows) > MOST_ROWS or any(each.open for each in known)
    return (values.Sequence(tuple(map(values.Sequence, rows[:MOST_ROWS])), is_open),)


def first_items(call: Call) -> tuple[Value, ...]:
    """So many items of argument 0 as argument 1 says, or those between arguments 1 and 2."""
    given = listed(call, call.argument(0))
    bounds = [each.value if isinstance(each, Number) else None for each in call.arguments[1:]]
    if not isinstance(given, values.Sequence) or None in bounds or not 0 < len(bounds) < 3:
        return (_OPEN,)
    low, high = (0, *bounds)[-2:]
    if given.open and int(high or 0) > len(given.items):
        return (_OPEN,)
    return (values.Sequence(given.items[int(low or 0) : int(high or 0)]),)


# --- in threads ------------------------------------------------------------------------------------------------------


def called(call: Call) -> tuple[Value, ...]:
    """Argument 0 called with the others and the keywords."""
    return call.machine.call(call.argument(0), call.arguments[1:], dict(call.keywords))


def submitted(call: Call) -> tuple[Value, ...]:
    """Argument 0 called with the others and the keywords: a record of `type` with its result in the field `value`."""
    found = call.machine.call(call.argument(0), call.arguments[1:], dict(call.keywords))
    value = found[0] if found else Null()
    return (Record(str(call.with_.get("type", "")), (("value", value),)),)


def thread(call: Call) -> tuple[Value, ...]:
    """A thread (a record of `type`) that will call the keyword `target` with the keywords `args` and `kwargs`."""
    names = ("target", "args", "kwargs")
    fields = tuple((name, call.keywords[name]) for name in names if name in call.keywords)
    return (call.machine.allocate(Record(str(call.with_.get("type", "")), fields)),)


def started(call: Call) -> tuple[Value, ...]:
    """Call what the receiver, a thread, is to call."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    target = held.get("target") if isinstance(held, Record) else None
    if not isinstance(held, Record) or target is None or not is_function(target):
        return ()
    given, named = listed(call, held.get("args") or Null()), call.machine.load(held.get("kwargs") or Null())
    arguments = given.items if isinstance(given, values.Sequence) else (call.unknown("arguments"),)
    entries = named.entries if isinstance(named, values.Mapping) else ()
    keywords = {key.literal: each for key, each in entries if isinstance(key, Text) and key.literal is not None}
    call.machine.call(target, arguments, keywords)
    return ()
