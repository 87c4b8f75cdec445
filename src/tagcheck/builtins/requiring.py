"""What surely fails: lookups, before they are made (Python 3.13 library reference, "Built-in Exceptions")."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.comparison import Same, same_key
from tagcheck.values import LibraryValue, Null, Number, Record, Text, Value

Answer = str | None
"""The class of the exception that is surely raised, an empty text for none, None where that is not known."""


def require(call: Call) -> tuple[Value, ...]:
    """Raise what the operation that argument 0 names would raise with the further arguments."""
    what = call.argument(0)
    name = what.literal if isinstance(what, Text) else None
    given = tuple(map(call.machine.load, call.arguments[1:]))
    answer = _answer(name or "", given) if given else None
    if answer is None:
        call.machine.doubt()
    elif answer:
        told = given[1:2] if answer == "KeyError" else ()
        made = call.machine.call(LibraryValue(f"builtins.{answer}"), told)
        call.machine.call(LibraryValue("builtins.raise"), made)
    return (Null(),)


def _answer(name: str, given: tuple[Value, ...]) -> Answer:
    match name, given:
        case "item", (held, key):
            return _item(held, key)
        case "pop", (values.Sequence() as held,):
            return _item(held, Number(-1))
        case (("pop" | "popitem"), (held, *rest)):
            return _item(held, rest[0]) if len(rest) == 1 else "" if rest else _of_empty(held)
        case "popleft", (values.Sequence() as held,):
            return _item(held, Number(0))
        case (("remove" | "index"), (values.Sequence(items, is_open), item)):
            return _among(items, item, is_open, "ValueError")
        case "index", (Text(literal=str() as whole), Text(literal=str() as part)):
            return "" if part in whole else "ValueError"
        case "unpack", (values.Sequence(items, False), Number(count), values.Truth(starred)):
            fits = len(items) >= count - 1 if starred else len(items) == count
            return "" if fits else "ValueError"
        case "next", (held, *rest):
            return "" if rest else _next(held)
        case "int", (Text(literal=str() as written),):
            return "" if written.strip().lstrip("+-").isdecimal() else None if "_" in written else "ValueError"
        case "int", (Number(),):
            return ""
        case _:
            return None


def _item(held: Value, key: Value) -> Answer:
    match held, key:
        case values.Mapping(entries, is_open, ""), _:
            return _among(tuple(name for name, _ in entries), key, is_open, "KeyError")
        case values.Sequence(items, is_open), Number(at):
            inside = -len(items) <= at < len(items)
            return "" if inside and (at >= 0 or not is_open) else None if is_open else "IndexError"
        case Text(literal=str() as text), Number(at):
            return "" if -len(text) <= at < len(text) else "IndexError"
        case _:
            return None


def _among(items: tuple[Value, ...], wanted: Value, is_open: bool, error: str) -> Answer:
    answers = {same_key(each, wanted) for each in items}
    if Same.YES in answers:
        return ""
    return None if is_open or Same.MAYBE in answers else error


def _of_empty(held: Value) -> Answer:
    match held:
        case values.Mapping(entries, False):
            return "" if entries else "KeyError"
        case _:
            return None


def _next(held: Value) -> Answer:
    items = held.get("%items") if isinstance(held, Record) else None
    match items:
        case values.Sequence(found, is_open):
            return "" if found else None if is_open else "StopIteration"
        case _:
            return None
