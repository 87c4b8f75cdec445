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
from collections.abc import Callable, Iterator
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
    helpers = min(_processors() if processes is None else processes, MOST_PROCESSES) - 1
    if helpers < 1 or count < FEWEST or count > MOST_TOKENS or not hasattr(os, "fork"):
        return [task(number) for number in range(count)]
    found: dict[int, Result] = {}
    queue = _queue(count)
    started = [_Helper(queue, task) for _ in range(helpers)]
    try:
        found.update((number, task(number)) for number in _taken(queue))
        for helper in started:
            found.update(helper.results())
    finally:
        os.close(queue)
        for helper in started:
            helper.end()
    # What a helper did not finish (it was killed for want of memory, or its task raised) is done again.
    return [found[number] if number in found else task(number) for number in range(count)]


def _processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _queue(count: int) -> int:
    """The reading end of a pipe with the numbers of all tasks in it."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(number.to_bytes(_WIDTH, "big") for number in range(count)))
    os.close(writing)
    return reading


def _taken(queue: int) -> Iterator[int]:
    while len(token := os.read(queue, _WIDTH)) == _WIDTH:
        yield int.from_bytes(token, "big")


class _Helper(Generic[Result]):
    """A forked process that takes tasks from the queue until there are none."""

    def __init__(self, queue: int, task: Callable[[int], Result]) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _help(queue, task, writing)
        os.close(writing)
        self._stream = os.fdopen(reading, "rb")

    def results(self) -> dict[int, Result]:
        """What it did; nothing if it did not come to an end."""
        content = self._stream.read()
        self._process, status = 0, os.waitpid(self._process, 0)[1]
        if status:
            return {}
        found: dict[int, Result] = pickle.loads(content)
        return found

    def end(self) -> None:
        """Make sure that it is gone."""
        self._stream.close()
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


def _help(queue: int, task: Callable[[int], Result], writing: int) -> NoReturn:
    """The life of a helper. It leaves without the ends that its parent has prepared: files are flushed there."""
    status = 1
    try:
        content = pickle.dumps({number: task(number) for number in _taken(queue)}, pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(content)
        status = 0
    finally:
        os._exit(status)
