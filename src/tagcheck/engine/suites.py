"""Test frameworks: functions kept for a phase, run in the order in which the framework runs them.

A container groups hooks, specs and further containers (Ginkgo 2, "Spec Nodes and Specs in the Spec Hierarchy"): hooks
for the suite and for a container run once, hooks for each spec around every spec in their container and in those inside
it. The first specs of a container run one by one; the others run as one, so that work stays proportional to the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tagcheck.source import Span
from tagcheck.values import FunctionValue, Value

BEFORE_SUITE, AFTER_SUITE = "before-suite", "after-suite"
BEFORE_ALL, AFTER_ALL = "before-all", "after-all"
BEFORE_EACH, AFTER_EACH = ("before-each", "just-before-each"), ("just-after-each", "after-each")
CONTAINER, BODY, CLEANUP, RUN_TESTS, SUBTEST = "container", "body", "cleanup", "run-tests", "subtest"
MOST_APART = 2
"""Specs of a container that run one by one."""

Function: TypeAlias = tuple[Value, Span]
"""A function that was registered, and where."""


@dataclass(slots=True)
class Container:
    """A group: its hooks by phase, in the order of registration, and the specs and groups inside in the order of the
    source."""

    hooks: dict[str, list[Function]] = field(default_factory=dict)
    inside: list[Container | Function] = field(default_factory=list)


class Suite:
    """What a run registered with test frameworks. `call` calls a function now; `matters` says whether a function of a
    phase can do anything to images, or to the names of some."""

    def __init__(self, call: Callable[[Value, Span], None], matters: Callable[[str, FunctionValue], bool]) -> None:
        self._call = call
        self._matters = matters
        self._open = [Container()]
        self._running: Container | None = None
        """what cleanups are for that are registered now"""
        self.tests: tuple[FunctionValue, ...] = ()

    def register(self, phase: str, function: Value, site: Span) -> None:
        """Keep a function for a phase; a container's function is called at once, to see what is in it."""
        if phase == RUN_TESTS:
            for test in self.tests:
                self._apart(test, site)
            return
        if phase == SUBTEST:
            self._apart(function, site)
            return
        if isinstance(function, FunctionValue) and not self._matters(phase, function):
            return
        if phase == CONTAINER:
            container = Container()
            self._open[-1].inside.append(container)
            self._open.append(container)
            self._call(function, site)
            self._open.pop()
        elif phase == BODY:
            self._open[-1].inside.append((function, site))
        else:
            self._holder(phase).hooks.setdefault(phase, []).append((function, site))

    def _apart(self, test: Value, site: Span) -> None:
        """Run a test now, and then what it registers to be done at its end."""
        outer, self._running = self._running, Container()
        self._call(test, site)
        self._clean(self._running)
        self._running = outer

    def _holder(self, phase: str) -> Container:
        if phase in (BEFORE_SUITE, AFTER_SUITE):
            return self._open[0]
        return self._running if phase == CLEANUP and self._running is not None else self._open[-1]

    def run(self) -> None:
        """Run everything that was kept, in the framework's order."""
        root = self._open[0]
        self._once(root, BEFORE_SUITE)
        self._group(root, ())
        self._once(root, AFTER_SUITE)
        self._clean(root)

    def _group(self, container: Container, around: tuple[Container, ...]) -> bool:
        """Run what is in a container; whether a spec ran."""
        chain = (*around, container)
        self._once(container, BEFORE_ALL)
        inside, container.inside = container.inside, []
        specs, ran = 0, False
        rest: list[Function] = []
        for each in inside:
            if isinstance(each, Container):
                ran = self._group(each, chain) or ran
            elif specs < MOST_APART:
                specs, ran = specs + 1, True
                self._spec(chain, (each,))
            else:
                rest.append(each)
        if rest:
            self._spec(chain, rest)
        hooked = any(container.hooks.get(phase) for phase in (*BEFORE_EACH, *AFTER_EACH))
        if hooked and not ran:
            # The specs themselves do nothing to images.
            self._spec(chain, ())
        for phase in (*BEFORE_EACH, *AFTER_EACH):
            container.hooks.pop(phase, None)
        self._once(container, AFTER_ALL)
        if around:
            self._clean(container)
        return ran or hooked

    def _spec(self, chain: Sequence[Container], bodies: Iterable[Function]) -> None:
        """Run specs with the hooks of the containers around them, and what these register to be done at the end."""
        outer, self._running = self._running, Container()
        for phase in BEFORE_EACH:
            for container in chain:
                self._all(container.hooks.get(phase, ()))
        self._all(bodies)
        for phase in AFTER_EACH:
            for container in reversed(chain):
                self._all(container.hooks.get(phase, ()))
        self._clean(self._running)
        self._running = outer

    def _once(self, container: Container, phase: str) -> None:
        outer, self._running = self._running, container
        self._all(container.hooks.pop(phase, ()))
        self._running = outer

    def _clean(self, container: Container) -> None:
        self._all(reversed(container.hooks.pop(CLEANUP, [])))

    def _all(self, functions: Iterable[Function]) -> None:
        for function, site in tuple(functions):
            self._call(function, site)
