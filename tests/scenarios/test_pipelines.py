"""What pipelines of CI systems push: the names follow from the documentation of each system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagcheck.analysis import analyse
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import discover
from tagcheck.events import Stage

from .trees import write

PIPELINES = Path(__file__).parent / "pipelines"


def _cases() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    for path in sorted(PIPELINES.glob("*.txt")):
        for case in f"\n{path.read_text(encoding='utf-8')}".split("\n## ")[1:]:
            head, _, rest = case.partition("\n")
            title, _, names = head.partition(" -> ")
            files = (each.partition("\n") for each in f"\n{rest}".split("\n=== ")[1:])
            yield title, {name: f"{text}\n" for name, _, text in files}, names.split()


CASES = {title: (files, names) for title, files, names in _cases()}


@pytest.mark.parametrize("title", CASES)
def test_a_pipeline_pushes_what_it_pushes_when_it_runs(title: str, tmp_path: Path) -> None:
    files, names = CASES[title]
    root = write(files, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    events = [event for scenario in found.scenarios for event in scenario.events]
    assert sorted(str(event.image) for event in events if event.stage is Stage.PUSHED) == sorted(names)
