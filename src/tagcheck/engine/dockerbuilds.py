"""What builds take from other images: the Dockerfile that a build reads, with the arguments that it sets (Docker
Buildx 0.26, podman 5).

A Dockerfile is read as the run has left it. Arguments that a build does not set have their defaults; where a word of
the command is not known that may set them, nothing is known of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import normpath

from tagcheck import ir
from tagcheck.catalog import Effect
from tagcheck.comparison import Same, same
from tagcheck.engine.kustomizations import Kustomizations
from tagcheck.engine.places import below
from tagcheck.engine.state import Frame
from tagcheck.events import Stage
from tagcheck.frontends import dockerfile
from tagcheck.frontends.dockerfile import Instructions
from tagcheck.source import Text as SourceText
from tagcheck.values import EMPTY, FunctionValue, Mapping, Null, Sequence, Text, Value

MOST_BUILDS = 400
"""Builds of one run whose Dockerfiles are read."""
_ELSEWHERE = ("://", "git@")
"""What contexts hold that are no folders."""


class DockerBuilds(Kustomizations):
    """A run that knows what builds read."""

    _reader: Effect | None = None
    """the build that reads a Dockerfile now"""
    _builds: int = 0

    def based(self, effect: Effect) -> None:
        for image in effect.images:
            self.record(Stage.BASE, image, effect)
        if not effect.images:
            self.reads(effect, self.build_arguments(effect.arguments))

    def reads(self, effect: Effect, arguments: dict[str, Value], inline: Text | None = None) -> None:
        """Record what a build takes from other images; `inline`: the text that it reads instead of a file."""
        content = inline if inline is not None else self._instructions_of(effect)
        if content is not None:
            self.read_instructions(content, effect, arguments)

    def read_instructions(self, content: Value, effect: Effect, arguments: dict[str, Value]) -> None:
        """Record what a build takes that reads this text with these arguments."""
        self._builds += 1
        if self._builds > MOST_BUILDS:
            return
        for guards, text in self.text_options(content):
            inside = self.guards.and_(guards)
            if inside is not None:
                base, self.guards = self.guards, inside
                self._read_instructions(text, effect, arguments)
                self.guards = base

    def _read_instructions(self, text: Text, effect: Effect, arguments: dict[str, Value]) -> None:
        source, holes = self.source_text(text)
        instructions = self.program.lowered(source, _lowered)
        if instructions is None:
            return
        procedure = instructions.procedure
        outer = (self.holes, self._reader, self.site)
        self.holes, self._reader = holes, effect
        given = {each.name: self._argument_given(each, effect, arguments) for each in procedure.parameters}
        known = {name: value for name, value in given.items() if value is not None}
        self._take_bases(instructions, known)
        self.holes, self._reader, self.site = outer

    def _take_bases(self, instructions: Instructions, arguments: dict[str, Value]) -> None:
        procedure = instructions.procedure
        self.visited.add(procedure.key)
        frame = self.enter(procedure, {})
        self._bind(frame, FunctionValue(procedure), (), arguments)
        outer, self.stack = self.stack, (*self.stack, self.site)
        for each in self._of_stage(instructions, frame):
            self._use(each, frame)
        self.stack = outer

    def _of_stage(self, instructions: Instructions, frame: Frame) -> list[ir.Use]:
        """What the stage that a build is about is made from; without one, what all stages are."""
        stages, effect = instructions.stages, self._reader
        given = effect.stage.literal if effect is not None and effect.stage is not None and not effect.open else None
        wanted = instructions.stage(given) if given else None
        pending = list(range(len(stages))) if wanted is None else [wanted]
        found = set[int]()
        while pending:
            number = pending.pop()
            if number not in found:
                found.add(number)
                pending.extend(stages[number].needs)
                for each in stages[number].unsure:
                    pending.extend(self._stages_meant(instructions, number, self.evaluate(each, frame)))
        return [use for number in sorted(found) for use in stages[number].uses]

    def _stages_meant(self, instructions: Instructions, number: int, value: Value) -> set[int]:
        """The stages before one that a reference in it may mean."""
        texts = [text for _, text in self.text_options(value)]
        may_be = (at for name, at in instructions.names.items() if any(_may_be(text, name) for text in texts))
        return {each for each in may_be if each < number}

    def _argument_given(self, parameter: ir.Parameter, effect: Effect, arguments: dict[str, Value]) -> Value | None:
        """What a build says of an argument; None if the default holds."""
        name = parameter.name.partition(dockerfile.STAGE_MARK)[0]
        if name in arguments:
            return arguments[name]
        if effect.open:
            return self.opaque(f"{name}, which the build may set")
        return EMPTY if parameter.default is None else None

    def mapped_arguments(self, given: Value | None) -> dict[str, Value]:
        """Arguments that are written as a mapping or as a list of NAME=value texts."""
        if isinstance(given, Sequence):
            return self.build_arguments(item for item in given.items if isinstance(item, Text))
        entries = given.entries if isinstance(given, Mapping) else ()
        named = [(key.literal, value) for key, value in entries if isinstance(key, Text) and key.literal]
        return {
            name: self.load(self.seen(Text.of(name))) if isinstance(value, Null) else value for name, value in named
        }

    def build_arguments(self, settings: Iterable[Text]) -> dict[str, Value]:
        """NAME=value texts; a name alone has what the environment has."""
        found: dict[str, Value] = {}
        for text in settings:
            halves = text.split_at("=")
            name = (halves[0] if halves is not None else text).literal
            if name is not None:
                found[name.strip()] = halves[1] if halves is not None else self.load(self.seen(text))
        return found

    # --- files ---

    def _instructions_of(self, effect: Effect) -> Value | None:
        """The text of the Dockerfile that a build reads."""
        directory = effect.directory or EMPTY
        if effect.stdin or directory.literal == "-":
            return self.standard_input
        if any(mark in str(directory) for mark in _ELSEWHERE):
            return None
        if effect.path is not None and effect.path.parts:
            inside = self._instructions_at(below(directory, effect.path)) if directory.parts else None
            own = self._instructions_at(effect.path) if not effect.within else None
            return own or inside or (self._instructions_at(effect.path) if not directory.parts else None)
        if effect.open:
            # A word that is not known may name another file.
            return None
        return self.usual_instructions(directory)

    def usual_instructions(self, directory: Text) -> Value | None:
        """What a build reads by default in a folder."""
        found = (self._instructions_at(below(directory, Text.of(name))) for name in dockerfile.NAMES)
        return next((each for each in found if each is not None), None)

    def _instructions_at(self, path: Text) -> Value | None:
        placed = self.placed(path).literal
        if placed is not None and normpath(placed).startswith(("/", "..")) and self._written(path) is None:
            return None
        return self.read_file(path)

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is not ir.Role.BASE or self._reader is None:
            super().used(node, value)
            return
        outer, contexts = self.guards, _named_contexts(self._reader)
        for guards, image in self.base_options(value):
            inside = outer.and_(guards)
            if inside is not None and image.parts and image.literal not in contexts:
                self.guards = inside
                self.record(Stage.BASE, image, self._reader)
        self.guards = outer


def _named_contexts(effect: Effect) -> set[str | None]:
    """The names that stand for something else than an image: what the build is given, and nothing at all."""
    names = (text.split("=")[0].literal for text in effect.contexts)
    return {dockerfile.NO_IMAGE, *names} - {None}


def _may_be(text: Text, stage: str) -> bool:
    return same(text.mapped("lower"), Text.of(stage)) is not Same.NO


def _lowered(source: SourceText) -> Instructions | None:
    return dockerfile.lower_text(source)
