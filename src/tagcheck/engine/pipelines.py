"""Other hosts: those of the jobs of a pipeline, with what is handed from one to another, and those that a command logs
in to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec import Struct

from tagcheck.builtins.symbolic import split_last
from tagcheck.catalog import Effect
from tagcheck.catalogue import Tools
from tagcheck.comparison import equal
from tagcheck.engine.clustertests import ClusterTests
from tagcheck.engine.state import ABSENT, NOT_SET
from tagcheck.engine.writtenfiles import WrittenFiles
from tagcheck.events import Stage
from tagcheck.guards import Guards
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Text, Value

Archive = tuple[Text, tuple[Text, ...], Guards, str]
MOST_KEPT = 200


class _Host(Struct, frozen=True):
    """What a host has, to go back to it."""

    name: str
    archives: list[Archive]
    files: WrittenFiles
    variables: dict[str, Value]
    given: Mapping[str, Text]


class _Kept(NamedTuple):
    """An archive under the name of an artifact: its path within it, and itself."""

    name: Text
    path: Text
    archive: Archive


class Pipelines(ClusterTests):
    """A run that knows jobs."""

    def __init__(self, program: Program, models: Models, tools: Tools, steps: int) -> None:
        super().__init__(program, models, tools, steps)
        self._hosts: list[_Host] = []
        self._kept: list[_Kept] = []
        self.closed: set[str] = set()
        """hosts on which nothing but their job sets variables"""
        self._asked: set[str] = set()
        """variables whose value came from outside"""
        self._provided: Mapping[str, Text] = {}
        """variables that each job of the system has"""
        self._alone = False
        """whether what runs now has got no environment"""

    def begin_job(self, name: Text, shared: bool, closed: bool, given: Mapping[str, Text]) -> None:
        variables = {variable: self.heap.read(cell) for variable, cell in self.variables.items()}
        self._hosts.append(_Host(self.host, self.archives, self.files, variables, self._provided))
        self._provided = given
        if not shared:
            self.host, self.archives, self.files = str(name), [], WrittenFiles()
            if closed:
                self.closed.add(self.host)

    def end_job(self) -> None:
        if not self._hosts:
            return
        before = self._hosts.pop()
        self.host, self.archives, self.files = before.name, before.archives, before.files
        self._provided = before.given
        for variable, cell in self.variables.items():
            self.heap.write(cell, before.variables.get(variable, ABSENT))

    def elsewhere(self, host: Text, effect: Effect) -> Value | None:
        """What is done on a host that a command logs in to. Nothing is known of its variables, its files and of what
        else goes on there, so what is not seen here may be there all the same."""
        self.gap("run", "a command on another host")
        name = str(host)
        self.begin_job(Text.of(f"at {name}"), shared=False, closed=False, given=_Unknown(name))
        for cell in self.variables.values():
            self.heap.write(cell, ABSENT)
        outer, self.working_directory = self.working_directory, self.opaque("the folder on another host", "string")
        printed = self.script(effect)
        self.working_directory = outer
        self.end_job()
        return printed

    def starts_clean(self, path: Value) -> bool:
        if not self._hosts or isinstance(self._provided, _Unknown):
            return False
        return bool(self.host) or not any(text.leading.startswith("/") for _, text in self.text_options(path))

    # --- variables ---

    def environment(self, name: Text) -> Value:
        value = super().environment(name)
        literal = name.literal or ""
        if isinstance(value, Text) and value == self.outside(literal):
            self._asked.add(literal)
        return value

    @contextmanager
    def hiding(self, names: tuple[Text, ...], *, everything: bool) -> Iterator[None]:
        wanted = set(self.variables) if everything else {name.literal for name in names if name.literal}
        before: dict[str, Value] = {}
        for name in sorted(wanted):
            cell = self.variables.get(name)
            before[name] = ABSENT if cell is None else self.heap.read(cell)
            self.set_environment(Text.of(name), NOT_SET)
        outer, self._alone = self._alone, self._alone or everything
        yield
        self._alone = outer
        for name, value in before.items():
            self.heap.write(self.variables[name], value)

    def outside(self, name: str) -> Text:
        if self._alone:
            return EMPTY
        found = self._provided.get(name)
        if found is None:
            return super().outside(name)
        part = found.parts[0]
        return Text.of_hole(part.hole, self.site, self.stack) if isinstance(part, Filling) else found

    def gone(self, name: str) -> Value:
        """On a host that is made for a job, nothing but the job itself sets its variables: one that nothing has asked
        for before is not there."""
        return NOT_SET if self.host and name not in self._asked else ABSENT

    # --- archives between hosts ---

    def keep_files(self, name: Text, path: Text) -> None:
        for archive in (*self.archives, *self._written_archives()):
            inside = _inside(archive[0], path)
            if inside is not None and len(self._kept) < MOST_KEPT:
                self._kept.append(_Kept(name, inside, archive))

    def _written_archives(self) -> list[Archive]:
        """Files that a shell has written from an archive, such as compressed ones."""
        known = [path for path, *_ in self.archives]
        return [
            (path, images, guards, reading)
            for path, content, _ in self.files
            if not any(equal(path, each) for each in known)
            for images, guards, reading in self.in_stream(content)
        ]

    def fetch_files(self, name: Text, pattern: Text, folder: Text, merged: bool) -> None:
        for kept in list(self._kept):
            guards = self.guards.and_(kept.archive[2])
            if guards is None or not _wanted(kept.name, name, pattern):
                continue
            parts = [folder] if name.parts or merged else [folder, kept.name]
            path = _plain(_joined([*parts, kept.path]))
            _, images, _, reading = kept.archive
            self.archives.append((path, images, guards, reading))
            outer, self.guards = self.guards, guards
            self.write_file(path, self.archive_of(images, reading))
            for image in images:
                self.record(Stage.SAVED, image, archive=path, reading=reading, carried=True)
            self.guards = outer


class _Unknown(dict[str, Text]):
    """The variables of a host of which nothing is known: each has a value of its own."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host

    def get(self, name: str, default: object = None) -> Text:
        return Text.of_hole(Hole(HoleKind.PARAMETER, f"at {self._host}: {name}", name))


def _wanted(kept: Text, name: Text, pattern: Text) -> bool:
    if name.parts:
        return equal(kept, name)
    return pattern.literal == "" or fnmatchcase(str(kept), str(pattern))


def _inside(path: Text, kept: Text) -> Text | None:
    """The path of a file within what is kept: a folder, a pattern or the file itself; None if it is not among it."""
    path, kept = _plain(path), _plain(kept)
    if equal(path, kept):
        halves = split_last(path, "/")
        return path if halves is None else halves[1]
    literal = kept.literal
    if literal is not None and "*" in literal:
        folder = literal.partition("*")[0].rpartition("/")[0]
        if not fnmatchcase(str(path), literal):
            return None
        return path.without_prefix(folder + "/") if folder else path
    if literal in (".", ""):
        return path
    return path.without_prefix(f"{literal.rstrip('/')}/") if literal is not None else None


def _plain(path: Text) -> Text:
    """A path without './' at its beginning."""
    return path.without_prefix("./") or path


def _joined(parts: list[Text]) -> Text:
    found = EMPTY
    for part in parts:
        if part.parts and part.literal != ".":
            separator = Text.of("/") if found.parts and not found.trailing.endswith("/") else EMPTY
            found = found + separator + part
    return found
