"""The state in which a script, or one of its functions, is lowered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.guard import MOST_DEPTH
from tagcheck.frontends.shell.names import Names
from tagcheck.frontends.shell.script import Script
from tagcheck.numerals import natural
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

ARGUMENTS = "@"
"""The variable that holds the positional parameters."""
STRICT = "set -e"
"""The variable that holds whether the shell ends with the first command that fails."""
TRACED = "set -E"
"""The variable that holds whether functions and subshells take over what is trapped for a command that fails."""
CHANGING = frozenset(("RANDOM", "SRANDOM", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME", "BASHPID", "$"))
"""Special variables of bash 5 that are different in each run."""


_CHANGES = {"l": "lower", "u": "upper", "i": "number"}
"""What happens to what a variable gets, by the letter that declares it."""


@dataclass
class Shared:
    """What the procedures of one shell text have in common. `needed`: variables that are read where nothing has been
    assigned for certain, or by functions: they begin with what the environment holds."""

    script: Script
    key: str
    module: str
    names: Names
    needed: set[str] = field(default_factory=set)
    procedures: dict[str, ir.Procedure] = field(default_factory=dict)
    parse: Callable[[bytes], Node] | None = None
    exporting: bool = False
    """whether every variable that is assigned is exported (`set -a`)"""
    in_bats: bool = False
    groups: frozenset[int] = frozenset()
    """where what the parser takes for a subshell is a group in braces"""
    """whether the text is a test file of bats, which brings commands of its own"""
    texts: int = 0
    """how many texts inside of it have been read as commands"""


class Body:
    """Statements as they are written, temporaries, variables."""

    def __init__(self, shared: Shared, function: str = "") -> None:
        self.shared = shared
        self.script = shared.script
        self.function = function
        self.out: list[ir.Statement] = []
        self.definite: set[str] = set()
        self.local: set[str] = set()
        self.directories: list[ir.Name] = []
        self.exporting = shared.exporting
        self.substituted: list[ir.Expression] | None = None
        """in an assignment: whether its substitutions succeed, which `asked` says that somebody asks"""
        self.asked = False
        self.depth = 0
        self.nested = 0
        self._count = 0

    # --- statements ---

    def emit(self, statement: ir.Statement) -> None:
        self.out.append(statement)

    def block(self, lower: Callable[[], object]) -> tuple[ir.Statement, ...]:
        """What `lower` emits, as a block: what it assigns, and where it goes, is certain only inside."""
        outer, definite = self.out, self.definite
        self.out, self.definite = [], set(definite)
        self.nested += 1
        lower()
        self.nested -= 1
        inner = tuple(self.out)
        self.out, self.definite = outer, definite
        return inner

    @contextmanager
    def deeper(self) -> Iterator[bool]:
        """One level down; false where it is too deep to go on."""
        self.depth += 1
        try:
            yield self.depth <= MOST_DEPTH
        finally:
            self.depth -= 1

    def temporary(self, span: Span) -> ir.Name:
        self._count += 1
        return ir.Name(f"%{self._count}", span)

    def opaque(self, reason: str, node: Node, parts: tuple[ir.Expression, ...] = ()) -> ir.Opaque:
        return ir.Opaque(reason, self.script.span(node), parts)

    def call(self, name: str, arguments: tuple[ir.Expression, ...], span: Span, results: int = 0) -> ir.Name | None:
        """Call a function of the shell; the temporary that takes its first result."""
        targets = (self.temporary(span), *(None,) * (results - 1)) if results else ()
        given = tuple(ir.Argument(each) for each in arguments)
        self.emit(ir.Invoke(targets, ir.Global("shell", name, span), given, span))
        return targets[0] if results else None

    # --- variables ---

    def variable(self, name: str, span: Span) -> ir.Expression:
        """The value of a variable or special parameter."""
        if name in CHANGING:
            found = self.call("changing", (ir.Literal(name, span),), span, 1)
            return found or ir.Opaque("a value that changes", span)
        if (number := natural(name)) is not None:
            return self._positional(number, span)
        match name:
            case "*":
                return self.in_one(ir.Name(ARGUMENTS, span), span)
            case "@":
                return ir.Apply("spaced", (ir.Name(ARGUMENTS, span),), span)
            case "#":
                return ir.Apply("length", (ir.Name(ARGUMENTS, span),), span)
            case "?" | "!" | "-" | "_" | "PIPESTATUS":
                return ir.Opaque(f"the shell's parameter {name}", span)
            case "BASH_SOURCE":
                return ir.Apply("project-path", (self._path(span),), span)
        if name in self.local:
            return self.referred(ir.Name(self.spelled(name), span), name)
        if self._is_elsewhere(name):
            return ir.Apply("environment", (ir.Literal(name, span),), span)
        if self.function or name not in self.definite:
            self.shared.needed.add(name)
        return self.referred(ir.Name(self.spelled(name), span), name)

    def in_one(self, listed: ir.Expression, span: Span) -> ir.Expression:
        """All items of a list in one text (`$*`), with what the script has set to stand between them."""
        if "IFS" not in self.shared.names.assigned:
            return ir.Apply("spaced", (listed,), span)
        return ir.Apply("spaced", (listed, self.variable("IFS", span)), span)

    def _is_elsewhere(self, name: str) -> bool:
        """Whether a variable is known by its name only: the text never assigns it, or in other functions of it, which
        may have called this one, it is a variable of their own."""
        return name not in self.shared.names.assigned or (bool(self.function) and name in self.shared.names.locals)

    def referred(self, value: ir.Name, name: str) -> ir.Expression:
        """What a variable holds; of one that refers to another (`declare -n`), what that holds."""
        return ir.Apply("environment", (value,), value.span) if name in self.shared.names.references else value

    def _positional(self, number: int, span: Span) -> ir.Expression:
        if number == 0:
            return ir.Apply("name-of-shell", (self._path(span),), span)
        return ir.Apply("argument", (ir.Name(ARGUMENTS, span), ir.Constant(number, span)), span)

    def _path(self, span: Span) -> ir.Literal:
        return ir.Literal(self.script.text.position(0).path, span, exact=False)

    def spelled(self, name: str) -> str:
        """A variable's name in the small language, where functions and variables share one space of names."""
        return f"{name}#variable" if name in self.shared.names.functions else name

    def assign(self, name: str, value: ir.Expression, span: Span, declare: bool = False) -> None:
        """Give a variable a value; `declare`: one of this function alone."""
        if declare and self.function:
            self.local.add(name)
        else:
            declare = False
        target = ir.Name(self.spelled(name), span)
        if (change := _CHANGES.get(self.shared.names.changed.get(name, ""))) is not None:
            value = ir.Apply(change, (value,), span)
        if name in self.shared.names.references and not declare:
            self.call("assign", (target, value), span)
            return
        if name not in self.local:
            if self._is_elsewhere(name):
                self.call("assign", (ir.Literal(name, span, exact=False), value), span)
                return
            if self.function:
                self.shared.needed.add(name)
            self.definite.add(name)
        self.emit(ir.Assign((target,), value, span, declare))
        if self.exporting or name in self.shared.names.exported:
            again = "export" if self.exporting else "set-exported"
            self.call(again, (ir.Literal(name, span, exact=False), target), span)
