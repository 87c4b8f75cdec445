"""What text says that something is done to containers: the command lines of programs that do, and the names of files
that run such programs.

Half of these words mean something else as well ("kind", "go"), and documentation is full of all of them; so a literal
counts where a shell would take the word for a command, or where what follows it is one of the program's own verbs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_BEFORE = r"(?:\A|[;&|}\n]|\$\(|\A\()\s*(?:(?:sudo|exec|env|nohup|time|command)\s+|\w+=\S*\s+)*(?:[^\s;&|()`]*/)?"
"""What can stand before the first word of a command: the start of a text, an operator, a hole, settings, a folder."""
_STARTING = re.compile(rb"(?:[;&|(`}\n/]|\b(?:sudo|exec|env|nohup|time|command)|\b\w+=\S*)[ \t]*$")
_WORDS = re.compile(r"[a-z0-9]+")
_LOOK_BACK = 80
_SHORT = 3
"""Words so short that they end many others."""
_AFTER = r"(?:\.exe)?(?=\Z|[\s;&|){])"


class Wording:
    """`programs` are programs that do something to containers, with the first words of their verbs; `files` the names
    of files that run them; `common` are those of the programs whose names mean other things more often."""

    def __init__(
        self,
        programs: Mapping[str, Iterable[str]],
        files: Iterable[str] = (),
        common: Iterable[str] = (),
    ) -> None:
        self._programs = {name: frozenset(verbs) for name, verbs in programs.items()}
        self._common = frozenset(common)
        self._files = frozenset(filter(None, files))
        self._pattern = re.compile("|".join((*self._commands(), *self._named())) or r"(?!)")
        words = {*self._programs, *self._files}
        self._quoted = re.compile(rf"[\"'](?:[^\s\"']*/)?{_any_of(words)}[\s\"']".encode())
        self._behind = re.compile(b"|".join(self._verbs()) or rb"(?!)")
        self._spaced = tuple(each.encode() for word in sorted(words) for each in _spaced(word))

    def with_files(self, files: Iterable[str]) -> Wording:
        """The same with other names of files alone."""
        return Wording({}, files)

    def _commands(self) -> Iterable[str]:
        plain = {name for name in self._files if "." not in name}
        if every := (self._programs.keys() | plain) - self._common:
            yield f"{_BEFORE}{_any_of(every)}{_AFTER}"
        for name, verbs in sorted(self._programs.items()):
            behind = [rf"{_any_of(verbs)}(?!\w)"] if verbs else []
            behind += [r"-", r"[\w.-]*/"] if name in self._common else []
            if behind:
                yield rf"(?<![\w.-]){re.escape(name)}\s+(?:{'|'.join(behind)})"

    def _verbs(self) -> Iterable[bytes]:
        for name, verbs in sorted(self._programs.items()):
            if verbs:
                yield rf"{re.escape(name)}\s+{_any_of(verbs)}".encode()
        yield from (re.escape(name).encode() for name in sorted(self._files))

    def _named(self) -> Iterable[str]:
        """A name with a dot in it is that of a file wherever it stands, another one behind a folder."""
        if dotted := {name for name in self._files if "." in name}:
            yield rf"(?<![\w-]){_any_of(dotted)}(?![\w-])"
        if plain := self._files - dotted:
            yield rf"/{_any_of(plain)}(?![\w.-])"

    def may_say(self, content: bytes) -> bool:
        """Whether a file can hold such words at all; most cannot, so the cheap questions come first."""
        if self._quoted.search(content) is not None:
            return True
        return any(self._is_command(content, each) for each in self._spaced)

    def _is_command(self, content: bytes, word: bytes) -> bool:
        """Whether one of the places of a word is where a command may begin, or its verb follows."""
        at = content.find(word)
        while at >= 0:
            start = at + len(word) - len(word.lstrip())
            if _STARTING.search(content, max(0, start - _LOOK_BACK), start) or self._behind.match(content, start):
                return True
            at = content.find(word, at + 1)
        return False

    def says(self, texts: Iterable[str]) -> bool:
        """Whether one of some literals does."""
        return any(self._pattern.search(each) is not None for each in texts)

    def may_mean(self, texts: Iterable[str]) -> frozenset[str]:
        """The programs with common names that literals are."""
        return self._common.intersection(texts)

    def means(self, program: str, texts: Iterable[str], names: Iterable[str]) -> bool:
        """Whether what stands beside such a literal says that it is a program: one of its verbs, or its name."""
        if not self._programs.get(program, frozenset()).isdisjoint(texts):
            return True
        return any(program in _WORDS.findall(each.lower()) for each in names)


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=lambda each: (-len(each), each))))})"


def _spaced(word: str) -> tuple[str, ...]:
    """How a word stands in the middle of a text."""
    return (f" {word} ", f"\n{word} ") if len(word) <= _SHORT else (f"{word} ",)
