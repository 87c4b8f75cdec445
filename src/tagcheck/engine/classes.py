"""Classes as objects of their own: attributes that a program gives them while it runs, descriptors, and operators that
their methods define (Python 3.13 reference, "Data model").

Purpose: what a class is given after its body has run is found by all its objects that have no such attribute
themselves; an attribute that is a descriptor says itself what it holds for an object.

What it cannot do: metaclasses; operators that two classes answer in turn (`NotImplemented`).
"""

from __future__ import annotations

from abc import abstractmethod

from tagcheck import ir
from tagcheck.engine import truth
from tagcheck.engine.state import ABSENT
from tagcheck.engine.symbols import Symbols
from tagcheck.engine.truth import Condition
from tagcheck.frontends.api import Variable
from tagcheck.ir import Procedure
from tagcheck.source import Span
from tagcheck.values import FunctionValue, LibraryValue, Mapping, Null, Number, Pointer, Record, Sequence, Text, Value

OPERATORS = {
    "add": ("__add__", "__radd__"),
    "multiply": ("__mul__", "__rmul__"),
    "whole-quotient": ("__floordiv__", "__rfloordiv__"),
    "power": ("__pow__", "__rpow__"),
    "negate": ("__neg__", ""),
}
"""The methods of the left and of the right operand that an operation of `ir.Apply` asks for."""
IN_PLACE = {f"{operation}-in-place": operation for operation in ("add", "multiply", "whole-quotient", "power")}
"""The operations that change their left operand where they can, and what they do otherwise."""
COMPARISONS = {
    ir.CompareOp.EQ: "__eq__",
    ir.CompareOp.NE: "__ne__",
    ir.CompareOp.LT: "__lt__",
    ir.CompareOp.LE: "__le__",
    ir.CompareOp.GT: "__gt__",
    ir.CompareOp.GE: "__ge__",
}
MOST_REPEATED = 64
"""Items that a list of a given length begins with; of a longer one nothing is known."""
_NOWHERE = Span("", 1, 1, 1, 1)


class Classes(Symbols):
    """A run in which classes and modules are given attributes."""

    site: Span
    """where the run is"""

    def set_attribute(self, holder: Value, name: str, value: Value) -> bool:
        """Give an attribute to what keeps its attributes elsewhere than in itself: a class, a module, an object whose
        class has a descriptor there. False if `holder` is nothing of that kind."""
        match holder:
            case FunctionValue(procedure=made) if made.constructs:
                module, _, type_ = made.constructs.rpartition(".")
                self._set_global(module, f"{type_}.{name}", value)
                self.added.add(name)
                return True
            case LibraryValue(name=named, receiver=None) if named.endswith(".") and self._stands_for_module(named):
                self._set_global(named[:-1], name, value)
                return True
        if self.program.names_method("__setattr__") and (content := self.load(holder)) is not holder:
            own = isinstance(content, Record) and self.program.methods(content.type, "__setattr__")
            if own and isinstance(content, Record):
                return self.item_by_method(holder, content, "__setattr__", (Text.of(name), value)) is not None
        return self.program.names_method("__set__") and self._set_by_descriptor(holder, name, value)

    def _stands_for_module(self, named: str) -> bool:
        return self.program.is_project(named[:-1])

    def _set_global(self, module: str, name: str, value: Value) -> None:
        place = (module, name)
        if place not in self.globals and any(isinstance(each, Variable) for each in self.program.lookup(module, name)):
            self.symbol(module, name, _NOWHERE)
        if place not in self.globals:
            # What one side of a branch sets is not there on the other.
            self.libraries.pop(place, None)
            self.globals[place] = self.heap.new(ABSENT)
        self.heap.write(self.globals[place], value)

    def set_by_method(self, holder: Value, index: Value, value: Value) -> bool:
        """Set an item of a module's names, or of an object whose class has a method for that; False for all else."""
        content = self.load(holder)
        if isinstance(content, LibraryValue) and isinstance(index, Text) and index.literal is not None:
            return self.set_attribute(content, index.literal, value)
        return (
            isinstance(content, Record)
            and self.item_by_method(holder, content, "__setitem__", (index, value)) is not None
        )

    # --- descriptors ---

    def _set_by_descriptor(self, holder: Value, name: str, value: Value) -> bool:
        content = self.load(holder)
        if not isinstance(content, Record):
            return False
        for found in self.program.member(content.type, name) if content.type else ():
            if not isinstance(found, Variable):
                continue
            descriptor = self.class_variable(content.type, found)
            held = self.load(descriptor)
            if isinstance(held, Record) and self.program.methods(held.type, "__set__"):
                self.name_descriptor(descriptor, held, found.name)
                self.item_by_method(descriptor, held, "__set__", (holder, value))
                return True
        return False

    def described(self, value: Value, base: Value, name: str) -> Value:
        """What a variable of a class is for an object of it, or for the class itself: what a descriptor says."""
        held = self.load(value)
        if not isinstance(held, Record) or not self.program.methods(held.type, "__get__"):
            return value
        of_class = isinstance(base, FunctionValue)
        owner = base if of_class else self.field(base, "__class__")
        self.name_descriptor(value, held, name)
        found = self.item_by_method(value, held, "__get__", (Null() if of_class else base, owner))
        return value if found is None else found

    def name_descriptor(self, descriptor: Value, held: Record, name: str) -> None:
        """Tell a descriptor the class that it belongs to and its name there, `Class.NAME`."""
        if self.program.methods(held.type, "__set_name__"):
            module, _, _ = held.type.rpartition(".")
            type_, _, simple = name.rpartition(".")
            owner = self.symbol(module, type_, _NOWHERE)
            self.item_by_method(descriptor, held, "__set_name__", (owner, Text.of(simple)))

    # --- operators ---

    def by_operator(self, operation: str, values: tuple[Value, ...]) -> Value | None:
        """What an operation gives for values one of which is an object of a class that has a method for it; None if
        none is."""
        names = OPERATORS.get(operation, ("", ""))
        for at, name in enumerate(names[: len(values)]):
            content = self.load(values[at])
            if name and isinstance(content, Record) and self.program.methods(content.type, name):
                return self.item_by_method(values[at], content, name, (*values[:at], *values[at + 1 :]))
        return None

    def in_place(self, operation: str, values: tuple[Value, ...]) -> Value | None:
        """The left one of two values if an operation can change it itself; None if it cannot."""
        left, right = values
        content = self.load(left)
        if isinstance(content, Record) and (name := OPERATORS[operation][0]):
            own = name.replace("__", "__i", 1)
            has = bool(self.program.methods(content.type, own))
            return self.item_by_method(left, content, own, (right,)) if has else None
        if not isinstance(left, Pointer) or not isinstance(content, Sequence):
            return None
        count = self.load(right)
        if operation == "add":
            self.made("list.extend", (left, right))
        elif operation == "multiply" and isinstance(count, Number) and 0 <= count.value <= MOST_REPEATED:
            self.fill(left, self.repeated(content, int(count.value)))
        else:
            self.fill(left, Sequence(content.items, open=True))
        return left

    def by_comparison(self, operator: ir.CompareOp, left: Value, right: Value) -> Condition | None:
        """What the left one of two values says that a comparison gives; None if its class has no method for it. Without
        one of its own, inequality is the opposite of equality."""
        name = COMPARISONS[operator]
        found = self._said(name, left, right) if self.program.names_method(name) else None
        if found is None and operator is ir.CompareOp.NE and self.program.names_method("__eq__"):
            found = self._said("__eq__", left, right)
            return None if found is None else truth.truth(found).negated()
        return None if found is None else truth.truth(found)

    def _said(self, name: str, left: Value, right: Value) -> Value | None:
        content = self.load(left)
        has = isinstance(content, Record) and bool(self.program.methods(content.type, name))
        return self.item_by_method(left, content, name, (right,)) if has and isinstance(content, Record) else None

    def counted(self, value: Value) -> Value:
        """A value as a comparison sees it: of a reference to a list or a mapping that itself."""
        content = self.load(value) if isinstance(value, Pointer) else value
        return content if isinstance(content, Sequence | Mapping) else value

    def are_lists(self, left: Value, right: Value) -> bool:
        """Whether two references lead to lists or mappings, which are equal if what is in them is."""
        return left != right and all(isinstance(self.load(each), Sequence | Mapping) for each in (left, right))

    @abstractmethod
    def made(self, function: str, arguments: tuple[Value, ...]) -> Value:
        """What a function of a library gives."""

    @abstractmethod
    def fill(self, pointer: Pointer, content: Value) -> None:
        """Write what a pointer leads to."""

    # --- hooks ---

    def tell_inherited(self, class_: Value, name: str, keywords: dict[str, Value]) -> None:
        """Call the method of the class that comes behind a class, if it has one, with the class."""
        if isinstance(class_, FunctionValue) and (qualified := class_.procedure.constructs):
            for found in self.program.member_behind(qualified, qualified, name):
                if isinstance(found, Procedure):
                    self.call_procedure(FunctionValue(found, receiver=class_), (), self.site, keywords)

    @abstractmethod
    def call_procedure(
        self, function: FunctionValue, arguments: tuple[Value, ...], site: Span, keywords: dict[str, Value]
    ) -> tuple[Value, ...]:
        """Call a procedure of the project."""
