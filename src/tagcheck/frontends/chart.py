"""Charts: each as something that can be installed (Helm 3.17). What its templates become depends on the run, and is not
computed here."""

from __future__ import annotations

from posixpath import dirname

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import decode
from tagcheck.source import Span

LANGUAGE = "helm"
NAME = "Chart.yaml"


def relevant(path: str, content: bytes) -> bool:
    """Whether a file describes a chart that can be installed; a library chart is part of others."""
    return path.rpartition("/")[2] == NAME and b"type: library" not in content


def parse(path: str, content: bytes, module: str) -> Unit:
    """A chart's description as a unit with one procedure, `helm:path`, that states the chart. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.CHART, ir.Literal(dirname(path), span, exact=False), span)
    procedure = ir.Procedure(f"helm:{path}", module, (), lambda: (stated,), span)
    return Unit(path, LANGUAGE, module, procedures={NAME: procedure}, entries=((NAME, EntryKind.STATEMENT),))
