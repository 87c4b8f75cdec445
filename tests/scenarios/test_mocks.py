"""Tests that put mocks in the place of functions: what those would have done does not happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from .trees import scanned

LIBRARY = """import subprocess
from subprocess import run


def build(name):
    subprocess.run(["docker", "build", "-t", name, "."])


def build_late(name):
    import subprocess as processes

    processes.run(["docker", "build", "-t", name, "."])


def tag(name):
    run(["docker", "tag", name, "other"])


class Builder:
    def build(self, name):
        build(name)
"""
HEAD = """import subprocess
from unittest import TestCase, mock
from unittest.mock import MagicMock, patch

import pytest
import lib.build
from lib.build import Builder


"""
SILENT = {
    "a decorator": '@mock.patch("subprocess.run")\ndef test_a(run):\n    lib.build.build("a:latest")',
    "a name of the module that uses it": (
        '@patch("lib.build.subprocess.run")\ndef test_a(run):\n    lib.build.build("a:latest")'
    ),
    "what the module has imported": '@patch("lib.build.run")\ndef test_a(run):\n    lib.build.tag("a:latest")',
    "an import of the function": '@patch("subprocess.run")\ndef test_a(run):\n    lib.build.build_late("a:latest")',
    "a function of the project": (
        '@patch("lib.build.build")\ndef test_a(build):\n    lib.build.build("a:latest")\n'
        '    Builder().build("a:latest")'
    ),
    "a method": '@patch.object(Builder, "build")\ndef test_a(build):\n    Builder().build("a:latest")',
    "a method by a text": '@patch("lib.build.Builder.build")\ndef test_a(build):\n    Builder().build("a:latest")',
    "an attribute of a module": ('@patch.object(subprocess, "run")\ndef test_a(run):\n    lib.build.build("a:latest")'),
    "a decorator of a class": (
        '@patch("subprocess.run")\nclass TestA:\n    def test_a(self, run):\n        lib.build.build("a:latest")'
    ),
    "a block": 'def test_a():\n    with patch("subprocess.run") as run:\n        lib.build.build("a:latest")',
    "a patch that is started": (
        "class TestA(TestCase):\n"
        "    def setUp(self):\n"
        '        patcher = patch("subprocess.run")\n'
        "        self.run_ = patcher.start()\n"
        "        self.addCleanup(patcher.stop)\n\n"
        '    def test_a(self):\n        lib.build.build("a:latest")'
    ),
    "monkeypatch": (
        "def test_a(monkeypatch):\n"
        '    monkeypatch.setattr(subprocess, "run", lambda *args, **keywords: None)\n'
        '    lib.build.build("a:latest")'
    ),
    "monkeypatch by a text": (
        'def test_a(monkeypatch):\n    monkeypatch.setattr("lib.build.build", MagicMock())\n'
        '    lib.build.build("a:latest")'
    ),
    "mocker": 'def test_a(mocker):\n    mocker.patch("subprocess.run")\n    lib.build.build("a:latest")',
    "mocker with an object": (
        'def test_a(mocker):\n    mocker.patch.object(subprocess, "run")\n    lib.build.build("a:latest")'
    ),
    "a fixture": (
        "@pytest.fixture\ndef run():\n"
        '    with patch("subprocess.run") as found:\n        yield found\n\n\n'
        'def test_a(run):\n    lib.build.build("a:latest")\n\n\ndef test_b(run):\n    lib.build.build("b:latest")'
    ),
}
SPEAKING = {
    "nothing replaced": 'def test_a():\n    lib.build.build("a:latest")',
    "something else": '@patch("subprocess.Popen")\ndef test_a(popen):\n    lib.build.build("a:latest")',
    "after a block": (
        'def test_a():\n    with patch("subprocess.run"):\n        lib.build.build("b:1")\n'
        '    lib.build.build("a:latest")'
    ),
    "in the next test": (
        '@patch("subprocess.run")\ndef test_a(run):\n    lib.build.build("b:1")\n\n\n'
        'def test_b():\n    lib.build.build("a:latest")'
    ),
    "after monkeypatch in the test before": (
        'def test_a(monkeypatch):\n    monkeypatch.setattr("subprocess.run", print)\n    lib.build.build("b:1")\n\n\n'
        'def test_b():\n    lib.build.build("a:latest")'
    ),
    "a function that does more": (
        "def fake(command):\n    subprocess.Popen(command)\n\n\n"
        "def test_a(monkeypatch):\n"
        '    monkeypatch.setattr(subprocess, "run", fake)\n    lib.build.build("a:latest")'
    ),
}


def codes(test: str, folder: Path) -> list[str]:
    files = {"lib/__init__.py": "", "lib/build.py": LIBRARY, "tests/test_it.py": HEAD + test + "\n"}
    found = scanned(files, folder / "tree").findings
    return [each.code for each in found if each.code == "TC102"]


@pytest.mark.parametrize("test", SILENT.values(), ids=SILENT)
def test_what_a_mock_stands_for_does_not_happen(test: str, tmp_path: Path) -> None:
    assert codes(test, tmp_path) == []


@pytest.mark.parametrize("test", SPEAKING.values(), ids=SPEAKING)
def test_what_is_not_replaced_happens(test: str, tmp_path: Path) -> None:
    assert codes(test, tmp_path) == ["TC102"]
