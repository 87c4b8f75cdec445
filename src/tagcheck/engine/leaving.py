"""Ways out: of a round of a loop, of a process of its own, of the program that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tagcheck.engine.libraries import LibraryCalls, Results
from tagcheck.engine.state import Exit, Frame, Loop, delta
from tagcheck.guards import any_of
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.values import Value


@dataclass
class Ended:
    """How a process of its own ended."""

    failed: bool = False
    """it was left in failure on the one way that there was through it"""


class Leaving(LibraryCalls):
    """A run of which parts can be left."""

    program_base: int = 0
    """the place of the frame of the program or shell that runs now"""
    _own: tuple[Loop, int] | None = None
    """the process of its own that runs now in that program, and how many frames there were at its beginning"""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self.frames: list[Frame] = []
        self.exits = 0
        self._stopped = -1
        """how many forks were open where the run stopped last"""

    def exit_count(self) -> int:
        return self.exits

    def leave_round(self, ways: list[Exit], loop: Loop) -> None:
        """Leave a round of a loop by one of its ways."""
        ways.append(Exit(delta(self.guards, loop.entry), (), self.heap.changes(loop.mark)))
        self.exits += 1
        self.live, self.failed = False, False

    def go_on_after(self, loop: Loop, ways: list[Exit]) -> None:
        """Go on with what such ways out left, besides the way that runs through."""
        if not ways:
            return
        found = [(way.guards, way.writes) for way in ways if way.writes is not None]
        if self.live:
            found.append((delta(self.guards, loop.entry), self.heap.changes(loop.mark)))
        self.heap.undo(loop.mark)
        self.merge(found)
        ways.clear()
        self.guards = loop.entry.and_(any_of(tuple(guards for guards, _ in found))) or loop.entry
        self.live, self.failed = True, False

    @contextmanager
    def own_process(self, *, asked: bool = False, watched: bool = True) -> Iterator[Ended]:
        """What runs inside is a process of its own (a subshell): who leaves the program there, leaves this alone.
        `asked`: somebody looks at how it ended. Not `watched`: no command that fails ends it. Of failures, only one on
        the single way through it lets the run go on: where there were others, or several, the failing one is no run
        that a scenario is about."""
        outer, loop, ended = self._own, Loop(self.guards, self.heap.mark()), Ended()
        self._own = (loop, len(self.frames))
        yield ended
        self._own = outer
        ended.failed = not self.live and self.failed and not loop.breaks and self._stopped == self.depth
        if ended.failed and (asked or not self.ends_on_failure()):
            self.guards, self.live, self.failed = loop.entry, True, False
        self.go_on_after(loop, loop.breaks)

    def ends_on_failure(self) -> bool:
        """Whether the program that runs now ends with the first command of it that fails."""
        return True

    def stop(self, raised: Value | None = None) -> None:
        """End the run in failure, of which whoever handles it gets what was raised."""
        self.live, self.failed, self.raised = False, True, raised
        self._stopped = self.depth

    @contextmanager
    def started_program(self) -> Iterator[None]:
        """What runs inside is another program."""
        outer = (self._own, self.program_base)
        self._own, self.program_base = None, len(self.frames)
        yield
        self._own, self.program_base = outer

    def leave_program(self, results: Results) -> None:
        """End the program that runs, or the process of its own in it, with these results; the procedures that are being
        evaluated there do not go on."""
        if self._own is not None:
            loop, height = self._own
            self.leave_round(loop.breaks, loop)
        elif self.program_base < len(self.frames):
            base, height = self.frames[self.program_base], self.program_base + 1
            base.exits.append(Exit(delta(self.guards, base.entry), results, self.heap.changes(base.mark)))
            self.exits += 1
            self.live, self.failed = False, False
        else:
            return
        for frame in self.frames[height:]:
            frame.left = True
