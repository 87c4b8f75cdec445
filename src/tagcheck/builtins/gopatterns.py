"""Regular expressions of Go's package regexp (pkg.go.dev/regexp, Go 1.24; syntax RE2), as far as the notation that
stream editors share has them: searched for in texts that are known, replaced in others too."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from tagcheck import values
from tagcheck.builtins import editing
from tagcheck.builtins.api import Call
from tagcheck.builtins.patterns import Costly
from tagcheck.builtins.pythonpatterns import Translation, found_in, matches, translated, wanted_pattern
from tagcheck.builtins.symbolic import as_text, derived, replace_text
from tagcheck.values import EMPTY, Null, Number, Outcome, Record, Text, Truth, Value

_MULTILINE = "(?m)"
_ANY_CASE = "(?i)"
_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def compiled(call: Call) -> tuple[Value, ...]:
    """A pattern that argument 0 is the text of; with `error`, an outcome."""
    pattern = Record("regexp.Regexp", (("%pattern", call.argument(0)),))
    return (pattern, Outcome(call.identity)) if call.with_.get("error") else (pattern,)


def matched(call: Call) -> tuple[Value, ...]:
    """Whether the receiver matches something in argument 0; with `error`, whether the pattern in argument 0 does so in
    argument 1, and an outcome."""
    found = found_in(call)
    answer: Value = call.unknown("whether a pattern matches")
    if found is not None:
        with suppress(Costly):
            answer = Truth(found[1].first(found[2].literal or "", "search") is not None)
    return (answer, Outcome(call.identity)) if call.with_.get("error") else (answer,)


def first_match(call: Call) -> tuple[Value, ...]:
    """What the receiver matches first in argument 0; with `groups`, that and what its groups match, nil for nothing."""
    with_groups = bool(call.with_.get("groups"))
    found = found_in(call)
    unknown: Value = (
        values.Sequence((), open=True)
        if with_groups
        else derived("regexp", *(as_text(each, call.machine) for each in call.arguments))
    )
    if found is None:
        return (unknown,)
    try:
        match = found[1].first(found[2].literal or "", "search")
    except Costly:
        return (unknown,)
    if not with_groups:
        return (Text.of(match[0]) if match is not None else EMPTY,)
    if match is None:
        return (Null(),)
    return (values.Sequence(tuple(Text.of(each or "") for each in found[0].captured(match))),)


def all_matches(call: Call) -> tuple[Value, ...]:
    """All that the receiver matches in argument 0, at most as many as argument 1 says if that is not negative; with
    `groups`, the groups of each."""
    found, most = found_in(call, optional=1), call.argument(1)
    if found is None or not isinstance(most, Number):
        return (values.Sequence((), open=True),)
    try:
        each = [found[0].captured(match) for match in matches(found[1], found[2].literal or "")]
    except Costly:
        return (values.Sequence((), open=True),)
    if most.value >= 0:
        each = each[: int(most.value)]
    if call.with_.get("groups"):
        rows = tuple(values.Sequence(tuple(Text.of(part or "") for part in parts)) for parts in each)
        return (values.Sequence(rows),)
    return (values.Sequence(tuple(Text.of(parts[0] or "") for parts in each)),)


def split(call: Call) -> tuple[Value, ...]:
    """The parts of argument 0 between what the receiver matches, where argument 1 sets no bound."""
    found, most = found_in(call, optional=1), call.argument(1)
    if found is None or not isinstance(most, Number) or most.value >= 0:
        return (values.Sequence((), open=True),)
    text, at, parts = found[2].literal or "", 0, []
    try:
        for match in matches(found[1], text):
            if match.end() == match.start():
                return (values.Sequence((), open=True),)
            parts.append(text[at : match.start()])
            at = match.end()
    except Costly:
        return (values.Sequence((), open=True),)
    return (values.Sequence(tuple(map(Text.of, (*parts, text[at:])))),)


def replaced(call: Call) -> tuple[Value, ...]:
    """Argument 0 with all that the receiver matches replaced by argument 1, in which `$1`, `${1}` and `${name}` stand
    for groups unless it is `plain`."""
    wanted, (text, replacement) = wanted_pattern(call, 2)
    text, replacement = as_text(text, call.machine), as_text(replacement, call.machine)
    plain = bool(call.with_.get("plain"))
    return (replaced_in(text, wanted, replacement, plain=plain, missed=call.machine.missed),)


def replaced_in(
    text: Text, wanted: str | None, replacement: Text, *, plain: bool, missed: Callable[[str, Text], None]
) -> Text:
    """A text with all that a pattern matches replaced; `missed` is told of a pattern that matches nothing."""
    unknown = derived("regexp", text, replacement, Text.of(wanted or ""))
    lines = wanted is not None and wanted.startswith(_MULTILINE)
    found = translated((wanted or "").removeprefix(_MULTILINE)) if wanted is not None else None
    form = found.pattern() if found is not None else None
    if found is None or form is None or wanted is None or (not lines and _is_anchored(wanted) and _has_lines(text)):
        return unknown
    written = _escaped(replacement) if plain else _expanded(replacement, found)
    if written is None:
        return unknown
    edit = editing.Edit("s", pattern=form, wanted=wanted, replacement=written, everywhere=True)
    changed = editing.edited(text, (edit,), False, missed)
    return unknown if changed is None else changed


def found_all(text: str, wanted: str) -> list[re.Match[str]] | None:
    """All that a pattern matches in a text; None where that is not known."""
    ignores_case = wanted.startswith(_ANY_CASE)
    translation = translated(wanted.removeprefix(_ANY_CASE))
    form = translation.pattern(re.IGNORECASE if ignores_case else 0) if translation is not None else None
    if form is None or "\n" in text:
        return None
    try:
        return list(matches(form, text))
    except Costly:
        return None


def _is_anchored(wanted: str) -> bool:
    return "^" in wanted.replace("[^", "") or "$" in wanted


def _has_lines(text: Text) -> bool:
    return any("\n" in part.text for part in text.parts if isinstance(part, values.Piece))


def _escaped(replacement: Text) -> Text:
    """A text as a stream editor's replacement that stands for itself."""
    return replace_text(replace_text(replacement, "\\", Text.of("\\\\")), "&", Text.of("\\&"))


def _expanded(replacement: Text, found: Translation) -> Text | None:
    """A replacement as a stream editor writes it; None for one whose groups it cannot name."""
    literal = "".join(part.text for part in replacement.parts if isinstance(part, values.Piece))
    if "$" not in literal:
        return _escaped(replacement)
    written = replacement.literal
    if written is None or not all(found.groups):
        return None
    parts: list[str] = []
    at = 0
    for reference in _REFERENCE.finditer(written):
        parts.append(_stream(written[at : reference.start()]))
        group = reference[1] or reference[2]
        number = found.names.get(group or "", int(group) if group and group.isdecimal() else None)
        if group is None:
            parts.append("$")
        elif number is not None and number <= min(9, len(found.groups)):
            parts.append(f"\\{number}" if number else "&")
        at = reference.end()
    return Text.of("".join((*parts, _stream(written[at:]))))


def _stream(written: str) -> str:
    return written.replace("\\", "\\\\").replace("&", "\\&")
