"""Edits that keep the meaning of a script, a makefile or a workflow keep its findings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from .script_edits import EDITS
from .trees import Tree, scanned, trees

TREES = trees()
CASES = [
    pytest.param(tree, files, id=f"{tree.name}-{name}")
    for tree in TREES
    for name, edit in EDITS.items()
    for files, count in (edit(tree.files),)
    if count
]
LEAST = 3
"""The number of fixtures that an edit must apply to, lest it test nothing."""


def _codes(files: dict[str, str], directory: Path) -> Counter[str]:
    return Counter(finding.code for finding in scanned(files, directory).findings)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """The codes of every fixture that an edit applies to, as it stands."""
    directory = tmp_path_factory.mktemp("before")
    edited = {tree.name: tree for case in CASES if isinstance(tree := case.values[0], Tree)}
    return {name: _codes(dict(tree.files), directory / name) for name, tree in edited.items()}


@pytest.mark.parametrize(("tree", "files"), CASES)
def test_an_edit_keeps_the_findings(
    tree: Tree, files: dict[str, str], before: dict[str, Counter[str]], tmp_path: Path
) -> None:
    after, original = _codes(files, tmp_path / "repository"), before[tree.name]
    assert after.keys() == original.keys(), f"{dict(original)} became {dict(after)}"


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_applies(edit: str) -> None:
    assert sum(EDITS[edit](tree.files)[1] > 0 for tree in TREES) >= LEAST
