"""The value of Go literals: texts with escape sequences, and numbers (Go specification, "Lexical elements")."""

from __future__ import annotations

import re

MOST_DIGITS = 400
"""Numbers that are longer are no concern of names."""

_ESCAPE = re.compile(rb"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}|(?s:.))")
_SIMPLE = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
    b"\\": b"\\", b"'": b"'", b'"': b'"',
}  # fmt: skip


def unescaped(content: bytes) -> str:
    """The text of an interpreted string or rune literal, from what stands between its quotes."""
    if b"\\" not in content:
        return content.decode(errors="replace")
    return _ESCAPE.sub(_escape, content).decode(errors="replace")


def _escape(match: re.Match[bytes]) -> bytes:
    sequence = match.group()[1:]
    if sequence in _SIMPLE:
        return _SIMPLE[sequence]
    match sequence[:1]:
        case b"x":
            return bytes((int(sequence[1:], 16),))
        case b"u" | b"U":
            number = int(sequence[1:], 16) if len(sequence) > 1 else 0xFFFD
            valid = number < 0x110000 and not 0xD800 <= number < 0xE000
            return chr(number if valid else 0xFFFD).encode()
        case _ if len(sequence) == 3:
            return bytes((int(sequence, 8) & 0xFF,))
        case _:
            return sequence


def integer(text: str) -> int | None:
    """The value of an integer literal; None if it is malformed or too long."""
    digits = text.replace("_", "")
    if len(digits) > MOST_DIGITS:
        return None
    try:
        if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
            return int(digits, 8)
        return int(digits, 0)
    except ValueError:
        return None


def floating(text: str) -> float | None:
    """The value of a floating-point literal; None if it is malformed or too long."""
    digits = text.replace("_", "").lower()
    if len(digits) > MOST_DIGITS:
        return None
    try:
        return float.fromhex(digits) if digits.startswith("0x") else float(digits)
    except (ValueError, OverflowError):
        return None
