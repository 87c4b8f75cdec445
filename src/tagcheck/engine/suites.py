"""Test frameworks: functions kept for a phase, run in the order in which the framework runs them.

A container groups hooks and tests. Hooks of a container run around the tests in it: those for the suite once, others
once before and after all tests of the container; that is enough to see every stage in its order, and keeps the work
proportional to the source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tagcheck.ir import Procedure
from tagcheck.source import Span
from tagcheck.values import FunctionValue, Value

BEFORE_SUITE, AFTER_SUITE = "before-suite", "after-suite"
BEFORE = ("before-all", "before-each", "just-before-each")
AFTER = ("just-after-each", "after-each", "after-all")
CONTAINER, BODY, CLEANUP, RUN_TESTS = "container", "body", "cleanup", "run-tests"


@dataclass(slots=True)
class Container:
    """A group of hooks and tests: functions by phase, in the order of registration and with the place of it, and the
    groups inside."""

    phases: dict[str, list[tuple[Value, Span]]] = field(default_factory=dict)
    inner: list[Container] = field(default_factory=list)


class Suite:
    """What a run registered with test frameworks. `call` calls a function now; `matters` says whether a procedure can
    do anything to images."""

    def __init__(self, call: Callable[[Value, Span], None], matters: Callable[[Procedure], bool]) -> None:
        self._call = call
        self._matters = matters
        self._open = [Container()]
        self.tests: tuple[FunctionValue, ...] = ()

    def register(self, phase: str, function: Value, site: Span) -> None:
        """Keep a function for a phase; a container's function is called at once, to see what is in it."""
        if phase == RUN_TESTS:
            for test in self.tests:
                self._call(test, site)
            return
        if isinstance(function, FunctionValue) and not self._matters(function.procedure):
            return
        if phase == CONTAINER:
            container = Container()
            self._open[-1].inner.append(container)
            self._open.append(container)
            self._call(function, site)
            self._open.pop()
            return
        holder = self._open[0] if phase in (BEFORE_SUITE, AFTER_SUITE) else self._open[-1]
        holder.phases.setdefault(phase, []).append((function, site))

    def run(self) -> None:
        """Run everything that was kept, in the framework's order."""
        root = self._open[0]
        self._phase(root, BEFORE_SUITE)
        self._container(root)
        self._phase(root, AFTER_SUITE)
        self._phase(root, CLEANUP)

    def _container(self, container: Container) -> None:
        for phase in BEFORE:
            self._phase(container, phase)
        self._phase(container, BODY)
        for inner in container.inner:
            self._container(inner)
        for phase in AFTER:
            self._phase(container, phase)
        if container is not self._open[0]:
            self._phase(container, CLEANUP)

    def _phase(self, container: Container, phase: str) -> None:
        functions = container.phases.get(phase, [])
        ordered = list(reversed(functions)) if phase == CLEANUP else list(functions)
        functions.clear()
        for function, site in ordered:
            self._call(function, site)
