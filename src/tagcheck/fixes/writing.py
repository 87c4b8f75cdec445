"""Changes to disk: whole or not at all, file by file, and only over what was read.

A file is written beside the old one and takes its place in one step. Rejected: writing in place, which leaves half a
file when the machine stops; and following links, which lead to files that nobody asked about.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tagcheck.fixes.fixing import Change


class NotWritten(Exception):
    """A file that was not written; the message says which, and why."""


def write(root: Path, changes: Sequence[Change]) -> None:
    """Write all changes; none if any of them cannot be. Raises NotWritten."""
    states = [_checked(root, change) for change in changes]
    for change, state in zip(changes, states, strict=True):
        try:
            _replace(root / change.path, change, state)
        except OSError as error:
            raise NotWritten(f"{change.path}: cannot be written: {error.strerror or error}") from None


def _checked(root: Path, change: Change) -> os.stat_result:
    """The state of a file that may be written over. Raises NotWritten."""
    path = root / change.path
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode) or path.resolve() != root.resolve() / change.path:
            raise NotWritten(f"{change.path}: is a symbolic link or lies behind one; repair what it leads to")
        if not state.st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
            raise NotWritten(f"{change.path}: is read-only; allow writing to it first")
        if path.read_bytes() != change.before:
            raise NotWritten(f"{change.path}: has changed since it was scanned; run again")
    except OSError as error:
        raise NotWritten(f"{change.path}: cannot be read: {error.strerror or error}") from None
    return state


def _replace(path: Path, change: Change, state: os.stat_result) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(change.after)
            stream.flush()
            os.fsync(stream.fileno())
            if (os.geteuid(), os.getegid()) != (state.st_uid, state.st_gid):
                os.fchown(stream.fileno(), state.st_uid, state.st_gid)
            os.fchmod(stream.fileno(), stat.S_IMODE(state.st_mode))
        if path.read_bytes() != change.before:
            raise NotWritten(f"{change.path}: has changed since it was scanned; run again")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
