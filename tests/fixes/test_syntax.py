"""Syntax trees of whatever users write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagcheck.fixes.manifests import below_image
from tagcheck.fixes.sources import Source
from tagcheck.fixes.syntax import golang, repeats, sites
from tagcheck.source import Span

PATHS = ("a.go", "a.py", "a.sh", "a.yaml", "Makefile")
PIECES = st.sampled_from(
    [
        *("package a\n", "func f() {", "}", "(", ")", '"x:y"', "image", " := ", " = ", "f(", "\n", "\r\n", "\r", ", "),
        *(
            "def f():\n",
            "    ",
            'f"{a}"',
            "$(",
            "`",
            "${a}",
            "docker ",
            "é",
            "\ufeff",
            "if a:\n",
            "for ",
            "with a as b:\n",
        ),
        *("containers:\n", "- image: a\n", "import a\n", "var a = ", "const (", "lambda: ", "\x00", "#", "'", "\\"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.sampled_from(PATHS), st.data())
def test_nothing_raises(text: str, path: str, data: st.DataObject) -> None:
    content = text.encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    at = tuple(len(text[:each].encode()) for each in (start, end))
    for site in sites(path, content, *at):
        assert 0 <= site.start <= at[0] <= at[1] <= site.end <= len(content)
        assert site.names
    for repeat in repeats(path, content, *at):
        texts = {content[slice(*place)] for place in repeat.places}
        assert len(texts) == 1 or path == "a.py"
        assert repeat.statement <= min(repeat.places)[0]
    source = Source(content)
    below_image(path, source, Span(path, *source.place(at[0]), *source.place(at[1])))


@pytest.mark.parametrize(("path", "opening"), [("a.go", b"f("), ("a.py", b"f("), ("a.sh", b"$("), ("a.yaml", b"[")])
def test_deep_nesting_is_refused(path: str, opening: bytes) -> None:
    content = (b"package a\n" if path == "a.go" else b"") + opening * 50_000
    middle = len(content) // 2
    assert list(sites(path, content, middle, middle + 1)) == []
    assert list(repeats(path, content, middle, middle + 1)) == []
    source = Source(content)
    assert below_image(path, source, Span(path, 1, middle, 1, middle + 1)) is None


def test_a_selected_name() -> None:
    content = b"package a\n\nvar p = corev1.PullAlways\n"
    assert golang.selected(content, content.index(b"core")) == (26, 36)
    assert golang.selected(content, content.index(b"Pull")) is None
    assert golang.selected(content, 0) is None
    assert golang.selected(b"package {", 0) is None


def test_many_names_cost_no_more_than_the_file() -> None:
    lines = "".join(f'var v{number} = f("v{number}")\n' for number in range(4000))
    content = ("package a\n" + lines + 'func g() {\n\tf(h("name"))\n}\n').encode()
    at = content.index(b'"name"')
    found = list(sites("a.go", content, at, at + 6))
    assert all(len(site.names) <= 4000 for site in found)
