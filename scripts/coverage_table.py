"""Writes docs/coverage.md: which forms of naming and handling images a test shows, and which none does yet.

python scripts/coverage_table.py            write the document
python scripts/coverage_table.py --check    exit with 1 if it is not up to date
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "coverage.md"
FORMS = ROOT / "tests" / "coverage" / "forms.toml"
FIXTURES = ROOT / "tests" / "fixtures" / "repos"

_INTRODUCTION = """\
# What is covered

Written by `scripts/coverage_table.py`; do not edit. Forms in which real projects name, build, load and deploy images,
and what shows that tagcheck reads them: a fixture (`tests/fixtures/repos`, each with a twin in which the fault is
repaired), or an example of the catalogue (`rules/tools`, `rules/models`), which shows that the words or the call are
understood by themselves. All of them run as tests. A form without either may still work; nothing says so.
"""


class Wrong(Exception):
    """A table or a fixture that names what does not exist."""


@dataclass(frozen=True)
class Form:
    """One form with what shows it."""

    id: str
    text: str
    fixtures: tuple[str, ...]
    examples: tuple[str, ...]


def forms() -> tuple[dict[int, str], list[Form]]:
    """The sections by number, and the forms. Raises Wrong."""
    table = tomllib.loads(FORMS.read_text(encoding="utf-8"))
    shown = _shown_by_fixtures()
    commands, models = dict(_commands()), dict(_models())
    found: list[Form] = []
    for entry in table["form"]:
        examples = [_example(each, commands) for each in entry.get("examples", ())]
        examples += [_model(each, models) for each in entry.get("models", ())]
        found.append(Form(entry["id"], entry["form"], tuple(shown.pop(entry["id"], ())), tuple(examples)))
    if shown:
        raise Wrong(f"fixtures show forms that {FORMS.name} does not have: {', '.join(sorted(shown))}")
    return {entry["number"]: entry["title"] for entry in table["section"]}, found


def _shown_by_fixtures() -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for path in sorted(FIXTURES.glob("*/fixture.toml")):
        for form in tomllib.loads(path.read_text(encoding="utf-8")).get("shows", ()):
            shown.setdefault(form, []).append(path.parent.name)
    return shown


def _commands() -> Iterator[tuple[str, str]]:
    """The command lines that are examples, with the file that they stand in."""
    for path in sorted((ROOT / "rules" / "tools").glob("*.yaml")):
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        if len(documents) > 1:
            yield from ((line, path.stem) for line in documents[1]["examples"])


def _models() -> Iterator[tuple[str, str]]:
    """The library calls that have examples, with the file that they stand in."""
    for path in sorted((ROOT / "rules" / "models").glob("*.yaml")):
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        names = documents[1] if len(documents) > 1 and isinstance(documents[1], dict) else {}
        yield from ((name, path.stem) for name in names)


def _example(beginning: str, commands: dict[str, str]) -> str:
    line = next((line for line in commands if line.startswith(beginning)), None)
    if line is None:
        raise Wrong(f"no example in rules/tools begins with {beginning!r}")
    return f"`{line}` (tools/{commands[line]})"


def _model(name: str, models: dict[str, str]) -> str:
    if name not in models:
        raise Wrong(f"rules/models has no example of {name!r}")
    return f"`{name}` (models/{models[name]})"


def document() -> str:
    """The text of the document. Raises Wrong."""
    sections, found = forms()
    missing = [form for form in found if not form.fixtures and not form.examples]
    lines = [_INTRODUCTION, f"{len(found) - len(missing)} of {len(found)} forms are shown.", ""]
    for number, title in sections.items():
        inside = [form for form in found if form.id.startswith(f"{number}-") and form not in missing]
        lines += [f"## {title}", "", "| form | fixtures | examples |", "|---|---|---|"]
        lines += [_row(form) for form in inside]
        lines.append("")
    lines += ["## Not shown yet", ""]
    lines += [f"- {form.text} ({sections[int(form.id[0])]})" for form in missing]
    return "\n".join(lines) + "\n"


def _row(form: Form) -> str:
    cells = (form.text, ", ".join(form.fixtures), "; ".join(form.examples))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: list[str]) -> int:
    text = document()
    if "--check" in arguments:
        current = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
        return int(current != text)
    DOCUMENT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
