"""Which files a git work tree tracks, read from its index.

The format is that of git's own documentation (gitformat-index, versions 2 to 4). The index is read rather than git
called: no program has to be installed, nothing that a repository configures is run, and the answer is the same.
"""

from __future__ import annotations

import struct
from pathlib import Path

_FIXED = 62
"""Bytes of an entry before its path: ten 32-bit numbers of the file's state, the object's name, the flags."""
_SUBMODULE = 0o160000


def tracked_files(root: Path) -> frozenset[str]:
    """The tracked files below `root`, relative, with '/' separators. Empty without a repository or where the index
    cannot be understood (a split index, SHA-256 objects): then ignore files alone decide."""
    try:
        data = (_git_directory(root) / "index").read_bytes()
        return frozenset(_paths(data))
    except (OSError, ValueError, IndexError, struct.error):
        return frozenset()


def _git_directory(root: Path) -> Path:
    """The repository's directory; in a linked work tree '.git' is a file that names it."""
    path = root / ".git"
    if path.is_file():
        named = path.read_text(errors="surrogateescape").removeprefix("gitdir:").strip()
        return root / named
    return path


def _paths(data: bytes) -> list[str]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    found: list[str] = []
    at, path = 12, b""
    for _ in range(count):
        start = at
        mode = int.from_bytes(data[start + 24 : start + 28], "big")
        extended = data[start + 60] & 0x40
        at = start + _FIXED + (2 if extended else 0)
        if version == 4:
            removed, at = _number(data, at)
            end = data.index(b"\0", at)
            path = path[: len(path) - removed] + data[at:end]
            at = end + 1
        else:
            end = data.index(b"\0", at)
            path = data[at:end]
            at = start + (end - start + 8 & ~7)
        if mode != _SUBMODULE:
            found.append(path.decode(errors="surrogateescape"))
    if data[at : at + 4] == b"link":
        raise ValueError("a split index")
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number in git's variable-width encoding (as offsets in packs), and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = (value + 1 << 7) | (byte & 0x7F)
    return value, at + 1
