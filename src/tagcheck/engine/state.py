"""What a run remembers: cells, frames, the ways out of a block."""

from __future__ import annotations

from msgspec import Struct, field

from tagcheck.guards import ALWAYS, Guards
from tagcheck.ir import Procedure, Statement
from tagcheck.source import Span
from tagcheck.values import Absent, Text, Value

ABSENT = Absent()
NOT_SET = Text(())
"""What a variable of the environment holds that is known not to be there. It reads as the empty text, and is told from
the text of a variable that is there and empty by being this very object."""


class Heap:
    """Cells by number, with a journal so that one side of a branch can be undone before the other side runs."""

    def __init__(self) -> None:
        self._cells: dict[int, Value] = {}
        self._journal: list[tuple[int, Value | None]] = []
        self._next = 0

    def new(self, value: Value) -> int:
        """The number of a fresh cell with this content."""
        cell = self._next
        self._next += 1
        self._write(cell, value)
        return cell

    def read(self, cell: int) -> Value:
        return self._cells.get(cell, ABSENT)

    def write(self, cell: int, value: Value) -> None:
        if self._cells.get(cell) is not value:
            self._write(cell, value)

    def _write(self, cell: int, value: Value) -> None:
        self._journal.append((cell, self._cells.get(cell)))
        self._cells[cell] = value

    def mark(self) -> int:
        """A point to compare with or to go back to."""
        return len(self._journal)

    def changes(self, mark: int) -> dict[int, Value]:
        """The present content of every cell written since a mark."""
        return {cell: self._cells[cell] for cell, _ in self._journal[mark:]}

    def before(self, mark: int) -> dict[int, Value]:
        """What every cell written since a mark held then."""
        found: dict[int, Value] = {}
        for cell, old in self._journal[mark:]:
            found.setdefault(cell, ABSENT if old is None else old)
        return found

    def undo(self, mark: int) -> None:
        """Go back to a mark."""
        while len(self._journal) > mark:
            cell, old = self._journal.pop()
            if old is None:
                self._cells.pop(cell, None)
            else:
                self._cells[cell] = old


class Exit(Struct):
    """One way out of a procedure or loop round: under which guards, with which results, and what it left in the cells
    written since the beginning; `writes` is None if the heap still is as this way left it."""

    guards: Guards
    results: tuple[Value, ...]
    writes: dict[int, Value] | None


class Frame(Struct):
    """A procedure being evaluated. `names` maps its variables, captured ones included, to cells; `entry` holds the
    guards at its beginning, `mark` the journal's, `depth` how many forks were open then."""

    procedure: Procedure
    names: dict[str, int]
    entry: Guards
    mark: int
    depth: int
    exits: list[Exit] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    deferred: list[tuple[tuple[Statement, ...], dict[str, int]]] = field(default_factory=list)
    failed: bool = False
    left: bool = False
    """on some way the program was left while this was being evaluated"""


class Loop(Struct):
    """A loop round being evaluated: the ways out by `continue` and by `break`."""

    entry: Guards
    mark: int
    continues: list[Exit] = field(default_factory=list)
    breaks: list[Exit] = field(default_factory=list)


class Pending(Struct):
    """A body that was spawned and has not run yet. `copied`: what the cells held that it has for itself."""

    body: tuple[Statement, ...]
    frame: Frame
    guards: Guards
    stack: tuple[Span, ...]
    lane: tuple[tuple[int, int], ...]
    copied: dict[int, Value] = field(default_factory=dict)


def delta(guards: Guards, entry: Guards) -> Guards:
    """What `guards` say beyond `entry`."""
    if guards is entry or guards == entry:
        return ALWAYS
    return Guards(guards.units - entry.units, guards.clauses - entry.clauses)
