"""What the expressions of a workflow mean: contexts and functions to expressions of the small language (GitHub Docs,
"Contexts reference" and "Evaluate expressions in workflows and actions").

What a context holds before the run is written in its place, where it stands in the file (`matrix`, a single event);
what the run makes is a variable (`steps.ID`, `needs.JOB`, `inputs.NAME`); what comes from outside is the environment:
`github.sha` is the variable GITHUB_SHA, so that an expression and a script mean the same value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tagcheck import ir
from tagcheck.frontends.ci import expressions
from tagcheck.frontends.ci.body import Body
from tagcheck.frontends.ci.documents import field as field_of
from tagcheck.frontends.ci.documents import joined, literals, scalar
from tagcheck.frontends.ci.expressions import Atom, Function, Item, Negation, Node, Operation, Path, Quoted
from tagcheck.numerals import natural
from tagcheck.source import Span, Text

_COMPARISONS = {each.value: each for each in ir.CompareOp}
_STATES = {"success": True, "always": True, "failure": False, "cancelled": False}
_EVENT = "GITHUB_EVENT_NAME"
ROW = "matrix"
"""The variable that holds the row of a matrix that the run makes."""


@dataclass(frozen=True)
class Scope:
    """What names mean at one place of a workflow.

    `label` tells the job; `steps`, `needs` and `inputs` are the names that are variables here, `defaults` what inputs
    hold that somebody may give by hand; `matrix` is the row, None where its values are not known before the run;
    `events` start the workflow; `environment` is what the step sets for itself.
    """

    label: str
    steps: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    defaults: Mapping[str, ir.Expression] = field(default_factory=dict)
    matrix: ir.MapOf | None = None
    made: bool = False
    """whether the row is the value of a variable, as the run has made it"""
    events: tuple[str, ...] = ()
    declared: frozenset[str] | None = None
    """the inputs that there are, in lower case; None if that is not known"""
    dispatched: frozenset[str] | None = None
    """the inputs that the event can bring, likewise: in what is called, the event is the caller's"""
    environment: Mapping[str, ir.Expression] = field(default_factory=dict)


class Contexts:
    """Expressions of one scope, lowered into a body: calls of functions become statements there."""

    def __init__(self, scope: Scope, body: Body) -> None:
        self.scope, self.body = scope, body
        self.text, self.span = Text.of_file("", ""), Span("", 1, 1, 1, 1)

    # --- texts with expressions ---

    def template(self, value: ir.Expression | None) -> ir.Expression:
        """A scalar, its `${{ … }}` evaluated; lists and mappings are not known as text."""
        text = scalar(value)
        if text is None:
            span = value.span if value is not None else Span("", 1, 1, 1, 1)
            return ir.Literal("", span) if value is None or isinstance(value, ir.Constant) else _unknown(span)
        parts: list[ir.Expression] = []
        at = 0
        for start, end in places(text.text):
            parts += literals(text, at, start - 3)
            parts.append(self.expression(text, start, end))
            at = end + 2
        return joined([*parts, *literals(text, at, len(text.text))], text.span(0, len(text.text)))

    def expression(self, text: Text, start: int, end: int) -> ir.Expression:
        """The expression between two offsets of a text."""
        node = expressions.parse(text.text, start, end)
        if node is None:
            return ir.Opaque("an expression that cannot be read", text.span(start, end))
        outer = (self.text, self.span)
        self.text, self.span = text, text.span(start, end)
        value = self.value(node)
        self.text, self.span = outer
        return value

    def whole(self, value: ir.Expression) -> ir.Expression:
        """A value with everything in it evaluated; an expression that stands alone is more than a text."""
        if isinstance(value, ir.MapOf):
            pairs = ((key, self.whole(each)) for key, each in value.entries)
            return ir.MapOf(tuple(pairs), value.span)
        if isinstance(value, ir.ListOf):
            return ir.ListOf(tuple(map(self.whole, value.items)), value.span)
        text = scalar(value)
        found = places(text.text) if text is not None else []
        if text is None or len(found) != 1:
            return value if text is None else self.template(value)
        start, end = found[0]
        alone = not text.text[: start - 3].strip() and not text.text[end + 2 :].strip()
        return self.expression(text, start, end) if alone else self.template(value)

    def condition(self, value: ir.Expression | None) -> ir.Expression | None:
        """An `if`, with or without its brackets; None where there is none."""
        text = scalar(value)
        if text is None:
            return None
        start, end = 0, len(text.text)
        found = places(text.text)
        if found:
            start, end = found[0]
            if text.text[: start - 3].strip() or text.text[end + 2 :].strip():
                return ir.Opaque("a condition of several expressions", text.span(0, len(text.text)))
        node = expressions.parse(text.text, start, end)
        self.text, self.span = text, text.span(start, end)
        return ir.Opaque("a condition that cannot be read", self.span) if node is None else self.holds(node)

    # --- nodes ---

    def value(self, node: Node) -> ir.Expression:
        match node:
            case Quoted(start=start, end=end) if self.text.text[start:end] == node.value:
                return joined(literals(self.text, start, end), self.text.span(start, end))
            case Quoted():
                return ir.Literal(node.value, self.span, False)
            case Atom():
                return ir.Constant(node.value, self.span)
            case Path():
                return self.path(node.names)
            case Item():
                return ir.Index(self.value(node.base), self.value(node.index), self.span)
            case Function():
                return self.function(node)
            case Operation(operator="||"):
                return self.either(node)
            case Operation(operator="&&"):
                return ir.Choice(self.holds(node.left), self.value(node.right), self.value(node.left), self.span)
            case Negation() | Operation():
                return self.holds(node)

    def either(self, node: Operation) -> ir.Expression:
        """`a || b`; the idiom `a && b || c` is a choice of b and c."""
        otherwise = self.value(node.right)
        if isinstance(node.left, Operation) and node.left.operator == "&&":
            return ir.Choice(self.holds(node.left), self.value(node.left.right), otherwise, self.span)
        return ir.Choice(self.holds(node.left), self.value(node.left), otherwise, self.span)

    def holds(self, node: Node) -> ir.Expression:
        """A node taken as a condition."""
        match node:
            case Negation():
                return ir.Not(self.holds(node.operand), self.span)
            case Operation(operator="&&"):
                return ir.AllOf((self.holds(node.left), self.holds(node.right)), self.span)
            case Operation(operator="||"):
                return ir.AnyOf((self.holds(node.left), self.holds(node.right)), self.span)
            case Operation():
                operator = _COMPARISONS[node.operator]
                return ir.Compare(operator, self.value(node.left), self.value(node.right), self.span)
            case _:
                return self.value(node)

    def function(self, node: Function) -> ir.Expression:
        if node.name in _STATES:
            return ir.Constant(_STATES[node.name], self.span)
        if node.name == "format" and node.arguments and isinstance(node.arguments[0], Quoted):
            return self.formatted(node.arguments[0], node.arguments[1:])
        arguments = tuple(self.value(each) for each in node.arguments)
        if node.name in ("contains", "startswith", "endswith", "join", "fromjson", "tojson", "hashfiles"):
            return self.body.result("expression", node.name, arguments, self.span)
        return ir.Opaque(f"the function {node.name}", self.span, arguments)

    def formatted(self, pattern: Quoted, arguments: tuple[Node, ...]) -> ir.Expression:
        """`format('{0}:{1}', a, b)`; doubled brackets stand for themselves."""
        exact = self.text.text[pattern.start : pattern.end] == pattern.value
        parts: list[ir.Expression] = []
        at, value = 0, pattern.value
        for start, end, number in _slots(value):
            parts += self.between(pattern, at, start, exact)
            known = 0 <= number < len(arguments)
            parts.append(self.value(arguments[number]) if known else ir.Literal(value[start], self.span, False))
            at = end
        return joined([*parts, *self.between(pattern, at, len(value), exact)], self.span)

    def between(self, pattern: Quoted, low: int, high: int, exact: bool) -> list[ir.Expression]:
        if exact:
            return literals(self.text, pattern.start + low, pattern.start + high)
        return [ir.Literal(pattern.value[low:high], self.span, False)] if low < high else []

    # --- contexts ---

    def path(self, names: tuple[str, ...]) -> ir.Expression:
        context, rest = names[0].lower(), names[1:]
        match context:
            case "matrix":
                return self.matrix(rest)
            case "env" if len(rest) == 1:
                own = self.scope.environment.get(rest[0])
                return self.outside(rest[0]) if own is None else own
            case "steps" if len(rest) == 3 and rest[1] == "outputs" and rest[0] in self.scope.steps:
                return ir.Field(ir.Name(f"steps.{rest[0]}", self.span), rest[2], self.span)
            case "steps" if len(rest) == 2:
                return ir.Opaque(f"how the step {rest[0]} ended", self.span)
            case "needs" | "jobs" if len(rest) == 3 and rest[1] == "outputs" and rest[0] in self.scope.needs:
                return ir.Field(ir.Name(f"needs.{rest[0]}", self.span), rest[2], self.span)
            case "needs" if len(rest) == 2 and rest[1] == "result":
                return ir.Literal("success", self.span, False)
            case "inputs" if len(rest) == 1:
                return self.input(rest[0], self.scope.declared)
            case "github" if len(rest) == 3 and rest[:2] == ("event", "inputs"):
                return self.input(rest[2], self.scope.dispatched)
            case "github" if rest == ("event_name",):
                return self.event(self.scope.events)
            case "github" if len(rest) == 1:
                return self.outside(f"GITHUB_{rest[0].upper()}")
            case "runner" if len(rest) == 1:
                return self.outside(f"RUNNER_{rest[0].upper()}")
            case "github" | "vars" | "secrets" | "strategy" | "job" | "env":
                return self.outside(".".join((context, *rest)))
        return ir.Opaque(f"the context {'.'.join(names)[:80]}", self.span)

    def outside(self, name: str) -> ir.Expression:
        """What the environment holds."""
        return ir.Apply("environment", (ir.Literal(name, self.span, False),), self.span)

    def matrix(self, names: tuple[str, ...]) -> ir.Expression:
        if self.scope.made:
            written = [ir.Literal(name, self.span, False) for name in (f"matrix of {self.scope.label}", *names)]
            return self.body.result("expression", "of-row", (ir.Name(ROW, self.span), *written), self.span)
        if self.scope.matrix is None:
            return self.outside(".".join((f"matrix of {self.scope.label}", *names)))
        found = field_of(self.scope.matrix, *names)
        if found is None:
            return ir.Literal("", self.span, False)
        return found if isinstance(found, ir.Constant) or scalar(found) is None else self.template(found)

    def input(self, name: str, declared: frozenset[str] | None) -> ir.Expression:
        """An input; one that nothing declares is empty ("Contexts reference": a property that does not exist)."""
        if declared is not None and name.lower() not in declared:
            return ir.Literal("", self.span, False)
        if name in self.scope.inputs:
            return ir.Name(f"inputs.{name}", self.span)
        given = self.outside(f"inputs.{name}")
        default = self.scope.defaults.get(name)
        if default is None:
            return given
        empty = ir.Compare(ir.CompareOp.NE, given, ir.Literal("", self.span, False), self.span)
        return ir.Choice(empty, given, default, self.span)

    def event(self, events: tuple[str, ...]) -> ir.Expression:
        """The event that started the workflow: one of those that can, each under a condition that excludes the
        others."""
        if not events:
            return self.outside(_EVENT)
        first = ir.Literal(events[0], self.span, False)
        if len(events) == 1:
            return first
        asked = ir.Compare(ir.CompareOp.EQ, self.outside(_EVENT), first, self.span)
        return ir.Choice(asked, first, self.event(events[1:]), self.span)


def places(text: str) -> list[tuple[int, int]]:
    """Where the expressions of a text begin and end, without their brackets."""
    found: list[tuple[int, int]] = []
    start = text.find("${{")
    while start >= 0:
        end = _end(text, start + 3)
        if end < 0:
            break
        found.append((start + 3, end))
        start = text.find("${{", end + 2)
    return found


def _end(text: str, start: int) -> int:
    """Where the brackets close that begin before `start`; those in quotes do not count."""
    quoted = False
    for at in range(start, len(text) - 1):
        if text[at] == "'":
            quoted = not quoted
        elif not quoted and text.startswith("}}", at):
            return at
    return -1


def _slots(pattern: str) -> list[tuple[int, int, int]]:
    """The `{N}` of a format, as begin, end and number; -1 for a doubled bracket, which is one."""
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(pattern):
        if pattern[at : at + 2] in ("{{", "}}"):
            found.append((at, at + 2, -1))
            at += 2
            continue
        end = pattern.find("}", at) if pattern[at] == "{" else -1
        number = natural(pattern[at + 1 : end]) if end > 0 else None
        if number is not None:
            found.append((at, end + 1, number))
            at = end
        at += 1
    return found


def _unknown(span: Span) -> ir.Expression:
    return ir.Opaque("a value that is no text", span)
