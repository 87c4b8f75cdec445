"""Programs and tests of the project as runs start them: entry points by themselves, and what `go test`, `pytest` or
`python FILE` starts on the way.

A command that starts tests is followed into them only where that can make a difference: it does so with variables that
the tests or the modules which they import name, or after something was done to images. Everything else that such tests
do is seen in the scenarios that they are by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from posixpath import dirname, normpath
from typing import TypeAlias

from msgspec.structs import replace

from tagcheck.builtins.suites import PREPARING
from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue import Tools
from tagcheck.engine.pipelines import Pipelines
from tagcheck.engine.places import below
from tagcheck.engine.state import ABSENT
from tagcheck.engine.suites import BODY, Suite
from tagcheck.engine.writes import sets_around
from tagcheck.frontends.api import EntryKind
from tagcheck.guards import Guards
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.scenario import Plan, plans
from tagcheck.source import Span
from tagcheck.values import EMPTY, Absent, FunctionValue, LibraryValue, Opaque, Text, Value

Started: TypeAlias = tuple[object, ...]
"""The first procedure of a program, its words and the variables that it sees."""
MOST_LAUNCHES = 3
"""Programs of the project inside of programs of the project."""
MOST_SUITES = 8
"""Suites that one command starts; one that starts more runs all that there are, each of which is seen by itself."""
_BELOW = "/..."
"""What ends a pattern of Go packages that takes in all folders below (go help packages)."""
_TEST = "::"
"""What separates a file from a test in it (pytest)."""


class Launches(Pipelines):
    """A run that starts programs and tests of the project."""

    def __init__(self, program: Program, models: Models, tools: Tools, steps: int) -> None:
        super().__init__(program, models, tools, steps)
        self.suite = self._new_suite()
        self.launched: tuple[str, ...] = ()
        """the first procedures of the programs that run now, outermost first"""
        self.words: tuple[Text, ...] | None = None
        """the arguments of the program that runs now, where a command gave them"""
        self._started: dict[Started, Value] = {}
        """the programs that have run, with what they were given"""
        self._set_before: dict[str, Value] = {}
        """the environment of the program that runs now, when it began"""

    def _new_suite(self) -> Suite:
        return Suite(self._call_now, self._matters)

    def _matters(self, phase: str, function: FunctionValue) -> bool:
        """Whether a function of a test framework is worth to be called: it may do something to images, or set what the
        names of some are made of."""
        procedure = function.procedure
        if self.program.reaches(procedure) or self.program.deploys(procedure):
            return True
        if phase in PREPARING:
            return bool(function.captured) or self.program.mentions_variable(procedure)
        return phase == BODY and sets_around(procedure, frozenset(name for name, _ in function.captured))

    def register(self, phase: str, function: Value) -> None:
        self.suite.register(phase, function, self.site)

    def _call_now(self, function: Value, site: Span) -> None:
        """Call a function of a test framework; a failure in it does not end the scenario."""
        self.site = site
        if isinstance(function, FunctionValue):
            arguments = tuple(
                Opaque(f"param:{function.procedure.key}#{each.name}", "an argument", each.type)
                for each in function.procedure.parameters
            )
            self.apply(function, arguments, self.site)
        elif isinstance(function, LibraryValue):
            self.apply(function, (), self.site)
        self.live, self.failed = True, False

    def program_words(self) -> tuple[Text, ...] | None:
        return self.words

    # --- entry points ---

    def enter_program(self, procedures: Sequence[Procedure], tests: Sequence[Procedure], site: Span | None) -> None:
        """Run entry procedures one after the other, then what they registered with a test framework. `site`: the
        command that starts them, None if nothing in the project does."""
        self.suite.tests = tuple(FunctionValue(each) for each in tests)
        self._set_before = {name: self.heap.read(cell) for name, cell in self.variables.items()}
        for procedure in procedures:
            self.guards = replace(self.guards)
            self._enter(procedure, site)
        self.suite.run()
        self.wait()

    @contextmanager
    def as_started(self) -> Iterator[None]:
        now = {name: self.heap.read(cell) for name, cell in self.variables.items()}
        later = {name: value for name, value in now.items() if self._set_before.get(name, ABSENT) is not value}
        for name in later:
            self.heap.write(self.variables[name], self._set_before.get(name, ABSENT))
        yield
        for name, value in later.items():
            self.heap.write(self.variables[name], value)

    def _enter(self, procedure: Procedure, site: Span | None) -> None:
        arguments = tuple(
            self._parameter(procedure, each.name, each.type)
            if each.default is None
            else self.evaluate(each.default, self.enter(procedure, {}))
            for each in procedure.parameters
        )
        receiver = None
        if procedure.receiver is not None:
            receiver = self._parameter(procedure, procedure.receiver.name, procedure.receiver.type)
        self._call_entry(FunctionValue(procedure, receiver=receiver), arguments, site or procedure.span)
        self.live, self.failed = True, False

    def _parameter(self, procedure: Procedure, name: str, type_: str) -> Value:
        return Opaque(f"param:{procedure.key}#{name}", "a parameter of an entry point", type_, name)

    def _call_entry(self, function: FunctionValue, arguments: tuple[Value, ...], site: Span) -> None:
        self.visited.add(function.procedure.key)
        self.entered.add(function.procedure.module)
        results = self.call_procedure(function, arguments, site, {})
        self.wait()
        if not self.events:
            self._state(results)

    def _state(self, results: tuple[Value, ...]) -> None:
        """What a function returns that does nothing itself may be a manifest."""
        for value in results:
            for _, option in self.narrowed(value):
                if isinstance(option, Text):
                    self.deploy_manifest(option)

    # --- started by commands ---

    def launch(self, effect: Effect) -> Value | None:
        """Run the tests or the program of the project that a command starts. Several suites that one command starts
        know nothing of each other: each is an alternative to the others."""
        if len(self.launched) >= MOST_LAUNCHES:
            return None
        known = list(self._asked_for(effect)) or list(self._speaking(effect))
        if len(known) == 1:
            return self._launch_one(known[0], effect)
        wanted = [plan for plan in known if self._is_new(plan, effect)]
        if 0 < len(wanted) <= MOST_SUITES:
            identity = self.fresh("tests")
            self.fork((_alone(identity, at), partial(self._launch, plan, effect)) for at, plan in enumerate(wanted))
        return None

    def _launch_one(self, plan: Plan, effect: Effect) -> Value | None:
        run = self._run_of(plan, effect)
        if self._is_new(plan, effect):
            self._started[run] = self._launch(plan, effect)
        printed = self._started.get(run, EMPTY)
        return printed if printed != EMPTY else None

    def _speaking(self, effect: Effect) -> Iterator[Plan]:
        """The program that a command starts for what it prints: it does nothing to images itself."""
        if effect.kind is not EffectKind.PROGRAM:
            return
        files = [each for each in sorted(self._started_files(effect)) if each in self.program.paths]
        unit = self.program.unit(files[0]) if files and self.program.runs_files(files[0]) else None
        if unit is not None:
            mains = tuple(unit.procedures[name] for name, kind in unit.entries if kind is EntryKind.MAIN)
            if procedures := (mains or unit.initial):
                yield Plan(unit.path, procedures, is_main=True)

    def _run_of(self, plan: Plan, effect: Effect) -> Started:
        """A program with what it is given."""
        seen = ((name, self.heap.read(cell)) for name, cell in self.variables.items())
        told = frozenset((name, value) for name, value in seen if self._is_set(name, value))
        return (plan.procedures[0].key, effect.words, self.command_environment, told)

    def _is_new(self, plan: Plan, effect: Effect) -> bool:
        """Whether a program makes a difference, and has not run in this scenario with the same variables."""
        if plan.procedures[0].key in self.launched or not self._makes_a_difference(plan, effect):
            return False
        run = self._run_of(plan, effect)
        if run in self._started:
            return False
        self._started[run] = EMPTY
        return True

    def _launch(self, plan: Plan, effect: Effect) -> Value:
        outer = (self.holes, self.output_cell, self.pending, self.site, self.suite, self.words, self.launched)
        loaded = (self.globals, self.modules_loaded, self.libraries, self.declared, self._set_before)
        self.holes, self.output_cell, self.pending = (), self.heap.new(EMPTY), []
        self.suite, self.launched = self._new_suite(), (*outer[6], plan.procedures[0].key)
        self.globals, self.modules_loaded, self.libraries, self.declared = {}, set(), {}, {}
        is_program = effect.kind is EffectKind.PROGRAM
        with self.process(in_command=False):
            self.words = effect.words if is_program else None
            if not is_program:
                self.working_directory = None
            self.enter_program(plan.procedures, plan.tests, outer[3])
        printed = self.narrow(self.heap.read(self.output_cell)) if is_program else EMPTY
        self.holes, self.output_cell, self.pending, self.site, self.suite, self.words, self.launched = outer
        self.globals, self.modules_loaded, self.libraries, self.declared, self._set_before = loaded
        return printed

    def _makes_a_difference(self, plan: Plan, effect: Effect) -> bool:
        if self.events or effect.words or not self.program.concerns(plan.procedures[0]):
            return True
        names = {name for name, _ in self.command_environment}
        names.update(name for name, cell in self.variables.items() if self._is_set(name, self.heap.read(cell)))
        return self.program.names_any(plan.procedures[0].span.path, frozenset(names))

    def _is_set(self, name: str, value: Value) -> bool:
        """Whether a variable has a value that the run itself gave it."""
        return not isinstance(value, Absent) and not (isinstance(value, Text) and value == self.outside(name))

    def _asked_for(self, effect: Effect) -> Iterator[Plan]:
        """The scenarios of the project that a command starts."""
        known = self.program.kept.get(Plan)
        if not isinstance(known, tuple):
            known = self.program.kept[Plan] = tuple(plans(self.program))
        if effect.kind is EffectKind.PROGRAM:
            wanted = self._started_files(effect)
            yield from (each for each in known if each.is_main and not wanted.isdisjoint(_places(each)))
            return
        for text in effect.values or (EMPTY,):
            path = self._place(effect, text)
            if path is None:
                # Which tests are meant is not known: each suite is seen by itself.
                continue
            every = path.endswith(_BELOW) or path == "..." or effect.everything
            folder = path.removesuffix("...").rstrip("/").partition(_TEST)[0]
            folder = "" if folder == "." else folder
            for each in known:
                inside = any(place == folder or (every and _is_below(place, folder)) for place in _places(each))
                if inside and not each.is_main:
                    yield each

    def _started_files(self, effect: Effect) -> frozenset[str]:
        """The file or folder of the program that a command starts, or those that a module by that name may be."""
        path = self._place(effect, effect.path) if effect.path is not None else None
        if path is None:
            return frozenset()
        folder, _, name = path.rpartition("/")
        if path in self.program.paths or not all(map(str.isidentifier, name.split("."))):
            return frozenset((path,))
        return frozenset((path, *self.program.files_of_module(folder, name)))

    def _place(self, effect: Effect, path: Text) -> str | None:
        """A path of a command as seen from the project's folder; None if it is not known."""
        literal = self.seen_from_root(below(effect.directory, path) if effect.directory is not None else path).literal
        return normpath(literal) if literal else literal


def _alone(identity: str, number: int) -> Guards:
    """The guards of one of several alternatives."""
    return Guards(frozenset((f"{identity}:{at}", at == number) for at in range(number + 1)))


def _places(plan: Plan) -> tuple[str, str]:
    """The file of a plan and its folder."""
    path = plan.procedures[0].span.path
    return path, dirname(path)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")
