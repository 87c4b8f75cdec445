"""Edits that keep the meaning of a program keep its findings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import tree_sitter_go
from tree_sitter import Language, Parser

from .edits import EDITS
from .trees import Tree, scanned, trees

TREES = {tree.name: tree for tree in trees()}
CASES = [pytest.param(tree, edit, id=f"{tree.name}-{edit}") for tree in TREES.values() for edit in EDITS]
LEAST = 5
"""The number of fixtures that an edit must apply to, lest it test nothing."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """The codes of every fixture as it stands."""
    directory = tmp_path_factory.mktemp("before")
    return {name: _codes(tree.files, directory / name) for name, tree in TREES.items()}


def _codes(files: dict[str, str] | object, directory: Path) -> Counter[str]:
    assert isinstance(files, dict)
    return Counter(finding.code for finding in scanned(files, directory).findings)


@pytest.mark.parametrize(("tree", "edit"), CASES)
def test_an_edit_keeps_the_findings(tree: Tree, edit: str, before: dict[str, Counter[str]], tmp_path: Path) -> None:
    files, count = EDITS[edit](tree.files)
    if not count:
        pytest.skip("does not apply")
    after, original = _codes(files, tmp_path / "repository"), before[tree.name]
    known = tree.description.get("edits", {})
    assert isinstance(known, dict)
    if tree.is_clean and edit in known:
        pytest.skip("what the edit breaks is known, and shown by the story")
    kept = not after - original if tree.is_clean else after.keys() == original.keys()
    assert kept is (edit not in known), f"{dict(original)} became {dict(after)}"


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_applies_and_gives_go(edit: str) -> None:
    parser = Parser(Language(tree_sitter_go.language()))
    applied = 0
    for tree in TREES.values():
        files, count = EDITS[edit](tree.files)
        applied += count > 0
        for path, text in files.items():
            if path.endswith(".go"):
                assert not parser.parse(text.encode()).root_node.has_error, f"{tree.name}/{path}\n{text}"
    assert applied >= LEAST
