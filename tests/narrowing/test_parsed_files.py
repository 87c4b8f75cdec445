"""Which Python files a scan parses: those that come to containers, however many others there are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tagcheck import app, processes
from tagcheck.config import Config
from tagcheck.frontends import python
from tagcheck.frontends.api import Unit
from tagcheck.request import Report, ScanRequest

BENCH = Path(__file__).parents[2] / "bench" / "pytree.py"


def made(count: int) -> dict[str, str]:
    """The tree that is also timed."""
    spec = importlib.util.spec_from_file_location("pytree", BENCH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files: dict[str, str] = module.python_files(count)
    return files


def scanned(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[Report, list[str]]:
    """The report, and the files that were parsed."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    seen: list[str] = []
    parse = python.parse

    def counting(path: str, content: bytes, module: str) -> Unit:
        seen.append(path)
        return parse(path, content, module)

    with monkeypatch.context() as patched:
        patched.setattr(python, "parse", counting)
        patched.setattr(processes, "_processors", lambda: 1)
        report = app.scan(ScanRequest((folder,), Config()))
    return report, sorted(seen)


def test_modules_with_everyday_names_are_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few, parsed_of_few = scanned(tmp_path / "few", made(5), monkeypatch)
    many, parsed_of_many = scanned(tmp_path / "many", made(505), monkeypatch)
    codes = [each.code for each in few.findings]
    assert "TC201" in codes
    assert [each.code for each in many.findings] == codes
    assert parsed_of_few == parsed_of_many
    assert all(path.startswith("ship/") for path in parsed_of_many)


def test_a_wrapper_that_names_no_program_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = made(0)
    assert "docker" not in files["ship/sh.py"]
    report, parsed = scanned(tmp_path, files, monkeypatch)
    assert "ship/sh.py" in parsed
    assert "ship/main.py" in {each.span.path for each in report.findings if each.code == "TC201"}


COMMAND = (
    'import subprocess\n\n\ndef main():\n    subprocess.run({words})\n\n\nif __name__ == "__main__":\n    main()\n'
)


@pytest.mark.parametrize(
    ("words", "followed"),
    [
        ('["docker", "build", "-t", "a:latest", "."]', True),
        ('["/usr/bin/podman", "build", "-t", "a:latest", "."]', True),
        ('"cd app && docker build -t a:latest .", shell=True', True),
        ('["kind", "load", "docker-image", "a:latest"]', True),
        ('"""\n    kind load docker-image a:latest\n    """, shell=True', True),
        ('["git", "describe"]', False),
        ('["echo", "what kind of docker is this"]', False),
    ],
)
def test_a_file_counts_by_the_commands_that_it_spells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, followed: bool
) -> None:
    _, parsed = scanned(tmp_path, {"run.py": COMMAND.format(words=words)}, monkeypatch)
    assert parsed == (["run.py"] if followed else [])


def test_documentation_and_keys_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        '"""\ndocker build -t a:latest .\n"""\nimport subprocess\n\n\ndef main(given):\n'
        '    # docker push a\n    subprocess.run([given["docker"], "x"])\n'
    )
    _, parsed = scanned(tmp_path, {"run.py": text}, monkeypatch)
    assert parsed == []


def test_a_program_in_a_constant_of_another_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "settings.py": 'class Settings:\n    def __init__(self):\n        self.engine = "docker"\n',
        "build.py": (
            "import subprocess\n\nfrom settings import Settings\n\n\ndef build():\n    chosen = Settings()\n"
            '    subprocess.run([chosen.engine, "build", "-t", "a:latest", "."])\n'
        ),
    }
    report, parsed = scanned(tmp_path, files, monkeypatch)
    assert parsed == ["build.py", "settings.py"]
    assert [each.code for each in report.findings] == ["TC102"]


def test_names_that_say_what_they_do_count_without_any_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of its own, whose helpers stand elsewhere."""
    content = (
        'package infra\n\nfunc build() error {\n\treturn BuildImage(GenerateInfraImageName("store", "gate"))\n}\n\n'
        'func deploy() error {\n\treturn DeployStore(GenerateInfraImageName("store", "gate"))\n}\n\n'
        "func SetupE2E() error {\n\tif err := build(); err != nil {\n\t\treturn err\n\t}\n\treturn deploy()\n}\n"
    )
    report, _ = scanned(tmp_path, {"e2e.go": content}, monkeypatch)
    assert "TC204" in {each.code for each in report.findings}
