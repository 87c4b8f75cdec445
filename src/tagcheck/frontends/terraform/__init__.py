"""Terraform files to the small language (Terraform 1.11, OpenTofu 1.9; developer.hashicorp.com/terraform/language).

A file becomes its blocks, each with expressions over the names that stand in its module. Which files make a module,
what its variables hold and what its resources do is decided where the module is used.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname, join

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.hcl.parsing import refusal, text_problem
from tagcheck.frontends.terraform.blocks import Block, lower_expression, lower_hcl, lower_template
from tagcheck.frontends.terraform.json import lower_json, lower_variables
from tagcheck.frontends.yamltext import decode
from tagcheck.source import Span, Text

__all__ = ["KEY", "SUFFIXES", "Block", "lower_expression", "lower_template", "lower_text", "parse", "relevant"]

LANGUAGE = "terraform"
KEY = "tf:"
"""How the keys of procedures begin that a folder of such files is."""
IN_JSON = (".tf.json", ".tofu.json")
SUFFIXES = (".tf", ".tofu", *IN_JSON)
_MAIN = "main.tf"
_DOES = (b"mage", b"provisioner", b"chart", b"manifest", b"module")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file has resources, or takes in modules, by which images may be named."""
    return (
        path.endswith(SUFFIXES)
        and (b"resource" in content or b"module" in content)
        and any(each in content for each in _DOES)
    )


def lower_text(text: Text) -> tuple[Block, ...] | None:
    """The blocks of a file, by its name in HCL or in JSON; None if it cannot be read. A file of variables is one block
    without a kind. Never raises."""
    path = text.position(0).path
    if not path.endswith(".json"):
        return lower_hcl(text)
    return lower_json(text) if path.endswith(IN_JSON) else lower_variables(text)


def parse(path: str, content: bytes, module: str, read: Callable[[str], bytes | None]) -> Unit:
    """A file as a unit with one procedure, `tf:folder`, that states its whole module. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    problem = None if path.endswith(IN_JSON) else refusal(text) or text_problem(text)
    folder = dirname(path)
    end = text.position(len(text.text))
    span = Span(path, 1, 1, end.line, end.column)
    stated = ir.Use(ir.Role.MODULE, ir.Literal(folder, span, exact=False), span)
    procedure = ir.Procedure(f"{KEY}{folder or '.'}", module, (), lambda: (stated,), span)
    first = join(folder, _MAIN)
    speaks = path == first or not relevant(first, read(first) or b"")
    entries = ((path, EntryKind.STATEMENT),) if speaks else ()
    problems = (problem,) if problem is not None else ()
    return Unit(path, LANGUAGE, module, procedures={path: procedure}, entries=entries, problems=problems)
