"""Calls of what the project defines: procedures in context, closures, methods, and what runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tagcheck import ir
from tagcheck.builtins.files import is_log
from tagcheck.builtins.holders import holding
from tagcheck.definitions import INITIAL
from tagcheck.engine import truth
from tagcheck.engine.basis import BASE
from tagcheck.engine.libraries import Results
from tagcheck.engine.replacing import Replacing
from tagcheck.engine.state import Exit, Frame, Pending, delta
from tagcheck.engine.symbols import kind_of
from tagcheck.engine.writes import changed_lists
from tagcheck.events import Dropped
from tagcheck.guards import Guards, any_of
from tagcheck.image import looks_like_reference
from tagcheck.ir import TEXT_FIELD, Procedure
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.values import (
    PARAMETER_PREFIX,
    Alternatives,
    Failure,
    FunctionValue,
    LibraryValue,
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
    options,
)

_SETTING = frozenset(("globals", "environ", "putenv"))
"""Words of what sets variables of its module, or of the environment, though it names none."""
DEEPEST_CALL = 48
MOST_RECURSION = 2


class Calls(Replacing):
    """A run that follows calls."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self.visited: set[str] = set()
        self._changed_lists: dict[str, frozenset[int]] = {}
        self._batch = 0

    def open_procedures(self) -> tuple[Span, ...]:
        return tuple(frame.procedure.span for frame in self.frames)

    # --- the call statement ---

    def invoke(self, node: ir.Invoke, callee: Value, frame: Frame) -> Results:
        """Evaluate the arguments and call; the results."""
        wanted = len(node.targets)
        model = self.models.find(callee.name) if isinstance(callee, LibraryValue) else None
        if model is not None and model.spec.speaks and self.output_cell is None and not _has_keyword(node, "file"):
            return tuple(self.opaque("what printing gives") for _ in range(wanted))
        if model is not None and model.spec.wants is not None and self._is_idle_call(model.spec.wants, node, frame):
            return tuple(self.opaque("a number of bytes") for _ in range(wanted))
        keywords = self._keywords(node, frame)
        positional = [a.value for a in node.arguments if not a.keyword]
        if ir.Spread not in map(type, positional):
            if model is not None and model.by_reference:
                filled = model.by_reference
                values = tuple([self._argument(value, frame, i in filled) for i, value in enumerate(positional)])
            else:
                values = tuple([self.evaluate(value, frame) for value in positional])
            if isinstance(callee, FunctionValue) and Sequence in map(type, values):
                values = self._shared(callee.procedure, positional, values, frame)
            return self.apply(callee, values, node.span, keywords, wanted)
        listed = self._handed_on(callee, positional, frame) or self.items(tuple(positional), frame)
        if isinstance(listed, Alternatives):
            return self._each_list(callee, listed, node.span, keywords, wanted)
        return self.apply(callee, self._arguments_of(listed), node.span, keywords, wanted)

    def _keywords(self, node: ir.Invoke, frame: Frame) -> dict[str, Value]:
        """The arguments by keyword; of a mapping that is passed as such, the entries whose names are known."""
        found: dict[str, Value] = {}
        for argument in node.arguments:
            if not argument.keyword:
                continue
            value = self.evaluate(argument.value, frame)
            if argument.keyword != ir.ALL_KEYWORDS:
                found[argument.keyword] = value
            elif isinstance(entries := self.load(value), Mapping):
                named = ((self.as_text(key).literal, each) for key, each in entries.entries)
                found.update((name, each) for name, each in named if name is not None)
        return found

    def _shared(self, procedure: Procedure, nodes: list[ir.Expression], values: Results, frame: Frame) -> Results:
        """The arguments, with references in place of the lists of which the procedure sets items."""
        changed = self._changed_by(procedure)
        if not changed:
            return values
        return tuple(
            self.address(node, frame) if at in changed and isinstance(value, Sequence) else value
            for at, (node, value) in enumerate(zip(nodes, values, strict=True))
        )

    def _changed_by(self, procedure: Procedure) -> frozenset[int]:
        """The parameters that are lists of which a procedure sets items."""
        changed = self._changed_lists.get(procedure.key)
        if changed is None:
            changed = self._changed_lists[procedure.key] = changed_lists(procedure)
        return changed

    def _handed_on(self, callee: Value, nodes: list[ir.Expression], frame: Frame) -> Value | None:
        """The arguments of a script as a whole, where it hands them on to a function of its own; else None."""
        is_own = isinstance(callee, FunctionValue) and _takes_all(callee.procedure)
        if not is_own or len(nodes) != 1 or not isinstance(nodes[0], ir.Spread):
            return None
        value = self.evaluate(nodes[0].value, frame)
        return value if isinstance(value, Opaque) and value.identity.startswith(PARAMETER_PREFIX) else None

    def _arguments_of(self, listed: Value) -> Results:
        if isinstance(listed, Opaque) and listed.identity.startswith(PARAMETER_PREFIX):
            return (listed,)
        if not isinstance(listed, Sequence):
            return (self.opaque("arguments"),)
        return (*listed.items, self.opaque("more arguments")) if listed.open else listed.items

    def _each_list(
        self, callee: Value, lists: Alternatives, site: Span, keywords: dict[str, Value], wanted: int
    ) -> Results:
        """A call whose argument list is one of several: each under its guards."""

        def called(option: Value) -> Value:
            return Sequence(self.apply(callee, self._arguments_of(option), site, keywords, wanted))

        return self._results(self.fork(_sides(lists, called)), wanted)

    def _results(self, value: Value, wanted: int) -> Results:
        if isinstance(value, Sequence):
            return value.items
        return tuple(self.opaque("one of several calls") for _ in range(wanted))

    def _argument(self, node: ir.Expression, frame: Frame, by_reference: bool) -> Value:
        value = self.evaluate(node, frame)
        if not by_reference or isinstance(value, Pointer):
            return value
        while isinstance(node, ir.Slice):
            node = node.base
        if isinstance(node, ir.Name) and node.name in frame.names:
            return Pointer(frame.names[node.name])
        return self.address(node, frame) if isinstance(node, ir.Global | ir.Field | ir.Index) else value

    def _is_idle_call(self, wants: int, node: ir.Invoke, frame: Frame) -> bool:
        """Whether a library call does nothing whatever its further arguments are: they are not looked at then."""
        if wants == 0:
            return True
        first = node.arguments[0].value if node.arguments else None
        if first is None or isinstance(first, ir.Spread):
            return False
        return is_log(self.evaluate(first, frame))

    def callee(self, node: ir.Expression, frame: Frame) -> Value:
        """What is called. A method gets its receiver; a variable's own cell where the receiver is a variable."""
        if not isinstance(node, ir.Field):
            return self.evaluate(node, frame)
        base = self.not_null(self.evaluate(node.base, frame))
        if isinstance(base, Alternatives):
            return self.distribute((base,), lambda chosen: self.method(chosen[0], self.load(chosen[0]), node.name))
        content = self.load(base)
        variable = isinstance(node.base, ir.Name | ir.Global) and isinstance(content, Record | Opaque | Sequence)
        if variable or (base is content and isinstance(content, Record)):
            base = self.address(node.base, frame)
        return self.method(base, content, node.name)

    def method(self, base: Value, content: Value, name: str) -> Value:
        """The method of a value by name."""
        match content:
            case Alternatives():
                return self.distribute((content,), lambda chosen: self.method(base, chosen[0], name))
            case Record():
                return self._record_method(base, content, name)
            case Opaque():
                return self._opaque_method(base, content, name)
            case LibraryValue(name=module) if module.endswith(".") and module[:-1] in self.program.modules:
                known = self.program.lookup(module[:-1], name)
                return self.field(base, name) if known else LibraryValue(f"builtins.module.{name}", base)
            case LibraryValue():
                return LibraryValue(f"{content.name}.{name}", base)
            case Number() if methods := self.program.methods(content.type, name):
                return FunctionValue(methods[0], receiver=base)
            case Number() if content.type and self.models.find(f"{content.type}.{name}") is not None:
                return LibraryValue(f"{content.type}.{name}", base)
            case _:
                return self._other_method(base, content, name)

    def _other_method(self, base: Value, content: Value, name: str) -> Value:
        """The method of a value whose type is not known: the project's, if only one type has a method of the name."""
        if isinstance(content, FunctionValue) and content.procedure.constructs:
            return self.field(base, name)
        kind = kind_of(content) or "*"
        if self.models.find(f"{kind}.{name}") is None:
            for method in self.program.only_method(name):
                return FunctionValue(method, receiver=base)
        return LibraryValue(f"{kind}.{name}", base)

    def _record_method(self, base: Value, record: Record, name: str) -> Value:
        has = self.program.has_member(record.type, name) or record.get(name) or name in self.added
        found = self.field(base, name) if has else None
        if isinstance(found, FunctionValue | LibraryValue | Alternatives):
            return found
        origin = record.get(BASE)
        if isinstance(origin, Opaque) and found is None:
            return self._opaque_method(base, origin, name)
        for parent in self.program.resolution_order(record.type)[1:]:
            if self.models.find(f"{parent}.{name}") is not None:
                return LibraryValue(f"{parent}.{name}", holding(record, parent) or base)
        shown = record.get(TEXT_FIELD)
        if isinstance(shown, Text) and self.models.find(f"{record.type}.{name}") is None:
            return self._other_method(shown, shown, name)
        return LibraryValue(f"{record.type or '*'}.{name}", base)

    def _opaque_method(self, base: Value, value: Opaque, name: str) -> Value:
        methods = self.program.methods(value.type, name)
        known = value.type and self.models.find(f"{value.type}.{name}") is not None
        if not methods and not known:
            methods = self.program.only_method(name)
        if methods:
            return FunctionValue(methods[0], receiver=base)
        return LibraryValue(f"{value.type or '*'}.{name}", base)

    def apply(
        self,
        callee: Value,
        arguments: tuple[Value, ...],
        site: Span,
        keywords: dict[str, Value] | None = None,
        wanted: int = 0,
    ) -> Results:
        """Call a value with arguments."""
        match callee:
            case FunctionValue():
                return self.call_procedure(callee, arguments, site, keywords or {})
            case LibraryValue():
                return self.call_library(callee, arguments, site, keywords or {}, wanted)
            case Alternatives():
                return self._call_alternatives(callee, arguments, site, keywords or {}, wanted)
            case _:
                content = self.load(callee)
                own = self.program.methods(content.type, "__call__") if isinstance(content, Record) else ()
                if own:
                    return self.apply(FunctionValue(own[0], receiver=callee), arguments, site, keywords, wanted)
                if isinstance(content, Record) and self.models.find(f"{content.type}.__call__") is not None:
                    called = LibraryValue(f"{content.type}.__call__", callee)
                    return self.call_library(called, arguments, site, keywords or {}, wanted)
                return self.unresolved("", arguments, site, wanted)

    def _call_alternatives(
        self, callee: Alternatives, arguments: Results, site: Span, keywords: dict[str, Value], wanted: int
    ) -> Results:
        def called(option: Value) -> Value:
            return Sequence(self.apply(option, arguments, site, keywords, wanted))

        return self._results(self.fork(_sides(callee, called)), wanted)

    # --- procedures ---

    def call_procedure(
        self, function: FunctionValue, arguments: Results, site: Span, keywords: dict[str, Value]
    ) -> Results:
        """Evaluate a procedure of the project with these arguments; its results."""
        procedure = function.procedure
        if procedure.key in self.replaced:
            return self.stand_in(procedure.key, arguments, site, keywords, 1)
        depth = sum(1 for frame in self.frames if frame.procedure is procedure)
        if len(self.frames) >= DEEPEST_CALL or depth >= MOST_RECURSION:
            return tuple(self.opaque("recursion") for _ in procedure.results)
        if self.frames and not procedure.results and self.is_idle(function, arguments):
            return ()
        self.visited.add(procedure.key)
        if self.loaded(procedure.module) and INITIAL in procedure.key:
            return ()
        frame = self.enter(procedure, dict(function.captured))
        self._bind(frame, function, arguments, keywords)
        outer = self.stack
        self.stack = (*outer, site)
        self.frames.append(frame)
        try:
            return self._body(frame)
        finally:
            self.frames.pop()
            self.stack = outer

    def is_idle(self, function: FunctionValue, arguments: Results) -> bool:
        """Whether a call can be left out: nothing that it does concerns names, and it can change no variable of its
        caller's, of the closure around it or of its module."""
        procedure = function.procedure
        if self.program.reaches(procedure) or function.captured or isinstance(function.receiver, Pointer):
            return False
        if any(self._acts_by(procedure, at, argument) for at, argument in enumerate(arguments)):
            return False
        return not self.program.mentions_variable(procedure) and procedure.mentions.isdisjoint(_SETTING)

    def _acts_by(self, procedure: Procedure, at: int, argument: Value) -> bool:
        """Whether a procedure may do something by an argument that its own text does not show."""
        content = self.content(argument) if isinstance(argument, Pointer) else argument
        if isinstance(argument, Pointer) and isinstance(content, Sequence):
            return _can_act(content) or at in self._changed_by(procedure)
        return _can_act(argument)

    def _bind(self, frame: Frame, function: FunctionValue, arguments: Results, keywords: dict[str, Value]) -> None:
        procedure = function.procedure
        if procedure.receiver is not None and function.receiver is None and arguments:
            # A method that is called through its type gets its object as the first argument.
            function, arguments = FunctionValue(procedure, function.captured, arguments[0]), arguments[1:]
        if procedure.receiver is not None:
            receiver = function.receiver if function.receiver is not None else self.opaque("a receiver")
            if procedure.receiver.copied and isinstance(content := self.load(receiver), Record):
                receiver = content
            if procedure.receiver.name:
                frame.names[procedure.receiver.name] = self.heap.new(receiver)
        for index, parameter in enumerate(procedure.parameters):
            if parameter.variadic:
                value: Value = _remaining(procedure, parameter, arguments[index:])
            elif parameter.rest:
                value = self._rest(procedure, keywords)
            elif parameter.name in keywords:
                value = keywords[parameter.name]
            elif index < len(arguments) and not parameter.named:
                value = self._passed(arguments[index], parameter.type)
            elif parameter.default is not None:
                value = self.evaluate(parameter.default, frame)
            else:
                value = self.opaque("a missing argument", parameter.type)
            frame.names[parameter.name] = self.heap.new(value)
        for name, type_ in zip(procedure.named_results, procedure.results, strict=False):
            frame.names[name] = self.heap.new(self.zero(type_))

    def _rest(self, procedure: Procedure, keywords: dict[str, Value]) -> Value:
        """The keywords that no parameter has."""
        own = {each.name for each in procedure.parameters}
        entries = tuple((Text.of(name), value) for name, value in keywords.items() if name not in own)
        return Pointer(self.heap.new(Mapping(entries)))

    def _passed(self, value: Value, type_: str) -> Value:
        if isinstance(value, Opaque) and type_ and not value.type:
            return Opaque(value.identity, value.reason, type_, value.label)
        if isinstance(value, Number | Text) and "." in type_:
            return self.typed(value, type_)
        return value

    def _body(self, frame: Frame) -> Results:
        exits = self.exits
        self.run_block(frame.procedure.body, frame)
        if self.live:
            self.leave(frame, tuple(ir.Name(name, frame.procedure.span) for name in frame.procedure.named_results))
        self.exits = exits + frame.left
        return self._left(frame)

    def _left(self, frame: Frame) -> Results:
        """After the body: one state and one tuple of results for all ways out."""
        if not frame.exits:
            self.end_in_failure(frame)
            return self._never_back(frame) if frame.left else self._all_failed(frame)
        ways = frame.exits
        self._settle(frame)
        self.live, self.failed = True, False
        self.guards = frame.entry
        if frame.left:
            self.guards = frame.entry.and_(any_of(tuple(way.guards for way in ways))) or frame.entry
        elif len(ways) == 1:
            self.guards = frame.entry.and_(truth.decisive(ways[0].guards)) or frame.entry
        results = self.exits_joined(ways)
        self.run_deferred(frame)
        self.live, self.failed = True, False
        return self._after_deferred(frame, results)

    def end_in_failure(self, frame: Frame) -> None:
        """No way through a procedure has ended well: what it deferred is not looked at, unless its language says so."""

    def _after_deferred(self, frame: Frame, results: Results) -> Results:
        """Named results may have been changed by what ran last; whether the call failed is settled before."""
        names = frame.procedure.named_results
        if not frame.deferred or not names:
            return results
        found = [
            old if type_ == "error" else self.narrow(self.heap.read(frame.names[name]))
            for old, name, type_ in zip(results, names, frame.procedure.results, strict=False)
        ]
        return (*found, *results[len(found) :])

    def _settle(self, frame: Frame) -> None:
        """One state for all ways out of a frame."""
        written = [(way.guards, way.writes) for way in frame.exits if way.writes is not None]
        if len(written) < len(frame.exits) or not written:
            return
        self.heap.undo(frame.mark)
        self.merge(written)

    def _never_back(self, frame: Frame) -> Results:
        """The results of a procedure after which nothing happens: the program was left, if it did not fail."""
        self.live, self.failed = False, False
        return tuple(self.opaque("a call that does not return") for _ in frame.procedure.results)

    def _all_failed(self, frame: Frame) -> Results:
        """The results of a procedure of which every way out is a failure. One that makes errors does so; of any other,
        something was not understood, and a run in which it always fails is not what its callers are about."""
        results = frame.procedure.results
        if results and results[-1] == "error":
            self.heap.undo(frame.mark)
            self.live, self.failed, self.guards = True, False, frame.entry
            error: Value = Failure()
            if not _makes_errors(frame.procedure):
                if self.program.reaches(frame.procedure):
                    self.gap("run", f"every way through {frame.procedure.key.rpartition('#')[2]} seems to fail")
                error = Outcome(self.fresh("a call that only fails"))
            return (*(self.opaque("a result of a call that failed", each) for each in results[:-1]), error)
        self.live, self.failed = False, True
        return tuple(self.opaque("a call that does not return") for _ in results)

    def leave(self, frame: Frame, values: tuple[ir.Expression, ...]) -> None:
        """A way out of a procedure. One that returns an error is no way of a run that a scenario is about."""
        results = self.returned(frame, values)
        if results and self._is_failure(frame, results[-1]):
            self.live, self.failed = False, True
            return
        if frame.deferred:
            for name, result in zip(frame.procedure.named_results, results, strict=False):
                self.heap.write(frame.names[name], result)
        in_place = self.depth == frame.depth and not frame.exits and not frame.loops
        writes = None if in_place else self.heap.changes(frame.mark)
        frame.exits.append(Exit(delta(self.guards, frame.entry), results, writes))
        self.exits += 1
        self.live, self.failed = False, False

    def returned(self, frame: Frame, values: tuple[ir.Expression, ...]) -> Results:
        """The results of a way out that names these values."""
        listed = self.items(values, frame)
        results = listed.items if isinstance(listed, Sequence) else (listed,)
        if results and frame.procedure.results and frame.procedure.results[-1] == "error":
            return (*results[:-1], self._success(results[-1]))
        return results

    def _success(self, error: Value) -> Value:
        """An error value on a way out that counts: whatever is not known is taken as success."""
        if isinstance(error, Alternatives):
            kept = [(guards, option) for guards, option in options(error) if not isinstance(option, Failure)]
            return self._success(kept[0][1]) if len(kept) == 1 else (Null() if kept else Failure())
        return error

    def _is_failure(self, frame: Frame, value: Value) -> bool:
        if not frame.procedure.results or frame.procedure.results[-1] != "error":
            return False
        match value:
            case Failure():
                return True
            case Outcome() | Opaque():
                mark = "" if isinstance(value, Opaque) and value.identity.startswith(PARAMETER_PREFIX) else "~"
                return (f"{mark}nil:{value.identity}", False) in self.guards.units
            case _:
                return False

    # --- names that callers drop ---

    def note_dropped(self, results: Results, targets: tuple[ir.Target, ...], site: Span) -> None:
        """Remember the names that a project's procedure returned and its caller did not keep."""
        for index, value in enumerate(results):
            if targets and index < len(targets) and targets[index] is not None:
                continue
            for _, option in self.narrowed(value):
                if isinstance(option, Text) and option.parts and looks_like_reference(option):
                    self.dropped.append(Dropped(option, site, self.stack, len(self.events)))

    # --- side by side ---

    def wait(self) -> None:
        """Run everything that was spawned and has not run yet."""
        while self.pending:
            batch, self.pending = self.pending, []
            self._batch += 1
            number = self._batch
            for index, pending in enumerate(batch):
                self._run_pending(pending, (number, index))

    def spawn_value(self, function: Value) -> None:
        """Call a function value side by side with what follows."""
        if self.frames:
            name = self.fresh("%spawned")
            frame = self.frames[-1]
            names = {**frame.names, name: self.heap.new(function)}
            span = self.site
            body = (ir.Invoke((), ir.Name(name, span), (), span),)
            copy = Frame(frame.procedure, names, self.guards, 0, 0)
            self.pending.append(Pending(body, copy, self.guards, self.stack, self.lane))

    def _run_pending(self, pending: Pending, place: tuple[int, int]) -> None:
        outer = (self.guards, self.stack, self.lane, self.live, self.failed)
        self.guards, self.stack = pending.guards, pending.stack
        self.lane = (*pending.lane, place)
        self.live, self.failed = True, False
        shared = {cell: self.heap.read(cell) for cell in pending.copied}
        self._write_all(pending.copied)
        frame = self.enter(pending.frame.procedure, pending.frame.names)
        frame.entry = pending.guards
        self.frames.append(frame)
        with self.own_process():
            self.run_block(pending.body, frame)
        if self.live:
            self.leave(frame, ())
        self._settle(frame)
        self.run_deferred(frame)
        self.frames.pop()
        self._write_all(shared)
        self.guards, self.stack, self.lane, self.live, self.failed = outer

    def _write_all(self, contents: dict[int, Value]) -> None:
        for cell, value in contents.items():
            self.heap.write(cell, value)

    def run_deferred(self, frame: Frame) -> None:
        """Run what a finished frame deferred, last first."""
        for body, names in reversed(frame.deferred):
            self.live, self.failed = True, False
            self.run_block(body, self.enter(frame.procedure, names))


def _has_keyword(node: ir.Invoke, name: str) -> bool:
    return any(argument.keyword == name for argument in node.arguments)


def _can_act(value: Value) -> bool:
    """Whether a procedure that gets this value can do something by it that its own text does not show."""
    match value:
        case Pointer() | FunctionValue() | Alternatives():
            return True
        case Record():
            return any(_can_act(part) for _, part in value.fields)
        case Sequence():
            return any(map(_can_act, value.items))
        case _:
            return False


def _takes_all(procedure: Procedure) -> bool:
    """Whether a procedure has its arguments as a script has them: as one list, and nothing else."""
    return len(procedure.parameters) == 1 and procedure.parameters[0].variadic and not procedure.parameters[0].type


def _remaining(procedure: Procedure, parameter: ir.Parameter, arguments: Results) -> Value:
    """The list that a variadic parameter is; of a script that is an entry point nobody knows the arguments."""
    match arguments:
        case (Opaque(type="") as only,) if only.identity.startswith(PARAMETER_PREFIX) and _takes_all(procedure):
            return only
        case _:
            return Sequence(arguments)


def _makes_errors(procedure: Procedure) -> bool:
    """Whether a procedure is there to make or wrap an error: it is given one, or it does nothing by turns."""
    given = any(parameter.type == "error" for parameter in procedure.parameters)
    return given or not any(isinstance(each, ir.Branch | ir.ForEach | ir.While) for each in procedure.body)


def _sides(value: Alternatives, function: Callable[[Value], Value]) -> Iterator[tuple[Guards, Callable[[], Value]]]:
    """The sides of a fork over the options of a value."""
    for guards, option in value.options:
        yield guards, partial(function, option)
