"""Runs of make over little trees, for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tagcheck.catalogue import Tools, load_tools
from tagcheck.engine.machine import evaluate
from tagcheck.events import Scenario
from tagcheck.frontends import make
from tagcheck.link import Program
from tagcheck.models import Models, load_models
from tagcheck.rules import rules_root


@lru_cache(maxsize=1)
def catalogue() -> tuple[Models, Tools]:
    return load_models([rules_root() / "models"], "go", "shell"), load_tools([rules_root()])


def target(files: Mapping[str, str], name: str, path: str = "Makefile") -> Scenario:
    """The scenario of one target of a makefile of a tree."""
    contents = {each: text.encode() for each, text in files.items()}
    program = Program(tuple(files), contents.get, (), lambda module: frozenset())
    unit = make.parse(path, contents[path], path)
    return evaluate(program, *catalogue(), name, (unit.procedures[name],)).scenario


def images(files: Mapping[str, str], name: str, path: str = "Makefile") -> list[str]:
    """What a target does to images, as 'stage image', in order; of the worlds that the environment makes, the one in
    which nobody has set anything."""
    scenario = target(files, name, path)
    events = [event for event in scenario.events if ("make:set", True) not in event.guards.units]
    return [f"{event.stage.value} {event.image}" for event in events]


def expanded(definitions: str, expression: str, files: Mapping[str, str] | None = None) -> str:
    """What an expression expands to after some lines of a makefile."""
    text = f"{definitions}\nshow: first second first\n\t@docker push '[{expression}]'\nfirst second: ;\n"
    found = images({"Makefile": text, **(files or {})}, "show")
    assert len(found) == 1
    return found[0].removeprefix("pushed [").removesuffix("]")
