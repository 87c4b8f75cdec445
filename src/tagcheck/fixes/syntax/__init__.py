"""What the syntax trees of languages say about places: expressions, and the variables that hold there."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.fixes.syntax import golang, python, shell
from tagcheck.fixes.syntax.places import Site


def sites(path: str, content: bytes, start: int, end: int) -> Iterator[Site]:
    """The expressions around a stretch of a file in which a variable could stand, innermost first; none in files of
    languages that are not known here."""
    for language in (golang, python, shell):
        if language.reads(path, content):
            return language.sites(content, start, end)
    return iter(())
