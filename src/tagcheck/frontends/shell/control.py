"""Compound commands and functions (Bash Reference Manual 5.2, sections 3.2.5 and 3.3).

What it cannot do: `coproc`, `select`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.frontends.shell.body import ARGUMENTS, Shared
from tagcheck.frontends.shell.commands import Condition, Streams, survived, unknown
from tagcheck.frontends.shell.conditions import negated
from tagcheck.frontends.shell.lists import MOST_CHAINED, Lists
from tagcheck.frontends.shell.names import command_name, implied, read_names
from tagcheck.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_SEPARATORS = frozenset((";", "\n", ";;", ";&", ";;&"))
_BRACKETS = frozenset(("{", "}", "(", ")", "do", "done", "then", "else", "fi", "elif", "if"))


class Control(Lists):
    """Everything that a shell executes."""

    # --- compound commands ---

    def compound(self, node: Node, streams: Streams, asked: bool) -> Condition:
        span = self.script.span(node)
        is_group = node.type == "compound_statement" or node.start_byte in self.shared.groups
        if node.type == "subshell" and not is_group:
            return self._subshell(node, streams, asked)
        streams = self.observed(streams, span, asked)
        answer = self._unanswered_yet(span) if asked and is_group else None
        body = self.block(partial(self._compound_body, node, streams, answer))
        if asked and streams.status is None:
            # No command that fails in it ends the shell.
            body = (self.streamed(body, replace(streams, status=self.temporary(span)), span),)
        elif not streams.plain:
            body = (self.streamed(body, streams, span),)
        for statement in body:
            self.emit(statement)
        return survived(streams, answer or unknown(span), span)

    def _subshell(self, node: Node, streams: Streams, asked: bool) -> Condition:
        span = self.script.span(node)
        kept = self.entered(node)
        streams = self.observed(replace(streams, own=True), span, asked)
        inner = [child for child in node.children if child.type not in _BRACKETS]
        answer = self._unanswered_yet(span) if asked else None
        self.emit(self.streamed(self.block(partial(self._answered, inner, answer)), streams, span))
        self.left(kept, span)
        return survived(streams, answer or unknown(span), span)

    def _unanswered_yet(self, span: Span) -> ir.Name:
        """A variable for how the last command of a group ends."""
        answer = self.temporary(span)
        self.emit(ir.Assign((answer,), unknown(span), span))
        return answer

    def _answered(self, nodes: list[Node], answer: ir.Name | None) -> None:
        """Commands one after the other; `answer` takes whether the last one succeeds, where somebody asks."""
        named = [at for at, each in enumerate(nodes) if each.is_named and each.type not in ("comment", "heredoc_body")]
        last = named[-1] if named and all(each.type != "&" for each in nodes[named[-1] :]) else None
        if answer is None or last is None:
            self.sequence(nodes)
            return
        self.sequence(nodes[:last])
        span = self.script.span(nodes[last])
        self.emit(ir.Assign((answer,), self.condition(nodes[last]), span))

    def _compound_body(self, node: Node, streams: Streams, answer: ir.Name | None = None) -> None:
        match node.type:
            case "compound_statement" | "do_group" | "program" | "subshell":
                if node.children and node.children[0].type.startswith("(("):
                    self.counted(node)
                    return
                self._answered([child for child in node.children if child.type not in _BRACKETS], answer)
            case "if_statement":
                self._if(node)
            case "while_statement":
                self._while(node, streams)
            case "for_statement":
                self._for(node)
            case "c_style_for_statement":
                self._counting_loop(node)
            case "case_statement":
                self._case(node)
            case _:
                self._not_known(f"shell syntax: {node.type}", node)

    def _counting_loop(self, node: Node) -> None:
        """`for ((i = 0; i < n; i++))`."""
        span = self.script.span(node)
        first, step = (node.children_by_field_name(each) for each in ("initializer", "update"))
        test = node.child_by_field_name("condition")
        for each in first:
            self.number(each)
        condition: Condition = ir.Constant(True, span)
        if test is not None:
            condition = self.compared_numbers(test)
        updates = self.block(lambda: [self.number(each) for each in step if each.is_named])
        self.emit(ir.While(condition, updates, self._group(node), span))

    def _options(self, conditions: list[Node], node: Node) -> bool:
        """`while getopts SPEC NAME`: once for each option."""
        commands = [child for child in conditions if child.is_named]
        if len(commands) != 1 or command_name(self.script, commands[0]) != "getopts":
            return False
        words = commands[0].children_by_field_name("argument")
        if len(words) != 2:
            return False
        span = self.script.span(node)
        item = self.temporary(span)
        name = self.script.written(words[1])
        given = (ir.Name(ARGUMENTS, span), self.word(words[0]))

        def lower() -> None:
            self.assign(name, ir.Index(item, ir.Constant(0, span), span), span)
            self.assign("OPTARG", ir.Index(item, ir.Constant(1, span), span), span)
            for statement in self._group(node):
                self.emit(statement)

        self.emit(ir.ForEach((None, item), ir.Apply("options", given, span), self.block(lower), span))
        self.assign("OPTIND", ir.Apply("first-operand", given, span), span)
        return True

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
        if self._reads_lines(conditions, node, streams) or self._options(conditions, node):
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
        if streams.stdin is None or len(commands) != 1:
            return False
        reader = self._reader(commands[0])
        if command_name(self.script, reader) != "read":
            return False
        names = list(read_names(self.script, reader)) or ["REPLY"]
        if any(self.script.written(each) == "-d" for each in reader.children_by_field_name("argument")):
            return False
        span = self.script.span(node)
        item = self.temporary(span)

        def lower() -> None:
            self.fields(item, names, reader, self.prefix(reader))
            for statement in self._group(node):
                self.emit(statement)

        lines = ir.Apply("split-lines", (streams.stdin,), span)
        self.emit(ir.ForEach((None, item), lines, self.block(lower), span))
        return True

    def _reader(self, node: Node) -> Node:
        """The `read` of `read LINE || [ -n "$LINE" ]`, which also takes a last line without an end."""
        if node.type != "list":
            return node
        operands, operators = self._operands(node)
        rest = [operand for operand in operands[1:] if operand.type != "test_command"]
        return node if rest or set(operators) != {"||"} else operands[0]

    def _for(self, node: Node) -> None:
        variable = node.child_by_field_name("variable")
        if variable is None or node.children[0].type == "select":
            self._not_known("shell syntax: select", node)
            return
        words = node.children_by_field_name("value")
        span = self.script.span(node)
        has_words = any(child.type == "in" for child in node.children)
        over = _all_in(self.listed(words), span) if has_words else ir.Name(ARGUMENTS, span)
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
        patterns = list(self._neighbours(item.children_by_field_name("value")))
        condition = self._matches(value, patterns, node)
        commands, goes_on = self._fallen_through(items)
        body = self.block(partial(self.sequence, commands))
        if isinstance(condition, ir.Constant) and not goes_on:
            for statement in body:
                self.emit(statement)
            return
        with self.deeper() as possible:
            rest = self.block(partial(self._cases, value, others, node)) if possible else ()
        self.emit(ir.Branch(condition, body, () if goes_on else rest, self.script.span(item)))
        for statement in rest if goes_on else ():
            self.emit(statement)

    def _fallen_through(self, items: list[Node]) -> tuple[list[Node], bool]:
        """The commands of the first item, and of those that it falls through to (Bash manual 5.3, section 3.2.5.2);
        whether the items after it are asked for as well."""
        found: list[Node] = []
        for item in items:
            found += self._case_body(item)
            ending = item.children[-1].type
            if ending != ";&":
                return found, ending == ";;&"
        return found, False

    def _case_body(self, item: Node) -> list[Node]:
        beyond = next((index for index, child in enumerate(item.children) if child.type == ")"), 0)
        return [child for child in item.children[beyond + 1 :] if child.type not in _SEPARATORS]

    def _matches(self, value: ir.Expression, patterns: list[list[Node]], node: Node) -> Condition:
        found: list[Condition] = []
        for pattern in patterns:
            span = self.script.between(pattern[0].start_byte, pattern[-1].end_byte)
            if len(pattern) == 1 and self.script.written(pattern[0]) == "*":
                return ir.Constant(True, span)
            found.append(self.matched(value, pattern))
        if not found:
            return self.opaque("a pattern", node)
        return found[0] if len(found) == 1 else ir.AnyOf(tuple(found), self.script.span(node))

    # --- functions ---

    def all_of_function(self, node: Node) -> None:
        """The body of a function. One that ends with a question (`[ … ]`) goes as the answer does."""
        last = _last_command(node) if node.type == "compound_statement" else None
        if last is None or not self._is_question(last):
            self.execute(node)
            return
        self.sequence([child for child in node.children if child.type not in _BRACKETS and child.id != last.id])
        span = self.script.span(last)
        status = ir.Choice(self.condition(last), ir.Constant(None, span), ir.Constant(1, span), span)
        self.emit(ir.Return((status,), span))

    def _is_question(self, node: Node) -> bool:
        """Whether a command only finds something out, which can be known."""
        if node.type == "list":
            return all(map(self._is_question, self._operands(node)[0]))
        if node.type == "negated_command":
            return self._is_question(node.children[-1])
        return node.type == "test_command" or self.is_test(node)

    def define(self, node: Node) -> None:
        """A function that is defined where something else decides, or more than once, is one from here on."""
        name_node = node.child_by_field_name("name")
        if name_node is None:
            return
        name, span = self.script.written(name_node), self.script.span(node)
        several = len(self.shared.names.functions[name]) > 1 or self.shared.names.sources
        if self.function or self.nested or several:
            procedure = function_procedure(self.shared, name, node, self.depth)
            self.emit(ir.Assign((ir.Name(name, span),), ir.Closure(procedure, span), span))


def function_procedure(shared: Shared, name: str, node: Node, depth: int = 0) -> ir.Procedure:
    """A function as a procedure, lowered now: what it reads must be known when the script begins. `depth`: of commands
    around its definition."""
    body = Control(shared, name)
    body.depth = depth
    inner = node.child_by_field_name("body")
    if inner is not None:
        body.all_of_function(inner)
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


def _last_command(node: Node) -> Node | None:
    """The last command of a group, unless it runs in the background."""
    inner = [child for child in node.children if child.type not in ("{", "}", "comment", "\n", ";")]
    return inner[-1] if inner and inner[-1].is_named else None


def _words_in(text: str) -> list[str]:
    """What can be names of commands, functions and variables in a text that is run."""
    return "".join(each if each.isalnum() or each in "_-./" else " " for each in text).split()


def mentions(shared: Shared, node: Node) -> frozenset[str]:
    """Every word and variable that occurs in a stretch of source, and those that its commands imply."""
    found: set[str] = set()
    pending = [node]
    while pending:
        current = pending.pop()
        if current.type in ("word", "variable_name"):
            found.add(shared.script.written(current))
        elif current.type == "command" and command_name(shared.script, current) in ("trap", "eval"):
            texts = (shared.script.written(each) for each in current.children if each.type in ("raw_string", "string"))
            found.update(word for text in texts for word in _words_in(text))
        pending.extend(current.children)
    return frozenset(found) | implied(found)


def _all_in(items: tuple[ir.Expression, ...], span: Span) -> ir.Expression:
    """The list of what stands between `in` and `do`; `"$@"` alone is the list of arguments itself."""
    match items:
        case (ir.Spread(value=ir.Name(name=name) as listed),) if name == ARGUMENTS:
            return listed
        case _:
            return ir.ListOf(items, span)
