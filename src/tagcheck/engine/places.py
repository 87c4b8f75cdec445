"""Paths of a run: relative to the project's folder where that is known.

The project's folder itself is a hole, the one that `git rev-parse --show-toplevel` prints, so that a path which begins
with it is known to be absolute.
"""

from __future__ import annotations

from tagcheck.builtins.paths import cleaned
from tagcheck.builtins.symbolic import ONLY_PATH
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Piece, Text

_COMMAND = "git rev-parse --show-toplevel"
ROOT = Text.of_hole(Hole(HoleKind.OUTPUT, _COMMAND, _COMMAND, weak=ONLY_PATH))
_SEPARATOR = Text.of("/")
_INSTALLED = ("/bin/", "/sbin/", "/lib/", "/lib64/", "/etc/", "/opt/", "/usr/")
"""Where programs of a host are (Filesystem Hierarchy Standard 3.0)."""
_SOURCES = "/usr/src/"
FETCHED = "fetched: "
"""How the identity of a hole begins that stands for what a server sends."""


def is_installed(path: Text) -> bool:
    """Whether a path is that of a program of the host, of which the project knows no more than of one by its name."""
    literal = path.literal or ""
    return literal.startswith(_INSTALLED) and not literal.startswith(_SOURCES)


def is_remote(path: Text) -> bool:
    """Whether a path is the address of what is not in the project (kustomize takes `HOST/PATH?ref=VERSION` too)."""
    return "://" in path.leading or any(isinstance(part, Piece) and "?ref=" in part.text for part in path.parts)


def is_fetched(text: Text) -> bool:
    """Whether a text is wholly what a server sends."""
    holes = text.holes
    return len(text.parts) == len(holes) == 1 and holes[0].identity.startswith(FETCHED)


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
