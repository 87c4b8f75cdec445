"""Parameters of tests whose values go to fixtures (pytest 8, `indirect`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .trees import scanned

FIXTURE = """import subprocess
import pytest


@pytest.fixture
def image(request):
    name = f"localhost/{request.param}:1"
    subprocess.run(["docker", "build", "-t", name, "."], check=True)
    return name


"""
TEST = """@pytest.mark.parametrize(@PARAMETERS@)
def test_it(image@MORE@):
    subprocess.run(["kind", "load", "docker-image", @LOADED@], check=True)
"""


def names(parameters: str, loaded: str, folder: Path, more: str = "", conftest: bool = False) -> list[tuple[str, str]]:
    test = TEST.replace("@PARAMETERS@", parameters).replace("@LOADED@", loaded).replace("@MORE@", more)
    head = "import subprocess\nimport pytest\n\n\n"
    files = {"tests/test_it.py": FIXTURE + test}
    if conftest:
        files = {"tests/conftest.py": FIXTURE, "tests/test_it.py": head + test}
    found = scanned(files, folder / "tree").findings
    return [(each.code, each.message.partition(" ")[0]) for each in found if each.code.startswith("TC2")]


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        ('"image", ["a", "b"], indirect=True', ""),
        ('"image", ["a", "b"], indirect=["image"]', ""),
        ('"image, other", [("a", 1), ("b", 2)], indirect=["image"]', ", other"),
    ],
)
def test_the_fixture_makes_the_name_of_the_parameter(parameters: str, more: str, tmp_path: Path) -> None:
    assert names(parameters, "image", tmp_path, more) == []
    wrong = names(parameters, 'image + "x"', tmp_path, more)
    assert wrong == [("TC202", "localhost/a:1x")]


def test_so_does_a_fixture_of_another_file(tmp_path: Path) -> None:
    assert names('"image", ["a"], indirect=True', "image", tmp_path / "right", conftest=True) == []
    wrong = names('"image", ["a"], indirect=True', 'image + "x"', tmp_path / "wrong", conftest=True)
    assert wrong == [("TC202", "localhost/a:1x")]


def test_values_that_do_not_go_to_fixtures_are_the_names(tmp_path: Path) -> None:
    found = names('"image, name", [("a", "localhost/a:2")], indirect=["image"]', "name", tmp_path, ", name")
    assert found == [("TC202", "localhost/a:2")]
