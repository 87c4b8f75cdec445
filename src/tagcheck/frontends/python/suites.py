"""Tests (pytest: fixtures, parametrised tests, x-unit set-up; unittest.TestCase) to what a runner would do.

A fixture is a variable 'fixture:NAME' that is evaluated once for a scenario; a function's parameters that are fixtures
have it as their default. All tests of a file are one entry, because they share their fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.api import Variable
from tagcheck.frontends.python.body import Scope
from tagcheck.frontends.python.children import children
from tagcheck.frontends.python.functions import Definition, FunctionBody
from tagcheck.frontends.python.names import decorators_of, dotted, fixture_asked_for, keyword
from tagcheck.frontends.python.project import AUTOUSE, FINAL_HOOKS, HOOKS, PLUGINS
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

MOST_PARAMETER_SETS = 8
REQUEST = ("pytest.fixtures", "fixture:request")
BEFORE_CLASS = ("setup_class", "setUpClass")
BEFORE = ("setup_method", "setUp", "asyncSetUp")
AFTER = ("asyncTearDown", "tearDown", "teardown_method")
AFTER_CLASS = ("tearDownClass", "teardown_class")


def fixture_name(definition: Definition) -> str:
    """The name that tests ask for a fixture by."""
    for name, arguments in decorators_of(definition.node):
        if name.rpartition(".")[2] == "fixture":
            given = keyword(arguments, "name")
            if isinstance(given, cst.SimpleString):
                return str(given.evaluated_value)
    return definition.node.name.value


def fixture_variable(file: SourceFile, name: str, made_by: str, span: Span, words: frozenset[str]) -> Variable:
    """A fixture's value: what the function `made_by` gives."""
    own = f"fixture:{name}"

    def lower() -> tuple[ir.Statement, ...]:
        target = ir.Name(own, span)
        return (ir.Invoke((target,), ir.Global(file.module, made_by, span), (), span),)

    return Variable(own, span, lower, words)


def class_fixture(file: SourceFile, owner: str, definition: Definition, words: frozenset[str]) -> Variable:
    """The value of a fixture that a class has: what the method gives of the object that goes through its tests."""
    own, span = f"fixture:{owner}.{fixture_name(definition)}", file.span(definition.node)

    def lower() -> tuple[ir.Statement, ...]:
        object_ = ir.Field(ir.Global(*REQUEST, span), "cls", span)
        return (ir.Invoke((ir.Name(own, span),), ir.Field(object_, definition.node.name.value, span), (), span),)

    return Variable(own, span, lower, words)


def is_automatic(definition: Definition) -> bool:
    """Whether a fixture is used without being asked for."""
    given = (each for name, given in decorators_of(definition.node) if name.endswith("fixture") for each in given)
    return any(each.keyword is not None and each.keyword.value == "autouse" for each in given)


def plugins(tree: cst.Module) -> list[str]:
    """The modules that a file names as plug-ins (`pytest_plugins`)."""
    return [
        str(each.evaluated_value)
        for line in tree.body
        if isinstance(line, cst.SimpleStatementLine)
        for node in line.body
        if isinstance(node, cst.Assign) and dotted(node.targets[0].target) == PLUGINS
        for each in _texts(node.value)
    ]


def _texts(node: cst.BaseExpression) -> list[cst.SimpleString]:
    listed = [each.value for each in node.elements] if isinstance(node, cst.List | cst.Tuple) else [node]
    return [each for each in listed if isinstance(each, cst.SimpleString)]


def with_fixtures(
    parameters: tuple[ir.Parameter, ...], file: SourceFile, given: Mapping[str, ir.Expression]
) -> tuple[ir.Parameter, ...]:
    """Parameters that a test runner fills: those of a parameter set with `given`, the others with fixtures."""

    def filled(each: ir.Parameter) -> ir.Parameter:
        if each.variadic or each.rest or each.default is not None:
            return each
        default = given.get(each.name)
        span = Span(file.path, 1, 1, 1, 1)
        return replace_default(each, default or ir.Global(file.module, f"fixture:{each.name}", span))

    return tuple(map(filled, parameters))


def replace_default(parameter: ir.Parameter, default: ir.Expression) -> ir.Parameter:
    return ir.Parameter(
        parameter.name, parameter.type, parameter.variadic, default, parameter.copied, parameter.named, parameter.rest
    )


def used_fixtures(node: cst.FunctionDef | cst.ClassDef) -> list[str]:
    """The fixtures that a test or a class of tests names without taking their values (`usefixtures`)."""
    return [
        str(each.value.evaluated_value)
        for name, arguments in decorators_of(node)
        if name.rpartition(".")[2] == "usefixtures"
        for each in arguments
        if isinstance(each.value, cst.SimpleString)
    ]


def asked_fixtures(node: cst.CSTNode) -> list[str]:
    """The fixtures that a test asks for by their names while it runs."""
    found: list[str] = []
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Call) and (name := fixture_asked_for(each)):
            found.append(name)
        pending.extend(children(each))
    return found


def marked_fixtures(node: cst.CSTNode) -> list[str]:
    """The fixtures that all tests of a file use by its `pytestmark`."""
    if not isinstance(node, cst.Assign) or dotted(node.targets[0].target) != "pytestmark":
        return []
    listed = node.value.elements if isinstance(node.value, cst.List | cst.Tuple) else [cst.Element(node.value)]
    marks = [each.value for each in listed if isinstance(each.value, cst.Call)]
    given = (arg for mark in marks if dotted(mark.func).endswith(".usefixtures") for arg in mark.args)
    return [str(each.value.evaluated_value) for each in given if isinstance(each.value, cst.SimpleString)]


# --- parameter sets --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ParameterSets:
    """What `@pytest.mark.parametrize` and a fixture's `params` give: variables of the module with the set that is in
    use, and the values of parameters taken from them. With `indirect`, the values go to fixtures of these names."""

    variables: dict[str, Variable]
    values: dict[str, ir.Expression]
    indirect: dict[str, ir.Expression]
    """what the fixtures of these names are asked with"""


def parameter_sets(file: SourceFile, definition: Definition, name: str) -> ParameterSets:
    """The parameter sets of a test or fixture."""
    found = ParameterSets({}, {}, {})
    for number, (decorator, arguments) in enumerate(decorators_of(definition.node)):
        kind = decorator.rpartition(".")[2]
        own = f"sets:{name}.{number}"
        if kind == "parametrize" and len(arguments) >= 2:
            names = _names(arguments[0].value)
            listed = arguments[1].value
            indirect = _indirect(keyword(arguments, "indirect"), names)
        elif kind == "fixture" and (params := keyword(arguments, "params")) is not None:
            names, listed, indirect = ("request.param",), params, frozenset[str]()
        else:
            continue
        found.variables[own] = _chosen_set(file, own, listed)
        whole = ir.Global(file.module, own, file.span(listed))
        for index, each in enumerate(names):
            single = len(names) == 1
            taken = found.indirect if each in indirect else found.values
            taken[each] = whole if single else ir.Index(whole, ir.Constant(index, whole.span), whole.span)
    return found


def _indirect(node: cst.BaseExpression | None, names: tuple[str, ...]) -> frozenset[str]:
    """The parameters whose values go to fixtures: none, those that are listed, or all, as where it is not known."""
    if node is None or (isinstance(node, cst.Name) and node.value == "False"):
        return frozenset()
    return frozenset(_names(node) if isinstance(node, cst.List | cst.Tuple) else names)


def asked_with(file: SourceFile, name: str, made_by: str, parameter: ir.Expression) -> Variable:
    """The variable `name` with what the fixture of the function `made_by` gives for a parameter."""
    span = parameter.span

    def lower() -> tuple[ir.Statement, ...]:
        request = ir.RecordOf("pytest.FixtureRequest", (("param", parameter),), span)
        given = ir.Argument(request, "request")
        return (ir.Invoke((ir.Name(name, span),), ir.Global(file.module, made_by, span), (given,), span),)

    return Variable(name, span, lower)


def _names(node: cst.BaseExpression) -> tuple[str, ...]:
    if isinstance(node, cst.SimpleString):
        return tuple(each.strip() for each in str(node.evaluated_value).split(",") if each.strip())
    if isinstance(node, cst.Tuple | cst.List):
        return tuple(
            str(each.value.evaluated_value) for each in node.elements if isinstance(each.value, cst.SimpleString)
        )
    return ()


def _chosen_set(file: SourceFile, name: str, node: cst.BaseExpression) -> Variable:
    """One of several parameter sets: which, is a condition that nothing decides."""
    span = file.span(node)

    def lower() -> tuple[ir.Statement, ...]:
        body = FunctionBody(file, Scope(f"{file.key}#{name}"))
        if isinstance(node, cst.List | cst.Tuple):
            items = [_parameters(each.value) for each in node.elements[:MOST_PARAMETER_SETS]]
            value = _one_of([body.expression(each) for each in items], span)
        else:
            value = ir.Opaque("one of several parameter sets", span, (body.expression(node),))
        return (*body.out, ir.Assign((ir.Name(name, span),), value, span))

    return Variable(name, span, lower, file.words(node))


def _parameters(node: cst.BaseExpression) -> cst.BaseExpression:
    """A parameter set without `pytest.param(…)` around it."""
    if isinstance(node, cst.Call) and dotted(node.func).rpartition(".")[2] == "param" and node.args:
        plain = [each.value for each in node.args if each.keyword is None]
        return plain[0] if len(plain) == 1 else cst.Tuple([cst.Element(each) for each in plain])
    return node


def _one_of(values: list[ir.Expression], span: Span) -> ir.Expression:
    if not values:
        return ir.Opaque("no parameter set", span)
    first, *others = values
    if not others:
        return first
    return ir.Choice(ir.Opaque("which parameter set", span), first, _one_of(others, span), span)


# --- entries ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TestClass:
    """A class with tests: its name, its tests, the hooks that it has itself or may inherit."""

    __test__ = False
    name: str
    tests: tuple[str, ...]
    span: Span
    automatic: tuple[str, ...] = ()
    """the variables of its own fixtures that every test uses"""
    is_case: bool = False
    """it is one of unittest's"""


def entry(
    file: SourceFile, tests: Iterable[str], classes: Iterable[TestClass], procedures: Mapping[str, ir.Procedure]
) -> ir.Procedure:
    """What a runner does with the tests of a file."""
    functions, groups = tuple(tests), tuple(classes)
    first = Span(file.path, 1, 1, 1, 1)
    named = [procedures[each] for each in functions]
    named += [procedures[f"{group.name}.{each}"] for group in groups for each in group.tests]
    span = named[0].span if named else first

    def lower() -> tuple[ir.Statement, ...]:
        found: list[ir.Statement] = [*automatic(file, span)]
        found += [attempted(_call(ir.Name(name, procedures[name].span))) for name in functions]
        for group in groups:
            found += _group(group, procedures)
        return tuple(found)

    mentions = frozenset().union(*(each.mentions for each in named), *map(_words_of(procedures), groups))
    key = f"{file.key}#{file.path}"
    return ir.Procedure(key, file.module, (), lower, span, mentions=mentions | {*functions})


def _words_of(procedures: Mapping[str, ir.Procedure]) -> Callable[[TestClass], frozenset[str]]:
    def words(group: TestClass) -> frozenset[str]:
        own = [found.mentions for name, found in procedures.items() if name.startswith(f"{group.name}.")]
        hooks = frozenset((*BEFORE_CLASS, *BEFORE, *AFTER, *AFTER_CLASS))
        return frozenset().union(hooks, *own)

    return words


def automatic(file: SourceFile, span: Span) -> list[ir.Statement]:
    """The fixtures and hooks that run without being asked for, outermost first."""
    modules = [to for name, to in file.imports.items() if name.startswith(".conftest") and ":" not in to]
    found: list[ir.Statement] = []
    for module in (*reversed(modules), file.module):
        if module != "pytest.fixtures" and not (module == file.module and found and module in modules):
            found.append(ir.Invoke((), ir.Global(module, AUTOUSE, span), (), span))
    return found


def automatic_procedure(
    file: SourceFile, fixtures: Iterable[str], procedures: Mapping[str, ir.Procedure]
) -> ir.Procedure:
    """What a file runs before its tests, and in the folders below it, without being asked."""
    names = tuple(fixtures)
    span = Span(file.path, 1, 1, 1, 1)
    hooks = [each for each in HOOKS if each in procedures]
    final = [each for each in FINAL_HOOKS if each in procedures]

    def lower() -> tuple[ir.Statement, ...]:
        found: list[ir.Statement] = [_call(ir.Name(name, span)) for name in hooks]
        for name in final:
            last = ir.Argument(ir.Name(name, span))
            found.append(ir.Invoke((), ir.Global("pytest", "add-finalizer", span), (last,), span))
        found += [ir.Assign((None,), ir.Name(f"fixture:{name}", span), span) for name in names]
        return tuple(found)

    words = [procedures[each].mentions for each in (*hooks, *final, *names) if each in procedures]
    mentions = frozenset().union((*hooks, *final, *names), *words)
    return ir.Procedure(f"{file.key}#{AUTOUSE}", file.module, (), lower, span, mentions=mentions)


def _call(callee: ir.Expression) -> ir.Statement:
    return ir.Invoke((), callee, (), callee.span)


def _group(group: TestClass, procedures: Mapping[str, ir.Procedure]) -> list[ir.Statement]:
    """One object goes through all tests of its class: what a set-up keeps in it, they find."""
    span = group.span
    made = ir.Name(f"%{group.name}", span)
    found: list[ir.Statement] = [ir.Invoke((made,), ir.Name(group.name, span), (), span)]
    request = ir.Argument(ir.Global(*REQUEST, span))
    found.append(ir.Invoke((), ir.Global("pytest", "enter-class", span), (request, ir.Argument(made)), span))
    found += [ir.Assign((None,), ir.Name(each, span), span) for each in group.automatic]

    def hooks(names: tuple[str, ...]) -> list[ir.Statement]:
        return [_call(ir.Field(made, each, span)) for each in names]

    found += hooks(BEFORE_CLASS)
    cleanups = ir.Invoke((), ir.Global("unittest", "run-cleanups", span), (ir.Argument(made),), span)
    for test in group.tests:
        own = procedures.get(f"{group.name}.{test}")
        called = _call(ir.Field(made, test, own.span if own is not None else span))
        found += [*hooks(BEFORE), attempted(called), *hooks(AFTER), *((cleanups,) if group.is_case else ())]
    return [*found, *hooks(AFTER_CLASS)]


def attempted(statement: ir.Statement) -> ir.Statement:
    """A test that ends in failure, or leaves itself out, ends nothing else."""
    return ir.Attempt((statement,), (), (), statement.span, surely=True)


MODULE_BEFORE, MODULE_AFTER = "setUpModule", "tearDownModule"
SUITE = "%unittest"
"""The procedure of a file that runs its test cases as `unittest.main` does."""


def unittest_run(
    file: SourceFile, classes: Iterable[TestClass], procedures: Mapping[str, ir.Procedure]
) -> ir.Procedure:
    """What `unittest.main` does with a file: classes and tests in the order of their names (Python 3.13 library
    reference, "unittest", section "Loading and running tests")."""
    groups = sorted((each for each in classes if each.tests), key=lambda group: group.name)
    span = groups[0].span if groups else Span(file.path, 1, 1, 1, 1)

    def lower() -> tuple[ir.Statement, ...]:
        found = [_call(ir.Name(MODULE_BEFORE, span))] if MODULE_BEFORE in procedures else []
        for group in groups:
            found += _group(replace(group, tests=tuple(sorted(group.tests))), procedures)
        return (*found, *([_call(ir.Name(MODULE_AFTER, span))] if MODULE_AFTER in procedures else ()))

    words = (_words_of(procedures)(group) for group in groups)
    mentions = frozenset((MODULE_BEFORE, MODULE_AFTER)).union(*words)
    return ir.Procedure(f"{file.key}#{SUITE}", file.module, (), lower, span, mentions=mentions)


def is_entry(node: cst.FunctionDef) -> bool:
    """Whether a runner takes a function for a test, by its name."""
    return node.name.value.startswith("test")
