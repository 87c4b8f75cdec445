"""What is evaluated when only a part of a project is asked about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tagcheck.cli import cli
from tagcheck.frontends.api import Folder
from tagcheck.leading import Candidate, leading

PART = ("test/infra/kind.sh", "test/infra/pod.yaml")


def led(content: str, path: str = "hack/e2e.sh") -> bool:
    """Whether a script of this content can lead to the part."""
    candidates = {path: Candidate(content.encode(), folder=Folder.NONE)}
    return path in leading(PART, candidates)


@pytest.mark.parametrize(
    "content",
    [
        "./test/infra/kind.sh up",
        'DIR="$(dirname "$0")/.."\nsource "${DIR}/infra/kind.sh"',
        "kubectl apply -f test/infra",
        "cd test && kubectl apply -f infra",
        "kubectl apply -f pod.yaml",
        'run "$FOLDER/pod.yaml"',
        "apply ../infra/",
    ],
)
def test_a_script_that_names_the_part_leads_there(content: str) -> None:
    assert led(content)


@pytest.mark.parametrize(
    "content",
    [
        "# see test/infra/kind.sh",
        "  # kubectl apply -f test/infra",
        "./other/kind.sh up",
        "echo the infra is up",
        "kubectl apply -f charts/infra/",
        "kind load docker-image a:1",
        "./test/infra-old/run",
    ],
)
def test_a_script_that_names_something_else_does_not(content: str) -> None:
    assert not led(content)


def test_steps_in_between_count() -> None:
    candidates = {
        "ci.yaml": Candidate(b"run: make e2e"),
        "Makefile": Candidate(b"e2e:\n\thack/e2e.sh", called_by=("make",)),
        "hack/e2e.sh": Candidate(b"test/infra/kind.sh", folder=Folder.NONE),
        "other.yaml": Candidate(b"run: hack/lint.sh"),
    }
    assert leading(PART, candidates) == {"ci.yaml", "Makefile", "hack/e2e.sh"}


def test_a_chart_stands_for_what_is_in_its_folder() -> None:
    chart = {"charts/web/Chart.yaml": Candidate(b"name: web", folder=Folder.OWNED)}
    assert leading(("charts/web/templates/pod.yaml",), chart) == {"charts/web/Chart.yaml"}
    assert leading(("charts/website/pod.yaml",), chart) == set()


POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: web, image: "localhost/web:e2e", imagePullPolicy: Never}
"""
DEPLOY = "#!/bin/sh\nset -e\nkind load docker-image localhost/web:e2e\nkubectl apply -f %s\n"


def found(root: Path, *arguments: str) -> list[tuple[str, str]]:
    result = CliRunner().invoke(cli, ["scan", "--format", "json", *arguments], catch_exceptions=False)
    report = json.loads(result.stdout)
    return [(each["code"], each["path"]) for each in report["findings"]]


def project(root: Path, *, builds: bool) -> None:
    files = {
        "test/e2e/pod.yaml": POD,
        "test/e2e/up.sh": DEPLOY % "test/e2e/pod.yaml",
        "hack/build.sh": "#!/bin/sh\ndocker build -t localhost/web:%s .\n" % ("e2e" if builds else "$RANDOM"),
    }
    (root / ".git").mkdir()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


@pytest.mark.parametrize("builds", [True, False])
def test_a_part_is_judged_as_in_the_whole(builds: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, builds=builds)
    monkeypatch.chdir(tmp_path)
    whole = [each for each in found(tmp_path, ".") if each[1].startswith("test/e2e")]
    assert found(tmp_path, "test/e2e") == whole
    assert ("TC101", "test/e2e/up.sh") not in whole if builds else ("TC101", "test/e2e/up.sh") in whole
