"""Files of megabytes, nested and cyclic ones, behind objects and commands that deploy or build from them."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run, run_script

CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
    "chart/templates/p.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: {{ .Values.image }}}]}\n"
    ),
}
LARGE = "image: a:1\n" + "".join(f"key{number}: value of some length {number}\n" for number in range(300_000))
BOMB = "image: a:1\nb0: &b0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
APPLICATION = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n"
    "spec: {source: {path: chart, helm: {valueFiles: [more.yaml]}}}\n"
)


@pytest.mark.parametrize("content", [LARGE, BOMB, "image: " + "[" * 5_000 + "\n", "image: {{ a }}\n\0"])
def test_values_that_are_too_much(events: Run, content: str) -> None:
    for files in (
        {**CHART, "chart/values.yaml": content, "chart/more.yaml": "a: b\n", "app.yaml": APPLICATION},
        {**CHART, "chart/values.yaml": "image: b:1\n", "chart/more.yaml": content, "app.yaml": APPLICATION},
    ):
        found = events("kubectl apply -f app.yaml\nhelm install a chart -f chart/more.yaml", files)
        assert len(found) <= 2


def test_applications_and_kustomizations_that_deploy_each_other() -> None:
    files = {
        f"apps{n}/{kind}.yaml": text
        for n in range(12)
        for kind, text in {
            "app": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {sources: ["
            + ", ".join(f"{{path: apps{m}}}" for m in range(12))
            + "]}\n",
            "sync": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
            f"spec: {{path: ./apps{(n + 1) % 12}}}\n",
        }.items()
    }
    scenario = run_script("kubectl apply -f apps0", files)
    assert "too many objects that deploy others" in {gap.reason for gap in scenario.gaps}


def test_a_dockerfile_of_many_stages_and_arguments(events: Run) -> None:
    stages = "".join(f"ARG A{n}=${{A{n - 1}}}\nFROM base:{n}-${{A{n}}}\n" for n in range(1, 3_000))
    found = events("docker build -t a:1 .", {"Dockerfile": f"ARG A0=x\n{stages}"})
    assert 0 < len(found) <= 201
    nested = "ARG A=1\nFROM base:" + "${A:-" * 2_000 + "x" + "}" * 2_000 + "\n"
    assert len(events("docker build -t a:1 .", {"Dockerfile": nested})) <= 4
