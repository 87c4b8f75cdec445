"""Numbers in the values of charts. Helm reads a file of values as JSON (sigs.k8s.io/yaml), so that each number in it is
a float64; printed in a template, one of seven digits is a power of ten (`tag: 20240101` becomes 2.0240101e+07)."""

from __future__ import annotations

from decimal import Decimal

from tagcheck.ir import TEXT_FIELD
from tagcheck.values import Mapping, Number, Record, Sequence, Text, Value

FRACTION = "float64"
DEEPEST = 40
_WHOLE = "%number"
_LEAST_POWER = 6
"""From this power of ten on, a float64 is printed with an exponent (strconv.FormatFloat, format 'g', shortest)."""


def as_helm_reads(value: Value, depth: int = 0) -> Value:
    """What the text of a file of values says, its numbers as Helm has them."""
    match value:
        case Number(value=number):
            return fraction(number)
        case Mapping(entries=entries) if depth < DEEPEST:
            return Mapping(tuple((key, as_helm_reads(each, depth + 1)) for key, each in entries), value.open)
        case Sequence(items=items) if depth < DEEPEST:
            return Sequence(tuple(as_helm_reads(each, depth + 1) for each in items), value.open)
        case _:
            return value


def fraction(number: float) -> Value:
    """A float64; one that is printed as a power of ten, or not as its digits stand, with that text."""
    try:
        found = float(number)
    except OverflowError:
        return Number(number)
    sign, digits, _ = Decimal(repr(found)).as_tuple() if found - found == 0 else (0, (), 0)
    power = Decimal(repr(found)).adjusted() if digits else 0
    if not digits or not found or -5 < power < _LEAST_POWER:
        return Number(found)
    written = "".join(map(str, digits)).strip("0")
    mantissa = f"{'-' * sign}{written[:1]}{'.' * (len(written) > 1)}{written[1:]}"
    shown = f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return Record(FRACTION, ((TEXT_FIELD, Text.of(shown)), (_WHOLE, Number(found))))


def number_in(value: Value) -> Value:
    """The number that a float64 is, however it is printed; anything else as it is."""
    found = value.get(_WHOLE) if isinstance(value, Record) and value.type == FRACTION else None
    return value if found is None else found
