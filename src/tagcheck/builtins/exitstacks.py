"""What is left at the end of a block (Python library reference, `contextlib.ExitStack`)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.general import is_function, results
from tagcheck.values import LibraryValue, Record, Text, Value

MANAGER = "contextlib.Manager"
_LATER = "%later"
_NONE = (values.Null(),) * 3


def entered(call: Call) -> tuple[Value, ...]:
    """Enter the context manager in argument 0, which the receiver leaves at its end; what entering gives."""
    manager = call.argument(0)
    held = call.machine.load(manager)
    if isinstance(held, Record) and held.type == MANAGER:
        if (last := held.get("exit")) is not None:
            _keep(call, last, ())
        return (held.get("value") or call.unknown("what a context manager gives"),)
    enter, leave = (call.machine.own_method(manager, name) for name in ("__enter__", "__exit__"))
    found = call.machine.call(enter, ()) if enter is not None else (manager,)
    if leave is not None:
        _keep(call, leave, _NONE)
    return found or (values.Null(),)


def later(call: Call) -> tuple[Value, ...]:
    """The receiver calls argument 0 with the other arguments and the keywords at its end."""
    if call.arguments and is_function(call.arguments[0]):
        _keep(call, call.arguments[0], call.arguments[1:])
    return results(call)


def _keep(call: Call, function: Value, arguments: tuple[Value, ...]) -> None:
    stack = call.machine.load(call.receiver) if call.receiver is not None else None
    if not isinstance(stack, Record) or call.receiver is None:
        return
    named = values.Mapping(tuple((Text.of(name), value) for name, value in call.keywords.items()))
    entry = Record("later", (("function", function), ("arguments", values.Sequence(arguments)), ("keywords", named)))
    known = stack.get(_LATER)
    before = known.items if isinstance(known, values.Sequence) else ()
    call.machine.store(call.receiver, stack.with_field(_LATER, values.Sequence((*before, entry))))


def left(call: Call) -> tuple[Value, ...]:
    """The receiver does what it has to do at its end, the last first."""
    while (entry := _taken(call)) is not None:
        given, named = entry.get("arguments"), entry.get("keywords")
        keywords = {str(key): value for key, value in named.entries} if isinstance(named, values.Mapping) else {}
        arguments = given.items if isinstance(given, values.Sequence) else ()
        call.machine.call(entry.get("function") or LibraryValue("builtin.nothing"), arguments, keywords)
    return ()


def _taken(call: Call) -> Record | None:
    stack = call.machine.load(call.receiver) if call.receiver is not None else None
    known = stack.get(_LATER) if isinstance(stack, Record) else None
    if not isinstance(stack, Record) or not isinstance(known, values.Sequence) or not known.items:
        return None
    call.machine.store(call.receiver or values.Null(), stack.with_field(_LATER, values.Sequence(known.items[:-1])))
    last = known.items[-1]
    return last if isinstance(last, Record) else None


def handed_over(call: Call) -> tuple[Value, ...]:
    """A new stack that does what the receiver had to do."""
    stack = call.machine.load(call.receiver) if call.receiver is not None else None
    if not isinstance(stack, Record) or call.receiver is None:
        return (call.unknown("a stack"),)
    call.machine.store(call.receiver, stack.with_field(_LATER, values.Sequence(())))
    return (call.machine.allocate(stack),)
