"""Functions that a decorator of the project takes the place of (Python 3.13 reference, section 8.7).

What a decorator gives for a function is a variable of the module, evaluated once; the name of the function calls it.
Decorators that surely are the project's own are those of the same file and of a relative import. One that is imported
by its absolute name is the project's if that is where the import leads, which is known when the function is called. Any
other is taken to change nothing, or is described by a model. So is one that gives nothing that can be called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.api import Variable
from tagcheck.frontends.python.body import BUILTINS, Scope
from tagcheck.frontends.python.functions import RESULT, Definition, FunctionBody
from tagcheck.frontends.python.names import dotted
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

PLAIN = "%plain"
"""What the name of a function itself ends with."""
_LIBRARY = sys.stdlib_module_names
_PARAMETERS = (ir.Parameter("args", variadic=True), ir.Parameter("keywords", rest=True))


def own_decorators(
    file: SourceFile, node: cst.FunctionDef | cst.ClassDef, defined: Collection[str], objects: Collection[str] = ()
) -> list[cst.BaseExpression]:
    """The decorators of a function or class that are the project's own, the innermost first. `defined` are the
    functions of the file so far, `objects` its variables with objects of its classes."""
    written = [each.decorator for each in reversed(node.decorators)]
    return [each for each in written if _is_own(each, file, defined, objects)]


def _is_own(
    decorator: cst.BaseExpression, file: SourceFile, defined: Collection[str], objects: Collection[str]
) -> bool:
    whole = _decorating(decorator)
    root, _, rest = whole.partition(".")
    if root in objects or (root in defined and (not rest or whole in defined)):
        return True
    return file.imports.get(root, "").startswith(".")


def _decorating(decorator: cst.BaseExpression) -> str:
    return dotted(decorator.func if isinstance(decorator, cst.Call) else decorator)


def imported_decorators(file: SourceFile, definition: Definition) -> list[cst.BaseExpression]:
    """The decorators of a function that absolute imports bring and that may be the project's, the innermost first."""
    written = [each.decorator for each in reversed(definition.node.decorators)]
    return [each for each in written if _may_be_own(file.imports.get(_decorating(each).partition(".")[0], ""))]


def _may_be_own(target: str) -> bool:
    return bool(target) and target[0] != "." and target.partition(":")[0].partition(".")[0] not in _LIBRARY


def once_linked(
    file: SourceFile,
    definition: Definition,
    found: ir.Procedure,
    plain: ir.Procedure,
    written: list[cst.BaseExpression],
) -> tuple[ir.Procedure, Variable]:
    """A function that decorators from absolute imports may take the place of, and the variable that holds what they
    give. Whether an import leads into the project shows only when the function is lowered."""

    def is_project(decorator: cst.BaseExpression) -> bool:
        return "/" in file.imports.get(_decorating(decorator).partition(".")[0], "").partition(":")[0]

    def own() -> list[cst.BaseExpression]:
        return [each for each in written if is_project(each)]

    replaced, held = decorated(file, definition, plain, own)

    def lower() -> tuple[ir.Statement, ...]:
        if not own():
            return found.lower()
        result, span = ir.Name("%1", found.span), found.span
        given = tuple(_passed_by_name(found, span))
        invoked = ir.Invoke((result,), ir.Global(file.module, held.name, span), given, span)
        return (invoked, ir.Return((result,), span))

    mentions = found.mentions | replaced.mentions
    procedure = ir.Procedure(
        found.key, found.module, found.parameters, lower, found.span, found.results, receiver=found.receiver,
        mentions=mentions, computed=found.computed,
    )  # fmt: skip
    return procedure, held


def _passed_by_name(procedure: ir.Procedure, span: Span) -> Iterator[ir.Argument]:
    if procedure.receiver is not None:
        yield ir.Argument(ir.Name(procedure.receiver.name, span))
    for each in procedure.parameters:
        name = ir.Name(each.name, span)
        if each.variadic:
            yield ir.Argument(ir.Spread(name, span))
        elif each.rest:
            yield ir.Argument(name, ir.ALL_KEYWORDS)
        else:
            yield ir.Argument(name, each.name if each.named else "")


def holder(name: str) -> str:
    """The variable that holds what the decorators of a function give."""
    return f"decorated:{name}"


def decorated(
    file: SourceFile,
    definition: Definition,
    plain: ir.Procedure,
    decorators: Callable[[], list[cst.BaseExpression]],
) -> tuple[ir.Procedure, Variable]:
    """The procedure that a function's name stands for, and the variable that holds what its decorators give. `plain` is
    the function itself, which the module knows by the end of its key."""
    name = plain.key.rpartition("#")[2].removesuffix(PLAIN)
    kept, span = holder(name), file.span(definition.node.name)

    def value() -> tuple[ir.Statement, ...]:
        body = FunctionBody(file, Scope(f"{file.key}#{kept}"))
        itself: ir.Expression = ir.Global(file.module, plain.key.rpartition("#")[2], span)
        found = itself
        for each in decorators():
            function = body.expression(each)
            result = ir.Name(f"%decorated{len(body.out)}", span)
            body.emit(ir.Invoke((result,), function, (ir.Argument(found),), file.span(each), declare=True))
            found = result
        if found is not itself:
            found = body.builtin("callable-or", (found, itself), span)
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


def class_statements(body: FunctionBody, node: cst.ClassDef, decorators: list[cst.BaseExpression]) -> None:
    """What happens when a class has been made: what it inherits from is told, and its own decorators, the innermost
    first, may put something else in its place."""
    file, span = body.file, body.span(node.name)
    itself = ir.Global(file.module, node.name.value, span)
    given = [each for each in node.keywords if each.keyword is not None and each.keyword.value != "metaclass"]
    if node.bases:
        keywords = [ir.Argument(body.expression(each.value), each.keyword.value) for each in given if each.keyword]
        told = ir.Global(BUILTINS, "subclass-made", span)
        body.emit(ir.Invoke((), told, (ir.Argument(itself), *keywords), span))
    found: ir.Expression = itself
    for each in decorators:
        function, result = body.expression(each), body.temporary(span)
        body.emit(ir.Invoke((result,), function, (ir.Argument(found),), file.span(each)))
        found = result
    if found is not itself:
        body.emit(ir.Assign((itself,), found, span))
