"""Targets of a build system: what running or building one does stands in its attributes, as models say it by command
lines of the executables behind them (`rules/tools`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.general import at_place, results
from tagcheck.builtins.symbolic import as_text, hole_text, replace_text
from tagcheck.catalog import Effect, EffectKind
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.values import Absent, Hole, HoleKind, Null, Piece, Text, Value, alternatives, iterate

MOST_WORDS = 256
MOST_LINES = 16
"""Command lines of one target that its alternatives may give."""
_STAMPS = re.compile(r"\{\w+\}|\$\(\w+\)")
"""What the rules fill in when they stamp, and variables of the build ("Make" variables)."""
_DEFAULT = "//conditions:default"
_Word = tuple[str, Value]
"""A word, or a text whose lines are words: the switch before each of them, with `@` before it then."""
_OF_FILE = "@"


def target(call: Call) -> tuple[Value, ...]:
    """A target is declared. `names`: the places of its name and of the files that it makes. `runs` and `builds`:
    command lines that stand for its executable, and for what building it makes; a word is a literal one, or {place: …}
    with `switch`, `default`, and `file: lines` or `file: whole` where a text is the label of a file that holds the
    words, or the word; `stamped`: variables of the build are filled in. `content`: the place of its file's lines."""
    for guards, arguments in _cases(call):
        _declare(replace(call, arguments=arguments), guards)
    return results(call)


def chosen(call: Call) -> tuple[Value, ...]:
    """One of the values of the mapping in argument 0, by the configuration of the build: conditions are the same
    wherever they are asked for, and the first that holds counts."""
    loaded = call.machine.load(call.argument(0))
    entries = loaded.entries if isinstance(loaded, values.Mapping) else ()
    found: list[tuple[Guards, Value]] = []
    left: Guards | None = ALWAYS
    for key, value in sorted(entries, key=lambda each: as_text(each[0]).literal == _DEFAULT):
        condition = f"the configuration {as_text(key)}"
        is_default = as_text(key).literal == _DEFAULT
        held = left if is_default or left is None else left.and_(when(condition))
        left = left if is_default or left is None else left.and_(when(condition, False))
        if held is not None:
            found.append((held, value))
    if not found or len(found) > MOST_LINES:
        return (call.unknown("what the configuration of the build chooses"),)
    return (alternatives(found),)


def _cases(call: Call) -> list[tuple[Guards, tuple[Value, ...]]]:
    """The arguments with one option for each of them; past the bound, one of which nothing is known."""
    cases: list[tuple[Guards, tuple[Value, ...]]] = [(ALWAYS, ())]
    for argument in call.arguments:
        options = [(guards, option) for guards, option in iterate(call.machine.load(argument), ALWAYS)]
        if len(cases) * len(options) > MOST_LINES:
            options = [(ALWAYS, call.unknown("too many alternatives"))]
        cases = [
            (both, (*before, option))
            for guards, before in cases
            for given, option in options
            if (both := guards.and_(given)) is not None
        ]
    return cases


def _declare(call: Call, given: Guards) -> None:
    for name in _names(call):
        for key, building in (("runs", False), ("builds", True)):
            listed = call.with_.get(key)
            for described in listed if isinstance(listed, list) else ():
                _declare_line(call, name, described, building, given)
        if "content" in call.with_:
            lines = tuple(as_text(each) for each in _items(call, at_place(call, str(call.with_["content"]))))
            call.machine.emit(Effect(EffectKind.TARGET, "bazel", workload=name, values=lines), given)


def package(call: Call) -> tuple[Value, ...]:
    """The name of the package whose file is evaluated."""
    name = call.machine.package()
    return (call.unknown("the name of a package") if name is None else Text.of(name),)


def _names(call: Call) -> Iterator[Text]:
    places = call.with_.get("names", ["0"])
    for place in places if isinstance(places, list) else ():
        found = call.machine.load(at_place(call, str(place)))
        if isinstance(found, Text):
            yield found


def _declare_line(call: Call, name: Text, described: object, building: bool, given: Guards) -> None:
    if not isinstance(described, list):
        return
    words = [word for each in described for word in _words(call, each)][:MOST_WORDS]
    for guards, line in _lines(words):
        plain = tuple(text for switch, text in line if not switch.startswith(_OF_FILE))
        files = tuple(Text.of(switch[1:] + "=") + text for switch, text in line if switch.startswith(_OF_FILE))
        made = Effect(
            *(EffectKind.TARGET, "bazel"), workload=name, words=plain, settings_of_files=files, everything=building
        )
        both = given.and_(guards)
        if both is not None:
            call.machine.emit(made, both)


def _lines(words: list[_Word]) -> list[tuple[Guards, list[tuple[str, Text]]]]:
    """The words with one option for each of them; past the bound, those of a word are one that is not known."""
    lines: list[tuple[Guards, list[tuple[str, Text]]]] = [(ALWAYS, [])]
    for switch, value in words:
        options = [(guards, as_text(option)) for guards, option in iterate(value, ALWAYS)]
        if len(lines) * len(options) > MOST_LINES:
            options = [(ALWAYS, hole_text(value))]
        lines = [
            (both, [*line, (switch, text)])
            for guards, line in lines
            for given, text in options
            if (both := guards.and_(given)) is not None
        ]
    return lines


def _words(call: Call, described: object) -> Iterator[_Word]:
    if isinstance(described, str):
        yield "", Text.of(described)
    elif isinstance(described, Mapping):
        yield from _given(call, described)


def _given(call: Call, described: Mapping[object, object]) -> Iterator[_Word]:
    """The words at a place, each behind the switch."""
    found = call.machine.load(at_place(call, str(described["place"])))
    switch = str(described.get("switch", ""))
    how = described.get("file")
    if how is not None and isinstance(found, Text):
        yield f"{_OF_FILE}{'' if how == 'lines' else _OF_FILE}{switch}", found
        return
    given = list(_items(call, found))
    if not given and "default" in described:
        given = [Text.of(str(described["default"]))]
    for each in given:
        value = _stamped(call, each) if described.get("stamped") else each
        yield from (("", Text.of(switch)), ("", value)) if switch else (("", value),)


def _items(call: Call, value: Value) -> Iterator[Value]:
    """The items of a list, the keys of a mapping, or a value by itself; nothing for none."""
    loaded = call.machine.load(value)
    match loaded:
        case Absent() | Null():
            return
        case values.Sequence(items, open_):
            yield from (call.machine.load(each) for each in items[:MOST_WORDS])
            if open_:
                yield call.unknown("further items of a list")
        case values.Mapping(entries):
            yield from (call.machine.load(key) for key, _ in entries[:MOST_WORDS])
        case _:
            yield loaded


def _stamped(call: Call, value: Value) -> Value:
    """A text with what the build fills in as holes of which nothing is known."""
    if not isinstance(value, Text):
        return value
    marks = {mark for part in value.parts if isinstance(part, Piece) for mark in _STAMPS.findall(part.text)}
    for mark in sorted(marks):
        hole = Hole(HoleKind.OPAQUE, f"{call.identity}:{mark}", f"{mark}, which the build fills in")
        value = replace_text(value, mark, Text.of_hole(hole, call.site))
    return value
