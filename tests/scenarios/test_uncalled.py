"""Functions that nothing calls: how many of them are looked at, and which."""

from __future__ import annotations

from pathlib import Path

from tagcheck.scenario import MOST_UNCALLED

from .trees import scanned

HEAD = 'package infra\n\nimport (\n\t"os/exec"\n)\n\n'
HELPER = 'func load(name string) {\n\texec.Command("kind", "load", "docker-image", name).Run()\n}\n'
FAULT = 'func Nearest() {\n\texec.Command("docker", "build", "-t", "app:latest", ".").Run()\n}\n'


def tree(count: int) -> dict[str, str]:
    far = "".join(f'func F{number}() {{\n\tload("app:1.{number}")\n}}\n' for number in range(count))
    return {"go.mod": "module example.org/a\n", "a.go": HEAD + HELPER + far, "z.go": HEAD + FAULT}


def test_of_many_functions_the_nearest_to_images_are_looked_at(tmp_path: Path) -> None:
    report = scanned(tree(2 * MOST_UNCALLED), tmp_path / "tree")
    assert ("TC102", "z.go") in {(each.code, each.span.path) for each in report.findings}
    # The helper is one of those that are looked at, and others run it; one stands for those that are left out.
    assert report.summary.scenarios == MOST_UNCALLED
    left = [each.reason for each in report.gaps if "nothing calls" in each.reason]
    assert left == [
        f"the evaluation was cut: {MOST_UNCALLED + 2} functions that nothing calls are not followed, "
        "this one and others"
    ]


def test_of_few_functions_all_are_looked_at(tmp_path: Path) -> None:
    report = scanned(tree(3), tmp_path / "tree")
    assert report.summary.scenarios == 4
    assert not report.gaps
