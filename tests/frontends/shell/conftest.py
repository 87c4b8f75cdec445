"""What the tests of the shell front end share."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from tagcheck.frontends import shell
from tagcheck.irdump import INDENT, dump_procedure
from tagcheck.source import Text


@pytest.fixture
def lowered() -> Callable[[str], str]:
    """Lowers a shell text; gives the dump without the script's own first line."""

    def lower(text: str) -> str:
        procedure = shell.lower_text(Text.of_file("a.sh", dedent(text).strip("\n")), "sh:a.sh")
        own, *functions = dump_procedure(procedure).split("\nprocedure ")
        first, *rest = own.splitlines()
        assert first == "procedure sh:a.sh(@...) -> status"
        lines = [line.removeprefix(INDENT) for line in rest] + [f"procedure {each}" for each in functions]
        return "\n".join(lines)

    return lower
