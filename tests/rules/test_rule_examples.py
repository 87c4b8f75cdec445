"""The examples of the rules: each is a project, and its marks say exactly which findings it has, and where."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tagcheck import app
from tagcheck.config import find_config
from tagcheck.request import ScanRequest
from tagcheck.rules import Example, load_rules

MARK = re.compile(r"expect: (TC\d{3})")
EXAMPLES = [
    pytest.param(example, id=f"{rule.code}-{kind}-{number}")
    for rule in load_rules().all
    for kind, examples in (("bad", rule.bad), ("good", rule.good))
    for number, example in enumerate(examples)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_has_the_findings_that_it_marks(example: Example, tmp_path: Path) -> None:
    for name, text in example.files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    request = ScanRequest(paths=(tmp_path,), config=find_config(tmp_path), project=tmp_path)
    report = app.scan(request, today=date(2026, 11, 1))
    found = sorted((each.span.path, each.span.line, each.code) for each in report.findings)
    assert found == expected(example)


def expected(example: Example) -> list[tuple[str, int, str]]:
    return sorted(
        (name, number, code)
        for name, text in example.files
        for number, line in enumerate(text.splitlines(), 1)
        for code in MARK.findall(line)
    )
