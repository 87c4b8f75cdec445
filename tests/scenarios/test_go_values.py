"""What Go programs call their images: each piece of a test ends in the names that it pushes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagcheck.analysis import analyse
from tagcheck.config import Config
from tagcheck.contents import Files
from tagcheck.discover import discover

from .trees import write

IMPORTS = (
    *("bufio", "bytes", "context", "errors", "fmt", "os", "os/exec", "path", "path/filepath", "sort", "strconv"),
    *("strings", "sync", "testing", "text/template", "time", "slices", "maps", "golang.org/x/sync/errgroup"),
    *("github.com/google/uuid", "math/rand", "io", "encoding/json", "regexp", "net/url", "cmp", "crypto/sha256"),
    *("encoding/hex", "html/template as htmltemplate"),
)


def _source(declarations: str, statements: str) -> str:
    code = f"{declarations}\n{statements}"
    used = [each for each in IMPORTS if f"{each.partition(' as ')[0].rpartition('/')[2]}." in code or "exec" in each]
    lines = [f'{each.partition(" as ")[2]} "{each.partition(" as ")[0]}"'.strip() for each in used]
    imports = "\n\t".join(dict.fromkeys(('"testing"', *lines)))
    return f"""package e2e

import (
\t{imports}
)

func push(image string) {{
\tif err := exec.Command("docker", "push", image).Run(); err != nil {{
\t\tpanic(err)
\t}}
}}

{declarations}

func TestNames(t *testing.T) {{
{statements}
}}
"""


def pushed(folder: Path, code: str) -> list[str]:
    """The names that a test pushes; declarations stand before a line of dashes, statements of the test after it."""
    declarations, dashes, statements = code.partition("\n---\n")
    if not dashes:
        declarations, statements = "", code
    files = {"go.mod": "module example.com/names\n\ngo 1.24\n", "e2e/names_test.go": _source(declarations, statements)}
    root = write(files, folder / "repository")
    found = analyse(discover(root, ("",)), Files(root), Config(), [], lambda phase, done, total: None)
    assert not found.problems
    return [str(event.image) for scenario in found.scenarios for event in scenario.events]


def _cases() -> Iterator[object]:
    """The cases of values.txt: a line with the name and the expected names, then the code."""
    for case in (Path(__file__).parent / "values.txt").read_text(encoding="utf-8").split("## ")[1:]:
        head, _, code = case.partition("\n")
        name, _, expected = head.partition(" -> ")
        yield pytest.param(code.strip("\n"), expected.split(" ; "), id=name)


@pytest.mark.parametrize(("code", "expected"), list(_cases()))
def test_names(code: str, expected: list[str], tmp_path: Path) -> None:
    assert pushed(tmp_path, code) == expected
