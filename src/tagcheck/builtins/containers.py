"""What lists, mappings and the values of a dynamic language can do: methods of references to them, and functions that
go through anything."""

from __future__ import annotations

import re
from itertools import zip_longest

from tagcheck import values
from tagcheck.builtins import environments
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.files import write_to
from tagcheck.builtins.general import is_function, results
from tagcheck.builtins.pipelines import json_text
from tagcheck.builtins.symbolic import as_text, derived, identity_of, over
from tagcheck.builtins.texts import contains
from tagcheck.comparison import Same, same_key
from tagcheck.values import (
    ENVIRONMENT,
    Absent,
    Alternatives,
    FunctionValue,
    LibraryValue,
    Null,
    Number,
    Opaque,
    Pointer,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
    counted_as,
)

_CLEANUPS = "%cleanups"
DEEPEST_OBJECT = 40
"""Mappings and lists in each other that are written out."""
MOST_ITEMS = 200


# --- going through values --------------------------------------------------------------------------------------------


def listed(call: Call, value: Value) -> Value:
    """What a loop over a value goes through: a list, an open one where it is not known."""
    content = call.machine.load(value)
    if isinstance(content, Record | FunctionValue):
        own = call.machine.own_method(value, "__iter__")
        found = call.machine.call(own, ()) if own is not None else ()
        content = call.machine.load(found[0]) if found else content
        content = (content.get("%items") if isinstance(content, Record) else None) or content
    return over(content, _items)


def _items(value: Value) -> Value:
    match value:
        case values.Sequence():
            return value
        case values.Mapping(entries, open_):
            return values.Sequence(tuple(key for key, _ in entries), open_)
        case Text() if value.literal is not None and len(value.literal) <= MOST_ITEMS:
            return values.Sequence(tuple(map(Text.of, value.literal)))
        case Opaque():
            return value
        case Null() | Absent():
            return values.Sequence(())
        case _:
            return values.Sequence((), open=True)


def as_list(call: Call) -> tuple[Value, ...]:
    """A new list of the items of argument 0; an empty one without arguments."""
    found = listed(call, call.arguments[0]) if call.arguments else values.Sequence(())
    return (call.machine.allocate(found),)


def pairs(call: Call) -> tuple[Value, ...]:
    """The items of the lists in the arguments side by side; with `numbered`, those of argument 0 with their numbers."""
    lists = [listed(call, each) for each in call.arguments[: 1 if call.with_.get("numbered") else None]]
    known = [each for each in lists if isinstance(each, values.Sequence)]
    if len(known) < len(lists) or not known:
        return (values.Sequence((), open=True),)
    rows: list[tuple[Value, ...]] = list(zip(*(each.items for each in known), strict=False))
    if call.with_.get("longest"):
        fill = call.keywords.get("fillvalue", Null())
        rows = list(zip_longest(*(each.items for each in known), fillvalue=fill))
    if call.with_.get("numbered"):
        start = call.keywords.get("start", call.arguments[1] if len(call.arguments) > 1 else Number(0))
        first = start.value if isinstance(start, Number) else None
        unknown = call.unknown("a number that counts from an unknown one")
        rows = [(unknown if first is None else Number(first + at), *row) for at, row in enumerate(rows)]
    ends = [len(each.items) for each in known if not each.open]
    is_open = any(each.open and len(each.items) < min(ends, default=MOST_ITEMS + 1) for each in known)
    is_open = is_open or (bool(call.with_.get("longest")) and len(ends) < len(known))
    return (values.Sequence(tuple(map(values.Sequence, rows)), is_open),)


def numbers(call: Call) -> tuple[Value, ...]:
    """The numbers that `range` gives."""
    given = (counted_as(call.machine.load(each)) for each in call.arguments)
    bounds = [int(each.value) for each in given if isinstance(each, Number)]
    if not bounds or len(bounds) < len(call.arguments) or (len(bounds) == 3 and bounds[2] == 0):
        return (values.Sequence((), open=True),)
    return (values.Sequence(tuple(map(Number, range(*bounds)[:MOST_ITEMS]))),)


def turned(call: Call) -> tuple[Value, ...]:
    """The items of argument 0 from the last to the first."""
    found = listed(call, call.argument(0))
    if isinstance(found, values.Sequence) and not found.open:
        return (values.Sequence(tuple(reversed(found.items))),)
    return (values.Sequence((), open=True),)


def is_in(call: Call) -> tuple[Value, ...]:
    """Whether argument 0, a text, a list or a mapping, contains argument 1."""
    whole = call.argument(0)
    if isinstance(whole, Record) and whole.type == ENVIRONMENT:
        return (Opaque(identity_of("is set", (call.argument(1),)), "whether a variable is set", "bool"),)
    if isinstance(whole, Record) and (own := call.machine.own_method(whole, "__contains__")) is not None:
        return call.machine.call(own, (call.argument(1),))
    if isinstance(whole, values.Sequence) and isinstance(item := call.machine.load(call.argument(1)), Record):
        found = {same_key(call.machine.load(each), item) for each in whole.items}
        if Same.YES in found or (found <= {Same.NO} and not whole.open):
            return (Truth(Same.YES in found),)
    if not isinstance(whole, values.Mapping):
        return contains(call)
    answers = {same_key(key, call.argument(1)) for key, _ in whole.entries}
    if Same.YES in answers:
        return (Truth(True),)
    doubtful = whole.open or Same.MAYBE in answers
    return (call.unknown("whether a mapping has a key") if doubtful else Truth(False),)


# --- lists -----------------------------------------------------------------------------------------------------------


def change(call: Call, content: Value) -> None:
    """Put the content where argument 0 refers to."""
    if isinstance(call.arguments[0], Pointer):
        call.machine.store(call.arguments[0], content)


def list_at(call: Call) -> values.Sequence | None:
    """The list that argument 0 refers to."""
    loaded = call.machine.load(call.argument(0))
    return loaded if isinstance(loaded, values.Sequence) else None


def append(call: Call) -> tuple[Value, ...]:
    """Argument 0, a list, gets argument 1 at its end."""
    before = list_at(call)
    if before is not None:
        change(call, values.Sequence((*before.items, call.arguments[-1]), before.open))
    return ()


def insert(call: Call) -> tuple[Value, ...]:
    """Argument 0, a list, gets its last argument at the place that argument 1 says, at its beginning if there is none
    but the item."""
    before, at = list_at(call), call.argument(1) if len(call.arguments) > 2 else Number(0)
    if before is not None and isinstance(at, Number) and not (before.open and at.value):
        items = list(before.items)
        items.insert(int(at.value), call.arguments[-1])
        change(call, values.Sequence(tuple(items), before.open))
    elif before is not None:
        change(call, call.unknown("a list with an item at an unknown place"))
    return ()


def length(call: Call) -> tuple[Value, ...]:
    """How many items, entries or characters argument 0 has."""
    held = call.machine.load(call.argument(0))
    if isinstance(held, Record) and (own := call.machine.own_method(call.argument(0), "__len__")) is not None:
        return call.machine.call(own, ())
    if isinstance(held, values.Sequence) and not held.open:
        return (Number(len(held.items)),)
    if isinstance(held, values.Mapping) and not isinstance(call.argument(0), Pointer):
        # What a serialiser wrote is still the object, which has its length as a text.
        return (call.unknown("the length of a text"),)
    if isinstance(held, values.Mapping) and not held.open:
        return (Number(len(held.entries)),)
    if isinstance(held, Text) and held.literal is not None:
        return (Number(len(held.literal)),)
    items = listed(call, held) if isinstance(held, FunctionValue) else None
    if isinstance(items, values.Sequence) and not items.open:
        return (Number(len(items.items)),)
    return (call.unknown("a number of items"),)


def delete(call: Call) -> tuple[Value, ...]:
    """Take the entry or the item that argument 1 says out of argument 0."""
    own = call.machine.own_method(call.argument(0), "__delitem__")
    if own is not None:
        call.machine.call(own, call.arguments[1:2])
    else:
        take(call)
    return ()


def together(call: Call) -> tuple[Value, ...]:
    """Two sets put together: `how` is 'union' (the default), 'difference' or 'intersection'. Of numbers, the
    difference, or the bits of either or of both."""
    left, right = (counted_as(call.machine.load(call.argument(at))) for at in (0, 1))
    own = call.machine.own_method(left, "__and__") if isinstance(left, Record) else None
    if own is not None and call.with_.get("how") == "intersection":
        return call.machine.call(own, (right,))
    if not isinstance(left, values.Sequence) or not isinstance(right, values.Sequence):
        return (_number_of(call, left, right),)
    made: Value | None = None
    if not left.open and not right.open:
        match call.with_.get("how"):
            case "difference":
                made = _filtered(left, right, inside=False)
            case "intersection":
                made = _filtered(left, right, inside=True)
            case _:
                new = _filtered(right, left, inside=False)
                made = values.Sequence((*left.items, *new.items)) if new is not None else None
    return (call.machine.allocate(values.Sequence((), open=True) if made is None else made),)


def _number_of(call: Call, left: Value, right: Value) -> Value:
    if isinstance(left, Number) and isinstance(right, Number):
        match call.with_.get("how"), left.value, right.value:
            case "difference", one, other:
                return Number(one - other)
            case "intersection", int(one), int(other):
                return Number(one & other)
            case _, int(one), int(other):
                return Number(one | other)
    return call.unknown("what an operator gives")


def _filtered(items: values.Sequence, others: values.Sequence, inside: bool) -> values.Sequence | None:
    """The items that are among others, or those that are not; None if that is not known of each."""
    kept: list[Value] = []
    for item in items.items:
        answers = {same_key(item, other) for other in others.items}
        if Same.YES not in answers and Same.MAYBE in answers:
            return None
        if (Same.YES in answers) is inside:
            kept.append(item)
    return values.Sequence(tuple(kept))


def extend(call: Call) -> tuple[Value, ...]:
    """Argument 0, a list, gets the items of argument 1."""
    before, more = list_at(call), listed(call, call.argument(1))
    if before is None:
        return ()
    if isinstance(more, values.Sequence):
        change(call, values.Sequence((*before.items, *more.items), before.open or more.open))
    elif isinstance(more, Alternatives) and not before.open:
        grown = ((g, values.Sequence((*before.items, *each.items), each.open)) for g, each in more.options
                 if isinstance(each, values.Sequence))  # fmt: skip
        change(call, alternatives(grown))
    else:
        change(call, values.Sequence(before.items, open=True))
    return ()


def take(call: Call) -> tuple[Value, ...]:
    """Take an item out of argument 0: of a list, the one at argument 1 (default the last); of a mapping, the entry of
    that key, else argument 2."""
    holder = call.machine.load(call.argument(0))
    at = call.arguments[1] if len(call.arguments) > 1 else Number(-1)
    if isinstance(holder, values.Sequence) and isinstance(at, Number) and not holder.open:
        position = int(at.value)
        if -len(holder.items) <= position < len(holder.items):
            items = list(holder.items)
            item = items.pop(position)
            change(call, values.Sequence(tuple(items)))
            return (item,)
    if isinstance(holder, values.Mapping):
        found = entry(call)[0]
        change(call, values.Mapping(tuple(each for each in holder.entries if each[0] != at), holder.open))
        return (found,)
    return (call.unknown("an item that is taken out"),)


# --- mappings --------------------------------------------------------------------------------------------------------


def entry(call: Call) -> tuple[Value, ...]:
    """The entry of argument 0, a mapping, with the key in argument 1, else argument 2 (default none). With `keeping`,
    the default is put into the mapping."""
    mapping = call.machine.load(call.argument(0))
    default = call.arguments[2] if len(call.arguments) > 2 else Null()
    key = call.machine.load(call.argument(1))
    if not isinstance(mapping, values.Mapping):
        return (call.unknown("an entry of an unknown mapping"),)
    for name, value in reversed(mapping.entries):
        answer = same_key(name, key)
        if answer is Same.YES:
            return (value,)
        if answer is Same.MAYBE:
            return (call.unknown("an entry that is not known"),)
    if (outside := environments.of_copy(call.machine, mapping, key)) is not None:
        return (outside if isinstance(default, Null) else environments.set_or(outside, default),)
    if mapping.open:
        return (call.unknown("an entry that is not known"),)
    if call.with_.get("keeping"):
        change(call, values.Mapping((*mapping.entries, (key, default))))
    return (default,)


def parts(call: Call) -> tuple[Value, ...]:
    """The entries of argument 0, a mapping, as a list; `of`: 'keys', 'values' or 'items'."""
    mapping = call.machine.load(call.argument(0))
    if not isinstance(mapping, values.Mapping):
        return (values.Sequence((), open=True),)
    of = call.with_.get("of", "items")
    found = [
        pair[0] if of == "keys" else pair[1] if of == "values" else values.Sequence(pair) for pair in mapping.entries
    ]
    return (values.Sequence(tuple(found), mapping.open),)


def merged(call: Call) -> tuple[Value, ...]:
    """A new mapping with the entries of the mappings in the arguments, later ones winning, then the keywords; of two
    sets, their union."""
    given = [_of_mapping(call, each) for each in call.arguments]
    kinds = {type(counted_as(each)) for each in given}
    if len(given) == 2 and kinds in ({values.Sequence}, {Number}) and not call.keywords:
        return together(call)
    found = _merged(given)
    entries = (*found.entries, *((Text.of(name), value) for name, value in call.keywords.items()))
    return (call.machine.allocate(_merged([values.Mapping(entries, found.open)])),)


def _of_mapping(call: Call, value: Value) -> Value:
    """What a reference to a mapping leads to: its entries where an object holds them, the pairs of an iterator."""
    held = call.machine.load(value)
    if not isinstance(held, Record):
        return held
    if held.type == ENVIRONMENT:
        return environments.environment(call.machine)
    inner = held.get("%entries") or held.get("%items")
    return held if inner is None else call.machine.load(inner)


def _merged(given: list[Value]) -> values.Mapping:
    entries: list[tuple[Value, Value]] = []
    is_open, type_ = False, ""
    for each in given:
        if not isinstance(each, Null | Absent) and getattr(each, "open", True):
            # What is not known of it may have any of the keys.
            entries = [(key, Opaque(identity_of("replaced", (key, value)), "an entry")) for key, value in entries]
        match each:
            case values.Mapping():
                entries = [*{**dict(entries), **dict(each.entries)}.items()]
                is_open, type_ = is_open or each.open, type_ or each.type
            case values.Sequence(items, open_):
                entries += [
                    (i.items[0], i.items[1]) for i in items if isinstance(i, values.Sequence) and len(i.items) == 2
                ]
                is_open = is_open or open_
            case Null() | Absent():
                pass
            case _:
                is_open = True
    return values.Mapping(tuple(entries), is_open, type_ if type_ == ENVIRONMENT else "")


def update(call: Call) -> tuple[Value, ...]:
    """Argument 0, a mapping, gets the entries of argument 1 and the keywords."""
    whole = [_of_mapping(call, each) for each in call.arguments[:2]]
    named = values.Mapping(tuple((Text.of(name), value) for name, value in call.keywords.items()))
    if isinstance(whole[0] if whole else None, values.Mapping):
        change(call, _merged([*whole, named]))
    return ()


def object_of_keywords(call: Call) -> tuple[Value, ...]:
    """An object as a mapping: the keywords with their names in camel case, as its serialised form has them; `fields`
    names the positional arguments."""
    names = call.with_.get("fields", ())
    given = dict(zip(map(str, names if isinstance(names, list | tuple) else ()), call.arguments, strict=False))
    entries = {**given, **call.keywords}
    found = tuple((Text.of(camel(name)), value) for name, value in entries.items() if not isinstance(value, Null))
    return (call.machine.allocate(values.Mapping(found)),)


def camel(name: str) -> str:
    """A name with underscores as the field of a Kubernetes object."""
    head, *rest = name.strip("_").split("_")
    return head + "".join(each[:1].upper() + each[1:] for each in rest)


def dumped(call: Call) -> tuple[Value, ...]:
    """Argument 0, an object, as a serialiser writes it: the object itself, as it stands then; into the file in argument
    1, if there is one."""
    written = _as_it_stands(call.machine, call.argument(0), DEEPEST_OBJECT)
    if len(call.arguments) > 1 and isinstance(call.arguments[1], Pointer):
        write_to(call.machine, call.arguments[1], written)
    return (written,)


def dumped_json(call: Call) -> tuple[Value, ...]:
    """Argument 0 as JSON: a text, a number, or an object as `dumped` leaves it."""
    held = call.machine.load(call.argument(0))
    if isinstance(held, Text | Number | Truth | Null):
        return (json_text(held) or call.unknown("a value as JSON"),)
    return dumped(call)


def _as_it_stands(machine: Machine, value: Value, depth: int) -> Value:
    """The value with what its references lead to in their places."""
    loaded = machine.load(value)
    if depth == 0:
        return loaded
    match loaded:
        case values.Mapping():
            entries = tuple((key, _as_it_stands(machine, each, depth - 1)) for key, each in loaded.entries)
            return values.Mapping(entries, loaded.open)
        case values.Sequence():
            return values.Sequence(tuple(_as_it_stands(machine, each, depth - 1) for each in loaded.items), loaded.open)
        case Record() if (inner := loaded.get("%entries") or loaded.get("%items")) is not None:
            return _as_it_stands(machine, inner, depth - 1)
        case _:
            return loaded


# --- anything --------------------------------------------------------------------------------------------------------


def partial(call: Call) -> tuple[Value, ...]:
    """A function that calls argument 0 with the further arguments and the keywords given here before its own."""
    keywords = values.Mapping(tuple((Text.of(name), value) for name, value in call.keywords.items()))
    given = Record("partial", (("given", values.Sequence(call.arguments)), ("keywords", keywords)))
    return (LibraryValue(f"{call.name}()", call.machine.allocate(given)),)


def call_partial(call: Call) -> tuple[Value, ...]:
    """Call what `partial` made."""
    record = call.machine.load(call.receiver) if call.receiver is not None else None
    given = record.get("given") if isinstance(record, Record) else None
    kept = record.get("keywords") if isinstance(record, Record) else None
    if not isinstance(given, values.Sequence) or not isinstance(kept, values.Mapping) or not given.items:
        return (call.unknown("a function with arguments"),)
    before = {str(name): value for name, value in kept.entries}
    return call.machine.call(given.items[0], (*given.items[1:], *call.arguments), {**before, **call.keywords})


def function_name(call: Call) -> tuple[Value, ...]:
    """The name that the receiver, a function of the project, is defined by."""
    function = call.receiver
    if not isinstance(function, FunctionValue):
        return (call.unknown("the name of a function"),)
    name = re.split(r"[#.$]", function.procedure.key)[-1].partition("%")[0]
    return (Text.of(name) if name.isidentifier() else call.unknown("the name of a function"),)


def remember(call: Call) -> tuple[Value, ...]:
    """The result of argument 1, a function, for the arguments in argument 2, kept in argument 0, a mapping. Argument 3:
    the first of them is the receiver, which the function has already."""
    cache, function, given = call.machine.load(call.argument(0)), call.argument(1), call.machine.load(call.argument(2))
    if not isinstance(cache, values.Mapping) or not isinstance(given, values.Sequence):
        return (call.unknown("a result that is kept"),)
    key = Text.of(identity_of("arguments", given.items))
    for name, value in cache.entries:
        if name == key:
            return (value,)
    items = given.items[1:] if call.argument(3) == Truth(True) else given.items
    found = call.machine.call(function, items)
    value = found[0] if found else Null()
    call.machine.store(call.argument(0), values.Mapping((*cache.entries, (key, value))))
    return (value,)


def run_later(call: Call) -> tuple[Value, ...]:
    """Call argument 0 with the other arguments at the end of the scenario."""
    if call.arguments and is_function(call.arguments[0]):
        function = call.arguments[0]
        if len(call.arguments) > 1:
            function = LibraryValue("builtin.table-entry", values.Sequence(call.arguments))
        call.machine.register("cleanup", function)
    return results(call)


def keep_cleanup(call: Call) -> tuple[Value, ...]:
    """The receiver, a test, calls argument 0 with the other arguments and the keywords when it has run; where it is no
    object, that is at the end of the scenario."""
    test = call.machine.load(call.receiver) if call.receiver is not None else None
    if not isinstance(test, Record) or call.receiver is None:
        return run_later(call)
    named = values.Mapping(tuple((Text.of(name), value) for name, value in call.keywords.items()))
    entry = values.Sequence((call.argument(0), values.Sequence(call.arguments[1:]), named))
    known = test.get(_CLEANUPS)
    before = known.items if isinstance(known, values.Sequence) else ()
    call.machine.store(call.receiver, test.with_field(_CLEANUPS, values.Sequence((*before, entry))))
    return ()


def run_cleanups(call: Call) -> tuple[Value, ...]:
    """Do what argument 0, a test, was to do when it has run, the last first."""
    while isinstance(test := call.machine.load(call.argument(0)), Record):
        known = test.get(_CLEANUPS)
        if not isinstance(known, values.Sequence) or not known.items:
            break
        call.machine.store(call.argument(0), test.with_field(_CLEANUPS, values.Sequence(known.items[:-1])))
        match known.items[-1]:
            case values.Sequence(items=(function, values.Sequence() as given, values.Mapping() as named)):
                keywords = {str(key): value for key, value in named.entries}
                call.machine.call(function, given.items, keywords)
    return ()


def until_the_end(call: Call) -> tuple[Value, ...]:
    """Call the library's function `begins` with the arguments now, and `ends` with them at the end of the scenario."""
    begins, ends = (LibraryValue(str(call.with_.get(key))) for key in ("begins", "ends"))
    call.machine.call(begins, call.arguments)
    last = LibraryValue("builtin.table-entry", values.Sequence((ends, *call.arguments)))
    call.machine.register("cleanup", last)
    return results(call)


def substring(call: Call) -> tuple[Value, ...]:
    """A function of the arguments of which no more is known than that it keeps what is unique."""
    return (derived(call.name, *(as_text(each, call.machine) for each in call.arguments), keeps_unique=True),)
