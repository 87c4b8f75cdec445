"""Simple commands: what the shell does itself, calls of functions, programs (Bash Reference Manual 5.2, sections 3.2.2
and 4).

What it cannot do: aliases; options that the shell keeps (`shopt`), which change no name; `getopts`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tagcheck import ir
from tagcheck.frontends.shell.body import ARGUMENTS, STRICT, TRACED
from tagcheck.frontends.shell.names import (
    DIRECTORY,
    LAST_DIRECTORY,
    MAPFILE_VALUED,
    NOTHING,
    READ_VALUED,
    READERS,
    assigned_name,
    command_name,
    read_names,
    torn_assignment,
    valued_options,
)
from tagcheck.frontends.shell.variables import Variables
from tagcheck.numerals import natural
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Condition = ir.Expression
"""Whether a command succeeds."""
_ASKING = frozenset(("command", "type", "which", "hash"))
_LEAVING = frozenset(("exit", "eval"))
"""What the shell does itself that can end the process in which it is done."""
_SILENT = frozenset(
    ("shopt", "umask", "ulimit", "alias", "unalias", "times", "bind", "enable",
     "complete", "compgen", "disown", "fg", "bg", "jobs", "caller", "history")
)  # fmt: skip


class Streams(Struct, frozen=True):
    """Where the input of a command comes from and its output goes; `prefix`: variables set for it alone."""

    stdin: ir.Expression | None = None
    output: ir.Name | None = None
    prefix: tuple[tuple[str, ir.Expression], ...] = ()
    lost: tuple[ir.Expression, ...] = ()
    """words of the command that the parser lost"""
    whole: bool = False
    """whether the output goes to a file, with the line end at its end"""
    own: bool = False
    """whether the command is a process of its own, which `exit` leaves"""
    status: ir.Name | None = None
    """what takes whether such a process was left in failure"""

    @property
    def plain(self) -> bool:
        """Whether the command is like the shell around it in all of this."""
        return self.stdin is None and self.output is None and not self.own and self.status is None


PLAIN = Streams()


class Commands(Variables):
    """Simple commands."""

    @abstractmethod
    def text(self, words: list[Node], node: Node) -> tuple[ir.Statement, ...]:
        """The statements of a text that the shell reads as commands (`eval`, `trap`)."""

    # --- simple commands ---

    def simple(self, node: Node, streams: Streams, asked: bool) -> Condition:
        """Lower a simple command; whether it succeeds, as far as `asked`."""
        span = self.script.span(node)
        lost = streams.lost
        given = self._herestring(node) or streams.stdin
        streams = replace(streams, stdin=given, prefix=self.prefix(node), lost=())
        name_node = node.child_by_field_name("name")
        words = node.children_by_field_name("argument")
        if name_node is None:
            return ir.Constant(True, span)
        torn = torn_assignment(node)
        if torn:
            self.assign(assigned_name(self.script, torn[0]), self.glued(torn[1:]), span)
            return ir.Constant(True, span)
        name = command_name(self.script, node)
        if name in self.shared.names.functions:
            return self._function(name, words, span, streams, asked)
        if name in _ASKING:
            found = self._asks_program(node, words, streams, asked)
            if found is not None:
                return found
        if name == "exec" and not words:
            # Only its redirections count: what is read or printed from here on is not known.
            if streams.output is not None:
                self.emit(ir.Assign((streams.output,), self.opaque("what is printed later", node), span))
            return ir.Constant(True, span)
        if name == "printf":
            return self._printf(node, words, streams, asked)
        if self.shared.in_bats and name in ("run", "load"):
            return self._of_bats(name, words, span)
        handler = _BUILTINS.get(name)
        if handler is not None and streams.own and name in _LEAVING:
            return self._in_own_process(lambda: handler(self, node, words, streams), streams, span, asked)
        if handler is not None:
            return handler(self, node, words, streams)
        if name in _SILENT:
            return ir.Constant(True, span)
        found = self._program((*self.arguments([name_node, *words]), *lost), span, streams, asked)
        return ir.Constant(True, span) if name == "echo" else found

    def _in_own_process(self, lower: Callable[[], object], streams: Streams, span: Span, asked: bool) -> Condition:
        """What the shell does itself in a process of its own."""
        streams = self.observed(streams, span, asked)
        self.emit(self.streamed(self.block(lower), streams, span))
        return survived(streams, unknown(span), span)

    def observed(self, streams: Streams, span: Span, asked: bool) -> Streams:
        """The streams of a command, with what takes how its process ended where somebody asks."""
        if not (asked and streams.own and streams.status is None):
            return streams
        return replace(streams, status=self.temporary(span))

    def _of_bats(self, name: str, words: list[Node], span: Span) -> Condition:
        """`run` keeps what a command prints and how it went; `load` sources a file, by its name without suffix."""
        if name == "load" and words:
            path = ir.Join((self.word(words[0]), ir.Literal(".bash", span, exact=False)), span)
            folder = self.variable("BATS_TEST_DIRNAME", span)
            self.call("source", (ir.Apply("path-below", (folder, path), span),), span)
            return ir.Constant(True, span)
        at = next((i for i, word in enumerate(words) if self.script.written(word)[:1] not in "-!"), len(words))
        output = self.temporary(span)
        if at < len(words):
            self._program(self.arguments(words[at:]), span, Streams(output=output), asked=False)
            self.assign("output", output, span)
        return ir.Constant(True, span)

    def _program(self, argv: tuple[ir.Expression, ...], span: Span, streams: Streams, asked: bool) -> Condition:
        status = self.temporary(span) if asked else None
        stdin, output, prefix = streams.stdin, streams.output, streams.prefix
        self.emit(ir.Run(argv, span, prefix, stdin, None, output, status, streams.whole))
        return _is_null(status, span) if status else unknown(span)

    def prefix(self, node: Node) -> tuple[tuple[str, ir.Expression], ...]:
        """The variables that are set for a command alone."""
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
        streams = self.observed(streams, span, asked)
        self.emit(self.streamed((call,), streams, span))
        return survived(streams, _is_null(status, span), span) if status else unknown(span)

    def streamed(self, body: tuple[ir.Statement, ...], streams: Streams, span: Span) -> ir.Statement:
        """Statements with the input and output of one command."""
        if len(body) == 1 and streams.plain:
            return body[0]
        return ir.Redirect(body, span, streams.stdin, streams.output, streams.whole, streams.own, streams.status)

    # --- what the shell does itself ---

    def _true(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        # `: "${A:=b}"` gives a variable its default.
        for word in words:
            if "=" in self.script.written(word):
                self.word(word)
        return ir.Constant(True, self.script.span(node))

    def _false(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        return ir.Constant(False, self.script.span(node))

    def _test(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        closed = bool(words) and self.script.written(words[-1]) == "]"
        return self.tested(node, words[:-1] if closed else words)

    def _change_directory(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        operands = [word for word in words if self.script.written(word) not in ("--", "-P", "-L", "-e", "-n")]
        before = self.variable(DIRECTORY, span)
        target: ir.Expression = ir.Apply("environment", (ir.Literal("HOME", span),), span)
        if operands and self.script.written(operands[0]) == "-":
            target = self.variable(LAST_DIRECTORY, span)
        elif operands:
            target = ir.Apply("path-below", (before, self.word(operands[0])), span)
        if command_name(self.script, node) == "pushd":
            kept = self.temporary(span)
            self.emit(ir.Assign((kept,), before, span))
            self.directories.append(kept)
        if LAST_DIRECTORY in self.shared.names.assigned:
            moved = self.temporary(span)
            self.emit(ir.Assign((moved,), target, span))
            target = moved
            self.assign(LAST_DIRECTORY, before, span)
        self.assign(DIRECTORY, target, span)
        return ir.Constant(True, span)

    def _pop_directory(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        if self.directories:
            self.assign(DIRECTORY, self.directories.pop(), span)
        return ir.Constant(True, span)

    def _exit(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        status = self._status(words, span)
        code = ir.Constant(0, span) if isinstance(status, ir.Constant) and status.value is None else status
        self.emit(ir.Invoke((), ir.Global("builtin", "exit", span), (ir.Argument(code),), span))
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
        number = natural(written)
        return ir.Opaque("a status", span) if number is None else ir.Constant(number or None, span)

    def _break(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        leaves = command_name(self.script, node) == "break"
        self.emit(ir.Break(span) if leaves else ir.Continue(span))
        return unknown(span)

    def _set(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        """`set` changes the arguments only after `--`."""
        span = self.script.span(node)
        written = [self.script.written(word) for word in words]
        flags = written[: written.index("--")] if "--" in written else written
        for index, word in enumerate(flags):
            if word[:1] in "-+" and ("a" in word[1:] and not word[1:].startswith("o")):
                self.exporting = word[0] == "-"
            elif word == "allexport" and index:
                self.exporting = flags[index - 1] == "-o"
        self.shared.exporting = self.exporting
        self._set_strict(flags, span)
        if "--" in written:
            self._set_arguments(words[written.index("--") + 1 :], span)
        elif written and written[0][:1] not in "-+":
            self._set_arguments(words, span)
        return ir.Constant(True, span)

    def _set_strict(self, flags: list[str], span: Span) -> None:
        """`set -e`, `set -o errexit` and their opposites."""
        for index, word in enumerate(flags):
            option = word == "errexit" and index and flags[index - 1][:1] in "-+" and flags[index - 1].endswith("o")
            if option or (word[:1] in "-+" and "e" in word[1:]):
                begins = (flags[index - 1] if option else word)[0] == "-"
                self.set_strict(begins, span)
            traces = word == "errtrace" and index and flags[index - 1][:1] in "-+" and flags[index - 1].endswith("o")
            if traces or (word[:1] in "-+" and "E" in word[1:]):
                begins = (flags[index - 1] if traces else word)[0] == "-"
                self.call("assign", (ir.Literal(TRACED, span, exact=False), ir.Constant(begins, span)), span)

    def set_strict(self, begins: bool, span: Span) -> None:
        """From here on the shell ends with the first command that fails, or no longer."""
        self.call("assign", (ir.Literal(STRICT, span, exact=False), ir.Constant(begins, span)), span)

    def _set_arguments(self, words: list[Node], span: Span) -> None:
        items = self.arguments(words)
        self.emit(ir.Assign((ir.Name(ARGUMENTS, span),), ir.ListOf(items, span), span))

    def _shift(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        count = ir.Apply("number", (self.word(words[0]),), span) if words else ir.Constant(1, span)
        arguments = ir.Name(ARGUMENTS, span)
        shorter = ir.Apply("without-first", (arguments, count), span)
        self.emit(ir.Assign((arguments,), shorter, span))
        return ir.Constant(True, span)

    def _read(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        names = list(read_names(self.script, node)) or ["REPLY"]
        given = streams.stdin
        if streams.own and not self.shared.names.last_in_shell:
            return unknown(span)
        if command_name(self.script, node) != "read":
            lines: ir.Expression = ir.Opaque("what is read from the standard input", span)
            if given is not None:
                lines = self._lines(given, words, span)
            self.assign(names[0] if names != ["REPLY"] else "MAPFILE", lines, span)
            return unknown(span)
        options = valued_options([self.script.written(word) for word in words], READ_VALUED)
        if given is not None and len(names) == 1 and options.keys() == {"d"} and options["d"] in NOTHING:
            self.assign(names[0], ir.Apply("stripped", (given, self._separators(streams.prefix, span)), span), span)
        elif given is None or not options.keys().isdisjoint("dnNu"):
            for name in names:
                self.assign(name, ir.Opaque("what is read from the standard input", span), span)
        else:
            self.fields(ir.Apply("first-line", (given,), span), names, node, streams.prefix)
        return unknown(span)

    def _lines(self, given: ir.Expression, words: list[Node], span: Span) -> ir.Expression:
        """What `mapfile` reads. Its elements are kept without line ends, with `-t` and without."""
        written = [self.script.written(word) for word in words]
        options = valued_options(written, MAPFILE_VALUED)
        numbers = {letter: natural(options[letter]) for letter in "ns" if letter in options}
        if not options.keys() <= {"d", "n", "s"} or None in numbers.values():
            return ir.Opaque("some lines of the standard input", span)
        lines: ir.Expression = ir.Apply("split-lines", (given,), span)
        if "d" in options:
            end: ir.Expression = ir.Literal("\0", span, exact=False)
            if options["d"] not in NOTHING:
                end = next((self.word(word) for word in words if self.script.written(word) == options["d"]), end)
            lines = ir.Apply("split-ended", (given, end), span)
        if skipped := numbers.get("s"):
            lines = ir.Apply("without-first", (lines, ir.Constant(skipped, span)), span)
        if most := numbers.get("n"):
            lines = ir.Slice(lines, None, ir.Constant(most, span), span)
        return lines

    def _separators(self, prefix: tuple[tuple[str, ir.Expression], ...], span: Span) -> ir.Expression:
        """What divides the fields of a line."""
        separator = dict(prefix).get("IFS")
        if separator is not None:
            return separator
        is_set = "IFS" in self.shared.names.assigned
        return self.variable("IFS", span) if is_set else ir.Literal(" ", span, exact=False)

    def fields(
        self, line: ir.Expression, names: list[str], node: Node, prefix: tuple[tuple[str, ir.Expression], ...]
    ) -> None:
        """Give variables the fields of a line, the last one the rest of it; with -a one variable all of them."""
        span = self.script.span(node)
        flags = [self.script.written(each) for each in node.children_by_field_name("argument")]
        separator = self._separators(prefix, span)
        is_list = any(flag.startswith("-") and "a" in flag for flag in flags)
        count = ir.Constant(0 if is_list else len(names), span)
        found = ir.Apply("read-fields", (line, separator, count), span)
        if is_list:
            self.assign(names[0], found, span)
            return
        if len(names) == 1:
            self.assign(names[0], ir.Index(found, ir.Constant(0, span), span), span)
            return
        kept = self.temporary(span)
        self.emit(ir.Assign((kept,), found, span))
        for number, name in enumerate(names):
            self.assign(name, ir.Index(kept, ir.Constant(number, span), span), span)

    def _source(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        self.call("source-exporting" if self.exporting else "source", self.arguments(words), span)
        return ir.Constant(True, span)

    def _printf(self, node: Node, words: list[Node], streams: Streams, asked: bool) -> Condition:
        """`printf -v NAME` prints into a variable."""
        name_node = node.child_by_field_name("name")
        span = self.script.span(node)
        names = list(read_names(self.script, node))
        computed = len(words) > 2 and self.script.written(words[0]) == "-v"
        if not (names or computed) or name_node is None:
            argv = (ir.Literal("printf", span), *self.arguments(words))
            self._program(argv, span, streams, asked)
            return ir.Constant(True, span)
        kept = self.temporary(span)
        argv = (self.argument(name_node), *self.arguments(words[2:]))
        self._program(argv, span, Streams(streams.stdin, kept, streams.prefix), asked=False)
        if names:
            self.assign(names[0], kept, span)
        else:
            self.call("assign", (self.word(words[1]), kept), span)
        return ir.Constant(True, span)

    def _eval(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        span = self.script.span(node)
        if len(words) == 1 and self.is_written_out(words[0]):
            for statement in self.text(words, node):
                self.emit(statement)
        else:
            self.call("eval", self.arguments(words), span)
        return ir.Constant(True, span)

    @abstractmethod
    def is_written_out(self, word: Node) -> bool:
        """Whether a word is a text without anything that the shell expands."""

    def _asks_program(self, node: Node, words: list[Node], streams: Streams, asked: bool) -> Condition | None:
        """`command -v NAME` and its like: whether there is a program, the same answer each time."""
        name = command_name(self.script, node)
        operands = [word for word in words if not self.script.written(word).startswith("-")]
        flags = {self.script.written(word) for word in words} & {"-v", "-V"}
        if len(operands) != 1 or (name == "command" and not flags):
            return None
        span = self.script.span(node)
        program = self.word(operands[0])
        found = ir.Apply("has-program", (program,), span)
        if streams.output is not None:
            choice = ir.Choice(found, program, ir.Literal("", span), span)
            self.emit(ir.Assign((streams.output,), choice, span))
        else:
            shown = ir.Run((ir.Literal("echo", span, exact=False), program), span)
            self.emit(ir.Branch(found, (shown,), (), span))
        return found

    def _trap(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        """What runs when the script ends or a command fails, in the place of what was to run before; other signals are
        no run that a scenario is about."""
        span = self.script.span(node)
        operands = [word for word in words if self.script.written(word) != "--"]
        signals = {self.script.written(word).strip("\"'") for word in operands[1:]}
        for on_failure, names in ((False, {"EXIT", "0"}), (True, {"ERR"})):
            if names & signals:
                cleared = self.script.written(operands[0]).strip("\"'") in ("-", "")
                self.emit(ir.Defer(() if cleared else self._trapped(operands[0], node), span, on_failure))
        return ir.Constant(True, span)

    def _trapped(self, word: Node, node: Node) -> tuple[ir.Statement, ...]:
        if self.is_written_out(word):
            return self.text([word], node)
        span = self.script.span(word)
        kept = self.temporary(span)
        self.emit(ir.Assign((kept,), self.word(word), span))
        return self.block(lambda: self.call("eval", (kept,), span))

    def _let(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        """Each word is an expression; the last one says how the command goes."""
        found = unknown(self.script.span(node))
        for word in words:
            quoted = word.type in ("raw_string", "string")
            start, end = word.start_byte + quoted, word.end_byte - quoted
            # The two brackets stand on what is before the word, at least the name of the command.
            root = self.reparsed(start, end, b"((", b"))")
            inner = root.children[0] if root is not None and root.children else None
            if inner is not None and inner.type == "compound_statement":
                found = self.arithmetic_condition(inner)
        return found

    def _wait(self, node: Node, words: list[Node], streams: Streams) -> Condition:
        self.call("wait", (), self.script.span(node))
        return ir.Constant(True, self.script.span(node))


def _is_null(status: ir.Expression, span: Span) -> Condition:
    return ir.Compare(ir.CompareOp.EQ, status, ir.Constant(None, span), span)


def survived(streams: Streams, condition: Condition, span: Span) -> Condition:
    """Whether a command succeeds that is a process of its own, and may have been left in failure."""
    return condition if streams.status is None else ir.AllOf((_is_null(streams.status, span), condition), span)


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
    "let": Commands._let,
    "trap": Commands._trap,
    "wait": Commands._wait,
    **dict.fromkeys(READERS, Commands._read),
}
