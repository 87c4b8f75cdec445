"""Counting: numbers that positions and texts can be made of, and characters, the codes of which are counted with."""

from __future__ import annotations

from tagcheck.values import Number, Opaque, Text, Value

LARGEST_NUMBER = 2**512
MOST_SHIFT = 512


def moved(operation: str, character: Text, by: Value) -> Value | None:
    """A character, the code of which is counted with: some places further on, or how far it is from another."""
    code = ord(character.literal or " ")
    if isinstance(by, Number) and type(by.value) is int:
        code = code + by.value if operation == "add" else code - by.value
        return Text.of(chr(code)) if 0 <= code < 0xD800 else None
    if operation == "subtract" and isinstance(by, Text) and len(by.literal or "") == 1:
        return Number(code - ord(by.literal or " "))
    return None


def computed(operation: str, left: Number, right: Number) -> Value:
    """The result; numbers of a type with a name stay of it."""
    type_ = left.type or right.type
    try:
        match operation:
            case "add":
                return number(left.value + right.value, type_)
            case "subtract":
                return number(left.value - right.value, type_)
            case "quotient":
                return number(left.value / right.value, type_)
            case "whole-quotient":
                return number(left.value // right.value, type_)
            case "power":
                return _power(left.value, right.value)
            case "bit-or":
                return number(int(left.value) | int(right.value), type_)
            case "bit-and":
                return number(int(left.value) & int(right.value), type_)
            case "shift-left" if not 0 <= right.value <= MOST_SHIFT:
                raise OverflowError
            case "shift-left":
                return number(int(left.value) << int(right.value), left.type)
            case _:
                return number(left.value * right.value, type_)
    except (OverflowError, ZeroDivisionError):
        return Opaque(f"{operation}:{left.value},{right.value}", "a number that is too large or none", "int")


def _power(base: int | float, exponent: int | float) -> Value:
    if 0 <= exponent <= 64 and abs(base) <= 10**6:
        return number(base**exponent)
    return Opaque(f"power:{base},{exponent}", "a number that is too large", "int")


def number(value: int | float, type_: str = "") -> Value:
    """A number that positions and texts can be made of."""
    if abs(value) <= LARGEST_NUMBER:
        return Number(value, type_)
    return Opaque(f"number:{value}", "a number that is too large", "int")
