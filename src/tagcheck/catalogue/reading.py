"""Takes a command line apart by a tool's tables, as pflag and getopt do: which verb, which options, which operands.

A word that is not known at all may be an operand, or one or more complete switches; it is never a switch whose value is
the next word. Where both are possible, operands count only if their number leaves no other reading. The same holds for
a word after a switch that the tables do not have: it may be that switch's value.
"""

from __future__ import annotations

from collections.abc import Sequence

from tagcheck.catalogue.line import Around, Line, Switch, comma_separated, is_unknown
from tagcheck.catalogue.tools import Arity, Path, Tool, Tools, Verb
from tagcheck.values import Filling, Piece, Text

_GIVEN = Text.of("true")


def read(tools: Tools, tool: Tool, words: Sequence[Text], around: Around) -> tuple[Verb, Line] | None:
    """The verb of a command line and what is said to it (`words` without the program); None for a verb that the tool
    does not have, and for a call for help."""
    reader = _Reader(tools, tool, words)
    reader.run()
    if reader.verb is None or "help" in reader.found:
        return None
    return reader.verb, reader.line(reader.verb, around)


def program_name(word: Text) -> str:
    """The file name of a program, where it is literal: after the last '/' or backslash of the word's literal end. A
    version at its end, written out or not known, is left out: `bin/kustomize-v5.3.0` is kustomize."""
    last, before = word.parts[-1:], word.parts[-2:-1]
    if before and isinstance(last[0], Filling) and isinstance(before[0], Piece) and before[0].text.endswith("-"):
        return before[0].text.replace("\\", "/").rpartition("/")[2].rstrip("-") if "/" in before[0].text else ""
    trailing = word.trailing
    name = trailing.replace("\\", "/").rpartition("/")[2]
    whole = name == trailing and any(isinstance(part, Filling) for part in word.parts)
    return "" if whole else _without_version(name)


def _without_version(name: str) -> str:
    words = name.split("-")
    is_version = (at for at, word in enumerate(words) if at and word.removeprefix("v")[:1].isdigit())
    return "-".join(words[: next(is_version, len(words))])


class _Reader:
    """One pass over the words. `candidates` are words that stand where operands do, each with whether it surely is an
    operand; `found` are options by spelling until the verb is known, then by name."""

    def __init__(self, tools: Tools, tool: Tool, words: Sequence[Text]) -> None:
        self.tools, self.tool, self.words = tools, tool, words
        self.at = 0
        self.path: Path = ()
        self.verb: Verb | None = tool.verbs.get(())
        self.tables = [self.verb.switches, tool.switches] if self.verb else [tool.switches]
        self.found: dict[str, list[Text]] = {}
        self.pending: list[tuple[str, Text]] = []
        self.candidates: list[tuple[Text, bool]] = []
        self.rest: tuple[Text, ...] | None = None
        self.open = False
        self.doubtful = False

    def run(self) -> None:
        while self.at < len(self.words) and self.rest is None:
            word = self.words[self.at]
            leading = word.leading
            self.at += 1
            if leading == "--" and word.literal == "--":
                self._only_operands()
            elif (len(leading) > 1 and leading[0] == "-") or (leading == "-" and word.literal is None):
                self._switch(word, leading)
            else:
                self._plain(word, leading)
        self._settle_pending()

    # --- words that are no switches ---

    def _plain(self, word: Text, leading: str) -> None:
        unknown = is_unknown(word)
        if not self.candidates and not unknown and self._descend(word):
            return
        if self.verb is None or self.verb.group:
            if unknown:
                self.open = True
            else:
                self.verb, self.rest = None, ()
            return
        sure = not unknown and not self.doubtful
        self.doubtful = False
        if self.verb.arity.command and self._begins_command(word, sure):
            return
        self.candidates.append((word, sure))

    def _descend(self, word: Text) -> bool:
        """Enter a verb that the word names."""
        name = word.literal
        if name is None:
            return False
        verb = self.tool.verbs.get((*self.path, name))
        if verb is None:
            return False
        self.path = (*self.path, name)
        self.verb = verb
        self.tables.insert(0, verb.switches)
        return True

    def _begins_command(self, word: Text, sure: bool) -> bool:
        """Whether the word is the first of an embedded command line; then the words before it are settled."""
        assert self.verb is not None
        needed = self.verb.arity.most or 0
        if not sure:
            return False
        before = [text for text, _ in self.candidates]
        if len(before) >= needed and (not before or self._is_program(word)):
            kept = before[len(before) - needed :]
            self.candidates = [(text, True) for text in kept]
            self.rest = tuple(self.words[self.at - 1 :])
        elif not before:
            self.candidates = [(word, True)]
            self.rest = tuple(self.words[self.at :])
        elif needed == 0:
            self.rest = (*before, *self.words[self.at - 1 :])
            self.candidates = []
        else:
            self.rest = ()
            self.candidates.append((word, True))
        return True

    def _is_program(self, word: Text) -> bool:
        """Whether a word names a program, or is a whole command line by itself."""
        name = word.literal
        if any(blank in word.leading for blank in " \n"):
            return True
        return name is not None and (name.startswith(("/", "./")) or self.tools.find(name) is not None)

    def _only_operands(self) -> None:
        words = self.words[self.at :]
        self.at = len(self.words)
        if self.verb is not None and self.verb.arity.command and words:
            needed = max((self.verb.arity.most or 0) - len(self.candidates), 0)
            self.candidates.extend((word, True) for word in words[:needed])
            self.rest = tuple(words[needed:])
        else:
            self.candidates.extend((word, True) for word in words)

    # --- switches ---

    def _switch(self, word: Text, leading: str) -> None:
        self.doubtful = False
        if leading.startswith("--"):
            self._long(word, leading, 2)
        elif self.tool.single_dash:
            self._long(word, leading, 1)
        else:
            self._short(word, leading)

    def _long(self, word: Text, leading: str, dashes: int) -> None:
        name, equals, _ = leading[dashes:].partition("=")
        if equals:
            self._record(name, word.dropped(dashes + len(name) + 1))
        elif word.literal is None:
            self.open = True
        else:
            self._unattached(name)

    def _short(self, word: Text, leading: str) -> None:
        """Combined short switches: the first one with a value takes the rest of the word."""
        for index in range(1, len(leading)):
            name = leading[index]
            known = self._known(name)
            last = index + 1 == len(leading)
            if known is None or known.valued or known.attached or leading[index + 1 : index + 2] == "=":
                if last and word.literal is not None:
                    self._unattached(name)
                else:
                    attached = word.dropped(index + 1)
                    self._record(name, attached.without_prefix("=") or attached)
                return
            self._record(name, _GIVEN)
        if word.literal is None:
            self.open = True

    def _unattached(self, name: str) -> None:
        """A switch without attached value. Before the verb, one that is not known takes the next word, as in cobra."""
        known = self._known(name)
        if known is not None and not known.valued:
            self._record(name, _GIVEN)
        elif known is None and self.verb is not None and not self.verb.group:
            self.doubtful = True
            self.open = True
            self._record(name, _GIVEN)
        elif self.at < len(self.words):
            self._record(name, self.words[self.at])
            self.at += 1

    def _known(self, name: str) -> Switch | None:
        return next((table[name] for table in self.tables if name in table), None)

    def _record(self, name: str, value: Text) -> None:
        known = self._known(name)
        if known is None:
            self.pending.append((name, value))
        else:
            self._keep(known, value)

    def _keep(self, switch: Switch, value: Text) -> None:
        kept = self.found.setdefault(switch.name, [])
        if not switch.valued and value.literal == "false":
            kept.clear()
        else:
            kept.extend(comma_separated(value) if switch.listed else (value,))

    def _settle_pending(self) -> None:
        """Switches given before the verb was known, by the verb's table."""
        for name, value in self.pending:
            known = self._known(name)
            if known is not None:
                self._keep(known, value)
            elif name == "help":
                self.found["help"] = [value]

    # --- the result ---

    def line(self, verb: Verb, around: Around) -> Line:
        operands = _settled(self.candidates, verb.arity)
        unsure = sum(not sure for _, sure in self.candidates)
        needed = operands is not None and len(self.candidates) <= verb.arity.least
        if operands is not None:
            operands += self.rest or ()
        options = {name: tuple(values) for name, values in self.found.items() if values}
        return Line(options, operands, self.open or bool(unsure and not needed), around)


def _settled(candidates: Sequence[tuple[Text, bool]], arity: Arity) -> tuple[Text, ...] | None:
    """The operands among the candidates, or None where their number leaves two readings."""
    words = tuple(word for word, _ in candidates)
    sure = tuple(word for word, certain in candidates if certain)
    if arity.command:
        most = arity.most or 0
        return words if len(words) == most or most == 0 or (not words and arity.least == 0) else None
    if len(words) < arity.least:
        return None
    if len(words) == len(sure) or len(words) == arity.least:
        return words if arity.most is None or len(words) <= arity.most else None
    if arity.most is None:
        return words if all(is_unknown(word) for word, certain in candidates if not certain) else None
    return sure if len(sure) == arity.least == arity.most else None
