"""What programs of jq do (jq 1.7 manual): parts of programs that give any number of values for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tagcheck.builtins.jqvalues import (
    Unanswered,
    added,
    assigned,
    called,
    compared,
    is_true,
    item,
    items,
    key_text,
    part,
)
from tagcheck.builtins.symbolic import as_text, joined
from tagcheck.values import EMPTY, Mapping, Text, Truth, Value
from tagcheck.values import Sequence as Listed

MOST_VALUES = 500
Names = dict[str, Value]
Node = Callable[["Run", Value, Names], Iterator[Value]]


@dataclass
class Run:
    """What a program is run with: the arguments by name, and the environment."""

    arguments: Names
    environment: Callable[[str], Value]
    left: int = field(default=20000)
    """steps that may be done yet"""

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unanswered


# --- evaluation ------------------------------------------------------------------------------------------------------


def itself(run: Run, value: Value, names: Names) -> Iterator[Value]:
    yield value


def constant(found: Value, run: Run, value: Value, names: Names) -> Iterator[Value]:
    yield found


def written_text(parts: tuple[Text | Node, ...], run: Run, value: Value, names: Names) -> Iterator[Value]:
    found: list[Text] = []
    for each in parts:
        found.append(each if isinstance(each, Text) else key_text(_only(each, run, value, names)))
    yield joined(found, EMPTY)


def _only(node: Node, run: Run, value: Value, names: Names) -> Value:
    """The only value that a part of a program gives."""
    found = list(node(run, value, names))
    if len(found) != 1:
        raise Unanswered
    return found[0]


def piped(left: Node, right: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for each in left(run, value, names):
        run.step()
        yield from right(run, each, names)


def bound(left: Node, name: str, right: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for each in left(run, value, names):
        run.step()
        yield from right(run, value, {**names, name: each})


def each_of(parts: tuple[Node, ...], run: Run, value: Value, names: Names) -> Iterator[Value]:
    for each in parts:
        yield from each(run, value, names)


def alternative(left: Node, right: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    found = [each for each in left(run, value, names) if is_true(each)]
    yield from found or right(run, value, names)


def logical(stops: bool, left: Node, right: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for each in left(run, value, names):
        if is_true(each) is stops:
            yield Truth(stops)
        else:
            yield from (Truth(is_true(other)) for other in right(run, value, names))


def comparison(operator: str, left: Node, right: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for other in right(run, value, names):
        for each in left(run, value, names):
            yield Truth(compared(operator, each, other))


def calculated(operator: str, left: Node, right: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for other in right(run, value, names):
        for each in left(run, value, names):
            yield added(operator, each, other)


def followed(steps: tuple[object, ...], base: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for each in base(run, value, names):
        yield from _steps(steps, each, run, value, names)


def _steps(steps: tuple[object, ...], found: Value, run: Run, value: Value, names: Names) -> Iterator[Value]:
    if not steps:
        yield found
        return
    run.step()
    step, rest = steps[0], steps[1:]
    if step is None:
        for each in items(found):
            yield from _steps(rest, each, run, value, names)
    elif isinstance(step, slice):
        low, high = (None if each is None else _only(each, run, value, names) for each in (step.start, step.stop))
        yield from _steps(rest, part(found, low, high), run, value, names)
    elif isinstance(step, str):
        yield from _steps(rest, item(found, Text.of(step)), run, value, names)
    elif callable(step):
        for key in step(run, value, names):
            yield from _steps(rest, item(found, key), run, value, names)


def collected(inner: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    yield Listed(tuple(inner(run, value, names)))


def choice(condition: Node, then: Node, otherwise: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    for each in condition(run, value, names):
        yield from (then if is_true(each) else otherwise)(run, value, names)


def made(entries: tuple[tuple[Node, Node], ...], run: Run, value: Value, names: Names) -> Iterator[Value]:
    found: list[dict[str, Value]] = [{}]
    for key, content in entries:
        pairs = [
            (as_text(name).literal, each) for name in key(run, value, names) for each in content(run, value, names)
        ]
        if any(name is None for name, _ in pairs):
            raise Unanswered
        found = [{**before, name or "": each} for name, each in pairs for before in found]
        if len(found) > MOST_VALUES:
            raise Unanswered
    for made in found:
        yield Mapping(tuple((Text.of(name), each) for name, each in made.items()))


def variable(name: str, run: Run, value: Value, names: Names) -> Iterator[Value]:
    if name not in names:
        raise Unanswered
    yield names[name]


def of_environment(name: str, run: Run, value: Value, names: Names) -> Iterator[Value]:
    yield run.environment(name)


def set_at(path: tuple[str, ...], operator: str, new: Node, run: Run, value: Value, names: Names) -> Iterator[Value]:
    if operator == "=":
        for each in new(run, value, names):
            yield assigned(value, path, each)
        return
    before: Value = value
    for step in path:
        before = item(before, Text.of(step))
    if operator == "|=":
        yield assigned(value, path, _only(new, run, before, names))
    elif operator == "+=":
        yield assigned(value, path, added("+", before, _only(new, run, value, names)))
    else:
        yield assigned(value, path, before if is_true(before) else _only(new, run, value, names))


def function(name: str, arguments: tuple[Node, ...], run: Run, value: Value, names: Names) -> Iterator[Value]:
    run.step()
    match name, arguments:
        case "map", (inner,):
            yield Listed(tuple(found for each in items(value) for found in inner(run, each, names)))
        case "map_values", (inner,) if isinstance(value, Mapping) and not value.open:
            pairs = ((key, list(inner(run, each, names))) for key, each in value.entries)
            yield Mapping(tuple((key, found[0]) for key, found in pairs if found))
        case "select", (inner,):
            yield from (value for each in inner(run, value, names) if is_true(each))
        case "empty", ():
            return
        case "not", ():
            yield Truth(not is_true(value))
        case "recurse" | "error" | "input" | "inputs" | "path" | "paths" | "now" | "input_filename", _:
            raise Unanswered
        case (("first" | "last"), (inner,)):
            found = list(inner(run, value, names))
            yield from found[:1] if name == "first" else found[-1:]
        case (("any" | "all"), (inner,)):
            answers_ = [is_true(each) for element in items(value) for each in inner(run, element, names)]
            yield Truth(any(answers_) if name == "any" else all(answers_))
        case "with_entries", (inner,):
            pairs_ = called("to_entries", value, ())
            yield called(
                "from_entries", Listed(tuple(f for each in items(pairs_) for f in inner(run, each, names))), ()
            )
        case (("sort_by" | "unique_by" | "min_by" | "max_by" | "group_by"), (inner,)):
            keys = Listed(tuple(_only(inner, run, each, names) for each in items(value)))
            yield called(name, value, (keys,))
        case _:
            yield called(name, value, tuple(_only(each, run, value, names) for each in arguments))
