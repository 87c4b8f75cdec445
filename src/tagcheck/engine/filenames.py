"""File names that a shell puts in the place of patterns (Bash Reference Manual 5.2, section 3.5.8).

Names are those of the project's files. A pattern that none of them answers to is about files that come to be later, or
that lie elsewhere: each of its wild parts is then a name that is not known.
"""

from __future__ import annotations

from tagcheck.builtins.patterns import Costly, Pattern, glob
from tagcheck.builtins.symbolic import joined, split_text
from tagcheck.link import Program
from tagcheck.values import EMPTY, Filling, Hole, HoleKind, Piece, Text

MOST_NAMES = 32
"""Names that one pattern may stand for; of more, nothing is known of any."""
FILE_NAME = "a file name"
"""How the identities of unknown parts of file names begin."""
_WILD = frozenset("*?[")
_SEPARATOR = Text.of("/")


def is_pattern(word: Text) -> bool:
    return any(isinstance(part, Piece) and not _WILD.isdisjoint(part.text) for part in word.parts)


def names(word: Text, placed: Text, program: Program) -> tuple[Text, ...]:
    """The words that stand for a pattern of file names: `word` as it is written, `placed` as seen from the project's
    folder. Empty if nothing in the project answers to it."""
    written = placed.literal
    steps = split_text(word, "/")
    first = next((number for number, step in enumerate(steps) if is_pattern(step)), len(steps))
    if written is None or written.startswith(("/", "..")) or first == len(steps):
        return ()
    count = len(steps) - first - (not steps[-1].parts)
    found = _matching(written, program)
    if not 0 < len(found) <= MOST_NAMES:
        return ()
    end = (EMPTY,) if not steps[-1].parts else ()
    return tuple(joined([*steps[:first], *map(Text.of, each.split("/")[-count:]), *end], _SEPARATOR) for each in found)


def unknown_name(word: Text, identity: str) -> Text:
    """A pattern whose wild parts are holes."""
    parts: list[Piece | Filling] = []
    for number, part in enumerate(word.parts):
        if not isinstance(part, Piece) or _WILD.isdisjoint(part.text):
            parts.append(part)
            continue
        wild = [at for at, character in enumerate(part.text) if character in "*?[]"]
        hole = Hole(HoleKind.OPAQUE, f"{FILE_NAME} {identity}.{number}", FILE_NAME)
        before, after = part.text[: wild[0]], part.text[wild[-1] + 1 :]
        parts += Text.of(before).parts + Text.of_hole(hole).parts + Text.of(after).parts
    return Text(tuple(parts))


def _matching(written: str, program: Program) -> list[str]:
    """The files and folders of the project that a pattern means, in the shell's order."""
    steps = written.rstrip("/").split("/")
    patterns = [glob(step) for step in steps]
    if any(each is None for each in patterns):
        return []
    found: dict[str, None] = {}
    wild = next((at for at, step in enumerate(steps) if not _WILD.isdisjoint(step)), len(steps))
    below = "/".join(steps[:wild])
    try:
        for path in program.below(below):
            names = path.split("/")
            is_folder = len(names) > len(steps)
            if len(names) < len(steps) or (written.endswith("/") and not is_folder):
                continue
            if all(map(_answers, names, patterns, steps)):
                found["/".join(names[: len(steps)])] = None
    except Costly:
        return []
    return list(found)


def _answers(name: str, pattern: Pattern | None, written: str) -> bool:
    """Whether a name is like a pattern; one that begins with a dot only where the pattern does."""
    if pattern is None or (name.startswith(".") and not written.startswith(".")):
        return False
    return pattern.whole(name)
