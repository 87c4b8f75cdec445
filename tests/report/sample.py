"""A report with everything that a report can have."""

from __future__ import annotations

from pathlib import Path

from tagcheck.finding import Certainty, Finding, Gap, Place, Severity, Skipped, Summary, Tier
from tagcheck.ir import Problem
from tagcheck.request import Report
from tagcheck.source import Span

ROOT = Path("/project")
BUILT = "localhost/kubernaut-datastorage:e2e-test-datastorage"
DEPLOYED = "localhost/datastorage:notification-<unique>"
SOURCES = {
    "test/notification.go": [*[""] * 9, '\tGenerateImage("datastorage", "notification"), writer)'],
    "test/gateway.go": ["package test", "", 'image := "localhost/gateway:e2e"'],
}


def mismatch(path: str = "test/notification.go", line: int = 10, shape: str = "") -> Finding:
    build = Span("test/datastorage.go", 1154, 9, 1154, 61)
    return Finding(
        code="TC201",
        rule="deployed-name-mismatch",
        severity=Severity.ERROR,
        span=Span(path, line, 2, line, 46),
        message="the deployed image is none that this scenario builds or loads",
        clause="DD-TEST-001 §1.5",
        tier=Tier.E2E,
        scenarios=("DeployNotification", "DeployGateway", "DeployAudit"),
        consequence="ErrImageNeverPull",
        fix="generate the name once",
        label=f"DEPLOYED {DEPLOYED}",
        names=(("built", (BUILT,)), ("loaded", (BUILT,)), ("deployed", (DEPLOYED,))),
        places=(Place("built", BUILT, build, "podman build"), Place("loaded", BUILT, build, "podman build")),
        shape=shape,
        fingerprint=f"{path}:{line}",
    )


def static(path: str = "test/gateway.go", line: int = 3) -> Finding:
    return Finding(
        code="TC101",
        rule="static-tag",
        severity=Severity.WARNING,
        span=Span(path, line, 11, line, 32),
        message="a fixed tag",
        clause="DD-TEST-001 §1",
        tier=Tier.UNKNOWN,
        scenarios=(),
        certainty=Certainty.LIKELY,
        fingerprint="static",
    )


def report(*findings: Finding, **changes: object) -> Report:
    """A report of these findings, of the two above without any."""
    chosen = findings or (mismatch(), static())
    return Report(
        root=ROOT,
        findings=chosen,
        errors=(Problem("test/broken.go", 7, 3, "an expression is missing"),),
        summary=Summary(
            61, 14, 37, len(chosen), 1, 2, (Skipped("vendor/", "vendored"), Skipped("a~", "a backup file"))
        ),
        gaps=(
            Gap(Span("test/a.go", 4, 2, 4, 9), "built", "a value read from a file"),
            Gap(Span("test/b.go", 8, 2, 8, 9), "deployed", "a value read from a file"),
        ),
        sources=lambda path: SOURCES.get(path, ()),
    )
