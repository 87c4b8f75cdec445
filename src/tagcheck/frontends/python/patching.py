"""Tests that put mocks in the place of functions (Python 3.13, `unittest.mock`: the patchers as decorators).

A test starts the patches of its decorators, those of its class first, and stops what it has replaced when it ends.
"""

from __future__ import annotations

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.body import Scope
from tagcheck.frontends.python.functions import FunctionBody
from tagcheck.frontends.python.names import dotted, qualified
from tagcheck.frontends.python.sourcefile import SourceFile

_PATCHES = frozenset(("unittest.mock.patch", "unittest.mock.patch.object"))
_WORDS = frozenset(("patch", "monkeypatch", "mocker"))
_MODULE, _STOP = "unittest.mock", "stop-own"


def patched(file: SourceFile, found: ir.Procedure, *nodes: cst.FunctionDef | cst.ClassDef) -> ir.Procedure:
    """A test with what its decorators and those of its class (`nodes`, the outermost first) do around it."""
    patches = [each.decorator for node in nodes for each in reversed(node.decorators) if _is_patch(file, each)]
    if not patches and found.mentions.isdisjoint(_WORDS):
        return found

    def lower() -> tuple[ir.Statement, ...]:
        body = FunctionBody(file, Scope(f"{found.key}%patched"))
        for each in patches:
            span = file.span(each)
            handle = body.expression(each)
            body.emit(ir.Invoke((), ir.Field(handle, "start", span), (), span))
        stop = ir.Invoke((), ir.Global(_MODULE, _STOP, found.span), (), found.span)
        body.emit(ir.Defer((stop,), found.span))
        return (*body.out, *found.lower())

    words = (file.words(each) for each in patches)
    return ir.Procedure(
        found.key, found.module, found.parameters, lower, found.span, found.results, receiver=found.receiver,
        mentions=found.mentions.union(*words),
    )  # fmt: skip


def _is_patch(file: SourceFile, decorator: cst.Decorator) -> bool:
    called = decorator.decorator
    if not isinstance(called, cst.Call):
        return False
    return qualified(dotted(called.func), file.module, file.imports) in _PATCHES
