"""Runs of make inside a run: which makefile, with which variables, and what its recipes do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath

from tagcheck.catalog import Effect
from tagcheck.catalogue import Tools
from tagcheck.engine.make.readings import Reading
from tagcheck.engine.make.running import Runner
from tagcheck.engine.make.spellings import meant_instead, names_an_image
from tagcheck.engine.places import below, in_project
from tagcheck.engine.scripts import Scripts, environment_of, lowered_text
from tagcheck.events import Misspelt, Override
from tagcheck.frontends import make
from tagcheck.image import looks_like_reference
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.source import Text as SourceText
from tagcheck.values import EMPTY, Filling, HoleKind, Piece, Text, Value

_WORD = re.compile(r"[\w.+-]+")
_QUIET = re.compile(r"[0-9&]?>\s*(?:&[0-9]|/dev/null)")
_SHELLS = frozenset(("sh", "bash"))
_FAILING = frozenset(("exit", "false", "eval", "source"))
_SCRIPTS = (".sh", ".bash", ".bats", ".mk")
DEEPEST_MAKE = 6
"""Runs of make inside runs of make."""


class Makefiles(Scripts):
    """A run that starts make."""

    def __init__(self, program: Program, models: Models, steps: int) -> None:
        super().__init__(program, models, steps)
        self.read: list[str] = []
        """the makefiles that were read, in order"""
        self.asked: set[str] = set()
        """the variables of the environment that were asked for"""
        self.given: dict[str, dict[str, Text]] = {}
        """by makefile and variable, the images that runs of make were given"""

    tools: Tools
    _acting: frozenset[str] | None = None
    makes: tuple[Runner, ...] = ()
    """the runs of make that this one is inside of, outermost first"""

    def make(self, effect: Effect) -> Value | None:
        """Run targets of a makefile; what is printed, None if nothing is known of it."""
        # A number is what `-j` takes, if it stands alone.
        goals = tuple(_goal(word) for word in effect.words if not (word.literal or "").isdecimal())
        if "" in goals:
            self.gap("run", "a make target whose name is not known")
            return None
        path = self._makefile(effect, goals[0] if goals else "")
        if path is None or len(self.makes) >= DEEPEST_MAKE:
            self.gap("run", "a makefile that is not in the project")
            return None
        return self._made(Runner(self, path[0]), path[1], effect, goals)

    def _made(self, runner: Runner, path: str, effect: Effect, goals: tuple[str, ...]) -> Value:
        printed = self.heap.new(EMPTY)
        outer = (self.holes, self.output_cell, self.pending, self.site, self.makes)
        self.holes, self.output_cell, self.pending = (), printed, []
        self.makes = (*outer[4], runner)
        # What was read before this run of make is nothing that its recipes read.
        earlier, self.asked = self.asked, set()
        runner.goals, order, read = goals, self._order, len(self.read)
        runner.command = {**(outer[4][-1].command if outer[4] else {}), **dict(environment_of(effect.environment))}
        runner.silent, runner.environment_first = effect.silent, effect.environment_first
        with self.process(in_command=True):
            self.working_directory = runner.place
            self._read(runner, path, alone=self._is_entry and not effect.environment)
            runner = self._read_anew(runner, path)
            runner.given = self._given_to(runner, effect)
            if self.live and not self._is_elsewhere(runner, goals):
                runner.run(goals)
            self.live, self.failed = True, False
            self.wait()
            self._note_given_variables(runner, path, outer[3], order)
        if runner.is_complete:
            self._note_unread_variables(effect, outer[3], order, read)
        self.asked |= earlier
        self.holes, self.output_cell, self.pending, self.site, self.makes = outer
        return self.narrow(self.heap.read(printed))

    def _is_elsewhere(self, runner: Runner, goals: tuple[str, ...]) -> bool:
        """Whether targets are asked for as such of a file that the makefile which is run does not include."""
        if not self._is_entry:
            return False
        file = self.frames[0].procedure.span.path
        known = (rule for goal in goals if goal in runner.targets for rule in runner.targets[goal].rules)
        return all(rule.path != file for rule in known)

    def _read(self, runner: Runner, path: str, alone: bool) -> None:
        """Read a makefile; one that is entered by itself (`alone`) is read once for all its targets."""
        kept = self.program.kept.get((path, runner.directory)) if alone else None
        if isinstance(kept, Reading):
            kept.restore(self, runner)
            return
        steps, outer = self.steps, (self.site, self.stack)
        if alone:
            # What reading gives stands in the makefile, whichever target asks for it.
            self.site, self.stack = Span(path, 1, 1, 1, 1), ()
        runner.read_file(path)
        self.site, self.stack = outer
        if alone and not runner.asks_for_goals:
            self.program.kept[(path, runner.directory)] = Reading.of(self, runner, steps - self.steps)

    def _read_anew(self, runner: Runner, path: str) -> Runner:
        """Make makes the makefiles that are included and not there, where it has rules for them, and then reads
        everything anew (section 3.5)."""
        missing = tuple(name for name in runner.missing if runner.makes(name))
        if not missing or not self.live:
            return runner
        runner.run(missing)
        self.live, self.failed = True, False
        again = Runner(self, runner.directory)
        again.goals, again.command = runner.goals, runner.command
        again.silent, again.environment_first = runner.silent, runner.environment_first
        self.makes = (*self.makes[:-1], again)
        again.read_file(path)
        return again

    def _note_unread_variables(self, effect: Effect, site: Span, order: int, read: int) -> None:
        """Note the variables of a command line that neither a makefile mentions nor a recipe reads."""
        for name, value in environment_of(effect.environment):
            mentioned = any(name in _WORD.findall(self.program.read(path) or "") for path in self.read[read:])
            if mentioned or name in self.asked or not isinstance(value, Text) or not looks_like_reference(value):
                continue
            unread = Override(name, value, site, order, self.guards, self.stack, is_variable=True, until=self._order)
            self.overrides.append(unread)

    def _given_to(self, runner: Runner, effect: Effect) -> frozenset[str]:
        """The variables that a run of make is given: by its command line, or by who runs the first one."""
        own = {name for name, _ in environment_of(effect.environment)}
        if len(self.makes) == 1:
            own |= {name for name in runner.variables if runner.is_given(name)}
        return frozenset(own)

    def _note_given_variables(self, runner: Runner, path: str, site: Span, order: int) -> None:
        """Note the variables that a run of make is given an image by, and those that only an earlier run was given."""
        for name in sorted(runner.given):
            for _, text in self.text_options(runner.variable(name)):
                if looks_like_reference(text):
                    self.given.setdefault(path, {})[name] = text
        for name, image in self.given.get(path, {}).items():
            if name in runner.given or name in runner.command or runner.is_given(name):
                continue
            for guards, text in self.text_options(runner.variable(name)):
                both = self.guards.and_(guards)
                if both is not None and looks_like_reference(text):
                    left = Override(name, text, site, order, both, self.stack, given=image, until=self._order)
                    self.overrides.append(left)

    def note_misspelt(self, environment: tuple[tuple[str, Value], ...]) -> None:
        """Note the images that a program is given by variables which nothing sets, and which are others of the makefile
        in another spelling."""
        for into, value in environment:
            part = value.parts[0] if isinstance(value, Text) and len(value.parts) == 1 else None
            if not isinstance(part, Filling) or part.hole.kind is not HoleKind.ENVIRONMENT or not names_an_image(into):
                continue
            name = part.hole.identity
            meant = None if self.guards.mentions(name) else meant_instead(self.makes[-1], name, into)
            if meant is not None and self.program.only_reads(name):
                self.misspelt.append(Misspelt(name, meant, into, part.site or self.site, self.guards))

    def environment(self, name: Text) -> Value:
        value = super().environment(name)
        if name.literal is None:
            return value
        self.asked.add(name.literal)
        in_shell = self.makes and self.is_shell() and not self.in_command
        return (
            self.makes[-1].handed_on(name.literal, value) if in_shell and value == self.outside(name.literal) else value
        )

    # --- what a run of make asks ---

    def captured(self, text: Text, *, strict: bool = False) -> Value:
        """What a shell text prints."""
        source, holes = self.source_text(text)
        return self.run_script(self.program.lowered(source, lowered_text), holes, (), strict=strict)

    def matters(self, text: Text) -> bool:
        """Whether a recipe line can do anything that concerns images, fails for certain, writes a file or prints what
        somebody reads. Most lines of most makefiles do not: they compile, format and tell."""
        if self._is_heard or any(hole.identity in self.suspended for hole in text.holes):
            return True
        line = _QUIET.sub("", str(text))
        found = set(_WORD.findall(line))
        if ">" in line or "make" in found or not found.isdisjoint(self._programs()):
            return True
        if "$" in line and not found.isdisjoint(_SHELLS):
            # A text that a variable holds.
            return True
        if not found.isdisjoint(_FAILING) and ("[" in line or "||" not in line):
            return True
        return any(word.endswith(_SCRIPTS) or ("." not in word and self.program.named(word)) for word in found)

    def _programs(self) -> frozenset[str]:
        if self._acting is None:
            self._acting = self.tools.programs
        return self._acting

    @property
    def _is_heard(self) -> bool:
        """Whether somebody may read what make prints."""
        return not self._is_entry

    @property
    def _is_entry(self) -> bool:
        """Whether make runs because somebody asked for one of the project's targets, and nothing ran before it."""
        return len(self.makes) == len(self.frames) == 1 and self.frames[0].procedure.key.startswith(make.KEYS)

    def run_line(self, text: Text, environment: tuple[tuple[str, Value], ...], *, strict: bool = False) -> None:
        """Run a recipe line in a shell of its own; where it fails for certain, the run is no longer `live`. `strict`:
        the shell ends with the first command that fails."""
        if not any(isinstance(part, Piece) and part.text.strip() for part in text.parts):
            self.gap("run", "a shell script")
            return
        self.command_environment = environment
        printed = self.captured(text, strict=strict)
        self.print_text(printed)
        if self.script_failed:
            self.live, self.failed = False, True

    # --- which makefile ---

    def _makefile(self, effect: Effect, goal: str) -> tuple[str, str] | None:
        """The folder in which make runs, and the makefile that it reads."""
        for folder in self._folders(effect):
            for path in self._candidates(folder, effect.path):
                if effect.path is not None or not goal or self._has_target(path, goal):
                    return folder, path
        for folder in self._folders(effect):
            for path in self._candidates(folder, effect.path):
                return folder, path
        return None

    def _candidates(self, folder: str, named: Text | None) -> Iterator[str]:
        if named is None:
            yield from (path for name in make.NAMES if self.program.has(path := normpath(join(folder, name))))
        elif named.literal is not None and self.program.has(path := normpath(join(folder, named.literal))):
            yield path
        else:
            yield from self.program.find_files(named, self.site.path)[:1]

    def _folders(self, effect: Effect) -> Iterator[str]:
        """The folders in which make may run, the likeliest first. Where a program changes to is not known unless it is
        written out: then the folders around the file that calls make are asked, from the inside out."""
        text = self.directory()
        if effect.directory is not None:
            text = effect.directory if text is None else below(text, effect.directory)
        inside = in_project(text) if text is not None else None
        if inside is not None and inside.literal is not None:
            yield _clean(inside.literal)
            return
        literal = text.literal if text is not None else ""
        wanted = literal if literal is not None and not literal.startswith("/") else _behind_root(text or EMPTY)
        if wanted:
            yield _clean(wanted)
        folder = dirname(self.site.path)
        while True:
            yield _clean(join(folder, wanted))
            if not folder:
                return
            folder = dirname(folder)

    def _has_target(self, path: str, goal: str) -> bool:
        content = self.program.read(path) or ""
        return goal in self.program.lowered(SourceText.of_file(path, content), make.explicit_targets)


def _goal(word: Text) -> str:
    """The target that a word asks for, empty if it is not known. The name of an image is never a variable or an option
    of make."""
    return word.literal or (str(word) if looks_like_reference(word) else "")


def _clean(path: str) -> str:
    found = normpath(path) if path else ""
    return "" if found in (".", "/") or found.startswith("..") else found


def _behind_root(text: Text) -> str:
    """The literal end of a path that begins with something unknown: what follows its first '/'."""
    tail = text.trailing
    return tail.partition("/")[2] if text.holes and "/" in tail else ""
