"""Which findings the user wants repaired, and the scans that prove the repairs.

What the user asks about bounds what is repaired and in which files. What proves a repair is the whole project under all
rules: an edit in one folder must not break what another makes of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tagcheck.baseline import without_known
from tagcheck.discover import project_root, within
from tagcheck.finding import Certainty, Finding
from tagcheck.fixes.fixing import Outcome, fix
from tagcheck.request import Report, ScanRequest
from tagcheck.rules import Rules, load_rules

Scan: TypeAlias = Callable[[ScanRequest], Report]


def repaired(request: ScanRequest, scan: Scan, baseline: Counter[str]) -> tuple[Outcome, tuple[Finding, ...]]:
    """What repairs of the findings that a request asks about come to, and which of them are left. `baseline` has the
    fingerprints of those to be left alone."""
    root, whole = project_root(request.paths, request.project)
    asked = _Asked(request, load_rules(tuple(request.rules_directories)), within(root, request.paths), baseline)
    proving = replace(
        request,
        paths=(root,) if whole else request.paths,
        config=replace(request.config, select=(), ignore=()),
        select=(),
        ignore=(),
        certainty=Certainty.LIKELY,
        stories=True,
    )
    outcome = fix(partial(_scanned, scan, proving, root), asked.findings, asked.has, request.config)
    return outcome, asked.findings(outcome.report)


def _scanned(
    scan: Scan, request: ScanRequest, root: Path, replaced: Mapping[str, bytes], paths: Collection[str]
) -> Report:
    if paths and request.paths == (root,):
        request = replace(request, paths=tuple(root / path for path in paths), project=root)
    return scan(replace(request, replaced=replaced))


@dataclass(frozen=True)
class _Asked:
    """What the user asks about: `starts` are the paths, relative to the root."""

    request: ScanRequest
    rules: Rules
    starts: tuple[str, ...]
    baseline: Counter[str]

    def has(self, path: str) -> bool:
        return any(not start or path == start or path.startswith(start + "/") for start in self.starts)

    def findings(self, report: Report) -> tuple[Finding, ...]:
        """Those of a report's findings that a scan of what was asked about would show."""
        config, request = self.request.config, self.request
        ignored = (*config.ignore, *request.ignore, *config.disable)
        active = self.rules.active(request.select or config.select, ignored, config.enable)
        shown, _ = without_known(report, self.baseline)
        return tuple(
            finding
            for finding in shown.findings
            if finding.code in active
            and finding.certainty is Certainty.CERTAIN
            and any(map(self.has, (finding.span.path, *(place.span.path for place in finding.places))))
        )
