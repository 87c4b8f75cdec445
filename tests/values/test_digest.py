"""The identity of a set of options: short to make, however large the options are when written out."""

from __future__ import annotations

from tagcheck.guards import when
from tagcheck.values import Number, Opaque, Record, Text, Value, alternatives, hash_text


def shared(depth: int, leaf: str) -> Value:
    value: Value = Text.of(leaf)
    for _ in range(depth):
        value = Record("t", (("a", value), ("b", value)))
    return value


def digest(guard: str, leaf: str) -> str:
    return hash_text([(when(guard), shared(60, leaf))])


def test_parts_that_values_share_count_once() -> None:
    one, again, leaf, guard = digest("x", "a"), digest("x", "a"), digest("x", "b"), digest("y", "a")
    assert one == again
    assert len({one, leaf, guard}) == 3


def test_too_many_alternatives_are_the_same_opaque_value_each_time() -> None:
    made = [alternatives((when(f"c{at}"), Number(at)) for at in range(40)) for _ in range(2)]
    assert isinstance(made[0], Opaque)
    assert made[0] == made[1]
