"""Statements: what they change, and where a run goes next."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from tagcheck import ir
from tagcheck.builtins import collections
from tagcheck.builtins.api import Command, CommandResult
from tagcheck.builtins.kubernetes import MANIFEST
from tagcheck.comparison import Same, same_key
from tagcheck.engine import shelltexts, truth
from tagcheck.engine.basis import BASE, Exhausted
from tagcheck.engine.branches import asked_about
from tagcheck.engine.leaving import Ended
from tagcheck.engine.outputs import Outputs
from tagcheck.engine.state import ABSENT, Frame, Loop, Pending, delta
from tagcheck.engine.symbols import json_name, object_of
from tagcheck.engine.truth import Condition
from tagcheck.guards import Guards, disjunction, when
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

MOST_ROUNDS = 48
"""How often the body of a loop with a known bound is run at most."""


class Execution(Outputs):
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
        listed = self.items(node.argv, frame)
        self.site = node.span
        argv = listed.items if isinstance(listed, Sequence) else (listed,)
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

    def opposite(self, condition: Condition) -> tuple[Guards, Guards]:
        """The guards of the two sides; an atom of their own keeps them apart where the conditions cannot be written."""
        (then, exact), (otherwise, other_exact) = disjunction(condition.true), disjunction(condition.false)
        if exact and other_exact:
            return then, otherwise
        mark = self.fresh("~side")
        return then.and_(when(mark)) or then, otherwise.and_(when(mark, False)) or otherwise

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

    def _for_each(self, node: ir.ForEach, frame: Frame) -> None:
        over = self.load(self.evaluate(node.over, frame))
        if isinstance(over, Record) and over.type == "channel":
            self.wait()
            over = self._drained(node.over, frame)
        if isinstance(over, Alternatives):
            self._each_of(over, node, frame)
            return
        self._rounds(self._round_values(over, node), node, frame)

    def _each_of(self, over: Alternatives, node: ir.ForEach, frame: Frame) -> None:
        def looped(option: Value) -> Value:
            self._rounds(self._round_values(option, node), node, frame)
            return ABSENT

        self.fork((guards, partial(looped, option)) for guards, option in over.options)

    def _round_values(self, over: Value, node: ir.ForEach) -> list[tuple[Value, Value]]:
        match over:
            case Sequence():
                rounds: list[tuple[Value, Value]] = [(Number(i), item) for i, item in enumerate(over.items)]
                return [*rounds, *([self._unknown_round()] if over.open else [])]
            case Mapping():
                return [*over.entries, *([self._unknown_round()] if over.open else [])]
            case Record(type=collections.ITERATOR):
                items = collections.iterated(over) or Sequence((), True)
                return [*((item, item) for item in items.items), *([self._unknown_round()] if items.open else [])]
            case Record(type="channel"):
                queue = over.get("queue")
                return [(item, item) for item in queue.items] if isinstance(queue, Sequence) else []
            case Number():
                return [(Number(i), Number(i)) for i in range(min(int(over.value), MOST_ROUNDS))]
            case Text() if len(over.literal or "") in range(1, MOST_ROUNDS + 1):
                return [(Number(i), Text.of(character)) for i, character in enumerate(over.literal or "")]
            case Text(parts=()):
                return []
            case Null() | Absent():
                return []
            case _:
                return [self._unknown_round()]

    def _unknown_round(self) -> tuple[Value, Value]:
        return (self.opaque("a key of a loop"), self.opaque("an item of a loop"))

    def _drained(self, channel: ir.Expression, frame: Frame) -> Value:
        pointer = self.evaluate(channel, frame)
        content = self.load(pointer)
        self.store(pointer, Record("channel", (("queue", Sequence(())),)))
        return content

    def _rounds(self, rounds: list[tuple[Value, Value]], node: ir.ForEach, frame: Frame) -> None:
        """A loop that counts and can be left in its first round tries again until something succeeds: it runs once."""
        loop, counts = Loop(self.guards, self.heap.mark()), _is_counted(rounds)
        frame.loops.append(loop)
        for number, (key, value) in enumerate(rounds):
            if not self.live or number >= MOST_ROUNDS:
                break
            ways = len(frame.exits) + len(loop.breaks)
            for target, content in zip(node.targets, (key, value), strict=False):
                self.place(target, content, frame, declare=isinstance(target, ir.Name))
            self.run_block(node.body, frame)
            self.go_on_after(loop, loop.continues)
            if counts and len(frame.exits) + len(loop.breaks) > ways:
                break
        frame.loops.pop()
        self.go_on_after(loop, loop.breaks)

    def _while(self, node: ir.While, frame: Frame) -> None:
        """A loop whose condition cannot be decided runs once; so does one that can be left in its first round, because
        it tries again until something succeeds, and one that is never left."""
        loop = Loop(self.guards, self.heap.mark())
        frame.loops.append(loop)
        endless = isinstance(node.condition, ir.Constant) and not any(map(_may_leave, node.body))
        for _ in range(MOST_ROUNDS):
            condition = self.condition(node.condition, frame)
            ways = len(frame.exits) + len(loop.breaks)
            if condition.decided is False or not self._round(node, loop, frame):
                break
            if condition.decided is None or endless or len(frame.exits) + len(loop.breaks) > ways:
                break
        frame.loops.pop()
        self.go_on_after(loop, loop.breaks)

    def _round(self, node: ir.While, loop: Loop, frame: Frame) -> bool:
        """Run a loop's body and step; whether the run is still in the loop."""
        self.run_block(node.body, frame)
        self.go_on_after(loop, loop.continues)
        self.run_block(node.step, frame)
        return self.live

    def _break(self, node: ir.Break, frame: Frame) -> None:
        if node.loops < len(frame.loops):
            loop = frame.loops[-1 - node.loops]
            self.leave_round(loop.breaks, loop)

    def _continue(self, node: ir.Continue, frame: Frame) -> None:
        if node.loops < len(frame.loops):
            loop = frame.loops[-1 - node.loops]
            self.leave_round(loop.continues, loop)

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


def _may_leave(statement: ir.Statement) -> bool:
    """Whether a statement of a loop's body leaves the loop under a condition."""
    return isinstance(statement, ir.Branch) and any(
        isinstance(each, ir.Break) for each in (*statement.then, *statement.otherwise)
    )


def _captured(output: Value, whole: bool) -> Value:
    return output if whole else shelltexts.without_line_ends(output)


def _is_counted(rounds: list[tuple[Value, Value]]) -> bool:
    """Whether a loop counts: over numerals, or over numbers as a range gives them, from nought or one on."""
    values = [value for _, value in rounds]
    if all(isinstance(each, Text) and (each.literal or "").isdecimal() for each in values):
        return True
    numbers = [each.value for each in values if isinstance(each, Number)]
    return len(numbers) == len(values) and numbers in ([*range(len(values))], [*range(1, len(values) + 1)])


_HANDLERS: dict[type[Any], Callable[[Execution, Any, Frame], None]] = {
    ir.Assign: Execution._assign,
    ir.Invoke: Execution._invoke,
    ir.Run: Execution._run,
    ir.Redirect: Execution._redirect,
    ir.Branch: Execution._branch,
    ir.Attempt: Execution._attempt,
    ir.ForEach: Execution._for_each,
    ir.While: Execution._while,
    ir.Break: Execution._break,
    ir.Continue: Execution._continue,
    ir.Return: Execution._return,
    ir.Defer: Execution._defer,
    ir.Spawn: Execution._spawn,
    ir.Send: Execution._send,
    ir.Receive: Execution._receive,
    ir.Use: Execution._use,
}
