"""Versions and ranges of them, as charts compare them (semver.org 2.0.0; Masterminds/semver 3.3, which Sprig uses)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(
    r"v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z.-]{1,80}))?(?:\+([0-9A-Za-z.-]{1,80}))?"
)
_NUMBER = r"(?:\d{1,18}|[xX*])"
_BOUND = re.compile(
    rf"\s*(=|!=|>=?|=>|<=?|=<|~>?|\^)?\s*v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?"
    r"(?:-([0-9A-Za-z.-]{1,80}))?(?:\+[0-9A-Za-z.-]{1,80})?\s*"
)
_BETWEEN = re.compile(r"\s+-\s+")
_ANY = frozenset("xX*")
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Version:
    """A version with what it leaves out as 0."""

    numbers: tuple[int, int, int]
    prerelease: str = ""
    metadata: str = ""

    def __str__(self) -> str:
        before = f"-{self.prerelease}" if self.prerelease else ""
        behind = f"+{self.metadata}" if self.metadata else ""
        return ".".join(map(str, self.numbers)) + before + behind

    @property
    def order(self) -> tuple[object, ...]:
        """What versions are put in order by: one with a prerelease comes before the same one without."""
        identifiers = [] if not self.prerelease else self.prerelease.split(".")
        ranked = tuple((0, int(each), "") if each.isdecimal() else (1, 0, each) for each in identifiers)
        return (self.numbers, not self.prerelease, ranked)


def version(text: str) -> Version | None:
    """The version that a text is, whole or with numbers left out; None if it is none."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    return Version((int(found[1]), int(found[2] or 0), int(found[3] or 0)), found[4] or "", found[5] or "")


def in_range(constraint: str, text: str) -> bool | None:
    """Whether a version is within a range such as `>=1.19-0 <2 || 3.x`; None if one of them cannot be read."""
    wanted = version(text)
    if wanted is None or len(constraint) > LONGEST:
        return None
    answers: list[bool] = []
    for alternative in constraint.split("||"):
        bounds = _bounds(_BETWEEN.sub("\0", alternative.strip()))
        if bounds is None:
            return None
        answers.append(all(_within(wanted, *bound) for bound in bounds))
    return any(answers)


_Bound = tuple[str, tuple[int | None, int | None, int | None], str]


def _bounds(text: str) -> list[_Bound] | None:
    """The bounds that a version has to keep, each as an operator, its numbers (None: any) and its prerelease."""
    if "\0" in text:
        low, _, high = text.partition("\0")
        return _all((f">={low}", f"<={high}"))
    found: list[str] = []
    for part in text.split(","):
        at = 0
        while (match := _BOUND.match(part, at)) is not None and match.end() > at:
            found.append(match[0])
            at = match.end()
        if at < len(part):
            return None
    return _all(found) if found else None


def _all(texts: Iterable[str]) -> list[_Bound] | None:
    found: list[_Bound] = []
    for text in texts:
        match = _BOUND.fullmatch(text)
        if match is None:
            return None
        numbers = tuple(None if each is None or each in _ANY else int(each) for each in match.groups()[1:4])
        operator = {"=>": ">=", "=<": "<=", "~>": "~", None: "="}.get(match[1], match[1])
        found.append((operator or "=", (numbers[0], numbers[1], numbers[2]), match[5] or ""))
    return found


def _within(wanted: Version, operator: str, numbers: tuple[int | None, int | None, int | None], before: str) -> bool:
    major, minor, patch = numbers
    low = Version((major or 0, minor or 0, patch or 0), before)
    if wanted.prerelease and not before:
        # A range takes in what precedes a release only where it names such a version itself.
        return operator == "!="
    least = wanted.order >= low.order
    match operator:
        case "=" if patch is not None and minor is not None and major is not None:
            return wanted.order == low.order
        case "=" | "~":
            return least and _begins(wanted, numbers, 2)
        case "!=" if patch is not None and minor is not None and major is not None:
            return wanted.order != low.order
        case "!=":
            return not _begins(wanted, numbers, 3)
        case "^":
            return least and _begins(wanted, numbers, _first_of_weight(numbers))
        case ">=":
            return least
        case "<":
            return not least
        case ">":
            whole = patch is not None and minor is not None and major is not None
            return wanted.order > low.order and (whole or not _begins(wanted, numbers, 3))
        case _:
            return wanted.order <= low.order or _begins(wanted, numbers, 3, partial=True)


def _begins(wanted: Version, numbers: tuple[int | None, ...], count: int, partial: bool = False) -> bool:
    """Whether the first numbers of a version are those that are given; `partial`: only if some are left out."""
    given = [each for each in numbers[:count] if each is not None]
    if partial and None not in numbers:
        return False
    return list(wanted.numbers[: len(given)]) == given


def _first_of_weight(numbers: tuple[int | None, ...]) -> int:
    """How many numbers must stay for a version to be compatible: up to the first that is not 0."""
    for at, number in enumerate(numbers, 1):
        if number is None:
            return max(1, at - 1)
        if number:
            return at
    return len(numbers)
