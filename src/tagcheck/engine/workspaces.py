"""Workspaces of Bazel: targets that files declare, and commands that run or build them (Bazel 8).

The file of a package is evaluated once for each run, when a target in it is asked for, or the archive that one makes.
What a target does stands in the model of its rule: a command line of the executable that the rule makes, which the
catalogue of tools knows. Each gets the name of its package and its own, `--package` and `--target`, and what the
command that runs it says.

A file by itself states what its targets do to images.

What it cannot do: targets of rules without a model; files that targets generate, unless their lines stand in an
attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from posixpath import dirname, join, normpath

from msgspec import Struct, field

from tagcheck import argv
from tagcheck.builtins.api import Command
from tagcheck.builtins.symbolic import slice_text
from tagcheck.catalog import Effect, EffectKind
from tagcheck.catalogue import Tools
from tagcheck.engine.places import ROOT, at_root
from tagcheck.engine.sessions import Sessions
from tagcheck.frontends.python import bazel
from tagcheck.guards import ALWAYS, Guards
from tagcheck.image import parse
from tagcheck.ir import Procedure
from tagcheck.link import Program
from tagcheck.models import Models
from tagcheck.source import Span
from tagcheck.values import EMPTY, FunctionValue, Piece, Text, Value
from tagcheck.workloads import ImageUse

MOST_TARGETS = 2_000
"""Targets of one package."""
MOST_LINES = 64
"""Lines of a file that says tags."""
DEEPEST_TARGET = 5
_STATING = frozenset((EffectKind.BUILT, EffectKind.PUSHED, EffectKind.TAGGED))
_OUTPUTS = "bazel-bin/"
"""The folder of a workspace in which builds leave what they make."""
_OF_WORKSPACES = {"workspace": "", "workspace-outputs": f"/{_OUTPUTS.rstrip('/')}"}
"""What is printed of workspaces, behind their folder."""
_WORKSPACE = "BUILD_WORKSPACE_DIRECTORY"
"""The variable that tells a program which `bazel run` starts where the workspace is."""


class Line(Struct, frozen=True):
    """What running or building a target is: the command line, files with further words, and where it is declared."""

    words: tuple[Text, ...]
    files: tuple[Text, ...]
    built: bool
    guards: Guards
    site: Span
    calls: tuple[Span, ...]


class Package(Struct):
    """What the file of a package declares: lines of targets by their names, and the lines of files."""

    path: str
    root: str
    lines: dict[str, list[Line]] = field(default_factory=dict)
    contents: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    depth: int = 0
    asked: bool = True

    @property
    def name(self) -> str:
        return dirname(self.path)[len(self.root) :].lstrip("/")


class Label(Struct, frozen=True):
    """A target: the folder of its package, from the project's, and its name there."""

    folder: str
    name: str


class Workspaces(Sessions):
    """A run that knows Bazel."""

    def __init__(self, program: Program, models: Models, tools: Tools, steps: int) -> None:
        super().__init__(program, models, tools, steps)
        self._packages: dict[str, Package] = {}
        self._declaring: Package | None = None
        self._running = 0
        self._brought: set[tuple[str, Guards]] = set()
        """the archives that were asked for, and where"""

    def package(self) -> str | None:
        return self._declaring.name if self._declaring is not None else None

    def targets(self, effect: Effect) -> None:
        match effect.kind:
            case EffectKind.PACKAGE_BEGUN:
                self._begin(effect)
            case EffectKind.TARGET if self._declaring is not None:
                self._declare(self._declaring, effect)
            case EffectKind.PACKAGE_ENDED if self._declaring is not None and not self._declaring.asked:
                stated, self._declaring = self._declaring, None
                self._state_package(stated)
            case EffectKind.TARGETS_RUN:
                self._run_targets(effect)
            case _:
                pass

    def output(self, words: tuple[Text, ...]) -> Value:
        prints = argv.output_prints(self.tools, words)
        if prints not in _OF_WORKSPACES:
            return super().output(words)
        root = _place(bazel.workspace_of(self._folder_now(EMPTY), self.program.has))
        return root + Text.of(_OF_WORKSPACES[prints])

    def read_file(self, path: Value) -> Value | None:
        if isinstance(path, Text) and any(_OUTPUTS in part.text for part in path.parts if isinstance(part, Piece)):
            self._bring_archive(path)
        return super().read_file(path)

    def injected(self, use: ImageUse, image: Text) -> Text:
        literal, at = image.literal or "", image.origin
        root = bazel.workspace_of(dirname(at.path), self.program.has) if at is not None else ""
        label = self._label(literal, root, root) if literal.startswith("//") else None
        if label is None or bazel.package_file(label.folder, self.program.has) is None:
            return super().injected(use, image)
        # Rules for manifests put the image of a target in the place of its label.
        return self.as_text(self.opaque(f"the image of the target {literal}"))

    # --- declarations ---

    def _begin(self, effect: Effect) -> None:
        if self._declaring is None:
            path = (effect.path.literal if effect.path is not None else None) or ""
            root = bazel.workspace_of(dirname(path), self.program.has)
            self._declaring = Package(path, root, depth=len(self.stack), asked=False)

    def _declare(self, package: Package, effect: Effect) -> None:
        name = effect.workload.literal if effect.workload is not None else None
        if name is None or len(package.lines) >= MOST_TARGETS:
            # Whoever asks for it is told that it is not known.
            return
        lines = package.lines.setdefault(name, [])
        if effect.words:
            calls = self.stack[package.depth :]
            files = effect.settings_of_files
            lines.append(Line(effect.words, files, effect.everything, self.guards, self.site, calls))
        else:
            package.contents[name] = effect.values

    def _package_in(self, folder: str) -> Package | None:
        """The package in a folder, with all that its file declares; None if there is none."""
        path = bazel.package_file(folder, self.program.has)
        if path is None:
            return None
        known = self._packages.get(path)
        if known is None:
            root = bazel.workspace_of(folder, self.program.has)
            known = self._packages[path] = Package(path, root, depth=len(self.stack) + 1)
            procedure = self._package_program(path)
            if procedure is not None:
                with self._evaluating(known):
                    self.call_procedure(FunctionValue(procedure), (), self.site, {})
        return known

    @contextmanager
    def _evaluating(self, package: Package) -> Iterator[None]:
        """While a file is evaluated, which does not depend on what the run has done so far."""
        outer = (self.guards, self.site, self.live, self.failed, self._declaring)
        self.guards, self._declaring = ALWAYS, package
        with self.process(in_command=True):
            self.working_directory = None
            yield
        self.guards, self.site, self.live, self.failed, self._declaring = outer

    def _package_program(self, path: str) -> Procedure | None:
        key = (bazel.LIBRARY, path)
        known = self.program.kept.get(key)
        if not isinstance(known, Procedure):
            read = self.program.content
            unit = bazel.parse(path, read(path), path, lambda name: read(name) if self.program.has(name) else None)
            known = self.program.kept[key] = next(iter(unit.procedures.values()), None)
        return known if isinstance(known, Procedure) else None

    # --- commands ---

    def _run_targets(self, effect: Effect) -> None:
        if not effect.values:
            self.gap("run", "a target of Bazel that is not known")
        for value in effect.values:
            literal = value.literal
            label = self._target_named(literal, effect.directory or EMPTY) if literal is not None else None
            if label is None:
                self.gap("run", "a target of Bazel that is not in the project")
            else:
                self._run_target(label, effect)

    def _run_target(self, label: Label, effect: Effect) -> None:
        package = self._package_in(label.folder)
        lines = package.lines.get(label.name) if package is not None else None
        arguments = _arguments(effect.words)
        if package is None or lines is None:
            self.gap("run", f"what the target {label.name} does, whose rule is not known")
        else:
            for line in lines:
                if not line.built:
                    self._run_line(package, label.name, line, arguments)

    def _run_line(self, package: Package, name: str, line: Line, arguments: tuple[Text, ...] = ()) -> None:
        """Do what running or building a target is, where its file declares it."""
        inside = self.guards.and_(line.guards)
        if inside is None or self._running >= DEEPEST_TARGET:
            return
        outer = (self.guards, self.stack, self.site)
        self.guards, self.stack, self.site = inside, (*self.stack, self.site, *line.calls), line.site
        words = (*_own_words(package, name, line), *self._words_of_files(package, line), *arguments)
        recognised = argv.recognise(self.tools, words)
        if recognised is not None and recognised[2].open:
            self.gap("run", f"the arguments of the target {name}")
        else:
            self._run_executable(package, words)
        self.guards, self.stack, self.site = outer

    def _run_executable(self, package: Package, words: tuple[Text, ...]) -> None:
        root = _place(package.root)
        self._running += 1
        self.run(Command(words, ((_WORKSPACE, root),), directory=root))
        self._running -= 1

    def _from_archive(self, effect: Effect) -> None:
        if effect.archive is not None:
            self._bring_archive(effect.archive)
        super()._from_archive(effect)

    def _bring_archive(self, archive: Text) -> None:
        """Build the target that makes an archive, if it is the path of one in the folder where builds leave them."""
        path = self.placed(archive).literal or ""
        root, folder, rest = path.rpartition(_OUTPUTS)
        asked = (path, self.guards)
        if not folder or asked in self._brought:
            return
        self._brought.add(asked)
        inside = dirname(rest)
        package = self._package_in(join(root, inside))
        while package is None and inside:
            inside = dirname(inside)
            package = self._package_in(join(root, inside).rstrip("/"))
        for name, line in _built(package) if package is not None else ():
            if package is not None and self._makes(package, name, line, folder + rest):
                self._run_line(package, name, line)

    def _makes(self, package: Package, name: str, line: Line, archive: str) -> bool:
        effects = argv.effects(self.tools, _own_words(package, name, line))
        return any(each.archive is not None and each.archive.literal == archive for each in effects)

    def _state_package(self, package: Package) -> None:
        """What the targets of a file do to images, whoever runs them."""
        self._packages[package.path] = package
        for name, lines in package.lines.items():
            for line in lines:
                if not line.built and self._states_name(line):
                    self._run_line(package, name, line)

    def _states_name(self, line: Line) -> bool:
        """Whether somebody has written what the image is called, here or in a file; other names are made up of that of
        the target, and say nothing as long as nobody runs it."""
        stating = [each for each in argv.effects(self.tools, line.words) if each.kind in _STATING]
        return bool(stating and line.files) or any(_is_written(image) for each in stating for image in each.images)

    # --- files ---

    def _words_of_files(self, package: Package, line: Line) -> Iterator[Text]:
        """The words that stand in files, each behind its switch."""
        for setting in line.files:
            halves = setting.split_at("=")
            switch, label = halves if halves is not None else (EMPTY, setting)
            bare = switch.without_prefix("@")
            found = self._lines_of(package, label)
            if found is not None and bare is not None:
                found = found[:1]
            for word in found if found is not None else (self._unknown_word(label),):
                yield from (bare or switch, word)

    def _unknown_word(self, label: Text) -> Text:
        return self.as_text(self.opaque(f"what the file {label} holds"))

    def _lines_of(self, package: Package, text: Text) -> tuple[Text, ...] | None:
        """The lines of a file by its label; None if they are not known."""
        literal = text.literal
        label = self._label(literal, dirname(package.path), package.root) if literal is not None else None
        if label is None:
            return None
        other = package if label.folder == dirname(package.path) else self._package_in(label.folder)
        if other is not None and label.name in other.contents:
            return other.contents[label.name]
        path = join(label.folder, label.name)
        if (other is not None and label.name in other.lines) or not self.program.has(path):
            return None
        content = self.read_file(at_root(path))
        options = self.text_options(content) if content is not None else []
        lines = options[0][1].split("\n") if len(options) == 1 else []
        return tuple(each for each in map(_stripped, lines[:MOST_LINES]) if each.parts) or None

    # --- labels ---

    def _target_named(self, word: str, directory: Text) -> Label | None:
        """The target that a word of a command line means; None if it is not in the project."""
        folder = self._folder_now(directory)
        if not word.startswith(("//", "@")) and ":" not in word:
            # A path of a command line is a package, or a target of the one around it.
            path = normpath(join(folder, word))
            if bazel.package_file(path, self.program.has) is not None:
                return Label(path, path.rpartition("/")[2])
        return self._label(word, folder, bazel.workspace_of(folder, self.program.has))

    def _folder_now(self, directory: Text) -> str:
        """The folder that a command runs in; where that is not known, the only workspace of the project."""
        folder = self.folder(directory)
        if folder is None:
            named = (path.rpartition("/") for path in self.program.paths)
            roots = {each for each, _, name in named if name in bazel.WORKSPACES}
            folder = next(iter(roots)) if len(roots) == 1 else ""
        return folder

    def _label(self, label: str, folder: str, root: str) -> Label | None:
        """A label in a file or command in a folder; None for one of another repository."""
        repository, slashes, rest = label.partition("//")
        if slashes and repository.strip("@"):
            return None
        package, colon, name = (rest if slashes else label).partition(":")
        if slashes:
            place = normpath(join(root, package)) if package or root else ""
            return Label("" if place == "." else place, name if colon else package.rpartition("/")[2])
        if colon and package:
            return Label(normpath(join(folder, package)), name)
        return Label(folder, name if colon else package)


def _is_written(image: Text) -> bool:
    """Whether the tag of a name, or part of it, stands in a file."""
    tag = parse(image).tag
    return tag is not None and any(isinstance(part, Piece) and part.origin is not None for part in tag.parts)


def _place(folder: str) -> Text:
    """The path of a folder of the project."""
    return at_root(folder) if folder else ROOT


def _own_words(package: Package, name: str, line: Line) -> tuple[Text, ...]:
    """The command line of a target, which knows what it is called."""
    first, *rest = line.words
    own = [Text.of("--target"), Text.of(name)]
    if package.name:
        own += [Text.of("--package"), Text.of(package.name)]
    return (first, *own, *rest)


def _built(package: Package) -> Iterator[tuple[str, Line]]:
    """What the targets of a package make when they are built."""
    return ((name, line) for name, lines in package.lines.items() for line in lines if line.built)


def _arguments(words: tuple[Text, ...]) -> tuple[Text, ...]:
    """What a command hands to the target that it runs: everything behind `--`; without that, what is no switch."""
    at = next((at for at, word in enumerate(words) if word.literal == "--"), None)
    if at is not None:
        return words[at + 1 :]
    return tuple(word for word in words if not word.leading.startswith("-"))


def _stripped(line: Text) -> Text:
    """A line without the blanks around it, as far as it is literal."""
    literal = line.literal
    if literal is None:
        return line
    start = len(literal) - len(literal.lstrip())
    return slice_text(line, start, max(start, len(literal.rstrip())))
