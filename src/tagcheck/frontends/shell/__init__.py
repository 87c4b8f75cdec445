"""Shell to the small language (Bash Reference Manual 5.2; grammar: tree-sitter-bash 0.25). POSIX sh is read as bash.

A shell text, of a file or of a `-c` argument, is one procedure; its functions are procedures that it defines when it
begins. Variables that the text assigns are variables of that procedure, shared with its functions; all other names are
the environment's.

What it cannot do is said in the modules; a command that does not parse is left out, and said to be.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tagcheck import ir
from tagcheck.frontends.api import EntryKind, Unit, Variable
from tagcheck.frontends.shell import bats, negated
from tagcheck.frontends.shell.body import ARGUMENTS, Shared
from tagcheck.frontends.shell.control import Control, function_procedure, mentions
from tagcheck.frontends.shell.guard import refusal
from tagcheck.frontends.shell.names import DIRECTORY, collect
from tagcheck.frontends.shell.script import Script
from tagcheck.source import Span, Text

if TYPE_CHECKING:
    from tree_sitter import Language, Node

LANGUAGE = "shell"
SUFFIXES = (".sh", ".bash", ".zsh", bats.SUFFIX)
_SHELLS = (b"sh", b"bash", b"dash", b"ksh", b"zsh", b"bats")


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is a shell script: by its suffix, or by the program in its first line."""
    if path.endswith(SUFFIXES):
        return bool(content)
    if not content.startswith(b"#!"):
        return False
    words = content[2:128].split(b"\n", 1)[0].split()
    program = words[1:2] if words and words[0].endswith(b"/env") else words[:1]
    return bool(program) and program[0].rpartition(b"/")[2] in _SHELLS


def lower_text(text: Text, key: str, module: str = "", exporting: bool = False) -> ir.Procedure:
    """A shell text as a procedure with the key `key`, whose one parameter holds the positional parameters. Characters
    that stand for unknown values stay in the literals. `exporting`: what it assigns is exported. Never raises; what is
    refused has a body that says so."""
    return _Lowered(text, key, module, exporting).procedure


def parse(path: str, content: bytes, module: str) -> Unit:
    """A script file as a unit: the procedure `sh:path`, which is its entry, and one for each function, `sh:path#name`.
    Never raises: what cannot be read becomes a `Problem`."""
    try:
        decoded = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = ir.Problem(path, line, column, "is not valid UTF-8; save the file as UTF-8 text")
        return Unit(path, LANGUAGE, module, problems=(problem,))
    refused = refusal(content)
    if refused is not None:
        at = Text.of_file(path, decoded).position(len(content[: refused[0]].decode()))
        return Unit(path, LANGUAGE, module, problems=(ir.Problem(path, at.line, at.column, refused[1]),))
    tests: tuple[str, ...] | None = None
    if path.endswith(bats.SUFFIX):
        decoded, tests = bats.functions_of(decoded)
    lowered = _Lowered(Text.of_file(path, decoded), f"sh:{path}", module, tests=tests)
    name = path.rpartition("/")[2]
    return Unit(
        path,
        LANGUAGE,
        module,
        procedures={name: lowered.procedure, **lowered.functions()},
        variables=lowered.variables(),
        entries=((name, EntryKind.FILE),),
    )


class _Lowered:
    """A shell text and what is made of it, when it is asked for."""

    def __init__(
        self, text: Text, key: str, module: str, exporting: bool = False, tests: tuple[str, ...] | None = None
    ) -> None:
        self.tests = tests
        self.script = Script.of(text)
        self.refused = refusal(self.script.content)
        self.span = text.span(0, len(text.text))
        self.root: Node | None = None
        groups: frozenset[int] = frozenset()
        if not self.refused:
            self.root, groups = negated.parsed(self.script.content, _parsed)
        self.shared: Shared | None = None
        names: frozenset[str] = frozenset()
        if self.root is not None:
            names_ = collect(self.script, self.root)
            self.shared = Shared(self.script, key, module, names_, parse=_parsed, exporting=exporting)
            self.shared.in_bats, self.shared.groups = tests is not None, groups
            names = mentions(self.shared, self.root)
        parameters = (ir.Parameter(ARGUMENTS, variadic=True),)
        self.procedure = ir.Procedure(
            key, module, parameters, self._body, self.span, results=("status",), mentions=names
        )

    def functions(self) -> dict[str, ir.Procedure]:
        """The functions by name; of several with one name the last."""
        assert self.procedure.body is not None
        return dict(self.shared.procedures) if self.shared else {}

    def variables(self) -> dict[str, Variable]:
        names = sorted(self.shared.names.assigned) if self.shared else ()
        return {name: Variable(name, self.span, lambda name=name: (self._initial(name),)) for name in names}  # type: ignore[misc]

    def _body(self) -> tuple[ir.Statement, ...]:
        if self.shared is None or self.root is None:
            reason = self.refused[1] if self.refused else "nothing to read"
            return (ir.Assign((None,), ir.Opaque(reason, self.span), self.span),)
        main = Control(self.shared)
        definitions = self._definitions(self.shared)
        if _is_strict(self.script.text.text):
            main.set_strict(True, self.span)
        main.sequence(self.root.children, last=True)
        needed = tuple(self._initial(name) for name in sorted(self.shared.needed))
        if self.tests is None:
            return (*needed, *definitions, *main.out)
        defined = frozenset(self.shared.names.functions)
        tests = bats.after(self.tests, defined, self.span)
        return (*needed, *definitions, *bats.before(self.script.text, self.span), *main.out, *tests)

    def _initial(self, name: str) -> ir.Statement:
        """A variable begins with what the environment holds; arrays are never there."""
        start = Span(self.span.path, self.span.line, self.span.column, self.span.line, self.span.column)
        spelled = Control(self.shared).spelled(name) if self.shared else name
        value = ir.Apply("environment", (ir.Literal(name, start, exact=False),), start)
        if name == DIRECTORY:
            value = ir.Apply("working-directory", (), start)
        elif self.shared and name in self.shared.names.maps:
            value = ir.Apply("environment", (*value.arguments, ir.MapOf((), start)), start)
        elif self.shared and name in self.shared.names.lists:
            value = ir.Apply("environment", (*value.arguments, ir.ListOf((), start)), start)
        return ir.Assign((ir.Name(spelled, start),), value, start)

    def _definitions(self, shared: Shared) -> tuple[ir.Statement, ...]:
        """The functions, known to each other before the first of them is defined."""
        found: list[ir.Statement] = []
        functions = shared.names.functions
        at = self.span
        if any(not mentions(shared, node).isdisjoint(functions) for nodes in functions.values() for node in nodes):
            found += [ir.Assign((ir.Name(name, at),), ir.Constant(None, at), at) for name in functions]
        declare = not found
        for name, nodes in functions.items():
            if len(nodes) == 1 and nodes[0].parent is not None and nodes[0].parent.type == "program":
                span = self.script.span(nodes[0])
                closure = ir.Closure(function_procedure(shared, name, nodes[0]), span)
                found.append(ir.Assign((ir.Name(name, span),), closure, span))
            elif declare:
                found.append(ir.Assign((ir.Name(name, at),), ir.Constant(None, at), at))
        return tuple(found)


def _is_strict(text: str) -> bool:
    """Whether the first line of a script starts a shell that ends with the first command that fails."""
    words = text.partition("\n")[0].split() if text.startswith("#!") else []
    return any(word[0] == "-" and word[1:2] != "-" and "e" in word for word in words[1:])


def _parsed(content: bytes) -> Node:
    from tree_sitter import Parser

    return Parser(_grammar()).parse(content).root_node


@lru_cache(maxsize=1)
def _grammar() -> Language:
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())
