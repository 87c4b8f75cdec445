"""What is refused before the parser sees it.

tree-sitter-bash survives deep nesting, but everything after it walks what it returns, so nesting is bounded on the
bytes. Brackets in quotes and comments count too: a shell quotes inside of quotes, and only a parser can tell.
"""

from __future__ import annotations

from itertools import accumulate

MOST_BYTES = 512 * 1024
MOST_NESTING = 200
MOST_DEPTH = 60
"""Commands inside commands, words inside words; what lies deeper is not known."""

_STEP = {ord("("): 1, ord("{"): 1, ord(")"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)


def refusal(content: bytes) -> tuple[int, str] | None:
    """Why a shell text is not parsed, with the offset in bytes; None if it may be."""
    if len(content) > MOST_BYTES:
        return 0, f"larger than {MOST_BYTES} bytes; not read as shell"
    zero = content.find(0)
    if zero >= 0:
        return zero, "holds a NUL byte; save the file as UTF-8 text"
    if _nesting(content) > MOST_NESTING:
        return 0, f"brackets are nested more than {MOST_NESTING} deep; not read as shell"
    return None


def _nesting(content: bytes) -> int:
    """The deepest nesting; a closing bracket too many, as `case` has them, does not count against later ones."""
    brackets = content.translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets), lambda depth, step: max(0, depth + step)), default=0)
