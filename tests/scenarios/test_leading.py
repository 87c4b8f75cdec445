"""What is evaluated when only a part of a project is asked about."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from tagcheck.cli import cli
from tagcheck.engine.machine import Evaluated
from tagcheck.frontends.api import Folder
from tagcheck.frontends.make.goals import goals
from tagcheck.leading import Candidate, leading
from tagcheck.scenario import Plan
from tagcheck.tasks import Context

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
        'os.path.join("test", "infra", "pod.yaml")',
        'filepath.Join(root, "test", "infra")',
        "for f in test/infra/*.sh; do $f; done",
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
        "./test/infra/other/run",
        "kubectl apply -f infra/charts/",
        'ENTRYPOINT ["/infra"]',
        'fail "infra did not start"',
        'Join("test", "infra", "charts")',
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
    assert set(leading(PART, candidates)) == {"ci.yaml", "Makefile", "hack/e2e.sh"}


TARGETS = """E2E_SCRIPT_kind := test/infra/kind.sh
LINT := hack/lint.sh

help:
\t@echo "run make lint first"

lint:
\t$(LINT)

up-%:
\t$(E2E_SCRIPT_$*)

e2e: up-kind
\tgo test ./...
"""


@pytest.mark.parametrize(
    ("command", "leads"),
    [
        ("make e2e", True),
        ("make up-kind", True),
        ("make -C elsewhere", True),
        ("make", True),
        ("make up-$CLUSTER", True),
        ('make "$TARGET"', True),
        ("make V=1 e2e", True),
        ("make -f Makefile lint", True),
        ("make lint", False),
        ("make lint-$KIND", False),
        ('make lint TAG="$TAG" && echo e2e', False),
        ("command -v make", False),
        ("[ -f Makefile ] || exit 1", False),
        ("echo make sure that it runs", False),
    ],
)
def test_a_makefile_is_asked_for_what_leads_there(command: str, leads: bool) -> None:
    content = TARGETS.encode()
    makefile = Candidate(content, called_by=("make",), goals=partial(goals, "Makefile", content))
    candidates = {"Makefile": makefile, "hack/ci.sh": Candidate(command.encode(), folder=Folder.NONE)}
    found = leading(("test/infra/kind.sh",), candidates)
    assert found["Makefile"] == frozenset(("e2e", "up-%"))
    assert ("hack/ci.sh" in found) == leads


@pytest.mark.parametrize(
    ("makefile", "line", "expected"),
    [
        ("a:\n\tx\nb: a\n\ty\nc:\n\tz\n", 2, {"a", "b"}),
        ("a:\n\tx\nb:\n\t$(MAKE) a\n", 2, {"a", "b"}),
        (".PHONY: a b\na:\n\tx\nb:\n\ty\n", 5, {"b"}),
        ("V = x\na:\n\t$(V)\nb:\n\ty\n", 1, {"a"}),
        ("export V = x\na:\n\ty\n", 1, None),
        ("export\nV = x\na:\n\ty\n", 2, None),
        ("V = x\nifeq ($(V),x)\nW = y\nendif\na:\n\t$(W)\n", 1, None),
        ("a: V = x\na:\n\t$(V)\nb:\n\ty\n", 1, {"a"}),
        ("include x.mk\na:\n\ty\n", 1, None),
        ("$(ALL):\n\tx\n", 2, None),
        ("define T\n$(1):\n\tx\nendef\n$(eval $(call T,a))\n", 3, None),
        ("test-%:\n\tx\nall: $(addprefix test-,a b)\n\ty\n", 2, {"test-%", "all"}),
    ],
)
def test_lines_of_a_makefile_have_to_do_with_targets(makefile: str, line: int, expected: set[str] | None) -> None:
    asked = goals("Makefile", makefile.encode(), (line,))
    assert (asked if asked is None else set(asked)) == expected


@pytest.mark.parametrize(
    ("content", "leads"),
    [
        ("docker build -f Dockerfile .", False),
        ("docker build -f web/Dockerfile .", True),
        ("cd images/web\ndocker build -f Dockerfile .", True),
        ("docker build images/web", True),
        ("docker build -f api.Dockerfile images/api", False),
        ("docker build -f Dockerfile.web .", False),
    ],
)
def test_a_name_that_many_folders_have_says_little(content: str, leads: bool) -> None:
    candidates = {"images/web/Dockerfile": Candidate(b""), "hack/e2e.sh": Candidate(content.encode())}
    assert ("hack/e2e.sh" in leading(("images/web/Dockerfile",), candidates)) == leads


def test_a_chart_stands_for_what_is_in_its_folder() -> None:
    chart = {"charts/web/Chart.yaml": Candidate(b"name: web", folder=Folder.OWNED)}
    assert leading(("charts/web/templates/pod.yaml",), chart) == {"charts/web/Chart.yaml": None}
    assert leading(("charts/website/pod.yaml",), chart) == {}


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


GO = """package infra

import "os/exec"

var files = []string{
	"test/e2e/pod.yaml",
}

func Up() { exec.Command("kubectl", "apply", "-f", files[0]).Run() }

func Other() { exec.Command("kind", "load", "docker-image", "localhost/other:e2e").Run() }
"""


def test_only_functions_that_name_the_part_are_evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, builds=True)
    (tmp_path / "go.mod").write_text("module example.com/m\n")
    (tmp_path / "test/infra").mkdir()
    (tmp_path / "test/infra/infra.go").write_text(GO)
    monkeypatch.chdir(tmp_path)
    reached: list[str] = []
    run = Context.run

    def recording(context: Context, plan: Plan) -> Evaluated:
        reached.append(plan.name)
        return run(context, plan)

    monkeypatch.setattr(Context, "run", recording)
    monkeypatch.setattr("tagcheck.processes._processors", lambda: 1)
    found(tmp_path, "test/e2e/pod.yaml")
    assert any("Up" in name for name in reached)
    assert not any("Other" in name for name in reached)
