"""Folders that a run copies: what it then does in a copy happens to files of their own.

A copy gets a name, as if it were a folder of the project; a file in it is that of the folder it was made of, as long as
nobody writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import join, normpath

from tagcheck.builtins.symbolic import joined, split_text
from tagcheck.comparison import equal
from tagcheck.values import Text

MOST_COPIES = 32
_SEPARATOR = Text.of("/")


class Copies:
    """The copies of folders in one run. `exists`: whether the project has a file or folder at a path."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._copies: list[tuple[list[Text], list[str]]] = []
        self._sources: dict[str, list[str]] = {}
        """the folders that a copy was made of, by its name; a path may look like the name of a copy and be none"""

    def add(self, source: str, place: Text) -> None:
        """Note that what is in the folder `source`, by its path in the project or in a copy, is now at `place` too.
        What goes back to a copy that it was made of is taken to be there."""
        steps = split_text(place, "/")
        for number, (known, sources) in enumerate(self._copies):
            if len(known) == len(steps) and _begins(steps, known):
                if not self._comes_from(source, _name(number)):
                    sources.insert(0, source)
                return
        if len(self._copies) < MOST_COPIES:
            self._sources[_name(len(self._copies))] = sources = [source]
            self._copies.append((steps, sources))

    def _comes_from(self, path: str, name: str) -> bool:
        """Whether a path lies in a copy, or in one that was made of it."""
        own = path.partition("/")[0]
        return own == name or any(self._comes_from(each, name) for each in self._sources.get(own, ()))

    def placed(self, path: Text) -> Text:
        """A path by the name of the copy that it leads into; any other path as it is."""
        if not self._copies:
            return path
        steps = split_text(path, "/")
        found = [(len(place), at) for at, (place, _) in enumerate(self._copies) if _begins(steps, place)]
        if not found:
            return path
        length, at = max(found)
        inside = [step for step in steps[length:] if step.parts]
        return joined([Text.of(_name(at)), *inside], _SEPARATOR)

    def source(self, path: str) -> str | None:
        """The path that a file or folder of a copy had before; None for what is in no copy."""
        name, _, rest = path.partition("/")
        found = ["/".join(filter(None, (each, rest))) for each in self._sources.get(name, ())]
        return next((each for each in found if self._exists(self.original(each))), next(iter(found), None))

    def original(self, path: str) -> str:
        """The path in the project of what is in a copy, or in a copy of a copy."""
        for _ in range(MOST_COPIES):
            source = self.source(path)
            if source is None:
                break
            path = source
        return path

    def beside(self, path: str, relative: str) -> str | None:
        """What a relative path means that leads from a file of a copy out of the copy; None for any other."""
        folder = path.rpartition("/")[0]
        name = folder.partition("/")[0]
        if name not in self._sources or normpath(join(folder, relative)).partition("/")[0] == name:
            return None
        place = next(
            (joined(place, _SEPARATOR) for at, (place, _) in enumerate(self._copies) if _name(at) == name), None
        )
        literal = place.literal if place is not None else None
        if literal is None:
            return None
        found = normpath(join(literal, folder.partition("/")[2], relative))
        return self.placed(Text.of(found)).literal

    def of(self, path: str) -> list[str]:
        """The paths in copies of what is at a path in the project."""
        found: list[str] = []
        for name, sources in self._sources.items():
            for source in map(self.original, sources):
                inside = path.removeprefix(f"{source}/") if source else path
                if inside != path or not source:
                    found.append(f"{name}/{inside}")
        return found


def _name(number: int) -> str:
    return f"<copy {number}>"


def _begins(steps: list[Text], place: list[Text]) -> bool:
    return len(steps) >= len(place) and all(equal(*each) for each in zip(place, steps, strict=False))
