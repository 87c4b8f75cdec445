"""Positioned YAML: spans, limits, recovery."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.frontends.yamltext import MOST_CHARACTERS, MOST_PROBLEMS, compose, decode, plain, text_of
from tagcheck.ir import Choice, Constant, Expression, Join, ListOf, Literal, MapOf, Opaque, Problem
from tagcheck.source import Chunk, Position, Span, Text


def read(text: str) -> Expression:
    composed = compose(Text.of_file("f.yaml", text))
    assert composed.problems == ()
    (document,) = composed.documents
    return document.root


def nodes(root: Expression) -> Iterator[Expression]:
    yield root
    match root:
        case MapOf(entries=entries):
            for key, value in entries:
                yield from nodes(key)
                yield from nodes(value)
        case ListOf(items=items):
            for item in items:
                yield from nodes(item)
        case Join(parts=parts):
            for part in parts:
                yield from nodes(part)


def value(root: Expression, key: str) -> Expression:
    assert isinstance(root, MapOf)
    return next(found for name, found in root.entries if plain(name) == key)


def as_data(root: Expression) -> object:
    match root:
        case MapOf(entries=entries):
            return {str(as_data(key)): as_data(found) for key, found in entries}
        case ListOf(items=items):
            return [as_data(item) for item in items]
        case Constant(value=constant):
            return constant
        case _:
            return plain(root)


def source_at(text: str, span: Span) -> str:
    lines = text.split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    middle = lines[span.line : span.end_line - 1]
    return "\n".join(
        [lines[span.line - 1][span.column - 1 :], *middle, lines[span.end_line - 1][: span.end_column - 1]]
    )


@pytest.mark.parametrize(
    ("text", "content", "line", "column", "end_column", "exact"),
    [
        ("a: nginx:1\n", "nginx:1", 1, 4, 11, True),
        ("a: 'nginx:1'\n", "nginx:1", 1, 5, 12, True),
        ('a: "nginx:1"\n', "nginx:1", 1, 5, 12, True),
        ('a: "nginx\\x3a1"\n', "nginx:1", 1, 5, 15, False),
        ("a: 'it''s'\n", "it's", 1, 5, 10, False),
        ("a: !!str 5\n", "5", 1, 10, 11, True),
        ("a: &name 'x'\n", "x", 1, 11, 12, True),
        ("a: |-\n    x y\n", "x y", 2, 5, 8, True),
        ("a: >-\n    x y\n", "x y", 2, 5, 8, True),
        ("\ufeffa: x\n", "x", 1, 5, 6, True),
        ("\u20ac: \U0001f600\n", "\U0001f600", 1, 4, 5, True),
        ("a: \ue000/x:\ue001\n", "\ue000/x:\ue001", 1, 4, 9, True),
    ],
)
def test_scalar_spans(text: str, content: str, line: int, column: int, end_column: int, exact: bool) -> None:
    root = read(text)
    assert isinstance(root, MapOf)
    scalar = root.entries[0][1]
    assert isinstance(scalar, Literal)
    assert (scalar.text, scalar.exact) == (content, exact)
    assert scalar.span == Span("f.yaml", line, column, line, end_column)


def test_block_scalar_lines_keep_their_places() -> None:
    scalar = value(read("a: |\n  one\n\n    two\nb: 1\n"), "a")
    assert isinstance(scalar, Join)
    places = [(part.text, part.span.line, part.span.column) for part in scalar.parts if isinstance(part, Literal)]
    assert places == [("one\n", 2, 3), ("\n", 3, 1), ("  two\n", 4, 3)]
    inner = text_of(scalar)
    assert inner is not None
    assert inner.position(inner.text.index("two")) == Position("f.yaml", 4, 5)


def test_block_scalar_with_carriage_returns() -> None:
    scalar = value(read("a: |\r\n  one\r\n  two\r\n"), "a")
    assert plain(scalar) == "one\ntwo\n"
    inner = text_of(scalar)
    assert inner is not None
    assert inner.position(inner.text.index("two")) == Position("f.yaml", 3, 3)


def test_folded_scalar_is_one_inexact_literal() -> None:
    scalar = value(read("a: >-\n  one\n  two\n"), "a")
    assert scalar == Literal("one two", Span("f.yaml", 2, 3, 3, 6), exact=False)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", None),
        ("null", None),
        ("true", True),
        ("'true'", "true"),
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        ("007", "007"),
        ("1.2.3", "1.2.3"),
        ("!!str 12", "12"),
        ("yes", "yes"),
        ("9" * 40, "9" * 40),
        (".", "."),
    ],
)
def test_constants(written: str, expected: object) -> None:
    assert as_data(read(f"a: {written}\n")) == {"a": expected}


def test_aliases_are_shared_and_merge_keys_taken_in() -> None:
    root = read("base: &b {image: x, tag: 1}\nuse: *b\nown: {<<: *b, tag: 2}\nboth: {<<: [{tag: 3}, *b]}\n")
    assert value(root, "base") is value(root, "use")
    assert as_data(value(root, "own")) == {"tag": 2, "image": "x"}
    assert as_data(value(root, "both")) == {"tag": 3, "image": "x"}


def test_the_last_of_equal_keys_holds() -> None:
    assert as_data(read("a: 1\na: 2\n")) == {"a": 2}


def test_equal_keys_are_alternatives_between_branches() -> None:
    composed = compose(Text.of_file("f", "a: 1\na: 2\n"), branches=True)
    assert isinstance(value(composed.documents[0].root, "a"), Choice)


def test_holes_are_filled_where_they_stand() -> None:
    filling = Opaque("unknown", Span("f", 9, 9, 9, 9))
    scalar = value(compose(Text.of_file("f", "a: x/\ue000:1\n"), {"\ue000": filling}).documents[0].root, "a")
    assert isinstance(scalar, Join)
    before, hole, after = scalar.parts
    assert isinstance(before, Literal) and isinstance(after, Literal)
    assert (before.text, hole, after.text) == ("x/", filling, ":1")
    assert after.span.column == 7


def test_a_text_inside_another_file() -> None:
    text = Text("a: \ue000/x\nb: y\n", (Chunk(0, Position("m.go", 7, 20)), Chunk(3, Position("m.go", 3, 3), False),
                                        Chunk(4, Position("m.go", 7, 25))))  # fmt: skip
    root = compose(text).documents[0].root
    scalar = value(root, "a")
    assert isinstance(scalar, Join)
    hole, rest = scalar.parts
    assert isinstance(hole, Literal) and isinstance(rest, Literal)
    assert (hole.text, hole.exact, rest.text, rest.exact) == ("\ue000", False, "/x", True)
    assert rest.span == Span("m.go", 7, 25, 7, 27)
    assert value(root, "b").span == Span("m.go", 8, 4, 8, 5)


@pytest.mark.parametrize(
    ("text", "line", "column", "sign"),
    [
        ("a: b\n\tc: d\n", 2, 1, "tab"),
        ("a: [b\n", 2, 1, "bracket"),
        ("a: 'b\n", 2, 1, "quote"),
        ("a: b: c\n", 1, 5, "quote"),
        ("a: \x00\n", 1, 4, "U+0000"),
        ("\u20ac: \x07\n", 1, 4, "U+0007"),
        ("a: \udc80\n", 1, 4, "U+DC80"),
        ("a: *b\n", 1, 4, "anchor"),
        ("a: &a [*a]\n", 1, 8, "write the value out"),
    ],
)
def test_problems_say_where_and_what_to_do(text: str, line: int, column: int, sign: str) -> None:
    composed = compose(Text.of_file("f.yaml", text))
    (problem,) = composed.problems
    assert composed.documents == ()
    assert (problem.path, problem.line, problem.column) == ("f.yaml", line, column)
    assert sign in problem.message


@pytest.mark.parametrize("broken", ["c: [", "\tx: 1", "c: 'x", "c: \x00", "c: *none", "- a\nb: c", "[" * 200, "%TAG"])
def test_a_broken_document_leaves_the_others(broken: str) -> None:
    composed = compose(Text.of_file("f", f"a: 1\n---\n{broken}\n---\nd: 1\n--- \ne: 2\n"))
    assert [as_data(document.root) for document in composed.documents] == [{"a": 1}, {"d": 1}, {"e": 2}]
    assert len(composed.problems) == 1
    assert composed.documents[-1].span.line >= 6


def test_separators_inside_block_scalars_of_later_documents_keep_places() -> None:
    composed = compose(Text.of_file("f", "a: [\n---\nb: |\n  ---\n  x\nc: y\n"))
    (document,) = composed.documents
    assert value(document.root, "c").span == Span("f", 6, 4, 6, 5)


def alias_bomb() -> str:
    levels = [f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)]
    return "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(levels)


@pytest.mark.parametrize(
    "text",
    [
        alias_bomb(),
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "\n".join(" " * depth + "a:" for depth in range(2_500)),
        "".join(f"a{i}: &a{i} [*a{i - 1}]\n" if i else "a0: &a0 x\n" for i in range(1_000)),
        "a: &a {" + ",".join(f"k{i}: 1" for i in range(2_000)) + "}\nb: {<<: [" + "*a," * 5_000 + "]}\n",
        "[" + "a," * 300_000 + "]",
        "x" * (MOST_CHARACTERS + 1),
    ],
    ids=["aliases", "flow", "maps", "dashes", "keys", "blocks", "chain", "merges", "wide", "size"],
)
def test_bombs_are_refused(text: str) -> None:
    composed = compose(Text.of_file("f", text))
    assert composed.documents == ()
    assert len(composed.problems) == 1
    assert "not read" in composed.problems[0].message


def test_many_documents() -> None:
    assert len(compose(Text.of_file("f", "a: b\n---\n" * 50_000)).documents) == 50_000
    assert len(compose(Text.of_file("f", "a: [\n---\n" * 50_000)).problems) == MOST_PROBLEMS


def test_decode() -> None:
    assert decode("f", "a: é".encode()) == Text.of_file("f", "a: é")
    assert decode("f", b"\xef\xbb\xbfa: 1") == Text.of_file("f", "a: 1")
    assert decode("f", "a: 1".encode("utf-16")) == Text.of_file("f", "a: 1")
    problem = decode("f", b"a: 1\nb: \xff\n")
    assert isinstance(problem, Problem)
    assert (problem.line, problem.column) == (2, 4)
    assert "UTF-8" in problem.message
    assert isinstance(decode("f", b" " * (MOST_CHARACTERS + 1)), Problem)


YAML_ALPHABET = st.sampled_from([*"ab:-  \n\n'\"|>#[]{},&*!?%\\<\t\r\ue000\u2028\x85\ufeffé", "---\n", ": ", "<<: "])
TEXTS = st.lists(YAML_ALPHABET, max_size=60).map("".join)


@given(st.one_of(TEXTS, st.text(max_size=60)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_explained(text: str) -> None:
    composed = compose(Text.of_file("f", text))
    lines = text.split("\n")
    for problem in composed.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    for document in composed.documents:
        for node in nodes(document.root):
            span = node.span
            assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
            assert span.end_line <= len(lines)
            assert span.end_column <= len(lines[span.end_line - 1]) + 1
            if isinstance(node, Literal) and node.exact:
                assert source_at(text, span) == node.text


SCALARS = st.text("abxyz/.:-_ \"'#", max_size=12)
DATA = st.recursive(
    SCALARS | st.integers(-999, 999) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc", min_size=1), DATA, min_size=1), st.booleans())
@settings(max_examples=200, deadline=None)
def test_data_comes_back(data: dict[str, object], flow: bool) -> None:
    import yaml

    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    assert as_data(read(text)) == data


@given(st.lists(st.text("abc", min_size=1, max_size=5), min_size=2, max_size=6), st.data())
def test_a_hole_for_a_value_changes_no_other_node(names: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, len(names) - 1))
    before = "".join(f"k{index}: {name}\n" for index, name in enumerate(names))
    after = "".join(f"k{index}: {chr(0xE000) if index == chosen else name}\n" for index, name in enumerate(names))
    first, second = read(before), read(after)
    assert isinstance(first, MapOf) and isinstance(second, MapOf)
    for index, (old, new) in enumerate(zip(first.entries, second.entries, strict=True)):
        assert (index == chosen) == (old != new)
        assert old[0] == new[0]


@given(st.text("ab \n", max_size=30))
def test_block_scalar_text_and_places_agree(content: str) -> None:
    lines = [line.rstrip() for line in content.split("\n")]
    text = "a: |\n" + "".join(f"  {line}\n" if line else "\n" for line in ["x", *lines, "y"])
    inner = text_of(value(read(text), "a"))
    assert inner is not None
    source = text.split("\n")
    for offset, character in enumerate(inner.text):
        place = inner.position(offset)
        if character != "\n":
            assert source[place.line - 1][place.column - 1] == character
