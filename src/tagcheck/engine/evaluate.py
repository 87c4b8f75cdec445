"""Expressions to values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from tagcheck import ir
from tagcheck.builtins.symbolic import TEXT_FIELD
from tagcheck.builtins.texts import slice_text
from tagcheck.engine import shelltexts, truth
from tagcheck.engine.state import ABSENT, Frame, Heap
from tagcheck.engine.truth import Condition
from tagcheck.frontends.api import TypeInfo, Variable
from tagcheck.guards import ALWAYS, Guards, build_guards, when
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span, is_hole
from tagcheck.values import (
    EMPTY,
    MOST_OPTIONS,
    Absent,
    Alternatives,
    Filling,
    FunctionValue,
    Hole,
    HoleKind,
    LibraryValue,
    Mapping,
    Null,
    Number,
    Opaque,
    Origin,
    Piece,
    Pointer,
    Record,
    Same,
    Sequence,
    Text,
    Truth,
    Value,
    alternatives,
    hole_of,
    options,
    same,
)

MOST_COMBINATIONS = 6
"""Past this many combinations, alternatives go into a text as one hole and are taken apart where the text is used."""
BASE = "*"
"""The field of a record that holds the opaque value which it was before a field was set."""


class Exhausted(Exception):
    """The bound on the work for one entry point is reached; never leaves the engine."""


class Evaluation:
    """State of one run, and the meaning of expressions in it."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        self.program = program
        self.models = models
        self.heap = Heap()
        self.guards: Guards = ALWAYS
        self.live = True
        self.stack: tuple[Span, ...] = ()
        self.steps = steps
        self.libraries: dict[tuple[str, str], Value] = {}
        self.globals: dict[tuple[str, str], int] = {}
        self.holes: tuple[Value, ...] = ()
        self.suspended: dict[str, Value] = {}
        self._count = 0

    # --- bookkeeping ---

    def fresh(self, what: str) -> str:
        """An identity that no other evaluation of this run has."""
        self._count += 1
        return f"{what}@{self._count}"

    def step(self) -> None:
        self.steps -= 1
        if self.steps <= 0:
            raise Exhausted

    def opaque(self, reason: str, type_: str = "") -> Opaque:
        return Opaque(self.fresh(reason), reason, type_)

    def initialise(self, module: str, variable: Variable) -> int:
        """Run the declaration of a module's variable; its cell."""
        raise NotImplementedError

    # --- alternatives ---

    def narrow(self, value: Value) -> Value:
        """A value without the options that are impossible here."""
        if not isinstance(value, Alternatives):
            return value
        kept = [(guards, option) for guards, option in value.options if self.guards.compatible(guards)]
        if len(kept) == len(value.options):
            return value
        if len(kept) == 1:
            return kept[0][1]
        return alternatives(kept)

    def spread_out(self, values: tuple[Value, ...]) -> Iterator[tuple[Guards, tuple[Value, ...]]]:
        """Every combination of the options of several values that is possible here."""
        if not any(isinstance(value, Alternatives) for value in values):
            yield ALWAYS, values
            return
        partial: list[tuple[Guards, tuple[Value, ...]]] = [(ALWAYS, ())]
        for value in values:
            grown: list[tuple[Guards, tuple[Value, ...]]] = []
            for guards, chosen in partial:
                for inner, option in options(value):
                    both = guards.and_(inner)
                    if both is not None and self.guards.compatible(both):
                        grown.append((both, (*chosen, option)))
            partial = grown
        yield from partial

    def distribute(self, values: tuple[Value, ...], function: Callable[[tuple[Value, ...]], Value]) -> Value:
        """A function of several values, applied to every combination of their options."""
        if not any(isinstance(value, Alternatives) for value in values):
            return function(values)
        combinations = list(islice(self.spread_out(values), MOST_OPTIONS * 2 + 1))
        if len(combinations) > MOST_OPTIONS * 2:
            return self.opaque("too many alternatives")
        return alternatives((guards, function(chosen)) for guards, chosen in combinations)

    def load(self, value: Value) -> Value:
        """The content of the cell that a pointer leads to, through any number of pointers."""
        for _ in range(8):
            if isinstance(value, Alternatives) and any(isinstance(option, Pointer) for _, option in value.options):
                return alternatives((guards, self.load(option)) for guards, option in self.narrowed(value))
            if not isinstance(value, Pointer):
                break
            value = self.narrow(self.heap.read(value.cell))
        return value

    def narrowed(self, value: Value) -> tuple[tuple[Guards, Value], ...]:
        return options(self.narrow(value))

    # --- texts ---

    def suspend(self, value: Value) -> Value:
        """Alternatives as one hole, to be taken apart again (`resume`) where the text that it goes into is used."""
        if not isinstance(value, Alternatives):
            return value
        identity = self.fresh("suspended")
        self.suspended[identity] = value
        return Text.of_hole(Hole(HoleKind.OPAQUE, identity, "?"))

    def resume(self, part: Filling) -> Value:
        """What a hole stands for."""
        return self.suspended.get(part.hole.identity) or Text((part,))

    def resumed(self, text: Text) -> Value:
        """A text with its suspended alternatives taken apart."""
        if not any(hole.identity in self.suspended for hole in text.holes):
            return text
        parts = tuple(self.resume(part) if isinstance(part, Filling) else Text((part,)) for part in text.parts)
        return self.distribute(parts, self._concatenated)

    def _concatenated(self, chosen: tuple[Value, ...]) -> Value:
        return Text(tuple(part for value in chosen for part in self.as_text(value).parts))

    def as_text(self, value: Value) -> Text:
        """A value (not `Alternatives`) as the text that formatting it gives; a hole where that is not known."""
        match value:
            case Text():
                return value
            case Number():
                return Text.of(str(value.value))
            case Truth():
                return Text.of("true" if value.value else "false")
            case Opaque():
                return Text.of_hole(hole_of(value))
            case Pointer():
                return self.as_text(self.load(value))
            case Record() if (inner := value.get(TEXT_FIELD)) is not None:
                return self.as_text(inner)
            case _:
                return Text.of_hole(Hole(HoleKind.OPAQUE, self.fresh("text"), "a value without a known text"))

    def text_options(self, value: Value) -> list[tuple[Guards, Text]]:
        """The texts that a value can be here, pointers followed."""
        loaded = self.load(self.narrow(value))
        if isinstance(loaded, Text):
            loaded = self.resumed(loaded)
        return [(guards, self.as_text(option)) for guards, option in self.narrowed(loaded)]

    # --- expressions ---

    def evaluate(self, expression: ir.Expression, frame: Frame) -> Value:
        """The value of an expression in a frame."""
        handler = _HANDLERS[type(expression)]
        return handler(self, expression, frame)

    def _literal(self, node: ir.Literal, frame: Frame) -> Value:
        if self.holes and not node.text.isascii() and any(is_hole(character) for character in node.text):
            return self._filled(node)
        found = self.program.literals.get(id(node))
        if found is None:
            text = Text((Piece(node.text, Origin(node.span.start, node.exact)),)) if node.text else EMPTY
            found = self.program.literals[id(node)] = (node, text)
        return found[1]

    def _filled(self, node: ir.Literal) -> Value:
        """A literal of a text with holes: the values go back in."""
        parts: list[Value] = []
        start = 0
        origin = Origin(node.span.start, node.exact)
        for index, character in enumerate(node.text):
            if is_hole(character):
                if index > start:
                    parts.append(Text((Piece(node.text[start:index], origin.advanced(node.text[:start])),)))
                number = ord(character) - 0xE000
                parts.append(self.holes[number] if number < len(self.holes) else self.opaque("a hole"))
                start = index + 1
        if start < len(node.text):
            parts.append(Text((Piece(node.text[start:], origin.advanced(node.text[:start])),)))
        return parts[0] if len(parts) == 1 else self.join(tuple(parts))

    def join(self, values: tuple[Value, ...]) -> Value:
        """Concatenation."""
        loaded = tuple(self.load(value) for value in values)
        return self.distribute(self.moderate(loaded), self._concatenated)

    def moderate(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values, their alternatives suspended when combining them would give too many."""
        count = 0
        if any(isinstance(value, Alternatives) for value in values):
            for count, _ in enumerate(self.spread_out(values), start=1):
                if count > MOST_COMBINATIONS:
                    return tuple(map(self.suspend, values))
        return values

    def _constant(self, node: ir.Constant, frame: Frame) -> Value:
        if node.value is None:
            return Null()
        return Truth(node.value) if isinstance(node.value, bool) else Number(node.value)

    def _name(self, node: ir.Name, frame: Frame) -> Value:
        cell = frame.names.get(node.name)
        if cell is not None:
            return self.narrow(self.heap.read(cell))
        return self.symbol(frame.procedure.module, node.name, node.span)

    def _global(self, node: ir.Global, frame: Frame) -> Value:
        return self.symbol(node.module, node.name, node.span)

    def symbol(self, module: str, name: str, span: Span) -> Value:
        """What a module-level name means: a procedure, a variable's value, a library's function or constant."""
        cell = self.globals.get((module, name))
        if cell is not None and (value := self.heap.read(cell)) is not ABSENT:
            return self.narrow(value)
        found = self.program.lookup(module, name)
        match found:
            case ():
                return self._library(module, name)
            case (only,):
                return self._symbol_value(module, name, only)
        return alternatives(
            (self._chosen(index, len(found), module, name), self._symbol_value(module, name, each))
            for index, each in enumerate(found)
        )

    def _chosen(self, index: int, count: int, module: str, name: str) -> Guards:
        """The guard of one of several definitions of a name among which a build chooses: the build's constraint, so
        that names in one file are chosen together."""
        constraints = self.program.constraints(module, name)
        guards = build_guards(constraints[index]) if index < len(constraints) else ALWAYS
        for other in range(count):
            guards = guards.and_(when(f"build:{module}.{name}:{other}", other == index)) or guards
        return guards

    def _symbol_value(self, module: str, name: str, found: Procedure | Variable | TypeInfo) -> Value:
        match found:
            case Procedure():
                return FunctionValue(found)
            case Variable():
                cell = self.initialise(module, found)
                return self.narrow(self.heap.read(cell))
            case TypeInfo():
                return LibraryValue(f"type:{found.name}")

    def _library(self, module: str, name: str) -> Value:
        found = self.libraries.get((module, name))
        if found is None:
            found = self.libraries[(module, name)] = self._library_value(module, name)
        return found

    def _library_value(self, module: str, name: str) -> Value:
        for candidate in (f"{module}.{name}", *(f"{other}.{name}" for other in self.program.dotted(module))):
            constant = self.models.values.get(candidate)
            if constant is not None:
                return self.constant(constant)
            if self.models.find(candidate) is not None:
                return LibraryValue(candidate)
        return LibraryValue(f"{module}.{name}")

    def constant(self, value: object) -> Value:
        """A library constant of the catalogue as a value."""
        match value:
            case bool():
                return Truth(value)
            case int() | float():
                return Number(value)
            case str():
                return Text.of(value)
            case Text() | Record() | Sequence() | Opaque() | Null():
                return value
            case _:
                return self.opaque("a library's value")

    def _join(self, node: ir.Join, frame: Frame) -> Value:
        return self.join(tuple(self.evaluate(part, frame) for part in node.parts))

    def items(self, nodes: tuple[ir.Expression, ...], frame: Frame) -> Value:
        """A list written out, spreads expanded."""
        parts: list[Value] = []
        spread: list[bool] = []
        for node in nodes:
            is_spread = isinstance(node, ir.Spread)
            inner = node.value if isinstance(node, ir.Spread) else node
            value = self.evaluate(inner, frame)
            parts.append(self.load(value) if is_spread else value)
            spread.append(is_spread)
        if not any(spread):
            return Sequence(tuple(parts))
        return self._flattened(parts, spread)

    def _flattened(self, parts: list[Value], spread: list[bool]) -> Value:
        indices = [index for index, flag in enumerate(spread) if flag]

        def flat(lists: tuple[Value, ...]) -> Value:
            chosen = dict(zip(indices, lists, strict=True))
            items: list[Value] = []
            is_open = False
            for index, part in enumerate(parts):
                value = chosen.get(index, part)
                if index not in chosen:
                    items.append(value)
                elif isinstance(value, Sequence):
                    items.extend(value.items)
                    is_open = is_open or value.open
                elif isinstance(value, Opaque):
                    is_open = True
                elif not isinstance(value, Null | Absent):
                    items.append(value)
            return Sequence(tuple(items), is_open)

        return self.distribute(tuple(parts[index] for index in indices), flat)

    def _list(self, node: ir.ListOf, frame: Frame) -> Value:
        return self.items(node.items, frame)

    def _map(self, node: ir.MapOf, frame: Frame) -> Value:
        return Mapping(tuple((self.evaluate(k, frame), self.evaluate(v, frame)) for k, v in node.entries))

    def _record(self, node: ir.RecordOf, frame: Frame) -> Value:
        return Record(node.type, tuple((name, self.evaluate(value, frame)) for name, value in node.fields))

    def _zero(self, node: ir.Zero, frame: Frame) -> Value:
        return self.zero(node.type)

    def zero(self, type_: str) -> Value:
        """The zero value of a type."""
        match type_:
            case "string":
                return EMPTY
            case "bool":
                return Truth(False)
            case "error" | "func" | "any" | "interface" | "interface{}":
                return Null()
            case "int" | "int8" | "int16" | "int32" | "int64" | "uint" | "uint8" | "uint16" | "uint32" | "uint64":
                return Number(0)
            case "float64" | "float32" | "byte" | "rune":
                return Number(0)
        if type_.startswith(("[", "map[")):
            return Sequence(()) if type_.startswith("[") else Mapping(())
        if type_.startswith("chan"):
            return Null()
        if not type_:
            return self.opaque("a zero value")
        info = self.program.type(type_)
        if info is not None and info.underlying:
            return Null() if info.underlying == "interface" else self.zero(info.underlying)
        return Record(type_)

    def _allocate(self, node: ir.Allocate, frame: Frame) -> Value:
        return Pointer(self.heap.new(self.evaluate(node.value, frame)))

    def _channel(self, node: ir.MakeChannel, frame: Frame) -> Value:
        return Pointer(self.heap.new(Record("channel", (("queue", Sequence(())),))))

    def _address(self, node: ir.AddressOf, frame: Frame) -> Value:
        return self.address(node.target, frame)

    def address(self, target: ir.Expression, frame: Frame) -> Value:
        """A pointer to a variable's cell; to a copy for anything else."""
        if isinstance(target, ir.Name | ir.Global):
            cell = self.cell(target, frame)
            if cell is not None:
                content = self.heap.read(cell)
                return content if isinstance(content, Pointer) and not isinstance(target, ir.Global) else Pointer(cell)
        value = self.evaluate(target, frame)
        return value if isinstance(value, Pointer) else Pointer(self.heap.new(value))

    def cell(self, target: ir.Name | ir.Global, frame: Frame) -> int | None:
        """The cell of a variable; None for what is no variable."""
        if isinstance(target, ir.Name) and target.name in frame.names:
            return frame.names[target.name]
        module = frame.procedure.module if isinstance(target, ir.Name) else target.module
        key = (module, target.name)
        if key not in self.globals:
            self.symbol(module, target.name, target.span)
        return self.globals.get(key)

    def _dereference(self, node: ir.Dereference, frame: Frame) -> Value:
        return self.load(self.evaluate(node.pointer, frame))

    def _field(self, node: ir.Field, frame: Frame) -> Value:
        base = self.evaluate(node.base, frame)
        return self.field(base, node.name)

    def field(self, base: Value, name: str) -> Value:
        """A field's value, or a method bound to its receiver."""
        if isinstance(base, Alternatives):
            return self.distribute((base,), lambda chosen: self.field(chosen[0], name))
        content = self.load(base)
        if isinstance(content, Alternatives):
            return self.distribute((content,), lambda chosen: self._field_of(base, chosen[0], name))
        return self._field_of(base, content, name)

    def _field_of(self, base: Value, content: Value, name: str) -> Value:
        match content:
            case Record():
                return self.narrow(self._record_field(base, content, name))
            case Mapping():
                return self.narrow(content.get(name) or self.opaque(f"no entry {name!r}"))
            case Opaque():
                return self._opaque_field(base, content, name)
            case _:
                return self.opaque(f"a field {name!r} of something that is no record")

    def _record_field(self, base: Value, record: Record, name: str) -> Value:
        found = record.get(name)
        if found is not None:
            return found
        for method in self.program.methods(record.type, name):
            return FunctionValue(method, receiver=base)
        for embedded in self.program.embedded(record.type):
            inner = record.get(embedded.rpartition(".")[2])
            if inner is not None or self.program.has_member(embedded, name):
                return self.field(inner if inner is not None else self.zero(embedded), name)
        origin = record.get(BASE)
        if isinstance(origin, Opaque):
            return self._opaque_field(base, origin, name)
        type_ = self.program.field_type(record.type, name)
        if type_:
            return self.zero(type_)
        return LibraryValue(f"{record.type}.{name}", base) if record.type else self.opaque("an unset field")

    def _opaque_field(self, base: Value, value: Opaque, name: str) -> Value:
        for method in self.program.methods(value.type, name):
            return FunctionValue(method, receiver=base)
        label = f"{value.label}.{name}" if value.label else ""
        type_ = self.program.field_type(value.type, name)
        return Opaque(f"{value.identity}.{name}", value.reason, type_, label)

    def _index(self, node: ir.Index, frame: Frame) -> Value:
        base = self.load(self.evaluate(node.base, frame))
        index = self.evaluate(node.index, frame)
        return self.narrow(self.distribute((base, index), lambda chosen: self.item(chosen[0], chosen[1])))

    def item(self, base: Value, index: Value) -> Value:
        """An item of a list, a value of a mapping, a character of a text."""
        match base, index:
            case Sequence(items=items), Number(value=at):
                position = int(at)
                return items[position] if -len(items) <= position < len(items) else self.opaque("no such item")
            case Text(), Number(value=at):
                return slice_text(base, int(at), int(at) + 1)
            case Mapping(), Text():
                return self._entry(base, index)
            case Opaque(), _:
                key = self.as_text(index)
                return Opaque(f"{base.identity}[{key}]", base.reason)
            case _:
                return self.opaque("an item that is not known")

    def _entry(self, mapping: Mapping, key: Text) -> Value:
        doubtful = mapping.open
        for name, value in reversed(mapping.entries):
            answer = same(name, key) if isinstance(name, Text) else Same.MAYBE
            if answer is Same.YES and not doubtful:
                return value
            if answer is not Same.NO:
                doubtful = True
        return self.opaque("an entry that is not known")

    def _slice(self, node: ir.Slice, frame: Frame) -> Value:
        base = self.load(self.evaluate(node.base, frame))
        low = self.evaluate(node.low, frame) if node.low is not None else Number(0)
        high = self.evaluate(node.high, frame) if node.high is not None else Null()
        return self.distribute((base, low, high), self._sliced)

    def _sliced(self, chosen: tuple[Value, ...]) -> Value:
        base, low, high = chosen
        start = int(low.value) if isinstance(low, Number) else None
        end = int(high.value) if isinstance(high, Number) else None
        if start is None or (end is None and not isinstance(high, Null)):
            return self.opaque("a slice with bounds that are not known")
        match base:
            case Sequence():
                return Sequence(base.items[start:end], base.open and end is None)
            case Text():
                return slice_text(base, start, end)
            case Opaque():
                return slice_text(self.as_text(base), start, end)
            case _:
                return self.opaque("a slice of something that is no list")

    def _closure(self, node: ir.Closure, frame: Frame) -> Value:
        wanted = node.procedure.mentions
        captured = tuple(
            (name, cell) for name, cell in frame.names.items() if not wanted or name.partition("#")[0] in wanted
        )
        return FunctionValue(node.procedure, captured)

    def _choice(self, node: ir.Choice, frame: Frame) -> Value:
        condition = self.condition(node.condition, frame)
        if condition.decided is not None:
            return self.evaluate(node.then if condition.decided else node.otherwise, frame)
        then, otherwise = self.evaluate(node.then, frame), self.evaluate(node.otherwise, frame)
        sides = [(side, then) for side in condition.true] + [(side, otherwise) for side in condition.false]
        return alternatives(sides)

    def _truth(self, node: ir.Expression, frame: Frame) -> Value:
        return self.truth_value(self.condition(node, frame))

    def truth_value(self, condition: Condition) -> Value:
        """A condition as a value."""
        if condition.decided is not None:
            return Truth(condition.decided)
        sides: list[tuple[Guards, Value]] = [(side, Truth(True)) for side in condition.true]
        return alternatives([*sides, *((side, Truth(False)) for side in condition.false)])

    def condition(self, node: ir.Expression, frame: Frame) -> Condition:
        """An expression as a condition, given where the run is."""
        return self._condition(node, frame).given(self.guards)

    def _condition(self, node: ir.Expression, frame: Frame) -> Condition:
        match node:
            case ir.Compare():
                return self._compared(node, frame)
            case ir.Not():
                return self._condition(node.operand, frame).negated()
            case ir.AllOf():
                return truth.all_of([self._condition(each, frame) for each in node.operands], self.fresh("and"))
            case ir.AnyOf():
                return truth.any_of([self._condition(each, frame) for each in node.operands], self.fresh("or"))
            case ir.Opaque():
                return truth.atom(f"~{self.fresh(node.reason)}")
            case _:
                value = self.narrow(self.evaluate(node, frame))
                parts = [truth.under(guards, truth.truth(option)) for guards, option in options(value)]
                return truth.union(parts, self.fresh("condition"))

    def _compared(self, node: ir.Compare, frame: Frame) -> Condition:
        left = self.narrow(self.evaluate(node.left, frame))
        right = self.narrow(self.evaluate(node.right, frame))
        if not isinstance(left, Null) and not isinstance(right, Null):
            left, right = self.comparable(left), self.comparable(right)
        parts = [
            truth.under(guards, truth.compare(node.operator, one, other))
            for guards, (one, other) in self.spread_out((left, right))
        ]
        return truth.union(parts, self.fresh("comparison"))

    def comparable(self, value: Value) -> Value:
        """A value in the form in which it is compared: parameters as texts, pointers as they are."""
        if isinstance(value, Opaque) and value.type == "string":
            return self.as_text(value)
        return value

    def _apply(self, node: ir.Apply, frame: Frame) -> Value:
        match node.operation:
            case "append":
                return self._append(node, frame)
            case "convert":
                return self.evaluate(node.arguments[-1], frame)
            case "split-words":
                return self._split_words(self.load(self.evaluate(node.arguments[0], frame)))
        values = tuple(self.load(self.evaluate(argument, frame)) for argument in node.arguments)
        return self.distribute(values, lambda chosen: self._applied(node.operation, chosen))

    def _append(self, node: ir.Apply, frame: Frame) -> Value:
        first, *rest = node.arguments
        spread = ir.Spread(first, node.span)
        return self.items((spread, *rest), frame)

    def _split_words(self, value: Value) -> Value:
        """What becomes of an unquoted value; alternatives in it are taken apart only where they must be."""
        resumed = self.resumed(value) if isinstance(value, Text) else value
        words = shelltexts.split_words(resumed)
        return Sequence((value,)) if words == Sequence((resumed,)) else words

    def environment(self, name: Text) -> Value:
        """The value of an environment variable."""
        raise NotImplementedError

    def _applied(self, operation: str, values: tuple[Value, ...]) -> Value:
        match operation, values:
            case "length", (Sequence(open=False) as sequence,):
                return Number(len(sequence.items))
            case "length", (Mapping(open=False) as mapping,):
                return Number(len(mapping.entries))
            case "length", (Null() | Absent(),):
                return Number(0)
            case "length", (Text() as text,) if text.literal is not None:
                return Number(len(text.literal))
            case "length", (Text() as text,):
                return Opaque(f"length:{text!s}", "a length")
            case "has", (Mapping() as mapping, Text() as key):
                return self._has(mapping, key)
            case "keys", (Mapping() as mapping,):
                return Sequence(tuple(key for key, _ in mapping.entries), mapping.open)
            case ("add" | "subtract" | "multiply"), (Number() as left, Number() as right):
                return _arithmetic(operation, left, right)
            case "add", (Text(), _) | (_, Text()):
                return self.join(values)
            case "environment", (Text() as name,):
                return self.environment(name)
            case "split-lines", (value,):
                return shelltexts.split_lines(self.as_text(value))
            case "argument", (listed, number):
                return shelltexts.argument(listed, number) or self.opaque("an argument that is not known")
            case _:
                found = shelltexts.applied(operation, tuple(map(self.as_text, values)))
                return self.opaque(f"an operation {operation!r}") if found is None else found

    def _has(self, mapping: Mapping, key: Text) -> Value:
        answers = {same(name, key) if isinstance(name, Text) else Same.MAYBE for name, _ in mapping.entries}
        if Same.YES in answers:
            return Truth(True)
        return self.opaque("whether an entry exists") if mapping.open or Same.MAYBE in answers else Truth(False)

    def _spread(self, node: ir.Spread, frame: Frame) -> Value:
        return self.evaluate(node.value, frame)

    def _opaque(self, node: ir.Opaque, frame: Frame) -> Value:
        for part in node.parts:
            self.evaluate(part, frame)
        return self.opaque(node.reason)


def _arithmetic(operation: str, left: Number, right: Number) -> Value:
    match operation:
        case "add":
            return Number(left.value + right.value)
        case "subtract":
            return Number(left.value - right.value)
        case _:
            return Number(left.value * right.value)


_HANDLERS: dict[type[Any], Callable[[Evaluation, Any, Frame], Value]] = {
    ir.Literal: Evaluation._literal,
    ir.Constant: Evaluation._constant,
    ir.Name: Evaluation._name,
    ir.Global: Evaluation._global,
    ir.Join: Evaluation._join,
    ir.Spread: Evaluation._spread,
    ir.ListOf: Evaluation._list,
    ir.MapOf: Evaluation._map,
    ir.RecordOf: Evaluation._record,
    ir.Zero: Evaluation._zero,
    ir.Allocate: Evaluation._allocate,
    ir.MakeChannel: Evaluation._channel,
    ir.AddressOf: Evaluation._address,
    ir.Dereference: Evaluation._dereference,
    ir.Field: Evaluation._field,
    ir.Index: Evaluation._index,
    ir.Slice: Evaluation._slice,
    ir.Closure: Evaluation._closure,
    ir.Compare: Evaluation._truth,
    ir.Not: Evaluation._truth,
    ir.AllOf: Evaluation._truth,
    ir.AnyOf: Evaluation._truth,
    ir.Choice: Evaluation._choice,
    ir.Apply: Evaluation._apply,
    ir.Opaque: Evaluation._opaque,
}
"""A table rather than `match`: it is consulted for every node, and the order of cases must not cost anything."""
