"""Simple commands: what the shell does itself, calls of functions, programs (Bash Reference Manual 5.2, sections 3.2.2
and 4).

What it cannot do: aliases; options that the shell keeps (`set -e`, `shopt`), which change where a script stops and no
name; `getopts`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from tagcheck import ir
from tagcheck.frontends.shell.body import ARGUMENTS
from tagcheck.frontends.shell.conditions import Tests
from tagcheck.frontends.shell.names import READERS, command_name, read_names
from tagcheck.frontends.shell.script import literal_text
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Condition = ir.Expression
"""Whether a command succeeds."""
_SILENT = frozenset(
    ("set", "shopt", "umask", "ulimit", "type", "alias", "unalias", "hash", "getopts", "let", "times", "bind", "enable",
     "complete", "compgen", "disown", "fg", "bg", "jobs", "caller", "history")
)  # fmt: skip


class Streams(Struct, frozen=True):
    """Where the input of a command comes from and its output goes; `prefix`: variables set for it alone."""

    stdin: ir.Expression | None = None
    output: ir.Name | None = None
    prefix: tuple[tuple[str, ir.Expression], ...] = ()


PLAIN = Streams()


class Commands(Tests):
    """Simple commands."""

    @abstractmethod
    def text(self, words: list[Node], node: Node) -> tuple[ir.Statement, ...]:
        """The statements of a text that the shell reads as commands (`eval`, `trap`)."""

    # --- simple commands ---

    def simple(self, node: Node, streams: Streams, asked: bool) -> Condition:
        """Lower a simple command; whether it succeeds, as far as `asked`."""
        span = self.script.span(node)
        streams = Streams(self._herestring(node) or streams.stdin, streams.output, self._prefix(node))
        name_node = node.child_by_field_name("name")
        words = node.children_by_field_name("argument")
        if name_node is None:
            return ir.Constant(True, span)
        name = command_name(self.script, node)
        if name in self.shared.names.functions:
            return self._function(name, words, span, streams, asked)
        handler = _BUILTINS.get(name)
        if handler is not None:
            return handler(self, node, words, streams)
        if name in _SILENT:
            return ir.Constant(True, span)
        return self._program((self.argument(name_node), *self.arguments(words)), span, streams, asked)

    def _program(self, argv: tuple[ir.Expression, ...], span: Span, streams: Streams, asked: bool) -> Condition:
        status = self.temporary(span) if asked else None
        stdin, output, prefix = streams.stdin, streams.output, streams.prefix
        self.emit(ir.Run(argv, span, prefix, stdin, self.directory, output, status))
        return ir.Compare(ir.CompareOp.EQ, status, ir.Constant(None, span), span) if status else unknown(span)

    def _prefix(self, node: Node) -> tuple[tuple[str, ir.Expression], ...]:
        found: list[tuple[str, ir.Expression]] = []
        for child in node.children:
            target, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if child.type == "variable_assignment" and target is not None:
                content = ir.Literal("", self.script.span(child)) if value is None else self.word(value)
                found.append((self.script.written(target), content))
        return tuple(found)

    def _herestring(self, node: Node) -> ir.Expression | None:
        found = [child for child in node.children if child.type == "herestring_redirect"]
        return self.herestring(found[-1]) if found else None

    def herestring(self, node: Node) -> ir.Expression:
        """The input that `<<<` gives."""
        named = [child for child in node.children if child.is_named]
        return self.word(named[-1]) if named else ir.Literal("", self.script.span(node))

    def _function(self, name: str, words: list[Node], span: Span, streams: Streams, asked: bool) -> Condition:
        for variable, value in streams.prefix:
            self.call("export", (ir.Literal(variable, span), value), span)
        given = tuple(ir.Argument(each) for each in self.arguments(words))
        status = self.temporary(span) if asked else None
        call = ir.Invoke((status,) if status else (), ir.Name(name, span), given, span)
        self.emit(self.streamed((call,), streams, span))
        return ir.Compare(ir.CompareOp.EQ, status, ir.Constant(None, span), span) if status else unknown(span)

    def streamed(self, body: tuple[ir.Statement, ...], streams: Streams, span: Span) -> ir.Statement:
        """Statements with the input and output of one command."""
        if len(body) == 1 and streams.stdin is None and streams.output is None:
            return body[0]
        return ir.Redirect(body, span, streams.stdin, streams.output)

    # --- what the shell does itself ---

    def _true(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        return ir.Constant(True, self.script.span(node))

    def _false(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        return ir.Constant(False, self.script.span(node))

    def _test(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        closed = bool(words) and self.script.written(words[-1]) == "]"
        return self.tested(node, words[:-1] if closed else words)

    def _change_directory(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        self.directories.append(self.directory)
        operands = [word for word in words if self.script.written(word) not in ("--", "-P", "-L", "-e")]
        if not operands:
            self.directory = None
            return ir.Constant(True, self.script.span(node))
        value = self.word(operands[0])
        written = literal_text(value)
        span = self.script.span(operands[0])
        if written == "-":
            self.directory = self.directories[-2] if len(self.directories) > 1 else None
        elif self.directory is None or written is None or written.startswith("/"):
            self.directory = value
        else:
            self.directory = ir.Join((self.directory, ir.Literal("/", span, exact=False), value), span)
        return ir.Constant(True, self.script.span(node))

    def _pop_directory(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        self.directory = self.directories.pop() if self.directories else None
        return ir.Constant(True, self.script.span(node))

    def _exit(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        status = self._status(words, span)
        if self.function or (isinstance(status, ir.Constant) and status.value is not None):
            code = ir.Constant(0, span) if isinstance(status, ir.Constant) and status.value is None else status
            self.emit(ir.Invoke((), ir.Global("builtin", "exit", span), (ir.Argument(code),), span))
        else:
            self.emit(ir.Return((status,), span))
        return unknown(span)

    def _return(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        self.emit(ir.Return((self._status(words, span),), span))
        return unknown(span)

    def _status(self, words: list[Node], span: Span) -> ir.Expression:
        """A status that is written out: None for success, else its number."""
        if not words:
            return ir.Opaque("the status of the last command", span)
        written = self.script.written(words[0])
        if not written.isdecimal():
            return ir.Opaque("a status", span)
        return ir.Constant(int(written[:9]) or None, span)

    def _break(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        leaves = command_name(self.script, node) == "break"
        self.emit(ir.Break(span) if leaves else ir.Continue(span))
        return unknown(span)

    def _set(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        """`set` changes the arguments only after `--`."""
        span = self.script.span(node)
        written = [self.script.written(word) for word in words]
        if "--" in written:
            items = self.arguments(words[written.index("--") + 1 :])
            self.emit(ir.Assign((ir.Name(ARGUMENTS, span),), ir.ListOf(items, span), span))
        return ir.Constant(True, span)

    def _shift(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        written = self.script.written(words[0]) if words else "1"
        count = int(written) if written.isdecimal() and len(written) < 6 else 1
        arguments = ir.Name(ARGUMENTS, span)
        self.emit(ir.Assign((arguments,), ir.Slice(arguments, ir.Constant(count, span), None, span), span))
        return ir.Constant(True, span)

    def _read(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        for name in read_names(self.script, node):
            self.assign(name, ir.Opaque("what is read from the standard input", span), span)
        return unknown(span)

    def _source(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        self.call("source", self.arguments(words), self.script.span(node))
        return ir.Constant(True, self.script.span(node))

    def _eval(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        for statement in self.text(words, node):
            self.emit(statement)
        return ir.Constant(True, self.script.span(node))

    def _trap(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        """What runs when the script ends; other signals are no run that a scenario is about."""
        span = self.script.span(node)
        operands = [word for word in words if self.script.written(word) != "--"]
        if {"EXIT", "0"} & {self.script.written(word).strip("\"'") for word in operands[1:]}:
            self.emit(ir.Defer(self.text(operands[:1], node), span))
        return ir.Constant(True, span)

    def _wait(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        self.call("wait", (), self.script.span(node))
        return ir.Constant(True, self.script.span(node))

    # --- variables ---

    def assignment(self, node: Node, declare: bool = False) -> str:
        """Lower `NAME=value`, `NAME+=value`, `NAME[index]=value`; the variable."""
        target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if target is None:
            return ""
        span = self.script.span(node)
        inner = target.child_by_field_name("name") if target.type == "subscript" else target
        name = self.script.written(inner) if inner is not None else ""
        content = self._content(value, name, span)
        if target.type == "subscript":
            place = ir.Index(self.variable(name, span), self.index(target, name), span)
            self.emit(ir.Assign((place,), content, span))
            return name
        if any(child.type == "+=" for child in node.children):
            content = self._added(name, content, value, span)
        self.assign(name, content, span, declare)
        return name

    def _content(self, value: Node | None, name: str, span: Span) -> ir.Expression:
        if value is None:
            return ir.Literal("", span)
        if value.type != "array":
            return self.word(value)
        items = [child for child in value.children if child.is_named and child.type != "comment"]
        if name in self.shared.names.maps:
            return ir.Opaque("a map written out", self.script.span(value), tuple(map(self.word, items)))
        return ir.ListOf(self.arguments(items), self.script.span(value))

    def _added(self, name: str, content: ir.Expression, value: Node | None, span: Span) -> ir.Expression:
        before = self.variable(name, span)
        if isinstance(content, ir.ListOf):
            return ir.Apply("append", (before, *content.items), span)
        return ir.Join((before, content), span)

    def declaration(self, node: Node) -> None:
        """`export`, `local`, `declare`, `typeset`, `readonly`."""
        keyword = node.children[0].type
        declares = keyword in ("local", "declare", "typeset")
        exports = keyword == "export" or any(self.script.written(each) == "-x" for each in node.children[1:])
        for child in node.children[1:]:
            name = ""
            if child.type == "variable_assignment":
                name = self.assignment(child, declares)
            elif child.type == "variable_name":
                name = self.script.written(child)
                if declares:
                    self.assign(name, self._empty(name, child), self.script.span(child), True)
            if name and exports:
                self._export(name, self.script.span(child))

    def _empty(self, name: str, node: Node) -> ir.Expression:
        span = self.script.span(node)
        return ir.MapOf((), span) if name in self.shared.names.maps else ir.Literal("", span)

    def _export(self, name: str, span: Span) -> None:
        if name in self.shared.names.assigned or name in self.local:
            self.call("export", (ir.Literal(name, span, exact=False), self.variable(name, span)), span)

    def unset(self, node: Node) -> None:
        span = self.script.span(node)
        for child in node.children[1:]:
            name = self.script.written(child)
            if child.type in ("variable_name", "word") and name in self.shared.names.assigned:
                self.assign(name, ir.Literal("", span), span)


def unknown(span: Span) -> Condition:
    """The success of a command of which nothing says whether it succeeds."""
    return ir.Opaque("whether a command succeeds", span)


_Builtin = Callable[[Commands, "Node", "list[Node]", Streams], Condition]
_BUILTINS: dict[str, _Builtin] = {
    ":": Commands._true,
    "true": Commands._true,
    "false": Commands._false,
    "[": Commands._test,
    "test": Commands._test,
    "cd": Commands._change_directory,
    "pushd": Commands._change_directory,
    "popd": Commands._pop_directory,
    "exit": Commands._exit,
    "return": Commands._return,
    "break": Commands._break,
    "continue": Commands._break,
    "set": Commands._set,
    "shift": Commands._shift,
    "source": Commands._source,
    ".": Commands._source,
    "eval": Commands._eval,
    "trap": Commands._trap,
    "wait": Commands._wait,
    **dict.fromkeys(READERS, Commands._read),
}
