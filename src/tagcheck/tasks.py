"""What a scan evaluates, each piece by itself: the plans of runners, manifests, and functions that nothing calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from posixpath import dirname

from msgspec.structs import replace

from tagcheck.catalogue import Tools
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import is_generated
from tagcheck.engine.machine import Evaluated, evaluate
from tagcheck.events import Event, Scenario, Stage
from tagcheck.finding import Tier
from tagcheck.frontends import kubernetes, kustomize
from tagcheck.frontends.api import Unit
from tagcheck.ir import Problem, Procedure
from tagcheck.judge import built_names
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.part import Inside, Part
from tagcheck.pathnames import is_asked
from tagcheck.processes import perform
from tagcheck.scenario import MOST_UNCALLED, Plan, candidates, plans, shortened, simple_name
from tagcheck.standalone import Standing, entry_plans, parsed

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Context:
    """What every evaluation of a scan shares."""

    program: Program
    models: Models
    tools: Tools
    config: Config
    files: Files
    standing: Mapping[str, Standing]
    """the files that run by themselves and can matter"""

    def run(self, plan: Plan) -> Evaluated:
        procedures, tests = plan.procedures, plan.tests
        return evaluate(self.program, self.models, self.tools, plan.name, procedures, tests, brief=plan.brief)


@dataclass(frozen=True)
class Done:
    """What a task gives: its scenarios, the procedures that they went through, the manifests that they applied, and
    the problems of files that were read for it."""

    scenarios: tuple[Scenario, ...]
    visited: frozenset[str] = frozenset()
    applied: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


class Tasks:
    """What can be evaluated independently: the plans of runners, and manifest files, each by itself. They come in this
    order, numbered from 0; `count` is how many they are. After them come set-up functions that nothing may call."""

    def __init__(self, context: Context, tell: Tell, inside: Inside) -> None:
        self._context, self._tell = context, tell
        paths, read = context.program.paths, context.files.read
        found = context.standing
        part = Part(context.program, read, inside, found, frozenset(context.tools.by_program))
        self._elsewhere = {path: each for path, each in found.items() if path not in part.leads}
        files = self._parsed({path: each for path, each in found.items() if path in part.leads})
        self.problems = tuple(problem for unit in files for problem in unit.problems)
        comes = part.comes()
        own, left = _divided(plans(context.program), comes)
        asked = [(plan, part.leads[unit.path]) for unit in files for plan in entry_plans(unit)]
        self.plans = [*shortened(context.program, own), *(plan for plan, goals in asked if is_asked(plan.entry, goals))]
        self._left = [*left, *(plan for plan, goals in asked if not is_asked(plan.entry, goals))]
        self._parts = _kustomized(context)
        stating = (path for path in paths if inside(path) or path in part.leads)
        self.manifests = list(filter(self._is_statement, stating))
        self.count = len(self.plans) + len(self.manifests)
        self.candidates = list(filter(comes, candidates(context.program)))

    def _parsed(self, found: Mapping[str, Standing]) -> tuple[Unit, ...]:
        known, read = frozenset(self._context.program.paths), self._context.files.read
        is_data = self._context.config.is_data
        judged = {path: each for path, each in found.items() if not (each.kind.stated and is_data(path))}
        return parsed(judged, lambda name: read(name) if name in known else None)

    def built_elsewhere(self) -> frozenset[str]:
        """The names that files build which cannot come to the part that was asked about."""
        left = [*self._left, *(plan for unit in self._parsed(self._elsewhere) for plan in entry_plans(unit))]
        done = perform(len(left), lambda number: built_names(self._planned(left[number]).scenarios))
        return frozenset[str]().union(*done)

    def run(self, number: int) -> Done:
        if number >= self.count:
            procedure = self.candidates[number - self.count]
            brief = len(self.candidates) > MOST_UNCALLED
            return self._planned(Plan(simple_name(procedure), (procedure,), whole=False, brief=brief))
        self._tell("scenarios", number, self.count)
        if number < len(self.plans):
            return self._planned(self.plans[number])
        return self._manifest(self.manifests[number - len(self.plans)])

    def _planned(self, plan: Plan) -> Done:
        known = (self._context.program.problems, self._context.files.problems)
        before = [len(problems) for problems in known]
        done = self._context.run(plan)
        new = tuple(problem for problems, count in zip(known, before, strict=True) for problem in problems[count:])
        placed = _placed(done.scenario, plan, self._context.config)
        return Done((placed,), done.visited, done.applied, new)

    def _is_statement(self, path: str) -> bool:
        """Whether a file states by itself what is deployed: a manifest, a kustomization that is part of no other."""
        named = path.rpartition("/")[2] in kustomize.NAMES
        if not (named or path.endswith(kubernetes.SUFFIXES)) or self._context.config.is_data(path):
            return False
        content = self._context.files.read(path)
        if content is None or is_generated(content):
            return False
        if named:
            return kustomize.relevant(path, content) and dirname(path) not in self._parts
        return kubernetes.relevant(path, content)

    def _manifest(self, path: str) -> Done:
        """A manifest or a kustomization by itself; it counts if no scenario applies it."""
        context, scenarios, applied, visited = self._context, list[Scenario](), set[str](), set[str]()
        parse = kustomize.parse if path.rpartition("/")[2] in kustomize.NAMES else kubernetes.parse
        unit = parse(path, context.files.read(path) or b"", path)
        for name, _ in unit.entries:
            done = context.run(Plan(path, (unit.procedures[name],)))
            applied |= done.applied - {path}
            visited |= done.visited
            if path in self._parts:
                scenarios.append(_as_statement(done.scenario, context.config))
            else:
                scenarios.append(replace(done.scenario, tier=context.config.tier_of(path), is_run=False))
        return Done(tuple(scenarios), frozenset(visited), frozenset(applied), unit.problems)


def _divided(programs: Iterable[Plan], comes: Callable[[Procedure], bool]) -> tuple[list[Plan], list[Plan]]:
    """The scenarios that come to the part that was asked about, and the others."""
    own: list[Plan] = []
    left: list[Plan] = []
    for plan in programs:
        (own if any(map(comes, (*plan.procedures, *plan.tests))) else left).append(plan)
    return own, left


def _placed(scenario: Scenario, plan: Plan, config: Config) -> Scenario:
    """A scenario with its tier: by the path of its entry, else by what it does."""
    tier = config.tier_of(scenario.span.path)
    if not plan.runs:
        return replace(scenario, tier=tier, is_run=False)
    if tier is Tier.UNKNOWN and scenario.uses_cluster:
        tier = Tier.E2E
    if tier is Tier.UNKNOWN and any(event.stage is Stage.RUN for event in scenario.events):
        tier = Tier.INTEGRATION
    return replace(scenario, tier=tier, is_whole=plan.whole)


def _as_statement(scenario: Scenario, config: Config) -> Scenario:
    events = tuple(event for event in scenario.events if event.stage is Stage.DEPLOYED and _only_local(event, config))
    return replace(scenario, events=events, tier=config.tier_of(scenario.span.path), is_run=False)


def _only_local(event: Event, config: Config) -> bool:
    registry = event.reference.registry
    never = event.policy is not None and event.policy.literal == "Never"
    return never or (registry is not None and registry.literal in config.local_registries)


def _kustomized(context: Context) -> frozenset[str]:
    """The manifests that kustomizations are made of: what they name need not be what is deployed."""
    found: set[str] = set()
    for path in context.program.paths:
        if path.rpartition("/")[2] in kustomize.NAMES:
            found |= kustomize.parts(path, context.files.read(path) or b"")
    return frozenset(found)


def embedded(context: Context, visited: set[str], inside: Inside) -> list[Scenario]:
    """Functions that return a manifest and that no scenario goes through: what they state is judged like a manifest
    file, as far as it can only be local (other images are data until something deploys them)."""
    found: list[Scenario] = []
    for path in context.program.paths:
        is_program = path.endswith(context.program.suffixes) and inside(path)
        content = context.files.read(path) if is_program else None
        if content is None or b"apiVersion:" not in content or b"image:" not in content or is_generated(content):
            continue
        unit = context.program.unit(path)
        if unit is None or context.program.is_test(path):
            continue
        for procedure in unit.procedures.values():
            if procedure.key not in visited and _states_image(context.files, procedure):
                done = context.run(Plan(procedure.key.rpartition("#")[2], (procedure,)))
                found.append(_as_statement(done.scenario, context.config))
    return found


def _states_image(files: Files, procedure: Procedure) -> bool:
    lines = files.lines(procedure.span.path)[procedure.span.line - 1 : procedure.span.end_line]
    return any("image:" in line for line in lines) and any("apiVersion:" in line for line in lines)
