"""The pipeline: files to scenarios to findings to a report. The only module that knows all layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from tagcheck.analysis import Analysis, analyse
from tagcheck.contents import Files
from tagcheck.discover import Project, discover, is_generated, project_root, within
from tagcheck.events import Event, Scenario, Stage
from tagcheck.finding import Certainty, Finding, Gap, Severity, Summary
from tagcheck.ir import Problem
from tagcheck.judge import judge
from tagcheck.predicates.model import place
from tagcheck.request import Progress, Report, ScanRequest, Story
from tagcheck.rules import Rules, load_rules, render
from tagcheck.source import Span
from tagcheck.suppress import MARKER, Suppression, apply, suppressions

UNUSED = (Stage.OFFERED, Stage.UNNAMED)
"""Stages that happen to no image that has a name."""
MOST_PLACES = 200
"""Places of one image's story that `trace` shows."""


def scan(request: ScanRequest, progress: Progress | None = None, today: date | None = None) -> Report:
    """Scan a project and judge it. `progress` is told about the phases; `today` (default: the present day) decides
    about suppressions that expire. Raises ConfigError, RuleError, ModelError or CatalogueError for configuration that
    cannot be used."""
    tell = progress or (lambda phase, done, total: None)
    root, whole = project_root(request.paths, request.project)
    starts = within(root, request.paths)
    config = request.config
    asked = within(root, [path for path in request.paths if path.is_dir()])
    project = discover(root, ("",) if whole else starts, config.exclude, settings=config.source, asked=asked)
    tell("files", len(project.files), len(project.files))
    files = Files(root, request.replaced)
    rules = load_rules(tuple(request.rules_directories))
    inside = partial(_inside, starts)
    analysis = analyse(project, files, config, request.rules_directories, tell, inside)
    judged = _Judged(request, rules, project, files, analysis, inside, partial(_concerns, starts))
    return judged.report(root, today or date.today())


def _inside(starts: Sequence[str], path: str) -> bool:
    return any(not start or path == start or path.startswith(start + "/") for start in starts)


def _concerns(starts: Sequence[str], path: str) -> bool:
    """Whether a path that is left out lies in the reported ones, or one of them lies in it."""
    return _inside(starts, path.rstrip("/")) or any(start.startswith(path) for start in starts if path.endswith("/"))


@dataclass(frozen=True)
class _Judged:
    """Everything that the report of one scan is made of."""

    request: ScanRequest
    rules: Rules
    project: Project
    files: Files
    analysis: Analysis
    inside: Callable[[str], bool]
    concerns: Callable[[str], bool]

    @property
    def active(self) -> frozenset[str]:
        """The codes that are reported."""
        request, config = self.request, self.request.config
        ignored = (*config.ignore, *request.ignore, *config.disable)
        return self.rules.active(request.select or config.select, ignored, config.enable)

    def report(self, root: Path, today: date) -> Report:
        shown = self._standing([finding for finding in self._found() if self._is_shown(finding)])
        outcome = apply(shown, self._suppressions(), today, self.rules, self.active, self.request.config.tier_of)
        findings = sorted(outcome.findings, key=lambda finding: finding.sort_key)
        gaps = tuple(gap for gap in self._gaps() if self.inside(gap.span.path))
        problems = dict.fromkeys(problem for problem in self.analysis.problems if self.inside(problem.path))
        return Report(
            root,
            tuple(findings),
            tuple(sorted(problems, key=lambda each: (each.path, each.line, each.column))),
            self._summary(len(findings), len(outcome.suppressed), len(gaps)),
            gaps,
            self.files.lines,
            self.files.read,
            self._stories() if self.request.stories else (),
        )

    def _found(self) -> list[Finding]:
        config = self.request.config
        return [
            *judge(self.analysis.scenarios, self.rules, self.active, config),
            *self._about("TC901", (_of_problem(each) for each in dict.fromkeys(self.analysis.problems))),
            *self._about("TC904", (_of_gap(each) for each in self._gaps())),
        ]

    def _about(self, code: str, places: Iterable[tuple[Span, dict[str, object]]]) -> list[Finding]:
        """Findings about the scan itself."""
        rule = self.rules.get(code)
        if rule is None or code not in self.active:
            return []
        found: list[Finding] = []
        for span, variables in places:
            tier = self.request.config.tier_of(span.path)
            found.append(
                Finding(
                    code=code,
                    rule=rule.name,
                    severity=rule.severity(tier) or Severity.INFO,
                    span=span,
                    message=render(rule.message, variables),
                    clause=rule.clause,
                    tier=tier,
                    scenarios=(),
                    fix=render(rule.fix, variables),
                    label=str(variables["reason"]),
                    fingerprint=f"{code}:{span.path}:{variables['reason']}",
                )
            )
        return found

    def _is_shown(self, finding: Finding) -> bool:
        if is_generated(self.files.read(finding.span.path) or b""):
            return False
        sure = finding.certainty is Certainty.CERTAIN or self.request.certainty is Certainty.LIKELY
        return sure and (
            self.inside(finding.span.path) or any(self.inside(place.span.path) for place in finding.places)
        )

    def _standing(self, findings: list[Finding]) -> list[Finding]:
        """Those that are still faults when what other scenarios of the project build is known too."""
        if not any(finding.unless_built for finding in findings):
            return findings
        built = self.analysis.built_elsewhere()
        return [finding for finding in findings if finding.stands(built)]

    def _suppressions(self) -> dict[str, tuple[Suppression, ...]]:
        """The suppressions of every file that is reported."""
        marker = MARKER.encode()
        inside = (path for path in self.project.files if self.inside(path))
        marked = (path for path in inside if marker in (self.files.read(path) or b""))
        return {path: suppressions(path, self.files.text(path)) for path in marked}

    def _gaps(self) -> list[Gap]:
        found: dict[tuple[object, ...], Gap] = {}
        for scenario in self.analysis.scenarios:
            for gap in (*scenario.gaps, *_cut(scenario)):
                found.setdefault((gap.span, gap.stage), gap)
        return sorted(found.values(), key=lambda gap: (gap.span, gap.stage))

    def _summary(self, findings: int, suppressed: int, gaps: int) -> Summary:
        scenarios = self.analysis.scenarios
        return Summary(
            files=sum(1 for path in self.project.files if self.inside(path)),
            scenarios=len(scenarios),
            images=len({str(event.image) for each in scenarios for event in each.events if event.stage not in UNUSED}),
            findings=findings,
            suppressed=suppressed,
            unresolved=gaps,
            skipped=tuple(skip for skip in self.project.skipped if self.concerns(skip.path)),
        )

    def _stories(self) -> tuple[Story, ...]:
        """What each scenario does to each image, in order."""
        return tuple(story for scenario in self.analysis.scenarios for story in _stories_of(scenario))


def _stories_of(scenario: Scenario) -> list[Story]:
    by_image: dict[str, list[Event]] = {}
    for event in (event for event in scenario.events if event.stage not in UNUSED):
        by_image.setdefault(str(event.image), []).append(event)
    return [
        Story(image, scenario.name, scenario.tier, tuple(map(place, shown)), tuple(map(_policy, shown)))
        for image, shown in ((image, events[:MOST_PLACES]) for image, events in by_image.items())
    ]


def _policy(event: Event) -> str | None:
    if event.policy is None:
        return "" if event.policy_known else None
    return str(event.policy)


def _of_problem(problem: Problem) -> tuple[Span, dict[str, object]]:
    span = Span(problem.path, problem.line, problem.column, problem.line, problem.column + 1)
    return span, {"reason": problem.message, "path": problem.path}


def _of_gap(gap: Gap) -> tuple[Span, dict[str, object]]:
    return gap.span, {"reason": gap.reason, "stage": gap.stage, "scenario": gap.scenario}


def _cut(scenario: Scenario) -> tuple[Gap, ...]:
    if not scenario.cut:
        return ()
    return (Gap(scenario.span, "run", f"the evaluation was cut: {scenario.cut}", scenario.name),)
