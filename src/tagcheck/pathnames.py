"""Where a text names a file or its folder, or the program that runs it, without being parsed.

This looks at bytes: it decides what is worth a look, and judges nothing. Too many places are allowed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from tagcheck.frontends.api import Folder, Goals

_COMMENT = re.compile(rb"(?m)^[ \t]*(?:#|//).*$|^([ \t]*)description:.*(?:\n\1[ \t]+.*)*")
"""Comments, and what YAML files of CI systems say for people."""
_HERE = (b".", b"..")
_VERBS = (b"s", b"v")
"""What stands behind the percent sign of a format before a slash: a path that is put together."""
_GOING = re.compile(rb"(?:^|\s)(?:-[CdfkR]|--(?:chdir|directory|filename|kustomize)|cd|pushd)[\s=]+[\"']?$")
"""What comes before the bare name of a folder that a command is told to work in."""
_READING = re.compile(rb"(?:(?i:make)\b[^;|&\n]*\s(?:-f|--(?:make)?file)|(?:^|[\s-])include)[\s=]+[\"']?[^\s\"']*$")
"""What comes before the name of a makefile that make is told to read, or another one includes."""
_JOINING = re.compile(rb"([\"'`])$|[=(\[]$")
"""What comes before the name of a folder that a path is joined of, behind that of the folder above."""
_NEXT = re.compile(rb"[\"'`]\s*[,/+]\s*[\"'`]([\w.-]+)")
"""What comes behind such a name: the next one."""
_END = (b"", b"\n", b" ", b",", b")", b"]", b";")
_BEHIND = re.compile(rb"/([\w.-]*)")
"""What comes behind the name of a folder in a path: the next name."""
_QUOTES = (b'"', b"'", b"`")
_COMPONENT = re.compile(rb"([$}\])*%]?)([\w.-]*)/$")
_SOURCES = ("src", "lib")
"""Folders that are no part of a module's name."""
_LOOK_BACK = 80
"""Bytes before a name that are looked at; enough for one component of a path."""
_LINE = re.compile(rb"(?:\\\n|[^\n])*")
"""The rest of a line, with those that it continues on."""
_WORD = re.compile(rb"""(?:\$\{\{[^\n]*?\}\}|"[^"\n]*"|'[^'\n]*'|[^\s\\"'`;|&()<>])+""")
"""A word of a command, with what is quoted in it."""
_COMPUTED = re.compile(rb"[$%*{]")
"""Where the part of a word begins that is not written out."""
_COMMAND = re.compile(rb"[^;|&]*")
_ONLY_ASKED = re.compile(rb"(?:^|\s)(?:command\s+-[vV]|which|type|hash)\s+$")
"""What comes before the name of a program that a shell is asked about."""
_GOES_ELSEWHERE = re.compile(rb"-[Cf]|--(?:directory|file|makefile)")
_ASSIGNMENT = re.compile(rb"-|[\w.]+[:?+]?=")


@dataclass
class PathNames:
    """By what names some files and their folders are called, each with the folders that it can stand in, and by what
    words they are run."""

    files: dict[bytes, set[bytes]] = field(default_factory=dict)
    folders: dict[bytes, set[bytes]] = field(default_factory=dict)
    inner: dict[bytes, set[bytes]] = field(default_factory=dict)
    goals: dict[bytes, Goals] = field(default_factory=dict)
    """What is asked for, by the word that runs it; None: whatever is asked for."""
    run_by_words: set[bytes] = field(default_factory=set)
    """The names of files that are run by a word, so that their own name says nothing unless it is read."""
    usual: set[bytes] = field(default_factory=set)
    """Names that many folders have a file of."""
    programs: frozenset[str] = frozenset()
    """Words that mean a program where they stand by themselves."""
    _pattern: re.Pattern[bytes] | None = None

    def add(self, path: str, words: tuple[str, ...], folder: Folder, goals: Goals, *, usual: bool) -> None:
        """Look for a file too: `words` run it if followed by one of `goals`; what its `folder` has to do with it;
        `usual`: many folders have a file of its name."""
        *above, parent, name = ("", "", *path.split("/"))
        if folder is not Folder.OWNED:
            self.files.setdefault(name.encode(), set()).add(parent.encode())
            if (module := _module(path)) is not None:
                self.files.setdefault(module.encode(), set()).add(b"")
        if usual:
            self.usual.add(name.encode())
        if parent and folder is not Folder.NONE:
            self.folders.setdefault(parent.encode(), set()).add(above[-1].encode())
        for outer, inner in itertools.pairwise(path.split("/")):
            self.inner.setdefault(outer.encode(), set()).add(inner.encode())
        if words:
            self.run_by_words.add(name.encode())
        for word in map(str.encode, words):
            known = self.goals.get(word, frozenset())
            self.goals[word] = None if known is None or goals is None else known | goals

    def lines(self, path: str, content: bytes, is_program: bool = False) -> Iterator[int]:
        """The lines (from 1) in which the text of a file names one of them, outside of its comments, in order. What a
        program runs stands in its literals."""
        if self._pattern is None:
            words = sorted({*self.files, *self.folders, *self.goals}, key=len, reverse=True)
            either = b"|".join(map(re.escape, words)) or rb"(?!)"
            self._pattern = re.compile(rb"(?<![\w-])(?<!\w\.)(?:%s)(?![\w-]|\.\w)" % either)
        if self._pattern.search(content) is None:
            return
        code = _COMMENT.sub(lambda found: b"\n" * found.group().count(b"\n"), content)
        text = _Text(code, path.split("/")[-2].encode() if "/" in path else b"", is_program)
        for found in self._pattern.finditer(code):
            if self._is_meant(text, found):
                yield code.count(b"\n", 0, found.start()) + 1

    def _is_meant(self, text: _Text, found: re.Match[bytes]) -> bool:
        name, code = found.group(), text.code
        before = code[max(0, found.start() - _LOOK_BACK) : found.start()]
        if name in self.goals:
            line = code[code.rfind(b"\n", 0, found.start()) + 1 : found.start()]
            if _ONLY_ASKED.search(before) or (text.is_program and not any(quote in line for quote in _QUOTES)):
                return False
            return _asks(text, found.end(), self.goals[name])
        if name in self.run_by_words and name not in self.folders:
            return _READING.search(before) is not None
        return self._is_path(text, found, before)

    def _is_path(self, text: _Text, found: re.Match[bytes], before: bytes) -> bool:
        name, code = found.group(), text.code
        above = self.files.get(name, set()) | self.folders.get(name, set())
        behind = None if name in self.files else _BEHIND.match(code, found.end())
        if behind is not None and behind[1] and behind[1] not in self.inner.get(name, ()):
            return False
        if before.endswith(b"/"):
            return _follows(before, above, text.is_program)
        if name in self.usual:
            # A bare name means a file in the folder where something runs: that has been named before.
            return any(each in (b"", text.folder) or each in code for each in self.files[name])
        if name in self.files or behind is not None or _GOING.search(before):
            return True
        joined = _is_joined(code, found, before) and (b"" in above or any(each in before for each in above))
        follower = _NEXT.match(code, found.end()) if joined else None
        if follower is not None:
            return follower[1] in self.inner.get(name, ())
        return joined and name.decode() not in self.programs


def _module(path: str) -> str | None:
    """The name that an interpreter is told where it looks for a program as a module ('tools.images')."""
    names = path.rpartition(".")[0].split("/")
    names = names[names[0] in _SOURCES : len(names) - (names[-1] == "__main__")]
    return ".".join(names) if len(names) > 1 and all(map(str.isidentifier, names)) else None


@dataclass(frozen=True)
class _Text:
    """What a file says: its text without comments, the name of its folder, and whether it is a program."""

    code: bytes
    folder: bytes
    is_program: bool


def _is_joined(code: bytes, found: re.Match[bytes], before: bytes) -> bool:
    """Whether a name stands by itself where parts of a path can stand."""
    opening = _JOINING.search(before)
    behind = code[found.end() : found.end() + 1]
    return opening is not None and (behind == opening[1] if opening[1] else behind in _END)


def _follows(before: bytes, folders: Set[bytes], is_program: bool) -> bool:
    """Whether what stands before a name in a path may be one of the folders. What a program puts together can begin
    with a slash; elsewhere that is a path from the root, which is none of the project."""
    component = _COMPONENT.search(before)
    if component is None:
        return True
    mark, name = component[1], component[2]
    if not name:
        return bool(mark) or (is_program and before[-2:-1] in _QUOTES) or before.endswith(b"//")
    computed = name in _VERBS if mark == b"%" else bool(mark)
    return computed or name in (*_HERE, *folders)


def _asks(text: _Text, start: int, goals: Goals) -> bool:
    """Whether what follows the word that runs a file asks for one of the goals. What follows the word by itself, as an
    element of a list, is not looked at."""
    line = _LINE.match(text.code, start)
    rest = line.group() if line is not None else b""
    if goals is None or rest[:1] in _QUOTES:
        return True
    if text.is_program:
        rest = rest[: min((at for at in map(rest.find, _QUOTES) if at >= 0), default=len(rest))]
        if rest.endswith(b" "):
            return True
    command = _COMMAND.match(rest)
    words = _WORD.findall(command.group() if command is not None else rest)
    asked = [word for word in words if not _ASSIGNMENT.match(word)]
    return not asked or any(map(_GOES_ELSEWHERE.match, words)) or any(_may_be(word, goals) for word in asked)


def _may_be(word: bytes, goals: frozenset[str]) -> bool:
    """Whether a word can ask for one of the goals; of one that is put together, only the beginning is known."""
    computed = _COMPUTED.search(word)
    text = word[: computed.start() if computed is not None else None].decode(errors="replace").strip("\"'")
    if computed is None:
        return is_asked(text, goals)
    beginnings = [goal.partition("%") for goal in goals]
    return any(each.startswith(text) or (pattern and text.startswith(each)) for each, pattern, _ in beginnings)


def is_asked(target: str, goals: Goals) -> bool:
    """Whether a target is one of those that are asked for."""
    return goals is None or target in goals or any(_matches(target, goal) for goal in goals)


def _matches(text: str, goal: str) -> bool:
    """Whether a target is one that a pattern makes (GNU make manual 4.4, section 10.5.4)."""
    start, pattern, end = goal.partition("%")
    return bool(pattern) and len(text) > len(start) + len(end) and text.startswith(start) and text.endswith(end)
