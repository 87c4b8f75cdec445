"""Suites of kuttl (0.22) and tests of Chainsaw (0.2): what their steps apply and run, in order.

Each folder of a kuttl suite's `testDirs` is a test, whose numbered files are its steps. What is only compared with the
cluster (`assert`, `errors`), and what is done after a failure, does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename, dirname

from tagcheck import ir
from tagcheck.catalog import Effect, EffectKind
from tagcheck.embedded import documents
from tagcheck.engine.bundles import Bundles
from tagcheck.engine.places import ROOT, at_root
from tagcheck.events import Event, Stage
from tagcheck.fields import field, items, word
from tagcheck.frontends import clustertests
from tagcheck.overlays import as_text
from tagcheck.source import Span
from tagcheck.values import EMPTY, Mapping, Text, Value

MOST_FILES = 8
"""Suites and tests that a command runs and is followed into."""
MOST_STEPS = 400
_STEP = re.compile(r"(\d+)-([^.]*)\.ya?ml")
_COMPARED = ("assert", "errors")
_APPLIES = ("apply", "create", "update", "patch")


class ClusterTests(Bundles):
    """A run that knows tests which are files."""

    _suite_steps: int = 0
    _in_chainsaw: bool = False

    def used(self, node: ir.Use, value: Value) -> None:
        if node.role is ir.Role.SUITE and isinstance(value, Text) and value.literal:
            self._test_file(value.literal)
        else:
            super().used(node, value)

    def record(self, stage: Stage, image: Text, effect: Effect | None = None, **details: object) -> Event:
        """In what Chainsaw applies, a text in parentheses is an expression, which it replaces by its value."""
        if self._in_chainsaw and image.leading.startswith("("):
            self.gap("deployed", "an expression of Chainsaw")
            image = self.as_text(self.opaque("an expression of Chainsaw"))
        return super().record(stage, image, effect, **details)

    def suite_run(self, effect: Effect) -> None:
        """The tests in folders, or those that a suite's file names."""
        given = self.located(effect.path) if effect.path is not None else None
        if given is not None:
            self._test_file(given)
            return
        folders = [self.folder(each) for each in effect.values or (EMPTY,)]
        below = (path for each in folders if each is not None for path in self.program.below(each))
        found = [path for path in dict.fromkeys(below) if basename(path) in clustertests.NAMES]
        # A command that runs more runs all that there are, each of which is seen by itself.
        for path in found if len(found) <= MOST_FILES else ():
            self._test_file(path)

    def _test_file(self, path: str) -> None:
        content = self._documents_of(path)
        self.visited.add(f"{clustertests.KEY}{path}")
        self.uses_cluster = True
        for document in content:
            match word(document, "kind"):
                case "TestSuite":
                    self._suite(path, document)
                case "Test":
                    self._chainsaw(path, document)

    def _documents_of(self, path: str) -> tuple[Value, ...]:
        content = self.read_file(at_root(path))
        options = self.text_options(content) if content is not None else []
        return documents(options[0][1]) if options else ()

    def _within(self, folder: str) -> tuple[Value | None, bool]:
        outer = (self.working_directory, self.in_command)
        self.working_directory, self.in_command = (at_root(folder) if folder else ROOT), True
        return outer

    # --- kuttl ---

    def _suite(self, path: str, suite: Value) -> None:
        """Paths and commands of a suite are seen from the folder in which kuttl runs, which is the project's."""
        outer = self._within("")
        for item in items(suite, "kindContainers"):
            image = as_text(item)
            if image is not None:
                self._at(image)
                self.record(Stage.LOADED, image, store=Text.of(word(suite, "kindContext") or "kind"))
        for folder in (*items(suite, "crdDir"), *items(suite, "manifestDirs")):
            self._apply_file(as_text(folder))
        for command in items(suite, "commands"):
            self._command(command)
        for listed in items(suite, "testDirs"):
            below = self.folder(as_text(listed) or EMPTY)
            for test in self._tests_below(below) if below is not None else ():
                self._kuttl_test(test)
        self.working_directory, self.in_command = outer

    def _tests_below(self, folder: str) -> list[str]:
        inside = folder + "/" if folder else ""
        names = {
            path[len(inside) :].partition("/")[0] for path in self.program.below(folder) if "/" in path[len(inside) :]
        }
        return [inside + name for name in sorted(names)]

    def _kuttl_test(self, folder: str) -> None:
        outer = self._within(folder)
        for path in self._steps(folder):
            for document in self._documents_of(path):
                if word(document, "kind") == "TestStep":
                    for each in items(document, "apply"):
                        self._apply_file(as_text(each))
                    for command in items(document, "commands"):
                        self._command(command)
            self._apply_file(at_root(path))
        self.working_directory, self.in_command = outer

    def _steps(self, folder: str) -> Iterator[str]:
        """The files of a test that do something, in the order of their numbers."""
        found: list[tuple[int, str]] = []
        for path in self.program.below(folder):
            match = _STEP.fullmatch(basename(path)) if dirname(path) == folder else None
            if match is not None and match[2] not in _COMPARED and len(match[1]) < 9:
                found.append((int(match[1]), path))
        return (path for _, path in sorted(found))

    # --- Chainsaw ---

    def _chainsaw(self, path: str, test: Value) -> None:
        outer, self._in_chainsaw = self._within(dirname(path)), True
        for step in items(test, "spec", "steps"):
            for operation in (*items(step, "try"), *items(step, "finally"), *items(step, "cleanup")):
                for key in _APPLIES:
                    self._chainsaw_apply(field(operation, key))
                script = field(operation, "script")
                if script is not None:
                    self._script(as_text(field(script, "content")), script)
                command = field(operation, "command")
                if command is not None:
                    self._run_words(command)
        self.working_directory, self.in_command = outer
        self._in_chainsaw = False

    def _chainsaw_apply(self, operation: Value | None) -> None:
        self._apply_file(as_text(field(operation, "file")))
        resource = field(operation, "resource")
        if isinstance(resource, Mapping):
            self.deploy(resource)

    def _run_words(self, command: Value) -> None:
        first = as_text(field(command, "entrypoint"))
        words = (first, *map(as_text, items(command, "args")))
        if first is not None and self._goes_on():
            self._at(first)
            known = tuple(word for word in words if word is not None)
            self.emit(Effect(EffectKind.EXECUTES, "sh", words=known))

    # --- both ---

    def _command(self, command: Value) -> None:
        """A step's command, which is split into words without a shell, or its script."""
        text = as_text(field(command, "command")) or as_text(field(command, "script"))
        self._script(text, command)

    def _script(self, text: Text | None, around: Value) -> None:
        if text is None or not self._goes_on():
            return
        self._at(text)
        outer = self.command_environment
        named = [(word(each, "name"), field(each, "value")) for each in items(around, "env")]
        self.command_environment = (*outer, *((name, value) for name, value in named if name and value is not None))
        self.emit(Effect(EffectKind.SCRIPT, "sh", script=text))
        self.command_environment = outer

    def _apply_file(self, path: Text | None) -> None:
        if path is not None and self._goes_on():
            self._at(path)
            self.emit(Effect(EffectKind.APPLIED, "kubectl", path=path))

    def _goes_on(self) -> bool:
        self._suite_steps += 1
        self.spend(1)
        if self._suite_steps == MOST_STEPS + 1:
            self.gap("run", "a suite with too many steps")
        return self._suite_steps <= MOST_STEPS

    def _at(self, text: Text) -> None:
        origin = text.origin
        if origin is not None:
            self.site = Span(origin.path, origin.line, origin.column, origin.line, origin.column + 1)
