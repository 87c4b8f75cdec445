"""Input that is made to break a reader: it is read in bounded depth, or refused."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck import ir
from tagcheck.frontends import shell
from tagcheck.frontends.shell.guard import MOST_BYTES, MOST_NESTING
from tagcheck.irdump import dump_procedure
from tagcheck.source import Text

N = 5_000

LARGE = {
    "list": "a" + " && a" * N,
    "mixed list": "a" + " && a || b" * N,
    "pipeline": "a" + " | a" * N,
    "else if": "if a; then b" + "; elif a; then b" * N + "; fi",
    "ifs": "if a; then " * N + "b" + "; fi" * N,
    "loops": "while a; do " * N + "b" + "; done" * N,
    "cases": "case $x in " + "a) b;; " * N + "esac",
    "substitutions": "a " + "$(b " * 150 + ")" * 150,
    "expansions": "a " + "${b:-" * 150 + "}" * 150,
    "quoted substitutions": 'a "' + '$(b "' * 100 + '")' * 100 + '"',
    "backquotes": "a " + "`b " * N,
    "functions": "f() { " * 150 + "a" + "; }" * 150,
    "subshells": "( " * 150 + "a" + " )" * 150,
    "negations": "! " * N + "a",
    "words": "a" + " $b" * N,
    "one word": "a " + "$b" * N,
    "conditions": "[[ a" + " && b" * N + " ]] && c",
    "groups": "[[ " + "( " * 150 + "a" + " )" * 150 + " ]] && c",
    "here-documents": "a <<E\nx\nE\n" * N,
    "open here-documents": "a <<E\n" * N,
    "redirections": "a" + " > b" * N,
    "open quotes": "a '\n" * N,
    "backslashes": "a \\" * N,
    "evals": "eval 'a'\n" * 500,
    "holes": "\ue000" * N,
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_depth_is_bounded(text: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        procedure = shell.lower_text(Text.of_file("a.sh", text), "sh:a.sh")
        assert procedure.body
        dump_procedure(procedure)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$(" * (MOST_NESTING + 1), f"brackets are nested more than {MOST_NESTING} deep; not read as shell"),
        ("a\n" * (MOST_BYTES // 2 + 1), f"larger than {MOST_BYTES} bytes; not read as shell"),
        ("a\0b", "holds a NUL byte; save the file as UTF-8 text"),
    ],
    ids=["nesting", "size", "NUL"],
)
def test_what_is_refused_says_so(text: str, reason: str) -> None:
    (only,) = shell.lower_text(Text.of_file("a.sh", text), "sh:a.sh").body
    assert isinstance(only, ir.Assign)
    assert isinstance(only.value, ir.Opaque)
    assert only.value.reason == reason
    unit = shell.parse("a.sh", text.encode(), "a.sh")
    assert [problem.message for problem in unit.problems] == [reason]
    assert not unit.procedures


def test_bytes_that_are_no_text_are_named() -> None:
    unit = shell.parse("a.sh", b"a\nb \xff", "a.sh")
    assert unit.problems == (ir.Problem("a.sh", 2, 3, "is not valid UTF-8; save the file as UTF-8 text"),)


def test_what_does_not_parse_leaves_the_rest() -> None:
    body = shell.lower_text(Text.of_file("a.sh", "docker build -t a .\nfi\ndocker push a\n"), "sh:a.sh").body
    assert any(isinstance(each, ir.Run) for each in body)


PIECES = st.sampled_from(
    ["a", " ", "\n", ";", "&&", "||", "|", "&", "$", "${", "}", "$(", ")", "(", "`", '"', "'", "\\", "<<E\n", "E\n",
     "<<<", ">", "<", "if", "then", "fi", "for", "in", "do", "done", "case", "esac", "while", "function", "[[", "]]",
     "[", "]", "=", "+=", ":-", "%", "#", "*", "@", "1", "é", "\ue000", "export", "local", "trap", "eval", "EXIT", "\t"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_nothing_raises(pieces: list[str]) -> None:
    text = "".join(pieces)
    procedure = shell.lower_text(Text.of_file("a.sh", text), "sh:a.sh")
    first = dump_procedure(procedure)
    assert dump_procedure(shell.lower_text(Text.of_file("a.sh", text), "sh:a.sh")) == first


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(content: bytes) -> None:
    unit = shell.parse("a.sh", content, "a.sh")
    for procedure in unit.procedures.values():
        dump_procedure(procedure)
    assert bool(unit.procedures) != bool(unit.problems)
