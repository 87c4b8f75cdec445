"""Lists, pipelines, redirections and substitution (Bash Reference Manual 5.2, sections 3.2.3, 3.2.4, 3.5.4, 3.6).

What it cannot do: descriptors other than the standard ones; a variable that a function changes in a subshell stays
changed. A `&&` at the end of a script that goes wrong ends the script: its caller learns of it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.frontends.shell.commands import PLAIN, Condition, Streams, survived, unknown
from tagcheck.frontends.shell.conditions import negated
from tagcheck.frontends.shell.descriptors import Descriptors
from tagcheck.frontends.shell.names import MOVERS, READERS, collect, command_name, is_exec, opened_descriptor
from tagcheck.frontends.shell.script import literal_text
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGING = tuple(word.encode() for word in ("=", "for ", "getopts", "printf -v", *MOVERS, *READERS))
"""What stands in every subshell that changes a variable."""
MOST_CHAINED = 24
"""Commands joined by `&&` or `||`; further ones are taken to run."""
_DEEP = "commands nested too deeply"
_ASSIGNING = frozenset(("variable_assignment", "variable_assignments"))
_ANSWERING = _ASSIGNING | {"test_command"}
_FAILING = _ASSIGNING | {"subshell"}
"""Commands that can be known to fail, and that end the script then where nobody asks."""
_TESTS = frozenset(("[", "test", "false", "let"))
"""What finds something out, or is known to fail."""
_NOWHERE = frozenset(("/dev/null", "/dev/stderr", "/dev/tty"))


class Lists(Descriptors):
    """Commands one after the other, and what they read and write."""

    @abstractmethod
    def compound(self, node: Node, streams: Streams, asked: bool) -> Condition:
        """Lower a compound command; whether it succeeds, as far as `asked`."""

    @abstractmethod
    def define(self, node: Node) -> None:
        """Lower the definition of a function."""

    # --- sequences ---

    def sequence(self, nodes: list[Node], last: bool = False) -> None:
        """Commands one after the other; `last`: the procedure ends after them."""
        commands = [node for node in nodes if node.is_named and node.type not in ("comment", "heredoc_body")]
        beyond = 0
        for index, node in enumerate(nodes):
            if index < beyond or not node.is_named or node.type in ("comment", "heredoc_body"):
                continue
            if node.type == "redirected_statement" and is_exec(self.script, node):
                beyond = self._printed_elsewhere(node, nodes, index)
                if beyond:
                    continue
            after = next((each.type for each in nodes[index + 1 : index + 2]), "")
            if after == "&":
                body = self.block(partial(self.execute, node))
                self.emit(ir.Spawn(body, self.script.span(node), copied=True))
            elif node.type == "subshell" and last and node is commands[-1] and not self.function and not self.nested:
                self._or_exit(node)
            else:
                self.execute(node, last=last and node is commands[-1])

    def _printed_elsewhere(self, node: Node, nodes: list[Node], index: int) -> int:
        """`exec > FILE` and the commands after it, up to the `exec >&3` that takes it back; where they end, 0 if this
        is something else."""
        is_back = (at for at in range(index + 1, len(nodes)) if self.is_taken_back(nodes[at]))
        end = next(is_back, 0)
        redirects = [each for each in node.children_by_field_name("redirect") if each.type == "file_redirect"]
        found = [each for each in redirects if not self.is_input(each) and not opened_descriptor(self.script, each)]
        targets = [target for each in found if end and (target := self.output_target(each)) is not None]
        if not targets or (path := targets[-1][1]) is None:
            return 0
        span = self.script.span(node)
        output = self.temporary(span)
        body = self.block(partial(self.sequence, nodes[index + 1 : end]))
        self.emit(ir.Redirect(body, span, None, output, True))
        self.call("append-file" if targets[-1][0] else "write-file", (path, output), span)
        return end + 1

    def execute(self, node: Node, streams: Streams = PLAIN, last: bool = False) -> None:
        """Lower a command of which nobody asks whether it succeeds."""
        with self.deeper() as possible:
            if not possible:
                self._not_known(_DEEP, node)
            elif node.type == "list":
                self._list(node, streams, last)
            elif last and not self.function and not self.nested and self._only_answers(node):
                self._or_exit(node, _unanswered(self.script.span(node)))
            elif node.type in _ANSWERING or self.is_test(node) or _is_arithmetic(node):
                asked = node.type not in _ASSIGNING
                self._or_failed(self._command(node, streams, asked=asked), node)
            else:
                self._command(node, streams, asked=False)

    def _only_answers(self, node: Node) -> bool:
        """Whether a command does nothing but to find something out."""
        return node.type == "test_command" or self.is_test(node)

    def is_test(self, node: Node) -> bool:
        """Whether a command only says something, and what it says can be known."""
        return node.type == "command" and command_name(self.script, node) in _TESTS

    def _or_failed(self, condition: Condition, node: Node) -> None:
        """A question whose answer nobody reads: a shell that ends with the first failure may end with it."""
        if isinstance(condition, ir.Opaque) or condition == ir.Constant(True, condition.span):
            return
        span = self.script.span(node)
        self.emit(ir.Branch(negated(condition), (_unanswered(span),), (), span))

    def condition(self, node: Node, streams: Streams = PLAIN) -> Condition:
        """Lower a command; whether it succeeds."""
        with self.deeper() as possible:
            if not possible:
                return self.opaque(_DEEP, node)
            if node.type == "list":
                return self._list_condition(node, streams)
            return self._command(node, streams, asked=True)

    def _not_known(self, reason: str, node: Node) -> Condition:
        self.emit(ir.Assign((None,), self.opaque(reason, node), self.script.span(node)))
        return self.opaque(reason, node)

    def _command(self, node: Node, streams: Streams, asked: bool) -> Condition:
        if node.type in ("command", "ERROR") and node.has_error:
            return self._not_known("a command that does not parse", node)
        span = self.script.span(node)
        match node.type:
            case "command":
                redirects = [child for child in node.children if child.type == "file_redirect"]
                if redirects:
                    return self._led(node, redirects, streams, asked)
                return self.simple(node, streams, asked)
            case "redirected_statement":
                return self._redirected(node, streams, asked)
            case "pipeline":
                return self._pipeline(self._stages(node), streams, asked)
            case "negated_command":
                return negated(self.condition(node.children[-1], streams))
            case "test_command":
                return self._bracketed(node)
            case "variable_assignment":
                return self._assigned([node], span, asked)
            case "variable_assignments":
                return self._assigned(node.children, span, asked)
            case "declaration_command":
                self.declaration(node)
                return ir.Constant(True, span)
            case "unset_command":
                self.unset(node)
                return ir.Constant(True, span)
            case "function_definition":
                self.define(node)
                return ir.Constant(True, span)
            case "compound_statement" if asked and _is_arithmetic(node):
                return self.arithmetic_condition(node)
            case _:
                return self.compound(node, streams, asked)

    def _assigned(self, nodes: list[Node], span: Span, asked: bool) -> Condition:
        """Assignments go as the last substitution in them does."""
        outer, self.substituted, self.asked = self.substituted, [], asked
        for node in nodes:
            self.assignment(node)
        found, self.substituted = self.substituted, outer
        return found[-1] if found else ir.Constant(True, span)

    def _bracketed(self, node: Node) -> Condition:
        if node.has_error:
            return self.opaque("a condition that does not parse", node)
        if self.script.written(node.children[0]).startswith("(("):
            return self.arithmetic_condition(node)
        return self.tested(node)

    # --- lists ---

    def _operands(self, node: Node) -> tuple[list[Node], list[str]]:
        """The commands of a list and the operators between them."""
        operands: list[Node] = []
        operators: list[str] = []
        while node.type == "list" and len(node.children) >= 3:
            operands.append(node.children[-1])
            operators.append(node.children[1].type)
            node = node.children[0]
        operands.append(node)
        return operands[::-1], operators[::-1]

    def _list(self, node: Node, streams: Streams, last: bool) -> None:
        operands, operators = self._operands(node)
        if operators[-1] == "||" and self._does_nothing(operands[-1]):
            operands.pop()
            operators.pop()
            last = False
            if any(map(self._can_fail, operands)):
                self._chain_condition(operands, operators, streams)
                return
        if "||" not in operators and last and not self.function and not self.nested:
            self._all_or_exit(operands, streams)
        else:
            self._chain(operands, operators, streams)

    def _can_fail(self, node: Node) -> bool:
        """Whether a command can be known to fail, and would end the script then."""
        is_function = node.type == "command" and command_name(self.script, node) in self.shared.names.functions
        return node.type in _FAILING | _ANSWERING or is_function or self.is_test(node) or _is_arithmetic(node)

    def _does_nothing(self, node: Node) -> bool:
        return node.type == "command" and command_name(self.script, node) in ("true", ":")

    def _all_or_exit(self, operands: list[Node], streams: Streams) -> None:
        for node in operands[:-1]:
            self._or_exit(node)
        self.execute(operands[-1], streams)

    def _or_exit(self, node: Node, *before: ir.Statement) -> None:
        """A command without which what is around it fails, after some statements."""
        span = self.script.span(node)
        succeeded = self.condition(node)
        if isinstance(succeeded, ir.AllOf) and isinstance(succeeded.operands[-1], ir.Opaque):
            succeeded = succeeded.operands[0]
        if not isinstance(succeeded, ir.Opaque):
            stop = ir.Invoke((), ir.Global("builtin", "exit", span), (ir.Argument(ir.Constant(1, span)),), span)
            self.emit(ir.Branch(negated(succeeded), (*before, stop), (), span))

    def _chain(self, operands: list[Node], operators: list[str], streams: Streams) -> None:
        """`a && b && c` as nested branches; a change of the operator asks for what came of everything before it."""
        if len(operands) > MOST_CHAINED:
            for node in operands:
                self.execute(node)
            return
        change = next((i for i, each in enumerate(operators) if each != operators[0]), len(operators))
        if change < len(operators):
            condition = self._chain_condition(operands[:-1], operators[:-1])
            self._branch(condition, operators[-1], partial(self.execute, operands[-1], streams), operands[-1])
            return
        if len(operands) == 1:
            self.execute(operands[0], streams)
            return
        rest = partial(self._chain, operands[1:], operators[1:], streams)
        if operators[0] == "&&" and self._makes_file(operands[0]):
            self.execute(operands[0])
            rest()
            return
        self._branch(self.condition(operands[0]), operators[0], rest, operands[0])

    def _makes_file(self, node: Node) -> bool:
        """Whether a command makes a file for those after it. It is taken to succeed: nothing is asked of it, and what
        comes of a script of which a step failed is no run that anybody is after."""
        redirects = [child for child in node.children if child.type == "file_redirect" and not self.is_input(child)]
        paths = [each.child_by_field_name("destination") for each in redirects]
        return any(path is not None and self.script.written(path) not in _NOWHERE for path in paths)

    def _branch(self, condition: Condition, operator: str, rest: partial[None], node: Node) -> None:
        if isinstance(condition, ir.Constant):
            if bool(condition.value) == (operator == "&&"):
                rest()
            return
        span = self.script.span(node)
        body = self.block(rest)
        if body:
            if operator == "||" and any(isinstance(each, ir.Run) for each in body):
                # What is printed instead does not stand behind what was to be printed.
                body = (ir.Invoke((), ir.Global("shell", "failed", span), (), span), *body)
            wanted = condition if operator == "&&" else negated(condition)
            self.emit(ir.Branch(wanted, body, (), self.script.span(node)))

    def _list_condition(self, node: Node, streams: Streams) -> Condition:
        operands, operators = self._operands(node)
        if len(operands) > MOST_CHAINED:
            return self._not_known("a long list of commands", node)
        return self._chain_condition(operands, operators)

    def _chain_condition(self, operands: list[Node], operators: list[str], streams: Streams = PLAIN) -> Condition:
        found = self.condition(operands[0], streams if len(operands) == 1 else PLAIN)
        for operator, operand in zip(operators, operands[1:], strict=True):
            found = self._both(found, operator, operand)
        return found

    def _both(self, left: Condition, operator: str, operand: Node) -> Condition:
        span = self.script.span(operand)
        right: list[Condition] = []
        body = self.block(lambda: right.append(self.condition(operand)))
        if not body:
            kind = ir.AllOf if operator == "&&" else ir.AnyOf
            return kind((left, right[0]), span)
        result = self.temporary(span)
        self.emit(ir.Assign((result,), ir.Constant(operator == "||", span), span))
        wanted = left if operator == "&&" else negated(left)
        self.emit(ir.Branch(wanted, (*body, ir.Assign((result,), right[0], span)), (), span))
        return result

    # --- pipelines and redirections ---

    def _stages(self, node: Node) -> list[Node]:
        return [child for child in node.children if child.is_named and child.type != "comment"]

    def _pipeline(self, stages: list[Node], streams: Streams, asked: bool) -> Condition:
        """Each command's output is the next one's input."""
        negates = bool(stages) and stages[0].type == "negated_command"
        stdin = streams.stdin
        lost = streams.lost
        for stage in stages[:-1]:
            output = self.temporary(self.script.span(stage))
            inner = stage.children[-1] if stage.type == "negated_command" else stage
            self.execute(inner, Streams(stdin, output, lost=lost, whole=True, own=True))
            stdin, lost = output, ()
        streams = replace(streams, lost=lost, own=streams.own or len(stages) > 1)
        found = self._final(stages[-1], replace(streams, stdin=stdin), asked) if stages else unknown(_nowhere())
        return negated(found) if negates else found

    def _final(self, node: Node, streams: Streams, asked: bool) -> Condition:
        """The last command of a pipeline, which the parser may take for a list when a here-document is read."""
        if asked:
            return self.condition(node, streams)
        if node.type == "list":
            operands, operators = self._operands(node)
            condition = self.condition(operands[0], streams)
            rest = partial(self._chain, operands[1:], operators[1:], PLAIN)
            self._branch(condition, operators[0], rest, node)
        else:
            self.execute(node, streams)
        return unknown(self.script.span(node))

    def _redirected(self, node: Node, streams: Streams, asked: bool) -> Condition:
        body = node.child_by_field_name("body")
        if self.shared.names.descriptors and is_exec(self.script, node) and self.opened(node):
            return ir.Constant(True, self.script.span(node))
        redirects = [child for child in node.children if child.type.endswith("_redirect")]
        # What stands behind a here-document on its line, the parser puts inside of it.
        redirects += [child for each in redirects for child in each.children if child.type.endswith("_redirect")]
        if body is not None and body.type == "list":
            return self._redirected_list(body, redirects, streams, asked)
        stages = [body] if body is not None else []
        streams = replace(streams, lost=self._lost(body, redirects))
        rest: tuple[list[Node], list[Node], str] = ([], [], "")
        for redirect in redirects:
            streams, rest = self._input(redirect, streams, rest)
        outputs = [each for each in redirects if each.type == "file_redirect" and not self.is_input(each)]
        piped, following, operator = rest
        if not piped:
            found = self._written(partial(self._executed, stages, asked), outputs, streams)
        else:
            found = self._pipeline([*stages, *piped], streams, asked)
        if following:
            self._branch(found, operator, partial(self.sequence, following), node)
        return found

    def _lost(self, body: Node | None, redirects: list[Node]) -> tuple[ir.Expression, ...]:
        """A `-` before a here-document, which the parser leaves out."""
        if body is None or body.type != "command" or not redirects:
            return ()
        start, end = body.end_byte, redirects[0].start_byte
        if self.script.content[start:end].strip() != b"-":
            return ()
        at = start + self.script.content[start:end].index(b"-")
        return tuple(self.script.literals(at, at + 1))

    def _redirected_list(self, body: Node, redirects: list[Node], streams: Streams, asked: bool) -> Condition:
        """The parser gives a redirection to a whole list; the shell gives it to its last command."""
        operands, operators = self._operands(body)
        condition = self._chain_condition(operands[:-1], operators[:-1])

        def final() -> None:
            inner = streams
            for redirect in redirects:
                inner, _ = self._input(redirect, inner, ([], [], ""))
            outputs = [each for each in redirects if each.type == "file_redirect" and not self.is_input(each)]
            self._written(partial(self._executed, [operands[-1]], False), outputs, inner)

        self._branch(condition, operators[-1], partial(final), body)
        return unknown(self.script.span(body))

    def _input(
        self, redirect: Node, streams: Streams, rest: tuple[list[Node], list[Node], str]
    ) -> tuple[Streams, tuple[list[Node], list[Node], str]]:
        """What a redirection gives a command to read; for a here-document also what stands behind it on its line: the
        rest of a pipeline, and the commands after it."""
        match redirect.type:
            case "herestring_redirect":
                return replace(streams, stdin=self.herestring(redirect)), rest
            case "heredoc_redirect":
                return replace(streams, stdin=self._document(redirect)), self._behind(redirect)
            case _ if self.is_input(redirect):
                return replace(streams, stdin=self._file(redirect)), rest
            case _:
                return streams, rest

    def _document(self, redirect: Node) -> ir.Expression:
        start = next((child for child in redirect.children if child.type == "heredoc_start"), None)
        body = next((child for child in redirect.children if child.type == "heredoc_body"), None)
        if body is None:
            return ir.Literal("", self.script.span(redirect))
        raw = start is not None and any(mark in self.script.written(start) for mark in "'\"\\")
        return self.heredoc(body, raw, any(child.type == "<<-" for child in redirect.children))

    def _behind(self, redirect: Node) -> tuple[list[Node], list[Node], str]:
        piped: list[Node] = []
        following: list[Node] = []
        operator = "&&"
        for child in redirect.children:
            if child.type == "pipeline":
                piped = self._stages(child)
            elif child.type in ("&&", "||"):
                operator = child.type
            elif child.is_named and child.type not in (
                "heredoc_start",
                "heredoc_body",
                "heredoc_end",
                "comment",
                "file_redirect",
                "file_descriptor",
                "herestring_redirect",
            ):
                following.append(child)
        return piped, following, operator

    def _file(self, redirect: Node) -> ir.Expression | None:
        """The content of a file that is read."""
        path = redirect.child_by_field_name("destination")
        span = self.script.span(redirect)
        if path is None or any(child.type == "<&" for child in redirect.children):
            return ir.Opaque("the input from a descriptor", span)
        if path.type == "process_substitution":
            return self.substitution(path)
        return self.call("read-file", (self.word(path),), span, 2)

    def _written(self, run: Callable[[Streams], Condition], outputs: list[Node], streams: Streams) -> Condition:
        """A command whose output goes to files."""
        targets = [target for each in outputs if (target := self.output_target(each)) is not None]
        if not targets:
            return run(streams)
        span = self.script.span(outputs[0])
        output = self.temporary(span)
        before = len(self.out)
        found = run(replace(streams, output=output, whole=True))
        if len(self.out) == before:
            # What does nothing prints nothing: the file is emptied.
            self.emit(ir.Assign((output,), ir.Literal("", span, exact=False), span))
        appends, path = targets[-1]
        if path is not None and literal_text(path) not in _NOWHERE:
            self.call("append-file" if appends else "write-file", (path, output), span)
        return found

    def _led(self, node: Node, redirects: list[Node], streams: Streams, asked: bool) -> Condition:
        """A command behind its redirections (`> FILE echo x`)."""
        for redirect in redirects:
            streams, _ = self._input(redirect, streams, ([], [], ""))
        outputs = [each for each in redirects if not self.is_input(each)]
        return self._written(lambda inner: self.simple(node, inner, asked), outputs, streams)

    def _executed(self, stages: list[Node], asked: bool, streams: Streams) -> Condition:
        if not stages:
            return ir.Constant(True, _nowhere())
        if asked:
            return self.condition(stages[0], streams)
        self.execute(stages[0], streams)
        return unknown(self.script.span(stages[0]))

    # --- substitution ---

    def substitution(self, node: Node) -> ir.Expression:
        inner = [child for child in node.children if child.type not in ("$(", "`", ")", "<(", ">(", "comment")]
        span = self.script.span(node)
        commands = [child for child in inner if child.is_named]
        if not commands:
            return ir.Literal("", span)
        if len(commands) == 1 and commands[0].type == "file_redirect":
            content = self._file(commands[0])
            return ir.Literal("", span) if content is None else ir.Apply("without-line-ends", (content,), span)
        output = self.temporary(span)
        kept = self.entered(node)
        succeeds, self.substituted = self.substituted, None
        # Nothing asks how a substitution goes, but an assignment.
        asked = succeeds is not None and self.asked
        status = self.temporary(span) if asked or succeeds is None else None
        found = self._substituted(inner, commands, Streams(output=output, own=True, status=status), asked)
        self.substituted = succeeds
        if succeeds is not None:
            succeeds.append(found)
        self.left(kept, span)
        return output

    def _substituted(self, inner: list[Node], commands: list[Node], streams: Streams, asked: bool) -> Condition:
        span = self.script.span(commands[0])
        if len(commands) > 1 or commands[0].type not in ("command", "pipeline"):
            self.emit(self.streamed(self.block(partial(self.sequence, inner)), streams, span))
            return survived(streams, unknown(span), span)
        with self.deeper() as possible:
            found = self._command(commands[0], streams, asked) if possible else self._not_known(_DEEP, commands[0])
        if streams.output is not None and not any(isinstance(each, ir.Run | ir.Redirect) for each in self.out[-1:]):
            self.emit(ir.Assign((streams.output,), ir.Literal("", span), span))
        return found

    def entered(self, node: Node) -> tuple[tuple[str, ir.Name], ...]:
        """A subshell begins: the variables that change in it, with what they are outside."""
        span = self.script.span(node)
        inside = self.script.content[node.start_byte : node.end_byte]
        if not any(mark in inside for mark in _CHANGING):
            return ()
        changed = self.shared.names.assigned & collect(self.script, node).assigned
        kept = tuple((name, self.temporary(span)) for name in sorted(changed) if name.isidentifier())
        for name, temporary in kept:
            self.emit(ir.Assign((temporary,), self.variable(name, span), span))
        return kept

    def left(self, kept: tuple[tuple[str, ir.Name], ...], span: Span) -> None:
        """A subshell ends."""
        for name, temporary in kept:
            self.assign(name, temporary, span)

    def process_file(self, node: Node) -> ir.Expression:
        """The file of `<(…)` is one of its own, which holds what the commands print."""
        span = self.script.span(node)
        path = ir.Literal(f"/dev/fd/{span.line}.{span.column}", span, exact=False)
        output = self.substitution(node)
        if node.children and node.children[0].type == "<(":
            self.call("write-file", (path, output), span)
        return path

    def is_written_out(self, word: Node) -> bool:
        quoted = word.type in ("raw_string", "string")
        inside = self.script.content[word.start_byte + quoted : word.end_byte - quoted]
        return word.type in ("raw_string", "word") or (
            word.type == "string" and not any(mark in inside for mark in (b"\\", b"$", b"`"))
        )

    def text(self, words: list[Node], node: Node) -> tuple[ir.Statement, ...]:
        """A text that is written out, read as commands."""
        root = None
        if len(words) == 1 and self.is_written_out(words[0]):
            word = words[0]
            quoted = word.type in ("raw_string", "string")
            root = self.reparsed(word.start_byte + quoted, word.end_byte - quoted, b"")
        if root is None:
            return (ir.Assign((None,), self.opaque("a text that is run as commands", node), self.script.span(node)),)
        return self.block(partial(self.sequence, root.children))


def _unanswered(span: Span) -> ir.Statement:
    """A command has failed, and nobody asks."""
    return ir.Invoke((), ir.Global("shell", "unanswered", span), (), span)


def _is_arithmetic(node: Node) -> bool:
    """Whether a command is `((…))`, which fails where what it calculates is 0."""
    return node.type == "compound_statement" and bool(node.children) and node.children[0].type == "(("


def _nowhere() -> Span:
    return Span("", 1, 1, 1, 1)
