"""What a shell does to lists, numbers and conditions (Bash Reference Manual 5.2, sections 3.5.3, 3.5.8, 4.1)."""

from __future__ import annotations

import operator
from collections.abc import Callable

from tagcheck.builtins.marked import between
from tagcheck.builtins.patterns import Costly, glob, pattern
from tagcheck.builtins.symbolic import as_text, derived, joined, slice_text, undecided
from tagcheck.comparison import Same, same_key
from tagcheck.engine import shelltexts
from tagcheck.numerals import quotient, whole
from tagcheck.values import (
    EMPTY,
    PARAMETER_PREFIX,
    HoleKind,
    Mapping,
    Null,
    Number,
    Opaque,
    Sequence,
    Text,
    Truth,
    Value,
)

LARGEST = 10**9
MOST_BITS = 64
MOST_SHIFTED = 2**16
"""The largest number that is raised to a power or shifted, by at most MOST_BITS."""


def computed(operation: str, values: tuple[Value, ...]) -> Value | None:
    """An operation by name; None if there is no such operation."""
    match operation, values:
        case "spaced", (listed, *separators):
            return _spaced(listed, separators[0] if separators else None)
        case "keys", (Sequence(open=False) as sequence,):
            return Sequence(tuple(Number(index) for index in range(len(sequence.items))))
        case "values", (Mapping() as mapping,):
            return Sequence(tuple(value for _, value in mapping.entries), mapping.open)
        case "values", (Sequence() as sequence,):
            return sequence
        case "without-item", (listed, index):
            return _without_item(listed, index)
        case "subscript", (listed, index):
            return subscript(listed, as_text(index))
        case "has", (Sequence(open=False) as sequence, Number(value=at)):
            return Truth(-len(sequence.items) <= at < len(sequence.items))
        case "split-ended", (value, Text(literal=str(end))) if end:
            return shelltexts.split_ended(as_text(value), end)
        case "split-items", (listed,):
            return _split_items(listed)
        case "names-like", (Sequence() as names, Sequence() as contents):
            return Sequence((), True) if any(map(_is_outside, contents.items)) else names
        case "without-first", (listed, Number(value=count)):
            return _without_first(listed, int(count))
        case "each", (Text() as name, Sequence() as sequence, *operands):
            texts = tuple(map(as_text, operands))
            found = [shelltexts.applied(name.literal or "", (as_text(item), *texts)) for item in sequence.items]
            return None if None in found else Sequence(tuple(each for each in found if each is not None), sequence.open)
        case "part", (value, Number(value=low), (Number() | Null()) as high):
            return _part(as_text(value), int(low), int(high.value) if isinstance(high, Number) else None)
        case "part", (value, *_):
            return undecided("part", *values, type="string")
        case "number", (value,):
            return _number(value)
        case _, (Number(value=int(left)), Number(value=int(right))) if operation in _CALCULATIONS:
            return _calculated(operation, left, right)
        case "matches", (value, wanted):
            return _matches(as_text(value), as_text(wanted))
        case "matches-expression", (value, wanted):
            return _matches_expression(as_text(value), as_text(wanted))
        case "matched-groups", (value, wanted):
            return _groups(as_text(value), as_text(wanted))
        case "has-program", (name,):
            return Opaque(f"{PARAMETER_PREFIX}program {as_text(name)}", "whether a program is installed", "bool")
        case "options", (listed, letters):
            return _options(listed, as_text(letters).literal or "")
        case "first-operand", (listed, letters):
            return _first_operand(listed, as_text(letters).literal or "")
        case _:
            return None


def _spaced(listed: Value, separators: Value | None) -> Value:
    """All items in one text, with the first of the separators between them: a blank where nobody has set any."""
    written = separators.literal if isinstance(separators, Text) else None
    if isinstance(listed, Sequence) and not listed.open:
        return joined(list(map(as_text, listed.items)), Text.of(" " if written is None else written[:1]))
    if isinstance(listed, Mapping) and not listed.open:
        return shelltexts.spaced(tuple(as_text(value) for _, value in listed.entries))
    if isinstance(listed, Text):
        return listed
    return undecided("all items in one word", listed, type="string")


def _without_first(listed: Value, count: int) -> Value:
    match listed:
        case Sequence():
            if count < 0 and listed.open:
                return Sequence((), True)
            return Sequence(listed.items[count:], listed.open)
        case Opaque() if count > 0:
            return Opaque(f"{listed.identity}[{count}:]", listed.reason, listed.type, listed.label)
        case _:
            return listed


def subscript(listed: Value, written: Text) -> Value:
    """The index that a text is: a key of a map, the number of an item of a list."""
    is_map = isinstance(listed, Mapping) and not any(isinstance(key, Number) for key, _ in listed.entries)
    return written if is_map else _number(written)


def _split_items(listed: Value) -> Value:
    """The words that the items of a list become where nobody quotes them; empty ones are none."""
    if isinstance(listed, Mapping) and all(isinstance(key, Number) for key, _ in listed.entries):
        listed = Sequence(tuple(value for _, value in listed.entries), listed.open)
    if not isinstance(listed, Sequence):
        return listed
    found: list[Value] = []
    for item in listed.items:
        found += shelltexts.words(item) if isinstance(item, Text) and not item.holes else (item,)
    return Sequence(tuple(found), listed.open)


def _is_outside(content: Value) -> bool:
    """Whether a variable holds what the environment has, if anything."""
    holes = content.holes if isinstance(content, Text) and len(content.parts) == 1 else ()
    return not isinstance(content, Text | Sequence | Mapping) or any(
        hole.kind is HoleKind.ENVIRONMENT for hole in holes
    )


def _without_item(listed: Value, index: Value) -> Value | None:
    """A list without one of its items; the others keep their indices, so that one with a gap is a mapping."""
    if isinstance(listed, Sequence):
        listed = Mapping(tuple((Number(at), item) for at, item in enumerate(listed.items)), listed.open)
    if not isinstance(listed, Mapping) or listed.open:
        return None
    entries = listed.entries
    if index == Number(-1) and entries:
        index = entries[-1][0]
    if any(same_key(name, index) is Same.MAYBE for name, _ in entries):
        return None
    kept = tuple(entry for entry in entries if same_key(entry[0], index) is Same.NO)
    if [name for name, _ in kept] == [Number(at) for at in range(len(kept))]:
        return Sequence(tuple(value for _, value in kept))
    return Mapping(kept)


def _part(text: Text, low: int, length: int | None) -> Text:
    """`${x:low:length}` where one of them counts from the end."""
    written = text.literal
    if written is None:
        return derived(f"[{low}:{length}]", text)
    start = low if low >= 0 else max(0, len(written) + low)
    end = len(written) if length is None else (start + length if length >= 0 else len(written) + length)
    return slice_text(text, start, max(start, end))


def _number(value: Value) -> Value:
    match value:
        case Number():
            return value
        case Text() if value.literal is not None:
            written = value.literal.strip()
            if (number := whole(written)) is not None:
                return Number(number)
            return Number(0) if not written else undecided("number", value, type="int")
        case Opaque():
            return value
        case _:
            return undecided("number", value, type="int")


def _calculated(operation: str, left: int, right: int) -> Value:
    bounded = max(abs(left), abs(right)) <= LARGEST
    if operation in ("power", "shift-left", "shift-right"):
        bounded = bounded and 0 <= right <= MOST_BITS and abs(left) <= MOST_SHIFTED
    divides = operation in ("divide", "modulo")
    if not bounded or (divides and not right):
        return Opaque(f"{operation}:{left},{right}", "a number that cannot be calculated", "int")
    return Number(_CALCULATIONS[operation](left, right))


_CALCULATIONS: dict[str, Callable[[int, int], int]] = {
    "divide": quotient,
    "modulo": lambda left, right: left - right * quotient(left, right),
    "power": lambda left, right: int(left**right),
    "shift-left": operator.lshift,
    "shift-right": operator.rshift,
    "bits-and": operator.and_,
    "bits-or": operator.or_,
    "bits-xor": operator.xor,
}


# --- patterns --------------------------------------------------------------------------------------------------------


def _matches(value: Text, wanted: Text) -> Value:
    """Whether a text matches a pattern of file names, which `case` and `[[ … == … ]]` use."""
    written = wanted.literal
    if written is not None:
        decided = _by_ends(value, written)
        if decided is not None:
            return Truth(decided)
        found = glob(written) if value.literal is not None else None
        if found is not None and value.literal is not None:
            try:
                return Truth(found.whole(value.literal))
            except Costly:
                return undecided("matches", value, wanted)
    return undecided("matches", value, wanted)


def _by_ends(value: Text, wanted: str) -> bool | None:
    """The answer where the pattern is a fixed beginning, end or middle."""
    if wanted == "*":
        return True
    inner = wanted.strip("*")
    if wanted.count("*") == 1 and not set("?[\\") & set(inner):
        if wanted.endswith("*"):
            return _begins(value.leading, inner, value.literal is not None)
        if wanted.startswith("*"):
            return _begins(value.trailing[::-1], inner[::-1], value.literal is not None)
    return None


def _begins(known: str, wanted: str, complete: bool) -> bool | None:
    if known.startswith(wanted):
        return True
    return False if complete or not wanted.startswith(known) else None


def _matches_expression(value: Text, wanted: Text) -> Value:
    """Whether an extended regular expression is found in a text."""
    written = wanted.literal
    found = pattern(written, extended=True) if written is not None else None
    if found is None or value.literal is None:
        return undecided("matches-expression", value, wanted)
    try:
        return Truth(found.find(value.literal) is not None)
    except Costly:
        return undecided("matches-expression", value, wanted)


def _groups(value: Text, wanted: Text) -> Value:
    """What an extended regular expression finds in a text, and what its groups find."""
    written = wanted.literal
    searched = pattern(written, extended=True) if written is not None else None
    if searched is None or value.literal is None:
        return Sequence((), open=True)
    try:
        found = searched.find(value.literal)
    except Costly:
        return Sequence((), open=True)
    places = found.regs if found is not None else ()
    return Sequence(tuple(between(value, low, high) if low >= 0 else EMPTY for low, high in places))


# --- options ---------------------------------------------------------------------------------------------------------


def _options(listed: Value, letters: str) -> Value:
    """The options that `getopts` finds among arguments, each a list of its letter and its value."""
    if isinstance(listed, Opaque):
        value = Opaque(f"{listed.identity}#OPTARG", "the value of an option", "string", "OPTARG")
        letter = Opaque(f"{listed.identity}#option", "an option", "string", "option")
        return Sequence((Sequence((letter, value)),))
    if not isinstance(listed, Sequence) or listed.open:
        return Sequence((), open=True)
    return Sequence(tuple(Sequence((letter, value)) for letter, value in _read_options(listed, letters)[0]))


def _first_operand(listed: Value, letters: str) -> Value:
    """`OPTIND` after the last option: the position of the first word that is none, counted from 1."""
    if not isinstance(listed, Sequence) or listed.open:
        return undecided("the first word that is no option", listed, type="int")
    return Number(len(listed.items) - len(_read_options(listed, letters)[1]) + 1)


def _read_options(listed: Sequence, letters: str) -> tuple[list[tuple[Text, Text]], list[Text]]:
    """The letters of the options with their values, and the words that follow them."""
    found: list[tuple[Text, Text]] = []
    words = list(map(as_text, listed.items))
    while words and (words[0].leading.startswith("-") and words[0].literal not in ("-", "--")):
        word = words.pop(0).dropped(1)
        while word.leading:
            letter_ = word.leading[0]
            word = word.dropped(1)
            takes = letters.partition(letter_)[2].startswith(":")
            value_ = EMPTY
            if takes:
                value_ = word if word.parts else (words.pop(0) if words else EMPTY)
                word = EMPTY
            found.append((Text.of(letter_), value_))
    if words and words[0].literal == "--":
        words.pop(0)
    return found, words
