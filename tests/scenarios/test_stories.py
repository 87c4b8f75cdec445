"""Every fixture has exactly the findings that it marks, and what its description says holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from .trees import CLEAN, Tree, marks, place, scanned, stories, trees

TREES = [pytest.param(tree, id=tree.name) for tree in trees()]
STORIES = [pytest.param(tree, id=tree.name) for tree in stories()]


@pytest.mark.parametrize("tree", TREES)
def test_a_tree_has_the_findings_that_it_marks(tree: Tree, tmp_path: Path) -> None:
    report = scanned(tree.files, tmp_path / "repository")
    marked = list(marks(tree.files))
    expected = {mark.place for mark in marked if mark.kind != "-missing"}
    missing = {mark.place for mark in marked if mark.kind == "-missing"}
    found = {place(finding): finding.message for finding in report.findings}
    assert not report.errors
    assert not missing & found.keys(), "found now: turn the mark into 'expect'"
    assert sorted(found.keys() - expected) == [], "not marked"
    assert sorted(expected - found.keys()) == [], "marked, and not found"


@pytest.mark.parametrize("tree", STORIES)
def test_a_file_by_itself_has_its_findings(tree: Tree, tmp_path: Path) -> None:
    """What is left out when only a file is asked about would have said nothing about it."""
    if tree.description.get("whole-only"):
        pytest.skip("what starts tests is not looked for from the tests")
    expected = [mark.place for mark in marks(tree.files) if mark.kind != "-missing"]
    for path in sorted({path for _, path, _ in expected}):
        report = scanned(tree.files, tmp_path / "repository", path)
        found = {place(finding) for finding in report.findings if finding.span.path == path}
        assert sorted(found) == sorted(each for each in set(expected) if each[1] == path)


@pytest.mark.parametrize("tree", TREES)
def test_known_faults_say_why(tree: Tree) -> None:
    for mark in marks(tree.files):
        assert bool(mark.why) is (mark.kind in ("-missing", "-wrong")) or mark.why, mark


@pytest.mark.parametrize("tree", STORIES)
def test_a_story_says_its_tier(tree: Tree, tmp_path: Path) -> None:
    tier = tree.description.get("tier")
    if tier is None:
        pytest.skip("the story is not about a tier")
    found = scanned(tree.files, tmp_path / "repository").findings
    assert {finding.tier.value for finding in found} == {tier}


@pytest.mark.parametrize("tree", STORIES)
def test_a_story_has_a_clean_twin(tree: Tree) -> None:
    if tree.name.startswith("silent-"):
        pytest.skip("a tree that is right as it stands")
    twin = Tree(tree.path.with_name(tree.name + CLEAN))
    assert twin.path.is_dir()
    assert any(mark.kind != "-wrong" for mark in marks(tree.files))
    kept = [name for name, text in tree.files.items() if twin.files.get(name) == text]
    changed = (tree.files.keys() | twin.files.keys()) - set(kept)
    assert changed
    assert _differing(tree.files, twin.files) <= 60


def _differing(left: object, right: object) -> int:
    """The number of lines that only one of two trees has."""
    assert isinstance(left, dict)
    assert isinstance(right, dict)
    count = 0
    for name in left.keys() | right.keys():
        one, other = left.get(name, "").splitlines(), right.get(name, "").splitlines()
        count += len(set(one) ^ set(other))
    return count
