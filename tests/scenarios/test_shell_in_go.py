"""Shell texts and scripts that Go code runs: names go in, out and through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagcheck import app
from tagcheck.config import find_config
from tagcheck.events import Event, Stage
from tagcheck.request import ScanRequest

GO = """package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/uuid"
)

var _, _ = os.Args, strings.TrimSpace

func TestDeploy(t *testing.T) {
	img := fmt.Sprintf("localhost/gateway:e2e-%%s", uuid.NewString()[:8])
%s
}

func run(t *testing.T, name string, words ...string) {
	if err := exec.Command(name, words...).Run(); err != nil {
		t.Fatal(err)
	}
}
"""
BUILD = 'run(t, "bash", "-c", fmt.Sprintf("podman build -t %s . && kind load docker-image %s --name e2e", img, img))'
REMOVE = 'run(t, "podman", "rmi", img)'


def deployed(image: str) -> str:
    return f'run(t, "sh", "-c", fmt.Sprintf("kubectl create deployment gateway --image=%s", {image}))'


def project(folder: Path, statements: str, files: dict[str, str] | None = None) -> Path:
    tree = {"test/e2e/deploy_test.go": GO % statements, **(files or {})}
    for name, text in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def codes(folder: Path, statements: str, files: dict[str, str] | None = None) -> list[str]:
    root = project(folder, statements, files)
    report = app.scan(ScanRequest(paths=(root,), config=find_config(root), project=root))
    assert not report.errors
    return sorted({finding.code for finding in report.findings} - {"TC301", "TC401"})


def test_one_name_through_two_shells_is_right(tmp_path: Path) -> None:
    assert codes(tmp_path, "\n".join((BUILD, deployed("img"), REMOVE))) == []


def test_a_name_that_is_made_again_for_another_shell_is_found(tmp_path: Path) -> None:
    again = 'other := fmt.Sprintf("localhost/gateway:e2e-%s", uuid.NewString()[:8])'
    assert codes(tmp_path, "\n".join((BUILD, again, deployed("other"), REMOVE))) == ["TC204"]


def test_another_name_in_the_same_text_is_found_where_it_stands(tmp_path: Path) -> None:
    """At the part of the name that is another one."""
    line = "podman build -t %s . && kind load docker-image localhost/gateway:e2e"
    text = f'run(t, "bash", "-c", fmt.Sprintf("{line}", img))'
    root = project(tmp_path, text)
    report = app.scan(ScanRequest(paths=(root,), config=find_config(root), project=root))
    (found,) = [finding for finding in report.findings if finding.code == "TC202"]
    assert (found.span.line, found.span.column) == (17, text.index(":e2e") + 2)


SCRIPT = """#!/usr/bin/env bash
set -euo pipefail

IMG="$1"
build() {
  podman build -t "$1" .
}

build "$IMG"
kind load docker-image "${IMG}" --name e2e
cat <<EOF | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: gateway}
spec:
  containers:
    - name: gateway
      image: %s
      imagePullPolicy: Never
EOF
podman rmi "$IMG"
"""


@pytest.mark.parametrize(("image", "expected"), [("${IMG}", []), ("localhost/gateway:e2e", ["TC101", "TC204"])])
def test_a_script_of_the_project_gets_its_arguments(tmp_path: Path, image: str, expected: list[str]) -> None:
    files = {"hack/e2e.sh": SCRIPT % image}
    assert codes(tmp_path, 'run(t, "bash", "../../hack/e2e.sh", img)', files) == expected


def images(folder: Path, statements: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Stage and name of what a test does."""
    from tagcheck.analysis import analyse
    from tagcheck.config import Config
    from tagcheck.contents import Files
    from tagcheck.discover import discover

    root = project(folder, statements, files)
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    return [_shown(event) for scenario in found.scenarios for event in scenario.events]


def _shown(event: Event) -> tuple[str, str]:
    return event.stage.value, str(event.image)


NAMES = {
    'X=a; docker push "$X:1"; docker push ${X}:2': [("pushed", "a:1"), ("pushed", "a:2")],
    "for t in 1 2; do docker push a:$t; done": [("pushed", "a:1"), ("pushed", "a:2")],
    "docker push ${REGISTRY}/a:1": [("pushed", "<env REGISTRY>/a:1")],
    "A=x:1; docker push ${A%:*}:2; docker push ${A##*:}/b:c": [("pushed", "x:2"), ("pushed", "1/b:c")],
    "A='b c'; docker rmi $A": [("removed", "b"), ("removed", "c")],
    "f() { docker push $1; }; f a:1; f b:2": [("pushed", "a:1"), ("pushed", "b:2")],
    "name() { echo a:1; }; docker push $(name)": [("pushed", "a:1")],
    "docker push a:$(git rev-parse HEAD)": [("pushed", "a:<output git rev-parse HEAD>")],
    "docker push a:$(uuidgen | cut -c1-8)": [("pushed", "a:<unique>")],
    "docker push a:$RANDOM": [("pushed", "a:<unique>")],
    "export T=1; bash -c 'docker push a:$T'": [("pushed", "a:1")],
    "T=2 bash -c 'docker push a:$T'; docker push b:$T": [("pushed", "a:2"), ("pushed", "b:<env T>")],
    "printf 'a:%s\\n' 1 2 | while read i; do docker push $i; done": [("pushed", "a:1"), ("pushed", "a:2")],
    "trap 'docker rmi a:1' EXIT; docker push a:1": [("pushed", "a:1"), ("removed", "a:1")],
    "echo docker push a:1": [],
    "docker push a:1 & docker push b:1; wait": [("pushed", "b:1"), ("pushed", "a:1")],
    "if false; then docker push a:1; else docker push b:1; fi": [("pushed", "b:1")],
    "exit 1; docker push a:1": [],
    "docker push a:1 || exit 1; docker push b:1": [("pushed", "a:1"), ("pushed", "b:1")],
    "set -- a:1 b:1; shift; docker push $1": [("pushed", "b:1")],
}


@pytest.mark.parametrize(("text", "expected"), NAMES.items(), ids=NAMES)
def test_names_of_a_text(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    assert images(tmp_path, f"_ = img\nrun(t, `bash`, `-c`, `{text}`)") == expected


def test_what_a_text_prints_comes_back(tmp_path: Path) -> None:
    statements = """
	out, _ := exec.Command("sh", "-c", "echo " + img + " | cat").Output()
	run(t, "docker", "push", strings.TrimSpace(string(out)))
	run(t, "docker", "push", img)"""
    pushed = images(tmp_path, statements)
    assert pushed == [("pushed", "localhost/gateway:e2e-<unique>")] * 2


def test_the_environment_of_a_command_is_that_of_its_shell_alone(tmp_path: Path) -> None:
    statements = """
	_ = img
	cmd := exec.Command("bash", "-c", "docker push a:$TAG")
	cmd.Env = append(os.Environ(), "TAG=x")
	_ = cmd.Run()
	run(t, "bash", "-c", "docker push a:$TAG")"""
    assert images(tmp_path, statements) == [("pushed", "a:x"), ("pushed", "a:<env TAG>")]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('run(t, "make", "load", "IMG="+img)', "a makefile that is not in the project"),
        ('run(t, "bash", "gone.sh", img)', "a shell script"),
        ('run(t, "bash", "-c", os.Args[1], img)', "a shell script"),
        ('run(t, "ssh", "host", "docker push "+img)', "a command on another host"),
    ],
)
def test_what_is_not_run_is_a_gap(tmp_path: Path, statement: str, reason: str) -> None:
    root = project(tmp_path, f"_ = img\n{statement}")
    report = app.scan(ScanRequest(paths=(root,), config=find_config(root), project=root))
    assert reason in {gap.reason for gap in report.gaps}
    assert Stage.PUSHED.value not in {gap.stage for gap in report.gaps}
