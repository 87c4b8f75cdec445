"""Shell texts and script files that a run starts: lowered once, run in a frame of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from collections.abc import Sequence as Seq
from contextlib import contextmanager
from functools import partial

from msgspec.structs import replace

from tagcheck.builtins.api import Command, CommandResult
from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.calls import DEEPEST_CALL
from tagcheck.engine.leaving import Ended
from tagcheck.engine.libraries import Results
from tagcheck.engine.places import ROOT, below, is_fetched, is_installed
from tagcheck.engine.shellstate import KEYS, ShellState
from tagcheck.engine.state import ABSENT, Frame
from tagcheck.frontends import shell
from tagcheck.frontends.shell.body import ARGUMENTS, TRACED
from tagcheck.frontends.shell.names import DIRECTORY
from tagcheck.guards import Guards
from tagcheck.ir import Assign, Expression, Invoke, Name, Procedure, Statement
from tagcheck.source import HOLE_FIRST, HOLE_LAST, Chunk, Position
from tagcheck.source import Text as SourceText
from tagcheck.values import (
    EMPTY,
    Absent,
    Alternatives,
    Failure,
    Filling,
    FunctionValue,
    Null,
    Number,
    Outcome,
    Piece,
    Sequence,
    Text,
    Truth,
    Value,
)

MOST_HOLES = HOLE_LAST - HOLE_FIRST
KNOWN_OUTCOMES: dict[str, Value] = {"true": Null(), ":": Null(), "false": Failure()}
"""What comes of the shell's own commands that do nothing (POSIX.1-2024, Shell and Utilities)."""
LONGEST_TEXT = 64 * 1024
"""Characters of a text that was put together in a run; longer ones are no scripts that a person wrote."""


class Scripts(ShellState):
    """A run that starts shells."""

    command_environment: tuple[tuple[str, Value], ...] = ()
    """what the command that runs now sets for itself"""
    script_failed: bool = False
    """whether the script that ran last fails for certain"""

    trapped: tuple[tuple[Statement, ...], Frame] | None = None
    """what the shell that runs now does when a command fails"""
    assigns_unseen: bool = False
    """whether a shell ran what is not known, which may set variables of it"""

    def script(self, effect: Effect) -> Value | None:
        """Run a shell text or a script file; what it prints, None if nothing is known of it."""
        if effect.tool == "make":
            return self.make(effect)
        if effect.store is not None:
            return self.elsewhere(effect.store, replace(effect, store=None))
        if effect.script is not None:
            return self._run_text(effect.script, effect)
        if effect.stdin and isinstance(self.standard_input, Text):
            return self._run_text(self.standard_input, effect)
        return self._run_file(effect)

    @abstractmethod
    def make(self, effect: Effect) -> Value | None:
        """Run targets of a makefile; what is printed, None if nothing is known of it."""

    @abstractmethod
    def elsewhere(self, host: Text, effect: Effect) -> Value | None:
        """Run a shell text on another host; what it prints, None if nothing is known of it."""

    def print_text(self, value: Value) -> None:
        """Add to what the shell around prints."""
        self._print(value)

    def _run_text(self, text: Text, effect: Effect) -> Value | None:
        if is_fetched(text):
            return None
        if all(isinstance(part, Filling) for part in text.parts) or len(str(text)) > LONGEST_TEXT:
            self.gap("run", "a shell script")
            return None
        source, holes = self.source_text(text)
        procedure = self.program.lowered(source, lowered_text)
        words = effect.words[1:] if effect.script is not None else effect.words
        name = effect.words[0] if effect.script is not None and effect.words else None
        return self.run_script(procedure, holes, words, strict=effect.strict, name=name)

    def _run_file(self, effect: Effect) -> Value | None:
        written = self._written(effect.path) if effect.path is not None else None
        names = self.found_files(effect.path) if effect.path is not None else ()
        content = self.program.read(names[0]) if len(names) == 1 else None
        # Where nothing is known of what was written, a script of the project was changed in some way.
        if isinstance(written, Text) and (content is None or any(isinstance(part, Piece) for part in written.parts)):
            return self._run_text(written, replace(effect, script=None))
        if content is None:
            if effect.path is None or not is_installed(effect.path):
                self.gap("run", "a shell script")
            return None
        procedure = self.program.lowered(SourceText.of_file(names[0], content), _lowered_file)
        return self.run_script(procedure, (), effect.words, strict=effect.strict)

    def started(self, words: tuple[Text, ...]) -> tuple[Effect, ...]:
        """What a command does whose first word is the path of a script of the project."""
        if not words or not any(isinstance(part, Piece) and "/" in part.text for part in words[0].parts):
            return ()
        written = self._written(words[0])
        if isinstance(written, Text) and shell.relevant("", written.leading.encode()):
            return (Effect(EffectKind.SCRIPT, "sh", path=words[0], words=words[1:]),)
        names = self.found_files(words[0])
        content = self.program.read(names[0]) if len(names) == 1 else None
        if content is None or not shell.relevant(names[0], content[:256].encode()):
            return ()
        return (Effect(EffectKind.SCRIPT, "sh", path=Text.of(names[0]), words=words[1:]),)

    def run_script(
        self,
        procedure: Procedure,
        holes: tuple[Value, ...],
        words: Seq[Value],
        *,
        strict: bool = False,
        name: Value | None = None,
    ) -> Value:
        """Run a script to its end, and what it left running in the background. `strict`: see `started_strict`; `name`:
        see `name_of_shell`."""
        printed = self.heap.new(EMPTY)
        outer = (self.holes, self.output_cell, self.pending, self.site, self.started_strict)
        inner = (self.unwatched, self.name_of_shell, self.trapped)
        self.trapped = None
        self.holes, self.output_cell, self.pending, self.started_strict = holes, printed, [], strict
        self.unwatched, self.name_of_shell = False, name
        with self.process(in_command=False):
            self.call_procedure(FunctionValue(procedure), tuple(words), self.site, {})
            self.script_failed = not self.live
            self.live, self.failed = True, False
            self.wait()
        self.holes, self.output_cell, self.pending, self.site, self.started_strict = outer
        self.unwatched, self.name_of_shell, self.trapped = inner
        return self.narrow(self.heap.read(printed))

    def call_by_name(self, command: Command) -> CommandResult | None:
        first = command.argv[0] if command.argv else None
        if isinstance(first, Alternatives):
            return self._call_each(command, first)
        if isinstance(first, Sequence) and not first.open:
            return self.call_by_name(replace(command, argv=(*first.items, *command.argv[1:])))
        name = first.literal if isinstance(first, Text) else None
        if name in KNOWN_OUTCOMES and self.is_shell():
            return CommandResult(EMPTY, KNOWN_OUTCOMES[name])
        if name == "cd" and len(command.argv) == 2 and self.is_shell():
            return self._moved(command.argv[1])
        cell = self.shell_cell(name) if name is not None else None
        function = self.narrow(self.heap.read(cell)) if cell is not None else None
        if not isinstance(function, FunctionValue):
            return None
        for variable, value in command.environment:
            self.set_environment(Text.of(variable), value)
        outer = (self.standard_input, self.output_cell)
        unwatched, self.unwatched = self.unwatched, self.unwatched or command.asked
        self.standard_input, self.output_cell = command.stdin, self.heap.new(EMPTY)
        results = self.call_procedure(function, command.argv[1:], self.site, {})
        printed = self.narrow(self.heap.read(self.output_cell))
        self.standard_input, self.output_cell = outer
        self.unwatched = unwatched
        if results and self.live and not command.asked:
            self._unanswered(results[0])
        return CommandResult(printed, results[0] if results else Outcome(self.fresh("function")))

    def _moved(self, path: Value) -> CommandResult:
        """`cd` where it is the first of the words that a function was given."""
        before = self.directory() or ROOT
        self.assign(Text.of(DIRECTORY), self.distribute((path,), lambda chosen: below(before, self.as_text(chosen[0]))))
        return CommandResult(EMPTY, Null())

    def _call_each(self, command: Command, first: Alternatives) -> CommandResult | None:
        """A command whose name is one of several, of which the shell itself knows one at least."""
        if not any(self._is_known(option) for _, option in self.narrowed(first)):
            return None

        def called(option: Value) -> Value:
            each = replace(command, argv=(option, *command.argv[1:]))
            result = self.call_by_name(each) or self.run(each)
            return Sequence((result.output, result.outcome))

        found = self.fork((guards, partial(called, option)) for guards, option in first.options)
        if isinstance(found, Sequence):
            return CommandResult(*found.items)
        return CommandResult(self.opaque("a command"), Outcome(self.fresh("function")))

    def _is_known(self, word: Value) -> bool:
        """Whether a command that begins so is a function, or is known to succeed or to fail."""
        if isinstance(word, Sequence):
            return bool(word.items) and self._is_known(word.items[0])
        name = word.literal if isinstance(word, Text) else None
        return name is not None and (name in KNOWN_OUTCOMES or self.shell_cell(name) is not None)

    # --- failures ---

    def invoke(self, node: Invoke, callee: Value, frame: Frame) -> Results:
        if not (isinstance(callee, FunctionValue) and callee.procedure.key.startswith(KEYS) and self.is_shell()):
            return super().invoke(node, callee, frame)
        outer, self.unwatched = self.unwatched, self.unwatched or bool(node.targets)
        results = super().invoke(node, callee, frame)
        self.unwatched = outer
        if results and self.live and not node.targets:
            self._unanswered(results[0])
        return results

    def returned(self, frame: Frame, values: tuple[Expression, ...]) -> Results:
        if not values and frame.procedure.key.startswith(KEYS):
            return (self.opaque("the status of the last command"),)
        return super().returned(frame, values)

    def _unanswered(self, status: Value) -> None:
        """A function has ended, and nobody asks how: where it failed, the shell may end."""
        failing = [_is_failing(option) for _, option in self.narrowed(status)]
        if all(failing):
            self.unanswered()
        elif any(failing) and isinstance(status, Alternatives) and self.ends_on_failure():
            self.fork((guards, partial(self._one_unanswered, option)) for guards, option in status.options)

    def _one_unanswered(self, option: Value) -> Value:
        if _is_failing(option):
            self.stop()
        return ABSENT

    def unanswered(self) -> None:
        """A command has failed, and nobody asks: what is trapped runs, and the shell may end."""
        ends = self.ends_on_failure()
        if self.trapped is not None and not self.unwatched and self.is_shell():
            self._run_trapped(*self.trapped)
        if ends and self.live:
            self.stop()

    def trap_failures(self, body: tuple[Statement, ...], frame: Frame) -> None:
        if self.is_shell():
            self.trapped = (body, frame) if body else None

    def _run_trapped(self, body: tuple[Statement, ...], frame: Frame) -> None:
        """Functions and subshells take over what is trapped only where the shell was told so (`set -E`)."""
        traced = self.shell_cell(TRACED)
        inherited = traced is not None and self.narrow(self.heap.read(traced)) == Truth(True)
        if inherited or (len(self.frames) == self.program_base + 1 and self._own is None):
            kept, self.trapped = self.trapped, None
            self.run_block(body, self.enter(frame.procedure, dict(frame.names)))
            self.trapped = kept

    @contextmanager
    def own_process(self, *, asked: bool = False, watched: bool = True) -> Iterator[Ended]:
        """What a shell's process of its own traps, runs when that ends."""
        base = self.frames[self.program_base] if self.is_shell() else None
        outer = (self.unwatched, base.deferred if base is not None else [])
        self.unwatched = self.unwatched or not watched
        if base is not None:
            base.deferred = []
        with super().own_process(asked=asked) as ended:
            yield ended
            self.unwatched = outer[0]
        if base is not None:
            if self.live:
                self.run_deferred(base)
            base.deferred = outer[1]

    @contextmanager
    def group(self, *, watched: bool) -> Iterator[Ended]:
        outer, self.unwatched = self.unwatched, self.unwatched or not watched
        yield Ended()
        self.unwatched = outer

    def end_in_failure(self, frame: Frame) -> None:
        """What a shell traps runs however it ends."""
        if frame.deferred and frame.procedure.key.startswith(KEYS):
            outer, self.guards = (self.guards, self.live, self.failed), frame.entry
            self.run_deferred(frame)
            self.guards, self.live, self.failed = outer

    def put_off(self, body: tuple[Statement, ...], frame: Frame) -> None:
        """What a shell or a function of it traps, runs when the shell ends, in the place of what was trapped before."""
        if not (frame.procedure.key.startswith(KEYS) and self.is_shell()):
            super().put_off(body, frame)
            return
        base = self.frames[self.program_base]
        if self.depth == base.depth:
            base.deferred.clear()
        if body:
            base.deferred.append((body, dict(frame.names)))

    def source(self, path: Value, words: tuple[Value, ...], exporting: bool) -> None:
        """Run a file in the shell that runs now: its variables and functions are the shell's from then on."""
        if not self.is_shell():
            return
        for guards, text in self.text_options(path):
            base = self.guards
            inside = base.and_(guards)
            if inside is not None and len(self.frames) < DEEPEST_CALL:
                self.guards = inside
                self._source_file(text, words, exporting)
                self.guards = base

    def evaluate_text(self, value: Value) -> None:
        def run(text: Text) -> Value:
            self._evaluate_one(text)
            return ABSENT

        if self.is_shell() and len(self.frames) < DEEPEST_CALL:
            self.fork((guards, partial(run, text)) for guards, text in self.text_options(value))

    def _evaluate_one(self, text: Text) -> None:
        if not any(isinstance(part, Piece) for part in text.parts) or len(str(text)) > LONGEST_TEXT:
            if text.parts:
                self.gap("run", "a text that is run as commands")
                self.assigns_unseen = True
            return
        source, holes = self.source_text(text)
        outer, self.holes = self.holes, holes
        self._in_place(self.program.lowered(source, lowered_text), ())
        self.holes = outer

    def _source_file(self, path: Text, words: tuple[Value, ...], exporting: bool) -> None:
        names = self.found_files(path)
        content = self.program.read(names[0]) if len(names) == 1 else None
        own = (SourceText.of_file(names[0], content), ()) if content is not None else None
        written = self._written(path)
        if isinstance(written, Alternatives):
            found = [(guards, *self.source_text(text)) for guards, text in self.text_options(written)]
            self._source_each(found, own, words, exporting)
        elif isinstance(written, Text):
            self._source_one(*self.source_text(written), words, exporting)
        elif own is not None:
            self._source_one(*own, words, exporting)
        else:
            self.gap("run", "a file with settings that is not in the project")
            self.assigns_unseen = True

    def _source_each(
        self,
        written: list[tuple[Guards, SourceText, tuple[Value, ...]]],
        own: tuple[SourceText, tuple[Value, ...]] | None,
        words: tuple[Value, ...],
        exporting: bool,
    ) -> None:
        """Run what was written to a file in each case; where nothing was, the project's own file of that name."""

        def sourced(source: SourceText, holes: tuple[Value, ...]) -> Value:
            self._source_one(source, holes, words, exporting)
            return ABSENT

        left: tuple[Guards, ...] = (self.guards,)
        for guards, source, _ in written:
            self._begin_all(self.program.lowered(source, _lowered_exporting if exporting else _lowered_file))
            left = tuple(rest for case in left for rest in case.without(guards))
        sides = [(guards, partial(sourced, source, holes)) for guards, source, holes in written]
        others = [(case, partial(sourced, *own) if own is not None else lambda: ABSENT) for case in left]
        self.fork([*sides, *others])

    def _begin_all(self, procedure: Procedure) -> None:
        """Variables that a file gives a value in some cases begin with what they hold in the others."""
        base = self.frames[self.program_base]
        for statement in procedure.body:
            for target in statement.targets if isinstance(statement, Assign) else ():
                name = target.name if isinstance(target, Name) else "%"
                if not name.startswith("%") and self.shell_cell(name) is None:
                    base.names[name] = self.heap.new(self.variable(Text.of(name)))

    def _source_one(
        self, source: SourceText, holes: tuple[Value, ...], words: tuple[Value, ...], exporting: bool
    ) -> None:
        procedure = self.program.lowered(source, _lowered_exporting if exporting else _lowered_file)
        if any(frame.procedure is procedure for frame in self.frames):
            return
        outer, self.holes = self.holes, holes
        self._in_place(procedure, words)
        self.holes = outer

    def _in_place(self, procedure: Procedure, words: tuple[Value, ...]) -> None:
        """Run a procedure with the variables of the shell around it, and of the functions that run; what it adds is the
        shell's."""
        base = self.frames[self.program_base]
        inner = {name: cell for frame in self.frames[self.program_base + 1 :] for name, cell in frame.names.items()}
        own = {name: cell for name, cell in (base.names | inner).items() if not name.startswith("%")}
        if words or ARGUMENTS not in own:
            own[ARGUMENTS] = self.heap.new(Sequence(words))
        site = self.site
        frame = self.enter(procedure, own)
        self.visited.add(procedure.key)
        outer, self.stack = self.stack, (*self.stack, site)
        self.frames.append(frame)
        self.run_block(procedure.body, frame)
        if self.live:
            self.leave(frame, ())
        if frame.exits:
            self._settle(frame)
            self.guards = frame.entry
            self.live, self.failed = True, False
        base.deferred.extend(frame.deferred)
        self.frames.pop()
        self.stack, self.site = outer, site
        for name, cell in own.items():
            if name != ARGUMENTS and not name.startswith("%") and inner.get(name) != cell:
                base.names[name] = cell

    @contextmanager
    def process(self, *, in_command: bool) -> Iterator[None]:
        """A process of its own: it starts in the directory of the shell around it, and what it exports or where it
        goes is gone when it ends. `in_command`: it is a program and no shell."""
        place = (self.in_command, self.working_directory)
        before = {name: self.heap.read(cell) for name, cell in self.variables.items()}
        self._hand_over()
        given = self.command_environment
        for name, value in given:
            self.set_environment(Text.of(name), value)
        self.command_environment = ()
        self.working_directory = self.directory()
        self.in_command = in_command
        with self.started_program():
            yield
        # The same command may run again in another case.
        self.command_environment = given
        for name, cell in self.variables.items():
            self.heap.write(cell, before.get(name) or self.gone(name))
        self.in_command, self.working_directory = place

    def _hand_over(self) -> None:
        """What is in the environment of a shell is there as the shell has left it."""
        if not self.is_shell():
            return
        for name, cell in self.variables.items():
            own = self.shell_cell(name)
            value = ABSENT if own is None else self.narrow(self.heap.read(own))
            if not isinstance(value, Absent | FunctionValue) and self.heap.read(cell) not in (ABSENT, EMPTY):
                self.heap.write(cell, value)

    def gone(self, name: str) -> Value:
        """What a variable holds that a shell has exported, after its end."""
        return ABSENT

    def source_text(self, text: Text) -> tuple[SourceText, tuple[Value, ...]]:
        """A symbolic text as source text: one character for each hole, and what the characters stand for."""
        chunks: list[Chunk] = []
        rendered: list[str] = []
        values: list[Value] = []
        offset = 0
        last = Position(self.site.path, self.site.line, self.site.column)
        for part in text.parts:
            if isinstance(part, Filling):
                if len(values) >= MOST_HOLES:
                    break
                chunks.append(Chunk(offset, last, exact=False))
                rendered.append(chr(HOLE_FIRST + len(values)))
                values.append(self.resume(part))
                offset += 1
                continue
            if part.origin is not None:
                chunks.append(Chunk(offset, part.origin.start, part.origin.exact))
                last = part.origin.start
            else:
                chunks.append(Chunk(offset, last, exact=False))
            if part.origin is not None and part.origin.exact:
                last = part.origin.start.advanced(part.text)
            rendered.append(part.text)
            offset += len(part.text)
        return SourceText("".join(rendered), tuple(chunks) or (Chunk(0, last),)), tuple(values)


def _is_failing(status: Value) -> bool:
    return isinstance(status, Failure) or (isinstance(status, Number) and status.value != 0)


def environment_of(texts: Seq[Text]) -> tuple[tuple[str, Value], ...]:
    """NAME=value texts as pairs."""
    halves = ((text, text.split_at("=")) for text in texts)
    return tuple((found[0].literal, found[1]) for _, found in halves if found and found[0].literal)


def lowered_text(source: SourceText) -> Procedure:
    start = source.position(0)
    return shell.lower_text(source, f"sh:{start.path}:{start.line}:{start.column}")


def _lowered_file(source: SourceText) -> Procedure:
    return shell.lower_text(source, f"sh:{source.position(0).path}")


def _lowered_exporting(source: SourceText) -> Procedure:
    return shell.lower_text(source, f"sh:{source.position(0).path}", exporting=True)
