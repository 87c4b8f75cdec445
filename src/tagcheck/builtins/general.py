"""Operations that say little of a library: nothing, an unknown result, a stop, a call of an argument; and the way in
which models name parts of a call and shapes of results.

A *place* names a part of a call: '0' is argument 0, '1:' the arguments from 1 on, '$' the receiver; '.Name' after it a
field of a record, an entry of a mapping or, if it is a number, an item of a list ('2.Tags', '$.Config.Image').
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import over
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.numerals import natural
from tagcheck.values import (
    Absent,
    Alternatives,
    Failure,
    FunctionValue,
    Hole,
    HoleKind,
    LibraryValue,
    Null,
    Number,
    Opaque,
    Outcome,
    Pointer,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
)

NOTHING = LibraryValue("builtin.nothing")
"""A function without effect and without results."""


def at_place(call: Call, place: str) -> Value:
    """The value at a place of a call; `Absent` where there is none."""
    head, *names = place.split(".")
    value: Value = Absent()
    if head.startswith("$"):
        value = call.receiver if call.receiver is not None else Absent()
    elif head.endswith(":"):
        value = values.Sequence(call.arguments[int(head[:-1]) :])
    elif int(head) < len(call.arguments):
        value = call.arguments[int(head)]
    for name in names:
        value = _member(call, value, name)
    return value


def _member(call: Call, value: Value, name: str) -> Value:
    return over(call.machine.load(value), lambda option: _member_of(call, option, name))


def _member_of(call: Call, value: Value, name: str) -> Value:
    found: Value | None = None
    match value:
        case Record():
            found = value.get(name)
        case values.Mapping():
            found = value.get(name)
        case values.Sequence(items) if (at := natural(name)) is not None and at < len(items):
            found = items[at]
        case Opaque():
            found = Opaque(f"{value.identity}.{name}", value.reason)
    return Absent() if found is None else found


def result(call: Call, shape: object) -> Value:
    """A result as a model describes it: a place, 'error' (nil or not), 'failure', 'nil', 'nothing' (a function), a
    truth value or number, the type of an unknown value, a list of such; or a mapping with one of the keys `text`,
    `unique` (a label, with `weak`), `parameter`, `joined` (places and texts, one text together), `function` (the name
    of one that a model describes), `mapping` (of entries, without those whose place holds nothing), `record` or
    `pointer` (a type, the other keys are its fields)."""
    match shape:
        case bool():
            return Truth(shape)
        case int():
            return Number(shape)
        case "error":
            return Outcome(call.identity)
        case "failure":
            return Failure()
        case "nil" | None:
            return Null()
        case "nothing":
            return NOTHING
        case str() if shape[:1] == "$" or shape[:1].isdigit():
            found = at_place(call, shape)
            return call.unknown("a missing argument") if isinstance(found, Absent) else found
        case str():
            return Opaque(f"{call.identity}:{shape}", f"what {call.name} returns", shape)
        case Mapping():
            return _described(call, shape)
        case list():
            return values.Sequence(tuple(result(call, item) for item in shape))
        case _:
            return call.unknown(f"what {call.name} returns")


def _described(call: Call, shape: Mapping[str, object]) -> Value:
    if "text" in shape:
        return Text.of(str(shape["text"]))
    if "unique" in shape:
        return call.machine.unique(str(shape["unique"]), str(shape.get("weak", "")))
    if "parameter" in shape:
        name = str(shape["parameter"])
        return Text.of_hole(Hole(HoleKind.PARAMETER, name, name.rpartition(".")[2]), call.site)
    if isinstance(parts := shape.get("joined"), list | tuple):
        return _joined(call, parts)
    if "function" in shape:
        return LibraryValue(str(shape["function"]))
    if isinstance(entries := shape.get("mapping"), Mapping):
        return _mapping(call, entries)
    kind = "pointer" if "pointer" in shape else "record"
    fields = tuple((name, result(call, inner)) for name, inner in shape.items() if name != kind)
    record = Record(str(shape.get(kind, "")), tuple(pair for pair in fields if not isinstance(pair[1], Absent)))
    return call.machine.allocate(record) if kind == "pointer" else record


def _joined(call: Call, parts: Sequence[object]) -> Value:
    """The texts at places, and the texts that are no places, behind each other."""
    found = [result(call, each) if str(each)[:1] in "$0123456789" else Text.of(str(each)) for each in parts]
    return call.machine.join(tuple(call.machine.load(each) for each in found))


def _mapping(call: Call, entries: Mapping[object, object]) -> Value:
    """A new mapping of what the shapes describe; an entry whose place holds nothing is not in it."""
    found: list[tuple[Value, Value]] = []
    for name, shape in entries.items():
        is_place = isinstance(shape, str) and shape[:1] in "$0123456789"
        value = at_place(call, shape) if is_place and isinstance(shape, str) else result(call, shape)
        if not isinstance(value, Absent | Null):
            found.append((Text.of(str(name)), value))
    return call.machine.allocate(values.Mapping(tuple(found)))


def returns(call: Call) -> tuple[Value, ...]:
    """Results as described by `results`. From the argument `fills` on, what references lead to is not known then;
    nothing else happens."""
    first = call.with_.get("fills")
    for argument in call.arguments[first:] if isinstance(first, int) else ():
        if isinstance(argument, Pointer):
            held = call.machine.load(argument)
            type_ = held.type if isinstance(held, Record) else "string" if isinstance(held, Text) else ""
            filled = call.unknown(f"what {call.name} filled in")
            call.machine.store(argument, Opaque(filled.identity, filled.reason, type_))
    return results(call)


def results(call: Call) -> tuple[Value, ...]:
    """The results that the model's `results` describe; none without it."""
    shapes = call.with_.get("results", ())
    return tuple(result(call, shape) for shape in shapes) if isinstance(shapes, list | tuple) else ()


def nothing(call: Call) -> tuple[Value, ...]:
    """No effect, no results."""
    return ()


def failure(call: Call) -> tuple[Value, ...]:
    """An error that is not nil. With `wrapping`, a place: nil stays nil, an outcome stays one."""
    place = call.with_.get("wrapping")
    if not isinstance(place, str):
        return (Failure(),)
    inner = at_place(call, place)
    options_ = inner.items if isinstance(inner, values.Sequence) else (inner,)
    return (_wrapped(options_),)


def _wrapped(errors: Sequence[Value]) -> Value:
    if any(isinstance(error, Failure) for error in errors):
        return Failure()
    known = [error for error in errors if not isinstance(error, Null)]
    return known[0] if known else Null()


def stop(call: Call) -> tuple[Value, ...]:
    """This path ends in failure, of which argument 0 tells."""
    call.machine.stop(call.arguments[0] if call.arguments else None)
    return ()


def leave(call: Call) -> tuple[Value, ...]:
    """The program ends; in failure if the argument is a number other than 0."""
    code = call.argument(0)
    if isinstance(code, Number) and code.value != 0:
        call.machine.stop()
    else:
        call.machine.end_program(code)
    return ()


def is_function(value: Value) -> bool:
    return isinstance(value, FunctionValue | LibraryValue)


def functions(call: Call) -> list[Value]:
    """The arguments that are functions, in order; of alternatives the first that is one."""
    found: list[Value] = []
    for argument in call.arguments:
        loaded = call.machine.load(argument) if isinstance(argument, Pointer) else argument
        choices = [option for _, option in loaded.options] if isinstance(loaded, Alternatives) else [loaded]
        found.extend([option for option in choices if is_function(option)][:1])
    return found


def call_functions(call: Call) -> tuple[Value, ...]:
    """Call every function among the arguments, now. `arguments`: what they get; with `results: called` the results are
    those of the last one."""
    given = _given(call)
    last: tuple[Value, ...] = ()
    for function in functions(call):
        last = call.machine.call(function, given)
    return last if call.with_.get("results") == "called" else results(call)


def call_receiver(call: Call) -> tuple[Value, ...]:
    """Call the receiver's field that `function` names; with `method`, that method of it without arguments."""
    function = at_place(call, str(call.with_.get("function", "$")))
    if (name := call.with_.get("method")) is not None:
        own = call.machine.own_method(function, str(name))
        return call.machine.call(own, ()) if own is not None else ()
    return call.machine.call(function, call.arguments) if is_function(function) else ()


def _given(call: Call) -> tuple[Value, ...]:
    shapes = call.with_.get("arguments", ())
    return tuple(result(call, shape) for shape in shapes) if isinstance(shapes, list | tuple) else ()


def spawn(call: Call) -> tuple[Value, ...]:
    """Run every function among the arguments side by side with what follows."""
    for function in functions(call):
        call.machine.spawn(function)
    return results(call)


def wait(call: Call) -> tuple[Value, ...]:
    """Wait for everything spawned."""
    call.machine.wait()
    return results(call)


def later(call: Call) -> tuple[Value, ...]:
    """A function of a library that remembers the arguments: calling it is the model of the same name with '()'
    appended, whose receiver is the list of them."""
    return (LibraryValue(f"{call.name}()", values.Sequence(call.arguments)),)


def pointer_to(call: Call) -> tuple[Value, ...]:
    """A pointer to a copy of argument 0."""
    return (call.machine.allocate(call.argument(0)),)


def pointed(call: Call) -> tuple[Value, ...]:
    """What argument 0 leads to; argument 1 (if any) where it is nil."""
    pointer = call.argument(0)
    if isinstance(pointer, Null) and len(call.arguments) > 1:
        return (call.arguments[1],)
    return (call.machine.load(pointer),)


def first_set(call: Call) -> tuple[Value, ...]:
    """The first argument that is not the zero value of its type; alternatives where that is not known."""
    choices: list[tuple[Guards, Value]] = []
    given = ALWAYS
    for argument in call.arguments:
        if isinstance(argument, Null) or argument in (values.EMPTY, Number(0), Truth(False)):
            continue
        if isinstance(argument, Text) and argument.leading + argument.trailing == "":
            atom = f"{argument} is set"
            held = given.and_(when(atom))
            rest = given.and_(when(atom, False))
            if held is None or rest is None:
                continue
            choices.append((held, argument))
            given = rest
            continue
        choices.append((given, argument))
        break
    return (alternatives(choices) if choices else Text(()),)
