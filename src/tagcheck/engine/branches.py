"""Both sides of a branch on one state: run each, undo it, join what they leave."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Seq

from msgspec import Struct

from tagcheck import ir
from tagcheck.engine.recorder import Recorder
from tagcheck.engine.state import ABSENT, Exit, delta
from tagcheck.engine.truth import Condition
from tagcheck.guards import Guards, any_of, disjunction, when
from tagcheck.values import Absent, Mapping, Null, Record, Sequence, Text, Value, alternatives

DEEPEST_JOIN = 6


class Side(Struct):
    """One side of a branch after it ran: what it adds to the guards, what it computed and what it wrote."""

    guards: Guards
    value: Value
    writes: dict[int, Value]


class Branches(Recorder):
    """A run that can go several ways at once."""

    failed: bool = False
    """the current path has ended in failure (then `live` is False too)"""
    output_cell: int | None = None
    """the cell to which the shell or program that runs now prints"""
    raised: Value | None = None
    """what was raised where the run last ended in failure"""
    depth: int = 0
    """how many forks are open"""

    def fork(self, sides: Iterable[tuple[Guards, Callable[[], Value]]]) -> Value:
        """Run each side under its guards; afterwards cells hold what the surviving sides left in them. The value is
        that of the sides' results."""
        base = self.guards
        survivors: list[Side] = []
        all_failed, ran = True, 0
        for guards, body in sides:
            inside = base.and_(guards)
            if inside is None:
                continue
            ran += 1
            side, side_failed = self._side(inside, base, body)
            if side is not None:
                survivors.append(side)
            all_failed = all_failed and side_failed
        self.guards, self.live, self.failed = base, bool(survivors), not survivors and all_failed and ran > 0
        if not survivors:
            return ABSENT
        self._rejoin(base, survivors, ran)
        if len(survivors) == 1:
            return survivors[0].value
        return self.joined([(side.guards, side.value) for side in survivors], 0)

    def opposite(self, condition: Condition) -> tuple[Guards, Guards]:
        """The guards of the two sides; an atom of their own keeps them apart where the conditions cannot be written."""
        (then, exact), (otherwise, other_exact) = disjunction(condition.true), disjunction(condition.false)
        if exact and other_exact:
            return then, otherwise
        mark = self.fresh("~side")
        return then.and_(when(mark)) or then, otherwise.and_(when(mark, False)) or otherwise

    def _side(self, inside: Guards, base: Guards, body: Callable[[], Value]) -> tuple[Side | None, bool]:
        mark = self.heap.mark()
        seen = (len(self.events), len(self.gaps), len(self.dropped))
        exits = self.exit_count()
        self.guards, self.live, self.failed = inside, True, False
        self.depth += 1
        value = body()
        self.depth -= 1
        side = Side(delta(self.guards, base), value, self.heap.changes(mark)) if self.live else None
        failed = not self.live and self.failed and self.exit_count() == exits
        if failed:
            del self.events[seen[0] :], self.gaps[seen[1] :], self.dropped[seen[2] :]
        self.heap.undo(mark)
        return side, failed

    @abstractmethod
    def exit_count(self) -> int:
        """How many ways out of procedures and loops have been recorded so far."""

    def _rejoin(self, base: Guards, survivors: list[Side], ran: int) -> None:
        self.merge([(side.guards, side.writes) for side in survivors])
        if len(survivors) == 1 and ran > 1:
            kept = survivors[0].guards
            self.guards = base.and_(kept) or base
        elif len(survivors) < ran:
            self.guards = base.and_(any_of(tuple(side.guards for side in survivors))) or base

    def merge(self, sides: Seq[tuple[Guards, dict[int, Value]]]) -> None:
        """Write into every cell what the sides left there; a side that did not write a cell leaves its old value."""
        heap = self.heap
        if len(sides) == 1:
            for cell, value in sides[0][1].items():
                heap.write(cell, value)
            return
        for cell in sorted(set().union(*(writes for _, writes in sides))):
            old = heap.read(cell)
            found = [writes.get(cell, old) for _, writes in sides]
            first = found[0]
            for value in found:
                if value is not first:
                    break
            else:
                heap.write(cell, first)
                continue
            present = [
                (side[0], value) for side, value in zip(sides, found, strict=True) if not isinstance(value, Absent)
            ]
            heap.write(cell, self.joined(present, 0) if present else ABSENT)

    def joined(self, choices: Seq[tuple[Guards, Value]], depth: int) -> Value:
        """Alternatives, kept inside records and lists of the same shape so that their parts stay readable."""
        first = choices[0][1]
        for _, value in choices:
            if value is not first:
                break
        else:
            return first
        if depth < DEEPEST_JOIN:
            match first:
                case Record() if all(isinstance(v, Record) and v.type == first.type for _, v in choices):
                    return self._joined_records(first.type, choices, depth)
                case Sequence() if all(_same_length(first, v) for _, v in choices):
                    return self._joined_sequences(first, choices, depth)
                case Mapping() if all(_same_keys(first, v) for _, v in choices):
                    return self._joined_mappings(first, choices, depth)
        return alternatives(choices)

    def _joined_records(self, type_: str, choices: Seq[tuple[Guards, Value]], depth: int) -> Value:
        records = [(guards, value) for guards, value in choices if isinstance(value, Record)]
        names = dict.fromkeys(name for _, record in records for name, _ in record.fields)
        fields: list[tuple[str, Value]] = []
        for name in names:
            parts = [(guards, self._field_or_zero(record, name)) for guards, record in records]
            fields.append((name, self.joined(parts, depth + 1)))
        return Record(type_, tuple(fields))

    def _field_or_zero(self, record: Record, name: str) -> Value:
        found = record.get(name)
        if found is not None:
            return found
        if self.program.is_pointer(record.type, name):
            return Null()
        return self.zero(self.program.field_type(record.type, name) or "error")

    def _joined_sequences(self, first: Sequence, choices: Seq[tuple[Guards, Value]], depth: int) -> Value:
        columns = range(len(first.items))
        rows = [(guards, value.items) for guards, value in choices if isinstance(value, Sequence)]
        items = tuple(self.joined([(guards, row[index]) for guards, row in rows], depth + 1) for index in columns)
        return Sequence(items, any(isinstance(v, Sequence) and v.open for _, v in choices))

    def _joined_mappings(self, first: Mapping, choices: Seq[tuple[Guards, Value]], depth: int) -> Value:
        rows = [(guards, value.entries) for guards, value in choices if isinstance(value, Mapping)]
        entries = tuple(
            (key, self.joined([(guards, row[index][1]) for guards, row in rows], depth + 1))
            for index, (key, _) in enumerate(first.entries)
        )
        return first.holding(entries, any(isinstance(v, Mapping) and v.open for _, v in choices))

    def exits_joined(self, exits: list[Exit]) -> tuple[Value, ...]:
        """The results of several ways out together; a missing result counts as absent."""
        width = max((len(way.results) for way in exits), default=0)
        return tuple(
            self.joined([(way.guards, way.results[i]) for way in exits if i < len(way.results)], 0)
            for i in range(width)
        )


def asked_about(condition: ir.Expression) -> Iterator[ir.Name | ir.Global]:
    """The variables that a condition asks about."""
    match condition:
        case ir.Name() | ir.Global():
            yield condition
        case ir.Compare():
            yield from (each for each in (condition.left, condition.right) if isinstance(each, ir.Name | ir.Global))
        case ir.Not():
            yield from asked_about(condition.operand)
        case ir.AllOf() | ir.AnyOf():
            for operand in condition.operands:
                yield from asked_about(operand)


def _same_length(first: Sequence, other: Value) -> bool:
    return isinstance(other, Sequence) and len(other.items) == len(first.items)


def _same_keys(first: Mapping, other: Value) -> bool:
    if not isinstance(other, Mapping) or len(other.entries) != len(first.entries):
        return False
    pairs = zip(first.entries, other.entries, strict=True)
    return all(isinstance(a, Text) and a == b for (a, _), (b, _) in pairs)
