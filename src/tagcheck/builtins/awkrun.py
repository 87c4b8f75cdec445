"""What programs of awk do: their state, values, actions and expressions (POSIX.1-2024, awk)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tagcheck.builtins.patterns import pattern

MOST_STEPS = 20000
DEEPEST = 40
Simple = str | float
Expression = Callable[["Run"], Simple]
Action = Callable[["Run"], None]


class Unread(Exception):
    """Something that is not in the language, or takes too long; never leaves this module."""


class Next(Exception):
    """The next line."""


class Exit(Exception):
    """The end."""


class Field(str):
    """A text that counts as a number in comparisons where it looks like one."""

    __slots__ = ()


@dataclass
class Run:
    """The state of a program."""

    variables: dict[str, Simple]
    arrays: dict[str, dict[str, Simple]] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    line: str = ""
    printed: list[str] = field(default_factory=list)
    steps: int = MOST_STEPS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Unread

    def read(self, line: str) -> None:
        """Make a line the current one."""
        self.line, self.fields = line, divided(line, text_of(self.variables["FS"]))
        self.variables["NF"] = float(len(self.fields))

    def column(self, number: int) -> str:
        if not number:
            return Field(self.line)
        if number < 0:
            raise Unread
        return Field(self.fields[number - 1]) if number <= len(self.fields) else ""

    def set_column(self, number: int, value: str) -> None:
        if not number:
            self.read(value)
            return
        if not 0 < number <= len(self.fields) + DEEPEST:
            raise Unread
        self.fields += [""] * (number - len(self.fields))
        self.fields[number - 1] = value
        self.variables["NF"] = float(len(self.fields))
        self.line = text_of(self.variables["OFS"]).join(self.fields)


@dataclass(frozen=True)
class Place:
    """What can be set: a variable, an element of an array, a column."""

    name: str
    key: Expression | None = None


# --- values ----------------------------------------------------------------------------------------------------------


def text_of(value: Simple) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else f"{value:.6g}"


_NUMBER = re.compile(r"\s*[-+]?\d*\.?\d+")


def number_of(value: Simple) -> float:
    if not isinstance(value, str):
        return value
    found = _NUMBER.match(value)
    if found is not None and len(found[0]) < 18:
        return float(found[0])
    return 0.0


def holds(value: Simple) -> bool:
    if isinstance(value, Field) and _looks_like_number(value):
        return number_of(value) != 0
    return value != 0.0 and value != ""


def _looks_like_number(value: str) -> bool:
    found = _NUMBER.match(value)
    return found is not None and not value[found.end() :].strip()


def divided(line: str, separator: str) -> list[str]:
    """The columns of a line."""
    if separator == " ":
        return line.split()
    if not line:
        return []
    if len(separator) == 1:
        return line.split(separator)
    found = pattern(separator, extended=True)
    if found is None:
        raise Unread
    parts, at = [], 0
    while (match := found.find(line, at)) is not None and match.end() > match.start():
        parts.append(line[at : match.start()])
        at = match.end()
    return [*parts, line[at:]]


def _compared(operator: str, left: Simple, right: Simple) -> float:
    numeric = all(
        not isinstance(each, str) or (isinstance(each, Field) and _looks_like_number(each)) for each in (left, right)
    )
    one: Simple
    other: Simple
    if numeric:
        one, other = number_of(left), number_of(right)
        order = (one > other) - (one < other)
    else:
        one, other = text_of(left), text_of(right)
        order = (one > other) - (one < other)
    return float(
        {"==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[
            operator
        ]
    )


# --- actions ---------------------------------------------------------------------------------------------------------


def in_order(actions: tuple[Action, ...], run: Run) -> None:
    for action in actions:
        run.step()
        action(run)


def print_values(values: tuple[Expression, ...], run: Run) -> None:
    texts = [text_of(each(run)) for each in values] if values else [run.line]
    run.printed.append(text_of(run.variables["OFS"]).join(texts) + text_of(run.variables["ORS"]))


def print_format(values: tuple[Expression, ...], run: Run) -> None:
    if not values:
        raise Unread
    run.printed.append(_formatted([each(run) for each in values]))


_VERB = re.compile(r"%(%|-?0?\d*(?:\.\d+)?[sdi])")


def _formatted(values: list[Simple]) -> str:
    written, *given = values
    rest = iter(given)

    def shown(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        value = next(rest, "")
        if len(found[1]) > 6:
            raise Unread
        return found[0].replace("i", "d") % (text_of(value) if found[1][-1] == "s" else int(number_of(value)))

    text = text_of(written)
    if "%" in _VERB.sub("", text):
        raise Unread
    return _VERB.sub(shown, text)


def either_action(condition: Expression, then: Action, otherwise: Action, run: Run) -> None:
    (then if holds(condition(run)) else otherwise)(run)


def loop(condition: Expression, step: Expression | None, body: Action, run: Run) -> None:
    while holds(condition(run)):
        run.step()
        body(run)
        if step is not None:
            step(run)


def next_line(run: Run) -> None:
    raise Next


def end(run: Run) -> None:
    raise Exit


def evaluated(expression: Expression, run: Run) -> None:
    expression(run)


# --- expressions -----------------------------------------------------------------------------------------------------


def constant(value: Simple, run: Run) -> Simple:
    return value


def variable(name: str, run: Run) -> Simple:
    return run.variables.get(name, Field(""))


def element(name: str, key: Expression, run: Run) -> Simple:
    return run.arrays.get(name, {}).get(text_of(key(run)), Field(""))


def column(number: Expression, run: Run) -> Simple:
    return run.column(int(number_of(number(run))))


def assign(place: Place, operator: str, value: Expression, run: Run) -> Simple:
    new = value(run)
    if operator:
        new = _operated(operator, number_of(_at(place, run)), number_of(new))
    _put(place, new, run)
    return new


def stepped(before: Expression, place: Place, operator: str, run: Run) -> Simple:
    old = number_of(before(run))
    _put(place, _operated(operator, old, 1.0), run)
    return old


def _at(place: Place, run: Run) -> Simple:
    if place.name == "$" and place.key is not None:
        return column(place.key, run)
    return variable(place.name, run) if place.key is None else element(place.name, place.key, run)


def _put(place: Place, value: Simple, run: Run) -> None:
    run.step()
    if place.name == "$" and place.key is not None:
        run.set_column(int(number_of(place.key(run))), text_of(value))
    elif place.key is not None:
        run.arrays.setdefault(place.name, {})[text_of(place.key(run))] = value
    elif place.name == "NF":
        raise Unread
    else:
        run.variables[place.name] = value


def chosen(condition: Expression, then: Expression, otherwise: Expression, run: Run) -> Simple:
    return (then if holds(condition(run)) else otherwise)(run)


def either(left: Expression, right: Expression, run: Run) -> Simple:
    return float(holds(left(run)) or holds(right(run)))


def both(left: Expression, right: Expression, run: Run) -> Simple:
    return float(holds(left(run)) and holds(right(run)))


def negated(inner: Expression, run: Run) -> Simple:
    return float(not holds(inner(run)))


def matches(negated: bool, left: Expression, wanted: Expression, run: Run) -> Simple:
    return float((_search(text_of(wanted(run)), text_of(left(run))) is not None) != negated)


def _search(written: str, text: str, start: int = 0) -> re.Match[str] | None:
    found = pattern(written, extended=True)
    if found is None:
        raise Unread
    return found.find(text, start)


def relation(operator: str, left: Expression, right: Expression, run: Run) -> Simple:
    return _compared(operator, left(run), right(run))


def concatenated(parts: tuple[Expression, ...], run: Run) -> Simple:
    return "".join(text_of(each(run)) for each in parts)


def calculated(operator: str, left: Expression, right: Expression, run: Run) -> Simple:
    return _operated(operator, number_of(left(run)), number_of(right(run)))


def _operated(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    if not right:
        raise Unread
    return left / right if operator == "/" else left - right * int(left / right)


def called(name: str, arguments: tuple[Expression, ...], target: Place | None, run: Run) -> Simple:
    values = [each(run) for each in arguments]
    texts = list(map(text_of, values))
    match name, texts:
        case "length", []:
            return float(len(run.line))
        case "length", [text]:
            return float(len(text))
        case "substr", [text, *_]:
            start = max(int(number_of(values[1])), 1)
            low = int(number_of(values[1]))
            end = None if len(values) < 3 else low + int(number_of(values[2])) - 1
            return text[start - 1 : end if end is None else max(end, 0)]
        case "index", [text, wanted]:
            return float(text.find(wanted) + 1)
        case "tolower", [text]:
            return text.lower()
        case "toupper", [text]:
            return text.upper()
        case "int", [_]:
            return float(int(number_of(values[0])))
        case "sprintf", [_, *_]:
            return _formatted(values)
        case "match", [text, wanted]:
            found = _search(wanted, text)
            run.variables["RSTART"] = 0.0 if found is None else found.start() + 1.0
            run.variables["RLENGTH"] = -1.0 if found is None else float(found.end() - found.start())
            return run.variables["RSTART"]
        case "split", [text, _, *separator] if target is not None:
            parts = divided(text, separator[0] if separator else text_of(run.variables["FS"]))
            run.arrays[target.name] = {str(at): Field(each) for at, each in enumerate(parts, 1)}
            return float(len(parts))
        case (("sub" | "gsub"), [wanted, new, *_]):
            place = target or Place("$", partial(constant, 0.0))
            text, count = _replaced(text_of(_at(place, run)), wanted, new, name == "gsub")
            if count:
                _put(place, Field(text), run)
            return float(count)
        case _:
            raise Unread


def _replaced(text: str, wanted: str, new: str, everywhere: bool) -> tuple[str, int]:
    """A text with a match, or all of them, replaced, and how many there were."""
    pieces: list[str] = []
    at = count = 0
    while (found := _search(wanted, text, at)) is not None and (everywhere or not count):
        if found.end() == found.start():
            raise Unread
        shown = re.split(r"(\\\\&|\\&|&)", new)
        pieces += [text[at : found.start()], *(found[0] if each == "&" else each.replace("\\&", "&") for each in shown)]
        at = found.end()
        count += 1
        if count > MOST_STEPS or (wanted.startswith("^") and count):
            break
    return "".join(pieces) + text[at:], count
