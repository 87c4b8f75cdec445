"""What a stream editor makes of a text (POSIX sed, GNU sed 4.9; substitutions of Perl 5 where they agree).

A script is read into commands, which are applied line by line. Substitutions are exact where the pattern is written out
and understood; a line with unknown parts that may hold the pattern becomes a function of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tagcheck.builtins.marked import FIRST, LAST, between, lines_of, marked
from tagcheck.builtins.patterns import Costly, Pattern, pattern
from tagcheck.builtins.symbolic import bounded, derived, joined, replace_text
from tagcheck.numerals import natural
from tagcheck.values import EMPTY, HoleKind, Text

MOST_COMMANDS = 100
MOST_LINES = 20_000
LONGEST_TEXT = 1_000_000
_LINE_END = Text.of("\n")


@dataclass(frozen=True)
class Address:
    """Which line: a number, the last one (`$` is -1), or those that a pattern is found in."""

    number: int = 0
    pattern: Pattern | None = None

    def meets(self, line: str, number: int, last: bool) -> bool:
        if self.pattern is not None:
            return self.pattern.find(line) is not None
        return last if self.number < 0 else number == self.number


@dataclass(frozen=True)
class Edit:
    """One command: its letter, the lines that it concerns, and for `s` the pattern, the replacement as written, and
    its flags; for `a`, `i`, `c` the text."""

    letter: str
    addresses: tuple[Address, ...] = ()
    negated: bool = False
    pattern: Pattern | None = None
    wanted: str = ""
    replacement: Text = EMPTY
    everywhere: bool = False
    prints: bool = False
    adjoining: bool = False
    """whether nothing is found once more right behind what was found: not in sed, but in Perl and Python"""


Missed = Callable[[str, Text], None]
"""Told of a substitution that found nothing in a text that is fully known: what was looked for, and its replacement."""


def edited(text: Text, edits: Sequence[Edit], quiet: bool, missed: Missed) -> Text | None:
    """A text after all edits; None if that is not known. `quiet`: only what is printed explicitly."""
    lines = lines_of(text)
    if len(lines) > MOST_LINES or len(marked(text)) > LONGEST_TEXT:
        return None
    editor = _Editor(edits, quiet)
    try:
        found = [
            part for number, line in enumerate(lines, 1) for part in editor.line(line, number, number == len(lines))
        ]
    except Costly:
        return None
    unknown = any(hole.kind is HoleKind.OPAQUE for hole in text.holes)
    for edit in edits:
        if edit.letter == "s" and edit not in editor.effective and not unknown:
            missed(edit.wanted, edit.replacement)
    return bounded([part for each in found for part in each.parts])


class _Editor:
    """Applies edits to one line after the other."""

    def __init__(self, edits: Sequence[Edit], quiet: bool) -> None:
        self.edits, self.quiet = edits, quiet
        self.open: set[int] = set()
        self.effective: set[Edit] = set()

    def line(self, line: Text, number: int, last: bool) -> list[Text]:
        before: list[Text] = []
        after: list[Text] = []
        kept = True
        for index, edit in enumerate(self.edits):
            if self._concerns(index, edit, line, number, last):
                match edit.letter:
                    case "s":
                        done = self._substituted(line, edit)
                        if edit.prints and done is not None:
                            before.append(done)
                        line = line if done is None else done
                    case "d":
                        kept = False
                        break
                    case "p":
                        before.append(line)
                    case "i":
                        before.append(edit.replacement)
                    case "a":
                        after.append(edit.replacement)
                    case "c":
                        line = edit.replacement
        shown = [line] if kept and not self.quiet else []
        return [*before, *shown, *after]

    def _concerns(self, index: int, edit: Edit, line: Text, number: int, last: bool) -> bool:
        return self._in_range(index, edit, marked(line), number, last) != edit.negated

    def _in_range(self, index: int, edit: Edit, line: str, number: int, last: bool) -> bool:
        if not edit.addresses:
            return True
        first = edit.addresses[0]
        if len(edit.addresses) == 1:
            return first.meets(line, number, last)
        end = edit.addresses[1]
        if index in self.open:
            if end.meets(line, number, last) or (end.pattern is None and 0 < end.number <= number):
                self.open.discard(index)
            return end.pattern is not None or end.number < 0 or number <= end.number
        if not first.meets(line, number, last):
            return False
        if end.pattern is not None or end.number < 0 or end.number > number:
            self.open.add(index)
        return True

    def _substituted(self, line: Text, edit: Edit) -> Text | None:
        """The line with what is found replaced; None where nothing is found. sed looks at it without its end."""
        assert edit.pattern is not None
        whole = marked(line)
        written = whole if edit.adjoining else whole.removesuffix("\n")
        found: list[Text] = []
        at, behind = 0, -1
        while (match := edit.pattern.find(written, at)) is not None:
            empty = match.end() == match.start()
            found.append(between(line, at, match.start()))
            if not empty or edit.adjoining or match.start() != behind:
                self.effective.add(edit)
                groups = [between(line, *match.span(number)) for number in range((match.re.groups or 0) + 1)]
                found += _replaced(edit.replacement, groups)
            behind = match.end()
            at = behind + empty
            if empty:
                found.append(between(line, behind, min(at, len(written))))
            if not edit.everywhere or at > len(written):
                break
        if not found:
            return self._unchanged(line, edit)
        return joined([*found, between(line, min(at, len(written)), len(whole))], EMPTY)

    def _unchanged(self, line: Text, edit: Edit) -> Text | None:
        """A line in which the pattern is not found: an unknown part of it may still hold it."""
        if all(hole.kind is not HoleKind.OPAQUE for hole in line.holes) or len(line.parts) > 2:
            return None
        end = marked(line).endswith("\n")
        body = between(line, 0, len(marked(line)) - end)
        return derived(f"s({edit.wanted!r})", body, edit.replacement) + (_LINE_END if end else EMPTY)


def _replaced(replacement: Text, groups: Sequence[Text]) -> Iterator[Text]:
    """The replacement with `&` and `\\1` filled in."""
    written = marked(replacement)
    start = at = 0
    while at < len(written):
        if written[at] == "&":
            yield from (between(replacement, start, at), groups[0])
            start = at = at + 1
        elif written[at] == "\\" and at + 1 < len(written):
            yield between(replacement, start, at)
            following = written[at + 1]
            start = at + 1
            if (group := natural(following)) is not None:
                yield groups[group] if group < len(groups) else EMPTY
                start = at + 2
            elif following in "nt":
                yield Text.of("\n" if following == "n" else "\t")
                start = at + 2
            at += 2
        else:
            at += 1
    yield between(replacement, start, len(written))


# --- scripts ---------------------------------------------------------------------------------------------------------


def parse(script: Text, extended: bool, perl: bool = False) -> tuple[Edit, ...] | None:
    """The commands of a script; None if one is not understood or its pattern is not known."""
    reader = _Script(script, extended, perl)
    found: list[Edit] = []
    while reader.skip():
        edit = reader.edit() if len(found) < MOST_COMMANDS else None
        if edit is None:
            return None
        found.append(edit)
    return tuple(found)


class _Script:
    def __init__(self, script: Text, extended: bool, perl: bool) -> None:
        self.script, self.extended, self.perl = script, extended, perl
        self.written = marked(script)
        self.at = 0

    def skip(self) -> bool:
        while self.at < len(self.written) and self.written[self.at] in " \t\n;":
            self.at += 1
        return self.at < len(self.written)

    def _next(self) -> str:
        return self.written[self.at : self.at + 1]

    def edit(self) -> Edit | None:
        addresses = self._addresses()
        if addresses is None:
            return None
        self._blanks()
        negated = self._next() == "!"
        self.at += negated
        self._blanks()
        letter = self._next()
        self.at += 1
        found: Edit | None = None
        if letter == "s":
            found = self._substitution()
        elif letter in ("d", "p") and not self.perl:
            found = Edit(letter)
        elif letter in ("a", "i", "c") and not self.perl:
            found = self._text(letter)
        return replace(found, addresses=addresses, negated=negated) if found is not None else None

    def _blanks(self) -> None:
        while self._next() in (" ", "\t"):
            self.at += 1

    def _addresses(self) -> tuple[Address, ...] | None:
        if self.perl:
            return ()
        first = self._address()
        if first is None:
            return ()
        self._blanks()
        if self._next() != ",":
            return (first,) if first.number or first.pattern else None
        self.at += 1
        self._blanks()
        second = self._address()
        valid = second is not None and all(each.number or each.pattern for each in (first, second))
        return (first, second) if valid and second is not None else None

    def _address(self) -> Address | None:
        """An address, if one stands here; one that is not understood is number 0."""
        character = self._next()
        if character == "$":
            self.at += 1
            return Address(-1)
        if character.isdecimal():
            start = self.at
            while self._next().isdecimal():
                self.at += 1
            return Address(int(self.written[start : self.at][:9]))
        if character not in ("/", "\\"):
            return None
        self.at += 1 + (character == "\\")
        if self.at > len(self.written):
            return Address(0)
        section = self._section(self.written[self.at - 1])
        found = self._pattern(section, False) if section is not None else None
        return Address(pattern=found) if found is not None else Address()

    def _section(self, delimiter: str) -> Text | None:
        """What stands before the next delimiter; a delimiter behind a backslash is one of the text."""
        start = self.at
        parts: list[Text] = []
        while self.at < len(self.written):
            character = self.written[self.at]
            if character == delimiter:
                parts.append(between(self.script, start, self.at))
                self.at += 1
                return joined(parts, EMPTY)
            if character == "\\" and self.written[self.at + 1 : self.at + 2] == delimiter:
                parts.append(between(self.script, start, self.at))
                start = self.at = self.at + 1
            elif character == "\\":
                self.at += 1
            self.at += 1
        return None

    def _pattern(self, section: Text, ignores_case: bool) -> Pattern | None:
        written = section.literal
        return pattern(written, self.extended or self.perl, ignores_case) if written is not None else None

    def _substitution(self) -> Edit | None:
        delimiter = self._next()
        if not delimiter or delimiter in "\\\n" or FIRST <= delimiter <= LAST:
            return None
        self.at += 1
        closing = {"{": "}", "(": ")", "[": "]", "<": ">"}.get(delimiter) if self.perl else None
        wanted = self._section(closing or delimiter)
        if closing and wanted is not None:
            self._blanks()
            self.at += 1
        replacement = self._section(closing or delimiter) if wanted is not None else None
        if wanted is None or replacement is None:
            return None
        start = self.at
        while self._next().isalnum():
            self.at += 1
        flags = self.written[start : self.at]
        self._blanks()
        if not set(flags) <= set("gIipmsM") or self._next() not in ("", ";", "\n", "}"):
            return None
        if self.perl and "e" in flags:
            return None
        found = self._pattern(wanted, bool({"I", "i"} & set(flags)))
        if found is None:
            return None
        if self.perl:
            replacement = _with_perl_groups(replacement)
        return Edit("s", (), False, found, str(wanted), replacement, "g" in flags, "p" in flags, self.perl)

    def _text(self, letter: str) -> Edit | None:
        end = self.written.find("\n", self.at)
        if self.written[self.at : self.at + 2] == "\\\n":
            self.at += 2
            end = self.written.find("\n", self.at)
        else:
            self._blanks()
            self.at += self._next() == "\\"
        end = len(self.written) if end < 0 else end
        text = between(self.script, self.at, end)
        self.at = end
        return Edit(letter, replacement=text + _LINE_END)


def _with_perl_groups(replacement: Text) -> Text:
    """`$1` and `${1}` as `\\1`."""
    for number in range(1, 10):
        for spelled in (f"${{{number}}}", f"${number}"):
            replacement = replace_text(replacement, spelled, Text.of(f"\\{number}"))
    return replacement
