"""What a makefile says, before anything is expanded (GNU make manual 4.4, chapters 3 to 8).

A makefile is a macro language: what a line means depends on what its references expand to when it is read, and what a
recipe runs on what they expand to then. So the nodes keep references apart from the text around them and decide
nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from tagcheck.ir import Literal, Problem
from tagcheck.source import Span

# --- texts with references -------------------------------------------------------------------------------------------


class Reference(Struct, frozen=True):
    """`$(NAME)`, `${NAME}`, `$N`; the name may hold references itself."""

    name: Expansion
    span: Span


class Substitution(Struct, frozen=True):
    """`$(NAME:pattern=replacement)`."""

    name: Expansion
    pattern: Expansion
    replacement: Expansion
    span: Span


class Function(Struct, frozen=True):
    """`$(function argument,argument)`; blanks before the first argument are left out."""

    name: str
    arguments: tuple[Expansion, ...]
    span: Span


Part: TypeAlias = Literal | Reference | Substitution | Function
Expansion: TypeAlias = tuple[Part, ...]

# --- statements ------------------------------------------------------------------------------------------------------


class Operator(Enum):
    """How a variable gets its value."""

    RECURSIVE = "="
    SIMPLE = ":="
    """also written `::=`"""
    IMMEDIATE = ":::="
    """expanded at once, and again at each use"""
    CONDITIONAL = "?="
    APPEND = "+="
    SHELL = "!="


class Assignment(Struct, frozen=True):
    """A variable gets a value, for all targets or for `targets` and what they need."""

    name: Expansion
    operator: Operator
    value: Expansion
    span: Span
    targets: Expansion | None = None
    exported: bool = False
    override: bool = False
    private: bool = False


class Rule(Struct, frozen=True):
    """`targets: prerequisites`. `colon` is ':', '::' or '&:', and empty where none is written out: then the targets are
    the whole line, which may expand to a rule or to nothing. `pattern` are the target patterns of a static pattern
    rule. The recipe lines follow as statements."""

    targets: Expansion
    colon: str
    prerequisites: Expansion
    span: Span
    pattern: Expansion | None = None


class RecipeLine(Struct, frozen=True):
    """A line of the recipe of the rule before it, with the lines that it continues on."""

    text: Expansion
    span: Span


class Comparison(Enum):
    """What a conditional asks."""

    EQUAL = "ifeq"
    UNEQUAL = "ifneq"
    DEFINED = "ifdef"
    UNDEFINED = "ifndef"


class Conditional(Struct, frozen=True):
    """`ifeq` and its like; `right` is empty for those that ask for one variable."""

    comparison: Comparison
    left: Expansion
    right: Expansion
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    span: Span


class Include(Struct, frozen=True):
    paths: Expansion
    span: Span


class Export(Struct, frozen=True):
    """`export NAMES`, `unexport NAMES`; no names at all: every variable."""

    names: Expansion
    exported: bool
    span: Span


class Undefine(Struct, frozen=True):
    name: Expansion
    override: bool
    span: Span


Statement: TypeAlias = Assignment | Rule | RecipeLine | Conditional | Include | Export | Undefine


class Makefile(Struct, frozen=True):
    """A makefile, or a text that is read as one."""

    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...] = ()
