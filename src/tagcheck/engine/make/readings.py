"""What reading a makefile left, kept for the other targets of the same file.

A large makefile takes longer to read than most of its targets take to run. Every target that is entered by itself finds
the same makefile in the same surroundings, so what reading gives is the same; each gets a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagcheck.engine.make.running import Runner
from tagcheck.engine.make.state import Definitions, Target

if TYPE_CHECKING:
    from tagcheck.engine.makefiles import Makefiles

_RUN = ("guards", "live", "failed", "_count", "_order", "_batch", "uses_cluster")
_RUN_TABLES = (
    "events",
    "gaps",
    "archives",
    "files",
    "overrides",
    "dropped",
    "withdrawn",
    "suspended",
    "visited",
    "read",
)
_OWN = ("export_all", "one_shell", "second", "silent", "default", "is_complete", "_texts")
_OWN_TABLES = ("exported", "files", "missing")


@dataclass(frozen=True)
class Reading:
    """The state of a run, and of make in it, after a makefile was read."""

    run: dict[str, Any]
    own: dict[str, Any]
    variables: Definitions
    targets: dict[str, Target]
    patterns: dict[str, Target]
    steps: int

    @classmethod
    def of(cls, host: Makefiles, runner: Runner, steps: int) -> Reading:
        """Keep the state; `steps` are those that reading took."""
        run = {name: getattr(host, name) for name in _RUN} | {name: getattr(host, name).copy() for name in _RUN_TABLES}
        # The target that was entered first is no part of reading: the others do not run it.
        run["visited"].discard(host.frames[0].procedure.key)
        own = {name: getattr(runner, name) for name in _OWN}
        own.update((name, getattr(runner, name).copy()) for name in _OWN_TABLES)
        tables = (_definitions(runner.variables), _targets(runner.targets), _targets(runner.patterns))
        return cls(run, own, *tables, steps)

    def restore(self, host: Makefiles, runner: Runner) -> None:
        """Go on from the state that was kept."""
        for holder, kept, tables in ((host, self.run, _RUN_TABLES), (runner, self.own, _OWN_TABLES)):
            for name, value in kept.items():
                setattr(holder, name, value.copy() if name in tables else value)
        runner.variables = _definitions(self.variables)
        runner.targets, runner.patterns = _targets(self.targets), _targets(self.patterns)
        host.steps -= self.steps


def _definitions(table: Definitions) -> Definitions:
    return {name: found.copy() for name, found in table.items()}


def _targets(table: dict[str, Target]) -> dict[str, Target]:
    return {
        name: Target(target.rules.copy(), _definitions(target.variables), target.private.copy())
        for name, target in table.items()
    }
