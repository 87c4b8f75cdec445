"""Entry points: what runs without being called in the project, and in which company.

A suite of closures that a test framework keeps (Ginkgo) is one scenario for each package, because its hooks and tests
share one set-up; so is a test main with the tests that it runs. Every other test, program and set-up function that
nothing in the project calls is a scenario of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.ir import Procedure
from tagcheck.link import Program

MOST_TESTS = 400
"""Test functions, each a scenario by itself, that are followed as far as any: a project with more has unit tests among
them, which run the program itself."""
MOST_UNCALLED = 300
"""Functions that nothing calls and that are evaluated, each by itself: a test library has dozens of them, a large
library of another kind thousands, of which hardly one has to do with images."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One scenario to evaluate: its name for people, the procedures to run in order, the tests that a test main runs,
    whether its own teardown belongs to it, whether it counts only if no other scenario runs it on its way, and whether
    it runs at all: a file may only state what it would use. `is_main` marks programs, as opposed to tests. `entry` is
    what a file that runs by itself is asked for; `brief`: it is one of so many that each is followed less far."""

    name: str
    procedures: tuple[Procedure, ...]
    tests: tuple[Procedure, ...] = ()
    whole: bool = True
    alone: bool = False
    runs: bool = True
    is_main: bool = False
    entry: str = ""
    brief: bool = False


def plans(program: Program) -> Iterator[Plan]:
    """The scenarios of runners: suites, test mains, tests, programs."""
    groups: dict[str, list[Unit]] = defaultdict(list)
    for unit in program.units_in_view():
        groups[unit.module.removesuffix(".test")].append(unit)
    for module in sorted(groups):
        yield from _module_plans(program, groups[module])


def _module_plans(program: Program, units: list[Unit]) -> Iterator[Plan]:
    every = tuple(each for unit in units for each in unit.initial)
    whole = any(program.concerns(each) for each in every)
    initial = tuple(each for each in every if program.concerns(each) or (whole and program.deploys(each)))
    if whole:
        # Hooks that set variables only.
        known = {each.key for each in initial}
        initial = (*(each for each in program.preparations(units) if each.key not in known), *initial)
    entries = [(unit.procedures[name], kind) for unit in units for name, kind in unit.entries]
    reaching = [(procedure, kind) for procedure, kind in entries if program.concerns(procedure)]
    mains = tuple(procedure for procedure, kind in entries if kind is EntryKind.SETUP)
    tests = tuple(procedure for procedure, kind in reaching if kind is EntryKind.TEST)
    if mains and program.concerns(mains[0]):
        tests = tuple(
            each for each, kind in entries if kind is EntryKind.TEST and (each in tests or program.deploys(each))
        )
    if initial:
        # What a file does when it is loaded is a program where files are modules, unless a test runner loads it.
        is_main = len(units) == 1 and program.runs_files(units[0].path) and not program.is_test(units[0].path)
        yield Plan(units[0].path.rpartition("/")[0] or units[0].path, initial, is_main=is_main)
    if mains and (tests or program.concerns(mains[0])):
        yield Plan(units[0].path.rpartition("/")[0] or units[0].path, mains, tests)
        tests = ()
    for procedure in tests:
        yield Plan(simple_name(procedure), (procedure,))
    for procedure, kind in reaching:
        if kind is EntryKind.MAIN:
            yield Plan(f"{procedure.span.path} main", (procedure,), is_main=True)


def shortened(program: Program, found: Sequence[Plan]) -> list[Plan]:
    """The plans, of which those that are brief are past the first MOST_TESTS tests: tests that name what can be done to
    images come first."""
    tests = [
        at
        for at, plan in enumerate(found)
        if len(plan.procedures) == 1 and program.is_test(plan.procedures[0].span.path)
    ]
    ranked = (
        sorted(tests, key=lambda at: (not program.acts(found[at].procedures[0]), at)) if len(tests) > MOST_TESTS else []
    )
    brief = frozenset(ranked[MOST_TESTS:])
    return [replace(plan, brief=True) if at in brief else plan for at, plan in enumerate(found)]


def candidates(program: Program) -> list[Procedure]:
    """The procedures that can be set-up functions which nothing in the project calls, by place."""
    reaching = (each for unit in program.units_in_view() for each in unit.procedures.values() if program.concerns(each))
    return sorted(reaching, key=lambda each: (each.span.path, each.span.line))


def uncalled(found: Sequence[Procedure], visited: Set[str]) -> tuple[list[int], list[int]]:
    """Those of the candidates that no scenario so far went through, by their indices: first those that none of them
    mentions, then the others, which count only if the first do not go through them."""
    remaining = [index for index, each in enumerate(found) if each.key not in visited]
    names = {found[index].key: simple_name(found[index]) for index in remaining}
    called = {
        found[index].key: any(names[found[index].key] in found[other].mentions for other in remaining if other != index)
        for index in remaining
    }
    return (
        [index for index in remaining if not called[found[index].key]],
        [index for index in remaining if called[found[index].key]],
    )


def nearest(program: Program, found: Sequence[Procedure], indices: Sequence[int]) -> frozenset[int]:
    """Of many candidates, by their indices, the MOST_UNCALLED that are nearest to what can be done to images: first
    those that do it themselves."""
    ranked = sorted(indices, key=lambda index: (not program.acts(found[index]), index))
    return frozenset(ranked[:MOST_UNCALLED])


def simple_name(procedure: Procedure) -> str:
    """A procedure's name for people: 'DeployGateway', 'Suite.SetUp'."""
    return procedure.key.rpartition("#")[2]
