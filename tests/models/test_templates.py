"""Go templates rendered with symbolic data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.builtins.template_rendering import render
from tagcheck.builtins.template_text import parse_template
from tagcheck.source import Position
from tagcheck.values import Opaque, Origin, Piece, Text

from .fake import FakeMachine, shown, value_of

DATA = {
    "record": "Data",
    "Image": "x:1",
    "Tag": {"unique": "t"},
    "Env": {"env": "IMG"},
    "Empty": "",
    "Yes": True,
    "No": False,
    "List": ["a", "b"],
    "Map": {"map": {"k": "v"}},
    "Inner": {"record": "Inner", "Policy": "Never"},
}


def rendered(source: str) -> object:
    machine = FakeMachine()
    return shown(machine, render(Text.of(source), value_of(machine, DATA), machine, "test"))


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("image: {{.Image}}", "image: x:1"),
        ("image: {{ .Image }}:{{ .Tag }}", "image: x:1:<unique>"),
        ("{{ .Inner.Policy }}", "Never"),
        ("{{ $.Inner.Policy }}", "Never"),
        ("{{ with .Inner }}{{ .Policy }} {{ $.Image }}{{ end }}", "Never x:1"),
        ("{{ $x := .Image }}[{{ $x }}]", "[x:1]"),
        ('{{ printf "%s-%s" .Image .Tag }}', "x:1-<unique>"),
        ('{{ .Empty | default "d" }}', "d"),
        ('{{ .Image | default "d" | quote }}', '"x:1"'),
        ('{{ default "d" (upper .Image) }}', "X:1"),
        ("{{ if .Yes }}a{{ else }}b{{ end }}", "a"),
        ("{{ if .No }}a{{ else if .Yes }}b{{ else }}c{{ end }}", "b"),
        ('{{ if eq .Image "x:1" }}a{{ end }}', "a"),
        ('{{ if and .Yes (ne .Image "x:1") }}a{{ else }}b{{ end }}', "b"),
        ("{{ range .List }}<{{ . }}>{{ end }}", "<a><b>"),
        ("{{ range $i, $x := .List }}{{ $i }}{{ $x }}{{ end }}", "0a1b"),
        ("{{ range $k, $v := .Map }}{{ $k }}={{ $v }}{{ end }}", "k=v"),
        ('{{ index .Map "k" }}{{ index .List 1 }}', "vb"),
        ("a {{- .Image -}} b", "ax:1b"),
        ("a{{/* a comment }} */}}b", "ab"),
        ('{{ "}}" }}', "}}"),
        ('{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" .Image }}', "[x:1]"),
        ('{{ block "t" .Image }}<{{ . }}>{{ end }}', "<x:1>"),
        ("{{ .Missing }}", ""),
        ("{{ env `HOME` }}", "<env HOME>"),
        ("{{ unheardOf .Image }}", "<?>"),
        ("a {{ .Image | nonsense | quote }} b", 'a "<?>" b'),
        ("{{ if .Env }}a{{ else }}b{{ end }}", {"either": ["a", "b"]}),
        ("{{ if .Image }}no end", "<?>"),
        ("{{ end }}", "<?>"),
        ("{{ unclosed", "{{ unclosed"),
    ],
)
def test_renders(source: str, output: object) -> None:
    assert rendered(source) == output


def test_places_of_plain_text_stay() -> None:
    machine = FakeMachine()
    source = Text((Piece("a: {{.Image}}\nimage: y", Origin(Position("t.yaml", 3, 1))),))
    found = render(source, value_of(machine, DATA), machine, "test")
    assert isinstance(found, Text)
    assert [part.origin.start for part in found.parts if isinstance(part, Piece) and part.origin] == [
        Position("t.yaml", 3, 1),
        Position("t.yaml", 3, 14),
    ]


def test_one_condition_is_one_condition() -> None:
    assert rendered("{{ if .Env }}a{{ end }}{{ if .Env }}b{{ end }}") == {"either": ["ab", ""]}


@given(st.lists(st.sampled_from(["{{", "}}", "if .Yes", "end", "else", "range .List", " ", "(", '"', "|", "-", "x"])))
def test_any_text_is_answered(words: list[str]) -> None:
    rendered("".join(words))


@pytest.mark.parametrize(
    "source",
    [
        "{{ if .Yes }}" * 5_000 + "{{ end }}" * 5_000,
        "{{ " + "(" * 50_000 + ")" * 50_000 + " }}",
        "{{ range .List }}" * 30 + "x" + "{{ end }}" * 30,
        '{{ define "t" }}' + '{{ template "t" . }}' * 50 + '{{ end }}{{ template "t" . }}',
        "{{ .Image }}" * 30_000,
    ],
    ids=["blocks", "parentheses", "loops", "recursion", "long"],
)
def test_hostile_templates_cost_little(source: str) -> None:
    machine = FakeMachine()
    found = render(Text.of(source), value_of(machine, DATA), machine, "test")
    assert isinstance(found, Text | Opaque)


def test_unbalanced_blocks_are_no_template() -> None:
    assert parse_template(Text.of("{{ if .A }}")) is None
    assert parse_template(Text.of("{{ end }}")) is None
    assert parse_template(Text.of("a")) is not None
