"""Go source to the small language (The Go Programming Language Specification, Go 1.24; grammar: tree-sitter-go 0.25).

Only the top level of a file is read at first; the body of a function or closure is lowered when it is asked for.

What it cannot do: `goto`; generics (type parameters are erased); functions as the range of a loop.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from tagcheck.frontends.api import Unit
from tagcheck.frontends.golang.constraints import constraint
from tagcheck.frontends.golang.declarations import TopLevel
from tagcheck.frontends.golang.guard import encoding_problem, refusal, syntax_problem
from tagcheck.frontends.golang.sourcefile import SourceFile

if TYPE_CHECKING:
    from tree_sitter import Language

LANGUAGE = "go"
_NEW = re.compile(rb"\bnew\(")
"""Go 1.26 lets `new` take a value, which the grammar does not know yet: in a file that fails to parse, it is read as a
call of some function."""


def relevant(path: str, content: bytes) -> bool:
    """Whether a file is Go source; the go command ignores files that start with '_' or '.'."""
    return path.endswith(".go") and not path.rpartition("/")[2].startswith(("_", ".")) and bool(content)


def parse(path: str, content: bytes, module: str) -> Unit:
    """The unit of a file of the package `module` (its import path, for an external test package with '.test').

    Never raises: what cannot be read becomes a `Problem`.
    """
    refused = refusal(path, content)
    if refused is not None:
        return Unit(path, LANGUAGE, module, problems=(refused,))
    from tree_sitter import Parser

    parser = Parser(_grammar())
    root = parser.parse(content).root_node
    if root.has_error and (other := _NEW.sub(b"neu(", content)) != content:
        repaired = parser.parse(other).root_node
        if not repaired.has_error:
            root, content = repaired, other
    file = SourceFile(path, module, content)
    top = TopLevel(file, _key(path, module))
    top.read(root)
    problems = (encoding_problem(path, content), syntax_problem(path, content, root))
    return Unit(
        path,
        LANGUAGE,
        module,
        file.imports,
        top.procedures,
        top.variables,
        file.types,
        tuple(top.initial),
        tuple(top.entries),
        constraint(path, content),
        tuple(problem for problem in problems if problem is not None),
    )


def _key(path: str, module: str) -> str:
    folder = path.rpartition("/")[0] or "."
    return f"go:{folder}{'.test' if module.endswith('.test') else ''}"


@lru_cache(maxsize=1)
def _grammar() -> Language:
    import tree_sitter_go
    from tree_sitter import Language

    return Language(tree_sitter_go.language())
