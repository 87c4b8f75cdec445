"""Baselines: the findings that a project lives with for now.

A baseline is a JSON report. Findings are recognised by their fingerprints, which survive moved lines; a fingerprint
that stands in the baseline twice hides two findings, not all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from tagcheck.finding import Finding
from tagcheck.request import Report

_LARGEST = 64 << 20


class BaselineError(Exception):
    """A baseline that cannot be used; the message says what to do."""


def read_baseline(path: Path) -> Counter[str]:
    """How often each fingerprint stands in a baseline. Raises BaselineError."""
    import json

    advice = "make one with: tagcheck scan --output json=FILE"
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror}; {advice}") from None
    try:
        if len(content) > _LARGEST:
            raise ValueError("too large")
        return Counter(str(finding["fingerprint"]) for finding in json.loads(content)["findings"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError(f"{path}: is no JSON report of tagcheck; {advice}") from None


def without_known(report: Report, baseline: Counter[str]) -> tuple[Report, int]:
    """The report without the findings of a baseline, and how many of its entries match nothing any more."""
    left = Counter(baseline)
    kept: list[Finding] = []
    for finding in report.findings:
        if finding.fingerprint and left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
        else:
            kept.append(finding)
    summary = replace(report.summary, findings=len(kept))
    return replace(report, findings=tuple(kept), summary=summary), left.total()
