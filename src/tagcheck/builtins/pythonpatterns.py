"""Regular expressions as Python has them (Python library reference, `re`), as far as they can be matched in bounded
time: searched for in texts that are known, replaced in others too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tagcheck import values
from tagcheck.builtins import editing
from tagcheck.builtins.api import Call
from tagcheck.builtins.general import is_function
from tagcheck.builtins.patterns import MOST_COST, Costly, Pattern, pattern
from tagcheck.builtins.symbolic import as_text, derived, joined, replace_text
from tagcheck.values import EMPTY, Absent, Null, Number, Record, Text, Value

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \t\n"}
_NAMED = re.compile(r"\?P<(\w+)>")
MOST_FOUND = 500


@dataclass
class Translation:
    """A pattern in the notation that stream editors share. `groups`: for each pair of brackets in it, in order, whether
    it is a group of Python's; `names`: those that have names, by their numbers among these."""

    written: str = ""
    groups: list[bool] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def pattern(self, flags: int = 0) -> Pattern | None:
        """The pattern with flags of Python's that are known to change nothing else."""
        if flags & ~(re.IGNORECASE | re.MULTILINE | re.ASCII):
            return None
        return pattern(self.written, True, bool(flags & re.IGNORECASE), bool(flags & re.MULTILINE))

    def captured(self, match: re.Match[str]) -> list[str | None]:
        """What the whole pattern and each group of Python's matched."""
        own = [at for at, counts in enumerate(self.groups, 1) if counts]
        return [match[0], *(match[at] for at in own)]


def translated(written: str) -> Translation | None:
    """A pattern of Python's; None for one with flags, assertions or escapes that the shared notation lacks."""
    found, at = Translation(), 0
    parts: list[str] = []
    while at < len(written):
        character = written[at]
        if character == "[":
            end, members = _set(written, at + 1)
            if members is None:
                return None
            parts.append(members)
            at = end
        elif character == "\\":
            parts.append(written[at : at + 2])
            at += 2
        elif character == "(":
            parts.append("(")
            after = _group(found, written, at + 1)
            if after is None:
                return None
            at = after
        else:
            parts.append(character)
            at += 1
    found.written = "".join(parts)
    return found


def _group(found: Translation, written: str, at: int) -> int | None:
    """Note the group that begins; where its content does."""
    if written[at : at + 1] != "?":
        found.groups.append(True)
        return at
    named = _NAMED.match(written, at)
    if named is not None:
        found.groups.append(True)
        found.names[named[1]] = sum(found.groups)
        return named.end()
    found.groups.append(False)
    return at + 2 if written[at : at + 2] == "?:" else None


def _set(written: str, at: int) -> tuple[int, str | None]:
    """Where a set ends, and the set as the shared notation writes it, in which a backslash stands for itself."""
    negated = written[at : at + 1] == "^"
    at += negated
    members, last = "", ""
    while at < len(written) and (written[at] != "]" or not members):
        character = written[at]
        at += 1
        if character == "\\":
            character = written[at : at + 1]
            at += 1
            if character == "-":
                last = "-"
            elif character in _CLASSES:
                members += _CLASSES[character]
            elif character and not character.isalnum() and character not in "]\\^":
                members += character
            else:
                return at, None
        else:
            members += character
    return at + 1, f"[{'^' if negated else ''}{members}{last}]" if at < len(written) else None


# --- replacing -------------------------------------------------------------------------------------------------------


def replace_pattern(call: Call) -> tuple[Value, ...]:
    """Argument 2 with what the pattern in argument 0 finds replaced by argument 1, or by what that gives if it is a
    function; argument 3 times at most. `compiled`: the receiver is the pattern."""
    wanted, flags = _wanted(call, 4)
    replacement, text, *more = _others(call, 3)
    count = more[0] if more and not isinstance(more[0], Absent) else Number(0)
    if wanted is None or flags is None or not isinstance(text, Text) or not isinstance(count, Number):
        return (derived("re.sub", *(as_text(each, call.machine) for each in (text, replacement))),)
    found = translated(wanted)
    form = found.pattern(flags) if found is not None else None
    if is_function(replacement):
        return (_replaced_by_calls(call, found, form, text, replacement),)
    if not isinstance(replacement, Text):
        return (derived("re.sub", text, as_text(replacement, call.machine)),)
    unknown = derived(f"re.sub:{wanted}", text, replacement)
    numbered = "\\" in (replacement.literal or "\\")
    once = count.value == 1 and "\n" not in (text.literal or "\n")
    if found is None or form is None or (numbered and not all(found.groups)) or (count.value and not once):
        return (unknown,)
    edit = editing.Edit(
        "s", pattern=form, wanted=wanted, replacement=_escaped(replacement, found), everywhere=not once, adjoining=True
    )
    changed = editing.edited(text, (edit,), False, call.machine.missed)
    return (unknown if changed is None else changed,)


def _replaced_by_calls(
    call: Call, translation: Translation | None, form: Pattern | None, text: Text, function: Value
) -> Value:
    """A known text in which each match is replaced by what a function gives for it."""
    written = text.literal
    if translation is None or form is None or written is None or len(call.arguments) > 3:
        return derived("re.sub", text)
    parts, at = [], 0
    try:
        for match in matches(form, written):
            given = call.machine.call(function, (_matched(translation, match),))
            parts += [Text.of(written[at : match.start()]), as_text(given[0] if given else Null(), call.machine)]
            at = match.end()
    except Costly:
        return derived("re.sub", text)
    return joined([*parts, Text.of(written[at:])], EMPTY)


def wanted_pattern(call: Call, count: int) -> tuple[str | None, tuple[Value, ...]]:
    """The pattern of a call as it is written if it is known, and so many arguments besides it."""
    if not call.with_.get("compiled"):
        first = call.argument(0)
        written = first.literal if isinstance(first, Text) else _compiled(call, first)[0]
        return written, tuple(call.argument(at) for at in range(1, count + 1))
    held = call.receiver if call.receiver is not None else Null()
    return _compiled(call, held)[0], tuple(call.argument(at) for at in range(count))


def _wanted(call: Call, flags_at: int) -> tuple[str | None, int | None]:
    """The pattern of a call and its flags, each if it is known; `flags_at`: the argument that the flags are."""
    if call.with_.get("compiled"):
        return _compiled(call, call.receiver if call.receiver is not None else Null())
    first = call.machine.load(call.argument(0))
    given = call.keywords.get("flags", call.arguments[flags_at] if len(call.arguments) > flags_at else Number(0))
    flags = int(given.value) if isinstance(given, Number) else None
    if not isinstance(first, Text):
        return _compiled(call, first)
    return _inline(first.literal, flags)


def _inline(wanted: str | None, flags: int | None) -> tuple[str | None, int | None]:
    """A pattern without the flags that it begins with, and these besides the others."""
    match = re.match(r"\(\?([aim]+)\)", wanted or "")
    if wanted is None or match is None or flags is None:
        return wanted, flags
    letters = {"a": re.ASCII, "i": re.IGNORECASE, "m": re.MULTILINE}
    return wanted[match.end() :], flags | sum({int(letters[each]) for each in match[1]})


def _others(call: Call, count: int) -> list[Value]:
    """So many arguments besides the pattern; those that are missing are absent."""
    first = 0 if call.with_.get("compiled") else 1
    given = call.arguments[first : first + count]
    return [*map(call.machine.load, given), *(Absent() for _ in range(count - len(given)))]


def _compiled(call: Call, value: Value) -> tuple[str | None, int | None]:
    held = call.machine.load(value)
    wanted = held.get("%pattern") if isinstance(held, Record) else None
    flags = (held.get("%flags") if isinstance(held, Record) else None) or Number(0)
    return (
        wanted.literal if isinstance(wanted, Text) else None,
        int(flags.value) if isinstance(flags, Number) else None,
    )


def _escaped(replacement: Text, translation: Translation) -> Text:
    """A replacement as a stream editor writes it: `&` stands for itself, `\\g<1>` for a group."""
    found = replace_text(replacement, "&", Text.of("\\&"))
    for name, number in translation.names.items():
        found = replace_text(found, f"\\g<{name}>", Text.of(f"\\{number}"))
    for number in range(10):
        found = replace_text(found, f"\\g<{number}>", Text.of(f"\\{number}" if number else "&"))
    return found


def compiled(call: Call) -> tuple[Value, ...]:
    """A pattern that argument 0 is the text of, with the flags in argument 1."""
    first = call.machine.load(call.argument(0))
    given = call.keywords.get("flags", call.arguments[1] if len(call.arguments) > 1 else Number(0))
    wanted, flags = _inline(
        first.literal if isinstance(first, Text) else None, int(given.value) if isinstance(given, Number) else None
    )
    known = call.unknown("a pattern") if wanted is None or flags is None else Text.of(wanted)
    return (Record("re.Pattern", (("%pattern", known), ("%flags", Number(flags or 0)))),)


# --- searching -------------------------------------------------------------------------------------------------------


def match_pattern(call: Call) -> tuple[Value, ...]:
    """What the pattern in argument 0 (`compiled`: the receiver) matches in the text in argument 1, none if nothing;
    `how`: 'search', 'match' or 'fullmatch'."""
    found = found_in(call)
    if found is None:
        return (call.unknown("what a pattern matches"),)
    translation, form, text = found
    try:
        match = form.first(text.literal or "", str(call.with_.get("how", "search")))
    except Costly:
        return (call.unknown("what a pattern matches"),)
    if match is None:
        return (Null(),)
    return (_matched(translation, match),)


def _matched(translation: Translation, match: re.Match[str]) -> Value:
    groups = tuple(Null() if each is None else Text.of(each) for each in translation.captured(match))
    names = tuple((Text.of(name), groups[at]) for name, at in translation.names.items())
    return Record("re.Match", (("%groups", values.Sequence(groups)), ("%names", values.Mapping(names))))


def every_match(call: Call) -> tuple[Value, ...]:
    """All that the pattern in argument 0 (`compiled`: the receiver) matches in the text in argument 1: its groups, or
    the whole where it has none; `matches`: the matches themselves."""
    found = found_in(call)
    if found is None:
        return (values.Sequence((), open=True),)
    translation, form, text = found
    try:
        how = _matched if call.with_.get("matches") else _listed
        items = tuple(how(translation, each) for each in matches(form, text.literal or ""))
    except Costly:
        return (values.Sequence((), open=True),)
    return (call.machine.allocate(values.Sequence(items)),)


def split_pattern(call: Call) -> tuple[Value, ...]:
    """The parts of the text in argument 1 between what the pattern in argument 0 (`compiled`: the receiver) matches."""
    found = found_in(call)
    most = call.arguments[1 if call.with_.get("compiled") else 2 :]
    if found is None or any(found[0].groups) or most:
        return (values.Sequence((), open=True),)
    text, at, parts = found[2].literal or "", 0, []
    try:
        for match in matches(found[1], text):
            if match.end() > match.start():
                parts.append(text[at : match.start()])
                at = match.end()
    except Costly:
        return (values.Sequence((), open=True),)
    return (call.machine.allocate(values.Sequence(tuple(map(Text.of, (*parts, text[at:]))))),)


def matches(form: Pattern, text: str) -> Iterator[re.Match[str]]:
    """Everything that a pattern matches in a text. Raises Costly where looking for it may take too long."""
    at = 0
    for _ in range(min(MOST_FOUND, 10 * MOST_COST // form.cost(text))):
        match = form.find(text, at)
        if match is None:
            return
        yield match
        at = match.end() + (match.end() == match.start())
        if at > len(text):
            return
    raise Costly


def matches_in(text: str, written: str) -> list[tuple[int, int, list[str | None]]] | None:
    """Where a pattern of Python's matches in a text, with what all of it and each of its groups matched; None where
    that is not known."""
    found = translated(written)
    form = found.pattern() if found is not None else None
    if found is None or form is None or "\n" in text:
        return None
    try:
        return [(match.start(), match.end(), found.captured(match)) for match in matches(form, text)]
    except Costly:
        return None


def _listed(translation: Translation, match: re.Match[str]) -> Value:
    whole, *groups = (Text.of(each or "") for each in translation.captured(match))
    return whole if not groups else groups[0] if len(groups) == 1 else values.Sequence(tuple(groups))


def found_in(call: Call, optional: int = 0) -> tuple[Translation, Pattern, Text] | None:
    """The pattern of a call and the text in which it looks for it, if both are known; `optional`: how many arguments
    come after them."""
    wanted, flags = _wanted(call, 2)
    wanted, flags = _inline(wanted, flags)
    text = _others(call, 1)[0]
    # Without a compiled pattern, its flags come last.
    more = len(call.arguments) > (1 if call.with_.get("compiled") else 3) + optional or not (
        call.keywords.keys() <= {"flags", "pattern", "string"}
    )
    if wanted is None or flags is None or more or not isinstance(text, Text) or text.literal is None:
        return None
    translation = translated(wanted)
    form = translation.pattern(flags) if translation is not None else None
    return (translation, form, text) if translation is not None and form is not None else None


def matched_group(call: Call) -> tuple[Value, ...]:
    """The group of the receiver, a match, that argument 0 names or numbers (default: the whole); several as a list."""
    groups, names = _groups(call)
    if groups is None:
        return (call.unknown("a group of a match"),)
    found = tuple(_one_group(call, groups, names, each) for each in call.arguments or (Number(0),))
    return (found[0] if len(found) == 1 else values.Sequence(found),)


def _one_group(call: Call, groups: values.Sequence, names: values.Mapping, wanted: Value) -> Value:
    if isinstance(wanted, Number) and 0 <= wanted.value < len(groups.items):
        return groups.items[int(wanted.value)]
    found = names.get(wanted.literal) if isinstance(wanted, Text) and wanted.literal is not None else None
    return call.unknown("a group of a match") if found is None else found


def matched_groups(call: Call) -> tuple[Value, ...]:
    """The groups of the receiver, a match, as a list; `named`: those with names as a mapping. Argument 0 stands for a
    group that matched nothing."""
    groups, names = _groups(call)
    if groups is None:
        return (values.Mapping((), open=True) if call.with_.get("named") else values.Sequence((), open=True),)
    default = call.arguments[0] if call.arguments else Null()
    if call.with_.get("named"):
        entries = tuple((key, default if isinstance(each, Null) else each) for key, each in names.entries)
        return (call.machine.allocate(values.Mapping(entries)),)
    return (values.Sequence(tuple(default if isinstance(each, Null) else each for each in groups.items[1:])),)


def _groups(call: Call) -> tuple[values.Sequence | None, values.Mapping]:
    held = call.machine.load(call.receiver) if call.receiver is not None else None
    groups = held.get("%groups") if isinstance(held, Record) else None
    names = held.get("%names") if isinstance(held, Record) else None
    return (
        groups if isinstance(groups, values.Sequence) else None,
        names if isinstance(names, values.Mapping) else values.Mapping(()),
    )
