"""What the shell or program that runs now has printed so far."""

from __future__ import annotations

from tagcheck.engine.calls import Calls
from tagcheck.values import EMPTY, Filling, HoleKind, Text, Value

MOST_PRINTED = 200
"""Parts of the text that a shell prints; what follows is not kept."""


class Outputs(Calls):
    """A run that keeps what is printed."""

    _printed_last: tuple[int | None, Value, Value] = (None, EMPTY, EMPTY)
    """where something was printed last, what stood there before, and what was printed"""

    def _print(self, value: Value) -> None:
        """Add to what the shell around prints."""
        if self.output_cell is None:
            return
        before = self.heap.read(self.output_cell)
        if value == EMPTY or (isinstance(before, Text) and len(before.parts) > MOST_PRINTED):
            return
        self._printed_last = (self.output_cell, before, value)
        if _ends_unknown(before):
            # Whether a program printed lines, and how many, is not known: what follows does not stand behind a name.
            before, value = EMPTY, self.opaque("what several commands print")
        self.heap.write(self.output_cell, value if before == EMPTY else self.join((before, value)))

    def drop_printed(self) -> None:
        """Take back what the last command printed: it failed, and what it prints is known to be one value."""
        cell, before, value = self._printed_last
        parts = value.parts if isinstance(value, Text) else ()
        hole = parts[0].hole if len(parts) == 1 and isinstance(parts[0], Filling) else None
        is_known = hole is not None and bool(hole.weak or hole.shape)
        if cell is not None and cell == self.output_cell and is_known and self.heap.read(cell) == value:
            self.heap.write(cell, before)


def _ends_unknown(value: Value) -> bool:
    """Whether a text ends with what a program printed."""
    last = value.parts[-1] if isinstance(value, Text) and value.parts else None
    return isinstance(last, Filling) and last.hole.kind is HoleKind.OUTPUT
