"""Independent tasks on several processors.

The process forks, so that everything read and parsed so far is shared; tasks are handed out one by one, and whoever is
free takes the next. Results do not depend on who did what, as long as a task depends on no other. Rejected: a pool that
starts new interpreters (it would have to read everything again), threads (one runs at a time).

What it cannot do: help on systems that cannot fork; there, or with one processor, the tasks run one after the other.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NoReturn, TypeVar

Result = TypeVar("Result")

FEWEST = 8
"""Tasks for which it is worth to start another process."""
MOST_PROCESSES = 4
MOST_TOKENS = 8192
"""Numbers that certainly fit into a pipe that nobody reads yet."""
_WIDTH = 4


def perform(count: int, task: Callable[[int], Result], processes: int | None = None) -> list[Result]:
    """The results of the tasks 0 to `count` - 1, in order. A result must be such that it can be pickled. `processes`:
    how many share the work; by default as many as there are processors, up to a bound. A task that raises does so here.
    """
    with Workers(task, 1, processes) as workers:
        return workers.perform(range(count))


class Workers(Generic[Result]):
    """This process and its helpers, for several rounds of tasks: what a helper has read and parsed in one round, it
    need not read again in the next. Helpers start with the first round that is worth it, and end with the block."""

    def __init__(self, task: Callable[[int], Result], rounds: int, processes: int | None = None) -> None:
        self._task = task
        self._processes = min(_processors() if processes is None else processes, MOST_PROCESSES)
        if not hasattr(os, "fork"):
            self._processes = 1
        self._queues = [os.pipe() for _ in range(rounds if self._processes > 1 else 0)]
        self._helpers: list[_Helper[Result]] = []

    def __enter__(self) -> Workers[Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (end for queue in self._queues for end in queue):
            os.close(end)
        for helper in self._helpers:
            helper.end()

    def perform(self, numbers: Sequence[int]) -> list[Result]:
        """One round: the results of these tasks, in order."""
        worth = self._helpers or len(numbers) >= FEWEST
        if not self._queues or not worth or len(numbers) > MOST_TOKENS:
            return [self._task(number) for number in numbers]
        if not self._helpers:
            self._helpers = [_Helper(self._queues, self._task) for _ in range(self._processes - 1)]
        reading, writing = self._queues.pop(0)
        os.write(writing, b"".join(number.to_bytes(_WIDTH, "big") for number in numbers))
        os.close(writing)
        found: dict[int, Result] = {}
        try:
            found.update((number, self._task(number)) for number in _taken(reading))
        finally:
            os.close(reading)
        for helper in self._helpers:
            found.update(helper.results())
        # What a helper did not finish (it was killed for want of memory, or its task raised) is done again.
        return [found[number] if number in found else self._task(number) for number in numbers]


def _processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _taken(queue: int) -> Iterator[int]:
    while len(token := os.read(queue, _WIDTH)) == _WIDTH:
        yield int.from_bytes(token, "big")


class _Helper(Generic[Result]):
    """A forked process that takes tasks from each queue until there are none."""

    def __init__(self, queues: Sequence[tuple[int, int]], task: Callable[[int], Result]) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(reading)
            _help(queues, task, writing)
        os.close(writing)
        self._stream = os.fdopen(reading, "rb")

    def results(self) -> dict[int, Result]:
        """What it did in a round; nothing if it did not come to its end."""
        try:
            found: dict[int, Result] = pickle.load(self._stream)
        except (EOFError, pickle.UnpicklingError):
            return {}
        return found

    def end(self) -> None:
        """Make sure that it is gone."""
        self._stream.close()
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


def _help(queues: Sequence[tuple[int, int]], task: Callable[[int], Result], results: int) -> NoReturn:
    """The life of a helper. It leaves without the ends that its parent has prepared: files are flushed there."""
    status = 1
    try:
        # A queue ends when nobody has its writing end open.
        for _, writing in queues:
            os.close(writing)
        with os.fdopen(results, "wb") as stream:
            for reading, _ in queues:
                stream.write(
                    pickle.dumps({number: task(number) for number in _taken(reading)}, pickle.HIGHEST_PROTOCOL)
                )
                stream.flush()
        status = 0
    finally:
        os._exit(status)
