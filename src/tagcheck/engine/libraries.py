"""Calls that leave the project: library functions by their model, everything else by what its name says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from tagcheck.builtins.api import Call
from tagcheck.builtins.api import Machine as MachineProtocol
from tagcheck.builtins.holders import holding
from tagcheck.builtins.pythoncollections import ENTRIES
from tagcheck.catalog import EffectKind
from tagcheck.engine.branches import Branches
from tagcheck.engine.state import ABSENT
from tagcheck.engine.symbols import PRINTING
from tagcheck.events import Stage
from tagcheck.guards import ALWAYS, Guards
from tagcheck.image import looks_like_reference
from tagcheck.models import Convention, Model
from tagcheck.source import Span
from tagcheck.values import (
    Alternatives,
    FunctionValue,
    HoleKind,
    LibraryValue,
    Mapping,
    Null,
    Number,
    Outcome,
    Pointer,
    Record,
    Sequence,
    Text,
    Truth,
    Value,
)

_OPERATORS = {
    "builtins.modulo": ("__mod__", "__rmod__"),
    "builtins.merge": ("__or__", "__ror__"),
    "builtins.intersection": ("__and__", "__rand__"),
    "builtins.difference": ("__sub__", "__rsub__"),
    "builtins.divide": ("__truediv__", "__rtruediv__"),
    "builtins.symmetric-difference": ("__xor__", "__rxor__"),
    "builtins.shift-left": ("__lshift__", "__rlshift__"),
    "builtins.shift-right": ("__rshift__", "__rrshift__"),
}
IN_PLACE = "-in-place"
"""What the name of an operator ends with that changes its left operand where it can."""
OPERATORS_BY_CALL = {f"{name}{how}": methods for name, methods in _OPERATORS.items() for how in ("", IN_PLACE)}
"""Python's operators that are calls of its library here, and the methods of the left and of the right operand that may
say what they give."""
Results = tuple[Value, ...]
Operated = Callable[[Results, Value | None], Results]
"""An operation with some arguments and a receiver."""


class LibraryCalls(Branches):
    """A run that calls what the project does not define."""

    @abstractmethod
    def machine(self) -> MachineProtocol:
        """This run as library operations see it."""

    @abstractmethod
    def apply(self, callee: Value, arguments: Results, site: Span) -> Results:
        """Call a value with arguments."""

    @abstractmethod
    def call_procedure(
        self, function: FunctionValue, arguments: Results, site: Span, keywords: dict[str, Value]
    ) -> Results:
        """Call a procedure of the project."""

    @abstractmethod
    def fill(self, pointer: Pointer, content: Value) -> None:
        """Give what a pointer leads to a value."""

    @abstractmethod
    def deploy_text(self, text: Text, guards: Guards) -> None:
        """Record what a manifest deploys."""

    @abstractmethod
    def stand_in(self, name: str, arguments: Results, site: Span, keywords: dict[str, Value], wanted: int) -> Results:
        """Call what stands in the place of a function."""

    def call_library(
        self, callee: LibraryValue, arguments: Results, site: Span, keywords: dict[str, Value], wanted: int
    ) -> Results:
        """Call a library function by its model."""
        if callee.name in self.replaced:
            return self.stand_in(callee.name, arguments, site, keywords, wanted)
        if callee.name.startswith("type:"):
            return arguments[:1]
        model = self.models.find(callee.name)
        name = callee.name.rpartition(".")[2]
        if model is None and callee.receiver is not None:
            model = self.models.find(f"*.{name}")
        if model is None:
            return self.unresolved(callee.name, arguments, site, wanted)
        if model.stops and not keywords:
            self.live, self.failed, self.raised = False, True, self._error(arguments)
            return tuple(self.opaque("a call that does not return") for _ in range(wanted))
        arguments = self._in_order(model, callee, arguments, keywords)
        found = self._operate(model, callee, arguments, site, keywords)
        return (*found, Null())[:1] if model.single else found

    def _error(self, arguments: Results) -> Value | None:
        """What is raised: of a class, an object of it."""
        given = arguments[0] if arguments else None
        if isinstance(given, FunctionValue) and given.procedure.constructs:
            return (*self.call_procedure(given, (), self.site, {}), None)[0]
        return given

    def _in_order(self, model: Model, callee: LibraryValue, arguments: Results, keywords: dict[str, Value]) -> Results:
        """The arguments as an operation expects them: the receiver first where the model says so, and those by keyword
        at the places that the model's signature gives them."""
        if model.receiver_first and callee.receiver is not None:
            arguments = (self.load(callee.receiver) if model.pure else callee.receiver, *arguments)
        if not keywords or not model.signature:
            return arguments
        given = dict(enumerate(arguments))
        given.update((at, keywords[name]) for at, name in enumerate(model.signature) if name in keywords)
        return tuple(given.get(at, ABSENT) for at in range(max(given, default=-1) + 1))

    # --- attributes and items of library objects ---

    def attribute(self, base: Value, name: str) -> Value | None:
        model = self.models.find(name)
        if model is None or not model.attribute:
            return None
        site = self.site
        found = self.call_library(LibraryValue(name, base), (), site, {}, 1)
        self.site = site
        return found[0] if found else None

    def made(self, function: str, arguments: Results) -> Value:
        site = self.site
        found = self.call_library(LibraryValue(function), arguments, site, {}, 1)
        self.site = site
        return found[0] if found else Null()

    def item_by_method(self, origin: Value, base: Record, name: str, arguments: Results) -> Value | None:
        qualified = f"{base.type}.{name}" if base.type else ""
        for method in self.program.methods(base.type, name) if qualified else ():
            results = self.call_procedure(FunctionValue(method, receiver=origin), arguments, self.site, {})
            return results[0] if results else Null()
        if not qualified:
            return None
        callee = LibraryValue(qualified, base)
        if self.models.exact.get(qualified) is None:
            held = self.held_method(base, name)
            if held is None:
                return None
            if name == "__getitem__" and self.program.names_method("__missing__") and self._lacks(held, arguments):
                return self.item_by_method(origin, base, "__missing__", arguments)
            callee = held
        found = self.call_library(callee, arguments, self.site, {}, 1)
        return found[0] if found else Null()

    def held_method(self, base: Record, name: str) -> LibraryValue | None:
        """The method of what an object holds that is one of a list or mapping."""
        if base.get(ENTRIES) is None:
            return None
        for parent in self.program.resolution_order(base.type)[1:]:
            held = holding(base, parent)
            if held is not None and self.models.exact.get(f"{parent}.{name}") is not None:
                return LibraryValue(f"{parent}.{name}", held)
        return None

    def _lacks(self, held: LibraryValue, key: Results) -> bool:
        """Whether a mapping surely has no entry for a key."""
        content = self.load(held.receiver) if held.receiver is not None else None
        return isinstance(content, Mapping) and self.has_entry(content, self.load(key[0])) == Truth(False)

    def compute(self, function: FunctionValue) -> Value:
        site = self.site
        found = self.call_procedure(function, (), site, {})
        self.site = site
        return found[0] if found else self.opaque("a property")

    def _operate(
        self, model: Model, callee: LibraryValue, arguments: Results, site: Span, keywords: dict[str, Value]
    ) -> Results:
        spec = model.spec
        self.site = site

        def operated(chosen: Results, receiver: Value | None) -> Results:
            call = Call(
                name=callee.name,
                arguments=chosen,
                machine=self.machine(),
                site=site,
                receiver=receiver,
                keywords=keywords,
                with_=model.with_,
                identity=self.fresh(callee.name),
            )
            return spec.run(call)

        if callee.name in OPERATORS_BY_CALL and (said := self._by_operand(callee.name, arguments)) is not None:
            return (said,)
        if spec.prints:
            plain = spec.numbers(arguments, model.with_) if spec.numbers is not None else ()
            formats = spec.formats and self.program.names_method("__format__")
            arguments = tuple(
                each if at in plain or (formats and self._formats_itself(each)) else self.printed(each)
                for at, each in enumerate(arguments)
            )
        if not spec.pure:
            found = operated(arguments, callee.receiver)
            return self._put_in_place(arguments, found) if callee.name.endswith(IN_PLACE) else found
        receiver = self.load(callee.receiver) if callee.receiver is not None else None
        inputs = (*map(self.load, arguments), *((receiver,) if receiver is not None else ()))
        if self.suspended:
            inputs = tuple(map(self._taken_apart, inputs))
        return self._distributed(inputs, operated, receiver is not None)

    def _put_in_place(self, arguments: Results, found: Results) -> Results:
        """What an operator gives, in the place of its left operand where that is a list, a set or a mapping."""
        left = arguments[0]
        if not isinstance(left, Pointer) or not isinstance(self.load(left), Sequence | Mapping):
            return found
        self.fill(left, self.load(found[0]))
        return (left,)

    def _by_operand(self, name: str, arguments: Results) -> Value | None:
        """What an operator gives for objects one of which has a method for it; None if none has."""
        left = self.load(arguments[0]) if name.endswith(IN_PLACE) else None
        own = OPERATORS_BY_CALL[name][0].replace("__", "__i", 1)
        if isinstance(left, Record) and self.program.methods(left.type, own):
            return self.item_by_method(arguments[0], left, own, arguments[1:])
        for at, method in enumerate(OPERATORS_BY_CALL[name]):
            content = self.load(arguments[at]) if at < len(arguments) else None
            if isinstance(content, Record) and self.program.methods(content.type, method):
                return self.item_by_method(arguments[at], content, method, (*arguments[:at], *arguments[at + 1 :]))
        return None

    def _formats_itself(self, value: Value) -> bool:
        content = self.load(value)
        return isinstance(content, Record) and bool(self.program.methods(content.type, "__format__"))

    def _taken_apart(self, value: Value) -> Value:
        """A text with its suspended alternatives, unless there are too many: what a function makes of a text depends on
        what stands at its ends."""
        resumed = self.resumed(value) if isinstance(value, Text) else value
        return resumed if isinstance(resumed, Alternatives) else value

    def printed(self, value: Value) -> Value:
        """A value, or what its own method says that it is printed as."""
        content = self.load(value) if isinstance(value, Pointer) else value
        if not isinstance(content, Record | Number) or not content.type:
            return value
        for name in PRINTING:
            for method in self.program.methods(content.type, name):
                site = self.site
                results = self.call_procedure(FunctionValue(method, receiver=value), (), site, {})
                self.site = site
                return results[0] if results else value
            if isinstance(content, Number) and self.models.find(f"{content.type}.{name}") is not None:
                return self.call_library(LibraryValue(f"{content.type}.{name}", value), (), self.site, {}, 1)[0]
        return value

    def _distributed(self, inputs: Results, operated: Operated, has_receiver: bool) -> Results:
        found: list[tuple[Guards, Results]] = []
        if sum(isinstance(value, Alternatives) for value in inputs) > 1:
            inputs = self.moderate(inputs)
        for guards, chosen in self.spread_out(inputs):
            receiver = chosen[-1] if has_receiver else None
            found.append((guards, operated(chosen[:-1] if has_receiver else chosen, receiver)))
        if len(found) == 1 and found[0][0] is ALWAYS:
            return found[0][1]
        width = max((len(results) for _, results in found), default=0)
        return tuple(
            self.joined([(guards, results[i]) for guards, results in found if i < len(results)], 0)
            for i in range(width)
        )

    # --- what nobody knows ---

    def unresolved(self, name: str, arguments: Results, site: Span, wanted: int) -> Results:
        """A call of something that neither the project nor a model defines: closures among its arguments are taken to
        be called; what its name says is believed only where the project itself lacks the definition."""
        self.site = site
        module, _, simple = name.rpartition(".")
        for argument in arguments:
            if isinstance(argument, FunctionValue) and self.program.reaches(argument.procedure):
                self.apply(argument, tuple(self.opaque("an argument") for _ in argument.procedure.parameters), site)
                self.live, self.failed = True, False
        self._forget(arguments)
        if not self.program.is_project(module):
            return tuple(self.opaque(f"the result of {simple or 'a call'}") for _ in range(wanted))
        self._deploy_manifests(arguments)
        convention = self.models.convention(simple)
        if convention is not None:
            return self._by_convention(convention, simple, arguments, wanted)
        return tuple(self.opaque(f"the result of {simple or 'a call'}") for _ in range(wanted))

    def _forget(self, arguments: Results) -> None:
        """What an unknown function got a reference to, itself or in a record (of streams, say), may have been filled by
        it, where it was still empty."""
        inner = (value for each in arguments if isinstance(each, Record) for _, value in each.fields)
        for argument in (*arguments, *inner):
            if not isinstance(argument, Pointer):
                continue
            content = self.content(argument)
            if isinstance(content, Record) and not content.fields:
                self.fill(argument, self.opaque("filled by a call", content.type))
            elif isinstance(content, Text) and not content.parts:
                self.fill(argument, self.opaque("filled by a call", "string"))

    def _by_convention(self, convention: Convention, name: str, arguments: Results, wanted: int) -> Results:
        rest = tuple(Outcome(self.fresh(name)) for _ in range(max(0, wanted - 1)))
        if convention.generates:
            return (self.unique(f"{name}({', '.join(map(self.shown, arguments))})"), *rest)
        if convention.stage is not None:
            self._assumed_stage(convention.stage, arguments)
        return (Outcome(self.fresh(name)), *rest)[:wanted]

    def _deploy_manifests(self, arguments: Results) -> None:
        """A manifest that is handed to a function which the project lacks is taken to be applied by it."""
        for argument in arguments:
            for guards, text in self.text_options(argument):
                if {"apiVersion", "kind"} <= {line.partition(":")[0].strip() for line in str(text).splitlines()[:40]}:
                    self.deploy_text(text, guards)

    def shown(self, value: Value) -> str:
        """A value for people: its text, where it has only one."""
        texts = {str(text) for _, text in self.text_options(value)}
        return texts.pop() if len(texts) == 1 else "…"

    def _assumed_stage(self, kind: EffectKind, arguments: Results) -> None:
        stage = Stage(kind.value) if kind.value in {stage.value for stage in Stage} else None
        for argument in arguments:
            for guards, text in self.text_options(argument):
                if stage is not None and _is_name(text):
                    base = self.guards
                    self.guards = base.and_(guards) or base
                    self.record(stage, text, assumed=True)
                    self.guards = base


def _is_name(text: Text) -> bool:
    """Whether an argument of a function that is known by its name only can be taken for an image's name."""
    generated = len(text.parts) == 1 and any(hole.kind is HoleKind.UNIQUE for hole in text.holes)
    return generated or looks_like_reference(text)
