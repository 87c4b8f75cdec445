"""Expressions to values."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.engine import arithmetic, dynamic, shelltexts, shellvalues, truth
from tagcheck.engine.classes import IN_PLACE, MOST_REPEATED, OPERATORS, Classes
from tagcheck.engine.places import ROOT, below
from tagcheck.engine.state import Frame
from tagcheck.engine.truth import Condition
from tagcheck.guards import Guards
from tagcheck.source import Span, is_hole
from tagcheck.values import (
    EMPTY,
    Absent,
    Alternatives,
    FunctionValue,
    Mapping,
    Null,
    Number,
    Opaque,
    Origin,
    Piece,
    Pointer,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
    alternatives,
    counted_as,
    options,
)

MOST_COMPREHENDED = 200


class Evaluation(Classes):
    name_of_shell: Value | None = None
    """what the shell text that runs now was given for its name"""
    """A run that evaluates expressions."""

    site: Span
    """where the run is"""

    def evaluate(self, expression: ir.Expression, frame: Frame) -> Value:
        """The value of an expression in a frame."""
        handler = _HANDLERS[type(expression)]
        return handler(self, expression, frame)

    def _literal(self, node: ir.Literal, frame: Frame) -> Value:
        if self.holes and not node.text.isascii() and any(map(is_hole, node.text)):
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

    def _constant(self, node: ir.Constant, frame: Frame) -> Value:
        if node.value is None:
            return Null()
        return Truth(node.value) if isinstance(node.value, bool) else arithmetic.number(node.value)

    def _name(self, node: ir.Name, frame: Frame) -> Value:
        cell = frame.names.get(node.name)
        if cell is not None:
            value = self.heap.read(cell)
            return self.narrow(value) if isinstance(value, Alternatives) else value
        return self.symbol(frame.procedure.module, node.name, node.span)

    def _global(self, node: ir.Global, frame: Frame) -> Value:
        return _placed(self.symbol(node.module, node.name, node.span), node)

    def _join(self, node: ir.Join, frame: Frame) -> Value:
        return self.join(tuple(self.evaluate(part, frame) for part in node.parts))

    def items(self, nodes: tuple[ir.Expression, ...], frame: Frame) -> Value:
        """A list written out, spreads expanded."""
        if ir.Spread not in map(type, nodes):
            return Sequence(tuple([self.evaluate(node, frame) for node in nodes]))
        parts: list[Value] = []
        spread: list[bool] = []
        for node in nodes:
            is_spread = isinstance(node, ir.Spread)
            inner = node.value if isinstance(node, ir.Spread) else node
            value = self.evaluate(inner, frame)
            parts.append(self.spread_list(value) if is_spread else value)
            spread.append(is_spread)
        return self._flattened(parts, spread)

    def spread_list(self, value: Value) -> Value:
        """The items behind a reference. A call's only result, spread where it could be several, stays the reference."""
        content = self.load(value)
        return value if all(isinstance(option, Record) for _, option in options(content)) else content

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
                elif isinstance(value, Mapping) and all(isinstance(key, Number) for key, _ in value.entries):
                    items.extend(item for _, item in value.entries)
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
        return Mapping(
            tuple((self.evaluate(k, frame), self.evaluate(v, frame)) for k, v in node.entries), type=node.type
        )

    def _record(self, node: ir.RecordOf, frame: Frame) -> Value:
        fields = tuple((name, self.evaluate(value, frame)) for name, value in node.fields)
        if fields and fields[0][0].isdigit():
            return self._positional(node.type, tuple(value for _, value in fields))
        return Record(node.type, fields)

    def _positional(self, type_: str, values: tuple[Value, ...]) -> Value:
        """A literal without names, of a type that is declared elsewhere."""
        info = self.program.type(type_)
        if info is not None and info.underlying.startswith("["):
            return Sequence(values)
        names = [name for name, _ in info.fields] if info is not None else []
        return Record(type_, tuple(zip((*names, *map(str, range(len(names), len(values)))), values, strict=False)))

    def _zero(self, node: ir.Zero, frame: Frame) -> Value:
        return self.zero(node.type)

    def _allocate(self, node: ir.Allocate, frame: Frame) -> Value:
        return Pointer(self.heap.new(self.evaluate(node.value, frame)))

    def _channel(self, node: ir.MakeChannel, frame: Frame) -> Value:
        return Pointer(self.heap.new(Record("channel", (("queue", Sequence(())),))))

    def _address(self, node: ir.AddressOf, frame: Frame) -> Value:
        return self.address(node.target, frame)

    def address(self, target: ir.Expression, frame: Frame) -> Value:
        """A pointer to a variable's cell, or to a part of what is in it; to a copy for anything else."""
        if isinstance(target, ir.Name | ir.Global):
            cell = self.cell(target, frame)
            if cell is not None:
                content = self.heap.read(cell)
                return content if isinstance(content, Pointer) and not isinstance(target, ir.Global) else Pointer(cell)
        value = self.evaluate(target, frame)
        if isinstance(value, Pointer):
            return value
        return self._interior(target, frame) or Pointer(self.heap.new(value))

    def _interior(self, target: ir.Expression, frame: Frame) -> Pointer | None:
        """A pointer to a field or item that has a place of its own."""
        if not isinstance(target, ir.Field | ir.Index):
            return None
        step: Value | str = target.name if isinstance(target, ir.Field) else self.evaluate(target.index, frame)
        base = self._base(target.base, frame)
        if base is None or not isinstance(step, str | Number | Text):
            return None
        content = self.content(base)
        while isinstance(content, Pointer):
            base, content = content, self.content(content)
        match content, step:
            case Record() | Mapping(), str() as name:
                return Pointer(base.cell, (*base.path, name))
            case Sequence(), Number() as at:
                return Pointer(base.cell, (*base.path, at))
            case Mapping(), Text(literal=str() as key) if key:
                return Pointer(base.cell, (*base.path, key))
            case _:
                return None

    def _base(self, base: ir.Expression, frame: Frame) -> Pointer | None:
        """Where that stands of which a part is meant."""
        if isinstance(base, ir.Name | ir.Global):
            cell = self.cell(base, frame)
            return None if cell is None else Pointer(cell)
        if isinstance(base, ir.Dereference):
            found = self.evaluate(base.pointer, frame)
            return found if isinstance(found, Pointer) else None
        return self._interior(base, frame)

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
        found = self.field(base, node.name)
        if isinstance(found, FunctionValue) and found.receiver is base and isinstance(base, Record):
            receiver = found.procedure.receiver
            if receiver is not None and not receiver.copied:
                # A method that changes its object is bound to the variable, not to what it holds now.
                return FunctionValue(found.procedure, found.captured, self.address(node.base, frame))
        return found

    def _index(self, node: ir.Index, frame: Frame) -> Value:
        origin = self.evaluate(node.base, frame)
        base = self.load(origin)
        index = counted_as(self.evaluate(node.index, frame))
        if (
            isinstance(base, Record)
            and (given := self.item_by_method(origin, base, "__getitem__", (index,))) is not None
        ):
            return given
        return self.narrow(self.distribute((base, index), lambda chosen: self.item(chosen[0], chosen[1])))

    def _slice(self, node: ir.Slice, frame: Frame) -> Value:
        base = self.load(self.evaluate(node.base, frame))
        low = self.evaluate(node.low, frame) if node.low is not None else Number(0)
        high = self.evaluate(node.high, frame) if node.high is not None else Null()
        return self.distribute((base, low, high), self._sliced)

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
                parts = [truth.under(guards, truth.truth(self._says_of(option))) for guards, option in options(value)]
                return truth.union(parts, self.fresh("condition"))

    def _says_of(self, value: Value) -> Value:
        """A value as a condition sees it: likewise, and of an object what its own method says."""
        content = self.load(value) if isinstance(value, Pointer) else value
        if isinstance(content, Record) and content.type:
            for name in _SAYS_TRUTH:
                if self.program.methods(content.type, name):
                    found = self.item_by_method(value, content, name, ())
                    return self.load(found) if found is not None else value
        return self.counted(value)

    def _compared(self, node: ir.Compare, frame: Frame) -> Condition:
        left = self.narrow(self.evaluate(node.left, frame))
        right = self.narrow(self.evaluate(node.right, frame))
        if not isinstance(left, Null) and not isinstance(right, Null):
            said = self.by_comparison(node.operator, left, right)
            if said is not None:
                return said
            left, right = self.comparable(left), self.comparable(right)
            if not (isinstance(left, Pointer) and isinstance(right, Pointer)) or self.are_lists(left, right):
                left, right = self.counted(left), self.counted(right)
        parts = [
            truth.under(guards, truth.compare(node.operator, one, other))
            for guards, (one, other) in self.spread_out((left, right))
        ]
        return truth.union(parts, self.fresh("comparison"))

    def comparable(self, value: Value) -> Value:
        """A value in the form in which it is compared: parameters as texts, pointers as they are."""
        if isinstance(value, Opaque) and value.type == "string":
            return self.as_text(value)
        return counted_as(value)

    def _apply(self, node: ir.Apply, frame: Frame) -> Value:
        match node.operation:
            case "append":
                return self._append(node, frame)
            case "convert":
                return self._converted(node, frame)
            case "is-type":
                return self._is_type(node, frame)
            case "split-words":
                value, *separators = (self.load(self.evaluate(each, frame)) for each in node.arguments)
                return self._split_words(value, self._separators(separators))
            case "comprehend" | "comprehend-mapping":
                return self._comprehended(node, frame)
            case "super-method":
                return self.super_method(
                    node, self.evaluate(node.arguments[1], frame), self.evaluate(node.arguments[2], frame)
                )
            case "bound-method":
                return self.bound_method(self.evaluate(node.arguments[0], frame), node.arguments[1])
        given = tuple(self.evaluate(argument, frame) for argument in node.arguments)
        operation = IN_PLACE.get(node.operation, node.operation)
        if operation is not node.operation and (found := self.in_place(operation, given)) is not None:
            return found
        values = tuple(map(self.load, given))
        if (
            Record in map(type, values)
            and operation in OPERATORS
            and (found := self.by_operator(operation, given)) is not None
        ):
            return found
        values = tuple(map(counted_as, values))
        if operation == "environment":
            # What is read stands here, not where the last command ran.
            outer, self.site = self.site, node.span
            found = self.distribute(values, lambda chosen: self._applied(operation, chosen))
            self.site = outer
            return found
        found = self.distribute(values, lambda chosen: self._applied(operation, chosen))
        # What is made of lists that others share is a list of its own, which they can share too.
        return Pointer(self.heap.new(found)) if isinstance(found, Sequence) and Pointer in map(type, given) else found

    def _comprehended(self, node: ir.Apply, frame: Frame) -> Value:
        over = self.load(self.evaluate(node.arguments[0], frame))
        return self.distribute((over,), lambda chosen: self._each_entry(node, chosen[0], frame))

    def _each_entry(self, node: ir.Apply, over: Value, frame: Frame) -> Value:
        """What becomes of the entries of a list or mapping, one after the other."""
        _, key, value, *made = node.arguments
        is_mapping = node.operation == "comprehend-mapping"
        entries = _entries_of(over)
        if entries is None or not isinstance(key, ir.Literal) or not isinstance(value, ir.Literal):
            return Mapping((), True) if is_mapping else Sequence((), True)
        found: list[tuple[Value, Value]] = []
        unsure = bool(getattr(over, "open", False)) or len(entries) > MOST_COMPREHENDED
        for each in entries[:MOST_COMPREHENDED]:
            self.spend(1)
            cells = zip((key.text, value.text), map(self.heap.new, each), strict=True)
            inner = replace(frame, names={**frame.names, **dict(cells)})
            tested = len(made) > 1 + is_mapping
            counts = truth.truth(self._says_of(self.evaluate(made[1 + is_mapping], inner))) if tested else None
            if counts is not None and counts.decided is None:
                unsure = True
            elif counts is None or counts.decided:
                found.append((self.evaluate(made[0], inner), self.evaluate(made[is_mapping], inner)))
        if is_mapping:
            return Mapping(tuple(found), unsure)
        return Sequence(tuple(item for _, item in found), unsure)

    def _converted(self, node: ir.Apply, frame: Frame) -> Value:
        value, type_ = self.evaluate(node.arguments[-1], frame), node.arguments[0]
        if not isinstance(type_, ir.Literal):
            return value
        if isinstance(value, Number) and type_.text in _OTHER_NUMBERS:
            return self.opaque("a number with a fraction", "float64")
        if isinstance(value, Number) and type_.text == "string":
            code = int(value.value)
            return Text.of(chr(code)) if 0 < code < 0xD800 else self.opaque("a character")
        if isinstance(value, Number | Text):
            return self.typed(value, type_.text)
        if type_.text == "string" and isinstance(value, Record):
            return value.get(ir.TEXT_FIELD) or value
        return value

    def _append(self, node: ir.Apply, frame: Frame) -> Value:
        first, *rest = node.arguments
        spread = ir.Spread(first, node.span)
        return self.items((spread, *rest), frame)

    def _is_type(self, node: ir.Apply, frame: Frame) -> Value:
        wanted, others = (
            tuple(each.text for each in listed.items if isinstance(each, ir.Literal))
            for listed in node.arguments[1:]
            if isinstance(listed, ir.ListOf)
        )

        def asked(value: Value) -> Value:
            content = self.load(value)
            found = dynamic.has_type(value, content, wanted, others, self.program)
            return self.opaque("the type of a value") if found is None else Truth(found)

        value = self.evaluate(node.arguments[0], frame)
        return alternatives((guards, asked(option)) for guards, option in self.narrowed(value))

    def _separators(self, given: list[Value]) -> str | None:
        """What divides words; None for blanks, which do where nobody has set anything else."""
        known = self.narrow(given[0]) if given else None
        return known.literal if isinstance(known, Text) else None

    def _split_words(self, value: Value, separators: str | None) -> Value:
        """What becomes of an unquoted value; alternatives in it are taken apart only where they must be."""
        resumed = self.resumed(value) if isinstance(value, Text) else value
        words = shelltexts.split_words(resumed, separators)
        return Sequence((value,)) if words == Sequence((resumed,)) else words

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
            case "has", (Mapping() as mapping, key):
                return self.has_entry(mapping, key)
            case "repeat", (item, Number(value=count)) if 0 <= count <= MOST_REPEATED:
                return Sequence((item,) * int(count))
            case "repeat", (Number(), Opaque() | Number()) | (_, Opaque() | Number()):
                return Sequence((), True)
            case "keys", (Mapping() as mapping,):
                return Sequence(tuple(key for key, _ in mapping.entries), mapping.open)
            case (
                ("add" | "subtract" | "multiply" | "bit-or" | "bit-and" | "shift-left"),
                (Number() as left, Number() as right),
            ):
                return arithmetic.computed(operation, left, right)
            case "modulo", (Number() as left, Number() as right) if left.value >= 0 and right.value > 0:
                # Of numbers below 0, languages have remainders of different signs.
                return arithmetic.number(left.value % right.value, left.type or right.type)
            case "multiply", (Text() | Sequence() as repeated, Number(value=count)) if 0 <= count <= MOST_REPEATED:
                return self.repeated(repeated, int(count))
            case (("add" | "subtract"), (Text() as one, _)) if (
                len(one.literal or "") == 1 and (other := arithmetic.moved(operation, one, values[1])) is not None
            ):
                return other
            case "add", (Text(), _) | (_, Text()):
                return self.join(values)
            case (("quotient" | "whole-quotient" | "power"), (Number() as left, Number() as right)):
                return arithmetic.computed(operation, left, right)
            case "negate", (Number(value=number, type=type_),):
                return Number(-number, type_)
            case "add", (Sequence() as left, Sequence() as right):
                return Sequence((*left.items, *right.items), left.open or right.open)
            case "environment", (Text() as name, *default):
                return self.variable(name, default[0] if default else None)
            case "working-directory", ():
                return self.directory() or ROOT
            case "name-of-shell", (Text() as path,) if self.name_of_shell is not None:
                return self.name_of_shell
            case (("project-path" | "name-of-shell"), (Text() as path,)):
                return below(ROOT, path)
            case "path-below", (base, path):
                return below(self.as_text(base), self.as_text(path))
            case "file-exists", (path,):
                return self.file_exists(self.as_text(path))
            case "file-names", (Sequence() as listed,):
                return self.file_names(listed)
            case "read-fields", (line, separators, Number(value=count)):
                return shelltexts.fields(self.as_text(line), self.as_text(separators).literal, int(count))
            case "split-lines", (value,):
                return shelltexts.split_lines(self.as_text(value))
            case "argument", (listed, number):
                return shelltexts.argument(listed, number) or self.opaque("an argument that is not known")
            case _:
                known = shellvalues.computed(operation, values)
                if known is not None:
                    return known
                found = shelltexts.applied(operation, tuple(map(self.as_text, values)))
                return self.opaque(f"an operation {operation!r}") if found is None else found

    @abstractmethod
    def file_exists(self, path: Text) -> Value:
        """Whether there is a file."""

    def _spread(self, node: ir.Spread, frame: Frame) -> Value:
        return self.evaluate(node.value, frame)

    def _opaque(self, node: ir.Opaque, frame: Frame) -> Value:
        for part in node.parts:
            self.evaluate(part, frame)
        return self.opaque(node.reason)


_SAYS_TRUTH = ("__bool__", "__len__")
"""Methods that say whether an object counts as true (Python language reference, "Truth value testing")."""
_OTHER_NUMBERS = ("float64", "float32")


def _entries_of(value: Value) -> tuple[tuple[Value, Value], ...] | None:
    """The entries of a mapping or list, with their keys or numbers; None for anything else."""
    match value:
        case Mapping(entries=entries):
            return entries
        case Sequence(items=items):
            return tuple((Number(at), item) for at, item in enumerate(items))
        case _:
            return None


def _placed(value: Value, node: ir.Global) -> Value:
    """A library's constant stands where it is used."""
    if isinstance(value, Text) and len(value.parts) == 1:
        part = value.parts[0]
        if isinstance(part, Piece) and part.origin is None:
            return Text((Piece(part.text, Origin(node.span.start, False)),))
    return value


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
