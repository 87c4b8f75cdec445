"""Programs that read and change data: yq and jq."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tagcheck.builtins import queries
from tagcheck.builtins.pipelines import json_text
from tagcheck.builtins.symbolic import as_text, joined
from tagcheck.embedded import documents
from tagcheck.engine.filters import Filters
from tagcheck.values import EMPTY, Mapping, Number, Piece, Text, Truth, Value
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


class Data(Filters):
    """A run that knows programs which query data."""

    def queried(self, words: tuple[Text, ...]) -> Value | None:
        asked = _asked(words)
        query = queries.parse(asked.query) if asked is not None else None
        if asked is None or query is None:
            return self._unknown_edit(asked)

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
