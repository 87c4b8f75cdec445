"""What the tests of runs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import pytest

from tagcheck.catalogue import Tools, load_tools
from tagcheck.engine.machine import evaluate
from tagcheck.events import Event, Scenario
from tagcheck.frontends import languages, shell
from tagcheck.link import Program
from tagcheck.models import Models, load_models
from tagcheck.rules import rules_root

Run = Callable[..., list[str]]


@lru_cache(maxsize=1)
def catalogues() -> tuple[Models, Tools]:
    return load_models(
        [rules_root() / "models"], "go", "shell", "python", "tilt", "bazel", "ansible", "terraform"
    ), load_tools([rules_root()])


def run_script(script: str, files: Mapping[str, str] | None = None, path: str = "run.sh") -> Scenario:
    """The scenario of a script in a project of these files."""
    tree = {path: script, **(files or {})}
    models, tools = catalogues()
    program = Program(tuple(tree), lambda each: tree[each].encode(), languages(), lambda module: frozenset())
    unit = shell.parse(path, script.encode(), path)
    assert not unit.problems
    scenario = evaluate(program, models, tools, path, (unit.procedures[path.rpartition("/")[2]],)).scenario
    assert not scenario.cut
    return scenario


def shown(event: Event) -> str:
    store = f" in {event.store}" if event.store is not None else ""
    return f"{event.stage.value} {event.image}{store}"


@pytest.fixture
def events() -> Run:
    """Runs a script; what it does to images, one line each, twice the same only once."""

    def run(script: str, files: Mapping[str, str] | None = None, path: str = "run.sh") -> list[str]:
        return list(dict.fromkeys(map(shown, run_script(script, files, path).events)))

    return run
