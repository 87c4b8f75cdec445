"""Where what a makefile says stands."""

from __future__ import annotations

import pytest

from tagcheck.events import Event
from tagcheck.values import Piece
from tests.engine.makes import target


def places(event: Event) -> list[tuple[str, int, int]]:
    """The literal parts of an event's image with line and column."""
    return [
        (part.text, part.origin.start.line, part.origin.start.column)
        for part in event.image.parts
        if isinstance(part, Piece) and part.origin is not None
    ]


CASES = [
    ("all:\n\tdocker push r/a:1\n", [("r/a:1", 2, 14)]),
    ("I = r/a:1\nall:\n\tdocker push $(I)\n", [("r/a:1", 1, 5)]),
    ("I := r/$(N):1\nN = a\nall:\n\tdocker push $(I)\n", [("r/", 1, 6), (":1", 1, 12)]),
    ("N = a\nI = r/$(N):1\nall:\n\tdocker push $(I)\n", [("r/", 2, 5), ("a", 1, 5), (":1", 2, 11)]),
    ("I = \\\n   r/a:1\nall:\n\tdocker push $(I)\n", [("r/a:1", 2, 4)]),
    ("all:\n\tdocker \\\n\t  push \\\n\t  r/a:1\n", [("r/a:1", 4, 4)]),
    ("all: I = r/a:1\nall:\n\tdocker push $(I)\n", [("r/a:1", 1, 10)]),
    ("ifdef X-1\nelse\nI = r/a:1\nendif\nall:\n\tdocker push $(I)\n", [("r/a:1", 3, 5)]),
    ("define p\ndocker push r/$(1):1\nendef\nall:\n\t$(call p,a)\n", [("r/", 2, 13), ("a", 5, 11), (":1", 2, 19)]),
    ("push-%:\n\tdocker push r/$*\nall: push-a\n\t@true\n", [("r/", 2, 14), ("a", 2, 16)]),
    ("$(eval I = r/a:1)\nall:\n\tdocker push $(I)\n", [("r/a:1", 1, 12)]),
    ("I = $(subst x,r/a:1,x)\nall:\n\tdocker push $(I)\n", [("r/a:1", 1, 15)]),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_names_keep_their_places(text: str, wanted: list[tuple[str, int, int]]) -> None:
    scenario = target({"Makefile": text}, "all")
    (event,) = scenario.events
    assert places(event) == wanted


def test_a_command_stands_in_the_recipe() -> None:
    text = "TOOL = docker\nall:\n\ttrue && $(TOOL) push r/a:1\n"
    scenario = target({"Makefile": text}, "all")
    assert [(event.span.line, event.span.column) for event in scenario.events] == [(3, 10)]
