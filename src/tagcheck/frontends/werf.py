"""werf's configurations: each as something that can be converged (werf 2). What is built and deployed then depends on
the run, and is not computed here."""

from __future__ import annotations

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import decode
from tagcheck.source import Span

LANGUAGE = "werf"
NAMES = ("werf.yaml", "werf.yml")
"""The files that are taken where none is named, the first that is there."""
CHART = ".helm"
"""The folder of the chart, where the file does not say another."""


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a configuration, by its name."""
    return path.rpartition("/")[2] in NAMES and b"configVersion" in content


def parse(path: str, content: bytes, module: str) -> Unit:
    """A file as a unit with one procedure, `werf:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.DELIVERY, ir.Literal(path, span, exact=False), span)
    procedure = ir.Procedure(key(path), module, (), lambda: (stated,), span)
    name = path.rpartition("/")[2]
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=((name, EntryKind.STATEMENT),))


def key(path: str) -> str:
    """The key of the procedure that states a file."""
    return f"werf:{path}"
