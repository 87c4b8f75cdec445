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
