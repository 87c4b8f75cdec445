"""Python source to the small language (The Python Language Reference, 3.13; parser: LibCST 1.8).

Only the top level of a file is read at first; the body of a function is lowered when it is asked for.

What it cannot do: metaclasses, descriptors other than properties, monkey patching, `exec`; classes inside functions.
"""

from __future__ import annotations

import re

from tagcheck.frontends.api import Unit
from tagcheck.frontends.python.guard import encoding_problem, refusal
from tagcheck.ir import Problem

LANGUAGE = "python"
_LINE_ENDS = re.compile("\r\n?")


def parse(path: str, content: bytes, module: str) -> Unit:
    """The unit of a file, which is the module `module`.

    Never raises: what cannot be read becomes a `Problem`.
    """
    refused = refusal(path, content)
    if refused is not None:
        return Unit(path, LANGUAGE, module, problems=(refused,))
    try:
        return _parsed(path, content, module)
    except RecursionError:
        return Unit(path, LANGUAGE, module, problems=(Problem(path, 1, 1, "nested too deeply; not read as Python"),))


def _parsed(path: str, content: bytes, module: str) -> Unit:
    import libcst as cst

    from tagcheck.frontends.python.sourcefile import SourceFile
    from tagcheck.frontends.python.toplevel import TopLevel

    text = _LINE_ENDS.sub("\n", content.decode("utf-8", "replace").removeprefix("\ufeff"))
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        message = "syntax error; what depends on this file is not analysed"
        return Unit(path, LANGUAGE, module, problems=(Problem(path, error.raw_line, error.raw_column + 1, message),))
    file = SourceFile(path, module, text, tree)
    top = TopLevel(file)
    top.read()
    problem = encoding_problem(path, content)
    return Unit(
        path,
        LANGUAGE,
        module,
        file.imports,
        top.procedures,
        top.variables,
        top.types,
        tuple(top.initial),
        tuple(top.entries),
        problems=() if problem is None else (problem,),
    )
