"""Expressions (Python language reference, chapter 6). Calls become statements before the expression that needs them;
what Python evaluates only in one case becomes a branch where it calls something."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

import libcst as cst

from tagcheck import ir
from tagcheck.frontends.python import literals
from tagcheck.frontends.python.body import BUILTINS
from tagcheck.frontends.python.lookups import FUNCTIONS, LOOKUPS, METHODS, Lookups
from tagcheck.frontends.python.names import dotted, fixture_asked_for, targets_of
from tagcheck.source import Span

_COMPARISONS: dict[type[cst.BaseCompOp], ir.CompareOp] = {
    cst.Equal: ir.CompareOp.EQ,
    cst.NotEqual: ir.CompareOp.NE,
    cst.LessThan: ir.CompareOp.LT,
    cst.LessThanEqual: ir.CompareOp.LE,
    cst.GreaterThan: ir.CompareOp.GT,
    cst.GreaterThanEqual: ir.CompareOp.GE,
    cst.Is: ir.CompareOp.EQ,
    cst.IsNot: ir.CompareOp.NE,
}
_ARITHMETIC = {
    cst.Add: "add",
    cst.Multiply: "multiply",
    cst.FloorDivide: "whole-quotient",
    cst.FloorDivideAssign: "whole-quotient",
    cst.Power: "power",
    cst.PowerAssign: "power",
    cst.AddAssign: "add",
    cst.MultiplyAssign: "multiply",
}
_BY_CALL = {
    cst.Modulo: "modulo",
    cst.Divide: "divide",
    cst.BitOr: "merge",
    cst.BitAnd: "intersection",
    cst.Subtract: "difference",
    cst.SubtractAssign: "difference",
    cst.BitXor: "symmetric-difference",
    cst.BitXorAssign: "symmetric-difference",
    cst.LeftShift: "shift-left",
    cst.RightShift: "shift-right",
    cst.BitAndAssign: "intersection",
    cst.ModuloAssign: "modulo",
    cst.DivideAssign: "divide",
    cst.BitOrAssign: "merge",
}


IN_PLACE = "-in-place"
"""What the name of an operation ends with that changes its left operand if that is a list, a mapping, a set or an
object with a method for it."""
_METHODS = frozenset(name for kind in (str, dict, list) for name in dir(kind) if not name.startswith("_"))
"""What a value of the language itself can do."""


class Expressions(Lookups):
    """A body that lowers expressions."""

    def expression(self, node: cst.BaseExpression) -> ir.Expression:
        """The value of an expression; what it calls is emitted before."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            return ir.Opaque(f"an expression of the kind {type(node).__name__}", self.span(node))
        return handler(self, node)

    @abstractmethod
    def closure(self, node: cst.Lambda) -> ir.Expression:
        """A lambda as a value."""

    @abstractmethod
    def yielded(self, node: cst.Yield) -> ir.Expression:
        """What a yield inside an expression gives."""

    # --- atoms ---

    def _name(self, node: cst.Name) -> ir.Expression:
        if node.value in ("True", "False", "None"):
            value = {"True": True, "False": False}.get(node.value)
            return ir.Constant(value, self.span(node))
        return self.name(node.value, self.span(node))

    def _integer(self, node: cst.Integer) -> ir.Expression:
        number = literals.integer(node)
        return ir.Opaque("a long number", self.span(node)) if number is None else ir.Constant(number, self.span(node))

    def _float(self, node: cst.Float) -> ir.Expression:
        return ir.Constant(float(node.value.replace("_", "")), self.span(node))

    def _none(self, node: cst.BaseExpression) -> ir.Expression:
        return ir.Constant(None, self.span(node))

    def _string(self, node: cst.SimpleString) -> ir.Expression:
        return literals.simple_string(node, self.file)

    def _strings(self, node: cst.ConcatenatedString) -> ir.Expression:
        return ir.Join((self.expression(node.left), self.expression(node.right)), self.span(node))

    def _formatted(self, node: cst.FormattedString) -> ir.Expression:
        raw = "r" in node.prefix.lower()
        parts: list[ir.Expression] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                parts.append(literals.formatted_text(part, raw, self.file))
            elif isinstance(part, cst.FormattedStringExpression):
                parts.append(self._formatted_part(part, raw))
        return ir.Join(tuple(parts), self.span(node))

    def _formatted_part(self, node: cst.FormattedStringExpression, raw: bool) -> ir.Expression:
        value = self.expression(node.expression)
        span = self.span(node)
        if node.equal is not None:
            return ir.Opaque("a value as code would write it", span, (value,))
        if node.conversion:
            value = self.builtin("str" if node.conversion == "s" else "repr", (value,), span)
        if not node.format_spec:
            return value if node.conversion else self.builtin("formatted", (value,), span)
        layout = [
            literals.formatted_text(part, raw, self.file)
            if isinstance(part, cst.FormattedStringText)
            else self._formatted_part(part, raw)
            for part in node.format_spec
            if isinstance(part, cst.FormattedStringText | cst.FormattedStringExpression)
        ]
        return self.builtin("format", (value, ir.Join(tuple(layout), span)), span)

    # --- parts of values ---

    def _attribute(self, node: cst.Attribute) -> ir.Expression:
        span = self.span(node)
        if isinstance(node.value, cst.Call) and (inherited := self._of_base(node)) is not None:
            return inherited
        found = self.chain(dotted(node), span)
        return ir.Field(self.expression(node.value), node.attr.value, span) if found is None else found

    def bound(self, node: cst.Attribute) -> ir.Expression:
        """An attribute that is handed on: it may be a method of a text, list or mapping, with its receiver."""
        span = self.span(node)
        if node.attr.value not in _METHODS or self.chain(dotted(node), span) is not None:
            return self.expression(node)
        name = ir.Literal(node.attr.value, span)
        return ir.Apply("bound-method", (self.expression(node.value), name), span)

    def _subscript(self, node: cst.Subscript) -> ir.Expression:
        base, span = self.expression(node.value), self.span(node)
        if len(node.slice) != 1:
            indexes = [each.slice.value for each in node.slice if isinstance(each.slice, cst.Index)]
            if len(indexes) < len(node.slice):
                return ir.Opaque("several slices", span, (base,))
            return ir.Index(base, ir.ListOf(tuple(map(self.expression, indexes)), span), span)
        match node.slice[0].slice:
            case cst.Index() as index:
                at = self.expression(index.value)
                if self.traps(LOOKUPS):
                    base, at = self.held(base), self.held(at)
                    self.require("item", (base, at), span)
                return ir.Index(base, at, span)
            case cst.Slice(step=None) as part:
                low = self.expression(part.lower) if part.lower is not None else None
                high = self.expression(part.upper) if part.upper is not None else None
                return ir.Slice(base, low, high, span)
            case cst.Slice() as part:
                return self.builtin("slice", (base, *self.bounds(part, span)), span)
            case _:
                return ir.Opaque("an item that is not understood", span, (base,))

    def bounds(self, node: cst.Slice, span: Span) -> tuple[ir.Expression, ...]:
        """Where a slice begins and ends, and its step."""
        parts = (node.lower, node.upper, node.step)
        return tuple(ir.Constant(None, span) if each is None else self.expression(each) for each in parts)

    # --- displays ---

    def elements(self, elements: Sequence[cst.BaseElement]) -> tuple[ir.Expression, ...]:
        """The items of a list or tuple that is written out."""
        return tuple(
            ir.Spread(self.iterated(each.value), self.span(each))
            if isinstance(each, cst.StarredElement)
            else self.expression(each.value)
            for each in elements
        )

    def iterated(self, node: cst.BaseExpression) -> ir.Expression:
        """What a loop over a value goes through, as a list."""
        value = self.expression(node)
        if isinstance(value, ir.ListOf):
            return value
        return self.builtin("through", (value,), value.span)

    def _tuple(self, node: cst.Tuple) -> ir.Expression:
        return ir.ListOf(self.elements(node.elements), self.span(node))

    def _list(self, node: cst.List | cst.Set) -> ir.Expression:
        span = self.span(node)
        return ir.Allocate(ir.ListOf(self.elements(node.elements), span), span)

    def _dict(self, node: cst.Dict) -> ir.Expression:
        span = self.span(node)
        parts: list[ir.Expression] = []
        entries: list[tuple[ir.Expression, ir.Expression]] = []
        for each in node.elements:
            if isinstance(each, cst.DictElement):
                entries.append((self.expression(each.key), self.expression(each.value)))
            else:
                parts += [ir.MapOf(tuple(entries), span), self.expression(each.value)]
                entries = []
        last = ir.MapOf(tuple(entries), span)
        return self.builtin("merge", (*parts, last), span) if parts else ir.Allocate(last, span)

    # --- comprehensions ---

    def _listed(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> ir.Expression:
        span = self.span(node)
        result = self.temporary(span)
        self.emit(ir.Assign((result,), ir.ListOf((), span), span))

        def add() -> None:
            item = self.expression(node.elt)
            self.emit(ir.Assign((result,), ir.Apply("append", (result, item), span), span))

        self._rounds(node.for_in, add)
        return ir.Allocate(result, span)

    def _mapped(self, node: cst.DictComp) -> ir.Expression:
        span = self.span(node)
        result = self.temporary(span)
        self.emit(ir.Assign((result,), ir.MapOf((), span), span))

        def add() -> None:
            key = self.held(self.expression(node.key))
            self.emit(ir.Assign((ir.Index(result, key, span),), self.expression(node.value), span))

        self._rounds(node.for_in, add)
        return ir.Allocate(result, span)

    def _rounds(self, node: cst.CompFor, inside: Callable[[], None]) -> None:
        """The loops and conditions of a comprehension; its variables are its own."""
        over, outer = self.iterated(node.iter), dict(self.renamed)
        for name in targets_of(node.target):
            self.renamed[name] = f"{name}#{next(self.scope.numbers)}"
        span, item = self.span(node), self.temporary(self.span(node.target))

        def round_() -> None:
            self.assign(node.target, item, span)
            self._filtered([each.test for each in node.ifs], inside, node.inner_for_in, span)

        self.emit(ir.ForEach((None, item), over, self.lowered(round_), span))
        self.renamed = outer

    def _filtered(
        self, tests: list[cst.BaseExpression], inside: Callable[[], None], inner: cst.CompFor | None, span: Span
    ) -> None:
        def work() -> None:
            if inner is None:
                inside()
            else:
                self._rounds(inner, inside)

        if not tests:
            work()
            return
        condition = ir.AllOf(tuple(map(self.expression, tests)), span) if len(tests) > 1 else self.expression(tests[0])
        self.emit(ir.Branch(condition, self.lowered(work), (), span))

    # --- operators ---

    def _either(self, node: cst.BooleanOperation) -> ir.Expression:
        span, left = self.span(node), self.held(self.expression(node.left))
        is_or = isinstance(node.operator, cst.Or)
        with self.collected() as inner:
            right = self.expression(node.right)
        if not inner:
            return ir.Choice(left, left, right, span) if is_or else ir.Choice(left, right, left, span)
        result = self.temporary(span)
        self.emit(ir.Assign((result,), left, span))
        inner.append(ir.Assign((result,), right, span))
        further = tuple(inner)
        self.emit(ir.Branch(left, () if is_or else further, further if is_or else (), span))
        return result

    def _conditional(self, node: cst.IfExp) -> ir.Expression:
        span, condition = self.span(node), self.expression(node.test)
        sides: list[tuple[list[ir.Statement], ir.Expression]] = []
        for each in (node.body, node.orelse):
            with self.collected() as inner:
                sides.append((inner, self.expression(each)))
        (then, first), (otherwise, second) = sides
        if not then and not otherwise:
            return ir.Choice(condition, first, second, span)
        result = self.temporary(span)
        self.emit(ir.Assign((result,), ir.Constant(None, span), span))
        then.append(ir.Assign((result,), first, span))
        otherwise.append(ir.Assign((result,), second, span))
        self.emit(ir.Branch(condition, tuple(then), tuple(otherwise), span))
        return result

    def _unary(self, node: cst.UnaryOperation) -> ir.Expression:
        value, span = self.expression(node.expression), self.span(node)
        if isinstance(node.operator, cst.Not):
            return ir.Not(value, span)
        if isinstance(node.operator, cst.Minus) and isinstance(value, ir.Constant) and value.value:
            return ir.Constant(-value.value, span)
        if isinstance(node.operator, cst.Minus):
            return ir.Apply("negate", (value,), span)
        return ir.Opaque("an operator on numbers", span, (value,))

    def _binary(self, node: cst.BinaryOperation) -> ir.Expression:
        return self.operated(node.operator, self.expression(node.left), self.expression(node.right), self.span(node))

    def operated(
        self, operator: cst.CSTNode, left: ir.Expression, right: ir.Expression, span: Span, how: str = ""
    ) -> ir.Expression:
        """An operator applied to two values; `how`: `IN_PLACE` for one that changes the left one where it can."""
        arithmetic, called = _ARITHMETIC.get(type(operator)), _BY_CALL.get(type(operator))
        if called is not None:
            return self.builtin(called + how, (left, right), span)
        if arithmetic is not None:
            return ir.Apply(arithmetic + how, (left, right), span)
        return ir.Opaque("an operator on numbers", span, (left, right))

    def _comparison(self, node: cst.Comparison) -> ir.Expression:
        span, left = self.span(node), self.expression(node.left)
        parts: list[ir.Expression] = []
        for target in node.comparisons:
            right = self.expression(target.comparator)
            if len(node.comparisons) > 1:
                right = self.held(right)
            parts.append(self._compared(target.operator, left, right, span))
            left = right
        return parts[0] if len(parts) == 1 else ir.AllOf(tuple(parts), span)

    def _compared(
        self, operator: cst.BaseCompOp, left: ir.Expression, right: ir.Expression, span: Span
    ) -> ir.Expression:
        if isinstance(operator, cst.In | cst.NotIn):
            found = self.builtin("contains", (right, left), span)
            return ir.Not(found, span) if isinstance(operator, cst.NotIn) else found
        return ir.Compare(_COMPARISONS[type(operator)], left, right, span)

    # --- calls ---

    def _call(self, node: cst.Call) -> ir.Expression:
        asked = self.asked_fixture(node)
        if asked is not None:
            return asked
        if dotted(node.func) == "type" and len(node.args) == 1 and "type" not in self.file.names | self.scope.names:
            return ir.Field(self.expression(node.args[0].value), "__class__", self.span(node))
        if dotted(node.func) == "globals" and not node.args and "globals" not in self.file.names | self.scope.names:
            return ir.Global(self.file.module, "", self.span(node))
        result = self.temporary(self.span(node))
        self.emit(self.invoked(node, (result,)))
        return result

    def asked_fixture(self, node: cst.Call) -> ir.Expression | None:
        """The fixture that a test asks for by its name."""
        name = fixture_asked_for(node)
        return ir.Global(self.file.module, f"fixture:{name}", self.span(node)) if name else None

    def invoked(self, node: cst.Call, targets: tuple[ir.Target, ...]) -> ir.Invoke:
        """A call as a statement; what its callee and arguments call is emitted before."""
        span = self.span(node)
        own = self._of_base(node.func)
        if self.file.suite and self.file.runs_suite(dotted(node.func)):
            return ir.Invoke(targets, ir.Name(self.file.suite, span), (), span)
        if self.trapped and own is None and (checked := self._checked(node, targets)) is not None:
            return checked
        callee = self.expression(node.func) if own is None else own
        return ir.Invoke(targets, callee, tuple(map(self._argument, node.args)), span)

    def _checked(self, node: cst.Call, targets: tuple[ir.Target, ...]) -> ir.Invoke | None:
        """A call that may surely fail, where somebody deals with that; None for any other."""
        if any(each.star or each.keyword is not None for each in node.args):
            return None
        method = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        name = method or dotted(node.func)
        raised = (METHODS if method else FUNCTIONS).get(name)
        if raised is None or not self.traps(raised):
            return None
        span = self.span(node)
        base = self.held(self.expression(node.func.value)) if isinstance(node.func, cst.Attribute) else None
        given = tuple(self.held(self.expression(each.value)) for each in node.args)
        self.require(name, given if base is None else (base, *given), span)
        callee = self.expression(node.func) if base is None else ir.Field(base, name, span)
        return ir.Invoke(targets, callee, tuple(map(ir.Argument, given)), span)

    def _of_base(self, node: cst.BaseExpression) -> ir.Expression | None:
        """The method of the base class that `super().method` means, with the receiver."""
        scope = self.scope
        if not (isinstance(node, cst.Attribute) and isinstance(node.value, cst.Call) and scope.class_name):
            return None
        if dotted(node.value.func) != "super" or not scope.receiver:
            return None
        span = self.span(node)
        base: ir.Expression = ir.Global(BUILTINS, "object", span)
        if scope.bases:
            base = self.chain(scope.bases[0], span) or self.name(scope.bases[0], span)
        receiver, name = ir.Name(scope.receiver, span), ir.Literal(node.attr.value, span)
        owner = ir.Literal(f"{self.file.module}.{scope.class_name}", span)
        inherited = ir.Field(base, node.attr.value, span)
        return ir.Apply("super-method", (owner, inherited, receiver, name), span)

    def _argument(self, node: cst.Arg) -> ir.Argument:
        if isinstance(node.value, cst.Attribute) and not node.star:
            return ir.Argument(self.bound(node.value), node.keyword.value if node.keyword is not None else "")
        if node.star == "*":
            return ir.Argument(ir.Spread(self.iterated(node.value), self.span(node)))
        if node.star == "**":
            return ir.Argument(self.expression(node.value), ir.ALL_KEYWORDS)
        return ir.Argument(self.expression(node.value), node.keyword.value if node.keyword is not None else "")

    # --- the rest ---

    def _named(self, node: cst.NamedExpr) -> ir.Expression:
        value = self.held(self.expression(node.value))
        self.assign(node.target, value, self.span(node))
        return value

    def _awaited(self, node: cst.Await) -> ir.Expression:
        return self.expression(node.expression)

    def _lambda(self, node: cst.Lambda) -> ir.Expression:
        return self.closure(node)

    def _yield(self, node: cst.Yield) -> ir.Expression:
        return self.yielded(node)

    # --- targets ---

    def assign(self, target: cst.BaseExpression, value: ir.Expression, span: Span) -> None:
        """Put a value into a target, which may be a tuple of targets."""
        if isinstance(target, cst.Attribute) and target.attr.value in self.file.setters:
            name = ir.Literal(target.attr.value, span)
            self.builtin("setattr", (self.expression(target.value), name, value), span)
            return
        if isinstance(target, cst.Subscript) and isinstance(cut := target.slice[0].slice, cst.Slice):
            self.builtin("set-slice", (self.expression(target.value), *self.bounds(cut, span), value), span)
            return
        if not isinstance(target, cst.Tuple | cst.List):
            place = self.target(target)
            if place is not None:
                self.emit(ir.Assign((place,), value, span))
            return
        starred = any(isinstance(each, cst.StarredElement) for each in target.elements)
        whole = self.held(value if starred or isinstance(value, ir.ListOf) else self.builtin("through", (value,), span))
        count = len(target.elements)
        if self.traps(frozenset(("ValueError",))):
            self.require("unpack", (whole, ir.Constant(count, span), ir.Constant(starred, span)), span)
        after_star = False
        for index, each in enumerate(target.elements):
            if isinstance(each, cst.StarredElement):
                last = ir.Constant(index + 1 - count, span) if index + 1 < count else None
                part: ir.Expression = ir.Slice(whole, ir.Constant(index, span), last, span)
                after_star = True
            else:
                part = ir.Index(whole, ir.Constant(index - count if after_star else index, span), span)
            self.assign(each.value, part, span)

    def target(self, node: cst.BaseExpression) -> ir.Target:
        """Where a value goes."""
        span = self.span(node)
        match node:
            case cst.Name(value="_"):
                return None
            case cst.Name():
                return ir.Name(self.renamed.get(node.value, node.value), span)
            case cst.Attribute():
                chained = self.chain(dotted(node), span)
                if isinstance(chained, ir.Global | ir.Field):
                    return chained
                return ir.Field(self.expression(node.value), node.attr.value, span)
            case cst.Subscript():
                found = self._subscript(node)
                return found if isinstance(found, ir.Index) else None
            case _:
                return None


_HANDLERS: dict[type[cst.BaseExpression], Callable[..., ir.Expression]] = {
    cst.Name: Expressions._name,
    cst.Integer: Expressions._integer,
    cst.Float: Expressions._float,
    cst.Ellipsis: Expressions._none,
    cst.SimpleString: Expressions._string,
    cst.ConcatenatedString: Expressions._strings,
    cst.FormattedString: Expressions._formatted,
    cst.Attribute: Expressions._attribute,
    cst.Subscript: Expressions._subscript,
    cst.Tuple: Expressions._tuple,
    cst.List: Expressions._list,
    cst.Set: Expressions._list,
    cst.Dict: Expressions._dict,
    cst.ListComp: Expressions._listed,
    cst.SetComp: Expressions._listed,
    cst.GeneratorExp: Expressions._listed,
    cst.DictComp: Expressions._mapped,
    cst.BooleanOperation: Expressions._either,
    cst.IfExp: Expressions._conditional,
    cst.UnaryOperation: Expressions._unary,
    cst.BinaryOperation: Expressions._binary,
    cst.Comparison: Expressions._comparison,
    cst.Call: Expressions._call,
    cst.NamedExpr: Expressions._named,
    cst.Await: Expressions._awaited,
    cst.Lambda: Expressions._lambda,
    cst.Yield: Expressions._yield,
}
