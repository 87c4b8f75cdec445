"""Expansion: what references and functions give in a run (GNU make manual 4.4, chapters 6 and 8)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from posixpath import join, normpath
from typing import TYPE_CHECKING

from tagcheck.builtins.symbolic import MOST_PARTS, derived, replace_text
from tagcheck.engine import truth
from tagcheck.engine.basis import Exhausted
from tagcheck.engine.make.state import SET, UNSET, Definition, Definitions, Scope
from tagcheck.engine.make.words import FUNCTIONS, substituted, trimmed, words
from tagcheck.engine.places import ROOT, at_root
from tagcheck.engine.shelltexts import spaced, without_line_ends
from tagcheck.engine.state import NOT_SET
from tagcheck.engine.truth import Condition
from tagcheck.frontends.make.expansions import ARGUMENTS, expansion, written
from tagcheck.frontends.make.nodes import Expansion, Function, Part, Reference, Substitution
from tagcheck.guards import ALWAYS, UNSET_VARIABLE, Guards
from tagcheck.ir import CompareOp, Literal
from tagcheck.numerals import whole
from tagcheck.source import Span
from tagcheck.values import EMPTY, Absent, Alternatives, HoleKind, Origin, Piece, Text, Value, alternatives

if TYPE_CHECKING:
    from tagcheck.engine.makefiles import Makefiles

DEEPEST = 40
"""References that expand to references; calls of macros inside calls."""
MOST_ROUNDS = 64
"""Words that a `foreach` goes over at most."""
AUTOMATIC = frozenset(("@", "<", "^", "?", "+", "*", "|", "@D", "@F", "<D", "<F", "*D", "*F"))
UNDEFINED = "undefined"
"""The origin of a variable that nothing defines."""
MOST_FILES = 64
"""Files that a `wildcard` gives at most."""
BLANK = Text.of(" ")
_WRITTEN = {
    "MAKE": "make",
    "MAKE_COMMAND": "make",
    "SHELL": "/bin/sh",
    "MAKELEVEL": "0",
    "RM": "rm -f",
    "MAKEFLAGS": "",
}


class Expander(ABC):
    """Variables, and texts with references to them, in one run of make in the folder `directory` of the project."""

    def __init__(self, host: Makefiles, directory: str) -> None:
        self.host = host
        self.directory = directory
        self.variables: Definitions = {}
        self.command: dict[str, Value] = {}
        self.scope: Scope | None = None
        self.environment_first = False
        self.files: list[str] = []
        self.goals: tuple[str, ...] = ()
        self.asks_for_goals = False
        self._open: list[str] = []

    @property
    def place(self) -> Text:
        """The folder in which make runs, wherever the project is."""
        return at_root(self.directory) if self.directory else ROOT

    # --- texts ---

    def expand(self, parts: Expansion) -> Value:
        """What an expansion gives here: a text, or alternatives of texts."""
        if len(parts) == 1:
            return self.part(parts[0])
        return self.joined(tuple([self.part(each) for each in parts]))

    def expanded_again(self, text: Text) -> Value:
        """A text that an expansion has given, expanded once more."""
        source, holes = self.host.source_text(text)
        return self.with_holes(holes, expansion(source))

    def joined(self, values: tuple[Value, ...]) -> Value:
        value = self.host.join(values) if values else EMPTY
        if isinstance(value, Text) and len(value.parts) > MOST_PARTS:
            return derived("joined", value)
        return value

    def part(self, part: Part) -> Value:
        match part:
            case Literal():
                return self.host.evaluate(part, self.host.frames[-1])
            case Reference():
                value = self._named(part.name, self.variable)
                # What make itself gives to a recipe stands where the recipe asks for it.
                return moved(value, part.span) if written(part.name) in AUTOMATIC else value
            case Substitution():
                return self._substituted(part)
            case Function():
                self._step()
                site, self.host.site = self.host.site, part.span
                value = self._function(part.name, part.arguments)
                self.host.site = site
                return value

    def _step(self) -> None:
        self.host.steps -= 1
        if self.host.steps <= self.host.floor:
            raise Exhausted

    def texts(self, parts: Expansion) -> list[tuple[Guards, Text]]:
        """The texts that an expansion can give here."""
        return self.host.text_options(self.expand(parts))

    def _named(self, name: Expansion, function: Callable[[str], Value]) -> Value:
        """A function of the name that an expansion gives."""
        known = written(name)
        if known is not None and known.isascii():
            return function(known)
        return self.over((self.expand(name),), partial(self._of_text, function))

    def _of_text(self, function: Callable[[str], Value], text: Text) -> Value:
        literal = text.literal
        if literal is None:
            return self.host.opaque("a variable whose name is not known", "string")
        return function(literal)

    def over(self, values: Iterable[Value], function: Callable[..., Value]) -> Value:
        """A function of texts, for each combination of what the values can be."""
        resumed = tuple(self.host.resumed(each) if isinstance(each, Text) else each for each in values)
        return self.host.distribute(resumed, lambda chosen: function(*map(self.host.as_text, chosen)))

    def _substituted(self, part: Substitution) -> Value:
        given = (self._named(part.name, self.variable), self.expand(part.pattern), self.expand(part.replacement))
        return self.over(given, substituted)

    # --- variables ---

    def variable(self, name: str) -> Value:
        """What a variable expands to here."""
        self._step()
        scope = self.scope
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            if name in scope.definitions and (name not in self.command or _is_override(scope.definitions[name])):
                return self._resolved(name, scope.definitions[name], partial(self._around, scope.outer, name))
            scope = scope.outer
        return self.global_(name)

    def _around(self, scope: Scope | None, name: str) -> Value:
        """What a variable is outside of a scope."""
        before, self.scope = self.scope, scope
        opened, self._open = self._open, [each for each in self._open if each != name]
        value = self.variable(name)
        self.scope, self._open = before, opened
        return value

    def global_(self, name: str) -> Value:
        """What a variable is for all targets."""
        found = self.variables.get(name)
        if found and not (self.environment_first and self.is_given(name)):
            return self._resolved(name, found, partial(self.undefined, name))
        return self.undefined(name)

    def undefined(self, name: str) -> Value:
        """What a variable is that no makefile defines: of the command line, of make itself, of the environment."""
        if name in self.command:
            return self.command[name]
        match name:
            case "CURDIR":
                return self.place
            case "MAKECMDGOALS":
                self.asks_for_goals = True
                return Text.of(" ".join(self.goals))
            case "MAKEFILE_LIST":
                return spaced(tuple(Text.of(each) for each in self.files))
        if name in _WRITTEN:
            return Text.of(_WRITTEN[name])
        return self.host.environment(Text.of(name)) if name.isidentifier() else EMPTY

    def is_given(self, name: str) -> bool:
        """Whether the run has put a variable into the environment."""
        cell = self.host.variables.get(name)
        value = self.host.narrow(self.host.heap.read(cell)) if cell is not None else NOT_SET
        return value is not NOT_SET and not isinstance(value, Absent)

    def _resolved(self, name: str, found: list[Definition], below: Callable[[], Value]) -> Value:
        """What definitions give, the newest first; `below` is what there is where none of them holds."""
        if len(self._open) >= DEEPEST or name in self._open:
            return self.host.opaque("a variable that refers to itself", "string")
        self._open.append(name)
        value = self._newest(found, len(found), below)
        self._open.pop()
        return value

    def _newest(self, found: list[Definition], count: int, below: Callable[[], Value]) -> Value:
        rest = [ALWAYS]
        chosen: list[tuple[Guards, Value]] = []
        given = found[count - 1].otherwise if count > 1 else None
        if given is not None and all(each.otherwise == given for each in found[:count]):
            # Defaults alone: each where it stands, and what the environment has in place of any of them.
            sides: list[tuple[Guards, Callable[[], Value]]] = [(given, below)]
            sides += [(each.guards, partial(self._content, found, at, below)) for at, each in enumerate(found[:count])]
            possible = [side for side in reversed(sides) if self.host.guards.compatible(side[0])]
            return self.host.narrow(alternatives((guards, content()) for guards, content in possible))
        for index in range(count - 1, -1, -1):
            definition = found[index]
            if definition.guards is ALWAYS and rest[0] is ALWAYS:
                return self._content(found, index, below)
            meeting = [both for each in rest if (both := each.and_(definition.guards)) is not None]
            meeting = [each for each in meeting if self.host.guards.compatible(each)]
            if meeting:
                value = self._content(found, index, below)
                chosen += [(each, value) for each in meeting]
            rest = _left(rest, definition)
            if not rest:
                break
        rest = [each for each in rest if self.host.guards.compatible(each) and self._is_looked_at(each)]
        if rest:
            value = below()
            chosen += [(each, value) for each in rest]
        return self.host.narrow(alternatives(chosen))

    def _is_looked_at(self, guards: Guards) -> bool:
        """Whether a case is a run that is looked at: of the variables with defaults all are set, or none is."""
        units = dict(guards.units)
        (name, _), *_ = SET.units
        is_set = units.get(name)
        for atom, value in guards.units if is_set is not None else ():
            if atom.startswith(UNSET_VARIABLE) and value is is_set:
                found = self.variables.get(atom.removeprefix(UNSET_VARIABLE), ())
                if any(each.otherwise is not None for each in found):
                    return False
        return True

    def _content(self, found: list[Definition], index: int, below: Callable[[], Value]) -> Value:
        definition = found[index]
        value = definition.value
        if value is None:
            value = self.with_holes(definition.holes, definition.expansion)
        if not definition.appends:
            return value
        return self.appended(self._newest(found, index, below), value)

    def appended(self, before: Value, value: Value) -> Value:
        """`+=`: with a blank between, unless nothing was there; what nobody but the environment sets may be nothing."""
        if before == EMPTY:
            return value
        added = self.joined((before, BLANK, value))
        if not isinstance(before, Text) or [hole.kind for hole in before.holes] != [HoleKind.ENVIRONMENT]:
            return added
        if len(before.parts) > 1:
            return added
        asked = truth.compare(CompareOp.EQ, before, EMPTY)
        if asked.decided is not None:
            return added
        unset, given = asked.true[0].and_(UNSET), asked.false[0].and_(SET)
        return added if unset is None or given is None else alternatives(((unset, value), (given, added)))

    def with_holes(self, holes: tuple[Value, ...], parts: Expansion) -> Value:
        """An expansion whose unknown characters stand for these values."""
        outer, self.host.holes = self.host.holes, holes
        value = self.expand(parts)
        self.host.holes = outer
        return value

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """Within a scope."""
        before, self.scope = self.scope, scope
        yield
        self.scope = before

    # --- conditions ---

    def compared(self, left: Value, right: Value) -> Condition:
        """Whether two values are equal."""
        given = tuple(self.host.resumed(each) if isinstance(each, Text) else each for each in (left, right))
        parts = [
            truth.under(guards, truth.compare(CompareOp.EQ, self.host.as_text(one), self.host.as_text(other)))
            for guards, (one, other) in islice(self.host.spread_out(given), MOST_ROUNDS)
        ]
        return truth.union(parts, self.host.fresh("ifeq")).given(self.host.guards)

    def is_text(self, value: Value) -> Condition:
        """Whether a value is more than blanks."""
        return self.compared(self.over((value,), trimmed), EMPTY).negated()

    def choose(self, condition: Condition, then: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
        """One side, or both under their guards. A side that ends in an error is no run that goes on."""
        if condition.decided is not None:
            return then() if condition.decided else otherwise()
        host, base = self.host, self.host.guards
        survivors: list[tuple[Guards, Value]] = []
        for guards, body in zip(host.opposite(condition), (then, otherwise), strict=True):
            inside = base.and_(guards)
            if inside is None:
                continue
            host.guards = inside
            value = body()
            if host.live:
                survivors.append((guards, value))
            host.live, host.failed = True, False
        host.guards = base
        if not survivors:
            host.live, host.failed = False, True
            return EMPTY
        if len(survivors) == 1:
            host.guards = base.and_(truth.decisive(survivors[0][0])) or base
        return alternatives(survivors)

    def under(self, guards: Guards, body: Callable[[], object]) -> None:
        """Do something where guards hold. Where it ends in an error, the run does not go on."""
        host, base = self.host, self.host.guards
        inside = base.and_(guards)
        if inside is None:
            return
        host.guards = inside
        body()
        if inside == base:
            return
        failed = not host.live
        host.guards, host.live, host.failed = base, True, False
        rest = guards.negated() if failed else None
        if rest is not None:
            host.guards = base.and_(truth.decisive(rest)) or base

    # --- functions ---

    def _function(self, name: str, arguments: tuple[Expansion, ...]) -> Value:
        handler = _HANDLERS.get(name)
        if handler is not None:
            return handler(self, arguments)
        function = FUNCTIONS.get(name)
        given = tuple(self.expand(each) for each in arguments)
        if function is None or len(given) != ARGUMENTS[name]:
            return self.host.opaque(f"$({name})", "string")
        return self.over(given, function)

    def _if(self, arguments: tuple[Expansion, ...]) -> Value:
        condition = self.is_text(self.expand(arguments[0]))
        then = arguments[1] if len(arguments) > 1 else ()
        otherwise = arguments[2] if len(arguments) > 2 else ()
        return self.choose(condition, lambda: self.expand(then), lambda: self.expand(otherwise))

    def _or(self, arguments: tuple[Expansion, ...]) -> Value:
        if not arguments:
            return EMPTY
        value = self.over((self.expand(arguments[0]),), trimmed)
        return self.choose(self.is_text(value), lambda: value, lambda: self._or(arguments[1:]))

    def _and(self, arguments: tuple[Expansion, ...]) -> Value:
        value = self.over((self.expand(arguments[0]),), trimmed)
        if len(arguments) == 1:
            return value
        return self.choose(self.is_text(value), lambda: self._and(arguments[1:]), lambda: EMPTY)

    def _foreach(self, arguments: tuple[Expansion, ...]) -> Value:
        if len(arguments) < 3:
            return EMPTY
        name = self.host.as_text(self.expand(arguments[0])).literal or ""
        return self.over((self.expand(arguments[1]),), partial(self._rounds, name.strip(), arguments[2]))

    def _rounds(self, name: str, body: Expansion, listed: Text) -> Value:
        found: list[Value] = []
        for word in words(listed)[:MOST_ROUNDS]:
            with self.inside(Scope({name: word}, outer=self.scope)):
                found += [BLANK, self.expand(body)]
        return self.joined(tuple(found[1:]))

    def _let(self, arguments: tuple[Expansion, ...]) -> Value:
        """Names for the words of a list, the last one for all that are left."""
        if len(arguments) < 3:
            return EMPTY
        names = str(self.host.as_text(self.expand(arguments[0]))).split()
        return self.over((self.expand(arguments[1]),), partial(self._with_names, names, arguments[2]))

    def _with_names(self, names: list[str], body: Expansion, listed: Text) -> Value:
        found = words(listed)
        values: dict[str, Value] = {name: found[at] if at < len(found) else EMPTY for at, name in enumerate(names)}
        values.update((name, spaced(found[len(names) - 1 :])) for name in names[-1:])
        with self.inside(Scope(values, outer=self.scope)):
            return self.expand(body)

    def _compared_numbers(self, arguments: tuple[Expansion, ...]) -> Value:
        """`$(intcmp LEFT,RIGHT,LESS,EQUAL,GREATER)`: what is absent for greater is as for equal."""
        left, right = (whole(self.host.as_text(self.expand(each)).literal or "") for each in arguments[:2])
        if left is None or right is None or len(arguments) < 2:
            return self.host.opaque("$(intcmp)", "string")
        if len(arguments) == 2:
            return Text.of(str(left)) if left == right else EMPTY
        sides = [*arguments[2:], *((),) * 3]
        greater = sides[2] or sides[1]
        return self.expand(sides[0] if left < right else (greater if left > right else sides[1]))

    def _call(self, arguments: tuple[Expansion, ...]) -> Value:
        given = [self.expand(each) for each in arguments]
        return self.over((given[0],), lambda name: self._called(str(trimmed(name)), arguments, given))

    def _called(self, name: str, arguments: tuple[Expansion, ...], given: list[Value]) -> Value:
        if name in FUNCTIONS or name in _HANDLERS:
            return self._function(name, arguments[1:])
        values: dict[str, Value] = {str(index): EMPTY for index in range(len(given), 10)}
        values.update((str(index), value) for index, value in enumerate(given))
        values["0"] = Text.of(name)
        # A macro may call itself with fewer words; it ends where the nesting is too deep.
        opened, self._open = self._open, [f"call {name}", *(each for each in self._open if each != name)]
        with self.inside(Scope(values, outer=self.scope)):
            value = self.variable(name)
        self._open = opened
        return value

    def _value(self, arguments: tuple[Expansion, ...]) -> Value:
        name = self.host.as_text(self.expand(arguments[0])).literal
        found = self.variables.get(name or "", [])
        if len(found) == 1 and found[0].value is not None:
            return found[0].value
        if len(found) == 1 and written(found[0].expansion) is not None:
            return self.with_holes(found[0].holes, found[0].expansion)
        return self.host.opaque("a variable's text before it is expanded", "string")

    def _origin(self, arguments: tuple[Expansion, ...]) -> Value:
        return self.over((self.expand(arguments[0]),), partial(self._of_text, self._origin_of))

    def _origin_of(self, name: str) -> Value:
        found = self.variables.get(name, [])
        if name in self.command:
            return Text.of("override" if _is_override(found) else "command line")
        if name in _WRITTEN and not found:
            return Text.of("default")
        choices = [(each.guards, Text.of(each.origin)) for each in found[-1:]]
        if choices and choices[0][0] is ALWAYS:
            return choices[0][1]
        unset = self.compared(self.undefined(name), EMPTY)
        return self.choose(
            unset, lambda: choices[0][1] if choices else Text.of("undefined"), lambda: Text.of("environment")
        )

    def _flavor(self, arguments: tuple[Expansion, ...]) -> Value:
        found = self.variables.get(self.host.as_text(self.expand(arguments[0])).literal or "", [])
        if not found or found[-1].origin == UNDEFINED:
            return Text.of(UNDEFINED)
        return Text.of("recursive" if found[-1].value is None else "simple")

    def _wildcard(self, arguments: tuple[Expansion, ...]) -> Value:
        return self.over((self.expand(arguments[0]),), self._files_like)

    def _files_like(self, patterns: Text) -> Value:
        found: list[Text] = []
        for pattern in words(patterns):
            literal = pattern.literal
            if literal is None or literal.startswith(("/", "~")):
                return derived("wildcard", patterns)
            wanted = normpath(join(self.directory, literal))
            skipped = len(self.directory) + 1 if self.directory else 0
            named = self.host.program.matching(wanted)
            found += [Text.of(each[skipped:]) for each in named[:MOST_FILES]]
            if not named and self.host.program.find_files(Text.of(wanted), ""):
                found.append(pattern)
        return spaced(tuple(found))

    def _absolute(self, arguments: tuple[Expansion, ...]) -> Value:
        return self.over((self.expand(arguments[0]),), lambda text: spaced(tuple(map(self._placed, words(text)))))

    def _placed(self, path: Text) -> Text:
        """A path from the project's root on."""
        literal = path.literal
        if literal is None or literal.startswith("/"):
            return path
        inside = normpath(join(self.directory, literal))
        return ROOT if inside == "." else at_root(inside)

    def shell(self, command: Value) -> Value:
        """What a shell text prints, on one line."""
        site = self.host.site
        found: list[tuple[Guards, Value]] = []
        for guards, text in self.host.text_options(command):
            base = self.host.guards
            inside = base.and_(guards)
            if inside is not None:
                self.host.guards, self.host.site = inside, site
                found.append((guards, self.host.captured(text)))
                self.host.guards = base
        return self.over((without_line_ends(alternatives(found)),), _one_line) if found else EMPTY

    def _shell(self, arguments: tuple[Expansion, ...]) -> Value:
        return self.shell(self.expand(arguments[0]))

    def _error(self, arguments: tuple[Expansion, ...]) -> Value:
        self.host.live, self.host.failed = False, True
        return EMPTY

    def _warning(self, arguments: tuple[Expansion, ...]) -> Value:
        self.expand(arguments[0])
        return EMPTY

    def _info(self, arguments: tuple[Expansion, ...]) -> Value:
        self.host.print_text(self.joined((self.expand(arguments[0]), Text.of("\n"))))
        return EMPTY

    def _file(self, arguments: tuple[Expansion, ...]) -> Value:
        operation = self.host.as_text(self.expand(arguments[0]))
        path = trimmed(operation.dropped(len(operation.leading) - len(operation.leading.lstrip("<> "))))
        if operation.leading.startswith("<"):
            content = self.host.read_file(path)
            return self.host.opaque("a file", "string") if content is None else without_line_ends(content)
        content = self.expand(arguments[1]) if len(arguments) > 1 else EMPTY
        before = self.host.read_file(path) if operation.leading.startswith(">>") else None
        self.host.write_file(path, self.joined((before or EMPTY, content, Text.of("\n"))))
        return EMPTY

    def _eval(self, arguments: tuple[Expansion, ...]) -> Value:
        for guards, text in self.texts(arguments[0]):
            self.under(guards, partial(self.read_text, text))
        return EMPTY

    @abstractmethod
    def read_text(self, text: Text) -> None:
        """Read a text as a makefile."""


def moved(value: Value, span: Span) -> Value:
    """A value whose texts stand at a place."""
    if isinstance(value, Text):
        origin = Origin(span.start, False)
        return Text(tuple(Piece(each.text, origin) if isinstance(each, Piece) else each for each in value.parts))
    if isinstance(value, Alternatives):
        return alternatives((guards, moved(each, span)) for guards, each in value.options)
    return value


def _is_override(found: list[Definition]) -> bool:
    return any(each.origin == "override" for each in found)


def _left(rest: list[Guards], definition: Definition) -> list[Guards]:
    """The part of some guards in which a definition says nothing."""
    if definition.otherwise is not None:
        within = definition.within
        inside = [both for each in rest if (both := each.and_(within)) is not None]
        given = [both for each in inside if (both := each.and_(definition.otherwise)) is not None]
        return [*given, *(left for each in rest for left in each.without(within))]
    return [left for each in rest for left in each.without(definition.guards)]


def _one_line(text: Text) -> Text:
    return replace_text(text, "\n", BLANK)


_HANDLERS: dict[str, Callable[[Expander, tuple[Expansion, ...]], Value]] = {
    "if": Expander._if,
    "or": Expander._or,
    "and": Expander._and,
    "foreach": Expander._foreach,
    "let": Expander._let,
    "intcmp": Expander._compared_numbers,
    "call": Expander._call,
    "value": Expander._value,
    "origin": Expander._origin,
    "flavor": Expander._flavor,
    "wildcard": Expander._wildcard,
    "abspath": Expander._absolute,
    "realpath": Expander._absolute,
    "shell": Expander._shell,
    "error": Expander._error,
    "warning": Expander._warning,
    "info": Expander._info,
    "file": Expander._file,
    "eval": Expander._eval,
}
