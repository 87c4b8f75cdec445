"""Alternatives in one run: bounded work, and nothing lost that can be kept."""

from __future__ import annotations

from collections.abc import Callable

from tagcheck.catalogue import load_tools
from tagcheck.engine.machine import MOST_STEPS, Machine
from tagcheck.frontends import languages
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.link import Program
from tagcheck.models import load_models
from tagcheck.rules import rules_root
from tagcheck.values import Alternatives, Number, Text, Value, alternatives


def machine() -> Machine:
    """A run over an empty project."""
    no_file: Callable[[str], bytes | None] = lambda path: None  # noqa: E731
    program = Program((), no_file, languages(), lambda module: frozenset())
    return Machine(program, load_models([rules_root() / "models"], "go"), load_tools([rules_root()]), MOST_STEPS)


def choice(name: str) -> Value:
    return alternatives([(when(name), Text.of(f"{name}1")), (when(name, False), Text.of(f"{name}2"))])


def test_joining_many_independent_alternatives_is_bounded() -> None:
    run = machine()
    joined = run.join(tuple(choice(f"c{number}") for number in range(40)))
    assert isinstance(joined, Text)
    assert len(joined.holes) == 40


def test_suspended_alternatives_come_back() -> None:
    run = machine()
    joined = run.join((choice("a"), choice("b"), choice("c"), Text.of("!")))
    assert isinstance(joined, Text)
    found = {str(text) for _, text in run.text_options(joined)}
    assert found == {f"a{i}b{j}c{k}!" for i in (1, 2) for j in (1, 2) for k in (1, 2)}


def test_combinations_that_exclude_each_other_are_left_out() -> None:
    run = machine()
    joined = run.join((choice("a"), choice("a")))
    assert isinstance(joined, Alternatives)
    assert {str(option) for _, option in joined.options} == {"a1a1", "a2a2"}


def test_a_side_that_fails_leaves_nothing() -> None:
    run = machine()
    cell = run.heap.new(Number(0))

    def fails() -> Value:
        run.heap.write(cell, Number(1))
        run.stop()
        return Number(1)

    def goes_on() -> Value:
        run.heap.write(cell, Number(2))
        return Number(2)

    assert run.fork([(when("x"), fails), (when("x", False), goes_on)]) == Number(2)
    assert run.heap.read(cell) == Number(2)
    assert run.live


def test_both_sides_of_a_branch_are_kept_apart() -> None:
    run = machine()
    cell = run.heap.new(Number(0))

    def writes(number: int) -> Callable[[], Value]:
        def side() -> Value:
            run.heap.write(cell, Number(number))
            return Number(number)

        return side

    run.fork([(when("x"), writes(1)), (when("x", False), writes(2))])
    seen: list[tuple[Guards, Value]] = list(run.narrowed(run.heap.read(cell)))
    assert seen == [(when("x"), Number(1)), (when("x", False), Number(2))]
    run.guards = when("x")
    assert run.narrow(run.heap.read(cell)) == Number(1)
    run.guards = ALWAYS
