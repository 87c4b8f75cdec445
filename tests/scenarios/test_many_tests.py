"""Projects with more tests than have to do with images: how far each is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagcheck.engine.basis import FEW_IDLE_STEPS
from tagcheck.scenario import MOST_TESTS

from .trees import scanned

HEAD = 'package infra\n\nimport (\n\t"os/exec"\n\t"testing"\n)\n\n'
WORK = (
    "func work() int {\n\ttotal := 0\n"
    "\tfor i := 0; i < 40; i++ {\n\t\tfor j := 0; j < 40; j++ {\n\t\t\ttotal += j\n\t\t}\n\t}\n"
    "\treturn total\n}\n\n"
)
BUILD = 'func build(name string) {\n\texec.Command("docker", "build", "-t", name, ".").Run()\n}\n\n'


def tree(count: int, work: str, last: str) -> dict[str, str]:
    tests = "".join(f'func TestA{at}(t *testing.T) {{\n\tbuild("app:1.{at}")\n}}\n\n' for at in range(count))
    late = f"func TestZ(t *testing.T) {{\n{work}\t{last}\n}}\n"
    return {"go.mod": "module example.org/a\n", "a_test.go": HEAD + WORK + BUILD + tests + late}


@pytest.mark.parametrize(
    ("count", "work", "found"),
    [
        (MOST_TESTS + 1, "", True),
        (MOST_TESTS + 1, "\twork()\n\twork()\n", False),
        (3, "\twork()\n\twork()\n", True),
    ],
    ids=["soon", "late", "few"],
)
def test_what_one_of_very_many_does_late_is_not_seen(tmp_path: Path, count: int, work: str, found: bool) -> None:
    report = scanned(tree(count, work, 'build("web:latest")'), tmp_path / "tree")
    assert any("web:latest" in each.message for each in report.findings) is found
    cut = [each.reason for each in report.gaps if "was cut" in each.reason]
    assert bool(cut) is not found
    assert all(str(FEW_IDLE_STEPS) in reason for reason in cut)


def test_one_of_very_many_that_names_a_command_itself_is_followed_as_far_as_any(tmp_path: Path) -> None:
    last = 'exec.Command("docker", "build", "-t", "web:latest", ".").Run()'
    report = scanned(tree(MOST_TESTS + 1, "\twork()\n\twork()\n", last), tmp_path / "tree")
    assert any("web:latest" in each.message for each in report.findings)
