"""Runs of tests for clusters that are files."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run


def pod(image: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{{image: '{image}'}}]}}\n"


KUTTL = {
    "tests/kuttl-test.yaml": (
        "apiVersion: kuttl.dev/v1beta1\nkind: TestSuite\ntestDirs: [tests/e2e]\nmanifestDirs: [config]\n"
        "kindContainers: ['k:1']\ncommands:\n- command: docker pull c:1\n"
    ),
    "config/pod.yaml": pod("m:1"),
    "tests/e2e/one/10-last.yaml": pod("b:10"),
    "tests/e2e/one/2-first.yaml": (
        "apiVersion: kuttl.dev/v1beta1\nkind: TestStep\napply: [more/pod.yaml]\ncommands:\n- script: docker pull s:1\n"
    ),
    "tests/e2e/one/02-assert.yaml": pod("no:1"),
    "tests/e2e/one/more/pod.yaml": pod("a:2"),
    "tests/e2e/two/00-x.yaml": pod("t:1"),
}


@pytest.mark.parametrize("command", ["kubectl-kuttl test --config tests/kuttl-test.yaml", "kubectl-kuttl test tests"])
def test_kuttl(events: Run, command: str) -> None:
    names = ["loaded k:1 in kind", "deployed m:1", "pulled c:1", "deployed a:2", "pulled s:1", "deployed b:10"]
    assert events(command, KUTTL) == [*names, "deployed t:1"]


CHAINSAW = """apiVersion: chainsaw.kyverno.io/v1alpha1
kind: Test
metadata: {name: x}
spec:
  steps:
  - try:
    - script:
        env: [{name: T, value: "1"}]
        content: docker pull s:$T
    - apply: {file: pod.yaml}
    - create: {resource: {apiVersion: v1, kind: Pod, metadata: {name: y}, spec: {containers: [{image: "r:1"}]}}}
    - command: {entrypoint: docker, args: [pull, "c:1"]}
    - assert: {file: no.yaml}
    catch:
    - script: {content: docker pull no:1}
"""


def test_chainsaw(events: Run) -> None:
    files = {"e2e/x/chainsaw-test.yaml": CHAINSAW, "e2e/x/pod.yaml": pod("a:1"), "e2e/x/no.yaml": pod("no:1")}
    assert events("chainsaw test --test-dir e2e", files) == [
        *("pulled s:1", "deployed a:1", "deployed r:1", "pulled c:1"),
    ]
