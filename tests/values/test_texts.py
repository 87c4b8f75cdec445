"""Symbolic texts: what is said to be equal or different is so in every run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.comparison import Same, same
from tagcheck.guards import when
from tagcheck.values import Alternatives, Filling, Hole, HoleKind, Number, Opaque, Piece, Text, alternatives

LETTERS = "ab:/"
FREE = (HoleKind.ENVIRONMENT, HoleKind.PARAMETER, HoleKind.OPAQUE, HoleKind.OUTPUT)

pieces = st.text(LETTERS, min_size=1, max_size=3).map(Piece)
free_holes = st.builds(
    lambda kind, name: Filling(Hole(kind, name, name)), st.sampled_from(FREE), st.sampled_from("xyz")
)
unique_holes = st.sampled_from("uvw").map(lambda name: Filling(Hole(HoleKind.UNIQUE, name, name)))
texts = st.lists(st.one_of(pieces, free_holes, unique_holes), max_size=5).map(lambda parts: Text(tuple(parts)))
assignments = st.fixed_dictionaries({name: st.text(LETTERS, max_size=3) for name in "xyz"})
DRAWN = {"u": "\u0001", "v": "\u0002", "w": "\u0003"}
"""What the unique values are in a run: nothing that anybody else could have written."""


def in_a_run(text: Text, values: dict[str, str]) -> str:
    """The text in one run, in which the free holes have these values."""
    found: list[str] = []
    for part in text.parts:
        if isinstance(part, Piece):
            found.append(part.text)
        elif part.hole.kind is HoleKind.UNIQUE:
            found.append(DRAWN[part.hole.identity])
        else:
            found.append(values[part.hole.identity])
    return "".join(found)


def only_one_kind(text: Text, kind: HoleKind) -> Text:
    """The same text with all free holes of one kind, so that a name stands for one unknown."""
    parts = (
        part
        if isinstance(part, Piece) or part.hole.kind is HoleKind.UNIQUE
        else Filling(Hole(kind, part.hole.identity))
        for part in text.parts
    )
    return Text(tuple(parts))


@given(texts, texts, assignments)
def test_what_is_certainly_different_is_equal_in_no_run(left: Text, right: Text, values: dict[str, str]) -> None:
    a, b = only_one_kind(left, HoleKind.ENVIRONMENT), only_one_kind(right, HoleKind.ENVIRONMENT)
    if same(a, b) is Same.NO:
        assert in_a_run(a, values) != in_a_run(b, values)


@given(texts, texts, assignments)
def test_what_is_certainly_equal_is_equal_in_every_run(left: Text, right: Text, values: dict[str, str]) -> None:
    a, b = only_one_kind(left, HoleKind.PARAMETER), only_one_kind(right, HoleKind.PARAMETER)
    if same(a, b) is Same.YES:
        assert in_a_run(a, values) == in_a_run(b, values)


@given(texts, texts)
def test_comparison_has_no_direction(left: Text, right: Text) -> None:
    assert same(left, right) is same(right, left)


@given(texts)
def test_a_text_is_itself(text: Text) -> None:
    assert same(text, text) is Same.YES


@given(texts, st.text(LETTERS, min_size=1, max_size=2), assignments)
def test_splitting_and_joining_gives_the_text_back(text: Text, separator: str, values: dict[str, str]) -> None:
    parts = text.split(separator)
    assert separator.join(in_a_run(part, values) for part in parts) == in_a_run(text, values)


def test_an_opaque_value_proves_nothing() -> None:
    unknown = Text.of_hole(Hole(HoleKind.OPAQUE, "f", "f"))
    drawn = Text.of_hole(Hole(HoleKind.UNIQUE, "u", "u"))
    assert same(unknown, drawn) is Same.MAYBE
    assert same(unknown, Text.of("a")) is Same.MAYBE


def test_a_literal_is_no_unique_value() -> None:
    tag = Text.of("e2e-") + Text.of_hole(Hole(HoleKind.UNIQUE, "u", "clock"))
    assert same(Text.of("e2e-test"), tag) is Same.NO
    assert same(Text.of_hole(Hole(HoleKind.ENVIRONMENT, "TAG", "TAG")), tag) is Same.NO


def test_equal_alternatives_are_one_value() -> None:
    assert alternatives([(when("a"), Number(1)), (when("a", False), Number(1))]) == Number(1)
    two = alternatives([(when("a"), Number(1)), (when("a", False), Number(2))])
    assert isinstance(two, Alternatives)


def test_past_the_bound_alternatives_are_opaque() -> None:
    many = alternatives((when(f"a{number}"), Number(number)) for number in range(100))
    assert isinstance(many, Opaque)


@pytest.mark.parametrize(
    ("part", "tag", "expected"),
    [
        ("", "latest", Same.NO),
        ("", "e2e", Same.NO),
        ("", "abc1234", Same.MAYBE),
        ("", "abc1234-dirty", Same.NO),
        (".[0:7]", "v1.0.0", Same.NO),
        (".[0:7]", "e2e", Same.MAYBE),
        (".upper", "latest", Same.MAYBE),
    ],
)
def test_a_hash_is_no_text_with_other_characters(part: str, tag: str, expected: Same) -> None:
    registry = Text.of_hole(Hole(HoleKind.ENVIRONMENT, "REGISTRY"))
    commit = Text.of_hole(Hole(HoleKind.OUTPUT, "git rev-parse HEAD", part=part, shape="hash"))
    assert same(Text.of("app:") + commit, Text.of(f"app:{tag}")) is expected
    assert same(registry + Text.of(f"/app:{tag}"), registry + Text.of("/app:") + commit) is expected


def test_what_stands_before_a_hash_must_be_the_same_for_its_shape_to_tell() -> None:
    unknown, other = (Text.of_hole(Hole(HoleKind.OPAQUE, name)) for name in ("a", "b"))
    commit = Text.of_hole(Hole(HoleKind.OUTPUT, "git rev-parse HEAD", shape="hash"))
    assert same(unknown + commit, other + Text.of("latest")) is Same.MAYBE
    assert same(unknown + commit, unknown + Text.of("latest")) is Same.NO
