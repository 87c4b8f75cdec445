"""Programs that read texts and print them changed: editors, and programs that take lines and columns.

Each gets its words and says what it prints, None where that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tagcheck.builtins import editing
from tagcheck.builtins.marked import lines_of, marked
from tagcheck.builtins.symbolic import derived, joined, replace_text, slice_text, split_text
from tagcheck.builtins.translation import translation
from tagcheck.engine import shelltexts
from tagcheck.engine.makefiles import Makefiles
from tagcheck.numerals import natural
from tagcheck.values import EMPTY, Text, Value

_LINE_END = Text.of("\n")


@dataclass(frozen=True)
class Given:
    """The words of a filter: its script or program, the files that it reads, its switches by letter with their values,
    and whether it writes the files back."""

    scripts: tuple[Text, ...]
    files: tuple[Text, ...]
    letters: str = ""
    in_place: bool = False
    backup: str = ""
    """what the names of the files end with that keep what was there before"""


class Filters(Makefiles):
    """A run that knows programs which change texts."""

    # --- editors ---

    def sed(self, words: tuple[Text, ...]) -> Value | None:
        given = sed_words(words)
        return self._edit(given, extended=bool({"E", "r"} & set(given.letters))) if given is not None else None

    def perl(self, words: tuple[Text, ...]) -> Value | None:
        given = perl_words(words)
        return self._edit(given, extended=True, perl=True) if given is not None else None

    def _edit(self, given: Given, extended: bool, perl: bool = False) -> Value | None:
        script = joined([shelltexts.without_line_ends_of(each) for each in given.scripts], _LINE_END)
        # Which lines perl reads at once with -0 is not known.
        edits = None if perl and "0" in given.letters else editing.parse(script, extended, perl)
        quiet = not perl and "n" in given.letters

        def changed(text: Text) -> Value:
            if quiet and len(text.parts) == 1 and text.literal is None:
                return derived("edited", text, script)
            found = editing.edited(text, edits, quiet, self.missed_in) if edits is not None else None
            return derived("edited", text, script) if found is None else found

        if edits is None and not given.in_place:
            return None
        if not given.in_place:
            return self.filtered(given.files, changed)
        for path in given.files:
            content = self.read_file(path)
            after = self.each_text(content, changed) if content is not None else None
            if given.backup and content is not None:
                self.write_file(path + Text.of(given.backup), content)
            if after is not None and not (self.searches and _is_same(content, after)):
                self.write_file(path, after)
        return EMPTY

    def missed_in(self, wanted: str, replacement: Text) -> None:
        """A substitution found nothing: the image in what it would have written."""
        found = [word for word in shelltexts.words(replacement) if word.parts]
        if found:
            self.missed(wanted, _without_groups(unquoted(found[-1])))

    # --- lines and columns ---

    def cut_columns(self, words: tuple[Text, ...]) -> Value | None:
        options, files = _valued(words, "dfcb")
        fields, delimiter = options.get("f"), options.get("d", Text.of("\t")).literal
        characters = options.get("c", options.get("b"))
        number = fields.literal if fields is not None else None
        if characters is not None and characters.literal is not None and _is_range(characters.literal):
            low, high = _bounds(characters.literal)
            return self.filtered(files, lambda text: _by_line(text, lambda line: slice_text(line, low, high)))
        if number is None or delimiter is None or len(delimiter) != 1 or not all(map(_is_range, number.split(","))):
            return None
        return self.filtered(files, lambda text: _by_line(text, lambda line: _columns(line, delimiter, number)))

    def columns_by_awk(self, words: tuple[Text, ...]) -> Value | None:
        options, rest = _valued(words, "Fv")
        program = rest[0].literal.strip() if rest and rest[0].literal is not None else ""
        address, brace, program = program.partition("{")
        program = brace + program
        chosen = editing.parse(Text.of(address.strip() + "p"), extended=True) if address.strip() else ()
        if chosen is None or (chosen and not chosen[0].addresses):
            return None
        separator = options.get("F", Text.of(" ")).literal
        column = program.removeprefix("{").removesuffix("}").strip().removeprefix("print").strip().rstrip(";").strip()
        parts = _printed_parts(column)
        if not program.startswith("{") or separator is None or not parts or "v" in options:
            return None
        if len(separator) > 1 and not separator.replace(" ", "").isalnum():
            return None

        def columns(text: Text) -> Value:
            lines = editing.edited(text, chosen, True, lambda wanted, new: None) if chosen else text
            if lines is None or (chosen and text.literal is None):
                return derived(f"awk {address}", text)
            return _by_line(lines, lambda line: _printed(line, separator, parts))

        return self.filtered(rest[1:], columns)

    def first_lines(self, words: tuple[Text, ...]) -> Value | None:
        options, files = _valued(words, "nc")
        if "c" in options:
            count = natural(options["c"].literal or "")
            return None if count is None else self.filtered(files, lambda text: slice_text(text, 0, count))

        def first(lines: list[Text], count: int) -> list[Text]:
            return lines[:count]

        return self._some_lines(words, first)

    def last_lines(self, words: tuple[Text, ...]) -> Value | None:
        def last(lines: list[Text], count: int) -> list[Text]:
            return lines[-count:] if count else []

        return self._some_lines(words, last)

    def _some_lines(self, words: tuple[Text, ...], choose: Callable[[list[Text], int], list[Text]]) -> Value | None:
        options, files = _valued(tuple(map(_counted, words)), "n")
        number = natural(options.get("n", Text.of("10")).literal or "")
        if number is None:
            return None

        def chosen(text: Text) -> Value:
            if len(text.parts) == 1 and text.literal is None:
                return derived(f"lines {number} {choose.__name__}", text)
            return joined(choose(lines_of(text), number), EMPTY)

        return self.filtered(files, chosen)

    def translated(self, words: tuple[Text, ...]) -> Value | None:
        sets = [word.literal or "" for word in words]
        match sets:
            case ["a-z" | "[:lower:]" | "[a-z]", "A-Z" | "[:upper:]" | "[A-Z]"]:
                return self.filtered((), lambda text: text.mapped("upper"))
            case ["A-Z" | "[:upper:]" | "[A-Z]", "a-z" | "[:lower:]" | "[a-z]"]:
                return self.filtered((), lambda text: text.mapped("lower"))
            case ["-d", removed] if _plain(removed):
                return self.filtered((), lambda text: _replaced_each(text, removed, ""))
            case [old, new] if _plain(old) and _plain(new) and len(_unescaped(old)) == len(_unescaped(new)) == 1:
                return self.filtered((), lambda text: _replaced_each(text, old, _unescaped(new)))
        change = translation(sets)
        if change is None:
            return None
        name = " ".join(("tr", *sets))

        def changed(text: Text) -> Text:
            return derived(name, text) if text.literal is None else Text.of(change(text.literal))

        return self.filtered((), changed)

    # --- what they read ---

    def filtered(self, files: Sequence[Text], change: Callable[[Text], Value]) -> Value | None:
        """What `change` makes of the files, or of the input without files; None where that is not known."""
        if not files or [path.literal for path in files] == ["-"]:
            return self.each_text(self.standard_input, change) if self.standard_input is not None else None
        contents = [self.read_file(path) for path in files]
        known = [content for content in contents if content is not None]
        return self.join(tuple(self.each_text(each, change) for each in known)) if len(known) == len(contents) else None

    def each_text(self, value: Value, change: Callable[[Text], Value]) -> Value:
        """A function of every text that a value can be."""
        return self.distribute((self.load(value),), lambda chosen: change(self.as_text(chosen[0])))


def _is_same(before: Value | None, after: Value) -> bool:
    """Whether nothing was changed in a text."""
    literal = after.literal if isinstance(after, Text) else None
    return literal is not None and isinstance(before, Text) and before.literal == literal


def sed_words(words: Sequence[Text]) -> Given | None:
    """The words of a sed command taken apart; None for switches that are not understood."""
    scripts: list[Text] = []
    files: list[Text] = []
    letters, in_place, pending, backup = "", False, False, ""
    for word in words:
        written = word.literal if word.literal is not None else word.leading
        if pending:
            scripts.append(word)
            pending = False
        elif written.startswith("--"):
            name, _, value = written[2:].partition("=")
            if name == "expression" and value:
                scripts.append(word.dropped(len("--expression=")))
            elif name == "in-place":
                in_place, backup = True, value
            elif name in ("regexp-extended", "quiet", "silent"):
                letters += "n" if name[0] in "qs" else "E"
            elif name not in ("posix", "separate", "unbuffered", "null-data"):
                return None
        elif written.startswith("-") and len(written) > 1:
            rest = written[1:]
            while rest:
                letter, rest = rest[0], rest[1:]
                if letter == "i":
                    in_place, backup, rest = True, rest, ""
                elif letter == "e":
                    pending = not rest
                    if rest:
                        scripts.append(word.dropped(len(written) - len(rest)))
                    rest = ""
                elif letter in "Ernsuz":
                    letters += letter
                else:
                    return None
        elif not word.parts and in_place:
            continue
        else:
            files.append(word)
    if not scripts and files:
        scripts.append(files.pop(0))
    return Given(tuple(scripts), tuple(files), letters, in_place, backup) if scripts else None


def perl_words(words: Sequence[Text]) -> Given | None:
    """The words of a perl command that edits line by line; None for any other."""
    scripts: list[Text] = []
    files: list[Text] = []
    letters, in_place, pending = "", False, False
    for word in words:
        written = word.literal if word.literal is not None else word.leading
        if pending:
            scripts.append(word)
            pending = False
        elif written.startswith("-") and len(written) > 1 and not files:
            letters += written[1:].partition("i")[0] + written[1:].replace("i", "", 1)[-1:]
            in_place = in_place or "i" in written
            pending = written.endswith("e")
        else:
            files.append(word)
    return Given(tuple(scripts), tuple(files), letters, in_place) if scripts and "p" in letters else None


def unquoted(word: Text) -> Text:
    """A word without the quotes around it."""
    written = marked(word)
    for quote in "\"'":
        if len(written) > 1 and written[0] == written[-1] == quote:
            return shelltexts.shortened(word.dropped(1), 1)
    return word


_PRINTED = re.compile(r"""\$NF\b|\$\d\b|"[^"\\]*"|,""")


def _by_line(text: Text, change: Callable[[Text], Text]) -> Text:
    lines = split_text(text, "\n")
    ended = len(lines) > 1 and not lines[-1].parts
    return joined([change(line) for line in (lines[:-1] if ended else lines)], _LINE_END) + (
        _LINE_END if ended else EMPTY
    )


def _without_groups(word: Text) -> Text:
    """A replacement without the groups of the pattern that stand before it (`\\1`)."""
    while len(word.leading) > 1 and word.leading[0] == "\\" and word.leading[1].isdecimal():
        word = word.dropped(2)
    return word


def _is_range(written: str) -> bool:
    low, dash, high = written.partition("-")
    known = [natural(each) is not None for each in (low, high) if each]
    return bool(known) and all(known) and bool(low or dash)


def _columns(line: Text, delimiter: str, wanted: str) -> Text:
    pieces = split_text(line, delimiter)
    if shelltexts.may_divide(line, delimiter):
        return derived(f"column {wanted} at {delimiter}", line)
    if len(pieces) == 1:
        return line
    chosen: set[int] = set()
    for each in wanted.split(","):
        low, high = _bounds(each)
        chosen |= set(range(low, min(high if high is not None else len(pieces), len(pieces))))
    if not chosen and line.literal is None:
        return derived(f"column {wanted} at {delimiter}", line)
    return joined([pieces[at] for at in sorted(chosen)], Text.of(delimiter))


def _bounds(wanted: str) -> tuple[int, int | None]:
    """The places of a range that counts from 1, as a slice: '2-', '-3', '4'."""
    low, dash, high = wanted.partition("-")
    first = max((natural(low) or 1) - 1, 0)
    return first, (natural(high) or 0) if high else (None if dash else first + 1)


def _column(line: Text, separator: str, column: str) -> Text:
    if column == "$0":
        return line
    pieces = list(shelltexts.words(line)) if separator == " " else split_text(line, separator)
    number = len(pieces) if column == "$NF" else int(column[1:])
    if shelltexts.may_divide(line, separator) or (number > len(pieces) and line.literal is None):
        return derived(f"column {column} at {separator}", line)
    return pieces[number - 1] if 0 < number <= len(pieces) else EMPTY


def _printed_parts(written: str) -> list[str]:
    """The columns and quoted texts that `print` puts side by side, or with a blank between them where a comma stands;
    nothing where there is anything else."""
    found: list[str] = []
    while written := written.lstrip():
        part = _PRINTED.match(written)
        if part is None:
            return []
        found.append('" "' if part[0] == "," else part[0])
        written = written[part.end() :]
    return found


def _printed(line: Text, separator: str, parts: list[str]) -> Text:
    return joined([Text.of(p[1:-1]) if p[0] == '"' else _column(line, separator, p) for p in parts], EMPTY)


def _counted(word: Text) -> Text:
    """`-5` as `-n5`."""
    written = word.literal or ""
    return Text.of(f"-n{written[1:]}") if written[:1] == "-" and natural(written[1:]) is not None else word


def _valued(words: Sequence[Text], letters: str) -> tuple[dict[str, Text], tuple[Text, ...]]:
    """Options with values by their letter, and the operands."""
    options: dict[str, Text] = {}
    rest: list[Text] = []
    pending = ""
    for word in words:
        leading = word.leading
        if pending:
            options[pending] = word
            pending = ""
        elif len(leading) > 1 and leading[0] == "-" and leading[1] in letters:
            if len(word.parts) == 1 and len(leading) == 2:
                pending = leading[1]
            else:
                options[leading[1]] = word.dropped(2)
        else:
            rest.append(word)
    return options, tuple(rest)


def _unescaped(written: str) -> str:
    return written.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("[:space:]", " \n\t")


def _plain(written: str) -> bool:
    """Whether a set of `tr` is written out character by character."""
    shown = _unescaped(written)
    return bool(shown) and "-" not in shown[1:-1] and "[" not in shown and len(shown) < 10


def _replaced_each(text: Text, written: str, new: str) -> Text:
    for character in _unescaped(written):
        text = replace_text(text, character, Text.of(new))
    return text
