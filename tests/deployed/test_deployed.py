"""What is deployed or started after all transformers, values and settings: the sets that the tools give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tagcheck.analysis import analyse
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import discover
from tagcheck.events import Stage

CASES = Path(__file__).parent / "cases"


def cases() -> Iterator[object]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text()):
            yield pytest.param(case, id=f"{path.stem}: {case['title']}")


def deployed(root: Path, stage: Stage = Stage.DEPLOYED) -> list[str]:
    """The images that the script of a tree deploys (or those at another stage), and nothing else."""
    project = discover(root, ("",))
    found = analyse(project, Files(root), Config(), [], lambda phase, done, total: None)
    events = (event for each in found.scenarios if each.name == "run.sh" for event in each.events)
    return sorted({str(event.image) for event in events if event.stage is stage})


@pytest.mark.parametrize("case", list(cases()))
def test_what_is_deployed(case: dict[str, object], tmp_path: Path) -> None:
    stage = Stage.RUN if "started" in case else Stage.DEPLOYED
    files, wanted = case["files"], case["started" if "started" in case else "deployed"]
    assert isinstance(files, dict)
    assert isinstance(wanted, list)
    for name, content in {**files, "run.sh": f"#!/bin/bash\n{case['run']}\n"}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / ".git").mkdir()
    assert deployed(tmp_path, stage) == sorted(wanted)


def test_definitions_of_resources_do_not_hide_what_follows(tmp_path: Path) -> None:
    """An install file of megabytes, most of it schemas."""
    schema = "".join(f"            image{number}: {{type: string}}\n" for number in range(60_000))
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"
        f"spec:\n  versions:\n    - schema:\n        openAPIV3Schema:\n          properties:\n{schema}"
    )
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: 'team/app:1'}]}\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "install.yaml").write_text(f"{definition}---\n{pod}")
    (tmp_path / "kustomization.yaml").write_text("resources: [install.yaml]\nimages: [{name: team/app, newTag: '2'}]\n")
    (tmp_path / "run.sh").write_text("#!/bin/bash\nkubectl apply -k .\nkubectl apply -f install.yaml\n")
    assert len(definition) > 1 << 20
    assert deployed(tmp_path) == ["team/app:1", "team/app:2"]
