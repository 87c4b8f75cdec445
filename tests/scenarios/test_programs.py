"""What small programs push, in shell, make, Python and Go: the names were written down from runs of the real
interpreters and the compiler (bash 5.2, GNU make 4.3, CPython 3.11, Go 1.27, Ginkgo 1.16) with a `docker` that keeps
its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagcheck.analysis import analyse
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import discover

from .trees import write

PROGRAMS = Path(__file__).parent / "programs"
ENTRIES = ("main.sh", "main.py", "main.py main", "Makefile all", "TestImages", "TestSuite", "main_test.go")


def _cases() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    for path in sorted(PROGRAMS.glob("*.txt")):
        for case in f"\n{path.read_text(encoding='utf-8')}".split("\n## ")[1:]:
            head, _, rest = case.partition("\n")
            title, _, names = head.partition(" -> ")
            files = (each.partition("\n") for each in f"\n{rest}".split("\n=== ")[1:])
            yield f"{path.stem}: {title}", {name: f"{text}\n" for name, _, text in files}, names.split()


CASES = {title: (files, names) for title, files, names in _cases()}


@pytest.mark.parametrize("title", CASES)
def test_a_program_pushes_what_it_pushes_when_it_runs(title: str, tmp_path: Path) -> None:
    files, names = CASES[title]
    root = write(files, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    own = [scenario for scenario in found.scenarios if scenario.name in ENTRIES]
    assert [str(event.image) for scenario in own for event in scenario.events] == names


def test_an_array_without_an_unknown_one_of_its_elements_is_unknown(tmp_path: Path) -> None:
    text = 'a=(a:1 b:1)\nunset "a[$WHICH]"\nfor i in "${a[@]}"; do docker push "$i"; done\n'
    root = write({"main.sh": text}, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    assert [event.image.literal for scenario in found.scenarios for event in scenario.events] == [None]


def test_what_a_generator_without_end_gives_next_is_not_known(tmp_path: Path) -> None:
    text = (
        "import subprocess\ndef images():\n    n = 0\n    while True:\n        n += 1\n        yield f'web:{n}'\n"
        "for _, image in zip(['a', 'b'], images()):\n    subprocess.run(['docker', 'push', image])\n"
    )
    root = write({"main.py": text}, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    assert [event.image.literal for scenario in found.scenarios for event in scenario.events] == ["web:1", None]
