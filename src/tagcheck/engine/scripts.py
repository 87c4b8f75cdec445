"""Shell texts and script files that a run starts: lowered once, run in a frame of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from collections.abc import Sequence as Seq
from contextlib import contextmanager

from tagcheck.catalog import Effect
from tagcheck.engine.execute import Execution
from tagcheck.engine.state import ABSENT
from tagcheck.frontends import shell
from tagcheck.ir import Procedure
from tagcheck.source import HOLE_FIRST, HOLE_LAST, Chunk, Position
from tagcheck.source import Text as SourceText
from tagcheck.values import EMPTY, Filling, FunctionValue, Text, Value

MOST_HOLES = HOLE_LAST - HOLE_FIRST
LONGEST_TEXT = 64 * 1024
"""Characters of a text that was put together in a run; longer ones are no scripts that a person wrote."""


class Scripts(Execution):
    """A run that starts shells."""

    command_environment: tuple[tuple[str, Value], ...] = ()
    """what the command that runs now sets for itself"""
    script_failed: bool = False
    """whether the script that ran last fails for certain"""

    def script(self, effect: Effect) -> Value | None:
        """Run a shell text or a script file; what it prints, None if nothing is known of it."""
        if effect.tool == "make":
            return self.make(effect)
        if effect.store is not None:
            self.gap("run", "a command on another host")
            return None
        if effect.script is not None:
            return self._run_text(effect.script, effect)
        if effect.stdin and isinstance(self.standard_input, Text):
            return self._run_text(self.standard_input, effect)
        return self._run_file(effect)

    @abstractmethod
    def make(self, effect: Effect) -> Value | None:
        """Run targets of a makefile; what is printed, None if nothing is known of it."""

    def print_text(self, value: Value) -> None:
        """Add to what the shell around prints."""
        self._print(value)

    def _run_text(self, text: Text, effect: Effect) -> Value | None:
        if all(isinstance(part, Filling) for part in text.parts) or len(str(text)) > LONGEST_TEXT:
            self.gap("run", "a shell script")
            return None
        source, holes = self.source_text(text)
        procedure = self.program.lowered(source, lowered_text)
        return self.run_script(procedure, holes, effect.words[1:] if effect.script is not None else effect.words)

    def _run_file(self, effect: Effect) -> Value | None:
        names = self.program.find_files(effect.path, self.site.path) if effect.path is not None else ()
        content = self.program.read(names[0]) if len(names) == 1 else None
        if content is None:
            self.gap("run", "a shell script")
            return None
        procedure = self.program.lowered(SourceText.of_file(names[0], content), _lowered_file)
        return self.run_script(procedure, (), effect.words)

    def run_script(self, procedure: Procedure, holes: tuple[Value, ...], words: Seq[Value]) -> Value:
        """Run a script to its end, and what it left running in the background."""
        printed = self.heap.new(EMPTY)
        outer = (self.holes, self.output_cell, self.pending, self.site)
        self.holes, self.output_cell, self.pending = holes, printed, []
        with self.own_environment():
            self.call_procedure(FunctionValue(procedure), tuple(words), self.site, {})
            self.script_failed = not self.live
            self.live, self.failed = True, False
            self.wait()
        self.holes, self.output_cell, self.pending, self.site = outer
        return self.narrow(self.heap.read(printed))

    @contextmanager
    def own_environment(self) -> Iterator[None]:
        """What a shell exports is gone when it ends."""
        before = {name: self.heap.read(cell) for name, cell in self.variables.items()}
        for name, value in self.command_environment:
            self.set_environment(Text.of(name), value)
        self.command_environment = ()
        yield
        for name, cell in self.variables.items():
            self.heap.write(cell, before.get(name, ABSENT))

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


def environment_of(texts: Seq[Text]) -> tuple[tuple[str, Value], ...]:
    """NAME=value texts as pairs."""
    halves = ((text, text.split_at("=")) for text in texts)
    return tuple((found[0].literal, found[1]) for _, found in halves if found and found[0].literal)


def lowered_text(source: SourceText) -> Procedure:
    start = source.position(0)
    return shell.lower_text(source, f"sh:{start.path}:{start.line}:{start.column}")


def _lowered_file(source: SourceText) -> Procedure:
    return shell.lower_text(source, f"sh:{source.position(0).path}")
