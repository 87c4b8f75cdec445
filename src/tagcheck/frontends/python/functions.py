"""Functions and lambdas (Python language reference, "Function definitions") to procedures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.body import BUILTINS, Remaining, Scope
from tagcheck.frontends.python.names import decorators_of, qualified, type_of
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.frontends.python.statements import RAISED, YIELDED, Resumed, Statements, assigned_in, contains_yield
from tagcheck.source import Span

MANAGERS = frozenset(("contextmanager", "asynccontextmanager"))
CACHES = frozenset(("cache", "lru_cache", "cached_property", "memoize", "memoized"))
PROPERTIES = frozenset(("property", "cached_property", "hybrid_property", "computed_field"))
OF_CLASSES = frozenset(("__init_subclass__", "__class_getitem__"))
"""Methods of classes that no decorator says to be so (Python 3.13 reference, 3.3.3)."""
RESULT = ("",)


@dataclass(frozen=True)
class Definition:
    """A function and where it stands. `owner` is the class of a method. `fixtures`: its parameters are fixtures."""

    node: cst.FunctionDef
    key: str
    around: frozenset[str] = frozenset()
    owner: str = ""
    bases: tuple[str, ...] = ()
    fixtures: bool = False

    @property
    def decorators(self) -> frozenset[str]:
        """The last parts of the decorators' names."""
        return frozenset(name.rpartition(".")[2] for name, _ in decorators_of(self.node))

    @property
    def receiver(self) -> cst.Param | None:
        """The parameter that a method's object comes in."""
        if not self.owner or "staticmethod" in self.decorators or self.node.name.value == "__new__":
            return None
        parameters = (*self.node.params.posonly_params, *self.node.params.params)
        return parameters[0] if parameters else None

    @property
    def is_fixture(self) -> bool:
        return "fixture" in self.decorators or "yield_fixture" in self.decorators

    @property
    def yields(self) -> str:
        if not contains_yield(self.node.body):
            return ""
        if self.is_fixture:
            return "fixture"
        return "manager" if self.decorators & MANAGERS else "list"


class FunctionBody(Statements):
    """A body with functions inside."""

    def function(self, node: cst.FunctionDef) -> ir.Expression | None:
        span = self.span(node)
        definition = Definition(node, f"{self.scope.key}${next(self.scope.numbers)}", self.scope.names)
        return ir.Closure(procedure(self.file, definition, self._defaults(node.params)), span)

    def closure(self, node: cst.Lambda) -> ir.Expression:
        span = self.span(node)
        key = f"{self.scope.key}${next(self.scope.numbers)}"
        names = frozenset(parameter.name.value for parameter in _every(node.params))
        scope = replace(self.scope, key=key, names=self.scope.names | names, yields="")
        renamed = {old: new for old, new in self.renamed.items() if old not in names}

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(self.file, scope)
            body.renamed = renamed
            value = body.expression(node.body)
            return (*body.out, ir.Return((value,), value.span))

        parameters = parameters_of(self.file, node.params, None, self._defaults(node.params))
        mentions = self.file.words(node)
        return ir.Closure(ir.Procedure(key, self.file.module, parameters, lower, span, RESULT, mentions=mentions), span)

    def _defaults(self, parameters: cst.Parameters) -> dict[str, ir.Expression]:
        """The default values, evaluated where the function is defined."""
        found: dict[str, ir.Expression] = {}
        for each in _every(parameters):
            if each.default is None:
                continue
            value = self.expression(each.default)
            if not isinstance(value, ir.Literal | ir.Constant | ir.Global):
                kept = ir.Name(f"{each.name.value}#{next(self.scope.numbers)}", value.span)
                self.emit(ir.Assign((kept,), value, value.span, declare=True))
                value = kept
            found[each.name.value] = value
        return found

    def rest(self, remaining: Sequence[Remaining], span: Span) -> ir.Expression:
        key = f"{self.scope.key}${next(self.scope.numbers)}"
        temporaries = {f"%{number}" for number in range(1, self._serial + 1)}
        pending = (node for nodes, _ in remaining for node in nodes)
        written = (node.attempt if isinstance(node, Resumed) else node for node in pending)
        words = self.file.words(*written)
        renamed = dict(self.renamed)
        # After the yield, leaving is only leaving, and another yield means nothing any more.
        scope = replace(self.scope, key=key, yields="")

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(self.file, scope)
            body.renamed = renamed
            body._serial = len(temporaries)
            raised, none = ir.Name(RAISED, span), ir.Constant(None, span)
            came = ir.Name("%came", span)
            if is_handled:
                body.emit(ir.Assign((came,), ir.Compare(ir.CompareOp.NE, raised, none, span), span, declare=True))
            for nodes, statements in remaining:
                body.block(nodes)
                body.out.extend(statements)
            if is_handled:
                left = ir.Compare(ir.CompareOp.EQ, raised, none, span)
                body.emit(ir.Return((ir.AllOf((came, left), span),), span))
            return tuple(body.out)

        is_handled = any(isinstance(node, Resumed) for nodes, _ in remaining for node in nodes)
        given = tuple(ir.Parameter(name, default=ir.Constant(None, span)) for name in ("%kind", RAISED))
        mentions = words | temporaries | {"__exit__", RAISED}
        parameters, results = (given, RESULT) if is_handled else ((), ())
        made = ir.Procedure(key, self.file.module, parameters, lower, span, results, mentions=mentions)
        return ir.Closure(made, span)


def procedure(
    file: SourceFile, definition: Definition, defaults: dict[str, ir.Expression], key: str = ""
) -> ir.Procedure:
    """The procedure of a function; `defaults` are the values of the parameters that have one."""
    node, receiver = definition.node, definition.receiver
    parameters = parameters_of(file, node.params, receiver, defaults, given_type(file, definition))
    names = frozenset(each.name for each in parameters) | ({receiver.name.value} if receiver is not None else set())

    def lower() -> tuple[ir.Statement, ...]:
        bound = assigned_in(node.body.body)
        scope = Scope(
            key or definition.key,
            definition.around | names | bound,
            definition.owner,
            definition.bases,
            receiver.name.value if receiver is not None else _class_given(definition),
            definition.yields,
        )
        body = FunctionBody(file, scope)
        span = file.span(node.name)
        for name in sorted(bound - names):
            body.emit(ir.Assign((ir.Name(name, span),), ir.Zero("", span), span, declare=True))
        if scope.yields == "list":
            body.emit(ir.Assign((ir.Name(YIELDED, span),), ir.ListOf((), span), span, declare=True))
        body.suite(node.body)
        body._finished(span)
        return tuple(body.out)

    found = None
    if receiver is not None:
        of_class = "classmethod" in definition.decorators or node.name.value in OF_CLASSES
        kind = "type" if of_class else f"{file.module}.{definition.owner}"
        found = ir.Parameter(receiver.name.value, kind)
    return ir.Procedure(
        key or definition.key,
        file.module,
        parameters,
        lower,
        file.span(node),
        RESULT,
        receiver=found,
        mentions=file.words(node),
        # What keeps the results of a property calls the function itself.
        computed=bool(definition.decorators & PROPERTIES) and not key,
    )


def _class_given(definition: Definition) -> str:
    """The parameter in which a function that makes objects gets their class."""
    parameters = (*definition.node.params.posonly_params, *definition.node.params.params)
    return parameters[0].name.value if definition.node.name.value == "__new__" and parameters else ""


def parameters_of(
    file: SourceFile,
    node: cst.Parameters,
    receiver: cst.Param | None,
    defaults: dict[str, ir.Expression],
    given: str = "",
) -> tuple[ir.Parameter, ...]:
    """The parameters of a function without its receiver; `given` is the type of the first one if it says none."""

    def one(each: cst.Param, **how: bool) -> ir.Parameter:
        name = each.name.value
        return ir.Parameter(
            name, type_of(each.annotation, file.module, file.imports), default=defaults.get(name), **how
        )

    found = [one(each) for each in (*node.posonly_params, *node.params) if each is not receiver]
    if given and found and not found[0].type and found[0].default is None:
        found[0] = replace_type(found[0], given)
    if isinstance(node.star_arg, cst.Param):
        found.append(ir.Parameter(node.star_arg.name.value, variadic=True))
    found += [one(each, named=True) for each in node.kwonly_params]
    if node.star_kwarg is not None:
        found.append(ir.Parameter(node.star_kwarg.name.value, rest=True))
    return tuple(found)


def replace_type(parameter: ir.Parameter, type_: str) -> ir.Parameter:
    """A parameter with another type."""
    return ir.Parameter(parameter.name, type_)


def given_type(file: SourceFile, definition: Definition) -> str:
    """The type of what a library's decorator passes to the function: its name with '()', for models to describe."""
    for name, _ in decorators_of(definition.node):
        if name.partition(".")[0] in file.imports:
            return f"{qualified(name, file.module, file.imports)}()"
    return ""


def _every(node: cst.Parameters) -> Iterable[cst.Param]:
    yield from (*node.posonly_params, *node.params, *node.kwonly_params)
    for each in (node.star_arg, node.star_kwarg):
        if isinstance(each, cst.Param):
            yield each


def every_parameter(node: cst.Parameters) -> tuple[cst.Param, ...]:
    """All parameters, those that take what is left over included."""
    return tuple(_every(node))


def remembering(file: SourceFile, definition: Definition, inner: ir.Procedure, cache: str) -> ir.Procedure:
    """The procedure of a function whose results are kept: it asks `inner` once for the same arguments. `cache` names
    the module's variable that holds the results."""
    name, span = inner.key.rpartition("#")[2], inner.span
    receiver = inner.receiver

    def lower() -> tuple[ir.Statement, ...]:
        result = ir.Name("%1", span)
        simple = name.rpartition(".")[2]
        asked: ir.Expression = ir.Name(name, span)
        given: list[ir.Expression] = [ir.Name(each.name, span) for each in inner.parameters]
        if receiver is not None:
            asked = ir.Field(ir.Name(receiver.name, span), simple, span)
            given.insert(0, ir.Name(receiver.name, span))
        arguments = (
            ir.Name(cache, span),
            asked,
            ir.ListOf(tuple(given), span),
            ir.Constant(receiver is not None, span),
        )
        call = ir.Invoke((result,), ir.Global(BUILTINS, "remember", span), tuple(map(ir.Argument, arguments)), span)
        return (call, ir.Return((result,), span))

    return ir.Procedure(
        definition.key,
        file.module,
        inner.parameters,
        lower,
        span,
        RESULT,
        receiver=receiver,
        mentions=inner.mentions | {name.rpartition(".")[2]},
        computed=bool(definition.decorators & PROPERTIES),
    )
