"""What a run of make remembers: variables, rules, scopes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from tagcheck.frontends.make.nodes import Expansion, RecipeLine
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.source import Span
from tagcheck.values import Value


class Definition(Struct, frozen=True):
    """One value of a variable under its guards: expanded already (`value`) or at each use (`expansion`, whose unknown
    characters are `holes`). `appends`: after what the definitions before it give."""

    guards: Guards
    origin: str
    value: Value | None = None
    expansion: Expansion = ()
    holes: tuple[Value, ...] = ()
    appends: bool = False
    otherwise: Guards | None = None
    """for `?=`: where the environment has a value instead; everything beside both is no run that is looked at"""
    within: Guards = ALWAYS
    """for `?=`: where it stands, whether the environment has a value or not"""


SET = when("make:set")
"""Of the variables that the environment may set (`?=`), all are set or none is: each set or not by itself would be more
runs than anybody could look at, and shows nothing more."""
UNSET = when("make:set", False)
Definitions = dict[str, list[Definition]]


class Line(Struct, frozen=True):
    """A recipe line with the guards under which it was read."""

    guards: Guards
    node: RecipeLine
    holes: tuple[Value, ...]


class Rule(Struct):
    """What one rule says of one target, or of the targets that a pattern matches."""

    guards: Guards
    path: str
    span: Span
    prerequisites: Value
    is_double: bool = False
    stem: Value | None = None
    lines: list[Line] = []
    second: bool = False
    """its prerequisites are expanded again when they are needed (`.SECONDEXPANSION`)"""
    name: str = ""
    """the target, or the pattern of targets"""
    together: tuple[str, ...] = ()
    """the targets or patterns that one run of the recipe makes, with this one"""


@dataclass
class Target:
    """What all rules say of a target: `private` are variables that its prerequisites do not get."""

    rules: list[Rule] = field(default_factory=list)
    variables: Definitions = field(default_factory=dict)
    private: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Scope:
    """Variables that hold around an expansion, over those of `outer`: automatic ones, arguments of a called macro, and
    those of a target."""

    values: dict[str, Value] = field(default_factory=dict)
    definitions: Definitions = field(default_factory=dict)
    outer: Scope | None = None


def beyond(guards: Guards, others: Iterable[Guards]) -> list[Guards]:
    """The part of some guards in which none of the others hold, as guards that exclude each other."""
    rest = [guards]
    for other in others:
        if other is ALWAYS:
            return []
        rest = [left for each in rest for left in each.without(other)]
    return rest
