"""What a shell does to its own variables."""

from __future__ import annotations

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import as_text, combine, joined, split_text, text_argument
from tagcheck.values import EMPTY, Null, Text, Value


def assign(call: Call) -> tuple[Value, ...]:
    """Give the variable that argument 0 names the value of argument 1."""
    call.machine.assign(text_argument(call, 0), call.argument(1))
    return (Null(),)


def set_exported(call: Call) -> tuple[Value, ...]:
    """Give the variable of the environment that argument 0 names the value of argument 1, if it was exported before."""
    name = text_argument(call, 0)
    if call.machine.exports(name):
        call.machine.set_environment(name, call.argument(1))
    return (Null(),)


def source(call: Call) -> tuple[Value, ...]:
    """Run the file in argument 0 in the shell itself; the other arguments are its positional parameters. With
    `exporting`, what it assigns is exported."""
    if call.arguments:
        call.machine.source(call.argument(0), call.arguments[1:], bool(call.with_.get("exporting")))
    return (Null(),)


def failed(call: Call) -> tuple[Value, ...]:
    """The last command has failed."""
    call.machine.drop_printed()
    return ()


def unanswered(call: Call) -> tuple[Value, ...]:
    """A command has failed, and nobody asks: a shell that was told so ends."""
    call.machine.unanswered()
    return ()


def require(call: Call) -> tuple[Value, ...]:
    """The script ends in failure if argument 0 is empty."""
    if call.argument(0) == EMPTY:
        call.machine.stop()
    return (call.argument(0),)


def evaluate(call: Call) -> tuple[Value, ...]:
    """Run the arguments, with a blank between them, as a text of the shell itself."""
    words = [call.machine.load(value) for value in call.arguments]
    call.machine.evaluate_text(combine(words, lambda row: joined([as_text(word) for word in row], Text.of(" "))))
    return (Null(),)


def export_words(call: Call) -> tuple[Value, ...]:
    """Assign each argument that is a text NAME=value, and export it unless `exporting` is false."""
    for value in call.arguments:
        for _, option in values.options(call.machine.load(value)):
            halves = split_text(as_text(option, call.machine), "=", 2)
            name = halves[0].literal if len(halves) == 2 else None
            if name and name.isidentifier():
                call.machine.assign(Text.of(name), halves[1] if halves[1].parts else EMPTY)
                if call.with_.get("exporting", True):
                    call.machine.set_environment(Text.of(name), halves[1])
    return (Null(),)
