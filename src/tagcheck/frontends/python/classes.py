"""Classes (Python language reference, "Class definitions"; PEP 557 for data classes).

A class is a type, a procedure that makes its objects, a procedure for each method ('Class.method') and a variable for
each name that its body assigns ('Class.NAME').
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.api import TypeInfo, Variable
from tagcheck.frontends.python.body import BUILTINS, Scope
from tagcheck.frontends.python.decorating import PLAIN, decorated, imported_decorators, once_linked, own_decorators
from tagcheck.frontends.python.enumerations import (
    Enumeration,
    are_numbers,
    automatic,
    is_enumeration,
    member,
    names_text,
)
from tagcheck.frontends.python.functions import (
    CACHES,
    RESULT,
    Definition,
    FunctionBody,
    procedure,
    remembering,
)
from tagcheck.frontends.python.names import bound_by, decorators_of, dotted, keyword, type_of, written_names
from tagcheck.frontends.python.sourcefile import SourceFile
from tagcheck.source import Span

RECORDS = frozenset(("dataclass", "define", "frozen", "mutable", "attrs", "attr", "s"))
"""Decorators that make a constructor from the annotated names of a class."""
RECORD_BASES = frozenset(("NamedTuple", "BaseModel", "BaseSettings", "Struct", "TypedDict"))
HOLDERS = frozenset(("dict", "list", "set"))
"""Classes of the language whose objects hold others; so do the objects of what inherits from them."""
SETTING = "%set"
"""What the name of a property ends with for what sets it."""
DELETING = "%delete"
"""What it ends with for what takes it away."""
SPECIAL = frozenset(
    (
        *("__init__", "__post_init__", "__call__", "__iter__", "__getitem__", "__contains__", "__len__", "__str__"),
        *("__next__", "__getattr__", "__truediv__", "__setitem__", "__delitem__", "__new__", "__format__"),
        *("__get__", "__set__", "__set_name__", "__eq__", "__add__", "__radd__"),
    )
)
"""Methods that run without being named."""
_NOWHERE = Span("", 1, 1, 1, 1)
_MAKERS = frozenset(("field", "Field", "ib", "attrib", "Factory"))


@dataclass(frozen=True)
class ClassField:
    """An annotated name of a class: the expression of its default, or the function that makes it. `given`: it is a
    parameter; `named`: only by its name; `held`: it is a field, and no value for `__post_init__` alone."""

    name: str
    type: str
    default: cst.BaseExpression | None = None
    factory: cst.BaseExpression | None = None
    given: bool = True
    named: bool = False
    held: bool = True


@dataclass
class ClassParts:
    """What a class gives its module."""

    info: TypeInfo
    procedures: dict[str, ir.Procedure] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    fields: tuple[ClassField, ...] = ()
    tests: tuple[cst.FunctionDef, ...] = ()
    is_enumeration: bool = False
    may_hold: bool = False


class ClassReader:
    """Reads a class of a file; `known` are those before it, whose fields it may inherit, `functions` the functions."""

    def __init__(
        self, file: SourceFile, node: cst.ClassDef, known: dict[str, ClassParts], functions: Collection[str]
    ) -> None:
        self.file, self.node = file, node
        self.name = node.name.value
        self.bases = tuple(filter(None, (dotted(each.value) for each in node.bases if each.keyword is None)))
        is_tuple = any(base.rpartition(".")[2] == "NamedTuple" for base in self.bases)
        self.parts = ClassParts(TypeInfo(self.name, underlying="tuple" if is_tuple else "", parents=self.bases))
        for base in {*self.bases} & HOLDERS - file.names:
            file.imports.setdefault(base, f"{BUILTINS}:{base}")
        self._assigned: dict[str, str] = {}
        self._automatic: list[str] = []
        """the members whose values are chosen for them"""
        self._known = known
        self._functions = functions

    def read(self, defaults: dict[str, ir.Expression] | None = None) -> ClassParts:
        body = self.node.body.body
        parents = [self._known[base] for base in self.bases if base in self._known]
        self.parts.is_enumeration = is_enumeration(self.bases) or any(each.is_enumeration for each in parents)
        for statement in body:
            if isinstance(statement, cst.FunctionDef):
                self._method(statement)
            elif isinstance(statement, cst.SimpleStatementLine | cst.If | cst.Try | cst.With | cst.For):
                self._assigned.update((name, f"{self.name}.{name}") for name in bound_by(statement))
        for statement in body:
            if isinstance(statement, cst.SimpleStatementLine):
                for each in statement.body:
                    self._small(each)
        if self._is_record():
            inherited = [field_ for base in self.bases if base in self._known for field_ in self._known[base].fields]
            fields = {each.name: each for each in (*inherited, *self._fields())}
            self.parts.fields = tuple(fields.values())
        self.parts.may_hold = self._may_hold()
        if self.parts.is_enumeration:
            enumeration = Enumeration(self.file, self.name, self._members(), self.file.span(self.node.name))
            self.parts.procedures.update(enumeration.procedures())
        else:
            self.parts.procedures[self.name] = self._constructor()
        if self.parts.info.underlying:
            every = _through_fields(self.file, self.name, self.file.span(self.node.name), self.parts.fields)
            self.parts.procedures.setdefault(f"{self.name}.__iter__", every)
        if self._is_record() and self._compares():
            compared = _field_by_field(self.file, self.name, self.file.span(self.node.name), self.parts.fields)
            self.parts.procedures.setdefault(f"{self.name}.__eq__", compared)
        return self.parts

    def _members(self) -> list[str]:
        """The members of an enumeration in the order in which they are written."""
        return [name for name in self._assigned if not name.startswith("_")]

    def _is_record(self) -> bool:
        named = {name.rpartition(".")[2] for name, _ in decorators_of(self.node)}
        bases = {base.rpartition(".")[2] for base in self.bases}
        inherited = any(base in self._known and self._known[base].fields for base in self.bases)
        return bool(named & RECORDS or bases & RECORD_BASES or inherited)

    def _compares(self) -> bool:
        """Whether objects with equal fields are equal."""
        given = (dotted(keyword(arguments, "eq")) for _, arguments in decorators_of(self.node))
        return "False" not in given

    # --- methods ---

    def _method(self, node: cst.FunctionDef) -> None:
        name = f"{self.name}.{node.name.value}"
        definition = Definition(node, f"{self.file.key}#{name}", frozenset(), self.name, self.bases)
        if "overload" in definition.decorators:
            return
        if "setter" in definition.decorators:
            self.file.setters.add(node.name.value)
            key = f"{definition.key}{SETTING}"
            self.parts.procedures[f"{name}{SETTING}"] = procedure(self.file, definition, {}, key)
            return
        if "deleter" in definition.decorators:
            self.parts.procedures[f"{name}{DELETING}"] = procedure(
                self.file, definition, {}, f"{definition.key}{DELETING}"
            )
            return
        defaults = default_variables(self.file, definition, name, self.parts.variables)
        if definition.decorators & CACHES:
            inner = procedure(self.file, definition, defaults, f"{definition.key}%asked")
            cache = f"cache:{name}"
            self.parts.variables[cache] = cache_variable(self.file, cache, inner)
            self.parts.procedures[f"{name}%asked"] = inner
            self.parts.procedures[name] = remembering(self.file, definition, inner, cache)
        elif own := own_decorators(self.file, node, self._functions):
            plain = procedure(self.file, definition, defaults, f"{definition.key}{PLAIN}")
            self.parts.procedures[f"{name}{PLAIN}"] = plain
            self.parts.procedures[name], held = decorated(self.file, definition, plain, lambda: own)
            self.parts.variables[held.name] = held
        else:
            found = procedure(self.file, definition, defaults)
            if (imported := imported_decorators(self.file, definition)) and not definition.is_fixture:
                plain = procedure(self.file, definition, defaults, f"{definition.key}{PLAIN}")
                self.parts.procedures[f"{name}{PLAIN}"] = plain
                found, held = once_linked(self.file, definition, found, plain, imported)
                self.parts.variables[held.name] = held
            self.parts.procedures[name] = found

    # --- names of the class ---

    def _small(self, node: cst.BaseSmallStatement) -> None:
        if not isinstance(node, cst.Assign | cst.AnnAssign) or node.value is None:
            return
        file, span, assigned = self.file, self.file.span(node), self._assigned

        def lower() -> tuple[ir.Statement, ...]:
            body = FunctionBody(file, Scope(f"{file.key}#{self.name}"))
            body.renamed = assigned
            body.statement(node)
            for name in names if self.parts.is_enumeration else ():
                self._member(body, name, span)
            return tuple(body.out)

        names = list(bound_by(node))
        if isinstance(node.value, cst.Call) and dotted(node.value.func).rpartition(".")[2] == "auto":
            self._automatic += names
        for name in names:
            own = f"{self.name}.{name}"
            self.parts.variables[own] = Variable(own, span, lower, file.words(node))

    def _member(self, body: FunctionBody, name: str, span: Span) -> None:
        """Make a member of what its name was assigned."""
        if name in self._members():
            known = self._known.get(self.bases[0]) if self.bases else None
            bases = (*self.bases, *(known.info.parents if known is not None else ()))
            makes = any(each.name.value == "__init__" for each in self._methods())
            place = ir.Name(self._assigned[name], span)
            if name in self._automatic and (len(self._automatic) == len(self._members()) or "StrEnum" in self.bases):
                body.out.append(automatic(self.bases, self._automatic, name, place))
            type_, is_text, counts = f"{self.file.module}.{self.name}", names_text(bases), are_numbers(bases)
            body.out.extend(member(type_, name, place, is_text, makes, counts=counts))

    def _fields(self) -> list[ClassField]:
        found: list[ClassField] = []
        named = any(dotted(keyword(given, "kw_only")) == "True" for _, given in decorators_of(self.node))
        for statement in self.node.body.body:
            for each in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
                if not isinstance(each, cst.AnnAssign) or not isinstance(each.target, cst.Name):
                    continue
                about = _annotated(each.annotation.annotation)
                if about == "KW_ONLY":
                    named = True
                elif about != "ClassVar":
                    made = self._field(each.target.value, each)
                    found.append(replace(made, named=made.named or named, held=about != "InitVar"))
        return found

    def _field(self, name: str, node: cst.AnnAssign) -> ClassField:
        type_ = type_of(node.annotation, self.file.module, self.file.imports)
        value = node.value
        if isinstance(value, cst.Call) and dotted(value.func).rpartition(".")[2] in _MAKERS:
            factory = keyword(value.args, "default_factory") or keyword(value.args, "factory")
            default = keyword(value.args, "default")
            if default is None and value.args and value.args[0].keyword is None:
                default = value.args[0].value
            given = dotted(keyword(value.args, "init")) != "False"
            named = dotted(keyword(value.args, "kw_only")) == "True"
            return ClassField(name, type_, default, factory, given, named)
        return ClassField(name, type_, value)

    # --- making objects ---

    def _constructor(self) -> ir.Procedure:
        own = next((each for each in self._methods() if each.name.value == "__init__"), None)
        fields = self.parts.fields if own is None else ()
        new = self.parts.procedures.get(f"{self.name}.__new__")
        if new is not None:
            return self._made_by(new)
        if own is not None:
            parameters = self.parts.procedures[f"{self.name}.__init__"].parameters
        elif fields:
            parameters = self._field_parameters(fields)
        else:
            parameters = (ir.Parameter("args", variadic=True), ir.Parameter("keywords", rest=True))
        after = "__init__" if not fields else ""
        if f"{self.name}.__post_init__" in self.parts.procedures:
            after = after or "__post_init__"
        is_text = not fields and own is None and "str" in self.bases
        span, holds = self.file.span(self.node.name), self.parts.may_hold and not fields and not is_text
        return constructor(self.file, self.name, span, parameters, fields, after, is_text, may_hold=holds)

    def _may_hold(self) -> bool:
        """Whether the objects may be lists or mappings, too: one of the bases is one, or stands in another file."""
        known = (self._known.get(base) for base in self.bases)
        return any(each is None or each.may_hold for each in known)

    def _made_by(self, new: ir.Procedure) -> ir.Procedure:
        """What makes an object where the class has a method of its own for that (`__new__`)."""
        file, name, span = self.file, self.name, self.file.span(self.node.name)
        qualified, parameters = f"{file.module}.{name}", new.parameters[1:]

        def lower() -> tuple[ir.Statement, ...]:
            class_, made = ir.Global(file.module, name, span), ir.Name("%self", span)
            given = tuple(map(_passed_on, parameters))
            maker = ir.Global(file.module, f"{name}.__new__", span)
            is_own = ir.Name("%own", span)
            asked = (ir.Argument(made), ir.Argument(class_))
            then = (ir.Invoke((), ir.Field(made, "__init__", span), given, span),)
            return (
                ir.Invoke((made,), maker, (ir.Argument(class_), *given), span),
                ir.Invoke((is_own,), ir.Global(BUILTINS, "isinstance", span), asked, span),
                *((ir.Branch(is_own, then, (), span),) if f"{name}.__init__" in self.parts.procedures else ()),
                ir.Return((made,), span),
            )

        key = f"{file.key}#{name}"
        return ir.Procedure(key, file.module, parameters, lower, span, RESULT, mentions=SPECIAL, constructs=qualified)

    def _methods(self) -> list[cst.FunctionDef]:
        return [each for each in self.node.body.body if isinstance(each, cst.FunctionDef)]

    def _field_parameters(self, fields: tuple[ClassField, ...]) -> tuple[ir.Parameter, ...]:
        found: list[ir.Parameter] = []
        for each in fields:
            default: ir.Expression | None = None
            if each.default is not None:
                name = f"default:{self.name}.{each.name}"
                self.parts.variables[name] = value_variable(self.file, name, each.default, self._assigned)
                default = ir.Global(self.file.module, name, self.file.span(each.default))
            elif each.factory is not None:
                default = ir.Constant(None, self.file.span(each.factory))
            if each.given:
                found.append(ir.Parameter(each.name, each.type, default=default, named=each.named))
        return tuple(sorted(found, key=lambda parameter: parameter.named))


def _annotated(node: cst.BaseExpression) -> str:
    """What an annotation says that its name is, without the type inside."""
    return dotted(node.value if isinstance(node, cst.Subscript) else node).rpartition(".")[2]


def constructor(
    file: SourceFile,
    name: str,
    span: Span,
    parameters: tuple[ir.Parameter, ...],
    fields: tuple[ClassField, ...],
    after: str = "",
    is_text: bool = False,
    *,
    may_hold: bool = False,
) -> ir.Procedure:
    """The procedure that makes an object of a class with these fields; `after`: the method that is called then, with
    the arguments if there are no fields. `is_text`: the object is the text that it is made of; `may_hold`: it may be a
    list or a mapping."""
    qualified = f"{file.module}.{name}"

    def lower() -> tuple[ir.Statement, ...]:
        body = FunctionBody(file, Scope(f"{file.key}#{name}"))
        made = ir.Name("%self", span)
        kept = [each for each in fields if each.held and (each.given or each.default or each.factory)]
        values = tuple((each.name, _held_field(body, each, name)) for each in kept)
        if is_text:
            given = ir.Argument(ir.Spread(ir.Name("args", span), span))
            body.emit(ir.Invoke((made,), ir.Global(BUILTINS, "str", span), (given,), span))
            values = ((ir.TEXT_FIELD, made),)
        body.emit(ir.Assign((made,), ir.Allocate(ir.RecordOf(qualified, values, span), span), span))
        if may_hold:
            body.emit(ir.Invoke((), ir.Global(BUILTINS, "hold-items", span), (ir.Argument(made),), span))
        if after:
            only_passed = {each.name for each in fields if not each.held}
            passed = (each for each in parameters if not fields or each.name in only_passed)
            arguments = tuple(map(_passed_on, passed))
            body.emit(ir.Invoke((), ir.Field(made, after, span), arguments, span))
        body.emit(ir.Return((made,), span))
        return tuple(body.out)

    mentions = SPECIAL | file.words(*(each.factory for each in fields if each.factory))
    key = f"{file.key}#{name}"
    return ir.Procedure(key, file.module, parameters, lower, span, RESULT, mentions=mentions, constructs=qualified)


def named_tuple(file: SourceFile, node: cst.CSTNode) -> tuple[str, ClassParts] | None:
    """The name and the parts of a class that a call of `namedtuple` or `NamedTuple` makes; None for any other
    statement."""
    match node:
        case cst.Assign(targets=[target], value=cst.Call() as call):
            name, maker = dotted(target.target), dotted(call.func).rpartition(".")[2]
        case _:
            return None
    if maker not in ("namedtuple", "NamedTuple") or not name.isidentifier() or len(call.args) < 2:
        return None
    fields = tuple(ClassField(each, "") for each in written_names(call.args[1].value))
    parts = ClassParts(TypeInfo(name, underlying="tuple", parents=(dotted(call.func),)), fields=fields)
    parameters = tuple(ir.Parameter(each.name) for each in fields)
    span = file.span(call)
    parts.procedures[name] = constructor(file, name, span, parameters, fields)
    parts.procedures[f"{name}.__iter__"] = _through_fields(file, name, span, fields)
    return (name, parts) if fields and len(call.args) == 2 else None


def _through_fields(file: SourceFile, name: str, span: Span, fields: tuple[ClassField, ...]) -> ir.Procedure:
    """What goes through a named tuple."""

    def lower() -> tuple[ir.Statement, ...]:
        items = tuple(ir.Field(ir.Name("self", span), each.name, span) for each in fields)
        return (ir.Return((ir.ListOf(items, span),), span),)

    receiver = ir.Parameter("self", f"{file.module}.{name}")
    return ir.Procedure(f"{file.key}#{name}.__iter__", file.module, (), lower, span, RESULT, receiver=receiver)


def _field_by_field(file: SourceFile, name: str, span: Span, fields: tuple[ClassField, ...]) -> ir.Procedure:
    """Whether two objects of a data class are equal."""

    def lower() -> tuple[ir.Statement, ...]:
        own, other = ir.Name("self", span), ir.Name("other", span)
        class_ = ir.Global(file.module, name, span)
        asked, kind = ir.Name("%1", span), ir.Global(BUILTINS, "isinstance", span)
        pairs = ((ir.Field(own, each.name, span), ir.Field(other, each.name, span)) for each in fields if each.held)
        equal = tuple(ir.Compare(ir.CompareOp.EQ, left, right, span) for left, right in pairs)
        same = ir.AllOf(equal, span) if equal else ir.Constant(True, span)
        return (
            ir.Invoke((asked,), kind, (ir.Argument(other), ir.Argument(class_)), span),
            ir.Branch(asked, (), (ir.Return((ir.Constant(False, span),), span),), span),
            ir.Return((same,), span),
        )

    receiver, parameters = ir.Parameter("self", f"{file.module}.{name}"), (ir.Parameter("other"),)
    return ir.Procedure(f"{file.key}#{name}.__eq__", file.module, parameters, lower, span, RESULT, receiver=receiver)


def _held_field(body: FunctionBody, each: ClassField, class_name: str) -> ir.Expression:
    """A field's value: what is passed, else what its factory makes."""
    span = body.file.span(each.factory) if each.factory is not None else body.file.stretch(0, 0)
    given: ir.Expression = ir.Name(each.name, span)
    if not each.given:
        given = ir.Constant(None, span)
        if each.default is not None:
            return ir.Global(body.file.module, f"default:{class_name}.{each.name}", span)
    if each.factory is None:
        return given
    made = body.temporary(span)
    with body.collected() as inner:
        found = body.call(body.expression(each.factory), (), span)
        inner.append(ir.Assign((made,), found, span))
    body.emit(ir.Assign((made,), given, span))
    is_none = ir.Compare(ir.CompareOp.EQ, given, ir.Constant(None, span), span)
    body.emit(ir.Branch(is_none, tuple(inner), (), span))
    return made


def _passed_on(parameter: ir.Parameter) -> ir.Argument:
    span = parameter.default.span if parameter.default is not None else _NOWHERE
    name = ir.Name(parameter.name, span)
    if parameter.variadic:
        return ir.Argument(ir.Spread(name, span))
    if parameter.rest:
        return ir.Argument(name, ir.ALL_KEYWORDS)
    return ir.Argument(name, parameter.name)


def default_variables(
    file: SourceFile, definition: Definition, name: str, variables: dict[str, Variable]
) -> dict[str, ir.Expression]:
    """The default values of a function's parameters: evaluated once, in variables of the module that are added."""
    found: dict[str, ir.Expression] = {}
    parameters = definition.node.params
    for each in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        if each.default is None:
            continue
        kept = f"default:{name}.{each.name.value}"
        variables[kept] = value_variable(file, kept, each.default, {})
        found[each.name.value] = ir.Global(file.module, kept, file.span(each.default))
    return found


def value_variable(file: SourceFile, name: str, node: cst.BaseExpression, renamed: dict[str, str]) -> Variable:
    """A variable of the module that holds the value of an expression."""
    span = file.span(node)

    def lower() -> tuple[ir.Statement, ...]:
        body = FunctionBody(file, Scope(f"{file.key}#{name}"))
        body.renamed = renamed
        value = body.expression(node)
        return (*body.out, ir.Assign((ir.Name(name, span),), value, span))

    return Variable(name, span, lower, file.words(node))


def cache_variable(file: SourceFile, name: str, inner: ir.Procedure) -> Variable:
    """A variable of the module for the results that a function remembers."""
    span = inner.span

    def lower() -> tuple[ir.Statement, ...]:
        return (ir.Assign((ir.Name(name, span),), ir.Allocate(ir.MapOf((), span), span), span),)

    return Variable(name, span, lower)
