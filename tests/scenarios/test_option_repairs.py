"""Repairs of names that are only a part of an argument, and of names that an object holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_repairs import repaired

BUILT = """\
    subprocess.run(["docker", "build", "-t", {0}, "."], check=True)
    subprocess.run(["kind", "load", "docker-image", {0}], check=True)
"""
MODULE = (
    'import subprocess\nimport uuid\n\nIMAGE = f"web:{uuid.uuid4().hex}"\n\n\ndef test_web():\n'
    + BUILT.format("IMAGE")
    + '    subprocess.run(["kubectl", "run", "web", %s, "--image-pull-policy=Never"], check=True)\n'
)
CASE = """\
import subprocess
import unittest
import uuid


class E2E(unittest.TestCase):
    %s
    def %s(%s):
        %s.image = f"web:{uuid.uuid4().hex}"
        subprocess.run(["docker", "build", "-t", %s.image, "."], check=True)
        subprocess.run(["kind", "load", "docker-image", %s.image], check=True)

    def test_run(self):
        subprocess.run(["kubectl", "run", "web", "--image", %s, "--image-pull-policy=Never"], check=True)
"""
GO = """\
package e2e

import (
	"os/exec"
	"testing"

	"github.com/google/uuid"
)

func TestWeb(t *testing.T) {
	image := "web:" + uuid.NewString()
	_ = exec.Command("docker", "build", "-t", image, ".").Run()
	_ = exec.Command("kind", "load", "docker-image", image).Run()
	_ = exec.Command("kubectl", "run", "web", %s, "--image-pull-policy=Never").Run()
}
"""
SHELL = """\
#!/bin/bash
set -e
image="web:$(uuidgen)"
docker build -t "$image" .
kind load docker-image "$image"
kubectl set image deploy/web %s
"""


def case(decorator: str, method: str, receiver: str, image: str) -> str:
    return CASE % (decorator, method, receiver, receiver, receiver, receiver, image)


@pytest.mark.parametrize(
    ("path", "text", "wrong", "right"),
    [
        ("tests/test_e2e.py", MODULE, '"--image=web:dev"', 'f"--image={IMAGE}"'),
        ("tests/test_e2e.py", MODULE, "'--image=web:dev'", "f'--image={IMAGE}'"),
        ("e2e/e2e_test.go", GO, '"--image=web:dev"', '"--image="+image'),
        ("e2e/run.sh", SHELL, "web=web:dev", 'web="$image"'),
    ],
)
def test_the_value_of_an_option(path: str, text: str, wrong: str, right: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {path: text % wrong, "go.mod": "module example.com/e2e\n\ngo 1.22\n"}
    assert repaired(files, tmp_path)[path].decode() == text % right


@pytest.mark.parametrize(
    ("decorator", "method", "receiver"), [("@classmethod", "setUpClass", "cls"), ("", "setUp", "self")]
)
def test_the_name_that_an_object_holds(decorator: str, method: str, receiver: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"tests/test_e2e.py": case(decorator, method, receiver, '"web:dev"')}
    right = case(decorator, method, receiver, "self.image")
    assert repaired(files, tmp_path)["tests/test_e2e.py"].decode() == right


def test_a_name_of_a_method_that_may_not_have_run_is_not_taken(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"tests/test_e2e.py": case("", "helper", "self", '"web:dev"')}
    assert not repaired(files, tmp_path)
