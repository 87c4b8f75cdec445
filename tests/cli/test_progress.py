"""The line of progress."""

from __future__ import annotations

import io

import pytest

from tagcheck import progress
from tagcheck.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


def test_nothing_where_nobody_watches(clock: Clock) -> None:
    with ProgressLine(io.StringIO()) as line:
        assert line.report is None


def test_nothing_within_a_second(clock: Clock) -> None:
    stream = Terminal()
    with ProgressLine(stream) as line:
        assert line.report is not None
        clock.now += 0.9
        line.report("scenarios", 3, 10)
    assert stream.getvalue() == ""


def test_one_line_at_a_limited_rate_that_is_gone_at_the_end(clock: Clock) -> None:
    stream = Terminal()
    with ProgressLine(stream) as line:
        assert line.report is not None
        clock.now += 2
        for done in range(50):
            clock.now += 0.01
            line.report("scenarios", done, 50)
        clock.now += 1
        line.report("files", 7, 0)
    shown = stream.getvalue()
    assert "\n" not in shown
    assert 4 <= shown.count("scenarios ") <= 6
    assert "scenarios 0/50" in shown
    assert "files 7\r" in shown
    assert shown.endswith("\r\x1b[K")
