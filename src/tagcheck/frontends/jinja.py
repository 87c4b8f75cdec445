"""Jinja2 templates of manifests: each as something that can be rendered and applied (Jinja 3.1). What it becomes
depends on the run, and is not computed here."""

from __future__ import annotations

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.source import Span, Text

LANGUAGE = "jinja"
SUFFIXES = (".j2", ".jinja", ".jinja2")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a template of API objects that name images."""
    return path.endswith(SUFFIXES) and b"apiVersion:" in content and b"mage" in content


def parse(path: str, content: bytes, module: str) -> Unit:
    """A template as a unit with one procedure, `j2:path`, that states it. Never raises."""
    try:
        text = Text.of_file(path, content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = ir.Problem(path, line, 1, "is not valid UTF-8; save the file as UTF-8 text")
        return Unit(path, LANGUAGE, module, problems=(problem,))
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.TEMPLATE, ir.Literal(path, span, exact=False), span)
    procedure = ir.Procedure(f"j2:{path}", module, (), lambda: (stated,), span)
    name = path.rpartition("/")[2]
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=((name, EntryKind.STATEMENT),))
