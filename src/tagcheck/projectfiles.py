"""The files of a project by their names: what a path can mean, and what the texts say.

Files are read once, by who made the list of them. A path of a program may be known in part only; then its end decides,
if that is unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from posixpath import dirname, join, normpath
from typing import Any, TypeVar

from tagcheck.source import Chunk
from tagcheck.source import Text as SourceText
from tagcheck.values import Filling, Piece, Text

Lowered = TypeVar("Lowered")


class ProjectFiles:
    """All files of a project. `read_bytes` gives the content of one of them, None if it cannot be read."""

    def __init__(self, paths: Sequence[str], read_bytes: Callable[[str], bytes | None]) -> None:
        self.paths = tuple(paths)
        self.left_out: frozenset[str] = frozenset()
        """files that are generated: nothing is looked for in them, but what names one of them takes it"""
        self._read = read_bytes
        self._by_suffix: dict[str, list[str]] = defaultdict(list)
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        self._only_read: dict[str, bool] = {}
        self._matching: dict[str, tuple[str, ...]] = {}
        self._texts: dict[tuple[Callable[[SourceText], Any], str, tuple[Chunk, ...]], Any] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            self._by_suffix[name].append(path)
            self._by_folder[folder].append(path)

    def read(self, path: str) -> str | None:
        """The text of a project file; None if it cannot be read or is not UTF-8."""
        content = self._read(path)
        if content is None:
            return None
        try:
            return content.decode()
        except UnicodeDecodeError:
            return None

    def content(self, path: str) -> bytes:
        """The bytes of a project file; none if it cannot be read."""
        return self._read(path) or b""

    def has(self, path: str) -> bool:
        """Whether the project has a file at a path from its root."""
        return path in self._by_suffix.get(path.rpartition("/")[2], ())

    def below(self, folder: str) -> tuple[str, ...]:
        """The project's files in a folder and in those below it, by path."""
        inside = folder + "/" if folder else ""
        folders = (each for each in self._by_folder if each == folder or each.startswith(inside))
        return tuple(sorted(path for each in folders for path in self._by_folder[each]))

    def folders_with(self, name: str, folder: str) -> tuple[str, ...]:
        """The folders right below a folder that have a file of this name."""
        found = (dirname(path) for path in self._by_suffix.get(name, ()))
        return tuple(sorted(each for each in found if dirname(each) == folder))

    def only_reads(self, variable: str) -> bool:
        """Whether every mention of a variable of the environment in the project's files is `$NAME`, `${NAME…`,
        `$(NAME` or `env.NAME`."""
        known = self._only_read.get(variable)
        if known is None:
            word = variable.encode("utf-8", "replace")
            known = all(_only_reads(self._read(path) or b"", word) for path in self.paths)
            self._only_read[variable] = known
        return known

    def named(self, name: str) -> bool:
        """Whether a file of the project has a name."""
        return name in self._by_suffix

    def find_files(self, path: Text, origin: str) -> tuple[str, ...]:
        """The project files that a path can mean: relative to the root, to the file `origin` that names it, or, where
        the beginning is not known, by its end if that is unique. A folder gives the files in it."""
        tail = _known_tail(path)
        if not tail:
            return ()
        literal = path.literal
        if literal is not None and not literal.startswith("/"):
            for base in ("", dirname(origin)):
                found = self._at(normpath(join(base, literal)))
                if found:
                    return found
        upwards = normpath(literal) if literal is not None else ""
        if upwards.startswith("../"):
            # Where the program runs that names it is not known here.
            return self._ending(upwards.replace("../", "")) if upwards.count("/") > upwards.count("../") else ()
        found = self._at(normpath(tail.lstrip("/")))
        if found or (literal is not None and not literal.startswith("/")):
            return found
        return self._ending(tail.lstrip("/"))

    def copied_from(self, path: str) -> tuple[str, ...]:
        """The project file that a path outside of the project may be a copy of, as in a container that the project was
        copied into: the only one that ends like it, in at least two folders and the name."""
        steps = path.strip("/").split("/")
        tails = ("/".join(steps[at:]) for at in range(1, len(steps) - 2))
        return next((found for tail in tails if (found := self._ending(tail))), ())

    def _ending(self, tail: str) -> tuple[str, ...]:
        """The file that a path ends with, if it is the only one."""
        found = [each for each in self._by_suffix.get(tail.rpartition("/")[2], ()) if f"/{each}".endswith(f"/{tail}")]
        return tuple(found) if len(found) == 1 else ()

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The project files that are like a shell pattern, whose `*` stops at a '/'."""
        found = self._matching.get(pattern)
        if found is None:
            found = self._matching[pattern] = tuple(each for each in self.paths if _like(each, pattern))
        return found

    def _at(self, path: str) -> tuple[str, ...]:
        if self.has(path):
            return (path,)
        return tuple(self._by_folder.get(path, ()))

    def lowered(self, source: SourceText, lower: Callable[[SourceText], Lowered]) -> Lowered:
        """What a text inside the program is, lowered once for each text at its place."""
        key = (lower, source.text, source.chunks)
        if key not in self._texts:
            self._texts[key] = lower(source)
        found: Lowered = self._texts[key]
        return found


def _only_reads(content: bytes, word: bytes) -> bool:
    at = content.find(word)
    while at >= 0:
        before, after = content[max(0, at - 4) : at], content[at + len(word) : at + len(word) + 1]
        is_word = not before[-1:].isalnum() and before[-1:] != b"_" and not after.isalnum() and after != b"_"
        if is_word and not before.endswith((b"$", b"${", b"$(", b"{#", b"{!", b"env.")):
            return False
        at = content.find(word, at + len(word))
    return True


def _like(path: str, pattern: str) -> bool:
    if not any(each in pattern for each in "*?["):
        return path == pattern
    return path == pattern or (path.count("/") == pattern.count("/") and fnmatchcase(path, pattern))


def _known_tail(path: Text) -> str:
    """The literal end of a path; for one that begins with a hole, what follows the first '/' after the last hole."""
    if path.literal is not None:
        return path.literal
    if path.parts and isinstance(path.parts[-1], Filling):
        return ""
    tail = "".join(part.text for part in _after_last_hole(path))
    return tail.partition("/")[2] if "/" in tail else ""


def _after_last_hole(path: Text) -> list[Piece]:
    found: list[Piece] = []
    for part in path.parts:
        if isinstance(part, Piece):
            found.append(part)
        else:
            found.clear()
    return found
