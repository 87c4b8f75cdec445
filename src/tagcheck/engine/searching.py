"""Commands that `find -exec` runs for files of the project (POSIX find; GNU findutils 4.9).

Only what changes files is followed. Tests that are not understood are taken to hold: a file that may be changed is not
as it stands in the project.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from itertools import pairwise

from tagcheck.builtins.patterns import Costly, Pattern, glob, pattern
from tagcheck.builtins.symbolic import replace_text
from tagcheck.engine.copying import Copying
from tagcheck.values import Text, Value

MOST_FOUND = 100
"""Files for which one command is run; further ones are left as they are."""
_PLACE = "{}"
_ENDS = frozenset((";", "\\;", "+"))
_RUNNING = frozenset(("-exec", "-execdir"))
_NAMING = ("image", "Image", "Tag", "tag")
_Test = Callable[[str], bool]


class Searching(Copying):
    """A run that knows which files of the project a command is run for."""

    @abstractmethod
    def output(self, words: tuple[Text, ...]) -> Value:
        """What a command prints."""

    def for_files(self, words: tuple[Text, ...]) -> Value | None:
        """Do what the commands of `find` do to each file that it finds; what they print is not known."""
        commands = list(_commands(words))
        tests = _tests(words)
        outer, self.searches = self.searches, True
        for path, name in self._found(words, tests):
            content = self.read_file(path)
            if content is None or not any(each in (self.program.read(name) or "") for each in _NAMING):
                continue
            for command in commands:
                self.output(tuple(replace_text(word, _PLACE, path) for word in command))
        self.searches = outer
        return None

    def _found(self, words: tuple[Text, ...], tests: list[_Test]) -> list[tuple[Text, str]]:
        """The files, as the command names them and by their path in the project."""
        found: list[tuple[Text, str]] = []
        for start in _starts(words):
            literal = self.placed(start).literal
            if literal is None or literal.startswith(("/", "..")):
                continue
            folder = self.copies.original(literal.rstrip("/").removeprefix("./").rstrip("."))
            for path in self.program.below(folder):
                inside = path[len(folder) :].removeprefix("/")
                named = start + Text.of(inside if start.trailing.endswith("/") else f"/{inside}") if inside else start
                if all(test(path) for test in tests):
                    found.append((named, path))
        return found[:MOST_FOUND]


def _starts(words: tuple[Text, ...]) -> Iterator[Text]:
    """The files and folders to look in."""
    for word in words:
        if word.leading.startswith(("-", "(", "!", "\\(")):
            return
        yield word


def _commands(words: tuple[Text, ...]) -> Iterator[tuple[Text, ...]]:
    """The command lines to run."""
    command: list[Text] | None = None
    for word in words:
        if command is None:
            command = [] if word.literal in _RUNNING else None
        elif word.literal in _ENDS:
            yield tuple(command)
            command = None
        else:
            command.append(word)


def _tests(words: tuple[Text, ...]) -> list[_Test]:
    """What files must answer to, as far as each of several is asked."""
    literals = [word.literal for word in words]
    if not {"-o", "-or", "!", "-not"}.isdisjoint(literals):
        return []
    found: list[_Test] = []
    for word, value in pairwise(literals):
        if word in ("-name", "-iname") and value is not None:
            found.append(_test(glob(value), lambda path: path.rpartition("/")[2]))
        elif word == "-regex" and value is not None:
            found.append(_test(pattern(value), lambda path: f"./{path}"))
    return found


def _test(wanted: Pattern | None, part: Callable[[str], str]) -> _Test:
    def answers(path: str) -> bool:
        try:
            return wanted is None or wanted.whole(part(path))
        except Costly:
            return True

    return answers
