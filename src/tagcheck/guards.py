"""Guards: under which conditions a value holds or an event happens.

A condition of the program that cannot be decided becomes an *atom*, a text that identifies it: two tests of the same
environment variable share their atom, two tests of unknown values never do. `Guards` is a conjunction of clauses; a
clause is a disjunction of literals, a literal an atom with a polarity. Guards serve one question only: can two things
hold in the same run? Forgetting a clause is therefore always allowed (the answer becomes yes more often).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

Literal: TypeAlias = tuple[str, bool]
Clause: TypeAlias = frozenset[Literal]

MOST_CLAUSES = 24
"""Clauses kept in one conjunction; past it, clauses of several literals are forgotten first, then the newest."""


class Guards(Struct, frozen=True, cache_hash=True):
    """A satisfiable conjunction. `units` are the literals that must hold, `clauses` the disjunctions of several."""

    units: frozenset[Literal] = frozenset()
    clauses: frozenset[Clause] = frozenset()

    def and_(self, other: Guards) -> Guards | None:
        """Both conjunctions together; None if they cannot hold in the same run."""
        if other is ALWAYS or other is self:
            return self
        if self is ALWAYS:
            return other
        return _both(self, other)

    def compatible(self, other: Guards) -> bool:
        if other is ALWAYS or self is ALWAYS:
            return True
        if not self.units.isdisjoint(_denied(other.units)):
            return False
        # A clause of which nothing is denied stays satisfiable.
        here = _literals(self.clauses).isdisjoint(_denied(other.units))
        if here and _literals(other.clauses).isdisjoint(_denied(self.units)):
            return True
        return _both(self, other) is not None

    def negated(self) -> Guards | None:
        """What holds when this does not; None when that is impossible. With clauses inside it is not exact: the part
        that cannot be said is forgotten."""
        if self.clauses:
            return ALWAYS
        if not self.units:
            return None
        return conjunction(frozenset(), frozenset({frozenset((atom, not value) for atom, value in self.units)}))

    def without(self, other: Guards) -> tuple[Guards, ...]:
        """The part of this in which the other does not hold, as conjunctions that exclude each other; exact."""
        found: list[Guards] = []
        rest: Guards | None = self
        for clause in (*(frozenset({unit}) for unit in sorted(other.units)), *sorted(other.clauses, key=sorted)):
            if rest is None:
                break
            outside = rest.and_(Guards(frozenset((atom, not value) for atom, value in clause)))
            if outside is not None:
                found.append(outside)
            rest = conjunction(rest.units, rest.clauses | {clause})
        return tuple(found)

    def atoms(self) -> frozenset[str]:
        """The conditions that this speaks of, whatever it says of them."""
        return frozenset(atom for atom, _ in (*self.units, *(literal for clause in self.clauses for literal in clause)))

    def mentions(self, text: str) -> bool:
        """Whether one of the conditions is about what `text` identifies."""
        return any(text in atom for atom in self.atoms())

    def asks_for_set(self, identity: str) -> bool:
        """Whether this holds only in runs for which somebody has set an environment variable."""
        return (_unset(identity), False) in self.units

    def asks_for_unset(self) -> bool:
        """Whether this holds only in runs for which nobody has set a certain environment variable."""
        return any(value and atom.startswith(_unset("")) for atom, value in self.units)

    def __repr__(self) -> str:
        units = [("" if value else "!") + atom for atom, value in sorted(self.units)]
        clauses = sorted("(" + "|".join(("" if v else "!") + a for a, v in sorted(c)) + ")" for c in self.clauses)
        return "&".join(units + clauses) or "always"


ALWAYS = Guards()


def build_guards(constraint: str) -> Guards:
    """The guards of a build constraint: a conjunction of tags and negated tags becomes their atoms, anything else one
    atom of its own (Go command documentation, 'Build constraints')."""
    guards = ALWAYS
    for term in constraint.split("&&"):
        tag = term.strip().removeprefix("!").strip()
        if not tag.replace("_", "").replace(".", "").isalnum():
            return when(f"build:{constraint}")
        guards = guards.and_(when(f"build:{tag}", not term.strip().startswith("!"))) or guards
    return guards


VARIABLE = "env:"
"""How an environment variable is named in an atom; `compare` in the evaluator writes atoms as 'LEFT == RIGHT'."""


UNSET_VARIABLE = f" == {VARIABLE}"
"""How the atom begins that asks whether an environment variable is empty."""


def _unset(identity: str) -> str:
    """The atom that asks whether an environment variable is empty; of any, for an empty identity its beginning."""
    return f"{UNSET_VARIABLE}{identity}"


def holds_by_default(guards: Guards) -> bool:
    """Whether guards can hold in a run for which nobody has set an environment variable."""
    asked = {name for name in guards.atoms() if VARIABLE in name and "==" in name}
    unset = frozenset((name, name.startswith(_unset(""))) for name in asked)
    return guards.and_(Guards(unset)) is not None


def when(atom: str, value: bool = True) -> Guards:
    """The guard of one atom."""
    return Guards(frozenset({(atom, value)}))


MOST_PRODUCT = 24
"""Clauses that writing a disjunction of conjunctions as clauses may give."""


def any_of(sides: tuple[Guards, ...]) -> Guards:
    """One conjunction that holds whenever one of the sides does, and perhaps at other times (see `disjunction`)."""
    return disjunction(sides)[0]


def disjunction(sides: tuple[Guards, ...]) -> tuple[Guards, bool]:
    """One conjunction that holds whenever one of the sides does, and whether it holds at no other time: a disjunction
    can be written as clauses only if it stays small."""
    if len(sides) == 1:
        return sides[0], True
    if not sides or any(side is ALWAYS for side in sides):
        return ALWAYS, True
    common = frozenset.intersection(*(side.units for side in sides))
    shared = frozenset.intersection(*(side.clauses for side in sides))
    literals = [(side.units - common, side.clauses - shared) for side in sides]
    rests = [units for units, _ in literals]
    product = 1
    for rest in rests:
        product *= max(1, len(rest))
    if any(not units and not clauses for units, clauses in literals):
        return Guards(common, shared), True
    if product > MOST_PRODUCT or any(not rest for rest in rests):
        return Guards(common, shared), False
    clauses: list[Clause] = [frozenset()]
    for rest in rests:
        clauses = [clause | {literal} for clause in clauses for literal in sorted(rest)]
    useful = frozenset(clause for clause in clauses if not _tautology(clause))
    exact = not any(more for _, more in literals)
    return conjunction(common, useful | shared) or Guards(common, shared), exact


def _tautology(clause: Clause) -> bool:
    return any((name, not value) in clause for name, value in clause)


@lru_cache(maxsize=1 << 16)
def _both(one: Guards, other: Guards) -> Guards | None:
    """Two conjunctions together. The same two meet again and again: at each statement that a branch guards, and in
    each value that was made there."""
    if other.units <= one.units and other.clauses <= one.clauses:
        return one
    if one.units <= other.units and one.clauses <= other.clauses:
        return other
    few, many = (one, other) if len(one.units) < len(other.units) else (other, one)
    if not many.units.isdisjoint(_denied(few.units)):
        return None
    units, clauses = one.units | other.units, one.clauses | other.clauses
    # Neither holds a literal that its own clauses speak of; where the other one does not either, nothing follows.
    spoken = _literals(clauses)
    if spoken.isdisjoint(units) and spoken.isdisjoint(_denied(units)):
        return _bounded(units, clauses)
    return conjunction(units, clauses)


@lru_cache(maxsize=1 << 14)
def _literals(clauses: frozenset[Clause]) -> frozenset[Literal]:
    return frozenset().union(*clauses)


@lru_cache(maxsize=1 << 14)
def _denied(units: frozenset[Literal]) -> frozenset[Literal]:
    return frozenset([(atom, not value) for atom, value in units])


def conjunction(units: frozenset[Literal], clauses: frozenset[Clause]) -> Guards | None:
    """Simplify by unit propagation; None if a contradiction shows."""
    known = dict(units)
    if len(known) < len(units):
        return None
    if not clauses:
        return _bounded(units, clauses)
    pending, changed = set(clauses), True
    while changed:
        changed = False
        for clause in tuple(pending):
            open_literals: list[Literal] = []
            for literal in clause:
                value = known.get(literal[0])
                if value is None:
                    open_literals.append(literal)
                elif value is literal[1]:
                    pending.discard(clause)
                    break
            else:
                if not open_literals:
                    return None
                if len(open_literals) == 1:
                    known[open_literals[0][0]] = open_literals[0][1]
                    pending.discard(clause)
                    changed = True
    return _bounded(frozenset(known.items()), frozenset(pending))


def _bounded(units: frozenset[Literal], clauses: frozenset[Clause]) -> Guards:
    if len(units) + len(clauses) <= MOST_CLAUSES:
        return Guards(units, clauses)
    kept_units = frozenset(sorted(units)[:MOST_CLAUSES])
    room = MOST_CLAUSES - len(kept_units)
    return Guards(kept_units, frozenset(sorted(clauses, key=sorted)[:room]))
