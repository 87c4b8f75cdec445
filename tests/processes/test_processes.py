"""Tasks on several processors: the same results, whoever does them and whatever happens to a helper."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tagcheck.deepcalls import SLOTS, with_room
from tagcheck.processes import FEWEST, MOST_TOKENS, Workers, perform

PROCESSES = 3
PARENT = os.getpid()


def _square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("processes", [1, 2, PROCESSES])
@pytest.mark.parametrize("count", [0, 1, FEWEST, 500, MOST_TOKENS + 1])
def test_results_come_in_the_order_of_the_tasks(count: int, processes: int) -> None:
    assert perform(count, _square, processes) == [number * number for number in range(count)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_the_parent_takes_part_and_every_task_is_done_once() -> None:
    done: list[int] = []

    def worker(number: int) -> int:
        done.append(number)
        return os.getpid()

    workers = perform(FEWEST, worker, 2)
    assert len(done) == workers.count(PARENT)
    assert len(set(workers)) <= 2


def test_a_helper_that_dies_is_made_up_for() -> None:
    def dies(number: int) -> int:
        if os.getpid() != PARENT:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert perform(100, dies, PROCESSES) == list(range(100))


def test_a_result_that_cannot_be_sent_is_made_again() -> None:
    def thunk(number: int) -> Callable[[], int]:
        return lambda: number

    made = perform(FEWEST, thunk, PROCESSES)
    assert [each() for each in made] == list(range(FEWEST))


@pytest.mark.parametrize("processes", [1, PROCESSES])
def test_a_task_that_raises_does_so_here(processes: int) -> None:
    def fails(number: int) -> int:
        if number == FEWEST - 1:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=str(FEWEST - 1)):
        perform(FEWEST, fails, processes)


@pytest.mark.parametrize("processes", [1, PROCESSES])
@pytest.mark.parametrize("sizes", [(FEWEST, 500), (500, 0), (0, FEWEST), (1, 2, 100), (MOST_TOKENS + 1, FEWEST)])
def test_every_round_gives_its_results(sizes: tuple[int, ...], processes: int) -> None:
    with Workers(_square, len(sizes), processes) as workers:
        for size in sizes:
            assert workers.perform(range(7, 7 + size)) == [number * number for number in range(7, 7 + size)]


def test_a_helper_keeps_what_it_has_made_for_the_next_round() -> None:
    known: list[int] = []

    def remembers(number: int) -> tuple[int, int]:
        known.append(number)
        return os.getpid(), len(known)

    with Workers(remembers, 2, 2) as workers:
        first, second = workers.perform(range(FEWEST)), workers.perform(range(FEWEST))
    for process, count in second:
        assert count > sum(each == process for each, _ in first)


def test_a_helper_that_died_in_one_round_is_made_up_for_in_the_next() -> None:
    def dies(number: int) -> int:
        if os.getpid() != PARENT:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with Workers(dies, 2, PROCESSES) as workers:
        assert workers.perform(range(100)) == list(range(100))
        assert workers.perform(range(100)) == list(range(100))


def test_no_process_is_left() -> None:
    perform(100, _square, PROCESSES)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_call_with_room_is_that_call() -> None:
    def down(depth: int) -> int:
        return 0 if not depth else 1 + down(depth - 1)

    assert with_room(lambda: down(500)) == 500
    assert with_room.__code__.co_stacksize == SLOTS
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 // 0)
