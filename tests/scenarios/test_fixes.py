"""Repairs of the fixtures: what is said to be repaired is, and nothing is worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tagcheck import app
from tagcheck.config import find_config
from tagcheck.finding import Finding
from tagcheck.fixes.fixing import Outcome
from tagcheck.fixes.writing import write as write_changes
from tagcheck.repairing import repaired
from tagcheck.request import Report, ScanRequest

from .trees import CLEAN, TODAY, Tree, marks, stories, write

STORIES = [pytest.param(tree, id=tree.name) for tree in stories() if any(marks(tree.files))]

REPAIRED: Mapping[str, str] = {
    "pytest-kubernetes-cluster": "TC201",
    "pytest-class-attributes": "TC202",
    "pytest-docker-services": "TC201",
    "pytest-indirect-conftest": "TC202",
    "pytest-plugin-modules": "TC202",
    "python-kr8s-files": "TC201",
    "python-lightkube-yaml": "TC201",
    "python-airflow-pod": "TC201",
    "python-cdk8s": "TC201",
    "python-client-asyncio": "TC201",
    "python-client-dynamic": "TC201",
    "python-client-mutated": "TC201",
    "python-dask-cluster": "TC201",
    "python-image-stream": "TC202",
    "python-lightkube": "TC201",
    "python-plumbum-commands": "TC202",
    "python-prefect": "TC201",
    "python-pulumi": "TC201",
    "python-ray-environment": "TC201",
    "python-sh-baked": "TC202",
    "clientset-deployment": "TC301",
    "command-lines-as-text": "TC202",
    "compose-command-variable": "TC201",
    "compose-latest-tag": "TC102 TC103",
    "docker-client": "TC204",
    "e2e-framework-suite": "TC202",
    "embedded-manifest": "TC201",
    "errgroup-results": "TC204",
    "exec-args-set-later": "TC204",
    "exec-wrapper-runner": "TC201",
    "incident-4-generated-twice": "TC204",
    "interface-one-implementation": "TC201",
    "json-object": "TC201",
    "manifest-builder": "TC201",
    "map-of-results": "TC204",
    "pytest-kind-constructed": "TC202",
    "python-client-objects": "TC204",
    "python-context-manager": "TC204",
    "python-dataclass-config": "TC204",
    "python-fixtures-across-conftest": "TC204",
    "python-loaded-documents": "TC201",
    "python-regex-on-manifest": "TC201",
    "python-yaml-dump": "TC201",
    "raw-string-sprintf-policy": "TC301",
    "replaced-module": "TC204",
    "save-all-tags": "TC204",
    "sh-subshell": "TC204",
    "shell-archive-pushed": "TC202",
    "shell-backquoted-default": "TC204",
    "shell-folders-and-columns": "TC201",
    "shell-default-lost": "TC204",
    "shell-library-functions": "TC201",
    "shell-minikube-engine": "TC201",
    "shell-python-arguments": "TC201",
    "shell-quoted-here-document": "TC201",
    "testmain-cleanup": "TC202",
    "typed-deployment": "TC201",
    "unstructured-deployment": "TC201",
    "variadic-argv-append": "TC202",
}
"""What is repaired in the fixtures."""

OTHERWISE = frozenset(
    (
        *("shell-default-lost", "pytest-class-attributes"),
        *("python-dataclass-config", "python-fixtures-across-conftest", "python-yaml-dump"),
        *("sh-subshell", "shell-python-arguments", "shell-folders-and-columns", "shell-quoted-here-document"),
    )
)
"""Fixtures that are repaired in another way than their clean twins are."""


def fixed(root: Path) -> tuple[Outcome, tuple[Finding, ...]]:
    request = ScanRequest(paths=(root,), config=find_config(root))
    return repaired(request, lambda each: app.scan(each, today=TODAY), Counter())


def scan(root: Path) -> Report:
    return app.scan(ScanRequest(paths=(root,), config=find_config(root)), today=TODAY)


@pytest.mark.parametrize("tree", STORIES)
def test_after_repairs_there_are_fewer_findings_and_no_others(tree: Tree, tmp_path: Path) -> None:
    root = write(tree.files, tmp_path / "repository")
    before = scan(root)
    outcome, left = fixed(root)
    codes = " ".join(sorted(proposal.finding.code for proposal in outcome.repaired))
    assert codes == REPAIRED.get(tree.name, "")
    if not outcome.repaired:
        assert outcome.changes == ()
        return
    write_changes(root, outcome.changes)
    after = scan(root)
    assert after.findings == left
    lines = Counter((each.code, each.span.path) for each in before.findings)
    lines.subtract((each.code, each.span.path) for each in after.findings)
    assert min(lines.values()) >= 0
    assert lines.total() >= len(outcome.repaired)
    again, _ = fixed(root)
    assert again.changes == ()


@pytest.mark.parametrize("tree", [each for each in STORIES if each.id in REPAIRED.keys() - OTHERWISE])
def test_a_repair_is_what_the_clean_twin_has(tree: Tree, tmp_path: Path) -> None:
    root = write(tree.files, tmp_path / "repository")
    outcome, _ = fixed(root)
    twin = Tree(tree.path.with_name(tree.name + CLEAN))
    for change in outcome.changes:
        assert _unmarked(change.after.decode()) == _unmarked(twin.files[change.path])


def _unmarked(text: str) -> list[str]:
    """The lines without the fixtures' marks."""
    return [line.partition(" # expect")[0].partition(" // expect")[0].rstrip() for line in text.splitlines()]
