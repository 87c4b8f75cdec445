"""Statements (Python language reference, chapters 7 and 8).

A raised exception ends the path. A handler is an alternative to what follows the body that it belongs to; where the
body leaves the function, an alternative to the body. What stands behind the `yield` of a fixture or context manager
becomes a closure that is called at the end.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.body import BUILTINS, Nodes, Remaining
from tagcheck.frontends.python.children import children
from tagcheck.frontends.python.expressions import IN_PLACE
from tagcheck.frontends.python.lookups import LOOKUPS, caught, looks_only, suppressed
from tagcheck.frontends.python.matching import Patterns
from tagcheck.frontends.python.names import bound_by, naming_decorators
from tagcheck.source import Span

YIELDED = "%yielded"
RAISED = "%raised"
"""What was raised in the block of a context manager; nothing any more once it is handled."""
FINALIZER = ("pytest", "add-finalizer")
MANAGER = "contextlib.Manager"
ITERATOR = "builtins.iterator"


@dataclass(frozen=True)
class Resumed:
    """What is still to do of a `try` in whose body the function is left by a `yield`: what handles what is raised
    there, or its `else`."""

    attempt: cst.Try | cst.TryStar


class Statements(Patterns):
    """A body that lowers statements."""

    @abstractmethod
    def function(self, node: cst.FunctionDef) -> ir.Expression | None:
        """A function inside this body as a value; None if it is left out."""

    @abstractmethod
    def rest(self, remaining: Sequence[Remaining], span: Span) -> ir.Expression:
        """What is still to do, as a closure without parameters."""

    # --- blocks ---

    def block(self, nodes: Nodes) -> None:
        """Statements one after the other."""
        flat = list(_flattened(nodes))
        for index, node in enumerate(flat):
            self.remaining.append((flat[index + 1 :], ()))
            finished = self.statement(node)
            self.remaining.pop()
            if finished:
                return

    def suite(self, node: cst.BaseSuite | None) -> None:
        """The statements of an indented block, or those behind a colon."""
        if node is not None:
            self.block(node.body)

    def side(self, node: cst.BaseSuite | None) -> tuple[ir.Statement, ...]:
        return self.lowered(partial(self.suite, node))

    def statement(self, node: cst.BaseStatement | cst.BaseSmallStatement | Resumed) -> bool:
        """One statement; whether everything after it has been dealt with."""
        handler = _HANDLERS.get(type(node))
        return bool(handler(self, node)) if handler is not None else False

    # --- small statements ---

    def _expression_statement(self, node: cst.Expr) -> bool:
        if isinstance(node.value, cst.Yield) and self.scope.yields not in ("", "list"):
            self._suspend(node.value, None)
            return True
        value = node.value.expression if isinstance(node.value, cst.Await) else node.value
        asked = self.asked_fixture(value) if isinstance(value, cst.Call) else None
        if asked is not None:
            self.emit(ir.Assign((None,), asked, asked.span))
        elif isinstance(value, cst.Call):
            self.emit(self.invoked(value, ()))
        else:
            self.expression(value)
        return False

    def _assignment(self, node: cst.Assign) -> bool:
        if isinstance(node.value, cst.Yield) and self.scope.yields not in ("", "list"):
            self._suspend(node.value, node.targets[0].target)
            return True
        span = self.span(node)
        value = self.bound(node.value) if isinstance(node.value, cst.Attribute) else self.expression(node.value)
        if len(node.targets) > 1:
            value = self.held(value)
        for each in node.targets:
            self.assign(each.target, value, span)
        return False

    def _annotated(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.expression(node.value), self.span(node))

    def _augmented(self, node: cst.AugAssign) -> None:
        span, target = self.span(node), self.target(node.target)
        before = self.expression(node.target)
        value = self.operated(node.operator, before, self.expression(node.value), span, IN_PLACE)
        if target is not None:
            self.emit(ir.Assign((target,), value, span))

    def _return(self, node: cst.Return) -> bool:
        span = self.span(node)
        if self.scope.yields:
            self.leave_blocks()
            self._finished(span)
            return True
        return self._returned(self.expression(node.value) if node.value is not None else ir.Constant(None, span), span)

    def _returned(self, value: ir.Expression, span: Span) -> bool:
        if any(self.finals):
            value = self._kept(value)
            self.leave_blocks()
        self.emit(ir.Return((value,), span))
        return True

    def _kept(self, value: ir.Expression) -> ir.Expression:
        """A value as it is now."""
        kept = self.temporary(value.span)
        self.emit(ir.Assign((kept,), value, value.span))
        return kept

    def _raise(self, node: cst.Raise) -> bool:
        span = self.span(node)
        given = (ir.Argument(self.expression(node.exc)),) if node.exc is not None else ()
        self.emit(ir.Invoke((), ir.Global(BUILTINS, "raise", span), given, span))
        return True

    def _assert(self, node: cst.Assert) -> None:
        test = self.expression(node.test)
        if self.traps(frozenset(("AssertionError",))):
            span = self.span(node)
            error = self.lowered(partial(self._raise_assertion, span))
            self.emit(ir.Branch(test, (), error, span))

    def _raise_assertion(self, span: Span) -> None:
        error = self.builtin("AssertionError", (), span)
        self.emit(ir.Invoke((), ir.Global(BUILTINS, "raise", span), (ir.Argument(error),), span))

    def _deletion(self, node: cst.Del) -> None:
        index = node.target.slice[0].slice if isinstance(node.target, cst.Subscript) else None
        if isinstance(node.target, cst.Subscript) and isinstance(index, cst.Index):
            span, holder = self.span(node), self.held(self.expression(node.target.value))
            at = self.held(self.expression(index.value))
            if self.traps(LOOKUPS):
                self.require("item", (holder, at), span)
            self.builtin("del", (holder, at), span)
        elif isinstance(node.target, cst.Attribute):
            span = self.span(node)
            holder, name = self.expression(node.target.value), ir.Literal(node.target.attr.value, span)
            self.builtin("delattr", (holder, name), span)
        elif isinstance(node.target, cst.Subscript) and isinstance(index, cst.Slice):
            span = self.span(node)
            self.builtin("delete-slice", (self.expression(node.target.value), *self.bounds(index, span)), span)

    def _break(self, node: cst.Break) -> bool:
        self.leave_blocks(loop=True)
        if self.ended and (ended := self.ended[-1]) is not None:
            self.emit(ir.Assign((ended,), ir.Constant(False, ended.span), ended.span))
        self.emit(ir.Break(self.span(node)))
        return True

    def _continue(self, node: cst.Continue) -> bool:
        self.leave_blocks(loop=True)
        self.emit(ir.Continue(self.span(node)))
        return True

    # --- control flow ---

    def _if(self, node: cst.If) -> None:
        condition = self.expression(node.test)
        then = self.side(node.body)
        otherwise: tuple[ir.Statement, ...] = ()
        if isinstance(node.orelse, cst.If):
            otherwise = self.lowered(partial(self._if, node.orelse))
        elif node.orelse is not None:
            otherwise = self.side(node.orelse.body)
        self.emit(ir.Branch(condition, then, otherwise, self.span(node.test)))

    def _for(self, node: cst.For) -> None:
        over, span = self.iterated(node.iter), self.span(node.target)
        item = self.temporary(span)

        def round_() -> None:
            self.assign(node.target, item, span)
            with self.before_leaving(None):
                self.suite(node.body)

        with self._to_its_end(node.orelse):
            self.emit(ir.ForEach((None, item), over, self.lowered(round_), self.span(node)))

    @contextmanager
    def _to_its_end(self, otherwise: cst.Else | None) -> Iterator[None]:
        """Inside is a loop: what follows it as its `else` runs unless the loop was left by a `break`."""
        if otherwise is None:
            self.ended.append(None)
            yield
            self.ended.pop()
            return
        span = self.span(otherwise)
        ended = self.temporary(span)
        self.emit(ir.Assign((ended,), ir.Constant(True, span), span))
        self.ended.append(ended)
        yield
        self.ended.pop()
        self.emit(ir.Branch(ended, self.side(otherwise.body), (), span))

    def _while(self, node: cst.While) -> None:
        with self._to_its_end(node.orelse):
            self._looped(node)

    def _looped(self, node: cst.While) -> None:
        with self.collected() as before:
            condition = self.expression(node.test)
        for each in before:
            self.emit(each)
        with self.before_leaving(None):
            body = self.side(node.body)
        # What the condition calls is called again after each round.
        self.emit(ir.While(condition, tuple(before), body, self.span(node)))
        if self.scope.yields == "list" and isinstance(condition, ir.Constant) and _has(node.body, cst.Yield):
            # How often a generator without end is asked is for others to say.
            listed, span = ir.Name(YIELDED, self.span(node)), self.span(node)
            more = ir.Spread(ir.Opaque("what a generator gives next", span), span)
            self.emit(ir.Assign((listed,), ir.Apply("append", (listed, more), span), span))

    def _match(self, node: cst.Match) -> None:
        subject = self.held(self.expression(node.subject))
        self._cases(subject, list(node.cases))

    def _cases(self, subject: ir.Expression, cases: list[cst.MatchCase]) -> None:
        if not cases:
            return
        first, *others = cases
        bound: list[ir.Statement] = []
        condition = self.matches(subject, first.pattern, self.span(first.pattern), bound)
        if first.guard is not None:
            for each in bound:
                self.emit(each)
            test = self.expression(first.guard)
            condition = test if condition is None else ir.AllOf((condition, test), self.span(first.guard))
        body = (*bound, *self.side(first.body))
        if condition is None:
            for each in body:
                self.emit(each)
            return
        otherwise = self.lowered(partial(self._cases, subject, others))
        self.emit(ir.Branch(condition, body, otherwise, self.span(first.pattern)))

    # --- with and try ---

    def _with(self, node: cst.With) -> bool:
        return self._managed(list(node.items), node.body, "a" if node.asynchronous is not None else "")

    def _managed(self, items: list[cst.WithItem], body: cst.BaseSuite, prefix: str) -> bool:
        if not items:
            self.suite(body)
            return self._is_suspended(body)
        first, *others = items
        span = self.span(first)
        manager = self.held(self.expression(first.item))
        entered = self.call(ir.Field(manager, f"__{prefix}enter__", span), (), span)
        if first.asname is not None:
            self.assign(first.asname.name, entered, span)
        none, exit_ = ir.Argument(ir.Constant(None, span)), ir.Field(manager, f"__{prefix}exit__", span)
        leave = (ir.Invoke((), exit_, (none, none, none), span),)
        if not _leaves(body) and not _has(body, cst.Yield):
            error = self.temporary(span)
            handler = self.lowered(partial(self._left_with, exit_, error))
            with self.trapping(suppressed(first.item)):
                inner = self.lowered(partial(self._inside, others, body, prefix))
            self.emit(ir.Attempt(inner, handler, leave, span, error, surely=True))
            return False
        if self._ends_here() and self.scope.yields in ("", "list") and _leaves(body):
            self.emit(ir.Defer(leave, span))
            return self._managed(others, body, prefix)
        self.remaining.append(((), leave))
        with self.before_leaving(partial(self._again, leave)):
            finished = self._managed(others, body, prefix)
        self.remaining.pop()
        if not finished:
            for each in leave:
                self.emit(each)
        return finished

    def _inside(self, items: list[cst.WithItem], body: cst.BaseSuite, prefix: str) -> None:
        self._managed(items, body, prefix)

    def _left_with(self, exit_: ir.Expression, error: ir.Name) -> None:
        """Leave a block in which something was raised: what manages it may say that this is dealt with."""
        span = error.span
        kind, trace = ir.Field(error, "__class__", span), ir.Constant(None, span)
        dealt_with = self.call(exit_, (kind, error, trace), span)
        again = ir.Invoke((), ir.Global(BUILTINS, "raise", span), (ir.Argument(error),), span)
        self.emit(ir.Branch(dealt_with, (), (again,), span))

    def _again(self, statements: Sequence[ir.Statement]) -> None:
        self.out.extend(statements)

    def _ends_here(self) -> bool:
        """Whether nothing of the function follows: what is last of all in it runs once, whatever the way out."""
        return None not in self.finals and not any(nodes or more for nodes, more in self.remaining)

    def _is_suspended(self, node: cst.BaseSuite) -> bool:
        """Whether a block ended in the yield of a fixture, whose closure does the rest."""
        return self.scope.yields not in ("", "list") and _has(node, cst.Yield)

    def _try(self, node: cst.Try | cst.TryStar) -> bool:
        if node.finalbody is None:
            return self._guarded(node)
        final = node.finalbody.body
        if self._is_suspended(node.body):
            self.remaining.append((final.body, ()))
            self._guarded(node)
            self.remaining.pop()
            return True
        if self._ends_here() and _leaves(node.body) and not _has(node.finalbody, cst.Return):
            self.emit(ir.Defer(self.side(final), self.span(final)))
            return self._guarded(node)
        with self.before_leaving(partial(self.suite, final)):
            finished = self._guarded(node)
        self.suite(final)
        return finished

    def _guarded(self, node: cst.Try | cst.TryStar) -> bool:
        """The body, its handlers and what runs if it succeeded."""
        span = self.span(node)
        if self._is_suspended(node.body):
            self.remaining.append(((Resumed(node),), ()))
            self.suite(node.body)
            self.remaining.pop()
            return True
        otherwise = node.orelse.body if node.orelse is not None else None
        if not node.handlers:
            self.suite(node.body)
            self.suite(otherwise)
            return False
        error, names = self.temporary(span), caught(node.handlers)
        handled = self.lowered(partial(self._handled, error, list(node.handlers)))
        if not self.scope.yields and looks_only(node.body, names):
            self._looked_up(node, handled, error, names)
            return False
        with self.trapping(names):
            body = self.side(node.body)
        self.emit(ir.Attempt(body, handled, self.side(otherwise), span, error, _leaves(node.body)))
        return False

    def _looked_up(
        self,
        node: cst.Try | cst.TryStar,
        handled: tuple[ir.Statement, ...],
        error: ir.Name,
        names: frozenset[str],
    ) -> None:
        """A body in which nothing but lookups can fail; what it returns at its end it returns behind them."""
        *before, last = _flattened(node.body.body)
        span = error.span
        with self.trapping(names), self.collected() as looked:
            for each in (*before, last):
                if not isinstance(each, cst.Return):
                    self.statement(each)
            if isinstance(last, cst.Return):
                value = self.expression(last.value) if last.value is not None else ir.Constant(None, span)
                value = self._kept(value)
        with self.collected() as returned:
            if isinstance(last, cst.Return):
                self._returned(value, span)
            elif node.orelse is not None:
                self.suite(node.orelse.body)
        self.emit(ir.Attempt(tuple(looked), handled, tuple(returned), span, error, looks=True))

    def _resumed(self, node: Resumed) -> bool:
        """After the yield of a context manager: what was raised in its block, if anything was, is handled."""
        attempt = node.attempt
        span = self.span(attempt)
        error = ir.Name(RAISED, span)
        raised = ir.Compare(ir.CompareOp.NE, error, ir.Constant(None, span), span)
        handled = self.lowered(partial(self._handled_here, error, list(attempt.handlers)))
        self.emit(ir.Branch(raised, handled, self.side(attempt.orelse.body if attempt.orelse else None), span))
        return False

    def _handled_here(self, error: ir.Name, handlers: list[cst.ExceptHandler | cst.ExceptStarHandler]) -> None:
        if not handlers:
            return
        first, *others = handlers
        body = (
            *self.lowered(partial(self._handler, error, first)),
            ir.Assign((error,), ir.Constant(None, error.span), error.span),
        )
        if first.type is None:
            for each in body:
                self.emit(each)
            return
        span = self.span(first)
        condition = self.builtin("isinstance", (error, self.expression(first.type)), span)
        self.emit(ir.Branch(condition, body, self.lowered(partial(self._handled_here, error, others)), span))

    def _handled(self, error: ir.Name, handlers: list[cst.ExceptHandler | cst.ExceptStarHandler]) -> None:
        """The first of the handlers that is for an error; without one, it goes on."""
        if not handlers:
            self.emit(ir.Invoke((), ir.Global(BUILTINS, "raise", error.span), (ir.Argument(error),), error.span))
            return
        first, *others = handlers
        if first.type is None:
            self._handler(error, first)
            return
        span = self.span(first)
        condition = self.builtin("isinstance", (error, self.expression(first.type)), span)
        body = self.lowered(partial(self._handler, error, first))
        self.emit(ir.Branch(condition, body, self.lowered(partial(self._handled, error, others)), span))

    def _handler(self, error: ir.Name, node: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
        if node.name is not None:
            self.assign(node.name.name, error, self.span(node))
        self.suite(node.body)

    # --- definitions inside ---

    def _function(self, node: cst.FunctionDef) -> None:
        span = self.span(node.name)
        for each in naming_decorators(node):
            self.emit(self.invoked(each, ()))
        value = self.function(node)
        if value is not None:
            self.emit(ir.Assign((ir.Name(node.name.value, span),), value, span))

    # --- yield ---

    def yielded(self, node: cst.Yield) -> ir.Expression:
        span = self.span(node)
        listed = ir.Name(YIELDED, span)
        match node.value:
            case None:
                item: ir.Expression = ir.Constant(None, span)
            case cst.From():
                item = ir.Spread(self.iterated(node.value.item), span)
            case _:
                item = self.expression(node.value)
        if self.scope.yields == "list":
            self.emit(ir.Assign((listed,), ir.Apply("append", (listed, item), span), span))
        return ir.Opaque("what is sent to a generator", span)

    def _suspend(self, node: cst.Yield, target: cst.BaseExpression | None) -> None:
        """Leave with the value; what comes after is kept for the end."""
        span = self.span(node)
        value = ir.Constant(None, span) if node.value is None or isinstance(node.value, cst.From) else None
        found = self.held(self.expression(node.value)) if value is None else value  # type: ignore[arg-type]
        remaining = [each for each in reversed(self.remaining) if each[0] or each[1]]
        if target is not None:
            self.assign(target, ir.Opaque("what is sent to a generator", span), span)
        closure = self.rest(remaining, span) if remaining else None
        if self.scope.yields == "fixture":
            if closure is not None:
                self.emit(ir.Invoke((), ir.Global(*FINALIZER, span), (ir.Argument(closure),), span))
            self.emit(ir.Return((found,), span))
            return
        fields = (("value", found), *((("exit", closure),) if closure is not None else ()))
        self.emit(ir.Return((ir.RecordOf(MANAGER, fields, span),), span))

    def _finished(self, span: Span) -> None:
        """The end of a generator."""
        value: ir.Expression = ir.Constant(None, span)
        if self.scope.yields == "list":
            value = ir.Allocate(ir.RecordOf(ITERATOR, (("%items", ir.Name(YIELDED, span)),), span), span)
        self.emit(ir.Return((value,), span))


def _flattened(nodes: Nodes) -> Iterable[cst.BaseStatement | cst.BaseSmallStatement | Resumed]:
    for node in nodes:
        if isinstance(node, cst.SimpleStatementLine):
            yield from node.body
        else:
            yield node


def _leaves(node: cst.BaseSuite) -> bool:
    """Whether a block may leave its function or loop."""
    return _has(node, cst.Return, cst.Break, cst.Continue)


def _has(node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> bool:
    pending: list[cst.CSTNode] = [node]
    while pending:
        each = pending.pop()
        if type(each) in kinds:
            return True
        if type(each) not in (cst.FunctionDef, cst.ClassDef, cst.Lambda):
            pending.extend(children(each))
    return False


def contains_yield(node: cst.BaseSuite) -> bool:
    """Whether a function with this body is a generator."""
    return _has(node, cst.Yield)


def assigned_in(nodes: Nodes) -> frozenset[str]:
    """The names that a body binds, without those that it declares to be others', and without those that it imports:
    they mean the same in the whole file."""
    outside = {item.name.value for node in _flattened(nodes) for each in _declarations(node) for item in each.names}
    return frozenset(name for node in nodes for name in bound_by(node, imports=False)) - outside


def _declarations(node: cst.CSTNode | Resumed) -> list[cst.Global | cst.Nonlocal]:
    if isinstance(node, cst.Global | cst.Nonlocal):
        return [node]
    if isinstance(node, cst.BaseCompoundStatement) and not isinstance(node, cst.FunctionDef | cst.ClassDef):
        return [found for child in children(node) for found in _declared_below(child)]
    return []


def _declared_below(node: cst.CSTNode) -> list[cst.Global | cst.Nonlocal]:
    if isinstance(node, cst.BaseSuite):
        return [found for each in _flattened(node.body) for found in _declarations(each)]
    return (
        _declarations(node)
        if isinstance(node, cst.BaseStatement)
        else [found for child in children(node) if isinstance(child, cst.BaseSuite) for found in _declared_below(child)]
    )


_HANDLERS: dict[type[Any], Callable[[Any, Any], bool | None]] = {
    cst.Expr: Statements._expression_statement,
    cst.Assign: Statements._assignment,
    cst.AnnAssign: Statements._annotated,
    cst.AugAssign: Statements._augmented,
    cst.Return: Statements._return,
    cst.Raise: Statements._raise,
    cst.Assert: Statements._assert,
    cst.Del: Statements._deletion,
    cst.Break: Statements._break,
    cst.Continue: Statements._continue,
    cst.If: Statements._if,
    cst.For: Statements._for,
    cst.While: Statements._while,
    cst.Match: Statements._match,
    cst.With: Statements._with,
    cst.Try: Statements._try,
    cst.TryStar: Statements._try,
    cst.FunctionDef: Statements._function,
    Resumed: Statements._resumed,
}
