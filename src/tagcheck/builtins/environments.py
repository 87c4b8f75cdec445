"""The environment of a program as Python has it: a mapping, copies of it, and variables with defaults (Python 3.13
library reference, `os.environ`)."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call, Machine
from tagcheck.builtins.symbolic import as_text
from tagcheck.guards import when
from tagcheck.values import ENVIRONMENT, Absent, Text, Value, alternatives


def variable_or(call: Call) -> tuple[Value, ...]:
    """The variable of the environment that argument 0 names, argument 1 where it is not set; with `keeping`, that is
    set then; with `taking`, the variable is not set any more."""
    name = as_text(call.argument(0), call.machine)
    value = call.machine.environment(name)
    if call.with_.get("taking"):
        call.machine.set_environment(name, Absent())
    default = call.arguments[1] if len(call.arguments) > 1 else None
    if default is None or isinstance(default, Absent):
        return (value,)
    found = set_or(value, default)
    if call.with_.get("keeping"):
        call.machine.set_environment(name, found)
    return (found,)


def set_or(value: Value, default: Value) -> Value:
    """What a variable of the environment holds, another value where it is not set."""
    if not isinstance(value, Text) or not value.holes or value.leading + value.trailing:
        return value
    is_set = when(f"{value} is set")
    return alternatives(((is_set, value), (when(f"{value} is set", False), default)))


def copied(call: Call) -> tuple[Value, ...]:
    """The environment as a new mapping."""
    return (call.machine.allocate(environment(call.machine)),)


def environment(machine: Machine) -> values.Mapping:
    """The environment as a mapping: what the run has set is known of it."""
    return values.Mapping(machine.variables_set(), True, ENVIRONMENT)


def of_copy(machine: Machine, copy: values.Mapping, key: Value) -> Value | None:
    """The variable of which a copy of the environment has no entry; None where that is not known: it may have been set
    since."""
    name = as_text(key, machine)
    is_copy = copy.type == ENVIRONMENT and name.literal is not None and not machine.exports(name)
    return machine.environment(name) if is_copy else None


def set_variables(call: Call) -> tuple[Value, ...]:
    """Set the variables in argument 0, a mapping, and those in the keywords."""
    given = call.machine.load(call.argument(0)) if call.arguments else values.Mapping(())
    pairs_ = given.entries if isinstance(given, values.Mapping) else ()
    for name, value in (*pairs_, *((Text.of(name), value) for name, value in call.keywords.items())):
        call.machine.set_environment(as_text(name, call.machine), value)
    return ()
