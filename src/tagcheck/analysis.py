"""From the files of a project to its scenarios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tagcheck.catalogue import load_tools
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import MARKED, Project
from tagcheck.events import Scenario
from tagcheck.finding import Tier
from tagcheck.frontends import languages, runnables
from tagcheck.frontends.python import bazel, starlark
from tagcheck.frontends.python import project as python_project
from tagcheck.ir import Problem, Procedure
from tagcheck.link import Program
from tagcheck.models import load_models
from tagcheck.part import Inside
from tagcheck.processes import Workers
from tagcheck.relevance import Container, Effectful, deploying, implicit, preparing, says_stage, verbs_of
from tagcheck.rules import rules_root
from tagcheck.scenario import nearest, simple_name, uncalled
from tagcheck.standalone import names_to_run, not_run_by_others, standing
from tagcheck.tasks import Context, Done, Tasks, Tell, embedded
from tagcheck.wording import Wording


@dataclass(frozen=True)
class Analysis:
    """Everything that the evaluation of a project gives. `built_elsewhere` gives the names that scenarios build which
    cannot come to the part of the project that was asked about, and were therefore left out."""

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]
    built_elsewhere: Callable[[], frozenset[str]]


def _is_python(path: str) -> bool:
    return path.endswith(python_project.SUFFIXES) or starlark.is_named(path) or bazel.is_named(path)


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
    # A tree without Python or Terraform does not pay for their libraries.
    own: tuple[str, ...] = ("python",) if any(map(_is_python, project.files)) else ()
    if any(path.endswith((".tf", ".tf.json")) for path in project.files):
        own = (*own, "terraform")
    models = load_models(
        [each / "models" for each in directories], "go", *own, "shell", "ci", "tilt", "bazel", "ansible"
    )
    tools = load_tools(directories)
    found = standing(project.files, files.read, runnables(), tools.programs, bazel.libraries(models.libraries()))
    program = Program(
        project.files,
        files.read,
        languages(),
        Effectful(models),
        partial(says_stage, models),
        deploying(models),
        implicit(models),
        Wording(verbs_of(tools), names_to_run(found), tools.common),
        Container(models, tools.programs),
        preparing(models),
    )
    program.left_out = frozenset(each.path for each in project.skipped if each.reason == MARKED)
    context = Context(program, models, tools, config, files, found)
    program.explore()
    tell("linked", 1, 1)
    tasks = Tasks(context, tell, inside)
    with Workers(tasks.run, rounds=2) as workers:
        done = workers.perform(range(tasks.count))
        counts = not_run_by_others(tasks.plans, [each.visited for each in done[: len(tasks.plans)]])
        kept = [(plan, each) for plan, each, counted in zip(tasks.plans, done, counts, strict=False) if counted]
        evaluated = [each for _, each in kept]
        standalone = done[len(tasks.plans) :]
        visited = set().union(*(each.visited for each in evaluated))
        ahead = _uncalled(program, tasks, workers, visited, evaluated)
    late = evaluated[len(kept) :]
    run_late = set().union(*(each.visited for each in late))
    evaluated = [each for plan, each in kept if not (plan.alone and plan.procedures[0].key in run_late)] + late
    applied = set().union(*(each.applied for each in evaluated))
    applied |= set().union(*(each.applied for each in standalone))
    stated = set[str]().union(
        *(each.visited for path, each in zip(tasks.manifests, standalone, strict=True) if path not in applied)
    )
    alone = [each for path, each in zip(tasks.manifests, standalone, strict=True) if path not in applied]
    # What a statement has deployed in its own way is not what it is by itself.
    overlaid = {id(each) for plan, each in kept if not plan.runs and plan.procedures[0].key in stated}
    evaluated = [each for each in evaluated if id(each) not in overlaid]
    scenarios = [scenario for each in (*evaluated, *alone) for scenario in each.scenarios]
    scenarios[len(evaluated) : len(evaluated)] = embedded(context, visited, inside)
    others = [problem for each in (*evaluated, *ahead, *alone) for problem in each.problems]
    problems = dict.fromkeys((*files.problems, *program.problems, *tasks.problems, *others))
    return Analysis(tuple(scenarios), tuple(problems), tasks.built_elsewhere)


def _uncalled(
    program: Program, tasks: Tasks, workers: Workers[Done], visited: set[str], evaluated: list[Done]
) -> Sequence[Done]:
    """Evaluate set-up functions that nothing calls, and add what counts to `visited` and `evaluated`; everything that
    was done for it. Those that no other one mentions are evaluated side by side, though one of them may turn out to
    be called by another: then it does not count."""
    first, others = uncalled(tasks.candidates, visited)
    kept = nearest(program, tasks.candidates, (*first, *others))
    if left := [index for index in (*first, *others) if index not in kept]:
        evaluated.append(_left_out(tasks.candidates[min(left)], len(left)))
        first, others = ([index for index in each if index in kept] for each in (first, others))
    ahead = dict(zip(first, workers.perform([tasks.count + index for index in first]), strict=True))
    for index in (*first, *others):
        if tasks.candidates[index].key not in visited:
            done = ahead[index] if index in ahead else tasks.run(tasks.count + index)
            evaluated.append(done)
            visited |= done.visited
    return tuple(ahead.values())


def _left_out(first: Procedure, count: int) -> Done:
    """A scenario that stands for functions that nothing calls, and that are too many to be evaluated."""
    why = f"{count} functions that nothing calls are not followed, this one and others"
    return Done((Scenario(simple_name(first), first.key, first.span, Tier.UNKNOWN, cut=why),))
