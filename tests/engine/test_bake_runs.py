"""Runs of `docker buildx bake`: what is built under which names."""

from __future__ import annotations

import json

import pytest

from tests.engine.conftest import Run

HCL = """
variable "TAG" { default = "dev" }
group "default" { targets = ["app", "all"] }
group "all" { targets = ["app", "tools"] }
target "app" { tags = ["localhost/app:${TAG}"] }
target "tools" { tags = ["localhost/tools:${TAG}"] }
"""
UNSET = ["built localhost/app:<env TAG>", "built localhost/app:dev"]


def baked(events: Run, hcl: str, command: str = "docker buildx bake", **files: str) -> list[str]:
    return events(command, {"docker-bake.hcl": hcl, **files})


def test_the_environment_has_precedence_over_a_default(events: Run) -> None:
    expected = ["built localhost/app:v1", "built localhost/tools:v1"]
    assert baked(events, HCL, "TAG=v1 docker buildx bake") == expected
    assert baked(events, HCL, "export TAG=v1; docker buildx bake") == expected
    assert baked(events, HCL, "docker buildx bake app") == UNSET


def test_a_variable_that_is_not_exported_is_not_seen(events: Run) -> None:
    assert baked(events, HCL, "TAG=v1; docker buildx bake app") == UNSET


def test_a_variable_that_is_set_to_nothing_is_set(events: Run) -> None:
    assert baked(events, HCL, "TAG= docker buildx bake app") == ["built localhost/app:"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--set app.tags=a:1 app", ["built a:1"]),
        ("--set *.tags=a:1 --set *.tags=a:2 app", ["built a:1", "built a:2"]),
        ("--set tools.tags=a:1 app", UNSET),
        ("--set app.args.X=1 app", UNSET),
        ("--set app.tags=a:1 --push app", ["built a:1", "pushed a:1"]),
        ("--set app.tags=a:1 --set *.output=type=registry app", ["built a:1", "pushed a:1"]),
        ("--set app.tags=a:1 --set app.output=type=docker,dest=a.tar app", ["built a:1", "saved a:1"]),
        ("--set app.tags=a:1 'a*'", ["built a:1"]),
        ("--print app", []),
        ("no-such-target", []),
        ("-f missing.hcl app", []),
    ],
)
def test_switches(events: Run, words: str, expected: list[str]) -> None:
    assert baked(events, HCL, f"docker buildx bake {words}") == expected


def test_a_setting_that_is_not_known_leaves_no_tag_certain(events: Run) -> None:
    (only,) = baked(events, HCL, 'docker buildx bake --set "$1" app')
    assert only.startswith("built <") and "TAG" not in only


def test_what_is_inherited(events: Run) -> None:
    hcl = """
    target "a" { tags = ["a:1"] }
    target "b" { tags = ["b:1"] }
    target "none" { context = "." }
    target "default" { inherits = ["a", "b", "none"] }
    """
    assert baked(events, hcl) == ["built b:1"]


def test_a_target_that_inherits_from_itself(events: Run) -> None:
    assert baked(events, 'target "default" { inherits = ["default"] }') == []


def test_a_matrix(events: Run) -> None:
    hcl = """
    target "default" {
      name = "t-${os}-${item.v}"
      matrix = { os = ["a", "b"], item = [{ v = "1" }, { v = "2" }] }
      tags = ["x/${os}:${item.v}"]
    }
    """
    assert baked(events, hcl) == ["built x/a:1", "built x/a:2", "built x/b:1", "built x/b:2"]
    assert baked(events, hcl, "docker buildx bake t-b-1") == ["built x/b:1"]


def test_files_over_each_other(events: Run) -> None:
    override = 'variable "TAG" { default = "ci" }\ntarget "app" { output = ["type=registry"] }'
    found = baked(events, HCL, "TAG=1 docker buildx bake app", **{"docker-bake.override.hcl": override})
    assert found == ["built localhost/app:1", "pushed localhost/app:1"]


def test_a_compose_file(events: Run) -> None:
    services = """
services:
  web:
    image: shop/web:${TAG}
    build: .
  db: {image: "postgres:17"}
  jobs:
    image: shop/jobs:1
    build: {context: jobs, tags: ["shop/jobs:2"], x-bake: {tags: ["shop/jobs:3"]}}
"""
    found = events("export TAG=1; docker buildx bake -f compose.yaml", {"compose.yaml": services})
    assert found == ["built shop/web:1", "built shop/jobs:2", "built shop/jobs:3"]


def test_json(events: Run) -> None:
    content = json.dumps({"variable": {"V": {"default": "1"}}, "target": {"default": {"tags": ["a:${V}", "b:1"]}}})
    found = events("V=2 docker buildx bake -f x.json", {"x.json": content})
    assert found == ["built a:2", "built b:1"]


def test_a_file_that_the_run_writes(events: Run) -> None:
    script = """
    cat > out.json <<EOF
    {"target": {"default": {"tags": ["a:$(git rev-parse HEAD)"]}}}
EOF
    docker buildx bake -f out.json
    """
    assert events(script) == ["built a:<output git rev-parse HEAD>"]


@pytest.mark.parametrize("broken", ['target "app" {', "target = = 1", "{", '{"target": [', ""])
def test_a_file_that_cannot_be_read_may_say_anything(events: Run, broken: str) -> None:
    found = baked(events, HCL, "TAG=1 docker buildx bake -f docker-bake.hcl -f more.hcl app", **{"more.hcl": broken})
    assert found == ["built localhost/app:1"] if not broken else "localhost/app" not in "".join(found)


def chain(line: str) -> str:
    """A file in which each of forty names is made of the next one several times."""
    return "".join(line.replace("NEXT", f"v{at + 1}").replace("NAME", f"v{at}") for at in range(40))


@pytest.mark.parametrize(
    "hcl",
    [
        chain('variable "NAME" { default = concat(NEXT, NEXT, NEXT) }\n') + 'v40 = ["a:1"]\n',
        chain('variable "NAME" { default = [NEXT, NEXT, NEXT] }\n') + 'v40 = ["a:1"]\n',
        chain('variable "NAME" { default = "${NEXT}${NEXT}${NEXT}" }\n') + 'v40 = "a"\n',
        chain('target "NAME" { inherits = ["NEXT", "NEXT", "NEXT"] }\n') + 'target "v40" { tags = ["a:1"] }\n',
        chain('group "NAME" { targets = ["NEXT", "NEXT", "NEXT"] }\n') + 'target "v40" { tags = ["a:1"] }\n',
    ],
)
def test_what_grows_without_end_is_bounded(events: Run, hcl: str) -> None:
    first = 'target "default" { tags = [v0] }' if "variable" in hcl else 'group "default" { targets = ["v0"] }'
    assert len(baked(events, hcl + first)) <= 250


def test_a_matrix_of_many_axes_is_bounded(events: Run) -> None:
    axes = "\n".join(f"a{at} = [{', '.join(map(str, range(50)))}]" for at in range(20))
    hcl = 'target "default" { matrix = {\n' + axes + '\n}\nname = "t${a19}${a18}"\ntags = ["a:${a19}-${a18}"] }'
    assert len(baked(events, hcl)) <= 64
