"""Buildkite: pipeline files to one procedure (Buildkite Docs, "Defining steps").

A file may hold the list of steps alone. They run in the order in which they are written. Agents are hosts that others
use too.

What it cannot do: plugins other than those that run a container; steps that a step uploads.
"""

from __future__ import annotations

import re

from tagcheck import ir
from tagcheck.frontends.api import Unit
from tagcheck.frontends.ci import documents
from tagcheck.frontends.ci.body import Pipeline, lines, unit
from tagcheck.frontends.ci.documents import Reader, entries, field, items, word
from tagcheck.frontends.ci.substitution import Variables, substituted
from tagcheck.source import Span

LANGUAGE = "buildkite"
_ESCAPED = re.compile(r"[\\$](?P<a>\$)")
_PLUGIN = "docker#"


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a pipeline."""
    if not path.startswith(".buildkite/") or not path.endswith((".yml", ".yaml")):
        return False
    return b"steps" in content or b"command" in content


def parse(path: str, content: bytes, module: str, read: Reader) -> Unit:
    """A pipeline as a unit with one entry. Never raises."""
    document = documents.read(path, content)[0]

    def statements() -> tuple[ir.Statement, ...]:
        body = Pipeline("buildkite")
        _steps(document.root, dict(entries(field(document.root, "env"))), path, body, 0)
        return tuple(body.out)

    return unit(path, LANGUAGE, statements, document)


def _steps(
    node: ir.Expression | None, written: dict[str, ir.Expression], path: str, body: Pipeline, depth: int
) -> None:
    steps = field(node, "steps")
    for number, step in enumerate(items(steps if steps is not None else node)):
        if field(step, "steps") is not None and depth < 4:
            _steps(step, written, path, body, depth + 1)
            continue
        commands = [*items(field(step, "command")), *items(field(step, "commands"))]
        variables = Variables({**written, **dict(entries(field(step, "env")))})
        with body.job(f"{path}#{word(field(step, 'key')) or number}", step.span, shared=True):
            for name, value in variables.all():
                body.set(name, value)
            for plugin in items(field(step, "plugins")):
                for name, given in entries(plugin):
                    image = field(given, "image")
                    if name.startswith(_PLUGIN) and image is not None:
                        body.container(variables.expanded(image))
            text = lines(map(_unescaped, (each for each in commands if documents.spelled(each) is not None)), step.span)
            if text is not None:
                body.shell(text, step.span)


def _unescaped(command: ir.Expression) -> ir.Expression:
    """A command as the agent's shell gets it: `$$` and `\\$` keep a variable from being replaced at the upload."""
    return substituted(command, _ESCAPED, _dollar)


def _dollar(name: str, span: Span) -> ir.Expression:
    return ir.Literal(name, span, exact=False)
