"""Input that ends other programs: it is reported or skipped with a reason, and everything else is still checked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tagcheck.cli import cli

HEAD = 'package a\nimport "os/exec"\n'
POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "localhost/a:latest"}]}\n'


def bomb() -> str:
    """Aliases that stand for 9 to the power of 11 nodes."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "apiVersion: v1\nkind: Pod\nimage: x\n" + "\n".join(lines) + "\n"


def branches(count: int) -> str:
    """A name that is built under so many conditions that its alternatives cannot be kept."""
    body = "".join(f'\tif os.Getenv("V{i}") != "" {{ t = t + "a{i}" }}\n' for i in range(count))
    build = '\texec.Command("docker", "build", "-t", t, ".").Run()\n'
    return 'package a\nimport ("os"; "os/exec")\nfunc F() {\n\tt := "x:"\n' + body + build + "}\n"


RECURSION = (
    HEAD
    + """
func R(n string) string { if n == "x" { return R(n+"a") + R(n+"b") + R(n+"c") }; return R2(n) }
func R2(n string) string { return R(n+"z") + R3(n) }
func R3(n string) string { for { n = R2(n) + R(n) + R2(n) } }
func Go() { exec.Command("docker", "build", "-t", R("x"), ".").Run() }
"""
)

REPORTED: dict[str, bytes] = {
    "nul.go": (HEAD + "\0\1\2").encode(),
    "latin.go": (HEAD + "// é\nfunc A() {}\n").encode("latin-1"),
    "half.go": (HEAD + "func C() { if x {\n").encode(),
    "deep.go": (HEAD + 'func D() { exec.Command("docker", ' + "(" * 100_000 + ")" * 100_000 + ") }\n").encode(),
    "tabs.yaml": b"apiVersion: v1\nkind: Pod\nspec:\n\tcontainers:\n\t- image: x\n",
    "bomb.yaml": bomb().encode(),
    "deep.yaml": ("apiVersion: v1\nkind: Pod\nimage: " + "[" * 100_000).encode(),
    "docker-bake.hcl": b'target "a" { tags = ' + b"[" * 100_000,
    "docker-bake.json": b'{"target": ' + b"[" * 100_000,
    "BUILD.bazel": b'load("@rules_oci//oci:defs.bzl", "oci_load")\noci_load(name = ' + b"[" * 100_000,
    "MODULE.bazel": b'bazel_dep(name = "rules_oci"\n',
    "deep.tf": b'resource "docker_image" "a" { name = ' + b"[" * 100_000,
    "broken.tf": b'resource "docker_image" "a" { name = \n',
    "large.tf": b'resource "docker_image" "a" { name = "a" }\n' * 40_000,
}
COPIES = (
    'kind load docker-image a:1\ncat "<copy 9>/a" > b\ncp -r "<copy x>" y\nkubectl apply -f "<copy >/z"\n'
    "cp -r sub /tmp/a\ncp -r /tmp/a /tmp/b\ncp -r /tmp/b /tmp/a\nkubectl apply -f /tmp/a/good.yaml\n"
)
LONG = "9" * 5_000
"""More digits than Python reads as a number."""

NUMBER_COMMANDS = (
    f"shift {LONG}",
    f"shift $(({LONG} - 1))",
    f"echo ${{{LONG}}} ${{x:{LONG}}} ${{x:1:{LONG}}} $(({LONG} + 1)) {{1..{LONG}}}",
    f"(f; exit {LONG})",
    f"f() {{ return {LONG}; }}; f",
    f"for i in $(seq {LONG}); do echo $i; done",
    f"x=$(seq 3 | head -n {LONG} | tail -{LONG} | cut -d. -f{LONG}-)",
    f"x=$(printf '%s' a | awk '{{print ${LONG}}}' | sed -n '{LONG}p')",
    f"x=$(printf '%{LONG}d' 4; seq ²)",
    f"x=$(printf '%s' a | sed -E 's/a{{{LONG}}}/\\²/')",
    f"yq '.a[{LONG}]' f.yaml; jq '.a[{LONG}]' f.json",
    f"helm install a . --set a[{LONG}]=b --set a[²]=b --set-json b={LONG}",
    f"timeout {LONG} make {LONG} -j {LONG}; xargs -n {LONG} echo < f",
    f"getopts a² b; shift $((OPTIND - {LONG})); let x={LONG}; y=$((10#{LONG}))",
    f"x[{LONG}]=a; echo ${{x[{LONG}]}}",
)
REACHED = "docker build -t reached:latest ."

NUMBERS: dict[str, dict[str, str]] = {
    **{f"shell: {command[:24]}": {"numbers.sh": f"{command}\n{REACHED}\n"} for command in NUMBER_COMMANDS},
    "make": {
        "Makefile": f"a := $(word {LONG},b c) $(wordlist 1,{LONG},b) $(word ²,b)\nall:\n\techo $(a)\n\t{REACHED}\n"
    },
    "Python": {
        "numbers.py": (
            f"import subprocess\na = {LONG}\nb = 1e999\nc = [1][{LONG}:b]\n"
            f"n = '{{{LONG}}}{{0[{LONG}]}}{{²}}'.format(c, b)\n"
            f"d = 7\nfor i in range(99):\n    d = d * d\n"
            f"e = 'a' * int(b) + '%{LONG}d' % 4 + f'{{n}}{{d}}{{b}}{{a}}'\n"
            "subprocess.run(['docker', 'build', '-t', e, '.'])\n"
            "subprocess.run(['docker', 'build', '-t', 'reached:latest', '.'])\n"
        )
    },
    "Go": {
        "numbers.go": (
            'package a\nimport ("fmt"; "os/exec")\n'
            + f"const A = {LONG}\nconst B = 1e999\nconst C = 1 << {LONG}\nconst D = 1 << 1000000000000\n"
            + 'func F() {\n\tx := []string{"a"}\n\texec.Command("docker", "build", "-t", x[A], x[int(B)], x[C:D][0], '
            + f'fmt.Sprintf("%{LONG}d%[{LONG}]s", A, B, C), x[1e300], "{LONG}"[1e999:]).Run()\n'
            + '\texec.Command("docker", "build", "-t", "reached:latest", ".").Run()\n}\n'
        )
    },
    "manifest": {
        "numbers.yaml": (
            f"apiVersion: v1\nkind: Pod\nspec:\n  port: {LONG}\n  n: 1e999\n  o: {LONG}.{LONG}\n"
            f"  containers: [{{name: a, image: 'a:{LONG}'}}, {{name: b, image: 'reached:latest'}}]\n"
        )
    },
    "bake": {
        "docker-bake.hcl": (f'target "a" {{ tags = ["a:${{b[{LONG}]}}", "${{{LONG}}}", {LONG}, "reached:latest"] }}\n')
    },
    "bake in JSON": {"docker-bake.json": f'{{"target": {{"a": {{"tags": [{LONG}, 1e999, "reached:latest"]}}}}}}'},
    "workflow": {
        ".github/workflows/a.yaml": (
            f"on: push\nenv:\n  A: {LONG}\n"
            f"  B: \"${{{{ {LONG} }}}}${{{{ 1e999 }}}}${{{{ format('{{{LONG}}}', 1) }}}}\"\n"
            f"jobs: {{a: {{runs-on: x, steps: [{{run: echo a:$B}}, {{run: {REACHED}}}]}}}}\n"
        )
    },
    "chart": {
        "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
        "chart/values.yaml": f"a: {LONG}\nb: 1e999\n",
        "chart/templates/a.yaml": (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - image: reached:latest\n"
            f'    - image: "a:{{{{ {LONG} }}}}{{{{ .Values.a }}}}{{{{ int .Values.b }}}}"\n'
            f'    - image: "a:{{{{ index .Values {LONG} }}}}"\n'
        ),
    },
    "compose": {
        "compose.yaml": (
            f"services: {{a: {{image: 'reached:latest', build: {{context: .}}, ports: [{LONG}], scale: 1e999}}}}\n"
        )
    },
    "skaffold": {
        "skaffold.yaml": (
            f"apiVersion: skaffold/v4beta{LONG}\nkind: Config\nbuild:\n  artifacts: [{{image: a}}]\n"
            f"  tagPolicy: {{envTemplate: {{template: latest}}}}\nportForward: [{{port: {LONG}}}]\n"
            f"manifests: {{rawYaml: ['reached.yaml']}}\n"
        ),
        "reached.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n",
    },
    "Tiltfile": {
        "Tiltfile": f"x = [1][{LONG}:]\ny = {LONG} * 2\nk8s_yaml('reached.yaml')\n",
        "reached.yaml": (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'reached:latest'}]}\n"
        ),
    },
    "Bazel": {
        "BUILD": (
            f'load("@rules_oci//oci:defs.bzl", "oci_load")\nx = [1][{LONG}:]\ny = {LONG} * 2\n'
            'oci_load(name = "a", repo_tags = ["reached:latest"])\n'
        ),
    },
}
BAZEL = 'load("@rules_oci//oci:defs.bzl", "oci_load")\n'
TARGETS = BAZEL + (
    "def f(x):\n  return f(x + x) + g(x)\ndef g(x):\n  return f(x)\n"
    '[oci_load(name = str(i) + f("a"), repo_tags = [f(str(i))] * i) for i in range(10 ** 9)]\n'
    'alias(name = "a", actual = ":a")\nalias(name = "b", actual = ":a")\n'
    'oci_load(name = "c", repo_tags = ":c")\n'
)
BOUNDED: dict[str, bytes] = {
    "BUILD": TARGETS.encode(),
    "bazel.sh": b"bazel run //:a\nbazel run //:c\ndocker load -i bazel-bin/../../bazel-bin/c/tarball.tar\n",
    "copies.sh": COPIES.encode(),
    "chain.go": (HEAD + 'func E() { exec.Command("docker", ' + "+".join(['"a"'] * 50_000) + ") }\n").encode(),
    "recursion.go": RECURSION.encode(),
    "branches.go": branches(60).encode(),
    "identifier.go": (HEAD + f"func {'f' * 400_000}() {{}}\n").encode(),
}


def scan(tree: Path) -> dict[str, object]:
    """The JSON report of a tree; fails unless the exit status is that of findings, and not of a fault."""
    (tree / ".git").mkdir(exist_ok=True)
    result = CliRunner().invoke(cli, ["scan", "--format", "json", "--project", str(tree), str(tree)])
    assert result.exit_code in (0, 1), result.output + result.stderr
    report: dict[str, object] = json.loads(result.stdout)
    return report


def codes(report: dict[str, object]) -> set[tuple[str, str]]:
    findings = report["findings"]
    assert isinstance(findings, list)
    return {(Path(each["path"]).name, each["code"]) for each in findings}


@pytest.mark.parametrize("name", REPORTED)
def test_what_cannot_be_read_is_reported_and_the_rest_is_checked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(REPORTED[name])
    (tmp_path / "ok.yaml").write_text(POD)
    found = codes(scan(tmp_path))
    assert (name, "TC901") in found
    assert ("ok.yaml", "TC102") in found


@pytest.mark.parametrize("name", BOUNDED)
def test_work_is_bounded(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BOUNDED[name])
    (tmp_path / "ok.yaml").write_text(POD)
    assert ("ok.yaml", "TC102") in codes(scan(tmp_path))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_any_length_are_read(tmp_path: Path, name: str) -> None:
    """What stands behind the numbers is found: the scan comes there."""
    for path, content in NUMBERS[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    found = codes(scan(tmp_path))
    assert any(code == "TC102" for _, code in found), found


def links(tree: Path) -> None:
    (tree / "loop").symlink_to("loop")
    (tree / "up").symlink_to("..")


def pipe(tree: Path) -> None:
    os.mkfifo(tree / "pipe.yaml")


def huge(tree: Path) -> None:
    with (tree / "huge.go").open("wb") as stream:
        stream.write(HEAD.encode())
        stream.truncate(50 << 20)


@pytest.mark.parametrize("make", [links, pipe, huge])
def test_what_is_no_plain_file_is_left_out(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path)
    (tmp_path / "ok.yaml").write_text(POD)
    assert codes(scan(tmp_path)) == {("ok.yaml", "TC102"), ("ok.yaml", "TC302")}


def test_names_of_files_cannot_forge_lines(tmp_path: Path) -> None:
    (tmp_path / "a\n::error::b.yaml").write_text(POD)
    (tmp_path / ".git").mkdir()
    result = CliRunner().invoke(cli, ["scan", "--project", str(tmp_path), str(tmp_path)])
    assert "TC102" in result.stdout
    assert not any(line.startswith("::error::") for line in result.stdout.splitlines())
