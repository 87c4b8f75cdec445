"""The rows of a job's matrix (GitHub Docs, "Running variations of jobs in a workflow")."""

from __future__ import annotations

from itertools import islice, product

from tagcheck.frontends.ci.documents import entries, field, items, spelled
from tagcheck.ir import Expression, ListOf, Literal, MapOf, Opaque
from tagcheck.source import Span

MOST_ROWS = 16
"""Rows that are followed; further ones differ in the same way."""
_OWN = frozenset(("include", "exclude"))


def rows(matrix: Expression | None, span: Span) -> tuple[MapOf | None, ...]:
    """The rows in the order in which they run, at least one; None for a row whose values are made by the run."""
    if matrix is None:
        return (MapOf((), span),)
    if not isinstance(matrix, MapOf):
        return (None,)
    keys = [(key, _choices(value)) for key, value in entries(matrix) if key not in _OWN]
    combined = (dict(zip([key for key, _ in keys], row, strict=True)) for row in product(*(each for _, each in keys)))
    found = list(islice(combined, MOST_ROWS * 4)) if keys else []
    excluded = [dict(entries(each)) for each in items(field(matrix, "exclude"))]
    found = [row for row in found if not any(each and _agrees(row, each) for each in excluded)]
    included = field(matrix, "include")
    if included is not None and not isinstance(included, ListOf):
        return (None,)
    found = _extended(found, [dict(entries(each)) for each in items(included)])
    return tuple(_row(each, matrix.span) for each in found[:MOST_ROWS]) or (None,)


def title(row: MapOf | None) -> str:
    """A row for people: its scalars."""
    shown = (spelled(value) for _, value in entries(row))
    return ", ".join(text.strip() for text in shown if text is not None)[:80]


def _choices(value: Expression) -> tuple[Expression, ...]:
    """The values of a key; one that is made by the run is one value of which nothing is known."""
    if isinstance(value, ListOf):
        return value.items[: MOST_ROWS * 2]
    return (Opaque("a matrix that the run makes", value.span),)


def _agrees(row: dict[str, Expression], wanted: dict[str, Expression]) -> bool:
    return all(key in row and _equal(row[key], value) for key, value in wanted.items())


def _equal(left: Expression, right: Expression) -> bool:
    if isinstance(left, MapOf) and isinstance(right, MapOf):
        mine = dict(entries(left))
        return all(key in mine and _equal(mine[key], value) for key, value in entries(right))
    shown = spelled(left)
    return shown is not None and shown == spelled(right)


def _extended(found: list[dict[str, Expression]], included: list[dict[str, Expression]]) -> list[dict[str, Expression]]:
    """With what `include` adds: to every row whose own values it does not change, else a row by itself."""
    own = [dict(row) for row in found]
    for more in included[: MOST_ROWS * 4]:
        fitting = [
            at for at, row in enumerate(own) if all(key not in row or _equal(row[key], more[key]) for key in more)
        ]
        for at in fitting:
            found[at].update(more)
        if not fitting:
            found.append(dict(more))
    return found


def _row(values: dict[str, Expression], span: Span) -> MapOf:
    return MapOf(tuple((Literal(key, value.span, False), value) for key, value in values.items()), span)
