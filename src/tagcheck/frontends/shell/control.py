"""Lists, pipelines, redirections and compound commands (Bash Reference Manual 5.2, sections 3.2.3 to 3.2.5, 3.3, 3.6).

What it cannot do: `coproc`, `select`; descriptors other than the standard ones; a variable that a subshell changes
stays changed. A `&&` at the end of a script that goes wrong ends the script: its caller learns of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.shell.body import ARGUMENTS, Shared
from tagcheck.frontends.shell.commands import PLAIN, Commands, Condition, Streams, _unknown
from tagcheck.frontends.shell.conditions import has_pattern, negated
from tagcheck.frontends.shell.names import command_name, read_names
from tagcheck.frontends.shell.script import literal_text
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_SEPARATORS = frozenset((";", "&", "\n", ";;", ";&", ";;&", ";&"))
_BRACKETS = frozenset(("{", "}", "(", ")", "do", "done", "$(", "`", "then", "else", "fi", "elif", "if"))
MOST_CHAINED = 24
"""Commands joined by `&&` or `||`; further ones are taken to run."""
_NOWHERE = frozenset(("/dev/null", "/dev/stderr", "/dev/tty"))


class Control(Commands):
    """Everything that a shell executes."""

    # --- sequences ---

    def sequence(self, nodes: list[Node], last: bool = False) -> None:
        """Commands one after the other; `last`: the procedure ends after them."""
        commands = [node for node in nodes if node.is_named and node.type not in ("comment", "heredoc_body")]
        for index, node in enumerate(nodes):
            if not node.is_named or node.type in ("comment", "heredoc_body"):
                continue
            after = next((each.type for each in nodes[index + 1 : index + 2]), "")
            if after == "&":
                body = self.block(partial(self.execute, node))
                self.emit(ir.Spawn(body, self.script.span(node)))
            else:
                self.execute(node, last=last and node is commands[-1])

    def execute(self, node: Node, streams: Streams = PLAIN, last: bool = False) -> None:
        """Lower a command of which nobody asks whether it succeeds."""
        with self.deeper() as possible:
            if not possible:
                self._not_known("commands nested too deeply", node)
            elif node.type == "list":
                self._list(node, streams, last)
            else:
                self._command(node, streams, asked=False)

    def condition(self, node: Node, streams: Streams = PLAIN) -> Condition:
        """Lower a command; whether it succeeds."""
        with self.deeper() as possible:
            if not possible:
                return self.opaque("commands nested too deeply", node)
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
                self.assignment(node)
                return ir.Constant(True, span)
            case "variable_assignments":
                for child in node.children:
                    self.assignment(child)
                return ir.Constant(True, span)
            case "declaration_command":
                self.declaration(node)
                return ir.Constant(True, span)
            case "unset_command":
                self.unset(node)
                return ir.Constant(True, span)
            case "function_definition":
                self._define(node)
                return ir.Constant(True, span)
            case _:
                return self._compound(node, streams)

    def _bracketed(self, node: Node) -> Condition:
        if node.has_error:
            return self.opaque("a condition that does not parse", node)
        if self.script.written(node.children[0]).startswith("(("):
            return self.opaque("an arithmetic condition", node)
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
        if "||" not in operators and last and not self.function and not self.nested:
            self._all_or_exit(operands, streams)
        else:
            self._chain(operands, operators, streams)

    def _does_nothing(self, node: Node) -> bool:
        return node.type == "command" and command_name(self.script, node) in ("true", ":")

    def _all_or_exit(self, operands: list[Node], streams: Streams) -> None:
        for node in operands[:-1]:
            span = self.script.span(node)
            succeeded = self.condition(node)
            if not isinstance(succeeded, ir.Opaque):
                stop = ir.Invoke((), ir.Global("builtin", "exit", span), (ir.Argument(ir.Constant(1, span)),), span)
                self.emit(ir.Branch(negated(succeeded), (stop,), (), span))
        self.execute(operands[-1], streams)

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
        condition = self.condition(operands[0])
        rest = partial(self._chain, operands[1:], operators[1:], streams)
        self._branch(condition, operators[0], rest, operands[0])

    def _branch(self, condition: Condition, operator: str, rest: partial[None], node: Node) -> None:
        if isinstance(condition, ir.Constant):
            if bool(condition.value) == (operator == "&&"):
                rest()
            return
        keeps = self.directory
        body = self.block(rest)
        self.directory = keeps
        if body:
            wanted = condition if operator == "&&" else negated(condition)
            self.emit(ir.Branch(wanted, body, (), self.script.span(node)))

    def _list_condition(self, node: Node, streams: Streams) -> Condition:
        operands, operators = self._operands(node)
        if len(operands) > MOST_CHAINED:
            return self._not_known("a long list of commands", node)
        return self._chain_condition(operands, operators)

    def _chain_condition(self, operands: list[Node], operators: list[str]) -> Condition:
        found = self.condition(operands[0])
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
        for stage in stages[:-1]:
            output = self.temporary(self.script.span(stage))
            inner = stage.children[-1] if stage.type == "negated_command" else stage
            self.execute(inner, Streams(stdin, output))
            stdin = output
        found = self._final(stages[-1], replace(streams, stdin=stdin), asked) if stages else _unknown(_nowhere())
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
        return _unknown(self.script.span(node))

    def _redirected(self, node: Node, streams: Streams, asked: bool) -> Condition:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.children if child.type.endswith("_redirect")]
        if body is not None and body.type == "list":
            return self._redirected_list(body, redirects, streams, asked)
        stages = [body] if body is not None else []
        rest: tuple[list[Node], list[Node], str] = ([], [], "")
        for redirect in redirects:
            streams, rest = self._input(redirect, streams, rest)
        outputs = [each for each in redirects if each.type == "file_redirect" and not self._is_input(each)]
        piped, following, operator = rest
        if not piped:
            found = self._written(stages, outputs, streams, asked)
        else:
            found = self._pipeline([*stages, *piped], streams, asked)
        if following:
            self._branch(found, operator, partial(self.sequence, following), node)
        return found

    def _redirected_list(self, body: Node, redirects: list[Node], streams: Streams, asked: bool) -> Condition:
        """The parser gives a redirection to a whole list; the shell gives it to its last command."""
        operands, operators = self._operands(body)
        condition = self._chain_condition(operands[:-1], operators[:-1])

        def final() -> None:
            inner = streams
            for redirect in redirects:
                inner, _ = self._input(redirect, inner, ([], [], ""))
            outputs = [each for each in redirects if each.type == "file_redirect" and not self._is_input(each)]
            self._written([operands[-1]], outputs, inner, asked=False)

        self._branch(condition, operators[-1], partial(final), body)
        return _unknown(self.script.span(body))

    def _is_input(self, redirect: Node) -> bool:
        return any(child.type in ("<", "<&", "<>") for child in redirect.children)

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
            case _ if self._is_input(redirect):
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
            elif child.is_named and child.type not in ("heredoc_start", "heredoc_body", "heredoc_end", "comment",
                                                       "file_redirect", "file_descriptor", "herestring_redirect"):
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

    def _written(self, stages: list[Node], outputs: list[Node], streams: Streams, asked: bool) -> Condition:
        """A command whose output goes to files."""
        targets = [target for each in outputs if (target := self._target(each)) is not None]
        if not targets:
            return self._executed(stages, streams, asked)
        span = self.script.span(outputs[0])
        output = self.temporary(span)
        found = self._executed(stages, replace(streams, output=output), asked)
        appends, path = targets[-1]
        if path is not None and literal_text(path) not in _NOWHERE:
            self.call("append-file" if appends else "write-file", (path, output), span)
        return found

    def _executed(self, stages: list[Node], streams: Streams, asked: bool) -> Condition:
        if not stages:
            return ir.Constant(True, _nowhere())
        if asked:
            return self.condition(stages[0], streams)
        self.execute(stages[0], streams)
        return _unknown(self.script.span(stages[0]))

    def _target(self, redirect: Node) -> tuple[bool, ir.Expression | None] | None:
        """Where a redirection sends the standard output: whether at a file's end, and the file, None for away from
        it; no redirection of the standard output at all: None."""
        descriptor = next((child for child in redirect.children if child.type == "file_descriptor"), None)
        path = redirect.child_by_field_name("destination")
        if (descriptor is not None and self.script.written(descriptor) != "1") or path is None:
            return None
        kind = next((child.type for child in redirect.children if not child.is_named), ">")
        if kind.startswith(">&"):
            return (False, None) if self.script.written(path) == "2" else None
        return kind in (">>", "&>>"), self.word(path)

    # --- substitution ---

    def substitution(self, node: Node) -> ir.Expression:
        inner = [child for child in node.children if child.type not in ("$(", "`", ")", "<(", "comment")]
        span = self.script.span(node)
        commands = [child for child in inner if child.is_named]
        if not commands:
            return ir.Literal("", span)
        if len(commands) == 1 and commands[0].type == "file_redirect":
            return self._file(commands[0]) or ir.Literal("", span)
        output = self.temporary(span)
        directory = self.directory
        if len(commands) == 1 and commands[0].type in ("command", "pipeline"):
            self.execute(commands[0], Streams(output=output))
            if not any(isinstance(each, ir.Run | ir.Redirect) for each in self.out[-1:]):
                self.emit(ir.Assign((output,), ir.Literal("", span), span))
        else:
            self.emit(ir.Redirect(self.block(partial(self.sequence, inner)), span, None, output))
        self.directory = directory
        return output

    def side_effects(self, node: Node) -> None:
        inner = [child for child in node.children if child.type not in ("<(", ">(", ")")]
        span = self.script.span(node)
        self.emit(ir.Redirect(self.block(partial(self.sequence, inner)), span, None, self.temporary(span)))

    def text(self, words: list[Node], node: Node) -> tuple[ir.Statement, ...]:
        """A text that is written out, read as commands."""
        if len(words) != 1 or self.shared.parse is None:
            return (ir.Assign((None,), self.opaque("a text that is run as commands", node), self.script.span(node)),)
        word = words[0]
        quoted = word.type in ("raw_string", "string")
        start, end = word.start_byte + quoted, word.end_byte - quoted
        if word.type not in ("raw_string", "string", "word") or b"\\" in self.script.content[start:end]:
            return (ir.Assign((None,), self.opaque("a text that is run as commands", node), self.script.span(node)),)
        # Blanks in front keep the offsets, and with them all places, those of the whole text.
        root = self.shared.parse(b" " * start + self.script.content[start:end])
        return self.block(partial(self.sequence, root.children))

    # --- compound commands ---

    def _compound(self, node: Node, streams: Streams) -> Condition:
        span = self.script.span(node)
        body = self.block(partial(self._compound_body, node, streams))
        plain = streams.stdin is None and streams.output is None
        for statement in body if plain else (ir.Redirect(body, span, streams.stdin, streams.output),):
            self.emit(statement)
        return _unknown(span)

    def _compound_body(self, node: Node, streams: Streams) -> None:
        match node.type:
            case "compound_statement" | "subshell" | "do_group" | "program":
                if node.children and node.children[0].type.startswith("(("):
                    return
                self.sequence([child for child in node.children if child.type not in _BRACKETS])
            case "if_statement":
                self._if(node)
            case "while_statement":
                self._while(node, streams)
            case "for_statement":
                self._for(node)
            case "c_style_for_statement":
                condition = self.opaque("an arithmetic condition", node)
                self.emit(ir.While(condition, (), self._group(node), self.script.span(node)))
            case "case_statement":
                self._case(node)
            case _:
                self._not_known(f"shell syntax: {node.type}", node)

    def _group(self, node: Node) -> tuple[ir.Statement, ...]:
        body = node.child_by_field_name("body")
        inner = [child for child in body.children if child.type not in _BRACKETS] if body is not None else []
        return self.block(partial(self.sequence, inner))

    def _if(self, node: Node) -> None:
        """One `if`, its `elif`s nested in the other side, the innermost first."""
        clauses = [child for child in node.children if child.type == "elif_clause"]
        final = next((child for child in node.children if child.type == "else_clause"), None)
        rest = [child for child in node.children if child.type not in ("elif_clause", "else_clause")]
        self._clauses([rest, *(clause.children for clause in clauses[:MOST_CHAINED])], final, node)

    def _clauses(self, clauses: list[list[Node]], final: Node | None, node: Node) -> None:
        if not clauses:
            if final is not None:
                self.sequence([child for child in final.children if child.type not in _BRACKETS])
            return
        first, *others = clauses
        divider = next((index for index, child in enumerate(first) if child.type == "then"), len(first))
        condition = self._asked([child for child in first[:divider] if child.type not in _BRACKETS], node)
        inner = [child for child in first[divider:] if child.type not in _BRACKETS]
        then = self.block(partial(self.sequence, inner))
        otherwise = self.block(partial(self._clauses, others, final, node))
        self.emit(ir.Branch(condition, then, otherwise, self.script.span(first[0])))

    def _asked(self, nodes: list[Node], node: Node) -> Condition:
        """Commands of which the last one's success counts."""
        commands = [child for child in nodes if child.is_named and child.type != "comment"]
        self.sequence(commands[:-1])
        return self.condition(commands[-1]) if commands else self.opaque("a condition", node)

    def _while(self, node: Node, streams: Streams) -> None:
        conditions = node.children_by_field_name("condition")
        if self._reads_lines(conditions, node, streams):
            return
        span = self.script.span(node)
        found: list[Condition] = []
        before = self.block(lambda: found.append(self._asked(conditions, node)))
        condition = negated(found[0]) if node.children[0].type == "until" else found[0]
        body = self._group(node)
        if before:
            leave = ir.Branch(negated(condition), (ir.Break(span),), (), span)
            self.emit(ir.While(ir.Constant(True, span), (), (*before, leave, *body), span))
        else:
            self.emit(ir.While(condition, (), body, span))

    def _reads_lines(self, conditions: list[Node], node: Node, streams: Streams) -> bool:
        """`while read NAME` over known input: once for each of its lines."""
        commands = [child for child in conditions if child.is_named]
        if streams.stdin is None or len(commands) != 1 or command_name(self.script, commands[0]) != "read":
            return False
        names = list(read_names(self.script, commands[0]))
        if len(names) != 1:
            return False
        span = self.script.span(node)
        self._loop(names[0], ir.Apply("split-lines", (streams.stdin,), span), node)
        return True

    def _for(self, node: Node) -> None:
        variable = node.child_by_field_name("variable")
        if variable is None or node.children[0].type == "select":
            self._not_known("shell syntax: select", node)
            return
        words = node.children_by_field_name("value")
        span = self.script.span(node)
        has_words = any(child.type == "in" for child in node.children)
        over = ir.ListOf(self.arguments(words), span) if has_words else ir.Name(ARGUMENTS, span)
        self._loop(self.script.written(variable), over, node)

    def _loop(self, name: str, over: ir.Expression, node: Node) -> None:
        """The item goes through a temporary: a loop declares its variable anew, a shell's variable stays the same."""
        span = self.script.span(node)
        item = self.temporary(span)
        body = self.block(lambda: self._round(name, item, node, span))
        self.emit(ir.ForEach((None, item), over, body, span))

    def _round(self, name: str, item: ir.Name, node: Node, span: Span) -> None:
        self.assign(name, item, span)
        for statement in self._group(node):
            self.emit(statement)

    def _case(self, node: Node) -> None:
        subject = node.child_by_field_name("value")
        value = self.word(subject) if subject is not None else self.opaque("the subject of a case", node)
        self._cases(value, [child for child in node.children if child.type == "case_item"], node)

    def _cases(self, value: ir.Expression, items: list[Node], node: Node) -> None:
        if not items:
            return
        item, *others = items
        patterns = item.children_by_field_name("value")
        condition = self._matches(value, patterns, node)
        body = self.block(partial(self.sequence, self._case_body(item, patterns)))
        if isinstance(condition, ir.Constant):
            for statement in body:
                self.emit(statement)
            return
        with self.deeper() as possible:
            rest = self.block(partial(self._cases, value, others, node)) if possible else ()
        self.emit(ir.Branch(condition, body, rest, self.script.span(item)))

    def _case_body(self, item: Node, patterns: list[Node]) -> list[Node]:
        beyond = next((index for index, child in enumerate(item.children) if child.type == ")"), 0)
        return [child for child in item.children[beyond + 1 :] if child.type not in _SEPARATORS or child.type == "&"]

    def _matches(self, value: ir.Expression, patterns: list[Node], node: Node) -> Condition:
        found: list[Condition] = []
        for pattern in patterns:
            span = self.script.span(pattern)
            text = self.word(pattern)
            written = literal_text(text)
            if written == "*":
                return ir.Constant(True, span)
            if pattern.type not in ("string", "raw_string") and has_pattern(written or ""):
                found.append(ir.Opaque("a pattern", span, (value,)))
            else:
                found.append(ir.Compare(ir.CompareOp.EQ, value, text, span))
        if not found:
            return self.opaque("a pattern", node)
        return found[0] if len(found) == 1 else ir.AnyOf(tuple(found), self.script.span(node))

    # --- functions ---

    def _define(self, node: Node) -> None:
        """A function that is defined where something else decides, or more than once, is one from here on."""
        name_node = node.child_by_field_name("name")
        if name_node is None:
            return
        name, span = self.script.written(name_node), self.script.span(node)
        if self.function or self.nested or len(self.shared.names.functions[name]) > 1:
            procedure = function_procedure(self.shared, name, node, self.depth)
            self.emit(ir.Assign((ir.Name(name, span),), ir.Closure(procedure, span), span))


def function_procedure(shared: Shared, name: str, node: Node, depth: int = 0) -> ir.Procedure:
    """A function as a procedure, lowered now: what it reads must be known when the script begins. `depth`: of commands
    around its definition."""
    body = Control(shared, name)
    body.depth = depth
    inner = node.child_by_field_name("body")
    if inner is not None:
        body.execute(inner)
    span = shared.script.span(node)
    statements = tuple(body.out)
    found = ir.Procedure(
        f"{shared.key}#{name}",
        shared.module,
        (ir.Parameter(ARGUMENTS, variadic=True),),
        lambda: statements,
        span,
        results=("status",),
        mentions=mentions(shared, node),
    )
    shared.procedures[name] = found
    return found


def mentions(shared: Shared, node: Node) -> frozenset[str]:
    """Every word and variable that occurs in a stretch of source."""
    found: set[str] = set()
    pending = [node]
    while pending:
        current = pending.pop()
        if current.type in ("word", "variable_name"):
            found.add(shared.script.written(current))
        pending.extend(current.children)
    return frozenset(found)


def _nowhere() -> Span:
    return Span("", 1, 1, 1, 1)

