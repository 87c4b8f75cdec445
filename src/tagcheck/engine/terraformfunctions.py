"""What functions of Terraform give (Terraform 1.11, developer.hashicorp.com/terraform/language/functions).

A function that is not here gives something unknown that is the same for the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import basename, dirname
from typing import Protocol

from tagcheck.builtins.symbolic import as_text, joined
from tagcheck.comparison import Same, same_key
from tagcheck.embedded import documents
from tagcheck.engine.shelltexts import shortened
from tagcheck.numerals import natural
from tagcheck.values import (
    EMPTY,
    Absent,
    Filling,
    Mapping,
    Null,
    Number,
    Opaque,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
    hole_of,
)
from tagcheck.writing import written

_VERBS = frozenset("svdq")
_FRESH = frozenset(("uuid", "bcrypt"))
_SPECIAL = frozenset("*?[]\\")


class Run(Protocol):
    """What functions ask of a run."""

    def fresh(self, what: str) -> str: ...
    def join(self, values: tuple[Value, ...]) -> Value: ...
    def item(self, base: Value, index: Value) -> Value: ...
    def read_file(self, path: Value) -> Value | None: ...


Function = Callable[[tuple[Value, ...], Run], Value | None]


def called(name: str, values: tuple[Value, ...], run: Run) -> Value:
    """The result of a function."""
    known = _FUNCTIONS.get(name)
    found = known(values, run) if known is not None else None
    if found is not None:
        return found
    identity = run.fresh(name) if name in _FRESH else f"terraform:{name}({', '.join(map(_shown, values))})"
    return Opaque(identity, f"what {name} gives")


def _shown(value: Value) -> str:
    return str(value) if isinstance(value, Text | Number) else repr(value)[:400]


def truth_text(value: bool) -> Text:
    """A truth value, as expressions compare it."""
    return Text.of("true" if value else "false")


def plain_text(value: Value) -> Text | None:
    """A value as a template shows it."""
    match value:
        case Text():
            return value
        case Number(value=number):
            return Text.of(str(number))
        case Truth(value=held):
            return truth_text(held)
        case Opaque():
            return Text.of_hole(hole_of(value))
        case _:
            return None


def _format(values: tuple[Value, ...], run: Run) -> Value | None:
    template = plain_text(values[0]) if values else None
    rest = list(values[1:])
    if template is None or any(isinstance(part, Filling) for part in template.parts):
        return None
    parts: list[Value] = []
    left = template
    while (halves := left.split_at("%")) is not None:
        verb = halves[1].leading[:1]
        parts.append(halves[0])
        if verb == "%":
            parts.append(Text.of("%"))
        elif verb in _VERBS and rest and verb:
            parts.append(rest.pop(0))
        else:
            return None
        left = halves[1].dropped(1)
    return None if rest else run.join((*parts, left))


def _join(values: tuple[Value, ...], run: Run) -> Value | None:
    separator = plain_text(values[0]) if len(values) == 2 else None
    listed = values[1] if len(values) == 2 else None
    if separator is None or not isinstance(listed, Sequence) or listed.open:
        return None
    parts = [part for item in listed.items for part in (separator, item)]
    return run.join(tuple(parts[1:])) if parts else EMPTY


def _split(values: tuple[Value, ...], run: Run) -> Value | None:
    separator, text = (plain_text(each) for each in values) if len(values) == 2 else (None, None)
    if separator is None or not separator.literal or text is None or text.holes:
        return None
    return Sequence(tuple(text.split(separator.literal)))


def _lookup(values: tuple[Value, ...], run: Run) -> Value | None:
    if not 2 <= len(values) <= 3 or not isinstance(values[0], Mapping) or values[0].open:
        return None
    answers = {same_key(name, values[1]) for name, _ in values[0].entries}
    if Same.YES in answers:
        return run.item(values[0], values[1])
    return values[2] if len(values) == 3 and Same.MAYBE not in answers else None


def _element(values: tuple[Value, ...], run: Run) -> Value | None:
    if len(values) != 2 or not isinstance(values[0], Sequence) or values[0].open or not values[0].items:
        return None
    at = number_of(values[1])
    return values[0].items[at % len(values[0].items)] if at is not None else None


def number_of(value: Value) -> int | None:
    """A natural number; None for anything else."""
    if isinstance(value, Number):
        return int(value.value)
    return natural(value.literal) if isinstance(value, Text) and value.literal is not None else None


def _length(values: tuple[Value, ...], run: Run) -> Value | None:
    match values:
        case (Sequence(open=False, items=items),):
            return Text.of(str(len(items)))
        case (Mapping(open=False, entries=entries),):
            return Text.of(str(len(entries)))
        case (Text() as text,) if text.literal is not None:
            return Text.of(str(len(text.literal)))
        case _:
            return None


def _merge(values: tuple[Value, ...], run: Run) -> Value | None:
    found: dict[Value, Value] = {}
    for each in values:
        if not isinstance(each, Mapping) or each.open:
            return None
        found.update(each.entries)
    return Mapping(tuple(found.items()))


def _keys(values: tuple[Value, ...], run: Run) -> Value | None:
    given = values[0] if len(values) == 1 else None
    return Sequence(tuple(key for key, _ in given.entries), given.open) if isinstance(given, Mapping) else None


def _values(values: tuple[Value, ...], run: Run) -> Value | None:
    given = values[0] if len(values) == 1 else None
    return Sequence(tuple(each for _, each in given.entries), given.open) if isinstance(given, Mapping) else None


def _coalesce(values: tuple[Value, ...], run: Run) -> Value | None:
    for each in values:
        if isinstance(each, Null | Absent) or each == EMPTY:
            continue
        known = isinstance(each, Text) and any(isinstance(part, Piece) and part.text for part in each.parts)
        return each if known else None
    return None


def _try(values: tuple[Value, ...], run: Run) -> Value | None:
    return values[0] if values and not isinstance(values[0], Opaque | Absent) else None


def _read(values: tuple[Value, ...], run: Run) -> Value | None:
    return run.read_file(values[0]) if len(values) == 1 else None


def _decode(values: tuple[Value, ...], run: Run) -> Value | None:
    found = documents(values[0]) if len(values) == 1 and isinstance(values[0], Text) else ()
    return found[0] if len(found) == 1 else None


def _encode(values: tuple[Value, ...], run: Run) -> Value | None:
    return run.join(written(values, bare=True)) if len(values) == 1 else None


def _trimmed(values: tuple[Value, ...], run: Run) -> Value | None:
    text = plain_text(values[0]) if len(values) == 1 else None
    if text is None:
        return None
    text = text.dropped(len(text.leading) - len(text.leading.lstrip()))
    return shortened(text, len(text.trailing) - len(text.trailing.rstrip()))


def _replace(values: tuple[Value, ...], run: Run) -> Value | None:
    texts = [plain_text(each) for each in values]
    if len(texts) != 3 or texts[0] is None or texts[2] is None or texts[1] is None:
        return None
    wanted = texts[1].literal
    pattern = wanted is None or not wanted or (len(wanted) > 1 and wanted[0] == wanted[-1] == "/")
    if pattern or texts[0].holes:
        return None
    return joined(texts[0].split(wanted or ""), texts[2])


def _flatten(values: tuple[Value, ...], run: Run) -> Value | None:
    given = values[0] if len(values) == 1 else None
    if not isinstance(given, Sequence):
        return None
    items: list[Value] = []
    for each in given.items:
        items += each.items if isinstance(each, Sequence) else (each,)
    return Sequence(tuple(items), given.open or any(isinstance(each, Sequence) and each.open for each in given.items))


def _compact(values: tuple[Value, ...], run: Run) -> Value | None:
    given = values[0] if len(values) == 1 else None
    if not isinstance(given, Sequence):
        return None
    return Sequence(tuple(each for each in given.items if not isinstance(each, Null) and each != EMPTY), given.open)


def _contains(values: tuple[Value, ...], run: Run) -> Value | None:
    if len(values) != 2 or not isinstance(values[0], Sequence):
        return None
    answers = {same_key(each, values[1]) for each in values[0].items}
    if Same.YES in answers:
        return truth_text(True)
    return None if values[0].open or Same.MAYBE in answers else truth_text(False)


def _one(values: tuple[Value, ...], run: Run) -> Value | None:
    given = values[0] if len(values) == 1 else None
    if not isinstance(given, Sequence) or given.open or len(given.items) > 1:
        return None
    return given.items[0] if given.items else Null()


def _same(values: tuple[Value, ...], run: Run) -> Value | None:
    return values[0] if len(values) == 1 else None


def _of_path(change: Callable[[str], str]) -> Function:
    def function(values: tuple[Value, ...], run: Run) -> Value | None:
        literal = as_text(values[0]).literal if len(values) == 1 and isinstance(values[0], Text) else None
        return Text.of(change(literal)) if literal is not None else None

    return function


_FUNCTIONS: dict[str, Function] = {
    "abspath": _same,
    "basename": _of_path(basename),
    "coalesce": _coalesce,
    "compact": _compact,
    "contains": _contains,
    "dirname": _of_path(dirname),
    "element": _element,
    "file": _read,
    "flatten": _flatten,
    "format": _format,
    "join": _join,
    "jsondecode": _decode,
    "jsonencode": _encode,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "one": _one,
    "pathexpand": _same,
    "replace": _replace,
    "split": _split,
    "trimspace": _trimmed,
    "try": _try,
    "values": _values,
    "yamldecode": _decode,
    "yamlencode": _encode,
}
