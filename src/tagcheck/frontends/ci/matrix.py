"""The rows of a job's matrix (GitHub Docs, "Running variations of jobs in a workflow")."""

from __future__ import annotations

import json
from itertools import islice, product

from tagcheck.frontends.ci import expressions
from tagcheck.frontends.ci.documents import entries, field, items, scalar, spelled
from tagcheck.frontends.ci.expressions import Function, Quoted
from tagcheck.ir import Constant, Expression, ListOf, Literal, MapOf, Opaque
from tagcheck.source import Span

MOST_ROWS = 16
"""Rows that are followed; further ones differ in the same way."""
LONGEST_JSON = 16 * 1024
DEEPEST_JSON = 10
_OWN = frozenset(("include", "exclude"))


def rows(matrix: Expression | None, span: Span) -> tuple[MapOf | None, ...]:
    """The rows in the order in which they run, at least one; None for a row whose values are made by the run."""
    if matrix is None:
        return (MapOf((), span),)
    matrix = _read(matrix)
    if not isinstance(matrix, MapOf):
        return (None,)
    if any(_is_made_before(value) for _, value in entries(matrix)):
        return (None,)
    keys = [(key, _choices(value)) for key, value in entries(matrix) if key not in _OWN]
    combined = (dict(zip([key for key, _ in keys], row, strict=True)) for row in product(*(each for _, each in keys)))
    found = list(islice(combined, MOST_ROWS * 4)) if keys else []
    excluded = [dict(entries(each)) for each in items(field(matrix, "exclude"))]
    found = [row for row in found if not any(each and _agrees(row, each) for each in excluded)]
    included = field(matrix, "include")
    included = None if included is None else _read(included)
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
    value = _read(value)
    if isinstance(value, ListOf):
        return value.items[: MOST_ROWS * 2]
    return (Opaque("a matrix that the run makes", value.span),)


def _is_made_before(value: Expression) -> bool:
    """Whether an earlier job, or who calls the workflow, gives the values of a key as JSON."""
    text = spelled(value) or ""
    return "${{" in text and any(context in text for context in ("needs.", "inputs.")) and "json" in text.lower()


def _read(value: Expression) -> Expression:
    """What stands in JSON that is written out (`${{ fromJSON('…') }}`); anything else as it is."""
    text = scalar(value)
    whole = text.text.strip() if text is not None else ""
    if text is None or not (whole.startswith("${{") and whole.endswith("}}")):
        return value
    start = text.text.index("${{") + 3
    node = expressions.parse(text.text, start, text.text.rindex("}}"))
    if not isinstance(node, Function) or node.name != "fromjson" or len(node.arguments) != 1:
        return value
    given = node.arguments[0]
    if not isinstance(given, Quoted) or len(given.value) > LONGEST_JSON:
        return value
    try:
        return _of_json(json.loads(given.value), value.span, 0)
    except (ValueError, RecursionError):
        return value


def _of_json(data: object, span: Span, depth: int) -> Expression:
    match data:
        case _ if depth > DEEPEST_JSON:
            return Opaque("JSON that is nested too deeply", span)
        case list():
            return ListOf(tuple(_of_json(each, span, depth + 1) for each in data), span)
        case dict():
            pairs = ((Literal(key, span, False), _of_json(each, span, depth + 1)) for key, each in data.items())
            return MapOf(tuple(pairs), span)
        case str():
            return Literal(data, span, False)
        case bool() | int() | float() | None:
            return Constant(data, span)
        case _:
            return Opaque("JSON", span)


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
