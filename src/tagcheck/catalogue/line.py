"""A command line taken apart, and the tables of switches that it is read by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tagcheck.values import HoleKind, Piece, Text


class Switch(NamedTuple):
    """One switch of a tool. `name` is its longest spelling. `valued`: the next word is its value if none is attached;
    otherwise a value can only be attached (`--push=false`; `-j4` if `attached`). `listed`: commas separate several
    values."""

    name: str
    valued: bool
    listed: bool
    attached: bool


SwitchTable = Mapping[str, Switch]
"""Spellings without dashes ('t', 'tag') to switches."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a command line says to one verb. `operands` is None if it is not certain which words they are. `open`: a
    word that is not known may hold switches that are not seen."""

    options: Mapping[str, tuple[Text, ...]]
    operands: tuple[Text, ...] | None
    open: bool


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
