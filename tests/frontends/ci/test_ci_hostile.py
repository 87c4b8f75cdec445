"""Nothing that a CI file can hold raises, and all of it ends."""

from __future__ import annotations

from itertools import pairwise

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tagcheck import ir
from tagcheck.frontends.api import Runnable, Unit
from tagcheck.frontends.ci import expressions, groovy, systems
from tagcheck.frontends.ci.body import Body
from tagcheck.frontends.ci.contexts import Contexts, Scope
from tagcheck.irdump import dump_unit
from tagcheck.source import Span, Text

SYSTEMS = {each.name: each for each in systems()}
PATHS = {
    "github-actions": ".github/workflows/ci.yml",
    "gitlab-ci": ".gitlab-ci.yml",
    "circleci": ".circleci/config.yml",
    "azure-pipelines": "azure-pipelines.yml",
    "buildkite": ".buildkite/pipeline.yml",
    "jenkins": "Jenkinsfile",
    "kubernetes-pipelines": "tekton.yaml",
}
WORDS = (
    *("jobs", "steps", "run", "uses", "with", "env", "on", "needs", "if", "strategy", "matrix", "include", "exclude"),
    *("workflow_call", "inputs", "outputs", "script", "image", "services", "container", "extends", "variables"),
    *(
        "stages",
        "template",
        "parameters",
        "tasks",
        "params",
        "spec",
        "kind",
        "Task",
        "Pipeline",
        "Workflow",
        "templates",
    ),
    *("commands", "command", "workflows", "requires", "docker", "a", "b", "./.github/workflows/ci.yml", "./a"),
    *(
        "${{ a.b }}",
        "${{ needs.a.outputs.b }}",
        "$A",
        "${B}",
        "$(params.a)",
        "{{inputs.parameters.a}}",
        "<< parameters.a >>",
    ),
)
SCALARS = some.one_of(some.sampled_from(WORDS), some.text(max_size=8), some.integers(), some.booleans(), some.none())
TREES = some.recursive(
    SCALARS,
    lambda inner: some.one_of(
        some.lists(inner, max_size=4), some.dictionaries(some.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=25,
)
AT = Span("ci.yml", 1, 1, 1, 1)


def lowered(system: Runnable, content: bytes) -> None:
    """Read a file that may include itself, and lower all that it runs, and what that calls."""
    path = PATHS[system.name]
    unit = system.unit(path, content, lambda name: content)
    dump_unit(_first_levels(unit))


def _first_levels(unit: Unit) -> Unit:
    pending = [(procedure, 0) for procedure in unit.procedures.values()]
    seen = 0
    while pending and seen < 200:
        procedure, depth = pending.pop()
        seen += 1
        for statement in procedure.body:
            if isinstance(statement, ir.Invoke) and isinstance(statement.callee, ir.Closure) and depth < 8:
                pending.append((statement.callee.procedure, depth + 1))
    return unit


@pytest.mark.parametrize("name", sorted(SYSTEMS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=some.dictionaries(some.sampled_from(WORDS), TREES, max_size=6))
def test_any_document(name: str, tree: dict[str, object]) -> None:
    lowered(SYSTEMS[name], yaml.safe_dump(tree).encode())


@pytest.mark.parametrize("name", sorted(SYSTEMS))
@settings(max_examples=40, deadline=None)
@given(content=some.binary(max_size=300))
def test_any_bytes(name: str, content: bytes) -> None:
    lowered(SYSTEMS[name], content)


@settings(max_examples=200, deadline=None)
@given(text=some.text(alphabet="ab.'()[]{}!=<>&|,*$ 01fjoin\n", max_size=60))
def test_any_expression(text: str) -> None:
    expressions.parse(text)
    contexts = Contexts(Scope("job", events=("push",)), Body())
    contexts.template(ir.Literal(f"a${{{{{text}}}}}b", AT))
    contexts.condition(ir.Literal(text, AT))


JENKINS = (
    "sh",
    "'a'",
    '"$A"',
    "(",
    ")",
    "{",
    "}",
    "=",
    "if",
    "else",
    "docker.build",
    ".",
    "push",
    "x",
    ",",
    ":",
    "+",
    "def ",
    " ",
    "\n",
)


@settings(max_examples=200, deadline=None)
@given(words=some.lists(some.sampled_from(JENKINS), max_size=40))
def test_any_jenkinsfile(words: list[str]) -> None:
    lowered(SYSTEMS["jenkins"], "".join(words).encode())


@settings(max_examples=100, deadline=None)
@given(text=some.text(max_size=80))
def test_tokens_stand_in_order_and_within_the_text(text: str) -> None:
    found = groovy.tokens(Text.of_file("Jenkinsfile", text))
    assert all(0 <= token.start <= token.end <= len(text) for token in found)
    assert all(left.end <= right.start for left, right in pairwise(found))


@pytest.mark.parametrize("name", sorted(SYSTEMS))
@pytest.mark.parametrize(
    "content",
    [
        b"a: " + b"[" * 10_000,
        b"jobs:\n  a:\n    needs: b\n    steps: []\n  b:\n    needs: a\n    steps: []\n",
        b"jobs: {a: {uses: ./.github/workflows/ci.yml}}\non: workflow_call\n",
        b"jobs: {a: {steps: [{uses: ./a}]}}\nruns: {steps: [{uses: ./a}]}\n",
        b"a: {extends: b, script: x}\nb: {extends: a}\ninclude: .gitlab-ci.yml\n",
        b"{" * 20_000,
        b"node { " * 3_000,
    ],
)
def test_known_dangers(name: str, content: bytes) -> None:
    lowered(SYSTEMS[name], content)
