"""Bazel: what the targets that commands run do to images, and the archives that builds leave."""

from __future__ import annotations

import pytest

from tagcheck.engine.machine import evaluate
from tagcheck.frontends import languages
from tagcheck.frontends.python import bazel
from tagcheck.link import Program
from tests.engine.conftest import Run, catalogues, run_script, shown

OCI = 'load("@rules_oci//oci:defs.bzl", "oci_image", "oci_load", "oci_push", "oci_tarball")\n'
DOCKER = (
    'load("@io_bazel_rules_docker//container:container.bzl", "container_bundle", "container_image", "container_push")\n'
)
LOAD = 'oci_load(name = "load", image = ":image", repo_tags = ["acme/web:v1"])\n'
PUSH = 'oci_push(name = "push", image = ":image", repository = "r.example/web", remote_tags = ["v1", "v2"])\n'
PUSHED = ["built r.example/web:v1", "built r.example/web:v2", "pushed r.example/web:v1", "pushed r.example/web:v2"]


def ran(events: Run, command: str, program: str, path: str = "web/BUILD.bazel", **files: str) -> list[str]:
    return events(command, {"MODULE.bazel": "", path: program, **files})


@pytest.mark.parametrize(
    "command",
    [
        "bazel run //web:load",
        "bazelisk --output_base=/tmp/b run --config=ci -c opt //web:load",
        "bazel run @//web:load --stamp",
        "cd web; bazel run :load",
        "cd web; bazel run load",
        "bazel run web:load",
        "B=bazel; $B run //$(echo web):load",
        'bash -c "bazel run //web:load"',
    ],
)
def test_running_a_target_loads_its_tags(events: Run, command: str) -> None:
    assert ran(events, command, OCI + LOAD) == ["built acme/web:v1"]


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("bazel build //web:load", LOAD),
        ("bazel run //web:image", 'oci_image(name = "image")\n'),
        ("bazel run //other:load", LOAD),
        ("bazel run @other//web:load", LOAD),
        ("bazel query //web:load", LOAD),
        ("bazel run //web:all", LOAD),
    ],
)
def test_nothing_is_loaded(events: Run, command: str, program: str) -> None:
    assert ran(events, command, OCI + program) == []


def test_the_default_target_of_a_package(events: Run) -> None:
    program = OCI + LOAD.replace('"load"', '"web"')
    assert ran(events, "bazel run //web", program) == ["built acme/web:v1"]
    assert ran(events, "bazel run web", program) == ["built acme/web:v1"]


def test_a_package_at_the_root(events: Run) -> None:
    assert ran(events, "bazel run //:load", OCI + LOAD, "BUILD") == ["built acme/web:v1"]


def test_a_workspace_in_a_folder(events: Run) -> None:
    files = {"sub/WORKSPACE": "", "sub/web/BUILD": OCI + LOAD}
    assert events("cd sub && bazel run //web:load", files) == ["built acme/web:v1"]
    assert events("(cd sub; bazel build //web:load); kind load image-archive sub/bazel-bin/web/load/tarball.tar", files)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", PUSHED),
        ("-- --repository s/web", [each.replace("r.example/web", "s/web") for each in PUSHED]),
        ("-- -r s/web --tag=v3", ["built s/web:v1", "built s/web:v2", "built s/web:v3"]),
        ("-- -t v3", ["built r.example/web:v1", "built r.example/web:v2", "built r.example/web:v3"]),
        ("-- $ARGUMENTS", []),
        ('-- --tag "$TAG"', ["built r.example/web:v1", "built r.example/web:v2", "built r.example/web:<env TAG>"]),
    ],
)
def test_pushing(events: Run, arguments: str, expected: list[str]) -> None:
    found = ran(events, f"bazel run //web:push {arguments}", OCI + PUSH)
    assert found[: len(expected)] == expected
    assert expected or not found


@pytest.mark.parametrize(
    ("program", "tags"),
    [
        ("", "v7\n  v8 \n\n"),
        (
            'load("@bazel_skylib//rules:write_file.bzl", "write_file")\nwrite_file("tags", "tags.txt", ["v7", "v8"])\n',
            "",
        ),
    ],
)
def test_tags_that_stand_in_a_file(events: Run, program: str, tags: str) -> None:
    push = PUSH.replace('["v1", "v2"]', '":tags.txt"')
    files = {"web/tags.txt": tags} if tags else {}
    assert ran(events, "bazel run //web:push", OCI + program + push, **files) == [
        each.replace("v1", "v7").replace("v2", "v8") for each in PUSHED
    ]


@pytest.mark.parametrize(
    "program",
    [
        'genrule(name = "tags", outs = ["tags.txt"], cmd = "echo v1 > $@")\n',
        'load("@aspect_bazel_lib//lib:expand_template.bzl", "expand_template")\n'
        'expand_template(name = "tags.txt", template = ["v1"], stamp_substitutions = {"v1": "{{STABLE_GIT}}"})\n',
    ],
)
def test_tags_that_a_target_makes_are_not_known(program: str) -> None:
    program = OCI + program + PUSH.replace('["v1", "v2"]', '":tags.txt"')
    scenario = run_script("bazel run //web:push", {"MODULE.bazel": "", "web/BUILD.bazel": program})
    assert all("<?" in str(each.image) for each in scenario.events)
    assert any("tags.txt" in gap.reason for gap in scenario.gaps)


@pytest.mark.parametrize(
    "command",
    [
        'docker load -i "$(bazel info bazel-bin)/web/load/tarball.tar"',
        "bin=$(bazel info --config=ci bazel-bin); cd web; docker load -i $bin/web/load/tarball.tar",
        "docker load -i $(bazelisk info workspace)/bazel-bin/web/load/tarball.tar",
        "docker load < bazel-bin/web/load/tarball.tar",
        "cat bazel-bin/web/load/tarball.tar | docker load",
        "cp bazel-bin/web/load/tarball.tar /tmp/web.tar; docker load -i /tmp/web.tar",
    ],
)
def test_ways_to_an_archive(events: Run, command: str) -> None:
    assert ran(events, command, OCI + LOAD)[-1] == "pulled acme/web:v1"


def test_an_archive_is_known_by_its_path(events: Run) -> None:
    expected = ["built acme/web:v1", "saved acme/web:v1", "loaded acme/web:v1 in e2e"]
    load = "bazel build --output_groups=+tarball //web:load\nkind load image-archive {} --name e2e"
    assert ran(events, load.format("bazel-bin/web/load/tarball.tar"), OCI + LOAD) == expected
    assert ran(events, load.format("./bazel-bin/web/load/tarball.tar"), OCI + LOAD) == expected
    assert "<?" in ran(events, load.format("bazel-bin/web/other/tarball.tar"), OCI + LOAD)[0]
    docker = "docker load -i bazel-bin/web/image.tar"
    assert ran(events, docker, DOCKER + 'container_image(name = "image")\n')[-1] == "pulled bazel/web:image"


@pytest.mark.parametrize(
    ("target", "program", "expected"),
    [
        ("web", 'container_image(name = "web")', ["built bazel/web:web"]),
        ("web", 'container_image(name = "web", repository = "acme")', ["built acme/web:web"]),
        (
            "all",
            'container_bundle(name = "all", images = {"r/a:1": ":a", "r/b:2": ":b"})',
            ["built r/a:1", "built r/b:2"],
        ),
        (
            "push",
            'container_push(name = "push", format = "Docker", registry = "r", repository = "a/b", tag = "v1")',
            ["built r/a/b:v1", "pushed r/a/b:v1"],
        ),
        (
            "push",
            'container_push(name = "push", format = "Docker", registry = "r", repository = "a")',
            ["built r/a:latest", "pushed r/a:latest"],
        ),
        (
            "web",
            'load("@io_bazel_rules_docker//go:image.bzl", "go_image")\ngo_image(name = "web")',
            ["built bazel/web:web"],
        ),
    ],
)
def test_rules_docker(events: Run, target: str, program: str, expected: list[str]) -> None:
    assert ran(events, f"bazel run //web:{target}", DOCKER + program + "\n") == expected


def test_variables_of_the_build_are_not_known() -> None:
    push = 'container_push(name = "push", registry = "r", repository = "$(project)/a", tag = "{STABLE_TAG}")\n'
    scenario = run_script("bazel run //web:push", {"WORKSPACE": "", "web/BUILD": DOCKER + push})
    assert [each.label.split(",")[0] for each in scenario.events[0].image.holes] == ["$(project)", "{STABLE_TAG}"]
    assert scenario.gaps


def test_files_that_are_loaded(events: Run) -> None:
    files = {
        "tools/BUILD": "",
        "tools/defs.bzl": 'load(":names.bzl", full = "name")\n'
        'load("@rules_oci//oci:defs.bzl", "oci_load", push = "oci_push")\n'
        'def _name(x):\n    return "wrong"\n'
        "def service(name, **kwargs):\n"
        '    oci_load(name = name + "_load", repo_tags = [full(native.package_name()) + ":" + name], **kwargs)\n'
        '    push(name = name + "_push", repository = full(name), remote_tags = ["v1"])\n',
        "tools/names.bzl": '_R = "r.example"\ndef _name(x):\n    return "%s/%s" % (_R, x)\n'
        "def name(x):\n    return _name(x)\n",
    }
    program = 'load("//tools:defs.bzl", "service")\n[service(name = n, image = ":i") for n in ["a", "b"]]\n'
    assert ran(events, "bazel run //web:b_load", program, **files) == ["built r.example/web:b"]
    assert ran(events, "bazel run //web:a_push", program, **files) == ["built r.example/a:v1", "pushed r.example/a:v1"]


@pytest.mark.parametrize(
    "program",
    [
        'alias(name = "all", actual = ":load")\n',
        'load("@rules_multirun//:defs.bzl", "multirun")\nmultirun(name = "all", commands = [":load"])\n',
        'sh_binary(name = "all", srcs = ["all.sh"])\n',
    ],
)
def test_targets_that_run_others(events: Run, program: str) -> None:
    files = {"web/all.sh": 'cd "$BUILD_WORKSPACE_DIRECTORY"\nbazel run //web:load\n'}
    assert ran(events, "bazel run //web:all", OCI + LOAD + program, **files) == ["built acme/web:v1"]


def test_a_rule_that_is_not_known_is_a_gap() -> None:
    program = 'load("@acme//:defs.bzl", "image")\nimage(name = "load", tag = "v1")\n'
    scenario = run_script("bazel run //web:load", {"MODULE.bazel": "", "web/BUILD": program})
    assert not scenario.events
    assert [gap.stage for gap in scenario.gaps] == ["run"]


def test_each_branch_knows_the_archive(events: Run) -> None:
    command = "kind load image-archive bazel-bin/web/load/tarball.tar"
    found = ran(events, f'if [ "$A" ]; then {command}; else {command} --name b; fi', OCI + LOAD)
    assert [each for each in found if each.startswith("loaded")] == [
        "loaded acme/web:v1 in kind",
        "loaded acme/web:v1 in b",
    ]


@pytest.mark.parametrize(
    "program",
    [
        "oci_load(\n",
        "f(" * 3_000 + ")" * 3_000,
        "x = [" * 3_000,
        'load(3, 4)\nload()\nload("//nothing")\nload("../../../etc/passwd", "x")\nload("", "y")\n',
        'load("//:BUILD", "z")\nload("//web:x.bzl", "a")\nload("//web:BUILD", "b")\n',
        'def f(x):\n  return f(x)\noci_load(name = f("a"), repo_tags = f("b"))\n',
        'oci_load(name = 3, repo_tags = {})\noci_load()\noci_load(*x)\noci_load(**x)\noci_push(name = "load")\n',
        'alias(name = "load", actual = ":load")\n',
        "native.x.y.z()\nuse_extension()\noci = use_extension(1, 2)\noci.pull()\nnative = 3\n",
        'oci_load(name = "load", repo_tags = [str(i) for i in range(9)] * 9 ** 9)\n',
        "\0",
    ],
)
def test_odd_files(program: str) -> None:
    for path in ("web/BUILD", "MODULE.bazel", "web/x.bzl"):
        unit = bazel.parse(path, (OCI + program).encode(), path, lambda name: program.encode())
        for procedure in unit.procedures.values():
            assert procedure.body
    run_script("bazel run //web:load", {"MODULE.bazel": "", "web/BUILD": OCI + program})


def test_a_file_by_itself_states_the_names_that_stand_in_it() -> None:
    image = 'container_image(name = "image")\ncontainer_push(name = "d", registry = "r", repository = "d")\n'
    pull = (
        'oci = use_extension("@rules_oci//oci:extensions.bzl", "oci")\noci.pull(name = "b", image = "b", tag = "v1")\n'
    )
    files = {
        "MODULE.bazel": pull,
        "web/BUILD": OCI + DOCKER + LOAD + PUSH + image + 'sh_binary(name = "x", srcs = ["x.sh"])\n',
        "web/x.sh": "docker build -t x:1 .\n",
    }
    models, tools = catalogues()
    program = Program(tuple(files), lambda each: files[each].encode(), languages(), lambda module: frozenset())
    found = {}
    for path in ("MODULE.bazel", "web/BUILD"):
        unit = bazel.parse(path, files[path].encode(), path, lambda name: None)
        scenario = evaluate(program, models, tools, path, tuple(unit.procedures.values())).scenario
        found[path] = [shown(each) for each in scenario.events]
    assert found == {"MODULE.bazel": ["base b:v1"], "web/BUILD": ["built acme/web:v1", *PUSHED]}


def test_what_the_configuration_chooses(events: Run) -> None:
    choice = '[] + select({"//conditions:default": ["acme/web:v1"], "//:arm": ["acme/web:arm"]})'
    program = OCI + LOAD.replace('["acme/web:v1"]', choice)
    assert ran(events, "bazel run //web:load", program) == ["built acme/web:arm", "built acme/web:v1"]
    scenario = run_script("bazel run //web:load", {"MODULE.bazel": "", "web/BUILD": program})
    first, second = scenario.events
    assert not first.guards.compatible(second.guards)


def test_labels_in_manifests_are_no_names() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: '//web:image'}]}\n"
    files = {"WORKSPACE": "", "web/BUILD": "", "web/pod.yaml": pod, "web/other.yaml": pod.replace("web:", "app:")}
    images = [str(each.image) for each in run_script("kubectl apply -f web/pod.yaml -f web/other.yaml", files).events]
    assert sorted(images) == ["//app:image", "<?>"]


def test_only_files_about_images_count() -> None:
    files = {
        "a/BUILD": b'load("//tools:a.bzl", "x")',
        "b/BUILD": b'load("@rules_oci//oci:defs.bzl", "oci_load")',
        "c/BUILD": b'load("@rules_go//go:def.bzl", "go_library")',
        "tools/a.bzl": b'load(":b.bzl", "x")',
        "tools/b.bzl": b'load("@rules_oci//oci:defs.bzl", "oci_load")',
        "tools/c.bzl": b"x = 1",
    }
    assert bazel.counting(files, {"rules_oci"}) == {"a/BUILD", "b/BUILD", "tools/a.bzl", "tools/b.bzl"}
    assert bazel.counting(files, ()) == frozenset()
