"""Filters of Jinja2, those that Ansible has besides (ansible-core 2.18), and methods of the texts in templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tagcheck.builtins.ansible_filters import ANSIBLE_FILTERS
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, replace_text, split_text
from tagcheck.builtins.template_functions import FUNCTIONS
from tagcheck.builtins.template_scope import Scope, either
from tagcheck.embedded import documents
from tagcheck.values import EMPTY, Absent, HoleKind, Number, Opaque, Sequence, Text, Truth, Value
from tagcheck.values import Mapping as MappingValue

Filter: TypeAlias = Callable[[Scope, Value, tuple[Value, ...]], Value]


def _default(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`default(FALLBACK, BOOLEAN)`: a variable that nobody gives may still be given by the caller."""
    fallback = arguments[0] if arguments else EMPTY
    boolean = len(arguments) > 1 and arguments[1] == Truth(True)
    if isinstance(value, Absent):
        return fallback
    if isinstance(value, Text) and len(value.parts) == 1 and value.holes and value.holes[0].kind is HoleKind.PARAMETER:
        return either(value, lambda: value, lambda: fallback, scope)
    return either(value, lambda: value, lambda: fallback, scope) if boolean else value


def _by_function(name: str) -> Filter:
    def applied(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
        return combine((*arguments, value), lambda row: FUNCTIONS[name](row, scope))

    return applied


def _replaced(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    old = as_text(arguments[0]).literal if len(arguments) > 1 else None
    if not old:
        return scope.unknown("| replace")
    return combine((value, arguments[1]), lambda row: replace_text(as_text(row[0]), old, as_text(row[1])))


def _kept(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    return value


def _indented(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`indent(WIDTH, FIRST)`: the lines but the first are moved to the right, that one too if asked for."""
    width = int(arguments[0].value) if arguments and isinstance(arguments[0], Number) else 4
    first = len(arguments) > 1 and arguments[1] == Truth(True)
    space = Text.of(" " * max(0, min(width, 200)))

    def moved(row: tuple[Value, ...]) -> Value:
        lines = split_text(as_text(row[0], scope.machine), "\n")
        kept = [
            line if (index == 0 and not first) or not line.parts else space + line for index, line in enumerate(lines)
        ]
        return joined(kept, Text.of("\n"))

    return combine((value,), moved)


def _hashed(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    return derived("hash", as_text(value), keeps_unique=True)


def _read(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`from_yaml` and `from_json`: the data that a text holds."""
    return combine((value,), lambda row: next(iter(_documents(row[0])), scope.unknown("data in a text")))


def _read_all(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`from_yaml_all`: everything that a text of several documents holds."""
    return combine((value,), lambda row: Sequence(_documents(row[0])))


def _documents(value: Value) -> tuple[Value, ...]:
    return documents(value) if isinstance(value, Text) else ()


def _listed(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`list`: of a mapping its keys; lists stay what they are."""
    loaded = scope.machine.load(value)
    return loaded if isinstance(loaded, Sequence) else scope.unknown("| list")


def _items(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`dict2items`: the entries of a mapping, each with `key` and `value`."""
    loaded = scope.machine.load(value)
    if not isinstance(loaded, MappingValue):
        return scope.unknown("| dict2items")
    pairs = (((Text.of("key"), key), (Text.of("value"), each)) for key, each in loaded.entries)
    return Sequence(tuple(map(MappingValue, pairs)), loaded.open)


def _mapped(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`items2dict`: a mapping of such entries."""
    loaded = scope.machine.load(value)
    items = loaded.items if isinstance(loaded, Sequence) and not loaded.open else (loaded,)
    pairs = [(each.get("key"), each.get("value")) for each in items if isinstance(each, MappingValue)]
    found = tuple((key, each) for key, each in pairs if key is not None and each is not None)
    return MappingValue(found) if len(found) == len(items) else scope.unknown("| items2dict")


def _combined(scope: Scope, value: Value, arguments: tuple[Value, ...]) -> Value:
    """`combine(OTHER, …)`: mappings, of whose entries the last counts."""
    entries: dict[Value, Value] = {}
    for each in (value, *arguments):
        loaded = scope.machine.load(each)
        if isinstance(loaded, MappingValue) and not loaded.open:
            entries.update(loaded.entries)
        elif not isinstance(loaded, Truth):
            return scope.unknown("| combine")
    return MappingValue(tuple(entries.items()))


FILTERS: Mapping[str, Filter] = {
    **ANSIBLE_FILTERS,
    "default": _default,
    "d": _default,
    "lower": _by_function("lower"),
    "upper": _by_function("upper"),
    "trim": _by_function("trim"),
    "quote": _by_function("quote"),
    "indent": _indented,
    "string": _kept,
    "safe": _kept,
    "escape": _kept,
    "e": _kept,
    "mandatory": _kept,
    "first": _by_function("first"),
    "last": _by_function("last"),
    "length": _by_function("len"),
    "to_yaml": _by_function("toYaml"),
    "to_nice_yaml": _by_function("toYaml"),
    "replace": _replaced,
    "hash": _hashed,
    "from_yaml": _read,
    "from_json": _read,
    "from_yaml_all": _read_all,
    "list": _listed,
    "dict2items": _items,
    "items2dict": _mapped,
    "combine": _combined,
}


def _split_method(row: tuple[Value, ...]) -> Value:
    separator = as_text(row[1]).literal if len(row) > 1 else None
    return Sequence(tuple(split_text(as_text(row[0]), separator))) if separator else Opaque("split", "a list of words")


def _replace_method(row: tuple[Value, ...]) -> Value:
    old = as_text(row[1]).literal if len(row) > 2 else None
    return replace_text(as_text(row[0]), old, as_text(row[2])) if old else Opaque("replace", "a text with replacements")


METHODS: Mapping[str, Callable[[tuple[Value, ...]], Value]] = {
    "split": _split_method,
    "replace": _replace_method,
    "lower": lambda row: as_text(row[0]).mapped("lower"),
    "upper": lambda row: as_text(row[0]).mapped("upper"),
    "strip": lambda row: row[0],
}
