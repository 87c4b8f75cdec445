"""Filters that texts, numbers and lists of playbooks go through (ansible-core 2.18; Jinja2 3.1).

What they make of values that are not known is not known, but the same for the same values.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from tagcheck.builtins.pythonpatterns import matches_in
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, undecided
from tagcheck.builtins.template_scope import Scope, either
from tagcheck.numerals import whole
from tagcheck.values import EMPTY, Absent, Null, Number, Sequence, Text, Truth, Value

Filter: TypeAlias = Callable[[Scope, Value, tuple[Value, ...]], Value]
_TRUE = frozenset(("yes", "on", "1", "true", "t", "y"))
_GROUP = re.compile(r"\\(?:g<(\d+)>|(\d))")


def _of_text(name: str, function: Callable[..., str | None]) -> Filter:
    """A function of a text that is written out, and of others that stand in its brackets."""

    def applied(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
        return combine((value, *arguments), lambda row: _applied(row, scope))

    def _applied(row: tuple[Value, ...], scope: Scope) -> Value:
        texts = [as_text(each, scope.machine) for each in row]
        literals = [text.literal for text in texts]
        made = None if None in literals else function(*literals)
        return derived(name, *texts) if made is None else Text.of(made)

    return applied


def _truth(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`bool`: the words for truth; anything else that is known is not true."""

    def said(row: tuple[Value, ...]) -> Value:
        match row[0]:
            case Truth():
                return row[0]
            case Null() | Absent():
                return Truth(False)
            case Number(value=number):
                return Truth(number == 1)
            case Text(literal=str() as written):
                return Truth(written.lower() in _TRUE)
            case _:
                return undecided("bool", row[0])

    return combine((value,), said)


def _ternary(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`ternary(TRUE, FALSE, NONE)`."""
    if len(arguments) < 2:
        return scope.unknown("| ternary")
    if isinstance(value, Null) and len(arguments) > 2:
        return arguments[2]
    return either(value, lambda: arguments[0], lambda: arguments[1], scope)


def _number(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`int(DEFAULT)`."""

    def read(row: tuple[Value, ...]) -> Value:
        match row[0]:
            case Number(value=number) if abs(number) < 1 << 63:
                return Number(int(number))
            case Text(literal=str() as written):
                known = whole(written.strip())
                return Number(known) if known is not None else arguments[0] if arguments else Number(0)
            case _:
                return undecided("int", row[0], type="int")

    return combine((value,), read)


def _joined(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`join(SEPARATOR)`."""
    items = scope.machine.load(value)
    if not isinstance(items, Sequence) or items.open:
        return scope.unknown("| join")
    separator = as_text(arguments[0]) if arguments else EMPTY
    return combine(items.items, lambda row: joined([as_text(each, scope.machine) for each in row], separator))


def _replaced(text: str, pattern: str, replacement: str, *rest: str) -> str | None:
    """`regex_replace(PATTERN, REPLACEMENT)`; groups are `\\1` or `\\g<1>`."""
    found = matches_in(text, pattern)
    if found is None or rest:
        return None
    parts, at = [], 0
    for start, end, groups in found:
        made = _GROUP.sub(lambda each, groups=groups: _group(groups, each[1] or each[2]), replacement)  # type: ignore[misc]
        parts += [text[at:start], made]
        at = end
    return "".join((*parts, text[at:]))


def _group(groups: list[str | None], number: str) -> str:
    at = int(number)
    return (groups[at] or "") if at < len(groups) else ""


def _searched(text: str, pattern: str, *rest: str) -> str | None:
    """`regex_search(PATTERN)`, without groups that are asked for."""
    found = matches_in(text, pattern)
    if found is None or rest:
        return None
    return found[0][2][0] or "" if found else ""


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _of_items(name: str, function: Callable[[tuple[Value, ...]], list[Value] | None]) -> Filter:
    def applied(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
        items = scope.machine.load(value)
        made = function(items.items) if isinstance(items, Sequence) and not items.open and not arguments else None
        return scope.unknown(f"| {name}") if made is None else Sequence(tuple(made))

    return applied


def _sorted(items: tuple[Value, ...]) -> list[Value] | None:
    literals = [each.literal for each in items if isinstance(each, Text) and each.literal is not None]
    return [Text.of(each) for each in sorted(literals, key=str.lower)] if len(literals) == len(items) else None


def _flat(items: tuple[Value, ...]) -> list[Value]:
    return [inner for each in items for inner in (_flat(each.items) if isinstance(each, Sequence) else [each])]


ANSIBLE_FILTERS: Mapping[str, Filter] = {
    "bool": _truth,
    "ternary": _ternary,
    "int": _number,
    "join": _joined,
    "regex_replace": _of_text("regex_replace", _replaced),
    "regex_search": _of_text("regex_search", _searched),
    "b64encode": _of_text("b64encode", lambda text: base64.b64encode(text.encode()).decode()),
    "b64decode": _of_text("b64decode", _decoded),
    "basename": _of_text("basename", posixpath.basename),
    "dirname": _of_text("dirname", posixpath.dirname),
    "unique": _of_items("unique", lambda items: list(dict.fromkeys(items))),
    "sort": _of_items("sort", _sorted),
    "flatten": _of_items("flatten", _flat),
}
