"""What kind of thing a value is, as `isinstance` asks (Python library reference, built-in functions and types)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.errors import error_class, is_error
from tagcheck.values import FunctionValue, LibraryValue, Null, Number, Opaque, Pointer, Record, Text, Truth, Value

_KINDS = {
    "str": frozenset(("text",)),
    "int": frozenset(("number", "truth")),
    "float": frozenset(("number",)),
    "bool": frozenset(("truth",)),
    "dict": frozenset(("mapping",)),
    "Mapping": frozenset(("mapping",)),
    "MutableMapping": frozenset(("mapping",)),
    "list": frozenset(("list",)),
    "set": frozenset(("list",)),
    "frozenset": frozenset(("tuple",)),
    "tuple": frozenset(("tuple",)),
    "Sequence": frozenset(("list", "tuple", "text")),
    "Iterable": frozenset(("list", "tuple", "text", "mapping")),
}
_ERRORS = ("Exception", "BaseException")
_UNSURE = frozenset(("float", "set", "frozenset", "Sequence", "Iterable"))
"""Of these a value of the kind may be one, but need not."""


def is_instance(call: Call) -> tuple[Value, ...]:
    """Whether argument 0 is of the class in argument 1, or of one of those in a list."""
    value, wanted = call.argument(0), call.machine.load(call.argument(1))
    classes = wanted.items if isinstance(wanted, values.Sequence) else (wanted,)
    answers = [_is_of(call, value, each) for each in classes]
    if True in answers:
        return (Truth(True),)
    is_unsure = None in answers or not answers or (isinstance(wanted, values.Sequence) and wanted.open)
    return (call.unknown("the class of a value") if is_unsure else Truth(False),)


def _is_of(call: Call, value: Value, class_: Value) -> bool | None:
    content = call.machine.load(value)
    if isinstance(content, LibraryValue) and error_class(content.name) is not None:
        content = Record(content.name)
    if isinstance(class_, FunctionValue) and class_.procedure.constructs:
        return _is_own(call, content, class_.procedure.constructs)
    name = class_.name.rpartition(".")[2] if isinstance(class_, LibraryValue) else ""
    if isinstance(content, Record):
        return _is_library(call, content, class_.name if isinstance(class_, LibraryValue) else "")
    kind = _kind(value, content)
    if kind is None or name not in _KINDS:
        # A path is a text here, and so are bytes.
        return False if kind == "none" and name and name != "NoneType" else None
    is_fraction = isinstance(content, Number) and isinstance(content.value, float)
    if kind not in _KINDS[name] or (name == "int" and is_fraction):
        return False
    return None if name in _UNSURE else True


def _is_own(call: Call, content: Value, qualified: str) -> bool | None:
    if isinstance(content, Record) and content.type:
        return qualified in call.machine.ancestors(content.type)
    return None if isinstance(content, Record | Opaque | values.Alternatives) else False


def _is_library(call: Call, content: Record, name: str) -> bool | None:
    """Whether an object is of a library's class; what classes of libraries inherit from is known of errors alone."""
    known = call.machine.ancestors(content.type)
    if name in known:
        return True
    simple = name.rpartition(".")[2]
    if error_class(simple) is not None:
        answers = [is_error(each.rpartition(".")[2], simple) for each in known if not call.machine.is_own(each)]
        if True in answers:
            return True
        if answers and None not in answers:
            return False
    inherited = {each.rpartition(".")[2] for each in known if not call.machine.is_own(each)}
    if simple in inherited or (simple in _ERRORS and any(each.endswith(("Error", "Exception")) for each in inherited)):
        return True
    return False if inherited <= {*_ERRORS, "object", "ABC", "Generic"} and len(inherited) < len(known) else None


def _kind(value: Value, content: Value) -> str | None:
    match content:
        case Text():
            return "text"
        case Truth():
            return "truth"
        case Number():
            return "number"
        case Null():
            return "none"
        case values.Mapping():
            return "mapping"
        case values.Sequence():
            return "list" if isinstance(value, Pointer) else "tuple"
        case _:
            return None
