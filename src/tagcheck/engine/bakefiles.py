"""What several bake files say together (Docker Buildx 0.26): variables, groups, targets, and what is laid over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TypeAlias

from msgspec import Struct

from tagcheck.engine.state import Frame
from tagcheck.frontends.bake import BakeFile, Block, Defined
from tagcheck.source import Span
from tagcheck.values import Piece, Text, Value

Attribute: TypeAlias = Defined | Value
"""An expression of a bake file, or what a compose file says."""
DEFAULT = "default"


class Target(Struct, frozen=True):
    """One target; `name` is not literal where it is not known, `bound` are the variables of its row of a matrix."""

    label: str
    name: Text
    attributes: dict[str, Attribute]
    bound: tuple[tuple[str, Value], ...] = ()

    def matches(self, word: str) -> bool:
        """Whether a word of a command line or a list means it."""
        return word == self.label or (self.name.literal is not None and fnmatchcase(self.name.literal, word))


class Setting(Struct, frozen=True):
    """`--set PATTERN.KEY=VALUE`; `added`: the value is added to those of the file."""

    pattern: str
    key: str
    value: Text
    added: bool = False

    def concerns(self, target: Target) -> bool | None:
        """Whether it is about a target; None if that is not known."""
        if target.name.literal is None:
            return True if self.pattern == "*" else None
        return fnmatchcase(target.name.literal, self.pattern)


@dataclass
class Recipe:
    """All files of a command. `unsure`: something that may change any target is not known."""

    files: tuple[str, ...] = ()
    variables: dict[str, Attribute | None] = field(default_factory=dict)
    constants: dict[str, Attribute] = field(default_factory=dict)
    groups: dict[str, list[Attribute]] = field(default_factory=dict)
    blocks: dict[str, dict[str, Attribute]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    settings: tuple[Setting, ...] = ()
    unsure: bool = False
    texts: tuple[Span, ...] = ()
    defaults: tuple[Span, ...] = ()
    frame: Frame | None = None

    def add(self, file: BakeFile, seen: Callable[[Defined], Attribute]) -> None:
        """Lay a file over those before it, its values as `seen` gives them."""
        self.texts += file.texts
        self.constants.update((name, seen(value)) for name, value in file.attributes)
        for block in file.blocks:
            self._add(block, {name: seen(value) for name, value in block.attributes})

    def _add(self, block: Block, given: dict[str, Attribute]) -> None:
        label = block.label.text
        match block.kind:
            case "variable":
                self.defaults += tuple(value.value.span for _, value in block.attributes)
                self.variables[label] = given.get("default", self.variables.get(label))
            case "group" if "targets" in given:
                self.groups.setdefault(label, []).append(given["targets"])
            case "target":
                self.blocks.setdefault(label, {}).update(given)

    def place(self, image: Text) -> Span | None:
        """Where the name of an image is put together, rather than where its first variable has its value."""
        starts = [part.origin.start for part in image.parts if isinstance(part, Piece) and part.origin is not None]
        places = [Span(at.path, at.line, at.column, at.line, at.column) for at in starts if at.path in self.files]
        own = [each for each in places if not any(span.contains(each) for span in self.defaults)]
        at = next(iter(own or places), None)
        if at is None:
            return None
        around = [span for span in self.texts if span.contains(at)]
        end = at.column + max(1, len(str(image)))
        return min(around, key=_length) if around else Span(at.path, at.line, at.column, at.line, end)

    def found(self, word: str) -> list[Target]:
        return [target for target in self.targets if target.matches(word)]

    def set_for(self, target: Target, key: str) -> Iterator[Setting]:
        """The settings that are about a key of a target."""
        return (each for each in self.settings if each.key == key and each.concerns(target))

    def may_be_set(self, target: Target, key: str) -> bool:
        """Whether a setting may be about a key of a target, without certainty."""
        return any(each.key == key and each.concerns(target) is None for each in self.settings)


def _length(span: Span) -> tuple[int, int]:
    return span.end_line - span.line, span.end_column - span.column


def setting(text: Text) -> Setting | None:
    """An override of a command line; None if it is not certain what it is about."""
    halves = text.split_at("=")
    written = halves[0].literal if halves is not None else None
    if halves is None or written is None:
        return None
    pattern, dot, key = written.removesuffix("+").partition(".")
    return Setting(pattern, key, halves[1], written.endswith("+")) if dot else None
