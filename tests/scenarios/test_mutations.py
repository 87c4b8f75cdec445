"""Broken files of every language: what a person half edited, or a merge left behind, ends no scan."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .trees import scanned, trees

KINDS: Mapping[str, tuple[str, ...]] = {
    "Go": (".go",),
    "Python": (".py",),
    "shell": (".sh", ".bats"),
    "make": ("Makefile", ".mk"),
    "workflows": (".github/workflows/*",),
    "other pipelines": (".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", "Jenkinsfile", ".buildkite/*"),
    "manifests": (".yaml", ".yml"),
    "kustomizations": ("kustomization.yaml",),
    "charts": ("Chart.yaml", "values.yaml", "templates/*", "_helpers.tpl"),
    "compose": ("compose.yaml", "docker-compose.yml", "docker-compose.yaml", "compose.yml"),
    "Jinja2": (".j2",),
    "Dockerfiles": ("Dockerfile", "Containerfile"),
    "bake": (".hcl", "docker-bake.json"),
}
EXAMPLES = 60
"""Broken files of each kind; each costs a scan of its tree."""
ODD = (
    "",
    "\0",
    "\ufeff",
    "\t",
    "{{",
    "}}",
    "${",
    "$(",
    "`",
    '"',
    "'",
    "<<EOF\n",
    "\\",
    "#",
    "|",
    "&",
    "*",
    "- ",
    ": ",
    "\r\n",
)


def _is_of(path: str, patterns: tuple[str, ...]) -> bool:
    return any(
        pattern.removesuffix("*") in path if pattern.endswith("*") else path.endswith(pattern) for pattern in patterns
    )


TREES = [tree.files for tree in trees()]
FILES = {
    kind: [(files, path) for files in TREES for path in files if _is_of(path, patterns)]
    for kind, patterns in KINDS.items()
}


def broken(text: str, seed: int) -> str:
    """A text after a few cuts, repetitions and insertions."""
    chosen = random.Random(seed)
    for _ in range(chosen.randint(1, 4)):
        low = chosen.randint(0, len(text))
        high = min(len(text), low + chosen.randint(0, 60))
        middle = chosen.choice(("", text[low:high] * 2, chosen.choice(ODD), chosen.choice(ODD) * 40))
        text = text[:low] + middle + text[high:]
    return text


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_files_of_the_kind(kind: str) -> None:
    assert FILES[kind]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(which=st.integers(0, 1 << 16), seed=st.integers(0, 1 << 32))
def test_a_broken_file_ends_no_scan(kind: str, which: int, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    files, path = FILES[kind][which % len(FILES[kind])]
    report = scanned({**files, path: broken(files[path], seed)}, tmp_path_factory.mktemp("broken") / "repository")
    assert report.summary.files
