"""Variables that a CI system gives to all its jobs, as against those that may be empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagcheck.comparison import Same, same
from tagcheck.values import EMPTY, Hole, HoleKind, Text

from .trees import place, scanned

JOB = """on: push
jobs:
  e2e:
    runs-on: ubuntu-latest
    steps:
      - uses: helm/kind-action@v1
        with: {cluster_name: e2e}
      - run: make e2e
"""
MAKE = """VARIABLE ?= $(shell uuidgen)
ifeq ($(CI),)
VARIABLE := dev
endif
e2e:
\tdocker build -t localhost/app:$(VARIABLE) .
\tkind load docker-image --name e2e localhost/app:$${VARIABLE:-dev}
\tkubectl run app --image=localhost/app:$(VARIABLE) --image-pull-policy=Never
\tdocker rmi localhost/app:$(VARIABLE)
"""
GITLAB = """e2e:
  script:
    - kind create cluster --name e2e
    - if [ -z "$VARIABLE" ]; then export VARIABLE=$(uuidgen); fi
    - docker build -t localhost/app:${VARIABLE} .
    - kind load docker-image --name e2e localhost/app:${VARIABLE:-dev}
    - kubectl run app --image=localhost/app:$VARIABLE --image-pull-policy=Never
    - docker rmi localhost/app:$VARIABLE
"""


@pytest.mark.parametrize("variable", ["GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_REF_NAME"])
def test_a_default_is_never_taken_where_the_runner_sets_the_variable(variable: str, tmp_path: Path) -> None:
    files = {".github/workflows/e2e.yml": JOB, "Makefile": MAKE.replace("VARIABLE", variable)}
    assert [place(each) for each in scanned(files, tmp_path / "tree").findings] == []


def test_a_variable_that_the_runner_does_not_always_set_may_have_its_default(tmp_path: Path) -> None:
    files = {".github/workflows/e2e.yml": JOB, "Makefile": MAKE.replace("VARIABLE", "GITHUB_HEAD_REF")}
    assert "TC202" in {each.code for each in scanned(files, tmp_path / "tree").findings}


def test_gitlab(tmp_path: Path) -> None:
    files = {".gitlab-ci.yml": GITLAB.replace("VARIABLE", "CI_COMMIT_SHA")}
    assert [place(each) for each in scanned(files, tmp_path / "tree").findings] == []


def test_what_is_never_empty_is_still_any_other_text() -> None:
    filled = Text.of_hole(Hole(HoleKind.ENVIRONMENT, "A", "A", filled="commit"))
    open_ = Text.of_hole(Hole(HoleKind.ENVIRONMENT, "A", "A"))
    assert same(filled, EMPTY) is same(EMPTY, filled) is Same.NO
    assert same(open_, EMPTY) is Same.MAYBE
    assert same(filled, Text.of("dev")) is Same.MAYBE
    assert same(filled, open_) is Same.YES
