"""The top level of a module: imports, functions, classes, variables, what runs when it is loaded or started.

The statement that assigns a name is the variable's value, evaluated once, when it is first asked for. Everything else
runs in order, and asks for the variables on its way; so do the statements that assign a name where there are several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, TypeInfo, Variable
from tagcheck.frontends.python import dispatching, runners, suites
from tagcheck.frontends.python.body import Scope
from tagcheck.frontends.python.children import children
from tagcheck.frontends.python.classes import ClassParts, ClassReader, cache_variable, default_variables, named_tuple
from tagcheck.frontends.python.decorating import (
    PLAIN,
    class_statements,
    decorated,
    holder,
    imported_decorators,
    once_linked,
    own_decorators,
)
from tagcheck.frontends.python.functions import CACHES, RESULT, Definition, FunctionBody, procedure, remembering
from tagcheck.frontends.python.names import bound_by, dotted, imported_by, naming_decorators
from tagcheck.frontends.python.patching import patched
from tagcheck.frontends.python.project import AUTOUSE, CONFTEST, FIXTURES, PLUGINS, folders, given_names, is_test
from tagcheck.frontends.python.sourcefile import SourceFile

Statement = cst.BaseStatement | cst.BaseSmallStatement
GUARD = "__name__"
MOST_PARENTS = 32
_HOLDERS = (
    *(cst.BaseCompoundStatement, cst.BaseSuite, cst.SimpleStatementLine),
    *(cst.Else, cst.Finally, cst.ExceptHandler, cst.MatchCase),
)


class TopLevel:
    """Reads the top level of a file."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.procedures: dict[str, ir.Procedure] = {}
        self.variables: dict[str, Variable] = {}
        self.types: dict[str, TypeInfo] = {}
        self.initial: list[ir.Procedure] = []
        self.entries: list[tuple[str, EntryKind]] = []
        self._classes: dict[str, ClassParts] = {}
        self._dispatchers: dict[str, dispatching.Dispatcher] = {}
        self._objects: set[str] = set()
        """variables with objects of the file's own classes"""
        self._tests: list[str] = []
        self._groups: list[suites.TestClass] = []
        self._cases: list[suites.TestClass] = []
        """the classes of unittest's test cases"""
        self._automatic: list[str] = []
        self._class_decorators: dict[str, list[cst.BaseExpression]] = {}
        """the decorators of this file's own of the classes that do something when they are made"""
        self._loose: list[Statement] = []
        self._guarded: list[Statement] = []
        self._groups_of: dict[str, list[Statement]] = {}

    def read(self) -> None:
        """Fill the mappings."""
        tree = self.file.tree
        self._imports(tree)
        self.file.names.update(
            name for each in _statements(tree.body) if not _is_import(each) for name in bound_by(each)
        )
        self._definitions(tree.body)
        self._variables_of_groups()
        self._passed_on()
        self._entries()

    # --- imports ---

    def _imports(self, tree: cst.Module) -> None:
        for node in _every_import(tree):
            if isinstance(node, cst.ImportFrom):
                self._import_from(node)
                continue
            for alias in node.names:
                name = dotted(alias.name)
                bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
                self.file.imports[bound] = name
                if alias.asname is None:
                    # What is bound is the first of the names.
                    head = name.partition(".")[0]
                    self.file.imports.setdefault(head, head)
        for name, target in given_names(self.file.path).items():
            module = target.partition(":")[0]
            self.file.imports[f"from {module}"] = module
            self.file.imports.setdefault(name, target)
        if is_test(self.file.path):
            for folder in folders(self.file.path):
                if self.file.path == f"{folder}/conftest.py".lstrip("/"):
                    continue
                self.file.imports[f".conftest {folder}"] = f"{CONFTEST}:{folder}"
            self.file.imports[".fixtures"] = FIXTURES
        for module in suites.plugins(tree) if PLUGINS in self.file.text else ():
            self.file.imports[f".conftest {module}"] = module

    def _import_from(self, node: cst.ImportFrom) -> None:
        module = "." * len(node.relative) + dotted(node.module)
        if isinstance(node.names, cst.ImportStar):
            self.file.imports[f".{module}"] = module
            return
        self.file.imports[f"from {module}"] = module
        for alias, bound in zip(node.names, imported_by(node), strict=False):
            self.file.imports[bound] = f"{module}:{dotted(alias.name)}"

    def _passed_on(self) -> None:
        """Names that a module imports are its own for whoever imports them from it."""
        for name, target in list(self.file.imports.items()):
            if ":" in target and name.isidentifier() and name not in self.variables and name not in self.procedures:
                self.variables[name] = self._import_variable(name)

    def _import_variable(self, name: str) -> Variable:
        file, span = self.file, self.file.stretch(0, 0)

        def lower() -> tuple[ir.Statement, ...]:
            module, _, simple = file.imports[name].partition(":")
            if not simple or (module, simple) == (file.module, name):
                return ()
            return (ir.Assign((ir.Name(name, span),), ir.Global(module, simple, span), span),)

        return Variable(name, span, lower)

    # --- definitions ---

    def _definitions(self, body: Sequence[Statement]) -> None:
        for node in _statements(body):
            match node:
                case cst.FunctionDef():
                    self._function(node)
                case cst.ClassDef():
                    self._class(node)
                case cst.If() if _is_guard(node.test):
                    self._guarded += _statements(node.body.body)
                case cst.If() | cst.Try():
                    self._loose.append(node)
                    for inner in _inner_definitions(node):
                        self._definitions([inner])
                case _ if (tuple_ := named_tuple(self.file, node)) is not None:
                    self._known(*tuple_)
                case _ if not _is_import(node):
                    self._loose.append(node)
                    self._objects.update(self._made_here(node))
                    self._automatic += suites.marked_fixtures(node)

    def _made_here(self, node: Statement) -> Iterator[str]:
        """The variable that a statement gives an object of a class of this file."""
        if (
            isinstance(node, cst.Assign)
            and isinstance(node.value, cst.Call)
            and dotted(node.value.func) in self._classes
        ):
            yield from bound_by(node)

    def _function(self, node: cst.FunctionDef) -> None:
        name = node.name.value
        definition = Definition(node, f"{self.file.key}#{name}")
        decorators = definition.decorators
        if "overload" in decorators:
            return
        if (dispatcher := dispatching.registered_with(node, self._dispatchers)) is not None:
            name = f"{dispatcher}%{len(self._dispatchers[dispatcher].cases) + 1}"
            definition = Definition(node, f"{self.file.key}#{name}")
        defaults = default_variables(self.file, definition, name, self.variables)
        if dispatcher is not None:
            self.procedures[name] = procedure(self.file, definition, defaults)
            self._dispatchers[dispatcher].add(node, name)
            return
        if "singledispatch" in decorators:
            plain = procedure(self.file, definition, defaults, f"{definition.key}{PLAIN}")
            self.procedures[f"{name}{PLAIN}"] = plain
            self._dispatchers[name] = dispatching.Dispatcher(self.file, plain)
            self.procedures[name] = self._dispatchers[name].procedure(definition.key)
            return
        if decorators & CACHES:
            inner = procedure(self.file, definition, defaults, f"{definition.key}%asked")
            self.variables[f"cache:{name}"] = cache_variable(self.file, f"cache:{name}", inner)
            self.procedures[f"{name}%asked"] = inner
            self.procedures[name] = remembering(self.file, definition, inner, f"cache:{name}")
            return
        found = procedure(self.file, definition, defaults)
        is_case = is_test(self.file.path) and suites.is_entry(node)
        if definition.is_fixture or is_case:
            found = self._filled(found, definition, name)
        if is_case:
            found = patched(self.file, found, node)
        self.procedures[name] = found
        own = own_decorators(self.file, node, self.procedures, self._objects)
        imported = imported_decorators(self.file, definition)
        if own and not (definition.is_fixture or is_case):
            plain = procedure(self.file, definition, defaults, f"{definition.key}{PLAIN}")
            self.procedures[f"{name}{PLAIN}"] = plain
            self.procedures[name], held = decorated(self.file, definition, plain, lambda: own)
            self.variables[held.name] = held
            self._loose.append(node)
        elif imported and not (definition.is_fixture or is_case):
            plain = procedure(self.file, definition, defaults, f"{definition.key}{PLAIN}")
            self.procedures[f"{name}{PLAIN}"] = plain
            self.procedures[name], held = once_linked(self.file, definition, found, plain, imported)
            self.variables[held.name] = held
        if not own and naming_decorators(node):
            self._loose.append(node)
        before, after = runners.beside(definition, self.procedures)
        if before or after:
            self.procedures[f"{name}%run"] = runners.surrounded(self.file, name, self.procedures, before, after)
            self.entries.append((f"{name}%run", EntryKind.MAIN))
        if definition.is_fixture:
            self._fixture(definition, found)
        elif is_case:
            self._tests.append(name)

    def _filled(
        self,
        found: ir.Procedure,
        definition: Definition,
        name: str,
        used: Sequence[str] = (),
        own: Mapping[str, str] = MappingProxyType({}),
    ) -> ir.Procedure:
        """A fixture or test with what its runner passes to it, and the fixtures that are used besides."""
        sets = suites.parameter_sets(self.file, definition, name)
        self.variables.update(sets.variables)
        span = self.file.span(definition.node.name)
        given: dict[str, ir.Expression] = {each: ir.Global(self.file.module, kept, span) for each, kept in own.items()}
        given.update(sets.values)
        for each, parameter in sets.indirect.items():
            # A fixture of another file is a name that this one can use as if it had imported it.
            if each in self.procedures or f"fixture:{each}" not in self.variables:
                asked_for = suites.asked_with(self.file, f"asked:{name}.{each}", each, parameter)
                self.variables[asked_for.name] = asked_for
                given[each] = ir.Global(self.file.module, asked_for.name, parameter.span)
        chosen = given.pop("request.param", None)
        if chosen is not None:
            given["request"] = ir.RecordOf("pytest.FixtureRequest", (("param", chosen),), chosen.span)
        parameters = suites.with_fixtures(found.parameters, self.file, given)
        used = (*used, *suites.used_fixtures(definition.node))
        asked = suites.asked_fixtures(definition.node) if "getfixturevalue" in found.mentions else ()
        unseen = (
            ir.Parameter(f"%{each}", default=ir.Global(self.file.module, own.get(each, f"fixture:{each}"), found.span))
            for each in dict.fromkeys(used)
        )
        return ir.Procedure(
            found.key, found.module, (*unseen, *parameters), found.lower, found.span, found.results,
            receiver=found.receiver, mentions=found.mentions.union(used, asked),
        )  # fmt: skip

    def _fixture(self, definition: Definition, found: ir.Procedure) -> None:
        name = suites.fixture_name(definition)
        variable = suites.fixture_variable(self.file, name, definition.node.name.value, found.span, found.mentions)
        self.variables[variable.name] = variable
        if suites.is_automatic(definition):
            self._automatic.append(name)

    def _class(self, node: cst.ClassDef) -> None:
        parts = ClassReader(self.file, node, self._classes, self.procedures).read()
        name = node.name.value
        decorators = own_decorators(self.file, node, self.procedures, self._objects)
        self._known(name, parts)
        if decorators or self._tells_others(node, parts):
            self._class_decorators[name] = decorators
            self._loose.append(node)
        methods = [each for each in node.body.body if isinstance(each, cst.FunctionDef)]
        fixtures, automatic = self._class_fixtures(name, methods, parts) if is_test(self.file.path) else ({}, ())
        for each in methods:
            own = f"{name}.{each.name.value}"
            definition = Definition(each, f"{self.file.key}#{own}", owner=name, bases=parts.info.parents)
            if own in parts.procedures and (definition.is_fixture or self._is_test_class(name, parts)):
                used = suites.used_fixtures(node)
                parts.procedures[own] = self._filled(parts.procedures[own], definition, own, used, fixtures)
                if suites.is_entry(each):
                    parts.procedures[own] = patched(self.file, parts.procedures[own], node, each)
        self.procedures.update(parts.procedures)
        if self._is_test_class(name, parts):
            tests = tuple(each.name.value for each in methods if suites.is_entry(each))
            if tests:
                is_case = self._is_case(parts)
                self._groups.append(suites.TestClass(name, tests, self.file.span(node.name), automatic, is_case))
        self._note_case(name, node, parts)

    def _tells_others(self, node: cst.ClassDef, parts: ClassParts) -> bool:
        """Whether a class that is made may be told to one that it inherits from: one of this file with the method for
        it, or one that takes keywords or comes from the project by a relative import."""
        if any(each.keyword is not None and each.keyword.value != "metaclass" for each in node.keywords):
            return True
        pending = list(parts.info.parents)
        for base in pending:
            known = self._classes.get(base)
            if f"{base}.__init_subclass__" in self.procedures:
                return True
            if known is not None and len(pending) < MOST_PARENTS:
                pending += known.info.parents
        return any(self.file.imports.get(base.partition(".")[0], "").startswith(".") for base in pending)

    def _class_fixtures(
        self, name: str, methods: Sequence[cst.FunctionDef], parts: ClassParts
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """The variables of the fixtures that a class has itself, by their names, and those that all its tests use."""
        found: dict[str, str] = {}
        automatic: list[str] = []
        for each in methods:
            definition = Definition(each, f"{self.file.key}#{name}.{each.name.value}", owner=name)
            made = parts.procedures.get(f"{name}.{each.name.value}")
            if definition.is_fixture and made is not None:
                variable = suites.class_fixture(self.file, name, definition, made.mentions)
                self.variables[variable.name] = variable
                found[suites.fixture_name(definition)] = variable.name
                automatic += [variable.name] if suites.is_automatic(definition) else []
        return found, tuple(automatic)

    def _known(self, name: str, parts: ClassParts) -> None:
        self._classes[name] = parts
        self.types[name] = parts.info
        self.variables.update(parts.variables)
        self.procedures.update(parts.procedures)

    def _is_test_class(self, name: str, parts: ClassParts) -> bool:
        bases = {base.rpartition(".")[2] for base in parts.info.parents}
        is_case = any(base.endswith("TestCase") for base in bases)
        return is_test(self.file.path) and (name.startswith("Test") or name.endswith("Test") or is_case)

    def _is_case(self, parts: ClassParts) -> bool:
        return any(base.rpartition(".")[2].endswith("TestCase") for base in parts.info.parents)

    def _note_case(self, name: str, node: cst.ClassDef, parts: ClassParts) -> None:
        """Note a class of unittest's, or one that inherits from such a class of this file and so has its tests."""
        inherited = [case for case in self._cases if case.name in parts.info.parents]
        if not inherited and not self._is_case(parts):
            return
        own = [
            each.name.value for each in node.body.body if isinstance(each, cst.FunctionDef) and suites.is_entry(each)
        ]
        tests = tuple(dict.fromkeys((*own, *(test for case in inherited for test in case.tests))))
        self._cases.append(suites.TestClass(name, tests, self.file.span(node.name), is_case=True))

    # --- variables ---

    def _variables_of_groups(self) -> None:
        """Statements by the names that they assign, names that share a statement together."""
        owner: dict[str, list[Statement]] = {}
        for node in self._loose:
            names = [each for each in bound_by(node) if each not in self.procedures]
            merged: list[Statement] = []
            for name in names:
                for each in owner.get(name, ()):
                    if each not in merged:
                        merged.append(each)
            merged.append(node)
            affected = {*names, *(name for name, nodes in owner.items() if any(each in merged for each in nodes))}
            owner.update(dict.fromkeys(affected, merged))
        for name, nodes in owner.items():
            if len(nodes) == 1:
                self._groups_of[name] = nodes
                self.variables[name] = self._variable(name, nodes)
            else:
                self.variables[name] = self._in_turn(name, nodes)

    def _in_turn(self, name: str, nodes: list[Statement]) -> Variable:
        """A name that several statements assign."""
        span = self.file.span(nodes[0])
        none = ir.Assign((ir.Name(name, span),), ir.Zero("", span), span, declare=True)
        return Variable(name, span, lambda: (none,), self.file.words(*nodes), in_turn=True)

    def _variable(self, name: str, nodes: list[Statement]) -> Variable:
        file = self.file
        names = sorted({each for node in nodes for each in bound_by(node)} - set(self.procedures))

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(file, Scope(f"{file.key}#{name}", frozenset(names)))
            span = file.span(nodes[0])
            for each in names:
                body.emit(ir.Assign((ir.Name(each, span),), ir.Zero("", span), span, declare=True))
            body.block(sorted(nodes, key=lambda node: file.offsets(node)))
            return tuple(body.out)

        return Variable(name, file.span(nodes[0]), lower, file.words(*nodes))

    # --- what runs ---

    def _entries(self) -> None:
        file = self.file
        if is_test(file.path):
            self._test_entries()
        if self._cases and "unittest" in file.text and "main" in file.text:
            self.procedures[suites.SUITE] = suites.unittest_run(file, self._cases, self.procedures)
            file.suite = suites.SUITE
        loaded = [node for node in self._loose if _does_something(node)]
        if loaded:
            self.initial.append(self._running("init@1", self._loose))
        if self._guarded:
            self.procedures["__main__"] = self._running("__main__", self._guarded)
            self.entries.append(("__main__", EntryKind.MAIN))
        tasks = runners.described(file, self.procedures)
        if tasks is not None:
            self.procedures["doit"] = tasks
            self.entries.append(("doit", EntryKind.MAIN))

    def _test_entries(self) -> None:
        file = self.file
        self.procedures[AUTOUSE] = suites.automatic_procedure(file, self._automatic, self.procedures)
        if self._tests or self._groups:
            self.procedures[file.path] = suites.entry(file, self._tests, self._groups, self.procedures)
            self.entries.append((file.path, EntryKind.TEST))

    def _running(self, name: str, nodes: Sequence[Statement]) -> ir.Procedure:
        file, groups = self.file, self._groups_of
        guarded = name == "__main__"
        bound = frozenset(each for node in nodes for each in bound_by(node)) if guarded else frozenset()

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(file, Scope(f"{file.key}#{name}", bound))
            for each in sorted(bound):
                span = file.span(nodes[0])
                body.emit(ir.Assign((ir.Name(each, span),), ir.Zero("", span), span, declare=True))
            if guarded:
                body.block(nodes)
                return tuple(body.out)
            for node in nodes:
                if isinstance(node, cst.FunctionDef):
                    # Its decorators run where it stands.
                    span = file.span(node.name)
                    for call in naming_decorators(node):
                        body.emit(body.invoked(call, ()))
                    if holder(node.name.value) in self.variables:
                        body.emit(ir.Assign((None,), ir.Name(holder(node.name.value), span), span))
                    continue
                if isinstance(node, cst.ClassDef):
                    class_statements(body, node, self._class_decorators[node.name.value])
                    continue
                names = [each for each in bound_by(node) if each in groups]
                if names:
                    span = file.span(node)
                    body.emit(ir.Assign((None,), ir.Name(names[0], span), span))
                else:
                    body.block([node])
            return tuple(body.out)

        mentions = file.words(*(part for node in nodes for part in _running_parts(node)))
        if file.suite:
            mentions |= {suites.SUITE} | self.procedures[suites.SUITE].mentions
        # What a program is started for need not be what it does to images.
        results = RESULT if guarded else ()
        span = file.span(nodes[0])
        return ir.Procedure(f"{file.key}#{name}", file.module, (), lower, span, results, mentions=mentions)


def _statements(body: Sequence[Statement]) -> Iterator[Statement]:
    for node in body:
        if isinstance(node, cst.SimpleStatementLine):
            yield from node.body
        else:
            yield node


def _running_parts(node: Statement) -> Sequence[cst.CSTNode]:
    """The parts of a statement that run where it stands."""
    return (*node.decorators, *node.bases, *node.keywords) if isinstance(node, cst.ClassDef) else (node,)


def _is_import(node: Statement) -> bool:
    return isinstance(node, cst.Import | cst.ImportFrom)


def _every_import(tree: cst.Module) -> Iterator[cst.Import | cst.ImportFrom]:
    """The imports of a file, those inside functions included."""
    pending: list[cst.CSTNode] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Import | cst.ImportFrom):
            yield node
        elif isinstance(node, _HOLDERS):
            pending.extend(reversed(children(node)))


def _inner_definitions(node: cst.CSTNode) -> Iterator[cst.FunctionDef | cst.ClassDef]:
    """The functions and classes in the branches of a statement."""
    for child in children(node):
        if isinstance(child, cst.FunctionDef | cst.ClassDef):
            yield child
        elif isinstance(child, cst.BaseSuite | cst.If | cst.Else | cst.Try | cst.ExceptHandler | cst.Finally):
            yield from _inner_definitions(child)


def _is_guard(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Comparison) and GUARD in (
        dotted(node.left),
        *(dotted(each.comparator) for each in node.comparisons),
    )


def _does_something(node: Statement) -> bool:
    """Whether a statement may do more than to bind names."""
    if isinstance(node, cst.Expr):
        return not isinstance(node.value, cst.SimpleString | cst.ConcatenatedString | cst.Ellipsis)
    return not isinstance(node, cst.Pass | cst.TypeAlias)
