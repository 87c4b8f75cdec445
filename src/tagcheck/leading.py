"""Which files can lead a run to a part of the project, when only that part is asked about.

A scenario can only say something about a file that it comes to. A file that runs by itself comes to another one by its
name or by the name of the folder that it is taken with (`make -C DIR`, a chart, a kustomization); so may one that
names such a file, however many steps away. Too many are allowed. Too few are found where a folder is only reached by a
pattern (`test/*/*.yaml`) or its name is put together: those flows are seen when the whole project is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tagcheck.frontends.api import Folder

_COMMENT = re.compile(rb"(?m)^[ \t]*#.*$")
_HERE = (b"", b".", b"..")
_TAKING = re.compile(rb"(?:[\"'=:(\[]|(?:^|\s)(?:-\S*|cd|pushd)\s+)$")
"""What comes before the bare name of a folder that a command is told to work on."""
_COMPONENT = re.compile(rb"([$}\])*]?)([\w.-]*)/$")
_LOOK_BACK = 80
"""Bytes before a name that are looked at; enough for one component of a path."""


@dataclass(frozen=True)
class Candidate:
    """A file that may lead somewhere: its content, the words besides its name that run it ('make'), and what its folder
    has to do with it."""

    content: bytes
    called_by: tuple[str, ...] = ()
    folder: Folder = Folder.NAMED


_ANY = Candidate(b"")


def leading(inside: Iterable[str], candidates: Mapping[str, Candidate]) -> frozenset[str]:
    """The candidates, by path, that lie inside or can lead there. `inside` are the paths of the part."""
    part = frozenset(inside)
    counting = {path for path, each in candidates.items() if path in part or _owns(path, each, part)}
    fresh: set[str] = set(part | counting)
    while fresh:
        names = _Names()
        for path in fresh:
            names.add(path, candidates.get(path, _ANY))
        fresh = {path for path, each in candidates.items() if path not in counting and names.in_content(each.content)}
        counting |= fresh
    return frozenset(counting)


def _owns(path: str, candidate: Candidate, part: frozenset[str]) -> bool:
    folder = path.rpartition("/")[0]
    return candidate.folder is Folder.OWNED and any(each.startswith(f"{folder}/") for each in part)


class _Names:
    """By what names some files and their folders are called, each with the folders that it can stand in."""

    def __init__(self) -> None:
        self._files: dict[bytes, set[bytes]] = {}
        self._folders: dict[bytes, set[bytes]] = {}
        self._words: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None

    def add(self, path: str, candidate: Candidate) -> None:
        *above, parent, name = ("", "", *path.split("/"))
        self._files.setdefault(name.encode(), set()).add(parent.encode())
        if parent and candidate.folder is not Folder.NONE:
            self._folders.setdefault(parent.encode(), set()).add(above[-1].encode())
        self._words.update(word.encode() for word in candidate.called_by)

    def in_content(self, content: bytes) -> bool:
        """Whether a text names one of them, outside of its comments."""
        if self._pattern is None:
            words = sorted({*self._files, *self._folders, *self._words}, key=len, reverse=True)
            self._pattern = re.compile(rb"(?<![\w-])(?:%s)(?![\w-])" % b"|".join(map(re.escape, words)))
        if self._pattern.search(content) is None:
            return False
        code = _COMMENT.sub(b"", content)
        return any(self._is_meant(code, found) for found in self._pattern.finditer(code))

    def _is_meant(self, code: bytes, found: re.Match[bytes]) -> bool:
        name = found.group()
        if name in self._words:
            return True
        before = code[max(0, found.start() - _LOOK_BACK) : found.start()]
        folders = self._files.get(name, set()) | self._folders.get(name, set())
        if before.endswith(b"/"):
            component = _COMPONENT.search(before)
            return component is None or bool(component[1]) or component[2] in (*_HERE, *folders)
        return name in self._files or code[found.end() : found.end() + 1] == b"/" or bool(_TAKING.search(before))
