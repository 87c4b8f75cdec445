"""The variables of a playbook (ansible-core 2.18): who defines them, and what templates make of them.

A variable may hold a template that asks for others; it is filled when it is asked for. Variables that nobody in the
project defines, and those that an inventory defines for some hosts, are what the inventory gives: the same for all who
ask within a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from posixpath import dirname, join, normpath

from tagcheck.builtins import jinja_rendering
from tagcheck.builtins.api import Machine
from tagcheck.builtins.jinja_rendering import Look
from tagcheck.values import Hole, HoleKind, Opaque, Piece, Sequence, Text, Value
from tagcheck.values import Mapping as MappingValue

IDENTITY = "ansible"
DEEPEST = 24
_NAME = re.compile(r"[A-Za-z_]\w*")
_TAKING = ("include", "import", "extends", "vars")
_MARKS = ("{{", "{%")
SUFFIXES = ("", ".yml", ".yaml")
Load = Callable[[str], Text | None]


def given_outside(name: str) -> Text:
    """A variable that the inventory or the command line gives."""
    return Text.of_hole(Hole(HoleKind.PARAMETER, f"{IDENTITY}:{name}", name))


class PlayVariables:
    """The variables of one play, those of later layers before those of earlier ones."""

    def __init__(self, machine: Machine, layers: tuple[Mapping[str, Value], ...], load: Load, look: Look) -> None:
        self._machine, self._layers, self._load, self._look = machine, layers, load, look
        self._known: dict[str, Value] = {}
        self._open: set[str] = set()

    def above(self, layer: Mapping[str, Value]) -> PlayVariables:
        """The same with a layer over them."""
        return PlayVariables(self._machine, (*self._layers, layer), self._load, self._look)

    def below(self, layer: Mapping[str, Value]) -> PlayVariables:
        """The same with a layer under all of them."""
        return PlayVariables(self._machine, (layer, *self._layers), self._load, self._look)

    def renewed(self) -> PlayVariables:
        """The same, filled anew: facts may have changed."""
        return PlayVariables(self._machine, self._layers, self._load, self._look)

    def asked_by(self, template: str) -> dict[str, Value]:
        """The variables that a template file may ask for: any, if it takes in others."""
        names = {name for layer in self._layers for name in layer}
        if not any(word in template for word in _TAKING):
            names &= set(_NAME.findall(template))
        return {name: self.get(name) for name in sorted(names)}

    def get(self, name: str) -> Value:
        """What a variable holds."""
        if name not in self._known:
            raw = next((layer[name] for layer in reversed(self._layers) if name in layer), None)
            if raw is None:
                return given_outside(name)
            if name in self._open or len(self._open) > DEEPEST:
                return Opaque(f"{IDENTITY}:{name}", "a variable that is defined by itself")
            self._open.add(name)
            self._known[name] = self.filled(raw)
            self._open.discard(name)
        return self._known[name]

    def _is_defined(self, name: str) -> bool:
        return any(name in layer for layer in self._layers)

    def filled(self, value: Value, depth: int = 0) -> Value:
        """A value with its templates filled."""
        match value:
            case Text() if _is_template(value):
                return self._rendered(value)
            case MappingValue(entries) if depth < DEEPEST:
                filled = ((self.filled(key, depth + 1), self.filled(each, depth + 1)) for key, each in entries)
                return MappingValue(tuple(filled), value.open)
            case Sequence(items) if depth < DEEPEST:
                return Sequence(tuple(self.filled(each, depth + 1) for each in items), value.open)
            case _:
                return value

    def expression(self, text: Text) -> Value:
        """The value of an expression that is written without braces."""
        return self._rendered(Text.of("{{ ") + text + Text.of(" }}"))

    def _rendered(self, text: Text) -> Value:
        asked = {name for part in text.parts if isinstance(part, Piece) for name in _NAME.findall(part.text)}
        given = {name: self.get(name) for name in sorted(asked) if self._is_defined(name)}
        return jinja_rendering.render_native(text, given, self._machine, IDENTITY, self._load, self._look)


def _is_template(text: Text) -> bool:
    return any(mark in part.text for part in text.parts if isinstance(part, Piece) for mark in _MARKS)


def variable_files(folder: str, name: str, paths: Callable[[str], tuple[str, ...]]) -> list[str]:
    """The files of variables under a name in a folder: one file, or all in a folder of that name; `paths` gives the
    files below a folder."""
    whole = normpath(join(folder, name))
    beside = [path for path in paths(normpath(folder)) if path in {whole + suffix for suffix in SUFFIXES}]
    return [*beside, *(path for path in paths(whole) if path.endswith(SUFFIXES[1:]))]


def folders_around(path: str) -> tuple[str, str]:
    """The folder of a file, and the one around it."""
    return dirname(path), dirname(dirname(path))
