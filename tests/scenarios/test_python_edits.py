"""Edits that keep the meaning of a Python program keep its findings."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from .python_edits import EDITS
from .trees import Tree, scanned, trees

TREES = [tree for tree in trees() if any(path.endswith(".py") for path in tree.files)]
CASES = [pytest.param(tree, edit, id=f"{tree.name}-{edit}") for tree in TREES for edit in EDITS]


def _codes(files: dict[str, str], directory: Path) -> Counter[str]:
    return Counter(finding.code for finding in scanned(files, directory).findings)


@pytest.mark.parametrize(("tree", "edit"), CASES)
def test_an_edit_keeps_the_findings(tree: Tree, edit: str, tmp_path: Path) -> None:
    files, count = EDITS[edit](tree.files)
    if not count:
        pytest.skip("does not apply")
    before = _codes(dict(tree.files), tmp_path / "before")
    after = _codes(files, tmp_path / "after")
    assert after.keys() == before.keys(), f"{dict(before)} became {dict(after)}"


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_applies_and_gives_python(edit: str) -> None:
    applied = 0
    for tree in TREES:
        files, count = EDITS[edit](tree.files)
        applied += count > 0
        for path, text in files.items():
            if path.endswith(".py"):
                ast.parse(text)
    assert applied >= 2
