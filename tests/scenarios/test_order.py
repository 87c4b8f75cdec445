"""A scan says the same whatever order its scenarios are evaluated in, and by which process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tagcheck import processes
from tagcheck.tasks import Done

from .trees import Tree, place, scanned, trees

SHARED = 5
"""One in so many trees is looked at."""


@pytest.mark.parametrize("tree", trees()[::SHARED], ids=lambda tree: tree.name)
def test_scenarios_do_not_depend_on_each_other(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree.files
    monkeypatch.setattr(processes, "_processors", lambda: 1)
    forward = scanned(files, tmp_path / "tree")

    def backwards(workers: processes.Workers[Done], numbers: Sequence[int]) -> list[Done]:
        done = {number: workers._task(number) for number in reversed(numbers)}
        return [done[number] for number in numbers]

    monkeypatch.setattr(processes.Workers, "perform", backwards)
    backward = scanned(files, tmp_path / "tree")
    assert list(map(place, forward.findings)) == list(map(place, backward.findings))
    assert forward.gaps == backward.gaps
