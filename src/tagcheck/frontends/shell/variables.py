"""Variables: assignments, declarations, `unset` (Bash Reference Manual 5.2, sections 3.4, 4.2 and 6.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.conditions import Tests
from tagcheck.frontends.shell.names import assigned_name, declared_flags, hidden_flags
from tagcheck.frontends.shell.script import joined
from tagcheck.frontends.shell.words import EXPANSIONS
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node


class Variables(Tests):
    """What gives variables their values."""

    def assignment(self, node: Node, declare: bool = False) -> str:
        """Lower `NAME=value`, `NAME+=value`, `NAME[index]=value`; the variable."""
        target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if target is None:
            return ""
        span = self.script.span(node)
        inner = target.child_by_field_name("name") if target.type == "subscript" else target
        name = self.script.written(inner) if inner is not None else ""
        content = self._content(value, name, span)
        if target.type == "subscript" and name in self.shared.names.references:
            self._assign_referred(target, name, content, any(child.type == "+=" for child in node.children))
            return name
        if target.type == "subscript":
            place = ir.Index(self.variable(name, span), self.index(target, name), span)
            if any(child.type == "+=" for child in node.children):
                content = ir.Join((place, content), span)
            self.emit(ir.Assign((place,), content, span))
            return name
        if any(child.type == "+=" for child in node.children):
            content = self._added(name, content, value, span)
        self.assign(name, content, span, declare)
        return name

    def _assign_referred(self, target: Node, name: str, content: ir.Expression, adds: bool) -> None:
        """Give an item of what a variable refers to a value."""
        index, span = target.child_by_field_name("index"), self.script.span(target)
        if index is None:
            return
        key = self.temporary(span)
        self.emit(ir.Assign((key,), self.word(index), span))
        if adds:
            whole = self.variable(name, span)
            content = ir.Join((ir.Index(whole, ir.Apply("subscript", (whole, key), span), span), content), span)
        bracket, end = ir.Literal("[", span, exact=False), ir.Literal("]", span, exact=False)
        item = ir.Join((ir.Name(self.spelled(name), span), bracket, key, end), span)
        self.call("assign", (item, content), span)

    def _content(self, value: Node | None, name: str, span: Span) -> ir.Expression:
        if value is None:
            return ir.Literal("", span)
        if self.shared.names.changed.get(name) == "i" and value.type != "array":
            root = self.reparsed(value.start_byte, value.end_byte, b"((", b"))")
            inner = [child for child in root.children[0].children if child.is_named] if root and root.children else []
            return self.number(inner[0]) if len(inner) == 1 else self.opaque("a number", value)
        if value.type != "array":
            return self.word(value)
        items = [child for child in value.children if child.is_named and child.type != "comment"]
        if name in self.shared.names.maps:
            return ir.MapOf(tuple(self._entry(item) for item in items), self.script.span(value))
        return ir.ListOf(self.listed(items), self.script.span(value))

    def _entry(self, node: Node) -> tuple[ir.Expression, ir.Expression]:
        """`[key]=value` in a map that is written out; the parser gives pieces of words."""
        span = self.script.span(node)
        pieces = node.children
        close = next((i for i, piece in enumerate(pieces) if self.script.written(piece).startswith("]")), 0)
        if not close or not self.script.written(pieces[0]).startswith("["):
            return self.opaque("a key", node), self.word(node)
        key = [*self.script.literals(pieces[0].start_byte + 1, pieces[0].end_byte), *map(self.word, pieces[1:close])]
        behind = self.script.written(pieces[close])
        start = pieces[close].start_byte + len(behind) - len(behind.removeprefix("]").removeprefix("="))
        rest = pieces[close + 1 :]
        if not behind.startswith("]=") and rest and self.script.written(rest[0]).startswith("="):
            first, *rest = rest
            value = [*self.script.literals(first.start_byte + 1, first.end_byte), *map(self.word, rest)]
        else:
            value = [*self.script.literals(start, pieces[close].end_byte), *map(self.word, rest)]
        return joined(key, span), joined(value, span)

    def _added(self, name: str, content: ir.Expression, value: Node | None, span: Span) -> ir.Expression:
        before = self.variable(name, span)
        if isinstance(content, ir.ListOf):
            return ir.Apply("append", (before, *content.items), span)
        if self.shared.names.changed.get(name) == "i":
            return ir.Apply("add", (ir.Apply("number", (before,), span), content), span)
        return ir.Join((before, content), span)

    def declaration(self, node: Node) -> None:
        """`export`, `local`, `declare`, `typeset`, `readonly`."""
        keyword = node.children[0].type
        flags = declared_flags(self.script, node)
        declares = keyword in ("local", "declare", "typeset") and "g" not in flags
        exports = (keyword == "export" or "x" in flags) and "n" not in flags
        hides = (keyword == "export" and "n" in flags) or (
            keyword != "export" and "x" in hidden_flags(self.script, node)
        )
        for child in node.children[1:]:
            if exports and child.type in EXPANSIONS | {"string", "concatenation"}:
                self.call("export-words", (self.argument(child),), self.script.span(child))
                continue
            name = ""
            if keyword != "export" and child.type in ("string", "concatenation"):
                self.call("declare-words", (self.word(child),), self.script.span(child))
                continue
            if child.type == "variable_assignment" and "n" in flags and keyword != "export":
                self._refer(child, declares)
            elif child.type == "variable_assignment":
                name = self.assignment(child, declares)
            elif child.type == "variable_name":
                name = self.script.written(child)
                if declares:
                    self.assign(name, self._empty(name, child), self.script.span(child), True)
            if name and exports:
                self._export(name, self.script.span(child))
            elif name and hides:
                span = self.script.span(child)
                self.call("export", (ir.Literal(name, span, exact=False), ir.Literal("", span, exact=False)), span)

    def _refer(self, node: Node, declare: bool) -> None:
        """`declare -n NAME=OTHER`: the variable itself gets a value, not the one that it refers to."""
        name, value, span = assigned_name(self.script, node), node.child_by_field_name("value"), self.script.span(node)
        if declare and self.function:
            self.local.add(name)
        target = ir.Name(self.spelled(name), span)
        self.definite.add(name)
        self.emit(ir.Assign((target,), self._content(value, name, span), span, declare and bool(self.function)))

    def _empty(self, name: str, node: Node) -> ir.Expression:
        span = self.script.span(node)
        if name in self.shared.names.maps:
            return ir.MapOf((), span)
        return ir.ListOf((), span) if name in self.shared.names.lists else ir.Literal("", span)

    def _export(self, name: str, span: Span) -> None:
        if name in self.shared.names.assigned or name in self.local or self.shared.names.sources:
            self.call("export", (ir.Literal(name, span, exact=False), self.variable(name, span)), span)

    def unset(self, node: Node) -> None:
        span = self.script.span(node)
        if any(self.script.written(child) == "-f" for child in node.children):
            return
        for group in self._neighbours(node.children[1:]):
            name = self.script.written(group[0])
            if len(group) == 1 and group[0].type in ("variable_name", "word") and name.isidentifier():
                self.assign(name, ir.Literal("", span), span)
                self.definite.discard(name)
            else:
                self._unset_item(group)

    def _unset_item(self, group: list[Node]) -> None:
        """`unset 'NAME[INDEX]'`."""
        quoted = group[0].type in ("raw_string", "string")
        start, end = self._start(group[0]) + quoted, group[-1].end_byte - quoted
        name, bracket, _ = self.script.slice(start, end).partition("[")
        if not bracket or name not in self.shared.names.lists | self.shared.names.maps:
            return
        span = self.script.between(start, end)
        root = self.reparsed(start, end, b"", b"=x")
        item = root.children[0].child_by_field_name("name") if root is not None and root.children else None
        if item is None or item.type != "subscript":
            self.assign(name, ir.Opaque("a list without one of its elements", span), span)
            return
        self.assign(name, ir.Apply("without-item", (self.variable(name, span), self.index(item, name)), span), span)
