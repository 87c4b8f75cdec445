"""The functions that names are made with (docs.docker.com/build/bake/stdlib)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tagcheck import ir
from tagcheck.ir import CompareOp, Expression
from tagcheck.source import Span

Arguments: TypeAlias = tuple[Expression, ...]

_DECIDED = (ir.Compare, ir.Not, ir.AllOf, ir.AnyOf, ir.Opaque)
_SPECIAL = frozenset("*?[]\\(){}|+@!#%/")


def condition(value: Expression) -> Expression:
    """A value as a condition: a text counts by what it says."""
    if isinstance(value, _DECIDED):
        return value
    return ir.Compare(CompareOp.EQ, value, ir.Literal("true", value.span, exact=False), value.span)


def applied(name: str, arguments: Arguments, span: Span) -> Expression | None:
    """A call of a function of the language; None for one that is not known."""
    known = _FUNCTIONS.get(name)
    return known(arguments, span) if known is not None else None


def _concat(arguments: Arguments, span: Span) -> Expression:
    return ir.ListOf(tuple(ir.Spread(each, each.span) for each in arguments), span)


def _itself(arguments: Arguments, span: Span) -> Expression | None:
    return arguments[0] if len(arguments) == 1 else None


def _equal(arguments: Arguments, span: Span) -> Expression | None:
    return ir.Compare(CompareOp.EQ, *arguments, span) if len(arguments) == 2 else None


def _notequal(arguments: Arguments, span: Span) -> Expression | None:
    return ir.Compare(CompareOp.NE, *arguments, span) if len(arguments) == 2 else None


def _and(arguments: Arguments, span: Span) -> Expression:
    return ir.AllOf(tuple(map(condition, arguments)), span)


def _or(arguments: Arguments, span: Span) -> Expression:
    return ir.AnyOf(tuple(map(condition, arguments)), span)


def _not(arguments: Arguments, span: Span) -> Expression | None:
    return ir.Not(condition(arguments[0]), span) if len(arguments) == 1 else None


def _cased(operation: str) -> Callable[[Arguments, Span], Expression | None]:
    return lambda arguments, span: ir.Apply(operation, arguments, span) if len(arguments) == 1 else None


def _trimmed(operation: str) -> Callable[[Arguments, Span], Expression | None]:
    def lower(arguments: Arguments, span: Span) -> Expression | None:
        plain = len(arguments) == 2 and _is_plain(arguments[1])
        return ir.Apply(operation, arguments, span) if plain else None

    return lower


def _replace(arguments: Arguments, span: Span) -> Expression | None:
    plain = len(arguments) == 3 and _is_plain(arguments[1])
    return ir.Apply("replace-all", arguments, span) if plain else None


def _join(arguments: Arguments, span: Span) -> Expression | None:
    if len(arguments) != 2 or not isinstance(arguments[1], ir.ListOf):
        return None
    items = arguments[1].items
    if any(isinstance(each, ir.Spread | ir.Constant) for each in items):
        return None
    parts = [part for each in items for part in (arguments[0], each)]
    return ir.Join(tuple(parts[1:]), span)


def _format(arguments: Arguments, span: Span) -> Expression | None:
    """`%s`, `%v` and `%d` in a text that is written out."""
    if not arguments or not isinstance(arguments[0], ir.Literal):
        return None
    template, values = arguments[0], list(arguments[1:])
    parts: list[Expression] = []
    pieces = template.text.split("%")
    parts.append(ir.Literal(pieces[0], template.span, exact=False))
    for piece in pieces[1:]:
        if piece[:1] not in ("s", "v", "d") or not values:
            return None
        parts += (values.pop(0), ir.Literal(piece[1:], template.span, exact=False))
    return None if values else ir.Join(tuple(parts), span)


def _coalesce(arguments: Arguments, span: Span) -> Expression | None:
    if not arguments:
        return None
    *first, found = arguments
    for value in reversed(first):
        given = ir.Compare(CompareOp.NE, value, ir.Constant(None, span), span)
        found = ir.Choice(given, value, found, span)
    return found


def _is_plain(value: Expression) -> bool:
    """Whether a text is written out and means itself where a pattern is expected."""
    return isinstance(value, ir.Literal) and bool(value.text) and _SPECIAL.isdisjoint(value.text)


_FUNCTIONS: dict[str, Callable[[Arguments, Span], Expression | None]] = {
    "concat": _concat,
    "compact": _itself,
    "distinct": _itself,
    "tolist": _itself,
    "toset": _itself,
    "tostring": _itself,
    "equal": _equal,
    "notequal": _notequal,
    "and": _and,
    "or": _or,
    "not": _not,
    "lower": _cased("lower"),
    "upper": _cased("upper"),
    "trimprefix": _trimmed("without-prefix"),
    "trimsuffix": _trimmed("without-suffix"),
    "replace": _replace,
    "join": _join,
    "format": _format,
    "coalesce": _coalesce,
}
