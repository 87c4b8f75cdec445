"""What may surely fail where somebody deals with it: lookups inside of a `try` or `suppress` that names what they raise
(Python 3.13 library reference, "Concrete exceptions").

Before such a lookup stands a call of `require`, which raises what the lookup surely would. A `try` in whose body only
lookups can fail, as far as its handlers see it, is known to have failed or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.body import Body
from tagcheck.frontends.python.children import children
from tagcheck.frontends.python.names import dotted
from tagcheck.source import Span

_ALL = frozenset(("Exception", "BaseException", ""))
LOOKUPS = frozenset(("KeyError", "IndexError", "LookupError"))
METHODS = {
    "pop": LOOKUPS,
    "popleft": LOOKUPS,
    "popitem": LOOKUPS,
    "remove": LOOKUPS | {"ValueError"},
    "index": frozenset(("ValueError",)),
}
"""Methods that may fail, and what they raise then."""
FUNCTIONS = {"next": frozenset(("StopIteration",)), "int": frozenset(("ValueError",))}
_HARMLESS = frozenset(
    (
        *("get", "format", "strip", "lstrip", "rstrip", "lower", "upper", "title", "split", "join", "replace"),
        *("items", "keys", "values", "startswith", "endswith", "removeprefix", "removesuffix", "append", "partition"),
    )
)
_HARMLESS_FUNCTIONS = frozenset(("str", "len", "dict", "list", "tuple", "sorted", "bool", "repr"))
_STATEMENTS = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Expr, cst.Return, cst.Pass, cst.Del)


class Lookups(Body):
    """A body that says which of its lookups somebody sees fail."""

    trapped: frozenset[str] = frozenset()
    """what is raised here is dealt with in this body: the simple names of the classes"""

    @contextmanager
    def trapping(self, names: Iterable[str]) -> Iterator[None]:
        """Inside, somebody deals with exceptions of these classes."""
        outer, self.trapped = self.trapped, self.trapped | frozenset(names)
        yield
        self.trapped = outer

    def traps(self, names: frozenset[str]) -> bool:
        return bool(self.trapped and self.trapped & (names | _ALL))

    def require(self, what: str, arguments: Sequence[ir.Expression], span: Span) -> None:
        """Raise what an operation surely would with these arguments."""
        self.builtin("require", (ir.Literal(what, span), *arguments), span)


def caught(handlers: Iterable[cst.ExceptHandler | cst.ExceptStarHandler]) -> frozenset[str]:
    """The simple names of the classes that handlers are for; an empty one for all."""
    found: set[str] = set()
    for each in handlers:
        if isinstance(each.type, cst.Tuple):
            found |= {simple_name(item.value) for item in each.type.elements}
        else:
            found.add(simple_name(each.type) if each.type is not None else "")
    return frozenset(found)


def suppressed(manager: cst.BaseExpression) -> frozenset[str]:
    """The simple names of the classes that a context manager deals with."""
    if isinstance(manager, cst.Call) and simple_name(manager.func) == "suppress":
        return frozenset(simple_name(each.value) for each in manager.args)
    return frozenset()


def simple_name(node: cst.BaseExpression) -> str:
    return dotted(node).rpartition(".")[2] or "?"


def looks_only(body: cst.BaseSuite, handlers: frozenset[str]) -> bool:
    """Whether all that can fail in a body, as its handlers have it, are lookups."""
    if not handlers or not handlers <= LOOKUPS:
        return False
    lines = (each.body if isinstance(each, cst.SimpleStatementLine) else (each,) for each in body.body)
    statements = [each for line in lines for each in line]
    if not all(isinstance(each, _STATEMENTS) for each in statements):
        return False
    if any(isinstance(each, cst.Return) for each in statements[:-1]):
        return False
    return all(map(_is_harmless, statements))


def _is_harmless(node: cst.CSTNode) -> bool:
    pending: list[cst.CSTNode] = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Await | cst.Yield | cst.Slice | cst.Lambda | cst.Del):
            return False
        if isinstance(each, cst.Call):
            method = each.func.attr.value if isinstance(each.func, cst.Attribute) else ""
            known = method in _HARMLESS if method else dotted(each.func) in _HARMLESS_FUNCTIONS
            if not known:
                return False
        pending.extend(children(each))
    return True
