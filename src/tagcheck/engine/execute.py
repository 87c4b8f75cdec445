"""Statements: what they change, and where a run goes next."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from tagcheck import ir
from tagcheck.builtins.api import Command, CommandResult
from tagcheck.builtins.kubernetes import MANIFEST
from tagcheck.comparison import Same, same_key
from tagcheck.engine import shelltexts, truth
from tagcheck.engine.basis import BASE, Exhausted
from tagcheck.engine.branches import asked_about
from tagcheck.engine.leaving import Ended
from tagcheck.engine.loops import Loops
from tagcheck.engine.state import ABSENT, Frame, Pending, delta
from tagcheck.engine.symbols import json_name, object_of
from tagcheck.engine.truth import Condition
from tagcheck.values import (
    EMPTY,
    Absent,
    Alternatives,
    Failure,
    FunctionValue,
    Mapping,
    Null,
    Number,
    Opaque,
    Outcome,
    Pointer,
    Record,
    Sequence,
    Text,
    Value,
)


class Execution(Loops):
    """A run that executes statements."""

    standard_input: Value | None = None
    working_directory: Value | None = None

    def run_block(self, body: tuple[ir.Statement, ...], frame: Frame) -> None:
        for statement in body:
            if not self.live:
                return
            self.steps -= 1
            if self.steps <= self.floor:
                raise Exhausted
            _HANDLERS[type(statement)](self, statement, frame)

    # --- assignment ---

    def _assign(self, node: ir.Assign, frame: Frame) -> None:
        value = self.evaluate(node.value, frame)
        if len(node.targets) == 1:
            self.place(node.targets[0], value, frame, node.declare)
        else:
            self._take_apart(node.targets, value, frame, node.declare)

    def _take_apart(self, targets: tuple[ir.Target, ...], value: Value, frame: Frame, declare: bool) -> None:
        content = self.load(value)
        for index, target in enumerate(targets):
            item = self.distribute((content,), lambda chosen, at=index: self.item(chosen[0], Number(at)))  # type: ignore[misc]
            self.place(target, item, frame, declare)

    def place(self, target: ir.Target, value: Value, frame: Frame, declare: bool = False) -> None:
        """Put a value where a target says."""
        match target:
            case None:
                return
            case ir.Name():
                self._place_name(target, value, frame, declare)
            case ir.Global():
                self._place_global(target, value, frame)
            case ir.Field():
                holder = self.evaluate(target.base, frame)
                if not self.set_attribute(holder, target.name, value):
                    change = partial(self._with_field, name=target.name, value=value)
                    self._place_in(target.base, frame, change, holder)
            case ir.Index():
                index, holder = self.evaluate(target.index, frame), self.evaluate(target.base, frame)
                if not self.set_by_method(holder, index, value):
                    self._place_in(target.base, frame, lambda content: self.with_item(content, index, value), holder)
            case ir.Dereference(pointer=pointer):
                while isinstance(pointer, ir.Dereference):
                    # A reference to a reference is the reference.
                    pointer = pointer.pointer
                self.store(self.evaluate(pointer, frame), value)

    def _place_name(self, target: ir.Name, value: Value, frame: Frame, declare: bool) -> None:
        cell = None if declare else frame.names.get(target.name)
        if cell is None and not declare and not target.name.startswith("%"):
            cell = self.cell(target, frame)
        if cell is None:
            frame.names[target.name] = self.heap.new(value)
        elif not (isinstance(value, Pointer) and value.cell == cell and not value.path):
            # A method that returns its receiver gives back the variable's own cell.
            self.heap.write(cell, value)

    def _place_global(self, target: ir.Global, value: Value, frame: Frame) -> None:
        cell = self.cell(target, frame)
        if cell is not None:
            self.heap.write(cell, value)
        elif self.program.is_project(target.module):
            # In a file that does not compile, or an extract, a variable need not be declared.
            self.define(target.module, target.name, value)

    def _place_in(
        self, base: ir.Expression, frame: Frame, change: Callable[[Value], Value], known: Value | None = None
    ) -> None:
        """Change the content of a variable, or of the cell that it points to. `known`: what the variable holds."""
        holder = self.evaluate(base, frame) if known is None else known
        if isinstance(holder, Pointer):
            self.fill(holder, change(self.narrow(self.content(holder))))
        elif isinstance(holder, Alternatives) and any(isinstance(option, Pointer) for _, option in holder.options):
            self._place_in_each(holder, change)
        elif isinstance(base, ir.Name | ir.Global | ir.Field | ir.Index):
            self.place(base, change(holder), frame)

    def _place_in_each(self, holder: Alternatives, change: Callable[[Value], Value]) -> None:
        for guards, option in holder.options:
            if isinstance(option, Pointer) and self.guards.compatible(guards):
                old = self.narrow(self.content(option))
                rest = guards.negated()
                kept = [(rest, old)] if rest is not None else []
                self.fill(option, self.joined([(guards, change(old)), *kept], 0))

    def store(self, pointer: Value, content: Value) -> None:
        """Write the cell that a pointer leads to."""
        if isinstance(pointer, Pointer):
            inner = self.content(pointer)
            if isinstance(inner, Pointer):
                self.store(inner, content)
            else:
                self.fill(pointer, content)
        elif isinstance(pointer, Alternatives):
            self._place_in_each(pointer, lambda _: content)

    def fill(self, pointer: Pointer, content: Value) -> None:
        """Write what a pointer leads to."""
        if pointer.path:
            content = self._with_part(self.heap.read(pointer.cell), pointer.path, content)
        self.heap.write(pointer.cell, content)

    def _with_part(self, whole: Value, path: tuple[str | Number, ...], content: Value) -> Value:
        step, *rest = path
        inner = self._with_part(self.part(whole, (step,)), tuple(rest), content) if rest else content
        return self._with_field(whole, step, inner) if isinstance(step, str) else self.with_item(whole, step, inner)

    def _with_field(self, content: Value, name: str, value: Value) -> Value:
        match content:
            case Record():
                return self._with_member(content, name, value)
            case Pointer():
                self.fill(content, self._with_field(self.load(content), name, value))
                return content
            case Mapping():
                known = name if content.get(name) is not None or not name[:1].isupper() else json_name(name)
                return self._with_entry(content, Text.of(known), value)
            case Opaque():
                return Record(content.type, ((BASE, content), (name, value)))
            case Alternatives():
                return self.distribute((content,), lambda chosen: self._with_field(chosen[0], name, value))
            case _:
                return Record("", ((name, value),))

    def _with_member(self, record: Record, name: str, value: Value) -> Value:
        written = object_of(record) if not self.program.field_type(record.type, name) else None
        if written is not None and written.get(json_name(name)) is not None:
            return record.with_field(MANIFEST, self._with_entry(written, Text.of(json_name(name)), value))
        if record.get(name) is None and not self.program.field_type(record.type, name):
            for embedded in self.program.embedded(record.type):
                if self.program.has_member(embedded, name):
                    simple = embedded.rpartition(".")[2]
                    inner = record.get(simple) or self.zero(embedded)
                    return record.with_field(simple, self._with_field(inner, name, value))
        return record.with_field(name, value)

    def with_item(self, content: Value, index: Value, value: Value) -> Value:
        match content, index:
            case Sequence(items=items), Number(value=at) if -len(items) <= int(at) < len(items):
                place = int(at) % len(items)
                return Sequence((*items[:place], value, *items[place + 1 :]), content.open)
            case Sequence(items=items, open=False), Number(value=at) if at == len(items):
                return Sequence((*items, value))
            case Mapping(), Text() | Number() | Record() | Sequence():
                return self._with_entry(content, index, value)
            case ((Mapping() | Null() | Absent() | Opaque()), _):
                entries = content.entries if isinstance(content, Mapping) else ()
                is_open = not isinstance(content, Null | Absent)
                return Mapping((*entries, (index, value)), is_open and not isinstance(content, Mapping))
            case Alternatives(), _:
                return self.distribute((content,), lambda chosen: self.with_item(chosen[0], index, value))
            case Pointer(), _:
                self.fill(content, self.with_item(self.load(content), index, value))
                return content
            case _:
                return self.opaque("a list with an item set at an unknown place")

    def _with_entry(self, mapping: Mapping, key: Value, value: Value) -> Mapping:
        for position, (name, _) in enumerate(mapping.entries):
            if same_key(name, key) is Same.YES:
                entries = mapping.entries
                return mapping.holding((*entries[:position], (name, value), *entries[position + 1 :]), mapping.open)
        return mapping.holding((*mapping.entries, (key, value)), mapping.open)

    # --- calls and commands ---

    def _invoke(self, node: ir.Invoke, frame: Frame) -> None:
        callee = self.callee(node.callee, frame)
        results = self.invoke(node, callee, frame)
        if not self.live:
            return
        targets = node.targets
        if results and isinstance(callee, FunctionValue) and (not targets or None in targets):
            self.note_dropped(results, targets, node.span)
        if len(targets) == 1 and len(results) > 1:
            self.place(targets[0], Sequence(results), frame, node.declare)
            return
        for index, target in enumerate(targets):
            value = results[index] if index < len(results) else self.opaque("a missing result")
            self.place(target, value, frame, node.declare)

    def _run(self, node: ir.Run, frame: Frame) -> None:
        argv = self._command_words(node.argv, frame)
        self.site = node.span
        command = Command(
            argv,
            tuple((name, self.evaluate(value, frame)) for name, value in node.environment),
            self.evaluate(node.stdin, frame) if node.stdin is not None else self.standard_input,
            self.evaluate(node.directory, frame) if node.directory is not None else self.directories(),
            unread=node.output is None and self.output_cell is None,
            asked=node.status is not None,
        )
        result = self.call_by_name(command) or self.run(command)
        if node.output is None:
            self._print(result.output)
        else:
            self.place(node.output, _captured(result.output, node.whole), frame)
        self.place(node.status, result.outcome, frame)

    def _command_words(self, nodes: tuple[ir.Expression, ...], frame: Frame) -> tuple[Value, ...]:
        """The words of a command. A list that is one of several, beside so many others that they cannot be taken
        together here, stays one word: who runs the command takes such words apart."""
        listed = self.items(nodes, frame)
        if isinstance(listed, Sequence):
            return listed.items
        if not isinstance(listed, Opaque):
            return (listed,)
        found: list[Value] = []
        for node in nodes:
            inner = node.value if isinstance(node, ir.Spread) else node
            value = self.evaluate(inner, frame)
            value = self.spread_list(value) if isinstance(node, ir.Spread) else value
            found.extend(value.items if isinstance(node, ir.Spread) and isinstance(value, Sequence) else (value,))
        return tuple(found)

    def _redirect(self, node: ir.Redirect, frame: Frame) -> None:
        outer, mark = (self.standard_input, self.output_cell), self.heap.mark()
        if node.stdin is not None:
            self.standard_input = self.evaluate(node.stdin, frame)
        if node.output is not None:
            self.output_cell = self.heap.new(EMPTY)
        watched = node.status is None and (node.output is None or node.whole)
        asked = node.status is not None
        with self.own_process(asked=asked, watched=watched) if node.own else self.group(watched=watched) as ended:
            self.run_block(node.body, frame)
        if node.own:
            self.forget(mark)
        cell = self.output_cell
        self.standard_input, self.output_cell = outer
        if node.output is not None and cell is not None and self.live:
            self.place(node.output, _captured(self.narrow(self.heap.read(cell)), node.whole), frame)
        self.place(node.status, Failure() if ended.failed else Null(), frame)

    def group(self, *, watched: bool) -> AbstractContextManager[Ended]:
        """What runs inside has an input or output of its own. Not `watched`: no command that fails ends it."""
        return nullcontext(Ended())

    @abstractmethod
    def forget(self, mark: int) -> None:
        """What a shell's process of its own has done to its variables since it began is gone."""

    @abstractmethod
    def call_by_name(self, command: Command) -> CommandResult | None:
        """Call the function of the shell that a command names; None if it names none."""

    def stream(self) -> Value | None:
        return self.standard_input

    def put_off(self, body: tuple[ir.Statement, ...], frame: Frame) -> None:
        """Run a body when a frame ends."""
        frame.deferred.append((body, dict(frame.names)))

    # --- control flow ---

    def _branch(self, node: ir.Branch, frame: Frame) -> None:
        condition = self.condition(node.condition, frame)
        if condition.decided is not None:
            self.run_block(node.then if condition.decided else node.otherwise, frame)
            return
        self._both(node, condition, frame)

    def _both(self, node: ir.Branch, condition: Condition, frame: Frame) -> None:
        base = self.guards
        then, otherwise = self.opposite(condition)
        sides = ((then, node.then), (otherwise, node.otherwise))
        ended: list[bool] = []
        self.fork((guards, partial(self._side_body, body, frame, ended)) for guards, body in sides)
        if self.live and True in ended:
            self._narrow_asked(node.condition, frame)
            beyond = truth.decisive(delta(self.guards, base))
            self.guards = base.and_(beyond) or base
            self._succeeded(node.condition, frame)

    def _side_body(self, body: tuple[ir.Statement, ...], frame: Frame, ended: list[bool]) -> Value:
        self.run_block(body, frame)
        ended.append(not self.live and self.failed)
        return ABSENT

    def _narrow_asked(self, condition: ir.Expression, frame: Frame) -> None:
        """After a test whose other side failed: the variables that it asked about hold what passes it."""
        for asked in asked_about(condition):
            cell = self.cell(asked, frame)
            if cell is not None and isinstance(value := self.heap.read(cell), Alternatives):
                self.heap.write(cell, self.narrow(value))

    def _succeeded(self, condition: ir.Expression, frame: Frame) -> None:
        """After `if err != nil { fail }`: the error is nil from here on."""
        if not isinstance(condition, ir.Compare) or not isinstance(condition.left, ir.Name):
            return
        cell = frame.names.get(condition.left.name)
        is_nil = isinstance(condition.right, ir.Constant) and condition.right.value is None
        if cell is not None and is_nil and isinstance(self.heap.read(cell), Outcome):
            self.heap.write(cell, Null())

    def _attempt(self, node: ir.Attempt, frame: Frame) -> None:
        if node.leaves:
            self._either(node, (*node.body, *node.otherwise), frame)
            return
        entry, exits, doubts = self.guards, self.exit_count(), self.doubts
        self.raised = None
        self.run_block(node.body, frame)
        if self.live and (node.surely or (node.looks and self.doubts == doubts)):
            self.run_block(node.otherwise, frame)
        elif self.live:
            self._either(node, node.otherwise, frame)
        elif self.failed and self.exit_count() == exits:
            self.guards, self.live, self.failed = entry, True, False
            self._handle(node, True, frame)

    def _either(self, node: ir.Attempt, body: tuple[ir.Statement, ...], frame: Frame) -> None:
        """Whether an attempt failed is not known: the body runs, or the handler."""
        failed, succeeded = self.opposite(truth.atom(f"~{self.fresh('whether something failed')}"))
        ended: list[bool] = []

        def handler() -> Value:
            self._handle(node, True in ended, frame)
            return ABSENT

        self.raised = None
        self.fork(((succeeded, partial(self._side_body, body, frame, ended)), (failed, handler)))

    def _handle(self, node: ir.Attempt, surely: bool, frame: Frame) -> None:
        """Run the handler of an attempt that failed."""
        known = self.raised if surely else None
        self.place(node.error, self.opaque("an exception") if known is None else known, frame)
        self.run_block(node.handler, frame)

    def _return(self, node: ir.Return, frame: Frame) -> None:
        self.leave(frame, node.values)

    def _defer(self, node: ir.Defer, frame: Frame) -> None:
        if node.on_failure:
            self.trap_failures(node.body, frame)
        else:
            self.put_off(node.body, frame)

    def trap_failures(self, body: tuple[ir.Statement, ...], frame: Frame) -> None:
        """Run a body each time that a command fails."""

    def _spawn(self, node: ir.Spawn, frame: Frame) -> None:
        copy = Frame(frame.procedure, dict(frame.names), self.guards, 0, 0)
        copied = {cell: self.heap.read(cell) for cell in self.own_cells()} if node.copied else {}
        self.pending.append(Pending(node.body, copy, self.guards, self.stack, self.lane, copied))

    def own_cells(self) -> Iterable[int]:
        """The cells that a process which starts now gets copies of."""
        return ()

    # --- channels ---

    def _send(self, node: ir.Send, frame: Frame) -> None:
        value = self.evaluate(node.value, frame)
        pointer = self.evaluate(node.channel, frame)
        content = self.load(pointer)
        if isinstance(content, Record) and content.type == "channel":
            queue = content.get("queue")
            items = queue.items if isinstance(queue, Sequence) else ()
            self.store(pointer, content.with_field("queue", Sequence((*items, value))))

    def _receive(self, node: ir.Receive, frame: Frame) -> None:
        pointer = self.evaluate(node.channel, frame)
        value, present = self._taken(pointer)
        for target, item in zip(node.targets, (value, present), strict=False):
            self.place(target, item, frame, node.declare)

    def _taken(self, pointer: Value) -> tuple[Value, Value]:
        if not self._queue(pointer):
            self.wait()
        queue = self._queue(pointer)
        if not queue:
            return self.opaque("a value received"), self.opaque("whether a value was received")
        content = self.load(pointer)
        if isinstance(content, Record):
            self.store(pointer, content.with_field("queue", Sequence(queue[1:])))
        return queue[0], self.truth_value(truth.TRUE)

    def _queue(self, pointer: Value) -> tuple[Value, ...]:
        content = self.load(pointer)
        queue = content.get("queue") if isinstance(content, Record) else None
        if isinstance(queue, Alternatives):
            lists = [option for _, option in queue.options if isinstance(option, Sequence)]
            return max((each.items for each in lists), key=len, default=())
        return queue.items if isinstance(queue, Sequence) else ()

    # --- manifests ---

    def _use(self, node: ir.Use, frame: Frame) -> None:
        self.site = node.span
        self.used(node, self.evaluate(node.value, frame))

    @abstractmethod
    def used(self, node: ir.Use, value: Value) -> None:
        """A file states something about images."""


def _captured(output: Value, whole: bool) -> Value:
    return output if whole else shelltexts.without_line_ends(output)


_HANDLERS: dict[type[Any], Callable[[Execution, Any, Frame], None]] = {
    ir.Assign: Execution._assign,
    ir.Invoke: Execution._invoke,
    ir.Run: Execution._run,
    ir.Redirect: Execution._redirect,
    ir.Branch: Execution._branch,
    ir.Attempt: Execution._attempt,
    ir.ForEach: Execution.for_each,
    ir.While: Execution.while_,
    ir.Break: Execution.break_,
    ir.Continue: Execution.continue_,
    ir.Return: Execution._return,
    ir.Defer: Execution._defer,
    ir.Spawn: Execution._spawn,
    ir.Send: Execution._send,
    ir.Receive: Execution._receive,
    ir.Use: Execution._use,
}
