"""Lists put in order, and what is the first or last of one in an order (Python library reference: `sorted`,
`list.sort`, `min`, `max`, `any`, `all`; Go's packages sort and slices)."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TypeAlias

from tagcheck import values
from tagcheck.builtins import collections
from tagcheck.builtins.api import Call
from tagcheck.builtins.containers import MOST_ITEMS, change, list_at, listed
from tagcheck.builtins.symbolic import over
from tagcheck.builtins.template_scope import truthy
from tagcheck.comparison import Same, same_key
from tagcheck.values import Null, Number, Record, Text, Truth, Value, counted_as

UNORDERED = "builtins.unordered"
Rank: TypeAlias = "str | float | tuple[Rank, ...]"
"""What an item is ordered by."""
MOST_COMPARED = 32
"""Items of a list that are put in order by a function."""


def in_order(call: Call) -> tuple[Value, ...]:
    """A new list of the items of argument 0 in their order. Where that is not known it can be gone through, and nobody
    knows which item is where."""
    found = listed(call, call.argument(0))
    order = _sorted(found, call) if isinstance(found, values.Sequence) else None
    return (call.machine.allocate(_unordered(found) if order is None else order),)


def _unordered(found: Value) -> Value:
    """A list of which only the items are known."""
    if isinstance(found, values.Sequence) and len(found.items) > 1:
        return Record(UNORDERED, (("%items", found),))
    return found


def rearrange(call: Call) -> tuple[Value, ...]:
    """Argument 0, a list: `how` is 'clear', 'reverse', 'sort' or 'remove' (the first item equal to argument 1)."""
    before = list_at(call)
    if before is not None:
        found = _rearranged(before, str(call.with_.get("how")), call)
        change(call, found if found is not None else _unordered(before))
    return ()


def _rearranged(before: values.Sequence, how: str, call: Call) -> Value | None:
    items = before.items
    if how == "clear":
        return values.Sequence(())
    if before.open:
        return None
    if how == "reverse":
        return values.Sequence(items[::-1])
    if how == "remove":
        answers = [same_key(each, call.argument(1)) for each in items]
        at = next((index for index, answer in enumerate(answers) if answer is not Same.NO), None)
        if at is None:
            return before
        return values.Sequence((*items[:at], *items[at + 1 :])) if answers[at] is Same.YES else None
    return _sorted(before, call)


def _sorted(before: values.Sequence, call: Call, *, backwards: bool = False) -> values.Sequence | None:
    """The items in the order of what they are, or of what the keyword `key`, a function, gives for them; backwards
    where the keyword `reverse` says so. Equal ones stay in the order in which they are. None if that order is not
    known."""
    turned = call.keywords.get("reverse", Truth(backwards))
    ranks = None if before.open else [_rank(call.machine.load(each)) for each in _keys(before, call)]
    if ranks is None or None in ranks or not isinstance(turned, Truth):
        return None
    try:
        order = sorted(range(len(ranks)), key=lambda at: ranks[at], reverse=turned.value)  # type: ignore[arg-type,return-value]
    except TypeError:
        return None
    return values.Sequence(tuple(before.items[at] for at in order))


def _keys(items: values.Sequence, call: Call) -> list[Value]:
    function = call.keywords.get("key", Null())
    if isinstance(function, Null):
        return list(items.items)
    found = [call.machine.call(function, (each,)) for each in items.items[:MOST_ITEMS]]
    keys = [each[0] if each else Null() for each in found]
    return [*keys, *(Null() for _ in items.items[MOST_ITEMS:])]


def _rank(value: Value) -> Rank | None:
    match counted_as(value):
        case Text(literal=text):
            return text
        case Number(number) | Truth(number):
            return float(number)
        case values.Sequence(items, False):
            ranks = [_rank(each) for each in items]
            return None if None in ranks else tuple(each for each in ranks if each is not None)
        case _:
            return None


def arrange(call: Call) -> tuple[Value, ...]:
    """Argument 0, a reference to a list, is put in order: `by` says whether argument 1 tells of two 'positions' that
    the item at the first comes before the other, or how two 'items' compare; with `backwards`, the list is turned. It
    stays as it is where its order is not known: what goes over it meets the same items."""

    def put(whole: Value) -> Value:
        if not isinstance(whole, values.Sequence) or whole.open:
            return whole
        if call.with_.get("backwards"):
            return values.Sequence(whole.items[::-1])
        return _arranged(whole, str(call.with_.get("by", "")), call) or whole

    whole = call.machine.load(call.argument(0))
    order = over(whole, put)
    if order is not whole:
        call.machine.store(call.argument(0), order)
    return ()


def arranged(call: Call) -> tuple[Value, ...]:
    """A list of what argument 0, an iterator or a list, holds, in order as far as that is known; `by` as above."""
    (whole,) = collections.collect(call)
    if not isinstance(whole, values.Sequence) or whole.open:
        return (whole,)
    return (_arranged(whole, str(call.with_.get("by", "")), call) or whole,)


def _arranged(whole: values.Sequence, by: str, call: Call) -> values.Sequence | None:
    if not by:
        return _sorted(whole, call)
    if len(whole.items) > MOST_COMPARED:
        return None
    unknown: list[bool] = []

    def answer(first: int, second: int) -> Value:
        given = (Number(first), Number(second)) if by == "positions" else (whole.items[first], whole.items[second])
        found = call.machine.call(call.argument(1), given)
        return call.machine.load(found[0]) if found else Null()

    def compared(first: int, second: int) -> int:
        if by == "positions":
            before = _decided(answer(first, second), unknown)
            return -1 if before else 1 if _decided(answer(second, first), unknown) else 0
        found = answer(first, second)
        if isinstance(found, Number):
            return (found.value > 0) - (found.value < 0)
        unknown.append(True)
        return 0

    order = sorted(range(len(whole.items)), key=cmp_to_key(compared))
    return None if unknown else values.Sequence(tuple(whole.items[at] for at in order))


def _decided(value: Value, unknown: list[bool]) -> bool:
    if isinstance(value, Truth):
        return value.value
    unknown.append(True)
    return False


def insert(call: Call) -> tuple[Value, ...]:
    """The list in argument 0 with the further arguments before the position in argument 1."""
    whole, at = call.machine.load(call.argument(0)), call.argument(1)
    if not isinstance(whole, values.Sequence) or not isinstance(at, Number) or not 0 <= at.value <= len(whole.items):
        return (values.Sequence((), True),)
    place = int(at.value)
    return (values.Sequence((*whole.items[:place], *call.arguments[2:], *whole.items[place:]), whole.open),)


def delete(call: Call) -> tuple[Value, ...]:
    """The list in argument 0 without the items from the position in argument 1 to the one in argument 2; `by`
    'function': without those for which argument 1 is true."""
    whole = call.machine.load(call.argument(0))
    if not isinstance(whole, values.Sequence):
        return (values.Sequence((), True),)
    if call.with_.get("by") == "function":
        unknown: list[bool] = []
        answers = [call.machine.call(call.argument(1), (each,)) for each in whole.items[:MOST_ITEMS]]
        gone = [_decided(call.machine.load(each[0]) if each else Null(), unknown) for each in answers]
        kept = tuple(each for each, leaves in zip(whole.items, gone, strict=False) if not leaves)
        return (values.Sequence(kept, bool(unknown) or whole.open or len(gone) < len(whole.items)),)
    first, last = call.argument(1), call.argument(2)
    if not isinstance(first, Number) or not isinstance(last, Number) or not 0 <= first.value <= last.value:
        return (values.Sequence((), True),)
    return (values.Sequence((*whole.items[: int(first.value)], *whole.items[int(last.value) :]), whole.open),)


def position(call: Call) -> tuple[Value, ...]:
    """The position in the list in argument 0 of the first item that equals argument 1; -1 for none."""
    whole = call.machine.load(call.argument(0))
    if isinstance(whole, values.Sequence) and not whole.open:
        answers = [same_key(each, call.argument(1)) for each in whole.items]
        at = next((index for index, answer in enumerate(answers) if answer is not Same.NO), -1)
        if at < 0 or answers[at] is Same.YES:
            return (Number(at),)
    return (call.unknown("the position of an item"),)


def extreme(call: Call) -> tuple[Value, ...]:
    """The smallest item of argument 0, or of the arguments if there are several; `last`: the greatest."""
    given = listed(call, call.argument(0)) if len(call.arguments) == 1 else values.Sequence(call.arguments)
    if not isinstance(given, values.Sequence) or given.open:
        return (call.unknown("the greatest or smallest of unknown items"),)
    if not given.items:
        return (call.keywords.get("default", call.unknown("an item of an empty list")),)
    # Of several that are the greatest, the first one counts.
    order = _sorted(given, call, backwards=bool(call.with_.get("last")))
    return (call.unknown("the greatest or smallest of unknown items") if order is None else order.items[0],)


def absolute(call: Call) -> tuple[Value, ...]:
    """Argument 0, a number, without its sign."""
    number = call.argument(0)
    return (Number(abs(number.value)) if isinstance(number, Number) else call.unknown("a number without its sign"),)


def any_item(call: Call) -> tuple[Value, ...]:
    """Whether an item of argument 0 is true; `every`: whether all are."""
    given, every = listed(call, call.argument(0)), bool(call.with_.get("every"))
    unknown = call.unknown("whether items are true")
    if not isinstance(given, values.Sequence):
        return (unknown,)
    found = [truthy(call.machine.load(each)) for each in given.items]
    if (not every) in found:
        return (Truth(not every),)
    return (unknown if given.open or None in found else Truth(every),)
