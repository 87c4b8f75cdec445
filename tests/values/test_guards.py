"""Guards: conjunctions, disjunctions and negations hold in exactly the runs that they should, or in more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagcheck.guards import ALWAYS, Guards, build_guards, conjunction, disjunction, holds_by_default, when

ATOMS = "abcd"
literals = st.tuples(st.sampled_from(ATOMS), st.booleans())
runs = st.fixed_dictionaries({atom: st.booleans() for atom in ATOMS})
conjunctions = st.builds(
    lambda units, clauses: conjunction(frozenset(units), frozenset(map(frozenset, clauses))),
    st.sets(literals, max_size=3),
    st.lists(st.sets(literals, min_size=2, max_size=3), max_size=2),
)
Run = dict[str, bool]


def holds(guards: Guards | None, run: Run) -> bool:
    if guards is None:
        return False
    units = all(run[atom] is value for atom, value in guards.units)
    return units and all(any(run[atom] is value for atom, value in clause) for clause in guards.clauses)


@given(conjunctions, conjunctions, runs)
def test_both_hold_where_each_holds(left: Guards | None, right: Guards | None, run: Run) -> None:
    if left is not None and right is not None:
        assert holds(left.and_(right), run) == (holds(left, run) and holds(right, run))


@given(st.lists(conjunctions, min_size=1, max_size=4), runs)
def test_a_disjunction_forgets_but_never_invents(sides: list[Guards | None], run: Run) -> None:
    present = tuple(side for side in sides if side is not None)
    guards, exact = disjunction(present)
    some = any(holds(side, run) for side in present)
    if present and some:
        assert holds(guards, run)
    if present and exact:
        assert holds(guards, run) == some


@given(conjunctions, runs)
def test_a_negation_holds_wherever_the_other_does_not(guards: Guards | None, run: Run) -> None:
    if guards is not None and not holds(guards, run):
        assert holds(guards.negated(), run)


@given(conjunctions, conjunctions, runs)
def test_a_difference_is_exact(left: Guards | None, right: Guards | None, run: Run) -> None:
    if left is not None and right is not None:
        rest = [holds(part, run) for part in left.without(right)]
        assert sum(rest) == (holds(left, run) and not holds(right, run))


def test_a_plain_run_has_no_variables_set() -> None:
    assert holds_by_default(ALWAYS)
    assert holds_by_default(when(" == env:IMAGE_TAG"))
    assert not holds_by_default(when(" == env:IMAGE_TAG", False))
    assert not holds_by_default(when("'true' == env:COVERAGE"))


def test_build_constraints_exclude_each_other() -> None:
    assert not build_guards("podman").compatible(build_guards("!podman"))
    assert build_guards("linux && podman").compatible(build_guards("podman"))
    assert build_guards("a || b").compatible(build_guards("!a"))
