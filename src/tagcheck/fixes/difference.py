"""Changes as a unified diff, as `git apply` and `patch` take it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from tagcheck.fixes.fixing import Change

_NO_BREAK = b"\n\\ No newline at end of file\n"


def unified(changes: Iterable[Change]) -> bytes:
    """The diff of all changes. Paths are relative to the project's root."""
    return b"".join(line for change in changes for line in _lines(change))


def _lines(change: Change) -> Iterator[bytes]:
    before, after = (_split(each) for each in (change.before, change.after))
    name = change.path.encode(errors="surrogateescape")
    for line in difflib.diff_bytes(difflib.unified_diff, before, after, b"a/" + name, b"b/" + name):
        yield line if line.endswith(b"\n") else line + _NO_BREAK


def _split(content: bytes) -> list[bytes]:
    """The lines of a file with their breaks; a carriage return alone is none."""
    lines = content.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
