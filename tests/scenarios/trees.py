"""Fixture trees: little repositories with their expected findings marked in place."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from tagcheck import app
from tagcheck.config import find_config
from tagcheck.finding import Finding
from tagcheck.request import Report, ScanRequest

ROOT = Path(__file__).parents[1] / "fixtures" / "repos"
DESCRIPTION = "fixture.toml"
CLEAN = "-clean"
TODAY = date(2026, 11, 1)

_MARK = re.compile(r"expect(?P<kind>-next|-missing|-wrong)?:(?P<codes>(?: TC\d{3})+)(?P<why>(?: (?!expect)\S+)*)")
_ALONE = re.compile(r"^\s*(?://|#|--|;|<!--)\s*expect")

Place = tuple[str, str, int]
"""Code, file, line."""


@dataclass(frozen=True)
class Tree:
    """A fixture: a story, or its clean twin, which has no description of its own."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_clean(self) -> bool:
        return self.name.endswith(CLEAN) or self.name.startswith("silent-")

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The texts of the tree by path, without the description."""
        found = (path for path in sorted(self.path.rglob("*")) if path.is_file() and path.name != DESCRIPTION)
        return {path.relative_to(self.path).as_posix(): path.read_text(encoding="utf-8") for path in found}

    @cached_property
    def description(self) -> Mapping[str, object]:
        story = self.path.with_name(self.name.removesuffix(CLEAN))
        return tomllib.loads((story / DESCRIPTION).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Mark:
    """One expectation: `kind` is '' or '-next' for a finding, '-missing' for a known miss, '-wrong' for a known false
    alarm."""

    kind: str
    place: Place
    why: str


def trees() -> list[Tree]:
    """All fixtures, sorted by name."""
    return [Tree(path) for path in sorted(ROOT.iterdir()) if path.is_dir()]


def stories() -> list[Tree]:
    """The fixtures that have a description: everything but the clean twins."""
    return [tree for tree in trees() if (tree.path / DESCRIPTION).exists()]


def marks(files: Mapping[str, str]) -> Iterator[Mark]:
    """The marks of a tree. One that stands alone in a comment before a manifest's line concerns the next line."""
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            for found in _MARK.finditer(line):
                kind = found["kind"] or ""
                after = kind == "-next" or _ALONE.match(line) is not None
                for code in found["codes"].split():
                    yield Mark(kind, (code, name, number + after), found["why"].strip())


def write(files: Mapping[str, str], directory: Path) -> Path:
    """A tree written out as a git work tree of its own."""
    if directory.exists():
        shutil.rmtree(directory)
    (directory / ".git").mkdir(parents=True)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def scanned(files: Mapping[str, str], directory: Path, part: str = "") -> Report:
    """The report of a scan of a tree, or of a file or folder of it."""
    root = write(files, directory)
    return app.scan(ScanRequest(paths=(root / part,), config=find_config(root)), today=TODAY)


def place(finding: Finding) -> Place:
    return (finding.code, finding.span.path, finding.span.line)
