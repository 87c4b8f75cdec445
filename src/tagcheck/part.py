"""Which files and scenarios belong to the part of a project that was asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from tagcheck import frontends
from tagcheck.frontends import kubernetes
from tagcheck.frontends.api import Folder
from tagcheck.ir import Procedure
from tagcheck.leading import Candidate, Marked, leading
from tagcheck.link import Program
from tagcheck.standalone import Standing

Inside = Callable[[str], bool]


class Part:
    """A part of a project: `inside` says of a path whether it belongs to it. `found` are the files that run by
    themselves."""

    def __init__(
        self,
        program: Program,
        read: Callable[[str], bytes | None],
        inside: Inside,
        found: Mapping[str, Standing],
    ) -> None:
        self._program, self._read = program, read
        self.inside = inside
        self._whole = all(map(inside, program.paths))
        self._known = {path: each.candidate for path, each in found.items()} | self._owned()
        self.leads = frozenset(self._known) if self._whole else self._leading()
        """the files that run by themselves from which a run can come to the part, and those that stand for folders"""

    def _owned(self) -> dict[str, Candidate]:
        names = frontends.meant_by_folder()
        owned = (path for path in self._program.paths if path.rpartition("/")[2] in names)
        return {path: Candidate(self._read(path) or b"", folder=Folder.OWNED) for path in owned}

    @cached_property
    def _data(self) -> tuple[str, ...]:
        return tuple(filter(self._is_data, filter(self.inside, self._program.paths)))

    def _leading(self) -> frozenset[str]:
        own = (path for path in self._program.paths if path in self._known and self.inside(path))
        return leading((*own, *self._data), self._known)

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
        named = {path: self._known.get(path, Candidate(b"")) for path in (*self.leads, *data)}
        return Marked(self._program, self.inside, named)
