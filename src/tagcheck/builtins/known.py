"""Functions of Python's library whose results are worked out where all of what they are given is known (Python library
reference: built-in types and functions, `posixpath`, `itertools`, `json`, `fnmatch`).

They compute on data alone, within bounds. What is not known gives something unknown, which is the same for the same
texts.
"""

from __future__ import annotations

import itertools
import json
import math
import operator
import posixpath
import textwrap
import urllib.parse
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeAlias

from tagcheck import values
from tagcheck.builtins import paths
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.symbolic import as_text, derived, identity_of, text_argument
from tagcheck.values import Absent, HoleKind, Null, Number, Opaque, Record, Text, Truth, Value, counted_as

LONGEST_TEXT = 4000
MOST_ITEMS = 200
DEEPEST = 8
LARGEST = 10**15
Plain: TypeAlias = "str | int | float | bool | list[Any] | dict[Any, Any] | tuple[Any, ...] | None"
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Unknown(Exception):
    """A value of which not all is known."""


def computed(call: Call) -> tuple[Value, ...]:
    """What the function `function` of this module's table gives for the arguments and keywords."""
    function = FUNCTIONS[str(call.with_.get("function"))]
    try:
        given = [plain(call.machine, each) for each in call.arguments if not isinstance(each, Absent)]
        named = {name: plain(call.machine, each) for name, each in call.keywords.items()}
        return (valued(call.machine, function(*given, **named)),)
    except (Unknown, *_FAILURES):
        return (_unknown(call),)


def _unknown(call: Call) -> Value:
    loaded = [call.machine.load(each) for each in call.arguments]
    if loaded and not call.keywords and isinstance(loaded[0], Text) and loaded[0].holes:
        return derived(call.name, *(as_text(each, call.machine) for each in loaded))
    return call.unknown(f"what {call.name.rpartition('.')[2]} gives")


def plain(machine: Machine, value: Value, depth: int = DEEPEST) -> Plain:
    """A value as data; raises `Unknown` if not all of it is known, or if there is too much."""
    match machine.load(value):
        case Text() as text if text.literal is not None and len(text.literal) <= LONGEST_TEXT:
            return text.literal
        case Number(number, ""):
            return number
        case Truth(truth):
            return truth
        case Null():
            return None
        case values.Sequence(items, False) if depth and len(items) <= MOST_ITEMS:
            return [plain(machine, each, depth - 1) for each in items]
        case values.Mapping(entries, False) if depth and len(entries) <= MOST_ITEMS:
            return {_key(plain(machine, key, depth - 1)): plain(machine, each, depth - 1) for key, each in entries}
        case Record() as record if depth and (inner := record.get("%items") or record.get("%entries")) is not None:
            return plain(machine, inner, depth - 1)
        case Record() as record if (counted := counted_as(record)) is not record:
            return plain(machine, counted, depth)
        case _:
            raise Unknown


def _key(given: Plain) -> Plain:
    return tuple(map(_key, given)) if isinstance(given, list) else given


def valued(machine: Machine, given: object) -> Value:
    """Data as a value: lists and mappings by reference. Raises `Unknown` for what is too much or no such data."""
    match given:
        case None:
            return Null()
        case bool():
            return Truth(given)
        case float() if given.is_integer():
            # It is shown with its fraction, which numbers here are not.
            raise Unknown
        case int() | float() if abs(given) <= LARGEST and math.isfinite(given):
            return Number(given)
        case str() if len(given) <= LONGEST_TEXT:
            return Text.of(given)
        case tuple() if len(given) <= MOST_ITEMS:
            return values.Sequence(tuple(valued(machine, each) for each in given))
        case list() if len(given) <= MOST_ITEMS:
            return machine.allocate(values.Sequence(tuple(valued(machine, each) for each in given)))
        case dict() if len(given) <= MOST_ITEMS:
            entries = tuple((valued(machine, key), valued(machine, each)) for key, each in given.items())
            return machine.allocate(values.Mapping(entries))
        case _:
            raise Unknown


# --- numbers ----------------------------------------------------------------------------------------------------------


def whole_number(call: Call) -> tuple[Value, ...]:
    """`int`: the number that argument 0 is or writes, to the base in argument 1. What is unique stays what it is."""
    value = counted_as(call.machine.load(call.argument(0)))
    if isinstance(value, Record):
        own = call.machine.own_method(call.argument(0), "__int__")
        return call.machine.call(own, ()) if own is not None else (call.unknown("an object as a number"),)
    try:
        return (Number(int(*(_number(plain(call.machine, each)) for each in call.arguments))),)
    except (Unknown, OverflowError, *_FAILURES):
        if isinstance(value, Text) and not any(hole.kind is HoleKind.UNIQUE for hole in value.holes):
            return (Opaque(identity_of("int", (value,)), "a number that a text writes", "int"),)
        return (value,)


def _number(given: Plain) -> Any:
    if isinstance(given, str | int | float) and len(str(given)) <= 20:
        return given
    raise Unknown


def quotient(call: Call) -> tuple[Value, ...]:
    """Argument 0 divided by argument 1: a path below a path, or numbers, of which a whole quotient is still no whole
    number."""
    left, right = (call.machine.load(call.argument(at)) for at in (0, 1))
    if isinstance(left, Record) and (own := call.machine.own_method(call.argument(0), "__truediv__")) is not None:
        return call.machine.call(own, (call.argument(1),))
    if isinstance(left, Number) and isinstance(right, Number):
        found = left.value / right.value if right.value else 0.0
        return (call.unknown("a quotient") if float(found).is_integer() else Number(found),)
    if isinstance(left, Number | Opaque) and not isinstance(right, Text):
        return (call.unknown("a quotient"),)
    return paths.joined_as_written(call)


def _shifted(left: int, right: int) -> int:
    if not 0 <= right <= 64:
        raise Unknown
    return left << right


def _power(base: float, exponent: float) -> float:
    if abs(base) > LARGEST or not 0 <= exponent <= 64:
        raise Unknown
    return base**exponent  # type: ignore[no-any-return]


# --- paths ------------------------------------------------------------------------------------------------------------


def expand_variables(call: Call) -> tuple[Value, ...]:
    """Argument 0 with the variables of the environment that are named in it (`os.path.expandvars`)."""
    text = text_argument(call, 0)
    if "$" not in "".join(part.text for part in text.parts if isinstance(part, values.Piece)):
        return (text,)
    return (call.unknown("a text with variables in it"),)


def _path(function: Callable[..., object]) -> Callable[..., object]:
    return lambda given, *others: function(PurePosixPath(given), *others)


def _pieces(path: PurePosixPath) -> object:
    return [str(each) for each in path.parents]


# --- lists ------------------------------------------------------------------------------------------------------------


def _listed(function: Callable[..., Any]) -> Callable[..., object]:
    """A function that gives an iterator, as one that gives the first items of it."""
    return lambda *given, **named: list(itertools.islice(function(*given, **named), MOST_ITEMS + 1))


def _from_keys(keys: list[Any], value: Plain = None) -> object:
    return dict.fromkeys(map(_key, keys), value)


def _different(left: Any, right: Any) -> object:
    if isinstance(left, int) and isinstance(right, int):
        return left ^ right
    return [each for each in left if each not in right] + [each for each in right if each not in left]


def _written(given: Plain, **layout: Any) -> str:
    return json.dumps(given, **layout)


_TEXT_METHODS = (
    *("swapcase", "capitalize", "expandtabs", "count", "find", "rfind", "index", "rindex", "translate", "istitle"),
    *("isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isupper", "islower", "isspace", "isidentifier"),
    *("isascii",),
)

FUNCTIONS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        **{f"str.{name}": getattr(str, name) for name in _TEXT_METHODS},
        "str.maketrans": str.maketrans,
        "list.index": lambda items, item: items.index(item),
        "list.count": lambda items, item: items.count(item),
        "float": lambda given=0.0: float(_number(given)),
        "round": round,
        "divmod": divmod,
        "hex": hex,
        "oct": oct,
        "bin": bin,
        "chr": chr,
        "ord": ord,
        "sum": sum,
        "power": _power,
        "shift-left": _shifted,
        "shift-right": operator.rshift,
        "different": _different,
        "posixpath.split": posixpath.split,
        "posixpath.isabs": posixpath.isabs,
        "posixpath.commonprefix": posixpath.commonprefix,
        "path.suffixes": _path(lambda path: path.suffixes),
        "path.parents": _path(_pieces),
        "path.with_stem": _path(lambda path, stem: str(path.with_stem(stem))),
        "path.relative_to": _path(lambda path, other: str(path.relative_to(other))),
        "path.is_absolute": _path(PurePosixPath.is_absolute),
        "path.match": _path(PurePosixPath.match),
        "fnmatch": fnmatchcase,
        "indent": textwrap.indent,
        "from-keys": _from_keys,
        "json": _written,
        "quote": urllib.parse.quote,
        "quote-plus": urllib.parse.quote_plus,
        "pairwise": _listed(itertools.pairwise),
        "permutations": _listed(itertools.permutations),
        "combinations": _listed(itertools.combinations),
        "compress": _listed(itertools.compress),
        "ceil": math.ceil,
        "floor": math.floor,
    }
)
