"""The JSON report: its keys, their order and its bytes are a contract."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tagcheck.report.display import Display
from tagcheck.report.json import render

from .sample import BUILT, DEPLOYED, ROOT, mismatch, report, static

DISPLAY = Display(ROOT, version="1.2.3")


def test_the_whole_of_a_report() -> None:
    document = json.loads(render(report(mismatch()), DISPLAY))
    assert document == {
        "schema": 1,
        "tool": {"name": "tagcheck", "version": "1.2.3"},
        "summary": {"files": 61, "scenarios": 14, "images": 37, "findings": 1, "suppressed": 1, "unresolved": 2},
        "findings": [
            {
                "code": "TC201",
                "rule": "deployed-name-mismatch",
                "severity": "error",
                "path": "test/notification.go",
                "line": 10,
                "column": 2,
                "end_line": 10,
                "end_column": 46,
                "message": "the deployed image is none that this scenario builds or loads",
                "consequence": "ErrImageNeverPull",
                "clause": "DD-TEST-001 §1.5",
                "tier": "e2e",
                "scenario": "DeployNotification",
                "scenarios": ["DeployNotification", "DeployGateway", "DeployAudit"],
                "certainty": "certain",
                "names": {"built": [BUILT], "loaded": [BUILT], "deployed": [DEPLOYED]},
                "trace": [
                    {
                        "stage": stage,
                        "image": BUILT,
                        "path": "test/datastorage.go",
                        "line": 1154,
                        "column": 9,
                        "note": "podman build",
                    }
                    for stage in ("built", "loaded")
                ],
                "fingerprint": "test/notification.go:10",
            }
        ],
        "errors": [{"path": "test/broken.go", "line": 7, "code": "TC901", "message": "an expression is missing"}],
    }


def test_the_order_of_keys() -> None:
    document = json.loads(render(report(mismatch()), DISPLAY))
    assert list(document) == ["schema", "tool", "summary", "findings", "errors"]
    assert list(document["findings"][0]) == [
        *("code", "rule", "severity", "path", "line", "column", "end_line", "end_column"),
        *("message", "consequence", "clause", "tier", "scenario", "scenarios", "certainty"),
        *("names", "trace", "fingerprint"),
    ]


def test_findings_are_ordered_by_path_line_column_code() -> None:
    moved = replace(static("a.go", 2), span=structs.replace(static("a.go", 2).span, column=1))
    given_order = (mismatch("b.go"), static("a.go", 2), moved, mismatch("a.go", 10), static("a.go", 10))
    found = json.loads(render(report(*given_order), DISPLAY))["findings"]
    assert [(each["path"], each["line"], each["column"], each["code"]) for each in found] == [
        ("a.go", 2, 1, "TC101"),
        ("a.go", 2, 11, "TC101"),
        ("a.go", 10, 2, "TC201"),
        ("a.go", 10, 11, "TC101"),
        ("b.go", 10, 2, "TC201"),
    ]


def test_two_runs_print_the_same_bytes() -> None:
    assert render(report(), DISPLAY) == render(report(static(), mismatch()), DISPLAY)


def test_a_finding_without_scenario() -> None:
    found = json.loads(render(report(static()), DISPLAY))["findings"][0]
    assert (found["scenario"], found["scenarios"], found["names"], found["trace"]) == ("", [], {}, [])


def test_bytes_of_a_path_that_are_no_text_are_escaped() -> None:
    found = json.loads(render(report(static("caf\udce9.go")), DISPLAY))["findings"][0]
    assert found["path"] == "caf\\xe9.go"


@given(st.text(st.characters()))
def test_every_text_survives_and_none_acts_on_a_terminal(name: str) -> None:
    text = render(report(replace(mismatch(), message=name)), DISPLAY)
    assert text.isascii()
    assert all(row.isprintable() for row in text.split("\n"))
    message = json.loads(text)["findings"][0]["message"]
    if not any(0xD800 <= ord(character) <= 0xDFFF for character in name):
        assert message == name
