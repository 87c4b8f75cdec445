"""Files and folders that a run copies or moves (POSIX cp and mv)."""

from __future__ import annotations

from tagcheck.builtins.paths import cleaned
from tagcheck.builtins.symbolic import joined, split_text
from tagcheck.engine import filenames
from tagcheck.engine.data import Data
from tagcheck.values import EMPTY, Text, Value

MOST_FILES = 200
"""Files of one folder that are copied into another one of the project; further ones are not."""
_NOTHING = "/dev/null"
_SEPARATOR = Text.of("/")
_ALL = ("*", ".", "")


class Copying(Data):
    """A run that knows what is at two places. What moves can still be read where it was."""

    def copied(self, words: tuple[Text, ...]) -> Value | None:
        """Do what `cp` or `mv` does, which print nothing."""
        given = _operands(words)
        if len(given) > 1:
            *sources, target = given
            inside = len(sources) > 1 or target.trailing.endswith("/") or self._is_folder(target)
            for source in sources:
                self._copy(source, cleaned(target), inside)
        return EMPTY

    def copied_by_engine(self, words: tuple[Text, ...]) -> Value | None:
        """Do what `docker cp` does: a container's files have its name and a colon before their paths."""
        verb = next((at for at, word in enumerate(words) if word.literal == "cp"), 0)
        return self.copied(words[verb + 1 :])

    def emptied(self, words: tuple[Text, ...]) -> Value | None:
        """Do what `truncate` does, which prints nothing: of a file that is not emptied nothing is known."""
        sizes, files = _sizes(words)
        for path in files:
            content: Value = EMPTY if sizes and sizes[-1].literal == "0" else self.opaque("a file that is cut off")
            self.write_file(path, content)
        return EMPTY

    def _copy(self, source: Text, target: Text, inside: bool) -> None:
        """Copy one file or folder, or what a pattern stands for, to a path or, where that is a folder, into it."""
        steps = split_text(source, "/")
        while len(steps) > 1 and not steps[-1].parts:
            steps.pop()
        folder = joined(steps[:-1], _SEPARATOR)
        if steps[-1].literal in _ALL and len(steps) > 1 and self._is_folder(folder):
            self._copy_folder(folder, target)
        elif filenames.is_pattern(source):
            for each in filenames.names(source, self.placed(source), self.program):
                self._copy(each, target, True)
        else:
            within = target + _SEPARATOR + steps[-1]
            # Whether a folder that is not the project's is there already, is not known: nobody looks at both paths.
            for place in (within,) if inside else (target, within):
                self._copy_one(source, place, place is target)

    def _copy_one(self, source: Text, place: Text, exact: bool) -> None:
        if self._is_folder(source):
            self._copy_folder(source, place)
            return
        content = EMPTY if source.literal == _NOTHING else self.read_file(source)
        if content is not None:
            self.write_file(place, content)
        elif exact and self.read_file(place) is not None:
            self.write_file(place, self.opaque("a file that another one replaces"))

    def _copy_folder(self, source: Text, place: Text) -> None:
        literal = self.placed(source).literal or ""
        if not self._is_folder(place):
            self.copies.add(literal, self.seen_from_root(place))
            return
        for path in self.program.below(self.copies.original(literal))[:MOST_FILES]:
            rest = Text.of(path[len(self.copies.original(literal)) :])
            content = self.read_file(source + rest)
            if content is not None:
                self.write_file(place + rest, content)

    def _is_folder(self, path: Text) -> bool:
        """Whether a path is that of a folder of the project, or of a copy of one."""
        literal = self.placed(path).literal
        if literal is None or literal.startswith(("/", "..")):
            return False
        literal = literal.rstrip("/").removeprefix("./")
        return literal not in ("", ".") and bool(self.program.below(self.copies.original(literal)))


def _sizes(words: tuple[Text, ...]) -> tuple[list[Text], list[Text]]:
    """The sizes and the files that the words of `truncate` say (GNU coreutils 9.5)."""
    sizes: list[Text] = []
    files: list[Text] = []
    taken: list[Text] | None = None
    for word in words:
        option = next((each for each in ("--size=", "--reference=", "-s", "-r") if word.leading.startswith(each)), None)
        if taken is not None:
            taken.append(word)
            taken = None
        elif option is not None:
            to = sizes if "s" in option[:3] else []
            if word.literal == option:
                taken = to
            else:
                to.append(word.dropped(len(option)))
        elif word.literal in ("--size", "--reference"):
            taken = sizes if word.literal == "--size" else []
        elif not word.leading.startswith("-"):
            files.append(word)
    return sizes, files


def _operands(words: tuple[Text, ...]) -> list[Text]:
    """The sources and the target behind them."""
    found: list[Text] = []
    target: Text | None = None
    pending = False
    for word in words:
        if pending:
            target, pending = word, False
        elif word.leading.startswith("--target-directory="):
            target = word.dropped(len("--target-directory="))
        elif word.literal in ("-t", "--target-directory"):
            pending = True
        elif not word.leading.startswith("-"):
            found.append(word)
    return found if target is None else [*found, target + _SEPARATOR]
