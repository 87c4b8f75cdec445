"""Handlers of a play: tasks that run later because others have asked for it (ansible-core 2.18).

Every task that notifies is taken to change something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tagcheck.fields import items, word
from tagcheck.guards import Guards
from tagcheck.values import Mapping, Text, Value

Place = TypeVar("Place")


@dataclass
class Handlers(Generic[Place]):
    """The handlers of a play and its roles, each with where it stands, and when which of them were notified."""

    listed: list[tuple[Mapping, Place]] = field(default_factory=list)
    notified: dict[str, list[Guards]] = field(default_factory=dict)

    def add(self, tasks: tuple[Value, ...], place: Place) -> None:
        """Take in handlers; those of a role that is used again are there already."""
        known = [each for each, _ in self.listed]
        self.listed += [(each, place) for each in tasks if isinstance(each, Mapping) and each not in known]

    def notify(self, task: Mapping, guards: Guards) -> None:
        """Note whom a task notifies."""
        for name in _names(task, "notify"):
            self.notified.setdefault(name, []).append(guards)

    def due(self) -> Iterator[tuple[Mapping, Place, list[Guards]]]:
        """The handlers that were notified since the last time, in the order in which they are defined."""
        pending, self.notified = self.notified, {}
        for task, place in list(self.listed):
            asked = [each for name in (word(task, "name"), *_names(task, "listen")) for each in pending.get(name, ())]
            if asked:
                yield task, place, list(dict.fromkeys(asked))


def _names(task: Mapping, key: str) -> tuple[str, ...]:
    listed = (task.get(key), *items(task, key))
    return tuple(each.literal for each in listed if isinstance(each, Text) and each.literal)
