"""What builds take from other images: Dockerfiles with the arguments that commands set."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Run

APP = "ARG BASE=base:1\nFROM ${BASE}\n"
FILES = {"Dockerfile": APP, "app/Dockerfile": "FROM inner:1\n", "app/x.Dockerfile": "FROM x:1\n"}


def bases(events: Run, script: str, **files: str) -> list[str]:
    given = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
    return [each.removeprefix("base ") for each in events(script, {**FILES, **given}) if each.startswith("base ")]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker build -t a:1 .", ["base:1"]),
        ("docker build -t a:1 --build-arg BASE=base:2 .", ["base:2"]),
        ("docker build -t a:1 --build-arg=BASE=base:2 --build-arg OTHER=x .", ["base:2"]),
        ("BASE=base:3 docker build -t a:1 --build-arg BASE .", ["base:3"]),
        ("docker build -t a:1 app", ["inner:1"]),
        ("docker build -t a:1 -f app/x.Dockerfile .", ["x:1"]),
        ("docker build -t a:1 -f app/x.Dockerfile app", ["x:1"]),
        ("cd app && docker build -t a:1 .", ["inner:1"]),
        ("cd app && docker build -t a:1 -f ../Dockerfile ..", ["base:1"]),
        ("docker buildx build -t a:1 --load --build-arg BASE=base:2 .", ["base:2"]),
        ("podman build -t a:1 --build-arg BASE=base:2 .", ["base:2"]),
        ("podman build -t a:1 -f x.Dockerfile app", ["x:1"]),
        ("buildah bud -t a:1 --build-arg BASE=base:2 .", ["base:2"]),
        ("nerdctl build -t a:1 --build-arg BASE=base:2 .", ["base:2"]),
        ("docker build -t a:1 --build-context base:1=docker-image://other:1 .", []),
        ("docker build -t a:1 https://example.org/a.git", []),
        ("docker build -t a:1 -f missing .", []),
        ("docker build -t a:1 ../elsewhere", []),
        ("docker build -t a:1 - < Dockerfile", ["base:1"]),
        ("docker build -t a:1 -f - . <<EOF\nFROM ${IMAGE:-small:1}\nEOF", ["small:1", "<env IMAGE>"]),
        ("IMAGE=heredoc:1\ndocker build -t a:1 -f - . <<EOF\nFROM ${IMAGE}\nEOF", ["heredoc:1"]),
    ],
)
def test_what_a_command_builds_from(events: Run, command: str, expected: list[str]) -> None:
    assert sorted(bases(events, command)) == sorted(expected)


def test_a_word_that_is_not_known_may_set_an_argument(events: Run) -> None:
    assert bases(events, 'docker build -t a:1 -f Dockerfile "$(flags)" .') == ["<?>"]


def test_a_file_that_the_run_has_changed(events: Run) -> None:
    assert bases(events, "sed -i 's/base:1/base:9/' Dockerfile\ndocker build -t a:1 .") == ["base:9"]


def test_arguments_of_stages(events: Run) -> None:
    content = (
        "ARG BASE=base:1\nFROM ${BASE}\nARG BASE\nARG TOOL=tool:1\nCOPY --from=${TOOL} /a /a\n"
        "FROM ${TOOL}\nFROM scratch\nARG TOOL=tool:2\nCOPY --from=$TOOL /a /a\n"
    )
    assert bases(events, "docker build -t a:1 .", Dockerfile=content) == ["base:1", "tool:1", "<?>", "tool:2"]
    given = bases(events, "docker build --build-arg TOOL=t:9 -t a:1 .", Dockerfile=content)
    assert given == ["base:1", "t:9", "<?>"]


def test_an_argument_without_a_default_that_nothing_sets_is_empty(events: Run) -> None:
    assert bases(events, "docker build -t a:1 .", Dockerfile="ARG A\nFROM base:1${A}\nFROM $A\n") == ["base:1"]
    content = "ARG TARGETARCH\nFROM base:${TARGETARCH}\n"
    assert bases(events, "docker build -t a:1 .", Dockerfile=content) == ["base:<?>"]


COMPOSE = """
services:
  web:
    image: a:1
    build:
      context: .
      args: {BASE: base:5}
  job:
    image: j:1
    build: {context: app, dockerfile: x.Dockerfile}
  inline:
    image: i:1
    build: {context: ., dockerfile_inline: "FROM inline:1", args: [BASE=x]}
"""


def test_compose(events: Run) -> None:
    found = bases(events, "docker compose build", compose_yaml=COMPOSE)
    assert found == ["base:5", "x:1", "inline:1"]
    found = bases(events, "docker compose build --build-arg BASE=base:6 web", compose_yaml=COMPOSE)
    assert found == ["base:6"]


BAKE = """
variable "TAG" { default = "7" }
target "default" {
  tags = ["a:1"]
  args = { BASE = "base:${TAG}" }
}
target "child" { inherits = ["default"] }
target "inner" {
  context = "app"
  dockerfile = "x.Dockerfile"
  tags = ["b:1"]
}
target "linked" {
  contexts = { "base:1" = "target:default" }
}
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("default", ["base:7"]),
        ("--set default.args.BASE=base:8 default", ["base:8"]),
        ("child", ["base:7"]),
        ("inner", ["x:1"]),
        ("linked", []),
    ],
)
def test_bake(events: Run, words: str, expected: list[str]) -> None:
    assert bases(events, f"TAG=7 docker buildx bake -f b.hcl {words}", b_hcl=BAKE) == expected


def test_options_of_a_build_do_not_multiply_the_image(events: Run) -> None:
    cases = "".join(f"  {number}) BASE=base:{number};;\n" for number in range(10))
    build = 'if [ -n "$X" ]; then C="--no-cache"; fi\ndocker build $C -t a:1 --build-arg BASE=$BASE .'
    found = events(f'case "$1" in\n{cases}esac\n{build}', FILES)
    assert [each for each in found if not each.startswith("base ")] == ["built a:1"]
    assert "base base:0" in found
    assert "base base:9" in found
