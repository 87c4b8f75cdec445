"""What the arguments of a program give: flags of Go programs, options of Python's argparse.

Where a command of the project starts the program, its words decide. By itself a program may be given anything, or
nothing: then the default holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import as_text
from tagcheck.guards import ALWAYS, Guards, when
from tagcheck.values import (
    Filling,
    FunctionValue,
    Hole,
    HoleKind,
    LibraryValue,
    Null,
    Number,
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
_WITHOUT_VALUES = frozenset((*_SWITCHES, "store_const", "append_const", "count", "help", "version"))
MOST_VALUES = 1000
_COUNTS = {"?": (0, 1), "*": (0, MOST_VALUES), "+": (1, MOST_VALUES)}
_NUMBERS = ("builtins.int", "builtins.float")


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
    """An option or an operand is added to a parser (the receiver): its names are the arguments, and `default`, `dest`,
    `action`, `nargs`, `type` and `const` keywords (Python 3.13, argparse)."""
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
                *((name, call.keywords[name]) for name in ("nargs", "type", "const") if name in call.keywords),
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
    operands = deque(_operands(words, options)) if words is not None else None
    commands = [each for each in map(call.machine.load, _items(parser, _PARSERS)) if isinstance(each, Record)]
    for at, option in enumerate(options):
        later = sum(_takes(each)[0] for each in options[at + 1 :] if _is_operand(each)) + bool(commands)
        value = _value(call, option, words, operands, options, later)
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


def _choices(call: Call, commands: Sequence[Record], operands: deque[Text] | None) -> Iterator[tuple[Guards, Record]]:
    """The subcommands that can be meant, each with the guards under which it is."""
    names = [as_text(command.get(_COMMAND) or Null(), call.machine) for command in commands]
    word = operands.popleft() if operands and commands else None
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


def _takes(option: Record) -> tuple[int, int]:
    """How many values an option or operand has, at least and at most."""
    action = option.get("action")
    if isinstance(action, LibraryValue) or (isinstance(action, Text) and action.literal in _WITHOUT_VALUES):
        return 0, 0
    match option.get("nargs"):
        case Number(value=count):
            return int(count), int(count)
        case Text(parts=()) | None | Null():
            return 1, 1
        case Text() as written if written.literal in _COUNTS:
            return _COUNTS[written.literal]
        case _:
            return 0, MOST_VALUES


def _valued(options: Sequence[Record]) -> dict[str, int]:
    """The names of the options that have values, with how many they have at most."""
    return {name: most for option in options if (most := _takes(option)[1]) for name in _names(option)}


def _is_operand(option: Record) -> bool:
    return not _names(option)[0].startswith("-")


def _is_listed(option: Record) -> bool:
    """Whether what is given is a list."""
    action, nargs = option.get("action"), option.get("nargs")
    gathers = isinstance(action, Text) and action.literal in ("append", "extend")
    return gathers or isinstance(nargs, Number) or (isinstance(nargs, Text) and nargs.literal != "?")


def _value(
    call: Call,
    option: Record,
    words: tuple[Text, ...] | None,
    operands: deque[Text] | None,
    options: Sequence[Record],
    later: int,
) -> Value:
    """What an option or operand gives; `later`: so many operands are others'."""
    names, default = _names(option), _converted_default(call, option)
    if words is None or operands is None:
        return _not_known(call, option, default)
    if _is_operand(option):
        count = max(0, min(_takes(option)[1], len(operands) - later))
        given = [_converted(call, option, operands.popleft()) for _ in range(count)]
        if _is_listed(option):
            is_empty = not given and not isinstance(default, Null)
            return default if is_empty else call.machine.allocate(Listed(tuple(given)))
        return given[0] if given else default
    found = _given_values(words, names, _takes(option)[1])
    if not found and not _all_told(words, _valued(options)):
        return _not_known(call, option, default)
    return _acted(call, option, found, default)


def _not_known(call: Call, option: Record, default: Value) -> Value:
    """What nobody knows to be given."""
    label = _names(option)[0].lstrip("-")
    if _is_listed(option):
        atom = f"flag {label} is given"
        unknown = Listed((), open=True)
        return alternatives(((when(atom), unknown), (when(atom, False), default)))
    found = _given_or(call, label, default)
    type_ = option.get("type")
    if isinstance(type_, LibraryValue) and type_.name in _NUMBERS and not isinstance(default, Text):
        return call.machine.call(type_, (found,))[0]
    return found


def _acted(call: Call, option: Record, found: Sequence[tuple[Text, ...]], default: Value) -> Value:
    """What an option's action makes of the values that it is given each time."""
    action = option.get("action")
    name = action.literal if isinstance(action, Text) else None
    switch = _SWITCHES.get(name or "")
    if switch is not None:
        return Truth(switch) if found else Truth(not switch) if isinstance(default, Null) else default
    if name == "count" and found:
        return Number(len(found) + (default.value if isinstance(default, Number) else 0))
    if not found:
        return default
    given = [[_converted(call, option, each) for each in values] for values in found]
    several = _is_listed(option) and (option.get("nargs") is not None)
    if name in ("append", "extend"):
        before = call.machine.load(default)
        items = list(before.items) if isinstance(before, Listed) else []
        for each in given:
            items += each if name == "extend" or not several else [call.machine.allocate(Listed(tuple(each)))]
        return call.machine.allocate(Listed(tuple(items)))
    if several:
        return call.machine.allocate(Listed(tuple(given[-1])))
    return given[-1][0] if given[-1] else option.get("const") or Null()


def _converted_default(call: Call, option: Record) -> Value:
    default = option.get("default") or Null()
    is_text = isinstance(default, Text) and default.literal is not None
    return _converted(call, option, default) if is_text else default


def _converted(call: Call, option: Record, value: Value) -> Value:
    """A word as the option's type makes it."""
    type_ = option.get("type")
    is_known = isinstance(type_, LibraryValue) and type_.name.startswith(("builtins.", "text."))
    if isinstance(type_, FunctionValue) or (is_known and type_ is not None):
        found = call.machine.call(type_, (value,))
        return found[0] if found else value
    return value


def _names(option: Record) -> tuple[str, ...]:
    listed = option.get("names")
    items = listed.items if isinstance(listed, Listed) else ()
    return tuple(each.literal or "?" for each in items if isinstance(each, Text))


def _name(option: Record) -> str:
    destination = option.get("destination")
    return (destination.literal if isinstance(destination, Text) else None) or "?"


def _given_values(words: Sequence[Text], names: Sequence[str], most: int) -> list[tuple[Text, ...]]:
    """The values that words give to an option each time: the words behind it, what stands after '=', or directly
    behind a name of one letter."""
    found: list[tuple[Text, ...]] = []
    for at, word in enumerate(words):
        name, equals, _ = word.leading.partition("=")
        short = word.leading[:2]
        if word.literal in names:
            behind = takewhile(lambda each: not each.leading.startswith("-"), words[at + 1 : at + 1 + most])
            found.append(tuple(behind))
        elif equals and name in names:
            found.append((word.dropped(len(name) + 1),))
        elif most and short in names and short != "--":
            found.append((word.dropped(2),))
    return found


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
    values = 0
    """so many words may still be values of an option"""
    only = False
    for word in words:
        if word.literal == "--" and not only:
            only = True
        elif not only and word.leading.startswith("-"):
            values = valued.get(word.literal or "", 0)
        elif values and not only:
            values -= 1
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
