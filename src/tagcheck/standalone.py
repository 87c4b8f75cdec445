"""Files that run by themselves: which of them can matter, and which nothing else in the project runs.

A tree has many scripts, makefiles and workflows, and few that concern images. A file counts if its bytes name a program
of the catalogue that can do something to images, or another file that counts: a script that only calls other scripts is
where their names meet. Too many are allowed, too few are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from posixpath import splitext

from tagcheck.frontends.api import EntryKind, Folder, Runnable, Unit
from tagcheck.ir import Procedure
from tagcheck.leading import Candidate
from tagcheck.scenario import Plan

_WORD = rb"(?<![\w-])(?:%s)(?![\w-])"
_PROGRAM = rb"(?<![\w.-])(?:%s)(?![\w-]|\.[A-Za-z])"
"""The name of a program, as opposed to a part of a file's name (main.go, go.mod) or of a host's (docker.io)."""
_COMMENT = re.compile(rb"^[ \t]*#[^!].*$", re.MULTILINE)
"""A comment on a line of its own, in all of the languages that are searched for names of programs."""
_OTHERS = frozenset((".go", ".md", ".rst", ".py", ".sql", ".svg", ".png"))
"""Endings of files that are none of these, whatever they begin with, and of which a tree has many: they are not read
for this."""
_VARIANTS = ("dockerfile", "containerfile", "jenkinsfile", "makefile", "tiltfile")
"""Of names that begin so, the rest tells variants apart (Dockerfile.go)."""


@dataclass(frozen=True)
class Standing:
    """A file that runs by itself and can matter, not parsed yet."""

    kind: Runnable
    content: bytes

    def candidate(self, path: str) -> Candidate:
        """The file, which stands at a path, as one that may lead somewhere."""
        kind = self.kind
        goals = partial(kind.goals, path, self.content) if kind.goals is not None else None
        content = b"" if kind.is_leaf else self.content
        return Candidate(content, kind.called_by, kind.folder, kind.beside, goals)


def standing(
    paths: Sequence[str],
    read: Callable[[str], bytes | None],
    kinds: Sequence[Runnable],
    programs: Iterable[str],
    libraries: Collection[str] = (),
) -> dict[str, Standing]:
    """The files that run by themselves and can matter, by path. `programs` are the names of programs that can do
    something to images, or start others that can, `libraries` those of libraries that kinds ask for by name."""
    found: dict[str, Standing] = {}
    for path in filter(_may_run, paths):
        content = read(path)
        kind = next((kind for kind in kinds if content and kind.relevant(path, content)), None)
        if kind is not None and content is not None:
            found[path] = Standing(kind, content)
    own = _counting_by_kind(found, libraries)
    others = {path: each for path, each in found.items() if each.kind.counts is None}
    return {path: found[path] for path in sorted(own | _counting(others, programs))}


def _may_run(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return splitext(name)[1] not in _OTHERS or name.startswith(_VARIANTS)


def names_to_run(found: Mapping[str, Standing]) -> frozenset[str]:
    """The words by which commands run such files: the names of scripts, what runs makefiles and the like."""
    scripts = {path.rpartition("/")[2] for path, each in found.items() if each.kind.folder is Folder.NONE}
    return frozenset(scripts.union(*(each.kind.called_by for each in found.values())))


def parsed(found: Mapping[str, Standing], read: Callable[[str], bytes | None]) -> tuple[Unit, ...]:
    """Such files parsed. `read` gives the content of a file of the project, None for any other."""
    return tuple(each.kind.unit(path, each.content, read) for path, each in found.items())


def _counting_by_kind(found: Mapping[str, Standing], libraries: Collection[str]) -> set[str]:
    """The files of kinds that say themselves which count."""
    counting: set[str] = set()
    for kind in {each.kind.name: each.kind for each in found.values() if each.kind.counts is not None}.values():
        assert kind.counts is not None
        counting |= kind.counts({path: each.content for path, each in found.items() if each.kind is kind}, libraries)
    return counting


def _counting(found: Mapping[str, Standing], programs: Iterable[str]) -> set[str]:
    """The files that name such a program, or one of the files that do, however many steps away."""
    pattern = re.compile(_PROGRAM % b"|".join(re.escape(name.encode()) for name in sorted(programs)))
    fresh = {
        path
        for path, each in found.items()
        if each.kind.always or (pattern.search(each.content) and pattern.search(_COMMENT.sub(b"", each.content)))
    }
    counting: set[str] = set()
    while fresh:
        counting |= fresh
        names = {path.rpartition("/")[2] for path in fresh}
        names.update(word for path in fresh for word in found[path].kind.called_by)
        # What a word runs can be read by a pattern of names (`include mk/*.mk`).
        names.update("*" + splitext(path)[1] for path in fresh if found[path].kind.called_by and splitext(path)[1])
        calling = re.compile(_WORD % b"|".join(re.escape(name.encode()) for name in sorted(names)))
        fresh = {path for path, each in found.items() if path not in counting and calling.search(each.content)}
    return counting


def entry_plans(unit: Unit) -> tuple[Plan, ...]:
    """The scenarios of a file, one for each entry."""
    return tuple(
        Plan(
            _title(unit.procedures[name]),
            (unit.procedures[name],),
            whole=kind is not EntryKind.TARGET,
            alone=True,
            entry=name,
            runs=kind is not EntryKind.STATEMENT,
        )
        for name, kind in unit.entries
    )


def _title(procedure: Procedure) -> str:
    """The file, and the part of it that is entered, for people: 'hack/e2e.sh', 'Makefile deploy'."""
    return procedure.key.partition(":")[2].replace("#", " ")


def not_run_by_others(plans: Sequence[Plan], visited: Sequence[frozenset[str]]) -> list[bool]:
    """For each plan whether it counts: one of a file that runs by itself does not if a plan that counts runs that file
    on its way. `visited` are the keys of the procedures that each plan went through."""
    keys = [plan.procedures[0].key if plan.alone else "" for plan in plans]
    callers = [sum(key in others for at, others in enumerate(visited) if at != own) for own, key in enumerate(keys)]
    seen: set[str] = set()
    counts = [not plan.alone for plan in plans]
    for index in (index for index, plan in enumerate(plans) if not plan.alone):
        seen |= visited[index]
    for index in sorted((index for index, plan in enumerate(plans) if plan.alone), key=callers.__getitem__):
        if keys[index] not in seen:
            counts[index] = True
            seen |= visited[index]
    return counts
