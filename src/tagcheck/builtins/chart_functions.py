"""The functions that charts have besides those of Go's templates (Sprig 3.3, Helm 3.17).

What they make of operands that are not known is not known, but the same for the same operands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import posixpath
import re
from collections.abc import Callable, Mapping

from tagcheck import values
from tagcheck.builtins import gopatterns, versions
from tagcheck.builtins.chartvalues import FRACTION, number_in
from tagcheck.builtins.symbolic import as_text, derived, joined, split_text, undecided
from tagcheck.builtins.template_scope import Scope, truthy
from tagcheck.comparison import Same, same
from tagcheck.ir import TEXT_FIELD
from tagcheck.numerals import whole
from tagcheck.values import EMPTY, Absent, Null, Number, Piece, Record, Text, Truth, Value

Row = tuple[Value, ...]
Function = Callable[[Row, Scope], Value]
_LARGEST = 1 << 63
LONGEST_LIST = 200
LONGEST_TEXT = 10_000
_FRACTION = re.compile(r"[+-]?\d{1,30}(?:\.\d{0,30})?")


# --- operands --------------------------------------------------------------------------------------------------------


def _of_texts(name: str, count: int, function: Callable[..., str | None]) -> Function:
    """A function of so many texts that are written out, the last operands."""

    def found(row: Row, scope: Scope) -> Value:
        texts = [as_text(each, scope.machine) for each in row[-count:]]
        literals = [text.literal for text in texts]
        if len(texts) < count or None in literals or any(len(each or "") > LONGEST_TEXT for each in literals):
            return derived(name, *texts)
        made = function(*literals)
        return derived(name, *texts) if made is None else Text.of(made)

    return found


def _of_numbers(name: str, count: int, function: Callable[..., float | None]) -> Function:
    """A function of so many numbers, or of texts that are such; of any number of them if `count` is 0."""

    def found(row: Row, scope: Scope) -> Value:
        numbers = [number(scope.machine.load(each)) for each in row]
        fits = len(numbers) == count if count else bool(numbers)
        made = function(*numbers) if fits and None not in numbers else None
        return undecided(name, *row, type="int") if made is None else Number(made)

    return found


def number(value: Value) -> int | float | None:
    """The number that a value is, or that a text spells (Sprig's `toInt64` and its kin); None if that is not known, and
    for one that an int64 cannot hold."""
    match number_in(value):
        case Number(value=found):
            return found if abs(found) < _LARGEST else None
        case Truth(value=found):
            return int(found)
        case Null():
            return 0
        case Text(literal=str() as written) if _FRACTION.fullmatch(written):
            known = whole(written.lstrip("+"))
            spelt = float(written) if known is None else known
            return spelt if abs(spelt) < _LARGEST else None
        case Text(literal=str()):
            return 0
        case _:
            return None


def _listed(value: Value, scope: Scope) -> tuple[Value, ...] | None:
    loaded = scope.machine.load(value)
    return loaded.items if isinstance(loaded, values.Sequence) and not loaded.open else None


def _of_list(name: str, function: Callable[[tuple[Value, ...], Row], Value | None], at: int = 0) -> Function:
    """A function of a list, which is operand `at`, and the others."""

    def found(row: Row, scope: Scope) -> Value:
        items = _listed(row[at], scope) if row else None
        others = (*row[:at], *row[at + 1 :]) if at >= 0 else row[:-1]
        made = function(items, others) if items is not None else None
        return undecided(name, *row, type="") if made is None else made

    return found


def _sequence(items: tuple[Value, ...] | list[Value]) -> Value:
    return values.Sequence(tuple(items[:LONGEST_LIST]), len(items) > LONGEST_LIST)


# --- kinds -----------------------------------------------------------------------------------------------------------


def kind_of(value: Value) -> tuple[str, str] | None:
    """The kind and the type of a value in a template; None if that is not known."""
    match value:
        case Text():
            certain = any(isinstance(part, Piece) and not part.text.isdecimal() for part in value.parts)
            unique = any(not isinstance(part, Piece) and part.hole.filled for part in value.parts)
            # Digits alone are a number where they are set on the command line.
            return ("string", "string") if certain or unique or not value.parts else None
        case Truth():
            return "bool", "bool"
        case Null() | Absent():
            return "invalid", "<nil>"
        case values.Mapping():
            return "map", "map[string]interface {}"
        case values.Sequence():
            return "slice", "[]interface {}"
        case Record(type="float64") | Number(value=float()):
            return FRACTION, FRACTION
        case Number():
            return "int", "int"
        case _:
            return None


def _kind_is(at: int) -> Function:
    def found(row: Row, scope: Scope) -> Value:
        wanted = as_text(row[0]).literal if len(row) == 2 else None
        loaded = scope.machine.load(row[1]) if len(row) == 2 else Null()
        known = kind_of(loaded)
        if known is None or wanted is None:
            return undecided("kindIs", *row)
        return Truth(known[at] == wanted)

    return found


def _kind(at: int) -> Function:
    def found(row: Row, scope: Scope) -> Value:
        known = kind_of(scope.machine.load(row[0])) if row else None
        return undecided("kindOf", *row, type="") if known is None else Text.of(known[at])

    return found


# --- versions --------------------------------------------------------------------------------------------------------


def _version(row: Row, scope: Scope) -> Value:
    literal = as_text(row[-1], scope.machine).literal if row else None
    found = versions.version(literal) if literal is not None else None
    if found is None:
        return undecided("semver", *row, type="")
    fields: dict[str, Value] = dict(zip(("Major", "Minor", "Patch"), map(Number, found.numbers), strict=True))
    fields.update(Prerelease=Text.of(found.prerelease), Metadata=Text.of(found.metadata))
    fields.update(Original=Text.of(literal or ""), **{TEXT_FIELD: Text.of(str(found))})
    return Record("semver.Version", tuple(fields.items()))


def _in_range(row: Row, scope: Scope) -> Value:
    """`semverCompare RANGE VERSION`."""
    literals = [as_text(each, scope.machine).literal for each in row]
    constraint, wanted = literals if len(literals) == 2 else (None, None)
    known = versions.in_range(constraint, wanted) if constraint is not None and wanted is not None else None
    return undecided("semverCompare", *row) if known is None else Truth(known)


# --- patterns --------------------------------------------------------------------------------------------------------


def _replaced(plain: bool) -> Function:
    """`regexReplaceAll PATTERN TEXT REPLACEMENT`."""

    def found(row: Row, scope: Scope) -> Value:
        texts = [as_text(each, scope.machine) for each in row]
        if len(texts) != 3:
            return scope.unknown("regexReplaceAll")
        wanted = texts[0].literal
        if wanted is not None and wanted.startswith("(?i)") and texts[1].literal is not None and plain:
            return derived("regexp", *texts)
        if wanted is not None and wanted.startswith("(?i)"):
            return _replaced_in_any_case(wanted, texts)
        return gopatterns.replaced_in(texts[1], wanted, texts[2], plain=plain, missed=lambda pattern, image: None)

    return found


def _replaced_in_any_case(wanted: str, texts: list[Text]) -> Value:
    literal, replacement = texts[1].literal, texts[2].literal
    matches = gopatterns.found_all(literal, wanted) if literal is not None else None
    if literal is None or matches is None or replacement is None or "$" in replacement:
        return derived("regexp", *texts)
    parts, at = [], 0
    for match in matches:
        parts += [literal[at : match.start()], replacement]
        at = match.end()
    return Text.of("".join((*parts, literal[at:])))


def _matches(row: Row, scope: Scope) -> list[str] | None:
    """What a pattern (operand 0) matches in a text (operand 1)."""
    pattern, text = (as_text(each, scope.machine).literal for each in row[:2]) if len(row) > 1 else (None, None)
    found = gopatterns.found_all(text, pattern) if pattern is not None and text is not None else None
    return None if found is None else [match[0] for match in found]


def _matched(row: Row, scope: Scope) -> Value:
    found = _matches(row, scope)
    return undecided("regexMatch", *row) if found is None else Truth(bool(found))


def _found(row: Row, scope: Scope) -> Value:
    found = _matches(row, scope)
    if found is None:
        return derived("regexFind", *(as_text(each, scope.machine) for each in row))
    return Text.of(found[0]) if found else EMPTY


def _found_all(row: Row, scope: Scope) -> Value:
    """`regexFindAll PATTERN TEXT COUNT`."""
    found, most = _matches(row, scope), number(row[2]) if len(row) == 3 else None
    if found is None or most is None:
        return undecided("regexFindAll", *row, type="")
    return _sequence([Text.of(each) for each in (found if most < 0 else found[: int(most)])])


def _split_by_pattern(row: Row, scope: Scope) -> Value:
    """`regexSplit PATTERN TEXT COUNT`, of all parts."""
    pattern, text = (as_text(each, scope.machine).literal for each in row[:2]) if len(row) == 3 else (None, None)
    found = gopatterns.found_all(text, pattern) if pattern is not None and text is not None else None
    if found is None or text is None or number(row[2]) != -1 or any(match.start() == match.end() for match in found):
        return undecided("regexSplit", *row, type="")
    ends = [0, *(match.end() for match in found)]
    starts = [*(match.start() for match in found), len(text)]
    return _sequence([Text.of(text[low:high]) for low, high in zip(ends, starts, strict=True)])


# --- lists -----------------------------------------------------------------------------------------------------------


def _distinct(items: tuple[Value, ...], others: Row) -> Value:
    return _sequence(list(dict.fromkeys(items)))


def _without(items: tuple[Value, ...], others: Row) -> Value | None:
    answers = [[same(as_text(item), as_text(other)) for other in others] for item in items]
    if any(Same.MAYBE in each for each in answers):
        return None
    return _sequence([item for item, each in zip(items, answers, strict=True) if Same.YES not in each])


def _has(items: tuple[Value, ...], others: Row) -> Value | None:
    """`has ITEM LIST`."""
    answers = [same(as_text(item), as_text(others[0])) for item in items] if others else []
    return Truth(True) if Same.YES in answers else None if Same.MAYBE in answers else Truth(False)


def _compact(items: tuple[Value, ...], others: Row) -> Value | None:
    known = [truthy(item) for item in items]
    return None if None in known else _sequence([item for item, true in zip(items, known, strict=True) if true])


def _slice(items: tuple[Value, ...], others: Row) -> Value | None:
    bounds = [each.value for each in others if isinstance(each, Number)]
    if len(bounds) != len(others) or len(bounds) > 2 or any(each < 0 for each in bounds):
        return None
    return _sequence(items[int(bounds[0]) if bounds else 0 : int(bounds[1]) if len(bounds) > 1 else None])


def _sorted(items: tuple[Value, ...], others: Row) -> Value | None:
    literals = [as_text(item).literal for item in items]
    known = [each for each in literals if each is not None]
    return _sequence([Text.of(each) for each in sorted(known)]) if len(known) == len(literals) else None


def _numbers(row: Row, scope: Scope) -> range | None:
    """The numbers of `until`, `untilStep` and `seq`, before which `seq` says whether the end counts."""
    bounds = [number(scope.machine.load(each)) for each in row]
    known = [int(each) for each in bounds if each is not None]
    if len(known) != len(bounds) or not 0 < len(known) < 4 or (len(known) == 3 and not known[2]):
        return None
    found = range(known[0]) if len(known) == 1 else range(*known)
    return found if len(found) <= LONGEST_LIST else None


def _until(row: Row, scope: Scope) -> Value:
    found = _numbers(row, scope)
    return undecided("until", *row, type="") if found is None else _sequence([Number(each) for each in found])


def _seq(row: Row, scope: Scope) -> Value:
    """`seq FIRST LAST`, and with a step between them, as the program of that name prints it in one line."""
    bounds = [number(scope.machine.load(each)) for each in row]
    known = [int(each) for each in bounds if each is not None]
    if len(known) != len(bounds) or not 0 < len(known) < 4:
        return derived("seq", *(as_text(each) for each in row))
    first, last = (1, known[0]) if len(known) == 1 else (known[0], known[-1])
    step = known[1] if len(known) == 3 else (1 if first <= last else -1)
    found = range(first, last + (1 if step > 0 else -1), step) if step else range(0)
    return derived("seq", *map(as_text, row)) if len(found) > LONGEST_LIST else Text.of(" ".join(map(str, found)))


def _texts(row: Row, scope: Scope) -> Value:
    items = _listed(row[0], scope) if row else None
    if items is None:
        return undecided("toStrings", *row, type="")
    return _sequence([as_text(each, scope.machine) for each in items])


def _split_in(row: Row, scope: Scope) -> Value:
    """`splitn SEPARATOR COUNT TEXT`: a mapping with the keys _0, _1, …"""
    separator = as_text(row[0]).literal if len(row) == 3 else None
    most = row[1] if len(row) == 3 else None
    text = as_text(row[2], scope.machine) if len(row) == 3 else EMPTY
    if not separator or not isinstance(most, Number) or text.holes:
        return undecided("splitn", *row, type="")
    parts = split_text(text, separator, int(most.value)) if most.value > 0 else [text]
    return values.Mapping(tuple((Text.of(f"_{at}"), part) for at, part in enumerate(parts)))


# --- mappings --------------------------------------------------------------------------------------------------------


def _mapping(value: Value, scope: Scope) -> values.Mapping | None:
    loaded = scope.machine.load(value)
    return loaded if isinstance(loaded, values.Mapping) and not loaded.open else None


def _keys(row: Row, scope: Scope) -> Value:
    found = [_mapping(each, scope) for each in row]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return undecided("keys", *row, type="")
    return _sequence([key for each in known for key, _ in each.entries])


def _values(row: Row, scope: Scope) -> Value:
    found = [_mapping(each, scope) for each in row]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return undecided("values", *row, type="")
    return _sequence([value for each in known for _, value in each.entries])


def _picked(keeps: bool) -> Function:
    def found(row: Row, scope: Scope) -> Value:
        given = _mapping(row[0], scope) if row else None
        names = [as_text(each).literal for each in row[1:]]
        if given is None or None in names:
            return undecided("pick", *row, type="")
        kept = tuple(each for each in given.entries if (as_text(each[0]).literal in names) is keeps)
        return values.Mapping(kept)

    return found


def _plucked(row: Row, scope: Scope) -> Value:
    """`pluck KEY MAPPING…`: what those that have the key hold there."""
    name = as_text(row[0]).literal if row else None
    found = [_mapping(each, scope) for each in row[1:]]
    known = [each for each in found if each is not None]
    if name is None or len(known) < len(found):
        return undecided("pluck", *row, type="")
    if scope.watch is not None:
        for each in known:
            scope.watch.note(each, name)
    return _sequence([value for each in known if (value := each.get(name)) is not None])


def _any(row: Row, scope: Scope) -> Value:
    known = [truthy(scope.machine.load(each)) for each in row]
    return Truth(True) if True in known else undecided("any", *row) if None in known else Truth(False)


def _all(row: Row, scope: Scope) -> Value:
    known = [truthy(scope.machine.load(each)) for each in row]
    return Truth(False) if False in known else undecided("all", *row) if None in known else Truth(True)


def _alike(row: Row, scope: Scope) -> Value:
    equal = len(row) == 2 and scope.machine.load(row[0]) == scope.machine.load(row[1])
    return Truth(True) if equal else undecided("deepEqual", *row)


# --- texts -----------------------------------------------------------------------------------------------------------


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _part(row: Row, scope: Scope) -> Value:
    """`substr FIRST END TEXT`; a negative end is that of the text."""
    text = as_text(row[-1], scope.machine) if row else EMPTY
    bounds = [each.value for each in row[:-1] if isinstance(each, Number)]
    if len(bounds) != 2 or text.literal is None:
        return derived("substr", *(as_text(each) for each in row))
    low, high = max(0, int(bounds[0])), int(bounds[1])
    return Text.of(text.literal[low : high if high >= 0 else None])


def _joined_by_blanks(row: Row, scope: Scope) -> Value:
    found = [as_text(each, scope.machine) for each in row if not isinstance(each, Null | Absent)]
    return joined(found, Text.of(" "))


def _repeated(row: Row, scope: Scope) -> Value:
    count, text = number(row[0]) if len(row) == 2 else None, as_text(row[-1]).literal if row else None
    if count is None or text is None or count * len(text) > LONGEST_TEXT:
        return derived("repeat", *(as_text(each) for each in row))
    return Text.of(text * int(count))


def _words(text: str, separator: str) -> str:
    """Words of a name in camel case, in small letters."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", separator, text).replace("_", separator).replace(" ", separator).lower()


def _rounded_down(value: float) -> float:
    return math.floor(value)


def _quotient(first: float, second: float) -> float | None:
    return int(first / second) if second else None


def _remainder(first: float, second: float) -> float | None:
    return int(math.fmod(first, second)) if second else None


CHART_FUNCTIONS: Mapping[str, Function] = {
    "int": _of_numbers("int", 1, lambda value: int(value)),
    "int64": _of_numbers("int", 1, lambda value: int(value)),
    "atoi": _of_numbers("int", 1, lambda value: int(value)),
    "float64": _of_numbers("float64", 1, lambda value: value),
    "add": _of_numbers("add", 0, lambda *each: sum(map(int, each))),
    "add1": _of_numbers("add1", 1, lambda value: int(value) + 1),
    "sub": _of_numbers("sub", 0, lambda first, *others: int(first) - sum(map(int, others))),
    "mul": _of_numbers("mul", 0, lambda *each: math.prod(map(int, each))),
    "div": _of_numbers("div", 2, _quotient),
    "mod": _of_numbers("mod", 2, _remainder),
    "max": _of_numbers("max", 0, lambda *each: max(map(int, each))),
    "min": _of_numbers("min", 0, lambda *each: min(map(int, each))),
    "floor": _of_numbers("floor", 1, _rounded_down),
    "kindIs": _kind_is(0),
    "typeIs": _kind_is(1),
    "kindOf": _kind(0),
    "typeOf": _kind(1),
    "semver": _version,
    "semverCompare": _in_range,
    "regexReplaceAll": _replaced(False),
    "regexReplaceAllLiteral": _replaced(True),
    "regexMatch": _matched,
    "regexFind": _found,
    "regexFindAll": _found_all,
    "regexSplit": _split_by_pattern,
    "regexQuoteMeta": _of_texts("regexQuoteMeta", 1, lambda text: re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)),
    "uniq": _of_list("uniq", _distinct),
    "without": _of_list("without", _without),
    "has": _of_list("has", _has, -1),
    "compact": _of_list("compact", _compact),
    "slice": _of_list("slice", _slice),
    "sortAlpha": _of_list("sortAlpha", _sorted),
    "reverse": _of_list("reverse", lambda items, others: _sequence(items[::-1])),
    "rest": _of_list("rest", lambda items, others: _sequence(items[1:])),
    "initial": _of_list("initial", lambda items, others: _sequence(items[:-1])),
    "append": _of_list("append", lambda items, others: _sequence((*items, *others))),
    "prepend": _of_list("prepend", lambda items, others: _sequence((*others, *items))),
    "until": _until,
    "untilStep": _until,
    "seq": _seq,
    "toStrings": _texts,
    "splitn": _split_in,
    "keys": _keys,
    "values": _values,
    "pick": _picked(True),
    "omit": _picked(False),
    "pluck": _plucked,
    "any": _any,
    "all": _all,
    "deepEqual": _alike,
    "substr": _part,
    "cat": _joined_by_blanks,
    "repeat": _repeated,
    "nospace": _of_texts("nospace", 1, lambda text: "".join(text.split())),
    "trimAll": _of_texts("trimAll", 2, lambda characters, text: text.strip(characters)),
    "title": _of_texts("title", 1, lambda text: re.sub(r"(?<!\w)\w", lambda found: found[0].upper(), text)),
    "untitle": _of_texts("untitle", 1, lambda text: re.sub(r"(?<!\w)\w", lambda found: found[0].lower(), text)),
    "snakecase": _of_texts("snakecase", 1, lambda text: _words(text, "_")),
    "kebabcase": _of_texts("kebabcase", 1, lambda text: _words(text, "-").replace("_", "-")),
    "swapcase": _of_texts("swapcase", 1, str.swapcase),
    "b64enc": _of_texts("b64enc", 1, lambda text: base64.b64encode(text.encode()).decode()),
    "b64dec": _of_texts("b64dec", 1, _decoded),
    "sha256sum": _of_texts("sha256sum", 1, lambda text: hashlib.sha256(text.encode()).hexdigest()),
    "base": _of_texts("base", 1, lambda path: posixpath.basename(path.rstrip("/")) or "."),
    "dir": _of_texts("dir", 1, lambda path: posixpath.normpath(posixpath.dirname(path) or ".")),
    "ext": _of_texts("ext", 1, lambda path: posixpath.splitext(path)[1]),
    "clean": _of_texts("clean", 1, posixpath.normpath),
}
"""By name; the forms with `must` before it, which fail where these give nothing, are not repeated here."""
