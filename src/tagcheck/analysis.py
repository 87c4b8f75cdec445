"""From the files of a project to its scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from posixpath import dirname

from msgspec.structs import replace

from tagcheck.builtins.suites import METHOD_LISTS
from tagcheck.catalogue import Tools, load_tools
from tagcheck.config import Config
from tagcheck.discover import Project, is_generated
from tagcheck.engine.machine import Evaluation, evaluate
from tagcheck.events import Event, Scenario, Stage
from tagcheck.finding import Tier
from tagcheck.frontends import kubernetes, kustomize, languages, runnables
from tagcheck.frontends.api import Folder, Unit
from tagcheck.ir import Problem, Procedure
from tagcheck.judge import built_names
from tagcheck.leading import Candidate, Marked, leading
from tagcheck.link import Program
from tagcheck.models import Model, Models, load_models
from tagcheck.processes import Workers, perform
from tagcheck.rules import rules_root
from tagcheck.scenario import Plan, candidates, plans, simple_name, uncalled
from tagcheck.standalone import Standing, entry_plans, not_run_by_others, parsed, standing

Tell = Callable[[str, int, int], None]
Inside = Callable[[str], bool]
MANIFESTS = (".yaml", ".yml", ".json")


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
                with open(f"{self._root}/{path}", "rb") as stream:
                    self._contents[path] = stream.read()
            except OSError as error:
                self._contents[path] = None
                reason = error.strerror or "error"
                self.problems.append(Problem(path, 1, 1, f"cannot be read: {reason}; check the file's rights"))
        return self._contents[path]

    def text(self, path: str) -> str:
        content = self.read(path)
        return "" if content is None else content.decode("utf-8", "replace")

    def lines(self, path: str) -> Sequence[str]:
        """The lines of a file, as editors count them."""
        return self.text(path).split("\n")


@dataclass(frozen=True)
class Analysis:
    """Everything that the evaluation of a project gives. `built_elsewhere` gives the names that scenarios build which
    cannot come to the part of the project that was asked about, and were therefore left out."""

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]
    built_elsewhere: Callable[[], frozenset[str]]


@dataclass(frozen=True)
class _Context:
    """What every evaluation of a scan shares."""

    program: Program
    models: Models
    tools: Tools
    config: Config
    files: Files

    def run(self, name: str, procedures: Sequence[Procedure], tests: Sequence[Procedure] = ()) -> Evaluation:
        return evaluate(self.program, self.models, self.tools, name, procedures, tests)


def analyse(
    project: Project,
    files: Files,
    config: Config,
    catalogues: Sequence[Path],
    tell: Tell,
    inside: Inside = lambda path: True,
) -> Analysis:
    """Evaluate every scenario of a project that can come to the part that was asked about: `inside` says of a path
    whether it belongs to it. `catalogues` are rules directories besides those that ship."""
    directories = [rules_root(), *catalogues]
    # A tree without Python does not pay for its libraries.
    own = ("python",) if any(path.endswith(".py") for path in project.files) else ()
    models = load_models([each / "models" for each in directories], "go", *own, "shell", "ci")
    program = Program(
        project.files,
        files.read,
        languages(),
        Effectful(models),
        partial(_says_stage, models),
        _deploying(models),
        _implicit(models),
    )
    context = _Context(program, models, load_tools(directories), config, files)
    program.explore()
    tell("linked", 1, 1)
    tasks = _Tasks(context, tell, inside)
    with Workers(tasks.run, rounds=2) as workers:
        done = workers.perform(range(tasks.count))
        counts = not_run_by_others(tasks.plans, [each.visited for each in done[: len(tasks.plans)]])
        kept = [(plan, each) for plan, each, counted in zip(tasks.plans, done, counts, strict=False) if counted]
        evaluated = [each for _, each in kept]
        standalone = done[len(tasks.plans) :]
        visited = set().union(*(each.visited for each in evaluated))
        ahead = _uncalled(tasks, workers, visited, evaluated)
    late = evaluated[len(kept) :]
    run_late = set().union(*(each.visited for each in late))
    evaluated = [each for plan, each in kept if not (plan.alone and plan.procedures[0].key in run_late)] + late
    applied = set().union(*(each.applied for each in evaluated))
    applied |= set().union(*(each.applied for each in standalone))
    alone = [each for path, each in zip(tasks.manifests, standalone, strict=True) if path not in applied]
    scenarios = [scenario for each in (*evaluated, *alone) for scenario in each.scenarios]
    scenarios[len(evaluated) : len(evaluated)] = _embedded(context, visited, inside)
    others = [problem for each in (*evaluated, *ahead, *alone) for problem in each.problems]
    problems = dict.fromkeys((*files.problems, *program.problems, *tasks.problems, *others))
    return Analysis(tuple(scenarios), tuple(problems), tasks.built_elsewhere)


def _uncalled(tasks: _Tasks, workers: Workers[_Done], visited: set[str], evaluated: list[_Done]) -> Sequence[_Done]:
    """Evaluate set-up functions that nothing calls, and add what counts to `visited` and `evaluated`; everything that
    was done for it. Those that no other one mentions are evaluated side by side, though one of them may turn out to
    be called by another: then it does not count."""
    first, others = uncalled(tasks.candidates, visited)
    ahead = dict(zip(first, workers.perform([tasks.count + index for index in first]), strict=True))
    for index in (*first, *others):
        if tasks.candidates[index].key not in visited:
            done = ahead[index] if index in ahead else tasks.run(tasks.count + index)
            evaluated.append(done)
            visited |= done.visited
    return tuple(ahead.values())


# --- what can matter -------------------------------------------------------------------------------------------------

EFFECTS = frozenset(
    (
        "start-program",
        "run-program",
        "command",
        "run-words",
        "run-argument",
        "effect",
        "container-request",
        "image-stream",
    )
)
"""The operations from which an event can come. Objects handed to a Kubernetes client are not among them: product code
does that all day, and what a scenario deploys is seen when it is evaluated for another reason."""
DEPLOYING = frozenset(("deploy", "mutate-and-deploy"))
"""The operations that hand an object to a cluster."""


def _deploying(models: Models) -> frozenset[str]:
    """The simple names of client methods that hand an object to a cluster."""
    names = [name for name, model in models.exact.items() if model.op in DEPLOYING]
    names += [name for name, found in models.modules.items() if any(model.op in DEPLOYING for _, model in found)]
    return frozenset(name.rpartition(".")[2] for name in names)


def _implicit(models: Models) -> Callable[[str], bool]:
    """Whether a test framework calls methods of a name."""
    running = [model.with_ for model in models.exact.values() if model.op == "run-methods"]
    lists = [found for with_ in running for key in METHOD_LISTS if isinstance(found := with_.get(key), list)]
    names = frozenset(str(name) for each in lists for name in each)
    beginnings = tuple(str(with_.get("tests", "Test")) for with_ in running)
    return lambda name: name in names or name.startswith(beginnings)


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


# --- scenarios -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Done:
    """What a task gives: its scenarios, the procedures that they went through, the manifests that they applied, and
    the problems of files that were read for it."""

    scenarios: tuple[Scenario, ...]
    visited: frozenset[str] = frozenset()
    applied: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


class _Tasks:
    """What can be evaluated independently: the plans of runners, and manifest files, each by itself. They come in this
    order, numbered from 0; `count` is how many they are. After them come set-up functions that nothing may call."""

    def __init__(self, context: _Context, tell: Tell, inside: Inside) -> None:
        self._context, self._tell = context, tell
        paths, read = context.program.paths, context.files.read
        found = standing(paths, read, runnables(), context.tools.programs)
        known, suffixes = _known(context, found), context.program.suffixes
        whole = all(map(inside, paths))
        leads = frozenset(known) if whole else _leading(context, known, inside)
        self._elsewhere = {path: each for path, each in found.items() if path not in leads}
        files = self._parsed({path: each for path, each in found.items() if path in leads})
        data = (path for path in paths if _is_data(context, path, inside) and not path.endswith(suffixes))
        part = {path: known.get(path, Candidate(b"")) for path in (*leads, *data)}
        comes: Callable[[Procedure], bool] = (lambda each: True) if whole else Marked(context.program, inside, part)
        programs = list(plans(context.program))
        kept = [any(map(comes, (*plan.procedures, *plan.tests))) for plan in programs]
        self._left = [plan for plan, comes_there in zip(programs, kept, strict=True) if not comes_there]
        own = [plan for plan, comes_there in zip(programs, kept, strict=True) if comes_there]
        self.plans = [*own, *(plan for unit in files for plan in entry_plans(unit))]
        self.problems = tuple(problem for unit in files for problem in unit.problems)
        self._parts = _kustomized(context)
        self.manifests = [path for path in paths if (inside(path) or path in leads) and self._is_statement(path)]
        self.count = len(self.plans) + len(self.manifests)
        self.candidates = [each for each in candidates(context.program) if comes(each)]

    def _parsed(self, found: Mapping[str, Standing]) -> tuple[Unit, ...]:
        known, read = frozenset(self._context.program.paths), self._context.files.read
        return parsed(found, lambda name: read(name) if name in known else None)

    def built_elsewhere(self) -> frozenset[str]:
        """The names that files build which cannot come to the part that was asked about."""
        left = [*self._left, *(plan for unit in self._parsed(self._elsewhere) for plan in entry_plans(unit))]
        done = perform(len(left), lambda number: built_names(self._planned(left[number]).scenarios))
        return frozenset[str]().union(*done)

    def run(self, number: int) -> _Done:
        if number >= self.count:
            procedure = self.candidates[number - self.count]
            return self._planned(Plan(simple_name(procedure), (procedure,), whole=False))
        self._tell("scenarios", number, self.count)
        if number < len(self.plans):
            return self._planned(self.plans[number])
        return self._manifest(self.manifests[number - len(self.plans)])

    def _planned(self, plan: Plan) -> _Done:
        known = (self._context.program.problems, self._context.files.problems)
        before = [len(problems) for problems in known]
        done = self._context.run(plan.name, plan.procedures, plan.tests)
        new = tuple(problem for problems, count in zip(known, before, strict=True) for problem in problems[count:])
        placed = _placed(done.scenario, plan, self._context.config)
        return _Done((placed,), done.visited, done.applied, new)

    def _is_statement(self, path: str) -> bool:
        """Whether a file states by itself what is deployed: a manifest, a kustomization that is part of no other."""
        named = path.rpartition("/")[2] in kustomize.NAMES
        if not (named or path.endswith(MANIFESTS)) or self._context.config.is_data(path):
            return False
        content = self._context.files.read(path)
        if content is None or is_generated(content):
            return False
        if named:
            return kustomize.relevant(path, content) and dirname(path) not in self._parts
        return kubernetes.relevant(path, content)

    def _manifest(self, path: str) -> _Done:
        """A manifest or a kustomization by itself; it counts if no scenario applies it."""
        context, scenarios, applied = self._context, list[Scenario](), set[str]()
        parse = kustomize.parse if path.rpartition("/")[2] in kustomize.NAMES else kubernetes.parse
        unit = parse(path, context.files.read(path) or b"", path)
        for name, _ in unit.entries:
            done = context.run(path, (unit.procedures[name],))
            applied |= done.applied - {path}
            if path in self._parts:
                scenarios.append(_as_statement(done.scenario, context.config))
            else:
                scenarios.append(replace(done.scenario, tier=context.config.tier_of(path), is_run=False))
        return _Done(tuple(scenarios), applied=frozenset(applied), problems=unit.problems)


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


def _known(context: _Context, found: Mapping[str, Standing]) -> dict[str, Candidate]:
    """The files that run by themselves, and the kustomizations."""
    named = (path for path in context.program.paths if path.rpartition("/")[2] in kustomize.NAMES)
    known = {path: each.candidate for path, each in found.items()}
    known |= {path: Candidate(context.files.read(path) or b"", folder=Folder.OWNED) for path in named}
    actions = (path for path in context.program.paths if path.rpartition("/")[2] in ("action.yml", "action.yaml"))
    return known | {path: Candidate(context.files.read(path) or b"", folder=Folder.OWNED) for path in actions}


def _leading(context: _Context, known: Mapping[str, Candidate], inside: Inside) -> frozenset[str]:
    """Those of them from which a run can come to a part of the project."""
    part = (path for path in context.program.paths if path in known and inside(path))
    return leading((*part, *(path for path in context.program.paths if _is_data(context, path, inside))), known)


def _is_data(context: _Context, path: str, inside: Inside) -> bool:
    """Whether a file of the part is read or run by its name, and can hold a part of an image's name: most documents do
    not."""
    if not inside(path) or path.endswith((".md", ".rst")):
        return False
    if path.endswith(context.program.suffixes):
        return context.program.runs_files(path)
    content = (context.files.read(path) or b"").lower()
    return not path.endswith(MANIFESTS) or b"image" in content or b"tag" in content


def _kustomized(context: _Context) -> frozenset[str]:
    """The manifests that kustomizations are made of: what they name need not be what is deployed."""
    found: set[str] = set()
    for path in context.program.paths:
        if path.rpartition("/")[2] in kustomize.NAMES:
            found |= kustomize.parts(path, context.files.read(path) or b"")
    return frozenset(found)


def _embedded(context: _Context, visited: set[str], inside: Inside) -> list[Scenario]:
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
                done = context.run(procedure.key.rpartition("#")[2], (procedure,))
                found.append(_as_statement(done.scenario, context.config))
    return found


def _states_image(files: Files, procedure: Procedure) -> bool:
    lines = files.lines(procedure.span.path)[procedure.span.line - 1 : procedure.span.end_line]
    return any("image:" in line for line in lines) and any("apiVersion:" in line for line in lines)


def _as_statement(scenario: Scenario, config: Config) -> Scenario:
    events = tuple(event for event in scenario.events if event.stage is Stage.DEPLOYED and _only_local(event, config))
    return replace(scenario, events=events, tier=config.tier_of(scenario.span.path), is_run=False)


def _only_local(event: Event, config: Config) -> bool:
    registry = event.reference.registry
    never = event.policy is not None and event.policy.literal == "Never"
    return never or (registry is not None and registry.literal in config.local_registries)
