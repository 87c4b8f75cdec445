"""Every example in the model files is a test; every model that does something has one.

An example lists the arguments of a call, after '->' its results, after '=>' what it does. The first argument may be
the receiver: {self: …}. A result {weak: reason} is a unique text with that weakness.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tagcheck.models import Models, load_models
from tagcheck.values import Text, Value

from .fake import FakeMachine, run_model, shown, value_of

MODELS = Path(__file__).parents[2] / "rules" / "models"
WITHOUT_EXAMPLES = frozenset({"nothing", "stop", "returns"})


def languages() -> list[str]:
    return sorted({path.name.partition("-")[0] for path in MODELS.glob("*-*.yaml")})


def examples() -> Iterator[tuple[str, str, list[object]]]:
    for path in sorted(MODELS.glob("*-*.yaml")):
        documents = path.read_text(encoding="utf-8").split("\n---\n", 1)
        for name, cases in (yaml.safe_load(documents[1]) or {}).items() if len(documents) > 1 else ():
            for case in cases:
                yield path.name.partition("-")[0], name, case


LOADED: dict[str, Models] = {language: load_models([MODELS], language) for language in languages()}
EXAMPLES = list(examples())


def expected_and_given(case: list[object]) -> tuple[list[object], list[object] | None, list[object]]:
    """Arguments, results (None if the example does not say) and actions."""
    arguments, actions = case, []
    if "=>" in case:
        arguments, actions = case[: case.index("=>")], case[case.index("=>") + 1 :]
    if "->" in arguments:
        return arguments[: arguments.index("->")], arguments[arguments.index("->") + 1 :], actions
    return arguments, None, actions


def as_expected(machine: FakeMachine, value: Value, expected: object) -> object:
    """The value as data, in the form that the example asks about."""
    if isinstance(expected, dict) and "weak" in expected and isinstance(value, Text) and len(value.holes) == 1:
        return {"weak": value.holes[0].weak}
    return shown(machine, value)


@pytest.mark.parametrize(
    ("language", "name", "case"), EXAMPLES, ids=[f"{name}-{number}" for number, (_, name, _) in enumerate(EXAMPLES)]
)
def test_example(language: str, name: str, case: list[object]) -> None:
    model = LOADED[language].find(name)
    assert model is not None, f"no model {name}"
    machine = FakeMachine()
    data, results, actions = expected_and_given(case)
    receiver: Value | None = None
    if data and isinstance(data[0], dict) and "self" in data[0]:
        receiver = value_of(machine, data[0]["self"])
        data = data[1:]
    found = run_model(model, machine, [value_of(machine, item) for item in data], receiver, name)
    if results is not None:
        assert len(found) == len(results)
        assert [as_expected(machine, a, b) for a, b in zip(found, results, strict=True)] == results
    assert machine.log == actions


@pytest.mark.parametrize("language", languages())
def test_every_acting_model_has_an_example(language: str) -> None:
    found = (LOADED[language].find(name) for named, name, _ in EXAMPLES if named == language)
    covered = {model.name for model in found if model is not None}
    missing = [names for op, names in entries_of(language) if op not in WITHOUT_EXAMPLES and not names & covered]
    assert not missing


def entries_of(language: str) -> Iterator[tuple[str, set[str]]]:
    """Every entry of the model files: its operation, and its qualified names."""
    for path in sorted(MODELS.glob(f"{language}-*.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8").split("\n---\n", 1)[0]):
            modules = group["module"] if isinstance(group["module"], list) else [group["module"]]
            for names, entry in (group.get("models") or {}).items():
                op = entry if isinstance(entry, str) else entry["op"]
                yield op, {f"{m}.{n}" for m in modules for n in names.split(", ")}


@pytest.mark.parametrize("language", languages())
def test_every_model_survives_any_arguments(language: str) -> None:
    odd: list[object] = [None, 1, "", "%d%[9]s%!", [], {"opaque": "x"}, {"env": "A"}, {"pointer": {"record": "T"}}]
    for model in LOADED[language].exact.values():
        for item in odd:
            for count in range(4):
                machine = FakeMachine()
                receiver = value_of(machine, item)
                run_model(model, machine, [value_of(machine, item) for _ in range(count)], receiver)
