"""Every example of every file in `rules/tools`, and that every verb has one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tagcheck import argv
from tagcheck.catalogue import Tools, load_tools

from .commands import effects_of, words_of

RULES = Path(__file__).parents[2] / "rules"
FILES = sorted((RULES / "tools").glob("*.yaml"))
TOOLS = load_tools([RULES])


def _documents(file: Path) -> list[dict[str, object]]:
    return list(yaml.safe_load_all(file.read_text()))


def _examples(file: Path) -> dict[str, list[str]]:
    stated = _documents(file)[1]["examples"]
    assert isinstance(stated, dict)
    return {line: expected if isinstance(expected, list) else [expected] for line, expected in stated.items()}


CASES = [
    pytest.param(line, expected, id=f"{file.stem}: {line}")
    for file in FILES
    if file.stem != "outputs"
    for line, expected in _examples(file).items()
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_example(line: str, expected: list[str]) -> None:
    assert (effects_of(TOOLS, line) or ["none"]) == expected


def _verbs_with_examples(tools: Tools) -> set[tuple[str, tuple[str, ...]]]:
    found: set[tuple[str, tuple[str, ...]]] = set()
    for case in CASES:
        recognised = argv.recognise(tools, words_of(str(case.values[0])))
        if recognised is not None:
            tool, verb, _ = recognised
            found.update((tool.name, path) for path in verb.paths)
    return found


def test_every_verb_has_an_example() -> None:
    shown = _verbs_with_examples(TOOLS)
    verbs = [(tool.name, verb) for tool in TOOLS for verb in tool.own if not tool.verbs[verb.paths[0]].group]
    assert verbs
    missing = [(name, verb.paths) for name, verb in verbs if not any((name, path) in shown for path in verb.paths)]
    assert not missing


def test_every_file_is_a_tool_with_examples() -> None:
    for file in FILES:
        assert len(_documents(file)) == 2, f"{file.name} has no examples"


@pytest.mark.parametrize(("line", "expected"), _examples(RULES / "tools" / "outputs.yaml").items())
def test_output(line: str, expected: list[str]) -> None:
    unique = argv.output_is_unique(TOOLS, words_of(line))
    identity = argv.output_identity(TOOLS, words_of(line))
    assert unique is None or identity is None
    found = "none" if identity is None else identity[1]
    assert [found if unique is None else f"unique {unique}".strip()] == expected
    assert identity is None or identity[0] == line
