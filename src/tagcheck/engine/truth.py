"""Conditions as guards: under which guards does a condition hold, under which not?

A `Condition` is a pair of disjunctions of guards. One that is decided has an empty side. Comparisons that cannot be
decided become atoms; an atom's text is the normal form of the comparison, so that the same question about the same
values gets the same answer everywhere in a run. Atoms that begin with '~' concern values that nobody can ask about a
second time (an opaque value, the outcome of a command): they tell two sides of one branch apart and nothing else.
"""

from __future__ import annotations

from msgspec import Struct

from tagcheck.comparison import Same, same, same_key
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.ir import CompareOp
from tagcheck.values import (
    ANY_ZERO,
    Absent,
    Failure,
    FunctionValue,
    HoleKind,
    LibraryValue,
    Mapping,
    Null,
    Number,
    Opaque,
    Outcome,
    Pointer,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
)

MOST_DISJUNCTS = 12


class Condition(Struct, frozen=True):
    """Under which guards a condition holds (any of `true`) and under which it does not (any of `false`)."""

    true: tuple[Guards, ...]
    false: tuple[Guards, ...]

    @property
    def decided(self) -> bool | None:
        if not self.false:
            return True
        return False if not self.true else None

    def given(self, guards: Guards) -> Condition:
        """Without what cannot hold together with `guards`."""
        return Condition(
            tuple(side for side in self.true if guards.compatible(side)),
            tuple(side for side in self.false if guards.compatible(side)),
        )

    def negated(self) -> Condition:
        return Condition(self.false, self.true)


TRUE = Condition((ALWAYS,), ())
FALSE = Condition((), (ALWAYS,))


def constant(value: bool) -> Condition:
    return TRUE if value else FALSE


def atom(text: str) -> Condition:
    return Condition((when(text, True),), (when(text, False),))


def under(guards: Guards, condition: Condition) -> Condition:
    """A condition that concerns the case `guards` only."""

    def both(sides: tuple[Guards, ...]) -> tuple[Guards, ...]:
        return tuple(met for side in sides if (met := guards.and_(side)) is not None)

    return Condition(both(condition.true), both(condition.false))


def union(parts: list[Condition], name: str) -> Condition:
    """The condition that is each part in that part's own case."""
    true = tuple(dict.fromkeys(side for part in parts for side in part.true))
    false = tuple(dict.fromkeys(side for part in parts for side in part.false))
    if len(true) > MOST_DISJUNCTS or len(false) > MOST_DISJUNCTS:
        return atom(f"~{name}")
    return Condition(true, false)


def all_of(parts: list[Condition], name: str) -> Condition:
    """The conjunction of conditions."""
    result = TRUE
    for part in parts:
        true = tuple(dict.fromkeys(m for a in result.true for b in part.true if (m := a.and_(b)) is not None))
        mixed = tuple(m for a in result.true for b in part.false if (m := a.and_(b)) is not None)
        false = tuple(dict.fromkeys((*result.false, *mixed)))
        if len(true) > MOST_DISJUNCTS or len(false) > MOST_DISJUNCTS:
            return atom(f"~{name}")
        result = Condition(true, false)
    return result


def any_of(parts: list[Condition], name: str) -> Condition:
    """The disjunction of conditions."""
    return all_of([part.negated() for part in parts], name).negated()


def truth(value: Value) -> Condition:
    """A value (not `Alternatives`) taken as a condition."""
    match value:
        case Truth():
            return constant(value.value)
        case Number():
            return constant(bool(value.value))
        case Null() | Absent():
            return FALSE
        case Text(parts=()):
            return FALSE
        case Opaque():
            return atom(f"{_mark(value)}{value.identity}")
        case Outcome():
            return atom(f"~nil:{value.identity}").negated()
        case Text() if value.literal is not None:
            return TRUE
        case Text():
            return compare(CompareOp.NE, value, Text(()))
        case Sequence(items=(), open=is_open) | Mapping(entries=(), open=is_open):
            return atom(f"~filled:{value!r}") if is_open else FALSE
        case _:
            return TRUE


def _mark(value: Value) -> str:
    match value:
        case Opaque():
            return "" if value.identity.startswith("param:") else "~"
        case Text():
            return "~" if any(hole.kind in (HoleKind.OPAQUE, HoleKind.UNIQUE) for hole in value.holes) else ""
        case Number() | Truth() | Null():
            return ""
        case _:
            return "~"


def compare(operator: CompareOp, left: Value, right: Value) -> Condition:
    """Compare two values, neither of them `Alternatives`."""
    match operator:
        case CompareOp.EQ:
            return _equal(left, right)
        case CompareOp.NE:
            return _equal(left, right).negated()
        case _:
            return _ordered(operator, left, right)


def _equal(left: Value, right: Value) -> Condition:
    if left == ANY_ZERO or right == ANY_ZERO:
        return _is_zero(right if left == ANY_ZERO else left)
    if isinstance(left, Null) or isinstance(right, Null):
        return _is_null(right if isinstance(left, Null) else left)
    match left, right:
        case Text(), Text():
            return _texts(left, right)
        case Number(), Number():
            return constant(left.value == right.value)
        case (Text() as written, Number(value)) | (Number(value), Text() as written):
            # A shell compares a number (`$#`) as it is written.
            return _texts(written, Text.of(str(value)))
        case Truth(), Truth():
            return constant(left.value is right.value)
        case Truth(), _:
            return truth(right) if left.value else truth(right).negated()
        case _, Truth():
            return _equal(right, left)
        case Pointer(), Pointer():
            return constant(left == right)
        case (Record(), Record() | Text()) | (Text(), Record()) if (answer := same_key(left, right)) is not Same.MAYBE:
            return constant(answer is Same.YES)
        case ((Sequence() | Mapping()), (Sequence() | Mapping())) if (
            answer := same_key(left, right)
        ) is not Same.MAYBE:
            return constant(answer is Same.YES)
        case Opaque(), Opaque() if left.identity == right.identity:
            return TRUE
        case (Text(), Sequence() | Mapping()) | (Sequence() | Mapping(), Text()):
            return FALSE
    return atom(_question(left, right))


def _texts(left: Text, right: Text) -> Condition:
    match same(left, right):
        case Same.YES:
            return TRUE
        case Same.NO:
            return FALSE
        case Same.MAYBE:
            return atom(_question(left, right))


def _question(left: Value, right: Value) -> str:
    mark = _mark(left) or _mark(right)
    first, second = sorted((_name(left), _name(right)))
    return f"{mark}{first} == {second}"


def _name(value: Value) -> str:
    match value:
        case Text():
            keys = (part if isinstance(part, str) else part.key for part in value.merged())
            return "".join(repr(key) if isinstance(key, str) else f"{key[0].value}:{key[1]}{key[2]}" for key in keys)
        case Opaque():
            return value.identity
        case _:
            return repr(value)


def _is_zero(value: Value) -> Condition:
    match value:
        case Text() | Number() | Truth():
            return truth(value).negated()
        case Opaque() if value == ANY_ZERO:
            return TRUE
        case Opaque() | Record():
            return atom(f"~zero:{value!r}")
        case _:
            return _is_null(value)


def _is_null(value: Value) -> Condition:
    match value:
        case Null() | Absent():
            return TRUE
        case Outcome():
            return atom(f"~nil:{value.identity}")
        case Opaque():
            return atom(f"{_mark(value)}nil:{value.identity}")
        case Mapping(entries=(), type=type_) if type_:
            # A mapping that is made stands behind a reference; this is the zero value.
            return TRUE
        case Sequence(items=()) | Mapping(entries=()):
            return atom(f"~nil:{value!r}")
        case Failure() | Text() | Number() | Truth() | Record() | Pointer() | FunctionValue() | LibraryValue():
            return FALSE
        case _:
            return FALSE


def _ordered(operator: CompareOp, left: Value, right: Value) -> Condition:
    if isinstance(left, Number) and isinstance(right, Number):
        return _placed(operator, (left.value > right.value) - (left.value < right.value))
    if isinstance(left, Text) and isinstance(right, Text) and None not in (left.literal, right.literal):
        one, other = left.literal or "", right.literal or ""
        return _placed(operator, (one > other) - (one < other))
    if isinstance(left, Sequence) and isinstance(right, Sequence) and not left.open and not right.open:
        order = _order_of_lists(left.items, right.items)
        if order is not None:
            return _placed(operator, order)
    if operator in (CompareOp.GE, CompareOp.GT):
        flipped = CompareOp.LT if operator is CompareOp.GE else CompareOp.LE
        return _ordered(flipped, left, right).negated()
    mark = _mark(left) or _mark(right)
    return atom(f"{mark}{_name(left)} {operator.value} {_name(right)}")


def _order_of_lists(left: tuple[Value, ...], right: tuple[Value, ...]) -> int | None:
    """-1, 0 or 1 as the first of two lists comes before, with or after the other; None where that is not known."""
    for one, other in zip(left, right, strict=False):
        answer = same_key(one, other)
        if answer is Same.MAYBE:
            return None
        if answer is Same.NO:
            before = _ordered(CompareOp.LT, one, other)
            return None if before.decided is None else (-1 if before.decided else 1)
    return (len(left) > len(right)) - (len(left) < len(right))


def _placed(operator: CompareOp, order: int) -> Condition:
    """A comparison of two values of which the first comes before (-1), with or after the other."""
    answers = {
        CompareOp.LT: order < 0,
        CompareOp.LE: order <= 0,
        CompareOp.GT: order > 0,
        CompareOp.GE: order >= 0,
    }
    return constant(answers[operator])


def decisive(guards: Guards) -> Guards:
    """The guards without the atoms that nobody can ask about a second time."""
    units = frozenset(literal for literal in guards.units if not literal[0].startswith("~"))
    clauses = frozenset(c for c in guards.clauses if not any(name.startswith("~") for name, _ in c))
    return Guards(units, clauses)
