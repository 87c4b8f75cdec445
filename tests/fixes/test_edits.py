"""Edits of bytes, and places in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagcheck.fixes.difference import unified
from tagcheck.fixes.edits import Edit, applied, moved, overlapping
from tagcheck.fixes.fixing import Change
from tagcheck.fixes.sources import Source, Sources
from tagcheck.source import Span


def edit(start: int, end: int, text: bytes = b"") -> Edit:
    return Edit("a", start, end, text)


def test_edits_touch_each_other() -> None:
    assert not overlapping(())
    assert not overlapping((edit(0, 2), edit(2, 4)))
    assert not overlapping((edit(0, 2), Edit("b", 1, 2, b"")))
    assert overlapping((edit(0, 3), edit(2, 4)))
    assert overlapping((edit(2, 2, b"x"), edit(2, 2, b"y")))


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """A content and edits of it that do not overlap."""
    content = draw(st.binary(max_size=30))
    ends = sorted(draw(st.sets(st.integers(0, len(content)), max_size=8)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    return content, [edit(start, end, draw(st.binary(max_size=5))) for start, end in pairs]


@given(edited())
def test_what_lies_outside_of_edits_stays_and_moves(case: tuple[bytes, list[Edit]]) -> None:
    content, edits = case
    after = applied(content, edits)
    inside = {offset for each in edits for offset in range(each.start, each.end)}
    for offset in set(range(len(content))) - inside:
        assert after[moved(offset, edits)] == content[offset]
    assert applied(content, ()) == content


@given(st.text(alphabet="aé\u20ac😀\ufeff \r\n", max_size=40))
def test_places_and_offsets_correspond(text: str) -> None:
    source = Source(text.encode())
    for index in range(text.startswith("\ufeff"), len(text) + 1):
        offset = len(text[:index].encode())
        line, column = source.place(offset)
        assert source.offset(line, column) == offset


def test_places_that_are_none() -> None:
    source = Source(b"ab\n\xff\n")
    assert [source.offset(*place) for place in ((0, 1), (1, 0), (1, 5), (2, 1), (9, 1))] == [None] * 5
    assert source.range(Span("a", 1, 2, 1, 1)) is None
    assert Sources({"a": b"\xff"}.get).get("a") is None
    assert Sources({"a": b"x"}.get).get("b") is None


def test_the_kind_of_line_break() -> None:
    assert Source(b"a\r\nb").line_end(0) == (1, b"\r\n")
    assert Source(b"a\r\nb").line_end(3) == (4, b"\r\n")
    assert Source(b"a\nb").line_end(0) == (1, b"\n")


def test_the_diff_is_that_of_bytes() -> None:
    found = unified([Change("d/é", b"a\r\nb\xff", b"a\r\nc\xff")])
    assert found == (
        b"--- a/d/\xc3\xa9\n+++ b/d/\xc3\xa9\n@@ -1,2 +1,2 @@\n a\r\n"
        b"-b\xff\n\\ No newline at end of file\n+c\xff\n\\ No newline at end of file\n"
    )
