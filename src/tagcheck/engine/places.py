"""Paths of a run: relative to the project's folder where that is known.

The project's folder itself is a hole, the one that `git rev-parse --show-toplevel` prints, so that a path which begins
with it is known to be absolute.
"""

from __future__ import annotations

from tagcheck.builtins.paths import cleaned
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Text

_COMMAND = "git rev-parse --show-toplevel"
ROOT = Text.of_hole(Hole(HoleKind.OUTPUT, _COMMAND, _COMMAND, weak="only a path"))
_SEPARATOR = Text.of("/")


def below(base: Text, path: Text) -> Text:
    """A path as seen from a folder. One that begins with an unknown value is taken to be absolute."""
    if not path.parts:
        return base
    if isinstance(path.parts[0], Filling) or path.leading.startswith("/"):
        return cleaned(path)
    inside = in_project(base)
    if inside is not None and inside.literal is not None:
        whole = cleaned(inside + _SEPARATOR + path) if inside.parts else cleaned(path)
        if not whole.leading.startswith(".."):
            return ROOT if whole.literal == "." else ROOT + _SEPARATOR + whole
    return cleaned(base + _SEPARATOR + path)


def in_project(path: Text) -> Text | None:
    """A path that begins with the project's folder as seen from there; None for others."""
    first = path.parts[0] if path.parts else None
    if not isinstance(first, Filling) or first.hole.key != ROOT.holes[0].key:
        return None
    rest = Text(path.parts[1:])
    if not rest.parts:
        return EMPTY
    return rest.dropped(1) if rest.leading.startswith("/") else None


def at_root(path: str) -> Text:
    """The path of a project file, wherever the run is."""
    return ROOT + _SEPARATOR + Text.of(path)
