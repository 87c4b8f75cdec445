"""What a loop does that deals with one thing in each round: with an option of a command line, with a subcommand.

    while [[ $# -gt 0 ]]; do case "$1" in --tag) TAG="$2"; shift 2;; --load) LOAD=true; shift;; esac; done

Where the arguments are not known, such a loop stands for as many decisions as it has arms: each of them is given or
not, whatever the others are. To run the body once would say that exactly one of them is.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tagcheck import ir

MOST_ARMS = 64
_WILD = "*?["


class Arm(Struct, frozen=True):
    """What a round does for one thing. `label` is what it is called there, `has_rest`: something follows the label
    (`--tag=*`); the arm for all others has no label."""

    label: str
    has_rest: bool
    body: tuple[ir.Statement, ...]


def arguments(body: tuple[ir.Statement, ...]) -> ir.Name | None:
    """The variable with the arguments of which a round of a loop with this body looks at the first; None if it does
    not begin so."""
    for statement in body:
        match statement:
            case ir.Assign(value=value) if (found := _first_of(value)) is not None:
                return found
            case ir.Branch(condition=condition):
                return next((found for side, _ in _questions(condition) if (found := _first_of(side))), None)
    return None


def arms(body: tuple[ir.Statement, ...], item: str = "") -> tuple[Arm, ...]:
    """The arms of a loop's body; none if it does not choose by what the first argument is, or the variable `item`."""
    names = {item} if item else set()
    for at, statement in enumerate(body):
        match statement:
            case ir.Assign(targets=(ir.Name(name=name),), value=value) if _is_thing(value, names):
                names.add(name)
            case ir.Branch():
                found = tuple(_arms(statement, body[:at], body[at + 1 :], names))
                return found if any(arm.label for arm in found) and len(found) <= MOST_ARMS else ()
    return ()


def _arms(
    branch: ir.Branch, before: tuple[ir.Statement, ...], after: tuple[ir.Statement, ...], names: set[str]
) -> Iterator[Arm]:
    label = _label(branch.condition, names)
    if label is None:
        yield Arm("", False, (*before, branch, *after))
        return
    yield Arm(*label, (*before, *branch.then, *after))
    *between, last = branch.otherwise or (None,)
    if isinstance(last, ir.Branch):
        yield from _arms(last, (*before, *(each for each in between if each is not None)), after, names)
    elif branch.otherwise:
        yield Arm("", False, (*before, *branch.otherwise, *after))


def _label(condition: ir.Expression, names: set[str]) -> tuple[str, bool] | None:
    """What the thing is called for which a condition holds, the longest of its names; None if it asks for something
    else."""
    found: list[tuple[str, bool]] = []
    for subject, wanted in _questions(condition):
        if not isinstance(wanted, ir.Literal) or not _is_thing(subject, names):
            return None
        text = wanted.text
        is_pattern = any(mark in text for mark in _WILD) and isinstance(condition, ir.Apply | ir.AnyOf)
        plain = text[: min(text.index(mark) for mark in _WILD if mark in text)] if is_pattern else text
        found.append((plain, is_pattern))
    best = max(found, key=lambda each: len(each[0]), default=None)
    return best if best is not None and best[0] else None


def _questions(condition: ir.Expression) -> Iterator[tuple[ir.Expression, ir.Expression]]:
    """What a condition compares, and with what."""
    match condition:
        case ir.Compare(operator=ir.CompareOp.EQ, left=left, right=right):
            yield (right, left) if isinstance(left, ir.Literal) else (left, right)
        case ir.Apply(operation="matches", arguments=(subject, wanted)):
            yield subject, wanted
        case ir.AnyOf(operands=operands):
            for operand in operands:
                yield from _questions(operand)
        case _:
            yield condition, condition


def _is_thing(expression: ir.Expression, names: set[str]) -> bool:
    """Whether an expression is what the round deals with."""
    match expression:
        case ir.Name(name=name):
            return name in names
        case ir.Index(base=ir.Name(name=name), index=ir.Constant(value=0)):
            return name in names
        case _:
            return _first_of(expression) is not None


def _first_of(expression: ir.Expression) -> ir.Name | None:
    """The list of which an expression is the first item, as scripts count their arguments."""
    match expression:
        case ir.Apply(operation="argument", arguments=(ir.Name() as listed, ir.Constant(value=1))):
            return listed
        case ir.Choice(then=then):
            return _first_of(then)
        case _:
            return None
