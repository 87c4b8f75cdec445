"""What names, fields and items mean in a run."""

from __future__ import annotations

from abc import abstractmethod

from msgspec.structs import replace

from tagcheck import ir
from tagcheck.builtins import environments
from tagcheck.builtins.api import Machine
from tagcheck.builtins.errors import error_class
from tagcheck.builtins.holders import holding
from tagcheck.builtins.kubernetes import MANIFEST
from tagcheck.builtins.texts import slice_text
from tagcheck.comparison import Same, same_key
from tagcheck.embedded import documents
from tagcheck.engine import filenames
from tagcheck.engine.basis import BASE, Basis
from tagcheck.engine.state import ABSENT
from tagcheck.frontends.api import TypeInfo, Variable
from tagcheck.guards import ALWAYS, Guards, build_guards, when
from tagcheck.ir import TEXT_FIELD, Apply, Expression, Literal, Procedure
from tagcheck.models import MadeOf, ProgramWords, Shared
from tagcheck.source import Span
from tagcheck.values import (
    ANY_ZERO,
    EMPTY,
    Absent,
    Alternatives,
    FunctionValue,
    LibraryValue,
    Mapping,
    Null,
    Number,
    Opaque,
    Pointer,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
    alternatives,
)

PRINTING = ("Error", "String", "__str__")
"""Methods that say how a value is printed, the first that there is (Go's package fmt, "Printing"; Python's `str`)."""


def json_name(name: str) -> str:
    """What a field of a Kubernetes object is called in manifests (API conventions: the field's name, its first letter
    in lower case)."""
    return name[:1].lower() + name[1:]


def object_of(record: Record) -> Mapping | None:
    """The object that a record was read from, if it is the only one in its text."""
    written = record.get(MANIFEST)
    if isinstance(written, Text):
        found = documents(written)
        written = found[0] if len(found) == 1 else None
    return written if isinstance(written, Mapping) else None


def kind_of(value: Value) -> str:
    """The name under which models describe the methods of a language's own values."""
    match value:
        case Text():
            return "text"
        case Sequence():
            return "list"
        case Mapping():
            return "mapping"
        case FunctionValue():
            return "function"
        case _:
            return ""


class Symbols(Basis):
    """A run that knows modules, types and records."""

    @abstractmethod
    def initialise(self, module: str, variable: Variable) -> int:
        """Run the declaration of a module's variable; its cell."""

    @abstractmethod
    def program_words(self) -> tuple[Text, ...] | None:
        """The arguments of the program that runs, without its name; None where nothing in the project gives them."""

    @abstractmethod
    def loaded(self, module: str) -> bool:
        """A module is in use: run what it runs when it is loaded, once; whether that was now."""

    def symbol(self, module: str, name: str, span: Span) -> Value:
        """What a module-level name means: a procedure, a variable's value, a library's function or constant."""
        library = self.libraries.get((module, name))
        if library is not None:
            return library
        cell = self.globals.get((module, name))
        if cell is not None and (value := self.heap.read(cell)) is not ABSENT:
            return self.narrow(self.declared.get((module, name), value) if self.declaring else value)
        found = self.program.lookup(module, name)
        if not found:
            return self._library(module, name)
        if len(found) == 1:
            return self._symbol_value(module, name, found[0])
        return alternatives(
            (self._chosen(index, len(found), module, name), self._symbol_value(module, name, each))
            for index, each in enumerate(found)
        )

    def define(self, module: str, name: str, value: Value) -> None:
        """Give a variable that a module does not declare a value."""
        self.libraries.pop((module, name), None)
        self.globals[(module, name)] = self.heap.new(value)

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
                home = self.program.home(found, module)
                cell = self.globals.get((home, name)) if home != module else None
                if cell is None:
                    cell = self.initialise(home, found)
                    self.loaded(home)
                return self.narrow(self.heap.read(cell))
            case TypeInfo():
                return LibraryValue(f"type:{found.name}")

    def _library(self, module: str, name: str) -> Value:
        found = self.libraries[(module, name)] = self._library_value(module, name)
        return found

    def _library_value(self, module: str, name: str) -> Value:
        for candidate in (f"{module}.{name}", *(f"{other}.{name}" for other in self.program.dotted(module))):
            constant = self.models.values.get(candidate)
            if isinstance(constant, MadeOf):
                return self._made_once(constant, module)
            if constant is not None:
                return self.constant(constant)
            if self.models.find(candidate) is not None:
                return LibraryValue(candidate)
        return LibraryValue(f"{module}.{name}")

    def _made_once(self, what: MadeOf, module: str) -> Value:
        key = ("made", what.function)
        if key not in self.libraries:
            nowhere = Span("", 1, 1, 1, 1)
            self.libraries[key] = self.made(
                what.function, tuple(self.symbol(module, each, nowhere) for each in what.names)
            )
        return self.libraries[key]

    @abstractmethod
    def made(self, function: str, arguments: tuple[Value, ...]) -> Value:
        """What a library's function gives."""

    def constant(self, value: object) -> Value:
        """A library constant of the catalogue as a value."""
        match value:
            case bool():
                return Truth(value)
            case int() | float():
                return Number(value)
            case str():
                return Text.of(value)
            case Shared(type=type_):
                key = ("shared", type_)
                if key not in self.libraries:
                    self.libraries[key] = Pointer(self.heap.new(Record(type_)))
                return self.libraries[key]
            case ProgramWords():
                words = self.program_words()
                return value.unknown if words is None else Sequence((Text.of("program"), *words))
            case Text() | Number() | Record() | Sequence() | Opaque() | Null():
                return value
            case _:
                return self.opaque("a library's value")

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
            case ir.PARAMETER_TYPE:
                return ANY_ZERO
        if type_.startswith(("[", "map[")):
            return Sequence(()) if type_.startswith("[") else Mapping((), type=type_)
        if type_.startswith(("*", "chan")):
            return Null()
        if not type_:
            return self.opaque("a zero value")
        info = self.program.type(type_)
        if info is not None and info.underlying:
            return Null() if info.underlying == "interface" else self.zero(info.underlying)
        return Record(type_)

    def typed(self, value: Number | Text, type_: str) -> Value:
        """A number as one of a type, if the project declares that; a text likewise if the type has a method that says
        how it is printed."""
        info = self.program.type(type_)
        if info is None or info.underlying in ("", "interface"):
            return value
        if isinstance(value, Number):
            return Number(value.value, type_)
        if any(self.program.methods(type_, name) for name in PRINTING):
            return Record(type_, ((TEXT_FIELD, value),))
        return value

    def field(self, base: Value, name: str) -> Value:
        """A field's value, or a method bound to its receiver. What would be a field of nil is no case of a run that
        goes on."""
        base = self.not_null(base)
        if isinstance(base, Alternatives):
            return self.distribute((base,), lambda chosen: self.field(chosen[0], name))
        content = self.load(base)
        if isinstance(content, Alternatives):
            return self.distribute((content,), lambda chosen: self._field_of(base, chosen[0], name))
        return self._field_of(base, content, name)

    def part(self, value: Value, path: tuple[str | Number, ...]) -> Value:
        for step in path:
            if isinstance(step, str):
                value = self.field(value, step)
            else:
                value = self.distribute((self.load(value),), lambda chosen, at=step: self.item(chosen[0], at))  # type: ignore[misc]
        return value

    def not_null(self, value: Value) -> Value:
        """A value without its options that are nil, if there are others."""
        if not isinstance(value, Alternatives):
            return value
        kept = [(guards, option) for guards, option in value.options if not isinstance(option, Null | Absent)]
        return alternatives(kept) if 0 < len(kept) < len(value.options) else value

    def _field_of(self, base: Value, content: Value, name: str) -> Value:
        match content:
            case Record():
                return self.narrow(self._record_field(base, content, name))
            case Mapping():
                found = content.get(name) or content.get(json_name(name))
                return self.narrow(found or self._method_value(base, name))
            case Opaque():
                return self._opaque_field(base, content, name)
            case LibraryValue(name=module, receiver=None) if (
                module.endswith(".") and module[:-1] in self.program.modules
            ):
                return self.symbol(module[:-1], name, Span("", 1, 1, 1, 1))
            case LibraryValue(name=class_, receiver=None) if name == "__name__" and error_class(class_) is not None:
                return Text.of(class_.rpartition(".")[2])
            case LibraryValue(receiver=None):
                for method in self.program.methods(content.name.removeprefix("type:"), name):
                    return FunctionValue(method)
                return self.symbol(content.name, name, Span("", 1, 1, 1, 1))
            case FunctionValue(procedure=made) if made.constructs:
                return self._class_member(base, made.constructs, name)
            case _:
                found = self.attribute(base, f"{kind_of(content)}.{name}")
                return self.opaque(f"a field {name!r} of something that is no record") if found is None else found

    def _class_member(self, base: Value, qualified: str, name: str) -> Value:
        """A member of a class: a variable, a function, a method of the class itself."""
        if name in self.added and (given := self.given_member(qualified, name)) is not None:
            return self.described(given, base, name) if self.program.names_method("__get__") else given
        for found in self.program.member(qualified, name):
            match found:
                case Procedure(receiver=receiver) if receiver is not None and receiver.type == "type":
                    return FunctionValue(found, receiver=base)
                case Procedure():
                    return FunctionValue(found)
                case Variable():
                    value = self.class_variable(qualified, found)
                    return self.described(value, base, found.name) if self.program.names_method("__get__") else value
        if name in ("__name__", "__qualname__"):
            return Text.of(qualified.rpartition(".")[2])
        for parent in self.program.resolution_order(qualified)[1:]:
            if self.models.exact.get(f"{parent}.{name}") is not None:
                return LibraryValue(f"{parent}.{name}", base)
        return LibraryValue(f"{qualified}.{name}")

    def class_variable(self, qualified: str, found: Variable) -> Value:
        """What a variable of a class, or of one that it inherits from, holds."""
        return self.symbol(self.program.home(found, qualified.rpartition(".")[0]), found.name, found.span)

    def given_member(self, qualified: str, name: str) -> Value | None:
        """What a class, or the first that it inherits from, was given under a name while the program runs; None if that
        is nothing, or comes behind what a class has from its beginning."""
        for each in self.program.resolution_order(qualified):
            module, _, type_ = each.rpartition(".")
            cell = self.globals.get((module, f"{type_}.{name}"))
            if cell is not None and (value := self.heap.read(cell)) is not ABSENT:
                return self.narrow(value)
            if module in self.program.modules and self.program.lookup(module, f"{type_}.{name}"):
                return None
        return None

    @abstractmethod
    def described(self, value: Value, base: Value, name: str) -> Value:
        """What a variable of a class is for an object of it, or for the class itself."""

    @abstractmethod
    def attribute(self, base: Value, name: str) -> Value | None:
        """What a library's attribute, by its qualified name, is of a value; None if no library is known to have it."""

    @abstractmethod
    def compute(self, function: FunctionValue) -> Value:
        """The value of a method that is asked for like a field."""

    @abstractmethod
    def item_by_method(self, origin: Value, base: Record, name: str, arguments: tuple[Value, ...]) -> Value | None:
        """What an object's own method does when an item of it is asked for or set; None if it has none. `base` is what
        `origin` leads to."""

    def _method_value(self, base: Value, name: str) -> Value:
        """A method bound to a value of a named mapping type, by its name alone."""
        for method in self.program.only_method(name):
            return FunctionValue(method, receiver=base)
        return self.opaque(f"no entry {name!r}")

    def _record_field(self, base: Value, record: Record, name: str) -> Value:
        found = record.get(name)
        if found is not None:
            return found
        if name in self.added and record.type and (given := self.given_member(record.type, name)) is not None:
            return self.of_object(given, base)
        for member in self.program.member(record.type, name):
            return self._member(base, record.type, member)
        if record.type and (given := self.attribute(base, f"{record.type}.{name}")) is not None:
            return given
        for embedded in self.program.embedded(record.type):
            simple = embedded.rpartition(".")[2]
            inner = record.get(simple)
            if inner is not None or self.program.has_member(embedded, name):
                if isinstance(base, Pointer) and not isinstance(inner, Pointer | Alternatives):
                    inner = self._inside(base, simple)
                return self.field(inner if inner is not None else self.zero(embedded), name)
        origin = record.get(BASE)
        if isinstance(origin, Opaque):
            return self._opaque_field(base, origin, name)
        written = object_of(record)
        if written is not None and (part := written.get(json_name(name))) is not None:
            return part
        type_ = self.program.field_type(record.type, name)
        if type_ and record.get(MANIFEST) is not None:
            return self.opaque("a field read from a text", type_)
        if type_:
            return Null() if self.program.is_pointer(record.type, name) else self.zero(type_)
        if name == "__class__" and self.program.type(record.type) is not None:
            module, _, simple = record.type.rpartition(".")
            return self.symbol(module, simple, Span("", 1, 1, 1, 1))
        if name == "__class__" and error_class(record.type) is not None:
            return LibraryValue(record.type)
        if not name.startswith(("_", "%")) and record.type:
            given = self.item_by_method(base, record, "__getattr__", (Text.of(name),))
            if given is not None:
                return given
        return LibraryValue(f"{record.type}.{name}", base) if record.type else self.opaque("an unset field")

    def _member(self, base: Value, qualified: str, found: Procedure | Variable | TypeInfo) -> Value:
        """A member of an object's type: a method bound to the object, or a variable of the type."""
        if not isinstance(found, Procedure):
            return self._class_member(base, qualified, found.name.rpartition(".")[2])
        bound = self._bound(FunctionValue(found), base)
        return self.compute(bound) if isinstance(bound, FunctionValue) and found.computed else bound

    def of_object(self, value: Value, base: Value) -> Value:
        """What an attribute that a class was given is for an object of it: a function is a method."""
        if isinstance(value, FunctionValue) and not value.procedure.constructs and value.receiver is None:
            first, *others = value.procedure.parameters or (None,)
            if first is not None and value.procedure.receiver is None and not first.variadic:
                method = replace(value.procedure, parameters=tuple(others), receiver=first)
                return FunctionValue(method, value.captured, base)
            return self._bound(value, base)
        return self.described(value, base, "") if self.program.names_method("__get__") else value

    def _inside(self, base: Pointer, name: str) -> Pointer:
        """A pointer to a field of the record that a pointer leads to."""
        while isinstance(content := self.content(base), Pointer):
            base = content
        return Pointer(base.cell, (*base.path, name))

    def _opaque_field(self, base: Value, value: Opaque, name: str) -> Value:
        for member in self.program.member(value.type, name):
            return self._member(base, value.type, member)
        if value.type and (given := self.attribute(base, f"{value.type}.{name}")) is not None:
            return given
        label = f"{value.label}.{name}" if value.label else ""
        type_ = self.program.field_type(value.type, name)
        return Opaque(f"{value.identity}.{name}", value.reason, type_, label)

    def super_method(self, node: Apply, inherited: Value, receiver: Value) -> Value:
        """A method of the class that comes behind another where methods of a receiver's class are looked for, with the
        receiver; `inherited` is that of the base class as it is written. The first and last argument name the class and
        the method."""
        content = self.load(receiver)
        type_ = content.type if isinstance(content, Record) else ""
        if isinstance(content, FunctionValue):
            type_ = content.procedure.constructs
        first, last = node.arguments[0], node.arguments[-1]
        if type_ and isinstance(first, Literal) and isinstance(last, Literal):
            for found in self.program.member_behind(first.text, type_, last.text):
                if isinstance(found, Procedure):
                    bound = self._bound(FunctionValue(found), receiver)
                    return self.compute(bound) if found.computed and isinstance(bound, FunctionValue) else bound
        return self._bound(inherited, receiver)

    def _bound(self, method: Value, receiver: Value) -> Value:
        """A method of a class with a receiver, if it takes one."""
        match method:
            case FunctionValue(procedure=found) if found.receiver is not None:
                of_class = found.receiver.type == "type" and isinstance(self.load(receiver), Record)
                given = self.field(receiver, "__class__") if of_class else receiver
                return FunctionValue(found, method.captured, given)
            case LibraryValue(name=name):
                content = self.load(receiver)
                held = holding(content, name.rpartition(".")[0]) if isinstance(content, Record) else None
                return LibraryValue(name, held or receiver)
            case _:
                return method

    def bound_method(self, base: Value, name: Expression) -> Value:
        """A field of a value, or the method that the language gives it, with its receiver."""
        literal = name.text if isinstance(name, Literal) else ""
        kind = kind_of(self.load(base))
        if kind and self.models.find(f"{kind}.{literal}") is not None:
            return LibraryValue(f"{kind}.{literal}", base)
        return self.field(base, literal)

    def repeated(self, value: Text | Sequence, count: int) -> Value:
        """A text or list so many times."""
        return self.join((value,) * count) if isinstance(value, Text) else Sequence(value.items * count, value.open)

    def item(self, base: Value, index: Value) -> Value:
        """An item of a list, a value of a mapping, a character of a text."""
        match base, index:
            case Sequence(items=items), Number(value=at):
                position = int(at)
                return items[position] if -len(items) <= position < len(items) else self.opaque("no such item")
            case Text(), Number(value=at):
                return slice_text(base, int(at), int(at) + 1)
            case Mapping(), Text() | Number() | Truth() | Record() | Sequence():
                return self._entry(base, index)
            case LibraryValue(name=module), Text() if module.endswith(".") and index.literal is not None:
                return self.field(base, index.literal)
            case FunctionValue(procedure=made), Text() if made.constructs and index.literal is not None:
                return self.field(base, index.literal)
            case Record(), Number(value=at) if self.program.is_tuple(base.type):
                fields = base.fields
                return fields[int(at)][1] if -len(fields) <= at < len(fields) else self.opaque("no such item")
            case Opaque(), _:
                key = self.as_text(index)
                return Opaque(f"{base.identity}[{key}]", base.reason)
            case _:
                return self.opaque("an item that is not known")

    def _entry(self, mapping: Mapping, key: Value) -> Value:
        doubtful = False
        for name, value in reversed(mapping.entries):
            answer = same_key(name, key)
            if answer is Same.YES and not doubtful:
                return value
            if answer is not Same.NO:
                doubtful = True
        if not doubtful and (outside := environments.of_copy(self.machine(), mapping, key)) is not None:
            return outside
        if mapping.type and not doubtful and not mapping.open:
            return self.zero(mapping.type.removeprefix("map[").partition("]")[2])
        return self.opaque("an entry that is not known")

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

    @abstractmethod
    def machine(self) -> Machine:
        """This run as library operations see it."""

    @abstractmethod
    def environment(self, name: Text) -> Value:
        """The value of an environment variable."""

    def variable(self, name: Text, default: Value | None = None) -> Value:
        """The value of a variable of the shell that runs now, else `default`, else the environment's."""
        return self.environment(name) if default is None else default

    def directory(self) -> Text | None:
        """Where the program that runs now is; None if nothing is known of it."""
        return None

    def directories(self) -> Value | None:
        """Where the program that runs now is, each place that it may be at; None if nothing is known of it."""
        return self.directory()

    def has_entry(self, mapping: Mapping, key: Value) -> Value:
        """Whether a mapping has an entry."""
        answers = {same_key(name, key) for name, _ in mapping.entries}
        if Same.YES in answers:
            return Truth(True)
        return self.opaque("whether an entry exists") if mapping.open or Same.MAYBE in answers else Truth(False)

    def file_names(self, listed: Sequence) -> Sequence:
        """A list in which names of the project's files stand for the patterns."""
        found: list[Value] = []
        for item in listed.items:
            if isinstance(item, Text) and filenames.is_pattern(item):
                known = filenames.names(item, self.placed(item), self.program)
                found += known or [filenames.unknown_name(item, self.fresh("name"))]
            else:
                found.append(item)
        return Sequence(tuple(found), listed.open)

    @abstractmethod
    def placed(self, path: Text) -> Text:
        """A path as seen from the project's folder, as far as it is known where the run is."""
