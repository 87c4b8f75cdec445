"""Starlark files as the parser of Python reads them, and what their `load` statements say.

The language is near enough to Python for its parser; what differs (`load`) is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tagcheck.frontends.python.guard import refusal
from tagcheck.ir import Problem

if TYPE_CHECKING:
    import libcst as cst

    from tagcheck.frontends.python.sourcefile import SourceFile

_LINE_ENDS = re.compile("\r\n?")


def read_file(path: str, content: bytes) -> SourceFile | Problem:
    """A file, or why it cannot be read."""
    import libcst as cst

    from tagcheck.frontends.python.sourcefile import SourceFile

    refused = refusal(path, content)
    if refused is not None:
        return refused
    text = _LINE_ENDS.sub("\n", content.decode("utf-8", "replace").removeprefix("\ufeff"))
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        message = "syntax error; what depends on this file is not analysed"
        return Problem(path, error.raw_line, error.raw_column + 1, message)
    return SourceFile(path, path, text, tree)


def loads(node: cst.CSTNode, names: Sequence[str]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """The files that a statement loads by calls of one of the `names`, with the names that it takes from them: what
    each is called here, and there."""
    for call in _calls(node, names):
        arguments = call.args
        target = text_of(arguments[0].value) if arguments else None
        if target is not None:
            pairs = (
                (each.keyword.value if each.keyword else text_of(each.value), text_of(each.value))
                for each in arguments[1:]
            )
            yield target, tuple((bound, meant) for bound, meant in pairs if bound and meant)


def _calls(node: cst.CSTNode, names: Sequence[str]) -> Iterator[cst.Call]:
    import libcst as cst

    lines: Sequence[cst.CSTNode] = node.body if isinstance(node, cst.SimpleStatementLine) else ()
    for line in lines:
        call = line.value if isinstance(line, cst.Expr) else None
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value in names:
            yield call


def text_of(node: cst.BaseExpression) -> str | None:
    """What a literal text says."""
    import libcst as cst

    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None
