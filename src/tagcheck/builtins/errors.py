"""Exceptions as objects: what they were made with, and of which classes they are (Python 3.13 library reference,
"Built-in Exceptions")."""

from __future__ import annotations

import builtins

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import as_text
from tagcheck.ir import TEXT_FIELD
from tagcheck.values import EMPTY, Record, Text, Value

MODULE = "builtins."


def error_class(name: str) -> type[BaseException] | None:
    """The exception of the language that a name means, qualified or not."""
    found = getattr(builtins, name.removeprefix(MODULE), None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def is_error(name: str, wanted: str) -> bool | None:
    """Whether an exception of the language is one of another; None if either is none of the language."""
    one, other = error_class(name), error_class(wanted)
    return None if one is None or other is None else issubclass(one, other)


def made(call: Call) -> tuple[Value, ...]:
    """An exception with the arguments; with `telling`, the receiver, an exception, gets them."""
    if not call.with_.get("telling"):
        return (_with_arguments(call, Record(call.name)),)
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    if isinstance(held, Record) and call.receiver is not None:
        call.machine.store(call.receiver, _with_arguments(call, held))
    return ()


def _with_arguments(call: Call, error: Record) -> Record:
    shown: Text | None = EMPTY
    if call.arguments:
        only = call.arguments[0] if len(call.arguments) == 1 else None
        shown = as_text(only, call.machine) if isinstance(only, Text | values.Number) else None
    if error.type.endswith(".KeyError"):
        # It shows its argument as code would write it.
        shown = Text.of(repr(shown.literal)) if shown is not None and shown.literal else None
    if error.type.endswith(".SystemExit"):
        error = error.with_field("code", call.arguments[0] if call.arguments else values.Null())
    error = error.with_field("args", values.Sequence(call.arguments))
    return error.with_field(TEXT_FIELD, shown if shown is not None else call.unknown("an exception as a text"))


def ended(call: Call) -> tuple[Value, ...]:
    """Whether the block that the receiver manages ends well although something was raised in it: if that is of one of
    its classes, which are taken to be the right ones."""
    raised = call.arguments[1] if len(call.arguments) > 1 else values.Null()
    return (values.Truth(not isinstance(raised, values.Null)),)
