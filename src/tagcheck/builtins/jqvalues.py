"""What jq does to single values (jq 1.7 manual, "Builtin operators and functions")."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tagcheck.builtins.pipelines import json_text
from tagcheck.builtins.symbolic import as_text, joined, replace_text, split_text
from tagcheck.comparison import Same, same
from tagcheck.numerals import whole
from tagcheck.values import EMPTY, Mapping, Null, Number, Text, Truth, Value
from tagcheck.values import Sequence as Listed

MOST_TIMES = 100


class Unanswered(Exception):
    """Something that is not in the language, or depends on what is not known; never leaves the programs of jq."""


def is_true(value: Value) -> bool:
    """Whether a value counts as true: everything but `false` and `null`."""
    match value:
        case Truth(value=truth):
            return truth
        case Null():
            return False
        case Text() | Number() | Listed() | Mapping():
            return True
        case _:
            raise Unanswered


def items(value: Value) -> tuple[Value, ...]:
    """`.[]`."""
    match value:
        case Listed(items=found, open=False):
            return found
        case Mapping(entries=entries, open=False):
            return tuple(each for _, each in entries)
        case _:
            raise Unanswered


def item(value: Value, key: Value) -> Value:
    """`.[KEY]`: null where there is nothing."""
    match value, key:
        case Null(), _:
            return value
        case Mapping(), Text(literal=str(name)):
            found = value.get(name)
            if found is None and value.open:
                raise Unanswered
            return Null() if found is None else found
        case Listed(items=found, open=False), Number(value=int(at)):
            return found[at] if -len(found) <= at < len(found) else Null()
        case _:
            raise Unanswered


def part(value: Value, low: Value | None, high: Value | None) -> Value:
    """`.[LOW:HIGH]`."""
    ends = [None if each is None else each.value if isinstance(each, Number) else "" for each in (low, high)]
    if any(isinstance(end, str | float) for end in ends):
        raise Unanswered
    start, stop = (None if each is None else int(each) for each in ends)
    match value:
        case Listed(items=found, open=False):
            return Listed(found[start:stop])
        case Text(literal=str(written)):
            return Text.of(written[start:stop])
        case _:
            raise Unanswered


def compared(operator: str, left: Value, right: Value) -> bool:
    """Whether a comparison holds."""
    if operator in ("==", "!="):
        return _equal(left, right) == (operator == "==")
    first, second = _ordered(left), _ordered(right)
    match operator:
        case "<":
            return first < second
        case "<=":
            return first <= second
        case ">":
            return first > second
        case _:
            return first >= second


def _equal(left: Value, right: Value) -> bool:
    match left, right:
        case Text(), Text():
            answer = same(left, right)
            if answer is Same.MAYBE:
                raise Unanswered
            return answer is Same.YES
        case (Number(value=one), Number(value=other)) | (Truth(value=one), Truth(value=other)):
            return one == other
        case Null(), Null():
            return True
        case Listed(items=one, open=False), Listed(items=other, open=False):
            return len(one) == len(other) and all(map(_equal, one, other))
        case Mapping(open=False), Mapping(open=False):
            names = [{as_text(key).literal: each for key, each in found.entries} for found in (left, right)]
            return names[0].keys() == names[1].keys() and all(_equal(names[0][key], names[1][key]) for key in names[0])
        case ((Text() | Number() | Truth() | Null() | Listed() | Mapping()), _) if isinstance(
            right, Text | Number | Truth | Null | Listed | Mapping
        ):
            return False
        case _:
            raise Unanswered


Order = tuple[int, float, str]


def _ordered(value: Value) -> Order:
    """Where a value stands among others: null, false, true, numbers, texts."""
    match value:
        case Null():
            return (0, 0, "")
        case Truth(value=truth):
            return (1, truth, "")
        case Number(value=number):
            return (2, number, "")
        case Text(literal=str(written)):
            return (3, 0, written)
        case _:
            raise Unanswered


def added(operator: str, left: Value, right: Value) -> Value:
    """`+`, `-`, `*` and `/`."""
    match operator, left, right:
        case "+", Null(), _:
            return right
        case "+", _, Null():
            return left
        case "+", Text(), Text():
            return joined([left, right], EMPTY)
        case "+", Listed(open=False), Listed(open=False):
            return Listed((*left.items, *right.items))
        case (("+" | "*"), Mapping(open=False), Mapping(open=False)):
            found = left
            for key, each in right.entries:
                name = as_text(key).literal
                if name is None:
                    raise Unanswered
                inner = found.get(name)
                deep = operator == "*" and isinstance(inner, Mapping) and isinstance(each, Mapping)
                found = _with(found, name, added("*", inner, each) if deep and inner is not None else each)
            return found
        case "-", Listed(open=False), Listed(open=False):
            return Listed(tuple(each for each in left.items if not any(_equal(each, other) for other in right.items)))
        case "/", Text(), Text(literal=str(separator)) if separator:
            return Listed(tuple(split_text(left, separator)))
        case _, Number(value=int(one)), Number(value=int(other)) if operator in _COUNTED:
            return Number(_COUNTED[operator](one, other))
        case _:
            raise Unanswered


_COUNTED: dict[str, Callable[[int, int], int]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
}


def assigned(value: Value, path: Sequence[str], new: Value) -> Value:
    """A value with another one at a path of keys."""
    if not path:
        return new
    if isinstance(value, Null):
        value = Mapping(())
    if not isinstance(value, Mapping) or (value.open and value.get(path[0]) is None):
        raise Unanswered
    inner = value.get(path[0])
    return _with(value, path[0], assigned(Null() if inner is None else inner, path[1:], new))


def _with(value: Mapping, name: str, new: Value) -> Mapping:
    names = [as_text(key).literal for key, _ in value.entries]
    if name not in names:
        return Mapping((*value.entries, (Text.of(name), new)), value.open)
    at = names.index(name)
    return Mapping((*value.entries[:at], (value.entries[at][0], new), *value.entries[at + 1 :]), value.open)


def key_text(value: Value) -> Text:
    """A value as `tostring` gives it."""
    found = value if isinstance(value, Text) else json_text(value, blank="")
    if found is None:
        raise Unanswered
    return found


def called(name: str, value: Value, arguments: tuple[Value, ...]) -> Value:
    """A function without expressions of its own, applied to a value."""
    match name, value, arguments:
        case ("join", Listed(open=False), (Text() as separator,)):
            return joined([EMPTY if isinstance(each, Null) else key_text(each) for each in value.items], separator)
        case "length", (Listed(open=False) | Mapping(open=False)), ():
            return Number(len(items(value)))
        case "length", Text(literal=str(written)), ():
            return Number(len(written))
        case "length", Null(), ():
            return Number(0)
        case (("keys" | "keys_unsorted"), Mapping(open=False), ()):
            names = [as_text(key) for key, _ in value.entries]
            return Listed(tuple(sorted(names, key=_ordered) if name == "keys" else names))
        case "keys", Listed(open=False), ():
            return Listed(tuple(Number(at) for at in range(len(value.items))))
        case "to_entries", Mapping(open=False), ():
            key, content = Text.of("key"), Text.of("value")
            return Listed(tuple(Mapping(((key, each), (content, found))) for each, found in value.entries))
        case "from_entries", Listed(open=False), ():
            return _from_entries(value.items)
        case "add", _, ():
            total: Value = Null()
            for each in items(value):
                total = added("+", total, each)
            return total
        case (("first" | "last"), Listed(open=False), ()):
            return item(value, Number(0 if name == "first" else -1))
        case "tostring", _, ():
            return key_text(value)
        case "tojson", _, ():
            return _json(value)
        case "tonumber", Number(), ():
            return value
        case "tonumber", Text(literal=str(written)), () if (number := whole(written)) is not None:
            return Number(number)
        case (("ascii_downcase" | "ascii_upcase"), Text(), ()):
            return value.mapped("lower" if name == "ascii_downcase" else "upper")
        case "split", Text(), (Text(literal=str(separator)),) if separator:
            return Listed(tuple(split_text(value, separator)))
        case "ltrimstr", Text(), (Text(literal=str(start)),) if _is_known_start(value, start):
            return value.dropped(len(start)) if value.leading.startswith(start) else value
        case "rtrimstr", Text(literal=str(written)), (Text(literal=str(end)),):
            return Text.of(written.removesuffix(end)) if end else value
        case "startswith", Text(), (Text(literal=str(start)),) if _is_known_start(value, start):
            return Truth(value.leading.startswith(start))
        case "endswith", Text(literal=str(written)), (Text(literal=str(end)),):
            return Truth(written.endswith(end))
        case (("test" | "contains"), Text(literal=str(written)), (Text(literal=str(wanted)),)):
            return Truth(_found(written, wanted, name == "test"))
        case (("sub" | "gsub"), Text(), (Text(literal=str(old)), Text() as new)) if old and _is_plain(old):
            return replace_text(value, old, new, 1 if name == "sub" else -1)
        case "has", Mapping(), (Text(literal=str(key)),):
            return Truth(not isinstance(item(value, Text.of(key)), Null) or value.get(key) is not None)
        case "has", Listed(open=False), (Number(value=at),):
            return Truth(0 <= at < len(value.items))
        case (("any" | "all"), Listed(open=False), ()):
            truths = list(map(is_true, value.items))
            return Truth(any(truths) if name == "any" else all(truths))
        case (("sort" | "unique" | "min" | "max"), Listed(open=False), ()):
            return _sorted(name, value.items, value.items)
        case (("sort_by" | "unique_by" | "min_by" | "max_by"), Listed(open=False), (Listed() as keys,)):
            return _sorted(name.removesuffix("_by"), value.items, keys.items)
        case "reverse", Listed(open=False), ():
            return Listed(value.items[::-1])
        case "flatten", Listed(open=False), ():
            return Listed(tuple(_flattened(value.items, 0)))
        case "type", _, () if type(value) in _TYPES:
            return Text.of(_TYPES[type(value)])
        case _:
            raise Unanswered


_TYPES: dict[type, str] = {
    Text: "string",
    Number: "number",
    Truth: "boolean",
    Null: "null",
    Listed: "array",
    Mapping: "object",
}


def _json(value: Value) -> Text:
    found = json_text(value, blank="")
    if found is None:
        raise Unanswered
    return found


def _from_entries(found: tuple[Value, ...]) -> Value:
    made = Mapping(())
    for each in found:
        name = next(
            (given for key in ("key", "k", "name") if not isinstance(given := item(each, Text.of(key)), Null)), None
        )
        written = key_text(name).literal if name is not None else None
        if written is None:
            raise Unanswered
        made = _with(made, written, item(each, Text.of("value")))
    return made


def _sorted(name: str, found: tuple[Value, ...], keys: tuple[Value, ...]) -> Value:
    order = sorted(range(len(found)), key=lambda at: _ordered(keys[at]))
    if name in ("min", "max"):
        return found[order[0 if name == "min" else -1]] if order else Null()
    if name == "unique":
        order = [at for number, at in enumerate(order) if not number or not _equal(keys[at], keys[order[number - 1]])]
    return Listed(tuple(found[at] for at in order))


def _flattened(found: tuple[Value, ...], depth: int) -> list[Value]:
    flat: list[Value] = []
    for each in found:
        if isinstance(each, Listed) and depth < MOST_TIMES:
            flat += _flattened(items(each), depth + 1)
        else:
            flat.append(each)
    return flat


def _is_known_start(value: Text, start: str) -> bool:
    """Whether it is known if a text begins with another."""
    known = value.leading
    return value.literal is not None or known.startswith(start) or not start.startswith(known)


_SPECIAL = frozenset("\\^$.|?*+()[]{}")


def _is_plain(written: str) -> bool:
    return _SPECIAL.isdisjoint(written)


def _found(written: str, wanted: str, is_pattern: bool) -> bool:
    """Whether a text holds another, or matches an expression of which only the ends are special."""
    if not is_pattern:
        return wanted in written
    inner = wanted.removeprefix("^").removesuffix("$")
    if not _is_plain(inner):
        raise Unanswered
    begins, ends = wanted.startswith("^"), wanted.endswith("$")
    if begins and ends:
        return written == inner
    return written.startswith(inner) if begins else written.endswith(inner) if ends else inner in written
