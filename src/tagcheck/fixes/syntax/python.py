"""Python: expressions, and the variables that are bound before (The Python Language Reference, Naming and binding).

A name of the module counts within functions only where the function does not bind the name itself: there it would be
another variable, which has no value yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tagcheck.fixes.sources import Source
from tagcheck.fixes.syntax.places import Repeat, Site, option
from tagcheck.frontends.python.guard import refusal

if TYPE_CHECKING:
    import libcst as cst

    from tagcheck.frontends.python.sourcefile import SourceFile

MOST_EXPRESSIONS = 4
"""Expressions around a place that are looked at, from the innermost."""


def reads(path: str, content: bytes) -> bool:
    """Whether a file is Python."""
    return path.endswith(".py")


def sites(content: bytes, start: int, end: int) -> Iterator[Site]:
    """The expressions around a stretch in which a variable could stand, innermost first."""
    file = _file(content)
    if file is None:
        return
    chain = _chain(file, content, start, end)
    source = Source(content)
    for length in _expressions(chain):
        at = source.range(file.span(chain[length - 1]))
        names = _bound_before(file, chain[:length])
        if at is not None and names:
            written = _as_option(chain[length - 1], names)
            if written:
                yield Site(*at, written)
            yield Site(*at, names)


def _as_option(node: cst.CSTNode, names: Sequence[str]) -> tuple[str, ...]:
    """What could stand in the place of a text that gives an option a value, with a variable as the value."""
    import libcst as cst

    if not isinstance(node, cst.SimpleString) or node.prefix or len(node.quote) != 1:
        return ()
    before = option(node.raw_value)
    return tuple(f"f{node.quote}{before}{{{name}}}{node.quote}" for name in names) if before else ()


def repeats(content: bytes, start: int, end: int) -> Iterator[Repeat]:
    """The expressions around a stretch that the statements of its block have more than once, as arguments of calls."""
    import libcst as cst

    file = _file(content)
    if file is None:
        return
    chain, source = _chain(file, content, start, end), Source(content)
    around = next((each for each in chain if isinstance(each, cst.FunctionDef)), file.tree)
    for length in _expressions(chain):
        block = next(
            (each for each in reversed(chain[:length]) if isinstance(each, cst.IndentedBlock | cst.Module)), None
        )
        if block is None or not isinstance(chain[length - 1], cst.Call | cst.FormattedString | cst.BinaryOperation):
            continue
        found = [each for line in block.body for each in _arguments(line) if chain[length - 1].deep_equals(each)]
        lines = [line for line in block.body if any(each in found for each in _arguments(line))]
        places = [source.range(file.span(each)) for each in found]
        first = source.range(file.span(lines[0])) if lines else None
        if len(found) > 1 and first is not None and not _changes(chain[length - 1], block.body, lines):
            whole = tuple(place for place in places if place is not None)
            if len(whole) == len(places):
                yield Repeat(first[0], whole, frozenset(_names(around)), "{} = {}", "{}")


def _arguments(statement: cst.CSTNode) -> list[cst.BaseExpression]:
    """The arguments of the calls that a simple statement always makes."""
    import libcst as cst

    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return []
    found: list[cst.BaseExpression] = []
    waiting: list[cst.CSTNode] = list(statement.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, cst.Lambda | cst.BaseComp | cst.IfExp | cst.BooleanOperation):
            continue
        if isinstance(node, cst.Arg | cst.Element):
            found.append(node.value)
        waiting = [*node.children, *waiting]
    return found


def _changes(expression: cst.CSTNode, body: Sequence[cst.CSTNode], lines: Sequence[cst.CSTNode]) -> bool:
    """Whether what an expression is made of is bound anew between the first of some lines and the last."""
    first, last = list(body).index(lines[0]), list(body).index(lines[-1])
    names = _names(expression)
    return any(names & _binds(line) for line in body[first:last])


@lru_cache(maxsize=2)
def _file(content: bytes) -> SourceFile | None:
    if refusal("", content) is not None or b"\r" in content.replace(b"\r\n", b"\n"):
        return None
    import libcst as cst

    from tagcheck.frontends.python.sourcefile import SourceFile

    text = content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        return SourceFile("", "", text, cst.parse_module(text))
    except (cst.ParserSyntaxError, RecursionError):
        return None


def _chain(file: SourceFile, content: bytes, start: int, end: int) -> list[cst.CSTNode]:
    """The nodes around a stretch of bytes, outermost first."""
    first, last = (len(content[:each].decode().removeprefix("\ufeff").replace("\r\n", "\n")) for each in (start, end))
    found: list[cst.CSTNode] = [file.tree]
    while True:
        inner = (each for each in found[-1].children if _covers(file, each, first, last))
        child = next(inner, None)
        if child is None:
            return found
        found.append(child)


def _covers(file: SourceFile, node: cst.CSTNode, start: int, end: int) -> bool:
    first, last = file.offsets(node)
    return first <= start < last and end <= last


def _expressions(chain: Sequence[cst.CSTNode]) -> Iterator[int]:
    """How long the chain is up to each expression whose place a variable could take, innermost first."""
    import libcst as cst

    left = MOST_EXPRESSIONS
    for length in range(len(chain), 1, -1):
        node, parent = chain[length - 1], chain[length - 2]
        if isinstance(node, cst.BaseStatement | cst.BaseSmallStatement) or not left:
            return
        texts = cst.Call | cst.BaseString | cst.BinaryOperation | cst.Subscript | cst.Name
        is_part = isinstance(
            parent, cst.ConcatenatedString | cst.Attribute | cst.AssignTarget | cst.FormattedStringText
        )
        if isinstance(node, texts) and not is_part and not (isinstance(parent, cst.Call) and parent.func is node):
            left -= 1
            yield length


def _bound_before(file: SourceFile, chain: Sequence[cst.CSTNode]) -> tuple[str, ...]:
    """The names that are bound wherever an expression, the last of a chain, is reached; nearest first, and not those
    that its statement binds."""
    import libcst as cst

    found: dict[str, None] = {}
    hidden: set[str] = set()
    functions = 0
    for parent, child in zip(reversed(chain[:-1]), reversed(chain[1:]), strict=True):
        if isinstance(parent, cst.BaseSmallStatement):
            hidden.update(_targets(parent))
        elif isinstance(parent, cst.Module | cst.IndentedBlock):
            if functions and _is_class_body(parent, chain):
                continue
            everywhere = bool(functions) and isinstance(parent, cst.Module)
            before = parent.body if everywhere else parent.body[: [each is child for each in parent.body].index(True)]
            names = [name for statement in reversed(before) for name in _of_statement(statement)]
            found.update(dict.fromkeys(name for name in names if name not in hidden))
        elif isinstance(parent, cst.FunctionDef) and child is parent.body:
            functions += 1
            found.update(dict.fromkeys(_of_object(parent, chain)))
            found.update(dict.fromkeys(name for name in _parameters(parent) if name not in hidden))
            hidden |= _binds(parent.body) - found.keys()
        elif isinstance(parent, cst.With | cst.For) and child is parent.body:
            found.update(dict.fromkeys(name for name in _targets(parent) if name not in hidden))
    return tuple(found)


def _is_class_body(block: cst.CSTNode, chain: Sequence[cst.CSTNode]) -> bool:
    import libcst as cst

    return any(isinstance(each, cst.ClassDef) and each.body is block for each in chain)


_SETTING = ("__init__", "setUpClass", "setUp", "asyncSetUp", "setup_class", "setup_method")
"""Methods that have run when any other one of an object does."""


def _of_object(method: cst.FunctionDef, chain: Sequence[cst.CSTNode]) -> Iterator[str]:
    """The attributes that an object has in one of its methods, as it is written there: those that are assigned in the
    body of a method that has run before."""
    import libcst as cst

    class_ = next((each for each in reversed(chain) if isinstance(each, cst.ClassDef)), None)
    if class_ is None or method not in class_.body.body or method.name.value in _SETTING:
        return
    own = _receiver(method)
    for other in class_.body.body if own else ():
        if isinstance(other, cst.FunctionDef) and other.name.value in _SETTING and (given := _receiver(other)):
            for statement in reversed(other.body.body):
                yield from (f"{own}.{name}" for name in _attributes(statement, given))


def _receiver(method: cst.FunctionDef) -> str:
    """The parameter that a method's object comes in; empty for a function that has none."""
    import libcst as cst

    names = [each.decorator.value for each in method.decorators if isinstance(each.decorator, cst.Name)]
    first = next(_parameters(method), "")
    return "" if "staticmethod" in names else first


def _attributes(statement: cst.CSTNode, receiver: str) -> Iterator[str]:
    """The attributes of a variable that a statement assigns."""
    import libcst as cst

    for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
        for target in small.targets if isinstance(small, cst.Assign) else ():
            match target.target:
                case cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=attribute)) if name == receiver:
                    yield attribute


def _of_statement(statement: cst.CSTNode) -> Iterator[str]:
    import libcst as cst

    for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
        yield from _targets(small)


def _targets(node: cst.CSTNode) -> Iterator[str]:
    """The plain names that a statement binds by assignment."""
    import libcst as cst

    match node:
        case cst.Assign(targets=targets):
            bound: list[cst.CSTNode | None] = [target.target for target in targets]
        case cst.AnnAssign(target=target, value=value) if value is not None:
            bound = [target]
        case cst.With(items=items):
            bound = [item.asname.name if item.asname is not None else None for item in items]
        case cst.For(target=target):
            bound = [target]
        case _:
            bound = []
    for each in bound:
        parts = [part.value for part in each.elements] if isinstance(each, cst.Tuple | cst.List) else [each]
        yield from (part.value for part in parts if isinstance(part, cst.Name))


def _parameters(function: cst.FunctionDef) -> Iterator[str]:
    parameters = function.params
    for each in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        yield each.name.value


def _binds(body: cst.CSTNode) -> set[str]:
    """Every name that is written in a body, but to be read: bound anywhere in it, also by what is not followed here."""
    import libcst as cst

    found: set[str] = set()
    waiting: list[cst.CSTNode] = [body]
    while waiting:
        node = waiting.pop()
        match node:
            case cst.AssignTarget(target=target) | cst.AnnAssign(target=target) | cst.AugAssign(target=target):
                found |= _names(target)
            case cst.For(target=target) | cst.NamedExpr(target=target):
                found |= _names(target)
            case cst.AsName(name=name) | cst.FunctionDef(name=name) | cst.ClassDef(name=name):
                found |= _names(name)
            case cst.ImportAlias():
                found |= _names(node)
            case cst.Del():
                found |= _names(node)
        waiting += node.children
    return found


def _names(node: cst.CSTNode) -> set[str]:
    import libcst as cst

    found: set[str] = set()
    waiting: list[cst.CSTNode] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, cst.Name):
            found.add(at.value)
        waiting += at.children
    return found
