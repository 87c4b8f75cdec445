"""Template tags and substituted blocks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.frontends.holes import MOST_TAGS, TagKind, blank_substituted_lines, mask, tags
from tagcheck.source import Chunk, Position, Span, Text

HOLE = chr(0xE000)


def masked(text: str) -> str:
    return mask(Text.of_file("f", text)).text.text


@pytest.mark.parametrize(
    ("tag", "kind", "body"),
    [
        ("{{ .Values.x }}", TagKind.VALUE, ".Values.x"),
        ("{{- .x -}}", TagKind.VALUE, ".x"),
        ("{{.x}}", TagKind.VALUE, ".x"),
        ("{{-1}}", TagKind.VALUE, "-1"),
        ('{{ default "}}" .x }}', TagKind.VALUE, 'default "}}" .x'),
        ("{{ `}}` }}", TagKind.VALUE, "`}}`"),
        ('{{ "\\"}}" }}', TagKind.VALUE, '"\\"}}"'),
        ('{{ include "x" . | nindent 4 }}', TagKind.VALUE, 'include "x" . | nindent 4'),
        ("{{ iffy }}", TagKind.VALUE, "iffy"),
        ("{{ template }}", TagKind.VALUE, "template"),
        ("{{- if .x }}", TagKind.OPENING, "if .x"),
        ("{{ range $k, $v := .x }}", TagKind.OPENING, "range $k, $v := .x"),
        ("{{ else if .y }}", TagKind.MIDDLE, "else if .y"),
        ("{{- end }}", TagKind.END, "end"),
        ("{{/* a }} b */}}", TagKind.SILENT, "/* a }} b */"),
        ("{{- /* a */ -}}", TagKind.SILENT, "/* a */"),
        ("{{ $x := .y }}", TagKind.SILENT, "$x := .y"),
        ("{{ $x = 1 }}", TagKind.SILENT, "$x = 1"),
        ("{{ $x.image }}", TagKind.VALUE, "$x.image"),
        ("{{ $x }}", TagKind.VALUE, "$x"),
    ],
)
def test_tags_are_told_apart(tag: str, kind: TagKind, body: str) -> None:
    (found,) = tags(f"a: {tag}\n")
    assert (found.source, found.kind, found.body, found.start) == (tag, kind, body, 3)


@pytest.mark.parametrize("text", ["a: {{ x", "a: {{ 'x }}", 'a: {{ "x }}\n', "a: {{/* x }}", "a: {x: {y: 1}}"])
def test_what_is_no_tag_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image: {{ .x }}\n", f"image: {HOLE}\n"),
        ('image: "{{ .r }}/a:{{ .t }}"\n', f'image: "{HOLE}/a:\ue001"\n'),
        ("{{- if .x }}\na: 1\n{{- end }}\n", "            \na: 1\n          \n"),
        ("{{/* a\nb */}}\na: 1\n", "      \n      \na: 1\n"),
        ("image: a{{ if .t }}:{{ .t }}{{ end }}\n", f"image: a{HOLE}\n"),
        ("image: {{ if .t }}a{{ else }}b{{ end }} # x\n", f"image: {HOLE} # x\n"),
        ("  {{ if .t }}b: c{{ end }}\n", "  b: c\n"),
        ("  {{ if .t }}- c{{ end }}\n", "  - c\n"),
        ("a: b{{- /* c */}}\n", "a: b\n"),
        ("a: {{ if .t }}\n  b: c\n{{ end }}\n", "a: \n  b: c\n         \n"),
        (f"a: {HOLE}/{{{{ .t }}}}\n", f"a: {HOLE}/\ue001\n"),
    ],
)
def test_masking(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_masked_text_knows_what_it_hides_and_where() -> None:
    found = mask(Text.of_file("f", "a: 1\nb: x/{{ .y }}:{{ .z }}1\n"))
    assert [(tag.source, found.spans[hole]) for hole, tag in found.tags.items()] == [
        ("{{ .y }}", Span("f", 2, 6, 2, 14)),
        ("{{ .z }}", Span("f", 2, 15, 2, 23)),
    ]
    assert found.text.position(found.text.text.index("1\n", 6)) == Position("f", 2, 23)
    assert not found.controlled
    assert mask(Text.of_file("f", "{{ if .x }}\n{{ end }}\n")).controlled


def test_masking_inside_another_file() -> None:
    text = Text("a: {{ .x }}\nb: c\n", (Chunk(0, Position("m.go", 3, 9)),))
    found = mask(text)
    assert found.spans[HOLE] == Span("m.go", 3, 12, 3, 20)
    assert found.text.position(found.text.text.index("c")) == Position("m.go", 4, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a: 1\n{HOLE}\nb: 2\n", "a: 1\n \nb: 2\n"),
        (f"a:\n  {HOLE}\ue001 \nb: 2\n", "a:\n     \nb: 2\n"),
        (f"- {HOLE}\n", f"- {HOLE}\n"),
        (f"a: {HOLE}\n", f"a: {HOLE}\n"),
        (f"a: |\n  {HOLE}\n{HOLE}\n", f"a: |\n  {HOLE}\n \n"),
        (f"- a: >-\n    {HOLE}\n  b: c\n  {HOLE}\n", f"- a: >-\n    {HOLE}\n  b: c\n   \n"),
        (f"- |\n  {HOLE}\n", f"- |\n  {HOLE}\n"),
        (f"a: b | c\n  {HOLE}\n", "a: b | c\n   \n"),
        (f"{HOLE}", " "),
    ],
)
def test_substituted_lines(text: str, expected: str) -> None:
    assert blank_substituted_lines(Text.of_file("f", text)).text == expected


@pytest.mark.parametrize(
    "tag", ["{{ x }}", "{{ if }}", "{{if}}{{end}}", '{{ \\"}}', "{{/* ", "{{`", "{{ ' }}", "- ", "a: | #"]
)
def test_repeated_tags_take_bounded_work(tag: str) -> None:
    text = Text.of_file("f", f"{HOLE}\n" + tag * 200_000)
    assert len(mask(text).tags) <= MOST_TAGS
    assert blank_substituted_lines(text).text[0] == " "


PARTS = st.sampled_from(
    [
        "{{",
        "}}",
        "{{ .x }}",
        "{{ if .x }}",
        "{{ else }}",
        "{{ end }}",
        "{{/* c */}}",
        "a: ",
        "\n",
        "  ",
        '"',
        "`",
        "x",
        HOLE,
    ]
)


@given(st.lists(PARTS, max_size=30).map("".join))
@settings(max_examples=500, deadline=None)
def test_masking_keeps_lines_and_places(text: str) -> None:
    source = Text.of_file("f", text)
    found = mask(source)
    lines = text.split("\n")
    added = set(found.tags)
    for offset, character in enumerate(found.text.text):
        place = found.text.position(offset)
        if character not in added and character not in " \n":
            assert lines[place.line - 1][place.column - 1] == character
    blanked = blank_substituted_lines(found.text)
    assert len(blanked.text) == len(found.text.text)
    assert blanked.text.count("\n") == found.text.text.count("\n")
