"""Functions that choose what to do by the class of their first argument (PEP 443, `functools.singledispatch`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.body import Scope
from tagcheck.frontends.python.decorating import PLAIN
from tagcheck.frontends.python.functions import RESULT, FunctionBody
from tagcheck.frontends.python.names import dotted
from tagcheck.frontends.python.sourcefile import SourceFile

_PARAMETERS = (ir.Parameter("args", variadic=True), ir.Parameter("keywords", rest=True))
_FIRST = ir.Parameter("%first")


@dataclass
class Dispatcher:
    """A function and what is registered with it: classes, as they are written, with the names of procedures. `plain` is
    what it does for any other class."""

    file: SourceFile
    plain: ir.Procedure
    cases: list[tuple[cst.BaseExpression, str]] = field(default_factory=list)

    def add(self, node: cst.FunctionDef, name: str) -> None:
        """A function that is registered for the class in its decorator, or else for that of its first parameter."""
        class_ = next(iter(_classes(node)), None)
        if class_ is not None:
            self.cases.append((class_, name))

    def procedure(self, key: str) -> ir.Procedure:
        """The procedure that the function's name stands for."""
        file, span = self.file, self.plain.span

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(file, Scope(f"{file.key}#{key}"))
            # What was registered last is asked first: classes that inherit from others come behind these.
            for class_, name in reversed(self.cases):
                matches = body.builtin("isinstance", (ir.Name(_FIRST.name, span), body.expression(class_)), span)
                body.emit(ir.Branch(matches, tuple(self._called(name)), (), span))
            body.out.extend(self._called(f"{self.plain.key.rpartition('#')[2].removesuffix(PLAIN)}{PLAIN}"))
            return tuple(body.out)

        return ir.Procedure(
            key, file.module, (_FIRST, *_PARAMETERS), lower, span, RESULT,
            mentions=self.plain.mentions | {key.rpartition("#")[2] + PLAIN} | file.words(file.tree),
        )  # fmt: skip

    def _called(self, name: str) -> Iterator[ir.Statement]:
        span = self.plain.span
        result = ir.Name("%result", span)
        given = (
            ir.Argument(ir.Name(_FIRST.name, span)),
            ir.Argument(ir.Spread(ir.Name("args", span), span)),
            ir.Argument(ir.Name("keywords", span), ir.ALL_KEYWORDS),
        )
        yield ir.Invoke((result,), ir.Global(self.file.module, name, span), given, span, declare=True)
        yield ir.Return((result,), span)


def _classes(node: cst.FunctionDef) -> Iterator[cst.BaseExpression]:
    for each in node.decorators:
        if isinstance(each.decorator, cst.Call) and dotted(each.decorator.func).endswith(".register"):
            yield from (given.value for given in each.decorator.args[:1])
    first = next(iter((*node.params.posonly_params, *node.params.params)), None)
    if first is not None and first.annotation is not None:
        yield first.annotation.annotation


def registered_with(node: cst.FunctionDef, known: Mapping[str, Dispatcher]) -> str | None:
    """The function that another one is registered with by its decorator; None for any other."""
    for each in node.decorators:
        written = each.decorator.func if isinstance(each.decorator, cst.Call) else each.decorator
        name, _, what = dotted(written).rpartition(".")
        if what == "register" and name in known:
            return name
    return None
