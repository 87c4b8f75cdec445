"""Commands as objects that get further words before they run (plumbum 1.9, sh 2), and tasks that are described by data
(doit 0.36, SCons 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tagcheck import values
from tagcheck.builtins.api import Call, Command
from tagcheck.builtins.general import is_function
from tagcheck.builtins.programs import run_words
from tagcheck.builtins.pythontexts import filled
from tagcheck.builtins.symbolic import as_text
from tagcheck.values import Null, Record, Text, Value

WORDS = "%words"
MOST_TASKS = 200
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def _spread(call: Call, given: tuple[Value, ...]) -> Iterator[Value]:
    for each in given:
        loaded = call.machine.load(each)
        yield from loaded.items if isinstance(loaded, values.Sequence) else (loaded,)


def _held(call: Call) -> tuple[Value, ...]:
    receiver = call.machine.load(call.receiver) if call.receiver is not None else None
    words = receiver.get(WORDS) if isinstance(receiver, Record) else None
    if isinstance(words, values.Sequence):
        return words.items
    return () if words is None else (words,)


def bind(call: Call) -> tuple[Value, ...]:
    """A command of the type `type`: the words of the receiver, of `program` (parts of the called name between it and
    the method), and the arguments, lists among them spread."""
    words = _held(call)
    if program := call.with_.get("program"):
        named = call.name.removeprefix(str(program)).strip(".").split(".")[:-1]
        words = tuple(Text.of(part.replace("_", "-")) for part in named)
    whole = values.Sequence((*words, *_spread(call, call.arguments)))
    return (Record(str(call.with_.get("type", "")), ((WORDS, whole),)),)


def run_bound(call: Call) -> tuple[Value, ...]:
    """Run the receiver, a command, with the arguments behind its own words; `alone`: without them."""
    further = () if call.with_.get("alone") else call.arguments
    inner = Call(
        *(call.name, (*_held(call), *further), call.machine, call.site),
        keywords=call.keywords, with_=call.with_, identity=call.identity,
    )  # fmt: skip
    return run_words(inner)


# --- tasks -----------------------------------------------------------------------------------------------------------


def run_tasks(call: Call) -> tuple[Value, ...]:
    """Run the tasks that the arguments describe, a name and what its function gives in turn: each once, what it depends
    on before (`task_dep`, `setup`), its `teardown` and `clean` at the end."""
    tasks: dict[str, values.Mapping] = {}
    for named, given in zip(call.arguments[::2], call.arguments[1::2], strict=False):
        for task in _described(call, given):
            inner = task.get("name")
            tasks[str(as_text(named)) + (f":{inner}" if isinstance(inner, Text) else "")] = task
    done: set[str] = set()
    for name in list(tasks)[:MOST_TASKS]:
        _run_task(call, name, tasks, done)
    for task in tasks.values():
        for kind in ("teardown", "clean"):
            _actions(call, task.get(kind), None)
    return ()


def _described(call: Call, given: Value) -> Iterator[values.Mapping]:
    loaded = call.machine.load(given)
    for each in loaded.items if isinstance(loaded, values.Sequence) else (loaded,):
        task = call.machine.load(each)
        if isinstance(task, values.Mapping):
            yield task


def _run_task(call: Call, name: str, tasks: Mapping[str, values.Mapping], done: set[str]) -> None:
    if name in done:
        return
    done.add(name)
    task = tasks[name]
    for key in ("task_dep", "setup"):
        for before in _spread(call, (task.get(key) or Null(),)):
            wanted = str(before) if isinstance(before, Text) else ""
            for other in [each for each in tasks if wanted and (each == wanted or each.startswith(f"{wanted}:"))]:
                _run_task(call, other, tasks, done)
    _actions(call, task.get("actions"), None)


def _actions(call: Call, given: Value | None, known: Mapping[str, Value] | None) -> None:
    for each in _spread(call, (given,)) if given is not None else ():
        _action(call, each, known)


def _action(call: Call, given: Value, known: Mapping[str, Value] | None) -> None:
    """One step of a task: a line for a shell, words, a function, or a function with its arguments."""
    loaded = call.machine.load(given)
    match loaded:
        case Text() | values.Alternatives():
            call.machine.run(Command((Text.of("sh"), Text.of("-c"), _substituted(call, loaded, known))))
        case values.Sequence(items) if items and is_function(items[0]):
            arguments = call.machine.load(items[1]) if len(items) > 1 else Null()
            call.machine.call(items[0], arguments.items if isinstance(arguments, values.Sequence) else ())
        case values.Sequence(items) if items:
            call.machine.run(Command(tuple(map(call.machine.load, items))))
        case _ if is_function(loaded):
            call.machine.call(loaded, ())


# --- SCons -----------------------------------------------------------------------------------------------------------


def construction(call: Call) -> tuple[Value, ...]:
    """What the steps of a build know: the keywords, and what is set in it later."""
    entries = tuple((Text.of(name), value) for name, value in call.keywords.items())
    return (call.machine.allocate(values.Mapping(entries)),)


def build_step(call: Call) -> tuple[Value, ...]:
    """Do the actions at argument `actions`; with a mapping before them, in its variables, and those of the keywords."""
    held = call.machine.load(call.argument(0)) if call.with_.get("of") else None
    entries = held.entries if isinstance(held, values.Mapping) else ()
    known = {name.literal: value for name, value in entries if isinstance(name, Text) and name.literal}
    known.update(call.keywords)
    given = call.machine.load(call.argument(int(str(call.with_.get("actions", 0)))))
    whole = values.Sequence((given,)) if not isinstance(given, values.Sequence) else given
    for each in whole.items:
        step = call.machine.load(each)
        if is_function(step):
            call.machine.call(step, (values.Sequence(()), values.Sequence(()), Null()))
        else:
            _action(call, step, known)
    return (call.unknown("what a step of a build makes"),)


def _substituted(call: Call, line: Value, known: Mapping[str, Value] | None) -> Value:
    """A line with the variables of a build in it; without a build, it is the shell's as it stands."""
    if known is None:
        return line

    def named(match: re.Match[str]) -> Value:
        found = known.get(match[1] or match[2])
        return call.unknown("a variable of a build") if found is None else found

    return filled(call, as_text(line, call.machine), _VARIABLE, named, {"$$": "$"})
