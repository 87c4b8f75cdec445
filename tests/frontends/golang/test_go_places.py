"""Every node says where it stands: lines and columns in characters, from 1, the end exclusive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tagcheck import ir
from tagcheck.frontends import golang
from tagcheck.source import Span

SOURCE = """package p

import "os/exec"

type image struct{ name, tag string }

var π, files = "ünï", []string{"a", `b
ö`, "c"}

func build(ctx string, args ...string) (out string, err error) {
	// Größe: a comment that is no ASCII
	images := []struct{ name, tag string }{{"é", "1"}, {"b", "\\u00e9"}}
	for i, one := range images {
		if i > 0 && exec.Command("dö", one.name+":"+one.tag).Run() != nil { /* ü */ return "", nil }
	}
	switch x := any(out).(type) {
	case string, *image:
		defer func() { out = x; recover() }()
	default:
		go exec.Command("ü").Run()
	}
	select { case v, ok := <-ch: _, _ = v, ok; default: }
	for { if f() { break }; map[string]int{"ä": 1}["ä"]++ }
	return join(out, "ü"), nil
}
"""


def text_at(source: str, span: Span) -> str:
    """What stands at a span."""
    lines = source.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def nodes(value: object) -> Iterator[object]:
    """All nodes of the small language inside some statements, closures' bodies included."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, tuple):
            pending += current
        elif isinstance(current, ir.Procedure):
            pending += (current.body, current.span)
        elif isinstance(current, Struct):
            yield current
            if not isinstance(current, Span):
                pending += [getattr(current, name) for name in current.__struct_fields__]


def all_nodes(source: bytes) -> Iterator[object]:
    unit = golang.parse("a.go", source, "m")
    for procedure in (*unit.procedures.values(), *unit.initial):
        yield from nodes(procedure)
    for variable in unit.variables.values():
        yield from nodes(variable.lower())
        yield variable.span


def test_literals_are_where_their_content_is() -> None:
    literals = [node for node in all_nodes(SOURCE.encode()) if isinstance(node, ir.Literal) and node.exact]
    assert len(literals) >= 12
    for literal in literals:
        assert text_at(SOURCE, literal.span) == literal.text


def test_names_are_where_they_are_written() -> None:
    names = [node for node in all_nodes(SOURCE.encode()) if isinstance(node, ir.Name) and not node.name.startswith("%")]
    assert len(names) >= 20
    for name in names:
        assert text_at(SOURCE, name.span) in (name.name.partition("#")[0], "return")


@pytest.mark.parametrize(
    ("call", "expected"),
    [('exec.Command("é").Run()', 'exec.Command("é").Run()'), ("go f(1)", "f(1)"), ("(f(1))", "f(1)")],
)
def test_a_call_spans_from_callee_to_bracket(call: str, expected: str) -> None:
    source = f"package p\nfunc f() {{\n\t/* ü */ {call}\n}}\n"
    spans = [node.span for node in all_nodes(source.encode()) if isinstance(node, ir.Invoke)]
    assert expected in [text_at(source, span) for span in spans]


def test_a_raw_text_over_several_lines() -> None:
    source = "package p\nvar x = `a\r\nbü\r\n`\n"
    (literal,) = (node for node in all_nodes(source.encode()) if isinstance(node, ir.Literal))
    assert (literal.text, literal.exact) == ("a\nbü\n", True)
    assert literal.span == Span("a.go", 2, 10, 4, 1)


def test_a_raw_text_with_a_stray_carriage_return_is_not_exact() -> None:
    (literal,) = (node for node in all_nodes(b"package p\nvar x = `a\rb`\n") if isinstance(node, ir.Literal))
    assert (literal.text, literal.exact) == ("ab", False)


def assert_inside(source: str, nodes_found: Iterator[object]) -> None:
    widths = [len(line) for line in source.split("\n")]
    for span in nodes_found:
        if isinstance(span, Span):
            assert span.path == "a.go"
            assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
            assert span.end_line <= len(widths)
            assert span.column <= widths[span.line - 1] + 1
            assert span.end_column <= widths[span.end_line - 1] + 1


def test_every_span_is_inside_the_file() -> None:
    assert_inside(SOURCE, all_nodes(SOURCE.encode()))


FRAGMENTS = ["{", "}", "(", ")", "[", "]", '"', "`", "\n", ";", ":=", "=", ",", ".", "&&", "+", "func", "case", "if",
             "é", "//", "/*", "*", "<-", "go ", "defer ", "x", "break", "range ", "0"]  # fmt: skip
edits = st.lists(
    st.tuples(st.integers(0, len(SOURCE)), st.integers(0, 12), st.sampled_from(["", *FRAGMENTS])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(edits)
def test_broken_sources_never_raise_and_stay_in_place(changes: list[tuple[int, int, str]]) -> None:
    source = SOURCE
    for start, length, text in changes:
        source = source[:start] + text + source[start + length :]
    assert_inside(source, all_nodes(source.encode()))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(content: bytes) -> None:
    list(all_nodes(content))
    list(all_nodes(b"package p\nfunc f() {\n" + content + b"\n}\n"))
