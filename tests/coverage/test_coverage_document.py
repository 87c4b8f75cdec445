"""docs/coverage.md says what the tests show, and no more."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "coverage_table.py"


@pytest.fixture(scope="module")
def table() -> ModuleType:
    specification = importlib.util.spec_from_file_location("coverage_table", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["coverage_table"] = module
    specification.loader.exec_module(module)
    return module


def test_the_document_is_up_to_date(table: ModuleType) -> None:
    assert table.DOCUMENT.read_text(encoding="utf-8") == table.document(), "run scripts/coverage_table.py"


def test_every_form_has_an_identifier_of_its_own(table: ModuleType) -> None:
    sections, forms = table.forms()
    identifiers = [form.id for form in forms]
    assert len(set(identifiers)) == len(identifiers)
    assert {int(identifier[0]) for identifier in identifiers} == set(sections)


def test_an_example_that_does_not_exist_is_noticed(table: ModuleType) -> None:
    with pytest.raises(table.Wrong, match="begins with"):
        table._example("docker frobnicate", {"docker build .": "docker"})
    with pytest.raises(table.Wrong, match="no example of"):
        table._model("example.com/none", {})
