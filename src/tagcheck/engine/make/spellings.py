"""Variables that a recipe reads under another spelling than the makefile has: `DEV_IMAGE` where it has `DEV_IMG`.

A variable that no makefile sets is usually left to the caller. That it is a misspelling shows where a program is given
its image by variables of the makefile in several recipes, and in one of them by a name that only the spelling of a word
tells from a variable that the makefile has, and gives to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagcheck.frontends.make.nodes import Expansion, Reference
from tagcheck.ir import Literal
from tagcheck.values import Text, options

if TYPE_CHECKING:
    from tagcheck.engine.make.running import Runner

_SPELLINGS = frozenset(("IMAGE", "IMG"))
"""Words in the names of variables that mean the same."""


def names_an_image(name: str) -> bool:
    """Whether a variable's name says that it holds an image."""
    return not _SPELLINGS.isdisjoint(name.upper().split("_"))


def meant_instead(runner: Runner, name: str, into: str) -> str | None:
    """The variable of the makefile that a recipe means where it gives the variable `into` of a program the value of
    `name`, which the makefile does not have; None if that is left to the caller."""
    if name in runner.variables or name in runner.command or not names_an_image(name):
        return None
    words = _meaning(name)
    like = [each for each in runner.variables if _meaning(each) == words] if any(words) else []
    given = set(_given(runner, into)) if len(like) == 1 else set()
    if not given or like[0] in given or given.isdisjoint(runner.variables) or _depends(runner, like[0], name):
        return None
    return like[0]


def _meaning(name: str) -> tuple[str, ...]:
    """The words of a name, those that mean an image as one."""
    return tuple("" if word in _SPELLINGS else word for word in name.upper().split("_"))


def _given(runner: Runner, into: str) -> Iterator[str]:
    """The variables by which the recipes of a makefile give one to a program."""
    lines = {
        id(line.node): line.node for target in runner.targets.values() for rule in target.rules for line in rule.lines
    }
    for node in lines.values():
        for before, part in zip(node.text, node.text[1:], strict=False):
            if isinstance(before, Literal) and isinstance(part, Reference) and _ends_with(before.text, into):
                yield _plain(part.name)


def _ends_with(text: str, into: str) -> bool:
    words = text.split()
    return bool(words) and not text[-1].isspace() and words[-1].rstrip("'\"") == f"{into}="


def _plain(name: Expansion) -> str:
    return "".join(part.text for part in name if isinstance(part, Literal))


def _depends(runner: Runner, name: str, other: str) -> bool:
    """Whether the value of a variable has anything to do with another variable of the environment."""
    for guards, option in options(runner.variable(name)):
        held = option.holes if isinstance(option, Text) else ()
        if guards.mentions(other) or any(hole.identity == other for hole in held):
            return True
    return False
