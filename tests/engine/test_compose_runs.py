"""Runs of compose: what variables and providers make of names."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run


def stack(image: str) -> dict[str, str]:
    return {"app/compose.yaml": f'services: {{web: {{image: "{image}"}}}}\n'}


@pytest.mark.parametrize(
    ("image", "unset", "empty", "given"),
    [
        ("a${X-:d}", ["run a<env X>", "run a:d"], ["run a"], ["run a:x"]),
        ("a${X:-:d}", ["run a<env X>", "run a:d"], ["run a:d"], ["run a:x"]),
        ("a${X+:alt}", ["run a:alt", "run a"], ["run a:alt"], ["run a:alt"]),
        ("a${X:+:alt}", ["run a:alt", "run a"], ["run a"], ["run a:alt"]),
        ("a${X?must be set}", ["run a<env X>"], ["run a"], ["run a:x"]),
        ("a${X:?must be set}", ["run a<env X>"], ["run a"], ["run a:x"]),
        ("a${X-${Y-:e}}", ["run a<env X>", "run a<env Y>", "run a:e"], ["run a"], ["run a:x"]),
        ("a$$X", ["run a$X"], ["run a$X"], ["run a$X"]),
    ],
)
def test_variables(events: Run, image: str, unset: list[str], empty: list[str], given: list[str]) -> None:
    command = "docker compose -f app/compose.yaml up"

    def ran(script: str, **more: str) -> list[str]:
        files = {**stack(image), **{f"app/{name.replace('_', '.')}": text for name, text in more.items()}}
        return sorted(each for each in events(script, files) if each.startswith("run"))

    assert ran(command) == sorted(unset)
    assert ran(f"export X=\n{command}") == sorted(empty)
    assert ran(f"X= {command}") == sorted(empty)
    assert ran(f"X=:x {command}") == sorted(given)
    assert ran(command, _env="X=\n") == sorted(empty)
    assert ran(command, _env="X=:x\n") == sorted(given)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker compose", "built app-web"),
        ("docker-compose", "built app-web"),
        ("podman-compose", "built app_web"),
        ("podman compose", "built app<?>web"),
        ("nerdctl compose", "built app-web"),
    ],
)
def test_default_names(events: Run, command: str, expected: str) -> None:
    files = {"app/compose.yaml": "services: {web: {build: .}}\n"}
    found = events(f"{command} -f app/compose.yaml build", files)
    assert [each.replace("a hyphen or an underscore, by what podman compose runs", "?") for each in found] == [expected]
