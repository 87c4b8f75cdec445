"""What the syntax trees of languages say about places: expressions, and the variables that hold there."""

from __future__ import annotations

from collections.abc import Iterator

from tagcheck.fixes.syntax import golang, python, shell
from tagcheck.fixes.syntax.places import Repeat, Site


def sites(path: str, content: bytes, start: int, end: int) -> Iterator[Site]:
    """The expressions around a stretch of a file in which a variable could stand, innermost first; none in files of
    languages that are not known here."""
    if golang.reads(path, content):
        return golang.sites(content, start, end)
    if python.reads(path, content):
        return python.sites(content, start, end)
    return shell.sites(content, start, end) if shell.reads(path, content) else iter(())


def pairs(path: str, content: bytes, made: tuple[int, int], used: tuple[int, int]) -> Iterator[Repeat]:
    """An expression in which a name is generated, and one behind it that should have the same name."""
    return shell.pairs(content, made, used) if _is_shell(path, content) else iter(())


def copies(path: str, content: bytes, made: tuple[int, int], used: tuple[int, int]) -> Iterator[Site]:
    """Where an expression of variables, written again, could stand instead of another one."""
    return shell.copies(content, made, used) if _is_shell(path, content) else iter(())


def _is_shell(path: str, content: bytes) -> bool:
    return not golang.reads(path, content) and not python.reads(path, content) and shell.reads(path, content)


def repeats(path: str, content: bytes, start: int, end: int) -> Iterator[Repeat]:
    """The expressions around a stretch of a file that are evaluated more than once in the same function."""
    if golang.reads(path, content):
        return golang.repeats(content, start, end)
    if python.reads(path, content):
        return python.repeats(content, start, end)
    return shell.repeats(content, start, end) if shell.reads(path, content) else iter(())
