"""Rows of matrices."""

from __future__ import annotations

import pytest

from tagcheck.frontends.ci import documents, matrix
from tagcheck.frontends.ci.documents import entries, spelled

CASES = [
    ("a: [1, 2]\nb: [x]", [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}]),
    ("a: [1, 2]\nexclude:\n- a: 2", [{"a": "1"}]),
    (
        "a: [1, 2]\nb: [x, y]\nexclude:\n- {a: 1, b: y}",
        [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}, {"a": "2", "b": "y"}],
    ),
    ("a: [1, 2]\ninclude:\n- {a: 2, c: z}", [{"a": "1"}, {"a": "2", "c": "z"}]),
    ("a: [1]\ninclude:\n- {a: 3, c: z}", [{"a": "1"}, {"a": "3", "c": "z"}]),
    ("a: [1, 2]\ninclude:\n- {c: z}", [{"a": "1", "c": "z"}, {"a": "2", "c": "z"}]),
    ("include:\n- {a: 1}\n- {a: 2}", [{"a": "1"}, {"a": "2"}]),
    ("a: ${{ fromJSON('[\"x\", 2, true]') }}", [{"a": "x"}, {"a": "2"}, {"a": "true"}]),
    ("a: [1]\ninclude: ${{ fromJson('[{\"a\":3}]') }}", [{"a": "1"}, {"a": "3"}]),
    ('${{ fromJSON(\'{"a":[1],"b":["y"]}\') }}', [{"a": "1", "b": "y"}]),
    ("a: [1]\nb: ${{ fromJSON('[') }}", [{"a": "1", "b": None}]),
]


def rows(text: str) -> list[dict[str, str | None] | None]:
    document = documents.read("ci.yml", text.encode())[0]
    found = matrix.rows(document.root, document.span)
    return [None if row is None else {key: spelled(value) for key, value in entries(row)} for row in found]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_rows(text: str, expected: list[dict[str, str]]) -> None:
    assert rows(text) == expected


def test_a_matrix_that_the_run_makes_is_one_row_of_which_nothing_is_known() -> None:
    assert rows("${{ fromJSON(needs.a.outputs.matrix) }}") == [None]
    assert rows("a: [1]\ninclude: ${{ fromJSON(needs.a.outputs.matrix) }}") == [None]


def test_json_that_nobody_writes() -> None:
    deep = "[" * 5000 + "]" * 5000
    assert len(rows("a: ${{ fromJSON('" + deep + "') }}")) == 1


def test_rows_are_bounded() -> None:
    assert len(rows("a: [0,1,2,3,4,5,6,7,8,9]\nb: [0,1,2,3,4,5,6,7,8,9]")) == matrix.MOST_ROWS
