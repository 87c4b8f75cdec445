"""What a test puts in the place of functions while it runs (Python 3.13, `unittest.mock`; pytest 8, `monkeypatch`).

A replacement is for an attribute of a module or class, by whatever name the program comes to it. It lasts until it is
taken back: by itself, or with all that one procedure has replaced when that procedure ends.

What it cannot do: tell two objects of a class apart (a method that is replaced in one is replaced in all); names that a
module has imported by `from` before the replacement keep what they mean, as in Python, but are looked up late here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tagcheck.engine.libraries import Results
from tagcheck.engine.loading import Loading
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.values import FunctionValue, LibraryValue, Text, Value


@dataclass(frozen=True)
class _Attribute:
    """An attribute: of a module of the project, or one that its qualified name tells from all others."""

    module: str
    name: str


@dataclass(frozen=True)
class _Replaced:
    """What stood there before, a cell of a module's variable or None, and the procedure that has replaced it."""

    cell: int | None
    owner: str


class Replacing(Loading):
    """A run in which functions are replaced."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self._originals: dict[_Attribute, _Replaced] = {}

    def replace(self, holder: Value, name: str, value: Value) -> None:
        """Put a value in the place of an attribute: of what `holder` is, or leads to as a dotted name with `name` at
        its end. Nothing happens where that is not known."""
        attribute = self._replaceable(self.load(holder), name)
        if attribute is None:
            return
        owner = self.frames[-1].procedure.key if self.frames else ""
        if attribute.module:
            before = self.globals.get((attribute.module, attribute.name))
            self.define(attribute.module, attribute.name, value)
        else:
            before, self.replaced[attribute.name] = None, value
        self._originals.setdefault(attribute, _Replaced(before, owner))

    def take_back(self, holder: Value, name: str) -> None:
        """Undo what `replace` did to an attribute."""
        attribute = self._replaceable(self.load(holder), name)
        if attribute is not None and attribute in self._originals:
            self._restore(attribute)

    def take_back_own(self) -> None:
        """Undo what the procedure that runs now has replaced."""
        owner = self.frames[-1].procedure.key if self.frames else ""
        for attribute in [each for each, kept in self._originals.items() if kept.owner == owner]:
            self._restore(attribute)

    def stand_in(self, name: str, arguments: Results, site: Span, keywords: dict[str, Value], wanted: int) -> Results:
        value = self.replaced[name]
        return self.apply(value, arguments, site, keywords, wanted)

    def _restore(self, attribute: _Attribute) -> None:
        cell = self._originals.pop(attribute).cell
        place = (attribute.module, attribute.name)
        if not attribute.module:
            del self.replaced[attribute.name]
        elif cell is None:
            self.globals.pop(place, None)
        else:
            self.globals[place] = cell

    def _replaceable(self, holder: Value, name: str) -> _Attribute | None:
        match holder:
            case Text():
                dotted = ".".join(filter(None, (holder.literal or "", name)))
                return self._named(dotted) if holder.literal is not None else None
            case LibraryValue() if holder.name.endswith("."):
                module = holder.name[:-1]
                return self._of_module(module, name)
            case LibraryValue():
                return _Attribute("", f"{holder.name}.{name}")
            case FunctionValue() if holder.procedure.constructs:
                return _Attribute("", f"{holder.procedure.key}.{name}")
        return None

    def _of_module(self, module: str, name: str) -> _Attribute:
        return _Attribute(module, name) if module in self.program.modules else _Attribute("", f"{module}.{name}")

    def _named(self, dotted: str) -> _Attribute | None:
        """The attribute that a dotted name means: the longest beginning that is a module of the project is one."""
        words = dotted.split(".")
        for end in range(len(words) - 1, 0, -1):
            module = self.program.module_named(self.site.path, ".".join(words[:end]))
            if module is None:
                continue
            holder: Value = LibraryValue(f"{module}.")
            for word in words[end:-1]:
                found = self._member_named(holder, word)
                if found is None:
                    return None
                holder = found
            return self._replaceable(holder, words[-1])
        return _Attribute("", dotted) if len(words) > 1 else None

    def _member_named(self, holder: Value, name: str) -> Value | None:
        if not isinstance(holder, LibraryValue):
            return None
        module = holder.name.removesuffix(".")
        if module not in self.program.modules:
            return LibraryValue(f"{module}.{name}")
        imported = self.program.imported_as(module, name)
        return LibraryValue(f"{imported}.") if imported else self.symbol(module, name, self.site)
