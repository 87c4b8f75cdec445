"""What the arguments of a program give: flags of Go programs, options of Python's argparse.

Where a command of the project starts the program, its words decide. By itself a program may be given anything, or
nothing: then the default holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import as_text
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.values import (
    Filling,
    Hole,
    HoleKind,
    Null,
    Pointer,
    Record,
    Text,
    Truth,
    Value,
    alternatives,
)
from tagcheck.values import Sequence as Listed

_OPTIONS, _DEFAULTS, _PARSERS = "%options", "%defaults", "%parsers"
_PARSER, _COMMAND, _CHOSEN = "%parser", "%command", "%chosen"
_SWITCHES = {"store_true": True, "store_false": False}


def flag(call: Call) -> tuple[Value, ...]:
    """A command-line flag: its default (`default`: an argument's index), or whatever is given (a parameter named
    after the flag, `name`). With `into`, the pointer at that index is written; otherwise a pointer is the result."""
    name = _index(call, "name", 0)
    default = call.argument(_index(call, "default", name + 1))
    label = name_text.literal if isinstance(name_text := call.argument(name), Text) else None
    words = call.machine.program_words()
    found = _given(words, (f"-{label}", f"--{label}")) if words is not None and label else None
    value = found if found is not None else _given_or(call, label or "", default)
    if words is not None and label and found is None and _all_told(words):
        value = default
    into = call.with_.get("into")
    if isinstance(into, int):
        call.machine.store(call.argument(into), value)
        return ()
    return (call.machine.allocate(value),)


def _index(call: Call, name: str, default: int) -> int:
    declared = call.with_.get(name, default)
    return declared if isinstance(declared, int) else default


def declare_option(call: Call) -> tuple[Value, ...]:
    """An option or an operand is added to a parser (the receiver): its names are the arguments, and `default`, `dest`
    and `action` keywords (Python 3.13, argparse)."""
    parser = call.machine.load(call.receiver) if call.receiver is not None else None
    names = tuple(text for each in call.arguments if isinstance(text := call.machine.load(each), Text))
    if isinstance(parser, Record) and isinstance(call.receiver, Pointer) and names:
        action = call.keywords.get("action")
        option = Record(
            "option",
            (
                ("names", Listed(names)),
                ("default", call.keywords.get("default", Null())),
                ("destination", call.keywords.get("dest", _destination(names))),
                ("action", action if action is not None else Null()),
            ),
        )
        known = parser.get(_OPTIONS)
        items = known.items if isinstance(known, Listed) else ()
        call.machine.store(call.receiver, parser.with_field(_OPTIONS, Listed((*items, option))))
    return (call.unknown("an option"),)


def _destination(names: Sequence[Text]) -> Text:
    """The attribute that holds an option: its first long name, else its first name."""
    written = [name.literal or "" for name in names]
    chosen = next((each for each in written if each.startswith("--")), written[0])
    return Text.of(chosen.lstrip("-").replace("-", "_"))


def declare_commands(call: Call) -> tuple[Value, ...]:
    """A parser (the receiver) gets subcommands, which are added to the record of `type` that is the result; the keyword
    `dest` names what holds the chosen one."""
    if not isinstance(call.receiver, Pointer):
        return (call.unknown("subcommands"),)
    chosen = call.keywords.get("dest", Null())
    return (Record(str(call.with_.get("type", "")), ((_PARSER, call.receiver), (_CHOSEN, chosen))),)


def declare_command(call: Call) -> tuple[Value, ...]:
    """A parser of its own for the subcommand that argument 0 names (the receiver: see `declare_commands`)."""
    commands = call.machine.load(call.receiver) if call.receiver is not None else None
    above = commands.get(_PARSER) if isinstance(commands, Record) else None
    parser = call.machine.load(above) if above is not None else None
    if not isinstance(commands, Record) or not isinstance(parser, Record) or not isinstance(above, Pointer):
        return (call.unknown("a subcommand"),)
    made = call.machine.allocate(Record(parser.type, ((_COMMAND, call.argument(0)),)))
    parser = parser.with_field(_PARSERS, Listed((*_items(parser, _PARSERS), made)))
    call.machine.store(above, parser.with_field(_CHOSEN, commands.get(_CHOSEN) or Null()))
    return (made,)


def declare_defaults(call: Call) -> tuple[Value, ...]:
    """What a parser (the receiver) sets besides its options: the keywords."""
    parser = call.machine.load(call.receiver) if call.receiver is not None else None
    if isinstance(parser, Record) and isinstance(call.receiver, Pointer):
        pairs = tuple(Listed((Text.of(name), value)) for name, value in call.keywords.items())
        call.machine.store(call.receiver, parser.with_field(_DEFAULTS, Listed((*_items(parser, _DEFAULTS), *pairs))))
    return ()


def _items(record: Record, name: str) -> tuple[Value, ...]:
    listed = record.get(name)
    return listed.items if isinstance(listed, Listed) else ()


def parse_options(call: Call) -> tuple[Value, ...]:
    """What a parser (the receiver) makes of the program's arguments, or of those in argument 0: a record of `type`
    with a field for each option, those of the subcommands included. With `rest` the words that are left follow."""
    parser = call.machine.load(call.receiver) if call.receiver is not None else None
    found: dict[str, list[tuple[Guards, Value]]] = {}
    if isinstance(parser, Record):
        _parsed(call, parser, _words(call), ALWAYS, found)
    fields = tuple((name, _one_of(ways)) for name, ways in found.items())
    record = Record(str(call.with_.get("type", "")), fields)
    return (Listed((record, call.unknown("further arguments"))),) if call.with_.get("rest") else (record,)


def _one_of(ways: list[tuple[Guards, Value]]) -> Value:
    return ways[0][1] if len(ways) == 1 else alternatives(ways)


def _parsed(
    call: Call,
    parser: Record,
    words: tuple[Text, ...] | None,
    given: Guards,
    found: dict[str, list[tuple[Guards, Value]]],
) -> None:
    """Add what a parser sets; `given`: when it is the one that the program's words are for."""
    options = [each for each in _items(parser, _OPTIONS) if isinstance(each, Record)]
    operands = iter(_operands(words, options)) if words is not None else None
    commands = [each for each in map(call.machine.load, _items(parser, _PARSERS)) if isinstance(each, Record)]
    for option in options:
        value = _value(call, option, words, operands, _valued(options))
        found.setdefault(_name(option), []).append((given, value))
    for pair in _items(parser, _DEFAULTS):
        if isinstance(pair, Listed):
            found.setdefault(str(pair.items[0]), []).append((given, pair.items[1]))
    chosen = parser.get(_CHOSEN)
    for guards, command in _choices(call, commands, operands):
        inside = given.and_(guards)
        if inside is None:
            continue
        if isinstance(chosen, Text) and chosen.literal:
            found.setdefault(chosen.literal, []).append((inside, command.get(_COMMAND) or Null()))
        _parsed(call, command, words, inside, found)


def _choices(
    call: Call, commands: Sequence[Record], operands: Iterator[Text] | None
) -> Iterator[tuple[Guards, Record]]:
    """The subcommands that can be meant, each with the guards under which it is."""
    names = [as_text(command.get(_COMMAND) or Null(), call.machine) for command in commands]
    word = next(operands, None) if operands is not None and commands else None
    known = word.literal if word is not None else None
    if known is not None and all(name.literal is not None for name in names):
        yield from ((ALWAYS, command) for name, command in zip(names, commands, strict=True) if name.literal == known)
        return
    others = ALWAYS
    for name, command in zip(names, commands, strict=True):
        atom = f"subcommand {name}"
        yield others.and_(when(atom)) or others, command
        others = others.and_(when(atom, False)) or others


def _words(call: Call) -> tuple[Text, ...] | None:
    given = call.machine.load(call.arguments[0]) if call.arguments else Null()
    if isinstance(given, Null):
        return call.machine.program_words()
    if not isinstance(given, Listed) or given.open:
        return None
    texts = tuple(each for each in given.items if isinstance(each, Text))
    return texts if len(texts) == len(given.items) else None


def _valued(options: Sequence[Record]) -> frozenset[str]:
    """The names of the options that have values."""
    return frozenset(name for option in options if _switch(option) is None for name in _names(option))


def _value(
    call: Call,
    option: Record,
    words: tuple[Text, ...] | None,
    operands: Iterator[Text] | None,
    valued: frozenset[str],
) -> Value:
    names, default = _names(option), option.get("default") or Null()
    is_operand = not names[0].startswith("-")
    if words is None or operands is None:
        return _given_or(call, names[0].lstrip("-"), default)
    if is_operand:
        return next(operands, default)
    switch = _switch(option)
    if switch is not None and any(word.literal in names for word in words):
        return Truth(switch)
    found = _given(words, names) if switch is None else None
    if found is not None:
        return found
    if not _all_told(words, valued):
        return _given_or(call, names[0].lstrip("-"), default)
    return Truth(not switch) if switch is not None and isinstance(default, Null) else default


def _names(option: Record) -> tuple[str, ...]:
    listed = option.get("names")
    items = listed.items if isinstance(listed, Listed) else ()
    return tuple(each.literal or "?" for each in items if isinstance(each, Text))


def _name(option: Record) -> str:
    destination = option.get("destination")
    return (destination.literal if isinstance(destination, Text) else None) or "?"


def _switch(option: Record) -> bool | None:
    """What an option without a value sets; None for one with a value."""
    action = option.get("action")
    return _SWITCHES.get(action.literal or "") if isinstance(action, Text) else None


def _given(words: Sequence[Text], names: Sequence[str]) -> Text | None:
    """The last value that words give to an option, as a word of its own or after '='."""
    found: Text | None = None
    for at, word in enumerate(words):
        if word.literal in names:
            found = words[at + 1] if at + 1 < len(words) else found
        name, equals, _ = word.leading.partition("=")
        if equals and name in names:
            found = word.dropped(len(name) + 1)
    return found


def _operands(words: Sequence[Text], options: Sequence[Record]) -> Iterator[Text]:
    """The words that are neither options nor their values."""
    valued = _valued(options)
    skipped = False
    for word in words:
        if skipped:
            skipped = False
        elif word.leading.startswith("-"):
            skipped = word.literal in valued
        else:
            yield word


def _all_told(words: Sequence[Text], valued: Collection[str] = ()) -> bool:
    """Whether no word can be an option that cannot be seen; what follows one of the options `valued` is its value."""
    before = ("", *(word.literal or "" for word in words))
    return not any(
        word.parts and isinstance(word.parts[0], Filling) and last not in valued
        for last, word in zip(before, words, strict=False)
    )


def _given_or(call: Call, label: str, default: Value) -> Value:
    """What nobody knows to be given, or the default; without a default it has to be given."""
    name = label or call.identity
    given = Text.of_hole(Hole(HoleKind.PARAMETER, f"flag {name}", f"--{label or '?'}"), call.site)
    if isinstance(default, Null):
        return given
    atom = f"flag {name} is given"
    return alternatives(((when(atom), given), (when(atom, False), default)))
