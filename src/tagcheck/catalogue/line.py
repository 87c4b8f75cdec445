"""A command line taken apart, and the tables of switches that it is read by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tagcheck.values import HoleKind, Piece, Text


class Switch(NamedTuple):
    """One switch of a tool. `name` is its longest spelling. `valued`: the next word is its value if none is attached;
    otherwise a value can only be attached (`--push=false`; `-j4` if `attached`). `listed`: commas separate several
    values."""

    name: str
    valued: bool
    listed: bool
    attached: bool


def _unknown(_: object) -> None:
    """What nobody knows."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a command can ask of the place that it runs in. `variable`: what a variable of its environment is, None for
    one that is not set. `package`: the name by which the package in a folder is imported, None if that is not known."""

    variable: Callable[[str], Text | None] = _unknown
    package: Callable[[Text], Text | None] = _unknown


NOTHING_KNOWN = Around()

SwitchTable: TypeAlias = Mapping[str, Switch]
"""Spellings without dashes ('t', 'tag') to switches."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a command line says to one verb. `operands` is None if it is not certain which words they are. `open`: a
    word that is not known may hold switches that are not seen."""

    options: Mapping[str, tuple[Text, ...]]
    operands: tuple[Text, ...] | None
    open: bool
    around: Around


def is_unknown(word: Text) -> bool:
    """Whether a word has no literal character, so that it could be a switch. A unique value is never one."""
    unknown = False
    for part in word.parts:
        if isinstance(part, Piece):
            if part.text:
                return False
        elif part.hole.kind is HoleKind.UNIQUE:
            return False
        else:
            unknown = True
    return unknown


MOST_FIELDS = 256
"""How many comma-separated fields of one word are told apart; past it, the rest stays one field."""


def comma_separated(word: Text) -> list[Text]:
    """The fields of a word such as `type=docker,dest=F`."""
    found: list[Text] = []
    while len(found) < MOST_FIELDS and (halves := word.split_at(",")) is not None:
        found.append(halves[0])
        word = halves[1]
    return [*found, word]
