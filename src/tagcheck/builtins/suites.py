"""Test frameworks: functions kept for phases, helpers that call functions now, assertions that end a path."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.general import at_place, functions, is_function, result, results
from tagcheck.values import Failure, LibraryValue, Null, Pointer, Record, Value

ENTRY = "ginkgo.TableEntry"
TABLE_CALL = "builtin.table-entry"
SYNCHRONISED = "builtin.synchronised"


def phase(call: Call) -> tuple[Value, ...]:
    """Keep the functions among the arguments for the phase `phase`; lists are searched too. With `bind`, a
    function that stands first gets the arguments after it when it is called."""
    name = str(call.with_.get("phase", "body"))
    if call.with_.get("bind") and call.arguments and is_function(call.arguments[0]) and len(call.arguments) > 1:
        bound = LibraryValue(TABLE_CALL, values.Sequence(call.arguments))
        call.machine.register(name, bound)
        return results(call)
    for function in _spread(call):
        call.machine.register(name, function)
    return results(call)


def _spread(call: Call) -> list[Value]:
    found = functions(call)
    for argument in call.arguments:
        if isinstance(argument, values.Sequence):
            found.extend(item for item in argument.items if is_function(item))
    return found


def synchronised(call: Call) -> tuple[Value, ...]:
    """Keep two functions for a phase: the first process runs the first, then every process the second, with what the
    first returned. `reversed`: every process runs the first, then one the second."""
    pair = functions(call)[:2]
    name = str(call.with_.get("phase", "before-suite"))
    if len(pair) < 2 or call.with_.get("reversed"):
        for function in pair:
            call.machine.register(name, function)
    else:
        call.machine.register(name, LibraryValue(SYNCHRONISED, values.Sequence(tuple(pair))))
    return ()


def run_synchronised(call: Call) -> tuple[Value, ...]:
    """Call the first function of the receiver, a pair, then the second with its results."""
    pair = call.receiver
    if isinstance(pair, values.Sequence) and len(pair.items) == 2:
        call.machine.call(pair.items[1], call.machine.call(pair.items[0], ()))
    return ()


def table(call: Call) -> tuple[Value, ...]:
    """A table of tests: its body is kept once for every entry, with the entry's arguments; once without entries."""
    bodies = functions(call)[:1]
    if not bodies:
        return ()
    entries = [argument for argument in call.arguments if isinstance(argument, Record) and argument.type == ENTRY]
    for entry in entries[:64]:
        given = entry.get("arguments")
        items = given.items if isinstance(given, values.Sequence) else ()
        bound = LibraryValue(TABLE_CALL, values.Sequence((bodies[0], *items)))
        call.machine.register("body", bound)
    if not entries:
        call.machine.register("body", bodies[0])
    return ()


def entry(call: Call) -> tuple[Value, ...]:
    """One entry of a table: its description, then the arguments of the body; decorators among them are left out."""
    given = tuple(
        argument for argument in call.arguments[1:] if not (isinstance(argument, Record) and argument.type == DECORATOR)
    )
    return (Record(ENTRY, (("arguments", values.Sequence(given)),)),)


DECORATOR = "ginkgo.Decorator"


def decorator(call: Call) -> tuple[Value, ...]:
    """A label, a time-out or another remark about a test."""
    return (Record(DECORATOR),)


def run_table_entry(call: Call) -> tuple[Value, ...]:
    """Call the first item of the receiver, a list, with the others."""
    bound = call.receiver
    if isinstance(bound, values.Sequence) and bound.items:
        return call.machine.call(bound.items[0], bound.items[1:])
    return ()


def run_tests(call: Call) -> tuple[Value, ...]:
    """The tests of the module run now."""
    call.machine.register("run-tests", Null())
    return results(call)


PREPARING = ("before-suite", "before-all", "before-each", "just-before-each")
"""The phases before tests, in which variables get the values that tests read."""
METHOD_LISTS = ("before", "before-each", "after-each", "after")
"""Parameters of a model that name methods which a framework calls."""
MOST_TESTS = 60
"""Tests of one suite that are run; more are alike."""


def run_methods(call: Call) -> tuple[Value, ...]:
    """Run the suite at the place `of`: its methods that `before` names, then those that begin with `tests`, each
    between those of `before-each` and `after-each`, then those of `after`."""
    methods = call.machine.methods(at_place(call, str(call.with_.get("of", "0"))))

    def run(key: str) -> None:
        names = call.with_.get(key, ())
        for name in names if isinstance(names, list | tuple) else ():
            if str(name) in methods:
                call.machine.attempt(methods[str(name)])

    run("before")
    for test in [name for name in methods if name.startswith(str(call.with_.get("tests", "Test")))][:MOST_TESTS]:
        run("before-each")
        call.machine.attempt(methods[test])
        run("after-each")
    run("after")
    return results(call)


def bind(call: Call) -> tuple[Value, ...]:
    """Keep the functions among the arguments in the receiver's record under `field`; the receiver is the result."""
    name = str(call.with_.get("field", "body"))
    if call.receiver is None:
        return (call.unknown("an unknown builder"),)
    loaded = call.machine.load(call.receiver)
    if not isinstance(loaded, Record):
        return (call.receiver,)
    kept = loaded.get(name)
    before = kept.items if isinstance(kept, values.Sequence) else ()
    grown = loaded.with_field(name, values.Sequence((*before, *functions(call))))
    if isinstance(call.receiver, Pointer):
        call.machine.store(call.receiver, grown)
        return (call.receiver,)
    return (grown,)


def run_bound(call: Call) -> tuple[Value, ...]:
    """Call the functions that records among the arguments keep under the names `fields`, in that order, with the
    arguments `arguments`."""
    shapes = call.with_.get("arguments", ())
    given = tuple(result(call, shape) for shape in shapes) if isinstance(shapes, list | tuple) else ()
    names = call.with_.get("fields", ())
    for argument in call.arguments:
        loaded = call.machine.load(argument)
        for name in names if isinstance(loaded, Record) and isinstance(names, list | tuple) else ():
            kept = loaded.get(str(name)) if isinstance(loaded, Record) else None
            for function in kept.items if isinstance(kept, values.Sequence) else ():
                call.machine.call(function, given)
    return results(call)


# --- assertions ------------------------------------------------------------------------------------------------------


def expectation(call: Call) -> tuple[Value, ...]:
    """A value about which something is asserted next: the first argument, or an error among the others. Functions
    among the arguments are called; what they return may change until the assertion holds, so nothing is kept."""
    called = functions(call)
    for function in called:
        call.machine.call(function, ())
    if called or not call.arguments:
        return (Record("gomega.Assertion"),)
    failed = next((argument for argument in call.arguments if isinstance(argument, Failure)), call.arguments[0])
    return (Record("gomega.Assertion", (("%actual", failed),)),)


def assertion(call: Call) -> tuple[Value, ...]:
    """Assert something of the receiver's value: an error that is certain ends the path if the matcher (argument 0)
    wants success. `negated`: the matcher must not hold."""
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    actual = held.get("%actual") if isinstance(held, Record) else None
    matcher = call.machine.load(call.argument(0))
    wants = matcher.get("%wants") if isinstance(matcher, Record) else None
    negated = bool(call.with_.get("negated"))
    if isinstance(actual, Failure) and isinstance(wants, values.Truth) and wants.value is not negated:
        call.machine.stop()
    return (values.Truth(True),)


def matcher(call: Call) -> tuple[Value, ...]:
    """A matcher; `wants`: whether it holds for success (true) or for failure (false)."""
    wants = call.with_.get("wants")
    fields = (("%wants", values.Truth(wants)),) if isinstance(wants, bool) else ()
    return (Record("gomega.Matcher", fields),)


def require_success(call: Call) -> tuple[Value, ...]:
    """An error at the place `error` (default '1') that is certain ends the path."""
    if isinstance(at_place(call, str(call.with_.get("error", "1"))), Failure):
        call.machine.stop()
    return results(call)
