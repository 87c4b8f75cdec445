"""Files of the project that Python code looks for by patterns, and whether they are there (Python library reference:
`pathlib`, `glob`, `os.listdir`).

What is looked for in a folder and is not there may come later: then nothing is known of what is found.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from tagcheck import values
from tagcheck.builtins.api import Call
from tagcheck.builtins.symbolic import text_argument
from tagcheck.values import Text, Truth, Value

MOST_FOUND = 64
_UNKNOWN = values.Sequence((), open=True)
_WILD = frozenset("*?[")


def find(call: Call) -> tuple[Value, ...]:
    """The files below the folder in argument 0 that are like the pattern in argument 1; `everywhere`: in the folders
    below it too. `how`: 'whole' if argument 0 is the pattern, 'children' for what is in the folder, 'names' for the
    names of that alone."""
    how, first = call.with_.get("how"), text_argument(call, 0).literal
    if first is None:
        return (_UNKNOWN,)
    if how == "whole":
        steps = first.split("/")
        wild = next((at for at, step in enumerate(steps) if not _WILD.isdisjoint(step)), len(steps) - 1)
        return (_found(call, "/".join(steps[:wild]), steps[wild:], ""),)
    if how in ("children", "names"):
        return (_found(call, first, ["*"], ".", names=how == "names", hidden=True),)
    pattern = text_argument(call, 1).literal
    if pattern is None:
        return (_UNKNOWN,)
    steps = [*(("**",) if call.with_.get("everywhere") else ()), *pattern.split("/")]
    return (_found(call, first, steps, ".", hidden=True),)


def _found(
    call: Call, folder: str, steps: list[str], here: str, names: bool = False, hidden: bool = False
) -> values.Sequence:
    below = call.machine.files_below(Text.of(folder or "."))
    if below is None:
        return _UNKNOWN
    known = sorted({each for path in below for each in _prefixes(path) if _answers(each.split("/"), steps, hidden)})
    if not 0 < len(known) <= MOST_FOUND:
        return _UNKNOWN
    is_here = folder in ("", here)
    return values.Sequence(tuple(Text.of(each if names or is_here else posixpath.join(folder, each)) for each in known))


def _prefixes(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[: at + 1]) for at in range(len(steps))]


def _answers(names: list[str], steps: list[str], hidden: bool) -> bool:
    if not steps:
        return not names
    if steps[0] == "**":
        return any(_answers(names[at:], steps[1:], hidden) for at in range(len(names) + 1))
    if not names or (names[0].startswith(".") and not hidden and not steps[0].startswith(".")):
        return False
    return fnmatchcase(names[0], steps[0]) and _answers(names[1:], steps[1:], hidden)


def exists(call: Call) -> tuple[Value, ...]:
    """Whether there is what the path in argument 0 says; `kind`: and is a 'file' or a 'folder'. What the project does
    not have may be there all the same."""
    path, kind = text_argument(call, 0), call.with_.get("kind")
    literal = path.literal
    below = call.machine.files_below(path) if literal is not None else None
    beside = call.machine.files_below(Text.of(posixpath.dirname(literal) or ".")) if literal is not None else None
    is_file = beside is not None and literal is not None and posixpath.basename(literal) in beside
    if below or is_file:
        return (Truth(kind is None or is_file is (kind == "file")),)
    return (call.unknown("whether a file exists"),)
