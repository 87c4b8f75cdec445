"""The type that a value has while a program runs, as far as its shape tells.

Values keep the types of records only. Of everything else the kind is known (a text, a number, a list), and that answers
the question of a type switch where the switch asks for one type of this kind alone; else the answer is not known.
"""

from __future__ import annotations

from collections.abc import Sequence as Seq

from tagcheck.link import Program
from tagcheck.values import (
    Absent,
    FunctionValue,
    Mapping,
    Null,
    Number,
    Pointer,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
)

NIL, TEXT, TRUTH, NUMBER, LIST, MAPPING, CHANNEL, FUNCTION = (
    *("nil", "string", "bool", "number", "list", "map", "channel", "func"),
)
RECORD, INTERFACE, UNKNOWN = "record", "interface", ""
_PLAIN = (TEXT, TRUTH, NUMBER)
_DEEPEST = 8


def has_type(value: Value, content: Value, wanted: Seq[str], others: Seq[str], program: Program) -> bool | None:
    """Whether a value is of one of the wanted types; None if that is not known. `content` is what it leads to if it is
    a pointer; `others` are the other types that are asked for at the same place. Types as in `ir`, with a star for
    pointers."""
    kind = _kind_of(content)
    if not kind:
        return None
    answers = [_is_of(value, content, kind, type_, (*wanted, *others), program) for type_ in wanted]
    if True in answers:
        return True
    return None if None in answers else False


def _is_of(value: Value, content: Value, kind: str, type_: str, all_: Seq[str], program: Program) -> bool | None:
    meant = _kind_named(type_, program)
    if meant in (INTERFACE, UNKNOWN):
        return False if kind == NIL else _satisfies(type_)
    if meant != kind or (isinstance(content, Number) and type(content.value) is float and type_ in _WHOLE):
        return False
    if isinstance(content, Record) and kind == RECORD:
        return _is_record(value, content.type, type_, all_)
    if kind in _PLAIN and isinstance(value, Pointer) is not type_.startswith("*"):
        return False
    return True if sum(_kind_named(each, program) == kind for each in all_) == 1 else None


def _satisfies(type_: str) -> bool | None:
    return True if type_ in ("any", "interface{}") else None


def _is_record(value: Value, own: str, type_: str, all_: Seq[str]) -> bool | None:
    if not own:
        return None
    if own != type_.removeprefix("*"):
        return False
    both = {own, f"*{own}"} <= set(all_)
    return isinstance(value, Pointer) is type_.startswith("*") if both else True


def _kind_of(value: Value) -> str:
    match value:
        case Null() | Absent():
            return NIL
        case Text():
            return TEXT
        case Truth():
            return TRUTH
        case Number():
            return NUMBER
        case Sequence():
            return LIST
        case Mapping():
            return MAPPING
        case Record(type="channel"):
            return CHANNEL
        case Record():
            return RECORD
        case FunctionValue():
            return FUNCTION
        case _:
            return UNKNOWN


def _kind_named(type_: str, program: Program) -> str:
    """The kind of values that a type has; records for what is neither builtin nor of the project."""
    name = type_.removeprefix("*")
    for _ in range(_DEEPEST):
        if name in _BUILTIN:
            return _BUILTIN[name]
        for beginning, kind in (("[", LIST), ("map[", MAPPING), ("chan", CHANNEL)):
            if name.startswith(beginning):
                return kind
        info = program.type(name)
        if info is None:
            return UNKNOWN if program.is_project(name.rpartition(".")[0]) else RECORD
        if not info.underlying:
            return RECORD
        name = info.underlying
    return UNKNOWN


_WHOLE = (
    *("int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr"),
    *("byte", "rune"),
)
_NUMBERS = (*_WHOLE, "float32", "float64")
_BUILTIN = {
    "?": UNKNOWN,
    "nil": NIL,
    "string": TEXT,
    "bool": TRUTH,
    "func": FUNCTION,
    "any": INTERFACE,
    "error": INTERFACE,
    "interface": INTERFACE,
    **dict.fromkeys(_NUMBERS, NUMBER),
}
