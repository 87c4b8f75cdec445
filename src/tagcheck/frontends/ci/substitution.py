"""Names in texts that a CI system replaces before anything runs: `$NAME`, `$(NAME)`, `<< name >>`, `{{name}}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tagcheck import ir
from tagcheck.frontends.ci.documents import joined, literals, scalar
from tagcheck.source import Span

Meaning = Callable[[str, Span], "ir.Expression | None"]
"""What a name stands for at a place; None leaves it as it is written."""

DOLLAR = re.compile(r"\$(?:\{(?P<a>[A-Za-z_]\w*)\}|(?P<b>[A-Za-z_]\w*))")
ROUND = re.compile(r"\$\((?P<a>[A-Za-z_][\w.\-]*)\)")
ANGLE = re.compile(r"\\<<|<<\s*(?P<a>[A-Za-z_][\w.\-]*)\s*>>")
"""With a backslash before it, `<<` stands for itself (CircleCI 2.1, "Using reusable config")."""
CURLY = re.compile(r"\{\{\s*=?\s*(?P<a>[A-Za-z_][\w.\-]*)\s*\}\}")
DEEPEST = 8


def substituted(value: ir.Expression | None, pattern: re.Pattern[str], meaning: Meaning) -> ir.Expression:
    """A scalar with its names replaced; what is no scalar is not known as text."""
    text = scalar(value)
    if text is None:
        span = value.span if value is not None else Span("", 1, 1, 1, 1)
        return ir.Literal("", span) if value is None or isinstance(value, ir.Constant) else _unknown(span)
    parts: list[ir.Expression] = []
    at = 0
    for match in pattern.finditer(text.text):
        if match[0].startswith("\\"):
            parts += literals(text, at, match.start())
            at = match.start() + 1
            continue
        span = text.span(match.start(), match.end())
        found = meaning(next(name for name in match.groups() if name is not None), span)
        if found is not None:
            parts += [*literals(text, at, match.start()), found]
            at = match.end()
    return joined([*parts, *literals(text, at, len(text.text))], text.span(0, len(text.text)))


def environment(name: str, span: Span) -> ir.Expression:
    """What the environment holds."""
    return ir.Apply("environment", (ir.Literal(name, span, False),), span)


class Variables:
    """Variables that are written in the file and may be made of each other; others come from outside."""

    def __init__(self, written: Mapping[str, ir.Expression], pattern: re.Pattern[str] = DOLLAR) -> None:
        self.written, self.pattern = written, pattern
        self._open: list[str] = []

    def meaning(self, name: str, span: Span) -> ir.Expression:
        value = self.written.get(name)
        if value is None or name in self._open or len(self._open) >= DEEPEST:
            return environment(name, span)
        self._open.append(name)
        found = substituted(value, self.pattern, self.meaning)
        self._open.pop()
        return found

    def expanded(self, value: ir.Expression | None) -> ir.Expression:
        """A text with its variables replaced."""
        return substituted(value, self.pattern, self.meaning)

    def all(self) -> tuple[tuple[str, ir.Expression], ...]:
        """Every variable with its value."""
        return tuple((name, self.meaning(name, value.span)) for name, value in self.written.items())


def _unknown(span: Span) -> ir.Expression:
    return ir.Opaque("a value that is no text", span)
