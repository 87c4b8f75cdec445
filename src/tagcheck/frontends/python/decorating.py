"""Functions that a decorator of the project takes the place of (Python 3.13 reference, section 8.7).

What a decorator gives for a function is a variable of the module, evaluated once; the name of the function calls it.
Only decorators that surely are the project's own count: those of the same file and of a relative import. Any other is
taken to change nothing, or is described by a model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.api import Variable
from tagcheck.frontends.python.body import Scope
from tagcheck.frontends.python.functions import RESULT, Definition, FunctionBody
from tagcheck.frontends.python.names import dotted
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

PLAIN = "%plain"
"""What the name of a function itself ends with."""
_PARAMETERS = (ir.Parameter("args", variadic=True), ir.Parameter("keywords", rest=True))


def own_decorators(file: SourceFile, definition: Definition, defined: Collection[str]) -> list[cst.BaseExpression]:
    """The decorators of a function that are the project's own, the innermost first. `defined` are the functions of the
    file so far."""
    written = [each.decorator for each in reversed(definition.node.decorators)]
    return [each for each in written if _is_own(each, file, defined)]


def _is_own(decorator: cst.BaseExpression, file: SourceFile, defined: Collection[str]) -> bool:
    root, _, rest = dotted(decorator.func if isinstance(decorator, cst.Call) else decorator).partition(".")
    if root in defined:
        return not rest
    return file.imports.get(root, "").startswith(".")


def holder(name: str) -> str:
    """The variable that holds what the decorators of a function give."""
    return f"decorated:{name}"


def decorated(
    file: SourceFile, definition: Definition, plain: ir.Procedure, decorators: list[cst.BaseExpression]
) -> tuple[ir.Procedure, Variable]:
    """The procedure that a function's name stands for, and the variable that holds what its decorators give. `plain` is
    the function itself, which the module knows by the end of its key."""
    name = plain.key.rpartition("#")[2].removesuffix(PLAIN)
    kept, span = holder(name), file.span(definition.node.name)

    def value() -> tuple[ir.Statement, ...]:
        body = FunctionBody(file, Scope(f"{file.key}#{kept}"))
        found: ir.Expression = ir.Global(file.module, plain.key.rpartition("#")[2], span)
        for each in decorators:
            function = body.expression(each)
            result = ir.Name(f"%decorated{len(body.out)}", span)
            body.emit(ir.Invoke((result,), function, (ir.Argument(found),), file.span(each), declare=True))
            found = result
        body.emit(ir.Assign((ir.Name(kept, span),), found, span))
        return tuple(body.out)

    def call() -> tuple[ir.Statement, ...]:
        result = ir.Name("%1", span)
        given = tuple(_handed_on(plain.receiver, span))
        invoked = ir.Invoke((result,), ir.Global(file.module, kept, span), given, span)
        return (invoked, ir.Return((result,), span))

    mentions = plain.mentions | {plain.key.rpartition("#")[2]}
    procedure = ir.Procedure(
        definition.key, file.module, _PARAMETERS, call, plain.span, RESULT, receiver=plain.receiver, mentions=mentions,
        computed=plain.computed,
    )  # fmt: skip
    return procedure, Variable(kept, span, value, mentions)


def _handed_on(receiver: ir.Parameter | None, span: Span) -> Iterator[ir.Argument]:
    if receiver is not None:
        yield ir.Argument(ir.Name(receiver.name, span))
    yield ir.Argument(ir.Spread(ir.Name("args", span), span))
    yield ir.Argument(ir.Name("keywords", span), ir.ALL_KEYWORDS)
