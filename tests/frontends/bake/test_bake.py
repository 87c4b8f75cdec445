"""Bake files: expressions, places, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck import ir
from tagcheck.frontends import bake
from tagcheck.frontends.api import EntryKind
from tagcheck.irdump import dump_expression as expression
from tagcheck.source import Text

FUNCTIONS = 'function "named" { params = [a, b]\n result = ["${a}/${b}:${TAG}"] }\n'


def lowered(written: str) -> ir.Expression:
    file = bake.lower_text(Text.of_file("b.hcl", f"{FUNCTIONS}x = {written}\n"))
    assert file is not None
    return dict(file.attributes)["x"].value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"a"', '"a"'),
        ("1.50", '"1.5"~'),
        ("true", '"true"'),
        ("null", "nil"),
        ("TAG", "TAG"),
        ('"${TAG}"', "TAG"),
        ('" a ${TAG} b"', 'join(" a ", TAG, " b")'),
        ('"$${TAG}\\"\\n"', '"${TAG}\\"\\n"~'),
        ('["a", TAG]', 'list("a", TAG)'),
        ('TAG == "" ? [] : ["a:${TAG}"]', 'choice((TAG == ""), list(), list(join("a:", TAG)))'),
        ('concat(["a"], B)', 'list(spread(list("a")), spread(B))'),
        ('join("-", ["a", B])', 'join("a", "-", B)'),
        ('format("%s:%s", A, B)', 'join(""~, A, ":"~, B, ""~)'),
        ('[for v in ["1", "2"] : "a:${v}"]', 'list(join("a:", "1"), join("a:", "2"))'),
        ('named("r", N)', 'list(join("r", "/", N, ":", TAG))'),
        ("lower(A)", "lower!(A)"),
        ("item.name", 'item["name"]'),
        ("list[0]", "list[0]"),
        ("<<EOT\na:${TAG}\nEOT", 'join("a:", TAG, "\\n")'),
    ],
)
def test_expressions(written: str, expected: str) -> None:
    assert expression(lowered(written)) == expected


@pytest.mark.parametrize(
    "written",
    [
        "1 + 2",
        "timestamp()",
        '"%{if A}x%{endif}"',
        "[for v in LIST : v]",
        "a[*].b",
        'format("%05d", 1)',
        'replace(A, "*", "")',
        'named("only one")',
        "named(ARGUMENTS...)",
    ],
)
def test_what_is_not_understood_is_a_hole(written: str) -> None:
    assert "opaque" in expression(lowered(written))


def test_names_keep_their_places() -> None:
    file = bake.lower_text(Text.of_file("b.hcl", 'target "ä" {\n  tags = ["é/a:${TAG}"]\n}\n'))
    assert file is not None
    value = dict(file.blocks[0].attributes)["tags"].value
    assert isinstance(value, ir.ListOf)
    name = value.items[0]
    assert isinstance(name, ir.Join)
    assert (name.span.line, name.span.column, name.span.end_column) == (2, 12, 22)
    assert (name.parts[1].span.line, name.parts[1].span.column) == (2, 18)


def test_variables_that_a_value_is_made_of() -> None:
    file = bake.lower_text(Text.of_file("b.json", '{"target": {"a": {"tags": ["${R}/a:${lower(T)}"]}}}'))
    assert file is not None
    assert dict(file.blocks[0].attributes)["tags"].mentions == {"R", "T"}


def test_a_file_is_a_statement_and_an_override_is_not() -> None:
    content = b'target "a" {}'
    assert bake.parse("docker-bake.hcl", content, "").entries == (("docker-bake.hcl", EntryKind.STATEMENT),)
    assert bake.parse("docker-bake.override.hcl", content, "").entries == ()
    assert bake.relevant("ci/docker-bake.hcl", content) and not bake.relevant("main.hcl", content)


@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"(" * 100_000,
        b'x = "' + b'${"' * 50_000,
        b"x = " + b"[" * 200 + b"]" * 200,
        b"x = \0",
        b"x = \xff",
        b"target {",
        b"x" * (2 << 20),
        b'{"a": ',
        b"{" * 100_000,
    ],
)
def test_what_cannot_be_read_is_a_problem(content: bytes) -> None:
    assert bake.parse("docker-bake.hcl", content, "").problems


@pytest.mark.parametrize(
    "written", ["a" + "&&a" * 20_000, "!" * 5000 + "a", "a ? b : " * 5000 + "c", "f(" * 50 + ")" * 50]
)
def test_long_chains_are_bounded(written: str) -> None:
    assert len(expression(lowered(written))) < 100_000


def test_functions_that_call_each_other_are_bounded() -> None:
    doubling = "".join(
        f'function "f{i}" {{ params = [a]\n result = [f{i + 1}(a), f{i + 1}(a), f{i + 1}(a)] }}\n' for i in range(40)
    )
    file = bake.lower_text(Text.of_file("b.hcl", doubling + "x = f0(1)\n"))
    assert file is not None


PIECES = [
    '"',
    "${",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    "target",
    " a ",
    "=",
    "\n",
    "%{if",
    "for",
    "in",
    ":",
    "?",
    "<<E",
    "\\",
    "é",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_nothing_raises(written: str) -> None:
    bake.parse("docker-bake.hcl", written.encode(), "")
    bake.lower_text(Text.of_file("b.hcl", written))
    bake.lower_text(
        Text.of_file("b.json", '{"x": "' + written.replace("\\", "").replace('"', "").replace("\n", "") + '"}')
    )
