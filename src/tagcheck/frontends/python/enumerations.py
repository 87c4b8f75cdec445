"""Enumerations (Python library reference, `enum`): their members are objects with a name and a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tagcheck import ir
from tagcheck.frontends.python.body import BUILTINS
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

_BASES = frozenset(("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"))
_TEXTS = frozenset(("StrEnum", "IntEnum", "str"))
_NUMBERS = frozenset(("IntEnum", "IntFlag", "int"))
_FLAGS = frozenset(("Flag", "IntFlag"))


def is_enumeration(bases: Sequence[str]) -> bool:
    """Whether a class with these bases is an enumeration of the library."""
    return any(base.rpartition(".")[2] in _BASES for base in bases)


def names_text(bases: Sequence[str]) -> bool:
    """Whether the members of an enumeration with these bases are shown as their values."""
    return any(base.rpartition(".")[2] in _TEXTS for base in bases)


def are_numbers(bases: Sequence[str]) -> bool:
    """Whether the members of an enumeration with these bases are numbers, too."""
    return any(base.rpartition(".")[2] in _NUMBERS for base in bases)


def automatic(bases: Sequence[str], members: Sequence[str], name: str, place: ir.Name) -> ir.Statement:
    """Give a member the value that `auto()` stands for where all members have such."""
    span = place.span
    if any(base.rpartition(".")[2] == "StrEnum" for base in bases):
        return ir.Assign((place,), ir.Literal(name.lower(), span), span)
    at, is_flag = members.index(name), any(base.rpartition(".")[2] in _FLAGS for base in bases)
    return ir.Assign((place,), ir.Constant(1 << at if is_flag else at + 1, span), span)


def member(
    type_: str, name: str, place: ir.Name, is_text: bool, makes: bool, *, counts: bool = False
) -> Iterator[ir.Statement]:
    """Turn the value in a place into the member of that name; `makes`: the enumeration's own `__init__` gets it;
    `counts`: the member is that number."""
    span = place.span
    fields: tuple[tuple[str, ir.Expression], ...] = (("name", ir.Literal(name, span)), ("value", place))
    if is_text:
        fields = (*fields, (ir.TEXT_FIELD, place))
    if counts:
        fields = (*fields, (ir.NUMBER_FIELD, place))
    made = ir.RecordOf(type_, fields, span)
    if not makes:
        yield ir.Assign((place,), made, span)
        return
    given, object_ = ir.Name("%given", span), ir.Name("%member", span)
    yield ir.Assign((given,), place, span, declare=True)
    yield ir.Assign((object_,), ir.Allocate(made, span), span, declare=True)
    yield ir.Invoke((), ir.Field(object_, "__init__", span), (ir.Argument(ir.Spread(given, span)),), span)
    yield ir.Assign((place,), object_, span)


@dataclass(frozen=True)
class Enumeration:
    """A class of members; `span` is where its name stands."""

    file: SourceFile
    name: str
    members: Sequence[str]
    span: Span

    def procedures(self) -> dict[str, ir.Procedure]:
        """What finds a member by its value, and what goes through all of them."""
        file, name = self.file, self.name
        qualified, mentions = f"{file.module}.{name}", frozenset(f"{name}.{each}" for each in self.members)
        found = ir.Procedure(
            f"{file.key}#{name}", file.module, (ir.Parameter("value"),), self._found, self.span, ("",),
            mentions=mentions, constructs=qualified,
        )  # fmt: skip
        every = ir.Procedure(
            f"{file.key}#{name}.__iter__", file.module, (), self._every, self.span, ("",),
            receiver=ir.Parameter("cls", "type"), mentions=mentions,
        )  # fmt: skip
        return {name: found, f"{name}.__iter__": every}

    def _places(self) -> list[ir.Global]:
        return [ir.Global(self.file.module, f"{self.name}.{each}", self.span) for each in self.members]

    def _every(self) -> tuple[ir.Statement, ...]:
        return (ir.Return((ir.ListOf(tuple(self._places()), self.span),), self.span),)

    def _found(self) -> tuple[ir.Statement, ...]:
        span, given = self.span, ir.Name("value", self.span)
        body: list[ir.Statement] = []
        for each in self._places():
            same = ir.Name(f"%{len(body)}", span)
            asked = (ir.Argument(each), ir.Argument(given))
            body.append(ir.Invoke((same,), ir.Global(BUILTINS, "same-member", span), asked, span))
            body.append(ir.Branch(same, (ir.Return((each,), span),), (), span))
        return (*body, ir.Invoke((), ir.Global(BUILTINS, "raise", span), (), span))
