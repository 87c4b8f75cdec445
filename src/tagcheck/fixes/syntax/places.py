"""What a language says about an expression in which another name could stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """The bytes from `start` to `end` are an expression, and `names` are what could stand in its place: variables that
    hold there, as they would be written. Removing the expression leaves nothing behind that its language calls a fault
    (an import that nothing uses)."""

    start: int
    end: int
    names: tuple[str, ...]
    used_at: int | None = None
    """where the statement begins that uses the value, if it is not at the expression that the use is seen then"""


def option(text: str) -> str | None:
    """What stands before the value in an argument such as `--image=web:dev` or `web=web:dev`, with the '='; None for
    any other text."""
    before, equals, value = text.partition("=")
    is_named = bool(before) and all(each.isascii() and (each.isalnum() or each in "-_.") for each in before)
    return before + equals if is_named and equals and value else None


@dataclass(frozen=True, slots=True)
class Repeat:
    """An expression that a function evaluates at several `places`, the first within a statement that begins at
    `statement` and comes before all others. `written` are the names that a new variable must not have; `assignment` is
    how a variable and its value are written, `use` how the variable is."""

    statement: int
    places: tuple[tuple[int, int], ...]
    written: frozenset[str]
    assignment: str
    use: str
