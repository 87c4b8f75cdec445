"""The state of one procedure while its body is lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagcheck.frontends.golang.scopes import Ledger, Scope
from tagcheck.frontends.golang.sourcefile import SourceFile
from tagcheck.ir import Assign, Expression, Global, Name, Opaque, Procedure, Statement
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_DEPTH = 100
"""Levels of blocks and expressions inside each other; below it, the source becomes an opaque node."""

BUILTIN_FUNCTIONS = frozenset(
    ("append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min", "new",
     "panic", "print", "println", "real", "recover")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grammar:
    """What lowers each kind of node, and function literals to procedures. It is handed around instead of imported,
    because expressions hold statements and statements hold expressions."""

    expressions: Mapping[str, Callable[[Body, Node], Expression]]
    statements: Mapping[str, Callable[[Body, Node], None]]
    closure: Callable[[Body, Node], Procedure]


@dataclass(slots=True)
class Frame:
    """A statement around that `break` can leave. `leaves`: whether a `Break` in the small language leaves it."""

    label: str
    loop: bool
    leaves: bool = True


@dataclass(slots=True)
class Body:
    """`out` takes the statements of the block that is being lowered. `numbers` are variables known to be numbers,
    `local_types` the types that the body declares, `iota` the number of the constant that is being lowered."""

    grammar: Grammar
    file: SourceFile
    key: str
    scope: Scope = field(default_factory=lambda: Scope(Ledger()))
    results: tuple[str, ...] = ()
    named_results: tuple[str, ...] = ()
    local_types: dict[str, str] = field(default_factory=dict)
    local_type_nodes: dict[str, Node] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    out: list[Statement] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    pending_label: str = ""
    iota: int = 0
    depth: int = 0
    temporaries: int = 0
    closures: int = 0

    def expression(self, node: Node) -> Expression:
        """Lower an expression; the calls inside it are emitted first."""
        handler = self.grammar.expressions.get(node.type)
        if handler is None or self.depth >= MOST_DEPTH:
            reason = f"Go {node.type.replace('_', ' ')}" if handler is None else "nested too deeply"
            return Opaque(reason, self.file.span(node))
        self.depth += 1
        value = handler(self, node)
        self.depth -= 1
        return value

    def statement(self, node: Node) -> None:
        """Lower a statement; kinds that have no meaning here are left out."""
        handler = self.grammar.statements.get(node.type)
        if handler is None or self.depth >= MOST_DEPTH:
            return
        self.depth += 1
        handler(self, node)
        self.depth -= 1

    def emit(self, statement: Statement) -> None:
        self.out.append(statement)

    def temporary(self, span: Span) -> Name:
        """A fresh temporary."""
        self.temporaries += 1
        return Name(f"%{self.temporaries}", span)

    def held(self, value: Expression, span: Span) -> Name:
        """A fresh temporary that holds a value from here on."""
        name = self.temporary(span)
        self.emit(Assign((name,), value, span, declare=True))
        return name

    def gathered(self, lower: Callable[[], None]) -> tuple[Statement, ...]:
        """The statements that `lower` emits, in a block of their own."""
        out, scope = self.out, self.scope
        self.out, self.scope = [], scope.inner()
        lower()
        statements = tuple(self.out)
        self.out, self.scope = out, scope
        return statements

    def variable(self, name: str, span: Span) -> Name | Global:
        """What an identifier means here."""
        unique = self.scope.visible.get(name)
        if unique is not None:
            return Name(unique, span)
        if name in BUILTIN_FUNCTIONS and name not in self.file.declared:
            return Global("builtin", name, span)
        ledger = self.scope.ledger
        ledger.outside.add(name)
        return Global(self.file.module, name, span) if ledger.declares(name) else Name(name, span)

    def declare(self, name: str, span: Span) -> Name:
        """A new variable of the current block."""
        return Name(self.scope.declare(name), span)

    def module(self, name: str) -> str | None:
        """The module that an identifier before a dot names, if it does."""
        return None if name in self.scope.visible else self.file.imports.get(name)

    def type_node(self, name: str) -> Node | None:
        """What a type of this body or file is made of."""
        return self.local_type_nodes.get(name) or self.file.type_nodes.get(name)
