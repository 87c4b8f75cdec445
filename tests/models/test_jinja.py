"""Jinja2 templates: what they become with symbolic data. The expected outputs are those of the template designer
documentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagcheck.builtins.jinja_rendering import render
from tagcheck.source import Span
from tagcheck.values import Mapping, Piece, Text

from .fake import FakeMachine, shown, value_of

DATA = {
    "image": "x:1",
    "tag": {"unique": ""},
    "empty": "",
    "yes": True,
    "no": False,
    "names": ["a", "b"],
    "conf": {"map": {"k": "v"}},
}
FILES = {
    "macros.j2": "{% macro name(x, tag='t') %}{{ x }}:{{ tag }}{% endmacro %}",
    "base.j2": "<{% block body %}base{% endblock %}>",
    "part.j2": "[{{ image }}]",
}


def rendered(source: str) -> object:
    machine = FakeMachine()
    data = value_of(machine, {"map": DATA})
    assert isinstance(data, Mapping)
    given_ = {key.literal or "": value for key, value in data.entries if isinstance(key, Text)}
    return shown(machine, render(Text.of(source), given_, machine, "test", lambda name: Text.of(FILES[name])))


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("image: {{ image }}", "image: x:1"),
        ("{{ image ~ '-' ~ names[1] }}", "x:1-b"),
        ("{{ conf.k }}{{ conf['k'] }}", "vv"),
        ("{{ empty | default('d', true) }}", "d"),
        ("{{ image | default('d') | upper }}", "X:1"),
        ("{% if yes %}a{% else %}b{% endif %}", "a"),
        ("{% if no %}a{% elif image == 'x:1' %}b{% else %}c{% endif %}", "b"),
        ("{% for n in names %}<{{ n }}>{% endfor %}", "<a><b>"),
        ("{% for n in names if n != 'a' %}<{{ n }}>{% endfor %}", "<b>"),
        ("{% for n in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% set t = 'y' %}{{ t }}", "y"),
        ("{% set t %}{{ image }}!{% endset %}{{ t }}", "x:1!"),
        ("{% with t = image %}{{ t }}{% endwith %}", "x:1"),
        ("{% macro m(a, b='2') %}{{ a }}{{ b }}{% endmacro %}{{ m('1') }}{{ m('3', b='4') }}", "1234"),
        ("{% from 'macros.j2' import name %}{{ name('r') }}", "r:t"),
        ("{% import 'macros.j2' as m %}{{ m.name('r', tag='9') }}", "r:9"),
        ("{% extends 'base.j2' %}{% block body %}{{ image }}{% endblock %}", "<x:1>"),
        ("{% include 'part.j2' %}", "[x:1]"),
        ("{{ 'a' if yes else 'b' }}", "a"),
        ("{{ image.split(':')[0] }}", "x"),
        ("{{ image | replace(':', '-') }}", "x-1"),
        ("{# no {{ image }} #}{% raw %}{{ image }}{% endraw %}", "{{ image }}"),
        ("a  {%- if yes -%}  b  {%- endif -%}  c", "abc"),
        ("{{ image }}:{{ tag }}", "x:1:<unique>"),
        ("{{ asked }}", "<param asked>"),
        ("{% set t %}a\nb\n\nc{% endset %}{{ t | indent(2) }}", "a\n  b\n\n  c"),
        ("{% set t %}a\nb{% endset %}{{ t | indent(2, true) }}", "  a\n  b"),
        ("{{ image | nonsense }}", "<?>"),
        ("{{ broken", "<?>"),
    ],
)
def test_renders(source: str, output: object) -> None:
    assert rendered(source) == output


def test_texts_keep_their_places() -> None:
    source = Text.of("a\n{% if yes %}\n  image: {{ image }}:latest\n{% endif %}\n", Span("t.j2", 1, 1, 1, 1))
    machine = FakeMachine()
    found = render(source, {"yes": Text.of("y"), "image": Text.of("i")}, machine, "test")
    assert isinstance(found, Text)
    tag = next(part for part in found.parts if isinstance(part, Piece) and "latest" in part.text)
    assert tag.origin is not None
    assert (tag.origin.start.line, tag.origin.start.column) == (3, 21)


@given(
    st.lists(
        st.sampled_from(["{{", "}}", "{%", "%}", "if", "for", "x", "in", "end", "(", ")", "'", "|", " "]), max_size=20
    )
)
def test_any_text_is_answered(words: list[str]) -> None:
    machine = FakeMachine()
    assert render(Text.of(" ".join(words)), {}, machine, "test") is not None


@pytest.mark.parametrize("source", ["{{ " + "(" * 5000 + "x" + ")" * 5000 + " }}", "{% if x %}" * 2000])
def test_deep_templates_are_answered(source: str) -> None:
    assert render(Text.of(source), {}, FakeMachine(), "test") is not None
