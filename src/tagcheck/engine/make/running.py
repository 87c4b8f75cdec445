"""Running targets: prerequisites, then the recipe line by line (GNU make manual 4.4, chapters 4, 5 and 10)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from posixpath import dirname
from typing import TYPE_CHECKING

from tagcheck.builtins.symbolic import joined, run_text, runs, split_text
from tagcheck.engine import truth
from tagcheck.engine.make.reading import Reader
from tagcheck.engine.make.shells import hands_on, is_shell
from tagcheck.engine.make.state import SET, UNSET, Definitions, Line, Rule, Scope, Target, beyond
from tagcheck.engine.make.words import Unknown, stem_of, trimmed, with_stem, words
from tagcheck.engine.shelltexts import spaced
from tagcheck.frontends import make
from tagcheck.guards import ALWAYS, Guards
from tagcheck.ir import CompareOp, Literal
from tagcheck.source import Span
from tagcheck.values import (
    EMPTY,
    WITHHELD,
    Alternatives,
    Hole,
    HoleKind,
    Origin,
    Piece,
    Text,
    Value,
    alternatives,
    cut,
    options,
)

if TYPE_CHECKING:
    from tagcheck.engine.makefiles import Makefiles

DEEPEST_TARGET = 40
_PREFIXES = "@-+ \t"
_NEW_LINE = Text.of("\n")
_SPECIAL = frozenset(" \t\n\"'`$\\;&|<>()*?[]{}#~!")


class Runner(Reader):
    """A run of make that runs targets."""

    def __init__(self, host: Makefiles, directory: str) -> None:
        super().__init__(host, directory)
        self.done: dict[str, list[Guards]] = {}
        self._running: list[str] = []
        self.given: frozenset[str] = frozenset()
        """the variables that the run of make was given"""

    def run(self, goals: tuple[str, ...]) -> None:
        """Run the goals in order; without any, the default goal."""
        for goal in goals or ((self.default,) if self.default else ()):
            if not self.host.live:
                return
            self._target_run(Text.of(goal), None, asked=True)

    def _target_run(self, word: Text, scope: Scope | None, asked: bool = False) -> None:
        """Run a target where it has not run yet."""
        name, here = str(word), self.here()
        before = self.done.setdefault(name, [])
        todo = beyond(here, before) if before else [here]
        if not todo or name in self._running or len(self._running) >= DEEPEST_TARGET:
            return
        before.append(here)
        self._step()
        self._running.append(name)
        for guards in todo:
            self.under(guards, partial(self._needed, word, scope, asked))
        self._running.pop()

    def _needed(self, word: Text, scope: Scope | None, asked: bool) -> None:
        name = str(word)
        target = self.targets.get(name)
        rules = list(target.rules) if target is not None else []
        if not any(rule.lines for rule in rules):
            rules += self._implied(word)
        if not rules:
            if asked and not self._is_file(name):
                self.host.gap("run", f"a target that the makefile does not have ({name})")
            return
        for rule in rules:
            self.host.visited.add(make.key(rule.path, name))
        if len(rules) > 1 and rules[0].is_double:
            # Each is a rule of its own.
            for rule in rules:
                self._made(word, [rule], target, scope)
        else:
            self._made(word, rules, target, scope)

    def _made(self, word: Text, rules: list[Rule], target: Target | None, scope: Scope | None) -> None:
        """Run what rules of a target need, then the recipe."""
        if not self.host.live:
            return
        own = self._own_variables(word, target)
        private = set(own) & (target.private if target is not None else set())
        passed = {name: found for name, found in own.items() if name not in private}
        prerequisites = self._prerequisites(word, rules, Scope(definitions=passed, outer=scope))
        if self.host.live:
            self._made_together(word, rules)
            self._recipe(word, rules, prerequisites, Scope(definitions=own, outer=scope))

    def _made_together(self, word: Text, rules: list[Rule]) -> None:
        """What the recipe makes besides its target needs no run of its own."""
        for rule in rules:
            for name in rule.together:
                with_ = (
                    with_stem(Text.of(name), self.host.as_text(rule.stem)) if rule.stem is not None else Text.of(name)
                )
                if with_ != word and rule.lines:
                    self.done.setdefault(str(with_), []).append(self.here())

    def makes(self, name: str) -> bool:
        """Whether there is a rule with a recipe for a file of just this name."""
        return name in self.targets and any(rule.lines for rule in self.targets[name].rules)

    def _is_file(self, name: str) -> bool:
        return bool(self.host.program.find_files(Text.of(name), f"{self.directory}/x" if self.directory else ""))

    def _own_variables(self, word: Text, target: Target | None) -> Definitions:
        """The variables of a target, and of the patterns that it matches."""
        found: Definitions = {}
        for pattern, other in self.patterns.items():
            if other.variables and _stem(word, Text.of(pattern)) is not None:
                found.update(other.variables)
        if target is not None:
            found.update(target.variables)
        return found

    def _implied(self, word: Text) -> list[Rule]:
        """The pattern rules for a target: the one whose stem is shortest."""
        best: tuple[int, list[Rule]] | None = None
        for pattern, target in self.patterns.items():
            stem = _stem(word, Text.of(pattern))
            with_recipe = [rule for rule in target.rules if rule.lines]
            if stem is None or not stem.parts or not with_recipe or pattern == "%":
                continue
            size = len(str(stem))
            if best is None or size < best[0]:
                best = (size, [self._for_stem(rule, stem) for rule in with_recipe[-1:]])
        return best[1] if best is not None else []

    def _for_stem(self, rule: Rule, stem: Text) -> Rule:
        listed = self.over(
            (rule.prerequisites,), lambda text: spaced(tuple(with_stem(word, stem) for word in words(text)))
        )
        made = (rule.name, rule.together)
        return Rule(rule.guards, rule.path, rule.span, listed, rule.is_double, stem, rule.lines, rule.second, *made)

    # --- prerequisites ---

    def _prerequisites(self, word: Text, rules: list[Rule], scope: Scope) -> list[tuple[Text, bool]]:
        """Run what a target needs; the words, and for each whether it is there for the order only."""
        found: list[tuple[Text, bool]] = []
        ordered: list[tuple[Guards, Text]] = []
        for rule in rules:
            for guards, text in self.host.text_options(self._listed(word, rule, scope)):
                given = guards.and_(rule.guards)
                after = False
                for each in words(text) if given is not None else ():
                    if each.literal == "|":
                        after = True
                    else:
                        found.append((each, after))
                        ordered.append((given or ALWAYS, each))
        for guards, each in ordered:
            if self.host.live:
                self.under(guards, partial(self._target_run, each, scope))
        return found

    def _listed(self, word: Text, rule: Rule, scope: Scope) -> Value:
        """The prerequisites of a rule, expanded a second time where the makefile asks for it (section 3.9)."""
        if not rule.second:
            return rule.prerequisites
        with self.inside(Scope(_automatic(word, [], rule.stem or EMPTY), outer=scope)):
            return self.over((rule.prerequisites,), self.expanded_again)

    # --- recipes ---

    def _recipe(self, word: Text, rules: list[Rule], needed: list[tuple[Text, bool]], scope: Scope) -> None:
        lines = list(_lines(rules))
        if not lines:
            return
        stem = next((rule.stem for rule in reversed(rules) if rule.stem is not None), EMPTY)
        with self.inside(Scope(_automatic(word, needed, stem), outer=scope)):
            if not self._shell_is_known():
                self.host.gap("run", "a recipe that no shell runs")
                return
            environment = (*self._exports(), *self._withheld(lines))
            outer = (self.host.site, self.host.holes)
            if self.one_shell:
                self._together(lines, environment)
            else:
                for guards, line in lines:
                    if self.host.live:
                        self.host.site = line.node.span
                        self.under(guards, partial(self._line, line, environment))
            self.host.site, self.host.holes = outer

    def _is_strict(self) -> bool:
        """Whether the shells of recipes end with the first command that fails (section 5.3.2)."""
        flags = self.host.as_text(self.host.narrow(self.variable(".SHELLFLAGS"))).literal or ""
        return any(word[:1] == "-" and word[1:2] != "-" and "e" in word for word in flags.split())

    def _shell_is_known(self) -> bool:
        shell = self.host.as_text(self.host.narrow(self.variable("SHELL")))
        words = shell.trailing.split()
        return not words or any(is_shell(word) for word in words) or self._hands_on(shell)

    def _hands_on(self, script: Text) -> bool:
        """Whether a script of the project gives what it is to run to a shell."""
        found = self.host.found_files(script)
        return len(found) == 1 and hands_on(self.host.program.read(found[0]) or "")

    def _text(self, line: Line) -> Value:
        """A recipe line expanded. Alternatives that are a part of a word stay one unknown in it, so that the line is
        read once for all of them."""
        outer, self.host.holes = self.host.holes, line.holes
        found: list[Value] = []
        starts = True
        for each in line.node.text:
            value = self.part(each)
            if isinstance(each, Literal):
                starts = _ends_before_command(each.text, starts)
            else:
                value = self._placed_at(value, each.span) if starts else value
                starts = False
            found.append(self._kept(value))
        self.host.holes = outer
        return self.joined(tuple(found))

    def _placed_at(self, value: Value, span: Span) -> Value:
        """A value that begins with a command's name: the command stands where the recipe refers to it."""
        placed = [(guards, _moved(self.host.as_text(option), span)) for guards, option in options(value)]
        return alternatives(placed)

    def _kept(self, value: Value) -> Value:
        if isinstance(value, Alternatives) and all(_is_plain(option) for _, option in value.options):
            return self.host.suspend(value)
        return value

    def _line(self, line: Line, environment: tuple[tuple[str, Value], ...]) -> None:
        for guards, text in self._texts_of(self._text(line)):
            if self.host.live:
                self.under(guards, partial(self._commands, text, environment))

    def _texts_of(self, value: Value) -> list[tuple[Guards, Text]]:
        """The texts that a line can be; what has been kept as one unknown stays so."""
        found = [(guards, self.host.as_text(each)) for guards, each in self.host.narrowed(self.host.load(value))]
        if any(self._hides_commands(hole.identity) for _, text in found for hole in text.holes):
            return self.host.text_options(value)
        return found

    def _hides_commands(self, identity: str) -> bool:
        """Whether an unknown stands for alternatives that are more than a part of a word."""
        value = self.host.suspended.get(identity)
        return value is not None and not all(_is_plain(option) for _, option in options(value))

    def _commands(self, text: Text, environment: tuple[tuple[str, Value], ...]) -> None:
        """A line as it is after its expansion: a macro of several lines is several lines of the recipe."""
        for each in _separate(text):
            if not self.host.live:
                return
            command, prefix = _without_prefix(each)
            if not command.parts:
                continue
            if "@" not in prefix and not self.silent:
                self.host.print_text(command + _NEW_LINE)
            if self.host.matters(command):
                self.host.run_line(command, environment, strict=self._is_strict())
            if "-" in prefix:
                self.host.live, self.host.failed = True, False

    def _together(self, lines: list[tuple[Guards, Line]], environment: tuple[tuple[str, Value], ...]) -> None:
        """All lines in one shell."""
        known = [self.over((self._text(line),), lambda text: text) for guards, line in lines]
        self.host.site = lines[0][1].node.span
        texts = [_without_prefix(self.host.as_text(self.host.suspend(each)))[0] for each in known]
        self.host.run_line(joined(texts, _NEW_LINE), environment, strict=self._is_strict())

    # --- the environment ---

    def _exports(self) -> Iterator[tuple[str, Value]]:
        """What the shells of a recipe get (section 5.7.2)."""
        names = {name for name, exported in self.exported.items() if exported}
        names.update(self.command)
        scope = self.scope
        while scope is not None:
            names.update(name for name in scope.definitions if self._is_exported(name))
            scope = scope.outer
        names.update(name for name in self.variables if self._is_exported(name))
        for name in sorted(names):
            if name.isidentifier() and self.exported.get(name, True):
                yield name, self.variable(name)
        for name, exported in sorted(self.exported.items()):
            if not exported and name.isidentifier() and self.is_given(name):
                yield name, EMPTY

    def _withheld(self, lines: list[tuple[Guards, Line]]) -> Iterator[tuple[str, Value]]:
        """Variables of the makefile that the shells of a recipe read and do not get: unknowns that say so. Those that
        the environment has too are handed on, with the value that they have here; `?=` leaves both possible."""
        written = "".join(each.text for _, line in lines for each in line.node.text if isinstance(each, Literal))
        for name in sorted(self.variables) if "$" in written else ():
            if (f"${name}" in written or f"${{{name}}}" in written) and self._is_kept_back(name):
                unknown = Text.of_hole(Hole(HoleKind.ENVIRONMENT, WITHHELD + name, name))
                yield name, self.variable(name) if name in self.host.variables else unknown

    def handed_on(self, name: str, outside: Value) -> Value:
        """What a program that a recipe starts finds in a variable that nobody has set for it, and that is `outside` in
        the environment of make: nothing, if the makefile has such a variable and does not export it. One that the
        environment may set is left to the caller, unless the recipe hands others on by name."""
        if not self._is_own(name):
            return outside
        withheld = Text.of_hole(Hole(HoleKind.ENVIRONMENT, WITHHELD + name, name))
        if self._is_kept_back(name):
            return withheld
        asked = truth.compare(CompareOp.EQ, outside, EMPTY)
        is_default = all(each.otherwise is not None for each in self.variables[name])
        if asked.decided is not None or not is_default or not self._hands_on_others():
            return outside
        unset, given = asked.true[0].and_(UNSET), asked.false[0].and_(SET)
        return outside if unset is None or given is None else alternatives(((unset, withheld), (given, outside)))

    def _hands_on_others(self) -> bool:
        """Whether a recipe gives the program that runs now variables of the makefile that it would not have else."""
        others = (each for each in self.variables if each not in self.given and each not in self.exported)
        return not self.export_all and any(self.is_given(each) for each in others)

    def _is_own(self, name: str) -> bool:
        """Whether the makefile has a variable that it does not hand on."""
        if name not in self.variables or name in self.command or self._is_exported(name):
            return False
        # A program that is called by its name is there without the makefile.
        return not any(
            self.host.tools.find(str(text).rpartition("/")[2])
            for _, text in self.host.text_options(self.variable(name))
        )

    def _is_kept_back(self, name: str) -> bool:
        if self._is_exported(name) or name in self.command:
            return False
        found = self.variables[name]
        plain = (each.origin == "file" and each.otherwise is None and each.guards == ALWAYS for each in found)
        return name.isidentifier() and bool(found) and all(plain)

    def _is_exported(self, name: str) -> bool:
        return self.exported.get(name, self.export_all or self.is_given(name))


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(rules: list[Rule]) -> Iterator[tuple[Guards, Line]]:
    """The lines of the recipe of a target: of the last rule that has one, where that rule holds; of all rules with two
    colons."""
    taken: list[Guards] = []
    found: list[list[tuple[Guards, Line]]] = []
    for rule in reversed([rule for rule in rules if rule.lines]):
        parts = [ALWAYS] if rule.is_double else beyond(ALWAYS, taken)
        rows = [(both, line) for line in rule.lines for part in parts if (both := part.and_(line.guards)) is not None]
        found.append(rows)
        taken.append(rule.guards)
    for rows in reversed(found):
        yield from rows


def _separate(text: Text) -> Iterator[Text]:
    """The lines of a text, continued lines together."""
    if "\n" not in str(text):
        yield text
        return
    held: Text | None = None
    for line in split_text(text, "\n"):
        whole = line if held is None else held + _NEW_LINE + line
        strokes = len(line.trailing) - len(line.trailing.rstrip("\\"))
        if strokes % 2:
            held = whole
        else:
            held = None
            yield whole
    if held is not None:
        yield held


def _without_prefix(text: Text) -> tuple[Text, str]:
    """A line without the characters that say how to run it, and these."""
    leading = text.leading
    rest = leading.lstrip(_PREFIXES)
    count = len(leading) - len(rest)
    return trimmed(text.dropped(count)), leading[:count]


def _ends_before_command(text: str, starts: bool) -> bool:
    """Whether a command begins after a stretch of a recipe line, given whether one begins before it."""
    words_ = text.split()
    if not words_:
        return starts
    last = words_[-1]
    if not last.strip("@-+;&|({!`$") and (starts or last.strip("@-+$")):
        return True
    return last.endswith(";") or last in ("then", "do", "else", "if", "while", "until")


def _moved(text: Text, span: Span) -> Text:
    """A text whose first word stands at a place."""
    parts = list(text.parts)
    for index, part in enumerate(parts):
        if not isinstance(part, Piece):
            break
        end = next((at for at, character in enumerate(part.text) if character.isspace()), len(part.text))
        head, tail = cut(part, end)
        parts[index : index + 1] = [*(Piece(each.text, Origin(span.start, False)) for each in head), *tail]
        if tail:
            break
    return Text(tuple(parts))


def _is_plain(value: Value) -> bool:
    """Whether a value is a part of a word, whatever stands around it."""
    if not isinstance(value, Text) or not value.parts:
        return False
    return not any(
        character in _SPECIAL for run in runs(value) if isinstance(run, tuple) for character in run_text(run)
    )


def _stem(word: Text, pattern: Text) -> Text | None:
    try:
        return stem_of(word, pattern)
    except Unknown:
        return None


def _automatic(word: Text, needed: list[tuple[Text, bool]], stem: Value) -> dict[str, Value]:
    """The automatic variables of a recipe (section 10.5.3)."""
    normal = [each for each, after in needed if not after]
    unique = tuple(dict.fromkeys(normal))
    first = normal[0] if normal else EMPTY
    found: dict[str, Value] = {
        "@": word,
        "<": first,
        "^": spaced(unique),
        "?": spaced(unique),
        "+": spaced(tuple(normal)),
        "|": spaced(tuple(dict.fromkeys(each for each, after in needed if after))),
        "*": stem,
    }
    for name in ("@", "<"):
        value = found[name]
        literal = value.literal if isinstance(value, Text) else None
        if literal is not None:
            found[f"{name}D"] = Text.of(dirname(literal) or ".")
            found[f"{name}F"] = Text.of(literal.rpartition("/")[2])
    return found
