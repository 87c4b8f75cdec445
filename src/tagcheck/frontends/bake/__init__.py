"""Bake files to the small language (Docker Buildx 0.26; docs.docker.com/build/bake/reference; grammar: tree-sitter-hcl
1.2).

A file becomes its blocks as it writes them, each attribute an expression over the names of variables. Which files go
together, what variables hold, which targets are meant and what they are called is decided where the file is used.
"""

from __future__ import annotations

from posixpath import basename

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.bake.blocks import BakeFile, Block
from tagcheck.frontends.bake.json import lower_json
from tagcheck.frontends.bake.syntax import lower_hcl
from tagcheck.frontends.hcl.expressions import Defined
from tagcheck.frontends.hcl.parsing import refusal, text_problem
from tagcheck.frontends.yamltext import compose, decode
from tagcheck.source import Span, Text

__all__ = ["NAMES", "OVERRIDES", "BakeFile", "Block", "Defined", "lower_text", "parse", "relevant"]

LANGUAGE = "bake"
NAMES = ("docker-bake.json", "docker-bake.hcl")
"""The files that are taken where none is named, all that are there, after compose files of the usual names."""
OVERRIDES = ("docker-bake.override.json", "docker-bake.override.hcl")
"""What is laid over them."""
_SUFFIXES = (".hcl", ".json")
_WORD = "bake"


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a bake file: by its name, and because it has targets."""
    name = basename(path).lower()
    return _WORD in name and name.endswith(_SUFFIXES) and b"target" in content


def parse(path: str, content: bytes, module: str) -> Unit:
    """A bake file as a unit with one procedure, `bake:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    problem = _problem(text)
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.BAKE, ir.Literal(path, span, exact=False), span)
    name = path.rpartition("/")[2]
    entries = ((name, EntryKind.STATEMENT),) if name not in OVERRIDES else ()
    procedure = ir.Procedure(f"bake:{path}", module, (), lambda: (stated,), span)
    problems = (problem,) if problem is not None else ()
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=entries, problems=problems)


def lower_text(text: Text) -> BakeFile | None:
    """The blocks of a bake file; None if it cannot be read. Never raises."""
    return lower_json(text) if _is_json(text) else lower_hcl(text)


def _problem(text: Text) -> ir.Problem | None:
    if _is_json(text):
        return next(iter(compose(text).problems), None)
    return refusal(text) or text_problem(text)


def _is_json(text: Text) -> bool:
    return text.text.lstrip().startswith("{")
