"""Which variable a Go name means (Go specification, "Declarations and scope").

A name that hides another one of the same procedure, or of one around it, is renamed: `err`, `err#2`.
"""

from __future__ import annotations

from msgspec import Struct, field


class Ledger(Struct):
    """The names a procedure has used so far: `local` for variables, `outside` for names that it does not declare.
    `around` is the ledger of the procedure in which a closure stands."""

    local: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    around: Ledger | None = None

    def declares(self, name: str) -> bool:
        """Whether this procedure or one around it has a variable of that name, in whatever block."""
        ledger: Ledger | None = self
        while ledger is not None:
            if name in ledger.local:
                return True
            ledger = ledger.around
        return False


class Scope(Struct):
    """A block: `visible` maps each name to its unique one, `own` are the names that this block declares."""

    ledger: Ledger
    visible: dict[str, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)

    def inner(self) -> Scope:
        """A block inside this one."""
        return Scope(self.ledger, dict(self.visible))

    def of_closure(self) -> Scope:
        """The outermost block of a closure made here: later declarations of this block stay out of it."""
        return Scope(Ledger(around=self.ledger), dict(self.visible))

    def declare(self, name: str) -> str:
        """The unique name of a new variable."""
        hidden = self.visible.get(name) if name not in self.own else None
        unique = name
        if hidden is not None:
            unique = _next(hidden)
        elif name in self.own:
            unique = self.visible[name]
        elif name in self.ledger.outside:
            unique = _next(name)
        self.visible[name] = unique
        self.own.add(name)
        self.ledger.local.add(unique)
        return unique


def _next(unique: str) -> str:
    name, _, number = unique.partition("#")
    return f"{name}#{int(number or 1) + 1}"
