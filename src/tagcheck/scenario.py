"""Entry points: what runs without being called in the project, and in which company.

A suite of closures that a test framework keeps (Ginkgo) is one scenario for each package, because its hooks and tests
share one set-up; so is a test main with the tests that it runs. Every other test, program and set-up function that
nothing in the project calls is a scenario of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.ir import Procedure
from tagcheck.link import Program


@dataclass(frozen=True, slots=True)
class Plan:
    """One scenario to evaluate: its name for people, the procedures to run in order, the tests that a test main runs,
    whether its own teardown belongs to it, whether it counts only if no other scenario runs it on its way, and whether
    it runs at all: a file may only state what it would use."""

    name: str
    procedures: tuple[Procedure, ...]
    tests: tuple[Procedure, ...] = ()
    whole: bool = True
    alone: bool = False
    runs: bool = True


def plans(program: Program) -> Iterator[Plan]:
    """The scenarios of runners: suites, test mains, tests, programs."""
    groups: dict[str, list[Unit]] = defaultdict(list)
    for unit in program.units_in_view():
        groups[unit.module.removesuffix(".test")].append(unit)
    for module in sorted(groups):
        yield from _module_plans(program, groups[module])


def _module_plans(program: Program, units: list[Unit]) -> Iterator[Plan]:
    every = tuple(each for unit in units for each in unit.initial)
    whole = any(program.reaches(each) for each in every)
    initial = tuple(each for each in every if program.reaches(each) or (whole and program.deploys(each)))
    entries = [(unit.procedures[name], kind) for unit in units for name, kind in unit.entries]
    reaching = [(procedure, kind) for procedure, kind in entries if program.reaches(procedure)]
    mains = tuple(procedure for procedure, kind in entries if kind is EntryKind.SETUP)
    tests = tuple(procedure for procedure, kind in reaching if kind is EntryKind.TEST)
    if mains and program.reaches(mains[0]):
        tests = tuple(
            each for each, kind in entries if kind is EntryKind.TEST and (each in tests or program.deploys(each))
        )
    if initial:
        yield Plan(units[0].path.rpartition("/")[0] or units[0].path, initial)
    if mains and (tests or program.reaches(mains[0])):
        yield Plan(units[0].path.rpartition("/")[0] or units[0].path, mains, tests)
        tests = ()
    for procedure in tests:
        yield Plan(simple_name(procedure), (procedure,))
    for procedure, kind in reaching:
        if kind is EntryKind.MAIN:
            yield Plan(f"{procedure.span.path} main", (procedure,))


def uncalled(program: Program, visited: set[str]) -> Iterator[Plan]:
    """Set-up functions that no scenario so far went through, callers before what they call. `visited` is read anew
    for each plan: evaluate one before asking for the next."""
    remaining = [
        procedure
        for unit in program.units_in_view()
        for procedure in unit.procedures.values()
        if procedure.key not in visited and program.reaches(procedure)
    ]
    remaining.sort(key=lambda each: (each.span.path, each.span.line))
    names = {each.key: simple_name(each) for each in remaining}
    callers: dict[str, int] = {
        each.key: sum(names[each.key] in other.mentions for other in remaining if other is not each)
        for each in remaining
    }
    for procedure in sorted(remaining, key=lambda each: callers[each.key] > 0):
        if procedure.key not in visited:
            yield Plan(names[procedure.key], (procedure,), whole=False)


def simple_name(procedure: Procedure) -> str:
    """A procedure's name for people: 'DeployGateway', 'Suite.SetUp'."""
    return procedure.key.rpartition("#")[2]
