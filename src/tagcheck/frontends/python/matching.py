"""Patterns of a match statement (Python language reference, section 8.6.4): when a value matches one, and what it then
gives to names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python.body import BUILTINS
from tagcheck.frontends.python.expressions import Expressions
from tagcheck.frontends.python.names import dotted
from tagcheck.source import Span

_ITSELF = frozenset(("str", "int", "float", "bool", "bytes", "bytearray", "dict", "list", "tuple", "set", "frozenset"))
"""Classes whose first pattern is for the whole value."""


class Patterns(Expressions):
    """A body that lowers patterns."""

    def matches(
        self, subject: ir.Expression, pattern: cst.MatchPattern, span: Span, bound: list[ir.Statement]
    ) -> ir.Expression | None:
        """Whether a value matches; None if it always does. What binds the names of the pattern is added to `bound`."""
        found = list(self._conditions(subject, pattern, span, bound))
        if not found:
            return None
        return found[0] if len(found) == 1 else ir.AllOf(tuple(found), span)

    def _conditions(
        self, subject: ir.Expression, pattern: cst.MatchPattern, span: Span, bound: list[ir.Statement]
    ) -> Iterator[ir.Expression]:
        match pattern:
            case cst.MatchValue() | cst.MatchSingleton():
                yield ir.Compare(ir.CompareOp.EQ, subject, self.expression(pattern.value), span)
            case cst.MatchOr():
                options = [self.matches(subject, each.pattern, span, bound) for each in pattern.patterns]
                known = tuple(each for each in options if each is not None)
                if len(known) == len(options):
                    yield ir.AnyOf(known, span)
            case cst.MatchAs():
                if pattern.pattern is not None:
                    yield from self._conditions(subject, pattern.pattern, span, bound)
                self._bind(pattern.name, subject, span, bound)
            case cst.MatchMapping():
                yield from self._entries(subject, pattern, span, bound)
            case cst.MatchList() | cst.MatchTuple():
                yield from self._items(subject, pattern.patterns, span, bound)
            case cst.MatchClass():
                yield self.builtin("isinstance", (subject, self.expression(pattern.cls)), span)
                itself = dotted(pattern.cls) in _ITSELF
                for at, part in enumerate(pattern.patterns):
                    place = ir.Constant(at, span)
                    inner = subject if itself else self.builtin("field-at", (subject, place), span)
                    yield from self._conditions(inner, part.value, span, bound)
                for each in pattern.kwds:
                    yield from self._conditions(ir.Field(subject, each.key.value, span), each.pattern, span, bound)
            case _:
                yield ir.Opaque("whether a pattern matches", span, (subject,))

    def _bind(self, name: cst.Name | None, value: ir.Expression, span: Span, bound: list[ir.Statement]) -> None:
        if name is not None:
            with self.collected() as inner:
                self.assign(name, value, span)
            bound.extend(inner)

    def _entries(
        self, subject: ir.Expression, pattern: cst.MatchMapping, span: Span, bound: list[ir.Statement]
    ) -> Iterator[ir.Expression]:
        yield self.builtin("isinstance", (subject, ir.Global(BUILTINS, "dict", span)), span)
        for each in pattern.elements:
            key = self.expression(each.key)
            yield self.builtin("contains", (subject, key), span)
            yield from self._conditions(ir.Index(subject, key, span), each.pattern, span, bound)
        if pattern.rest is not None:
            keys = [self.expression(each.key) for each in pattern.elements]
            self._bind(pattern.rest, self.builtin("without-keys", (subject, *keys), span), span, bound)

    def _items(
        self,
        subject: ir.Expression,
        patterns: Sequence[cst.MatchSequenceElement | cst.MatchStar],
        span: Span,
        bound: list[ir.Statement],
    ) -> Iterator[ir.Expression]:
        classes = ir.ListOf((ir.Global(BUILTINS, "list", span), ir.Global(BUILTINS, "tuple", span)), span)
        yield self.builtin("isinstance", (subject, classes), span)
        star = next((at for at, each in enumerate(patterns) if isinstance(each, cst.MatchStar)), None)
        count = ir.Constant(len(patterns) - (star is not None), span)
        how = ir.CompareOp.EQ if star is None else ir.CompareOp.GE
        yield ir.Compare(how, self.builtin("len", (subject,), span), count, span)
        for at, each in enumerate(patterns):
            from_end = star is not None and at > star
            if isinstance(each, cst.MatchStar):
                last = ir.Constant(at + 1 - len(patterns), span) if at + 1 < len(patterns) else None
                self._bind(each.name, ir.Slice(subject, ir.Constant(at, span), last, span), span, bound)
            else:
                place = ir.Constant(at - len(patterns) if from_end else at, span)
                yield from self._conditions(
                    ir.Index(subject, place, span),
                    each.value,
                    span,
                    bound,
                )
