"""Programs that choose, order and count lines: grep, awk, sort, uniq, rev, tac, wc, paste (POSIX.1-2024, Utilities; GNU
coreutils 9, grep 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tagcheck.builtins import awkprograms, editing
from tagcheck.builtins.patterns import Costly, pattern
from tagcheck.builtins.symbolic import derived, joined, split_text
from tagcheck.engine.filters import Filters
from tagcheck.numerals import natural
from tagcheck.values import EMPTY, Text, Value

_LINE_END = Text.of("\n")
_NUMBERS = re.compile(r"\d+|[^\d]+")


class Lines(Filters):
    """A run that knows programs for lines."""

    def grep(self, words: tuple[Text, ...]) -> Value | None:
        """The lines that match, or with `-o` what matches in them."""
        letters, rest = _switches(words)
        if letters is None or not set(letters) <= set("EFGvoihsm") or not rest or rest[0].literal is None:
            return None
        wanted = rest[0].literal
        if not letters or letters == "v":
            return self._matching(wanted, letters == "v", rest)
        if "F" in letters:
            wanted = "".join(f"\\{each}" if each in "\\.[]*^$" else each for each in wanted)
        found = pattern(wanted, "E" in letters, "i" in letters)
        if found is None:
            return None

        def chosen(lines: list[str]) -> list[str]:
            kept: list[str] = []
            for line in lines:
                match = found.find(line)
                if "o" not in letters:
                    kept += [line] if (match is not None) != ("v" in letters) else []
                    continue
                while match is not None and match.end() > match.start():
                    kept.append(match[0])
                    match = found.find(line, match.end())
            return kept

        return self.known_lines(f"grep {letters} {wanted}", rest[1:], chosen)

    def _matching(self, wanted: str, inverted: bool, rest: tuple[Text, ...]) -> Value | None:
        script = "/" + wanted.replace("/", "\\/") + "/" + ("d" if inverted else "p")
        edits = editing.parse(Text.of(script), extended=False)
        if edits is None:
            return None

        def kept(text: Text) -> Value:
            found = editing.edited(text, edits, not inverted, lambda wanted, new: None)
            return derived(f"grep {inverted} {rest[0]}", text) if found is None or text.literal is None else found

        return self.filtered(rest[1:], kept)

    def awk(self, words: tuple[Text, ...]) -> Value | None:
        """What simple programs do with columns; for a text that is wholly known, what any program prints."""
        given = _awk_words(words)
        program = awkprograms.parse(given.scripts[0].literal or "") if given is not None else None
        simple = self.columns_by_awk(words)
        if given is None or program is None or simple is not None:
            return simple
        separator, variables, known = given.separator, dict(given.variables), program

        def output(text: Text) -> Value:
            shown = awkprograms.printed(known, text.literal, variables, separator) if text.literal is not None else None
            return self.opaque("what a program of awk prints") if shown is None else Text.of(shown)

        return self.filtered(given.files, output) if program.rules or program.after else output(EMPTY)

    def ordered_lines(self, words: tuple[Text, ...]) -> Value | None:
        """`sort`, as programs for programs do: by bytes, with -n and -V by numbers."""
        letters, rest = _switches(words)
        if letters is None or not set(letters) <= set("urnV"):
            return None

        def ordered(lines: list[str]) -> list[str]:
            key: Callable[[str], object] = _by_numbers if set(letters) & set("nV") else str
            found = sorted(lines, key=key, reverse="r" in letters)  # type: ignore[arg-type]
            return list(dict.fromkeys(found)) if "u" in letters else found

        return self.known_lines(f"sort {letters}", rest, ordered)

    def distinct_lines(self, words: tuple[Text, ...]) -> Value | None:
        """`uniq` without options."""

        def distinct(lines: list[str]) -> list[str]:
            return [line for at, line in enumerate(lines) if not at or line != lines[at - 1]]

        return self.known_lines("uniq", words, distinct) if _switches(words)[0] == "" else None

    def mirrored_lines(self, words: tuple[Text, ...]) -> Value | None:
        """`rev`."""
        return self.known_lines("rev", words, lambda lines: [line[::-1] for line in lines])

    def last_line_first(self, words: tuple[Text, ...]) -> Value | None:
        """`tac`."""
        return self.known_lines("tac", words, lambda lines: lines[::-1])

    def counted_lines(self, words: tuple[Text, ...]) -> Value | None:
        """`wc -l`, of the standard input alone: of files it prints the names."""
        letters, rest = _switches(words)
        return self.known_lines("wc -l", (), lambda lines: [str(len(lines))]) if letters == "l" and not rest else None

    def pasted_lines(self, words: tuple[Text, ...]) -> Value | None:
        """`paste -sd,`: all lines as one."""
        written = [word.literal for word in words if word.literal != "-"]
        match written:
            case [str(first), str(delimiter)] if first in ("-sd", "-s -d"):
                pass
            case ["-s", "-d", str(delimiter)] | ["-d", str(delimiter), "-s"]:
                pass
            case [str(first)] if first.startswith("-sd") and len(first) == 4:
                delimiter = first[3:]
            case ["-s", str(first)] if first.startswith("-d") and len(first) == 3:
                delimiter = first[2:]
            case _:
                return None
        if len(delimiter) != 1 or delimiter == "\\":
            return None

        def pasted(text: Text) -> Value:
            if len(text.parts) == 1 and text.literal is None:
                return derived(f"paste {delimiter}", text)
            lines = split_text(text, "\n")
            lines = lines[:-1] if len(lines) > 1 and not lines[-1].parts else lines
            return joined(lines, Text.of(delimiter)) + _LINE_END

        return self.filtered((), pasted)

    def lines_from(self, words: tuple[Text, ...]) -> Value | None:
        """`tail -n +2`: the lines from one on; any other `tail`."""
        written = [word.literal or "" for word in words]
        if written[:1] == ["-n"] and len(written) > 1 and written[1].startswith("+"):
            number, rest = natural(written[1][1:]), words[2:]
        elif written[:1] and written[0].startswith("-n+"):
            number, rest = natural(written[0][3:]), words[1:]
        else:
            return self.last_lines(words)
        return None if number is None else self.known_lines("tail", rest, lambda lines: lines[max(number - 1, 0) :])

    def known_lines(self, name: str, files: Sequence[Text], change: Callable[[list[str]], list[str]]) -> Value | None:
        """What a program makes of the lines of a text that is wholly known; of any other, something that is as unique
        as that."""

        def changed(text: Text) -> Value:
            written = text.literal
            if written is None:
                return derived(name, text)
            lines = written.split("\n")
            try:
                found = change(lines[:-1] if lines[-1] == "" else lines)
            except Costly:
                return derived(name, text)
            return Text.of("".join(f"{line}\n" for line in found)) if found else EMPTY

        return self.filtered(files, changed)


@dataclass(frozen=True)
class AwkWords:
    """The words of awk: its program, the files, the separator of columns and the variables."""

    scripts: tuple[Text, ...]
    files: tuple[Text, ...]
    separator: str
    variables: tuple[tuple[str, str], ...]


def _awk_words(words: Sequence[Text]) -> AwkWords | None:
    """The words of awk taken apart, if all that the program depends on is written out."""
    separator, variables = " ", []
    at = 0
    while at < len(words) and (written := words[at].literal or "")[:1] == "-" and len(written) > 1:
        if written[1] not in "Fv":
            return None
        at += len(written) == 2
        value = written[2:] if len(written) > 2 else words[at].literal if at < len(words) else None
        if value is None:
            return None
        if written[1] == "F":
            separator = "\t" if value in ("t", "\\t") else value
        else:
            name, equals, content = value.partition("=")
            if not equals:
                return None
            variables.append((name, content))
        at += 1
    if at >= len(words) or words[at].literal is None or any("=" in str(each) for each in words[at + 1 :]):
        return None
    return AwkWords((words[at],), tuple(words[at + 1 :]), separator, tuple(variables))


def _switches(words: Sequence[Text]) -> tuple[str | None, tuple[Text, ...]]:
    """The letters of the switches, None for long ones, and the operands."""
    letters: str | None = ""
    rest: list[Text] = []
    for word in words:
        written = word.literal or ""
        if rest or written[:1] != "-" or written == "-":
            rest.append(word)
        elif written.startswith("--"):
            letters = None
        elif letters is not None:
            letters += written[1:]
    return letters, tuple(rest)


def _by_numbers(line: str) -> list[tuple[int, int, str]]:
    """A key that orders the numbers in a line as such."""
    return [(0, int(each[:18]), "") if each[0].isdecimal() else (1, 0, each) for each in _NUMBERS.findall(line)]
