"""Programs that read and change data: yq and jq."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tagcheck.builtins import jqprograms, jqrun, queries
from tagcheck.builtins.pipelines import json_text
from tagcheck.builtins.symbolic import as_text, joined, split_text
from tagcheck.embedded import documents
from tagcheck.engine.lines import Lines
from tagcheck.engine.shelltexts import shortened
from tagcheck.numerals import whole
from tagcheck.values import EMPTY, Mapping, Null, Number, Piece, Text, Truth, Value
from tagcheck.values import Sequence as Listed
from tagcheck.writing import written

_LINE_END = Text.of("\n")
_VERBS = frozenset(("e", "eval", "ea", "eval-all"))
_WITH_VALUE = frozenset(("-o", "--output-format", "-p", "--input-format", "-I", "--indent", "-d", "--doc"))
_IN_PLACE = frozenset(("-i", "--inplace", "--in-place"))


@dataclass(frozen=True)
class Asked:
    """The words of a query: the query, the files, whether they are written back, and the arguments by name."""

    query: Text
    files: tuple[Text, ...]
    in_place: bool = False
    arguments: dict[str, Text] = field(default_factory=dict)
    compact: bool = False
    """what is printed is JSON, each answer on a line (`jq -c`)"""


@dataclass(frozen=True)
class Program:
    """The words of a program that reads data: it, the files, the arguments by name and whether they are data, how its
    input is read and how it prints."""

    query: Text
    files: tuple[Text, ...]
    arguments: tuple[tuple[str, Text, bool], ...] = ()
    letters: str = ""
    raw: bool = False

    @property
    def without_input(self) -> bool:
        return "n" in self.letters

    def inputs(self, content: Value) -> tuple[Value, ...] | None:
        """What the program runs on, one after the other; None where that is not known."""
        if self.without_input:
            return (Null(),)
        if "R" in self.letters:
            if not isinstance(content, Text) or (len(content.parts) == 1 and content.literal is None):
                return None
            lines = split_text(shortened(content, content.trailing.endswith("\n")), "\n")
            return (Listed(tuple(lines)),) if "s" in self.letters else tuple(lines)
        found = _values_on_lines(content) or _documents(content)
        if not found and isinstance(content, Text) and "s" in self.letters:
            lines = split_text(shortened(content, content.trailing.endswith("\n")), "\n")
            read = [quoted(line) for line in lines]
            found = () if None in read else tuple(each for each in read if each is not None)
        return (Listed(found),) if "s" in self.letters and found else found

    def line(self, value: Value) -> Text | None:
        """A value as it is printed."""
        text = value if self.raw and isinstance(value, Text) else json_text(value, blank="")
        return text if text is None or "j" in self.letters else text + _LINE_END


class Data(Lines):
    """A run that knows programs which query data."""

    def queried_as_json(self, words: tuple[Text, ...]) -> Value | None:
        """What jq prints."""
        return self._by_program(_asked_of_jq(words)) or self.queried(words)

    def queried(self, words: tuple[Text, ...]) -> Value | None:
        asked = _asked(words)
        query = queries.parse(asked.query) if asked is not None else None
        if asked is None or query is None:
            return self._by_program(_asked_of_yq(words)) or self._unknown_edit(asked)

        def lookup(variable: queries.Variable) -> Text:
            if variable.is_argument:
                return asked.arguments.get(variable.name, EMPTY)
            return self.as_text(self.seen(Text.of(variable.name)))

        def answer(content: Value) -> Value:
            return self._answered(query, content, lookup, compact=asked.compact)

        if asked.in_place:
            for path in asked.files:
                content = self.read_file(path)
                if content is not None:
                    self.write_file(path, self.distribute((self.load(content),), lambda chosen: answer(chosen[0])))
            return EMPTY
        contents = [self.read_file(path) for path in asked.files if path.literal != "-"] or [self.standard_input]
        known = [content for content in contents if content is not None]
        if len(known) != len(contents) or len(known) != 1:
            return None
        return self.distribute((self.load(known[0]),), lambda chosen: answer(chosen[0]))

    def _by_program(self, asked: Program | None) -> Value | None:
        """What a program that reads data prints; None where that is not known. One that sets a value goes by the
        places of that."""
        program = jqprograms.parse(asked.query) if asked is not None else None
        if asked is None or program is None or queries.sets(queries.parse(asked.query)):
            return None
        content: Value | None = Text.of("null") if asked.without_input else self.standard_input
        if asked.files and not asked.without_input:
            content = self.read_file(asked.files[0]) if len(asked.files) == 1 else None
        if content is None:
            return None

        def answer(chosen: tuple[Value, ...]) -> Value:
            return self._printed(asked, program, chosen[0]) or self.opaque("the answer to a query")

        return self.distribute((self.load(content),), answer)

    def _printed(self, asked: Program, program: jqrun.Node, content: Value) -> Value | None:
        inputs = asked.inputs(content)
        names: dict[str, Value] = {}
        for name, text, is_json in asked.arguments:
            read = documents(text) if is_json else (text,)
            names[name] = read[0] if read else scalar(text)
        run = jqrun.Run(names, lambda name: self.as_text(self.seen(Text.of(name))))
        found: list[Text] = []
        for document in inputs if inputs is not None else ():
            values = jqprograms.answers(program, document, run)
            lines = None if values is None else [asked.line(value) for value in values]
            if lines is None or None in lines:
                return None
            found += [line for line in lines if line is not None]
        return joined(found, EMPTY) if inputs else None

    def _unknown_edit(self, asked: Asked | None) -> Value | None:
        """What a query that is not understood makes of a file is not known."""
        for path in asked.files if asked is not None and asked.in_place else ():
            self.write_file(path, self.opaque("a file that is changed by a query"))
        if asked is not None and not asked.in_place and _assigns(asked.query):
            # What is printed is the file with something else in it: as it stands, nobody applies it.
            self.applied_files.update(name for path in asked.files for name in self.found_files(path))
        return None

    def seen(self, name: Text) -> Value:
        """A variable as the command that runs now sees it."""
        for variable, value in reversed(self.command_environment):
            if variable == name.literal:
                return value
        return self.environment(name)

    def _answered(
        self,
        query: queries.Pipeline,
        content: Value,
        lookup: Callable[[queries.Variable], Text],
        *,
        compact: bool = False,
    ) -> Value:
        found: list[Value] = []
        for document in _documents(content):
            answer = queries.ask(query, document, lookup, self.missed)
            values = queries.found_at(answer) if answer is not None else None
            if values is None:
                return self.opaque("the answer to a query")
            found += values
        if found and all(isinstance(value, Text | Number | Truth) for value in found):
            return joined([as_text(value) + _LINE_END for value in found], EMPTY)
        if not found:
            return self.opaque("the answer to a query")
        line = json_text(found[0], blank="") if compact and len(found) == 1 else None
        if line is not None:
            return line + _LINE_END
        # As a text, whatever else reads it finds in it what was there before.
        return self.join(written(tuple(found)))


def _assigns(query: Text) -> bool:
    """Whether a query that is not understood changes something, as far as its words tell."""
    return any(isinstance(part, Piece) and (" = " in part.text or "|=" in part.text) for part in query.parts)


def _documents(content: Value) -> tuple[Value, ...]:
    match content:
        case Text():
            return documents(content)
        case Listed(items=items) if all(isinstance(item, Mapping) for item in items):
            return items
        case _:
            return (content,)


def _values_on_lines(content: Value) -> tuple[Value, ...]:
    """The mappings and lists of a text that holds one on each of several lines; else nothing."""
    if not isinstance(content, Text) or content.leading[:1] not in ("{", "["):
        return ()
    lines = split_text(shortened(content, content.trailing.endswith("\n")), "\n")
    ends = {(line.leading[:1], line.trailing[-1:]) for line in lines}
    found = [documents(line) for line in lines] if len(lines) > 1 and ends <= {("{", "}"), ("[", "]")} else []
    return tuple(each[0] for each in found) if all(len(each) == 1 for each in found) else ()


def quoted(line: Text) -> Text | None:
    """The text that a line holds in quotes, without any inside of it."""
    inner = shortened(line.dropped(1), 1) if line.leading[:1] == line.trailing[-1:] == '"' else None
    return inner if inner is not None and '"' not in str(inner) and "\\" not in str(inner) else None


def scalar(text: Text) -> Value:
    """A number or a word of JSON that stands by itself."""
    number = whole(text.literal or "")
    words: dict[str | None, Value] = {"true": Truth(True), "false": Truth(False), "null": Null()}
    return words.get(text.literal, text if number is None else Number(number))


def _asked_of_jq(words: Sequence[Text]) -> Program | None:
    """The words of jq; None for options that are not understood."""
    operands: list[Text] = []
    arguments: list[tuple[str, Text, bool]] = []
    letters = ""
    at = 0
    while at < len(words):
        written = words[at].literal or ""
        if written in ("--arg", "--argjson") and at + 2 < len(words):
            arguments.append((words[at + 1].literal or "", words[at + 2], written == "--argjson"))
            at += 2
        elif written.startswith("--"):
            if written not in _LONG:
                return None
            letters += _LONG[written]
        elif written.startswith("-") and len(written) > 1:
            if not set(written[1:]) <= _LETTERS:
                return None
            letters += written[1:]
        else:
            operands.append(words[at])
        at += 1
    if not operands:
        return None
    raw = bool({"r", "j"} & set(letters))
    return Program(operands[0], tuple(operands[1:]), tuple(arguments), letters, raw)


_LETTERS = frozenset("nrsRcejSMCa")
_LONG = {
    "--null-input": "n",
    "--raw-output": "r",
    "--slurp": "s",
    "--raw-input": "R",
    "--compact-output": "c",
    "--exit-status": "e",
    "--join-output": "j",
    "--sort-keys": "S",
    "--monochrome-output": "M",
    "--color-output": "C",
}


def _asked_of_yq(words: Sequence[Text]) -> Program | None:
    """The words of yq 4 that only reads; None for others."""
    without_input = any(_has_letter(word.literal or "", "n", "--null-input") for word in words)
    asked = _asked([word for word in words if word.literal not in ("-n", "--null-input")])
    if asked is None or asked.in_place:
        return None
    arguments = tuple((name, text, False) for name, text in asked.arguments.items())
    return Program(asked.query, asked.files, arguments, "n" if without_input else "", True)


def _asked(words: Sequence[Text]) -> Asked | None:
    """The words of yq 4, of jq, and of the `w` and `r` of yq 3; None for others."""
    operands: list[Text] = []
    arguments: dict[str, Text] = {}
    in_place = False
    at = 0
    while at < len(words):
        written = words[at].literal or ""
        if written in ("--arg", "--argjson") and at + 2 < len(words):
            arguments[words[at + 1].literal or ""] = words[at + 2]
            at += 2
        elif written in _WITH_VALUE:
            at += 1
        elif written in _IN_PLACE:
            in_place = True
        elif written in ("-n", "--null-input", "--from-file", "-f", "-s", "--slurp"):
            return None
        elif written.startswith("-") and len(written) > 1:
            in_place = in_place or (written[1:].isalpha() and "i" in written and not written.startswith("--"))
        else:
            operands.append(words[at])
        at += 1
    verb = operands[0].literal if operands else None
    if verb in ("w", "write") and len(operands) == 4:
        query = Text.of(_dotted(operands[2])) + Text.of(' = "') + operands[3] + Text.of('"')
        return Asked(query, (operands[1],), in_place)
    if verb in ("r", "read") and len(operands) == 3:
        return Asked(Text.of(_dotted(operands[2])), (operands[1],))
    if verb in _VERBS:
        operands.pop(0)
    compact = any(_has_letter(word.literal or "", "c", "--compact-output") for word in words)
    return Asked(operands[0], tuple(operands[1:]), in_place, arguments, compact) if operands else None


def _has_letter(word: str, letter: str, long: str) -> bool:
    """Whether a word is a switch by its name, or has its letter among others."""
    return word == long or (word[:1] == "-" and word[1:].isalpha() and letter in word)


def _dotted(path: Text) -> str:
    """A path of yq 3 in the language of yq 4."""
    written = path.literal or "?"
    return "." + written.removeprefix(".").replace("[*]", "[]").replace(".[", "[")
