"""The functions of templates: Go's own (pkg.go.dev/text/template, Go 1.24), and those that charts have besides (Sprig
3.3, Helm 3.17). They get their operands with alternatives taken apart; what is not here is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from tagcheck import values
from tagcheck.builtins.chart_functions import CHART_FUNCTIONS
from tagcheck.builtins.formats import format_text
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, replace_text, split_text, undecided
from tagcheck.builtins.template_scope import Scope, either, truthy
from tagcheck.builtins.texts import quoted
from tagcheck.comparison import Same, same
from tagcheck.embedded import documents
from tagcheck.source import Position
from tagcheck.values import EMPTY, Absent, FunctionValue, Null, Number, Opaque, Text, Truth, Value
from tagcheck.writing import written

Row = tuple[Value, ...]
Function = Callable[[Row, Scope], Value]
_LINE = Text.of("\n")
LONGEST_LIST = 200


def _printf(row: Row, scope: Scope) -> Value:
    return format_text(as_text(row[0]), row[1:], scope.machine, scope.identity) if row else EMPTY


def _print(row: Row, scope: Scope) -> Value:
    """Operands one after the other, with a space between two of which neither is a text (Go's fmt.Sprint)."""
    parts: list[Text] = []
    for index, value in enumerate(row):
        if index and not isinstance(value, Text) and not isinstance(row[index - 1], Text):
            parts.append(Text.of(" "))
        parts.append(as_text(value, scope.machine))
    return joined(parts, EMPTY)


def _line(row: Row, scope: Scope) -> Value:
    return joined([as_text(value, scope.machine) for value in row], Text.of(" "), after=Text.of("\n"))


def _call(row: Row, scope: Scope) -> Value:
    """`call FUNCTION OPERAND…`: a function that the data hold."""
    found = scope.machine.call(row[0], row[1:]) if row and isinstance(row[0], FunctionValue) else ()
    return found[0] if found else scope.unknown("call")


def _escaped(row: Row, scope: Scope) -> Value:
    """A text as it stands in HTML or a script, where it needs no escapes."""
    text = as_text(row[-1], scope.machine) if row else EMPTY
    written = "".join(part.text for part in text.parts if isinstance(part, values.Piece))
    return text if not any(character in "<>&'\"\\=" for character in written) else scope.unknown("an escaped text")


# --- choices ---------------------------------------------------------------------------------------------------------


def _default(row: Row, scope: Scope) -> Value:
    """`default FALLBACK VALUE`."""
    if len(row) != 2:
        return row[0] if row else EMPTY
    return either(row[1], lambda: row[1], lambda: row[0], scope)


def _first_true(row: Row, scope: Scope) -> Value:
    """`or`, `coalesce`: the first operand that is true."""
    if len(row) < 2:
        return row[0] if row else EMPTY
    return either(row[0], lambda: row[0], lambda: _first_true(row[1:], scope), scope)


def _every(row: Row, scope: Scope) -> Value:
    if len(row) < 2:
        return row[0] if row else EMPTY
    return either(row[0], lambda: _every(row[1:], scope), lambda: row[0], scope)


def _ternary(row: Row, scope: Scope) -> Value:
    """`ternary THEN OTHERWISE CONDITION`."""
    return either(row[2], lambda: row[0], lambda: row[1], scope) if len(row) == 3 else scope.unknown("ternary")


def _not(row: Row, scope: Scope) -> Value:
    true = truthy(scope.machine.load(row[0])) if row else None
    return undecided("not", *row) if true is None else Truth(not true)


def _empty(row: Row, scope: Scope) -> Value:
    return _not(row, scope)


def _equal(row: Row, scope: Scope) -> Value:
    if len(row) < 2:
        return undecided("eq", *row)
    first = as_text(row[0])
    answers = [same(first, as_text(value)) for value in row[1:]]
    if Same.YES in answers:
        return Truth(True)
    return undecided("eq", *row) if Same.MAYBE in answers else Truth(False)


def _unequal(row: Row, scope: Scope) -> Value:
    equal = _equal(row, scope)
    return Truth(not equal.value) if isinstance(equal, Truth) else undecided("ne", *row)


def _ordered(name: str, *orders: int) -> Function:
    """`lt`, `le`, `gt` and `ge`: whether two numbers, or texts, stand in one of some orders (-1: the first is less)."""

    def compared(row: Row, scope: Scope) -> Value:
        match row:
            case (Number(value=first), Number(value=second)):
                return Truth((first > second) - (first < second) in orders)
            case (Text(literal=str() as one), Text(literal=str() as other)):
                return Truth((one > other) - (one < other) in orders)
            case _:
                return undecided(name, *row)

    return compared


def _contains(row: Row, scope: Scope) -> Value:
    """`contains PART TEXT`."""
    part, whole = (as_text(value).literal for value in row[:2]) if len(row) == 2 else (None, None)
    return undecided("contains", *row) if part is None or whole is None else Truth(part in whole)


def _has_prefix(row: Row, scope: Scope) -> Value:
    part, whole = (as_text(row[0]).literal, as_text(row[1])) if len(row) == 2 else (None, EMPTY)
    if part is None or (whole.holes and len(whole.leading) < len(part)):
        return undecided("hasPrefix", *row)
    return Truth(whole.leading.startswith(part))


def _has_suffix(row: Row, scope: Scope) -> Value:
    part, whole = (as_text(row[0]).literal, as_text(row[1])) if len(row) == 2 else (None, EMPTY)
    if part is None or (whole.holes and len(whole.trailing) < len(part)):
        return undecided("hasSuffix", *row)
    return Truth(whole.trailing.endswith(part))


# --- texts -----------------------------------------------------------------------------------------------------------


def _quote(row: Row, scope: Scope) -> Value:
    return quoted(as_text(row[-1], scope.machine)) if row else EMPTY


def _single_quote(row: Row, scope: Scope) -> Value:
    mark = Text.of("'")
    return mark + as_text(row[-1], scope.machine) + mark if row else EMPTY


def _last(row: Row, scope: Scope) -> Value:
    """Functions that change nothing that a name is made of (html, js, trim)."""
    return row[-1] if row else EMPTY


def _lower(row: Row, scope: Scope) -> Value:
    return as_text(row[-1]).mapped("lower") if row else EMPTY


def _upper(row: Row, scope: Scope) -> Value:
    return as_text(row[-1]).mapped("upper") if row else EMPTY


def _indent(row: Row, scope: Scope) -> Value:
    """`indent COUNT TEXT`: every line moved to the right, those without characters too."""
    if len(row) != 2 or not isinstance(row[0], Number):
        return row[-1] if row else EMPTY
    space = Text.of(" " * min(int(row[0].value), 200))
    lines = split_text(as_text(row[1], scope.machine), "\n")
    return joined([space + line for line in lines], _LINE)


def _new_indent(row: Row, scope: Scope) -> Value:
    return _LINE + as_text(_indent(row, scope))


def _trim(row: Row, scope: Scope) -> Value:
    text = as_text(row[-1], scope.machine) if row else EMPTY
    literal = text.literal
    if literal is not None and literal == literal.strip():
        return text
    leading = len(text.leading) - len(text.leading.lstrip())
    text = text.dropped(leading)
    extra = len(text.trailing) - len(text.trailing.rstrip())
    return _without_last(text, extra)


def _without_last(text: Text, count: int) -> Text:
    parts = list(text.parts)
    while count and parts and isinstance(parts[-1], values.Piece):
        piece = parts.pop()
        assert isinstance(piece, values.Piece)
        kept = values.cut(piece, max(0, len(piece.text) - count))[0]
        count -= min(count, len(piece.text))
        parts.extend(kept)
    return Text(tuple(parts))


def _trim_prefix(row: Row, scope: Scope) -> Value:
    """`trimPrefix PREFIX TEXT`."""
    prefix, text = (as_text(row[0]).literal, as_text(row[1], scope.machine)) if len(row) == 2 else (None, EMPTY)
    if prefix is None or (text.holes and not text.leading):
        return derived("trimPrefix", *(as_text(value) for value in row))
    found = text.without_prefix(prefix)
    return text if found is None else found


def _trim_suffix(row: Row, scope: Scope) -> Value:
    suffix, text = (as_text(row[0]).literal, as_text(row[1], scope.machine)) if len(row) == 2 else (None, EMPTY)
    if suffix is None or (text.holes and not text.trailing):
        return derived("trimSuffix", *(as_text(value) for value in row))
    return _without_last(text, len(suffix)) if suffix and text.trailing.endswith(suffix) else text


def _truncated(row: Row, scope: Scope) -> Value:
    """`trunc COUNT TEXT`: a text that is short enough stays as it is."""
    text = as_text(row[-1], scope.machine) if row else EMPTY
    literal = text.literal
    if len(row) == 2 and isinstance(row[0], Number) and literal is not None:
        count = int(row[0].value)
        return _without_last(text, max(0, len(literal) - count)) if count >= 0 else text.dropped(len(literal) + count)
    return text


def _replaced(row: Row, scope: Scope) -> Value:
    """`replace OLD NEW TEXT`."""
    old = as_text(row[0]).literal if len(row) == 3 else None
    return scope.unknown("replace") if not old else replace_text(as_text(row[2]), old, as_text(row[1]))


def _split_list(row: Row, scope: Scope) -> Value:
    """`splitList SEPARATOR TEXT`."""
    separator = as_text(row[0]).literal if len(row) == 2 else None
    return (
        scope.unknown("splitList") if not separator else values.Sequence(tuple(split_text(as_text(row[1]), separator)))
    )


def _split(row: Row, scope: Scope) -> Value:
    """`split SEPARATOR TEXT`: a mapping with the keys _0, _1, …"""
    listed = _split_list(row, scope)
    items = listed.items if isinstance(listed, values.Sequence) else ()
    return values.Mapping(tuple((Text.of(f"_{number}"), item) for number, item in enumerate(items)), not items)


def _joined(row: Row, scope: Scope) -> Value:
    """`join SEPARATOR LIST`."""
    items = scope.machine.load(row[1]) if len(row) == 2 else None
    if not isinstance(items, values.Sequence) or items.open:
        return scope.unknown("join")
    return combine(items.items, lambda found: joined([as_text(each) for each in found], as_text(row[0])))


def _unique(row: Row, scope: Scope) -> Value:
    return scope.machine.unique("a random value of a template")


# --- lists and mappings ----------------------------------------------------------------------------------------------


def _index(row: Row, scope: Scope) -> Value:
    value = row[0] if row else EMPTY
    for key in row[1:]:
        loaded = scope.machine.load(value)
        name = as_text(key).literal
        if scope.watch is not None and name is not None:
            scope.watch.note(loaded, name)
        if isinstance(loaded, values.Sequence) and isinstance(key, Number) and 0 <= key.value < len(loaded.items):
            value = loaded.items[int(key.value)]
        elif isinstance(loaded, values.Mapping) and name is not None:
            found = loaded.get(name)
            value = EMPTY if found is None else found
        else:
            return undecided("index", *row, type="")
    return value


def _get(row: Row, scope: Scope) -> Value:
    return _index(row, scope) if len(row) == 2 else scope.unknown("get")


def _dug(row: Row, scope: Scope) -> Value:
    """`dig KEY… DEFAULT MAPPING`."""
    if len(row) < 3:
        return scope.unknown("dig")
    found = _index((row[-1], *row[:-2]), scope)
    return row[-2] if found == EMPTY else found


def _has_key(row: Row, scope: Scope) -> Value:
    loaded = scope.machine.load(row[0]) if len(row) == 2 else None
    name = as_text(row[1]).literal if len(row) == 2 else None
    if not isinstance(loaded, values.Mapping) or loaded.open or name is None:
        return undecided("hasKey", *row)
    if scope.watch is not None:
        scope.watch.note(loaded, name)
    return Truth(loaded.get(name) is not None)


def _dict(row: Row, scope: Scope) -> Value:
    return values.Mapping(tuple(zip(row[::2], row[1::2], strict=False)))


def _list(row: Row, scope: Scope) -> Value:
    return values.Sequence(row)


def _first(row: Row, scope: Scope) -> Value:
    items = scope.machine.load(row[-1]) if row else None
    return items.items[0] if isinstance(items, values.Sequence) and items.items else scope.unknown("first")


def _last_item(row: Row, scope: Scope) -> Value:
    items = scope.machine.load(row[-1]) if row else None
    known = isinstance(items, values.Sequence) and items.items and not items.open
    return items.items[-1] if known and isinstance(items, values.Sequence) else scope.unknown("last")


def _concatenated(row: Row, scope: Scope) -> Value:
    lists = [scope.machine.load(each) for each in row]
    items = [item for each in lists if isinstance(each, values.Sequence) for item in each.items]
    is_open = any(not isinstance(each, values.Sequence) or each.open for each in lists)
    return values.Sequence(tuple(items[:LONGEST_LIST]), is_open)


def _length(row: Row, scope: Scope) -> Value:
    loaded = scope.machine.load(row[0]) if row else None
    match loaded:
        case values.Sequence(open=False):
            return Number(len(loaded.items))
        case values.Mapping(open=False):
            return Number(len(loaded.entries))
        case Null() | Absent():
            return Number(0)
        case Text() if loaded.literal is not None:
            return Number(len(loaded.literal.encode("utf-8", "surrogatepass")))
        case _:
            return undecided("len", *row, type="int")


def _merged(row: Row, scope: Scope) -> Value:
    """`merge A B …`: what the first has counts."""
    found: Value = values.Mapping(())
    for each in reversed(row):
        found = laid_over(found, scope.machine.load(each))
    return found


def _merged_over(row: Row, scope: Scope) -> Value:
    """`mergeOverwrite A B …`: what the last has counts."""
    found: Value = values.Mapping(())
    for each in row:
        found = laid_over(found, scope.machine.load(each))
    return found


def _set(row: Row, scope: Scope) -> Value:
    """`set MAPPING KEY VALUE`; without a value, `unset`."""
    loaded, key = scope.machine.load(row[0]) if row else None, as_text(row[1]).literal if len(row) > 1 else None
    if not isinstance(loaded, values.Mapping) or key is None:
        return scope.unknown("set")
    kept = tuple(each for each in loaded.entries if as_text(each[0]).literal != key)
    return values.Mapping((*kept, *(((Text.of(key), row[2]),) if len(row) > 2 else ())), loaded.open)


def laid_over(below: Value, above: Value, *, ends: bool = True) -> Value:
    """Mappings join key by key; anything else is replaced. A null takes a key away, as in the values of charts; without
    `ends` it stays, to take away what the result is laid over."""
    if not isinstance(below, values.Mapping) or not isinstance(above, values.Mapping):
        return above if isinstance(above, values.Mapping) or not isinstance(below, values.Mapping) else below
    entries = dict(below.entries)
    for key, value in above.entries:
        old = entries.get(key)
        if isinstance(value, Null) and ends:
            entries.pop(key, None)
        elif isinstance(old, values.Mapping) and isinstance(value, values.Mapping):
            entries[key] = laid_over(old, value, ends=ends)
        else:
            entries[key] = _opened(value) if below.open and old is None else value
    return values.Mapping(tuple(entries.items()), below.open or above.open)


def _opened(value: Value) -> Value:
    """A value that is laid over one of which nothing is known."""
    if not isinstance(value, values.Mapping):
        return value
    return values.Mapping(tuple((key, _opened(each)) for key, each in value.entries), True)


def _to_yaml(row: Row, scope: Scope) -> Value:
    value = scope.machine.load(row[0]) if row else EMPTY
    if isinstance(value, Opaque | Text):
        return value
    parts = combine(written((value,), bare=True), lambda found: joined([as_text(each) for each in found], EMPTY))
    return parts


def _from_yaml(row: Row, scope: Scope) -> Value:
    text = as_text(row[0], scope.machine) if row else EMPTY
    found = _read(text, text.origin)
    return found[0] if found else scope.unknown("fromYaml")


def _called_must(name: str) -> str:
    """A function by the name that it has without `must` before it."""
    short = name.removeprefix("must")
    return short[:1].lower() + short[1:] if short != name else name


def function_named(name: str) -> Function | None:
    """A function of templates; one that `must` come to something does what the plain one does."""
    return FUNCTIONS.get(name) or FUNCTIONS.get(_called_must(name))


@lru_cache(maxsize=256)
def _read(text: Text, origin: Position | None) -> tuple[Value, ...]:
    """The documents of a text; charts read the same one for every template. `origin` keeps equal texts of different
    places apart."""
    return documents(text)


def _environment(row: Row, scope: Scope) -> Value:
    return scope.machine.environment(as_text(row[0])) if row else EMPTY


CHANGING = frozenset(("set", "unset", "merge", "mergeOverwrite"))
"""Functions that change the mapping that is their first operand."""
LOOKING = frozenset(("eq", "ne", "first", "last", "kindIs", "typeIs"))
"""Those of `PASSING` whose result depends on more than whether a mapping is empty."""
PASSING = frozenset(
    (
        *("default", "or", "coalesce", "and", "not", "eq", "ne", "ternary", "empty", "dict", "list", "index", "get"),
        *("hasKey", "dig", "required", "first", "last", "kindIs", "typeIs", "pluck"),
    )
)
"""Functions that look at no more of a mapping than they are asked for."""

FUNCTIONS: Mapping[str, Function] = {
    **CHART_FUNCTIONS,
    "printf": _printf,
    "print": _print,
    "println": _line,
    "call": _call,
    "default": _default,
    "or": _first_true,
    "coalesce": _first_true,
    "and": _every,
    "ternary": _ternary,
    "not": _not,
    "empty": _empty,
    "eq": _equal,
    "ne": _unequal,
    "lt": _ordered("lt", -1),
    "le": _ordered("le", -1, 0),
    "gt": _ordered("gt", 1),
    "ge": _ordered("ge", 0, 1),
    "contains": _contains,
    "hasPrefix": _has_prefix,
    "hasSuffix": _has_suffix,
    "quote": _quote,
    "squote": _single_quote,
    "lower": _lower,
    "upper": _upper,
    "index": _index,
    "get": _get,
    "dig": _dug,
    "hasKey": _has_key,
    "dict": _dict,
    "list": _list,
    "tuple": _list,
    "first": _first,
    "last": _last_item,
    "concat": _concatenated,
    "len": _length,
    "merge": _merged,
    "set": _set,
    "unset": _set,
    "mergeOverwrite": _merged_over,
    "deepCopy": _last,
    "env": _environment,
    "html": _escaped,
    "js": _escaped,
    "indent": _indent,
    "nindent": _new_indent,
    "trim": _trim,
    "trimPrefix": _trim_prefix,
    "trimSuffix": _trim_suffix,
    "trunc": _truncated,
    "replace": _replaced,
    "split": _split,
    "splitList": _split_list,
    "join": _joined,
    "toString": lambda row, scope: as_text(row[0], scope.machine) if row else EMPTY,
    "toYaml": _to_yaml,
    "fromYaml": _from_yaml,
    "fromJson": _from_yaml,
    "fromYamlArray": _from_yaml,
    "fromJsonArray": _from_yaml,
    "required": _last,
    "randAlphaNum": _unique,
    "randAlpha": _unique,
    "randNumeric": _unique,
    "uuidv4": _unique,
    "now": _unique,
}
