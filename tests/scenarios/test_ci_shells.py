"""Whether the shell of a step ends with the first command that fails, by the CI system and what the step says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagcheck.analysis import analyse
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import discover

from .trees import write

GITHUB = """on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          (exit 3)
          docker push acme/app:v1
        shell: SHELL
"""
AZURE = """steps:
  - script: |
      (exit 3)
      docker push acme/app:v1
"""
TEKTON = """apiVersion: tekton.dev/v1
kind: Task
metadata: {name: build}
spec:
  steps:
    - name: push
      image: docker:27
      script: |
        #!/bin/sh
        (exit 3)
        docker push acme/app:v1
"""


@pytest.mark.parametrize(
    ("path", "text", "goes_on"),
    [
        (".github/workflows/ci.yml", GITHUB.replace("SHELL", "bash"), False),
        (".github/workflows/ci.yml", GITHUB.replace("SHELL", "sh"), False),
        (".github/workflows/ci.yml", GITHUB.replace("SHELL", "bash -eo pipefail {0}"), False),
        (".github/workflows/ci.yml", GITHUB.replace("SHELL", "bash --noprofile {0}"), True),
        (".github/workflows/ci.yml", GITHUB.replace("SHELL", "bash {0}"), True),
        ("azure-pipelines.yml", AZURE, True),
        ("ci/task.yaml", TEKTON, True),
        ("ci/task.yaml", TEKTON.replace("#!/bin/sh", "#!/bin/sh -e"), False),
    ],
)
def test_a_step_goes_on_after_a_command_that_fails(path: str, text: str, goes_on: bool, tmp_path: Path) -> None:
    root = write({path: text}, tmp_path / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    pushed = [event for scenario in found.scenarios for event in scenario.events if event.stage.value == "pushed"]
    assert [str(event.image) for event in pushed] == (["acme/app:v1"] if goes_on else [])
