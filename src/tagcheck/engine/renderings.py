"""Renderings of templates, kept for those that would come out the same.

A test renders one chart many times, each time with another setting. Most templates do not read that setting: what they
became before, they become again. A rendering holds for other values if everything that it has read of its own is there
too, with the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tagcheck.builtins.template_scope import Watch
from tagcheck.builtins.template_text import Node
from tagcheck.guards import Guards
from tagcheck.link import Program
from tagcheck.values import Alternatives, Filling, HoleKind, Mapping, Piece, Text, Value
from tagcheck.values import Sequence as Listed

Path: TypeAlias = tuple[str, ...]
MOST_RENDERINGS = 24
"""Renderings that are kept of one template."""


class Paths:
    """Values by their paths, each looked up once. They stand at `way` in those that are watched."""

    def __init__(self, values: Value, way: Path) -> None:
        self._root, self._way = values, len(way)
        self._found: dict[Path, Value | None] = {}

    def at(self, path: Path) -> Value | None:
        """What stands at a path of the values that are watched."""
        if path not in self._found:
            self._found[path] = _at(self._root, path[self._way :])
        return self._found[path]


@dataclass(frozen=True)
class Rendering:
    """What a template became with some values, and what it `read` of them: paths, what stood there, and whether all of
    it counts. `cost` is the work that it took, `spent` what the run did for it besides: both count again for who takes
    it over, so that a run comes equally far whatever others did before it. `guards` are those under which alternatives
    were told apart, None where there were none: under others, other combinations are possible. `nodes` are kept so that
    their identity stays theirs, those of helpers too."""

    read: tuple[tuple[Path, Value | None, bool], ...]
    watch: Watch
    text: Value
    cost: int
    spent: int
    guards: Guards | None
    nodes: tuple[tuple[Node, ...], ...]

    @classmethod
    def of(
        cls,
        values: Paths,
        guards: Guards,
        watch: Watch,
        text: Value,
        done: tuple[int, int],
        nodes: tuple[tuple[Node, ...], ...],
    ) -> Rendering:
        """A rendering that is made now, under these guards."""
        whole = watch.consumed | watch.looked
        read = tuple((path, values.at(path), path in whole) for path in watch.read | whole)
        settled = not isinstance(text, Alternatives) and not any(_has_alternatives(value) for _, value, _ in read)
        return cls(read, watch, text, *done, None if settled else guards, nodes)

    def holds(self, values: Paths, guards: Guards) -> bool:
        """Whether the template becomes the same with other values, under other guards."""
        if self.guards is not None and self.guards != guards:
            return False
        return all(_alike(before, values.at(path), whole=whole) for path, before, whole in self.read)


def _has_alternatives(value: Value | None) -> bool:
    match value:
        case Alternatives():
            return True
        case Listed():
            return any(map(_has_alternatives, value.items))
        case Mapping():
            return any(_has_alternatives(inner) for _, inner in value.entries)
        case _:
            return False


def kept_renderings(program: Program, key: object) -> Sequence[Rendering]:
    """The renderings of a template as it stands, with the helpers as they stand."""
    kept = program.kept.get((Rendering, key))
    return kept if isinstance(kept, list) else ()


def keep_rendering(program: Program, key: object, made: Rendering) -> None:
    """Keep a rendering, unless each one has to be another: a text in which something is drawn at random."""
    kept = program.kept.setdefault((Rendering, key), [])
    if isinstance(kept, list) and len(kept) < MOST_RENDERINGS and not _is_drawn(made.text):
        kept.append(made)


def _is_drawn(value: Value) -> bool:
    match value:
        case Text():
            return any(hole.kind is HoleKind.UNIQUE for hole in value.holes)
        case Alternatives():
            return any(map(_is_drawn, _sides(value)))
        case _:
            return True


def _at(values: Value, path: Path) -> Value | None:
    found: Value | None = values
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _alike(one: Value | None, other: Value | None, *, whole: bool) -> bool:
    """Whether two values are the same to a template: of a mapping that it only went through, whether it is empty."""
    if one is other:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping) and not whole:
        return bool(one.entries) == bool(other.entries) and one.open == other.open
    return _identical(one, other)


def _identical(one: Value | None, other: Value | None) -> bool:
    """Whether two values are equal, the places of their texts included."""
    match one, other:
        case Text(), Text():
            return len(one.parts) == len(other.parts) and all(map(_same_part, one.parts, other.parts))
        case Listed(), Listed():
            same = (len(one.items), one.open) == (len(other.items), other.open)
            return same and all(map(_identical, one.items, other.items))
        case Mapping(), Mapping():
            same = (len(one.entries), one.open) == (len(other.entries), other.open)
            return same and all(map(_identical, _flat(one), _flat(other)))
        case Alternatives(), Alternatives():
            same = [guards for guards, _ in one.options] == [guards for guards, _ in other.options]
            return same and all(map(_identical, _sides(one), _sides(other)))
        case _:
            return one == other


def _same_part(one: Piece | Filling, other: Piece | Filling) -> bool:
    if isinstance(one, Piece) or isinstance(other, Piece):
        return isinstance(one, Piece) and one == other and isinstance(other, Piece) and one.origin == other.origin
    return one == other and (one.site, one.trace) == (other.site, other.trace)


def _flat(mapping: Mapping) -> list[Value]:
    return [value for entry in mapping.entries for value in entry]


def _sides(value: Alternatives) -> list[Value]:
    return [option for _, option in value.options]
