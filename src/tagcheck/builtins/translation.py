"""What `tr` does to a text (POSIX 1003.1, tr)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_lowercase, ascii_uppercase, digits, punctuation

_CLASSES = {
    "[:lower:]": ascii_lowercase,
    "[:upper:]": ascii_uppercase,
    "[:alpha:]": ascii_uppercase + ascii_lowercase,
    "[:digit:]": digits,
    "[:alnum:]": digits + ascii_uppercase + ascii_lowercase,
    "[:space:]": "\t\n\v\f\r ",
    "[:blank:]": "\t ",
    "[:punct:]": punctuation,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "f": "\f", "v": "\v"}


def translation(words: Sequence[str]) -> Callable[[str], str] | None:
    """The change that the words of a command make; None for what is not understood."""
    letters = ""
    rest = list(words)
    while rest and len(rest[0]) > 1 and rest[0][0] == "-" and set(rest[0][1:]) <= set("cCdst"):
        letters += rest.pop(0)[1:].lower()
    sets = [members(each) for each in rest]
    if not 1 <= len(sets) <= 2 or any(each is None for each in sets):
        return None
    first = sets[0] or ""
    second = sets[1] if len(sets) == 2 else None
    complement = "c" in letters
    squeezed = (second if second is not None else first) if "s" in letters else ""
    squeezes_others = complement and "s" in letters and second is None
    if "d" in letters:
        return lambda text: _squeezed("".join(c for c in text if (c in first) is complement), squeezed)
    if second is None:
        return (lambda text: _squeezed(text, first, others=squeezes_others)) if "s" in letters else None
    if not second:
        return None
    filled = second + second[-1] * (len(first) - len(second))
    table = dict(zip(reversed(first), reversed(filled[: len(first)]), strict=True))

    def changed(text: str) -> str:
        if complement:
            found = "".join(c if c in first else second[-1] for c in text)
        else:
            found = "".join(table.get(c, c) for c in text)
        return _squeezed(found, squeezed)

    return changed


def _squeezed(text: str, members_: str, others: bool = False) -> str:
    """A text in which each run of a member is one character; `others`: of what is no member."""
    kept = [c for at, c in enumerate(text) if not (at and text[at - 1] == c and (c in members_) is not others)]
    return "".join(kept)


def members(written: str) -> str | None:
    """The characters of a set in their order; None for one that is not understood."""
    found = ""
    at = 0
    while at < len(written):
        if written.startswith("[:", at):
            end = written.find(":]", at)
            name = written[at : end + 2] if end > 0 else ""
            if name not in _CLASSES:
                return None
            found += _CLASSES[name]
            at = end + 2
            continue
        if written.startswith("[=", at) or (written[at] == "\\" and written[at + 1 : at + 2] not in _ESCAPES):
            return None
        escaped = written[at] == "\\"
        character = _ESCAPES[written[at + 1]] if escaped else written[at]
        at += 1 + escaped
        if written[at : at + 1] == "-" and at + 1 < len(written):
            last = written[at + 1]
            if ord(last) < ord(character) or not (character + last).isascii() or last == "\\":
                return None
            found += "".join(map(chr, range(ord(character), ord(last) + 1)))
            at += 2
        else:
            found += character
    return found
