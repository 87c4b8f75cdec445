"""Where else in a project a name of an image stands: in manifests that a run does not deploy, and in Dockerfiles.

The files are read by their bytes first, and each is taken apart once for a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from tagcheck import ir
from tagcheck.embedded import documents
from tagcheck.frontends import dockerfile, kubernetes
from tagcheck.image import parse
from tagcheck.link import Program
from tagcheck.values import Text
from tagcheck.workloads import find_images

DEEPEST_EXPRESSION = 12
_DEPLOYED, _BASES = "names in a manifest", "names in a Dockerfile"


class Mentions:
    """The names of images in the files of a project."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def in_manifests(self, name: str, without: Collection[str]) -> bool:
        """Whether a manifest asks for an image; `without`: not one of these files."""
        paths = (path for path in self._with(name) if path.endswith(kubernetes.SUFFIXES) and path not in without)
        return any(name in self._kept(_DEPLOYED, path, _deployed) for path in paths)

    def as_base(self, name: str) -> bool:
        """Whether a Dockerfile may take something from an image; of its name, the last part may stand by itself."""
        last = name.rpartition("/")[2]
        return any(last in self._kept(_BASES, path, _bases) for path in self._with(last))

    def _with(self, word: str) -> Iterator[str]:
        encoded = word.encode()
        return (path for path in self._program.paths if encoded in self._program.content(path))

    def _kept(self, what: str, path: str, read: Callable[[str, bytes], Iterator[str]]) -> frozenset[str]:
        key = (what, path)
        found = self._program.kept.get(key)
        if not isinstance(found, frozenset):
            found = self._program.kept[key] = frozenset(read(path, self._program.content(path)))
        return found


def _deployed(path: str, content: bytes) -> Iterator[str]:
    if b"image" not in content:
        return
    for each in documents(Text.of(content.decode("utf-8", "replace"))):
        for use in find_images(each, lambda value: value):
            name = parse(use.image).name.literal if isinstance(use.image, Text) else None
            if name is not None:
                yield name


def _bases(path: str, content: bytes) -> Iterator[str]:
    if not dockerfile.relevant(path, content):
        return
    for procedure in dockerfile.parse(path, content, path).procedures.values():
        for use in procedure.lower():
            if isinstance(use, ir.Use):
                yield from _names_in(use.value, procedure, 0)


def _names_in(node: ir.Expression | None, procedure: ir.Procedure, depth: int) -> Iterator[str]:
    """What may be the last part of an image's name in an expression."""
    if depth > DEEPEST_EXPRESSION:
        return
    match node:
        case ir.Literal(text=text):
            yield text.rpartition("/")[2].partition(":")[0]
        case ir.Name(name=name):
            given = (each.default for each in procedure.parameters if each.name == name)
            yield from (found for each in given for found in _names_in(each, procedure, depth + 1))
        case ir.Join(parts=parts):
            yield from (found for each in parts for found in _names_in(each, procedure, depth + 1))
        case ir.Choice():
            for each in (node.then, node.otherwise):
                yield from _names_in(each, procedure, depth + 1)
