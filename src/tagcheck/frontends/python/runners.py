"""Programs that run functions of a file: what comes before and after a task (invoke 2, fabric 3), and the tasks of a
file that doit reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.functions import Definition
from tagcheck.frontends.python.names import decorators_of, dotted, keyword
from tagcheck.frontends.python.project import DODO, RUN_TASKS
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

TASK = "task_"


def beside(definition: Definition, defined: Collection[str]) -> tuple[list[str], list[str]]:
    """The tasks before and after one, of those that the file defines."""
    before: list[str] = []
    after: list[str] = []
    for name, arguments in decorators_of(definition.node):
        if name.rpartition(".")[2] != "task":
            continue
        plain = [each.value for each in arguments if each.keyword is None]
        before += _named([*plain, *_items(keyword(arguments, "pre"))])
        after += _named(_items(keyword(arguments, "post")))
    return [name for name in before if name in defined], [name for name in after if name in defined]


def _items(node: cst.BaseExpression | None) -> Iterable[cst.BaseExpression]:
    return [each.value for each in node.elements] if isinstance(node, cst.List | cst.Tuple) else ()


def _named(nodes: Iterable[cst.BaseExpression]) -> list[str]:
    """The tasks that are named, or called with arguments of their own (`call(task, …)`)."""
    found: list[str] = []
    for node in nodes:
        inner = node.args[0].value if isinstance(node, cst.Call) and node.args else node
        found.append(dotted(inner))
    return found


def surrounded(
    file: SourceFile, name: str, procedures: Mapping[str, ir.Procedure], before: Sequence[str], after: Sequence[str]
) -> ir.Procedure:
    """A task as its runner does it."""
    task = procedures[name]
    span = task.span
    order = (*before, name, *after)

    def lower() -> tuple[ir.Statement, ...]:
        context = [ir.Argument(ir.Name(each.name, span)) for each in task.parameters[:1]]
        return tuple(ir.Invoke((), ir.Name(each, span), tuple(context), span) for each in order)

    mentions = frozenset(order).union(*(procedures[each].mentions for each in order))
    return ir.Procedure(f"{file.key}#{name}%run", file.module, task.parameters[:1], lower, span, mentions=mentions)


def described(file: SourceFile, procedures: Mapping[str, ir.Procedure]) -> ir.Procedure | None:
    """What doit does with the tasks of a file; None for a file without."""
    names = [name for name in procedures if name.startswith(TASK) and "." not in name and "%" not in name]
    if file.path.rpartition("/")[2] != DODO or not names:
        return None
    span = Span(file.path, 1, 1, 1, 1)

    def lower() -> tuple[ir.Statement, ...]:
        found: list[ir.Statement] = []
        arguments: list[ir.Argument] = []
        for number, name in enumerate(names, 1):
            result, at = ir.Name(f"%{number}", span), procedures[name].span
            found.append(ir.Invoke((result,), ir.Name(name, at), (), at))
            arguments += [ir.Argument(ir.Literal(name.removeprefix(TASK), at, False)), ir.Argument(result)]
        return (*found, ir.Invoke((), ir.Global("doit", RUN_TASKS, span), tuple(arguments), span))

    mentions = frozenset((*names, RUN_TASKS)).union(*(procedures[name].mentions for name in names))
    return ir.Procedure(f"{file.key}#doit", file.module, (), lower, span, mentions=mentions)
