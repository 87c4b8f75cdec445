"""Modules that are loaded: what they run then, once, and what their variables hold.

Loading is work that a run does before it comes to what was asked about. A large library can take all of the work that a
run may cost for its own set-up, which has nothing to do with images; then its loading is not followed, and nothing is
said of what it would have assigned.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext

from tagcheck import ir
from tagcheck.engine.basis import Exhausted
from tagcheck.engine.leaving import Leaving
from tagcheck.engine.libraries import Results
from tagcheck.engine.state import ABSENT, Frame, Pending
from tagcheck.frontends.api import Variable
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.values import FunctionValue, Mapping, Pointer, Record, Sequence, Value

MOST_LOADING_STEPS = 3_000
"""Statements that loading a module may take, with all that it imports, without anything being done to an image."""


class Loading(Leaving):
    """A run that loads modules."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self.pending: list[Pending] = []
        self.modules_loaded: set[str] = set()
        self.unfinished: set[str] = set()
        """the modules of which it is not known what they assigned when they were loaded"""
        self.entered: set[str] = set()
        """the modules that were started, as opposed to imported"""
        self._loads_one = False
        """a module is loaded that another one imports"""

    @abstractmethod
    def as_started(self) -> AbstractContextManager[None]:
        """The environment as it was when the program that runs began."""

    @abstractmethod
    def run_block(self, body: tuple[ir.Statement, ...], frame: Frame) -> None: ...

    @abstractmethod
    def apply(
        self,
        callee: Value,
        arguments: Results,
        site: Span,
        keywords: dict[str, Value] | None = None,
        wanted: int = 0,
    ) -> Results:
        """Call a value with arguments."""

    @abstractmethod
    def call_procedure(
        self, function: FunctionValue, arguments: Results, site: Span, keywords: dict[str, Value]
    ) -> Results:
        """Evaluate a procedure of the project with these arguments; its results."""

    def enter(self, procedure: Procedure, names: dict[str, int]) -> Frame:
        return Frame(procedure, names, self.guards, self.heap.mark(), self.depth)

    def loaded(self, module: str) -> bool:
        if module in self.modules_loaded:
            return False
        self.modules_loaded.add(module)
        procedures = self.program.on_load(module)
        outer = (self.site, self.live, self.failed)
        bounded = not self._loads_one and module not in self.entered
        if bounded and any(self.program.runs_files(each.span.path) for each in procedures):
            self._load_within_bound(module, procedures)
        else:
            self._load(procedures)
        self.site, self.live, self.failed = outer
        return True

    def _load(self, procedures: tuple[Procedure, ...]) -> None:
        for procedure in procedures:
            self.call_procedure(FunctionValue(procedure), (), procedure.span, {})

    def _load_within_bound(self, module: str, procedures: tuple[Procedure, ...]) -> None:
        """Load a module that is imported, or leave it, and all that it was loading, as if that had not begun: what it
        would have assigned is not known then."""
        before, mark, known = dict(vars(self)), self.heap.mark(), self.modules_loaded - {module}
        lengths = [(each, len(each)) for each in (self.events, self.gaps, self.dropped, self.pending)]
        self._loads_one, self.floor = True, max(self.floor, self.steps - MOST_LOADING_STEPS)
        try:
            self._load(procedures)
        except Exhausted:
            if len(self.events) > lengths[0][1] or self.steps <= before["floor"]:
                raise
            self.heap.undo(mark)
            for each, length in lengths:
                del each[length:]
            vars(self).update({**before, "steps": self.steps, "_count": self._count})
            self.unfinished |= self.modules_loaded - known
            for place, cell in tuple(self.globals.items()):
                if self.heap.read(cell) is ABSENT:
                    del self.globals[place]
                elif place[0] in self.unfinished:
                    self.heap.write(cell, self.as_loaded(self.heap.read(cell)))
        self._loads_one, self.floor = False, min(self.floor, before["floor"])

    def as_loaded(self, value: Value) -> Value:
        """What a variable that was given a value once holds after its module was loaded, which was not followed."""
        return self.not_followed() if isinstance(value, Mapping | Pointer | Record | Sequence) else value

    def not_followed(self) -> Value:
        return self.opaque("a variable of a module that takes long to load")

    def initialise(self, module: str, variable: Variable) -> int:
        if variable.in_turn:
            self.loaded(module)
            if module in self.unfinished:
                self.globals[(module, variable.name)] = self.heap.new(self.not_followed())
            if (module, variable.name) in self.globals:
                return self.globals[(module, variable.name)]
        procedure = ir.Procedure(f"{module}.{variable.name}", module, (), variable.lower, variable.span)
        outer = (self.guards, self.stack, self.live, self.failed, self.declaring)
        # What a module's variable holds was made when the module was loaded, not where it is first read.
        self.stack, self.declaring = (), not variable.in_turn
        frame = self.enter(procedure, {})
        self.globals[(module, variable.name)] = self.heap.new(self.opaque("a variable that depends on itself"))
        with self.as_started() if self.declaring and not outer[4] else nullcontext():
            self.run_block(procedure.body, frame)
        self.guards, self.stack, self.live, self.failed, self.declaring = outer
        for name, cell in frame.names.items():
            if not name.startswith("%"):
                self.globals[(module, name)] = cell
                if not variable.in_turn:
                    self.declared[(module, name)] = self.heap.read(cell)
        cell = self.globals[(module, variable.name)]
        if module in self.unfinished:
            self.heap.write(cell, self.as_loaded(self.heap.read(cell)))
        return cell
