"""Names: dotted ones, what a statement binds, types that are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import libcst as cst

from tagcheck.frontends.python.children import children

_PLAIN = {"str": "string", "int": "int", "bool": "bool", "float": "float64", "None": "", "Any": "", "object": ""}
_WRAPPERS = frozenset(("Optional", "Annotated", "Generator", "Iterator", "Iterable", "ClassVar", "Final"))


def dotted(node: cst.BaseExpression | None) -> str:
    """'a.b.c' for names and attributes of names; empty for anything else."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join((node.value, *reversed(names)))


def fixture_asked_for(node: cst.Call) -> str:
    """The name by which a test asks for a fixture (pytest, `request.getfixturevalue`); empty for any other call."""
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value != "getfixturevalue" or len(node.args) != 1:
        return ""
    given = node.args[0].value
    return str(given.evaluated_value) if isinstance(given, cst.SimpleString) else ""


def written_names(node: cst.BaseExpression) -> list[str]:
    """The names in a text ('a b' or 'a, b') or in a list of texts or of pairs that begin with one."""
    match node:
        case cst.SimpleString() | cst.ConcatenatedString():
            written = node.evaluated_value
            return written.replace(",", " ").split() if isinstance(written, str) else []
        case cst.List(elements=elements) | cst.Tuple(elements=elements):
            return [name for each in elements for name in _first_name(each.value)]
        case _:
            return []


def _first_name(node: cst.BaseExpression) -> list[str]:
    if isinstance(node, cst.Tuple) and node.elements:
        node = node.elements[0].value
    return written_names(node)[:1] if isinstance(node, cst.SimpleString) else []


def bound_by(statement: cst.CSTNode, *, imports: bool = True) -> Iterator[str]:
    """The names that a statement assigns, those of the statements in it included; functions and classes have names of
    their own and are not looked into. `imports`: those that imports bind are among them."""
    pending: list[cst.CSTNode] = [statement]
    while pending:
        node = pending.pop()
        if not _binds(type(node)):
            pending.extend(child for child in reversed(children(node)) if _may_bind(type(child)))
            continue
        match node:
            case cst.FunctionDef() | cst.ClassDef():
                yield node.name.value
                continue
            case cst.Lambda() | cst.GeneratorExp() | cst.ListComp() | cst.SetComp() | cst.DictComp():
                continue
            case cst.Assign():
                for target in node.targets:
                    yield from targets_of(target.target)
            case cst.AnnAssign() | cst.AugAssign() | cst.NamedExpr() | cst.For() | cst.CompFor():
                yield from targets_of(node.target)
            case cst.AsName():
                yield from targets_of(node.name)
            case cst.Import() | cst.ImportFrom():
                if imports:
                    yield from imported_by(node)
                continue
            case cst.MatchAs() if node.name is not None:
                yield node.name.value
        pending.extend(child for child in reversed(children(node)) if _may_bind(type(child)))


_BINDING = (
    *(cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp),
    *(cst.Assign, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For, cst.CompFor),
    *(cst.AsName, cst.Import, cst.ImportFrom, cst.MatchAs),
)


@cache
def _binds(kind: type[cst.CSTNode]) -> bool:
    """Whether nodes of a kind bind names, or keep those that are bound inside to themselves. Kinds are asked, and not
    nodes: they are abstract base classes, of which to ask takes long."""
    return issubclass(kind, _BINDING)


@cache
def _may_bind(kind: type[cst.CSTNode]) -> bool:
    """Whether names can be bound inside of nodes of a kind."""
    return not issubclass(kind, (cst.Name, cst.BaseParenthesizableWhitespace, cst.EmptyLine, cst.BaseString))


def imported_by(node: cst.Import | cst.ImportFrom) -> Iterator[str]:
    """The names that an import binds."""
    if isinstance(node.names, cst.ImportStar):
        return
    for alias in node.names:
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            yield alias.asname.name.value
        else:
            yield dotted(alias.name).partition(".")[0]


def targets_of(target: cst.BaseExpression) -> Iterator[str]:
    """The plain names in the target of an assignment."""
    match target:
        case cst.Name():
            yield target.value
        case cst.Tuple() | cst.List():
            for element in target.elements:
                yield from targets_of(element.value)


def type_of(annotation: cst.Annotation | cst.BaseExpression | None, module: str, imports: dict[str, str]) -> str:
    """The type that an annotation names: builtin kinds as `ir` writes them, others by their qualified name; empty for
    what is no single type."""
    node = annotation.annotation if isinstance(annotation, cst.Annotation) else annotation
    if isinstance(node, cst.SimpleString):
        try:
            node = cst.parse_expression(str(node.evaluated_value))
        except cst.ParserSyntaxError:
            return ""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return type_of(node.left, module, imports) or type_of(node.right, module, imports)
    if isinstance(node, cst.Subscript):
        inner = dotted(node.value).rpartition(".")[2]
        index = node.slice[0].slice
        return type_of(index.value, module, imports) if inner in _WRAPPERS and isinstance(index, cst.Index) else ""
    name = dotted(node)
    return _PLAIN[name] if name in _PLAIN else qualified(name, module, imports)


def qualified(name: str, module: str, imports: dict[str, str]) -> str:
    """A dotted name of a file as module, '.' and name."""
    if not name:
        return ""
    head, _, rest = name.partition(".")
    for prefix in prefixes(name):
        if prefix in imports:
            base = imports[prefix].replace(":", ".")
            return f"{base}{name[len(prefix) :]}"
    return f"{module}.{head}" + (f".{rest}" if rest else "")


def prefixes(name: str) -> Iterator[str]:
    """A dotted name and its beginnings, longest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def decorators_of(node: cst.FunctionDef | cst.ClassDef) -> list[tuple[str, Sequence[cst.Arg]]]:
    """The names of the decorators and what they are called with."""
    found: list[tuple[str, Sequence[cst.Arg]]] = []
    for each in node.decorators:
        called = each.decorator if isinstance(each.decorator, cst.Call) else None
        name = dotted(called.func if called is not None else each.decorator)
        found.append((name, called.args if called is not None else ()))
    return found


def keyword(arguments: Sequence[cst.Arg], name: str) -> cst.BaseExpression | None:
    """The argument of a call that a keyword names."""
    return next((each.value for each in arguments if each.keyword is not None and each.keyword.value == name), None)


def naming_decorators(node: cst.FunctionDef) -> list[cst.Call]:
    """The decorators of a function that are calls with an image: what a library makes of such a function runs in it."""
    written = [each.decorator for each in reversed(node.decorators)]
    return [each for each in written if isinstance(each, cst.Call) and keyword(each.args, "image") is not None]
