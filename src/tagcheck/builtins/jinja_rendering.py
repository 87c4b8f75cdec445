"""Rendering of Jinja2 templates with symbolic data (Jinja 3.1, template designer documentation).

The template is parsed by the library's own parser and never rendered by it. Names that nobody gives are what the
template asks its caller for: parameters, equal to themselves. What is not understood leaves opaque parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tagcheck import values
from tagcheck.builtins.api import Machine
from tagcheck.builtins.jinja_filters import FILTERS, METHODS
from tagcheck.builtins.marked import between, marked
from tagcheck.builtins.symbolic import as_text, combine, derived, joined, undecided
from tagcheck.builtins.template_functions import FUNCTIONS, laid_over
from tagcheck.builtins.template_scope import Scope, Steps, Variables, either, truthy
from tagcheck.source import Span
from tagcheck.values import (
    EMPTY,
    Absent,
    Hole,
    HoleKind,
    Null,
    Number,
    Opaque,
    Origin,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
)
from tagcheck.values import (
    Mapping as MappingValue,
)

if TYPE_CHECKING:
    from jinja2 import nodes

LONGEST = 256 * 1024
MOST_ROUNDS = 64
DEEPEST = 12
Loader = Callable[[str], Text | None]
Look = Callable[[str, tuple[Value, ...], Mapping[str, Value]], Value | None]
"""What a lookup gives: its kind, its terms and its options; None where that is not known."""
_LOOKUPS = ("lookup", "query", "q")


@dataclass(frozen=True)
class Template:
    """A parsed template: its syntax tree, the stretches of the source that its texts are, and what it extends."""

    root: nodes.Template
    texts: Mapping[int, Text]
    parent: nodes.Extends | None


def parse_template(source: Text) -> Template | None:
    """A template; its holes may stand wherever text does. None if it cannot be parsed. Never raises."""
    return _parsed(source, tuple(part.origin if isinstance(part, Piece) else part.site for part in source.parts))


@lru_cache(maxsize=1024)
def _parsed(source: Text, places: tuple[Origin | Span | None, ...]) -> Template | None:
    """A template is rendered again and again; `places` keeps equal texts of different places apart."""
    content = marked(source)
    if len(content) > LONGEST:
        return None
    from jinja2 import Environment, TemplateError, nodes

    try:
        environment = Environment(keep_trailing_newline=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
        root = environment.parse(content)
    except (TemplateError, RecursionError, ValueError, OverflowError):
        return None
    return Template(root, _texts(root, content, source), root.find(nodes.Extends))


def _texts(root: nodes.Template, content: str, source: Text) -> Mapping[int, Text]:
    """The texts and constants of a template with their places and holes: they follow each other in the source."""
    from jinja2 import nodes

    found: dict[int, Text] = {}
    at = 0
    for node in root.find_all(nodes.TemplateData):
        start = content.find(node.data, at)
        if start >= 0:
            at = start + len(node.data)
            found[id(node)] = between(source, start, at)
    for constant in root.find_all(nodes.Const):
        if isinstance(constant.value, str) and constant.value:
            start = _on_line(content, constant.lineno, constant.value)
            if start >= 0:
                found[id(constant)] = between(source, start, start + len(constant.value))
    return found


def _on_line(content: str, line: int, text: str) -> int:
    """Where a text stands on a line of the source; -1 where it does not."""
    start = 0
    for _ in range(line - 1):
        start = content.find("\n", start) + 1
    end = content.find("\n", start)
    return content.find(text, start, end if end >= 0 else len(content))


def render(
    source: Text,
    given: Mapping[str, Value],
    machine: Machine,
    identity: str,
    load: Loader | None = None,
    look: Look | None = None,
    *,
    whole: bool = False,
) -> Value:
    """The output of a template with variables; `load` gives the source of a template by name, for includes, imports and
    parents, `look` what lookups give. `whole`: these are all variables that there are."""
    template = parse_template(source)
    if template is None:
        return derived("jinja", source)
    scope = Scope(machine, identity, Null(), Null(), Variables(dict(given)), {}, Steps())
    return _Renderer(scope, load or (lambda name: None), look, whole=whole).template(template)


def render_native(
    source: Text,
    given: Mapping[str, Value],
    machine: Machine,
    identity: str,
    load: Loader | None = None,
    look: Look | None = None,
) -> Value:
    """As `render`; a template that is one expression and nothing else gives its value, which need not be a text."""
    from jinja2 import nodes

    template = parse_template(source)
    if template is None:
        return derived("jinja", source)
    scope = Scope(machine, identity, Null(), Null(), Variables(dict(given)), {}, Steps())
    renderer = _Renderer(scope, load or (lambda name: None), look, template.texts)
    match template.root.body:
        case [nodes.Output(nodes=[node])] if not isinstance(node, nodes.TemplateData):
            return renderer.value(node)
        case _:
            return renderer.template(template)


@dataclass(frozen=True)
class _Renderer:
    """One template while it is rendered. `blocks` are those of templates that extend this one."""

    scope: Scope
    load: Loader
    look: Look | None = None
    texts: Mapping[int, Text] = field(default_factory=dict)
    blocks: Mapping[str, tuple[_Renderer, nodes.Block]] = field(default_factory=dict)
    macros: dict[str, tuple[_Renderer, nodes.Macro]] = field(default_factory=dict)
    depth: int = 0
    whole: bool = False

    def template(self, template: Template) -> Value:
        from jinja2 import nodes

        inside = replace(self, texts=template.texts)
        parent = template.parent
        if parent is None:
            return inside.body(template.root.body)
        blocks = {node.name: (inside, node) for node in template.root.find_all(nodes.Block)}
        above = self.other(parent.template)
        for node in template.root.body:
            if isinstance(node, nodes.Assign | nodes.Macro | nodes.Import | nodes.FromImport):
                inside.node(node)
        if above is None:
            return self.unknown("a parent template")
        return replace(inside, blocks={**blocks, **self.blocks}, depth=self.depth + 1).template(above)

    def other(self, name: nodes.Expr) -> Template | None:
        """Another template by an expression that names it."""
        literal = as_text(self.value(name)).literal
        source = self.load(literal) if literal is not None and self.depth < DEEPEST else None
        return parse_template(source) if source is not None else None

    def unknown(self, what: str) -> Opaque:
        return self.scope.unknown(what)

    # --- statements ---

    def body(self, found: list[nodes.Node]) -> Value:
        parts = [self.node(each) for each in found]
        return combine(tuple(parts), lambda row: joined([as_text(each, self.scope.machine) for each in row], EMPTY))

    def node(self, node: nodes.Node) -> Value:
        self.scope.steps.left -= 1
        if self.scope.steps.left < 0:
            return self.unknown("too much work")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        return method(node) if method is not None else self.unknown(type(node).__name__)

    def _output(self, node: nodes.Output) -> Value:
        parts = tuple(self.value(each) for each in node.nodes)
        return combine(parts, lambda row: joined([as_text(each, self.scope.machine) for each in row], EMPTY))

    def _if(self, node: nodes.If) -> Value:
        from jinja2 import nodes

        rest: list[nodes.Node] = list(node.else_)
        if node.elif_:
            first, *others = node.elif_
            rest = [nodes.If(first.test, first.body, others, node.else_, lineno=first.lineno)]
        return either(self.value(node.test), lambda: self.body(node.body), lambda: self.body(rest), self.scope)

    def _for(self, node: nodes.For) -> Value:
        over = self.scope.machine.load(self.value(node.iter))
        match over:
            case Sequence(items=items, open=False) if len(items) <= MOST_ROUNDS:
                rows: tuple[Value, ...] = items
            case MappingValue(entries=entries, open=False) if len(entries) <= MOST_ROUNDS:
                rows = tuple(key for key, _ in entries)
            case Null() | Absent():
                rows = ()
            case _:
                # Nobody knows how often; what one round states is stated.
                rows = (self._attribute(over, "item") if isinstance(over, Text) else self.unknown("an item"),)
        if not rows:
            return self.body(node.else_)
        return self._joined([self._round(node, each) for each in rows])

    def _round(self, node: nodes.For, item: Value) -> Value:
        inside = replace(self, scope=replace(self.scope, variables=Variables({}, self.scope.variables)))
        inside._assigned(node.target, item)
        if node.test is not None and truthy(inside.value(node.test)) is False:
            return EMPTY
        return inside.body(node.body)

    def _joined(self, parts: list[Value]) -> Value:
        return combine(tuple(parts), lambda row: joined([as_text(each, self.scope.machine) for each in row], EMPTY))

    def _assign(self, node: nodes.Assign) -> Value:
        self._assigned(node.target, self.value(node.node))
        return EMPTY

    def _assignblock(self, node: nodes.AssignBlock) -> Value:
        self._assigned(node.target, self.body(node.body))
        return EMPTY

    def _assigned(self, target: nodes.Node, value: Value) -> None:
        from jinja2 import nodes

        if isinstance(target, nodes.Name):
            self.scope.variables.own[target.name] = value
        elif isinstance(target, nodes.Tuple):
            loaded = self.scope.machine.load(value)
            items = loaded.items if isinstance(loaded, Sequence) else ()
            for index, each in enumerate(target.items):
                self._assigned(each, items[index] if index < len(items) else self.unknown("an item"))
        elif isinstance(target, nodes.NSRef):
            held = self.scope.variables.get(target.name)
            content = held if isinstance(held, MappingValue) else MappingValue(())
            changed = laid_over(content, MappingValue(((Text.of(target.attr), value),)))
            self.scope.variables.set(target.name, changed)

    def _with(self, node: nodes.With) -> Value:
        inside = replace(self, scope=replace(self.scope, variables=Variables({}, self.scope.variables)))
        for target, value in zip(node.targets, node.values, strict=True):
            inside._assigned(target, self.value(value))
        return inside.body(node.body)

    def _block(self, node: nodes.Block) -> Value:
        renderer, chosen = self.blocks.get(node.name, (self, node))
        return replace(renderer, scope=self.scope, blocks=self.blocks).body(chosen.body)

    def _extends(self, node: nodes.Extends) -> Value:
        return EMPTY

    def _macro(self, node: nodes.Macro) -> Value:
        self.macros[node.name] = (self, node)
        return EMPTY

    def _include(self, node: nodes.Include) -> Value:
        found = self.other(node.template)
        if found is None:
            return EMPTY if node.ignore_missing else self.unknown("an included template")
        return replace(self, depth=self.depth + 1, blocks={}).template(found)

    def _import(self, node: nodes.Import) -> Value:
        for name, macro in self._macros_of(node.template).items():
            self.macros[f"{node.target}.{name}"] = macro
        return EMPTY

    def _fromimport(self, node: nodes.FromImport) -> Value:
        found = self._macros_of(node.template)
        for name in node.names:
            own, alias = name if isinstance(name, tuple) else (name, name)
            if own in found:
                self.macros[alias] = found[own]
        return EMPTY

    def _macros_of(self, name: nodes.Expr) -> dict[str, tuple[_Renderer, nodes.Macro]]:
        template = self.other(name)
        if template is None:
            return {}
        inside = replace(self, macros={}, texts=template.texts, depth=self.depth + 1)
        inside.body(template.root.body)
        return inside.macros

    def _exprstmt(self, node: nodes.ExprStmt) -> Value:
        self.value(node.node)
        return EMPTY

    def _filterblock(self, node: nodes.FilterBlock) -> Value:
        return self._filtered(node.filter, self.body(node.body))

    def _scope(self, node: nodes.Scope) -> Value:
        return self.body(node.body)

    # --- expressions ---

    def value(self, node: nodes.Node | None) -> Value:
        if node is None:
            return Null()
        method = _EXPRESSIONS.get(type(node).__name__)
        return method(self, node) if method is not None else self.unknown(type(node).__name__)

    def _data(self, node: nodes.TemplateData) -> Value:
        return self.texts.get(id(node)) or Text.of(node.data)

    def _const(self, node: nodes.Const) -> Value:
        match node.value:
            case bool():
                return Truth(node.value)
            case int() | float():
                return Number(node.value)
            case str():
                return self.texts.get(id(node)) or Text.of(node.value)
            case _:
                return Null()

    def _name(self, node: nodes.Name) -> Value:
        found = self.scope.variables.get(node.name)
        if found is None and self.whole:
            return Absent()
        return self._asked_for(node.name) if found is None else found

    def _asked_for(self, name: str) -> Value:
        """A variable that the caller gives."""
        hole = Hole(HoleKind.PARAMETER, f"{self.scope.identity}:{name}", name)
        return Text.of_hole(hole)

    def _attribute(self, base: Value, name: str) -> Value:
        def chosen(row: tuple[Value, ...]) -> Value:
            loaded = self.scope.machine.load(row[0])
            match loaded:
                case MappingValue():
                    found = loaded.get(name)
                    return found if found is not None else (self.unknown(name) if loaded.open else Absent())
                case values.Record():
                    return loaded.get(name) or self.unknown(name)
                case Text() if len(loaded.holes) == 1 and len(loaded.parts) == 1:
                    hole = loaded.holes[0]
                    return Text.of_hole(Hole(hole.kind, f"{hole.identity}.{name}", f"{hole.label}.{name}"))
                case _:
                    return self.unknown(name)

        return combine((base,), chosen)

    def _getattr(self, node: nodes.Getattr) -> Value:
        return self._attribute(self.value(node.node), node.attr)

    def _getitem(self, node: nodes.Getitem) -> Value:
        index = self.value(node.arg)
        base = self.scope.machine.load(self.value(node.node))
        if isinstance(base, Sequence) and isinstance(index, Number) and 0 <= index.value < len(base.items):
            return base.items[int(index.value)]
        name = as_text(index).literal
        return self._attribute(base, name) if name is not None else self.unknown("an item")

    def _concat(self, node: nodes.Concat | nodes.Add) -> Value:
        parts = node.nodes if hasattr(node, "nodes") else [node.left, node.right]
        return self._joined([self.value(each) for each in parts])

    def _condexpr(self, node: nodes.CondExpr) -> Value:
        return either(self.value(node.test), lambda: self.value(node.expr1), lambda: self.value(node.expr2), self.scope)

    def _and(self, node: nodes.And) -> Value:
        left = self.value(node.left)
        return either(left, lambda: self.value(node.right), lambda: left, self.scope)

    def _or(self, node: nodes.Or) -> Value:
        left = self.value(node.left)
        return either(left, lambda: left, lambda: self.value(node.right), self.scope)

    def _not(self, node: nodes.Not) -> Value:
        return FUNCTIONS["not"]((self.value(node.node),), self.scope)

    def _compare(self, node: nodes.Compare) -> Value:
        if len(node.ops) != 1 or node.ops[0].op not in ("eq", "ne"):
            return undecided("compare", self.value(node.expr), *(self.value(each.expr) for each in node.ops))
        pair = (self.value(node.expr), self.value(node.ops[0].expr))
        return combine(pair, lambda row: FUNCTIONS[node.ops[0].op](row, self.scope))

    def _test(self, node: nodes.Test) -> Value:
        from jinja2 import nodes

        if node.name in ("defined", "undefined"):
            given = (
                self.whole
                or not isinstance(node.node, nodes.Name)
                or self.scope.variables.get(node.node.name) is not None
            )
            value = self.value(node.node)
            if given and not isinstance(value, Text | Opaque):
                return Truth(isinstance(value, Absent) is (node.name == "undefined"))
            if given:
                return Truth(node.name == "defined")
            asked = self._asked_for(f"{getattr(node.node, 'name', '')} is {node.name}")
            return asked
        return undecided(f"is {node.name}", self.value(node.node))

    def _list(self, node: nodes.List | nodes.Tuple) -> Value:
        return Sequence(tuple(self.value(each) for each in node.items))

    def _dict(self, node: nodes.Dict) -> Value:
        return MappingValue(tuple((self.value(pair.key), self.value(pair.value)) for pair in node.items))

    def _filter(self, node: nodes.Filter) -> Value:
        return self._filtered(node, self.value(node.node))

    def _filtered(self, node: nodes.Filter, value: Value) -> Value:
        function = FILTERS.get(node.name.removeprefix("ansible.builtin."))
        if function is None:
            return self.unknown(f"| {node.name}")
        arguments = tuple(self.value(each) for each in node.args)
        arguments += tuple(self.value(each.value) for each in node.kwargs)
        return function(self.scope, value, arguments)

    def _call(self, node: nodes.Call) -> Value:
        from jinja2 import nodes

        name = _called_name(node.node)
        macro = self.macros.get(name)
        if macro is not None and self.depth < DEEPEST:
            return self._expanded(*macro, node)
        if name == "namespace" or name == "dict":
            return MappingValue(tuple((Text.of(each.key), self.value(each.value)) for each in node.kwargs))
        if name in _LOOKUPS and node.args:
            return self._looked_up(name, node)
        if name == "env" and node.args:
            return self.scope.machine.environment(as_text(self.value(node.args[-1])))
        if isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS:
            row = (self.value(node.node.node), *(self.value(each) for each in node.args))
            return combine(row, lambda found: METHODS[node.node.attr](found))  # type: ignore[attr-defined]
        return self.unknown(f"{name}()")

    def _looked_up(self, name: str, node: nodes.Call) -> Value:
        """A lookup of Ansible: of the environment, or what the caller of the template knows."""
        kind, *terms = (self.value(each) for each in node.args)
        known = (as_text(kind).literal or "").removeprefix("ansible.builtin.")
        if known == "env" and terms:
            return self.scope.machine.environment(as_text(terms[-1]))
        options = {each.key: self.value(each.value) for each in node.kwargs}
        found = self.look(known, tuple(terms), options) if self.look is not None else None
        if found is None:
            return self.unknown(f"{name}({known})")
        wanted = name != "lookup" or options.get("wantlist") == Truth(True)
        return Sequence((found,)) if wanted and not isinstance(found, Sequence) else found

    def _expanded(self, home: _Renderer, macro: nodes.Macro, node: nodes.Call) -> Value:
        """What a macro makes of its arguments."""
        given = [self.value(each) for each in node.args]
        keywords = {each.key: self.value(each.value) for each in node.kwargs}
        defaults = [home.value(each) for each in macro.defaults]
        bound: dict[str, Value] = {}
        for index, parameter in enumerate(macro.args):
            behind = index - (len(macro.args) - len(defaults))
            default = defaults[behind] if behind >= 0 else Absent()
            bound[parameter.name] = given[index] if index < len(given) else keywords.get(parameter.name, default)
        scope = replace(home.scope, variables=Variables(bound, home.scope.variables))
        return replace(home, scope=scope, depth=self.depth + 1).body(macro.body)


def _called_name(node: nodes.Node) -> str:
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    return ""


_EXPRESSIONS: Mapping[str, Callable[[_Renderer, Any], Value]] = {
    "TemplateData": _Renderer._data,
    "Const": _Renderer._const,
    "Name": _Renderer._name,
    "Getattr": _Renderer._getattr,
    "Getitem": _Renderer._getitem,
    "Concat": _Renderer._concat,
    "Add": _Renderer._concat,
    "CondExpr": _Renderer._condexpr,
    "And": _Renderer._and,
    "Or": _Renderer._or,
    "Not": _Renderer._not,
    "Compare": _Renderer._compare,
    "Test": _Renderer._test,
    "List": _Renderer._list,
    "Tuple": _Renderer._list,
    "Dict": _Renderer._dict,
    "Filter": _Renderer._filter,
    "Call": _Renderer._call,
}
