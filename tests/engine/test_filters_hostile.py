"""Programs of filters that are made to break a reader, or to take long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.builtins import editing, queries
from tagcheck.builtins.globs import replaced, trimmed
from tagcheck.builtins.patterns import Costly, glob, pattern
from tagcheck.values import EMPTY, Text

WRITTEN = st.text(alphabet="abs/|.*+?()[]{}\\^$&1,;!dpe \n\ue000\"'=", max_size=40)
QUERY = st.text(alphabet='.ab[]0|=()"$ selctnvr+!', max_size=40)


@given(WRITTEN, WRITTEN, st.booleans())
@settings(deadline=None)
def test_edits_never_raise(script: str, text: str, extended: bool) -> None:
    edits = editing.parse(Text.of(script), extended, perl=False)
    if edits is not None:
        editing.edited(Text.of(text), edits, False, lambda wanted, new: None)


@given(WRITTEN, WRITTEN, st.booleans())
@settings(deadline=None)
def test_globs_never_raise(wanted: str, text: str, longest: bool) -> None:
    replaced("replace-all", Text.of(text), wanted, Text.of("x"))
    for at_end in (True, False):
        trimmed(Text.of(text), wanted, at_end, longest)


@given(QUERY)
@settings(deadline=None)
def test_queries_never_raise(written: str) -> None:
    query = queries.parse(Text.of(written))
    if query is not None:
        answer = queries.ask(query, Text.of("x"), lambda variable: EMPTY, lambda wanted, new: None)
        if answer is not None:
            queries.found_at(answer)


@pytest.mark.parametrize("written", ["(a+)+$", "(a|aa)*b", "(.*)*x", "((a*)*)*", "(a{1,9}){1,9}x", "a**"])
def test_what_takes_exponential_time_is_refused(written: str) -> None:
    assert pattern(written, extended=True) is None


@pytest.mark.parametrize("written", [".*.*.*x", "*a*b*c"])
def test_what_takes_long_on_long_lines_is_refused(written: str) -> None:
    found = pattern(written, extended=True) if written[0] == "." else glob(written)
    assert found is not None
    with pytest.raises(Costly):
        found.whole("a" * 3000)


def test_ends_of_lines_are_found() -> None:
    edits = editing.parse(Text.of("s/b$/c/"), extended=False)
    assert edits is not None
    assert str(editing.edited(Text.of("ab\nb b\n"), edits, False, lambda wanted, new: None)) == "ac\nb c\n"
