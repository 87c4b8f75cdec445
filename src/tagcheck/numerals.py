"""Numbers as sources write them, read within bounds, and divided as languages other than Python divide them.

Python refuses to read more than 4300 decimal digits (`sys.set_int_max_str_digits`), and what is scanned may hold any
number of them.
"""

from __future__ import annotations

MOST_DIGITS = 9
"""Enough for every number that counts, indexes or repeats something."""


def natural(written: str, digits: int = MOST_DIGITS) -> int | None:
    """The number that ASCII decimal digits write; None for any other text, and for more than `digits` of them."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= digits else None


def quotient(left: int, right: int) -> int:
    """A quotient without its fraction, as C, Go and shells have it (rounded towards zero); `right` is not 0."""
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


def whole(written: str, digits: int = MOST_DIGITS) -> int | None:
    """The same with a minus sign before it."""
    number = natural(written.removeprefix("-"), digits)
    return -number if number is not None and written.startswith("-") else number
