"""Reading a makefile: what its lines define (GNU make manual 4.4, section 3.7)."""

from __future__ import annotations

from functools import partial
from posixpath import join, normpath
from typing import TYPE_CHECKING

from tagcheck.engine import truth
from tagcheck.engine.make.expansion import UNDEFINED, Expander
from tagcheck.engine.make.state import SET, UNSET, Definition, Definitions, Line, Rule, Target, beyond
from tagcheck.engine.make.words import Unknown, stem_of, trimmed, with_stem, words
from tagcheck.engine.shelltexts import spaced
from tagcheck.engine.state import delta
from tagcheck.engine.truth import Condition
from tagcheck.frontends.make.expansions import written
from tagcheck.frontends.make.nodes import (
    Assignment,
    Comparison,
    Conditional,
    Export,
    Function,
    Include,
    Makefile,
    Operator,
    Part,
    RecipeLine,
    Reference,
    Statement,
    Substitution,
    Undefine,
)
from tagcheck.frontends.make.nodes import Rule as RuleNode
from tagcheck.frontends.make.parser import parse
from tagcheck.guards import ALWAYS, Guards
from tagcheck.ir import CompareOp, Literal
from tagcheck.source import Text as SourceText
from tagcheck.values import EMPTY, Text, Value

if TYPE_CHECKING:
    from tagcheck.engine.makefiles import Makefiles

MOST_READ = 64
"""Makefiles and texts inside them that one run of make reads at most, times sixteen for the texts."""
_SEARCH = ("<output command -v ", "<output which ")
"""How the answer of a shell that was asked where a program is looks to people."""
DEEPEST_READ = 12
_PATTERN = frozenset("*?[")


class Reader(Expander):
    """A run of make that reads makefiles."""

    def __init__(self, host: Makefiles, directory: str) -> None:
        super().__init__(host, directory)
        self.entry = host.guards
        self.targets: dict[str, Target] = {}
        self.patterns: dict[str, Target] = {}
        self.exported: dict[str, bool] = {}
        self.export_all = False
        self.one_shell = False
        self.second = False
        """whether prerequisites are expanded again from here on"""
        self.silent = False
        self.default = ""
        self.path = ""
        self.is_complete = True
        """every makefile that is included has been found"""
        self.missing: list[str] = []
        """the names of those that have not"""
        self.asked: dict[str, set[str]] = {}
        """programs that the makefile compares variables with"""
        self._current: list[Rule] = []
        self._texts = 0
        self._depth = 0

    # --- files and texts ---

    def read_file(self, path: str) -> bool:
        """Read a makefile of the project; whether there is one."""
        content = self.host.program.read(path)
        if content is None or len(self.files) >= MOST_READ or self._depth >= DEEPEST_READ:
            return False
        makefile = self.host.program.lowered(SourceText.of_file(path, content), parse)
        before, self.path = self.path, path
        folder = self.directory + "/" if self.directory else ""
        self.files.append(path.removeprefix(folder))
        self.host.read.append(path)
        self._read(makefile, ())
        self.path = before
        return True

    def read_text(self, text: Text) -> None:
        self._texts += 1
        if not str(text).strip() or self._texts > MOST_READ * 16 or self._depth >= DEEPEST_READ:
            return
        source, holes = self.host.source_text(text)
        current, self._current = self._current, []
        self._read(self.host.program.lowered(source, parse), holes)
        self._current = current

    def _read(self, makefile: Makefile, holes: tuple[Value, ...]) -> None:
        outer, self.host.holes = self.host.holes, holes
        self._depth += 1
        self._note_asked(makefile.statements)
        self._statements(makefile.statements)
        self._depth -= 1
        self.host.holes = outer

    def _note_asked(self, statements: tuple[Statement, ...]) -> None:
        """What variables are compared with, in so many words."""
        for statement in statements:
            if isinstance(statement, Conditional):
                for one, other in ((statement.left, statement.right), (statement.right, statement.left)):
                    name = written(one[0].name) if len(one) == 1 and isinstance(one[0], Reference) else None
                    value = written(other)
                    if name and value and self.host.tools.find(value) is not None:
                        self.asked.setdefault(name, set()).add(value)
                self._note_asked(statement.then)
                self._note_asked(statement.otherwise)

    def _statements(self, statements: tuple[Statement, ...]) -> Value:
        for statement in statements:
            if not self.host.live:
                break
            self._step()
            match statement:
                case Assignment():
                    self._assignment(statement)
                case RuleNode():
                    self._rule(statement)
                case RecipeLine():
                    self._recipe_line(statement)
                case Conditional():
                    self._conditional(statement)
                case Include():
                    self._include(statement)
                case Export():
                    self._export(statement)
                case Undefine():
                    self._undefine(statement)
        return EMPTY

    def here(self) -> Guards:
        """The guards here, beyond those under which make was started."""
        found = delta(self.host.guards, self.entry)
        return found if found.units or found.clauses else ALWAYS

    def _include(self, node: Include) -> None:
        for guards, text in self.texts(node.paths):
            for path in words(text):
                self.under(guards, partial(self._included, path))

    def _included(self, path: Text) -> None:
        literal = path.literal
        if literal is not None and not _PATTERN.isdisjoint(literal):
            for name in words(self.host.as_text(self._files_like(path))):
                if name != path:
                    self._included(name)
            return
        written = self.host.written(path)
        if isinstance(written, Text):
            self.read_text(written)
            return
        near = join(self.directory, literal) if literal is not None else ""
        for found in (normpath(near), *self.host.program.find_files(path, self.path)):
            if literal is None and found == ".":
                continue
            if self.host.program.has(found) and self.read_file(found):
                return
        self.is_complete = False
        if literal is not None:
            self.missing.append(literal)

    # --- variables ---

    def _assignment(self, node: Assignment) -> None:
        name = written(node.name)
        if name is None:
            names = {text.literal for _, text in self.texts(node.name)}
            name = names.pop() if len(names) == 1 else None
        if name is None:
            return
        if node.exported:
            self.exported[name] = True
        if node.targets is None:
            self._assign(self.variables, name.strip(), node)
            return
        for _, text in self.texts(node.targets):
            for word in words(text):
                target = self._target(str(word))
                self._assign(target.variables, name, node)
                if node.private:
                    target.private.add(name)

    def _assign(self, table: Definitions, name: str, node: Assignment) -> None:
        if name in self.command and not node.override:
            return
        found = table.setdefault(name, [])
        if not node.override and any(each.origin == "override" and each.guards is ALWAYS for each in found):
            return
        guards = self.here()
        origin = "override" if node.override else "file"
        match node.operator:
            case Operator.RECURSIVE:
                self._define(found, Definition(guards, origin, expansion=node.value, holes=self.host.holes))
            case Operator.SIMPLE | Operator.IMMEDIATE:
                self._define(found, Definition(guards, origin, self.expand(node.value)))
            case Operator.SHELL:
                self._define(found, Definition(guards, origin, self.shell(self.expand(node.value))))
            case Operator.CONDITIONAL:
                self._default(found, name, node, guards, origin)
            case Operator.APPEND:
                self._append(found, guards, origin, node)
        if name == ".DEFAULT_GOAL" and table is self.variables:
            self.default = str(self.host.as_text(self.expand(node.value))).strip()

    def _define(self, found: list[Definition], definition: Definition) -> None:
        if definition.guards is ALWAYS and not definition.appends:
            found.clear()
        found.append(definition)

    def _default(self, found: list[Definition], name: str, node: Assignment, guards: Guards, origin: str) -> None:
        parts = self._unset(found, name, node, guards)
        # The search for a program finds the same one each time.
        searches = any(isinstance(part, Function) for part in node.value) and self._is_program(node)
        value = self.expand(node.value) if searches and parts else None
        holes = self.host.holes
        for part, rest, within in parts:
            found.append(Definition(part, origin, value, node.value, holes, otherwise=rest, within=within))

    def _unset(
        self, found: list[Definition], name: str, node: Assignment, guards: Guards
    ) -> list[tuple[Guards, Guards | None, Guards]]:
        """Where a variable has no value yet, neither from a makefile nor from outside, where it has one from
        outside, and both together."""
        rest = beyond(guards, (each.guards for each in found))
        if found and found[-1].origin == UNDEFINED:
            return [(guards, None, guards)]
        if name in self.command or self.is_given(name):
            return []
        outside = self.undefined(name)
        if name.isidentifier() and self.host.outside(name).literal:
            return []
        if not name.isidentifier() or not isinstance(outside, Text) or outside.literal is not None:
            return [(each, None, each) for each in rest]
        if self._is_program(node):
            return self._programs(found, name, outside, rest)
        asked = truth.compare(CompareOp.EQ, outside, EMPTY)
        if asked.decided is not None:
            return [(each, None, each) for each in rest] if asked.decided else []
        unset, given = asked.true[0].and_(UNSET), asked.false[0].and_(SET)
        if unset is None or given is None:
            return []
        return [(both, given, each) for each in rest if (both := each.and_(unset)) is not None]

    def _is_program(self, node: Assignment) -> bool:
        """Whether a default is a program that the catalogue knows: then nobody sets anything else that would do."""
        if any(isinstance(part, Substitution) or _is_unlikely(part) for part in node.value):
            return False
        first = {str(word[0]) for _, text in self.texts(node.value) if (word := words(text))}
        return any(
            self.host.tools.find(each.rpartition("/")[2]) is not None or each.startswith(_SEARCH) for each in first
        )

    def _programs(
        self, found: list[Definition], name: str, outside: Text, rest: list[Guards]
    ) -> list[tuple[Guards, Guards | None, Guards]]:
        """Where a program's variable has its default: everywhere but where it is one that the makefile asks for. The
        others are defined on the way."""
        for other in sorted(self.asked.get(name, ())):
            asked = truth.compare(CompareOp.EQ, outside, Text.of(other))
            for each in [both for part in rest for side in asked.true if (both := part.and_(side)) is not None]:
                found.append(Definition(each, "environment", Text.of(other)))
            rest = [both for part in rest for side in asked.false if (both := part.and_(side)) is not None]
        return [(each, None, each) for each in rest]

    def _append(self, found: list[Definition], guards: Guards, origin: str, node: Assignment) -> None:
        last = found[-1] if found else None
        if last is not None and last.guards == guards and not last.appends:
            if last.value is not None:
                value = self.appended(last.value, self.expand(node.value))
                found[-1] = Definition(guards, origin, value)
                return
            if last.holes == self.host.holes or not last.holes or not self.host.holes:
                blank = Literal(" ", node.span, exact=False)
                whole = (*last.expansion, blank, *node.value) if last.expansion else node.value
                found[-1] = Definition(guards, origin, expansion=whole, holes=last.holes or self.host.holes)
                return
        simple = last is not None and last.value is not None
        known = self.expand(node.value) if simple else None
        found.append(Definition(guards, origin, known, node.value, self.host.holes, appends=True))

    def _undefine(self, node: Undefine) -> None:
        for _, text in self.texts(node.name):
            name = str(trimmed(text))
            if name not in self.command or node.override:
                self.variables[name] = [Definition(self.here(), UNDEFINED, EMPTY)]
                self.command.pop(name, None)

    def _export(self, node: Export) -> None:
        named = [str(word) for _, text in self.texts(node.names) for word in words(text)]
        if not named:
            self.export_all = node.exported
        self.exported.update((name, node.exported) for name in named)

    # --- conditionals ---

    def _conditional(self, node: Conditional) -> None:
        condition = self._condition(node)
        before = self._current
        ends: list[Rule] = []

        def side(statements: tuple[Statement, ...]) -> Value:
            self._current = before
            self._statements(statements)
            ends.extend(each for each in self._current if each not in ends)
            return EMPTY

        self.choose(condition, lambda: side(node.then), lambda: side(node.otherwise))
        self._current = ends

    def _condition(self, node: Conditional) -> Condition:
        match node.comparison:
            case Comparison.EQUAL:
                return self.compared(self.expand(node.left), self.expand(node.right))
            case Comparison.UNEQUAL:
                return self.compared(self.expand(node.left), self.expand(node.right)).negated()
            case Comparison.DEFINED:
                return self._is_defined(node)
            case Comparison.UNDEFINED:
                return self._is_defined(node).negated()

    def _is_defined(self, node: Conditional) -> Condition:
        """`ifdef` asks for the text before it is expanded."""
        name = str(trimmed(self.host.as_text(self.expand(node.left))))
        found = self.variables.get(name, [])
        if len(found) == 1 and found[0].guards is ALWAYS and found[0].value is None:
            return truth.constant(bool(found[0].expansion))
        return self.is_text(self.variable(name))

    # --- rules ---

    def _target(self, name: str) -> Target:
        table = self.patterns if "%" in name else self.targets
        return table.setdefault(name, Target())

    def _rule(self, node: RuleNode) -> None:
        self._current = []
        prerequisites = self.expand(node.prerequisites) if node.colon else EMPTY
        names = written(node.targets) if node.colon and node.pattern is None else None
        if names is not None and names.isascii():
            for name in names.split():
                self._target_rule(name, prerequisites, node)
            self._group(node)
            return
        for guards, text in self.texts(node.targets):
            if node.colon:
                self.under(guards, partial(self._targets, text, prerequisites, node))
            elif (halves := text.split_at(":")) is not None:
                is_double = halves[1].leading.startswith(":")
                rest = halves[1].dropped(is_double)
                rule = RuleNode((), "::" if is_double else ":", (), node.span)
                self.under(guards, partial(self._targets, halves[0], rest, rule))

    def _group(self, node: RuleNode) -> None:
        """Targets that one run of a recipe makes: those before `&:`, and the patterns of one rule."""
        if len(self._current) > 1:
            together = tuple(rule.name for rule in self._current)
            if node.colon == "&:" or all("%" in name for name in together):
                for rule in self._current:
                    rule.together = together

    def _targets(self, targets: Text, prerequisites: Value, node: RuleNode) -> None:
        pattern = trimmed(self.texts(node.pattern)[0][1]) if node.pattern is not None else None
        for word in words(targets):
            rule = self._target_rule(str(word), prerequisites, node)
            if rule is not None and pattern is not None:
                self._by_pattern(rule, word, pattern)

    def _target_rule(self, name: str, prerequisites: Value, node: RuleNode) -> Rule | None:
        """The rule for one target; None for a target that says something about make."""
        if name[0] == "." and self._is_special(name, prerequisites):
            return None
        rule = Rule(self.here(), self.path, node.span, prerequisites, node.colon == "::", None, [], self.second, name)
        self._target(name).rules.append(rule)
        self._current.append(rule)
        if not self.default and "%" not in name and (name[0] != "." or "/" in name):
            self.default = name
        return rule

    def _by_pattern(self, rule: Rule, word: Text, pattern: Text) -> None:
        """Complete a static pattern rule for one target."""
        try:
            stem = stem_of(word, pattern)
        except Unknown:
            return
        if stem is not None:
            rule.stem = stem
            rule.prerequisites = self.over((rule.prerequisites,), partial(_completed, stem))

    def _is_special(self, name: str, prerequisites: Value) -> bool:
        match name:
            case ".ONESHELL":
                self.one_shell = True
            case ".SECONDEXPANSION":
                self.second = True
            case ".EXPORT_ALL_VARIABLES":
                self.export_all = True
            case ".SILENT":
                self.silent = self.silent or prerequisites == EMPTY
            case _:
                return name in (".PHONY", ".SUFFIXES", ".PRECIOUS", ".INTERMEDIATE", ".SECONDARY", ".NOTPARALLEL")
        return True

    def _recipe_line(self, node: RecipeLine) -> None:
        line = Line(self.here(), node, self.host.holes)
        for rule in self._current:
            rule.lines.append(line)


def _is_unlikely(part: Part) -> bool:
    """Whether a part of a default is no search for a program."""
    if not isinstance(part, Function):
        return False
    said = "".join(each.text for argument in part.arguments for each in argument if isinstance(each, Literal))
    return part.name != "shell" or not ("command -v" in said or "which" in said)


def _completed(stem: Text, prerequisites: Text) -> Text:
    return spaced(tuple(with_stem(word, stem) for word in words(prerequisites)))
