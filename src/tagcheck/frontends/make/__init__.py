"""Makefiles (GNU make manual 4.4).

Unlike other languages a makefile is not lowered to the small language: make is a macro processor, in which texts become
statements (`eval`, `define`), names are put together, and what a variable is depends on the target that asks. The nodes
of `nodes` are what the engine's make runs (`tagcheck.engine.make`). An entry, on the other hand, is a procedure like
every other: it starts make on its target, as a person would.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit
from tagcheck.frontends.make.expansions import written
from tagcheck.frontends.make.nodes import Conditional, Makefile, RecipeLine, Rule, Statement
from tagcheck.frontends.make.parser import parse as parse_text
from tagcheck.source import Span, Text

LANGUAGE = "make"
NAMES = ("GNUmakefile", "makefile", "Makefile")
"""What make looks for, in this order (section 3.2)."""
KEYS = "make:"
"""How the keys of targets begin."""
LONGEST_FILE = 1 << 20
_SUFFIXES = (".mk", ".mak", ".make")
_OTHERS = (".in", ".am", ".tmpl", ".tpl", ".template", ".j2", ".inc", ".common", ".orig", ".bak", "~")
"""Templates of makefiles, parts of them, and copies."""


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a makefile, by its name."""
    name = path.rpartition("/")[2]
    if name in NAMES or name.endswith(_SUFFIXES):
        return True
    return name.startswith("Makefile.") and not name.endswith(_OTHERS)


def parse(path: str, content: bytes, module: str) -> Unit:
    """A makefile as a unit: a procedure `make:path#target` for each explicit target that is written out and that has
    something to do. Never raises: what cannot be read becomes a `Problem`."""
    try:
        decoded = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = ir.Problem(path, line, column, "is not valid UTF-8; save the file as UTF-8 text")
        return Unit(path, LANGUAGE, module, problems=(problem,))
    if len(content) > LONGEST_FILE:
        problem = ir.Problem(path, 1, 1, "is larger than a makefile that a person wrote; it is not read")
        return Unit(path, LANGUAGE, module, problems=(problem,))
    makefile = parse_text(Text.of_file(path, decoded))
    procedures = {name: _entry(path, name, span, module) for name, span in _targets(makefile)}
    needed = _needed(makefile, procedures)
    entries = tuple((name, EntryKind.TARGET) for name in procedures if name not in needed)
    return Unit(path, LANGUAGE, module, procedures=procedures, entries=entries, problems=makefile.problems)


def explicit_targets(text: Text) -> frozenset[str]:
    """The targets that a makefile's text writes out and that have something to do."""
    return frozenset(name for name, _ in _targets(parse_text(text)))


def key(path: str, target: str) -> str:
    """The key of a target's procedure."""
    return f"{KEYS}{path}#{target}"


def _entry(path: str, target: str, span: Span, module: str) -> ir.Procedure:
    def lower() -> tuple[ir.Statement, ...]:
        folder, _, name = path.rpartition("/")
        words = ["make"]
        if name in NAMES:
            words += ["-C", folder or "."]
        elif not name.endswith(_SUFFIXES):
            words += ["-C", folder or ".", "-f", name]
        return (ir.Run(tuple(ir.Literal(word, span, False) for word in (*words, target)), span),)

    return ir.Procedure(key(path, target), module, (), lower, span)


def _targets(makefile: Makefile) -> Iterator[tuple[str, Span]]:
    """The targets that are written out, where they are given something to do first."""
    doing: dict[str, Span] = {}
    current: tuple[tuple[str, Span], ...] = ()
    for statement in _flat(makefile.statements):
        if isinstance(statement, Rule):
            names = (written(statement.targets) or "").split() if statement.colon else ()
            current = tuple((name, statement.span) for name in names if _is_entry(name))
        if isinstance(statement, RecipeLine) or (isinstance(statement, Rule) and statement.prerequisites):
            for name, span in current:
                doing.setdefault(name, span)
    yield from doing.items()


def _needed(makefile: Makefile, names: Collection[str]) -> set[str]:
    """The targets that another target needs whatever happens, by prerequisites that are written out: they run with it.
    Of targets that need each other, the first counts as needed by nobody."""
    needs: dict[str, set[str]] = {name: set() for name in names}
    for statement in makefile.statements:
        if isinstance(statement, Rule) and statement.colon and statement.pattern is None:
            listed = {name for name in (written(statement.prerequisites) or "").split() if name in needs}
            for name in (written(statement.targets) or "").split():
                if name in needs:
                    needs[name] |= listed
    found: set[str] = set()
    for name in needs:
        if name not in found:
            reached = _reached(name, needs)
            found |= reached - {name}
    return found


def _reached(name: str, needs: dict[str, set[str]]) -> set[str]:
    """Everything that a target needs, however many steps away."""
    seen: set[str] = set()
    pending = [name]
    while pending:
        fresh = needs[pending.pop()] - seen
        seen |= fresh
        pending.extend(fresh)
    return seen


def _is_entry(name: str) -> bool:
    return "%" not in name and not (name.startswith(".") and "/" not in name)


def _flat(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    for statement in statements:
        if isinstance(statement, Conditional):
            yield from _flat(statement.then)
            yield from _flat(statement.otherwise)
        else:
            yield statement
