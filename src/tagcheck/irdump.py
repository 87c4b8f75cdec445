"""A stable text form of the small language, for `--dump-ir` and for the tests of the front ends.

A statement takes one line, nested statements are indented below it, closures follow the procedure that makes them. The
form is meant to be read and compared, not to be read back. Texts are written as JSON strings, so that nothing a source
holds reaches a terminal; a literal that differs from its source (escape sequences) is marked with `~`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import assert_never

from tagcheck import ir
from tagcheck.frontends.api import TypeInfo, Unit, Variable
from tagcheck.source import Span

INDENT = "    "


def dump_unit(unit: Unit, spans: bool = False) -> str:
    """Everything a unit holds, its procedures lowered; `spans` puts the place before each statement."""
    lines = [f"unit {unit.path} {unit.language} {unit.module}"]
    if unit.alternative:
        lines.append(f"alternative {unit.alternative}")
    lines += [f"import {name} = {module}" for name, module in unit.imports.items()]
    lines += [_type(name, info) for name, info in unit.types.items()]
    for name, variable in unit.variables.items():
        dump = _Dump(spans)
        lines.append(_variable(name, variable))
        lines += dump.block(variable.lower(), 1)
        lines += [dump_procedure(closure, spans) for closure in dump.closures]
    lines += [f"entry {kind.value} {name}" for name, kind in unit.entries]
    for procedure in (*unit.procedures.values(), *unit.initial):
        lines.append(dump_procedure(procedure, spans))
    lines += [f"problem {problem.line}:{problem.column} {problem.message}" for problem in unit.problems]
    return "\n".join(lines)


def dump_procedure(procedure: ir.Procedure, spans: bool = False) -> str:
    """A procedure, its body, and below it the closures that it makes."""
    lines, pending = [], [procedure]
    while pending:
        current = pending.pop()
        dump = _Dump(spans)
        lines.append(_signature(current))
        lines += dump.block(current.body, 1)
        pending += reversed(dump.closures)
    return "\n".join(lines)


def dump_statements(statements: Iterable[ir.Statement], spans: bool = False) -> str:
    """Some statements on their own; closures appear by their key only."""
    return "\n".join(_Dump(spans).block(statements, 0))


def dump_expression(expression: ir.Expression) -> str:
    """One expression on one line; closures appear by their key only."""
    return _Dump(False).expression(expression)


def _type(name: str, info: TypeInfo) -> str:
    fields = ", ".join(f"{field} {kind}" for field, kind in info.fields)
    embedded = f" embeds {', '.join(info.embedded)}" if info.embedded else ""
    return f"type {name} = {info.name} {info.underlying or '{' + fields + '}'}{embedded}"


def _variable(name: str, variable: Variable) -> str:
    kind = "constant" if variable.constant else "variable"
    return f"{kind} {name} {variable.type}".rstrip()


def _signature(procedure: ir.Procedure) -> str:
    receiver = f"({_parameter(procedure.receiver)}) " if procedure.receiver else ""
    parameters = ", ".join(_parameter(parameter) for parameter in procedure.parameters)
    results: list[str] = list(procedure.results)
    if procedure.named_results:
        results = [f"{name} {kind}" for name, kind in zip(procedure.named_results, procedure.results, strict=False)]
    arrow = f" -> {', '.join(results)}" if results else ""
    return f"procedure {receiver}{procedure.key}({parameters}){arrow}"


def _parameter(parameter: ir.Parameter) -> str:
    dots = "..." if parameter.variadic else ""
    default = f" = {dump_expression(parameter.default)}" if parameter.default else ""
    return f"{parameter.name}{dots} {parameter.type}".rstrip() + default


class _Dump:
    """Writes statements and remembers the closures met on the way."""

    def __init__(self, spans: bool) -> None:
        self.spans = spans
        self.closures: list[ir.Procedure] = []

    def block(self, statements: Iterable[ir.Statement], depth: int) -> Iterator[str]:
        for statement in statements:
            place = f"{_place(statement.span)} " if self.spans else ""
            yield INDENT * depth + place + self.head(statement)
            for label, inner in _inner_blocks(statement):
                if label:
                    yield INDENT * depth + label
                yield from self.block(inner, depth + 1)

    def head(self, statement: ir.Statement) -> str:
        """The first line of a statement."""
        match statement:
            case ir.Assign():
                return self._into(statement.targets, statement.declare) + self.expression(statement.value)
            case ir.Invoke():
                call = f"{self.expression(statement.callee)}({self._arguments(statement.arguments)})"
                return f"{self._into(statement.targets, statement.declare)}call {call}"
            case ir.Run():
                return self._run(statement)
            case ir.Redirect():
                return self._redirect(statement)
            case ir.Branch():
                return f"if {self.expression(statement.condition)}"
            case ir.Attempt(surely=True):
                return f"attempt as {self._targets((statement.error,))} if it surely fails"
            case ir.Attempt():
                return f"attempt as {self._targets((statement.error,))}" if statement.error is not None else "attempt"
            case ir.ForEach():
                return f"for {self._targets(statement.targets) or '_'} in {self.expression(statement.over)}"
            case ir.While():
                return f"while {self.expression(statement.condition)}"
            case ir.Break() | ir.Continue():
                return type(statement).__name__.lower() + (f" {statement.loops}" if statement.loops else "")
            case ir.Defer(on_failure=True):
                return "defer on failure"
            case ir.Defer() | ir.Spawn():
                return type(statement).__name__.lower()
            case ir.Return():
                return f"return {self._list(statement.values)}".rstrip()
            case ir.Send():
                return f"send {self.expression(statement.value)} to {self.expression(statement.channel)}"
            case ir.Receive():
                into = self._into(statement.targets, statement.declare)
                return f"{into}receive {self.expression(statement.channel)}"
            case ir.Use():
                return f"use {statement.role.value} {self.expression(statement.value)}"
            case _:
                assert_never(statement)

    def _run(self, statement: ir.Run) -> str:
        parts = [f"run {self._list(statement.argv)}"]
        parts += [f"environment {name}={self.expression(value)}" for name, value in statement.environment]
        if statement.stdin is not None:
            parts.append(f"stdin {self.expression(statement.stdin)}")
        if statement.directory is not None:
            parts.append(f"directory {self.expression(statement.directory)}")
        if statement.output is not None:
            parts.append(f"{_output(statement.whole)} {self.expression(statement.output)}")
        if statement.status is not None:
            parts.append(f"status {self.expression(statement.status)}")
        return "; ".join(parts)

    def _redirect(self, statement: ir.Redirect) -> str:
        stdin = f"; stdin {self.expression(statement.stdin)}" if statement.stdin is not None else ""
        output = ""
        if statement.output is not None:
            output = f"; {_output(statement.whole)} {self.expression(statement.output)}"
        own = " own process" if statement.own else ""
        status = f"; status {self.expression(statement.status)}" if statement.status is not None else ""
        return f"redirect{own}{stdin}{output}{status}"

    def _into(self, targets: tuple[ir.Target, ...], declare: bool) -> str:
        return f"{self._targets(targets)} {':=' if declare else '='} " if targets else ""

    def _targets(self, targets: tuple[ir.Target, ...]) -> str:
        return ", ".join("_" if target is None else self.expression(target) for target in targets)

    def _arguments(self, arguments: tuple[ir.Argument, ...]) -> str:
        return ", ".join(
            (f"{argument.keyword}=" if argument.keyword else "") + self.expression(argument.value)
            for argument in arguments
        )

    def _list(self, expressions: Iterable[ir.Expression]) -> str:
        return ", ".join(map(self.expression, expressions))

    def _pairs(self, pairs: Iterable[tuple[ir.Expression | str, ir.Expression]]) -> str:
        return ", ".join(
            f"{key if isinstance(key, str) else self.expression(key)}: {self.expression(value)}" for key, value in pairs
        )

    def expression(self, node: ir.Expression) -> str:
        write = self.expression
        match node:
            case ir.Literal():
                return json.dumps(node.text) + ("" if node.exact else "~")
            case ir.Constant():
                return "nil" if node.value is None else str(node.value).lower()
            case ir.Name():
                return node.name
            case ir.Global():
                return f"<{node.module}>.{node.name}"
            case ir.Field():
                return f"{write(node.base)}.{node.name}"
            case ir.Index():
                return f"{write(node.base)}[{write(node.index)}]"
            case ir.Slice():
                low, high = (write(end) if end is not None else "" for end in (node.low, node.high))
                return f"{write(node.base)}[{low}:{high}]"
            case ir.Compare():
                return f"({write(node.left)} {node.operator.value} {write(node.right)})"
            case ir.Not():
                return f"!{write(node.operand)}"
            case ir.AddressOf():
                return f"&{write(node.target)}"
            case ir.Dereference():
                return f"*{write(node.pointer)}"
            case ir.Closure():
                self.closures.append(node.procedure)
                return f"closure {node.procedure.key}"
            case _:
                return self._compound(node)

    def _compound(
        self,
        node: ir.Join
        | ir.Spread
        | ir.ListOf
        | ir.MapOf
        | ir.RecordOf
        | ir.Zero
        | ir.Allocate
        | ir.MakeChannel
        | ir.AllOf
        | ir.AnyOf
        | ir.Choice
        | ir.Apply
        | ir.Opaque,
    ) -> str:
        match node:
            case ir.Join():
                return f"join({self._list(node.parts)})"
            case ir.Spread():
                return f"spread({self.expression(node.value)})"
            case ir.ListOf():
                return f"list{_of(node.type)}({self._list(node.items)})"
            case ir.MapOf():
                return f"map{_of(node.type)}({self._pairs(node.entries)})"
            case ir.RecordOf():
                return f"record{_of(node.type)}({self._pairs(node.fields)})"
            case ir.Zero():
                return f"zero{_of(node.type)}"
            case ir.Allocate():
                return f"new({self.expression(node.value)})"
            case ir.MakeChannel():
                return "channel"
            case ir.AllOf():
                return f"all({self._list(node.operands)})"
            case ir.AnyOf():
                return f"any({self._list(node.operands)})"
            case ir.Choice():
                return f"choice({self._list((node.condition, node.then, node.otherwise))})"
            case ir.Apply():
                return f"{node.operation}!({self._list(node.arguments)})"
            case ir.Opaque():
                parts = f", {self._list(node.parts)}" if node.parts else ""
                return f"opaque({json.dumps(node.reason)}{parts})"
            case _:
                assert_never(node)


def _of(kind: str) -> str:
    return f"<{kind}>" if kind else ""


def _place(span: Span) -> str:
    return f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"


def _inner_blocks(statement: ir.Statement) -> Iterator[tuple[str, tuple[ir.Statement, ...]]]:
    match statement:
        case ir.Branch():
            yield "", statement.then
            if statement.otherwise:
                yield "else", statement.otherwise
        case ir.Attempt():
            yield "", statement.body
            yield "failed", statement.handler
            if statement.otherwise:
                yield "else", statement.otherwise
        case ir.While():
            yield "", statement.body
            if statement.step:
                yield "step", statement.step
        case ir.ForEach() | ir.Defer() | ir.Spawn() | ir.Redirect():
            yield "", statement.body
        case _:
            return


def _output(whole: bool) -> str:
    return "whole output" if whole else "output"
