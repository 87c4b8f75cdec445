"""What Go programs call their images: each piece of a test ends in the names that it pushes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagcheck.analysis import Files, analyse
from tagcheck.config import Config
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


NAMES: dict[str, tuple[str, list[str]]] = {
    "a pointer to a field of a record": (
        """
        type image struct{ repository, tag string }
        type config struct{ image image }
        ---
        c := config{image: image{"a", "1"}}
        p := &c.image
        p.tag = "2"
        push(c.image.repository + ":" + c.image.tag)
        """,
        ["a:2"],
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str, tmp_path: Path) -> None:
    code, expected = NAMES[name]
    lines = [line.strip() for line in code.splitlines()]
    assert pushed(tmp_path, "\n".join(lines)) == expected
