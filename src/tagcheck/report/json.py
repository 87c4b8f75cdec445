"""The JSON report, schema 1: one object, for other programs to read. Its keys and their order are a contract."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tagcheck.finding import Finding, Place, Summary
from tagcheck.ir import Problem
from tagcheck.report.display import Display, ordered, storable
from tagcheck.request import Report

SCHEMA = 1


def render(report: Report, display: Display) -> str:
    """The report as JSON in ASCII, so that no text in it acts on a terminal."""
    errors = sorted(report.errors, key=lambda problem: (display.path(report.root, problem.path), problem.line))
    document = {
        "schema": SCHEMA,
        "tool": {"name": "tagcheck", "version": display.version},
        "summary": _summary(report.summary),
        "findings": [_finding(finding, report, display) for finding in ordered(report, display)],
        "errors": [_error(problem, report, display) for problem in errors],
    }
    return json.dumps(document, indent=2).replace("\x7f", "\\u007f") + "\n"


def _summary(summary: Summary) -> Mapping[str, int]:
    return {
        "files": summary.files,
        "scenarios": summary.scenarios,
        "images": summary.images,
        "findings": summary.findings,
        "suppressed": summary.suppressed,
        "unresolved": summary.unresolved,
    }


def _finding(finding: Finding, report: Report, display: Display) -> Mapping[str, object]:
    span = finding.span
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": storable(display.path(report.root, span.path)),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "message": storable(finding.message),
        "consequence": storable(finding.consequence),
        "clause": finding.clause,
        "tier": finding.tier.value,
        "scenario": storable(finding.scenarios[0]) if finding.scenarios else "",
        "scenarios": [storable(scenario) for scenario in finding.scenarios],
        "certainty": finding.certainty.value,
        "names": {stage: [storable(image) for image in images] for stage, images in finding.names},
        "trace": [_place(place, report, display) for place in finding.places],
        "fingerprint": finding.fingerprint,
    }


def _place(place: Place, report: Report, display: Display) -> Mapping[str, object]:
    return {
        "stage": place.stage,
        "image": storable(place.image),
        "path": storable(display.path(report.root, place.span.path)),
        "line": place.span.line,
        "column": place.span.column,
        "note": storable(place.note),
    }


def _error(problem: Problem, report: Report, display: Display) -> Mapping[str, object]:
    return {
        "path": storable(display.path(report.root, problem.path)),
        "line": problem.line,
        "code": "TC901",
        "message": storable(problem.message),
    }
