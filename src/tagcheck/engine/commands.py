"""Command lines to events: what a run of an external program does."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator
from collections.abc import Sequence as Seq
from contextlib import AbstractContextManager
from itertools import islice
from math import prod
from posixpath import normpath
from typing import TypeAlias

from msgspec.structs import replace

from tagcheck import argv
from tagcheck.builtins.api import Command, CommandResult
from tagcheck.builtins.symbolic import replace_text, split_text
from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue import Tools
from tagcheck.catalogue.line import Around
from tagcheck.engine import shelltexts
from tagcheck.engine.places import below
from tagcheck.engine.printing import Printing
from tagcheck.engine.scripts import environment_of
from tagcheck.guards import ALWAYS, Guards, disjunction
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.numerals import natural
from tagcheck.source import Position, Span
from tagcheck.values import (
    EMPTY,
    Alternatives,
    HoleKind,
    Outcome,
    Pointer,
    Sequence,
    Text,
    Value,
    alternatives,
)

MOST_COMMANDS = 12
"""Different things that the command of one call site may do; further ones are left out and reported as a gap."""
MOST_PLACES = 4
"""Folders in which one command line may run; past them, nothing is known of where it does."""
MOST_LINES = 64
"""Command lines that one call site may stand for at once; further combinations of alternatives likewise."""
DEEPEST_COMMAND = 6
Groups: TypeAlias = dict[tuple[Effect, ...], list[tuple[Guards, tuple[Text, ...]]]]
"""Command lines with the conditions under which they run, by what they do."""


class Commands(Printing):
    """A run that knows container tools."""

    def __init__(self, program: Program, models: Models, tools: Tools, steps: int) -> None:
        super().__init__(program, models, steps)
        self.tools = tools
        self._nesting = 0
        self._prefix: dict[str, Value] = {}
        """the variables that are set for the command that is looked at"""
        self._unsettled: dict[str, Value] = {}
        """those that it was asked for and that have several values"""

    def run(self, command: Command) -> CommandResult:
        """Run a command symbolically, once for each combination of its words' alternatives."""
        if self._nesting >= DEEPEST_COMMAND:
            return CommandResult(self.opaque("a command in a command in a command"), Outcome(self.fresh("command")))
        outer = (self.guards, self.standard_input, self.working_directory, self.command_environment)
        if self.makes and command.environment:
            self.note_misspelt(command.environment)
        self._prefix, outer_prefix = dict(command.environment), self._prefix
        self.working_directory = command.directory
        groups, bases = self._groups(command.argv)
        self._prefix = outer_prefix
        site, self.site = self.site, command.site or self.site
        in_command, self.in_command = self.in_command, True
        self.standard_input, self.command_environment = command.stdin, command.environment
        outputs: list[tuple[Guards, Value]] = []
        self._nesting += 1
        for base, cases in bases.items():
            self.guards = outer[0].and_(disjunction(tuple(cases))[0]) or outer[0]
            self.emit(base)
        for effects, lines in groups.items():
            guards, exact = disjunction(tuple(guards for guards, _ in lines))
            # Lines that do the same under conditions that cannot be written as one are one event each, unless there are
            # no others; lines that are printed are a text each.
            exact = exact or len(groups) == 1
            meant = lines[0][1] if len(lines) == 1 else _meant(lines)
            as_one = exact and (meant is not None or not argv.output_prints(self.tools, lines[0][1]))
            for given, words in [(guards, meant or lines[0][1])] if as_one else lines:
                inside = outer[0].and_(given)
                if inside is not None:
                    self.guards, self.working_directory = inside, command.directory
                    placed = self._placed(effects, words, command.unread)
                    outputs += [(given.and_(where) or given, value) for where, value in placed]
        self._nesting -= 1
        self.guards, self.standard_input, self.working_directory, self.command_environment = outer
        self.site, self.in_command = site, in_command
        return CommandResult(
            alternatives(outputs) if outputs else self.opaque("a command"), Outcome(self.fresh("command"))
        )

    def _placed(
        self, effects: tuple[Effect, ...], words: tuple[Text, ...], unread: bool
    ) -> Iterator[tuple[Guards, Value]]:
        """Do what a command line does, in each of the folders in which it may run."""
        places = self.text_options(self.working_directory) if effects and self.working_directory is not None else []
        if not 1 < len(places) <= MOST_PLACES:
            yield ALWAYS, self._line(effects, words, unread)
            return
        outer = self.guards
        for where, place in places:
            inside = outer.and_(where)
            if inside is not None:
                self.guards, self.working_directory = inside, place
                yield where, self._line(effects, words, unread)

    def _lines(self, words: tuple[Value, ...], depth: int) -> Iterator[tuple[Guards, tuple[Value, ...]]]:
        """Every command line that these words can be: alternatives taken apart, lists among the words spread."""
        loaded = tuple(self.load(word) for word in words)
        resumed = tuple(self.resumed(word) if isinstance(word, Text) else word for word in loaded)
        for guards, chosen in self.spread_out(resumed):
            flat: list[Value] = []
            for word in chosen:
                flat.extend(self._arguments_of(word) if isinstance(word, Sequence) else (word,))
            if depth < 4 and any(isinstance(word, Alternatives | Sequence | Pointer) for word in flat):
                for inner, line in self._lines(tuple(flat), depth + 1):
                    both = guards.and_(inner)
                    if both is not None:
                        yield both, line
            else:
                yield guards, tuple(flat)

    def _groups(self, words: tuple[Value, ...]) -> tuple[Groups, dict[Effect, list[Guards]]]:
        """The command lines that these words can be, by what they do: options that change nothing do not multiply
        what happens. What builds read apart from that: the same image may be built in many ways."""
        if prod(len(word.options) for word in words if isinstance(word, Alternatives)) > MOST_LINES:
            words = self._without_idle_choices(words)
        groups: Groups = {}
        bases: dict[Effect, list[Guards]] = {}
        for number, (guards, texts, found) in enumerate(islice(self._lines_as_set(words), MOST_LINES + 1)):
            effects = tuple(filter(_is_no_base, found))
            if number >= MOST_LINES or (effects not in groups and len(groups) >= MOST_COMMANDS):
                if any(not done or _kinds(done) != _kinds(effects) for done in groups):
                    self.gap("run", "too many alternatives for one command line")
                # What the other lines would do is done to images that nobody knows.
                groups.setdefault(tuple(map(self._with_unknown_images, effects)), []).append((ALWAYS, texts))
                break
            groups.setdefault(effects, []).append((guards, texts))
            for base in itertools.filterfalse(_is_no_base, found):
                if base in bases or len(bases) < MOST_COMMANDS:
                    bases.setdefault(base, []).append(guards)
        return groups, bases

    def _lines_as_set(self, words: tuple[Value, ...]) -> Iterator[tuple[Guards, tuple[Text, ...], tuple[Effect, ...]]]:
        """Every command line that these words can be, with what it does by the values that its variables have."""
        for guards, line in self._lines(words, 0):
            texts = tuple(map(self.as_text, line))
            self._unsettled = {}
            found = self._effects_of(texts) or self.started(texts)
            if not self._unsettled:
                yield guards, texts, found
                continue
            names, outer = tuple(self._unsettled), self._prefix
            for where, chosen in self.spread_out(tuple(self._unsettled.values())):
                both = guards.and_(where)
                if both is not None:
                    self._prefix = {**outer, **dict(zip(names, chosen, strict=True))}
                    yield both, texts, self._effects_of(texts)
            self._prefix = outer

    def _with_unknown_images(self, effect: Effect) -> Effect:
        unknown = self.as_text(self.opaque("one of too many alternatives"))
        return replace(effect, images=(unknown,)) if effect.images else effect

    def _without_idle_choices(self, words: tuple[Value, ...]) -> tuple[Value, ...]:
        """The words with one option for those of which the command does the same with every option, as far as two lines
        with the other words tell: options that are read by nobody here, of which there may be dozens."""
        found = list(words)
        for at, word in enumerate(words):
            if not isinstance(word, Alternatives):
                continue
            lines = [(*found[:at], option, *found[at + 1 :]) for _, option in word.options]
            if all(len({self._effects_with(line, which) for line in lines}) == 1 for which in (0, -1)):
                found[at] = word.options[0][1]
        return tuple(found)

    def _effects_with(self, words: tuple[Value, ...], which: int) -> tuple[Effect, ...]:
        """What a line does in which each choice is its first or last option."""
        chosen = tuple(word.options[which][1] if isinstance(word, Alternatives) else word for word in words)
        line = next((line for _, line in self._lines(chosen, 0)), ())
        return tuple(filter(_is_no_base, self._effects_of(tuple(map(self.as_text, line)))))

    def _effects_of(self, words: tuple[Text, ...]) -> tuple[Effect, ...]:
        return argv.effects(self.tools, words, Around(self._set_for_command, self._package_of))

    def _package_of(self, package: Text) -> Text | None:
        """The name by which a Go package is imported; one that is given by no path is that name (go help packages)."""
        if not package.leading.startswith("."):
            return package
        folder = self.placed(package).literal
        name = self.program.package_in(normpath(folder)) if folder is not None else None
        return Text.of(name) if name is not None else None

    def _set_for_command(self, name: str) -> Text | None:
        """What a variable is for the command that is looked at, where the run has set it."""
        value = self._prefix.get(name)
        if value is None and self.exports(Text.of(name)):
            value = self.environment(Text.of(name))
        if value is None or value == EMPTY:
            return None
        options = self.text_options(value)
        if len(options) == 1:
            return options[0][1]
        self._unsettled[name] = value
        return self.as_text(self.opaque("one of several values of a variable"))

    def _line(self, effects: tuple[Effect, ...], words: tuple[Text, ...], unread: bool) -> Value:
        printed: Value | None = None
        outer = self.site, self.stack
        for effect in effects:
            match effect.kind:
                case EffectKind.EXECUTES:
                    printed = self._executed(effect)
                case EffectKind.SCRIPT:
                    printed = self.script(effect)
                case EffectKind.PROGRAM | EffectKind.TESTS:
                    printed = self.launch(effect)
                case EffectKind.RENDERED:
                    printed = self.rendered(effect)
                case EffectKind.SAVED if effect.archive is None:
                    self.emit(effect)
                    printed = self.archive_text(effect)
                case _:
                    self.site, self.stack = self._written_place(words)
                    self.emit(effect)
                    self.site, self.stack = outer
        if printed is not None:
            return printed
        # What writes files is found out in any case.
        return EMPTY if unread and not argv.output_prints(self.tools, words) else self.output(words)

    def _written_place(self, words: tuple[Text, ...]) -> tuple[Span, tuple[Span, ...]]:
        """Where a reader finds a command, and the calls that lead there: what runs any words that it is given says
        nothing of them, so it is where the caller writes the command's verb."""
        verb = _verb(words)
        if verb is None or not self.frames or _covers(self.frames[-1].procedure.span, verb):
            return self.site, self.stack
        for depth in reversed(range(len(self.stack))):
            call = self.stack[depth]
            if _covers(call, verb):
                # Of a call that has a whole list of commands, the one that is meant.
                return (call if call.line == verb.line else _from(verb)), self.stack[:depth]
        stated = any(_covers(frame.procedure.span, verb) for frame in self.frames)
        return (_from(verb) if stated else self.site), self.stack

    @abstractmethod
    def launch(self, effect: Effect) -> Value | None:
        """Run the tests or the program of the project that a command starts; what it prints, None if nothing is known
        of it."""

    @abstractmethod
    def rendered(self, effect: Effect) -> Value | None:
        """The text of manifests that a program prints; None if nothing is known of it."""

    def _executed(self, effect: Effect) -> Value:
        """Another command line, with the input and environment of the command that starts it."""
        if effect.stdin or effect.path is not None:
            return self._over_input(effect)
        kept = () if effect.alone else self.command_environment
        hidden = {each.literal for each in effect.hidden}
        environment = (*(each for each in kept if each[0] not in hidden), *environment_of(effect.environment))
        directory: Value | None = self.directory()
        if effect.directory is not None:
            directory = effect.directory if directory is None else below(self.as_text(directory), effect.directory)
        outer, self.container = self.container, effect.store or self.container
        with self.hiding(effect.hidden, everything=effect.alone):
            output = self.run(Command(effect.words, environment, self.standard_input, directory)).output
        self.container = outer
        return output

    @abstractmethod
    def hiding(self, names: tuple[Text, ...], *, everything: bool) -> AbstractContextManager[None]:
        """What runs inside sees none of these variables of the environment, or none at all."""

    def _over_input(self, effect: Effect) -> Value:
        """A command line completed by the words of the input: all at once, or once for each."""
        given = self.standard_input if effect.path is None else self.read_file(effect.path)
        given = self.load(given) if given is not None else None
        if not isinstance(given, Text) or (len(given.parts) == 1 and given.literal is None):
            # What is done with a word that is not known is seen all the same: most commands do nothing to images.
            given = self.as_text(self.opaque("a word of the input"))
        found = _divided(given, effect)[:MOST_LINES]
        if not found:
            return EMPTY
        mark = effect.replaced.literal if effect.replaced is not None else None
        lines = [(*effect.words, *(word for each in found for word in each))]
        if mark is not None:
            lines = [tuple(replace_text(word, mark, each) for word in effect.words) for (each,) in found]
        elif effect.singly:
            lines = [(*effect.words, *(word for each in batch for word in each)) for batch in _batches(found, effect)]
        environment = self.command_environment
        printed = [self.run(Command(line, environment, None, self.directory())).output for line in lines]
        return self.join(tuple(printed))


def _divided(given: Text, effect: Effect) -> list[tuple[Text, ...]]:
    """The words of an input, each by itself or as many as stand on a line; with a divider, what it divides."""
    divider = effect.divider.literal if effect.divider is not None else None
    given = replace_text(given, "\0", Text.of("\n"))
    if divider is None and not effect.by_line:
        return [(word,) for word in shelltexts.words(given)]
    pieces = split_text(shelltexts.without_line_ends_of(given), divider or "\n")
    if divider is not None or effect.replaced is not None:
        return [(piece,) for piece in pieces if piece.parts]
    return [words for piece in pieces if (words := shelltexts.words(piece))]


def _batches(found: list[tuple[Text, ...]], effect: Effect) -> Iterator[list[tuple[Text, ...]]]:
    count = max(1, natural((effect.batch.literal if effect.batch is not None else None) or "1") or 1)
    return (found[at : at + count] for at in range(0, len(found), count))


def _kinds(effects: tuple[Effect, ...]) -> list[EffectKind]:
    """What a command line does, whatever to."""
    return [each.kind for each in effects]


def _meant(lines: Seq[tuple[Guards, tuple[Text, ...]]]) -> tuple[Text, ...] | None:
    """The one command line with a program of a known name among those that differ in the program alone, of which a
    variable of the environment may name another: one that does the same, as whoever sets it means it to."""
    known = [words for _, words in lines if words and words[0].literal is not None]
    if len(known) != 1 or any(words[1:] != known[0][1:] for _, words in lines):
        return None
    others = (words[0] for _, words in lines if words is not known[0])
    return known[0] if all(_is_variable(word) for word in others) else None


def _is_variable(word: Text) -> bool:
    return len(word.parts) == len(word.holes) == 1 and word.holes[0].kind is HoleKind.ENVIRONMENT


def _is_no_base(effect: Effect) -> bool:
    return effect.kind is not EffectKind.BASED


def _verb(words: tuple[Text, ...]) -> Position | None:
    """Where the first word of a command stands that is neither its program, nor an option or what may be its value."""
    after_option = False
    for word in words[1:]:
        literal = word.literal
        if literal is None or literal.startswith("-"):
            after_option = literal is not None and "=" not in literal
        elif after_option:
            after_option = False
        else:
            return word.origin
    return None


def _from(start: Position) -> Span:
    """The first character from a place on."""
    return Span(start.path, start.line, start.column, start.line, start.column + 1)


def _covers(span: Span, at: Position) -> bool:
    return span.contains(Span(at.path, at.line, at.column, at.line, at.column))
