"""The pipeline: files to scenarios to findings. The only module that knows all layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from tagcheck.catalogue import Tools, load_tools
from tagcheck.config import Config
from tagcheck.discover import Project, discover, project_root, within
from tagcheck.engine.machine import evaluate
from tagcheck.events import Scenario, Stage
from tagcheck.finding import Certainty, Finding, Gap, Summary, Tier
from tagcheck.frontends import kubernetes, languages
from tagcheck.ir import Problem
from tagcheck.judge import judge
from tagcheck.link import Program
from tagcheck.models import Model, Models, load_models
from tagcheck.request import Progress, Report, ScanRequest
from tagcheck.rules import Rules, load_rules, rules_root
from tagcheck.scenario import Plan, plans, uncalled


class Files:
    """The contents of a project's files, read once and kept for the scan."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._contents: dict[str, bytes | None] = {}
        self.problems: list[Problem] = []

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it cannot be read, which is noted as a problem once."""
        if path not in self._contents:
            try:
                self._contents[path] = (self._root / path).read_bytes()
            except OSError as error:
                self._contents[path] = None
                reason = error.strerror or "error"
                self.problems.append(Problem(path, 1, 1, f"cannot be read: {reason}; check the file's rights"))
        return self._contents[path]

    def lines(self, path: str) -> Sequence[str]:
        content = self.read(path)
        return () if content is None else content.decode("utf-8", "replace").splitlines()


@dataclass(frozen=True)
class Analysis:
    """Everything that the evaluation of a project gives."""

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]
    files: int


def scan(request: ScanRequest, progress: Progress | None = None, today: date | None = None) -> Report:
    """Scan a project and judge it. `progress` is told about the phases; `today` decides about suppressions that expire.
    Raises ConfigError, RuleError, ModelError or CatalogueError for configuration that cannot be used."""
    tell = progress or (lambda phase, done, total: None)
    root, whole = project_root(request.paths, request.project)
    starts = within(root, request.paths)
    project = discover(root, ("",) if whole else starts, request.config.exclude)
    tell("files", len(project.files), len(project.files))
    files = Files(root)
    analysis = analyse(project, files, request, tell)
    rules = load_rules(tuple(request.rules_directories))
    return _report(root, starts, project, files, analysis, rules, request, today)


def analyse(project: Project, files: Files, request: ScanRequest, tell: Progress) -> Analysis:
    """Evaluate every scenario of a project."""
    catalogues = [rules_root(), *request.rules_directories]
    models = load_models([each / "models" for each in catalogues], "go")
    tools = load_tools(catalogues)
    program = Program(project.files, files.read, languages(), Effectful(models), partial(_says_stage, models))
    program.explore()
    tell("linked", 1, 1)
    scenarios, applied = _evaluate(program, models, tools, request.config, tell)
    standalone, problems = _manifests(program, models, tools, files, applied, request.config)
    found = (*scenarios, *standalone)
    everything = (*files.problems, *program.problems, *problems)
    return Analysis(found, everything, len(project.files))


EFFECTS = frozenset(("command", "run-words", "run-argument", "effect", "container-request", "image-stream"))
"""The operations from which an event can come. Objects handed to a Kubernetes client are not among them: product code
does that all day, and what a scenario deploys is seen when it is evaluated for another reason."""


class Effectful:
    """Which functions of a library module can do something to images."""

    def __init__(self, models: Models) -> None:
        self._exact: dict[str, set[str]] = {}
        self._prefixes: list[tuple[str, str]] = []
        for name, model in models.exact.items():
            if _has_effect(model):
                module, simple = _module_and_name(name)
                self._exact.setdefault(module, set()).add(simple)
        for rest, found in models.modules.items():
            self._prefixes += [(prefix, rest.rpartition(".")[2]) for prefix, model in found if _has_effect(model)]

    def __call__(self, module: str) -> frozenset[str]:
        """The simple names of such functions in a module; none for most."""
        names = set(self._exact.get(module, ()))
        names |= {name for prefix, name in self._prefixes if module.startswith(prefix)}
        head, _, version = module.rpartition("/")
        if version[:1] == "v" and version[1:].isdigit():
            names |= self._exact.get(head, set())
        return frozenset(names)


def _says_stage(models: Models, name: str) -> bool:
    convention = models.convention(name)
    return convention is not None and convention.stage is not None


def _has_effect(model: Model) -> bool:
    return model.op in EFFECTS and not str(model.with_.get("kind", "")).startswith("cluster")


def _module_and_name(qualified: str) -> tuple[str, str]:
    """'a/b.Type.Method' → ('a/b', 'Method')."""
    module, _, name = qualified.rpartition(".")
    head, dot, type_ = module.rpartition(".")
    return (head if dot and type_[:1].isupper() else module), name


def _evaluate(
    program: Program, models: Models, tools: Tools, config: Config, tell: Progress
) -> tuple[list[Scenario], set[str]]:
    visited: set[str] = set()
    applied: set[str] = set()
    scenarios: list[Scenario] = []
    evaluated = partial(evaluate, program, models, tools)
    for plan in _all_plans(program, visited):
        scenario, machine = evaluated(plan.name, plan.procedures, plan.tests)
        visited |= machine.visited
        applied |= machine.applied_files
        scenarios.append(_placed(scenario, plan, config))
        tell("scenarios", len(scenarios), 0)
    return scenarios, applied


def _all_plans(program: Program, visited: set[str]) -> Iterator[Plan]:
    yield from plans(program)
    yield from uncalled(program, visited)


def _placed(scenario: Scenario, plan: Plan, config: Config) -> Scenario:
    """A scenario with its tier: by the path of its entry, else by what it does."""
    tier = config.tier_of(scenario.span.path)
    if tier is Tier.UNKNOWN and scenario.uses_cluster:
        tier = Tier.E2E
    if tier is Tier.UNKNOWN and any(event.stage is Stage.RUN for event in scenario.events):
        tier = Tier.INTEGRATION
    return replace(scenario, tier=tier, is_whole=plan.whole)


def _manifests(
    program: Program, models: Models, tools: Tools, files: Files, applied: set[str], config: Config
) -> tuple[list[Scenario], list[Problem]]:
    """Manifest files that no scenario applies: each by itself."""
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in program.paths:
        if not path.endswith((".yaml", ".yml", ".json")) or path in applied:
            continue
        content = files.read(path)
        if content is None or not kubernetes.relevant(path, content):
            continue
        unit = kubernetes.parse(path, content, path)
        problems.extend(unit.problems)
        for name, _ in unit.entries:
            scenario, _ = evaluate(program, models, tools, path, (unit.procedures[name],))
            scenarios.append(replace(scenario, tier=config.tier_of(path), is_run=False))
    return scenarios, problems


def _report(
    root: Path,
    starts: Sequence[str],
    project: Project,
    files: Files,
    analysis: Analysis,
    rules: Rules,
    request: ScanRequest,
    today: date | None,
) -> Report:
    from tagcheck.suppress import apply as suppressed

    config = request.config
    active = rules.active(
        request.select or config.select, (*config.ignore, *request.ignore, *config.disable), config.enable
    )
    inside = partial(_inside, starts)
    findings = [
        finding
        for finding in judge(analysis.scenarios, rules, active, config)
        if _shown(finding, inside) and (finding.certainty is Certainty.CERTAIN or request.certainty is Certainty.LIKELY)
    ]
    del suppressed, today
    problems = tuple(problem for problem in dict.fromkeys(analysis.problems) if inside(problem.path))
    gaps = tuple(gap for gap in _distinct_gaps(analysis.scenarios) if inside(gap.span.path))
    summary = Summary(
        files=sum(1 for path in project.files if inside(path)),
        scenarios=len(analysis.scenarios),
        images=len({str(event.image) for each in analysis.scenarios for event in each.events}),
        findings=len(findings),
        suppressed=0,
        unresolved=len(gaps),
        skipped=tuple(skip for skip in project.skipped if inside(skip.path)),
    )
    return Report(root, tuple(findings), problems, summary, gaps, files.lines)


def _inside(starts: Sequence[str], path: str) -> bool:
    return any(not start or path == start or path.startswith(start + "/") for start in starts)


def _shown(finding: Finding, inside: Callable[[str], bool]) -> bool:
    return inside(finding.span.path) or any(inside(place.span.path) for place in finding.places)


def _distinct_gaps(scenarios: Sequence[Scenario]) -> list[Gap]:
    found: dict[tuple[object, ...], Gap] = {}
    for scenario in scenarios:
        for gap in scenario.gaps:
            found.setdefault((gap.span, gap.stage), gap)
    return sorted(found.values(), key=lambda gap: (gap.span, gap.stage))

