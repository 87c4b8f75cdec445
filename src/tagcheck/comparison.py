"""Whether two names can be the same in a run.

Purpose: one answer for all that compares texts of which parts are not known: yes, no, or maybe. NO is sound: it is said
only if nothing that the unknown parts can be makes the two texts equal.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from math import inf
from typing import TypeAlias

from tagcheck.ir import TEXT_FIELD
from tagcheck.values import Hole, HoleKind, Mapping, Number, Record, Sequence, Text, Truth, Value


class Same(Enum):
    """Whether two texts are equal in a run."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


def same(left: Text, right: Text) -> Same:
    """Compare two texts. NO only if no assignment of the holes makes them equal: literal parts clash, or a unique
    value would have to equal something that cannot depend on it."""
    first, second = left.literal, right.literal
    if first is not None and second is not None:
        return Same.YES if first == second else Same.NO
    if equal(left, right):
        return Same.YES
    return _possible(left.merged(), right.merged())


def equal(left: Text, right: Text) -> bool:
    """Whether two texts are certainly equal: the answer YES of `same`, for those who ask for no other."""
    first, second = left.literal, right.literal
    if first is not None or second is not None:
        return first == second
    a, b = left.merged(), right.merged()
    if len(a) != len(b) or any(_key(one) != _key(other) for one, other in zip(a, b, strict=True)):
        return False
    return not any(isinstance(part, Hole) and part.kind is HoleKind.OPAQUE and not part.identity for part in a)


def certain_key(text: Text) -> str | tuple[_Key, ...] | None:
    """What is equal for two texts exactly if `equal` says that they are; None for a text that equals no other for
    certain, not even itself."""
    literal = text.literal
    if literal is not None:
        return literal
    parts = text.merged()
    if any(isinstance(part, Hole) and part.kind is HoleKind.OPAQUE and not part.identity for part in parts):
        return None
    return tuple(map(_key, parts))


@lru_cache(maxsize=1 << 14)
def _possible(a: tuple[str | Hole, ...], b: tuple[str | Hole, ...]) -> Same:
    """Whether two texts of which one has holes, and which are not certainly equal, can be equal."""
    if not (a and b) and any(isinstance(part, Hole) and part.filled for part in (*a, *b)):
        return Same.NO
    keys_a, keys_b = tuple(map(_key, a)), tuple(map(_key, b))
    if keys_a != keys_b and (_independent(a, b) or not _overlap(keys_a, keys_b) or _differ_in_shape(a, b)):
        return Same.NO
    if keys_a != keys_b and _differ_in_length(a, b):
        return Same.NO
    return Same.MAYBE


_WRITTEN_IN = {
    "hash": ("[0-9a-f]{4,}", "[0-9a-f]*"),
    "commit": ("[0-9a-f]{40,64}", "[0-9a-f]*"),
    "abbreviation": ("[0-9a-f]{4,39}", "[0-9a-f]*"),
    "digits": ("[0-9]+", "[0-9]*"),
}
"""What a value of a shape is, and what a slice of it can be."""
_WHOLE_LINE = re.compile(r"(?:\.replace\('\\n',\[(?:' ')?\]\))*")
_SLICE = re.compile(rf"(?:{_WHOLE_LINE.pattern}|\.\[\d*:\d*\])*")
_BOUNDS = re.compile(r"\.\[(\d*):(\d*)\]")
_LENGTHS = {"commit": (40, 64), "abbreviation": (4, 39)}
"""The least and the most characters of a value of a shape."""
_MOST_COST = 100_000
"""Characters of a literal text to the power of the number of holes that it is held against by their shapes."""


def _differ_in_shape(a: tuple[str | Hole, ...], b: tuple[str | Hole, ...]) -> bool:
    """Whether, behind what both have in common, a literal text stands where the other has a value that is written in
    other characters."""
    pairs = enumerate(zip(a, b, strict=False))
    common = next((at for at, (one, other) in pairs if _key(one) != _key(other) or not _is_certain(one)), 0)
    a, b = a[common:], b[common:]
    for pattern, literal in ((a, b), (b, a)):
        holes = [part for part in pattern if isinstance(part, Hole)]
        if not any(hole.shape for hole in holes) or not all(isinstance(part, str) for part in literal):
            continue
        written = "".join(map(str, literal))
        if len(written) ** len(holes) <= _MOST_COST:
            expression = "".join(re.escape(part) if isinstance(part, str) else _written_in(part) for part in pattern)
            return re.fullmatch(expression, written, re.DOTALL) is None
    return False


def _is_certain(part: str | Hole) -> bool:
    """Whether a part is equal to itself."""
    return isinstance(part, str) or part.kind is not HoleKind.OPAQUE or bool(part.identity)


def _written_in(hole: Hole) -> str:
    whole, part = _WRITTEN_IN.get(hole.shape, (".*", ".*"))
    if _WHOLE_LINE.fullmatch(hole.part):
        return whole
    return part if _SLICE.fullmatch(hole.part) else ".*"


def _differ_in_length(a: tuple[str | Hole, ...], b: tuple[str | Hole, ...]) -> bool:
    """Whether one text is longer than the other whatever its holes are: a whole hash against a few digits of one. What
    both have in common, wherever it stands, is as long here as there."""
    if not any(isinstance(part, Hole) and part.shape in _LENGTHS for part in (*a, *b)):
        return False
    rest_a, rest_b = list(a), list(b)
    for part in a:
        if isinstance(part, Hole) and _is_certain(part):
            twin = next((each for each in rest_b if isinstance(each, Hole) and each.key == part.key), None)
            if twin is not None:
                rest_a.remove(part)
                rest_b.remove(twin)
    (least_a, most_a), (least_b, most_b) = _lengths(rest_a), _lengths(rest_b)
    return most_a < least_b or most_b < least_a


def _lengths(parts: list[str | Hole]) -> tuple[float, float]:
    """The least and the most characters of a text."""
    bounds = [(len(part), len(part)) if isinstance(part, str) else _lengths_of(part) for part in parts]
    return sum(least for least, _ in bounds), sum(most for _, most in bounds)


def _lengths_of(hole: Hole) -> tuple[float, float]:
    least: float
    most: float
    least, most = _LENGTHS.get(hole.shape, (0, inf))
    if not _SLICE.fullmatch(hole.part):
        return 0, inf
    for match in _BOUNDS.finditer(hole.part):
        low, high = int(match[1] or 0), int(match[2]) if match[2] else inf
        least, most = max(0, min(least, high) - low), max(0, min(most, high) - low)
    return least, most


def is_longer(left: Text, right: Text) -> bool:
    """Whether a text is longer than another whatever its holes are: it has all the holes of the other, and more
    literal characters."""
    a, b = left.merged(), right.merged()
    rest = [part.key for part in a if isinstance(part, Hole) and part.identity]
    for part in b:
        if isinstance(part, Hole):
            if part.key not in rest:
                return False
            rest.remove(part.key)
    return _literal_length(a) > _literal_length(b)


def _literal_length(parts: tuple[str | Hole, ...]) -> int:
    return sum(len(part) for part in parts if isinstance(part, str))


def same_key(left: Value, right: Value) -> Same:
    """Compare two keys of a mapping."""
    if left is right:
        return Same.YES
    match left, right:
        case Text(), Text():
            return same(left, right)
        case (Number(value=one), Number(value=other)) | (Truth(value=one), Truth(value=other)):
            return Same.YES if one == other else Same.NO
        case (Record() as whole, Text() as text) | (Text() as text, Record() as whole):
            shown = whole.get(TEXT_FIELD)
            return same(shown, text) if isinstance(shown, Text) else Same.MAYBE
        case Sequence(open=False), Sequence(open=False) if len(left.items) == len(right.items):
            answers = {same_key(one, other) for one, other in zip(left.items, right.items, strict=True)}
            return Same.NO if Same.NO in answers else Same.MAYBE if Same.MAYBE in answers else Same.YES
        case Sequence(open=False), Sequence(open=False):
            return Same.NO
        case Mapping(open=False), Mapping(open=False):
            return _same_mappings(left, right)
        case Record(), Record() if left.type != right.type:
            return Same.NO
        case Record(), Record():
            return _same_records(left, right)
        case _:
            return Same.MAYBE


def _same_mappings(left: Mapping, right: Mapping) -> Same:
    if len(left.entries) != len(right.entries):
        return Same.NO
    answers: set[Same] = set()
    for key, value in left.entries:
        keys = [same_key(key, name) for name, _ in right.entries]
        if Same.YES in keys:
            answers.add(same_key(value, right.entries[keys.index(Same.YES)][1]))
        else:
            answers.add(Same.MAYBE if Same.MAYBE in keys else Same.NO)
    return Same.NO if Same.NO in answers else Same.MAYBE if Same.MAYBE in answers else Same.YES


def _same_records(left: Record, right: Record) -> Same:
    names = dict.fromkeys(name for name, _ in (*left.fields, *right.fields))
    pairs = [(left.get(name), right.get(name)) for name in names]
    answers = {same_key(one, other) if one is not None and other is not None else Same.MAYBE for one, other in pairs}
    return Same.NO if Same.NO in answers else Same.MAYBE if Same.MAYBE in answers else Same.YES


_Key: TypeAlias = str | tuple[HoleKind, str, str]


def _key(part: str | Hole) -> _Key:
    return part if isinstance(part, str) else part.key


def _independent(a: tuple[str | Hole, ...], b: tuple[str | Hole, ...]) -> bool:
    """Whether one side holds a unique value that the other cannot depend on: then they are equal with probability 0.
    Environment and parameters are fixed before a scenario draws anything; opaque values and command outputs may
    depend on what was drawn."""

    def uniques(parts: tuple[str | Hole, ...]) -> set[str]:
        return {part.identity for part in parts if isinstance(part, Hole) and part.kind is HoleKind.UNIQUE}

    def can_absorb(parts: tuple[str | Hole, ...]) -> bool:
        return any(isinstance(part, Hole) and part.kind in (HoleKind.OPAQUE, HoleKind.OUTPUT) for part in parts)

    only_a, only_b = uniques(a) - uniques(b), uniques(b) - uniques(a)
    return bool(only_a and not can_absorb(b)) or bool(only_b and not can_absorb(a))


def _overlap(a: tuple[_Key, ...], b: tuple[_Key, ...]) -> bool:
    """Whether two patterns, holes taken as 'any text', have a common instance; equal holes at the same place match.
    Common heads and tails are stripped first: they must be equal in every instance."""
    for pattern, literal in ((a, b), (b, a)):
        if all(isinstance(part, str) for part in literal):
            return _matches(pattern, "".join(map(str, literal)))
    left, right = _tokens(a), _tokens(b)
    shorter = min(len(left), len(right))
    head = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    most = shorter - head
    tail = next((at for at in range(most) if left[-1 - at] != right[-1 - at]), most)
    left, right = left[head : len(left) - tail], right[head : len(right) - tail]
    if left and right and any(isinstance(left[at], str) and isinstance(right[at], str) for at in (0, -1)):
        return False
    return _wildcards_meet(left, right)


def _matches(pattern: tuple[_Key, ...], literal: str) -> bool:
    """Whether a literal is an instance of a pattern: each literal part at the first place that is left for it, the
    last one at the end."""
    *head, tail = pattern or ("",)
    at = 0
    for index, part in enumerate(head):
        if isinstance(part, str):
            found = literal.find(part, at)
            if found < 0 or (index == 0 and found > 0):
                return False
            at = found + len(part)
    if not isinstance(tail, str):
        return True
    return literal.endswith(tail) and at <= len(literal) - len(tail) if head else literal == tail


def _tokens(parts: tuple[_Key, ...]) -> list[_Key]:
    found: list[_Key] = []
    for part in parts:
        if isinstance(part, str):
            found.extend(part)
        else:
            found.append(part)
    return found


def _wildcards_meet(left: list[_Key], right: list[_Key]) -> bool:
    """Whether two glob patterns (a tuple is '*') share an instance: reachability over pairs of positions."""
    seen: set[tuple[int, int]] = set()
    stack = [(0, 0)]
    while stack:
        pair = stack.pop()
        if pair in seen:
            continue
        seen.add(pair)
        i, j = pair
        if i == len(left) and j == len(right):
            return True
        star_left = i < len(left) and not isinstance(left[i], str)
        star_right = j < len(right) and not isinstance(right[j], str)
        if star_left:
            stack.append((i + 1, j))
            if j < len(right):
                stack.append((i, j + 1))
        if star_right:
            stack.append((i, j + 1))
            if i < len(left):
                stack.append((i + 1, j))
        if i < len(left) and j < len(right) and not star_left and not star_right and left[i] == right[j]:
            stack.append((i + 1, j + 1))
    return False
