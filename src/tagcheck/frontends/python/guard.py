"""What is refused before the parser sees it.

LibCST's native parser ends the process where its stack ends, and its trees are walked recursively; so size, nesting and
the length of chains are bounded on the bytes. Brackets in texts and comments do not count.
"""

from __future__ import annotations

import re
from itertools import accumulate

from tagcheck.ir import Problem

MOST_BYTES = 512 * 1024
MOST_NESTING = 60
"""Brackets inside brackets; the deepest seen in real Python files is under 25."""
MOST_INDENTATION = 300
"""Characters before a statement."""
MOST_CHAINED = 250
"""Operators, and prefixes, in one line or bracket: a chain of them is as deep as it is long."""
MOST_ALTERNATIVES = 250
"""Branches of one `if`: each lies inside the one before."""

_STEP = {ord("("): 1, ord("["): 1, ord("{"): 1, ord(")"): -1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_TEXT_OR_COMMENT = re.compile(
    rb"\"\"\"(?s:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?s:[^\\]|\\.)*?(?:'''|\Z)"
    rb"|#[^\n]*+|\"(?:[^\"\\\n]|\\(?s:.))*+\"?|'(?:[^'\\\n]|\\(?s:.))*+'?"
)
_TOKEN = re.compile(rb"\\\n|[][(){}\n,;]|[-+*/%@&|^~.<>=]|''\s*|\b(?:not|lambda|await|if|else|and|or|for|in|is)\b")
_OPENING, _CLOSING, _SEPARATORS = (b"(", b"[", b"{"), (b")", b"]", b"}"), (b",", b";")
_INDENTED = re.compile(rb"^[ \t]{%d}[ \t]*[^\s]" % MOST_INDENTATION, re.MULTILINE)
_ELSE_IF = re.compile(rb"^\s*elif\b", re.MULTILINE)


def refusal(path: str, content: bytes) -> Problem | None:
    """Why a file is not parsed at all; None if it may be."""
    if len(content) > MOST_BYTES:
        return Problem(path, 1, 1, f"larger than {MOST_BYTES} bytes; not read as Python")
    zero = content.find(0)
    if zero >= 0:
        line = content.count(b"\n", 0, zero) + 1
        return Problem(path, line, 1, "holds a NUL byte; save the file as UTF-8 text")
    bare = _TEXT_OR_COMMENT.sub(b"''", content)
    if _nesting(bare) > MOST_NESTING or _INDENTED.search(bare):
        return Problem(path, 1, 1, f"brackets are nested more than {MOST_NESTING} deep; not read as Python")
    if _is_chained(bare) or len(_ELSE_IF.findall(bare)) > MOST_ALTERNATIVES:
        return Problem(path, 1, 1, f"an expression has more than {MOST_CHAINED} operators; not read as Python")
    return None


def encoding_problem(path: str, content: bytes) -> Problem | None:
    """A complaint about bytes that are no UTF-8; such a file is read all the same."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(path, line, 1, "is not valid UTF-8; save the file as UTF-8 text")
    return None


def _nesting(content: bytes) -> int:
    brackets = content.translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _is_chained(content: bytes) -> bool:
    """Whether there are too many operators between two separators; inside brackets, a line end is none."""
    counts = [0]
    for match in _TOKEN.finditer(content):
        token = match[0]
        if token in _OPENING:
            counts[-1] += 1
            counts.append(0)
        elif token in _CLOSING:
            if len(counts) > 1:
                counts.pop()
        elif token == b"\n":
            if len(counts) == 1:
                counts[0] = 0
        elif token in _SEPARATORS:
            counts[-1] = 0
        else:
            counts[-1] += 1
        if counts[-1] > MOST_CHAINED or (len(counts) > 1 and counts[-2] > MOST_CHAINED):
            return True
    return False
