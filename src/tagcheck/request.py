"""What the command line asks of the pipeline, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from tagcheck.config import Config
from tagcheck.finding import Certainty, Finding, Gap, Place, Summary, Tier
from tagcheck.ir import Problem

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of a phase, how much of it is done, and how much there is (0: not known)."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One scan. `paths` exist; `project` is the root given by the user, None to find it above the paths. `select` and
    `ignore` are codes, prefixes of codes or rule names and stand above those of `config`. `certainty` is the lowest
    that is reported. `stories` asks for the stories of the images as well. `replaced` are contents that are read in the
    place of those on disk, by path relative to the project's root: a project as it would be after an edit."""

    paths: tuple[Path, ...]
    config: Config
    project: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    rules_directories: tuple[Path, ...] = ()
    stories: bool = False
    replaced: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Story:
    """What one scenario does to one image, in order. `policies` are the pull policies at its places, empty where none
    is written, None where it is not known."""

    image: str
    scenario: str
    tier: Tier
    places: tuple[Place, ...]
    policies: tuple[str | None, ...] = ()


def no_source(path: str) -> Sequence[str]:
    """The lines of no file at all: reports then have no excerpts."""
    return ()


def no_content(path: str) -> bytes | None:
    """The content of no file at all."""
    return None


@dataclass(frozen=True)
class Report:
    """The result of a scan. Paths in `findings`, `errors` and `gaps` are relative to `root`; `sources` gives the lines
    of such a path and `contents` its bytes, empty and None if the file cannot be read any more. TC901 stands in
    `errors` and, where the rule is active, in `findings`."""

    root: Path
    findings: tuple[Finding, ...] = ()
    errors: tuple[Problem, ...] = ()
    summary: Summary = field(default_factory=Summary)
    gaps: tuple[Gap, ...] = ()
    sources: Callable[[str], Sequence[str]] = no_source
    contents: Callable[[str], bytes | None] = no_content
    stories: tuple[Story, ...] = ()
