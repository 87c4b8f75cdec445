"""Edits of files' bytes, and the proposals that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tagcheck.finding import Finding
from tagcheck.source import Span


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """The bytes from `start` to `end` (exclusive) of a file become `text`."""

    path: str
    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Use:
    """What a proposal promises: after it, the stage at a place (of the text before it) has this image."""

    stage: str
    span: Span
    image: str


@dataclass(frozen=True, slots=True)
class Rename:
    """The name of an image before and after a proposal, as reports write it; with `begins`, all that is known of the
    new one is its beginning."""

    old: str
    new: str
    begins: bool = False

    def gives(self, image: str) -> bool:
        """Whether an image may be what the old one is called now."""
        return image == self.new or (self.begins and image.startswith(self.new) and "<?>" not in image)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A repair of one finding; `title` says what is done, for people. No names of images but
    those of `renames` may change. `promise` is the one use that must have another name."""

    finding: Finding
    edits: tuple[Edit, ...]
    title: str
    promise: Use | None = None
    renames: tuple[Rename, ...] = ()


def overlapping(edits: Iterable[Edit]) -> bool:
    """Whether two edits touch the same bytes, or one place."""
    ordered = sorted(edits)
    return any(
        one.path == other.path and (other.start < one.end or other.start == one.start)
        for one, other in pairwise(ordered)
    )


def applied(content: bytes, edits: Iterable[Edit]) -> bytes:
    """A file's content after edits of it that do not overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits):
        parts += (content[at : edit.start], edit.text)
        at = edit.end
    return b"".join((*parts, content[at:]))


def moved(offset: int, edits: Iterable[Edit]) -> int:
    """Where the byte at an offset stands after edits of its file; what is replaced stands where its place begins."""
    shift = 0
    for edit in sorted(edits):
        if offset < edit.end:
            return min(offset, edit.start) + shift
        shift += len(edit.text) - (edit.end - edit.start)
    return offset + shift


def by_file(edits: Iterable[Edit]) -> Mapping[str, tuple[Edit, ...]]:
    """Edits by the path of their file."""
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        found.setdefault(edit.path, []).append(edit)
    return {path: tuple(sorted(several)) for path, several in sorted(found.items())}
