"""Tests of operators that are written as files: suites of kuttl (v1beta1) and tests of Chainsaw (v1alpha1). What they
apply and run depends on the files beside them, and is not computed here."""

from __future__ import annotations

from posixpath import basename

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.yamltext import compose, decode

LANGUAGE = "cluster-test"
KEY = "test:"
SUITES = ("kuttl-test.yaml", "kuttl-test.yml")
NAMES = (*SUITES, "chainsaw-test.yaml", "chainsaw-test.yml")


def is_suite(path: str, content: bytes) -> bool:
    """Whether a file is a suite, by its name; there are few."""
    return basename(path) in SUITES and b"apiVersion" in content


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a test, by its name; a project may have thousands that only apply manifests."""
    return basename(path) in NAMES and b"apiVersion" in content


def parse(path: str, content: bytes, module: str) -> Unit:
    """A file as a unit with one procedure, `test:path`, that states it. Never raises."""
    text = decode(path, content)
    if isinstance(text, ir.Problem):
        return Unit(path, LANGUAGE, module, problems=(text,))
    end = text.position(len(text.text))
    span = text.span(0, len(text.text)) if end.line else text.span(0, 0)
    stated = ir.Use(ir.Role.SUITE, ir.Literal(path, span, exact=False), span)
    procedure = ir.Procedure(f"{KEY}{path}", module, (), lambda: (stated,), span)
    name = basename(path)
    entries = ((name, EntryKind.FILE),)
    return Unit(path, LANGUAGE, module, procedures={name: procedure}, entries=entries, problems=compose(text).problems)
