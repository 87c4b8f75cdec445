"""Variables that a makefile has in another spelling than a recipe reads: when that is a fault, and when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .trees import scanned

SCRIPT = "#!/bin/sh\ndocker run --rm -i acme/render:1.4.2 <deploy.yaml >out.yaml\n"
RELEASE = "RELEASE_IMG := ghcr.io/acme/ferry:1\nrelease: ; FERRY_IMAGE=$(RELEASE_IMG) ./generate.sh\n"
DEV = "dev: ; FERRY_IMAGE=$(DEV_IMAGE) ./generate.sh\n"


def variables(tmp_path: Path, makefile: str, **others: str) -> list[str]:
    files = {"Makefile": makefile, "generate.sh": SCRIPT, **others}
    found = scanned(files, tmp_path / "tree").findings
    return [each.message for each in found if each.code == "TC213"]


def test_the_other_spelling_is_named(tmp_path: Path) -> None:
    assert variables(tmp_path, "DEV_IMG := ghcr.io/acme/ferry:dev\n" + RELEASE + DEV) == [
        "FERRY_IMAGE uses DEV_IMAGE, which nothing sets here (no file of the project mentions it but to read it; "
        "the makefile has DEV_IMG)"
    ]


@pytest.mark.parametrize(
    ("makefile", "others"),
    [
        pytest.param("DEV_IMG ?= $(DEV_IMAGE)\n" + RELEASE + DEV, {}, id="the other takes its value from it"),
        pytest.param(
            "DEV_IMG := ghcr.io/acme/ferry:dev\nlocal: ; FERRY_IMAGE=$(DEV_IMG) ./generate.sh\n" + RELEASE + DEV,
            {},
            id="both are given to the program",
        ),
        pytest.param("DEV_IMG := ghcr.io/acme/ferry:dev\n" + DEV, {}, id="no recipe gives it one of the makefile"),
        pytest.param("NEXT_IMG := ghcr.io/acme/ferry:dev\n" + RELEASE + DEV, {}, id="there is no like variable"),
        pytest.param(
            "DEV_IMG := ghcr.io/acme/ferry:dev\n"
            + RELEASE
            + "dev: ; $(if $(DEV_IMAGE),FERRY_IMAGE=$(DEV_IMAGE),) ./generate.sh\n",
            {},
            id="it may be left out",
        ),
        pytest.param(
            "DEV_IMG := ghcr.io/acme/ferry:dev\n" + RELEASE + DEV,
            {"README.md": "Set DEV_IMAGE to an image of yours.\n"},
            id="a file of the project tells people to set it",
        ),
        pytest.param(
            "DEV_IMG := ghcr.io/acme/ferry:dev\n" + RELEASE + DEV,
            {"ci.sh": "DEV_IMAGE=ghcr.io/acme/ferry:ci make dev\n"},
            id="a script sets it",
        ),
    ],
)
def test_what_is_left_to_the_caller(tmp_path: Path, makefile: str, others: dict[str, str]) -> None:
    assert variables(tmp_path, makefile, **others) == []
