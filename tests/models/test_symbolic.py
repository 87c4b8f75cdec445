"""Functions of texts with holes: parts, replacement, splitting, and the laws that literal texts obey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.builtins.symbolic import (
    ONLY_DATE,
    SLOW_CLOCK,
    as_text,
    combine,
    derived,
    replace_text,
    slice_text,
    split_text,
)
from tagcheck.comparison import Same, same
from tagcheck.guards import when
from tagcheck.source import Position
from tagcheck.values import MOST_OPTIONS, Alternatives, Hole, HoleKind, Opaque, Origin, Piece, Text, Value, alternatives

from .fake import FakeMachine, run_model, value_of
from .test_loading import MODELS

UNIQUE = Text.of_hole(Hole(HoleKind.UNIQUE, "u", "uuid"))
OTHER = Text.of_hole(Hole(HoleKind.UNIQUE, "v", "uuid"))
ENVIRONMENT = Text.of_hole(Hole(HoleKind.ENVIRONMENT, "TAG", "TAG"))
words = st.text(alphabet="ab:-/", max_size=8)


def in_pieces(parts: list[str]) -> Text:
    """A literal text in several pieces, each with the place it would have in one line."""
    pieces: list[Piece] = []
    column = 1
    for part in parts:
        if part:
            pieces.append(Piece(part, Origin(Position("f", 1, column))))
        column += len(part)
    return Text(tuple(pieces))


@given(st.lists(words, max_size=4), st.integers(0, 12), st.integers(0, 12))
def test_slices_of_literals_are_slices(parts: list[str], low: int, high: int) -> None:
    whole = "".join(parts)
    sliced = slice_text(in_pieces(parts), low, high)
    assert sliced.literal == whole[low:high]
    if sliced.parts:
        assert sliced.origin == Position("f", 1, low + 1)


@given(st.lists(words, max_size=4), words, words)
def test_replacement_in_literals_is_replacement(parts: list[str], old: str, new: str) -> None:
    if old:
        assert replace_text(in_pieces(parts), old, Text.of(new)).literal == "".join(parts).replace(old, new)


@given(st.lists(words, max_size=4), st.sampled_from([":", "-", "ab"]))
def test_splits_of_literals_are_splits(parts: list[str], separator: str) -> None:
    found = [text.literal for text in split_text(in_pieces(parts), separator)]
    assert found == "".join(parts).split(separator)


def test_a_slice_of_one_value_is_equal_to_itself_and_no_other() -> None:
    first, again, other = slice_text(UNIQUE, 0, 8), slice_text(UNIQUE, 0, 8), slice_text(OTHER, 0, 8)
    assert same(first, again) is Same.YES
    assert same(first, other) is Same.NO
    assert same(first, UNIQUE) is Same.MAYBE


def test_slices_before_at_and_behind_a_hole() -> None:
    text = Text.of("svc-") + UNIQUE
    assert str(slice_text(text, 0, 3)) == "svc"
    assert str(slice_text(text, 4, None)) == "<unique>"
    assert str(slice_text(text, 2, None)) == "c-<unique>"
    assert str(slice_text(text, 0, 10)) == "svc-<unique>"
    assert str(slice_text(text + Text.of("-x"), 8, None)) == "<?>"
    assert str(slice_text(UNIQUE + Text.of("-x"), 0, 8)) == "<unique>"


def clock(verb: str, machine: FakeMachine) -> Text:
    nanoseconds = MODELS.find("time.Time.UnixNano")
    sprintf = MODELS.find("fmt.Sprintf")
    assert nanoseconds is not None and sprintf is not None
    now = run_model(nanoseconds, machine, [], value_of(machine, {"clock": 1}))[0]
    return as_text(run_model(sprintf, machine, [Text.of(verb), now], None)[0])


@pytest.mark.parametrize(
    ("verb", "low", "high", "weak"),
    [
        ("%x", 0, 8, SLOW_CLOCK),
        ("%x", 0, 12, ""),
        ("%x", 8, None, ""),
        ("%d", 0, 10, SLOW_CLOCK),
        ("%d", 0, 16, ""),
        ("%d", 0, None, ""),
    ],
)
def test_leading_digits_of_a_nanosecond_clock_are_weak(verb: str, low: int, high: int | None, weak: str) -> None:
    (hole,) = slice_text(clock(verb, FakeMachine()), low, high).holes
    assert hole.kind is HoleKind.UNIQUE
    assert hole.weak == weak


def test_dates_are_weak() -> None:
    machine = FakeMachine()
    model = MODELS.find("time.Time.Format")
    assert model is not None
    for layout, weak in [("20060102", ONLY_DATE), ("2006-01-02", ONLY_DATE), ("20060102-150405", ""), ("1504", "")]:
        text = as_text(run_model(model, machine, [Text.of(layout)], value_of(machine, {"clock": 1}))[0])
        assert text.holes[0].weak == weak


def test_digests_keep_what_is_unique() -> None:
    mixed = Text.of("a") + UNIQUE
    digest = derived("sha256", mixed, keeps_unique=True)
    assert same(digest, derived("sha256", mixed, keeps_unique=True)) is Same.YES
    assert digest.holes[0].kind is HoleKind.UNIQUE
    assert same(digest, derived("sha256", Text.of("a") + OTHER, keeps_unique=True)) is Same.NO
    assert same(derived("sha256", Text.of("a")), derived("sha256", Text.of("b"))) is Same.MAYBE


def test_weakness_of_a_digest_is_that_of_all_inputs() -> None:
    weak = Text.of_hole(Hole(HoleKind.UNIQUE, "w", "clock", weak=ONLY_DATE))
    assert derived("f", Text.of("a") + weak, keeps_unique=True).holes[0].weak == ONLY_DATE
    assert derived("f", weak + UNIQUE, keeps_unique=True).holes[0].weak == ""


def test_placeholders_are_replaced_between_holes_of_the_environment() -> None:
    text = Text.of("image: ${IMG} ") + ENVIRONMENT
    replaced = replace_text(text, "${IMG}", UNIQUE)
    assert [str(hole) for hole in replaced.holes] == ["<unique>", "<env TAG>"]
    assert replaced.holes[1].part == ""
    assert replace_text(ENVIRONMENT, "/", Text.of("-")).holes[0].part != ""


def test_alternatives_are_combined_under_compatible_guards() -> None:
    chosen = alternatives([(when("a"), Text.of("x")), (when("a", False), Text.of("y"))])
    both = combine((chosen, chosen), lambda row: as_text(row[0]) + as_text(row[1]))
    assert isinstance(both, Alternatives)
    assert [str(option) for _, option in both.options] == ["xx", "yy"]


def test_too_many_combinations_are_opaque_and_equal_to_themselves() -> None:
    many: list[Value] = [
        alternatives([(when(f"{index}"), Text.of("x")), (when(f"{index}", False), Text.of(f"y{index}"))])
        for index in range(MOST_OPTIONS)
    ]
    found = [combine(tuple(many), lambda row: as_text(row[0])) for _ in range(2)]
    assert isinstance(found[0], Opaque)
    assert found[0] == found[1]
