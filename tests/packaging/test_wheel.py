"""What is shipped: the wheel with its rules, the pinned packages, the hooks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

import tagcheck

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is installed: nothing is fetched."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (built,) = directory.glob("*.whl")
    return built


def test_the_wheel_has_the_rules_and_nothing_that_is_not_the_package(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*.yaml")}
    assert shipped
    assert {f"tagcheck/{name}" for name in shipped} <= set(names)
    assert {name.partition("/")[0] for name in names} == {"tagcheck", f"tagcheck-{tagcheck.__version__}.dist-info"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_wheel_works_elsewhere(wheel: Path, tmp_path: Path) -> None:
    """Installed beside the packages of this environment, it finds its rules without the source tree."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    names = {"base": str(environment), "platbase": str(environment)}
    site = Path(sysconfig.get_path("purelib", scheme="venv", vars=names))
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(site)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, text=True)
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")

    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    code = "import sys, tagcheck.cli; print(tagcheck.cli.__file__, file=sys.stderr); tagcheck.cli.main(['rules'])"
    done = subprocess.run(
        [scripts / "python", "-c", code], cwd=tmp_path, env=clean, check=True, capture_output=True, text=True
    )
    assert Path(done.stderr.strip()).is_relative_to(site)
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    assert listed == {path.name[:5] for path in (ROOT / "rules" / "checks").glob("*.yaml")}


def test_every_pinned_package_has_hashes_and_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pinned = [line for line in lines if not line.startswith(" ")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+ (; .+ )?\\", line) for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links", text)


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    names = {re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in wanted}
    assert names <= pinned


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.go", True),
        ("x/deploy.yaml", True),
        ("x/deploy.yml", True),
        ("hack/e2e.sh", True),
        ("Makefile", True),
        ("x/Makefile.e2e", True),
        ("common.mk", True),
        ("tests/conftest.py", True),
        ("Dockerfile", True),
        ("build/gateway.Dockerfile", True),
        ("Dockerfile.debug", True),
        ("Containerfile", True),
        ("pod.yaml.j2", True),
        ("README.md", False),
        ("a.gold", False),
        ("MyMakefile.txt", False),
    ],
)
def test_the_hook_takes_the_files_that_are_read(path: str, expected: bool) -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert bool(re.search(hooks["tagcheck"]["files"], path)) is expected


def test_the_hooks() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert set(hooks) == {"tagcheck", "tagcheck-all"}
    assert all(hook["entry"] == "tagcheck scan" and hook["require_serial"] for hook in hooks.values())
    assert (hooks["tagcheck-all"]["pass_filenames"], hooks["tagcheck-all"]["always_run"]) == (False, True)


def test_the_readme_and_the_checks_run_the_same_tests() -> None:
    command = "python -m pytest"
    assert command in (ROOT / "README.md").read_text()
    assert command in (ROOT / ".ci" / "run").read_text()
