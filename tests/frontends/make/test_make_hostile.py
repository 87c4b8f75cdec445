"""Makefiles that are made to break a reader: they are read in bounded depth and time."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.frontends import make
from tagcheck.frontends.make.expansions import expansion
from tagcheck.frontends.make.parser import parse
from tagcheck.source import Text
from tests.engine.makes import target

N = 5_000

LARGE = {
    "references": "x = " + "$(a " * N + ")" * N,
    "open references": "x = " + "$(a" * N,
    "open functions": "x = " + "$(if a," * N,
    "calls": "x = " + "$(call f," * N + ")" * N,
    "dollars": "x = " + "$" * N,
    "substitutions": "x = " + "$(a:b=" * N + ")" * N,
    "brackets": "x = $(a " + "(" * N + ")" * N + ")",
    "conditionals": "ifdef x\n" * N + "y = 1\n" + "endif\n" * N,
    "open conditionals": "ifeq (a,b)\n" * N,
    "else": "ifdef x\n" + "else ifdef y\n" * N + "endif\n",
    "endifs": "endif\n" * N,
    "defines": "define x\n" * N,
    "continuations": "x = a" + " \\\n b" * N,
    "backslashes": "\\" * N + "\n",
    "recipe": "a:\n" + "\tb \\\n" * N,
    "rules": "a: b\n" * N,
    "targets": "a " * N + ": b\n",
    "colons": ":" * N,
    "appends": "x = a\n" + "x += $(y)\n" * N,
    "comments": "#\\\n" * N,
    "holes": "a: \ue000\n\t\ue001" * 500,
    "carriage returns": "x = a\r\n\tb\r\n" * N,
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_depth_is_bounded(text: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        assert parse(Text.of_file("Makefile", text)) is not None
        tree = {"Makefile": text + "\nzz:\n\tdocker push a:$(x)\n"}
        if "zz" in make.parse("Makefile", tree["Makefile"].encode(), "Makefile").procedures:
            target(tree, "zz")
    finally:
        sys.setrecursionlimit(limit)


_TOKENS = (
    "ifeq (a,|ifdef x|else|endif|define x|endef|x = $(x)|x := $(y) \\|a b: c $(x)|\tdocker|push $(x:%=|$(call x,|"
    "$(eval $(x))|%.o: %.c|include x.mk|export|override x += y|a: x = 1|\t@-push $@|$(foreach i,a b,$(i))|$(shell echo|"
    ")|}|${x|undefine x|.ONESHELL:|#c\\"
)
_LINES = st.lists(st.sampled_from(_TOKENS.split("|")), max_size=25)


@settings(max_examples=150, deadline=None)
@given(_LINES, st.text(max_size=40))
def test_no_text_raises(lines: list[str], rest: str) -> None:
    text = "\n".join(lines) + rest
    unit = make.parse("Makefile", text.encode("utf-8", "replace"), "Makefile")
    for name in list(unit.procedures)[:3]:
        target({"Makefile": text.encode("utf-8", "replace").decode()}, name)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="$({})a,:= \\#'\n", max_size=60))
def test_expansions_keep_every_character(text: str) -> None:
    source = Text.of_file("Makefile", text)
    for part in expansion(source):
        assert (part.span.line, part.span.column) <= (part.span.end_line, part.span.end_column)
    assert parse(source) is not None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a:\n\t\x80"])
def test_what_is_no_text_is_a_problem(content: bytes) -> None:
    assert [each.message for each in make.parse("Makefile", content, "").problems] == [
        "is not valid UTF-8; save the file as UTF-8 text"
    ]


def test_an_open_conditional_is_a_problem() -> None:
    problems = make.parse("Makefile", b"x = 1\nifdef y\nz = 1\n", "").problems
    assert [(each.line, each.message) for each in problems] == [(2, "has no endif; add one")]
