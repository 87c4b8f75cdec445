"""The shell that runs now: where it is, and what its variables hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tagcheck.engine import shellvalues
from tagcheck.engine.execute import Execution
from tagcheck.engine.state import ABSENT, Frame
from tagcheck.frontends.shell.body import STRICT
from tagcheck.frontends.shell.names import DIRECTORY
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.values import Absent, FunctionValue, Sequence, Text, Truth, Value

KEYS = "sh:"
"""How the keys of procedures begin that a shell runs."""


class ShellState(Execution):
    """A run that knows the state of a shell."""

    unwatched: bool = False
    """whether somebody asks how what runs now goes, so that no command that fails in it ends the shell"""
    in_command: bool = False
    """whether a program runs, and not the shell itself"""
    started_strict: bool = False
    """whether the shell that runs now was told at its start to end with the first command that fails"""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self.read_in_shells: set[str] = set()
        """the variables that shells read and that none of them had set there"""

    def ends_on_failure(self) -> bool:
        if not self.is_shell():
            return True
        if self.unwatched:
            return False
        cell = self.shell_cell(STRICT)
        return self.started_strict if cell is None else self.narrow(self.heap.read(cell)) != Truth(False)

    def directory(self) -> Text | None:
        found = self.directories()
        texts = self.text_options(found) if found is not None else []
        return texts[0][1] if len(texts) == 1 else None

    def directories(self) -> Value | None:
        """Where the program that runs now may be: a command where it was started, a shell where it went."""
        found = self.working_directory
        if not self.in_command:
            cell = self.shell_cell(DIRECTORY)
            found = self.heap.read(cell) if cell is not None else found
        return found

    def variable(self, name: Text, default: Value | None = None) -> Value:
        literal = name.literal
        if literal is not None and literal.endswith("]") and self.is_shell():
            return self.opaque("an item of a list by its name")
        cell = self.shell_cell(literal) if literal is not None else None
        value = self.narrow(self.heap.read(cell)) if cell is not None else ABSENT
        if isinstance(value, Absent | FunctionValue):
            if literal is not None and self.is_shell():
                self.read_in_shells.add(literal)
            return super().variable(name, default)
        return value

    def own_cells(self) -> Iterable[int]:
        frames = self.frames[self.program_base :]
        names = (cell for frame in frames for cell in frame.names.values())
        return sorted({*self.variables.values(), *names})

    def forget(self, mark: int) -> None:
        changed = self.heap.before(mark) if self.is_shell() else {}
        if not changed:
            return
        named = {cell for frame in self.frames[self.program_base :] for cell in _variables_of(frame)}
        for cell, old in changed.items():
            if cell in named or cell in self.variables.values():
                self.heap.write(cell, old)

    def assign(self, name: Text, value: Value) -> None:
        """Give a variable of the shell that runs now a value: that of the innermost function which has one of its own,
        else the shell's."""
        literal = name.literal
        if literal is None or not self.is_shell():
            return
        if literal.endswith("]"):
            self._assign_item(literal, value)
            return
        cell = self.shell_cell(literal)
        if cell is None:
            self.frames[self.program_base].names[literal] = self.heap.new(value)
        else:
            self.heap.write(cell, value)

    def _assign_item(self, name: str, value: Value) -> None:
        """Give an item of a list or map a value, by the name of that and the index in brackets."""
        variable, _, written = name[:-1].partition("[")
        before = self.variable(Text.of(variable)) if self.shell_cell(variable) is not None else ABSENT
        if isinstance(before, Text | Absent):
            before = Sequence(())
        index = shellvalues.subscript(before, Text.of(written))
        self.assign(Text.of(variable), self.with_item(before, index, value))

    def is_shell(self) -> bool:
        return len(self.frames) > self.program_base and self.frames[self.program_base].procedure.key.startswith(KEYS)

    def shell_cell(self, name: str) -> int | None:
        """The cell of a variable or function by its name: the innermost one that a function declared, else the
        shell's. What a function captured is the shell's own."""
        if not self.is_shell():
            return None
        frames = self.frames[self.program_base :]
        common = frames[0].names.get(name)
        for frame in reversed(frames[1:]):
            cell = frame.names.get(name)
            if cell is not None and cell != common:
                return cell
        return common


def _variables_of(frame: Frame) -> Iterator[int]:
    return (cell for name, cell in frame.names.items() if not name.startswith("%"))
