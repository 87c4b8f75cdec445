"""Which files and scenarios belong to the part of a project that was asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from tagcheck import frontends
from tagcheck.frontends import kubernetes
from tagcheck.frontends.api import Folder, Goals
from tagcheck.ir import Procedure
from tagcheck.leading import ANY_FILE, Candidate, Marked, leading
from tagcheck.link import Program
from tagcheck.standalone import Standing

Inside = Callable[[str], bool]


class Part:
    """A part of a project: `inside` says of a path whether it belongs to it. `found` are the files that run by
    themselves, `programs` the names of programs that the catalogue knows."""

    def __init__(
        self,
        program: Program,
        read: Callable[[str], bytes | None],
        inside: Inside,
        found: Mapping[str, Standing],
        programs: frozenset[str],
    ) -> None:
        self._program, self._read, self._programs = program, read, programs
        self.inside = inside
        self._whole = all(map(inside, program.paths))
        self._known = {path: each.candidate(path) for path, each in found.items()} | self._owned()
        self.leads: dict[str, Goals] = dict.fromkeys(self._known) if self._whole else self._leading()
        """the files that run by themselves from which a run can come to the part, and those that stand for folders,
        with what they have to be asked for to come there"""

    def _owned(self) -> dict[str, Candidate]:
        names = frontends.meant_by_folder()
        owned = (path for path in self._program.paths if path.rpartition("/")[2] in names)
        return {path: Candidate(self._read(path) or b"", folder=Folder.OWNED) for path in owned}

    @cached_property
    def _data(self) -> tuple[str, ...]:
        return tuple(filter(self._is_data, filter(self.inside, self._program.paths)))

    def _leading(self) -> dict[str, Goals]:
        own = (path for path in self._program.paths if path in self._known and self.inside(path))
        return leading((*own, *self._data), self._known, self._programs)

    def _is_data(self, path: str) -> bool:
        """Whether a file of the part is read or run by its name, and can hold a part of an image's name: most
        documents do not."""
        if path.endswith((".md", ".rst")):
            return False
        if path.endswith(self._program.suffixes):
            return self._program.runs_files(path)
        content = (self._read(path) or b"").lower()
        return not path.endswith(kubernetes.SUFFIXES) or b"image" in content or b"tag" in content

    def comes(self) -> Callable[[Procedure], bool]:
        """Whether a run of a procedure can come to the part."""
        if self._whole:
            return lambda each: True
        data = (path for path in self._data if not path.endswith(self._program.suffixes))
        reached = dict.fromkeys(data) | self.leads
        named = {path: (self._known.get(path, ANY_FILE), goals) for path, goals in reached.items()}
        return Marked(self._program, self.inside, named, self._programs)
