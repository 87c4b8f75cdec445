"""A line of progress for scans that take long enough for somebody to wonder."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from tagcheck.request import Progress

_PATIENCE = 1.0
"""Seconds before anything is shown."""
_PAUSE = 0.1


class ProgressLine:
    """One line on a terminal that is written over, and gone at the end: use it as a context manager. `report` is what
    the pipeline calls; None where nobody watches."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.started = self.shown = time.monotonic()
        self.visible = False
        self.report: Progress | None = self._report if self.stream.isatty() else None

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self.visible:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _report(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.started < _PATIENCE or now - self.shown < _PAUSE:
            return
        self.shown, self.visible = now, True
        of = f"/{total}" if total else ""
        self.stream.write(f"\r\x1b[K{phase} {done}{of}"[:79])
        self.stream.flush()
