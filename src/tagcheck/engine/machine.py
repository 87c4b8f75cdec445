"""One run from an entry point: the evaluator with everything that library operations may ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tagcheck.builtins.api import Machine as MachineProtocol
from tagcheck.catalogue import Tools
from tagcheck.engine.basis import FEW_IDLE_STEPS, Exhausted
from tagcheck.engine.clusters import in_one_spelling
from tagcheck.engine.launches import Launches
from tagcheck.events import MADE, Event, Scenario, Stage
from tagcheck.finding import Tier
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.values import FunctionValue, HoleKind, LibraryValue, Pointer, Record, Text, Value

MOST_STEPS = 60_000
"""Statements that one scenario may execute; counted, so that results do not depend on the machine."""


MOST_FILES = 2_000
"""Files of a folder among which code may look for some."""


class Machine(Launches):
    """A run as entry points start it and library operations see it."""

    def machine(self) -> MachineProtocol:
        return self

    # --- what library operations ask ---

    def allocate(self, content: Value) -> Value:
        return Pointer(self.heap.new(content))

    def call(
        self, function: Value, arguments: Sequence[Value], keywords: dict[str, Value] | None = None
    ) -> tuple[Value, ...]:
        site = self.site
        results = self.apply(function, tuple(arguments), site, keywords or {}, 1)
        self.site = site
        return results

    def doubt(self) -> None:
        self.doubts += 1

    def attempt(self, function: Value) -> None:
        site = self.site
        self._call_now(function, site)
        self.site = site

    def methods(self, value: Value) -> Mapping[str, Value]:
        content = self.load(value)
        if not isinstance(content, Record):
            return {}
        return {name: self.method(value, content, name) for name in self.program.method_names(content.type)}

    def own_method(self, value: Value, name: str) -> Value | None:
        content = self.load(value)
        match content:
            case Record():
                for found in self.program.member(content.type, name):
                    if isinstance(found, Procedure):
                        return FunctionValue(found, receiver=value)
                if self.models.find(f"{content.type}.{name}") is not None:
                    return LibraryValue(f"{content.type}.{name}", value)
                return self.held_method(content, name)
            case FunctionValue(procedure=made) if made.constructs:
                bound = self.field(value, name)
                return bound if isinstance(bound, FunctionValue) and bound.receiver is value else None
            case _:
                return None

    def own_attribute(self, value: Value, name: str) -> Value | None:
        content = self.load(value)
        if isinstance(content, LibraryValue) and content.name.endswith("."):
            module = content.name[:-1]
            known = (module, name) in self.globals or bool(self.program.lookup(module, name))
            return self.field(value, name) if known and module in self.program.modules else None
        has = isinstance(content, Record) and bool(self.program.member(content.type, name))
        return self.field(value, name) if has else self.own_method(value, name)

    def ancestors(self, type_: str) -> tuple[str, ...]:
        return self.program.ancestors(type_)

    def is_own(self, type_: str) -> bool:
        return self.program.type(type_) is not None

    def files_below(self, folder: Text) -> tuple[str, ...] | None:
        placed = self.placed(folder).literal
        if placed is None or placed.startswith(("/", "..")):
            return None
        inside = "" if placed in ("", ".") else f"{placed.rstrip('/')}/"
        found = tuple(path[len(inside) :] for path in self.program.below(inside.rstrip("/")))
        return found if 0 < len(found) <= MOST_FILES else None

    def spawn(self, function: Value) -> None:
        self.spawn_value(function)

    def end_program(self, status: Value) -> None:
        self.leave_program((status,))


class Evaluated(Struct, frozen=True):
    """What the evaluation of an entry point gives: what happens to images, the keys of the procedures that it went
    through, and the files whose content it handed to a cluster."""

    scenario: Scenario
    visited: frozenset[str]
    applied: frozenset[str]


_NEEDS_A_NAME = (Stage.DEPLOYED, Stage.RUN, Stage.LOADED, Stage.SAVED, Stage.PUSHED)


def _unset(machine: Machine, program: Program) -> frozenset[str]:
    """The variables of the environment in names that are used, and in none that is supplied, that nothing sets."""
    used = _variables(event for event in machine.events if event.stage in _NEEDS_A_NAME)
    supplied = _variables(event for event in machine.events if event.stage in MADE)
    return _set_by_nothing(used - supplied, machine, program)


def _unset_for_jobs(machine: Machine, program: Program) -> frozenset[str]:
    """The variables in names on hosts of jobs that nothing sets: not the project, and no step that is not known."""
    if not machine.closed or any(gap.stage == "run" for gap in machine.gaps):
        return frozenset()
    used = _variables(event for event in machine.events if event.host in machine.closed)
    return _set_by_nothing(used, machine, program)


def _unassigned(machine: Machine, program: Program) -> frozenset[str]:
    """The variables of shells in names that are used, whose names are those of a script's own variables (POSIX.1-2024,
    8.1: names with lower-case letters are not for the environment), and that nothing sets."""
    if machine.assigns_unseen:
        return frozenset()
    used = _variables(event for event in machine.events if event.stage is not Stage.REMOVED)
    own = {name for name in used & machine.read_in_shells if name != name.upper()}
    return _set_by_nothing(own, machine, program)


def _set_by_nothing(names: set[str], machine: Machine, program: Program) -> frozenset[str]:
    return frozenset(name for name in names if not machine.tools.gives(name) and program.only_reads(name))


def _variables(events: Iterable[Event]) -> set[str]:
    holes = (hole for event in events for hole in event.image.holes)
    return {hole.identity for hole in holes if hole.kind is HoleKind.ENVIRONMENT}


def evaluate(
    program: Program,
    models: Models,
    tools: Tools,
    name: str,
    procedures: Sequence[Procedure],
    tests: Sequence[Procedure] = (),
    steps: int = MOST_STEPS,
    brief: bool = False,
) -> Evaluated:
    """The scenario of one entry point: `procedures` in order, then what they registered with a test framework; `tests`
    are the tests of a module whose test main is an entry. `brief`: it is one of very many. Never raises on what it
    reads; work past the bound is cut and said so in `Scenario.cut`."""
    machine = Machine(program, models, tools, steps)
    if brief:
        machine.floor = max(0, steps - FEW_IDLE_STEPS)
    cut = ""
    try:
        machine.enter_program(procedures, tests, None)
    except Exhausted:
        cut = f"more than {steps - machine.steps} steps"
    except RecursionError:
        cut = "nested too deeply"
    span = procedures[0].span if procedures else Span("", 1, 1, 1, 1)
    scenario = Scenario(
        name=name,
        entry=procedures[0].key if procedures else "",
        span=span,
        tier=Tier.UNKNOWN,
        events=in_one_spelling(machine.events, machine.registries),
        gaps=tuple(replace(gap, scenario=name) for gap in machine.gaps),
        dropped=tuple(machine.dropped),
        missed=tuple(machine.overrides),
        unset=_unset(machine, program),
        unset_for_jobs=_unset_for_jobs(machine, program),
        unassigned=_unassigned(machine, program),
        misspelt=tuple(machine.misspelt),
        unlisted=frozenset(machine.unlisted),
        cut=cut,
        uses_cluster=machine.uses_cluster,
        makes_cluster=machine.makes_cluster,
        clusters=tuple(machine.clusters),
    )
    found = Evaluated(scenario, frozenset(machine.visited), frozenset(machine.applied_files))
    # The parts of a run refer to each other, and nobody collects them while a scan goes on.
    vars(machine).clear()
    return found
