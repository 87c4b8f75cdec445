"""Tiltfiles: what they build, and under which names their manifests are deployed."""

from __future__ import annotations

import pytest

from tagcheck.engine import sessions
from tagcheck.frontends.python import starlark
from tests.engine.conftest import Run, run_script

POD = "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, image: {image}}}]}}}}\n"
MADE = "app:<param the tag of app>"


def ran(events: Run, program: str, command: str = "tilt ci", image: str = "app", **files: str) -> list[str]:
    return events(command, {"Tiltfile": program, "k8s/a.yaml": POD.format(image=image), **files})


def made(name: str) -> list[str]:
    return [f"built {name}", f"pushed {name}", f"deployed {name}", f"removed {name}"]


@pytest.mark.parametrize(
    "program",
    [
        "docker_build('app', '.')\nk8s_yaml('k8s/a.yaml')\n",
        "k8s_yaml('k8s/a.yaml')\ndocker_build('app:dev', '.')\n",
        "docker_build(ref='app', context='.')\nk8s_yaml(['k8s/a.yaml'])\n",
        "custom_build('app', 'docker build -t $EXPECTED_REF .', deps=['.'], tag='dev')\n"
        "k8s_yaml(read_file('k8s/a.yaml'))\n",
        "def both(name, path):\n  docker_build(name, '.')\n  k8s_yaml(path)\nboth('app', 'k8s/a.yaml')\n",
        "[docker_build(name, '.') for name in ['app']]\nk8s_yaml(['k8s/%s.yaml' % n for n in ['a']])\n",
        "options = dict(ref='app', context='.')\ndocker_build(**options)\nk8s_yaml(local('cat k8s/a.yaml'))\n",
        "load('ext://restart_process', 'docker_build_with_restart')\n"
        "docker_build_with_restart('app', '.', '/app')\nk8s_yaml('k8s/a.yaml')\n",
    ],
)
def test_names_in_manifests_are_replaced(events: Run, program: str) -> None:
    assert ran(events, program) == made(MADE)
    assert ran(events, program, image="app:v1") == made(MADE)


def test_other_names_stay_as_they_are(events: Run) -> None:
    program = "docker_build('app', '.')\nk8s_yaml('k8s/a.yaml')\n"
    assert ran(events, program, image="r.example/app:v1")[2] == "deployed r.example/app:v1"
    assert ran(events, program, image="docker.io/library/app")[2] == f"deployed {MADE}"


def test_a_registry_for_all(events: Run) -> None:
    program = "default_registry('r.example')\ndocker_build('app', '.')\nk8s_yaml('k8s/a.yaml')\n"
    assert ran(events, program) == made(f"r.example/{MADE}")
    unknown = program.replace("'r.example'", "read_json('x.json')['registry']")
    assert all("<param the registry of app>/app:" in each for each in ran(events, unknown))


def test_files_that_are_loaded(events: Run) -> None:
    program = "load('./lib/Tiltfile', 'service', other='image')\ninclude('./k8s/Tiltfile')\nservice(other)\n"
    files = {
        "lib/Tiltfile": "image = 'app'\ndef service(name):\n  docker_build(name, '.')\n",
        "k8s/Tiltfile": "k8s_yaml('a.yaml')\n",
    }
    assert ran(events, program, **files) == made(MADE)


def test_a_program_in_a_folder(events: Run) -> None:
    program = "docker_build('app', '.')\nk8s_yaml(kustomize('base'))\n"
    files = {"dev/Tiltfile": program, "dev/base/kustomization.yaml": "resources: [a.yaml]\n"}
    files["dev/base/a.yaml"] = POD.format(image="app")
    assert ran(events, "", "tilt up -f dev/Tiltfile --stream", **files) == made(MADE)


def test_files_that_load_each_other(events: Run) -> None:
    program = "load('./b/Tiltfile', 'x')\ndocker_build('app', '.')\nk8s_yaml('k8s/a.yaml')\n"
    assert ran(events, program, **{"b/Tiltfile": "load('../Tiltfile', 'y')\nx = 1\n"}) == made(MADE)


@pytest.mark.parametrize(
    ("program", "missed"),
    [
        ("docker_build('other', '.')\nk8s_yaml('k8s/a.yaml')\n", ["other"]),
        ("docker_build('app', '.')\nk8s_yaml('k8s/a.yaml')\n", []),
        ("docker_build('other', '.')\n", []),
        ("docker_build('other', '.')\nk8s_yaml('missing.yaml')\nk8s_yaml('k8s/a.yaml')\n", []),
        ("docker_build('other', '.')\nk8s_yaml('k8s/a.yaml')\nk8s_kind('X', image_json_path='{.x}')\n", []),
        ("docker_build('other', '.')\nk8s_yaml('k8s/a.yaml')\nload('ext://y', 'f')\nf('x')\n", []),
        (
            "docker_build('other', '.')\ndocker_build('app', '.', build_args={'B': 'other'})\nk8s_yaml('k8s/a.yaml')\n",
            [],
        ),
        (
            "update_settings(suppress_unused_image_warnings=['*'])\ndocker_build('other', '.')\nk8s_yaml('k8s/a.yaml')",
            [],
        ),
    ],
)
def test_images_that_no_manifest_names(program: str, missed: list[str]) -> None:
    files = {"Tiltfile": program, "k8s/a.yaml": POD.format(image="app")}
    assert [each.wanted for each in run_script("tilt ci", files).missed] == missed


@pytest.mark.parametrize(
    "program",
    [
        "docker_build(\n",
        "f(" * 3_000 + ")" * 3_000,
        "x = [" * 3_000,
        "load(3, 4)\nload()\nload('./nothing')\ninclude(x)\ninclude('../../../etc/passwd')\n",
        "def f(x):\n  return f(x)\nk8s_yaml(f('a'))\n",
        "docker_build()\nk8s_yaml()\nhelm()\nkustomize()\nlocal()\n",
        "\n".join(f"docker_build('a{number}', '.')\nk8s_yaml('k8s/a.yaml')" for number in range(900)),
        "for x in range(10000000):\n  docker_build('a' + str(x), '.')\n",
        "docker_build('x', '.')\n\x00",
    ],
)
def test_programs_that_nobody_writes_end(events: Run, program: str) -> None:
    assert all(each.startswith(("built", "pushed", "deployed", "removed")) for each in ran(events, program))


def test_what_cannot_be_read_is_a_problem() -> None:
    unit = starlark.parse("Tiltfile", b"docker_build('app', '.')\nx = = 3\n", "Tiltfile", lambda path: None)
    assert [(each.path, each.line) for each in unit.problems] == [("Tiltfile", 2)]
    assert not unit.procedures


def test_names_are_not_known_where_not_all_images_were_looked_at(events: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "docker_build('app', '.')\nk8s_yaml('k8s/a.yaml')\n"
    assert "deployed other" in ran(events, program, image="other")
    monkeypatch.setattr(sessions, "MOST_INJECTED", 1)
    assert "deployed other" not in ran(events, program, image="other")
    assert f"deployed {MADE}" in ran(events, program)


@pytest.mark.parametrize(("most", "missed"), [(2, ["other"]), (1, [])])
def test_an_image_is_missed_only_where_all_manifests_were_looked_at(
    most: int, missed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_GATHERED", most)
    program = "docker_build('other', '.')\nk8s_yaml('k8s/a.yaml')\nk8s_yaml('k8s/b.yaml')\n"
    files = {"Tiltfile": program, "k8s/a.yaml": POD.format(image="x"), "k8s/b.yaml": POD.format(image="y")}
    assert [each.wanted for each in run_script("tilt ci", files).missed] == missed
