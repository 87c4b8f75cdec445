"""Files that a run has written, by their paths: what stands in them, and in which case of the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tagcheck.comparison import certain_key
from tagcheck.guards import Guards
from tagcheck.values import Hole, Text, Value

State = tuple[Text, Value, Guards]
"""A path, what was written there, and when."""


class WrittenFiles:
    """What was written so far on one host, in order."""

    def __init__(self) -> None:
        self._states: list[State] = []
        self._by_path: dict[object, list[int]] = defaultdict(list)

    def add(self, path: Text, content: Value, guards: Guards) -> None:
        """Note that a file was written, where `guards` hold."""
        key = certain_key(path)
        if key is not None:
            self._by_path[key].append(len(self._states))
        self._states.append((path, content, guards))

    def states(self, path: Text) -> Iterator[tuple[Value, Guards]]:
        """What was written to files whose path is certainly this one, the last first."""
        key = certain_key(path)
        for at in reversed(self._by_path.get(key, ()) if key is not None else ()):
            _, content, guards = self._states[at]
            yield content, guards

    def below(self, folder: Text) -> list[Text]:
        """The paths of the files that certainly are in a folder, in the order in which they were first written."""
        if certain_key(folder) is None:
            return []
        start = (folder + Text.of("/")).merged()
        found = (path for path, _, _ in self._states if _is_directly_below(start, path.merged()))
        return list(dict.fromkeys(found))

    def copy(self) -> WrittenFiles:
        """The same files, to which more can be added apart from these."""
        found = WrittenFiles()
        for state in self._states:
            found.add(*state)
        return found

    def __iter__(self) -> Iterator[State]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)


def _is_directly_below(start: tuple[str | Hole, ...], path: tuple[str | Hole, ...]) -> bool:
    """Whether a path begins with that of a folder and has one name more."""
    last = len(start) - 1
    if len(path) != len(start) or path[:last] != start[:last]:
        return False
    before, name = start[last], path[last]
    return (
        isinstance(before, str) and isinstance(name, str) and name.startswith(before) and "/" not in name[len(before) :]
    )
